#include "report/rows.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/seal.h"
#include "core/text.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static char results[128], predictions[128];

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  snprintf(results, sizeof results, "%s/results.json", s.path);
  snprintf(predictions, sizeof predictions, "%s/predictions.csv", s.path);
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_status read_and_audit(hr_error *error) {
  hr_status status = HR_OK;
  hr_reader reader = {0};
  hr_rows rows = {0};
  HR_TRY(hr_reader_init(&reader, results, error));
  HR_TRY(hr_rows_init(&rows, predictions, &reader, error));
  HR_TRY(hr_rows_audit(&rows, &reader, error));
cleanup:
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  return status;
}

static void test_what_was_written_is_confirmed(void **state) {
  (void)state;
  check_ok(read_and_audit(&err));
  /* Also where numbers are missing: no snr, a bin without a model, uncovered rows told.
   */
  f.input.snr = NULL;
  fixture_end(&f, &f.ridge[1], HR_FIT_FAILED);
  fixture_end(&f, &f.forest[1], HR_FIT_FAILED);
  f.input.uncovered = "global";
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
}

static void test_a_missing_row_that_there_is_not(void **state) {
  (void)state;
  char message[256];
  f.forest_own[fixture_row(&f, 1, 3)] = (float)NAN;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
  json_t *root = json_load_file(results, 0, NULL);
  json_t *rows = json_object_get(json_object_get(root, "missing"), "rows");
  json_array_set_new(rows, 0, json_integer(FIXTURE_ROWS));
  json_dump_file(root, results, JSON_REAL_PRECISION(17));
  json_decref(root);
  snprintf(message, sizeof message,
           "%s says that row %d is missing, but there are %d rows", results, FIXTURE_ROWS,
           FIXTURE_ROWS);
  check_fails(read_and_audit(&err), HR_ERR_LEDGER, message);
}

static void test_controls_are_confirmed(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.6);
  f.control_fits[1].status = HR_FIT_SKIPPED;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
  f.control_fits[1].status = HR_FIT_OK;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
}

/* Sigmas, with and without a label of the ratio, of headline and others. */
static void test_calibration_is_confirmed(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  fixture_give_variance(&f, 1);
  f.input.measured_snr = f.snr;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
  f.input.snr = NULL;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
  f.input.measured_snr = NULL;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(read_and_audit(&err));
}

/* Puts another number where `calibration.methods` says something of the method. */
static void test_forged_calibration_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *list, *key, *sentence; /* list: NULL: of all rows */
    double value;
  } cases[] = {
      {NULL, "chi2", "says that calibration.oracle_hybrid_cv.chi2 is 1.5, but", 1.5},
      {NULL, "n", "says that calibration.oracle_hybrid_cv.n is 7, but", 7},
      {NULL, "within_half68",
       "says that calibration.oracle_hybrid_cv.within_half68 is 0.5, but", 0.5},
      {"octiles", "within_1_sigma",
       "says that calibration.oracle_hybrid_cv.octiles[2].within_1_sigma is 0.25, but",
       0.25},
      {"bins", "within_2_sigma",
       "says that calibration.oracle_hybrid_cv.bins[2].within_2_sigma is 0.125, but",
       0.125},
  };
  fixture_give_sigma(&f, 1);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    check_ok(hr_results_write(&f.input, results, NULL, &err));
    json_t *root = json_load_file(results, 0, NULL);
    json_t *methods = json_object_get(json_object_get(root, "calibration"), "methods");
    json_t *entry = json_array_get(methods, 4);
    assert_string_equal(json_string_value(json_object_get(entry, "method")),
                        "oracle_hybrid_cv");
    if (cases[c].list) entry = json_array_get(json_object_get(entry, cases[c].list), 2);
    json_object_set_new(entry, cases[c].key, json_real(cases[c].value));
    assert_int_equal(json_dump_file(root, results, JSON_REAL_PRECISION(17)), 0);
    json_decref(root);
    assert_int_equal(read_and_audit(&err), HR_ERR_LEDGER);
    assert_non_null(strstr(err.message, cases[c].sentence));
  }
  /* A method whose rows are not there. */
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  json_t *root = json_load_file(results, 0, NULL);
  json_t *methods = json_object_get(json_object_get(root, "calibration"), "methods");
  json_object_set_new(json_array_get(methods, 0), "method", json_string("nobody"));
  assert_int_equal(json_dump_file(root, results, JSON_REAL_PRECISION(17)), 0);
  json_decref(root);
  assert_int_equal(read_and_audit(&err), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, "says that calibration.methods.nobody is 1, but"));
}

static void test_columns_are_read_back(void **state) {
  (void)state;
  hr_reader reader = {0};
  hr_rows rows = {0};
  const hr_results_label axis = {"T_eff", f.snr, NULL};
  fixture_give_sigma(&f, 1);
  f.input.bin_labels = &axis;
  f.input.bin_label_count = 1;
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  check_ok(hr_reader_init(&reader, results, &err));
  check_ok(hr_rows_init(&rows, predictions, &reader, &err));
  assert_int_equal(rows.method_count, 6);
  assert_int_equal(rows.column_count, 9);
  const double *sigma = hr_rows_column(&rows, HR_COLUMN_SIGMA, "global_ridge");
  const double *label = hr_rows_column(&rows, HR_COLUMN_LABEL, NULL);
  assert_non_null(sigma);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    check_near(sigma[i], 0.8, 0);
    check_near(label[i], f.snr[i], 0);
  }
  assert_null(hr_rows_column(&rows, HR_COLUMN_HALF68, "global_ridge"));
  assert_non_null(hr_rows_column(&rows, HR_COLUMN_HALF68, "oracle_hybrid_cv"));
  assert_null(hr_rows_column(&rows, HR_COLUMN_ID, NULL));
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
}

static void test_rows_are_read_back(void **state) {
  (void)state;
  hr_reader reader = {0};
  hr_rows rows = {0};
  check_ok(hr_reader_init(&reader, results, &err));
  check_ok(hr_rows_init(&rows, predictions, &reader, &err));
  assert_int_equal(rows.count, FIXTURE_ROWS);
  assert_int_equal(rows.method_count, 6);
  assert_null(hr_rows_find(&rows, "nobody"));
  const double *global = hr_rows_find(&rows, "global_ridge");
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    assert_int_equal(rows.bin[i], f.bin[i]);
    assert_true(rows.snr[i] == f.snr[i]);
    assert_true(rows.target[i] == f.target[i]);
    assert_true(global[i] == (double)f.ridge_global[2][i]);
  }
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
}

/* Changes a number of results.json, at a path such as "overall", 2, "r2_pooled". */
typedef struct forgery {
  const char *list;
  size_t item;
  const char *inner, *key; /* inner: an object between, or NULL */
  double value;
  const char *sentence; /* behind the path of the file */
} forgery;

static void forge(const forgery *change, bool seal_again) {
  char seal[HR_SEAL_SIZE];
  json_t *root = json_load_file(results, 0, NULL);
  json_t *parent = json_object_get(root, change->list);
  if (json_is_object(parent) && change->inner && strcmp(change->inner, "octiles") == 0) {
    parent = json_array_get(json_object_get(parent, "octiles"), change->item);
    parent = json_object_get(parent, "r2");
  } else if (json_is_object(parent) && change->inner) {
    parent = json_object_get(parent, change->inner);
  } else if (json_is_array(parent)) {
    parent = json_array_get(parent, change->item);
    if (change->inner) {
      parent = json_object_get(json_object_get(parent, "hybrid"), change->inner);
    }
  }
  assert_non_null(json_object_get(parent, change->key));
  json_object_set_new(parent, change->key, json_real(change->value));
  if (seal_again) {
    check_ok(hr_seal_compute(root, seal, &err));
    json_object_set_new(root, "seal", json_string(seal));
  }
  assert_int_equal(json_dump_file(root, results, JSON_REAL_PRECISION(17)), 0);
  json_decref(root);
}

/* Even where the seal was made anew, the rows say otherwise. */
static void test_changed_numbers_are_refused(void **state) {
  (void)state;
  static const forgery cases[] = {
      {"ledger", 0, NULL, "covered", 207,
       " says that ledger.covered is 207, but the predictions give 206"},
      {"overall", 0, NULL, "n", 200,
       " says that overall[0].n is 200, but the predictions give 206"},
      {"overall", 2, NULL, "r2_pooled", 0.99,
       " says that overall[2].r2_pooled is 0.99, but the predictions give "},
      {"overall", 1, NULL, "mae", 0.5,
       " says that overall[1].mae is 0.5, but the predictions give "},
      {"bins", 1, NULL, "n_test", 70,
       " says that bins[1].n_test is 70, but the predictions give 69"},
      {"bins", 2, "cv", "r2", 0.75,
       " says that bins[2].hybrid.cv.r2 is 0.75, but the predictions give "},
      {"snr_octiles", 3, "octiles", "ridge_oracle", 0.5,
       " says that snr_octiles.octiles[3].ridge_oracle is 0.5, but the predictions "
       "give "},
      {"snr_octiles_all", 2, "octiles", "global_ridge", 0.5,
       " says that snr_octiles_all.octiles[2].global_ridge is 0.5, but the predictions "
       "give "},
      {"controls", 0, "placebo", "r2_pooled", 0.25,
       " says that controls.placebo.r2_pooled is 0.25, but the predictions give "},
      {"controls", 0, "leakage", "n", 100,
       " says that controls.leakage.n is 100, but the predictions give 206"},
  };
  fixture_add_controls(&f, 0.6);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    check_ok(hr_results_write(&f.input, results, NULL, &err));
    forge(&cases[c], true);
    assert_int_equal(read_and_audit(&err), HR_ERR_LEDGER);
    assert_non_null(strstr(err.message, cases[c].sentence));
    assert_non_null(strstr(err.message, "; its numbers are not reported"));
  }
}

/* What cannot be computed from the rows alone is held by the seal. */
static void test_a_broken_seal_is_refused(void **state) {
  (void)state;
  static const forgery change = {"overall", 0, NULL, "r2_weighted", 0.5, ""};
  char message[512];
  forge(&change, false);
  snprintf(message, sizeof message,
           "%s was changed after the study wrote it (its seal is broken); run the study "
           "again",
           results);
  check_fails(read_and_audit(&err), HR_ERR_LEDGER, message);
}

static void test_other_predictions_are_refused(void **state) {
  (void)state;
  char *bytes = NULL, wanted[HR_SEAL_SIZE], found[HR_SEAL_SIZE], message[512];
  size_t size = 0;
  check_ok(hr_file_read(predictions, 1 << 20, &bytes, &size, &err));
  hr_seal_bytes(bytes, size, wanted);
  bytes[size / 2] = bytes[size / 2] == '1' ? '2' : '1';
  hr_seal_bytes(bytes, size, found);
  scratch_write(&s, "predictions.csv", bytes);
  hr_free(bytes);
  snprintf(
      message, sizeof message,
      "%s is not the file that %s was written with (fingerprint %s, not %s); run the "
      "study again",
      predictions, results, found, wanted);
  check_fails(read_and_audit(&err), HR_ERR_LEDGER, message);
  assert_int_equal(unlink(predictions), 0);
  snprintf(message, sizeof message, "cannot open %s: No such file or directory",
           predictions);
  check_fails(read_and_audit(&err), HR_ERR_MISSING, message);
}

/* Writes predictions and makes results.json agree with their bytes. */
static void plant(const char *text) {
  char print[HR_SEAL_SIZE];
  scratch_write(&s, "predictions.csv", text);
  hr_seal_bytes(text, strlen(text), print);
  json_t *root = json_load_file(results, 0, NULL);
  json_object_set_new(json_object_get(root, "predictions"), "fingerprint",
                      json_string(print));
  assert_int_equal(json_dump_file(root, results, JSON_REAL_PRECISION(17)), 0);
  json_decref(root);
}

static void test_damaged_rows_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int line;
  } cases[] = {
      {"", 1},
      {"row,bin,snr\n", 1},
      {"row,bin,SNR,target,a\n", 1},
      {"row,bin,snr,target,a\n1,0,1,2,3\n", 2},
      {"row,bin,snr,target,a\n0,0,1,2,3\n1,0,1,2\n", 3},
      {"row,bin,snr,target,a\n0,0,1,2,3,4\n", 2},
      {"row,bin,snr,target,a\n0,-1,1,2,3\n", 2},
      {"row,bin,snr,target,a\n0,0,1,,3\n", 2},
      {"row,bin,snr,target,a\n0,0,1,2,x\n", 2},
      {"row,bin,snr,target,a\n0,0,1,2,3\n1,0", 3},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    char message[256];
    plant(cases[c].text);
    snprintf(message, sizeof message, "%s:%d is not a row of predictions", predictions,
             cases[c].line);
    check_fails(read_and_audit(&err), HR_ERR_FORMAT, message);
  }
}

/* A header whose last columns are not those that results.json lists. */
static void test_other_columns_are_refused(void **state) {
  (void)state;
  static const char *const headers[] = {"row,bin,snr,target,a,sigma_b",
                                        "row,bin,snr,target,a;sigma_a", "sigma_a", "a"};
  char message[256];
  fixture_give_sigma(&f, 1);
  check_ok(hr_results_write(&f.input, results, NULL, &err));
  snprintf(message, sizeof message, "%s:1 is not a row of predictions", predictions);
  for (size_t c = 0; c < sizeof headers / sizeof *headers; c++) {
    char text[128];
    snprintf(text, sizeof text, "%s\n0,0,1,2,3,4\n", headers[c]);
    plant(text);
    check_fails(read_and_audit(&err), HR_ERR_FORMAT, message);
  }
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(read_and_audit(NULL));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_what_was_written_is_confirmed),
      TEST(test_a_missing_row_that_there_is_not),
      TEST(test_controls_are_confirmed),
      TEST(test_calibration_is_confirmed),
      TEST(test_forged_calibration_is_refused),
      TEST(test_columns_are_read_back),
      TEST(test_other_columns_are_refused),
      TEST(test_rows_are_read_back),
      TEST(test_changed_numbers_are_refused),
      TEST(test_a_broken_seal_is_refused),
      TEST(test_other_predictions_are_refused),
      TEST(test_damaged_rows_are_refused),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
