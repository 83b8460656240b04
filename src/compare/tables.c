/* Every line of numbers becomes a row: what stands there, then a column a run, then a
 * column for what each run is over the first. */
#include "compare/tables.h"

#include <ctype.h>
#include <stdio.h>

#include "core/alloc.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "report/words.h"

static hr_reader *reader_of(const hr_comparison *c) {
  return &c->results[0]->reader;
}

static hr_status add_column(const hr_comparison *c, hr_table *table, hr_heading heading,
                            hr_error *err) {
  return hr_add_headings(table, reader_of(c), &heading, 1, err);
}

/* "b_r2", "B"; "b_delta_r2", "B − A". */
static hr_status add_run_column(hr_table *table, hr_cell_kind kind, size_t run,
                                const char *key, const char *behind, hr_error *err) {
  char own_key[32], header[32];
  char letter = (char)('A' + run);
  snprintf(own_key, sizeof own_key, "%c_%s", tolower(letter), key);
  snprintf(header, sizeof header, "%c%s", letter, behind);
  return hr_table_add_column(table, kind, own_key, header, err);
}

static hr_status add_score_columns(const hr_comparison *c, hr_table *table,
                                   bool with_method, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < c->runs; k++) {
    const char *behind = hr_say(reader_of(c), ": method", "：方法");
    if (with_method) {
      HR_TRY(add_run_column(table, HR_CELL_TEXT, k, "method", behind, err));
    }
    HR_TRY(add_run_column(table, HR_CELL_SCORE_RANGE, k, "r2",
                          with_method ? hr_say(reader_of(c), ": R²", "：R²") : "", err));
  }
  for (size_t k = 1; k < c->runs; k++) {
    HR_TRY(add_run_column(table, HR_CELL_DIFFERENCE_RANGE, k, "delta_r2", " − A", err));
  }
cleanup:
  return status;
}

/* Fills cells from `cells` on, as add_score_columns has them. */
static hr_status fill_scores(const hr_comparison *c, hr_cell *cells,
                             const hr_compared_line *line, bool with_method,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t at = 0;
  for (size_t k = 0; k < c->runs; k++) {
    const hr_compared *own = &line->of[k];
    if (with_method) {
      HR_TRY(hr_set_text(&cells[at].text, err, "%s", own->title ? own->title : ""));
      HR_TRY(hr_set_text(&cells[at++].code, err, "%s", own->method ? own->method : ""));
    }
    hr_set_estimate(&cells[at++], own->r2);
  }
  for (size_t k = 1; k < c->runs; k++) hr_set_estimate(&cells[at++], line->of[k].delta);
cleanup:
  return status;
}

static hr_status build_runs(const hr_comparison *c, hr_table *table, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "run", "Run", "运行"},
      {HR_CELL_TEXT, "directory", "Directory", "目录"},
      {HR_CELL_TEXT, "study", "Study", "研究"},
      {HR_CELL_COUNT, "train_rows", "Training rows", "训练行"},
      {HR_CELL_COUNT, "test_rows", "Test rows", "测试行"},
      {HR_CELL_COUNT, "covered", "Covered", "已覆盖"},
      {HR_CELL_COUNT, "common_rows", "In common", "共有"},
  };
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "runs", hr_say(reader_of(c), "The runs", "各次运行"), err));
  HR_TRY(hr_add_headings(table, reader_of(c), headings,
                         sizeof headings / sizeof *headings, err));
  for (size_t k = 0; k < c->runs; k++) {
    const hr_results_info *info = &c->results[k]->info;
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(hr_set_text(&cells[0].text, err, "%c", (char)('A' + k)));
    HR_TRY(hr_set_text(&cells[1].text, err, "%s", c->opened.items[k]));
    HR_TRY(hr_set_text(&cells[2].text, err, "%s", info->experiment));
    cells[3].value = (double)info->train_rows;
    cells[4].value = (double)info->test_rows;
    cells[5].value = (double)info->covered;
    cells[6].value = (double)c->join.count;
  }
cleanup:
  return status;
}

static hr_status build_ladder(const hr_comparison *c, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  char *title = NULL;
  bool chinese = hr_tables_in_chinese(reader_of(c));
  HR_TRY(hr_set_text(&title, err,
                     hr_say(reader_of(c),
                            "The ladders side by side, %zu covered rows of all runs "
                            "[95 %% interval]",
                            "各运行的阶梯，共有的 %zu 已覆盖行 [95 %% 区间]"),
                     c->covered));
  HR_TRY(hr_table_init(table, "ladder", title, err));
  HR_TRY(add_column(c, table, (hr_heading){HR_CELL_TEXT, "rung", "Rung", "梯级"}, err));
  HR_TRY(add_score_columns(c, table, true, err));
  for (size_t i = 0; i < c->rungs.count; i++) {
    const hr_compared_line *line = &c->rungs.items[i];
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(hr_set_text(&cells[0].text, err, "%s", hr_words_rung(line->name, chinese)));
    HR_TRY(hr_set_text(&cells[0].code, err, "%s", line->name));
    HR_TRY(fill_scores(c, cells + 1, line, true, err));
  }
cleanup:
  hr_free(title);
  return status;
}

static hr_status build_methods(const hr_comparison *c, hr_table *table, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "method", "Method", "方法"},
      {HR_CELL_TEXT, "rows", "Rows", "行"},
      {HR_CELL_COUNT, "n", "N", "行数"},
  };
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(
      table, "methods",
      hr_say(reader_of(c), "Every method, R² on the rows of all runs [95 % interval]",
             "各方法在共有行上的 R² [95 % 区间]"),
      err));
  HR_TRY(hr_add_headings(table, reader_of(c), headings,
                         sizeof headings / sizeof *headings, err));
  table->key_columns = 2;
  HR_TRY(add_score_columns(c, table, false, err));
  for (size_t i = 0; i < c->methods.count; i++) {
    const hr_compared_line *line = &c->methods.items[i];
    const char *rows = line->all_rows ? "all" : "covered", *title = line->name;
    hr_cell *cells = NULL;
    for (size_t k = c->runs; k-- > 0;) {
      if (line->of[k].title) title = line->of[k].title;
    }
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(hr_set_text(&cells[0].text, err, "%s", title));
    HR_TRY(hr_set_text(&cells[0].code, err, "%s", line->name));
    HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_say_rows(reader_of(c), rows)));
    HR_TRY(hr_set_text(&cells[1].code, err, "%s", rows));
    cells[2].value = (double)line->rows;
    HR_TRY(fill_scores(c, cells + 3, line, false, err));
  }
cleanup:
  return status;
}

static hr_status build_bins(const hr_comparison *c, hr_table *table, hr_error *err) {
  static const hr_heading headings[] = {{HR_CELL_COUNT, "bin", "Bin", "分箱"},
                                        {HR_CELL_TEXT, "name", "Name", "名称"},
                                        {HR_CELL_COUNT, "n", "N", "行数"}};
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "bins",
                       hr_say(reader_of(c), "The headline by bin, R² [95 % interval]",
                              "各分箱主要预测的 R² [95 % 区间]"),
                       err));
  HR_TRY(hr_add_headings(table, reader_of(c), headings,
                         sizeof headings / sizeof *headings, err));
  table->key_columns = 2;
  HR_TRY(add_score_columns(c, table, false, err));
  for (size_t j = 0; j < c->bins.count; j++) {
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    cells[0].value = (double)j;
    HR_TRY(hr_set_text(&cells[1].text, err, "%s", c->bins.items[j].name));
    cells[2].value = (double)c->bins.items[j].rows;
    HR_TRY(fill_scores(c, cells + 3, &c->bins.items[j], false, err));
  }
cleanup:
  return status;
}

static hr_status build_octiles(const hr_comparison *c, hr_table *table, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_RATIO, "snr_low", "SNR from", "信噪比自"},
      {HR_CELL_RATIO, "snr_high", "to", "至"},
      {HR_CELL_COUNT, "n", "N", "行数"}};
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(
      table, "snr",
      hr_say(reader_of(c),
             "The headline by octile of the signal-to-noise ratio, R² [95 % interval]",
             "主要预测按信噪比八分位的 R² [95 % 区间]"),
      err));
  HR_TRY(hr_add_headings(table, reader_of(c), headings,
                         sizeof headings / sizeof *headings, err));
  table->key_columns = 2;
  HR_TRY(add_score_columns(c, table, false, err));
  for (size_t j = 0; j < c->octiles.count; j++) {
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    cells[0].value = c->octiles.items[j].low;
    cells[1].value = c->octiles.items[j].high;
    cells[2].value = (double)c->octiles.items[j].rows;
    HR_TRY(fill_scores(c, cells + 3, &c->octiles.items[j], false, err));
  }
cleanup:
  return status;
}

static hr_status build_settings(const hr_comparison *c, hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "settings",
                       hr_say(reader_of(c), "What differs in configuration and data",
                              "配置与数据的不同之处"),
                       err));
  HR_TRY(add_column(c, table, (hr_heading){HR_CELL_TEXT, "key", "Key", "键"}, err));
  for (size_t k = 0; k < c->runs; k++) {
    HR_TRY(add_run_column(table, HR_CELL_TEXT, k, "value", "", err));
  }
  for (size_t i = 0; i < c->contrasts.count; i++) {
    const hr_contrast *contrast = &c->contrasts.items[i];
    hr_cell *cells = NULL;
    HR_TRY(hr_table_add_row(table, &cells, err));
    HR_TRY(hr_set_text(&cells[0].text, err, "%s", contrast->key));
    for (size_t k = 0; k < c->runs; k++) {
      HR_TRY(hr_set_text(&cells[1 + k].text, err, "%s", contrast->values.items[k]));
    }
  }
cleanup:
  return status;
}

typedef hr_status builder(const hr_comparison *c, hr_table *table, hr_error *err);

hr_status hr_comparison_tables_init(hr_comparison_tables *tables,
                                    const hr_comparison *comparison, hr_error *err) {
  static builder *const builders[HR_COMPARISON_TABLES] = {
      [HR_COMPARISON_RUNS] = build_runs,       [HR_COMPARISON_LADDER] = build_ladder,
      [HR_COMPARISON_METHODS] = build_methods, [HR_COMPARISON_BINS] = build_bins,
      [HR_COMPARISON_SNR] = build_octiles,     [HR_COMPARISON_SETTINGS] = build_settings,
  };
  *tables = (hr_comparison_tables){0};
  hr_status status = HR_OK;
  for (size_t t = 0; t < HR_COMPARISON_TABLES && status == HR_OK; t++) {
    status = builders[t](comparison, &tables->items[t], err);
  }
  return status;
}

void hr_comparison_tables_fini(hr_comparison_tables *tables) {
  for (size_t t = 0; t < HR_COMPARISON_TABLES; t++) hr_table_fini(&tables->items[t]);
}
