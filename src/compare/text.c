/* Sentences say what an interval allows, and no more. */
#include "compare/text.h"

#include <math.h>
#include <string.h>

#include "core/json_file.h"
#include "report/tables.h"
#include "report/terminal.h"

static hr_reader *reader_of(const hr_comparison *c) {
  return &c->results[0]->reader;
}

static bool in_chinese(const hr_comparison *c) {
  return hr_tables_in_chinese(reader_of(c));
}

/* How rows found one another, and which are left out. */
static void say_rows(const hr_comparison *c, hr_text *out) {
  bool chinese = in_chinese(c);
  const char *target = c->results[0]->info.target;
  if (c->join.id) {
    hr_text_append(out,
                   chinese ? "%s：各运行共有 %zu 颗测试恒星，按 %s 匹配"
                           : "%s of %zu test stars that are in all runs, found by %s",
                   target, c->join.count, c->join.id);
  } else {
    hr_text_append(out,
                   chinese
                       ? "%s：各运行共有 %zu 个测试行，按行号匹配，真值逐行一致"
                       : "%s of %zu test rows that are in all runs, by their numbers; "
                         "the truth is the same in every one",
                   target, c->join.count);
  }
  for (size_t k = 0; k < c->runs; k++) {
    if (c->join.alone[k] == 0) continue;
    hr_text_append(out, chinese ? "；%c 另有 %zu 行未用" : "; %c has %zu more, not used",
                   (char)('A' + k), c->join.alone[k]);
  }
  hr_text_append(out,
                 chinese ? "。其中 %zu 行在每次运行中都在分箱之内且有预测。"
                         : ". Of them %zu are in a bin, and predicted, in every run.",
                 c->covered);
  if (c->missing > 0) {
    hr_text_append(out,
                   chinese ? "%zu 行缺少某次运行的预测，不计入任何分数。"
                           : " %zu lack a prediction of some run and are in no score.",
                   c->missing);
  }
}

static void say_estimate(hr_estimate e, bool is_difference, hr_text *out) {
  hr_cell cell = {.value = e.value, .low = e.low, .high = e.high};
  char buffer[HR_CELL_BYTES];
  hr_text_append(
      out, "%s",
      hr_format_cell(is_difference ? HR_CELL_DIFFERENCE_RANGE : HR_CELL_SCORE_RANGE,
                     &cell, buffer));
}

/* "With perfect routing B is above A: R² 0.76 [..] (Oracle-Hybrid) against 0.75 [..]
 * (Oracle-Hybrid), +0.01 [..]." */
static void say_rung(const hr_comparison *c, const hr_compared_line *line, size_t k,
                     const char *what, hr_text *out) {
  static const char *const english[] = {"is below A", "cannot be told from A",
                                        "is above A", "is the same as A"};
  static const char *const chinese_words[] = {"低于 A", "与 A 无法区分", "高于 A",
                                              "与 A 相同"};
  bool chinese = in_chinese(c);
  const hr_compared *own = &line->of[k], *first = &line->of[0];
  if (isnan(own->delta.value)) return;
  bool is_same = own->delta.low == 0 && own->delta.high == 0;
  int sign = is_same ? 2 : hr_estimate_sign(own->delta);
  if (out->length > 0) hr_text_append(out, chinese ? "" : " ");
  hr_text_append(out, chinese ? "%s，%c %s：R² " : "%s, %c %s: R² ", what,
                 (char)('A' + k), (chinese ? chinese_words : english)[1 + sign]);
  say_estimate(own->r2, false, out);
  hr_text_append(out, chinese ? "（%s），A 为 " : " (%s) against ", own->title);
  say_estimate(first->r2, false, out);
  hr_text_append(out, chinese ? "（%s），差 " : " (%s), ", first->title);
  say_estimate(own->delta, true, out);
  hr_text_append(out, chinese ? "。" : ".");
}

static const hr_compared_line *find_rung(const hr_comparison *c, hr_rung rung) {
  for (size_t i = 0; i < c->rungs.count; i++) {
    if (strcmp(c->rungs.items[i].name, hr_rung_name(rung)) == 0) {
      return &c->rungs.items[i];
    }
  }
  return NULL;
}

static void say_run(const hr_comparison *c, size_t k, hr_text *out) {
  static const struct {
    hr_rung rung;
    const char *english, *chinese;
  } told[] = {{HR_RUNG_ORACLE, "With perfect routing", "完美路由时"},
              {HR_RUNG_DEPLOYED, "Routed by a gate", "由门控路由时"},
              {HR_RUNG_SINGLE, "By its best single model", "以最佳单一模型论"}};
  for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
    const hr_compared_line *line = find_rung(c, told[i].rung);
    if (!line) continue;
    say_rung(c, line, k, in_chinese(c) ? told[i].chinese : told[i].english, out);
  }
  if (out->length > 0) return;
  hr_text_append(out,
                 in_chinese(c)
                     ? "%c 与 A 没有可比的分数：没有共有的行，或没有共同的梯级。"
                     : "%c and A have no score to compare: no rows, or no rung "
                       "of the ladder, in common.",
                 (char)('A' + k));
}

hr_status hr_comparison_summarise(const hr_comparison *comparison, hr_strings *paragraphs,
                                  hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  say_rows(comparison, &text);
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_strings_append(paragraphs, text.bytes, err));
  for (size_t k = 1; k < comparison->runs; k++) {
    hr_text_fini(&text);
    say_run(comparison, k, &text);
    HR_TRY(hr_text_status(&text, err));
    HR_TRY(hr_strings_append(paragraphs, text.bytes, err));
  }
cleanup:
  hr_text_fini(&text);
  return status;
}

static const char *say_no_difference(const hr_comparison *c) {
  return hr_say(reader_of(c), "Nothing differs in configuration and data.",
                "配置与数据没有不同。");
}

hr_status hr_comparison_write_terminal(const hr_comparison *comparison,
                                       const hr_comparison_tables *tables, hr_text *out,
                                       hr_error *err) {
  hr_status status = HR_OK;
  hr_strings paragraphs = {0};
  HR_TRY(hr_comparison_summarise(comparison, &paragraphs, err));
  hr_table_write_terminal(&tables->items[HR_COMPARISON_RUNS], out);
  for (size_t i = 0; i < paragraphs.count; i++) {
    hr_wrap_text(paragraphs.items[i], 0, out);
    hr_text_append(out, "\n");
  }
  for (size_t t = HR_COMPARISON_LADDER; t < HR_COMPARISON_TABLES; t++) {
    if (tables->items[t].row_count == 0) continue;
    hr_table_write_terminal(&tables->items[t], out);
  }
  if (comparison->contrasts.count == 0) {
    hr_text_append(out, "%s\n", say_no_difference(comparison));
  }
  HR_TRY(hr_text_status(out, err));
cleanup:
  hr_strings_fini(&paragraphs);
  return status;
}

hr_status hr_comparison_write_markdown(const hr_comparison *comparison,
                                       const hr_comparison_tables *tables,
                                       bool has_figure, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings paragraphs = {0};
  HR_TRY(hr_comparison_summarise(comparison, &paragraphs, err));
  hr_text_append(out, "# %s\n",
                 hr_say(reader_of(comparison), "Comparison of runs", "运行比较"));
  for (size_t i = 0; i < paragraphs.count; i++) {
    hr_text_append(out, "\n");
    hr_append_markdown(paragraphs.items[i], out);
    hr_text_append(out, "\n");
  }
  if (has_figure) hr_text_append(out, "\n![](figures/comparison.png)\n");
  for (size_t t = 0; t < HR_COMPARISON_TABLES; t++) {
    const hr_table *table = &tables->items[t];
    if (table->row_count == 0) continue;
    hr_text_append(out, "\n");
    hr_table_write_markdown(table, out);
  }
  if (comparison->contrasts.count == 0) {
    hr_text_append(out, "\n%s\n", say_no_difference(comparison));
  }
  HR_TRY(hr_text_status(out, err));
cleanup:
  hr_strings_fini(&paragraphs);
  return status;
}

/* JSON ---------------------------------------------------------------------------- */

static void put_estimate(hr_json_builder *b, json_t *object, const char *key,
                         const char *interval_key, hr_estimate e) {
  hr_json_put_number(b, object, key, e.value);
  hr_json_put_pair(b, object, interval_key, e.low, e.high);
}

static void put_line(hr_json_builder *b, json_t *list, const char *name_key,
                     const hr_compared_line *line, size_t runs) {
  json_t *object = hr_json_append(b, list, json_object());
  if (line->name) {
    hr_json_put_text(b, object, name_key, line->name);
  } else {
    hr_json_put_number(b, object, "snr_low", line->low);
    hr_json_put_number(b, object, "snr_high", line->high);
  }
  hr_json_put_text(b, object, "rows", line->all_rows ? "all" : "covered");
  hr_json_put_count(b, object, "n", line->rows);
  json_t *of = hr_json_put(b, object, "runs", json_array());
  for (size_t k = 0; k < runs; k++) {
    json_t *own = hr_json_append(b, of, json_object());
    hr_json_put_text(b, own, "method", line->of[k].method);
    hr_json_put_text(b, own, "title", line->of[k].title);
    put_estimate(b, own, "r2", "r2_ci", line->of[k].r2);
    put_estimate(b, own, "delta_r2", "delta_r2_ci", line->of[k].delta);
  }
}

static void put_lines(hr_json_builder *b, json_t *root, const char *key,
                      const char *name_key, const hr_compared_lines *lines, size_t runs) {
  json_t *list = hr_json_put(b, root, key, json_array());
  for (size_t i = 0; i < lines->count; i++) {
    put_line(b, list, name_key, &lines->items[i], runs);
  }
}

static void put_runs(hr_json_builder *b, json_t *root, const hr_comparison *c) {
  json_t *list = hr_json_put(b, root, "runs", json_array());
  for (size_t k = 0; k < c->runs; k++) {
    const hr_results_info *info = &c->results[k]->info;
    json_t *own = hr_json_append(b, list, json_object());
    hr_json_put(b, own, "directory", hr_json_text(c->opened.items[k]));
    hr_json_put_text(b, own, "study", info->experiment);
    hr_json_put_text(b, own, "fingerprint", info->fingerprint);
    hr_json_put_text(b, own, "headline", info->headline);
    hr_json_put_count(b, own, "train_rows", info->train_rows);
    hr_json_put_count(b, own, "test_rows", info->test_rows);
    hr_json_put_count(b, own, "covered", info->covered);
    hr_json_put_count(b, own, "rows_alone", c->join.alone[k]);
  }
}

static void put_settings(hr_json_builder *b, json_t *root, const hr_comparison *c) {
  json_t *list = hr_json_put(b, root, "settings", json_array());
  for (size_t i = 0; i < c->contrasts.count; i++) {
    const hr_contrast *contrast = &c->contrasts.items[i];
    json_t *own = hr_json_append(b, list, json_object());
    hr_json_put(b, own, "key", hr_json_text(contrast->key));
    json_t *values = hr_json_put(b, own, "values", json_array());
    for (size_t k = 0; k < c->runs; k++) {
      hr_json_append(b, values, hr_json_text(contrast->values.items[k]));
    }
  }
}

hr_status hr_comparison_write_json(const hr_comparison *comparison, hr_text *out,
                                   hr_error *err) {
  enum { SCHEMA = 1 };
  const hr_comparison *c = comparison;
  hr_json_builder b = {.failed = false};
  json_t *root = json_object();
  hr_json_put_count(&b, root, "schema", SCHEMA);
  hr_json_put_text(&b, root, "target", c->results[0]->info.target);
  hr_json_put_text(&b, root, "joined_by", c->join.id);
  hr_json_put_count(&b, root, "common_rows", c->join.count);
  hr_json_put_count(&b, root, "covered", c->covered);
  hr_json_put_count(&b, root, "missing", c->missing);
  put_runs(&b, root, c);
  put_lines(&b, root, "ladder", "rung", &c->rungs, c->runs);
  put_lines(&b, root, "methods", "method", &c->methods, c->runs);
  put_lines(&b, root, "bins", "bin", &c->bins, c->runs);
  put_lines(&b, root, "octiles", "octile", &c->octiles, c->runs);
  put_settings(&b, root, c);
  hr_status status = hr_json_write(&b, root, out, err);
  json_decref(root);
  return status;
}
