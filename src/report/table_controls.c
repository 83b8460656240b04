/* The table of the controls. */
#include "report/table_controls.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "report/notes.h"
#include "report/table_parts.h"
#include "report/tables.h"

/* What all writers of this file need. */
typedef struct builder {
  hr_table *table;
  hr_reader *reader;
  bool chinese;
} builder;

static hr_status begin(hr_table *table, hr_reader *reader, hr_error *err) {
  static const hr_heading headings[] = {
      {HR_CELL_TEXT, "method", "Method", "方法"},
      {HR_CELL_SCORE_RANGE, "r2_pooled", "R² pooled", "合并 R²"},
      {HR_CELL_DIFFERENCE_RANGE, "delta_r2", "ΔR²", "ΔR²"},
      {HR_CELL_TEXT, "versus", "ΔR² vs", "ΔR² 相对于"},
  };
  hr_status status = HR_OK;
  HR_TRY(hr_table_init(table, "controls",
                       hr_say(reader, "Controls, covered rows [95 % interval]",
                              "对照，已覆盖的行 [95 % 区间]"),
                       err));
  HR_TRY(
      hr_add_headings(table, reader, headings, sizeof headings / sizeof *headings, err));
cleanup:
  return status;
}

/* A row of the table; versus: NULL where it is held against nothing. */
static hr_status add_row(builder *b, const char *method, hr_estimate r2,
                         const char *versus, hr_estimate gain, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_add_row(b->table, &cells, err));
  HR_TRY(hr_set_method(b->reader, &cells[0], method, err));
  hr_set_estimate(&cells[1], r2);
  if (!versus) goto cleanup;
  hr_set_estimate(&cells[2], gain);
  HR_TRY(hr_set_method(b->reader, &cells[3], versus, err));
cleanup:
  return status;
}

/* The pooled R² of a method on covered rows, NaN where it is not listed. */
static hr_estimate pooled_r2(builder *b, const char *method) {
  const double none = (double)NAN;
  hr_node root = hr_reader_root(b->reader);
  hr_node overall = hr_node_list(b->reader, &root, "overall");
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(b->reader, &overall, m);
    if (strcmp(hr_node_text(b->reader, &entry, "rows"), "covered") != 0) continue;
    if (strcmp(hr_node_text(b->reader, &entry, "method"), method) != 0) continue;
    return hr_node_estimate(b->reader, &entry, "r2_pooled", "r2_pooled_ci");
  }
  return (hr_estimate){none, none, none};
}

enum { BELOW, ABOUT, ABOVE, UNKNOWN, SIGNS };

/* Below 0, about 0 or above 0, as the interval has it; there may be none. */
static int sign_of(hr_estimate gain) {
  if (isnan(gain.value) || isnan(gain.low)) return UNKNOWN;
  return gain.high < 0 ? BELOW : gain.low > 0 ? ABOVE : ABOUT;
}

/* What is said in either language, by the sign of a gain. */
typedef struct saying {
  const char *english, *chinese;
} saying;

static void append_partition(builder *b, hr_estimate gain, hr_text *note) {
  static const saying sayings[SIGNS] = {
      {"partitioning alone costs R², since every model sees fewer stars",
       "仅仅划分数据就会降低 R²，因为每个模型见到的恒星更少"},
      {"partitioning alone makes no difference beyond the interval",
       "仅仅划分数据带来的差别不超出区间"},
      {"partitioning alone gains R², so what the bins gain over one global model is not "
       "all theirs",
       "仅仅划分数据就能提高 R²，因此分箱相对单一全局模型的增益并非全归分箱本身"},
      {"there is no global model to compare it with", "没有可供比较的全局模型"},
  };
  const saying *said = &sayings[sign_of(gain)];
  hr_text_append(note, "%s", b->chinese ? said->chinese : said->english);
}

static void append_bins(builder *b, hr_estimate gain, hr_text *note) {
  static const saying sayings[SIGNS] = {
      {"; Ridge-Oracle is below it: these bins are worse than random groups.",
       "；Ridge（完美路由）低于它：这样的分箱不如随机分组。"},
      {"; Ridge-Oracle is not above it beyond the interval: these bins bring nothing "
       "that "
       "random groups do not.",
       "；Ridge（完美路由）并未超出区间地高于它：这样的分箱没有带来随机分组之外的好处。"},
      {"; Ridge-Oracle is above it because of what the bins are, not because there are "
       "several.",
       "；Ridge（完美路由）高于它，原因在于分箱本身，而不在于模型有多个。"},
      {"; Ridge-Oracle has no score to hold against it.",
       "；Ridge（完美路由）没有可与之比较的分数。"},
  };
  const saying *said = &sayings[sign_of(gain)];
  hr_text_append(note, "%s", b->chinese ? said->chinese : said->english);
}

/* Why a control has no numbers. */
static void append_reason(builder *b, const hr_node *control, const char *name,
                          hr_text *note) {
  const char *why = hr_node_text(b->reader, control, "note");
  const char *usual =
      b->chinese ? "没有可供评分的行" : "there are no rows to score it on";
  hr_append_method_markdown(b->reader, name, note);
  hr_text_append(note, "%s", b->chinese ? "：" : ": ");
  hr_notes_append(why[0] ? why : usual, b->chinese, note);
  hr_text_append(note, "%s", b->chinese ? "。" : ".");
}

static hr_status add_note(builder *b, const hr_text *note, hr_error *err) {
  hr_status status = hr_text_status(note, err);
  if (status != HR_OK) return status;
  return hr_strings_append(&b->table->notes, note->bytes, err);
}

static hr_status add_placebo(builder *b, const hr_node *control, hr_error *err) {
  static const char name[] = "placebo";
  const hr_estimate none = {(double)NAN, (double)NAN, (double)NAN};
  hr_status status = HR_OK;
  hr_text note;
  hr_text_init(&note);
  hr_estimate r2 = hr_node_estimate(b->reader, control, "r2_pooled", "r2_pooled_ci");
  bool compared = !isnan(r2.value) && json_object_get(control->json, "oracle");
  if (compared) {
    const char *global = hr_node_text(b->reader, control, "global");
    const char *oracle = hr_node_text(b->reader, control, "oracle");
    hr_estimate cut =
        hr_node_estimate(b->reader, control, "partition_gain", "partition_gain_ci");
    hr_estimate gain =
        hr_node_estimate(b->reader, control, "oracle_gain", "oracle_gain_ci");
    HR_TRY(add_row(b, global, pooled_r2(b, global), NULL, none, err));
    HR_TRY(add_row(b, name, r2, global, cut, err));
    HR_TRY(add_row(b, oracle, pooled_r2(b, oracle), name, gain, err));
    hr_text_append(&note, "%s",
                   b->chinese ? "安慰剂：以与分箱同样大小的随机分组代替分箱；"
                              : "The placebo has random groups of the bins' sizes in "
                                "place of the bins: ");
    append_partition(b, cut, &note);
    append_bins(b, gain, &note);
  } else {
    HR_TRY(add_row(b, name, r2, NULL, none, err));
    append_reason(b, control, name, &note);
  }
  HR_TRY(add_note(b, &note, err));
cleanup:
  hr_text_fini(&note);
  return status;
}

/* Who of this run knows the error of a spectrum. */
static void append_who_knows(builder *b, hr_text *note) {
  hr_node root = hr_reader_root(b->reader);
  hr_node experts = hr_node_list(b->reader, &root, "experts");
  size_t count = 0;
  bool is_unknown = false;
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(b->reader, &experts, e);
    if (hr_expert_is_of_predictions(b->reader, &expert)) is_unknown = true;
    if (!json_is_true(json_object_get(expert.json, "uses_error"))) continue;
    if (strcmp(hr_node_text(b->reader, &expert, "status"), "ok") != 0) continue;
    const char *before = count++ > 0  ? (b->chinese ? "、" : ", ")
                         : b->chinese ? "知道误差的专家："
                                      : "It is known (uses_error: yes) to ";
    hr_text_append(note, "%s", before);
    hr_append_markdown(hr_expert_title(b->reader, &expert), note);
  }
  static const char *const endings[3][2] = {
      {"No expert here knows it.", "本次运行没有专家使用误差。"},
      {"None of the study's own experts knows it.", "本研究自己的专家都不使用误差。"},
      {", to weigh by and never as an input.", "；误差只用作权重，从不作为输入。"}};
  hr_text_append(note, "%s", endings[count > 0 ? 2 : is_unknown][b->chinese]);
  if (!is_unknown) return;
  hr_text_append(note, "%s",
                 b->chinese ? "给出预测的外来模型是否使用误差，无从得知。"
                            : " Whether models from elsewhere that are given by their "
                              "predictions know it is not known here.");
}

/* "0.6165 [0.6025, 0.6302]" */
static void append_r2(hr_estimate r2, hr_text *note) {
  char buffer[HR_CELL_BYTES];
  hr_cell cell = {.value = r2.value, .low = r2.low, .high = r2.high};
  hr_text_append(note, "%s", hr_format_cell(HR_CELL_SCORE_RANGE, &cell, buffer));
}

static void append_warning(builder *b, hr_estimate r2, hr_text *note) {
  hr_node root = hr_reader_root(b->reader);
  hr_node experiment = hr_node_object(b->reader, &root, "experiment");
  const char *target = hr_node_text(b->reader, &experiment, "target");
  hr_text_append(note,
                 b->chinese ? "警告：仅凭误差、不看流量就能预测 %s，R² 为 "
                            : "Warning: the error alone, without the flux, predicts %s "
                              "with an R² of ",
                 target);
  append_r2(r2, note);
  hr_text_append(
      note, "%s",
      b->chinese ? "（Ridge，以误差为输入）。"
                   "光子噪声使误差随流量而变，因此这在一定程度上是预料之中的，"
                   "在误差本身没有噪声的模拟数据中尤其如此；但若有专家把误差当作输入，"
                   "就等于直接读取答案。"
                 : " (a Ridge on summaries of the error). Photon noise makes the error "
                   "follow the flux, so some of this is expected, and more in simulated "
                   "data, whose errors are themselves free of noise; but an expert that "
                   "took the error as an input would read the answer. ");
  append_who_knows(b, note);
}

static hr_status add_leakage(builder *b, const hr_node *control, hr_error *err) {
  static const char name[] = "leakage";
  const hr_estimate none = {(double)NAN, (double)NAN, (double)NAN};
  hr_status status = HR_OK;
  hr_text note;
  hr_text_init(&note);
  hr_estimate r2 = hr_node_estimate(b->reader, control, "r2_pooled", "r2_pooled_ci");
  double threshold = hr_node_number(b->reader, control, "threshold");
  HR_TRY(add_row(b, name, r2, NULL, none, err));
  if (isnan(r2.value)) {
    append_reason(b, control, name, &note);
  } else if (hr_node_bool(b->reader, control, "warning")) {
    append_warning(b, r2, &note);
  } else {
    hr_text_append(&note,
                   b->chinese ? "仅凭误差不足以预测标签：其 R² 的区间并未整个高于 %.6g。"
                              : "The error alone does not give the label away: the "
                                "interval of its R² is not wholly above %.6g.",
                   threshold);
  }
  HR_TRY(add_note(b, &note, err));
cleanup:
  hr_text_fini(&note);
  return status;
}

hr_status hr_table_controls_init(hr_table *table, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  builder b = {table, reader, hr_tables_in_chinese(reader)};
  hr_node root = hr_reader_root(reader);
  HR_TRY(begin(table, reader, err));
  if (!json_is_object(json_object_get(root.json, "controls"))) goto cleanup;
  hr_node controls = hr_node_object(reader, &root, "controls");
  if (!hr_node_is_null(&controls, "placebo")) {
    hr_node control = hr_node_object(reader, &controls, "placebo");
    HR_TRY(add_placebo(&b, &control, err));
  }
  if (!hr_node_is_null(&controls, "leakage")) {
    hr_node control = hr_node_object(reader, &controls, "leakage");
    HR_TRY(add_leakage(&b, &control, err));
  }
cleanup:
  return status;
}
