/* What leaves a Ridge: of alphas that cannot be solved, nothing. */
#include "methods/ridge/conclude.h"

#include "methods/ridge/ridge.h"
#include "support/small_study.h"

enum { ALPHAS = 3 };

static small_study s;

static life live(double *alphas) {
  const hr_ridge_parameters parameters = {{alphas, ALPHAS}};
  const life_plan plan = small_study_plan(&s, &hr_ridge_method, &parameters);
  life l;
  hr_error err;
  small_study_init(&s);
  check_ok(life_live(&plan, SMALL_TRAIN, &l, &err));
  return l;
}

static void the_end_of_the_list_is_kept_in_the_fit(void **state) {
  (void)state;
  life l = live((double[]){1000, 100, 10});
  const hr_fit *fit = &l.trained[SMALL_BINS].fit;
  assert_int_equal(fit->chosen, 2);
  assert_int_equal(fit->edge, HR_EDGE_SMALLEST);
  assert_int_equal(fit->variant_count, ALPHAS);
  life_fini(&l);
}

/* A smaller alpha that was tried, and is not definite, is an end that is known. */
static void an_undefined_alpha_is_no_end(void **state) {
  (void)state;
  life l = live((double[]){-1e3, 100, 10});
  const hr_fit *fit = &l.trained[SMALL_BINS].fit;
  assert_int_equal(fit->chosen, 2);
  assert_int_equal(fit->edge, HR_EDGE_NONE);
  assert_true(isnan(fit->cv_r2[0]));
  assert_true(isnan(l.mean[SMALL_BINS][0]));
  life_fini(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_end_of_the_list_is_kept_in_the_fit),
      cmocka_unit_test(an_undefined_alpha_is_no_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
