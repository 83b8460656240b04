/* Scratch tiles for products, one a thread, made once and shared: a tile of fp32 products
 * is added to fp64 sums while it is still in the cache. */
#ifndef HR_COMPUTE_TILES_H
#define HR_COMPUTE_TILES_H

#include "compute/compute.h"
#include "core/error.h"

/* Rows and columns of a tile: 512 x 512 fp32 is 1 MiB, half of a usual L2 cache, and
 * large enough for the BLAS rate (measured: within 5 % of one product over all columns).
 * Part of the definition of the results: changing it changes their last bits. */
enum { HR_TILE = 512 };

typedef struct hr_tiles hr_tiles;

/* Borrows the compute. Takes 1 MiB a thread. */
hr_status hr_tiles_create(const hr_compute *compute, hr_tiles **out,
                          hr_error *err) HR_MUST_CHECK;
void hr_tiles_destroy(hr_tiles **tiles);

const hr_compute *hr_tiles_compute(const hr_tiles *tiles);

/* The tile of a thread of hr_parallel_for: [HR_TILE * HR_TILE], its own until the body
 * ends. */
float *hr_tiles_scratch(hr_tiles *tiles, size_t thread);

#endif
