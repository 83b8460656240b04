/* Adam by hand, in fp64, and the learning rate at its corners. */
#include "nn/adam.h"

#include "support/check.h"

static void steps_are_those_of_the_papers(void **state) {
  (void)state;
  enum { COUNT = 37, STEPS = 20 };
  const double rate = 0.01, decay = 0.1;
  float p[COUNT], g[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
  double q[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
  hr_adam adam = {COUNT, p, g, first, second, decay};
  for (size_t i = 0; i < COUNT; i++) q[i] = p[i] = (float)i - 10;
  for (uint64_t t = 1; t <= STEPS; t++) {
    for (size_t i = 0; i < COUNT; i++) g[i] = (float)sin((double)i + 0.7 * (double)t);
    hr_adam_step(&adam, t, rate);
    for (size_t i = 0; i < COUNT; i++) {
      double gradient = (double)g[i];
      m[i] = 0.9 * m[i] + 0.1 * gradient;
      v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
      double mhat = m[i] / (1 - pow(0.9, (double)t));
      double vhat = v[i] / (1 - pow(0.999, (double)t));
      q[i] -= rate * decay * q[i];
      q[i] -= rate * mhat / (sqrt(vhat) + 1e-8);
    }
  }
  for (size_t i = 0; i < COUNT; i++) check_near(p[i], q[i], 3e-5);
}

static void rates_rise_and_fall(void **state) {
  (void)state;
  check_near(hr_cosine_rate(2, 0, 4, 24), 0.5, 1e-15);
  check_near(hr_cosine_rate(2, 3, 4, 24), 2, 1e-15);
  check_near(hr_cosine_rate(2, 4, 4, 24), 2, 1e-15);
  check_near(hr_cosine_rate(2, 14, 4, 24), 1, 1e-15);
  check_near(hr_cosine_rate(2, 23, 4, 24), 0.0123116594, 1e-9);
  check_near(hr_cosine_rate(2, 0, 0, 1), 2, 1e-15);
}

/* To the norm asked for, in the same direction; a shorter one stays as it is. */
static void long_gradients_are_shortened(void **state) {
  (void)state;
  enum { COUNT = 37 };
  float g[COUNT], before[COUNT];
  double sum = 0;
  for (size_t i = 0; i < COUNT; i++) g[i] = (float)sin((double)i);
  memcpy(before, g, sizeof g);
  for (size_t i = 0; i < COUNT; i++) sum += (double)g[i] * (double)g[i];
  check_near(hr_clip_gradient(g, COUNT, 10), sqrt(sum), 1e-12);
  assert_memory_equal(g, before, sizeof g);
  check_near(hr_clip_gradient(g, COUNT, 0.5), sqrt(sum), 1e-12);
  for (size_t i = 0; i < COUNT; i++) {
    check_near(g[i], (double)before[i] * 0.5 / (sqrt(sum) + 1e-6), 1e-7);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_are_those_of_the_papers),
      cmocka_unit_test(rates_rise_and_fall),
      cmocka_unit_test(long_gradients_are_shortened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
