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
  assert_int_equal(table.columns[12].frame.text_bytes, strlen("second"));
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

/* As the catalogues of PFS name them; what is kept gives way. */
static void test_columns_of_a_catalogue(void **state) {
  (void)state;
  static const char *const names[] = {"label_log_g", "objId",       "snr_m", "log_g",
                                      "log_gErr",    "log_gStatus", "flag",  "status"};
  hr_error err = {0};
  hr_engine *engine = NULL;
  hr_strings keep = {NULL, 0};
  const bool is_whole[] = {false, true};
  hr_prediction_table table;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  check_ok(hr_engine_open(s.path, "global", NULL, &engine, &err));
  check_ok(hr_strings_append(&keep, "log_g", &err));
  check_ok(hr_strings_append(&keep, "objId", &err));
  const hr_prediction_table_plan plan = {engine, &keep, is_whole, HR_PREDICTION_PFSSTAR,
                                         20};
  check_ok(hr_prediction_table_init(&plan, 3, &table, &err));
  assert_int_equal(table.count, 8);
  for (size_t c = 0; c < 8; c++) {
    assert_string_equal(table.columns[c].frame.name, names[c]);
    assert_int_equal(table.columns[c].is_truth, c == 6);
  }
  assert_string_equal(table.columns[3].unit, "dex");
  assert_string_equal(table.columns[4].unit, "dex");
  hr_prediction_table_fini(&table);
  hr_strings_fini(&keep);
  hr_engine_close(&engine);
  scratch_fini(&s);
}

/* The rows that `router` and `expert` send to a bundle of two targets: who predicts them.
 */
static void check_experts(const char *folder, const char *expert,
                          const char *const *expected) {
  enum { ROWS = 3 };
  static const float flux[ROWS * FIXTURE_PIXELS], error[ROWS * FIXTURE_PIXELS];
  static const hr_row_report reports[ROWS];
  static const int32_t slots[ROWS] = {0, 2, HR_SLOT_NONE};
  hr_error err = {0};
  hr_engine *engine = NULL;
  hr_engine_result result;
  hr_prediction_table table;
  const hr_strings keep = {NULL, 0};
  const hr_input input = {.rows = ROWS};
  const hr_engine_rows rows = {.spectra = {0, ROWS, FIXTURE_PIXELS, flux, error, 1},
                               .reports = reports,
                               .slots = slots};
  check_ok(hr_engine_open(folder, "oracle", expert, &engine, &err));
  check_ok(hr_engine_result_init(engine, ROWS, &result, &err));
  check_ok(hr_engine_predict(engine, &rows, &result, &err));
  const hr_prediction_table_plan plan = {engine, &keep, NULL, HR_PREDICTION_HDF5, 9};
  check_ok(hr_prediction_table_init(&plan, ROWS, &table, &err));
  hr_prediction_table_fill(&table, "a file", &input, 0, ROWS, &result);
  size_t c = 2 + 2 * 5 + 1; /* behind file, row, five of each target, slot */
  assert_string_equal(table.columns[c].frame.name, "expert");
  assert_int_equal(table.columns[c].frame.text_bytes, strlen("second|second"));
  for (size_t i = 0; i < ROWS; i++) {
    assert_string_equal(table.cells[c].texts[i], expected[i]);
  }
  assert_string_equal(table.columns[7].frame.name, "T_eff_mean");
  check_near(table.cells[7].numbers[1], 1015, 1e-3);
  assert_memory_equal(&table.cells[2].numbers[1], &result.mean[2], sizeof(double));
  hr_prediction_table_fini(&table);
  hr_engine_result_fini(&result);
  hr_engine_close(&engine);
}

static void test_experts_of_two_targets(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  linear_bundle_write_two(s.path);
  check_experts(s.path, NULL, (const char *[]){"first|second", "second", ""});
  check_experts(s.path, "first", (const char *[]){"first|", "|second", ""});
  check_experts(s.path, "second", (const char *[]){"second", "second", ""});
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_columns),
      cmocka_unit_test(test_columns_of_a_catalogue),
      cmocka_unit_test(test_experts_of_two_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
