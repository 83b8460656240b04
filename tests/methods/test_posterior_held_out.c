/* Which rows are held out, what is kept of them, and what their R2 is. */
#include "methods/posterior/held_out.h"

#include "core/observe.h"
#include "support/fail_alloc.h"
#include "support/small_study.h"

static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  s.view.noise_level = 1;
  s.view.keeps_validation = true;
  return 0;
}

static hr_held_out hold(bool by_bin, size_t most) {
  hr_error err;
  hr_held_out held;
  hr_block block = {.first_row = 0,
                    .rows = SMALL_TRAIN,
                    .pixels = SMALL_PIXELS,
                    .flux = s.train_x,
                    .error = s.train_error,
                    .noisy = s.train_x};
  block.snr = block_snr(SMALL_TRAIN, SMALL_PIXELS, s.train_x, s.train_error);
  check_ok(hr_held_out_init(&held, &s.view, by_bin, most, &err));
  for (size_t i = 0; i < SMALL_TRAIN; i++) hr_held_out_keep(&held, &block, i);
  return held;
}

static void so_many_rows_of_each_bin_are_kept(void **state) {
  (void)state;
  size_t counts[SMALL_BINS] = {0};
  hr_held_out held = hold(true, 15);
  for (size_t i = 0; i < held.count; i++) {
    size_t row = held.rows[i];
    assert_true(s.train_bin[row] != HR_UNCOVERED);
    counts[s.train_bin[row]]++;
    assert_int_equal(held.place[row], i);
    assert_memory_equal(held.x + i * SMALL_PIXELS, s.train_x + row * SMALL_PIXELS,
                        SMALL_PIXELS * sizeof(float));
    assert_memory_equal(held.error + i * SMALL_PIXELS, s.train_error + row * SMALL_PIXELS,
                        SMALL_PIXELS * sizeof(float));
    check_near(held.snr[i],
               hr_measure_snr(SMALL_PIXELS, held.x + i * SMALL_PIXELS,
                              held.error + i * SMALL_PIXELS),
               0);
  }
  assert_true(counts[0] == 15 && counts[1] == 15 && counts[2] == 1 && counts[3] == 0);
  hr_held_out_fini(&held);
  held = hold(false, 15);
  assert_int_equal(held.count, 15);
  hr_held_out_fini(&held);
}

static hr_templates *make_templates(const float *x) {
  hr_error err;
  hr_templates *t = NULL;
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS};
  check_ok(hr_templates_create(SMALL_TRAIN, SMALL_PIXELS, &options, hr_compute_default(),
                               &t, &err));
  for (size_t i = 0, slot = 0; i <= SMALL_BINS; i++) {
    for (size_t row = 0; row < SMALL_TRAIN; row++) {
      int32_t bin = s.train_bin[row];
      if ((bin == HR_UNCOVERED ? SMALL_BINS : bin) != (int32_t)i) continue;
      const hr_template_label label = {s.train_y[row], (int32_t)i, s.fold[row]};
      hr_templates_put(t, slot++, x + row * SMALL_PIXELS, &label);
    }
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  return t;
}

static hr_status validate(const hr_held_out *held, const hr_templates *templates,
                          bool all_folds, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_progress progress = {.stage = "validating", .unit = "spectra", .total = held->count};
  hr_validation v = {&s.view, templates, NULL, all_folds, &progress};
  for (size_t m = 0; m <= SMALL_BINS; m++) {
    HR_TRY(hr_fit_init(&out[m].fit, (int)m, 1, false, 0, err));
  }
  HR_TRY(hr_templates_workspace_create(templates, &v.work, err));
  HR_TRY(hr_held_out_validate(held, &v, out, err));
  assert_int_equal(progress.done, held->count);
cleanup:
  hr_templates_workspace_destroy(&v.work);
  return status;
}

static void forget(hr_trained *out) {
  for (size_t m = 0; m <= SMALL_BINS; m++) hr_trained_fini(&out[m]);
}

/* What is kept of the rows is what other folds say, which have not seen them. */
static void check_kept(const hr_fit *unseen, const hr_fit *seen) {
  const hr_validation_rows *one = &unseen->validation, *other = &seen->validation;
  double missed = 0, known = 0;
  assert_int_equal(one->count, 60);
  assert_int_equal(other->count, 60);
  for (size_t i = 0; i < one->count; i++) {
    double y = s.train_y[one->row[i]];
    assert_int_equal(s.train_bin[one->row[i]], 0);
    assert_int_equal(one->row[i], other->row[i]);
    missed += (y - (double)one->prediction[i]) * (y - (double)one->prediction[i]);
    known += (y - (double)other->prediction[i]) * (y - (double)other->prediction[i]);
  }
  assert_true(missed > known);
}

/* A row that is its own template is known; from other folds it is not. */
static void own_folds_are_left_out(void **state) {
  (void)state;
  hr_error err;
  hr_templates *templates = make_templates(s.train_x);
  for (int by_bin = 0; by_bin < 2; by_bin++) {
    hr_held_out held = hold(by_bin, 60);
    hr_trained seen[SMALL_BINS + 1] = {0}, unseen[SMALL_BINS + 1] = {0};
    check_ok(validate(&held, templates, true, seen, &err));
    check_ok(validate(&held, templates, false, unseen, &err));
    size_t m = by_bin ? 0 : SMALL_BINS;
    assert_true(seen[m].fit.cv_r2[0] > unseen[m].fit.cv_r2[0] + 0.05);
    assert_true(isnan(seen[by_bin ? SMALL_BINS : 0].fit.cv_r2[0]));
    assert_true(isnan(seen[2].fit.cv_r2[0])); /* of one row there is none */
    const hr_sigma *sigma = &unseen[m].fit.sigma;
    assert_int_equal(sigma->rows, by_bin ? 60 : held.count);
    assert_true(sigma->scales_own);
    check_near(sigma->all.sigma, 1, 0);
    assert_true(sigma->all.half68 > seen[m].fit.sigma.all.half68);
    assert_int_equal(unseen[2].fit.sigma.rows, 0);
    if (by_bin) check_kept(&unseen[0].fit, &seen[0].fit);
    forget(seen);
    forget(unseen);
    hr_held_out_fini(&held);
  }
  hr_templates_destroy(&templates);
}

static hr_status hold_and_forget(void) {
  hr_error err;
  hr_held_out held;
  hr_status status = hr_held_out_init(&held, &s.view, true, 15, &err);
  hr_held_out_fini(&held);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  check_alloc_failures(hold_and_forget());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(so_many_rows_of_each_bin_are_kept),
      cmocka_unit_test(own_folds_are_left_out),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
