/* The axes of the grid, what every bin spans along each, and whether the target is among
 * them, so that a report needs results.json alone. */
#include "score/results_binning.h"

#include <string.h>

#include "models/bundle_description.h"

static void put_axis(hr_json_builder *json, json_t *axes, const hr_axis *axis,
                     const char *unit) {
  json_t *object = hr_json_append(json, axes, json_object());
  hr_json_put_text(json, object, "label", axis->label);
  hr_json_put_text(json, object, "unit", unit ? unit : hr_label_unit(axis->label));
  json_t *edges = hr_json_put(json, object, "edges", json_array());
  for (size_t e = 0; e < axis->edge_count; e++) {
    hr_json_append(json, edges, json_real(axis->edges[e]));
  }
}

/* [low, high] along every axis; the last axis runs fastest. */
static void put_bin(hr_json_builder *json, json_t *bins, const hr_results_input *input,
                    size_t k) {
  json_t *intervals = hr_json_append(json, bins, json_array());
  size_t below = input->bin_count; /* bins of one interval of the axis, once divided */
  for (size_t a = 0; a < input->axis_count; a++) {
    const hr_axis *axis = &input->axes[a];
    size_t count = axis->edge_count - 1;
    below /= count;
    size_t i = k / below % count;
    json_t *pair = hr_json_append(json, intervals, json_array());
    hr_json_append(json, pair, json_real(axis->edges[i]));
    hr_json_append(json, pair, json_real(axis->edges[i + 1]));
  }
}

static bool is_axis(const hr_results_input *input, const char *label) {
  for (size_t a = 0; a < input->axis_count; a++) {
    if (strcmp(input->axes[a].label, label) == 0) return true;
  }
  return false;
}

void hr_results_write_binning(hr_json_builder *json, const hr_results_input *input,
                              json_t *root) {
  if (input->axis_count == 0) {
    hr_json_put(json, root, "binning", json_null());
    return;
  }
  json_t *binning = hr_json_put(json, root, "binning", json_object());
  json_t *axes = hr_json_put(json, binning, "axes", json_array());
  for (size_t a = 0; a < input->axis_count; a++) {
    put_axis(json, axes, &input->axes[a], input->axis_units[a]);
  }
  json_t *bins = hr_json_put(json, binning, "intervals", json_array());
  for (size_t k = 0; k < input->bin_count; k++) put_bin(json, bins, input, k);
  hr_json_put_bool(json, binning, "target_among_axes",
                   is_axis(input, input->target_name));
}
