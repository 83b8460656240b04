/* Units as FITS files spell them, "10**-17 erg/(s cm2 Angstrom)", "nJy", "nm": what they
 * measure, and how much of it. */
#ifndef HR_DATA_FITS_UNIT_H
#define HR_DATA_FITS_UNIT_H

#include <stdbool.h>

/* mantissa 10^exponent kg^mass m^length s^time; powers of ten are kept apart, so that
 * 1e-17 erg/s/cm2/Angstrom is exactly one of itself. */
typedef struct hr_fits_unit {
  double mantissa;
  int exponent, mass, length, time;
} hr_fits_unit;

/* Reads products of units with powers, divided by units or groups, behind a number;
 * case counts but for the names of the angstrom. False for what it does not know. */
bool hr_fits_unit_parse(const char *text, hr_fits_unit *out);

typedef enum hr_flux_kind {
  HR_FLUX_PER_ANGSTROM, /* factor: in 1e-17 erg/s/cm2/A */
  HR_FLUX_PER_HERTZ,    /* factor: in nJy */
  HR_FLUX_RELATIVE,     /* of a wavelength, in no unit: factor 1 */
} hr_flux_kind;

typedef struct hr_flux_unit {
  hr_flux_kind kind;
  double factor;
} hr_flux_unit;

/* As a flux density; false where it is none. */
bool hr_fits_unit_flux(const hr_fits_unit *unit, hr_flux_unit *out);

/* As a wavelength: how many angstrom it has; false where it is none. */
bool hr_fits_unit_wavelength(const hr_fits_unit *unit, double *angstrom);

/* The unit to the power of -2, 1 or 2, as inverse variances and variances have it. */
hr_fits_unit hr_fits_unit_power(const hr_fits_unit *unit, int power);

/* What f_lambda in 1e-17 erg/s/cm2/A is of a flux of 1 in that unit. */
double hr_flux_per_angstrom(const hr_flux_unit *unit, double wave_angstrom);

#endif
