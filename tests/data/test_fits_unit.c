/* Units as they are found in files, and what they come to. */
#include "data/fits/unit.h"

#include "support/check.h"

static hr_fits_unit unit;
static hr_flux_unit flux;

static void check_flux(const char *text, hr_flux_kind kind, double factor) {
  assert_true(hr_fits_unit_parse(text, &unit));
  assert_true(hr_fits_unit_flux(&unit, &flux));
  assert_int_equal(flux.kind, kind);
  check_near(flux.factor, factor, 0);
}

static void check_wave(const char *text, double angstrom) {
  double own = 0;
  assert_true(hr_fits_unit_parse(text, &unit));
  assert_true(hr_fits_unit_wavelength(&unit, &own));
  check_near(own, angstrom, 0);
}

static void fluxes_are_known_however_they_are_spelt(void **state) {
  (void)state;
  check_flux("10**-17 erg/(s cm2 Angstrom)", HR_FLUX_PER_ANGSTROM, 1);    /* DESI */
  check_flux("1E-17 erg/cm^2/s/Ang", HR_FLUX_PER_ANGSTROM, 1);            /* SDSS */
  check_flux("10**-17 erg Angstrom-1 s-1 cm-2", HR_FLUX_PER_ANGSTROM, 1); /* astropy */
  check_flux("10-17 erg.s-1.cm-2.Angstrom-1", HR_FLUX_PER_ANGSTROM, 1);
  check_flux("erg s^-1 cm^(-2) AA**-1", HR_FLUX_PER_ANGSTROM, 1e17);
  check_flux("W m-2 um-1", HR_FLUX_PER_ANGSTROM, 1e16);
  check_flux("W/m2/\xc2\xb5m", HR_FLUX_PER_ANGSTROM, 1e16);
  check_flux("2.5e-16 erg / (s*cm^2*nm)", HR_FLUX_PER_ANGSTROM, 2.5);
  check_flux("nJy", HR_FLUX_PER_HERTZ, 1);
  check_flux(" mJy ", HR_FLUX_PER_HERTZ, 1e6);
  check_flux("erg/s/cm2/Hz", HR_FLUX_PER_HERTZ, 1e32);
}

static void wavelengths_are_too(void **state) {
  (void)state;
  check_wave("Angstrom", 1);
  check_wave("angstroms", 1);
  check_wave("nm", 10);
  check_wave("um", 1e4);
  check_wave("micron", 1e4);
  check_wave("m", 1e10);
}

static void what_is_neither_is_refused(void **state) {
  (void)state;
  double angstrom = 0;
  static const char *const unknown[] = {
      "",    "counts", "ADU",           "erg/(s cm2", "nJy)", "cm^x",
      "mag", "e.e.e-", "((((((m))))))", "nm (",       "/nm",  "1e-17 1..2"};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    if (hr_fits_unit_parse(unknown[i], &unit)) print_error("'%s'\n", unknown[i]);
    assert_false(hr_fits_unit_parse(unknown[i], &unit));
  }
  assert_true(hr_fits_unit_parse("erg/s/cm2", &unit));
  assert_false(hr_fits_unit_flux(&unit, &flux));
  assert_false(hr_fits_unit_wavelength(&unit, &angstrom));
}

static void variances_have_the_unit_twice(void **state) {
  (void)state;
  hr_fits_unit own, inverse;
  assert_true(hr_fits_unit_parse("10**+34 (s2 cm4 Angstrom2) / erg2", &inverse));
  assert_true(hr_fits_unit_parse("10**-17 erg/(s cm2 Angstrom)", &unit));
  own = hr_fits_unit_power(&unit, -2);
  assert_true(own.exponent == inverse.exponent && own.mass == inverse.mass);
  assert_true(own.length == inverse.length && own.time == inverse.time);
}

/* 3631 nJy (AB magnitude 22.5) at 8000 A is 0.170e-17 erg/s/cm2/A. */
static void per_hertz_becomes_per_angstrom(void **state) {
  (void)state;
  const hr_flux_unit nanojansky = {HR_FLUX_PER_HERTZ, 1};
  const hr_flux_unit own = {HR_FLUX_PER_ANGSTROM, 3};
  check_near(3631 * hr_flux_per_angstrom(&nanojansky, 8000), 0.17009, 1e-5);
  check_near(hr_flux_per_angstrom(&own, 8000), 3, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fluxes_are_known_however_they_are_spelt),
      cmocka_unit_test(wavelengths_are_too),
      cmocka_unit_test(what_is_neither_is_refused),
      cmocka_unit_test(variances_have_the_unit_twice),
      cmocka_unit_test(per_hertz_becomes_per_angstrom),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
