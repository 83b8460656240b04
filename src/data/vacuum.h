/* Wavelengths in air and in vacuum, by one formula: the refractive index of standard air
 * (dry, 15 C, 101,325 Pa, 450 ppm CO2) of Ciddor 1996, Applied Optics 35, 1566, eq. 1:
 *
 *   n - 1 = 0.05792105 / (238.0185 - s) + 0.00167917 / (57.362 - s)
 *
 * with s the square of the vacuum wave number in 1/um^2. It holds from 2300 to 16900 A.
 * Birch & Downs (1994), which others use, is within 0.001 A of it up to 10,000 A. */
#ifndef HR_DATA_VACUUM_H
#define HR_DATA_VACUUM_H

/* In angstrom, both. */
double hr_air_wavelength(double vacuum);

/* The other way round, by iteration, to the last digits of fp64. */
double hr_vacuum_wavelength(double air);

#endif
