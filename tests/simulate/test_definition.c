#include "simulate/definition.h"

#include <math.h>

#include "core/alloc.h"
#include "support/scratch.h"

static hr_definition *read_text(const char *text) {
  hr_error err;
  hr_definition *d = NULL;
  check_ok(hr_definition_read(text, strlen(text), "x.yaml", &d, &err));
  return d;
}

static void built_in_instruments_are_what_they_say(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t pixels;
    double first, last, first_fwhm, last_fwhm;
  } known[] = {
      {"desi-z", 1661, 7520, 8848, 1.8, 1.8},
      {"sdss", 946, 7110, 8838.4, 7110 / 2000.0, 8838.4 / 2499.5},
      {"lamost-red", 946, 7110, 8838.4, 7110 / 1800.0, 8838.4 / 1800},
      {"gaia-rvs", 961, 8460, 8700, 8460 / 11500.0, 8700 / 11500.0},
  };
  hr_error err;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    hr_definition *d = NULL;
    check_ok(hr_definition_create(known[i].name, &d, &err));
    assert_string_equal(d->name, known[i].name);
    assert_int_equal(d->pixels, known[i].pixels);
    size_t last = d->pixels - 1;
    check_near(d->wave[0], known[i].first, 1e-9 * known[i].first);
    check_near(d->wave[last], known[i].last, 0.1);
    check_near(d->fwhm[0], known[i].first_fwhm, 1e-9);
    check_near(d->fwhm[last], known[i].last_fwhm, 1e-3);
    assert_true(d->noise.has_snr);
    hr_definition_destroy(&d);
    assert_null(d);
  }
  assert_null(hr_definition_text("pfs-mr"));
}

static void pixels_are_linear_logarithmic_or_listed(void **state) {
  (void)state;
  hr_definition *d = read_text(
      "{name: x, wavelength: {start: 8000, stop: 8100, step: 1e-3, scale: log10},"
      " lsf: {fwhm: [1, 2]}, noise: {snr: 10}}");
  assert_int_equal(d->pixels, 6);
  check_near(d->wave[3] / d->wave[2], pow(10, 1e-3), 1e-12);
  check_near(d->fwhm[0], 1, 0);
  check_near(d->fwhm[5], 2, 1e-12);
  hr_definition_destroy(&d);
  d = read_text(
      "{name: x, wavelength: [8000, 8001, 8003], lsf: {fwhm: 1},"
      " noise: {electrons: 10, sky: 2, sky_error: 0.5, read: 3}}");
  assert_int_equal(d->pixels, 3);
  check_near(d->wave[2], 8003, 0);
  assert_false(d->noise.has_snr);
  check_near(d->noise.read, 3, 0);
  hr_definition_destroy(&d);
}

/* The formulas of definition.h by hand, on a median of 2. */
static void noise_is_as_defined(void **state) {
  (void)state;
  float flux[3] = {1, 2, 4}, error[3], a[3], b[3];
  float *const room[2] = {a, b};
  double snr = 0;
  hr_brightness brightness = {.mag = 22.5, .deviate = 0.5};
  hr_definition *d = read_text(
      "{name: x, wavelength: [8000, 8001, 8003],"
      " lsf: {fwhm: 1}, noise: {snr: [10, 40], background: 1}}");
  hr_definition_observe(d, &brightness, room, flux, error, &snr);
  check_near(flux[0], 0.25, 1e-7);
  check_near(flux[1], 0.5, 1e-7);
  check_near(error[1], 0.5 / 20, 1e-7); /* the middle of 10 and 40 in the logarithm */
  check_near(error[2], 0.5 / 20 * sqrt(1.5), 1e-7);
  hr_definition_destroy(&d);
  d = read_text(
      "{name: x, wavelength: [8000, 8001, 8003], lsf: {fwhm: 1},"
      " noise: {electrons: 1000, sky: 20, sky_error: 0.5, read: 80}}");
  flux[0] = 1, flux[1] = 2, flux[2] = 4;
  hr_definition_observe(d, &brightness, room, flux, error, &snr);
  double e = 1000 * pow(10, -1), one = sqrt(e + 20 + 100 + 80) / e;
  check_near(error[1], 0.5 * one, 1e-7);
  check_near(error[0], 0.5 * sqrt(0.5 * e + 200) / e, 1e-7);
  /* 95 % of the way over three pixels is 0.9 of the way from the second to the third. */
  check_near(snr, 0.1 / one + 0.9 * 2 * e / sqrt(2 * e + 200), 1e-5);
  hr_definition_destroy(&d);
}

#define WAVE "wavelength: {start: 8000, stop: 8100, step: 1}"
#define REST ", lsf: {fwhm: 1}, noise: {snr: 10}}"

static void what_is_wrong_is_one_sentence(void **state) {
  (void)state;
  static const struct {
    const char *text, *sentence;
  } wrong[] = {
      {"[1]", "x.yaml:1:1: an instrument is a mapping; write {name: ...}"},
      {"{nam: x}", "x.yaml:1:2: the key 'nam' is not known; did you mean 'name'?"},
      {"{" WAVE REST, "x.yaml:1:1: name has to be there, the instrument's"},
      {"{name: x" REST, "x.yaml:1:1: wavelength is missing"},
      {"{name: x, " WAVE ", noise: {snr: 1}}", "x.yaml:1:1: lsf is missing"},
      {"{name: x, " WAVE ", lsf: {fwhm: 1}}", "x.yaml:1:1: noise is missing"},
      {"{name: x, wavelength: {start: 8000, stop: 8100}" REST,
       "x.yaml:1:23: wavelength.step is missing"},
      {"{name: x, wavelength: {start: 6000, stop: 8100, step: 1}" REST,
       "x.yaml:1:31: wavelength.start has to be a number from 7091.94 to 8858.06"},
      {"{name: x, wavelength: {start: 8000, stop: far, step: 1}" REST,
       "x.yaml:1:43: wavelength.stop has to be a number from 7091.94 to 8858.06, such as "
       "10 or 1e-4"},
      {"{name: x, wavelength: {start: 8100, stop: 8000, step: 1}" REST,
       "x.yaml:1:23: wavelength has -99 pixels; 2 to 65536 are possible"},
      {"{name: x, wavelength: {start: 8000, stop: 8100, step: 1, scale: ln}" REST,
       "x.yaml:1:65: wavelength.scale is linear or log10"},
      {"{name: x, wavelength: [8000, 8002, 8001]" REST,
       "x.yaml:1:36: wavelength does not increase from 8002 to 8001"},
      {"{name: x, wavelength: [8000, 8858]" REST,
       "x.yaml: the pixels reach from 7571.0 to 9287.0 angstrom, and the built-in models "
       "from 7091.9 to 8858.1"},
      {"{name: x, " WAVE ", lsf: {}, noise: {snr: 1}}",
       "x.yaml:1:64: lsf has fwhm, in angstrom, or resolving_power: give one"},
      {"{name: x, " WAVE ", lsf: {fwhm: [1, 2, 3]}, noise: {snr: 1}}",
       "x.yaml:1:71: lsf.fwhm is a number or two, [first, last]"},
      {"{name: x, " WAVE ", lsf: {resolving_power: 50}, noise: {snr: 1}}",
       "x.yaml:1:82: lsf.resolving_power has to be a number from 100 to 30000"},
      {"{name: x, " WAVE ", lsf: {fwhm: 1}, noise: {sky: 1}}",
       "x.yaml:1:82: noise.electrons is missing"},
      {"{name: x, " WAVE ", lsf: {fwhm: 1}, noise: {snr: 1, sky: 1}}",
       "x.yaml:1:91: the key 'noise.sky' is not known; did you mean 'snr'?"},
      {"{name: x, " WAVE ", lsf: {fwhm: 1}, noise: low}",
       "x.yaml:1:82: noise is a mapping; write {electrons: ...}"},
  };
  hr_error err;
  hr_definition *d = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const char *text = wrong[i].text;
    check_fails(hr_definition_read(text, strlen(text), "x.yaml", &d, &err), HR_ERR_CONFIG,
                wrong[i].sentence);
    assert_null(d);
  }
  check_fails(hr_definition_create("desi", &d, &err), HR_ERR_USAGE,
              "instrument is 'desi': give pfs-mr, desi-z, sdss, lamost-red, gaia-rvs or "
              "a file FILE.yaml");
  check_fails(hr_definition_create("none.yaml", &d, &err), HR_ERR_MISSING,
              "cannot open none.yaml: No such file or directory");
}

static void files_define_instruments(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_definition *d = NULL;
  scratch_init(&s);
  scratch_write(&s, "mine.yaml", hr_definition_text("gaia-rvs"));
  check_ok(hr_definition_create(scratch_name(&s, "mine.yaml"), &d, &err));
  assert_int_equal(d->pixels, 961);
  hr_definition_destroy(&d);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(built_in_instruments_are_what_they_say),
      cmocka_unit_test(pixels_are_linear_logarithmic_or_listed),
      cmocka_unit_test(noise_is_as_defined),
      cmocka_unit_test(what_is_wrong_is_one_sentence),
      cmocka_unit_test(files_define_instruments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
