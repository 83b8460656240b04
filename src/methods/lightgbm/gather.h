/* The rows of one slot out of a block, a group at a time. */
#ifndef HR_METHODS_LIGHTGBM_GATHER_H
#define HR_METHODS_LIGHTGBM_GATHER_H

#include <stddef.h>
#include <stdint.h>

typedef struct hr_gather {
  const int32_t *bin; /* [count] of the block's rows; borrowed, as is row */
  size_t count;
  int32_t wanted;
  uint32_t *row; /* [most] */
  size_t most;
  size_t next; /* row of the block to look at */
} hr_gather;

/* Puts the numbers of the next rows whose bin is the one wanted, at most `most`, in their
 * order into `row`. How many there were; 0 when no more are left. */
size_t hr_gather_next(hr_gather *gather);

#endif
