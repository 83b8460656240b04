/* The scratch memory of comparisons: all of it or none, and nothing stays in it. */
#include <stdlib.h>

#include "support/fail_alloc.h"
#include "support/few_templates.h"

static const hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS,
                                             .least_effective = 20};

static hr_status make_and_destroy(const hr_templates *templates) {
  hr_error err;
  hr_templates_workspace *work = NULL;
  hr_status status = hr_templates_workspace_create(templates, &work, &err);
  hr_templates_workspace_destroy(&work);
  return status;
}

static void allocations_may_fail(void **state) {
  few_templates *s = *state;
  hr_templates *templates = few_templates_make(s, &options);
  check_alloc_failures(make_and_destroy(templates));
  hr_templates_destroy(&templates);
}

static void what_was_compared_before_does_not_matter(void **state) {
  few_templates *s = *state;
  hr_error err;
  hr_templates *templates = few_templates_make(s, &options);
  hr_templates_workspace *work = NULL;
  hr_posterior own[3][HR_QUERY_ROWS], all[3][HR_QUERY_ROWS];
  const hr_query first = {.rows = HR_QUERY_ROWS,
                          .x = s->x,
                          .error = s->error,
                          .level = 1,
                          .group = s->group,
                          .fold = s->fold};
  const size_t at = HR_QUERY_ROWS, rows = FEW_SPECTRA - at;
  const hr_query second = {.rows = rows,
                           .x = s->x + at * FEW_PIXELS,
                           .error = s->error + at * FEW_PIXELS,
                           .level = 1,
                           .group = s->group + at,
                           .fold = s->fold + at};
  check_ok(hr_templates_workspace_create(templates, &work, &err));
  check_ok(hr_templates_compare(templates, work, &first, own[0], all[0], &err));
  check_ok(hr_templates_compare(templates, work, &second, own[1], all[1], &err));
  check_ok(hr_templates_compare(templates, work, &first, own[2], all[2], &err));
  assert_memory_equal(own[0], own[2], sizeof own[0]);
  assert_memory_equal(all[0], all[2], sizeof all[0]);
  assert_true(memcmp(all[0], all[1], rows * sizeof(hr_posterior)) != 0);
  hr_templates_workspace_destroy(&work);
  hr_templates_destroy(&templates);
}

static int set_up(void **state) {
  few_templates *s = calloc(1, sizeof *s);
  few_templates_init(s, 0);
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  free(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allocations_may_fail),
      cmocka_unit_test(what_was_compared_before_does_not_matter),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
