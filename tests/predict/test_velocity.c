#include "predict/velocity.h"

#include <string.h>

#include "core/alloc.h"
#include "simulate/tables.h"
#include "support/check.h"

enum { P = 4096 };

static hr_grid_tables *tables;
static hr_error err;
static hr_doppler doppler;
static hr_doppler_shift shift;
static float flux[P], error[P];

static int set_up(void **state) {
  (void)state;
  check_ok(hr_tables_create(&tables, &err));
  check_ok(hr_doppler_init(tables->wave, P, &doppler, &err));
  check_ok(hr_doppler_shift_init(&doppler, &shift, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_doppler_shift_fini(&shift);
  hr_doppler_fini(&doppler);
  hr_tables_destroy(&tables);
  return 0;
}

/* A spectrum of the grid of mean 1, as a velocity shows it, and a good error. */
static hr_pixels moved_row(double rv) {
  const float *model = tables->flux + 600 * (size_t)P;
  static float still[P];
  double sum = 0;
  for (size_t p = 0; p < P; p++) sum += (double)model[p] / P;
  for (size_t p = 0; p < P; p++) {
    still[p] = (float)((double)model[p] / sum);
    error[p] = 0.01f;
  }
  hr_doppler_find(&doppler, hr_doppler_factor(rv), &shift);
  hr_doppler_apply(&doppler, &shift, still, flux);
  return (hr_pixels){.count = P, .noisy = flux, .error = error};
}

static double off_rest(void) {
  const float *model = tables->flux + 600 * (size_t)P;
  double sum = 0, worst = 0;
  for (size_t p = 0; p < P; p++) sum += (double)model[p] / P;
  for (size_t p = 100; p < P - 100; p++) {
    worst = fmax(worst, fabs((double)flux[p] - (double)model[p] / sum));
  }
  return worst;
}

static void rows_are_measured_and_brought_to_rest(void **state) {
  (void)state;
  hr_mover *mover = NULL;
  hr_mover_scratch scratch;
  char fit[] = "fit";
  const hr_conditioning plain = hr_conditioning_plain();
  const hr_bundle_description d = {
      .wave = tables->wave, .pixels = P, .rv = fit, .rv_range = {-400, 400}};
  check_ok(hr_mover_create(&d, &plain, &mover, &err));
  check_ok(hr_mover_scratch_init(mover, &scratch, &err));
  hr_pixels row = moved_row(-234.5);
  flux[2000] = NAN;
  hr_velocity_answer a = hr_mover_bring(mover, &scratch, &row, NULL, 77);
  check_near(a.rv, -234.5, 2);
  assert_true(a.sigma > 0 && a.sigma < 2 && a.flags == 0);
  assert_true(off_rest() < 0.03);
  row = moved_row(-234.5);
  row.error = NULL;
  a = hr_mover_bring(mover, &scratch, &row, NULL, 77);
  check_near(a.rv, -234.5, 3);
  assert_true(isnan(a.sigma));
  hr_mover_scratch_fini(&scratch);
  hr_mover_destroy(&mover);
}

static void or_by_what_a_label_says(void **state) {
  (void)state;
  hr_mover *mover = NULL;
  hr_mover_scratch scratch;
  char label[] = "speed";
  const hr_conditioning plain = hr_conditioning_plain();
  const hr_bundle_description d = {
      .wave = tables->wave, .pixels = P, .rv = label, .rv_range = {-10, 200}};
  check_ok(hr_mover_create(&d, &plain, &mover, &err));
  check_ok(hr_mover_scratch_init(mover, &scratch, &err));
  assert_string_equal(mover->label, "speed");
  hr_pixels row = moved_row(150);
  hr_velocity_answer a = hr_mover_bring(mover, &scratch, &row, NULL, 150);
  check_near(a.rv, 150, 0);
  assert_true(isnan(a.sigma) && a.flags == 0);
  assert_true(off_rest() < 2e-3);
  row = moved_row(0);
  a = hr_mover_bring(mover, &scratch, &row, NULL, 1e5);
  assert_true(isnan(a.rv));
  assert_int_equal(a.flags, HR_VELOCITY_NONE);
  assert_true(off_rest() < 1e-6);
  hr_mover_scratch_fini(&scratch);
  hr_mover_destroy(&mover);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_measured_and_brought_to_rest),
      cmocka_unit_test(or_by_what_a_label_says),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
