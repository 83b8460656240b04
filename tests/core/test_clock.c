#include "core/clock.h"

#include <time.h>

#include "support/check.h"

/* It runs forward, in seconds, also while the process sleeps. */
static void test_time_passes(void **state) {
  (void)state;
  const struct timespec nap = {.tv_nsec = 30000000};
  double before = hr_clock_seconds();
  assert_true(hr_clock_seconds() >= before);
  nanosleep(&nap, NULL);
  double slept = hr_clock_seconds() - before;
  assert_true(slept >= 0.03 && slept < 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_time_passes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
