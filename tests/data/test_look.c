/* What is known of a row after a look at it. */
#include "data/look.h"

#include "support/look_file.h"

static look_file f;

static hr_look look_at(hr_dataset *dataset) {
  hr_error err = {0};
  hr_look look = {0};
  const hr_stream_options streaming = hr_stream_options_default();
  check_ok(hr_look_at(dataset, &streaming, &look, &err));
  return look;
}

static void a_row_is_known_by_its_medians(void **state) {
  (void)state;
  look_file_fill(&f, "look.h5", 20);
  hr_dataset *dataset = look_file_open(&f);
  hr_look look = look_at(dataset);
  assert_int_equal(look.count, 20);
  assert_ptr_equal(look.dataset, dataset);
  for (size_t i = 0; i < look.count; i++) {
    const hr_look_row *row = &look.rows[i];
    assert_int_equal(row->row, i);
    check_near(row->level, 1, 0);
    check_near(row->spread, 0.4, 1e-6);
    check_near(row->noise, 1 / f.labels[i], 1e-7);
    check_near(row->ratio, f.labels[i], 1e-4);
    check_near(row->scatter, 1, 0.25); /* of 256 deviates */
    check_near(row->as_inverse, row->scatter * pow(row->noise, 1.5), 1e-5);
    check_near(row->as_variance, row->scatter * pow(row->noise, 0.5), 1e-5);
  }
  hr_look_fini(&look);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

/* Masked pixels, flux around 0 and no stored noise. */
static void what_is_not_known_is_nan(void **state) {
  (void)state;
  look_file_fill(&f, "look.h5", 4);
  f.has_noisy = false;
  for (size_t p = 0; p < LOOK_PIXELS; p++) {
    f.error[p] = -1;                                /* row 0 */
    if (p % 2) f.error[LOOK_PIXELS + p] = 0;        /* row 1 */
    f.flux[2 * LOOK_PIXELS + p] = p % 2 ? 3 : 0.01; /* row 2 */
  }
  hr_dataset *dataset = look_file_open(&f);
  hr_look look = look_at(dataset);
  assert_int_equal(look.count, 3); /* row 0 has no good pixel */
  check_near(look.rows[0].level, 1, 0);
  check_near(look.rows[0].noise, 1.0 / 11, 1e-7);
  assert_true(isnan(look.rows[0].scatter));
  check_near(look.rows[1].spread, 2.99, 1e-5);
  hr_look_fini(&look);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

static void rows_that_cannot_be_used_are_left_out(void **state) {
  (void)state;
  look_file_fill(&f, "look.h5", 6);
  for (size_t p = 0; p < LOOK_PIXELS; p++) f.error[2 * LOOK_PIXELS + p] = NAN;
  hr_dataset *dataset = look_file_open(&f);
  hr_look look = look_at(dataset);
  assert_int_equal(look.count, 5);
  assert_int_equal(look.rows[2].row, 3);
  hr_look_fini(&look);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_row_is_known_by_its_medians),
      cmocka_unit_test(what_is_not_known_is_nan),
      cmocka_unit_test(rows_that_cannot_be_used_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
