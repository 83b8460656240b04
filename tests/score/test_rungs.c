/* The numbers of the ladder: they add up, and their intervals hold what was planted. */
#include "score/rungs.h"

#include "score/fixture.h"
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

static void test_steps_add_up(void **state) {
  (void)state;
  fixture_give_global_forest(&f, 0.5, 0.6);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_steps_add_up, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_octiles, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_one_bin_gains_nothing, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_a_mixture_that_gains_nothing, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_a_mixture_that_gains_what_was_planted, prepare,
                                      tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
