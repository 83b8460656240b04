/* Pixels far beyond what training spectra have, with the error known and without. */
#include "data/flux_range.h"

#include <math.h>

#include "support/check.h"

enum { P = 4 };

static size_t beyond(const float *noisy, const float *error) {
  static float lowest[P] = {0.2F, 0.9F, 0, 0.5F}, highest[P] = {1.2F, 1, 1, 0.5F};
  hr_conditioning c = hr_conditioning_plain();
  c.pixels = P;
  c.lowest = lowest;
  c.highest = highest;
  return hr_flux_range_beyond(&c, P, noisy, error);
}

/* Half the range, or 0.1 where it is narrower, and eight errors. */
static void the_range_and_the_error_say_what_is_far(void **state) {
  (void)state;
  const float error[P] = {0.01F, 0.01F, 0.01F, 0.01F};
  assert_int_equal(beyond((float[P]){1, 1, 1, 0.5F}, error), 0);
  assert_int_equal(beyond((float[P]){1.77F, 0.73F, -0.57F, 0.67F}, error), 0);
  assert_int_equal(beyond((float[P]){1.79F, 0.71F, -0.59F, 0.69F}, error), 4);
  assert_int_equal(beyond((float[P]){1, -99.9F, 1, 0.5F}, error), 1);
  assert_int_equal(beyond((float[P]){1, 0, 1, 0}, error), 2); /* a dead one */
  const float faint[P] = {1, 1, 1, 1};
  assert_int_equal(beyond((float[P]){-5, 5, -5, 5}, faint), 0);
  assert_int_equal(beyond((float[P]){-5, 50, -5, 5}, faint), 1);
}

static void without_an_error_it_is_what_is_absurd(void **state) {
  (void)state;
  assert_int_equal(beyond((float[P]){10, 2, -8, 2}, NULL), 0);
  assert_int_equal(beyond((float[P]){12, 4, -11, 3}, NULL), 4);
}

static void no_range_says_nothing(void **state) {
  (void)state;
  hr_conditioning plain = hr_conditioning_plain();
  assert_int_equal(hr_flux_range_beyond(&plain, 1, (float[]){1e6F}, NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_range_and_the_error_say_what_is_far),
      cmocka_unit_test(without_an_error_it_is_what_is_absurd),
      cmocka_unit_test(no_range_says_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
