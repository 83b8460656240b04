/* Validation rows: what is written comes back, and nothing else is taken for it. */
#include "methods/validation_rows.h"

#include <math.h>

#include "core/npy.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { STUDY_ROWS = 20 };

static scratch s;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_validation_rows make(void) {
  hr_error err = {0};
  hr_validation_rows rows;
  check_ok(hr_validation_rows_init(&rows, 4, &err));
  hr_validation_rows_add(&rows, 17, 1.0 / 3);
  hr_validation_rows_add(&rows, 4, (double)NAN);
  hr_validation_rows_add(&rows, 5, 1e300); /* not finite in fp32 */
  hr_validation_rows_add(&rows, 3, -2.5);
  return rows;
}

static void check_made(const hr_validation_rows *rows) {
  assert_int_equal(rows->count, 2);
  assert_int_equal(rows->row[0], 17);
  assert_int_equal(rows->row[1], 3);
  check_near((double)rows->prediction[0], (double)(float)(1.0 / 3), 0);
  check_near((double)rows->prediction[1], -2.5, 0);
}

static void what_is_written_comes_back(void **state) {
  (void)state;
  hr_error err = {0};
  bool good = false;
  hr_validation_rows rows = make(), copy, back;
  check_made(&rows);
  check_ok(hr_validation_rows_copy(&rows, &copy, &err));
  hr_validation_rows_fini(&rows);
  check_made(&copy);
  check_ok(hr_validation_rows_write(&copy, s.path, &err));
  hr_validation_rows_fini(&copy);
  check_ok(hr_validation_rows_read(s.path, STUDY_ROWS, &back, &good, &err));
  assert_true(good);
  check_made(&back);
  hr_validation_rows_fini(&back);
}

static void none_are_no_file(void **state) {
  (void)state;
  hr_error err = {0};
  bool good = true;
  hr_validation_rows none = {0}, copy;
  check_ok(hr_validation_rows_copy(&none, &copy, &err));
  assert_null(copy.row);
  check_ok(hr_validation_rows_write(&none, s.path, &err));
  assert_int_not_equal(access(scratch_name(&s, HR_VALIDATION_FILE), F_OK), 0);
  check_ok(hr_validation_rows_read(s.path, STUDY_ROWS, &copy, &good, &err));
  assert_false(good);
  assert_null(copy.row);
}

static void check_refused(const double *values, size_t rows, size_t columns) {
  hr_error err = {0};
  bool good = true;
  hr_validation_rows back;
  check_ok(
      hr_npy_write(scratch_name(&s, HR_VALIDATION_FILE), values, rows, columns, &err));
  check_ok(hr_validation_rows_read(s.path, STUDY_ROWS, &back, &good, &err));
  assert_false(good);
  assert_null(back.row);
  assert_int_equal(back.count, 0);
}

static void what_cannot_have_been_written_is_refused(void **state) {
  (void)state;
  static const double many[2 * (STUDY_ROWS + 1)] = {0};
  check_refused((const double[]){STUDY_ROWS, 1}, 1, 2);
  check_refused((const double[]){-1, 1}, 1, 2);
  check_refused((const double[]){0.5, 1}, 1, 2);
  check_refused((const double[]){(double)NAN, 1}, 1, 2);
  check_refused((const double[]){1, (double)NAN}, 1, 2);
  check_refused((const double[]){1, 1e300}, 1, 2);
  check_refused((const double[]){1, 1, 1, 2}, 2, 2); /* the same row */
  check_refused((const double[]){1, 1, 1}, 1, 3);
  check_refused(many, STUDY_ROWS + 1, 2);
  scratch_write(&s, HR_VALIDATION_FILE, "no array");
  hr_error err = {0};
  bool good = true;
  hr_validation_rows back;
  check_ok(hr_validation_rows_read(s.path, STUDY_ROWS, &back, &good, &err));
  assert_false(good);
}

static hr_status live(const hr_validation_rows *rows) {
  hr_status status = HR_OK;
  bool good = false;
  hr_validation_rows copy = {0}, back = {0};
  HR_TRY(hr_validation_rows_copy(rows, &copy, NULL));
  HR_TRY(hr_validation_rows_write(&copy, s.path, NULL));
  HR_TRY(hr_validation_rows_read(s.path, STUDY_ROWS, &back, &good, NULL));
cleanup:
  hr_validation_rows_fini(&copy);
  hr_validation_rows_fini(&back);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  hr_validation_rows rows = make();
  check_alloc_failures(live(&rows));
  hr_validation_rows_fini(&rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_written_comes_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(none_are_no_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_cannot_have_been_written_is_refused, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(allocations_may_fail, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
