/* The measured ratios of a block that a test makes up, as a stream gives them. */
#ifndef HR_TESTS_BLOCK_SNR_H
#define HR_TESTS_BLOCK_SNR_H

#include "data/snr.h"
#include "support/check.h"

enum { BLOCK_SNR_MOST = 4096 };

/* [rows], there until the next call; NULL where the block has no noisy flux or error. */
static inline const double *block_snr(size_t rows, size_t pixels, const float *noisy,
                                      const float *error) {
  static double snr[BLOCK_SNR_MOST];
  assert_true(rows <= BLOCK_SNR_MOST);
  for (size_t i = 0; noisy && error && i < rows; i++) {
    snr[i] = hr_measure_snr(pixels, noisy + i * pixels, error + i * pixels);
  }
  return noisy && error ? snr : NULL;
}

#endif
