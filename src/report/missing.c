/* The rows themselves are in predictions.csv, whose empty cells say what is missing. */
#include "report/missing.h"

#include "report/tables.h"

enum { NAMED_ROWS = 10 };

double hr_missing_count(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "missing")) return 0;
  hr_node missing = hr_node_object(reader, &root, "missing");
  return hr_node_number(reader, &missing, "n");
}

static void append_methods(hr_reader *reader, const hr_node *missing, bool chinese,
                           hr_text *out) {
  hr_node methods = hr_node_list(reader, missing, "methods");
  for (size_t m = 0; m < hr_node_count(&methods); m++) {
    hr_node method = hr_node_item(reader, &methods, m);
    hr_text_append(out, "%s", m == 0 ? "" : chinese ? "、" : ", ");
    hr_append_markdown(hr_expert_title(reader, &method), out);
    hr_text_append(out, "%s%.0f", chinese ? "：" : ": ",
                   hr_node_number(reader, &method, "n"));
  }
}

static void append_rows(hr_reader *reader, const hr_node *missing, hr_text *out) {
  hr_node rows = hr_node_list(reader, missing, "rows");
  size_t count = json_array_size(rows.json);
  for (size_t i = 0; i < count && i < NAMED_ROWS; i++) {
    hr_text_append(out, "%s%lld", i == 0 ? "" : ", ",
                   (long long)json_integer_value(json_array_get(rows.json, i)));
  }
  if (count > NAMED_ROWS) hr_text_append(out, ", …");
}

void hr_missing_tell(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  bool chinese = hr_tables_in_chinese(reader);
  if (!hr_node_has(&root, "missing")) return;
  hr_node missing = hr_node_object(reader, &root, "missing");
  hr_node ledger = hr_node_object(reader, &root, "ledger");
  double rows = hr_node_number(reader, &missing, "n");
  hr_text_append(out,
                 chinese
                     ? "**警告：%.0f 行测试光谱缺少预测**（共 %.0f 行）：某一方法未能给出"
                       "有限的数值（"
                     : "**Warning: %.0f of %.0f test rows have no prediction** that is "
                       "a finite number by some method (",
                 rows, hr_node_number(reader, &ledger, "test_rows"));
  append_methods(reader, &missing, chinese, out);
  hr_text_append(out, "%s%s%s", chinese ? "）。" : "). Row numbers in `",
                 hr_node_text(reader, &missing, "file"), chinese ? " 中的行号：" : "`: ");
  append_rows(reader, &missing, out);
  hr_text_append(
      out, "%s\n\n",
      chinese ? "。这些行不计入任何方法的任何分数，因此每一比较的双方仍用同样的行；"
                "`predictions.csv` 中的空格说明缺少什么。"
              : ". They are left out of every score, of all methods alike, so that both "
                "arms of each comparison are over the same rows; empty cells of "
                "`predictions.csv` say what is missing.");
}
