/* Files whose error, scale or wavelengths are not what they should be. */
#include "data/spectra_doubts.h"

#include "support/look_file.h"

static look_file f, other;

static hr_look look_at(const hr_dataset *dataset) {
  hr_error err = {0};
  hr_look look = {0};
  const hr_stream_options streaming = hr_stream_options_default();
  check_ok(hr_look_at(dataset, &streaming, &look, &err));
  return look;
}

/* What the errors of the file give to doubt; one at the most. `says` NULL: nothing. */
static void check_errors(double level, bool refuses, const char *says) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  hr_dataset *dataset = look_file_open(&f);
  hr_look look = look_at(dataset);
  check_ok(hr_doubt_errors(&look, level, &doubts, &err));
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

/* error = error^power times factor, everywhere. */
static void change_errors(double power, double factor) {
  look_file_fill(&f, "doubts.h5", 60);
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) {
    f.error[i] = factor * pow(f.error[i], power);
  }
}

static void the_stored_noise_tells_what_the_error_is(void **state) {
  (void)state;
  change_errors(1, 1);
  check_errors(1, false, NULL);
  check_errors(2, false, NULL); /* noise that was stored at level 1 is right, too */
  change_errors(-2, 1);
  check_errors(1, true, "holds the inverse variance instead of one standard deviation");
  change_errors(2, 1);
  check_errors(1, true, "holds the variance instead of one standard deviation");
  change_errors(1, 0.1);
  check_errors(1, true, "where 1 is expected, so ");
  change_errors(1, 0.8);
  check_errors(1, false, "where 1 is expected, so ");
  change_errors(1, 0.5);
  check_errors(2, false, NULL);
}

static void without_noise_the_label_tells(void **state) {
  (void)state;
  change_errors(-2, 1);
  f.has_noisy = false;
  check_errors(1, true, "goes with the label snr as an inverse variance would");
  change_errors(2, 1);
  f.has_noisy = false;
  check_errors(1, true, "goes with the label snr as a variance would");
  change_errors(1, 0.01);
  f.has_noisy = false;
  check_errors(1, false, "flux over error is 100 times the label snr");
  change_errors(1, 1);
  f.has_noisy = false;
  for (size_t i = 0; i < f.rows; i++) f.labels[i] = 10 + (double)(i * 23 % 60);
  check_errors(1, false, "the label snr does not go with flux over error");
}

/* By its size, where all rows are alike, in any unit of the flux. */
static void the_size_of_the_label_tells(void **state) {
  (void)state;
  static const double units[] = {1, 1e-3, 1e4};
  for (int k = 0; k < 3; k++) {
    for (int power = -2; power < 4; power++) {
      change_errors(0, 1);
      f.has_noisy = false;
      for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) {
        f.flux[i] *= units[k];
        f.error[i] = units[k] * (power == 3 ? 3 : 1) / 30;
        if (power == -2 || power == 2) f.error[i] = pow(f.error[i], power);
      }
      for (size_t i = 0; i < f.rows; i++) f.labels[i] = 30;
      check_errors(1, power < 3,
                   power == -2  ? "goes with the label snr as an inverse variance would"
                   : power == 2 ? "goes with the label snr as a variance would"
                   : power == 3 ? "flux over error is 0.333 times the label snr"
                                : NULL);
    }
  }
  change_errors(1, 1); /* stored noise knows better than the label's size */
  for (size_t i = 0; i < f.rows; i++) f.labels[i] *= 4;
  check_errors(1, false, NULL);
  f.has_noisy = false;
  check_errors(1, false, "flux over error is 0.25 times the label snr");
}

/* Flux with noise in it, and nothing else that could tell; error^power times factor. */
static void check_noisy_flux(double level, double power, double factor, bool refuses,
                             const char *says) {
  look_file_fill(&f, "doubts.h5", 60);
  f.has_noisy = false;
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) {
    f.flux[i] = f.noisy[i];
    f.error[i] = factor * pow(f.error[i], power);
  }
  for (size_t i = 0; i < f.rows; i++) f.labels[i] = NAN;
  check_errors(level, refuses, says);
}

static void noise_in_the_flux_tells_what_the_error_is(void **state) {
  (void)state;
  check_noisy_flux(1, 1, 1, false, "so it holds noise, and a study adds as much again");
  check_noisy_flux(1, 1, 6, false, "times the error of its row, as noise would; see ");
  check_noisy_flux(1, -2, 1, true, "from pixel to pixel as if ");
  check_noisy_flux(1, 2, 1, true, " were a variance, and not one standard deviation");
  check_noisy_flux(0, 1, 1, false, NULL); /* as it was observed, and no more is added */
  check_noisy_flux(0, 1, 6, false, "times the error of its row, as noise would; see ");
  check_noisy_flux(0, 2, 1, true, " were a variance, and not one standard deviation");
  check_noisy_flux(1, 0, 0.02, false,
                   NULL); /* one error for all rows: nothing is known */
  change_errors(1, 1);    /* nor of clean flux */
  for (size_t i = 0; i < f.rows; i++) f.labels[i] = NAN;
  f.has_noisy = false;
  check_errors(1, false, NULL);
}

static void check_scales(double factor, double error_factor, bool refuses,
                         const char *says) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  look_file_fill(&f, "train.h5", 60);
  look_file_fill(&other, "test.h5", 60);
  for (size_t i = 0; i < other.rows * LOOK_PIXELS; i++) {
    other.flux[i] *= factor;
    other.error[i] *= error_factor;
  }
  hr_dataset *train = look_file_open(&f), *test = look_file_open(&other);
  hr_look train_look = look_at(train), test_look = look_at(test);
  check_ok(hr_doubt_scales(&train_look, &train_look, &doubts, &err));
  assert_int_equal(doubts.count, 0);
  check_ok(hr_doubt_scales(&train_look, &test_look, &doubts, &err));
  assert_int_equal(doubts.count, says ? 1 : 0);
  if (says) {
    assert_non_null(strstr(doubts.items[0].sentence, says));
    assert_int_equal(doubts.items[0].refuses, refuses);
  }
  hr_doubts_fini(&doubts);
  hr_look_fini(&train_look);
  hr_look_fini(&test_look);
  hr_dataset_destroy(&train);
  hr_dataset_destroy(&test);
  look_file_fini(&f);
  look_file_fini(&other);
}

static void files_have_one_scale(void **state) {
  (void)state;
  check_scales(1, 1, false, NULL);
  check_scales(1.05, 1.05, false, NULL);
  check_scales(1.3, 1.3, false, ": the median flux is 1.3, but 1 in the training files");
  check_scales(2, 2, true, "test.h5: the median flux is 2, but 1 in the training files");
  check_scales(0.1, 0.1, true, ": the median flux is 0.1, but 1 in the training files");
  check_scales(1, 20, false, ": the median error is ");
}

/* Rows of a training set whose brightness differs by a factor of 3: then a test set of
 * twice the brightness is no fault. */
static void bright_and_faint_stars_are_no_fault(void **state) {
  (void)state;
  hr_error err = {0};
  hr_doubts doubts = {0};
  look_file_fill(&f, "train.h5", 60);
  look_file_fill(&other, "test.h5", 60);
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) {
    double brightness = pow(3, (double)(i / LOOK_PIXELS % 7) / 3 - 1);
    f.flux[i] *= brightness;
    other.flux[i] *= 2 * brightness;
  }
  hr_dataset *train = look_file_open(&f), *test = look_file_open(&other);
  hr_look train_look = look_at(train), test_look = look_at(test);
  check_ok(hr_doubt_scales(&train_look, &test_look, &doubts, &err));
  assert_int_equal(doubts.count, 0);
  hr_look_fini(&train_look);
  hr_look_fini(&test_look);
  hr_dataset_destroy(&train);
  hr_dataset_destroy(&test);
  look_file_fini(&f);
  look_file_fini(&other);
}

static void check_wave(double first, double step, const char *unit) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  look_file_fill(&f, "wave.h5", 1);
  for (size_t p = 0; p < LOOK_PIXELS; p++) f.wave[p] = first + step * (double)p;
  hr_dataset *dataset = look_file_open(&f);
  check_ok(hr_doubt_wavelengths(dataset, &doubts, &err));
  assert_int_equal(doubts.count, unit ? 1 : 0);
  if (unit) assert_non_null(strstr(doubts.items[0].sentence, unit));
  hr_doubts_fini(&doubts);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

static void wavelengths_are_in_angstrom(void **state) {
  (void)state;
  check_wave(3600, 25, NULL);
  check_wave(912, 1, NULL);
  check_wave(15000, 10, NULL);
  check_wave(710, 0.04, "looks like nanometres; ");
  check_wave(0.71, 1e-4, "looks like micrometres; ");
  check_wave(3.58, 1e-4, "looks like the logarithm of angstrom, or micrometres; ");
  check_wave(7.1e-7, 1e-10, "looks like metres; ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_stored_noise_tells_what_the_error_is),
      cmocka_unit_test(without_noise_the_label_tells),
      cmocka_unit_test(the_size_of_the_label_tells),
      cmocka_unit_test(noise_in_the_flux_tells_what_the_error_is),
      cmocka_unit_test(files_have_one_scale),
      cmocka_unit_test(bright_and_faint_stars_are_no_fault),
      cmocka_unit_test(wavelengths_are_in_angstrom),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
