/* The noisy rows of one bin out of a block, a group at a time, one after the other in
 * memory as LightGBM wants them. */
#ifndef HR_METHODS_LIGHTGBM_GATHER_H
#define HR_METHODS_LIGHTGBM_GATHER_H

#include "data/stream.h"

typedef struct hr_gather {
  const hr_block *block; /* borrowed, and so are the others */
  const int32_t *bin;    /* [rows of the block] */
  int32_t wanted;
  float *rows; /* [most][pixels] */
  size_t most;
  size_t next; /* row of the block to look at */
} hr_gather;

/* Copies the next rows whose bin is the one wanted, at most `most`, in the order of the
 * block, to `rows`. How many there were; 0 when no more are left. */
size_t hr_gather_next(hr_gather *gather);

#endif
