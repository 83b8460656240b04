/* How the published report of the experiment contradicted itself, each way attempted: it
 * is refused, or cannot be done. */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/seal.h"
#include "headroom/report.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_status write_results(void) {
  return hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err);
}

static json_t *read_results(void) {
  json_t *root = json_load_file(scratch_name(&s, "results.json"), 0, NULL);
  assert_non_null(root);
  return root;
}

static json_t *method(json_t *root, const char *name) {
  json_t *overall = json_object_get(root, "overall"), *entry = NULL;
  size_t i = 0;
  json_array_foreach(overall, i, entry) {
    if (strcmp(json_string_value(json_object_get(entry, "method")), name) == 0)
      return entry;
  }
  return NULL;
}

/* Seals what was changed, as someone would who means it. */
static void save_results(json_t *root) {
  char seal[HR_SEAL_SIZE];
  check_ok(hr_seal_compute(root, seal, &err));
  json_object_set_new(root, "seal", json_string(seal));
  const char *path = scratch_name(&s, "results.json");
  assert_int_equal(json_dump_file(root, path, JSON_REAL_PRECISION(17)), 0);
  json_decref(root);
}

static void check_report_refused(const char *part) {
  assert_int_equal(hr_report_write(s.path, NULL, &err), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, part));
  assert_int_not_equal(access(scratch_name(&s, "report.md"), F_OK), 0);
}

/* "Oracle-Hybrid 0.6436 below Ridge-Oracle 0.6666": the two were computed over different
 * rows, or with different formulas. */
static void a_hybrid_below_a_part_of_it(void **state) {
  (void)state;
  f.forest_own[6] = 1; /* one arm has a row more */
  assert_int_equal(write_results(), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, "task_test_rows/forest"));
  fixture_fits(&f);
  f.forest_own[fixture_row(&f, 1, 3)] = (float)NAN;
  check_ok(write_results()); /* a row less: then no arm has it */
  fixture_fits(&f);
  check_ok(write_results());
  json_t *root = read_results();
  double best =
      json_real_value(json_object_get(method(root, "oracle_hybrid_test"), "r2_pooled"));
  double ridge =
      json_real_value(json_object_get(method(root, "ridge_oracle_test"), "r2_pooled"));
  assert_true(best >= ridge); /* chosen on the same rows it is scored on */
  json_object_set_new(method(root, "oracle_hybrid_test"), "r2_pooled",
                      json_real(ridge - 0.0230));
  save_results(root);
  check_report_refused("r2_pooled is ");
}

/* "The test counts of the bins add to 10,246 for a test set of 10,000." */
static void counts_beyond_the_rows(void **state) {
  (void)state;
  f.train_counts[0] += 246;
  assert_int_equal(write_results(), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, "train_rows"));
  f.train_counts[0] -= 246;
  f.bin[0] = FIXTURE_BINS; /* a row in a bin that there is not */
  assert_int_equal(write_results(), HR_ERR_LEDGER);
  f.bin[0] = f.route[0];
  check_ok(write_results());
  json_t *root = read_results();
  json_t *bin = json_array_get(json_object_get(root, "bins"), 0);
  json_object_set_new(bin, "n_test", json_integer(68 + 246));
  save_results(root);
  check_report_refused("bins[0].n_test is 314, but the predictions give 68");
}

static char *read_text(const char *name) {
  static char *bytes;
  size_t size = 0;
  check_ok(hr_file_read(scratch_name(&s, name), 1 << 22, &bytes, &size, &err));
  return bytes;
}

/* "The figures show another run than the tables." */
static void figures_of_another_run(void **state) {
  (void)state;
  static const char gains[] = "figures/ceiling_perbin_delta_r2.csv";
  check_ok(write_results());
  check_ok(hr_report_write(s.path, NULL, &err));
  char *before = read_text(gains), *old_rows = read_text("predictions.csv");
  f.forest_cv[1] = -1; /* another run: the forest is chosen nowhere */
  check_ok(write_results());
  char *new_rows = read_text("predictions.csv");
  scratch_write(&s, "predictions.csv", old_rows);
  assert_int_equal(hr_report_write(s.path, NULL, &err), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, "is not the file that"));
  scratch_write(&s, "predictions.csv", new_rows);
  check_ok(hr_report_write(s.path, NULL, &err)); /* draws them all anew */
  char *after = read_text(gains);
  assert_string_not_equal(before, after);
  hr_text_free(before);
  hr_text_free(after);
  hr_text_free(old_rows);
  hr_text_free(new_rows);
}

/* What validation chose in a bin. */
static void check_same_choices(json_t *one, json_t *other) {
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    json_t *a = json_array_get(json_object_get(one, "bins"), k);
    json_t *b = json_array_get(json_object_get(other, "bins"), k);
    assert_true(json_equal(json_object_get(json_object_get(a, "best"), "cv"),
                           json_object_get(json_object_get(b, "best"), "cv")));
    json_t *hybrid_a = json_object_get(json_object_get(a, "hybrid"), "cv");
    json_t *hybrid_b = json_object_get(json_object_get(b, "hybrid"), "cv");
    assert_true(json_equal(json_object_get(hybrid_a, "variant"),
                           json_object_get(hybrid_b, "variant")));
  }
}

/* "Experts and alpha were chosen on the test rows they were then scored on": by default
 * nothing that is chosen knows a test label, and where it does its name says so. */
static void choices_that_saw_the_test_rows(void **state) {
  (void)state;
  check_ok(write_results());
  json_t *before = read_results();
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.target[i] = 5.5 - 0.7 * f.target[i];
  check_ok(write_results());
  json_t *after = read_results();
  check_same_choices(before, after);
  double r2 =
      json_real_value(json_object_get(method(before, "oracle_hybrid_cv"), "r2_pooled"));
  double other =
      json_real_value(json_object_get(method(after, "oracle_hybrid_cv"), "r2_pooled"));
  assert_true(fabs(r2 - other) > 0.1); /* while the scores do */
  assert_true(json_array_size(
                  json_object_get(method(before, "oracle_hybrid_cv"), "remarks")) == 0);
  const json_t *remarks =
      json_object_get(method(before, "oracle_hybrid_test"), "remarks");
  assert_string_equal(json_string_value(json_array_get(remarks, 0)), "chosen_on_test");
  json_decref(before);
  json_decref(after);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_hybrid_below_a_part_of_it),
      TEST(counts_beyond_the_rows),
      TEST(figures_of_another_run),
      TEST(choices_that_saw_the_test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
