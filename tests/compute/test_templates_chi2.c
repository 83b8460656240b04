/* χ² of the best template, against a search through all of them. */
#include <stdlib.h>

#include "compute/templates_parts.h"
#include "support/few_templates.h"

enum { ROWS = 60 };

/* The least χ² a pixel that counts over the templates of `group` (HR_NO_GROUP: all). */
static double on_paper(const few_templates *s, size_t r, int32_t group, bool scaled) {
  double least = INFINITY;
  const float *x = s->x + r * FEW_PIXELS, *error = s->error + r * FEW_PIXELS;
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    const float *f = s->f + i * FEW_PIXELS;
    double sum = 0, count = 0, xf = 0, ff = 0;
    if (group != HR_NO_GROUP && s->label[i].group != group) continue;
    for (size_t p = 0; p < FEW_PIXELS; p++) {
      double sigma = (double)error[p];
      if (!(sigma > 0)) continue;
      xf += (double)x[p] * (double)f[p] / (sigma * sigma);
      ff += (double)f[p] * (double)f[p] / (sigma * sigma);
    }
    for (size_t p = 0; p < FEW_PIXELS; p++) {
      double sigma = (double)error[p], amplitude = scaled ? xf / ff : 1;
      if (!(sigma > 0)) continue;
      double off = ((double)x[p] - amplitude * (double)f[p]) / sigma;
      sum += off * off;
      count++;
    }
    least = fmin(least, sum / count);
  }
  return least;
}

static void compare(const few_templates *s, const hr_templates_options *options,
                    hr_posterior *own, hr_posterior *all) {
  hr_error err;
  hr_templates *templates = few_templates_make(s, options);
  hr_templates_workspace *work = NULL;
  const hr_query query = {.rows = ROWS,
                          .x = s->x,
                          .error = s->error,
                          .level = 1,
                          .group = s->group,
                          .fold = s->fold};
  check_ok(hr_templates_workspace_create(templates, &work, &err));
  check_ok(hr_templates_compare(templates, work, &query, own, all, &err));
  hr_templates_workspace_destroy(&work);
  hr_templates_destroy(&templates);
}

static void it_is_the_least_of_all(void **state) {
  const few_templates *s = *state;
  hr_posterior own[ROWS], all[ROWS];
  hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS};
  for (int weigh = 0; weigh < 2; weigh++) {
    compare(s, &options, own, all);
    for (size_t r = 0; r < ROWS; r++) {
      check_near(all[r].chi2, on_paper(s, r, HR_NO_GROUP, false), 1e-5);
      if (s->group[r] == HR_NO_GROUP) {
        assert_true(isnan(own[r].chi2));
      } else {
        check_near(own[r].chi2, on_paper(s, r, s->group[r], false), 1e-5);
      }
    }
    options.weigh = HR_WEIGH_PIXELS;
  }
}

/* With a flat amplitude the heaviest need not be the nearest, but nearly is. */
static void a_scale_that_is_not_known_is_fitted(void **state) {
  few_templates *s = *state;
  hr_posterior own[ROWS], all[ROWS];
  const hr_templates_options none = {.weigh = HR_WEIGH_PIXELS};
  const hr_templates_options flat = {.weigh = HR_WEIGH_PIXELS,
                                     .amplitude = HR_AMPLITUDE_FLAT};
  for (size_t i = 0; i < ROWS * FEW_PIXELS; i++) s->x[i] *= 1.5F;
  compare(s, &none, own, all);
  assert_true(all[0].chi2 > 5);
  compare(s, &flat, own, all);
  for (size_t r = 0; r < ROWS; r++) {
    check_near(all[r].chi2, on_paper(s, r, HR_NO_GROUP, true), 0.01);
  }
  for (size_t i = 0; i < ROWS * FEW_PIXELS; i++) s->x[i] /= 1.5F;
}

static void where_no_pixel_counts_there_is_none(void **state) {
  few_templates *s = *state;
  hr_posterior own[ROWS], all[ROWS];
  const hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS};
  float kept[FEW_PIXELS];
  memcpy(kept, s->error, sizeof kept);
  memset(s->error, 0, sizeof kept);
  compare(s, &options, own, all);
  assert_true(isnan(own[0].chi2) && isnan(all[0].chi2) && !isnan(all[1].chi2));
  memcpy(s->error, kept, sizeof kept);
}

/* What one pixel that no star has does to the variance, and errors that are too small. */
static void a_poor_fit_has_no_small_variance(void **state) {
  (void)state;
  const double none = (double)NAN;
  const hr_template_fit good = {1.9, 1}, alien = {2.1, 0.6}, poor = {4, 0.4};
  check_near(hr_templates_variance_scale(&good, 1, none), 1, 0);
  assert_true(isnan(hr_templates_variance_scale(&alien, 10, none)));
  assert_true(isnan(hr_templates_variance_scale(&alien, 10, 1)));
  check_near(hr_templates_variance_scale(&poor, 10, none), 4, 0);
  assert_true(isnan(hr_templates_variance_scale(&poor, 9, none)));
  check_near(hr_templates_variance_scale(&poor, 9, 1.5), 1,
             0); /* the linear model fits */
  check_near(hr_templates_variance_scale(&poor, 9, 3), 3, 0);
}

/* Of row 0 with a pixel of 1e4, and of all rows with errors a third of what they are. */
static void sigma_is_not_below_what_chi2_says(void **state) {
  few_templates *s = *state;
  hr_posterior own[ROWS], all[ROWS];
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS};
  float kept = s->x[5];
  s->x[5] = 1e4F;
  compare(s, &options, own, all);
  s->x[5] = kept;
  assert_true(isfinite(all[0].mean) && all[0].chi2 > 100);
  assert_true(isnan(all[0].variance_scale));
  for (size_t i = 0; i < ROWS * FEW_PIXELS; i++) s->error[i] /= 3;
  compare(s, &options, own, all);
  for (size_t i = 0; i < ROWS * FEW_PIXELS; i++) s->error[i] *= 3;
  for (size_t r = 0; r < ROWS; r++) {
    if (!(all[r].chi2 > 2)) continue;
    if (all[r].effective < 10)
      assert_true(isnan(all[r].variance_scale));
    else
      check_near(all[r].variance_scale, all[r].chi2, 0);
  }
}

/* Where the local linear model fits, or does not either. */
static void a_linear_model_knows_what_it_leaves_over(void **state) {
  few_templates *s = *state;
  hr_posterior own[ROWS], all[ROWS];
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS, .least_effective = 20};
  size_t widened = 0;
  compare(s, &options, own, all);
  for (size_t r = 0; r < ROWS; r++) {
    if (all[r].chi2 <= 2) check_near(all[r].variance_scale, 1, 0);
  }
  for (size_t i = 0; i < ROWS * FEW_PIXELS; i++) s->error[i] /= 4;
  compare(s, &options, own, all);
  for (size_t i = 0; i < ROWS * FEW_PIXELS; i++) s->error[i] *= 4;
  for (size_t r = 0; r < ROWS; r++) {
    widened += all[r].variance_scale > 2;
    assert_true(isnan(all[r].variance_scale) || all[r].variance_scale <= all[r].chi2);
  }
  assert_true(widened > ROWS / 2);
}

/* A slope a thousand times as high as the lines makes log weights of 10⁹, of which fp32
 * holds nothing below 64: the nearest templates of the linear model are those all the
 * same. */
static void a_slope_leaves_the_nearest_what_they_are(void **state) {
  few_templates *s = *state;
  hr_posterior own[ROWS], all[ROWS], sloped[ROWS];
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS, .least_effective = 5};
  double far = 0;
  compare(s, &options, own, all);
  for (size_t i = 0; i < FEW_TEMPLATES * FEW_PIXELS; i++) {
    s->f[i] += 2000 * (float)(i % FEW_PIXELS) / FEW_PIXELS;
    if (i < ROWS * FEW_PIXELS) s->x[i] += 2000 * (float)(i % FEW_PIXELS) / FEW_PIXELS;
  }
  compare(s, &options, own, sloped);
  few_templates_init(s, 0);
  for (size_t r = 0; r < ROWS; r++) far = fmax(far, fabs(all[r].mean - sloped[r].mean));
  check_near(far, 0, 0.02);
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
      cmocka_unit_test(it_is_the_least_of_all),
      cmocka_unit_test(a_scale_that_is_not_known_is_fitted),
      cmocka_unit_test(where_no_pixel_counts_there_is_none),
      cmocka_unit_test(a_poor_fit_has_no_small_variance),
      cmocka_unit_test(sigma_is_not_below_what_chi2_says),
      cmocka_unit_test(a_linear_model_knows_what_it_leaves_over),
      cmocka_unit_test(a_slope_leaves_the_nearest_what_they_are),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
