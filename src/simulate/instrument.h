/* The spectrograph and its noise: the medium-resolution red arm of PFS, reduced from the
 * public exposure-time calculator. Formulas 1 to 5 are those of docs/simulate.md. */
#ifndef HR_SIMULATE_INSTRUMENT_H
#define HR_SIMULATE_INSTRUMENT_H

#include "headroom/simulate.h"
#include "simulate/tables.h"

/* Under which conditions a star is observed. */
typedef struct hr_conditions {
  double seeing;       /* FWHM at 800 nm, arcsec */
  double zenith_angle; /* degrees, at most 60 */
  double field_angle;  /* degrees from the axis of the instrument */
} hr_conditions;

typedef struct hr_instrument {
  const hr_grid_tables *tables; /* borrowed */
  hr_simulate_noise_model model;
  double exposures;     /* n_exp */
  double exposure_time; /* t_exp, seconds */
  double *continuum;    /* [P] sky continuum of the model, g * cont0 */
  double *ratio;        /* [P] throughput of the model relative to U */
  double *offset;       /* [P] wavelength from the middle fibre wavelength, angstrom */
  double *band;         /* [P] HSC i response times wavelength: photons in the band */
  double band_at_zero;  /* sum over band * flux density of AB magnitude 0 */
} hr_instrument;

/* Scratch of one thread, [P] each. */
typedef struct hr_exposure {
  double *conversion; /* electrons per 1e-17 erg s-1 cm-2 A-1 (formula 1) */
  double *variance;   /* of everything but the star, electrons squared (formula 4) */
  double *sky;
  float *values, *sorting;
} hr_exposure;

/* exposures, exposure_time and noise_model of the options are used. */
hr_status hr_instrument_init(const hr_grid_tables *tables,
                             const hr_simulate_options *options, hr_instrument *out,
                             hr_error *err) HR_MUST_CHECK;
void hr_instrument_fini(hr_instrument *instrument);

hr_status hr_exposure_init(size_t pixels, hr_exposure *out, hr_error *err) HR_MUST_CHECK;
void hr_exposure_fini(hr_exposure *exposure);

/* Fills exposure->conversion and ->variance. */
void hr_instrument_expose(const hr_instrument *instrument,
                          const hr_conditions *conditions, hr_exposure *exposure);

/* The same in plain loops of the formulas as they stand, for tests. */
void hr_instrument_reference(const hr_instrument *instrument,
                             const hr_conditions *conditions, double *conversion,
                             double *variance);

/* Observes a star of AB magnitude `mag` in HSC i (over the part of the band that the arm
 * covers). flux: [P] surface flux in any unit, > 0; becomes the noise-free flux scaled to
 * a median of 0.5. error: [P] one sigma in the same unit. *snr: 95 % quantile over pixels
 * of flux / error. exposure: as hr_instrument_expose left it. */
void hr_instrument_observe(const hr_instrument *instrument, hr_exposure *exposure,
                           double mag, float *flux, float *error, double *snr);

#endif
