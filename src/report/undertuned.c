/* One sentence for all slots of an expert at the same end: which, and what to do. */
#include "report/undertuned.h"

#include <math.h>
#include <string.h>

#include "core/field.h"
#include "report/settings.h"
#include "report/tables.h"

/* The slots of an expert at an end, among those of the results. */
typedef struct slots {
  const hr_node *list;
  const char *expert, *end;
} slots;

static bool is_of(hr_reader *reader, const slots *s, size_t i) {
  hr_node entry = hr_node_item(reader, s->list, i);
  return strcmp(hr_node_text(reader, &entry, "expert"), s->expert) == 0 &&
         strcmp(hr_node_text(reader, &entry, "at_end"), s->end) == 0;
}

/* "bins 0, 2 and the global model". */
static void append_slots(hr_reader *reader, const slots *s, bool chinese, hr_text *out) {
  size_t bins = 0;
  bool has_global = false;
  hr_text numbers;
  hr_text_init(&numbers);
  for (size_t i = 0; i < hr_node_count(s->list); i++) {
    hr_node entry = hr_node_item(reader, s->list, i);
    if (!is_of(reader, s, i)) continue;
    bool is_bin = hr_node_has(&entry, "bin");
    has_global = has_global || !is_bin;
    if (!is_bin) continue;
    hr_text_append(&numbers, "%s%.0f",
                   bins++ == 0 ? ""
                   : chinese   ? "、"
                               : ", ",
                   hr_node_number(reader, &entry, "bin"));
  }
  if (bins > 0) {
    const char *word = chinese ? "分箱 " : bins == 1 ? "bin " : "bins ";
    hr_text_append(out, "%s%s", word, numbers.bytes ? numbers.bytes : "");
  }
  if (bins > 0 && has_global) hr_text_append(out, "%s", chinese ? "与" : " and ");
  if (has_global) hr_text_append(out, "%s", chinese ? "全局模型" : "the global model");
  hr_text_fini(&numbers);
}

/* The title of an expert. */
static const char *title_of(hr_reader *reader, const hr_node *experts, const char *name) {
  for (size_t e = 0; e < hr_node_count(experts); e++) {
    hr_node expert = hr_node_item(reader, experts, e);
    if (strcmp(hr_node_text(reader, &expert, "name"), name) == 0) {
      return hr_expert_title(reader, &expert);
    }
  }
  return name;
}

/* The outermost α of the slots, as that is how far the list went. */
static void append_bound(hr_reader *reader, const slots *s, hr_text *out) {
  double bound = (double)NAN;
  bool is_small = strcmp(s->end, "smallest") == 0;
  char number[HR_FIELD_NUMBER_BYTES];
  for (size_t i = 0; i < hr_node_count(s->list); i++) {
    hr_node entry = hr_node_item(reader, s->list, i);
    if (!is_of(reader, s, i)) continue;
    double alpha = hr_node_number(reader, &entry, "alpha");
    if (isnan(bound) || (is_small ? alpha < bound : alpha > bound)) bound = alpha;
  }
  hr_field_format_number(bound, number);
  hr_text_append(out, "%s", number);
}

/* Of a list that went on by itself, as far as it may. */
static void append_widened(hr_reader *reader, const slots *s, bool is_baseline,
                           hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader), is_small = strcmp(s->end, "smallest") == 0;
  hr_text_append(out,
                 chinese ? "的最佳 α 是所试的最%s值，且验证 R² 仍在升高；列表已由 "
                           "`alpha: auto` 自动放宽至其界限 α = "
                         : " the best α is the %s that was tried, and validation was "
                           "still getting better, although the list was widened to its "
                           "bound by itself (`alpha: auto`), to α = ",
                 chinese ? (is_small ? "小" : "大") : s->end);
  append_bound(reader, s, out);
  if (chinese) {
    hr_text_append(
        out, "。%s可能未调到最佳：%s，或在 `experts.%s.alpha` 中写出越过该值的列表。",
        is_baseline ? "基线" : "该专家",
        is_small
            ? "请查看光谱是否共有一个斜坡之类的形状，使流量的起伏远大于谱线（惩罚以此为"
              "单位；可先将其除去），以及这些行是否过少或近乎无噪"
            : "请查看流量是否有远超其余各行的训练行（`data.reject_outliers: true`）",
        s->expert);
    return;
  }
  hr_text_append(
      out,
      ": %s may be undertuned. %s, or write a list in `experts.%s.alpha` that goes "
      "beyond that.",
      is_baseline ? "the baseline" : "the expert",
      is_small ? "See whether a slope or another shape that all spectra share makes "
                 "the flux vary far more than its lines do (penalties are relative to "
                 "that; divide it out), and whether these rows are few or almost "
                 "without noise"
               : "See whether training rows are far beyond all others "
                 "(`data.reject_outliers: true`)",
      s->expert);
}

/* Of a list that was given. */
static void append_given(hr_reader *reader, const slots *s, bool is_baseline,
                         hr_text *out) {
  bool is_only = strcmp(s->end, "only") == 0, is_small = strcmp(s->end, "smallest") == 0;
  if (hr_tables_in_chinese(reader)) {
    hr_text_append(out,
                   "的%s。%s可能未调到最佳：请放宽 `experts.%s.alpha`，或不写它"
                   "（`alpha: auto`）。",
                   is_only ? " α 只有一个值，未作选择"
                   : is_small ? "最佳 α 是所试的最小值，且验证 R² 仍在升高"
                              : "最佳 α 是所试的最大值，且验证 R² 仍在升高",
                   is_baseline ? "基线" : "该专家", s->expert);
    return;
  }
  hr_text_append(out,
                 "%s: %s may be undertuned. Let `experts.%s.alpha` go on beyond it, "
                 "or leave it out (`alpha: auto`).",
                 is_only ? " there is one α only, so none was chosen"
                 : is_small
                     ? " the best α is the smallest that was tried, and validation was "
                       "still getting better"
                     : " the best α is the largest that was tried, and validation was "
                       "still getting better",
                 is_baseline ? "the baseline" : "the expert", s->expert);
}

static void append_sentence(hr_reader *reader, const slots *s, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  hr_node selection = hr_node_object(reader, &root, "selection");
  bool is_baseline = strcmp(hr_node_text(reader, &selection, "baseline"), s->expert) == 0;
  bool is_auto = strcmp(hr_settings_find(reader, s->expert, "alpha"), "auto") == 0;
  hr_append_markdown(title_of(reader, &experts, s->expert), out);
  hr_text_append(out, "%s", chinese ? "：" : ": in ");
  append_slots(reader, s, chinese, out);
  if (is_auto) {
    append_widened(reader, s, is_baseline, out);
  } else {
    append_given(reader, s, is_baseline, out);
  }
}

static hr_status tell_end(hr_reader *reader, const slots *s, hr_strings *sentences,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_text sentence;
  hr_text_init(&sentence);
  append_sentence(reader, s, &sentence);
  HR_TRY(hr_text_status(&sentence, err));
  HR_TRY(hr_strings_append(sentences, sentence.bytes, err));
cleanup:
  hr_text_fini(&sentence);
  return status;
}

hr_status hr_undertuned_tell(hr_reader *reader, hr_strings *sentences, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "undertuned")) return HR_OK;
  hr_node list = hr_node_list(reader, &root, "undertuned");
  for (size_t i = 0; i < hr_node_count(&list); i++) {
    hr_node entry = hr_node_item(reader, &list, i);
    const slots s = {&list, hr_node_text(reader, &entry, "expert"),
                     hr_node_text(reader, &entry, "at_end")};
    bool is_told = false;
    for (size_t j = 0; j < i && !is_told; j++) is_told = is_of(reader, &s, j);
    if (is_told) continue;
    hr_status status = tell_end(reader, &s, sentences, err);
    if (status != HR_OK) return status;
  }
  return HR_OK;
}
