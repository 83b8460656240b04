/* An instrument other than PFS, as a few lines of YAML define it: pixels, line spread and
 * noise. The built-in ones are defined in the same way (docs/simulate.md shows it). */
#ifndef HR_SIMULATE_DEFINITION_H
#define HR_SIMULATE_DEFINITION_H

#include <stdbool.h>
#include <stdint.h>

#include "simulate/models.h"

/* How many pixels a definition may have. */
enum { HR_DEFINITION_MOST_PIXELS = 65536 };

/* The instrument that has formulas of its own (simulate/instrument.h). */
#define HR_PFS_NAME "pfs-mr"

/* One sigma of a pixel of flux f, m being the median flux of the spectrum.
 *
 * With snr: (sigma / m)^2 = (f / m + background) / (1 + background) / S^2, where S, the
 * signal-to-noise ratio of a pixel at the median, is drawn for each star, uniformly in
 * its logarithm.
 * With electrons: with E those of a pixel at the median, electrons * 10^(0.4 (20 - mag)),
 * (sigma / m)^2 = (E f / m + sky + (sky_error sky)^2 + read) / E^2. */
typedef struct hr_definition_noise {
  bool has_snr;
  double snr_low, snr_high;
  double background; /* light of the sky and read noise, in the star's at the median */
  double electrons;  /* of a star of magnitude 20, in a pixel at the median flux */
  double sky;        /* electrons in a pixel */
  double sky_error;  /* of subtracting it, a fraction */
  double read;       /* electrons squared in a pixel */
} hr_definition_noise;

typedef struct hr_definition {
  char *name;
  size_t pixels;
  double *wave; /* [pixels] vacuum centres, angstrom */
  double *fwhm; /* [pixels] of the line spread, angstrom */
  hr_definition_noise noise;
  float *relative; /* [error_rows][pixels] one sigma over the median flux, of spectra of
                      a survey, in place of the noise; 0: a bad pixel. NULL: as noise
                      says */
  size_t error_rows;
} hr_definition;

/* The definition that `instrument` names: a built-in one, or a YAML file. HR_ERR_USAGE
 * where it is neither; HR_ERR_CONFIG with the place in the file for what is wrong there;
 * HR_ERR_IO; HR_ERR_MEMORY. Freed with hr_definition_destroy. */
hr_status hr_definition_create(const char *instrument, hr_definition **out,
                               hr_error *err) HR_MUST_CHECK;
void hr_definition_destroy(hr_definition **definition);

/* Reads a definition from text; `name` is the file's, for messages. */
hr_status hr_definition_read(const char *yaml, size_t size, const char *name,
                             hr_definition **out, hr_error *err) HR_MUST_CHECK;

/* The text of a built-in definition; NULL where there is none of that name. */
const char *hr_definition_text(const char *instrument);

/* What the definition's pixels see of the models; borrows it. */
hr_model_view hr_definition_view(const hr_definition *definition);

/* A star of `mag`, or, with has_snr, of which `deviate`, uniform in 0 .. 1, is the place
 * in the distribution of S. flux: [pixels] in any unit, > 0; becomes the noise-free flux
 * of a median of 0.5. error: [pixels] one sigma in the same unit. *snr: 95 % quantile
 * over pixels of flux / error. scratch: [pixels] each. */
typedef struct hr_brightness {
  double mag, deviate;
  uint64_t number; /* of the star, by which it has one of the survey's errors */
} hr_brightness;
void hr_definition_observe(const hr_definition *definition,
                           const hr_brightness *brightness, float *const scratch[2],
                           float *flux, float *error, double *snr);

#endif
