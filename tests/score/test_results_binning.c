/* The section `binning` of results.json. */
#include "score/results_binning.h"

#include <stdlib.h>

#include "core/json.h"
#include "support/check.h"

static json_t *make(const hr_results_input *input) {
  hr_json_builder json = {0};
  json_t *root = json_object();
  hr_results_write_binning(&json, input, root);
  assert_false(json.failed);
  return root;
}

static void none_is_null(void **state) {
  (void)state;
  hr_results_input input = {.bin_count = 3, .target_name = "log_g"};
  json_t *root = make(&input);
  assert_true(json_is_null(json_object_get(root, "binning")));
  json_decref(root);
}

/* What a bin spans is where hr_assign_bins puts the middle of it. */
static void intervals_are_those_of_the_assignment(void **state) {
  (void)state;
  static const double first[] = {0, 1, 3}, second[] = {-2, -1, 0, 5}, third[] = {7, 8, 9};
  static const hr_axis axes[] = {
      {"snr", first, 3}, {"M_H", second, 4}, {"T_eff", third, 3}};
  hr_results_input input = {
      .axes = axes, .axis_count = 3, .bin_count = 12, .target_name = "log_g"};
  json_t *root = make(&input);
  const json_t *binning = json_object_get(root, "binning");
  const json_t *intervals = json_object_get(binning, "intervals");
  assert_int_equal(json_array_size(intervals), 12);
  for (size_t k = 0; k < 12; k++) {
    double middle[3];
    hr_bin_column columns[3];
    int32_t bin = HR_UNCOVERED;
    assert_int_equal(json_array_size(json_array_get(intervals, k)), 3);
    for (size_t a = 0; a < 3; a++) {
      const json_t *pair = json_array_get(json_array_get(intervals, k), a);
      double low = json_number_value(json_array_get(pair, 0));
      double high = json_number_value(json_array_get(pair, 1));
      assert_true(low < high);
      middle[a] = 0.5 * (low + high);
      columns[a] = (hr_bin_column){&middle[a], HR_PRECISION_DOUBLE};
    }
    hr_assign_bins(axes, 3, columns, 1, &bin);
    assert_int_equal(bin, k);
  }
  json_decref(root);
}

static void axes_have_units_and_the_target_is_told(void **state) {
  (void)state;
  static const double edges[] = {0, 1, 3};
  static const hr_axis axes[] = {{"snr", edges, 3}, {"T_eff", edges, 2}};
  hr_results_input input = {
      .axes = axes, .axis_count = 2, .bin_count = 2, .target_name = "log_g"};
  json_t *root = make(&input);
  char *text = json_dumps(json_object_get(root, "binning"), JSON_COMPACT);
  assert_string_equal(
      text,
      "{\"axes\":[{\"label\":\"snr\",\"unit\":\"\",\"edges\":[0.0,1.0,3.0]},"
      "{\"label\":\"T_eff\",\"unit\":\"K\",\"edges\":[0.0,1.0]}],"
      "\"intervals\":[[[0.0,1.0],[0.0,1.0]],[[1.0,3.0],[0.0,1.0]]],"
      "\"target_among_axes\":false}");
  free(text);
  json_decref(root);
  input.axis_units[1] = "kK"; /* as the study says */
  root = make(&input);
  const json_t *list = json_object_get(json_object_get(root, "binning"), "axes");
  assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "unit")),
                      "kK");
  json_decref(root);
  input.target_name = "T_eff";
  root = make(&input);
  assert_true(json_is_true(
      json_object_get(json_object_get(root, "binning"), "target_among_axes")));
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(none_is_null),
      cmocka_unit_test(intervals_are_those_of_the_assignment),
      cmocka_unit_test(axes_have_units_and_the_target_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
