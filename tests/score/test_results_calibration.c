/* What results.json says of calibration, and what is warned of. */
#include "score/results_calibration.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/warnings.h"

static fixture f;
static hr_error err;
static warnings heard;
static hr_observer observer;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  heard = (warnings){.count = 0};
  observer = warnings_observer(&heard);
  f.input.observer = &observer;
  return 0;
}

static json_t *results(void) {
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, 0, NULL);
  hr_text_fini(&text);
  assert_non_null(root);
  return root;
}

static const char *text_of(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key) {
  return json_number_value(json_object_get(object, key));
}

static void test_nothing_is_known(void **state) {
  (void)state;
  json_t *root = results();
  assert_true(json_is_null(json_object_get(root, "calibration")));
  assert_true(json_is_null(json_object_get(root, "sbc")));
  assert_int_equal(heard.count, 0);
  json_decref(root);
}

static void test_rows_far_off(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1.1);
  size_t row = 0;
  while (f.bin[row] != 0) row++;
  f.forest_own[row] += 6e5F;
  json_t *root = results();
  json_t *methods = json_object_get(json_object_get(root, "calibration"), "methods");
  json_t *forest = json_array_get(methods, 2), *far = json_object_get(forest, "far");
  assert_null(json_object_get(json_array_get(methods, 0), "far"));
  assert_string_equal(text_of(forest, "verdict"), "calibrated");
  check_near(number_of(far, "rows"), 1, 0);
  check_near(number_of(far, "row"), (double)row, 0);
  assert_true(number_of(far, "sigmas") > 5e5);
  assert_true(number_of(far, "chi2_without") < 1.5 && number_of(forest, "chi2") > 1e6);
  assert_true(heard.count > 0);
  json_decref(root);
}

static void test_calibration_of_every_method(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  json_t *root = results();
  json_t *calibration = json_object_get(root, "calibration");
  assert_string_equal(text_of(calibration, "snr"), "label");
  assert_int_equal(json_array_size(json_object_get(calibration, "snr_edges")), 9);
  check_near(number_of(json_object_get(calibration, "expected"), "within_half95"), 0.9545,
             0);
  check_near(number_of(json_object_get(calibration, "margin"), "chi2"), 0.1, 0);
  json_t *methods = json_object_get(calibration, "methods");
  assert_int_equal(json_array_size(methods), 6);
  json_t *global = json_array_get(methods, 0);
  assert_string_equal(text_of(global, "method"), "global_ridge");
  assert_string_equal(text_of(global, "rows"), "all");
  json_t *forest = json_array_get(methods, 2);
  assert_string_equal(text_of(forest, "method"), "forest_oracle");
  assert_string_equal(text_of(forest, "rows"), "covered");
  assert_string_equal(text_of(forest, "verdict"), "calibrated");
  check_near(number_of(forest, "n"), 206, 0);
  check_near(number_of(forest, "n_half"), 206, 0);
  double chi2 = number_of(forest, "chi2");
  const json_t *ci = json_object_get(forest, "chi2_ci");
  assert_true(json_number_value(json_array_get(ci, 0)) < chi2);
  assert_true(json_number_value(json_array_get(ci, 1)) > chi2);
  assert_int_equal(json_array_size(json_object_get(forest, "octiles")), 8);
  assert_int_equal(json_array_size(json_object_get(forest, "bins")), 3);
  assert_int_equal(heard.count, 0);
  json_decref(root);
}

static void test_without_a_ratio(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  f.input.snr = NULL;
  json_t *root = results();
  json_t *calibration = json_object_get(root, "calibration");
  assert_true(json_is_null(json_object_get(calibration, "snr")));
  assert_int_equal(json_array_size(json_object_get(calibration, "snr_edges")), 0);
  json_t *first = json_array_get(json_object_get(calibration, "methods"), 0);
  assert_int_equal(json_array_size(json_object_get(first, "octiles")), 0);
  json_decref(root);
  f.input.measured_snr = f.snr;
  root = results();
  assert_string_equal(text_of(json_object_get(root, "calibration"), "snr"), "measured");
  json_decref(root);
}

/* Global, two oracles and a hybrid are told of, what was chosen on the test rows not. */
static void test_a_sigma_that_is_off_is_warned_of(void **state) {
  (void)state;
  fixture_give_sigma(&f, 0.5);
  json_t *root = results();
  const json_t *told = json_object_get(root, "warnings");
  assert_int_equal(json_array_size(told), 4);
  const json_t *last = json_array_get(told, 3);
  assert_string_equal(text_of(last, "code"), "sigma");
  assert_string_equal(text_of(last, "text"), heard.last);
  const char *chinese = "oracle_hybrid_cv 的 σ 偏小：平均 χ² 为 ";
  assert_memory_equal(text_of(last, "text_zh"), chinese, strlen(chinese));
  json_decref(root);
  assert_int_equal(heard.count, 4);
  const char *start = "the sigma of oracle_hybrid_cv is too small: its mean chi2 is ";
  assert_memory_equal(heard.last, start, strlen(start));
  assert_non_null(strstr(heard.last,
                         " % of the rows are within the 68 % interval (see "
                         "Calibration in the report)"));
  fixture_give_sigma(&f, 2);
  json_decref(results());
  assert_int_equal(heard.count, 8);
  assert_non_null(strstr(heard.last, "oracle_hybrid_cv is too large"));
  f.input.selection = HR_SELECT_BY_TEST;
  json_decref(results());
  assert_int_equal(heard.count, 14);
  f.input.observer = NULL;
  json_decref(results());
  assert_int_equal(heard.count, 14);
}

/* As a model that states its sigma has none: no half-widths to count within. */
static void test_a_sigma_without_intervals_is_warned_of(void **state) {
  (void)state;
  fixture_give_variance(&f, 0.25);
  json_t *root = results();
  const char *start = "the sigma of forest_oracle is too small: its mean chi2 is ";
  const char *chinese = "forest_oracle 的 σ 偏小：平均 χ² 为 ";
  const json_t *told = json_array_get(json_object_get(root, "warnings"), 0);
  assert_memory_equal(text_of(told, "text"), start, strlen(start));
  assert_non_null(strstr(text_of(told, "text"),
                         " % of the rows are within one sigma (see Calibration in the "
                         "report)"));
  assert_memory_equal(text_of(told, "text_zh"), chinese, strlen(chinese));
  assert_non_null(strstr(text_of(told, "text_zh"), "，1 σ 之内占 "));
  json_decref(root);
}

/* The hybrid takes the forest in one bin, which has none there: 69 of 206 rows. */
static void test_rows_with_intervals_are_counted(void **state) {
  (void)state;
  fixture_give_sigma(&f, 0.5);
  fixture_give_variance(&f, 0.25);
  f.forest[1].sigma = (hr_sigma){0};
  json_t *root = results();
  const json_t *told = json_object_get(root, "warnings");
  const json_t *last = json_array_get(told, json_array_size(told) - 1);
  assert_non_null(strstr(text_of(last, "text"), "the sigma of oracle_hybrid_cv "));
  assert_non_null(strstr(text_of(last, "text"),
                         " % of the 137 rows that have one are within the 68 % "
                         "interval (see Calibration in the report)"));
  assert_non_null(strstr(text_of(last, "text_zh"), "，68 % 区间覆盖 137 行中 "));
  json_decref(root);
}

static void test_ranks(void **state) {
  (void)state;
  fixture_give_draws(&f, 1);
  json_t *root = results();
  json_t *sbc = json_object_get(root, "sbc");
  assert_string_equal(text_of(sbc, "expert"), "forest");
  check_near(number_of(sbc, "rows"), (double)f.outcomes[1].draw_row_count, 0);
  check_near(number_of(sbc, "draws"), 256, 0);
  assert_int_equal(json_array_size(json_object_get(sbc, "histogram")), 16);
  check_near(number_of(sbc, "threshold"), 0.01, 0);
  assert_true(number_of(sbc, "p") > 0.01);
  assert_true(json_is_false(json_object_get(sbc, "warning")));
  assert_int_equal(heard.count, 0);
  json_decref(root);
  fixture_give_draws(&f, 0.3);
  root = results();
  sbc = json_object_get(root, "sbc");
  assert_true(json_is_true(json_object_get(sbc, "warning")));
  const char *start =
      "the ranks of the truth among the draws of forest are not uniform: "
      "chi2 ";
  assert_int_equal(heard.count, 1);
  assert_memory_equal(heard.last, start, strlen(start));
  const json_t *told = json_array_get(json_object_get(root, "warnings"), 0);
  assert_string_equal(text_of(told, "text"), heard.last);
  const char *chinese = "真值在 forest 的抽样中的秩并不均匀：16 格的 χ² 为 ";
  assert_memory_equal(text_of(told, "text_zh"), chinese, strlen(chinese));
  json_decref(root);
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_nothing_is_known),
      TEST(test_calibration_of_every_method),
      TEST(test_rows_far_off),
      TEST(test_without_a_ratio),
      TEST(test_a_sigma_that_is_off_is_warned_of),
      TEST(test_a_sigma_without_intervals_is_warned_of),
      TEST(test_rows_with_intervals_are_counted),
      TEST(test_ranks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
