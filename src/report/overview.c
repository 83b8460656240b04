/* The first paragraphs of a report, and those on its data. */
#include "report/overview.h"

#include <string.h>

#include "core/field.h"
#include "data/bad_files.h"
#include "report/table.h"
#include "report/tables.h"

/* Those that may be chosen. */
static void append_experts(hr_reader *reader, const hr_node *experts, hr_text *out) {
  size_t told = 0;
  for (size_t i = 0; i < hr_node_count(experts); i++) {
    hr_node expert = hr_node_item(reader, experts, i);
    if (!hr_expert_competes(&expert)) continue;
    hr_text_append(out, "%s", told++ > 0 ? hr_say(reader, ", ", "、") : "");
    hr_append_markdown(hr_expert_title(reader, &expert), out);
  }
  if (told > 0) return;
  hr_text_append(out, "%s",
                 hr_say(reader,
                        "none, as a model from elsewhere that was not validated is "
                        "judged and chosen for nothing",
                        "无，因为未经验证的外来模型只受评判，不参与选择"));
}

/* "`log_g` (dex)". */
static void append_target(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  hr_text_append(out, "`%s`", hr_node_text(reader, &experiment, "target"));
  const char *unit =
      hr_node_has(&experiment, "unit") ? hr_node_text(reader, &experiment, "unit") : "";
  if (unit[0]) {
    hr_text_append(out, hr_say(reader, " (%s)", "（%s）"), unit);
  } else {
    hr_text_append(out, "%s", hr_say(reader, "", " ")); /* between scripts */
  }
}

/* What the words mean; who chooses, where that is the test rows. */
static void tell_how_to_read(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  bool by_test = strcmp(hr_node_text(reader, &selection, "by"), "test") == 0;
  hr_text_append(
      out,
      hr_say(
          reader,
          "**How to read it.** R² is the share of the variance of the truth that is "
          "predicted: 1 is perfect, 0 no better than the mean. \"Covered\" rows are "
          "test stars inside the bins. \"Oracle\" and \"perfect routing\" mean that a "
          "star's true bin is known, as it never is of a new star; a \"gate\" sees the "
          "spectrum alone, so what it routes is what can be deployed. The \"hybrid\" "
          "takes for each bin the expert that validation%s chose there; a \"global\" "
          "model is one for all stars.\n\n",
          "**读法。** R² 为真值方差中被预测的比例：1 为完美，0 不优于均值。“已覆盖”的行"
          "指分箱之内的测试恒星。“完美路由”（Oracle）指已知恒星的真实分箱，而新恒星"
          "的真实分箱总是未知的；门控只看光谱，因此由它路由的才是可实际部署的。混合专家（"
          "hybrid）在"
          "每个分箱采用验证%s"
          "所选的专家；全局（global）模型是所有恒星共用的单一模型。\n\n"),
      !by_test ? ""
               : hr_say(reader, ", or where it is called \"(test)\" the test rows,",
                        "（标明“按测试行选择”者为测试行）"));
}

void hr_overview_ask(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  hr_node experts = hr_node_list(reader, &root, "experts");
  hr_text_append(out, "%s",
                 hr_say(reader, "**The question.** How well is ", "**问题。** "));
  append_target(reader, out);
  hr_text_append(
      out,
      hr_say(reader,
             " predicted from spectra by specialists, each trained on one of %zu bins of "
             "stars, how much of that is the mixture's and not a better model's, and how "
             "far is it from what the noise allows? Experts that compete: ",
             "由专家分工（%zu 个分箱，每箱各训练一个模型）从光谱预测，能有多准？其中多少"
             "归功于混合，而非更好的模型？距噪声所允许的上限还有多远？参与竞争的专家："),
      hr_node_count(&bins));
  append_experts(reader, &experts, out);
  hr_text_append(out, "%s\n\n", hr_say(reader, ".", "。"));
  tell_how_to_read(reader, out);
}

/* "a.h5, b.h5 and 7 more". */
static void append_files(hr_reader *reader, const json_t *files, hr_text *out) {
  enum { NAMED = 3 };
  size_t count = json_array_size(files);
  for (size_t i = 0; i < count && i < NAMED; i++) {
    const char *path = json_string_value(json_array_get(files, i));
    hr_text_append(out, "%s`%s`", i > 0 ? hr_say(reader, ", ", "、") : "",
                   path ? path : "");
  }
  if (count > NAMED) {
    hr_text_append(out, hr_say(reader, " and %zu more", "及另外 %zu 个文件"),
                   count - NAMED);
  }
}

static void append_noise(hr_reader *reader, const hr_node *data, hr_text *out) {
  hr_node noise = hr_node_object(reader, data, "noise");
  char level[HR_FIELD_NUMBER_BYTES];
  bool is_stored = strcmp(hr_node_text(reader, &noise, "test"), "stored") == 0;
  hr_field_format_number(hr_node_number(reader, &noise, "level"), level);
  hr_text_append(
      out,
      hr_say(reader,
             "Noise of %s times the error is added to the training spectra (seed %.0f); "
             "that of the test spectra %s. ",
             "训练光谱加入标准差为误差 %s 倍的噪声（种子 %.0f）；测试光谱的噪声%s。"),
      level, hr_node_number(reader, &noise, "seed"),
      is_stored
          ? hr_say(reader, "is the one stored in the file", "已在文件之中，不再另加")
          : hr_say(reader, "is drawn in the same way", "以同样方式生成"));
}

/* "This report: Headroom 0.1.0 on 2026-11-28.": when the run began. */
static void append_origin(hr_reader *reader, const hr_node *data, hr_text *out) {
  enum { DAY = 10 }; /* characters, before the time */
  const char *version = hr_node_text(reader, data, "version");
  bool is_dated = strlen(reader->started) > DAY;
  if (hr_tables_in_chinese(reader)) {
    hr_text_append(out, "本报告由 Headroom %s ", version);
    if (is_dated) hr_text_append(out, "于 %.*s ", DAY, reader->started);
    hr_text_append(out, "生成。\n\n");
    return;
  }
  hr_text_append(out, "This report: Headroom %s", version);
  if (is_dated) hr_text_append(out, " on %.*s", DAY, reader->started);
  hr_text_append(out, ".\n\n");
}

/* "`T_eff`, `log_g`" */
static void append_names(hr_reader *reader, const json_t *names, hr_text *out) {
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    hr_text_append(out, "%s`%s`", i > 0 ? hr_say(reader, ", ", "、") : "",
                   name ? name : "");
  }
}

/* Of the labels of a set that tables gave: which, by what, and of how many rows. */
static void append_given(hr_reader *reader, const hr_node *labels, const char *set,
                         hr_text *out) {
  if (!hr_node_has(labels, set)) return;
  bool training = strcmp(set, "train") == 0;
  hr_node entry = hr_node_object(reader, labels, set);
  double without = hr_node_number(reader, &entry, "without_line");
  double left_out = hr_node_number(reader, &entry, "left_out");
  const char *id = hr_node_text_or_null(reader, &entry, "id");
  hr_text_append(
      out, hr_say(reader, "Of the %.0f %s spectra, ", "%.0f 条%s光谱的 "),
      hr_node_number(reader, &entry, "rows"),
      training ? hr_say(reader, "training", "训练") : hr_say(reader, "test", "测试"));
  append_names(reader, hr_node_list(reader, &entry, "names").json, out);
  hr_text_append(out, "%s", hr_say(reader, " come from ", " 取自 "));
  append_files(reader, hr_node_list(reader, &entry, "tables").json, out);
  if (id) {
    hr_text_append(out, hr_say(reader, ", joined by `%s`", "，按 `%s` 对应"), id);
  } else {
    hr_text_append(out, "%s", hr_say(reader, ", joined by rows", "，按行对应"));
  }
  hr_text_append(out,
                 hr_say(reader, "; without a line there: %.0f", "；表中无对应行者：%.0f"),
                 without);
  hr_text_append(
      out,
      hr_say(reader, ", left out without a label: %.0f. ", "，因无标签而略去：%.0f。"),
      left_out);
}

static void append_labels(hr_reader *reader, const hr_node *data, hr_text *out) {
  if (!hr_node_has(data, "labels")) return;
  hr_node labels = hr_node_object(reader, data, "labels");
  append_given(reader, &labels, "train", out);
  append_given(reader, &labels, "test", out);
}

/* How well the velocities of the test rows are known, where they were measured. */
static void append_measured(hr_reader *reader, const hr_node *rv, hr_text *out) {
  if (!hr_node_has(rv, "test")) return;
  hr_node test = hr_node_object(reader, rv, "test");
  double rows = hr_node_number(reader, &test, "rows");
  double flagged = hr_node_number(reader, &test, "none") +
                   hr_node_number(reader, &test, "edge") +
                   hr_node_number(reader, &test, "doubtful");
  hr_text_append(
      out,
      hr_say(reader,
             "Of %.0f test rows %.0f are flagged: no velocity, one at an end "
             "of the range, or one of several. ",
             "%.0f 个测试行中 %.0f 行被标记：无速度、位于范围端点，或并非唯一。"),
      rows, flagged);
  if (!(hr_node_number(reader, &test, "compared") > 0)) return;
  hr_text_append(
      out,
      hr_say(reader,
             "Those without a flag scatter by %s km/s about the label rv, %s "
             "of their own sigma, off by %s km/s. ",
             "未标记者相对标签 rv 的弥散为 %s km/s（自身 sigma 的 %s 倍），偏差 %s "
             "km/s。"),
      HR_DECIMALS(hr_node_number(reader, &test, "scatter"), 2),
      HR_DECIMALS(hr_node_number(reader, &test, "pull"), 2),
      HR_DECIMALS(hr_node_number(reader, &test, "bias"), 2));
}

static void append_velocities(hr_reader *reader, const hr_node *data, hr_text *out) {
  if (!hr_node_has(data, "rv")) return;
  hr_node rv = hr_node_object(reader, data, "rv");
  const char *how = hr_node_text(reader, &rv, "how");
  hr_text_append(out, "%s",
                 hr_say(reader, "All spectra were brought to rest, by ",
                        "全部光谱已移至静止系，速度取自"));
  if (strcmp(how, "fit") == 0) {
    hr_text_append(
        out, "%s",
        hr_say(reader, "velocities measured with the model grid", "模型网格拟合"));
  } else {
    hr_text_append(out, hr_say(reader, "the label %s", "标签 %s"), how);
  }
  hr_text_append(out, hr_say(reader, ", from %s to %s km/s. ", "，范围 %s 至 %s km/s。"),
                 HR_DECIMALS(hr_node_number(reader, &rv, "low"), 0),
                 HR_DECIMALS(hr_node_number(reader, &rv, "high"), 0));
  append_measured(reader, &rv, out);
}

void hr_overview_tell_data(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "data")) return;
  hr_node data = hr_node_object(reader, &root, "data");
  hr_node train = hr_node_list(reader, &data, "train");
  hr_node test = hr_node_list(reader, &data, "test");
  hr_text_append(out, "%s", hr_say(reader, "Trained on ", "训练数据："));
  append_files(reader, train.json, out);
  hr_text_append(out, "%s", hr_say(reader, "; tested on ", "；测试数据："));
  append_files(reader, test.json, out);
  hr_text_append(out,
                 hr_say(reader, ". A spectrum has %.0f pixels from %s to %s Å. ",
                        "。每条光谱 %.0f 个像素，波长 %s 至 %s Å。"),
                 hr_node_number(reader, &data, "pixels"),
                 HR_DECIMALS(hr_node_number(reader, &data, "first_wavelength"), 1),
                 HR_DECIMALS(hr_node_number(reader, &data, "last_wavelength"), 1));
  append_labels(reader, &data, out);
  append_noise(reader, &data, out);
  append_velocities(reader, &data, out);
  hr_text_append(
      out,
      hr_say(reader,
             "Validation holds out training rows, in %.0f folds where a method can. ",
             "验证时留出训练行，可做交叉验证的专家分 %.0f 折。"),
      hr_node_number(reader, &data, "folds"));
  append_origin(reader, &data, out);
}

void hr_overview_tell_edges(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "binning")) return;
  hr_node binning = hr_node_object(reader, &root, "binning");
  hr_node axes = hr_node_list(reader, &binning, "axes");
  if (hr_node_count(&axes) == 0) return;
  hr_text_append(out, "%s", hr_say(reader, "Edges of the bins: ", "分箱边界："));
  for (size_t a = 0; a < hr_node_count(&axes); a++) {
    hr_node axis = hr_node_item(reader, &axes, a);
    hr_node edges = hr_node_list(reader, &axis, "edges");
    const char *unit = hr_node_text(reader, &axis, "unit");
    hr_text_append(out, "%s`%s` ", a > 0 ? hr_say(reader, "; ", "；") : "",
                   hr_node_text(reader, &axis, "label"));
    for (size_t e = 0; e < hr_node_count(&edges); e++) {
      char number[HR_FIELD_NUMBER_BYTES];
      hr_field_format_number(json_number_value(json_array_get(edges.json, e)), number);
      bool is_negative = number[0] == '-';
      hr_text_append(out, "%s%s%s", e > 0 ? hr_say(reader, ", ", "、") : "",
                     is_negative ? "−" : "", number + is_negative);
    }
    if (unit[0]) hr_text_append(out, " %s", unit);
  }
  hr_text_append(out, "%s\n\n",
                 hr_say(reader,
                        "; a bin begins with its lower edge and ends before its upper "
                        "one, which only the last of an axis includes.",
                        "；分箱含下边界、不含上边界，只有每个坐标轴的最后一箱含两端。"));
}

void hr_overview_tell_bad_files(hr_reader *reader, const char *set, hr_text *out) {
  hr_bad_files files = {0};
  hr_node root = hr_reader_root(reader);
  hr_node parent = hr_node_object(reader, &root, "preparation");
  hr_node node = hr_node_object(reader, &parent, set);
  if (!hr_node_has(&node, "bad_files")) return;
  hr_node list = hr_node_list(reader, &node, "bad_files");
  for (size_t i = 0; i < hr_node_count(&list); i++) {
    hr_node file = hr_node_item(reader, &list, i);
    hr_status status =
        hr_bad_files_add(&files, hr_node_text(reader, &file, "file"),
                         (uint64_t)hr_node_number(reader, &file, "bad_pixels"),
                         (uint64_t)hr_node_number(reader, &file, "pixels"), NULL);
    if (status != HR_OK) out->status = status;
  }
  if (files.count > 0) {
    hr_text told;
    hr_text_init(&told);
    hr_bad_files_describe(&files, hr_tables_in_chinese(reader), &told);
    hr_text_append(out, "%s", hr_say(reader, "Bad pixels by file: ", "各文件的坏像素："));
    if (told.bytes) hr_append_markdown(told.bytes, out);
    hr_text_append(out, "%s\n\n", hr_say(reader, ".", "。"));
    if (told.status != HR_OK) out->status = told.status;
    hr_text_fini(&told);
  }
  hr_bad_files_fini(&files);
}
