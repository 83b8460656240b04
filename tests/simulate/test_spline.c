#include "simulate/spline.h"

#include "support/check.h"

static const double nodes[] = {-2.0, -1.5, -0.2, 0.1, 1.0, 3.0, 3.5};
enum { COUNT = sizeof nodes / sizeof *nodes };

static double cubic(double x) {
  return 2.0 - x + 0.5 * x * x - 0.3 * x * x * x;
}

static double interpolate(const hr_spline *spline, const double *values, double x) {
  double weights[HR_SPLINE_MOST_NODES], sum = 0.0;
  hr_spline_weights(spline, x, weights);
  for (size_t j = 0; j < spline->count; j++) sum += weights[j] * values[j];
  return sum;
}

static void cubics_are_reproduced(void **state) {
  (void)state;
  hr_error err;
  hr_spline spline;
  for (size_t count = 4; count <= COUNT; count++) {
    double values[COUNT];
    for (size_t j = 0; j < count; j++) values[j] = cubic(nodes[j]);
    check_ok(hr_spline_init(nodes, count, &spline, &err));
    for (double x = nodes[0]; x <= nodes[count - 1]; x += 0.01) {
      check_near(interpolate(&spline, values, x), cubic(x), 1e-12);
    }
  }
}

static void nodes_are_met_exactly(void **state) {
  (void)state;
  hr_error err;
  hr_spline spline;
  check_ok(hr_spline_init(nodes, COUNT, &spline, &err));
  for (size_t i = 0; i < COUNT; i++) {
    double weights[HR_SPLINE_MOST_NODES];
    hr_spline_weights(&spline, nodes[i], weights);
    for (size_t j = 0; j < COUNT; j++) check_near(weights[j], i == j ? 1 : 0, 0);
  }
}

/* scipy.interpolate.CubicSpline(nodes, [1, 3, -2, 0, 5, 4, 7]) at six places. */
static void values_are_those_of_scipy(void **state) {
  (void)state;
  hr_error err;
  hr_spline spline;
  const double values[COUNT] = {1, 3, -2, 0, 5, 4, 7};
  const double at[] = {-1.9, -0.9, 0.0, 0.6, 2.2, 3.3};
  const double expected[] = {1.9691766347672193,  -0.15936071087320447,
                             -0.7729229803058846, 3.3902237133354935,
                             3.9155264281589166,  5.421571596886273};
  check_ok(hr_spline_init(nodes, COUNT, &spline, &err));
  for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
    check_near(interpolate(&spline, values, at[i]), expected[i], 1e-12);
  }
}

static double slope(const hr_spline *spline, const double *values, double x) {
  double slopes[HR_SPLINE_MOST_NODES], sum = 0.0;
  hr_spline_slopes(spline, x, slopes);
  for (size_t j = 0; j < spline->count; j++) sum += slopes[j] * values[j];
  return sum;
}

static void slopes_of_cubics_are_exact(void **state) {
  (void)state;
  hr_error err;
  hr_spline spline;
  for (size_t count = 4; count <= COUNT; count++) {
    double values[COUNT];
    for (size_t j = 0; j < count; j++) values[j] = cubic(nodes[j]);
    check_ok(hr_spline_init(nodes, count, &spline, &err));
    for (double x = nodes[0] - 0.1; x <= nodes[count - 1] + 0.1; x += 0.01) {
      check_near(slope(&spline, values, x), -1.0 + x - 0.9 * x * x, 1e-11);
    }
  }
}

/* scipy.interpolate.CubicSpline(nodes, [1, 3, -2, 0, 5, 4, 7])(at, 1). */
static void slopes_are_those_of_scipy(void **state) {
  (void)state;
  hr_error err;
  hr_spline spline;
  const double values[COUNT] = {1, 3, -2, 0, 5, 4, 7};
  const double at[] = {-1.9, -0.9, 0.0, 0.6, 2.2, 3.3};
  const double expected[] = {8.03657907816105,  -6.487511704614782,  7.53103824926391,
                             5.494081883737617, -1.8454640333935872, 6.5340060038357475};
  check_ok(hr_spline_init(nodes, COUNT, &spline, &err));
  for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
    check_near(slope(&spline, values, at[i]), expected[i], 1e-12);
  }
}

static void bad_nodes_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_spline spline;
  const double flat[] = {0, 1, 1, 2};
  check_fails(hr_spline_init(nodes, 3, &spline, &err), HR_ERR_NUMERIC,
              "a spline needs 4 to 16 nodes, and 3 were given");
  check_fails(hr_spline_init(nodes, 17, &spline, &err), HR_ERR_NUMERIC,
              "a spline needs 4 to 16 nodes, and 17 were given");
  check_fails(hr_spline_init(flat, 4, &spline, &err), HR_ERR_NUMERIC,
              "node 2 of a spline is not above node 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cubics_are_reproduced),
      cmocka_unit_test(nodes_are_met_exactly),
      cmocka_unit_test(values_are_those_of_scipy),
      cmocka_unit_test(slopes_of_cubics_are_exact),
      cmocka_unit_test(slopes_are_those_of_scipy),
      cmocka_unit_test(bad_nodes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
