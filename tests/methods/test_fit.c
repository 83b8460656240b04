/* Fits: their life, their notes, copies, and the file of a curve. */
#include "methods/fit.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static void arrays_begin_without_values(void **state) {
  (void)state;
  hr_error err;
  hr_fit fit;
  check_ok(hr_fit_init(&fit, HR_GLOBAL, 3, true, 2, &err));
  assert_int_equal(fit.slot, HR_GLOBAL);
  assert_int_equal(fit.status, HR_FIT_SKIPPED);
  for (size_t v = 0; v < 3; v++) {
    assert_true(isnan(fit.variant_value[v]) && isnan(fit.cv_r2[v]));
  }
  for (size_t l = 0; l < 2; l++) {
    assert_true(isnan(fit.level[l]) && isnan(fit.level_cv_r2[l]) &&
                isnan(fit.level_value[l]));
  }
  hr_fit_fini(&fit);
  assert_null(fit.cv_r2);
  check_ok(hr_fit_init(&fit, 2, 1, false, 0, &err));
  assert_null(fit.variant_value);
  assert_null(fit.level);
  hr_fit_fini(&fit);
}

static void notes_are_joined_and_cut(void **state) {
  (void)state;
  hr_fit fit = {.slot = 0};
  char long_sentence[400];
  hr_fit_add_note(&fit, "one");
  assert_string_equal(fit.note, "one");
  hr_fit_add_note(&fit, "two");
  assert_string_equal(fit.note, "one; two");
  memset(long_sentence, 'x', sizeof long_sentence - 1);
  long_sentence[sizeof long_sentence - 1] = '\0';
  hr_fit_add_note(&fit, long_sentence);
  assert_int_equal(strlen(fit.note), sizeof fit.note - 1);
}

static void slots_have_names(void **state) {
  (void)state;
  char name[HR_SLOT_NAME_BYTES];
  assert_string_equal(hr_slot_name(1023, name), "bin 1023");
  assert_string_equal(hr_slot_name(HR_GLOBAL, name), "all rows");
}

static hr_fit make(void) {
  hr_error err;
  hr_fit fit;
  check_ok(hr_fit_init(&fit, 4, 2, true, 1, &err));
  fit.status = HR_FIT_OK;
  fit.cv_r2[1] = 0.5;
  fit.variant_value[0] = 10;
  fit.level[0] = 0.25;
  check_ok(hr_alloc(&fit.curve, 2, &err));
  fit.curve_points = 2;
  fit.curve[0] = (hr_curve_point){1.5, (double)NAN, 0.001};
  fit.curve[1] = (hr_curve_point){0.75, 0.25, 0};
  check_ok(hr_validation_rows_init(&fit.validation, 1, &err));
  hr_validation_rows_add(&fit.validation, 8, 1.5);
  hr_fit_add_note(&fit, "noted");
  return fit;
}

static void copies_have_arrays_of_their_own(void **state) {
  (void)state;
  hr_error err;
  hr_fit fit = make(), copy;
  check_ok(hr_fit_copy(&fit, &copy, &err));
  hr_fit_fini(&fit);
  assert_int_equal(copy.slot, 4);
  assert_string_equal(copy.note, "noted");
  check_near(copy.cv_r2[1], 0.5, 0);
  check_near(copy.variant_value[0], 10, 0);
  check_near(copy.level[0], 0.25, 0);
  assert_true(isnan(copy.level_value[0]));
  check_near(copy.curve[1].train_loss, 0.75, 0);
  assert_int_equal(copy.validation.count, 1);
  assert_int_equal(copy.validation.row[0], 8);
  check_near((double)copy.validation.prediction[0], 1.5, 0);
  hr_fit_fini(&copy);
  /* What there is none of stays so. */
  fit = (hr_fit){.slot = 1, .variant_count = 3};
  check_ok(hr_fit_copy(&fit, &copy, &err));
  assert_null(copy.cv_r2);
  assert_null(copy.curve);
  hr_fit_fini(&copy);
}

static void a_curve_is_a_line_an_epoch(void **state) {
  (void)state;
  scratch s;
  hr_error err;
  char *text = NULL;
  size_t size = 0;
  hr_fit fit = make();
  scratch_init(&s);
  check_ok(hr_fit_save_curve(&fit, s.path, &err));
  check_ok(hr_file_read(scratch_name(&s, "curves.csv"), 1 << 16, &text, &size, &err));
  assert_string_equal(text,
                      "epoch,train_loss,validation_r2,lr\n"
                      "1,1.5,nan,0.001\n"
                      "2,0.75,0.25,0\n");
  hr_free(text);
  hr_fit_fini(&fit);
  assert_int_equal(unlink(s.name), 0);
  check_ok(hr_fit_save_curve(&fit, s.path, &err)); /* no curve, no file */
  assert_int_not_equal(access(s.name, F_OK), 0);
  scratch_fini(&s);
}

static hr_status copy_and_forget(const hr_fit *fit) {
  hr_fit copy;
  hr_status status = hr_fit_copy(fit, &copy, NULL);
  if (status == HR_OK) hr_fit_fini(&copy);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  hr_fit fit = make();
  check_alloc_failures(copy_and_forget(&fit));
  hr_fit_fini(&fit);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arrays_begin_without_values),
      cmocka_unit_test(notes_are_joined_and_cut),
      cmocka_unit_test(slots_have_names),
      cmocka_unit_test(copies_have_arrays_of_their_own),
      cmocka_unit_test(a_curve_is_a_line_an_epoch),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
