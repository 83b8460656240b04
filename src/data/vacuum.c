/* Air and vacuum (data/vacuum.h). */
#include "data/vacuum.h"

static double index_of(double vacuum) {
  double wave_number = 1e4 / vacuum; /* in 1/um */
  double s = wave_number * wave_number;
  return 1 + 0.05792105 / (238.0185 - s) + 0.00167917 / (57.362 - s);
}

double hr_air_wavelength(double vacuum) {
  return vacuum / index_of(vacuum);
}

/* n changes by some 1e-8 an angstrom: every turn gains four digits and more. */
double hr_vacuum_wavelength(double air) {
  enum { TURNS = 5 };
  double vacuum = air;
  for (int i = 0; i < TURNS; i++) vacuum = air * index_of(vacuum);
  return vacuum;
}
