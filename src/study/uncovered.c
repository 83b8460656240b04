/* The axis that covers the fewest rows is the one to be looked at. */
#include "study/uncovered.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json_file.h"

/* From how many rows on there is something to say. */
static bool is_nearly_all(double uncovered, double rows) {
  return rows > 0 && uncovered >= 0.9 * rows;
}

/* An axis, how many rows are between its edges, and from where to where its label goes.
 */
typedef struct axis_cover {
  const hr_axis *axis;
  size_t rows;
  double least, most;
} axis_cover;

/* bin [rows]: room. */
static hr_status cover(const hr_dataset *dataset, const hr_axis *axis, int32_t *bin,
                       axis_cover *out, hr_error *err) {
  hr_status status = HR_OK;
  const double *values = NULL;
  *out = (axis_cover){axis, 0, HUGE_VAL, -HUGE_VAL};
  HR_TRY(hr_dataset_label(dataset, axis->label, true, &values, err));
  HR_TRY(hr_dataset_assign_bins(dataset, axis, 1, false, bin, err));
  for (size_t i = 0; i < hr_dataset_rows(dataset); i++) {
    out->rows += bin[i] != HR_UNCOVERED;
    out->least = fmin(out->least, values[i]);
    out->most = fmax(out->most, values[i]);
  }
cleanup:
  return status;
}

static hr_status find_least(const hr_plan *plan, const hr_dataset *dataset,
                            axis_cover *out, hr_error *err) {
  hr_status status = HR_OK;
  int32_t *bin = NULL;
  HR_TRY(hr_alloc(&bin, hr_dataset_rows(dataset), err));
  for (size_t a = 0; a < plan->config->binning.axis_count; a++) {
    axis_cover one;
    HR_TRY(cover(dataset, &plan->config->binning.axes[a], bin, &one, err));
    if (a == 0 || one.rows < out->rows) *out = one;
  }
cleanup:
  hr_free(bin);
  return status;
}

static hr_status check_set(hr_plan *plan, bool training, hr_error *err) {
  hr_status status = HR_OK;
  const hr_dataset *dataset = training ? plan->train : plan->test;
  const size_t *counts = training ? plan->train_counts : plan->test_counts;
  size_t rows = hr_dataset_rows(dataset), bins = plan->config->binning.bin_count;
  axis_cover least = {NULL, 0, 0, 0};
  if (!is_nearly_all((double)counts[bins], (double)rows)) return HR_OK;
  HR_TRY(find_least(plan, dataset, &least, err));
  const char *label = least.axis->label;
  const double *edges = least.axis->edges, last = edges[least.axis->edge_count - 1];
  const char *section = plan->config->binning.given_count > 0 ? "axes." : "";
  HR_TRY(hr_doubts_add(
      &plan->doubts, HR_DOUBT_UNCOVERED, false, err,
      "%zu of the %zu %s rows are outside all bins: the label %s is %.6g to %.6g, and "
      "binning.%s%s has edges from %.6g to %.6g, with %zu of the rows between; check "
      "that "
      "both are in the same unit, or give other edges",
      counts[bins], rows, training ? "training" : "test", label, least.least, least.most,
      section, label, edges[0], last, least.rows));
  HR_TRY(hr_doubts_in_chinese(
      &plan->doubts, err,
      "%s %zu 行（共 %zu 行）不在任何分箱中：其标签 %s 为 %.6g 至 %.6g，而 binning.%s%s "
      "的边界为 %.6g 至 %.6g，其间有 %zu 行；请检查二者单位是否相同，或改用其他边界",
      training ? "训练集" : "测试集", counts[bins], rows, label, least.least, least.most,
      section, label, edges[0], last, least.rows));
cleanup:
  return status;
}

hr_status hr_uncovered_check(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_set(plan, true, err));
  HR_TRY(check_set(plan, false, err));
cleanup:
  return status;
}

/* That of the training rows is the first of its code. */
const char *hr_uncovered_training(const json_t *results) {
  size_t i = 0;
  const json_t *warning = NULL, *ledger = json_object_get(results, "ledger");
  double uncovered = json_number_value(json_object_get(ledger, "train_uncovered"));
  double rows = uncovered + json_number_value(json_object_get(ledger, "train_covered"));
  if (!is_nearly_all(uncovered, rows)) return NULL;
  json_array_foreach(json_object_get(results, "warnings"), i, warning) {
    if (strcmp(hr_json_string(warning, "code", ""), hr_doubt_text(HR_DOUBT_UNCOVERED)) ==
        0) {
      return json_string_value(json_object_get(warning, "text"));
    }
  }
  return NULL;
}
