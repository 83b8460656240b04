/* The nearest template against all of them, one by one. */
#include "compute/templates_nearest.h"

#include "core/alloc.h"
#include "support/few_templates.h"

static few_templates s;
static double flux[FEW_PIXELS], labels[2];
static hr_nearest found = {flux, labels, 0, 0};

static double chi2_of(size_t template, size_t row) {
  double sum = 0;
  size_t counting = 0;
  for (size_t p = 0; p < FEW_PIXELS; p++) {
    double sigma = (double)s.error[row * FEW_PIXELS + p];
    if (!(sigma > 0)) continue;
    double off =
        (double)s.x[row * FEW_PIXELS + p] - (double)s.f[template * FEW_PIXELS + p];
    sum += off * off / (sigma * sigma);
    counting++;
  }
  return sum / (double)counting;
}

static hr_one_spectrum row_of(size_t row) {
  return (hr_one_spectrum){s.x + row * FEW_PIXELS, s.error + row * FEW_PIXELS, 1};
}

static void it_is_the_one_of_least_chi2(void **state) {
  (void)state;
  few_templates_init(&s, 0.01F);
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS, .targets = 2};
  hr_templates *t = few_templates_make(&s, &options);
  for (size_t row = 0; row < 20; row++) {
    const hr_one_spectrum spectrum = row_of(row);
    int32_t group = row % 2 == 0 ? HR_ANY_GROUP : 1;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < FEW_TEMPLATES; i++) {
      bool counts = group == HR_ANY_GROUP || s.label[i].group == group;
      if (counts && (best == SIZE_MAX || chi2_of(i, row) < chi2_of(best, row))) best = i;
    }
    assert_true(hr_templates_nearest(t, group, &spectrum, &found));
    check_near(found.chi2, chi2_of(best, row), 1e-3);
    check_near(found.amplitude, 1, 0);
    check_near(found.labels[0], s.label[best].y, 1e-5);
    check_near(found.labels[1], few_templates_label(best, 1), 1e-4);
    for (size_t p = 0; p < FEW_PIXELS; p++) {
      check_near(found.flux[p], (double)s.f[best * FEW_PIXELS + p], 1e-6);
    }
  }
  hr_templates_destroy(&t);
}

static void amplitudes_are_fitted_where_they_are_free(void **state) {
  (void)state;
  few_templates_init(&s, 0);
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS,
                                        .amplitude = HR_AMPLITUDE_FLAT};
  hr_templates *t = few_templates_make(&s, &options);
  float x[FEW_PIXELS], error[FEW_PIXELS];
  for (size_t p = 0; p < FEW_PIXELS; p++) {
    x[p] = 3 * s.f[7 * FEW_PIXELS + p];
    error[p] = 0.01F;
  }
  const hr_one_spectrum spectrum = {x, error, 1};
  assert_true(hr_templates_nearest(t, HR_ANY_GROUP, &spectrum, &found));
  check_near(found.amplitude, 3, 1e-5);
  check_near(found.chi2, 0, 1e-6);
  hr_templates_destroy(&t);
}

static void without_a_pixel_there_is_none(void **state) {
  (void)state;
  few_templates_init(&s, 0);
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS};
  hr_templates *t = few_templates_make(&s, &options);
  static float error[FEW_PIXELS];
  const hr_one_spectrum spectrum = {s.x, error, 1}, good = row_of(0);
  assert_false(hr_templates_nearest(t, HR_ANY_GROUP, &spectrum, &found));
  assert_true(isnan(found.chi2));
  assert_false(hr_templates_nearest(t, 17, &good, &found));
  hr_templates_destroy(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_the_one_of_least_chi2),
      cmocka_unit_test(amplitudes_are_fitted_where_they_are_free),
      cmocka_unit_test(without_a_pixel_there_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
