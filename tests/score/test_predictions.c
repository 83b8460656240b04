/* predictions.csv has every row and every listed method. */
#include "score/predictions.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/seal.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static hr_error err;
static fixture f;

static void test_every_row_and_method(void **state) {
  (void)state;
  hr_evaluation *evaluation = NULL;
  hr_prediction_columns columns;
  hr_text text;
  hr_text_init(&text);
  fixture_init(&f);
  fixture_add_controls(&f, 0.6);
  f.input.snr = NULL;
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  check_ok(hr_prediction_columns_init(&columns, evaluation, &err));
  check_ok(hr_predictions_format(evaluation, &columns, &text, &err));
  char *rest = text.bytes;
  assert_string_equal(strsep(&rest, "\n"),
                      "row,bin,snr,target,global_ridge,ridge_oracle,forest_oracle,"
                      "ridge_oracle_test,oracle_hybrid_cv,oracle_hybrid_test,placebo,"
                      "leakage");
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    char *line = strsep(&rest, "\n");
    assert_int_equal(strtoul(strsep(&line, ","), NULL, 10), i);
    const char *bin = strsep(&line, ",");
    if (f.bin[i] < 0) assert_string_equal(bin, "");
    if (f.bin[i] >= 0) assert_int_equal(atoi(bin), f.bin[i]);
    assert_string_equal(strsep(&line, ","), ""); /* no snr */
    assert_true(strtod(strsep(&line, ","), NULL) == f.target[i]);
    for (size_t m = 0; m < evaluation->method_count; m++) {
      if (!evaluation->methods[m].forecast->listed) continue;
      const char *number = strsep(&line, ",");
      double expected = evaluation->methods[m].forecast->prediction[i];
      if (isnan(expected)) assert_string_equal(number, "");
      if (!isnan(expected)) assert_true(strtod(number, NULL) == expected);
    }
    for (size_t c = 0; c < HR_CONTROL_KINDS; c++) {
      const char *number = strsep(&line, ",");
      double expected = (double)(c == 0 ? f.placebo : f.error_alone)[i];
      if (isnan(expected)) assert_string_equal(number, "");
      if (!isnan(expected)) assert_true(strtod(number, NULL) == expected);
    }
    assert_null(line);
  }
  assert_string_equal(rest, "");
  hr_text_fini(&text);
  hr_prediction_columns_fini(&columns);
  hr_evaluation_destroy(&evaluation);
}

/* Behind the methods: sigmas, the headline's half-widths, the measured ratio, the labels
 * of the bins and the star's number. */
static void test_columns_behind_the_methods(void **state) {
  (void)state;
  static int64_t number[FIXTURE_ROWS];
  hr_evaluation *evaluation = NULL;
  hr_prediction_columns columns;
  hr_text text;
  hr_text_init(&text);
  fixture_init(&f);
  fixture_give_sigma(&f, 1);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) number[i] = INT64_MAX - (int64_t)i;
  const hr_results_label axes[] = {{"T, \"eff\"", f.target, NULL}, {"snr", f.snr, NULL}};
  const hr_results_label id = {"KIC", f.snr, number};
  f.input.measured_snr = f.snr;
  f.input.bin_labels = axes;
  f.input.bin_label_count = 2;
  f.input.ids = &id;
  f.input.id_count = 1;
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  check_ok(hr_prediction_columns_init(&columns, evaluation, &err));
  check_ok(hr_predictions_format(evaluation, &columns, &text, &err));
  char *rest = text.bytes;
  assert_string_equal(
      strsep(&rest, "\n"),
      "row,bin,snr,target,global_ridge,ridge_oracle,forest_oracle,ridge_oracle_test,"
      "oracle_hybrid_cv,oracle_hybrid_test,sigma_global_ridge,sigma_ridge_oracle,"
      "sigma_forest_oracle,sigma_ridge_oracle_test,sigma_oracle_hybrid_cv,"
      "sigma_oracle_hybrid_test,half68_oracle_hybrid_cv,half95_oracle_hybrid_cv,"
      "measured_snr,T_ _eff_,label_snr,KIC");
  const char *line = strsep(&rest, "\n"); /* row 0, of bin 0 */
  const char *tail = strstr(line, ",0.8,0.5,0.6,0.5,");
  assert_non_null(tail);
  assert_non_null(strstr(line, ",9223372036854775807"));
  assert_int_equal(columns.count, 12);
  assert_string_equal(hr_column_kind_name(columns.items[6].kind), "half68");
  assert_string_equal(columns.items[6].of, "oracle_hybrid_cv");
  assert_string_equal(columns.items[9].of, "T, \"eff\"");
  hr_text_fini(&text);
  hr_prediction_columns_fini(&columns);
  hr_evaluation_destroy(&evaluation);
}

static void test_written_beside_the_results(void **state) {
  (void)state;
  scratch s;
  char *bytes = NULL;
  size_t size = 0;
  fixture_init(&f);
  scratch_init(&s);
  check_ok(hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err));
  check_ok(
      hr_file_read(scratch_name(&s, "predictions.csv"), 1 << 20, &bytes, &size, &err));
  char seal[HR_SEAL_SIZE];
  hr_seal_bytes(bytes, size, seal);
  hr_free(bytes);
  json_t *root = json_load_file(scratch_name(&s, "results.json"), 0, NULL);
  json_t *predictions = json_object_get(root, "predictions");
  assert_string_equal(json_string_value(json_object_get(predictions, "file")),
                      "predictions.csv");
  assert_string_equal(json_string_value(json_object_get(predictions, "fingerprint")),
                      seal);
  check_ok(hr_seal_compute(root, seal, &err));
  assert_string_equal(json_string_value(json_object_get(root, "seal")), seal);
  json_decref(root);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_row_and_method),
      cmocka_unit_test(test_columns_behind_the_methods),
      cmocka_unit_test(test_written_beside_the_results),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
