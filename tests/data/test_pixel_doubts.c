/* Gaps and marks among pixels that nothing marks as bad. */
#include "data/pixel_doubts.h"

#include <math.h>

#include "support/look_file.h"

static look_file f;

/* What the pixels give to doubt, one at the most; `says` NULL: nothing. */
static void check(bool uses_noisy, bool refuses, const char *says) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  hr_look look = {0};
  const hr_conditioning any = {.scale = 1, .wild_beyond = INFINITY};
  hr_stream_options streaming = hr_stream_options_default();
  streaming.conditioning = f.error[0] > 0 ? NULL : &any;
  hr_dataset *dataset = look_file_open(&f);
  check_ok(hr_look_at(dataset, &streaming, &look, &err));
  check_ok(hr_doubt_pixels(&look, uses_noisy, &doubts, &err));
  assert_int_equal(doubts.count, says ? 1 : 0);
  if (says) {
    assert_non_null(strstr(doubts.items[0].sentence, says));
    assert_int_equal(doubts.items[0].refuses, refuses);
  }
  hr_doubts_fini(&doubts);
  hr_look_fini(&look);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

/* A pixel of every third row, in flux and noisy flux. */
static void spoil(double flux, double noisy) {
  look_file_fill(&f, "pixels.h5", 60);
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) f.flux[i] *= 1.0001; /* no fp16 */
  for (size_t i = 0; i < f.rows; i += 3) {
    f.flux[i * LOOK_PIXELS + i] = flux;
    f.noisy[i * LOOK_PIXELS + i] = noisy;
  }
}

static void sound_pixels_are_believed(void **state) {
  (void)state;
  spoil(1, 1.01);
  check(true, false, NULL);
  look_file_fill(&f, "pixels.h5", 60); /* clean spectra as if they were noisy */
  memcpy(f.noisy, f.flux, sizeof f.noisy);
  check(true, false, NULL);
  look_file_fill(&f, "pixels.h5", 10); /* too few rows to say */
  f.noisy[7] = 50;
  check(true, false, NULL);
}

static void gaps_and_marks_are_refused(void **state) {
  (void)state;
  spoil(0, 0);
  check(true, true, "% of the pixels hold 0 in the flux and in the noisy flux, without ");
  spoil(-99.9, -99.9);
  check(true, true, "% of the pixels hold -99.9 in the flux and in the noisy flux, ");
  spoil(-99.9, -99.9);
  f.has_noisy = false;
  check(true, true, ": the lowest flux is -99.9 in 20 of 60 rows, far from all other ");
  spoil(999, 1);
  f.has_noisy = false;
  check(true, true, ": the highest flux is 999 in 20 of 60 rows, far from all other ");
}

static void bad_pixels_are_no_marks(void **state) {
  (void)state;
  spoil(-99.9, -99.9);
  for (size_t i = 0; i < f.rows; i += 3) f.error[i * LOOK_PIXELS + i] = 0;
  check(true, false, NULL);
}

static void cosmic_rays_are_told(void **state) {
  (void)state;
  look_file_fill(&f, "pixels.h5", 60);
  f.noisy[5 * LOOK_PIXELS + 9] = 50;
  check(false, false, NULL); /* of rows that get noise of their own */
  check(
      true, false,
      "the noisy flux is more than 30 errors from the flux in 1 pixel of 1 row, of 60 ");
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i += 100) f.noisy[i] = 50;
  check(true, true, "the noisy flux is more than 30 errors from the flux in ");
}

static void an_error_that_is_missing_is_told(void **state) {
  (void)state;
  look_file_fill(&f, "pixels.h5", 60);
  memset(f.error, 0, sizeof f.error);
  check(true, true, " is above 0 nowhere, though the noisy flux scatters about the flux");
  look_file_fill(&f, "pixels.h5", 60);
  memset(f.error, 0, sizeof f.error);
  check(false, false, " is above 0 nowhere, though the noisy flux scatters about ");
  look_file_fill(&f, "pixels.h5", 60); /* clean spectra have none */
  memset(f.error, 0, sizeof f.error);
  memcpy(f.noisy, f.flux, sizeof f.noisy);
  check(true, false, NULL);
}

/* What masks give to doubt; `says` NULL: nothing. */
static void check_mask(const char *says) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  hr_look look = {0};
  hr_conditioning conditioning = hr_conditioning_plain();
  hr_stream_options streaming = hr_stream_options_default();
  hr_dataset *dataset = look_file_open(&f);
  conditioning.mask_bits = HR_MASK_ANY;
  streaming.conditioning = &conditioning;
  check_ok(hr_look_at(dataset, &streaming, &look, &err));
  check_ok(hr_doubt_masks(&look, &doubts, &err));
  assert_int_equal(doubts.count, says ? 1 : 0);
  if (says) {
    assert_non_null(strstr(doubts.items[0].sentence, says));
    assert_true(doubts.items[0].refuses);
  }
  hr_doubts_fini(&doubts);
  hr_look_fini(&look);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

static void masks_of_most_pixels_are_refused(void **state) {
  (void)state;
  look_file_fill(&f, "pixels.h5", 60);
  check_mask(NULL);
  f.has_mask = true;
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) f.mask[i] = i % 5 < 2;
  check_mask(NULL);
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) f.mask[i] = i % 50 > 0;
  check_mask("marks 98 % of the pixels of a row (median of 60 rows)");
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) f.mask[i] = 1; /* no row is usable */
  check_mask("marks 100 % of the pixels of a row (median of 60 rows)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_pixels_are_believed),
      cmocka_unit_test(gaps_and_marks_are_refused),
      cmocka_unit_test(bad_pixels_are_no_marks),
      cmocka_unit_test(cosmic_rays_are_told),
      cmocka_unit_test(an_error_that_is_missing_is_told),
      cmocka_unit_test(masks_of_most_pixels_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
