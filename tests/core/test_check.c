/* The assertions of tests/support/check.h themselves: each must be able to fail. */
#include "support/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

/* Runs `body` as the only test of a child process: whether it passed there. */
static bool passes(void (*body)(void **state)) {
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    /* What a failing test prints is expected here, and would only frighten. */
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
      _exit(9);
    const struct CMUnitTest tests[] = {cmocka_unit_test(body)};
    _exit(cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1);
  }
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFEXITED(result));
  assert_in_range(WEXITSTATUS(result), 0, 1);
  return WEXITSTATUS(result) == 0;
}

static void near_equal(void **state) {
  (void)state;
  check_near(1.0, 1.0 + 1e-12, 1e-9);
}
static void near_on_the_edge(void **state) {
  (void)state;
  check_near(1.0, 1.5, 0.5);
}
static void near_too_far(void **state) {
  (void)state;
  check_near(1.0, 1.0 + 1e-6, 1e-9);
}
static void near_nan(void **state) {
  (void)state;
  check_near(NAN, 5.0, 1e300);
}
static void near_expected_nan(void **state) {
  (void)state;
  check_near(5.0, NAN, 1e300);
}
static void near_both_nan(void **state) {
  (void)state;
  check_near(NAN, NAN, 1e300);
}
static void near_nan_tolerance(void **state) {
  (void)state;
  check_near(1.0, 1.0, NAN);
}
static void near_infinities(void **state) {
  (void)state;
  check_near(INFINITY, INFINITY, 1.0);
}

static void test_near(void **state) {
  (void)state;
  assert_true(passes(near_equal));
  assert_true(passes(near_on_the_edge));
  assert_false(passes(near_too_far));
}

static void test_near_fails_on_what_is_no_number(void **state) {
  (void)state;
  assert_false(passes(near_nan));
  assert_false(passes(near_expected_nan));
  assert_false(passes(near_both_nan));
  assert_false(passes(near_nan_tolerance));
  assert_false(passes(near_infinities));
}

static void ok_of_success(void **state) {
  (void)state;
  hr_error err = {0};
  check_ok(HR_OK);
}
static void ok_of_failure(void **state) {
  (void)state;
  hr_error err = {0};
  check_ok(hr_fail(&err, HR_ERR_DATA, "no"));
}
static void fails_as_said(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(hr_fail(&err, HR_ERR_DATA, "no"), HR_ERR_DATA, "no");
}
static void fails_with_another_status(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(hr_fail(&err, HR_ERR_IO, "no"), HR_ERR_DATA, "no");
}
static void fails_with_another_sentence(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(hr_fail(&err, HR_ERR_DATA, "yes"), HR_ERR_DATA, "no");
}
static void fails_although_it_succeeds(void **state) {
  (void)state;
  hr_error err = {.message = "no"};
  check_fails(HR_OK, HR_ERR_DATA, "no");
}

static void test_ok_and_fails(void **state) {
  (void)state;
  assert_true(passes(ok_of_success));
  assert_false(passes(ok_of_failure));
  assert_true(passes(fails_as_said));
  assert_false(passes(fails_with_another_status));
  assert_false(passes(fails_with_another_sentence));
  assert_false(passes(fails_although_it_succeeds));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_near),
      cmocka_unit_test(test_near_fails_on_what_is_no_number),
      cmocka_unit_test(test_ok_and_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
