/* R² and MAE of every listed method on nodes and off them. */
#include "score/results_lattice.h"

#include <math.h>

#include "core/probability.h"

static const double z95 = 1.959963984540054;

/* The interval of a mean |y - ŷ|, Student's from its standard error. */
static hr_interval mae_interval(const double *target, const double *prediction,
                                const size_t *row_list, const hr_metrics *metrics) {
  hr_sum squares = {0};
  double n = (double)metrics->rows;
  for (size_t i = 0; i < metrics->rows; i++) {
    double error = fabs(target[row_list[i]] - prediction[row_list[i]]);
    hr_sum_add(&squares, (error - metrics->mae) * (error - metrics->mae));
  }
  double half =
      hr_student_quantile(z95, n - 1) * sqrt(hr_sum_value(&squares) / (n - 1) / n);
  return (hr_interval){metrics->mae - half, metrics->mae + half};
}

static void put_kind(hr_json_builder *json, json_t *object,
                     const hr_evaluation *evaluation, size_t m, hr_lattice_kind kind) {
  const hr_lattice_rows *rows = &evaluation->lattice;
  const double *target = evaluation->input->test->target;
  const double *prediction = evaluation->methods[m].forecast->prediction;
  const size_t *row_list = rows->row_list + rows->start[kind];
  hr_metrics metrics = hr_metrics_compute(target, prediction, row_list,
                                          rows->start[kind + 1] - rows->start[kind]);
  hr_interval r2 =
      hr_bootstrap_r2(rows->bootstrap, m, (hr_group_range){kind, (size_t)kind + 1});
  hr_interval mae = mae_interval(target, prediction, row_list, &metrics);
  bool has_r2 = !isnan(metrics.r2);
  json_t *own = hr_json_put(json, object, hr_lattice_kind_name(kind), json_object());
  hr_json_put_count(json, own, "n", metrics.rows);
  hr_json_put_number(json, own, "r2", metrics.r2);
  hr_json_put_pair(json, own, "r2_ci", has_r2 ? r2.low : (double)NAN,
                   has_r2 ? r2.high : (double)NAN);
  hr_json_put_number(json, own, "mae", metrics.mae);
  hr_json_put_pair(json, own, "mae_ci", mae.low, mae.high);
}

void hr_results_write_lattice(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root) {
  const hr_lattice *lattice = &evaluation->lattice.lattice;
  if (lattice->count == 0) {
    hr_json_put(json, root, "lattice", json_null());
    return;
  }
  json_t *object = hr_json_put(json, root, "lattice", json_object());
  hr_json_put_count(json, object, "nodes", lattice->count);
  hr_json_put_number(json, object, "lowest", lattice->nodes[0]);
  hr_json_put_number(json, object, "highest", lattice->nodes[lattice->count - 1]);
  hr_json_put_number(json, object, "train_share", lattice->share);
  json_t *methods = hr_json_put(json, object, "methods", json_array());
  for (size_t m = 0; evaluation->lattice.bootstrap && m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (!method->forecast->listed || !method->complete[HR_SCOPE_COVERED]) continue;
    json_t *entry = hr_json_append(json, methods, json_object());
    hr_json_put_text(json, entry, "method", method->forecast->name);
    put_kind(json, entry, evaluation, m, HR_ON_NODES);
    put_kind(json, entry, evaluation, m, HR_OFF_NODES);
  }
}
