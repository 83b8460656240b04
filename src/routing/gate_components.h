/* The leading components of a sample of noisy spectra, a few of many pixels. */
#ifndef HR_ROUTING_GATE_COMPONENTS_H
#define HR_ROUTING_GATE_COMPONENTS_H

#include <stdint.h>

#include "compute/compute.h"

enum {
  HR_GATE_PASSES = 12,        /* over the sample */
  HR_GATE_SPARE = 8,          /* directions beside those that are wanted */
  HR_GATE_SAMPLE_ROWS = 4096, /* that a gate takes */
};

typedef struct hr_gate_sample {
  const hr_compute *compute;
  size_t rows, pixels;
  float *flux; /* [rows][pixels], centred in place */
  uint64_t seed;
} hr_gate_sample;

/* The mean of the rows into out [pixels], and behind it `count` components, orthonormal,
 * the one of the largest variance first: [count][pixels]; the largest number of each is
 * above 0. By HR_GATE_PASSES passes of subspace iteration from a start that the seed
 * gives (Halko, Martinsson & Tropp 2011, algorithm 4.4). Where the sample has fewer
 * directions, the rest is 0. Bytes do not depend on the number of threads.
 * HR_ERR_MEMORY. Cost: 4 rows pixels (count + HR_GATE_SPARE) operations a pass. */
hr_status hr_gate_components_find(const hr_gate_sample *sample, size_t count, double *out,
                                  hr_error *err) HR_MUST_CHECK;

#endif
