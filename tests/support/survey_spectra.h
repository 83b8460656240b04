/* What tests of readers of survey files share: a file in a scratch folder, opened, and
 * its spectra. */
#ifndef HR_TESTS_SURVEY_SPECTRA_H
#define HR_TESTS_SURVEY_SPECTRA_H

#include "data/fits/spectra.h"
#include "support/scratch.h"
#include "support/survey_file.h"

static scratch s;
static hr_error err;
static char path[256], expected[1024];
static hr_fits_spectra *spectra;
static hr_fits_spectrum star;
static const hr_fits_spectra_info *info;

static inline int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/s.fits", s.path);
  return 0;
}

static inline int tidy(void **state) {
  (void)state;
  hr_fits_spectra_close(&spectra);
  hr_fits_spectrum_fini(&star);
  scratch_fini(&s);
  return 0;
}

static inline void open_file(void) {
  hr_fits_spectra_close(&spectra);
  check_ok(hr_fits_spectra_open(path, &spectra, &err));
  info = hr_fits_spectra_describe(spectra);
}

static inline void read_star(size_t object) {
  check_ok(hr_fits_spectra_read(spectra, object, &star, &err));
}

/* Opening the file fails so; expected begins with its path. */
#define check_refused(status, ...)                                               \
  do {                                                                           \
    int used_ = snprintf(expected, sizeof expected, "%s", path);                 \
    snprintf(expected + used_, sizeof expected - (size_t)used_, __VA_ARGS__);    \
    check_fails(hr_fits_spectra_open(path, &spectra, &err), (status), expected); \
  } while (0)

static inline int64_t integer_of(const char *column, size_t object) {
  hr_table_column own;
  check_ok(hr_fits_spectra_column(spectra, column, &own, &err));
  assert_non_null(own.integers);
  int64_t value = own.integers[object];
  hr_table_column_fini(&own);
  return value;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

#endif
