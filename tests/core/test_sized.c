/* Structs of older and newer headers than the library's own. */
#include "core/sized.h"

#include "headroom/library.h"
#include "headroom/version.h"
#include "support/check.h"

typedef struct old_point {
  size_t size;
  double x;
} old_point;

typedef struct point {
  size_t size;
  double x, y;
} point;

static const hr_sized sized = {
    "point", "to sizeof(point)", {sizeof(old_point), sizeof(point)}};

static void what_is_handed_over_is_taken_as_far_as_it_reaches(void **state) {
  (void)state;
  hr_error err;
  point own = {0, 1, 2};
  check_ok(hr_sized_take(&sized, NULL, &own, &err));
  assert_int_equal(own.size, sizeof own);
  check_near(own.x, 1, 0);
  const old_point old = {sizeof old, 5};
  check_ok(hr_sized_take(&sized, &old, &own, &err));
  assert_int_equal(own.size, sizeof own);
  check_near(own.x, 5, 0);
  check_near(own.y, 2, 0);
  const point today = {sizeof today, 7, 8};
  check_ok(hr_sized_take(&sized, &today, &own, &err));
  check_near(own.y, 8, 0);
}

static void what_is_given_ends_where_the_callers_struct_does(void **state) {
  (void)state;
  hr_error err;
  const point own = {sizeof own, 1, 2};
  struct {
    old_point point;
    double behind;
  } old = {{sizeof old.point, 0}, 9};
  check_ok(hr_sized_give(&sized, &own, &old.point, &err));
  assert_int_equal(old.point.size, sizeof old.point);
  check_near(old.point.x, 1, 0);
  check_near(old.behind, 9, 0);
  point today = {.size = sizeof today};
  check_ok(hr_sized_give(&sized, &own, &today, &err));
  check_near(today.y, 2, 0);
}

static void other_sizes_are_refused(void **state) {
  (void)state;
  hr_error err;
  point own = {0, 1, 2}, given = {0};
  check_fails(hr_sized_take(&sized, &given, &own, &err), HR_ERR_USAGE,
              "point.size is 0, not 24 as in version " HR_VERSION
              "; set it to sizeof(point), and build with the headers of the library that "
              "runs");
  given.size = sizeof given + 8;
  check_fails(hr_sized_give(&sized, &own, &given, &err), HR_ERR_USAGE,
              "point.size is 32, not 24 as in version " HR_VERSION
              "; set it to sizeof(point), and build with the headers of the library that "
              "runs");
  check_near(given.x, 0, 0);
}

static void the_library_says_its_version(void **state) {
  (void)state;
  assert_string_equal(hr_version(), HR_VERSION);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_handed_over_is_taken_as_far_as_it_reaches),
      cmocka_unit_test(what_is_given_ends_where_the_callers_struct_does),
      cmocka_unit_test(other_sizes_are_refused),
      cmocka_unit_test(the_library_says_its_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
