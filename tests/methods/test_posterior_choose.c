/* Which training rows become templates, and in which order. */
#include "methods/posterior/choose.h"

#include "core/alloc.h"
#include "support/fail_alloc.h"
#include "support/small_study.h"

static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

static hr_posterior_choice choose(size_t templates) {
  hr_error err;
  hr_posterior_choice choice;
  const hr_posterior_parameters parameters = {.templates = (int64_t)templates};
  check_ok(hr_posterior_choose(&s.view, &parameters, &choice, &err));
  return choice;
}

static void stored_ones_stand_in_order_of_bin_and_label(void **state) {
  (void)state;
  for (size_t wanted = 100; wanted <= 1000; wanted *= 10) {
    hr_posterior_choice choice = choose(wanted);
    size_t kept = 0;
    assert_int_equal(choice.count, wanted < SMALL_TRAIN ? wanted : SMALL_TRAIN);
    for (size_t i = 0; i < choice.count; i++) {
      assert_int_equal(choice.slot[choice.row[i]], i);
      int32_t group = hr_posterior_choice_group(&choice, &s.view, i);
      int32_t bin = s.train_bin[choice.row[i]];
      assert_int_equal(group, bin == HR_UNCOVERED ? SMALL_BINS : bin);
      if (i == 0) continue;
      int32_t before = hr_posterior_choice_group(&choice, &s.view, i - 1);
      assert_true(before <= group);
      if (before != group) continue;
      assert_true(s.train_y[choice.row[i - 1]] <= s.train_y[choice.row[i]]);
    }
    for (size_t i = 0; i < SMALL_TRAIN; i++) kept += choice.slot[i] >= 0;
    assert_int_equal(kept, choice.count);
    hr_posterior_choice_fini(&choice);
  }
}

static void origins_are_training_rows(void **state) {
  (void)state;
  hr_error err;
  hr_posterior_choice choice = choose(30);
  double *origin = NULL;
  size_t columns = 0;
  check_ok(hr_posterior_origin(&choice, &origin, &columns, &err));
  assert_int_equal(columns, 1);
  for (size_t i = 0; i < 30; i++) check_near(origin[i], choice.row[i], 0);
  hr_free(origin);
  hr_posterior_choice_fini(&choice);
}

static hr_status choose_and_forget(void) {
  hr_error err;
  hr_posterior_choice choice;
  const hr_posterior_parameters parameters = {.templates = 30};
  hr_status status = hr_posterior_choose(&s.view, &parameters, &choice, &err);
  hr_posterior_choice_fini(&choice);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  check_alloc_failures(choose_and_forget());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stored_ones_stand_in_order_of_bin_and_label),
      cmocka_unit_test(origins_are_training_rows),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
