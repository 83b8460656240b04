/* The tables behind the simulator, decoded from the embedded data file into memory:
 * model spectra, instrument and sky, fibres, the HSC i band. Origin: data/README.md. */
#ifndef HR_SIMULATE_TABLES_H
#define HR_SIMULATE_TABLES_H

#include <stddef.h>

#include "core/error.h"

/* The axes of the grid of model spectra; the last one runs fastest. */
enum { HR_GRID_T_EFF, HR_GRID_LOG_G, HR_GRID_M_H, HR_GRID_AXES };

enum {
  HR_GRID_MOST_NODES = 16,
  HR_FIBRE_WAVES = 3, /* wavelengths at which the fibre fraction is tabulated */
};

/* The resolving power wavelength / FWHM of the model spectra, a Gaussian profile. */
#define HR_GRID_RESOLVING_POWER 5000.0

/* What a data file calls the labels, in the order of the grid's axes. */
extern const char *const hr_grid_label_names[HR_GRID_AXES];

/* The axis of that name, HR_GRID_AXES where there is none. */
size_t hr_grid_axis(const char *name);

typedef struct hr_grid_tables {
  size_t pixels;  /* P */
  size_t spectra; /* G, the product of the node counts */
  size_t node_count[HR_GRID_AXES];
  double nodes[HR_GRID_AXES][HR_GRID_MOST_NODES]; /* K, dex, dex; increasing */
  float *flux; /* [G][P] surface flux, erg s-1 cm-2 A-1, pixel means, > 0 */

  double *wave; /* [P] vacuum pixel centres, angstrom */
  /* [P] each; counts are electrons per pixel in 10,800 s at zenith and on axis, model U.
   */
  double *extinction;       /* k, mag per airmass */
  double *conversion;       /* conv0, per 1e-17 erg s-1 cm-2 A-1, fibre fraction 1 */
  double *sky_lines;        /* line0 */
  double *sky_continuum;    /* cont0 */
  double *continuum_a;      /* g6, factor on cont0 for model A */
  double *throughput_ratio; /* thr_A / thr_U */
  /* Self-test: AB = 22.5 flat in f_nu, seeing 0.8, zenith angle 30, field angle 0.45. */
  double *count_reference, *variance_reference, *snr_reference;

  size_t seeing_count, angle_count;
  double *seeing;       /* [seeing_count] FWHM at 800 nm, arcsec */
  double *field_angle;  /* [angle_count] degrees */
  double *fibre_wave;   /* [HR_FIBRE_WAVES] angstrom */
  double *fraction;     /* [HR_FIBRE_WAVES][seeing_count][angle_count] */
  double *vignetting;   /* [angle_count] relative to the axis */
  double *focal_length; /* [angle_count] effective, m */

  size_t band_count;
  double *band_wave;     /* [band_count] angstrom, increasing */
  double *band_response; /* [band_count] HSC i, >= 0 */
} hr_grid_tables;

/* Decodes the embedded tables: 23 MiB, a quarter of a second. HR_ERR_INTERNAL where the
 * program was built with a damaged data file. Freed with hr_tables_destroy. */
hr_status hr_tables_create(hr_grid_tables **out, hr_error *err) HR_MUST_CHECK;

/* The pixel centres alone, a few milliseconds. *wave: [*pixels] angstrom, freed with
 * hr_free. */
hr_status hr_tables_wave(double **wave, size_t *pixels, hr_error *err) HR_MUST_CHECK;

/* Whether spectra lie on the grid's pixels, to 0.05 of a pixel: HR_ERR_MISSING, with the
 * reason, where they do not. wave: [pixels] angstrom. */
hr_status hr_tables_check_wave(const double *wave, size_t pixels,
                               hr_error *err) HR_MUST_CHECK;

/* The tables from any bytes of that layout. */
hr_status hr_tables_decode(const void *bytes, size_t size, hr_grid_tables **out,
                           hr_error *err) HR_MUST_CHECK;
void hr_tables_destroy(hr_grid_tables **tables);

#endif
