/* The tables of a sweep: all lines of all points, and the ladder of each. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "report/sweep.h"
#include "report/table_parts.h"
#include "report/words.h"

static hr_status add_columns(hr_table *table, const hr_heading *headings, size_t count,
                             bool chinese, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < count && status == HR_OK; i++) {
    const hr_heading *own = &headings[i];
    status = hr_table_add_column(table, own->kind, own->key,
                                 chinese ? own->chinese : own->english, err);
  }
  return status;
}

/* --- all lines --- */

enum { VALUE, TRAIN, RUNG, METHOD, TITLE, ROWS, COUNT, R2, TROUBLE, LINE_CELLS };

static hr_status add_line(hr_table *table, const hr_sweep_point *point,
                          const hr_sweep_line *line, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_copy_text(point->value, &cells[VALUE].text, err));
  cells[TRAIN].value = point->train_rows;
  if (point->trouble) HR_TRY(hr_copy_text(point->trouble, &cells[TROUBLE].text, err));
  if (!line) goto cleanup;
  if (line->rung < HR_RUNGS) {
    HR_TRY(hr_copy_text(hr_rung_name(line->rung), &cells[RUNG].text, err));
  }
  HR_TRY(hr_copy_text(line->method, &cells[METHOD].text, err));
  HR_TRY(hr_copy_text(line->title, &cells[TITLE].text, err));
  HR_TRY(hr_copy_text(line->rows, &cells[ROWS].text, err));
  cells[COUNT].value = line->row_count;
  hr_set_estimate(&cells[R2], line->r2);
cleanup:
  return status;
}

hr_status hr_sweep_build_lines(const hr_sweep *sweep, hr_table *table, hr_error *err) {
  static const hr_heading headings[LINE_CELLS] = {
      [VALUE] = {HR_CELL_TEXT, "value", "Value", "取值"},
      [TRAIN] = {HR_CELL_COUNT, "n_train", "Training rows", "训练行数"},
      [RUNG] = {HR_CELL_TEXT, "rung", "Rung", "梯级"},
      [METHOD] = {HR_CELL_TEXT, "method", "Method", "方法"},
      [TITLE] = {HR_CELL_TEXT, "title", "Title", "名称"},
      [ROWS] = {HR_CELL_TEXT, "rows", "Rows", "行"},
      [COUNT] = {HR_CELL_COUNT, "n", "N", "N"},
      [R2] = {HR_CELL_SCORE_RANGE, "r2", "R²", "R²"},
      [TROUBLE] = {HR_CELL_TEXT, "trouble", "Trouble", "问题"},
  };
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "sweep", "", err));
  HR_TRY(add_columns(table, headings, LINE_CELLS, sweep->chinese, err));
  for (size_t i = 0; i < sweep->count; i++) {
    const hr_sweep_point *point = &sweep->points[i];
    if (point->line_count == 0) HR_TRY(add_line(table, point, NULL, err));
    for (size_t l = 0; l < point->line_count; l++) {
      HR_TRY(add_line(table, point, &point->lines[l], err));
    }
  }
cleanup:
  return status;
}

/* --- a line a point --- */

static hr_status begin_rungs(const hr_sweep *sweep, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  char *title = NULL;
  HR_TRY(hr_set_text(&title, err,
                     sweep->chinese ? "%s%sR² 随 %s 的变化，已覆盖的测试行 [95 %% 区间]"
                                    : "%s%sR² against %s, covered test rows "
                                      "[95 %% interval]",
                     sweep->target ? sweep->target : "",
                     !sweep->target   ? ""
                     : sweep->chinese ? "："
                                      : ": ",
                     sweep->key));
  HR_TRY(hr_table_init(table, "sweep_rungs", title, err));
  HR_TRY(hr_table_add_column(table, HR_CELL_TEXT, "value", sweep->key, err));
  HR_TRY(hr_table_add_column(table, HR_CELL_COUNT, "n_train",
                             sweep->chinese ? "训练行数" : "Training rows", err));
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    const char *name = hr_rung_name(rung);
    if (!hr_sweep_has(sweep, rung)) continue;
    HR_TRY(hr_table_add_column(table, HR_CELL_SCORE_RANGE, name,
                               hr_words_rung(name, sweep->chinese), err));
  }
  const hr_sweep_line *elsewhere[HR_LADDER_ELSEWHERE];
  size_t count = hr_sweep_list_elsewhere(sweep, elsewhere);
  for (size_t i = 0; i < count; i++) {
    HR_TRY(hr_table_add_column(table, HR_CELL_SCORE_RANGE, elsewhere[i]->method,
                               elsewhere[i]->title, err));
  }
  table->key_columns = 1;
cleanup:
  hr_free(title);
  return status;
}

static hr_status add_point(const hr_sweep *sweep, size_t i, hr_table *table,
                           hr_error *err) {
  hr_status status = HR_OK;
  const hr_sweep_point *point = &sweep->points[i];
  hr_cell *cells = NULL;
  size_t next = 2;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_copy_text(point->value, &cells[0].text, err));
  cells[1].value = point->train_rows;
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    const hr_sweep_line *line = hr_sweep_on(point, rung);
    if (!hr_sweep_has(sweep, rung)) continue;
    if (line) hr_set_estimate(&cells[next], line->r2);
    next++;
  }
  const hr_sweep_line *elsewhere[HR_LADDER_ELSEWHERE];
  size_t count = hr_sweep_list_elsewhere(sweep, elsewhere);
  for (size_t e = 0; e < count; e++) {
    const hr_sweep_line *line = hr_sweep_of(point, elsewhere[e]->method);
    if (line) hr_set_estimate(&cells[next + e], line->r2);
  }
cleanup:
  return status;
}

/* "Global Ridge (1000), Global LightGBM (5000, 20000)" */
static void append_titles(const hr_sweep *sweep, hr_rung rung, hr_text *out) {
  const char *last = NULL, *comma = sweep->chinese ? "、" : ", ";
  const char *open = sweep->chinese ? "（" : " (", *close = sweep->chinese ? "）" : ")";
  for (size_t i = 0; i < sweep->count; i++) {
    const hr_sweep_line *line = hr_sweep_on(&sweep->points[i], rung);
    const char *value = sweep->points[i].value;
    if (!line) continue;
    bool goes_on = last && strcmp(last, line->title) == 0;
    if (goes_on) hr_text_append(out, "%s%s", comma, value);
    if (!goes_on) {
      hr_text_append(out, "%s%s", last ? close : "", last ? comma : "");
      hr_append_markdown(line->title, out);
      hr_text_append(out, "%s%s", open, value);
    }
    last = line->title;
  }
  hr_text_append(out, "%s", close);
}

/* What stands on a rung. */
static hr_status note_rung(const hr_sweep *sweep, hr_rung rung, hr_table *table,
                           hr_error *err) {
  hr_status status = HR_OK;
  const char *title = NULL;
  hr_text note;
  hr_text_init(&note);
  hr_text_append(&note, "%s%s", hr_words_rung(hr_rung_name(rung), sweep->chinese),
                 sweep->chinese ? "：" : ": ");
  if (hr_sweep_is_same(sweep, rung, &title)) {
    hr_text_append(&note, "%s", title);
  } else {
    append_titles(sweep, rung, &note);
  }
  HR_TRY(hr_text_status(&note, err));
  HR_TRY(hr_strings_append(&table->notes, note.bytes, err));
cleanup:
  hr_text_fini(&note);
  return status;
}

static hr_status note_elsewhere(const hr_sweep *sweep, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  hr_text note;
  hr_text_init(&note);
  const hr_sweep_line *list[HR_LADDER_ELSEWHERE];
  size_t count = hr_sweep_list_elsewhere(sweep, list);
  for (size_t i = 0; i < count; i++) {
    hr_text_fini(&note);
    hr_text_append(&note, sweep->chinese ? "%s：" : "%s: ",
                   hr_words_rung("elsewhere", sweep->chinese));
    hr_append_markdown(list[i]->title, &note);
    HR_TRY(hr_text_status(&note, err));
    HR_TRY(hr_strings_append(&table->notes, note.bytes, err));
  }
cleanup:
  hr_text_fini(&note);
  return status;
}

static hr_status note_troubles(const hr_sweep *sweep, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  for (size_t i = 0; i < sweep->count; i++) {
    const hr_sweep_point *point = &sweep->points[i];
    if (!point->trouble) continue;
    HR_TRY(hr_set_text(&note, err, sweep->chinese ? "%s=%s%s：%s" : "%s=%s%s: %s",
                       sweep->key, point->value,
                       point->line_count > 0 ? ""
                       : sweep->chinese      ? " 没有结果"
                                             : " has no results",
                       point->trouble));
    HR_TRY(hr_strings_append(&table->notes, note, err));
  }
cleanup:
  hr_free(note);
  return status;
}

/* The least and the most covered test rows of a point. */
static hr_span rows_of_points(const hr_sweep *sweep) {
  hr_span rows = hr_span_empty();
  for (size_t i = 0; i < sweep->count; i++) {
    const hr_sweep_line *line = hr_sweep_on(&sweep->points[i], HR_RUNG_BASELINE);
    if (line) hr_span_include(&rows, line->row_count);
  }
  return rows;
}

/* What keeps points from being compared, or from showing what the key does. */
static hr_status note_doubts(const hr_sweep *sweep, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  hr_span rows = rows_of_points(sweep);
  if (rows.low < rows.high) {
    HR_TRY(hr_set_text(&note, err,
                       sweep->chinese
                           ? "各点计入的测试行数不同（%.0f 至 %.0f）：其 R² "
                             "属于不同的恒星，彼此不可比较。"
                           : "Points are scored on other test rows (%.0f to %.0f): their "
                             "R² are of other stars and cannot be compared.",
                       rows.low, rows.high));
    HR_TRY(hr_strings_append(&table->notes, note, err));
  }
  bool is_noise = strcmp(sweep->key, "noise.level") == 0 ||
                  strcmp(sweep->key, "data.noise.level") == 0;
  if (sweep->has_stored_noise && is_noise) {
    HR_TRY(hr_set_text(&note, err, "%s",
                       sweep->chinese
                           ? "只有训练行的噪声随之改变：测试行保留文件中的噪声；"
                             "data.noise.test: generated 使两者都改变。"
                           : "Only the training rows' noise changes: test rows keep that "
                             "of their file; with data.noise.test: generated both do."));
    HR_TRY(hr_strings_append(&table->notes, note, err));
  }
  if (sweep->has_unseen_noise) {
    HR_TRY(hr_set_text(
        &note, err, "%s",
        sweep->chinese
            ? "以预测文件给出的外来模型未见到此处为测试行生成的噪声：其线不随噪声变化。"
            : "Models from elsewhere that are given by their predictions did not see the "
              "noise drawn for test rows here: their lines do not change with it."));
    HR_TRY(hr_strings_append(&table->notes, note, err));
  }
cleanup:
  hr_free(note);
  return status;
}

hr_status hr_sweep_build_rungs(const hr_sweep *sweep, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(begin_rungs(sweep, table, err));
  for (size_t i = 0; i < sweep->count; i++) HR_TRY(add_point(sweep, i, table, err));
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    if (hr_sweep_has(sweep, rung)) HR_TRY(note_rung(sweep, rung, table, err));
  }
  HR_TRY(note_elsewhere(sweep, table, err));
  HR_TRY(note_doubts(sweep, table, err));
  HR_TRY(note_troubles(sweep, table, err));
cleanup:
  return status;
}
