/* Table 2, the ladder, and its steps by bin and by octile of SNR. */
#include "core/alloc.h"
#include "report/ladder.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "report/words.h"

static hr_status begin_ladder(hr_table *table, hr_reader *reader, double rows,
                              hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "rung", "Rung", "梯级"},
      {HR_CELL_TEXT, "method", "Method", "方法"},
      {HR_CELL_SCORE_RANGE, "r2", "R²", "R²"},
      {HR_CELL_DIFFERENCE_RANGE, "delta_r2", "Step from below", "较下一级的增益"},
      {HR_CELL_TEXT, "step", "What makes it", "增益来自"},
  };
  hr_status status = HR_OK;
  char *title = NULL;
  HR_TRY(hr_set_text(&title, err,
                     hr_tables_in_chinese(reader)
                         ? "表 2. 阶梯：增益从何而来，已覆盖的 %.0f 行 [95 %% 区间]"
                         : "Table 2. The ladder: what of the gain comes from what, %.0f "
                           "covered rows [95 %% interval]",
                     rows));
  HR_TRY(hr_table_init(table, "table2_ladder", title, err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
cleanup:
  hr_free(title);
  return status;
}

/* What stands on a rung, or with HR_RUNGS beside the ladder. */
static hr_status add_line(hr_table *table, hr_reader *reader, const hr_ladder_rung *rung,
                          hr_cell **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  bool chinese = hr_tables_in_chinese(reader);
  const char *name = rung->rung < HR_RUNGS ? hr_rung_name(rung->rung) : rung->beside;
  HR_TRY(hr_table_add_row(table, out, err));
  hr_cell *cells = *out;
  HR_TRY(hr_set_text(&cells[0].text, err, "%s", hr_words_rung(name, chinese)));
  HR_TRY(hr_set_text(&cells[0].code, err, "%s", name));
  hr_ladder_append_title(reader, rung, &title);
  HR_TRY(hr_text_status(&title, err));
  HR_TRY(hr_set_text(&cells[1].text, err, "%s", title.bytes));
  HR_TRY(hr_set_text(&cells[1].code, err, "%s", rung->method));
  hr_set_estimate(&cells[2], rung->r2);
  HR_TRY(hr_set_text(&cells[4].text, err, "%s", ""));
cleanup:
  hr_text_fini(&title);
  return status;
}

static hr_status add_rung(hr_table *table, hr_reader *reader,
                          const hr_ladder_rows *ladder, size_t i, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  bool chinese = hr_tables_in_chinese(reader);
  const hr_ladder_rung *rung = &ladder->rungs[i];
  HR_TRY(add_line(table, reader, rung, &cells, err));
  if (i == 0) goto cleanup;
  const hr_ladder_step *step =
      hr_ladder_between(ladder, ladder->rungs[i - 1].rung, rung->rung);
  if (!step) goto cleanup;
  const char *key = hr_ladder_step_key(reader, ladder, step);
  const char *words = hr_words_step(key, chinese);
  hr_set_estimate(&cells[3], step->delta);
  HR_TRY(hr_set_text(&cells[4].text, err, "%s", words ? words : key));
  HR_TRY(hr_set_text(&cells[4].code, err, "%s", step->name));
cleanup:
  return status;
}

/* Models of all rows of experts that have no others, below the rungs. */
static hr_status add_elsewhere(hr_table *table, hr_reader *reader,
                               const hr_ladder_rows *ladder, hr_error *err) {
  hr_status status = HR_OK;
  hr_ladder_rung lines[HR_LADDER_ELSEWHERE];
  size_t count = hr_ladder_list_elsewhere(reader, ladder, lines);
  for (size_t i = 0; i < count; i++) {
    hr_cell *cells = NULL;
    HR_TRY(add_line(table, reader, &lines[i], &cells, err));
  }
cleanup:
  return status;
}

/* A gate cannot route to what the bundle does not hold. */
static hr_status note_elsewhere(hr_table *table, hr_reader *reader,
                                const hr_ladder_rows *ladder, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  hr_text list;
  hr_text_init(&list);
  bool has_gate = hr_ladder_on(ladder, HR_RUNG_DEPLOYED) != NULL;
  if (hr_ladder_append_elsewhere(reader, &list) == 0) goto cleanup;
  HR_TRY(hr_text_status(&list, err));
  HR_TRY(hr_set_text(
      &note, err,
      hr_tables_in_chinese(reader)
          ? "混合专家在一些分箱用到在别处训练的 %s；`headroom predict` "
            "在那里用本研究自己的"
            "最佳专家%s。"
          : "The hybrid with perfect routing takes %s from elsewhere in some bins; "
            "`headroom predict` has the best of the study's own experts there%s.",
      list.bytes,
      !has_gate                      ? ""
      : hr_tables_in_chinese(reader) ? "，门控亦然：完美路由这一步含有它们的贡献"
                                     : ", and so do gates: the step of perfect routing "
                                       "holds what that brings"));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  hr_text_fini(&list);
  return status;
}

/* The mixture as a whole, where a gate cuts its step in two. */
static hr_status note_whole(hr_table *table, hr_reader *reader,
                            const hr_ladder_rows *ladder, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL, buffer[HR_CELL_BYTES];
  hr_cell cell = {0};
  const hr_ladder_step *whole = hr_ladder_between(ladder, HR_RUNG_SINGLE, HR_RUNG_ORACLE);
  if (!whole || !hr_ladder_on(ladder, HR_RUNG_DEPLOYED)) return HR_OK;
  hr_set_estimate(&cell, whole->delta);
  HR_TRY(hr_set_text(&note, err,
                     hr_tables_in_chinese(reader)
                         ? "混合专家（完美路由）相对最佳单一模型的全部增益：%s。"
                         : "The whole mixture, from the best single model to perfect "
                           "routing: %s.",
                     hr_format_cell(HR_CELL_DIFFERENCE_RANGE, &cell, buffer)));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  return status;
}

static hr_status note_without_global(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  hr_text list;
  hr_text_init(&list);
  size_t count = hr_ladder_append_without_global(reader, &list);
  if (count == 0) goto cleanup;
  HR_TRY(hr_text_status(&list, err));
  HR_TRY(hr_set_text(&note, err,
                     hr_tables_in_chinese(reader)
                         ? "%s 没有全局模型：混合专家这一步可能有一部分来自更好的模型。"
                     : count == 1 ? "%s has no model of all rows: part of the mixture's "
                                    "step may be the better model."
                                  : "%s have no model of all rows: part of the "
                                    "mixture's step may be the better model.",
                     list.bytes));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  hr_text_fini(&list);
  return status;
}

hr_status hr_build_ladder(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  if (!hr_ladder_is_known(reader)) return hr_table_init(table, "table2_ladder", "", err);
  hr_ladder_rows ladder = hr_ladder_read(reader);
  HR_TRY(hr_reader_status(reader, err));
  HR_TRY(begin_ladder(table, reader, ladder.rows, err));
  for (size_t i = 0; i < ladder.rung_count; i++) {
    HR_TRY(add_rung(table, reader, &ladder, i, err));
  }
  HR_TRY(add_elsewhere(table, reader, &ladder, err));
  HR_TRY(note_whole(table, reader, &ladder, err));
  HR_TRY(note_without_global(table, reader, err));
  HR_TRY(note_elsewhere(table, reader, &ladder, err));
cleanup:
  return status;
}

/* Steps by bin and by octile ----------------------------------------------------------
 */

/* Which columns there are: as the ladder over all rows has them. */
typedef struct parts {
  bool has_gate, has_ceiling;
} parts;

static hr_status add_step_columns(hr_table *table, hr_reader *reader, parts which,
                                  hr_error *err) {
  static const hr_heading scores[] = {
      {HR_CELL_COUNT, "n", "N", "行数"},
      {HR_CELL_SCORE, "single_r2", "Best single", "最佳单一模型"},
      {HR_CELL_SCORE, "oracle_r2", "Oracle-Hybrid", "混合专家（完美路由）"},
      {HR_CELL_DIFFERENCE_RANGE, "mixture", "The mixture", "混合专家的增益"}};
  static const hr_heading gate = {HR_CELL_DIFFERENCE_RANGE, "specialists",
                                  "Of it deployed", "其中可部署"};
  static const hr_heading noise = {HR_CELL_DIFFERENCE_RANGE, "noise", "Left to the noise",
                                   "距噪声上限"};
  hr_status status = HR_OK;
  HR_TRY(hr_add_headings(table, reader, scores, sizeof scores / sizeof *scores, err));
  HR_TRY(hr_add_headings(table, reader, &gate, which.has_gate, err));
  HR_TRY(hr_add_headings(table, reader, &noise, which.has_ceiling, err));
cleanup:
  return status;
}

static void set_step(hr_cell *cell, const hr_ladder_step *step) {
  if (step) hr_set_estimate(cell, step->delta);
}

/* Fills the cells of add_step_columns. */
static void set_steps(hr_cell *cells, const hr_ladder_rows *ladder, parts which) {
  const hr_ladder_rung *single = hr_ladder_single(ladder);
  const hr_ladder_rung *oracle = hr_ladder_on(ladder, HR_RUNG_ORACLE);
  cells[0].value = ladder->rows;
  if (single) cells[1].value = single->r2.value;
  if (oracle) cells[2].value = oracle->r2.value;
  if (single) set_step(&cells[3], hr_ladder_mixture(ladder));
  size_t next = 4;
  if (which.has_gate && single) {
    set_step(&cells[next], hr_ladder_between(ladder, single->rung, HR_RUNG_DEPLOYED));
  }
  next += which.has_gate;
  if (!which.has_ceiling) return;
  set_step(&cells[next], hr_ladder_between(ladder, HR_RUNG_ORACLE, HR_RUNG_CEILING));
}

/* Whether there is a step to show, and which columns. */
static bool has_steps(hr_reader *reader, const char *list, parts *out) {
  if (!hr_ladder_is_known(reader) || hr_ladder_count(reader, list) == 0) return false;
  hr_ladder_rows all = hr_ladder_read(reader);
  *out = (parts){hr_ladder_on(&all, HR_RUNG_DEPLOYED) != NULL,
                 hr_ladder_on(&all, HR_RUNG_CEILING) != NULL};
  return hr_ladder_single(&all) != NULL;
}

hr_status hr_build_ladder_bins(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_COUNT, "bin", "Bin", "分箱"},
                                     {HR_CELL_TEXT, "name", "Name", "名称"}};
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  parts which;
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  if (!has_steps(reader, "bins", &which)) {
    return hr_table_init(table, "ladder_bins", "", err);
  }
  HR_TRY(hr_table_init(table, "ladder_bins",
                       hr_tables_in_chinese(reader)
                           ? "各分箱中混合专家的增益 ΔR² [95 % 区间]"
                           : "What the mixture adds in each bin, ΔR² [95 % interval]",
                       err));
  table->key_columns = 2;
  HR_TRY(hr_add_headings(table, reader, first, sizeof first / sizeof *first, err));
  HR_TRY(add_step_columns(table, reader, which, err));
  for (size_t k = 0; k < hr_ladder_count(reader, "bins"); k++) {
    hr_ladder_rows ladder = hr_ladder_read_item(reader, "bins", k);
    hr_node bin = hr_node_item(reader, &bins, k);
    HR_TRY(hr_table_add_row(table, &cells, err));
    cells[0].value = (double)k;
    HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_node_text(reader, &bin, "name")));
    set_steps(cells + 2, &ladder, which);
  }
cleanup:
  return status;
}

hr_status hr_build_ladder_octiles(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_COUNT, "octile", "Octile", "八分位"},
                                     {HR_CELL_RATIO, "snr_low", "SNR from", "SNR 自"},
                                     {HR_CELL_RATIO, "snr_high", "to", "至"}};
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  parts which;
  hr_node root = hr_reader_root(reader);
  if (hr_node_is_null(&root, "snr_octiles") || !has_steps(reader, "octiles", &which)) {
    return hr_table_init(table, "ladder_snr", "", err);
  }
  hr_node object = hr_node_object(reader, &root, "snr_octiles");
  hr_node octiles = hr_node_list(reader, &object, "octiles");
  HR_TRY(hr_table_init(table, "ladder_snr",
                       hr_octiles_are_measured(reader, &object)
                           ? hr_say(reader,
                                    "What the mixture adds by octile of the "
                                    "signal-to-noise ratio measured from the spectra, "
                                    "ΔR² [95 % interval]",
                                    "由光谱测得的各信噪比八分位中混合专家的增益 ΔR² "
                                    "[95 % 区间]")
                           : hr_say(reader,
                                    "What the mixture adds by octile of signal-to-noise "
                                    "ratio, ΔR² [95 % interval]",
                                    "各信噪比八分位中混合专家的增益 ΔR² [95 % 区间]"),
                       err));
  HR_TRY(hr_add_headings(table, reader, first, sizeof first / sizeof *first, err));
  HR_TRY(add_step_columns(table, reader, which, err));
  for (size_t j = 0; j < hr_ladder_count(reader, "octiles"); j++) {
    hr_ladder_rows ladder = hr_ladder_read_item(reader, "octiles", j);
    hr_node octile = hr_node_item(reader, &octiles, j);
    HR_TRY(hr_table_add_row(table, &cells, err));
    cells[0].value = (double)(j + 1);
    cells[1].value = hr_node_number(reader, &octile, "snr_low");
    cells[2].value = hr_node_number(reader, &octile, "snr_high");
    set_steps(cells + 3, &ladder, which);
  }
cleanup:
  return status;
}
