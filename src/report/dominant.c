/* One paragraph for all methods that the same row outweighs. */
#include "report/dominant.h"

#include <string.h>

#include "report/tables.h"
#include "report/words.h"

static double row_of(hr_reader *reader, const hr_node *list, size_t i) {
  hr_node entry = hr_node_item(reader, list, i);
  return hr_node_number(reader, &entry, "row");
}

/* "Global Ridge (R² 0.9969 without it, -6.550e+05 with it)". */
static void append_method(hr_reader *reader, const hr_node *entry, bool chinese,
                          hr_text *out) {
  hr_append_method_markdown(reader, hr_node_text(reader, entry, "method"), out);
  char with[HR_CELL_BYTES], without[HR_CELL_BYTES];
  hr_cell cell = {.value = hr_node_number(reader, entry, "r2")};
  hr_cell other = {.value = hr_node_number(reader, entry, "r2_without")};
  hr_text_append(out,
                 chinese ? "（R²：含该行 %s，不含 %s）" : " (R² %s with it, %s without)",
                 hr_format_cell(HR_CELL_SCORE, &cell, with),
                 hr_format_cell(HR_CELL_SCORE, &other, without));
}

static void tell_row(hr_reader *reader, const hr_node *list, size_t first, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  hr_node entry = hr_node_item(reader, list, first);
  double row = hr_node_number(reader, &entry, "row");
  const char *file = hr_node_text(reader, &entry, "file");
  if (chinese) {
    hr_text_append(out,
                   "**警告：单独一行测试光谱决定了误差**：`%s` 第 %.0f 行占平方误差的"
                   "一半以上，涉及：",
                   file, row);
  } else {
    hr_text_append(out,
                   "**Warning: one test row decides.** Row %.0f of `%s` makes most of "
                   "the squared error of ",
                   row, file);
  }
  for (size_t i = first; i < hr_node_count(list); i++) {
    if (row_of(reader, list, i) > row || row_of(reader, list, i) < row) continue;
    hr_node one = hr_node_item(reader, list, i);
    if (i > first) hr_text_append(out, "%s", chinese ? "、" : ", ");
    append_method(reader, &one, chinese, out);
  }
  hr_text_append(out, "%s\n\n",
                 chinese ? "。这些 R² 说的是该行，而非方法：请查看其光谱与标签。"
                         : ". That R² tells of the row, not of the method: look at its "
                           "spectrum and label.");
}

void hr_dominant_tell(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "dominated")) return;
  hr_node list = hr_node_list(reader, &root, "dominated");
  for (size_t i = 0; i < hr_node_count(&list); i++) {
    double row = row_of(reader, &list, i);
    bool is_told = false;
    for (size_t j = 0; j < i; j++) {
      double other = row_of(reader, &list, j);
      is_told = is_told || !(other < row || other > row);
    }
    if (!is_told) tell_row(reader, &list, i, out);
  }
}

static bool is_among(const char *name, const char *const *methods, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(methods[i], name) == 0) return true;
  }
  return false;
}

bool hr_dominant_remark(hr_reader *reader, const char *const *methods, size_t count,
                        hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader), is_told = false;
  size_t before = out->length;
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "dominated")) return false;
  hr_node list = hr_node_list(reader, &root, "dominated");
  for (size_t i = 0; i < hr_node_count(&list); i++) {
    hr_node entry = hr_node_item(reader, &list, i);
    const char *name = hr_node_text(reader, &entry, "method");
    if (!is_among(name, methods, count)) continue;
    const char *start = chinese ? "请注意：误差大半来自单独一行测试光谱的有 "
                                : " One test row makes most of the squared error of ";
    hr_text_append(out, "%s", is_told ? (chinese ? "、" : ", ") : start);
    hr_append_method_markdown(reader, name, out);
    is_told = true;
  }
  if (!is_told) return false;
  hr_words_close_up(out, before);
  hr_text_append(out, "%s",
                 chinese ? "；在查看该行之前，不宜由这些数字下结论。"
                         : ": nothing follows from these numbers before that row has "
                           "been looked at.");
  return true;
}

void hr_dominant_training_remark(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node preparation = hr_node_object(reader, &root, "preparation");
  if (hr_node_is_null(&preparation, "train")) return;
  hr_node train = hr_node_object(reader, &preparation, "train");
  if (!hr_node_has(&train, "wild_rows")) return;
  if (!(hr_node_number(reader, &train, "wild_rows") > 0)) return;
  hr_text_append(
      out, "%s",
      hr_tables_in_chinese(reader)
          ? "请注意：远超其余各行的训练行可能损害了所比较的模型；在查看或剔除这些行"
            "（`data.reject_outliers: true`）之前，不宜由这些增益下结论。"
          : " Training rows far beyond all others may have spoilt what is compared: "
            "nothing follows from these gains before those rows have been looked at or "
            "left out (`data.reject_outliers: true`).");
}
