/* Calibration in words. */
#include "report/markdown_calibration.h"

#include <math.h>
#include <string.h>

#include "report/calibration.h"
#include "report/words.h"

static void append_estimate(hr_text *out, hr_estimate estimate) {
  char buffer[HR_CELL_BYTES];
  hr_cell cell = {NULL, NULL, estimate.value, estimate.low, estimate.high, 0};
  hr_text_append(out, "%s", hr_format_cell(HR_CELL_SCORE_RANGE, &cell, buffer));
}

static void append_measure(hr_reader *reader, const hr_node *entry,
                           hr_calibration_measure measure, hr_text *out) {
  append_estimate(out, hr_calibration_read(reader, entry, measure));
}

/* What shares within the intervals are of, and what follows on mean chi2. */
static void append_rows(hr_reader *reader, const hr_node *entry, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  bool has_intervals = !hr_node_is_null(entry, "within_half68");
  if (has_intervals && hr_calibration_is_in_part(reader, entry)) {
    hr_text_append(out,
                   chinese ? "（测试光谱中有区间的 %.0f 行）；%.0f 行的平均 χ² 为 "
                           : " of the %.0f test rows that have intervals; the mean χ² of "
                             "%.0f rows is ",
                   hr_calibration_half_rows(reader, entry),
                   hr_node_number(reader, entry, "n"));
    return;
  }
  hr_text_append(out,
                 chinese ? "（%.0f 行测试光谱）；平均 χ² 为 "
                         : " of %.0f test rows; its mean χ² is ",
                 hr_node_number(reader, entry, "n"));
}

/* The headline's intervals, and its mean chi2. */
static void write_headline(hr_reader *reader, const hr_calibration_shown *shown,
                           hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  const hr_node *entry = &shown->entry[0];
  hr_append_method_markdown(reader, shown->name[0], out);
  if (hr_node_is_null(entry, "within_half68")) {
    hr_text_append(out, "%s", chinese ? "：1 σ 之内占 " : ": within 1 σ are ");
    append_measure(reader, entry, HR_WITHIN_1_SIGMA, out);
  } else {
    hr_text_append(out, "%s",
                   chinese ? "：其 68 % 区间覆盖 " : ": its 68 % interval holds ");
    append_measure(reader, entry, HR_WITHIN_HALF68, out);
    hr_text_append(out, "%s", chinese ? "，95 % 区间覆盖 " : ", its 95 % interval ");
    append_measure(reader, entry, HR_WITHIN_HALF95, out);
  }
  append_rows(reader, entry, out);
  append_measure(reader, entry, HR_MEAN_CHI2, out);
  hr_text_append(out, "%s",
                 chinese ? "。若 σ 可信，应为 0.6827、0.9545 与 1。\n\n"
                         : ". Of an honest σ 0.6827, 0.9545 and 1 are expected.\n\n");
}

/* The mean chi2 that a verdict is about: of sigma too large that of the rows that are not
 * far, which have made it. */
static hr_estimate read_chi2(hr_reader *reader, const hr_node *entry, bool is_small) {
  const double none = (double)NAN;
  if (is_small || !hr_node_has(entry, "far")) {
    return hr_calibration_read(reader, entry, HR_MEAN_CHI2);
  }
  hr_node far = hr_node_object(reader, entry, "far");
  return (hr_estimate){hr_node_number(reader, &far, "chi2_without"), none, none};
}

/* Whether the mean chi2 says the other thing than the interval: then the errors' tails,
 * not their size, are what sigma has not learnt. */
static bool is_of_intervals(double chi2, bool is_small) {
  return is_small ? chi2 < 1 : chi2 > 1;
}

static void append_what_is_off(hr_reader *reader, bool is_small, bool is_interval,
                               hr_text *out) {
  static const char *const words[2][2][2] = {
      {{" is too large**: its mean χ² is ", " 的 σ 偏大**：平均 χ² 为 "},
       {" are too wide**: its mean χ² is ", " 的区间偏宽**：平均 χ² 为 "}},
      {{" is too small**: its mean χ² is ", " 的 σ 偏小**：平均 χ² 为 "},
       {" are too narrow**: its mean χ² is ", " 的区间偏窄**：平均 χ² 为 "}}};
  hr_text_append(out, "%s", words[is_small][is_interval][hr_tables_in_chinese(reader)]);
}

/* Whether a method is of an expert that was trained elsewhere, which states its sigma. */
static bool is_elsewhere(hr_reader *reader, const char *method) {
  hr_listed listed = hr_listed_of(reader, method);
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    bool is_own = strcmp(hr_node_text(reader, &expert, "name"), listed.expert) == 0;
    if (is_own) return hr_expert_is_elsewhere(reader, &expert);
  }
  return false;
}

/* What a verdict means, and where it may come from. */
static const char *tell_meaning(bool is_small, bool is_stated, bool chinese) {
  if (!is_small) {
    return chinese ? "。其预测比它所说的更可靠。"
                   : ". Its predictions are better than it says.";
  }
  if (is_stated) {
    return chinese ? "。其预测不如它所说的可靠。"
                   : ". Its predictions are not as good as it says.";
  }
  return chinese ? "。其预测不如它所说的可靠：光谱误差偏小，测试恒星与训练恒星不"
                   "同，或门控把恒星交给了不认识它们的模型。"
                 : ". Its predictions are not as good as it says: the errors of "
                   "the spectra are too small, the test stars are unlike the "
                   "training stars or, where a gate routes, it sends stars to "
                   "models that do not know them.";
}

/* The share within the 68 % interval, which a verdict is about, too. */
static void append_share(hr_reader *reader, const hr_node *entry, bool is_interval,
                         hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  bool in_part = hr_calibration_is_in_part(reader, entry);
  if (hr_node_is_null(entry, "within_half68")) return;
  hr_text_append(out, "%s",
                 chinese ? (is_interval ? "，但 68 % 区间覆盖 " : "，68 % 区间覆盖 ")
                 : is_interval ? ", but its 68 % interval holds "
                               : ", and its 68 % interval holds ");
  append_measure(reader, entry, HR_WITHIN_HALF68, out);
  if (in_part) {
    hr_text_append(out,
                   chinese ? "（有区间的 %.0f 行）" : " of the %.0f rows that have one",
                   hr_calibration_half_rows(reader, entry));
  } else {
    hr_text_append(out, "%s", chinese ? "" : " of the rows");
  }
}

static void warn_of_method(hr_reader *reader, const hr_node *entry, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  const char *verdict = hr_node_text_or_null(reader, entry, "verdict");
  bool is_small = verdict && strcmp(verdict, "sigma_too_small") == 0;
  if (!hr_node_bool(reader, entry, "warning")) return;
  hr_estimate chi2 = read_chi2(reader, entry, is_small);
  bool is_interval = is_of_intervals(chi2.value, is_small);
  size_t before = out->length;
  hr_text_append(out, "%s",
                 chinese       ? "**警告："
                 : is_interval ? "**Warning: the intervals of "
                               : "**Warning: the σ of ");
  hr_append_method_markdown(reader, hr_node_text(reader, entry, "method"), out);
  append_what_is_off(reader, is_small, is_interval, out);
  hr_words_close_up(out, before);
  append_estimate(out, chi2);
  if (!is_small && hr_node_has(entry, "far")) {
    hr_text_append(out, "%s",
                   chinese ? "（不计离真值超过十个 σ 的行）"
                           : " without the rows more than ten σ from the truth");
  }
  append_share(reader, entry, is_interval, out);
  bool is_stated = is_elsewhere(reader, hr_node_text(reader, entry, "method"));
  hr_text_append(out, "%s\n\n", tell_meaning(is_small, is_stated, chinese));
}

/* Where the ranks are uniform, or (`warnings`) where they are not. */
static void write_ranks(hr_reader *reader, const hr_node *root, bool warnings,
                        hr_text *out) {
  if (!hr_node_has(root, "sbc")) return;
  bool chinese = hr_tables_in_chinese(reader);
  hr_node sbc = hr_node_object(reader, root, "sbc");
  bool is_off = hr_node_bool(reader, &sbc, "warning");
  if (hr_node_is_null(&sbc, "p") || is_off != warnings) return;
  if (is_off) hr_text_append(out, "%s", chinese ? "**警告：" : "**Warning: ");
  hr_append_method_markdown(reader, hr_node_text(reader, &sbc, "expert"), out);
  hr_text_append(out,
                 chinese ? "：真值在 %.0f 颗测试恒星各 %.0f 次后验抽样中的秩%s"
                           "（χ² = %.1f，p = %.2g）。\n\n"
                         : ": the ranks of the truth among its draws (%.0f test stars, "
                           "%.0f draws each) are %s (χ² = %.1f, p = %.2g).\n\n",
                 hr_node_number(reader, &sbc, "rows"),
                 hr_node_number(reader, &sbc, "draws"),
                 is_off ? (chinese ? "并不均匀**" : "not uniform**")
                        : (chinese ? "是均匀的" : "uniform"),
                 hr_node_number(reader, &sbc, "chi2"), hr_node_number(reader, &sbc, "p"));
}

void hr_markdown_summarise_calibration(hr_reader *reader, hr_text *out) {
  hr_calibration_shown shown;
  hr_calibration_find(reader, &shown);
  if (shown.count > 0 && !hr_node_is_null(&shown.entry[0], "chi2")) {
    write_headline(reader, &shown, out);
  }
  write_ranks(reader, &shown.root, false, out);
}

/* One paragraph of all methods that have rows no honest sigma leaves. */
static void warn_of_far_rows(hr_reader *reader, const hr_node *methods, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  size_t told = 0;
  for (size_t m = 0; m < hr_node_count(methods); m++) {
    hr_node entry = hr_node_item(reader, methods, m);
    if (!hr_node_has(&entry, "far")) continue;
    hr_node far = hr_node_object(reader, &entry, "far");
    double rows = hr_node_number(reader, &far, "rows");
    const char *first = chinese
                            ? "**警告：有测试行离真值超过十个 σ**："
                            : "**Warning: test rows more than ten σ from the truth**: ";
    hr_text_append(out, "%s", told++ == 0 ? first : chinese ? "；" : "; ");
    hr_append_method_markdown(reader, hr_node_text(reader, &entry, "method"), out);
    hr_text_append(out,
                   chinese ? " %.0f 行（最远为 `predictions.csv` 第 %.0f 行，%.2g σ）"
                   : rows > 1 ? " %.0f rows (the farthest row %.0f of `predictions.csv`, "
                                "%.2g σ)"
                              : " %.0f row (row %.0f of `predictions.csv`, %.2g σ)",
                   rows, hr_node_number(reader, &far, "row"),
                   hr_node_number(reader, &far, "sigmas"));
  }
  if (told == 0) return;
  hr_text_append(out, "%s\n\n",
                 chinese
                     ? "。平均 χ² 说的是这些行：请查看其光谱与标签。"
                     : ". The mean χ² tells of them: look at their spectra and labels.");
}

void hr_markdown_warn_of_calibration(hr_reader *reader, hr_text *out) {
  hr_calibration_shown shown;
  hr_calibration_find(reader, &shown);
  for (size_t m = 0; shown.methods.json && m < hr_node_count(&shown.methods); m++) {
    hr_node entry = hr_node_item(reader, &shown.methods, m);
    warn_of_method(reader, &entry, out);
  }
  if (shown.methods.json) warn_of_far_rows(reader, &shown.methods, out);
  write_ranks(reader, &shown.root, true, out);
}

/* Where the sigma of all predictions come from. */
static const char *tell_source(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  bool has_elsewhere = false;
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    has_elsewhere = has_elsewhere || hr_expert_is_elsewhere(reader, &expert);
  }
  if (has_elsewhere) {
    return hr_say(
        reader,
        "A prediction of the study's own experts has a σ and the half-widths of "
        "two intervals, learnt by signal-to-noise ratio from validation on "
        "training rows; the posterior's σ is its own. A model from elsewhere "
        "states its σ itself, where it has one, and has no half-widths: a "
        "share within an interval is of the rows that have one.",
        "本研究自己的专家的预测都带有 σ 和两个半宽，由训练行的验证残差按信噪比"
        "学得；后验的 σ 由其自身的方差给出。在别处训练的模型若有 σ，则由其自行"
        "声明，且没有半宽：区间覆盖率只就有区间的行而言。");
  }
  return hr_say(
      reader,
      "Every prediction has a σ and the half-widths of two intervals, learnt by "
      "signal-to-noise ratio from validation on training rows; the posterior's "
      "σ is its own.",
      "每个预测都带有 σ 和两个半宽，由训练行的验证残差按信噪比学得；"
      "后验的 σ 由其自身的方差给出。");
}

void hr_markdown_write_calibration(hr_reader *reader, const hr_tables *tables,
                                   hr_text *out) {
  static const hr_table_id ids[] = {HR_TABLE_CALIBRATION, HR_TABLE_CALIBRATION_SNR,
                                    HR_TABLE_CALIBRATION_BINS};
  if (tables->items[HR_TABLE_CALIBRATION].row_count == 0) return;
  hr_text_append(out,
                 hr_say(reader,
                        "**Can σ be trusted?** %s These tables count how often the truth "
                        "of a test row is within them.\n\n",
                        "**σ 可信吗。** %s下表数一数测试行中真值有多少落在其内。\n\n"),
                 tell_source(reader));
  for (size_t t = 0; t < sizeof ids / sizeof *ids; t++) {
    const hr_table *table = &tables->items[ids[t]];
    if (table->row_count > 0) hr_table_write_markdown(table, out);
  }
}
