/* results.json: its keys, and numbers that agree with one another. */
#include "score/results.h"

#include <jansson.h>
#include <omp.h>

#include "score/fixture.h"
#include "score/metrics.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

/* results.json of the fixture as it is now, parsed. */
static json_t *results(void) {
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, JSON_REJECT_DUPLICATES, NULL);
  assert_non_null(root);
  hr_text_fini(&text);
  return root;
}

/* Follows a path like "bins/1/experts/ridge/r2". */
static json_t *at(json_t *json, const char *path) {
  char copy[128];
  snprintf(copy, sizeof copy, "%s", path);
  for (char *rest = copy, *part; json && (part = strsep(&rest, "/"));) {
    json = json_is_array(json) ? json_array_get(json, (size_t)atoi(part))
                               : json_object_get(json, part);
  }
  if (!json) print_error("no %s in the results\n", path);
  assert_non_null(json);
  return json;
}

static double number(json_t *root, const char *path) {
  assert_true(json_is_number(at(root, path)));
  return json_number_value(at(root, path));
}

static void check_text(json_t *root, const char *path, const char *expected) {
  assert_string_equal(json_string_value(at(root, path)), expected);
}

static void test_the_promised_keys(void **state) {
  (void)state;
  json_t *root = results();
  check_text(root, "schema", "headroom/results/1");
  check_text(root, "experiment/id", "TEST-01");
  check_text(root, "experiment/fingerprint", "0123456789abcdef");
  check_near(number(root, "ledger/test_rows"), 240, 0);
  check_near(number(root, "ledger/covered"), 206, 0);
  check_near(number(root, "ledger/uncovered"), 34, 0);
  assert_true(json_is_true(at(root, "ledger/ok")));
  check_text(root, "ledger/checks/0/name", "train_rows");
  assert_true(json_is_true(at(root, "ledger/checks/0/ok")));
  check_near(number(root, "bins/1/index"), 1, 0);
  check_text(root, "bins/1/name", "Mid Poor");
  check_near(number(root, "bins/1/n_train"), 1000, 0);
  check_near(number(root, "bins/1/n_test"), 69, 0);
  assert_true(json_is_true(at(root, "bins/0/at_risk")));
  assert_true(json_is_false(at(root, "bins/1/at_risk")));
  check_text(root, "bins/1/experts/ridge/status", "ok");
  check_near(number(root, "bins/1/experts/ridge/alpha"), 1e4, 0);
  check_near(number(root, "bins/1/experts/ridge/r2_cv"), 0.52, 1e-15);
  check_near(number(root, "bins/1/experts/ridge/seconds"), 0.25, 0);
  assert_true(number(root, "bins/1/experts/ridge/r2_ci/0") <
              number(root, "bins/1/experts/ridge/r2"));
  assert_true(number(root, "bins/1/experts/ridge/mae") <
              number(root, "bins/1/experts/ridge/rmse"));
  check_text(root, "bins/1/best/cv", "forest");
  check_text(root, "bins/1/best/test", "forest");
  check_text(root, "overall/0/method", "global_ridge");
  check_text(root, "overall/0/rows", "covered");
  check_text(root, "gate/0/criterion", "oracle_r2");
  check_near(number(root, "gate/0/threshold"), 0.7, 0);
  check_text(root, "gate/2/criterion", "insufficient");
  check_text(root, "gate/3/criterion", "focus_bins");
  json_decref(root);
}

/* A study of one target says its unit alone; of several also which one it is. */
static void test_targets(void **state) {
  (void)state;
  char first[] = "log_g", second[] = "T_eff", *names[] = {first, second};
  const hr_strings one = {names, 1}, two = {names, 2};
  json_t *root = results();
  check_text(root, "experiment/unit", ""); /* not known */
  assert_null(json_object_get(at(root, "experiment"), "targets"));
  json_decref(root);
  f.input.target_unit = "K";
  f.input.targets = &one;
  root = results();
  check_text(root, "experiment/unit", "K");
  assert_null(json_object_get(at(root, "experiment"), "targets"));
  assert_null(json_object_get(at(root, "experiment"), "target_number"));
  json_decref(root);
  f.input.targets = &two;
  f.input.target_number = 1;
  root = results();
  assert_int_equal(json_array_size(at(root, "experiment/targets")), 2);
  check_text(root, "experiment/targets/1", "T_eff");
  check_near(number(root, "experiment/target_number"), 1, 0);
  json_decref(root);
  f.input.target_unit = NULL;
  f.input.targets = NULL;
  f.input.target_number = 0;
}

static void test_numbers_agree_with_one_another(void **state) {
  (void)state;
  json_t *root = results();
  double gain =
      number(root, "bins/1/experts/forest/r2") - number(root, "bins/1/experts/ridge/r2");
  check_near(number(root, "bins/1/hybrid/cv/delta_r2"), gain, 0);
  check_near(number(root, "bins/1/experts/ridge/variants/2/r2"),
             number(root, "bins/1/experts/ridge/r2"), 0);
  check_near(number(root, "bins/0/hybrid/cv/delta_r2"), 0, 0);
  double weighted = 0;
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    json_t *bin = json_array_get(json_object_get(root, "bins"), k);
    weighted += number(bin, "n_test") * number(bin, "experts/ridge/r2") / 206;
  }
  check_text(root, "overall/1/method", "ridge_oracle");
  check_near(number(root, "overall/1/r2_weighted"), weighted, 1e-14);
  double rows = 0;
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    rows += number(json_array_get(at(root, "snr_octiles/octiles"), j), "n");
  }
  check_near(rows, 206, 0);
  json_decref(root);
}

/* Eight parts of all rows, of the methods that predict all of them; test_outside.py has
 * NumPy's numbers. */
static void test_octiles_of_all_rows(void **state) {
  (void)state;
  json_t *root = results();
  json_t *octiles = at(root, "snr_octiles_all/octiles");
  double rows = 0;
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    json_t *octile = json_array_get(octiles, j);
    const json_t *scores = json_object_get(octile, "r2");
    assert_true(json_is_number(json_object_get(scores, "global_ridge")));
    assert_null(json_object_get(scores, "ridge_oracle")); /* not of uncovered rows */
    rows += number(octile, "n");
    if (j > 0) {
      check_near(number(octile, "snr_low"),
                 number(json_array_get(octiles, j - 1), "snr_high"), 0);
    }
  }
  assert_int_equal(json_array_size(octiles), HR_SNR_OCTILES);
  check_near(rows, FIXTURE_ROWS, 0);
  json_decref(root);
}

static void test_what_is_undefined_is_null(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 2) f.target[i] = 4.1;
  }
  f.input.snr = NULL;
  f.input.train_preparation = NULL;
  fixture_fits(&f);
  json_t *root = results();
  assert_true(json_is_null(at(root, "bins/2/experts/ridge/r2")));
  assert_true(json_is_null(at(root, "bins/2/experts/ridge/r2_ci/0")));
  assert_true(json_is_number(at(root, "bins/2/experts/ridge/mae")));
  assert_true(json_is_null(at(root, "bins/2/hybrid/cv/delta_r2")));
  assert_true(json_is_null(at(root, "overall/1/delta_r2")));
  assert_true(json_is_null(at(root, "overall/1/versus")));
  assert_true(json_is_null(at(root, "snr_octiles")));
  assert_true(json_is_null(at(root, "preparation/train")));
  check_near(number(root, "preparation/test/bad_pixels"), 6, 0);
  json_decref(root);
}

static void test_experts_that_are_not_there(void **state) {
  (void)state;
  fixture_end(&f, &f.ridge[0], HR_FIT_SKIPPED);
  snprintf(f.ridge[0].note, sizeof f.ridge[0].note, "bin 0 has no training rows");
  fixture_end(&f, &f.ridge[FIXTURE_BINS], HR_FIT_FAILED); /* the global model */
  snprintf(f.ridge[FIXTURE_BINS].note, sizeof f.ridge[0].note, "out of memory");
  fixture_end(&f, &f.forest[1], HR_FIT_FAILED);
  fixture_end(&f, &f.forest[2], HR_FIT_SKIPPED); /* not asked for at all */
  f.outcomes[1].fit_count = 2;
  json_t *root = results();
  check_text(root, "experts/0/status", "ok");
  check_text(root, "experts/0/note", "out of memory");
  check_text(root, "experts/1/note", "");
  check_text(root, "experts/2/status", "unavailable");
  check_text(root, "bins/0/experts/cnn/status", "unavailable");
  check_text(root, "bins/0/experts/cnn/note", "this expert is not part of this build");
  assert_true(json_is_null(at(root, "bins/0/experts/cnn/r2")));
  check_text(root, "bins/0/experts/ridge/status", "skipped");
  check_text(root, "bins/0/experts/ridge/note", "bin 0 has no training rows");
  assert_true(json_is_null(at(root, "bins/0/experts/ridge/alpha")));
  assert_int_equal(json_array_size(at(root, "bins/0/experts/ridge/variants")), 0);
  check_text(root, "bins/1/experts/forest/status", "failed");
  check_text(root, "bins/2/experts/forest/status", "skipped");
  check_text(root, "bins/2/experts/forest/note",
             "this expert was not asked for in this bin");
  check_text(root, "bins/2/experts/forest/reason", "not_asked_for");
  check_text(root, "bins/0/experts/cnn/reason", "not_built");
  check_text(root, "experts/2/reason", "not_built");
  assert_true(json_is_null(at(root, "bins/0/experts/forest/reason")));
  json_decref(root);
}

static void test_who_may_not_be_chosen_is_told(void **state) {
  (void)state;
  json_t *root = results();
  assert_null(json_object_get(at(root, "experts/1"), "competes"));
  json_decref(root);
  fixture_take_forest_elsewhere(&f);
  root = results();
  assert_true(json_is_true(at(root, "experts/1/elsewhere")));
  assert_null(json_object_get(at(root, "experts/1"), "competes")); /* it was validated */
  json_decref(root);
  for (size_t k = 0; k < FIXTURE_BINS; k++) f.forest[k].cv_r2 = NULL;
  root = results();
  assert_true(json_is_false(at(root, "experts/1/competes")));
  assert_null(json_object_get(at(root, "experts/0"), "competes"));
  json_decref(root);
}

static void test_training_in_epochs_is_told(void **state) {
  (void)state;
  hr_curve_point curve[] = {{0.9, 0.1, 1e-3}, {0.7, (double)NAN, 0}};
  f.forest[1].convergence = HR_NOT_CONVERGED;
  f.forest[1].curve = curve;
  f.forest[1].curve_points = 2;
  f.forest[2].convergence = HR_CONVERGED; /* and nothing is known of its epochs */
  json_t *root = results();
  assert_true(json_is_false(at(root, "bins/1/experts/forest/converged")));
  assert_false(json_is_null(at(root, "bins/1/experts/forest/r2")));
  check_near(number(root, "bins/1/experts/forest/best_epoch"), 1, 0);
  check_near(number(root, "bins/1/experts/forest/curve/0/train_loss"), 0.9, 0);
  check_near(number(root, "bins/1/experts/forest/curve/0/r2_validation"), 0.1, 0);
  check_near(number(root, "bins/1/experts/forest/curve/0/lr"), 1e-3, 0);
  assert_true(json_is_null(at(root, "bins/1/experts/forest/curve/1/r2_validation")));
  assert_int_equal(json_array_size(at(root, "bins/1/experts/forest/curve")), 2);
  assert_true(json_is_true(at(root, "bins/2/experts/forest/converged")));
  json_t *ridge = at(root, "bins/1/experts/ridge");
  assert_null(json_object_get(ridge, "converged"));
  assert_null(json_object_get(ridge, "curve"));
  json_decref(root);
}

/* The hybrid might not take it, and so may well be worse. */
static void test_what_did_not_converge_may_be_better_than_the_choice(void **state) {
  (void)state;
  for (int k = 0; k < FIXTURE_BINS; k++) {
    f.forest[k].convergence = HR_NOT_CONVERGED;
    fixture_predict(&f, k, 0.05, (uint64_t)(100 + k), f.forest_own);
  }
  json_t *root = results();
  check_text(root, "bins/0/best/test", "ridge");
  check_text(root, "overall/2/method", "forest_oracle");
  check_text(root, "overall/5/method", "oracle_hybrid_test");
  assert_true(number(root, "overall/2/r2_pooled") > number(root, "overall/5/r2_pooled"));
  json_decref(root);
}

static void test_nobody_at_all(void **state) {
  (void)state;
  for (size_t t = 0; t < FIXTURE_RIDGE_FITS; t++)
    fixture_end(&f, &f.ridge[t], HR_FIT_FAILED);
  f.input.outcome_count = 1;
  json_t *root = results();
  check_text(root, "experts/0/status", "failed");
  assert_true(json_is_null(at(root, "bins/0/best/cv")));
  assert_true(json_is_null(at(root, "overall/0/r2_pooled")));
  check_text(root, "overall/0/remarks/0", "incomplete");
  check_text(root, "gate/0/verdict", "undecided");
  json_decref(root);
}

static void test_one_expert_is_told(void **state) {
  (void)state;
  f.input.outcome_count = 1;
  json_t *root = results();
  check_text(root, "overall/3/method", "oracle_hybrid_cv");
  check_text(root, "overall/3/remarks/0", "one_expert");
  check_near(number(root, "overall/3/delta_r2"), 0, 0);
  check_text(root, "overall/4/remarks/0", "chosen_on_test");
  json_decref(root);
}

static void test_a_bin_without_test_rows_has_no_best_on_test(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 1) f.bin[i] = f.route[i] = HR_UNCOVERED;
  }
  fixture_fits(&f);
  json_t *root = results();
  check_text(root, "bins/1/best/cv", "forest");
  assert_true(json_is_null(at(root, "bins/1/best/test")));
  assert_true(json_is_null(at(root, "bins/1/hybrid/cv/r2")));
  json_decref(root);
}

static void test_threads_do_not_matter(void **state) {
  (void)state;
  hr_text text[2];
  int before = omp_get_max_threads();
  for (int t = 0; t < 2; t++) {
    hr_text_init(&text[t]);
    omp_set_num_threads(t == 0 ? 1 : 4);
    check_ok(hr_results_format(&f.input, &text[t], NULL, &err));
  }
  omp_set_num_threads(before);
  assert_string_equal(text[0].bytes, text[1].bytes);
  hr_text_fini(&text[0]);
  hr_text_fini(&text[1]);
}

static void test_the_file_and_the_gate(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  bool passed = true;
  check_ok(hr_results_write(&f.input, scratch_name(&s, "results.json"), &passed, &err));
  assert_false(passed);
  assert_int_equal(access(scratch_name(&s, "results.json"), R_OK), 0);
  scratch_fini(&s);
}

static void test_a_broken_ledger_writes_nothing(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  f.input.train_rows++;
  check_fails(hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err),
              HR_ERR_LEDGER,
              "the accounts do not balance at train_rows: 3000 training rows in bins and "
              "300 uncovered, 3301 in the split; the numbers are refused, please report "
              "this");
  assert_int_not_equal(access(scratch_name(&s, "results.json"), F_OK), 0);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_the_promised_keys, prepare),
      cmocka_unit_test_setup(test_targets, prepare),
      cmocka_unit_test_setup(test_octiles_of_all_rows, prepare),
      cmocka_unit_test_setup(test_numbers_agree_with_one_another, prepare),
      cmocka_unit_test_setup(test_what_is_undefined_is_null, prepare),
      cmocka_unit_test_setup(test_experts_that_are_not_there, prepare),
      cmocka_unit_test_setup(test_who_may_not_be_chosen_is_told, prepare),
      cmocka_unit_test_setup(test_training_in_epochs_is_told, prepare),
      cmocka_unit_test_setup(test_what_did_not_converge_may_be_better_than_the_choice,
                             prepare),
      cmocka_unit_test_setup(test_nobody_at_all, prepare),
      cmocka_unit_test_setup(test_one_expert_is_told, prepare),
      cmocka_unit_test_setup(test_a_bin_without_test_rows_has_no_best_on_test, prepare),
      cmocka_unit_test_setup(test_threads_do_not_matter, prepare),
      cmocka_unit_test_setup(test_the_file_and_the_gate, prepare),
      cmocka_unit_test_setup(test_a_broken_ledger_writes_nothing, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
