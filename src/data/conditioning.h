/* How the rows of a study are made ready: learned once, from a sample of the training
 * rows, and from then on the same for training rows, test rows and rows to predict. It
 * goes into the bundle with the models, which are of no use without it.
 *
 * Values are read as x = flux / scale - base in fp64 and rounded to fp32 after that, so
 * that no unit is too small or too large and no pedestal eats the digits. A scale of 1
 * and a base of 0 change no bit. */
#ifndef HR_DATA_CONDITIONING_H
#define HR_DATA_CONDITIONING_H

#include <math.h>

#include "data/dataset.h"

/* The bits of the mask that count. */
#define HR_MASK_ANY  UINT64_MAX /* every value but 0 is bad */
#define HR_MASK_NONE 0          /* the mask is not looked at */

typedef struct hr_conditioning {
  double scale;       /* a power of ten, in the unit of the files: alphas and floors are
                         those of a flux whose spread is about 0.2 */
  double base;        /* of the pedestal, in units of `scale`; fp32 holds it; mostly 0 */
  bool clip;          /* noise-free flux below 0 becomes 0, before noise */
  bool knows_errors;  /* false: no training row has an error, so errors mask nothing */
  uint64_t mask_bits; /* a pixel is bad where (mask & mask_bits) is not 0 */
  float wild_beyond;  /* a row is wild where |x| is larger; infinite: none is */
  size_t pixels;
  float *stand_in; /* [pixels] what takes the place of bad pixels: the mean of good ones;
                      NULL: not known */
  float *lowest, *highest; /* [pixels] good flux of the sample of training rows, wild ones
                              left out; NULL: not known */
} hr_conditioning;

/* Nothing changes: scale 1, base 0, clipped, nothing to stand in, no mask. */
hr_conditioning hr_conditioning_plain(void);
void hr_conditioning_fini(hr_conditioning *conditioning);

/* A value of the files as fp32 holds it in the study's unit. */
static inline float hr_condition_flux(const hr_conditioning *c, double flux) {
  return (float)(flux / c->scale - c->base);
}
static inline float hr_condition_error(const hr_conditioning *c, double error) {
  return (float)(error / c->scale);
}
static inline bool hr_conditioning_is_plain(const hr_conditioning *c) {
  return c->scale == 1 && c->base == 0;
}

typedef enum hr_clip { HR_CLIP_AUTO, HR_CLIP_ALWAYS, HR_CLIP_NEVER } hr_clip;

typedef struct hr_conditioning_wish {
  hr_clip clip;
  uint64_t mask_bits;
  bool keeps_zero; /* the base has to be 0: something scales the flux as a whole */
} hr_conditioning_wish;

/* The scale of the flux of the rows that are not without a good pixel, in the unit of the
 * files: over these, median, 1 % and 99 % quantile of each one's median flux, and of the
 * distance of its 5 % from its 95 % quantile; and the median of its median error. NaN:
 * not known. */
typedef struct hr_flux_scale {
  double level, level_low, level_high;
  double spread, spread_low, spread_high;
  double error;
} hr_flux_scale;

/* Nothing is known. */
static inline hr_flux_scale hr_flux_scale_unknown(void) {
  const double none = (double)NAN;
  return (hr_flux_scale){none, none, none, none, none, none, none};
}

/* What was seen in the sample, for those who are told of it. In the unit of the files. */
typedef struct hr_conditioning_sample {
  size_t rows;         /* of the sample */
  size_t empty_rows;   /* of them, without a good pixel */
  size_t first_empty;  /* the row of the dataset that is the first of these */
  size_t bright_rows;  /* of them, as a whole far brighter than the others, but not wild:
                          by 0.7 dex, and by ten times the median deviation of all */
  size_t first_bright; /* the row of the dataset that is the first of these */
  double spread;       /* of the flux: the scale is the power of ten next to 5 spread */
  double level;        /* of the flux: median over rows of their medians */
  double negative_share; /* of good pixels, those with flux below 0 */
  hr_flux_scale flux;
} hr_conditioning_sample;

/* Learns from all rows of a dataset of at most HR_CONDITIONING_ROWS, else from as many,
 * in runs of neighbouring rows that are spread evenly over all: a function of the numbers
 * of rows, and of chunks where these are compressed. Equal for all threads and memories.
 * Statuses as hr_stream_next; HR_ERR_DATA where a mask cannot be one. Cost: one look at
 * the sample's flux, error and mask; a few rows of memory, and the chunk that is
 * unpacked. */
enum { HR_CONDITIONING_ROWS = 2048 };
hr_status hr_conditioning_learn(const hr_dataset *dataset,
                                const hr_conditioning_wish *wish, hr_conditioning *out,
                                hr_conditioning_sample *sample,
                                hr_error *err) HR_MUST_CHECK;

/* The scale of the flux of a dataset by such a sample, whatever unit it is in; is_noisy:
 * of its noisy spectra. Statuses as above. */
hr_status hr_dataset_measure_scale(const hr_dataset *dataset, bool is_noisy,
                                   hr_flux_scale *out, hr_error *err) HR_MUST_CHECK;

/* Whether any row of such a sample has an error that is not 0. */
hr_status hr_dataset_knows_errors(const hr_dataset *dataset, bool *known,
                                  hr_error *err) HR_MUST_CHECK;

#endif
