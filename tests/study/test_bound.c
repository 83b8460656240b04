/* Where there is no Fisher bound; tests/score/test_fisher.c has the bound itself, and
 * tests/python/test_fisher.py whole studies with it. */
#include "study/bound.h"

#include "support/small_plan.h"

static char told[512];

static void hear(void *context, hr_log_level level, const char *line) {
  (void)context;
  if (level == HR_LOG_INFO) snprintf(told, sizeof told, "%s", line);
}

/* Six pixels are not the built-in grid's 4096. */
static void other_grids_have_none(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_bound bound;
  const hr_observer observer = {.log = hear};
  const hr_block block = {.rows = 0};
  check_ok(hr_plan_create(plan_config, &observer, &plan, &err));
  told[0] = '\0';
  check_ok(hr_bound_init(&bound, plan, &err));
  assert_null(bound.fisher);
  assert_false(bound.targets[0].is_there);
  assert_string_equal(bound.targets[0].reason.message,
                      "the spectra have 6 pixels and the built-in model grid has 4096");
  assert_string_equal(told,
                      "no Fisher bound: the spectra have 6 pixels and the built-in model "
                      "grid has 4096");
  hr_bound_observe(&bound, &block);
  check_ok(hr_bound_finish(&bound, plan, plan_scratch.path, &err));
  assert_int_equal(access(scratch_name(&plan_scratch, hr_bound_name), F_OK), -1);
  hr_bound_fini(&bound);
  hr_plan_destroy(&plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(other_grids_have_none, small_plan_set_up,
                                      small_plan_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
