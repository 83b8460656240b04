/* Looking at every listed method's covered rows for one that outweighs all others. */
#include "score/dominant.h"

#include <math.h>

#include "core/alloc.h"

/* Of fewer rows one may well make most of the error. */
enum { FEWEST_ROWS = 20 };

static const double most_share = 0.5;

/* A method's heaviest row. */
typedef struct dominant {
  size_t row;
  double share, r2, r2_without;
} dominant;

/* The place in the list of the row with the largest squared error, and its share. */
static size_t find_heaviest(const hr_evaluation *evaluation, const double *prediction,
                            size_t rows, double *share) {
  const double *target = evaluation->input->test->target;
  const size_t *list = evaluation->groups.row_list;
  size_t heaviest = 0;
  double most = -1, sum = 0;
  for (size_t i = 0; i < rows; i++) {
    double e = prediction[list[i]] - target[list[i]];
    sum += e * e;
    if (!(e * e > most)) continue;
    most = e * e;
    heaviest = i;
  }
  *share = most / sum;
  return heaviest;
}

/* Whether a method has such a row; its place in the list of covered rows. */
static bool find_place(const hr_evaluation *evaluation, size_t m, size_t *at,
                       double *share) {
  const hr_method_score *method = &evaluation->methods[m];
  size_t rows = hr_row_groups_covered(&evaluation->groups);
  if (!method->forecast->listed || !method->complete[HR_SCOPE_COVERED]) return false;
  if (rows < FEWEST_ROWS) return false;
  *at = find_heaviest(evaluation, method->forecast->prediction, rows, share);
  return *share > most_share;
}

bool hr_dominant_has(const hr_evaluation *evaluation, size_t m) {
  size_t at = 0;
  double share = 0;
  return find_place(evaluation, m, &at, &share);
}

/* The row, and R² without it. rest: [rows] scratch. */
static bool find(const hr_evaluation *evaluation, size_t m, size_t *rest, dominant *out) {
  const hr_method_score *method = &evaluation->methods[m];
  size_t rows = hr_row_groups_covered(&evaluation->groups), at = 0, count = 0;
  if (!find_place(evaluation, m, &at, &out->share)) return false;
  for (size_t i = 0; i < rows; i++) {
    if (i != at) rest[count++] = evaluation->groups.row_list[i];
  }
  out->row = evaluation->groups.row_list[at];
  out->r2 = method->pooled[HR_SCOPE_COVERED].r2;
  out->r2_without = hr_metrics_compute(evaluation->input->test->target,
                                       method->forecast->prediction, rest, count)
                        .r2;
  return true;
}

hr_status hr_dominant_write(const hr_evaluation *evaluation, hr_json_builder *json,
                            json_t *root, hr_error *err) {
  size_t *rest = NULL;
  json_t *list = NULL;
  dominant found;
  hr_status status = hr_alloc(&rest, evaluation->input->test->rows, err);
  if (status != HR_OK) return status;
  for (size_t m = 0; m < evaluation->method_count; m++) {
    if (!find(evaluation, m, rest, &found)) continue;
    if (!list) list = hr_json_put(json, root, "dominated", json_array());
    json_t *object = hr_json_append(json, list, json_object());
    hr_json_put_text(json, object, "method", evaluation->methods[m].forecast->name);
    hr_json_put_count(json, object, "row", found.row);
    hr_json_put_text(json, object, "file",
                     evaluation->input->test_file ? evaluation->input->test_file : "");
    hr_json_put_number(json, object, "share", found.share);
    hr_json_put_number(json, object, "r2", found.r2);
    hr_json_put_number(json, object, "r2_without", found.r2_without);
  }
  hr_free(rest);
  return HR_OK;
}

static hr_status doubt_method(const char *name, const char *file, const dominant *found,
                              hr_doubts *doubts, hr_error *err) {
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_ONE_ROW, false, err,
                    "%s: row %zu of %s alone makes %.3g %% of the squared error; R2 "
                    "is %s with it and %s without: look at its spectrum and label",
                    name, found->row, file ? file : "the test file", 100 * found->share,
                    HR_DECIMALS(found->r2, 4), HR_DECIMALS(found->r2_without, 4));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "%s：%s 第 %zu 行一行就占平方误差的 %.3g %%；R² "
                                    "含该行 %s，不含 %s：请查看其光谱与标签",
                                    name, file ? file : "测试文件", found->row,
                                    100 * found->share, HR_DECIMALS(found->r2, 4),
                                    HR_DECIMALS(found->r2_without, 4));
}

hr_status hr_dominant_doubt(const hr_evaluation *evaluation, hr_doubts *doubts,
                            hr_error *err) {
  size_t *rest = NULL;
  dominant found;
  hr_status status = hr_alloc(&rest, evaluation->input->test->rows, err);
  for (size_t m = 0; m < evaluation->method_count && status == HR_OK; m++) {
    if (!find(evaluation, m, rest, &found)) continue;
    status = doubt_method(evaluation->methods[m].forecast->name,
                          evaluation->input->test_file, &found, doubts, err);
  }
  hr_free(rest);
  return status;
}
