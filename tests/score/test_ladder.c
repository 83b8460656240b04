/* The ladder of a made-up study: what stands on its rungs, and what its steps say. */
#include "score/rungs.h"

#include "core/json.h"
#include "score/fixture.h"
#include "score/results_ladder.h"
#include "support/check.h"

static fixture f;
static hr_evaluation *evaluation;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_evaluation_destroy(&evaluation);
  return 0;
}

static hr_rungs evaluate(void) {
  hr_evaluation_destroy(&evaluation);
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  return hr_rungs_of(evaluation);
}

static const char *name_on(hr_rung rung) {
  size_t at = evaluation->ladder.forecast[rung];
  return at == HR_NO_METHOD ? NULL : evaluation->forecasts.items[at].name;
}

/* The forest gets a model of all rows, whose errors are `sigma`. */
static hr_fit forest_fits[FIXTURE_BINS + 1];
static float forest_global[FIXTURE_ROWS];
static double forest_global_cv;
static const hr_method global_forest = {
    .name = "forest", .title = "Forest", .has_global = true};

static void give_global_forest(double sigma, double cv, uint64_t seed) {
  for (size_t k = 0; k < FIXTURE_BINS; k++) forest_fits[k] = f.forest[k];
  forest_global_cv = cv;
  forest_fits[FIXTURE_BINS] = (hr_fit){.slot = HR_GLOBAL,
                                       .status = HR_FIT_OK,
                                       .train_rows = 3300,
                                       .variant_count = 1,
                                       .cv_r2 = &forest_global_cv};
  fixture_predict(&f, HR_GLOBAL, sigma, seed, forest_global);
  f.outcomes[1].type = &global_forest;
  f.outcomes[1].fits = forest_fits;
  f.outcomes[1].fit_count = FIXTURE_BINS + 1;
  f.outcomes[1].global = fixture_matrix(forest_global, 1);
}

static void test_the_rungs_of_a_study(void **state) {
  (void)state;
  hr_rungs rungs = evaluate();
  assert_string_equal(name_on(HR_RUNG_BASELINE), "global_ridge");
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
  assert_string_equal(name_on(HR_RUNG_ORACLE), "oracle_hybrid_cv");
  assert_false(hr_rungs_has(&rungs, HR_RUNG_DEPLOYED));
  assert_false(hr_rungs_has(&rungs, HR_RUNG_CEILING));
  /* The forest is taken in one bin and has no model of all rows. */
  assert_int_equal(evaluation->ladder.without_global, 2);
}

static void test_the_single_model_is_the_best_of_validation(void **state) {
  (void)state;
  give_global_forest(0.1, 0.6, 9); /* above Ridge's 0.52 */
  evaluate();
  assert_string_equal(name_on(HR_RUNG_BASELINE), "global_ridge");
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_forest");
  assert_int_equal(evaluation->ladder.without_global, 0);
  forest_global_cv = 0.4; /* better on the test rows, but who knows that? */
  evaluate();
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
  forest_global_cv = (double)NAN;
  evaluate();
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
  forest_global_cv = 0.9;
  forest_fits[FIXTURE_BINS].convergence = HR_NOT_CONVERGED;
  evaluate();
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
}

static void test_steps_add_up(void **state) {
  (void)state;
  give_global_forest(0.5, 0.6, 9);
  fixture_give_variance(&f, 1);
  hr_rungs rungs = evaluate();
  for (size_t k = 0; k <= FIXTURE_BINS; k++) {
    hr_rung_rows rows =
        k < FIXTURE_BINS ? hr_rungs_bin(&rungs, k) : hr_rungs_covered(&rungs);
    double r2[HR_RUNGS] = {0};
    for (hr_rung r = 0; r < HR_RUNGS; r++) {
      if (hr_rungs_has(&rungs, r)) r2[r] = hr_rungs_r2(&rungs, r, &rows).value;
    }
    hr_score mixture = hr_rungs_step(&rungs, HR_RUNG_SINGLE, HR_RUNG_ORACLE, &rows);
    hr_score noise = hr_rungs_step(&rungs, HR_RUNG_ORACLE, HR_RUNG_CEILING, &rows);
    check_near(mixture.value, r2[HR_RUNG_ORACLE] - r2[HR_RUNG_SINGLE], 1e-15);
    check_near(noise.value, r2[HR_RUNG_CEILING] - r2[HR_RUNG_ORACLE], 1e-15);
    assert_true(mixture.interval.low < mixture.value);
    assert_true(mixture.interval.high > mixture.value);
  }
}

/* The octiles' bootstrap draws the same rows as that of the bins. */
static void test_octiles(void **state) {
  (void)state;
  hr_rungs rungs = evaluate();
  size_t rows = 0;
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    hr_rung_rows octile = hr_rungs_octile(&rungs, j);
    hr_score step = hr_rungs_step(&rungs, HR_RUNG_BASELINE, HR_RUNG_ORACLE, &octile);
    double oracle = hr_rungs_r2(&rungs, HR_RUNG_ORACLE, &octile).value;
    double baseline = hr_rungs_r2(&rungs, HR_RUNG_BASELINE, &octile).value;
    check_near(step.value, oracle - baseline, 1e-15);
    assert_true(step.interval.low < step.value && step.value < step.interval.high);
    rows += octile.count;
  }
  assert_int_equal(rows, hr_rungs_covered(&rungs).count);
}

/* One model alone, of one bin, is no mixture. */
static void test_one_bin_gains_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.bin[i] = f.route[i] = 0;
  f.input.bin_count = 1;
  f.input.focus_count = 0;
  f.input.outcome_count = 1;
  f.train_counts[0] = 3300;
  f.train_counts[1] = 0;
  static hr_fit fits[2];
  fits[0] = f.ridge[0];
  fits[1] = f.ridge[FIXTURE_BINS];
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) {
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      f.ridge_own[v][i] = f.ridge_global[v][i];
    }
  }
  f.outcomes[0].fits = fits;
  f.outcomes[0].fit_count = 2;
  hr_rungs rungs = evaluate();
  hr_rung_rows rows = hr_rungs_covered(&rungs);
  hr_score step = hr_rungs_step(&rungs, HR_RUNG_SINGLE, HR_RUNG_ORACLE, &rows);
  check_near(step.value, 0, 0);
  check_near(step.interval.low, 0, 0);
  check_near(step.interval.high, 0, 0);
}

/* What the mixture gains is planted: over many stars' noise, the interval of its step
 * holds it as often as it says. */
static size_t count_covering(double single, double oracle) {
  enum { SEEDS = 500 };
  size_t covering = 0;
  double sst = 0, gain = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    fixture_init(&f);
    f.input.outcome_count = 1;
    f.input.seed = seed;
    f.input.bootstrap_draws = 400;
    fixture_predict(&f, HR_GLOBAL, single, 1000 + seed, f.ridge_global[2]);
    for (int k = 0; k < FIXTURE_BINS; k++) {
      fixture_predict(&f, k, oracle, 5000 + seed, f.ridge_own[2]);
    }
    hr_rungs rungs = evaluate();
    hr_rung_rows rows = hr_rungs_covered(&rungs);
    hr_metrics all = hr_metrics_compute(
        f.target, evaluation->forecasts.items[0].prediction, rows.list, rows.count);
    sst = all.sst;
    gain = (single * single - oracle * oracle) * (double)rows.count / sst;
    hr_score step = hr_rungs_step(&rungs, HR_RUNG_SINGLE, HR_RUNG_ORACLE, &rows);
    covering += step.interval.low <= gain && gain <= step.interval.high;
  }
  return covering;
}

static void test_a_mixture_that_gains_nothing(void **state) {
  (void)state;
  size_t covering = count_covering(0.5, 0.5);
  assert_true(covering >= 465 && covering <= 485);
}

static void test_a_mixture_that_gains_what_was_planted(void **state) {
  (void)state;
  size_t covering = count_covering(0.5, 0.4);
  assert_true(covering >= 465 && covering <= 485);
}

static void test_the_ladder_in_json(void **state) {
  (void)state;
  give_global_forest(0.5, 0.6, 9);
  fixture_give_variance(&f, 1);
  evaluate();
  hr_json_builder json = {0};
  json_t *root = json_object();
  hr_results_write_ladder(&json, evaluation, root);
  const json_t *ladder = json_object_get(root, "ladder");
  const json_t *steps = json_object_get(ladder, "steps");
  assert_int_equal(json_array_size(json_object_get(ladder, "rungs")), 4);
  assert_int_equal(json_array_size(steps), 3);
  static const char *const names[] = {"better_model", "mixture", "noise"};
  for (size_t s = 0; s < 3; s++) {
    const json_t *step = json_array_get(steps, s);
    assert_string_equal(json_string_value(json_object_get(step, "step")), names[s]);
  }
  assert_int_equal(json_array_size(json_object_get(ladder, "bins")), FIXTURE_BINS);
  assert_int_equal(json_array_size(json_object_get(ladder, "octiles")), HR_SNR_OCTILES);
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_rungs_of_a_study, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_the_single_model_is_the_best_of_validation,
                                      prepare, tidy),
      cmocka_unit_test_setup_teardown(test_steps_add_up, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_octiles, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_one_bin_gains_nothing, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_a_mixture_that_gains_nothing, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_a_mixture_that_gains_what_was_planted, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(test_the_ladder_in_json, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
