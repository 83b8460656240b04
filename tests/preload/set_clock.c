/* A wall clock that is set back in the middle of a run, put under a program with
 * LD_PRELOAD (tests/python/test_survive.py).
 *
 *   SET_CLOCK_BACK=3600   by so many seconds
 *   SET_CLOCK_AT=FILE     from when on that file is there
 *
 * The clock that only ever goes on (CLOCK_MONOTONIC) is left alone, as it is by those who
 * set clocks. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* By how much the clock is wrong by now, in seconds. */
static time_t offset(void) {
  const char *seconds = getenv("SET_CLOCK_BACK"), *file = getenv("SET_CLOCK_AT");
  if (!seconds || !file || access(file, F_OK) != 0) return 0;
  return -(time_t)strtol(seconds, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  int (*next)(clockid_t, struct timespec *) = NULL;
  void *address = dlsym(RTLD_NEXT, "clock_gettime");
  memcpy(&next, &address, sizeof next);
  int result = next(clock, out);
  if (result == 0 && clock == CLOCK_REALTIME) out->tv_sec += offset();
  return result;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}
