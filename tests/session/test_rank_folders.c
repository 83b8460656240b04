/* The locks by which ranks are known to live. */
#include "session/rank_folders.h"

#include <unistd.h>

#include "support/scratch.h"

static void a_rank_is_known_by_its_lock(void **state) {
  (void)state;
  hr_error err;
  hr_rank_hold hold, other;
  char expected[256];
  scratch s;
  scratch_init(&s);
  assert_false(hr_rank_is_held(s.path, 2, 4));
  check_ok(hr_ranks_check_free(s.path, &err));
  check_ok(hr_rank_take(s.path, 2, 4, &hold, &err));
  assert_true(hr_rank_is_held(s.path, 2, 4));
  assert_false(hr_rank_is_held(s.path, 1, 4));
  snprintf(expected, sizeof expected,
           "another run is at work in %s/ranks/2-of-4; wait for it, or name another "
           "directory with --out",
           s.path);
  check_fails(hr_ranks_check_free(s.path, &err), HR_ERR_USAGE, expected);
  check_fails(hr_rank_take(s.path, 2, 4, &other, &err), HR_ERR_USAGE, expected);
  hr_rank_release(&other);
  assert_true(hr_rank_is_held(s.path, 2, 4));
  hr_rank_release(&hold);
  assert_null(hold.dir);
  assert_false(hr_rank_is_held(s.path, 2, 4));
  hr_rank_release(&hold);
  check_ok(hr_ranks_check_free(s.path, &err));
  check_ok(hr_ranks_clear(s.path, &err));
  assert_int_not_equal(access(scratch_name(&s, "ranks"), F_OK), 0);
  check_ok(hr_ranks_clear(s.path, &err));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_rank_is_known_by_its_lock)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
