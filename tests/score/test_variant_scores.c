/* Scores of variants are those of the rows of their bin. */
#include "score/variant_scores.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static fixture f;

static hr_status init(hr_row_groups *groups, hr_variant_scores *scores, hr_error *err) {
  hr_status status = HR_OK;
  const hr_candidates candidates = {f.outcomes, 3, FIXTURE_BINS, NULL};
  *scores = (hr_variant_scores){0};
  HR_TRY(hr_row_groups_init(groups, &f.test, NULL, FIXTURE_BINS, err));
  HR_TRY(hr_variant_scores_init(scores, &candidates, groups, f.target, err));
cleanup:
  return status;
}

static void test_scores_are_those_of_the_rows(void **state) {
  (void)state;
  hr_row_groups groups;
  hr_variant_scores scores;
  hr_error err;
  double sse = 0;
  fixture_init(&f);
  check_ok(init(&groups, &scores, &err));
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    double e = f.target[i] - (double)f.ridge_own[1][i];
    if (f.bin[i] == 1) sse += e * e;
  }
  check_near(hr_variant_scores_at(&scores, 0, 1)[1].sse, sse, 1e-12 * sse);
  hr_test_errors errors = hr_variant_scores_errors(&scores, &groups);
  check_near(errors.sse[errors.start[1] + 1], sse, 1e-12 * sse);
  assert_int_equal(errors.rows[1], hr_variant_scores_at(&scores, 0, 1)[1].rows);
  hr_variant_scores_fini(&scores);
  hr_row_groups_fini(&groups);
}

static hr_status init_and_fini(void) {
  hr_row_groups groups;
  hr_variant_scores scores;
  hr_status status = init(&groups, &scores, NULL);
  hr_variant_scores_fini(&scores);
  hr_row_groups_fini(&groups);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  fixture_init(&f);
  check_alloc_failures(init_and_fini());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scores_are_those_of_the_rows),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
