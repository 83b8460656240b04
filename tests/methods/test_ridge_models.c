/* What Ridge's learners share: their options, and rows that come in. */
#include "methods/ridge/models.h"

#include "compute/dual.h"
#include "methods/ridge/shape.h"
#include "support/fail_alloc.h"
#include "support/small_study.h"

static double values[] = {0.1, 10, 1000};
static const hr_numbers alphas = {values, 3};
static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

/* All of a learner's life, whose models are thrown away but for the global one's R². */
static hr_status live(const hr_ridge_options *options, double r2[3], hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  hr_trained out[SMALL_BINS + 1] = {{.model = NULL}};
  hr_block block = {.first_row = 0,
                    .rows = SMALL_TRAIN,
                    .pixels = SMALL_PIXELS,
                    .flux = s.train_x,
                    .error = s.train_error,
                    .noisy = s.train_x};
  HR_TRY(hr_ridge_models_begin(&s.view, options, &learner, err));
  HR_TRY(hr_ridge_models_learn(learner, &block, err));
  HR_TRY(hr_ridge_models_finish(learner, out, err));
  const hr_fit *fit = &out[SMALL_BINS].fit;
  if (fit->status != HR_FIT_OK) {
    status = hr_fail(err, HR_ERR_MEMORY, "%s", fit->note);
    goto cleanup;
  }
  memcpy(r2, fit->cv_r2, 3 * sizeof *r2);
cleanup:
  for (size_t m = 0; m <= SMALL_BINS; m++) hr_trained_fini(&out[m]);
  hr_ridge_models_destroy(&learner);
  return status;
}

static void the_default_is_plain_ridge(void **state) {
  (void)state;
  const hr_ridge_options options = hr_ridge_options_default(&alphas);
  assert_string_equal(options.name, "ridge");
  assert_string_equal(options.stage, "solving Ridge");
  assert_ptr_equal(options.alpha, &alphas);
  assert_int_equal(options.alphas_a_run, HR_RIDGE_RUN_ALPHAS);
  assert_false(options.integrate_noise || options.always_sums || options.fails_whole);
}

static void one_alpha_a_system_finds_the_same(void **state) {
  (void)state;
  hr_error err;
  double shared[3], alone[3], sums[3];
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  check_ok(live(&options, shared, &err));
  options.alphas_a_run = 1;
  check_ok(live(&options, alone, &err));
  options.always_sums = true;
  check_ok(live(&options, sums, &err));
  for (size_t a = 0; a < 3; a++) {
    check_near(alone[a], shared[a], 1e-6);
    check_near(sums[a], shared[a], 1e-6);
  }
}

static void memory_ends_all_where_that_is_asked_for(void **state) {
  (void)state;
  double r2[3];
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  options.fails_whole = true;
  check_alloc_failures(live(&options, r2, NULL));
}

static void the_estimate_counts_the_rows_of_bins(void **state) {
  (void)state;
  hr_cost cost = {0};
  const hr_ridge_options options = hr_ridge_options_default(&alphas);
  hr_ridge_models_estimate(&s.view, &options, &cost);
  /* Folds of the large bin and of all rows, and the rows of the small one. */
  double sums = 2 * SMALL_FOLDS * hr_scatter_bytes(SMALL_PIXELS);
  check_near(cost.gathered_bytes, sums + hr_dual_bytes(39, SMALL_PIXELS), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_default_is_plain_ridge),
      cmocka_unit_test(one_alpha_a_system_finds_the_same),
      cmocka_unit_test(memory_ends_all_where_that_is_asked_for),
      cmocka_unit_test(the_estimate_counts_the_rows_of_bins),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
