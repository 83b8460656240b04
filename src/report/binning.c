/* The grid of bins in words: which axes, and what a bin spans. */
#include "report/binning.h"

#include <string.h>

#include "core/field.h"
#include "report/table.h"

/* The object, or NULL json where the results have none. */
static hr_node find_binning(hr_reader *reader, const hr_node *root) {
  if (!hr_node_has(root, "binning")) return (hr_node){.json = NULL};
  return hr_node_object(reader, root, "binning");
}

bool hr_binning_is_told(hr_reader *reader) {
  static const char *const usual[] = {"T_eff", "M_H"};
  hr_node root = hr_reader_root(reader);
  hr_node binning = find_binning(reader, &root);
  if (!binning.json) return false;
  hr_node axes = hr_node_list(reader, &binning, "axes");
  if (hr_node_count(&axes) != 2) return true;
  for (size_t a = 0; a < 2; a++) {
    hr_node axis = hr_node_item(reader, &axes, a);
    if (strcmp(hr_node_text(reader, &axis, "label"), usual[a]) != 0) return true;
  }
  return false;
}

bool hr_binning_has_target(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node binning = find_binning(reader, &root);
  return binning.json && hr_node_bool(reader, &binning, "target_among_axes");
}

static void append_number(double value, hr_text *out) {
  char text[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(value, text);
  if (text[0] == '-') {
    hr_text_append(out, "−%s", text + 1);
  } else {
    hr_text_append(out, "%s", text);
  }
}

/* The interval of the axis that begins at `low`: half-open, the last one closed. */
static void append_interval(hr_reader *reader, const hr_node *axis, const json_t *pair,
                            hr_text *out) {
  hr_node edges = hr_node_list(reader, axis, "edges");
  const char *unit = hr_node_text(reader, axis, "unit");
  double low = json_number_value(json_array_get(pair, 0));
  double high = json_number_value(json_array_get(pair, 1));
  size_t last = hr_node_count(&edges) - 1;
  bool is_last = high >= json_number_value(json_array_get(edges.json, last));
  hr_text_append(out, "%s [", hr_node_text(reader, axis, "label"));
  append_number(low, out);
  hr_text_append(out, ", ");
  append_number(high, out);
  hr_text_append(out, "%s%s%s", is_last ? "]" : ")", unit[0] ? " " : "", unit);
}

void hr_binning_append_intervals(hr_reader *reader, size_t k, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node binning = find_binning(reader, &root);
  hr_node axes = hr_node_list(reader, &binning, "axes");
  hr_node bins = hr_node_list(reader, &binning, "intervals");
  const json_t *intervals = json_array_get(bins.json, k);
  for (size_t a = 0; a < hr_node_count(&axes); a++) {
    hr_node axis = hr_node_item(reader, &axes, a);
    if (a > 0) hr_text_append(out, ", ");
    append_interval(reader, &axis, json_array_get(intervals, a), out);
  }
}

void hr_binning_append_axes(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  hr_node binning = find_binning(reader, &root);
  hr_node axes = hr_node_list(reader, &binning, "axes");
  for (size_t a = 0; a < hr_node_count(&axes); a++) {
    hr_node axis = hr_node_item(reader, &axes, a);
    const char *unit = hr_node_text(reader, &axis, "unit");
    hr_text_append(out, "%s`%s`", a > 0 ? ", " : "",
                   hr_node_text(reader, &axis, "label"));
    if (unit[0]) hr_text_append(out, " (%s)", unit);
  }
}
