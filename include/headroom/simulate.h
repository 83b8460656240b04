/* Simulated stars: model spectra seen through the PFS medium-resolution arm, or another
 * instrument, written as the study reads them. What is behind the numbers, and what is
 * not: docs/simulate.md.
 *
 * Threads and process: as study.h, without a lock; two calls must not write into the same
 * folder at the same time. */
#ifndef HEADROOM_SIMULATE_H
#define HEADROOM_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/export.h"
#include "headroom/observer.h"
#include "headroom/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Number type of the flux and error arrays. Values are computed in fp32 either way: f64
 * files hold the same numbers in twice the space, as the users' own simulator writes. */
typedef enum hr_simulate_dtype { HR_SIMULATE_F32, HR_SIMULATE_F64 } hr_simulate_dtype;

/* How labels lie in the grid of model spectra: anywhere, or on the nodes nearest to a
 * uniform draw, but for at most one label a star that stays as it was drawn. */
typedef enum hr_simulate_labels {
  HR_SIMULATE_UNIFORM,
  HR_SIMULATE_LATTICE,
} hr_simulate_labels;

/* Which nodes of the grid of model spectra are interpolated between: all of them, or
 * along each label every second one and the last, for what a coarser grid costs. */
typedef enum hr_simulate_nodes {
  HR_SIMULATE_NODES_ALL,
  HR_SIMULATE_NODES_HALF,
} hr_simulate_nodes;

/* Throughput and sky of the exposure-time calculator: U of 2021-12-20, A of 2024-07-14
 * with the on-sky adjustment of 2025. */
typedef enum hr_simulate_noise_model {
  HR_SIMULATE_MODEL_U,
  HR_SIMULATE_MODEL_A,
} hr_simulate_noise_model;

/* Values are drawn uniformly between low and high; low == high fixes the value. */
typedef struct hr_simulate_range {
  double low, high;
} hr_simulate_range;

typedef struct hr_simulate_options {
  size_t size;
  const char *folder;  /* borrowed; made where it does not exist */
  uint64_t train_rows; /* 20000; 0: no training set */
  uint64_t shards;     /* 5; rows are shared out evenly */
  uint64_t test_rows;  /* 4000; 0: no test set */
  uint64_t seed;       /* 1 */
  hr_simulate_dtype dtype;
  hr_simulate_labels labels;
  hr_simulate_nodes nodes;
  hr_simulate_noise_model noise_model;
  hr_simulate_range teff;         /* K, 3750 .. 6000 */
  hr_simulate_range logg;         /* dex, 1 .. 5 */
  hr_simulate_range mh;           /* dex, -2.5 .. 0.75 */
  hr_simulate_range mag;          /* AB mag in HSC i, 20.5 .. 22.5 */
  hr_simulate_range seeing;       /* FWHM at 800 nm in arcsec, 0.8; tables: 0.4 .. 1.8 */
  hr_simulate_range zenith_angle; /* degrees, 0 .. 45; at most 60 */
  hr_simulate_range field_angle;  /* degrees, 0 .. 0.65 */
  uint64_t exposures;             /* 12 */
  double exposure_time;           /* seconds each, 900 */
  double resolving_power;         /* wavelength / FWHM; 0: the grid's own 5000 */
  double fwhm;                    /* angstrom, instead of resolving_power; 0: not used */
  /* What a study cannot know: for studies of how much that costs. */
  double error_scale; /* the error written over the noise's true one sigma, 1 */
  double mh_offset;   /* the [M/H] written less that of the spectrum, dex, 0 */
  /* Of lattice labels, 0.2: the chance of each of the three to be the free one, 0 to 1/3.
   * With 1/5 most stars (2/5) have none, as if two more axes were drawn. */
  double free_fraction;
  /* Radial velocity in km/s, -1000 .. 1000; 0 and 0: stars stand still, and files have no
   * column rv. */
  hr_simulate_range rv;
  /* Which instrument: pfs-mr (or NULL), desi-z, sdss, lamost-red, gaia-rvs, or a YAML
   * file that defines one; borrowed. seeing .. fwhm above, noise_model and, of an
   * instrument with a distribution of SNR, mag belong to pfs-mr: others have them left as
   * they are. */
  const char *instrument;
  /* A survey's FITS file (docs/survey-files.md), whose pixels and errors are taken, star
   * number i having those of its spectrum number i, and so on from the first again;
   * borrowed; NULL: none. Its line spread has to be said by one of fwhm, resolving_power
   * and instrument, of which nothing else is taken then. */
  const char *survey_file;
} hr_simulate_options;

/* The values that the comments above name first: the users' own study, in small. `size`
 * is that of the caller's struct; members of which this library knows nothing are 0. */
HR_API void hr_simulate_options_init(hr_simulate_options *options, size_t size);

static inline hr_simulate_options hr_simulate_options_default(void) {
  hr_simulate_options options;
  hr_simulate_options_init(&options, sizeof options);
  return options;
}

/* Makes folder/train_0 .. train_{shards-1}/dataset.h5, folder/test/dataset.h5 and
 * folder/study.yaml, a configuration that `headroom run` takes as it stands.
 *
 * Star number i of a split is a function of (seed, split, i) and the options alone: not
 * of the number of rows, shards or threads. Test sets also hold noisy flux, drawn with
 * seed 42 as the study does. Each file appears whole or not at all; files of that name
 * are replaced where hr_simulate made them, and refused (HR_ERR_USAGE) otherwise.
 *
 * options: borrowed. observer: borrowed, may be NULL; told of every 256 stars.
 * HR_ERR_USAGE for options that cannot be met, HR_ERR_IO, HR_ERR_MEMORY,
 * HR_ERR_INTERRUPTED (finished files stay, the one being written is removed).
 * Cost: about 60 MiB of memory for any number of stars, 32 KiB of disk a star (f32). */
HR_API hr_status hr_simulate(const hr_simulate_options *options,
                             const hr_observer *observer, hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
