/* Looking for rows without a prediction, and telling of them. */
#include "score/missing.h"

#include <math.h>
#include <stdio.h>

#include "core/alloc.h"

enum { NAMED_ROWS = 10 }; /* in a warning */

/* Whether a usable task says nothing of a row. */
static bool says_nothing(const hr_fit *fit, const hr_predictions *predictions,
                         size_t row) {
  bool is_there = fit && row < predictions->rows && fit->chosen < predictions->variants;
  return is_there && !isfinite((double)hr_predictions_at(predictions, fit->chosen, row));
}

/* Whether an expert, or a control, ought to predict a row and does not. */
static bool lacks(const hr_outcome *outcome, const hr_split_view *test, bool is_control,
                  size_t row) {
  if (is_control && test->bin[row] == HR_UNCOVERED) return false;
  const hr_fit *global = hr_outcome_usable(outcome, HR_GLOBAL);
  if (says_nothing(global, &outcome->global, row)) return true;
  int32_t route = test->route[row];
  if (is_control || route == HR_UNCOVERED) return false;
  return says_nothing(hr_outcome_usable(outcome, route), &outcome->own, row);
}

hr_status hr_missing_init(hr_missing *missing, const hr_results_input *input,
                          hr_error *err) {
  size_t rows = input->test->rows;
  *missing = (hr_missing){.rows = rows};
  hr_status status = hr_alloc(&missing->is_missing, rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < rows; i++) {
    bool is_missing = false;
    for (size_t e = 0; e < input->outcome_count; e++) {
      is_missing = is_missing || lacks(&input->outcomes[e], input->test, false, i);
    }
    for (size_t c = 0; c < input->control_count; c++) {
      is_missing = is_missing || lacks(&input->controls[c], input->test, true, i);
    }
    missing->is_missing[i] = is_missing;
    missing->count += is_missing;
  }
  return HR_OK;
}

void hr_missing_fini(hr_missing *missing) {
  hr_free(missing->is_missing);
  *missing = (hr_missing){0};
}

static void put_method(hr_json_builder *json, json_t *list, const hr_outcome *outcome,
                       const hr_results_input *input, bool is_control) {
  size_t count = 0;
  for (size_t i = 0; i < input->test->rows; i++) {
    count += lacks(outcome, input->test, is_control, i);
  }
  if (count == 0) return;
  json_t *object = hr_json_append(json, list, json_object());
  hr_json_put_text(json, object, "name", outcome->type->name);
  hr_json_put_text(json, object, "title", outcome->type->title);
  hr_json_put_count(json, object, "n", count);
}

void hr_missing_write(const hr_missing *missing, const hr_results_input *input,
                      hr_json_builder *json, json_t *root) {
  if (missing->count == 0) return;
  json_t *object = hr_json_put(json, root, "missing", json_object());
  hr_json_put_count(json, object, "n", missing->count);
  hr_json_put_text(json, object, "file", input->test_file ? input->test_file : "");
  json_t *methods = hr_json_put(json, object, "methods", json_array());
  for (size_t e = 0; e < input->outcome_count; e++) {
    put_method(json, methods, &input->outcomes[e], input, false);
  }
  for (size_t c = 0; c < input->control_count; c++) {
    put_method(json, methods, &input->controls[c], input, true);
  }
  json_t *rows = hr_json_put(json, object, "rows", json_array());
  for (size_t i = 0; i < missing->rows; i++) {
    if (missing->is_missing[i]) {
      hr_json_append(json, rows, json_integer((json_int_t)i));
    }
  }
}

hr_status hr_missing_doubt(const hr_missing *missing, const hr_results_input *input,
                           hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  const char *file = input->test_file;
  size_t named = 0;
  char more[40] = "", more_zh[40] = "";
  hr_text rows;
  if (missing->count == 0) return HR_OK;
  hr_text_init(&rows);
  for (size_t i = 0; i < missing->rows && named < NAMED_ROWS; i++) {
    if (!missing->is_missing[i]) continue;
    hr_text_append(&rows, "%s%zu", named++ > 0 ? ", " : "", i);
  }
  if (missing->count > named) {
    snprintf(more, sizeof more, " and %zu more", missing->count - named);
    snprintf(more_zh, sizeof more_zh, " 等共 %zu", missing->count);
  }
  HR_TRY(hr_text_status(&rows, err));
  HR_TRY(hr_doubts_add(doubts, HR_DOUBT_MISSING, false, err,
                       "%zu of %zu test rows have no prediction that is a number by some "
                       "method and are left out of every score: row%s %s%s of %s (see "
                       "predictions.csv)",
                       missing->count, missing->rows, missing->count == 1 ? "" : "s",
                       rows.bytes, more, file ? file : "the test file"));
  HR_TRY(hr_doubts_in_chinese(doubts, err,
                              "%zu 个测试行（共 %zu 行）至少有一种方法给不出数值，不计入"
                              "任何评分：%s 第 %s%s 行",
                              missing->count, missing->rows, file ? file : "测试文件",
                              rows.bytes, more_zh));
cleanup:
  hr_text_fini(&rows);
  return status;
}
