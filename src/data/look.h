/* A look at some spectra of every file of a dataset: a few robust numbers a row, from
 * which data are asked whether they agree with themselves (data/spectra_doubts.h). */
#ifndef HR_DATA_LOOK_H
#define HR_DATA_LOOK_H

#include "data/stream.h"

/* Of one row, over at most HR_LOOK_PIXELS evenly spread pixels whose error is above 0; in
 * the stream's unit. NaN: not known. */
typedef struct hr_look_row {
  size_t row;   /* of the dataset */
  float level;  /* median flux */
  float spread; /* from the 5 % to the 95 % quantile of the flux */
  float noise;  /* median error */
  float ratio;  /* median of flux / error; NaN where the flux is around 0 */
  /* The scatter of the stored noisy flux about the flux, median |d| / 0.6745, in units of
   * the error, of 1 / sqrt(error) and of sqrt(error): 1 tells what the error is. */
  float scatter, as_inverse, as_variance;
  /* The scatter of the flux itself from pixel to pixel, in units of the error, by
   * |2 f[p] - f[p-2] - f[p+2]| / sqrt(6), as Stoehr et al. 2008 (DER_SNR) measure noise,
   * but by its lower quartile, of which lines take no part: about 1 where the flux holds
   * noise. */
  float rough;
  float lowest, highest; /* flux */
  /* Pixels that were looked at; of them those whose stored noisy flux is the flux itself,
   * and one of these; those that are HR_LOOK_FAR errors away from it; and those whose
   * flux fp16 would hold. */
  uint32_t pixels, untouched, far, coarse;
  float untouched_flux;
  uint64_t print;    /* of the flux, error and noisy flux at up to HR_LOOK_PIXELS pixels,
                        good or not (core/fingerprint.h) */
  bool is_scattered; /* no pixel has an error, and the noisy flux is not the flux */
} hr_look_row;

/* Of a row that was looked at, whether it can be used or not. */
typedef struct hr_look_mask {
  size_t row;
  uint32_t marked; /* pixels that the mask marks */
} hr_look_mask;

typedef struct hr_look {
  const hr_dataset *dataset; /* borrowed */
  double scale, base; /* a value of the files is (x + base) scale; an error, x scale */
  hr_look_row *rows;  /* [count] in order of row, owned */
  size_t count;
  hr_look_mask *masks; /* [mask_count] in order of row, owned */
  size_t mask_count;
} hr_look;

enum {
  HR_LOOK_PIXELS = 512,
  HR_LOOK_FAR = 30,
  HR_LOOK_ROWS = 1024,     /* of a dataset, about */
  HR_LOOK_LEAST_ROWS = 64, /* of each file, where it has so many */
};

/* Reads the rows, in short runs spread evenly over each file, a function of the numbers
 * of rows alone. `streaming` says how (memory, what is done to the flux, which is not
 * clipped here); its noise and runs are not looked at: noisy flux is read where every
 * file has it. Rows that cannot be used are in `masks` alone. To be followed by
 * hr_look_fini, on failure too. Fails as streams do.
 */
hr_status hr_look_at(const hr_dataset *dataset, const hr_stream_options *streaming,
                     hr_look *out, hr_error *err) HR_MUST_CHECK;
void hr_look_fini(hr_look *look);

#endif
