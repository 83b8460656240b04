/* Curves of sizes, against sizes whose curve is known. */
#include "models/sigma_curve.h"

#include "core/random.h"
#include "support/check.h"

enum { MOST = 20000 };

static double place[MOST], log_size[MOST];

/* The curve that sizes are drawn about. */
static double truth(double t) {
  return 0.3 - 0.8 * t + 0.25 * t * t + 0.1 * t * t * t;
}

static double gaussian(uint64_t row) {
  double u = 1 - hr_uniform(1, HR_STREAM_BOOTSTRAP, row, 0);
  return sqrt(-2 * log(u)) *
         cos(6.283185307179586 * hr_uniform(1, HR_STREAM_BOOTSTRAP, row, 1));
}

static void draw(bool with_chance) {
  for (size_t i = 0; i < MOST; i++) {
    place[i] = 2 * hr_uniform(2, HR_STREAM_BOOTSTRAP, i, 0) - 1;
    log_size[i] = truth(place[i]);
    if (with_chance) log_size[i] += log(fabs(gaussian(i)));
  }
}

static hr_size_points all_of(size_t count, size_t coefficients) {
  return (hr_size_points){count, place, log_size, coefficients, false};
}

/* Without chance the curve is met, whatever is asked for. */
static void sizes_without_chance_are_their_curve(void **state) {
  (void)state;
  draw(false);
  const hr_size_points points = all_of(MOST, 4);
  const hr_size_curve curves[] = {hr_size_quantile(&points, 0.6827),
                                  hr_size_quantile(&points, 0.9545),
                                  hr_size_mean_square(&points)};
  for (size_t c = 0; c < 3; c++) {
    for (double t = -1; t <= 1; t += 0.125) {
      check_near(log(hr_size_at(&curves[c], t)), truth(t), 0.01);
    }
  }
}

/* The quantiles of a Gaussian's sizes are one and two sigma, its mean square one. Chance
 * is 0.02 of a size in the middle, twice that at the ends. */
static void sizes_with_chance_have_theirs(void **state) {
  (void)state;
  draw(true);
  const hr_size_points points = all_of(MOST, 4);
  const hr_size_curve within68 = hr_size_quantile(&points, 0.6827),
                      within95 = hr_size_quantile(&points, 0.9545),
                      square = hr_size_mean_square(&points);
  for (double t = -1; t <= 1; t += 0.125) {
    check_near(log(hr_size_at(&within68, t)), truth(t), 0.06);
    check_near(log(hr_size_at(&within95, t)), truth(t) + log(2), 0.06);
    check_near(log(hr_size_at(&square, t)), truth(t), 0.06);
  }
}

/* What makes it the quantile: at the least sum, rows below and above balance, times every
 * power of the place, but for those that are met. */
static void a_quantile_balances(void **state) {
  (void)state;
  draw(true);
  const hr_size_points points = all_of(2000, 4);
  const hr_size_curve curve = hr_size_quantile(&points, 0.8);
  for (int power = 0; power < 4; power++) {
    double sum = 0;
    for (size_t i = 0; i < points.count; i++) {
      bool is_below = exp(log_size[i]) < hr_size_at(&curve, place[i]);
      sum += (0.8 - is_below) * pow(place[i], power);
    }
    check_near(sum, 0, 4);
  }
}

/* Squares in units of the curve add up to as much as the rows, times every power. */
static void a_mean_square_balances(void **state) {
  (void)state;
  draw(true);
  log_size[7] = 5; /* far out */
  const hr_size_points points = all_of(300, 3);
  const hr_size_curve curve = hr_size_mean_square(&points);
  for (int power = 0; power < 3; power++) {
    double sum = 0;
    for (size_t i = 0; i < points.count; i++) {
      double z = exp(log_size[i]) / hr_size_at(&curve, place[i]);
      sum += (z * z - 1) * pow(place[i], power);
    }
    check_near(sum, 0, 0.1);
  }
  check_near(curve.coefficient[3], 0, 0);
}

/* Two places do not tell four coefficients, but what is said of the two. */
static void few_places_are_enough(void **state) {
  (void)state;
  for (size_t i = 0; i < 200; i++) {
    place[i] = i % 2 ? 1 : -1;
    log_size[i] = i % 2 ? 3 : -2;
  }
  const hr_size_points points = all_of(200, 4);
  const hr_size_curve curves[] = {hr_size_quantile(&points, 0.6827),
                                  hr_size_mean_square(&points)};
  for (size_t c = 0; c < 2; c++) {
    check_near(log(hr_size_at(&curves[c], 1)), 3, 1e-3);
    check_near(log(hr_size_at(&curves[c], -1)), -2, 1e-3);
    double middle = log(hr_size_at(&curves[c], 0));
    assert_true(middle > -2.5 && middle < 3.5);
  }
}

/* Where a level is expected, chance alone bends a curve of few rows less, and not what
 * they are sure of. */
static void a_level_that_is_expected_is_kept(void **state) {
  (void)state;
  double plain = 0, level = 0, slope = 0;
  for (size_t slot = 0; slot < 50; slot++) {
    draw(true);
    for (size_t i = 0; i < 400; i++) {
      place[i] = place[400 * slot + i];
      log_size[i] = log_size[400 * slot + i] - truth(place[i]);
    }
    hr_size_points points = all_of(400, 4);
    hr_size_curve curve = hr_size_quantile(&points, 0.6827);
    for (size_t j = 1; j < 4; j++) plain += pow(curve.coefficient[j], 2) / 150;
    points.expects_level = true;
    curve = hr_size_quantile(&points, 0.6827);
    for (size_t j = 1; j < 4; j++) level += pow(curve.coefficient[j], 2) / 150;
    for (size_t i = 0; i < 400; i++) log_size[i] += 0.7 * place[i];
    slope += hr_size_quantile(&points, 0.6827).coefficient[1] / 50;
  }
  check_near(plain, 0.93 * 5 / 400, 0.004); /* 2 j + 1 times the chance of the level */
  assert_true(level < 0.6 * plain);
  check_near(slope, 0.7, 0.03);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_without_chance_are_their_curve),
      cmocka_unit_test(sizes_with_chance_have_theirs),
      cmocka_unit_test(a_quantile_balances),
      cmocka_unit_test(a_mean_square_balances),
      cmocka_unit_test(few_places_are_enough),
      cmocka_unit_test(a_level_that_is_expected_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
