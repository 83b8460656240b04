/* The tables of samples, bins, methods, criteria and octiles. */
#include "report/tables.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/binning.h"
#include "report/dominant.h"
#include "report/ladder.h"
#include "report/missing.h"
#include "report/notes.h"
#include "report/table_controls.h"
#include "report/table_parts.h"
#include "report/undertuned.h"
#include "report/words.h"

bool hr_tables_in_chinese(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  return strcmp(hr_node_text(reader, &experiment, "language"), "zh") == 0;
}

void hr_tables_speak(hr_reader *reader, bool chinese) {
  json_t *experiment = json_object_get(reader->root, "experiment");
  json_object_set_new(experiment, "language", json_string(chinese ? "zh" : "en"));
}

const char *hr_say(hr_reader *reader, const char *english, const char *chinese) {
  return hr_tables_in_chinese(reader) ? chinese : english;
}

const char *hr_say_status(hr_reader *reader, const char *status) {
  const char *words = hr_words_status(status, hr_tables_in_chinese(reader));
  return words ? words : status;
}

const char *hr_say_rows(hr_reader *reader, const char *rows) {
  const char *words = hr_words_rows(rows, hr_tables_in_chinese(reader));
  return words ? words : rows;
}

hr_status hr_set_text(char **text, hr_error *err, const char *format, ...) {
  char *copy = NULL;
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  size_t size = (size_t)vsnprintf(NULL, 0, format, arguments) + 1;
  hr_status status = hr_alloc(&copy, size, err);
  if (status == HR_OK) {
    vsnprintf(copy, size, format, again);
    hr_free(*text);
    *text = copy;
  }
  va_end(again);
  va_end(arguments);
  return status;
}

void hr_set_estimate(hr_cell *cell, hr_estimate estimate) {
  cell->value = estimate.value;
  cell->low = estimate.low;
  cell->high = estimate.high;
}

hr_status hr_set_mark(hr_reader *reader, hr_cell *cell, bool is_set, hr_error *err) {
  cell->value = is_set;
  return hr_copy_text(hr_say(reader, "yes", "是"), &cell->text, err);
}

hr_status hr_set_method(hr_reader *reader, hr_cell *cell, const char *method,
                        hr_error *err) {
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  hr_append_method_title(reader, method, &title);
  HR_TRY(hr_text_status(&title, err));
  HR_TRY(hr_set_text(&cell->text, err, "%s", title.bytes));
  HR_TRY(hr_set_text(&cell->code, err, "%s", method));
cleanup:
  hr_text_fini(&title);
  return status;
}

hr_status hr_add_headings(hr_table *table, hr_reader *reader, const hr_heading *headings,
                          size_t count, hr_error *err) {
  hr_status status = HR_OK;
  bool chinese = hr_tables_in_chinese(reader);
  for (size_t c = 0; c < count && status == HR_OK; c++) {
    status =
        hr_table_add_column(table, headings[c].kind, headings[c].key,
                            chinese ? headings[c].chinese : headings[c].english, err);
  }
  return status;
}

/* Bins along other axes than the usual ones: a last column with what each spans. */
static hr_status add_intervals_column(hr_table *table, hr_reader *reader, hr_error *err) {
  if (!hr_binning_is_told(reader)) return HR_OK;
  return hr_table_add_column(table, HR_CELL_TEXT, "intervals",
                             hr_say(reader, "Intervals", "区间"), err);
}

static hr_status set_intervals(const hr_table *table, hr_reader *reader, size_t k,
                               hr_cell *cells, hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  if (!hr_binning_is_told(reader)) return HR_OK;
  hr_text_init(&text);
  hr_binning_append_intervals(reader, k, &text);
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_set_text(&cells[table->column_count - 1].text, err, "%s",
                     text.bytes ? text.bytes : ""));
cleanup:
  hr_text_fini(&text);
  return status;
}

/* Sample table ------------------------------------------------------------------------
 */

static hr_status add_sample_total(hr_table *table, const char *name, double train,
                                  double test, hr_error *err) {
  hr_cell *cells = NULL;
  hr_status status = hr_table_add_row(table, &cells, err);
  if (status != HR_OK) return status;
  cells[2].value = train;
  cells[3].value = test;
  return hr_set_text(&cells[1].text, err, "%s", name);
}

static hr_status build_samples(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_COUNT, "bin", "Bin", "分箱"},
      {HR_CELL_TEXT, "name", "Name", "名称"},
      {HR_CELL_COUNT, "n_train", "Train rows", "训练行"},
      {HR_CELL_COUNT, "n_test", "Test rows", "测试行"},
      {HR_CELL_MARK, "at_risk", "At risk", "有风险"},
      {HR_CELL_MARK, "focus", "Focus", "重点"},
  };
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  hr_node ledger = hr_node_object(reader, &root, "ledger");
  HR_TRY(hr_table_init(table, "samples",
                       hr_say(reader, "Samples per bin", "各分箱的行数"), err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
  HR_TRY(add_intervals_column(table, reader, err));
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    hr_node bin = hr_node_item(reader, &bins, k);
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    cells[0].value = hr_node_number(reader, &bin, "index");
    HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_node_text(reader, &bin, "name")));
    cells[2].value = hr_node_number(reader, &bin, "n_train");
    cells[3].value = hr_node_number(reader, &bin, "n_test");
    HR_TRY(hr_set_mark(reader, &cells[4], hr_node_bool(reader, &bin, "at_risk"), err));
    HR_TRY(hr_set_mark(reader, &cells[5], hr_node_bool(reader, &bin, "focus"), err));
    HR_TRY(set_intervals(table, reader, k, cells, err));
  }
  HR_TRY(add_sample_total(table, hr_say(reader, "Uncovered", "未覆盖"),
                          hr_node_number(reader, &ledger, "train_uncovered"),
                          hr_node_number(reader, &ledger, "uncovered"), err));
  if (hr_missing_count(reader) > 0) {
    HR_TRY(add_sample_total(table, hr_say(reader, "No prediction", "没有预测"), 0,
                            hr_missing_count(reader), err));
  }
  HR_TRY(add_sample_total(table, hr_say(reader, "Total", "合计"),
                          hr_node_number(reader, &ledger, "train_rows"),
                          hr_node_number(reader, &ledger, "test_rows"), err));
cleanup:
  return status;
}

/* Experts table -----------------------------------------------------------------------
 */

static hr_status add_expert(hr_table *table, hr_reader *reader, const hr_node *expert,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  const char *variant = hr_node_text_or_null(reader, expert, "variant");
  bool uses_error = hr_node_bool(reader, expert, "uses_error");
  bool is_known = !hr_expert_is_of_predictions(reader, expert);
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_set_method(reader, &cells[0], hr_node_text(reader, expert, "name"), err));
  if (variant) HR_TRY(hr_set_text(&cells[1].text, err, "%s", variant));
  HR_TRY(hr_set_text(&cells[2].text, err, "%s",
                     !is_known    ? hr_say(reader, "not known", "未知")
                     : uses_error ? hr_say(reader, "yes", "是")
                                  : hr_say(reader, "no", "否")));
  HR_TRY(hr_set_text(&cells[2].code, err, "%s",
                     !is_known    ? ""
                     : uses_error ? "True"
                                  : "False"));
  const char *state = hr_node_text(reader, expert, "status");
  HR_TRY(hr_set_text(&cells[3].text, err, "%s", hr_say_status(reader, state)));
  HR_TRY(hr_set_text(&cells[3].code, err, "%s", state));
cleanup:
  return status;
}

static hr_status build_experts(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "expert", "Expert", "专家"},
      {HR_CELL_TEXT, "setting", "Setting", "超参数"},
      {HR_CELL_TEXT, "uses_error", "uses_error", "使用误差"},
      {HR_CELL_TEXT, "status", "Status", "状态"},
  };
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  HR_TRY(hr_table_init(table, "experts", hr_say(reader, "Experts", "专家"), err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    HR_TRY(add_expert(table, reader, &expert, err));
  }
  HR_TRY(hr_strings_append(
      &table->notes,
      hr_tables_in_chinese(reader)
          ? "已知误差：该专家是否知道每个像素的误差 σ。"
          : "uses_error: whether the expert is given the error σ of every pixel.",
      err));
cleanup:
  return status;
}

/* Table 1 -----------------------------------------------------------------------------
 */

/* One column an expert that has bins: R2, its setting where it has one, and the interval.
 */
static hr_status add_expert_column(hr_table *table, hr_reader *reader,
                                   const hr_node *expert, hr_error *err) {
  hr_status status = HR_OK;
  char *header = NULL, *key = NULL;
  const char *name = hr_node_text(reader, expert, "name");
  const char *title = hr_expert_title(reader, expert);
  const char *variant = hr_node_text_or_null(reader, expert, "variant");
  HR_TRY(hr_set_text(&key, err, "%s_r2", name));
  if (!variant) {
    HR_TRY(hr_table_add_column(table, HR_CELL_SCORE_RANGE, key, title, err));
  } else {
    bool alpha = strcmp(variant, "alpha") == 0;
    HR_TRY(hr_set_text(&header, err, "%s (%s)", title, alpha ? "α" : variant));
    HR_TRY(hr_table_add_column(table, HR_CELL_TUNED_RANGE, key, header, err));
    hr_column *column = &table->columns[table->column_count - 1];
    HR_TRY(hr_set_text(&column->setting_key, err, "%s_%s", name, variant));
  }
cleanup:
  hr_free(header);
  hr_free(key);
  return status;
}

static hr_status begin_bins(hr_table *table, hr_reader *reader, const hr_node *experts,
                            hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_COUNT, "bin", "Bin", "分箱"},
                                     {HR_CELL_TEXT, "name", "Name", "名称"}};
  hr_status status = HR_OK;
  hr_text baseline;
  hr_text_init(&baseline);
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  HR_TRY(
      hr_table_init(table, "table1_bins",
                    hr_say(reader, "Table 1. R² per bin on the test rows [95 % interval]",
                           "表 1. 各分箱测试行上的 R² [95 % 区间]"),
                    err));
  table->key_columns = 2;
  HR_TRY(hr_add_headings(table, reader, first, 2, err));
  for (size_t e = 0; e < hr_node_count(experts); e++) {
    hr_node expert = hr_node_item(reader, experts, e);
    if (hr_expert_is_of_all_rows(reader, &expert)) continue;
    HR_TRY(add_expert_column(table, reader, &expert, err));
  }
  HR_TRY(hr_table_add_column(table, HR_CELL_TEXT, "best",
                             hr_say(reader, "Best", "所选专家"), err));
  const char *name = hr_node_text(reader, &selection, "baseline");
  hr_text_append(&baseline, "%s", hr_say(reader, "ΔR² vs ", "相对 "));
  hr_append_method_title(reader, name, &baseline);
  hr_text_append(&baseline, "%s", hr_say(reader, "", " 的 ΔR²"));
  hr_words_close_up(&baseline, 0);
  HR_TRY(hr_text_status(&baseline, err));
  HR_TRY(hr_table_add_column(table, HR_CELL_DIFFERENCE_RANGE, "delta_r2", baseline.bytes,
                             err));
  HR_TRY(add_intervals_column(table, reader, err));
cleanup:
  hr_text_fini(&baseline);
  return status;
}

static void set_expert_cell(hr_reader *reader, const hr_node *bin, const hr_node *expert,
                            bool by_cv, hr_cell *cell) {
  const char *variant = hr_node_text_or_null(reader, expert, "variant");
  hr_node experts = hr_node_object(reader, bin, "experts");
  hr_node scores = hr_node_object(reader, &experts, hr_node_text(reader, expert, "name"));
  hr_node on_test = hr_node_object(reader, &scores, "chosen_on_test");
  const hr_node *source = by_cv ? &scores : &on_test;
  hr_set_estimate(cell, hr_node_estimate(reader, source, "r2", "r2_ci"));
  if (variant) cell->setting = hr_node_number(reader, source, variant);
}

static hr_status add_bin(hr_table *table, hr_reader *reader, const hr_node *bin,
                         const hr_node *experts, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  size_t next = 2;
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  bool by_cv = strcmp(hr_node_text(reader, &selection, "by"), "cv") == 0;
  hr_node hybrids = hr_node_object(reader, bin, "hybrid");
  hr_node hybrid = hr_node_object(reader, &hybrids, by_cv ? "cv" : "test");
  HR_TRY(hr_table_add_row(table, &cells, err));
  cells[0].value = hr_node_number(reader, bin, "index");
  HR_TRY(hr_set_text(&cells[1].text, err, "%s%s", hr_node_text(reader, bin, "name"),
                     hr_node_bool(reader, bin, "focus") ? " †" : ""));
  HR_TRY(hr_set_text(&cells[1].code, err, "%s", hr_node_text(reader, bin, "name")));
  for (size_t e = 0; e < hr_node_count(experts); e++) {
    hr_node expert = hr_node_item(reader, experts, e);
    if (hr_expert_is_of_all_rows(reader, &expert)) continue;
    set_expert_cell(reader, bin, &expert, by_cv, &cells[next++]);
  }
  const char *best = hr_node_text_or_null(reader, &hybrid, "expert");
  if (best) HR_TRY(hr_set_method(reader, &cells[next], best, err));
  hr_set_estimate(&cells[next + 1],
                  hr_node_estimate(reader, &hybrid, "delta_r2", "delta_r2_ci"));
  status = set_intervals(table, reader, (size_t)cells[0].value, cells, err);
cleanup:
  return status;
}

/* Whether that is why there is no model; results of earlier versions have no reasons. */
static bool has_reason(hr_reader *reader, const hr_node *parent, const char *reason) {
  if (!hr_node_has(parent, "reason")) return false;
  return strcmp(hr_node_text(reader, parent, "reason"), reason) == 0;
}

/* "Bin 3, Forest: 12 training rows, ...". */
static hr_status add_why(hr_table *table, hr_reader *reader, const char *place,
                         const char *why, hr_error *err) {
  hr_status status = HR_OK;
  bool chinese = hr_tables_in_chinese(reader);
  hr_text note;
  hr_text_init(&note);
  hr_append_markdown(place, &note);
  hr_text_append(&note, "%s", chinese ? "：" : ": ");
  hr_notes_append(why, chinese, &note);
  HR_TRY(hr_text_status(&note, err));
  HR_TRY(hr_strings_append(&table->notes, note.bytes, err));
cleanup:
  hr_text_fini(&note);
  return status;
}

/* Why an expert's column is empty, once for all bins, or its global model is missing. */
static hr_status note_missing_experts(hr_table *table, hr_reader *reader,
                                      const hr_node *experts, hr_error *err) {
  hr_status status = HR_OK;
  char *place = NULL, *ended = NULL;
  for (size_t e = 0; e < hr_node_count(experts); e++) {
    hr_node expert = hr_node_item(reader, experts, e);
    const char *title = hr_expert_title(reader, &expert);
    const char *why = hr_node_text(reader, &expert, "note");
    if (why[0] == '\0') continue;
    bool missing = strcmp(hr_node_text(reader, &expert, "status"), "unavailable") == 0;
    const char *which = missing ? "" : hr_say(reader, ", global model", "，全局模型");
    HR_TRY(hr_set_text(&place, err, "%s%s", title, which));
    HR_TRY(add_why(table, reader, place, why, err));
    char **last = &table->notes.items[table->notes.count - 1];
    HR_TRY(hr_set_text(&ended, err, "%s%s", *last, hr_say(reader, ".", "。")));
    hr_free(*last);
    *last = ended;
    ended = NULL;
  }
cleanup:
  hr_free(ended);
  hr_free(place);
  return status;
}

/* Why a bin has no model of an expert that is there otherwise. */
static hr_status note_bin_gaps(hr_table *table, hr_reader *reader, const hr_node *bin,
                               const hr_node *experts, hr_error *err) {
  hr_status status = HR_OK;
  char *place = NULL;
  hr_node scores = hr_node_object(reader, bin, "experts");
  for (size_t e = 0; e < hr_node_count(experts); e++) {
    hr_node expert = hr_node_item(reader, experts, e);
    hr_node one = hr_node_object(reader, &scores, hr_node_text(reader, &expert, "name"));
    const char *state = hr_node_text(reader, &one, "status");
    const char *why = hr_node_text(reader, &one, "note");
    bool unwanted = has_reason(reader, &one, "not_asked_for");
    if (strcmp(state, "unavailable") == 0 || why[0] == '\0' || unwanted) continue;
    HR_TRY(hr_set_text(&place, err, hr_say(reader, "Bin %.0f, %s", "分箱 %.0f，%s"),
                       hr_node_number(reader, bin, "index"),
                       hr_expert_title(reader, &expert)));
    HR_TRY(add_why(table, reader, place, why, err));
  }
cleanup:
  hr_free(place);
  return status;
}

/* Why a bin has no R² although it has a model. */
static hr_status note_bin_without_r2(hr_table *table, hr_reader *reader,
                                     const hr_node *bin, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  bool chinese = hr_tables_in_chinese(reader), has_model = false, has_r2 = false;
  hr_node experts = hr_node_object(reader, bin, "experts");
  for (void *i = json_object_iter(experts.json); i;
       i = json_object_iter_next(experts.json, i)) {
    hr_node one = hr_node_object(reader, &experts, json_object_iter_key(i));
    has_model = has_model || strcmp(hr_node_text(reader, &one, "status"), "ok") == 0;
    has_r2 = has_r2 || !hr_node_is_null(&one, "r2");
  }
  if (!has_model || has_r2) return HR_OK;
  double rows = hr_node_number(reader, bin, "n_test");
  const char *why = rows < 1   ? (chinese ? "没有测试行" : "it has no test rows")
                    : rows < 2 ? (chinese ? "只有一个测试行" : "it has one test row")
                    : chinese ? "其测试行的标签全部相同"
                              : "its test rows all have the same label";
  HR_TRY(hr_set_text(
      &note, err,
      chinese ? "分箱 %.0f 的 R² 无定义：%s。" : "Bin %.0f: R² is undefined, since %s.",
      hr_node_number(reader, bin, "index"), why));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  return status;
}

static hr_status build_bins(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  bool chinese = hr_tables_in_chinese(reader), focus = false;
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  hr_node bins = hr_node_list(reader, &root, "bins");
  HR_TRY(begin_bins(table, reader, &experts, err));
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    hr_node bin = hr_node_item(reader, &bins, k);
    HR_TRY(add_bin(table, reader, &bin, &experts, err));
    focus = focus || hr_node_bool(reader, &bin, "focus");
  }
  if (focus) {
    HR_TRY(hr_strings_append(&table->notes, chinese ? "†：重点分箱。" : "†: focus bin.",
                             err));
  }
  HR_TRY(note_missing_experts(table, reader, &experts, err));
  HR_TRY(hr_undertuned_tell(reader, &table->notes, err));
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    hr_node bin = hr_node_item(reader, &bins, k);
    HR_TRY(note_bin_gaps(table, reader, &bin, &experts, err));
    HR_TRY(note_bin_without_r2(table, reader, &bin, err));
  }
cleanup:
  return status;
}

/* Table 2 -----------------------------------------------------------------------------
 */

enum { MOST_REMARKS = 16 };

/* The remarks seen so far; a remark's place is its footnote's number. */
typedef struct remarks {
  const char *seen[MOST_REMARKS];
  size_t count;
} remarks;

static size_t footnote_of(remarks *all, const char *remark) {
  for (size_t r = 0; r < all->count; r++) {
    if (strcmp(all->seen[r], remark) == 0) return r + 1;
  }
  if (all->count == MOST_REMARKS) return 0;
  all->seen[all->count++] = remark;
  return all->count;
}

/* Footnote numbers are shown, the remarks themselves go to CSV. */
static hr_status set_remarks(hr_reader *reader, const hr_node *entry, remarks *all,
                             hr_cell *cell, hr_error *err) {
  hr_status status = HR_OK;
  hr_text shown, code;
  hr_text_init(&shown);
  hr_text_init(&code);
  hr_node list = hr_node_list(reader, entry, "remarks");
  hr_text_append(&shown, "%s", "");
  hr_text_append(&code, "%s", "");
  for (size_t r = 0; r < hr_node_count(&list); r++) {
    const char *remark = json_string_value(json_array_get(list.json, r));
    if (!remark) continue;
    size_t number = footnote_of(all, remark);
    hr_text_append(&shown, "%s%zu", r > 0 ? ", " : "", number);
    hr_text_append(&code, "%s%s", r > 0 ? " " : "", remark);
  }
  HR_TRY(hr_text_status(&shown, err));
  HR_TRY(hr_text_status(&code, err));
  HR_TRY(hr_set_text(&cell->text, err, "%s", shown.bytes));
  HR_TRY(hr_set_text(&cell->code, err, "%s", code.bytes));
cleanup:
  hr_text_fini(&shown);
  hr_text_fini(&code);
  return status;
}

/* Errors are in the unit of the target: kelvins need no four decimals. */
static hr_status add_error_columns(hr_table *table, hr_reader *reader, hr_error *err) {
  static const char *const keys[] = {"mae", "rmse", "bias"};
  const char *const headers[] = {"MAE", "RMSE", hr_say(reader, "Bias", "偏差")};
  hr_status status = HR_OK;
  char *header = NULL;
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  const char *unit =
      hr_node_has(&experiment, "unit") ? hr_node_text(reader, &experiment, "unit") : "";
  bool is_kelvin = strcmp(unit, "K") == 0;
  for (size_t i = 0; i < 3; i++) {
    bool is_signed = i == 2;
    hr_cell_kind kind = is_kelvin ? (is_signed ? HR_CELL_TENTH_DIFFERENCE : HR_CELL_TENTH)
                                  : (is_signed ? HR_CELL_DIFFERENCE : HR_CELL_SCORE);
    HR_TRY(hr_set_text(&header, err, unit[0] ? "%s (%s)" : "%s", headers[i], unit));
    HR_TRY(hr_table_add_column(table, kind, keys[i], header, err));
  }
cleanup:
  hr_free(header);
  return status;
}

static hr_status begin_overall(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "method", "Method", "方法"},
      {HR_CELL_TEXT, "rows", "Rows", "样本范围"},
      {HR_CELL_COUNT, "n", "N", "行数"},
      {HR_CELL_SCORE_RANGE, "r2_pooled", "R² pooled", "合并 R²"},
      {HR_CELL_SCORE, "r2_weighted", "R² weighted", "加权 R²"},
      {HR_CELL_DIFFERENCE_RANGE, "delta_r2", "ΔR²", "ΔR²"},
      {HR_CELL_TEXT, "versus", "ΔR² vs", "ΔR² 相对于"},
  };
  static const hr_heading last = {HR_CELL_TEXT, "notes", "Notes", "注"};
  hr_status status = HR_OK;
  const char *title = hr_say(reader, "Table 2. All bins together [95 % interval]",
                             "表 2. 所有分箱合计 [95 % 区间]");
  if (hr_ladder_is_known(reader)) {
    title = hr_say(reader, "Table 2 in detail. All bins together [95 % interval]",
                   "表 2 详情. 所有分箱合计 [95 % 区间]");
  }
  HR_TRY(hr_table_init(table, "table2_overall", title, err));
  table->key_columns = 2;
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
  HR_TRY(add_error_columns(table, reader, err));
  HR_TRY(hr_add_headings(table, reader, &last, 1, err));
cleanup:
  return status;
}

static hr_status add_overall(hr_table *table, hr_reader *reader, const hr_node *entry,
                             remarks *all, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_set_method(reader, &cells[0], hr_node_text(reader, entry, "method"), err));
  const char *rows = hr_node_text(reader, entry, "rows");
  HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_say_rows(reader, rows)));
  HR_TRY(hr_set_text(&cells[1].code, err, "%s", rows));
  cells[2].value = hr_node_number(reader, entry, "n");
  hr_set_estimate(&cells[3],
                  hr_node_estimate(reader, entry, "r2_pooled", "r2_pooled_ci"));
  cells[4].value = hr_node_number(reader, entry, "r2_weighted");
  hr_set_estimate(&cells[5], hr_node_estimate(reader, entry, "delta_r2", "delta_r2_ci"));
  const char *versus = hr_node_text_or_null(reader, entry, "versus");
  if (versus) HR_TRY(hr_set_method(reader, &cells[6], versus, err));
  cells[7].value = hr_node_number(reader, entry, "mae");
  cells[8].value = hr_node_number(reader, entry, "rmse");
  cells[9].value = hr_node_number(reader, entry, "bias");
  HR_TRY(set_remarks(reader, entry, all, &cells[10], err));
cleanup:
  return status;
}

static hr_status add_footnotes(hr_table *table, const remarks *all, bool chinese,
                               hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  for (size_t r = 0; r < all->count; r++) {
    const char *words = hr_words_remark(all->seen[r], chinese);
    HR_TRY(hr_set_text(&note, err, "%zu: %s", r + 1, words ? words : all->seen[r]));
    HR_TRY(hr_strings_append(&table->notes, note, err));
  }
cleanup:
  hr_free(note);
  return status;
}

/* Scores that are one row's. */
static hr_status note_one_row(hr_table *table, hr_reader *reader, const hr_node *overall,
                              hr_error *err) {
  hr_status status = HR_OK;
  const char **methods = NULL;
  size_t count = hr_node_count(overall);
  hr_text remark;
  hr_text_init(&remark);
  HR_TRY(hr_alloc(&methods, count, err));
  for (size_t m = 0; m < count; m++) {
    hr_node entry = hr_node_item(reader, overall, m);
    methods[m] = hr_node_text(reader, &entry, "method");
  }
  if (!hr_dominant_remark(reader, methods, count, &remark)) goto cleanup;
  HR_TRY(hr_text_status(&remark, err));
  HR_TRY(hr_strings_append(&table->notes, remark.bytes + (*remark.bytes == ' '), err));
cleanup:
  hr_text_fini(&remark);
  hr_free(methods);
  return status;
}

static hr_status build_overall(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  remarks all = {.count = 0};
  hr_node root = hr_reader_root(reader);
  hr_node overall = hr_node_list(reader, &root, "overall");
  HR_TRY(begin_overall(table, reader, err));
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(reader, &overall, m);
    HR_TRY(add_overall(table, reader, &entry, &all, err));
  }
  HR_TRY(add_footnotes(table, &all, hr_tables_in_chinese(reader), err));
  HR_TRY(note_one_row(table, reader, &overall, err));
cleanup:
  return status;
}

/* Gate table --------------------------------------------------------------------------
 */

static const char *text_if_any(hr_reader *reader, const hr_node *entry, const char *key) {
  return hr_node_has(entry, key) ? hr_node_text(reader, entry, key) : NULL;
}

/* What the verdict means, what the study does next in its own words, and a caution. */
static hr_status set_next(hr_reader *reader, const hr_node *entry, hr_cell *cell,
                          hr_error *err) {
  bool chinese = hr_tables_in_chinese(reader);
  const char *name = hr_node_text(reader, entry, "criterion");
  const char *verdict = hr_node_text(reader, entry, "verdict");
  const char *outcome = hr_node_is_null(entry, "value") ? "undefined" : verdict;
  const char *why = text_if_any(reader, entry, "why");
  const char *then = text_if_any(reader, entry, "then");
  const char *caution = text_if_any(reader, entry, "caution");
  bool is_of_rows = caution && (strcmp(caution, "one_row") == 0 ||
                                strcmp(caution, "wild_training_rows") == 0);
  if (is_of_rows && strcmp(outcome, "undecided") == 0) {
    outcome = caution;
    caution = NULL;
  }
  const char *next = why ? hr_words_why(why, chinese) : NULL;
  if (!next) next = hr_words_next(name, outcome, chinese);
  if (!next) next = hr_node_text(reader, entry, "next");
  const char *words = caution ? hr_words_caution(caution, chinese) : NULL;
  const char *between = chinese ? "：" : ": ";
  return hr_set_text(&cell->text, err, "%s%s%s%s", next, then ? between : "",
                     then ? then : "", words ? words : "");
}

static hr_status add_criterion(hr_table *table, hr_reader *reader, const hr_node *entry,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  bool chinese = hr_tables_in_chinese(reader);
  const char *name = hr_node_text(reader, entry, "criterion");
  const char *verdict = hr_node_text(reader, entry, "verdict");
  const char *title = hr_words_criterion(name, chinese);
  const char *word = hr_words_verdict(verdict, chinese);
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_set_text(&cells[0].text, err, "%s", title ? title : name));
  HR_TRY(hr_set_text(&cells[0].code, err, "%s", name));
  hr_set_estimate(&cells[1], hr_node_estimate(reader, entry, "value", "ci"));
  cells[2].value = hr_node_number(reader, entry, "threshold");
  HR_TRY(hr_set_text(&cells[3].text, err, "%s", word ? word : verdict));
  HR_TRY(hr_set_text(&cells[3].code, err, "%s", verdict));
  HR_TRY(set_next(reader, entry, &cells[4], err));
cleanup:
  return status;
}

static hr_status begin_gate(hr_table *table, hr_reader *reader, const hr_node *root,
                            hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "criterion", "Criterion", "判据"},
      {HR_CELL_SCORE_RANGE, "value", "Value", "数值"},
      {HR_CELL_PLAIN, "threshold", "At least", "下限"},
      {HR_CELL_TEXT, "verdict", "Verdict", "判定"},
      {HR_CELL_TEXT, "next", "Meaning", "含义"},
  };
  hr_status status = HR_OK;
  char *title = NULL;
  bool chinese = hr_tables_in_chinese(reader);
  const char *name = text_if_any(reader, root, "gate_name");
  HR_TRY(hr_set_text(&title, err, "%s%s%s [95 %% %s]", chinese ? "判据" : "Decision gate",
                     name ? " " : "", name ? name : "", chinese ? "区间" : "interval"));
  HR_TRY(hr_table_init(table, "gate", title, err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
cleanup:
  hr_free(title);
  return status;
}

static hr_status build_gate(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node gate = hr_node_list(reader, &root, "gate");
  HR_TRY(begin_gate(table, reader, &root, err));
  for (size_t c = 0; c < hr_node_count(&gate); c++) {
    hr_node entry = hr_node_item(reader, &gate, c);
    HR_TRY(add_criterion(table, reader, &entry, err));
  }
cleanup:
  return status;
}

hr_status hr_tables_init(hr_tables *tables, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  *tables = (hr_tables){0};
  HR_TRY(build_samples(&tables->items[HR_TABLE_SAMPLES], reader, err));
  HR_TRY(build_experts(&tables->items[HR_TABLE_EXPERTS], reader, err));
  HR_TRY(build_bins(&tables->items[HR_TABLE_BINS], reader, err));
  HR_TRY(hr_build_ladder(&tables->items[HR_TABLE_LADDER], reader, err));
  HR_TRY(build_overall(&tables->items[HR_TABLE_OVERALL], reader, err));
  HR_TRY(hr_build_ladder_bins(&tables->items[HR_TABLE_LADDER_BINS], reader, err));
  HR_TRY(hr_build_ladder_octiles(&tables->items[HR_TABLE_LADDER_SNR], reader, err));
  HR_TRY(hr_build_gates(&tables->items[HR_TABLE_GATES], reader, err));
  HR_TRY(hr_build_gates_mixing(&tables->items[HR_TABLE_GATES_MIXING], reader, err));
  HR_TRY(hr_build_octiles(&tables->items[HR_TABLE_SNR], reader, err));
  HR_TRY(hr_build_all_octiles(&tables->items[HR_TABLE_SNR_ALL], reader, err));
  HR_TRY(hr_build_ceiling(&tables->items[HR_TABLE_CEILING], reader, err));
  HR_TRY(hr_build_ceiling_bins(&tables->items[HR_TABLE_CEILING_BINS], reader, err));
  HR_TRY(hr_build_lattice(&tables->items[HR_TABLE_LATTICE], reader, err));
  HR_TRY(hr_build_calibration(&tables->items[HR_TABLE_CALIBRATION], reader, err));
  HR_TRY(hr_build_calibration_octiles(&tables->items[HR_TABLE_CALIBRATION_SNR], reader,
                                      err));
  HR_TRY(
      hr_build_calibration_bins(&tables->items[HR_TABLE_CALIBRATION_BINS], reader, err));
  HR_TRY(hr_build_levels(&tables->items[HR_TABLE_LEVELS], reader, err));
  HR_TRY(hr_table_controls_init(&tables->items[HR_TABLE_CONTROLS], reader, err));
  HR_TRY(build_gate(&tables->items[HR_TABLE_GATE], reader, err));
  HR_TRY(hr_reader_status(reader, err));
cleanup:
  if (status != HR_OK) hr_tables_fini(tables);
  return status;
}

void hr_tables_fini(hr_tables *tables) {
  for (size_t t = 0; t < HR_TABLE_COUNT; t++) hr_table_fini(&tables->items[t]);
}
