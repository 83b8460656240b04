/* The tables of the ceilings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "report/words.h"

/* The ceilings of a kind ("routed", "global"), the posterior's and Fisher's; json is NULL
 * for one that is not known. The parents are kept for messages. */
typedef struct ceilings {
  hr_node root, ceiling, fisher; /* where they stand */
  hr_node posterior_kind, fisher_kind;
} ceilings;

static void find_ceilings(hr_reader *reader, const char *kind, ceilings *out) {
  *out = (ceilings){.root = hr_reader_root(reader)};
  if (!json_is_object(json_object_get(out->root.json, "ceiling"))) return;
  out->ceiling = hr_node_object(reader, &out->root, "ceiling");
  if (!hr_node_is_null(&out->ceiling, kind)) {
    out->posterior_kind = hr_node_object(reader, &out->ceiling, kind);
  }
  if (!hr_node_is_null(&out->ceiling, "fisher")) {
    out->fisher = hr_node_object(reader, &out->ceiling, "fisher");
    out->fisher_kind = hr_node_object(reader, &out->fisher, kind);
  }
}

/* Columns of the ceilings that are known. */
static hr_status add_ceiling_columns(hr_table *table, hr_reader *reader,
                                     const ceilings *known, hr_error *err) {
  static const hr_heading posterior = {HR_CELL_SCORE_RANGE, "ceiling",
                                       "Posterior ceiling", "后验上限"};
  static const hr_heading fisher = {HR_CELL_SCORE_RANGE, "fisher", "Fisher bound",
                                    "Fisher 界"};
  hr_status status = HR_OK;
  HR_TRY(hr_add_headings(table, reader, &posterior, known->posterior_kind.json != NULL,
                         err));
  HR_TRY(hr_add_headings(table, reader, &fisher, known->fisher_kind.json != NULL, err));
cleanup:
  return status;
}

/* r2_max of a ceiling, or of item `index` of its list `list`. */
static hr_estimate read_ceiling(hr_reader *reader, const hr_node *kind, const char *list,
                                size_t index) {
  if (!list) return hr_node_estimate(reader, kind, "r2_max", "r2_max_ci");
  hr_node items = hr_node_list(reader, kind, list);
  hr_node item = hr_node_item(reader, &items, index);
  return hr_node_estimate(reader, &item, "r2_max", "r2_max_ci");
}

/* Fills the cells of add_ceiling_columns; how many there are. */
static size_t set_ceilings(hr_reader *reader, const ceilings *known, const char *list,
                           size_t index, hr_cell *cells) {
  size_t count = 0;
  const hr_node *kinds[] = {&known->posterior_kind, &known->fisher_kind};
  for (size_t i = 0; i < 2; i++) {
    if (!kinds[i]->json) continue;
    hr_set_estimate(&cells[count++], read_ceiling(reader, kinds[i], list, index));
  }
  return count;
}

/* Signal-to-noise table ---------------------------------------------------------------
 */

bool hr_octiles_are_measured(hr_reader *reader, const hr_node *object) {
  return hr_node_has(object, "snr") &&
         strcmp(hr_node_text(reader, object, "snr"), "measured") == 0;
}

/* Says how many rows are in no octile, where there are any. */
static hr_status name_octiles(hr_table *table, hr_reader *reader, const hr_node *object,
                              bool all, hr_error *err) {
  hr_text title;
  hr_text_init(&title);
  double without = hr_node_number(reader, object, "rows_without_snr");
  bool chinese = hr_tables_in_chinese(reader);
  const char *rows =
      chinese ? (all ? "所有行" : "已覆盖的行") : (all ? "all rows" : "covered rows");
  hr_text_append(
      &title,
      !hr_octiles_are_measured(reader, object)
          ? (chinese ? "按信噪比八分位的 R²，%s"
                     : "R² by octile of signal-to-noise ratio, %s")
      : chinese
          ? "按由光谱测得的信噪比八分位的 R²，%s"
          : "R² by octile of the signal-to-noise ratio measured from the spectra, %s",
      rows);
  if (without > 0) {
    hr_text_append(&title,
                   chinese ? "；略去没有 snr 的 %.0f 行" : "; %.0f without snr left out",
                   without);
  }
  hr_status status = hr_text_status(&title, err);
  const char *name = all ? "snr_octiles_all" : "snr_octiles";
  if (status == HR_OK) status = hr_table_init(table, name, title.bytes, err);
  hr_text_fini(&title);
  return status;
}

static hr_status begin_octiles(hr_table *table, hr_reader *reader, const hr_node *methods,
                               const ceilings *known, hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_COUNT, "octile", "Octile", "八分位"},
                                     {HR_CELL_RATIO, "snr_low", "SNR from", "SNR 自"},
                                     {HR_CELL_RATIO, "snr_high", "to", "至"},
                                     {HR_CELL_COUNT, "n", "N", "行数"}};
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  HR_TRY(hr_add_headings(table, reader, first, sizeof first / sizeof *first, err));
  for (void *i = json_object_iter(methods->json); i;
       i = json_object_iter_next(methods->json, i)) {
    hr_text_fini(&title);
    hr_append_method_title(reader, json_object_iter_key(i), &title);
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_table_add_column(table, HR_CELL_SCORE, json_object_iter_key(i), title.bytes,
                               err));
  }
  HR_TRY(add_ceiling_columns(table, reader, known, err));
cleanup:
  hr_text_fini(&title);
  return status;
}

static hr_status add_octile(hr_table *table, hr_reader *reader, const hr_node *octile,
                            const ceilings *known, hr_error *err) {
  hr_cell *cells = NULL;
  hr_node scores = hr_node_object(reader, octile, "r2");
  hr_status status = hr_table_add_row(table, &cells, err);
  if (status != HR_OK) return status;
  size_t index = table->row_count - 1;
  /* As the first octile has them; what another one says may have others. */
  size_t methods = table->column_count - 4;
  if (known->posterior_kind.json) methods--;
  if (known->fisher_kind.json) methods--;
  cells[0].value = (double)(index + 1);
  cells[1].value = hr_node_number(reader, octile, "snr_low");
  cells[2].value = hr_node_number(reader, octile, "snr_high");
  cells[3].value = hr_node_number(reader, octile, "n");
  for (size_t c = 4; c < 4 + methods; c++) {
    cells[c].value = hr_node_number(reader, &scores, table->columns[c].key);
  }
  set_ceilings(reader, known, "octiles", index, cells + 4 + methods);
  return HR_OK;
}

/* `object`: as `snr_octiles` is. */
static hr_status build_octiles(hr_table *table, hr_reader *reader, const hr_node *object,
                               bool all, hr_error *err) {
  hr_status status = HR_OK;
  hr_node octiles = hr_node_list(reader, object, "octiles");
  hr_node first = hr_node_item(reader, &octiles, 0);
  hr_node methods = hr_node_object(reader, &first, "r2");
  ceilings known = {.root = hr_reader_root(reader)};
  if (!all) find_ceilings(reader, "routed", &known);
  HR_TRY(name_octiles(table, reader, object, all, err));
  HR_TRY(begin_octiles(table, reader, &methods, &known, err));
  for (size_t j = 0; j < hr_node_count(&octiles); j++) {
    hr_node octile = hr_node_item(reader, &octiles, j);
    HR_TRY(add_octile(table, reader, &octile, &known, err));
  }
cleanup:
  return status;
}

hr_status hr_build_octiles(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  if (hr_node_is_null(&root, "snr_octiles")) {
    return hr_table_init(table, "snr_octiles", "", err);
  }
  hr_node object = hr_node_object(reader, &root, "snr_octiles");
  return build_octiles(table, reader, &object, false, err);
}

hr_status hr_build_all_octiles(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "snr_octiles_all")) {
    return hr_table_init(table, "snr_octiles_all", "", err);
  }
  hr_node object = hr_node_object(reader, &root, "snr_octiles_all");
  return build_octiles(table, reader, &object, true, err);
}

/* Ceiling tables ----------------------------------------------------------------------
 */

static hr_status begin_ceiling(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "method", "Method", "方法"},
      {HR_CELL_TEXT, "rows", "Rows", "样本范围"},
      {HR_CELL_SCORE_RANGE, "r2_max", "R² at most", "R² 上限"},
      {HR_CELL_SCORE, "efficiency", "Share of it", "占上限之比"},
      {HR_CELL_DIFFERENCE_RANGE, "excess", "R² less it", "R² 减上限"},
      {HR_CELL_SCORE, "fisher_efficiency", "Share of Fisher's", "占 Fisher 界之比"},
  };
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "ceiling",
                       hr_say(reader,
                              "What the noise allows: R² against the posterior's "
                              "ceiling [95 % interval]",
                              "噪声所允许的上限：R² 与后验上限之比较 [95 % 区间]"),
                       err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
cleanup:
  return status;
}

/* The warning of a method above its ceiling, over all rows or in a bin: `place`. */
static hr_status warn(hr_table *table, hr_reader *reader, const hr_node *entry,
                      const char *title, const char *place, hr_error *err) {
  hr_status status = HR_OK;
  hr_text note, own;
  if (!hr_node_bool(reader, entry, "exceeds")) return HR_OK;
  hr_text_init(&note);
  hr_text_init(&own);
  hr_append_markdown(title, &own);
  HR_TRY(hr_text_status(&own, err));
  hr_text_append(
      &note,
      hr_tables_in_chinese(reader)
          ? "警告：%s 的 R² %s高于后验上限（噪声所允许的最大值），超出部分大于其区间："
            "数据泄漏、先验或误差不符，或模板过少。"
          : "Warning: the R² of %s %sis above the posterior ceiling, the most that the "
            "noise allows, by more than its interval: a leak, a prior or errors that are "
            "not the data's, or too few templates.",
      own.bytes, place);
  hr_words_close_up(&note, 0);
  HR_TRY(hr_text_status(&note, err));
  HR_TRY(hr_strings_append(&table->notes, note.bytes, err));
cleanup:
  hr_text_fini(&own);
  hr_text_fini(&note);
  return status;
}

static hr_status add_efficiency(hr_table *table, hr_reader *reader, const hr_node *entry,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_set_method(reader, &cells[0], hr_node_text(reader, entry, "method"), err));
  const char *rows = hr_node_text(reader, entry, "rows");
  HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_say_rows(reader, rows)));
  HR_TRY(hr_set_text(&cells[1].code, err, "%s", rows));
  hr_set_estimate(&cells[2], hr_node_estimate(reader, entry, "r2_max", "r2_max_ci"));
  cells[3].value = hr_node_number(reader, entry, "efficiency");
  hr_set_estimate(&cells[4], hr_node_estimate(reader, entry, "excess", "excess_ci"));
  cells[5].value = hr_node_number(reader, entry, "fisher_efficiency");
  HR_TRY(warn(table, reader, entry, cells[0].text, "", err));
cleanup:
  return status;
}

/* What a ceiling takes for the distribution of labels, by its code in results.json; NULL
 * in results of earlier versions, or where there is no such ceiling. */
static const char *prior_of(const hr_node *ceiling) {
  return json_string_value(json_object_get(ceiling->json, "prior"));
}

/* Which labels the ceilings suppose: a Gaussian of the labels' spread knows no nodes, so
 * that who knows them may be above it. */
static hr_status note_priors(hr_table *table, hr_reader *reader, const hr_node *ceiling,
                             hr_error *err) {
  hr_status status = HR_OK;
  bool chinese = hr_tables_in_chinese(reader);
  hr_node root = hr_reader_root(reader);
  bool on_lattice = json_is_object(json_object_get(root.json, "lattice"));
  bool has_fisher = json_is_object(json_object_get(ceiling->json, "fisher"));
  const char *prior = prior_of(ceiling), *note = NULL;
  if (prior && strcmp(prior, "training") == 0) {
    note = chinese ? "后验上限的先验是训练行标签自身的分布（若标签落在模型网格的节点上，"
                     "也含这些节点）。"
                   : "The posterior's prior is the distribution of the training rows' "
                     "labels themselves, with their nodes where they have some.";
  } else if (prior) {
    note = chinese ? "后验上限的先验是模型网格上的均匀分布，而不是训练行标签的分布。"
                   : "The posterior's prior is uniform over the built-in model grid, not "
                     "the distribution of the training rows' labels.";
  }
  if (note) HR_TRY(hr_strings_append(&table->notes, note, err));
  if (!has_fisher) goto cleanup;
  if (on_lattice) {
    note = chinese
               ? "Fisher 界假定标签连续（方差同训练行标签的高斯先验）。"
                 "此处多数标签位于节点上，因此该界在这些数据上不是上限："
                 "知道节点的方法可以高于它。"
               : "The Fisher bound supposes a continuous label (a Gaussian prior with "
                 "the training labels' covariance). Here labels are on nodes, so it is "
                 "no ceiling on these data: who knows the nodes may be above it.";
  } else {
    note = chinese ? "Fisher 界的先验是高斯分布，协方差同训练行标签。"
                   : "The Fisher bound's prior is a Gaussian with the covariance of the "
                     "training rows' labels.";
  }
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  return status;
}

/* Where Fisher's bound comes from, or why there is none. */
static hr_status note_fisher(hr_table *table, hr_reader *reader, const hr_node *ceiling,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *note = NULL;
  bool chinese = hr_tables_in_chinese(reader);
  const char *why = hr_node_text_or_null(reader, ceiling, "fisher_note");
  if (why) {
    HR_TRY(hr_set_text(&note, err,
                       chinese ? "没有 Fisher 界：%s。" : "No Fisher bound: %s.", why));
    HR_TRY(hr_strings_append(&table->notes, note, err));
  }
  if (hr_node_is_null(ceiling, "fisher")) goto cleanup;
  hr_node fisher = hr_node_object(reader, ceiling, "fisher");
  double misfit = 100 * hr_node_number(reader, &fisher, "misfit");
  double without = hr_node_number(reader, &fisher, "rows_without");
  HR_TRY(hr_set_text(
      &note, err,
      chinese
          ? "Fisher 界取自内置模型网格，其与无噪声测试光谱相差中位流量的 %.2g %%"
            "（中位行）；%.0f 个测试行的标签不在网格之内。"
          : "The Fisher bound is from the built-in model grid, which is %.2g %% of the "
            "median flux (rms, median row) away from the clean test spectra; the "
            "labels of %.0f test rows are not within it.",
      misfit, without));
  HR_TRY(hr_strings_append(&table->notes, note, err));
cleanup:
  hr_free(note);
  return status;
}

hr_status hr_build_ceiling(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  HR_TRY(begin_ceiling(table, reader, err));
  if (!json_is_object(json_object_get(root.json, "ceiling"))) goto cleanup;
  hr_node ceiling = hr_node_object(reader, &root, "ceiling");
  hr_node methods = hr_node_list(reader, &ceiling, "methods");
  for (size_t m = 0; m < hr_node_count(&methods); m++) {
    hr_node entry = hr_node_item(reader, &methods, m);
    HR_TRY(add_efficiency(table, reader, &entry, err));
  }
  HR_TRY(note_priors(table, reader, &ceiling, err));
  HR_TRY(note_fisher(table, reader, &ceiling, err));
cleanup:
  return status;
}

static hr_status begin_ceiling_bins(hr_table *table, hr_reader *reader,
                                    const ceilings *known, const hr_node *methods,
                                    hr_error *err) {
  static const hr_heading first[] = {{HR_CELL_COUNT, "bin", "Bin", "分箱"},
                                     {HR_CELL_TEXT, "name", "Name", "名称"},
                                     {HR_CELL_COUNT, "n", "N", "行数"}};
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  HR_TRY(hr_table_init(
      table, "ceiling_bins",
      hr_say(reader, "Ceilings by bin [95 % interval], and each method's share",
             "各分箱的上限 [95 % 区间]，以及各方法所占之比"),
      err));
  table->key_columns = 2;
  HR_TRY(hr_add_headings(table, reader, first, sizeof first / sizeof *first, err));
  HR_TRY(add_ceiling_columns(table, reader, known, err));
  for (size_t m = 0; m < hr_node_count(methods); m++) {
    hr_node method = hr_node_item(reader, methods, m);
    const char *name = hr_node_text(reader, &method, "method");
    hr_text_fini(&title);
    hr_append_method_title(reader, name, &title);
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_table_add_column(table, HR_CELL_SCORE, name, title.bytes, err));
  }
cleanup:
  hr_text_fini(&title);
  return status;
}

/* The share `key` of the ceiling that a method reaches in a bin. */
typedef struct bin_share {
  const hr_node *method;
  const char *key;
  size_t bin;
} bin_share;

/* Its number, and its warning. */
static hr_status set_share(hr_table *table, hr_reader *reader, const bin_share *share,
                           hr_cell *cell, hr_error *err) {
  hr_status status = HR_OK;
  char place[64];
  hr_text title;
  hr_text_init(&title);
  hr_node bins = hr_node_list(reader, share->method, "bins");
  hr_node bin = hr_node_item(reader, &bins, share->bin);
  cell->value = hr_node_number(reader, &bin, share->key);
  hr_append_method_title(reader, hr_node_text(reader, share->method, "method"), &title);
  HR_TRY(hr_text_status(&title, err));
  snprintf(place, sizeof place,
           hr_tables_in_chinese(reader) ? "在分箱 %zu 中" : "in bin %zu ", share->bin);
  HR_TRY(warn(table, reader, &bin, title.bytes, place, err));
cleanup:
  hr_text_fini(&title);
  return status;
}

static hr_status add_ceiling_bin(hr_table *table, hr_reader *reader,
                                 const ceilings *known, const hr_node *methods, size_t k,
                                 hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  const char *key = known->posterior_kind.json ? "efficiency" : "fisher_efficiency";
  hr_node bins = hr_node_list(reader, &known->root, "bins");
  hr_node bin = hr_node_item(reader, &bins, k);
  HR_TRY(hr_table_add_row(table, &cells, err));
  cells[0].value = (double)k;
  HR_TRY(hr_set_text(&cells[1].text, err, "%s", hr_node_text(reader, &bin, "name")));
  cells[2].value = hr_node_number(reader, &bin, "n_test");
  size_t first = 3 + set_ceilings(reader, known, "bins", k, cells + 3);
  for (size_t m = 0; m < hr_node_count(methods); m++) {
    hr_node method = hr_node_item(reader, methods, m);
    const bin_share share = {&method, key, k};
    HR_TRY(set_share(table, reader, &share, &cells[first + m], err));
  }
cleanup:
  return status;
}

hr_status hr_build_ceiling_bins(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  ceilings known;
  find_ceilings(reader, "routed", &known);
  if (!known.ceiling.json) return hr_table_init(table, "ceiling_bins", "", err);
  hr_node methods = hr_node_list(reader, &known.ceiling, "methods");
  hr_node bins = hr_node_list(reader, &known.root, "bins");
  HR_TRY(begin_ceiling_bins(table, reader, &known, &methods, err));
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    HR_TRY(add_ceiling_bin(table, reader, &known, &methods, k, err));
  }
  bool of_fisher = !known.posterior_kind.json;
  HR_TRY(hr_strings_append(
      &table->notes,
      hr_tables_in_chinese(reader)
          ? (of_fisher ? "各方法列为其 R² 占 Fisher 界的比例。"
                       : "各方法列为其 R² 占后验上限的比例。")
          : (of_fisher ? "A method's column is its R² over the Fisher bound."
                       : "A method's column is its R² over the posterior ceiling."),
      err));
cleanup:
  return status;
}
