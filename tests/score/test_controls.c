/* Controls among the outcomes. */
#include "score/controls.h"

#include "score/evaluation.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static fixture f;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

static hr_status init(hr_controls *controls) {
  static const size_t rows[3] = {0, 1, 2};
  return hr_controls_init(controls, &f.input, rows, 3, &err);
}

static hr_status init_and_fini(void) {
  hr_controls controls;
  hr_status status = init(&controls);
  hr_controls_fini(&controls);
  return status;
}

static void test_none(void **state) {
  (void)state;
  hr_controls controls;
  check_ok(init(&controls));
  for (hr_control_kind kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    assert_null(controls.fit[kind]);
    assert_false(hr_controls_has(&controls, kind));
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      assert_true(isnan(controls.prediction[kind][i]));
    }
    assert_int_equal(controls.covered[kind].rows, 3);
    assert_true(isnan(controls.covered[kind].r2));
  }
  hr_controls_fini(&controls);
  hr_controls_fini(&controls);
}

static void test_both(void **state) {
  (void)state;
  hr_controls controls;
  fixture_add_controls(&f, 0.6);
  check_ok(init(&controls));
  assert_string_equal(hr_control_name(HR_CONTROL_PLACEBO), "placebo");
  assert_string_equal(hr_control_name(HR_CONTROL_LEAKAGE), "leakage");
  for (hr_control_kind kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    const float *expected = kind == HR_CONTROL_PLACEBO ? f.placebo : f.error_alone;
    assert_true(hr_controls_has(&controls, kind));
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      if (f.bin[i] == HR_UNCOVERED) {
        assert_true(isnan(controls.prediction[kind][i]));
      } else {
        check_near(controls.prediction[kind][i], expected[i], 0);
      }
    }
  }
  hr_controls_fini(&controls);
  check_alloc_failures(init_and_fini());
}

static void test_one_that_was_skipped(void **state) {
  (void)state;
  hr_controls controls;
  fixture_add_controls(&f, 0.6);
  f.control_fits[0].status = HR_FIT_SKIPPED;
  check_ok(init(&controls));
  assert_non_null(controls.fit[HR_CONTROL_PLACEBO]);
  assert_false(hr_controls_has(&controls, HR_CONTROL_PLACEBO));
  assert_true(hr_controls_has(&controls, HR_CONTROL_LEAKAGE));
  hr_controls_fini(&controls);
}

/* Both arms of the placebo's comparison have the same rows, or there are no results. */
static void test_the_ledger_watches_the_placebo(void **state) {
  (void)state;
  hr_evaluation *evaluation = NULL;
  fixture_add_controls(&f, 0.6);
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  bool found = false;
  for (size_t c = 0; c < evaluation->ledger.count; c++) {
    if (strcmp(evaluation->ledger.checks[c].name, "same_rows/placebo") == 0) found = true;
  }
  assert_true(found);
  hr_evaluation_destroy(&evaluation);
  f.placebo[0] = (float)NAN; /* then the other arm leaves the row out as well */
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  assert_int_equal(evaluation->missing.count, 1);
  assert_int_equal(evaluation->controls.covered[HR_CONTROL_PLACEBO].rows, 205);
  hr_evaluation_destroy(&evaluation);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_none, prepare),
      cmocka_unit_test_setup(test_both, prepare),
      cmocka_unit_test_setup(test_one_that_was_skipped, prepare),
      cmocka_unit_test_setup(test_the_ledger_watches_the_placebo, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
