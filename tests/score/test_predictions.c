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
  hr_text text;
  hr_text_init(&text);
  fixture_init(&f);
  fixture_add_controls(&f, 0.6);
  f.input.snr = NULL;
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  check_ok(hr_predictions_format(evaluation, &text, &err));
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
      cmocka_unit_test(test_written_beside_the_results),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
