/* CLOCK_MONOTONIC: time of day jumps when clocks are set. */
#include "core/clock.h"

#include <time.h>

double hr_clock_seconds(void) {
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
