/* cmocka, and numeric assertions that NaN fails.
 *
 * cmocka 1.1.5's own macros for floats let NaN equal anything and narrow doubles to
 * float, so they are not used. */
#ifndef HR_TESTS_CHECK_H
#define HR_TESTS_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "headroom/status.h"

/* |a - b| <= tolerance; anything with NaN fails. */
#define check_near(a, b, tolerance) \
  check_near_at((double)(a), (double)(b), (double)(tolerance), #a, __FILE__, __LINE__)

/* The call succeeds; otherwise its sentence is shown. Needs `hr_error err` in scope. */
#define check_ok(call)                                                                \
  do {                                                                                \
    hr_status check_status_ = (call);                                                 \
    if (check_status_ != HR_OK) {                                                     \
      print_error("%s: %s: %s\n", #call, hr_status_name(check_status_), err.message); \
      _fail(__FILE__, __LINE__);                                                      \
    }                                                                                 \
  } while (0)

/* The call fails with this status and exactly this sentence. Needs `hr_error err` in
 * scope. */
#define check_fails(call, expected_status, expected_message) \
  do {                                                       \
    assert_int_equal((call), (expected_status));             \
    assert_string_equal(err.message, (expected_message));    \
    assert_int_equal(err.status, (expected_status));         \
  } while (0)

static inline void check_near_at(double a, double b, double tolerance, const char *what,
                                 const char *file, int line) {
  if (!(fabs(a - b) <= tolerance)) {
    print_error("%s: %.17g is not within %g of %.17g\n", what, a, tolerance, b);
    _fail(file, line);
  }
}

#endif
