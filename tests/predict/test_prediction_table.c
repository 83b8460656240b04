/* Columns in order, and flags in words. */
#include "predict/prediction_table.h"

#include "support/linear_bundle.h"

static void test_words(void **state) {
  (void)state;
  char words[160];
  hr_flags_describe(0, words);
  assert_string_equal(words, "");
  hr_flags_describe(HR_FLAG_MASKED, words);
  assert_string_equal(words, "masked");
  hr_flags_describe(511, words);
  assert_string_equal(words,
                      "bad_spectrum|no_expert|outside_bins|fallback|outside_range|"
                      "outside_snr|masked|poor_fit|few_templates");
}

/* Names that the table has are taken, whether before or behind those that are kept. */
static void test_columns(void **state) {
  (void)state;
  static const char *const names[] = {
      "file",        "row",        "ra",          "label_row",    "label_snr",
      "label_flags", "log_g_mean", "log_g_sigma", "log_g_half68", "log_g_half95",
      "log_g_gap",   "slot",       "expert",      "snr",          "masked_fraction",
      "chi2",        "effective",  "flags",       "flag_words"};
  hr_error err = {0};
  hr_engine *engine = NULL;
  hr_strings keep = {NULL, 0};
  const bool is_whole[] = {false, true, false, true};
  hr_prediction_table table;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  check_ok(hr_engine_open(s.path, "global", NULL, &engine, &err));
  check_ok(hr_strings_append(&keep, "ra", &err));
  check_ok(hr_strings_append(&keep, "row", &err));
  check_ok(hr_strings_append(&keep, "snr", &err));
  check_ok(hr_strings_append(&keep, "flags", &err));
  hr_prediction_table_plan plan = {engine, &keep, is_whole, HR_PREDICTION_CSV, 20};
  check_ok(hr_prediction_table_init(&plan, 3, &table, &err));
  assert_int_equal(table.count, 19);
  for (size_t c = 0; c < 19; c++) {
    assert_string_equal(table.columns[c].frame.name, names[c]);
  }
  assert_int_equal(table.columns[0].frame.text_bytes, 20);
  assert_int_equal(table.columns[12].frame.text_bytes, strlen("second") + 1);
  assert_int_equal(table.columns[2].frame.kind, HR_FRAME_CELL_NUMBER);
  assert_int_equal(table.columns[3].frame.kind, HR_FRAME_CELL_INTEGER);
  hr_prediction_table_fini(&table);
  plan.format = HR_PREDICTION_HDF5;
  check_ok(hr_prediction_table_init(&plan, 3, &table, &err));
  assert_int_equal(table.count, 18);
  hr_prediction_table_fini(&table);
  hr_strings_fini(&keep);
  hr_engine_close(&engine);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
