/* The report as Markdown, section by section. */
#include "report/markdown.h"

#include <math.h>
#include <string.h>

#include "data/doubts.h"
#include "report/binning.h"
#include "report/dominant.h"
#include "report/ladder_words.h"
#include "report/markdown_calibration.h"
#include "report/missing.h"
#include "report/notes.h"
#include "report/overview.h"
#include "report/settings.h"
#include "report/targets.h"
#include "report/undertuned.h"
#include "report/words.h"

/* What all sections need. */
typedef struct page {
  hr_reader *reader;
  const hr_tables *tables;
  const hr_figures *figures;
  hr_text *out;
  bool chinese;
} page;

enum { SECTIONS = 6 };

/* In English, in Chinese, and the place that links in English go to. */
static const char *const sections[SECTIONS][3] = {
    {"Summary", "摘要", "summary"}, {"Data", "数据", "data"},
    {"Results", "结果", "results"}, {"Method", "方法", "method"},
    {"Ledger", "账目", "ledger"},   {"Targets", "预测量", "targets"}};

static void write_heading(page *p, size_t section) {
  hr_text_append(p->out, "## %zu. %s\n\n", section + 1, sections[section][p->chinese]);
}

/* A table, where it has anything to show. */
static void write_table(page *p, hr_table_id id) {
  const hr_table *table = &p->tables->items[id];
  if (table->row_count > 0) hr_table_write_markdown(table, p->out);
}

/* The overall entry of a method on covered rows; its json is NULL where there is none.
 * `overall` must outlive the result. */
static hr_node find_method(hr_reader *reader, const hr_node *overall, const char *name) {
  for (size_t m = 0; m < hr_node_count(overall); m++) {
    hr_node entry = hr_node_item(reader, overall, m);
    bool covered = strcmp(hr_node_text(reader, &entry, "rows"), "covered") == 0;
    if (covered && strcmp(hr_node_text(reader, &entry, "method"), name) == 0)
      return entry;
  }
  return (hr_node){.json = NULL};
}

static hr_node find_hybrid(hr_reader *reader, const hr_node *overall, bool by_test) {
  const char *name = hr_listed_find(reader, HR_LISTED_HYBRID, "", by_test);
  return name ? find_method(reader, overall, name) : (hr_node){.json = NULL};
}

static void append_estimate(page *p, hr_cell_kind kind, hr_estimate estimate) {
  char buffer[HR_CELL_BYTES];
  hr_cell cell = {NULL, NULL, estimate.value, estimate.low, estimate.high, (double)NAN};
  hr_text_append(p->out, "%s", hr_format_cell(kind, &cell, buffer));
}

static void append_number(page *p, hr_cell_kind kind, double value) {
  double none = (double)NAN;
  append_estimate(p, kind, (hr_estimate){value, none, none});
}

static bool has_remark(hr_reader *reader, const hr_node *entry, const char *remark) {
  hr_node remarks = hr_node_list(reader, entry, "remarks");
  for (size_t r = 0; r < hr_node_count(&remarks); r++) {
    const char *own = json_string_value(json_array_get(remarks.json, r));
    if (own && strcmp(own, remark) == 0) return true;
  }
  return false;
}

/* Why the hybrid has no R². */
static void write_no_headline(page *p, const hr_node *hybrid) {
  static const char *const english[] = {
      "none of the test rows has labels inside the bins",
      "some bin has no model at all, so not every covered test row has a prediction",
      "the covered test rows are fewer than two or all have the same label",
      ("no expert may be chosen for a bin, as no model was validated; `validation` gives "
       "a model from elsewhere its predictions of training rows")};
  static const char *const chinese[] = {
      "没有任何测试行的标签落在分箱之内",
      "某个分箱未能训练出任何模型，因此并非每一已覆盖的测试行都有预测",
      "已覆盖的测试行少于两行，或其标签全部相同",
      ("没有模型经过验证，因此任何分箱都无专家可选；可用 `validation` "
       "给出外来模型对训练行的预测")};
  bool empty = hr_node_number(p->reader, hybrid, "n") < 1;
  bool incomplete = has_remark(p->reader, hybrid, "incomplete");
  size_t why = empty ? 0 : incomplete ? 1 : 2;
  if (why == 1 && hr_nobody_competes(p->reader)) why = 3;
  hr_text_append(
      p->out,
      p->chinese ? "没有可报告的 R²：%s。\n\n" : "There is no R² to report: %s.\n\n",
      p->chinese ? chinese[why] : english[why]);
}

/* The headline: the hybrid, the baseline it is held against, and the difference. */
static void write_headline(page *p, const hr_node *overall, const hr_node *selection) {
  bool by_cv = strcmp(hr_node_text(p->reader, selection, "by"), "cv") == 0;
  const char *versus = hr_node_text(p->reader, selection, "versus");
  hr_node hybrid =
      find_method(p->reader, overall, hr_node_text(p->reader, selection, "headline"));
  hr_node baseline = find_method(p->reader, overall, versus);
  if (!hybrid.json || !baseline.json) return;
  size_t before = p->out->length;
  if (hr_node_is_null(&hybrid, "r2_pooled")) {
    write_no_headline(p, &hybrid);
    return;
  }
  hr_text_append(p->out,
                 p->chinese ? "按真实标签路由时，混合专家在已覆盖的 %.0f 行"
                              "测试光谱上的合并 R² 为 "
                            : "Routed by the true labels, the Oracle-Hybrid "
                              "reaches a pooled R² on %.0f covered test rows of ",
                 hr_node_number(p->reader, &hybrid, "n"));
  append_estimate(p, HR_CELL_SCORE_RANGE,
                  hr_node_estimate(p->reader, &hybrid, "r2_pooled", "r2_pooled_ci"));
  hr_text_append(p->out, "%s", p->chinese ? "；对照的 " : "; the ");
  hr_append_method_markdown(p->reader, versus, p->out);
  hr_text_append(p->out, "%s", p->chinese ? " 为 " : " it is held against reaches ");
  append_estimate(p, HR_CELL_SCORE_RANGE,
                  hr_node_estimate(p->reader, &baseline, "r2_pooled", "r2_pooled_ci"));
  hr_text_append(p->out, "%s",
                 p->chinese ? "；差值 ΔR² 为 " : ". The difference ΔR² is ");
  append_estimate(p, HR_CELL_DIFFERENCE_RANGE,
                  hr_node_estimate(p->reader, &hybrid, "delta_r2", "delta_r2_ci"));
  hr_text_append(p->out, "%s",
                 p->chinese
                     ? "。方括号内为 95 % 区间，只反映测试行的偶然，不含重新训练的差异。"
                     : ". Brackets hold 95 % intervals; they know the chance of the test "
                       "rows, not that of another training.");
  hr_words_close_up(p->out, before);
  const char *const compared[] = {hr_node_text(p->reader, selection, "headline"), versus};
  hr_dominant_remark(p->reader, compared, 2, p->out);
  hr_dominant_training_remark(p->reader, p->out);
  hr_text_append(p->out, "\n\n");
  if (by_cv) return;
  hr_text_append(p->out, "%s\n\n",
                 p->chinese ? "注意：超参数与专家种类是在测试行上选出的，以上数字偏乐观。"
                            : "Note that settings and experts were chosen on the test "
                              "rows, so these numbers are optimistic.");
}

/* The README's first question, answered. */
static void write_ladder_words(page *p) {
  hr_text words;
  hr_text_init(&words);
  hr_ladder_tell(p->reader, &words);
  if (words.bytes) {
    hr_text_append(p->out, "**%s** %s\n\n", hr_ladder_question(p->reader), words.bytes);
  }
  if (words.status != HR_OK) p->out->status = words.status;
  hr_text_fini(&words);
}

/* Where the target is an axis, the true bin tells part of the answer. */
static void write_target_among_axes(page *p, const hr_node *root) {
  hr_node experiment = hr_node_object(p->reader, root, "experiment");
  if (!hr_binning_has_target(p->reader)) return;
  hr_text_append(
      p->out,
      p->chinese
          ? "注意：预测量 `%s` "
            "本身是分箱的一个坐标轴，真实分箱已透露部分答案，凡按真实标签"
            "路由的方法（及判据）都因此偏高。\n\n"
          : "Note that the target `%s` is itself an axis of the bins: the true bin tells "
            "part of the answer, which flatters every method that is routed by the true "
            "labels, and the gate.\n\n",
      hr_node_text(p->reader, &experiment, "target"));
}

/* How much is gained by choosing on the rows one is scored on. */
static void write_optimism(page *p, const hr_node *overall) {
  hr_node cv = find_hybrid(p->reader, overall, false);
  hr_node test = find_hybrid(p->reader, overall, true);
  if (!cv.json || !test.json) return;
  double gap = hr_node_number(p->reader, &test, "r2_pooled") -
               hr_node_number(p->reader, &cv, "r2_pooled");
  if (isnan(gap)) return;
  hr_text_append(p->out, "%s",
                 p->chinese ? "若直接在测试行上选择专家与超参数，合并 R² 会再高出 "
                            : "Choosing experts and settings on the test rows themselves "
                              "would raise the pooled R² by ");
  append_number(p, HR_CELL_DIFFERENCE, gap);
  hr_text_append(p->out, "%s\n\n",
                 p->chinese ? "，这部分只是乐观偏差，并非真实增益。"
                            : ", which is optimism and no gain.");
}

/* A baseline that could do better makes every gain over it look larger. */
static void write_undertuned(page *p) {
  hr_strings sentences = {.count = 0};
  hr_status status = hr_undertuned_tell(p->reader, &sentences, NULL);
  if (status != HR_OK) p->out->status = status;
  for (size_t i = 0; i < sentences.count; i++) {
    hr_text_append(p->out, "**%s** %s\n\n", p->chinese ? "警告。" : "Warning.",
                   sentences.items[i]);
  }
  hr_strings_fini(&sentences);
}

static void write_verdict(page *p, const hr_node *root) {
  bool passed = hr_node_bool(p->reader, root, "gate_passed");
  hr_text_append(p->out, "%s", p->chinese ? "判据" : "Decision gate");
  if (hr_node_has(root, "gate_name")) {
    hr_text_append(p->out, " ");
    hr_append_markdown(hr_node_text(p->reader, root, "gate_name"), p->out);
  }
  if (p->chinese) {
    hr_text_append(p->out, "：**%s**%s\n\n",
                   passed ? "所有判据均通过" : "并非所有判据都通过",
                   passed ? "。" : "，见下表。");
    return;
  }
  hr_text_append(p->out, ": **%s**%s\n\n",
                 passed ? "every criterion passed" : "not every criterion passed",
                 passed ? "." : ", see below.");
}

static void write_references(page *p, const hr_node *root) {
  hr_node lines = hr_node_list(p->reader, root, "baselines");
  if (hr_node_count(&lines) == 0) return;
  hr_text_append(
      p->out, "%s",
      p->chinese ? "来自外部的参考值（R²）：" : "Reference values from outside (R²): ");
  for (size_t b = 0; b < hr_node_count(&lines); b++) {
    hr_node line = hr_node_item(p->reader, &lines, b);
    if (b > 0) hr_text_append(p->out, "%s", p->chinese ? "、" : ", ");
    hr_append_markdown(hr_node_text(p->reader, &line, "name"), p->out);
    hr_text_append(p->out, " ");
    append_number(p, HR_CELL_SCORE, hr_node_number(p->reader, &line, "r2"));
  }
  hr_text_append(p->out, "%s\n\n", p->chinese ? "。" : ".");
}

/* Warnings that stand below tables of the results, the first few of each. */
static void write_noted_warnings(page *p) {
  enum { MOST = 3 };
  static const hr_table_id ids[] = {HR_TABLE_CEILING, HR_TABLE_CEILING_BINS,
                                    HR_TABLE_CONTROLS};
  const char *mark = p->chinese ? "警告：" : "Warning: ";
  for (size_t t = 0; t < sizeof ids / sizeof *ids; t++) {
    const hr_table *table = &p->tables->items[ids[t]];
    size_t count = 0;
    for (size_t n = 0; n < table->notes.count; n++) {
      const char *note = table->notes.items[n];
      if (strncmp(note, mark, strlen(mark)) != 0 || count++ >= MOST) continue;
      hr_text_append(p->out, p->chinese ? "**警告：**%s\n\n" : "**Warning:** %s\n\n",
                     note + strlen(mark));
    }
    if (count <= MOST) continue;
    hr_text_append(p->out,
                   p->chinese ? "另有 %zu 条同类警告列在“%s”表下。\n\n"
                              : "%zu more of this kind stand below the table \"%s\".\n\n",
                   count - MOST, table->title);
  }
}

/* What was asked for, and what is not the data's, is not in doubt. */
static const char *kind_of_warning(const char *code) {
  if (strcmp(code, hr_doubt_text(HR_DOUBT_UNLABELLED)) == 0) {
    return "rows without a label are left out";
  }
  if (strcmp(code, hr_doubt_text(HR_DOUBT_OUTSIDE)) == 0) {
    return "a model from elsewhere says nothing of some rows";
  }
  if (strcmp(code, hr_doubt_text(HR_DOUBT_OUTSIDE_VALUES)) == 0) {
    return "predictions of a model from elsewhere are far from all labels";
  }
  if (strcmp(code, hr_doubt_text(HR_DOUBT_OUTSIDE_NOISE)) == 0) {
    return "a model from elsewhere did not see the noise";
  }
  if (strcmp(code, hr_doubt_text(HR_DOUBT_OUTSIDE_TRUTH)) == 0) {
    return "predictions of a model from elsewhere may be the truth";
  }
  return "the data are in doubt";
}

/* Why there is nothing of an expert: what is said of it as a whole, or of its first bin.
 */
static const char *why_lost(page *p, const hr_node *root, const hr_node *expert) {
  const char *note = hr_node_text(p->reader, expert, "note");
  hr_node bins = hr_node_list(p->reader, root, "bins");
  if (*note || hr_node_count(&bins) == 0) return note;
  hr_node bin = hr_node_item(p->reader, &bins, 0);
  hr_node experts = hr_node_object(p->reader, &bin, "experts");
  hr_node own =
      hr_node_object(p->reader, &experts, hr_node_text(p->reader, expert, "name"));
  return hr_node_text(p->reader, &own, "note");
}

/* Experts that were asked for and are nowhere: the study is done without them. */
static void write_lost(page *p, const hr_node *root) {
  hr_node experts = hr_node_list(p->reader, root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(p->reader, &experts, e);
    if (strcmp(hr_node_text(p->reader, &expert, "status"), "ok") == 0) continue;
    hr_text note;
    hr_text_init(&note);
    hr_notes_append(why_lost(p, root, &expert), p->chinese, &note);
    hr_text_append(p->out, "%s",
                   p->chinese ? "**警告：没有模型的专家：" : "**Warning: no model of ");
    hr_append_markdown(hr_node_text(p->reader, &expert, "title"), p->out);
    hr_text_append(p->out, "%s", p->chinese ? "。** " : ".** ");
    if (note.bytes) hr_append_markdown(note.bytes, p->out);
    hr_text_append(p->out, "%s\n\n", p->chinese ? "。" : ".");
    hr_text_fini(&note);
  }
}

/* What the data gave to doubt: whoever reads the numbers has to know it. Results of
 * earlier versions have no list. */
static void write_warnings(page *p, const hr_node *root) {
  if (!hr_node_has(root, "warnings")) return;
  hr_node warnings = hr_node_list(p->reader, root, "warnings");
  for (size_t i = 0; i < hr_node_count(&warnings); i++) {
    hr_node warning = hr_node_item(p->reader, &warnings, i);
    if (hr_words_is_of_results(hr_node_text(p->reader, &warning, "code"))) continue;
    const char *what = hr_words_doubt(hr_node_text(p->reader, &warning, "code"));
    bool is_told = p->chinese && hr_node_has(&warning, "text_zh");
    if (p->chinese) {
      hr_text_append(p->out, "**警告：%s。** ", what ? what : "数据可疑");
    } else {
      hr_text_append(p->out, "**Warning: %s.** ",
                     kind_of_warning(hr_node_text(p->reader, &warning, "code")));
    }
    hr_append_markdown(hr_node_text(p->reader, &warning, is_told ? "text_zh" : "text"),
                       p->out);
    hr_text_append(p->out, "%s\n\n", is_told ? "。" : ".");
  }
}

/* Letters that no font has are boxes in the figures. */
static void write_fonts(page *p) {
  if (!p->figures->unknown.bytes) return;
  hr_text_append(p->out, "%s",
                 p->chinese ? "**警告：**已安装的字体中没有以下字符，图中显示为方框："
                            : "**Warning:** no installed font has the glyphs of ");
  hr_figures_list_unknown(p->figures, p->out);
  hr_text_append(
      p->out, "%s\n\n",
      p->chinese ? "。请安装含有它们的字体，例如 Debian 的 `fonts-noto-core`，再运行 "
                   "`headroom report`。"
                 : ", which are boxes in the figures: install one that has them, such "
                   "as Debian's `fonts-noto-core`, and run `headroom report`.");
}

/* All that speaks against the numbers, in one place. */
static void write_distrust(page *p, const hr_node *root) {
  hr_text_append(p->out, "%s\n\n",
                 p->chinese ? "**应当存疑之处。**" : "**What to distrust.**");
  size_t before = p->out->length;
  write_warnings(p, root);
  write_lost(p, root);
  write_target_among_axes(p, root);
  hr_missing_tell(p->reader, p->out);
  hr_dominant_tell(p->reader, p->out);
  write_undertuned(p);
  write_noted_warnings(p);
  hr_markdown_warn_of_calibration(p->reader, p->out);
  write_fonts(p);
  if (p->out->length > before) return;
  hr_text_append(p->out, "%s\n\n",
                 p->chinese ? "数据与结果中没有发现与以上数字相悖之处。"
                            : "Nothing was found in data or results that speaks against "
                              "these numbers.");
}

static void write_summary(page *p, const hr_node *root) {
  hr_node overall = hr_node_list(p->reader, root, "overall");
  hr_node selection = hr_node_object(p->reader, root, "selection");
  write_heading(p, 0);
  hr_overview_ask(p->reader, p->out);
  hr_text_append(p->out, "%s", p->chinese ? "**结果。** " : "**What came out.** ");
  write_headline(p, &overall, &selection);
  write_ladder_words(p);
  write_verdict(p, root);
  hr_table_write_markdown(&p->tables->items[HR_TABLE_GATE], p->out);
  write_references(p, root);
  write_optimism(p, &overall);
  hr_markdown_summarise_calibration(p->reader, p->out);
  write_distrust(p, root);
}

static void write_axes(page *p) {
  if (!hr_binning_is_told(p->reader)) return;
  hr_text_append(p->out, "%s", p->chinese ? "分箱的坐标轴：" : "Bins lie along ");
  hr_binning_append_axes(p->reader, p->out);
  hr_text_append(p->out, "%s", p->chinese ? "。" : ". ");
}

static void write_coverage(page *p, const hr_node *root) {
  hr_node ledger = hr_node_object(p->reader, root, "ledger");
  double train_rows = hr_node_number(p->reader, &ledger, "train_rows");
  double train_uncovered = hr_node_number(p->reader, &ledger, "train_uncovered");
  double test_rows = hr_node_number(p->reader, &ledger, "test_rows");
  double uncovered = hr_node_number(p->reader, &ledger, "uncovered");
  hr_text_append(p->out,
                 p->chinese
                     ? "训练集共 %.0f 行，其中 %.0f 行的标签在分箱边界之外（未覆盖）；"
                       "测试集共 %.0f 行，其中 %.0f 行未覆盖。"
                     : "Of %.0f training rows, %.0f have labels outside the bins "
                       "(uncovered); of %.0f test rows, %.0f.",
                 train_rows, train_uncovered, test_rows, uncovered);
  hr_text_append(p->out,
                 p->chinese ? "训练行少于 %.0f 的分箱标为有风险。\n\n"
                            : " Bins with fewer than %.0f training rows are at risk.\n\n",
                 hr_node_number(p->reader, root, "at_risk_below"));
}

static void write_preparation(page *p, const hr_node *root) {
  hr_node parent = hr_node_object(p->reader, root, "preparation");
  static const char *const keys[] = {"train", "test"};
  for (size_t i = 0; i < 2; i++) {
    if (hr_node_is_null(&parent, keys[i])) continue;
    hr_node node = hr_node_object(p->reader, &parent, keys[i]);
    /* Results of before there were bad pixels counted them by what was done to them. */
    bool is_old = !hr_node_has(&node, "bad_pixels");
    double bad = 0;
    if (!is_old) bad = hr_node_number(p->reader, &node, "bad_pixels");
    if (is_old) {
      bad = hr_node_number(p->reader, &node, "filled_error_pixels") +
            hr_node_number(p->reader, &node, "nonpositive_error_pixels");
    }
    hr_text_append(
        p->out,
        p->chinese
            ? "%s的预处理：%.0f 个低于 0 的流量像素截为 0；%.0f 个坏像素（误差未知、"
              "不大于 0 或过大，流量未知，或被掩码标记）不计入。\n\n"
            : "Preparation of the %s rows: %.0f flux pixels below 0 were clipped, and "
              "%.0f bad pixels (masked, without flux, or without an error above 0 that "
              "is "
              "of the others' size) count for nothing.\n\n",
        p->chinese ? (i == 0 ? "训练集" : "测试集") : (i == 0 ? "training" : "test"),
        hr_node_number(p->reader, &node, "clipped_pixels"), bad);
    hr_overview_tell_bad_files(p->reader, keys[i], p->out);
  }
}

static void write_data(page *p, const hr_node *root) {
  write_heading(p, 1);
  hr_overview_tell_data(p->reader, p->out);
  write_axes(p);
  write_coverage(p, root);
  hr_overview_tell_edges(p->reader, p->out);
  hr_table_write_markdown(&p->tables->items[HR_TABLE_SAMPLES], p->out);
  write_preparation(p, root);
}

/* A ceiling with the bin known, and with it unknown. */
static void write_ceiling_pair(page *p, const hr_node *parent, const char *name) {
  hr_node routed = hr_node_object(p->reader, parent, "routed");
  hr_node global = hr_node_object(p->reader, parent, "global");
  hr_text_append(p->out, "%s", name);
  append_estimate(p, HR_CELL_SCORE_RANGE,
                  hr_node_estimate(p->reader, &routed, "r2_max", "r2_max_ci"));
  hr_text_append(
      p->out, "%s",
      p->chinese ? "（已知分箱，已覆盖行），" : " with the bin known (covered rows), ");
  append_estimate(p, HR_CELL_SCORE_RANGE,
                  hr_node_estimate(p->reader, &global, "r2_max", "r2_max_ci"));
  hr_text_append(p->out, "%s",
                 p->chinese ? "（未知分箱，全部行）。" : " with it unknown (all rows). ");
}

static void write_ceiling_words(page *p) {
  hr_text_append(
      p->out, "%s\n\n",
      p->chinese
          ? "后验均值的均方误差最小，其均方误差等于平均后验方差；若先验与误差属实，任何方"
            "法高于"
            "该上限的部分都只是测试行的偶然。Fisher "
            "界由模型光谱对标签的导数与噪声给出，并计入先验的"
            "展宽：噪声小时与后验上限一致；噪声大时两者分开，因为它不知道截然不同的恒星"
            "也可能有相似的光谱。它是近似，不是定理。"
          : "No method has a smaller mean squared error than the posterior mean, whose "
            "error is the mean posterior variance: if its prior and the errors are the "
            "data's, no method is above that ceiling by more than chance on the test "
            "rows. The Fisher bound is what the "
            "derivatives of the model spectra and the noise allow, with the spread of "
            "the "
            "prior. Both agree where the noise is small; where it is not they part, "
            "since "
            "the bound does not know that quite another star may look the same. It is an "
            "approximation, no theorem.");
}

/* What the noise allows: nothing where no ceiling is known. */
static void write_ceiling(page *p, const hr_node *root) {
  if (!json_is_object(json_object_get(root->json, "ceiling"))) return;
  hr_node ceiling = hr_node_object(p->reader, root, "ceiling");
  hr_text_append(p->out, "%s",
                 p->chinese ? "**噪声的上限。** " : "**What the noise allows.** ");
  if (!hr_node_is_null(&ceiling, "routed")) {
    write_ceiling_pair(p, &ceiling,
                       p->chinese ? "后验上限：R² 至多 " : "Posterior: R² at most ");
  }
  if (!hr_node_is_null(&ceiling, "fisher")) {
    hr_node fisher = hr_node_object(p->reader, &ceiling, "fisher");
    write_ceiling_pair(p, &fisher, p->chinese ? "Fisher 界：" : "Fisher bound: ");
  }
  hr_text_append(p->out, "\n\n");
  write_ceiling_words(p);
  hr_table_write_markdown(&p->tables->items[HR_TABLE_CEILING], p->out);
  hr_table_write_markdown(&p->tables->items[HR_TABLE_CEILING_BINS], p->out);
}

/* The other files of a figure: for papers, for slides, and its numbers. */
static void write_files_of(page *p, const char *name) {
  static const char *const kinds[][2] = {{"PDF", "pdf"}, {"SVG", "svg"}, {"CSV", "csv"}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    hr_text_append(p->out, "%s[%s](figures/%s.%s)", k > 0 ? " · " : "", kinds[k][0], name,
                   kinds[k][1]);
  }
  hr_text_append(p->out, "\n\n");
}

static void write_results(page *p, const hr_node *root) {
  write_heading(p, 2);
  hr_table_write_markdown(&p->tables->items[HR_TABLE_BINS], p->out);
  write_table(p, HR_TABLE_LADDER);
  hr_table_write_markdown(&p->tables->items[HR_TABLE_OVERALL], p->out);
  write_table(p, HR_TABLE_LADDER_BINS);
  const hr_table *octiles = &p->tables->items[HR_TABLE_SNR];
  if (octiles->row_count > 0) {
    hr_table_write_markdown(octiles, p->out);
  } else {
    hr_text_append(
        p->out, "%s\n\n",
        p->chinese
            ? "测试集没有含数值的 `snr` 列，也无法由光谱测得信噪比，因此不按信噪比列表。"
            : "The test rows have no column `snr` with numbers, and their "
              "spectra no error that tells it, so there is no table by "
              "signal-to-noise ratio.");
  }
  write_table(p, HR_TABLE_SNR_ALL);
  write_table(p, HR_TABLE_LADDER_SNR);
  write_table(p, HR_TABLE_GATES);
  write_table(p, HR_TABLE_GATES_MIXING);
  write_ceiling(p, root);
  const hr_table *lattice = &p->tables->items[HR_TABLE_LATTICE];
  if (lattice->row_count > 0) hr_table_write_markdown(lattice, p->out);
  hr_markdown_write_calibration(p->reader, p->tables, p->out);
  write_table(p, HR_TABLE_LEVELS);
  write_table(p, HR_TABLE_CONTROLS);
  for (size_t f = 0; f < p->figures->count; f++) {
    const hr_figure *figure = &p->figures->items[f];
    hr_text_append(p->out, "![%s](figures/%s.png)\n\n", figure->caption, figure->name);
    write_files_of(p, figure->name);
  }
}

static void write_methods(page *p, const hr_node *root) {
  hr_node bootstrap = hr_node_object(p->reader, root, "bootstrap");
  hr_node selection = hr_node_object(p->reader, root, "selection");
  bool by_cv = strcmp(hr_node_text(p->reader, &selection, "by"), "cv") == 0;
  write_heading(p, 3);
  hr_text_append(
      p->out, "%s",
      p->chinese
          ? "R² = 1 − Σ(y−ŷ)²/Σ(y−ȳ)²。合并 R² 在全部所列行上计算；加权 R² 为各分箱 "
            "R² 按测试行数加权的平均。少于两行或方差为零的分箱，R² 无定义（记作 -）。"
          : "R² = 1 − Σ(y−ŷ)²/Σ(y−ȳ)². The pooled R² is taken over all rows "
            "together, the weighted R² is the mean of the bins' R² weighted by test "
            "rows. With fewer than two rows or no variance R² is undefined (-). ");
  hr_text_append(p->out, "%s",
                 by_cv
                     ? (p->chinese ? "超参数与专家种类由训练行上的交叉验证选定。"
                                   : "Settings and experts were chosen by "
                                     "cross-validation on training rows. ")
                     : (p->chinese ? "超参数与专家种类在测试行上选定。"
                                   : "Settings and experts were chosen on test rows. "));
  hr_text_append(
      p->out,
      p->chinese
          ? "区间为对测试行的成对自助法（%.0f 次抽样，种子 %.0f）的 95 %% 分位区间，"
            "行数少时按学生 t 分布加宽。\n\n"
          : "Intervals are 95 %% percentile intervals of a paired bootstrap over "
            "the test rows (%.0f draws, seed %.0f), widened over few rows as Student's t "
            "asks.\n\n",
      hr_node_number(p->reader, &bootstrap, "draws"),
      hr_node_number(p->reader, &bootstrap, "seed"));
  hr_table_write_markdown(&p->tables->items[HR_TABLE_EXPERTS], p->out);
  hr_settings_tell(p->reader, p->out);
}

/* The length of a check's kind: of "same_rows/ridge_oracle", "same_rows". */
static size_t kind_length(const char *check) {
  return strcspn(check, "/");
}

static bool is_same_kind(const char *a, const char *b) {
  return kind_length(a) == kind_length(b) && strncmp(a, b, kind_length(a)) == 0;
}

/* A kind of check, where number `c` is the first of it, and how many there are. */
static void write_check(page *p, const hr_node *checks, size_t c) {
  size_t before = 0, count = 0;
  hr_node check = hr_node_item(p->reader, checks, c);
  const char *name = hr_node_text(p->reader, &check, "name");
  for (size_t i = 0; i < hr_node_count(checks); i++) {
    hr_node other = hr_node_item(p->reader, checks, i);
    if (!is_same_kind(hr_node_text(p->reader, &other, "name"), name)) continue;
    before += i < c;
    count++;
  }
  if (before > 0) return;
  const char *comma = p->chinese ? "、" : ", ";
  hr_text_append(p->out, "%s`%.*s`", c > 0 ? comma : "", (int)kind_length(name), name);
  if (count > 1) hr_text_append(p->out, " (%zu)", count);
}

/* The kinds of checks; each with its numbers is a text of results.json. */
static void write_ledger(page *p, const hr_node *root) {
  hr_node ledger = hr_node_object(p->reader, root, "ledger");
  hr_node checks = hr_node_list(p->reader, &ledger, "checks");
  write_heading(p, 4);
  hr_text_append(p->out,
                 p->chinese ? "账目平衡：%zu 项检查全部通过："
                            : "The accounts balance: all %zu checks passed: ",
                 hr_node_count(&checks));
  for (size_t c = 0; c < hr_node_count(&checks); c++) write_check(p, &checks, c);
  hr_text_append(p->out, "%s\n",
                 p->chinese ? "。每一项及其数字见 `results.json` 的 `ledger.checks`。"
                            : ". Each of them with its numbers is in `ledger.checks` of "
                              "`results.json`.");
}

/* Links to the sections. */
static void write_contents(page *p) {
  size_t count = SECTIONS;
  if (hr_targets_behind(p->reader) == 0) count--;
  hr_text_append(p->out, "%s", p->chinese ? "目录：" : "Contents: ");
  for (size_t i = 0; i < count; i++) {
    hr_text_append(p->out, "%s[%zu. %s](#%zu-%s)", i > 0 ? " · " : "", i + 1,
                   sections[i][p->chinese], i + 1, sections[i][p->chinese ? 1 : 2]);
  }
  hr_text_append(p->out, "\n\n");
}

/* What is predicted, and from what. */
static void write_origin(page *p, const hr_node *experiment) {
  hr_text_append(p->out,
                 p->chinese
                     ? "预测量：`%s`。指纹（配置、标签、波长、文件大小与部分光谱）："
                       "`%s`。\n\n"
                     : "Target: `%s`. Fingerprint of configuration, labels, "
                       "wavelengths, file sizes and some of the spectra: "
                       "`%s`.\n\n",
                 hr_node_text(p->reader, experiment, "target"),
                 hr_node_text(p->reader, experiment, "fingerprint"));
}

hr_status hr_markdown_write_key_numbers(hr_reader *reader, const hr_tables *tables,
                                        hr_text *out, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  hr_node overall = hr_node_list(reader, &root, "overall");
  hr_node selection = hr_node_object(reader, &root, "selection");
  page p = {reader, tables, NULL, out, hr_tables_in_chinese(reader)};
  hr_text_append(out, "**");
  hr_append_markdown(hr_node_text(reader, &experiment, "id"), out);
  hr_text_append(out, "**\n\n");
  write_origin(&p, &experiment);
  write_headline(&p, &overall, &selection);
  write_ladder_words(&p);
  write_target_among_axes(&p, &root);
  write_verdict(&p, &root);
  hr_table_write_markdown(&tables->items[HR_TABLE_GATE], out);
  write_table(&p, HR_TABLE_LADDER);
  hr_table_write_markdown(&tables->items[HR_TABLE_OVERALL], out);
  hr_status status = hr_reader_status(reader, err);
  return status == HR_OK ? hr_text_status(out, err) : status;
}

hr_status hr_markdown_write(hr_reader *reader, const hr_tables *tables,
                            const hr_figures *figures, hr_text *out, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  page p = {reader, tables, figures, out, hr_tables_in_chinese(reader)};
  hr_text_append(out, "# ");
  hr_append_markdown(hr_node_text(reader, &experiment, "id"), out);
  hr_text_append(out, "\n\n");
  write_origin(&p, &experiment);
  write_contents(&p);
  write_summary(&p, &root);
  write_data(&p, &root);
  write_results(&p, &root);
  write_methods(&p, &root);
  write_ledger(&p, &root);
  hr_status status = hr_reader_status(reader, err);
  return status == HR_OK ? hr_text_status(out, err) : status;
}
