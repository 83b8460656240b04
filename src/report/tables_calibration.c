/* The tables of calibration. */
#include <string.h>

#include "core/alloc.h"
#include "report/calibration.h"
#include "report/table_parts.h"
#include "report/tables.h"

/* Whether some shares within intervals are of fewer rows than the others beside them. */
static bool is_in_part(hr_reader *reader, const hr_node *list) {
  for (size_t i = 0; i < hr_node_count(list); i++) {
    hr_node item = hr_node_item(reader, list, i);
    if (hr_calibration_is_in_part(reader, &item)) return true;
  }
  return false;
}

/* The columns of numbers, after those that say of what. */
static hr_status add_measures(hr_table *table, hr_reader *reader, bool in_part,
                              hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_COUNT, "n", "N", "行数"},
      {HR_CELL_SCORE_RANGE, "within_1_sigma", "Within 1 σ (0.6827)", "1 σ 之内 (0.6827)"},
      {HR_CELL_SCORE_RANGE, "within_2_sigma", "Within 2 σ (0.9545)", "2 σ 之内 (0.9545)"},
      {HR_CELL_SCORE_RANGE, "chi2", "Mean χ² (1)", "平均 χ² (1)"}};
  static const hr_heading rows[] = {
      {HR_CELL_COUNT, "n_half", "N with intervals", "有区间的行数"}};
  static const hr_heading intervals[] = {
      {HR_CELL_SCORE_RANGE, "within_half68", "Within 68 % interval (0.6827)",
       "68 % 区间之内 (0.6827)"},
      {HR_CELL_SCORE_RANGE, "within_half95", "Within 95 % interval (0.9545)",
       "95 % 区间之内 (0.9545)"}};
  hr_status status = HR_OK;
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
  if (in_part) HR_TRY(hr_add_headings(table, reader, rows, 1, err));
  HR_TRY(hr_add_headings(table, reader, intervals, sizeof intervals / sizeof *intervals,
                         err));
cleanup:
  return status;
}

static void set_measures(hr_reader *reader, const hr_node *node, bool in_part,
                         hr_cell *cells) {
  size_t next = 0;
  cells[next++].value = hr_node_number(reader, node, "n");
  for (hr_calibration_measure m = 0; m < HR_CALIBRATION_MEASURES; m++) {
    if (in_part && m == HR_WITHIN_HALF68) {
      cells[next++].value = hr_calibration_half_rows(reader, node);
    }
    hr_set_estimate(&cells[next++], hr_calibration_read(reader, node, m));
  }
}

/* By method ---------------------------------------------------------------------------
 */

static const char *say_verdict(const char *verdict, bool chinese) {
  if (!verdict) return "-";
  if (strcmp(verdict, "sigma_too_small") == 0) return chinese ? "σ 偏小" : "σ too small";
  if (strcmp(verdict, "sigma_too_large") == 0) return chinese ? "σ 偏大" : "σ too large";
  return chinese ? "可信" : "calibrated";
}

/* What speaks against it all the same. */
static hr_status say_far(hr_reader *reader, const hr_node *entry, char **text,
                         hr_error *err) {
  if (!hr_node_has(entry, "far")) return HR_OK;
  hr_node far = hr_node_object(reader, entry, "far");
  double rows = hr_node_number(reader, &far, "rows");
  const char *verdict = hr_node_text_or_null(reader, entry, "verdict");
  bool chinese = hr_tables_in_chinese(reader);
  hr_free(*text);
  *text = NULL;
  return hr_set_text(text, err,
                     chinese    ? "%s，但 %.0f 行除外"
                     : rows > 1 ? "%s but for %.0f rows"
                                : "%s but for %.0f row",
                     say_verdict(verdict, chinese), rows);
}

static hr_status add_method(hr_table *table, hr_reader *reader, const hr_node *entry,
                            bool in_part, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  const char *verdict = hr_node_text_or_null(reader, entry, "verdict");
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_set_method(reader, &cells[0], hr_node_text(reader, entry, "method"), err));
  const char *rows = hr_node_text(reader, entry, "rows");
  HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_say_rows(reader, rows)));
  HR_TRY(hr_set_text(&cells[1].code, err, "%s", rows));
  set_measures(reader, entry, in_part, cells + 2);
  hr_cell *last = &cells[table->column_count - 1];
  HR_TRY(hr_set_text(&last->text, err, "%s",
                     say_verdict(verdict, hr_tables_in_chinese(reader))));
  HR_TRY(hr_set_text(&last->code, err, "%s", verdict ? verdict : ""));
  bool is_small = verdict && strcmp(verdict, "sigma_too_small") == 0;
  if (verdict && !is_small) HR_TRY(say_far(reader, entry, &last->text, err));
cleanup:
  return status;
}

static hr_status note_method(hr_table *table, hr_reader *reader, hr_error *err) {
  return hr_strings_append(
      &table->notes,
      hr_tables_in_chinese(reader)
          ? "括号内为 σ 可信时的期望值；1 σ 与 2 σ 的比例是高斯分布的，后验未必如此，"
            "平均 χ² "
            "与两个区间则与分布形状无关。知道分箱的方法按已覆盖行评判，全局模型按全部行。"
            "平均 χ² 偏离 0.1 以上或 68 % 区间的覆盖率偏离 0.02 "
            "以上、且偶然所致的概率低于"
            " 0.05 除以方法数的两倍（Bonferroni；σ 学自有限行的误差计在内）时，"
            "判为偏小或偏大。偏离真值超过十个 σ 的行另行计数，并剔除后按平均 χ² "
            "再判一次；"
            "若有这样的行，覆盖率偏低不得归因于学习 σ 所用的行数有限。平均 χ² 判为偏大而 "
            "68 % "
            "区间的覆盖率及其 95 % 区间均低于期望值时，判为偏小。"
          : "In brackets behind each heading: what is expected of an honest σ; within 1 "
            "and 2 σ it is what a Gaussian has, which a posterior need not be, while "
            "mean "
            "χ² and intervals do not depend on the shape. Methods "
            "that are told the bin are judged on covered rows, global models on all. σ "
            "is "
            "called too small or too large where the mean χ² is off by more than 0.1, or "
            "the share within the 68 % interval by more than 0.02, and chance would do "
            "that with a probability below 0.05 over twice the number of methods "
            "(Bonferroni; the error of a σ learnt from few rows counts). Rows more than "
            "ten σ from the truth are counted, and the mean χ² is judged without them, "
            "too; with such rows, few rows to learn from are no excuse of too small a "
            "share. Where the mean χ² says too large, but the share within the 68 % "
            "interval and all of its own interval are below what is expected, σ is "
            "called too small.",
      err);
}

hr_status hr_build_calibration(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_TEXT, "method", "Method", "方法"},
                                     {HR_CELL_TEXT, "rows", "Rows", "样本范围"}};
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  HR_TRY(hr_table_init(table, "calibration",
                       hr_say(reader, "Whether σ can be trusted [95 % interval]",
                              "σ 是否可信 [95 % 区间]"),
                       err));
  if (!hr_node_has(&root, "calibration")) goto cleanup;
  hr_node calibration = hr_node_object(reader, &root, "calibration");
  hr_node methods = hr_node_list(reader, &calibration, "methods");
  bool in_part = is_in_part(reader, &methods);
  HR_TRY(hr_add_headings(table, reader, first, 2, err));
  HR_TRY(add_measures(table, reader, in_part, err));
  HR_TRY(hr_table_add_column(table, HR_CELL_TEXT, "verdict",
                             hr_say(reader, "Verdict", "判定"), err));
  for (size_t m = 0; m < hr_node_count(&methods); m++) {
    hr_node entry = hr_node_item(reader, &methods, m);
    HR_TRY(add_method(table, reader, &entry, in_part, err));
  }
  HR_TRY(note_method(table, reader, err));
cleanup:
  return status;
}

/* By octile and by bin ----------------------------------------------------------------
 */

/* The same of a list ("octiles", "bins") of all methods that are shown. */
static bool is_shown_in_part(hr_reader *reader, const hr_calibration_shown *shown,
                             const char *key) {
  for (size_t w = 0; w < shown->count; w++) {
    hr_node list = hr_node_list(reader, &shown->entry[w], key);
    if (is_in_part(reader, &list)) return true;
  }
  return false;
}

static hr_status add_octiles(hr_table *table, hr_reader *reader,
                             const hr_calibration_shown *shown, size_t which,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_node octiles = hr_node_list(reader, &shown->entry[which], "octiles");
  bool in_part = is_shown_in_part(reader, shown, "octiles");
  for (size_t j = 0; j < hr_node_count(&octiles); j++) {
    hr_node octile = hr_node_item(reader, &octiles, j);
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(hr_set_method(reader, &cells[0], shown->name[which], err));
    cells[1].value = (double)(j + 1);
    cells[2].value = hr_calibration_edge(reader, shown, j);
    cells[3].value = hr_calibration_edge(reader, shown, j + 1);
    set_measures(reader, &octile, in_part, cells + 4);
  }
cleanup:
  return status;
}

hr_status hr_build_calibration_octiles(hr_table *table, hr_reader *reader,
                                       hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_TEXT, "method", "Method", "方法"},
                                     {HR_CELL_COUNT, "octile", "Octile", "八分位"},
                                     {HR_CELL_RATIO, "snr_low", "SNR from", "SNR 自"},
                                     {HR_CELL_RATIO, "snr_high", "to", "至"}};
  hr_status status = HR_OK;
  hr_calibration_shown shown;
  hr_calibration_find(reader, &shown);
  HR_TRY(hr_table_init(table, "calibration_snr",
                       hr_say(reader,
                              "Whether σ can be trusted, by octile of signal-to-noise "
                              "ratio [95 % interval]",
                              "σ 是否可信，按信噪比八分位 [95 % 区间]"),
                       err));
  if (shown.count == 0) goto cleanup;
  table->key_columns = 4;
  HR_TRY(hr_add_headings(table, reader, first, 4, err));
  HR_TRY(add_measures(table, reader, is_shown_in_part(reader, &shown, "octiles"), err));
  for (size_t w = 0; w < shown.count; w++) {
    HR_TRY(add_octiles(table, reader, &shown, w, err));
  }
cleanup:
  return status;
}

static hr_status add_bins(hr_table *table, hr_reader *reader,
                          const hr_calibration_shown *shown, size_t which,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_node list = hr_node_list(reader, &shown->entry[which], "bins");
  bool in_part = is_shown_in_part(reader, shown, "bins");
  hr_node names = hr_node_list(reader, &shown->root, "bins");
  for (size_t k = 0; k < hr_node_count(&list); k++) {
    hr_node entry = hr_node_item(reader, &list, k);
    hr_node bin = hr_node_item(reader, &names, k);
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(hr_set_method(reader, &cells[0], shown->name[which], err));
    cells[1].value = (double)k;
    HR_TRY(hr_set_text(&cells[2].text, err, "%s", hr_node_text(reader, &bin, "name")));
    set_measures(reader, &entry, in_part, cells + 3);
  }
cleanup:
  return status;
}

hr_status hr_build_calibration_bins(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_TEXT, "method", "Method", "方法"},
                                     {HR_CELL_COUNT, "bin", "Bin", "分箱"},
                                     {HR_CELL_TEXT, "name", "Name", "名称"}};
  hr_status status = HR_OK;
  hr_calibration_shown shown;
  hr_calibration_find(reader, &shown);
  HR_TRY(hr_table_init(table, "calibration_bins",
                       hr_say(reader, "Whether σ can be trusted, by bin [95 % interval]",
                              "σ 是否可信，按分箱 [95 % 区间]"),
                       err));
  if (shown.count == 0) goto cleanup;
  table->key_columns = 3;
  HR_TRY(hr_add_headings(table, reader, first, 3, err));
  HR_TRY(add_measures(table, reader, is_shown_in_part(reader, &shown, "bins"), err));
  for (size_t w = 0; w < shown.count; w++) {
    HR_TRY(add_bins(table, reader, &shown, w, err));
  }
cleanup:
  return status;
}
