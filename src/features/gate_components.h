/* The leading components of a sample of noisy spectra, a few of many pixels. */
#ifndef HR_ROUTING_GATE_COMPONENTS_H
#define HR_ROUTING_GATE_COMPONENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compute/compute.h"

enum {
  HR_GATE_PASSES = 12,        /* over the sample */
  HR_GATE_SPARE = 8,          /* directions beside those that are wanted */
  HR_GATE_SAMPLE_ROWS = 4096, /* that a gate takes */
};

#define HR_GATE_LEAST_NOISE 0.05

typedef struct hr_gate_sample {
  const hr_compute *compute;
  size_t rows, pixels;
  float *flux; /* [rows][pixels], centred (and weighted) in place */
  uint64_t seed;
  bool weighted; /* pixels count by the inverse of their noise */
} hr_gate_sample;

/* The mean of the rows into out [pixels], and behind it `count` components, the one of
 * the largest variance first: [count][pixels], so that (x - mean) . component is what a
 * row has of it. Orthonormal; or where pixels are weighted, orthonormal once each pixel
 * is multiplied by its noise s, which is measured on the rows themselves: s = median over
 * rows of |x - (left + right) / 2| / (0.6745 sqrt(3/2)), the neighbours' noise being
 * alike, and at least HR_GATE_LEAST_NOISE of the median of all. The largest number of
 * each, weighted, is above 0. By HR_GATE_PASSES passes of subspace iteration from a start
 * that the seed gives (Halko, Martinsson & Tropp 2011, algorithm 4.4). Where the sample
 * has fewer directions, the rest is 0. Bytes do not depend on the number of threads.
 * HR_ERR_MEMORY. Cost: 4 rows pixels (count + HR_GATE_SPARE) operations a pass. */
hr_status hr_gate_components_find(const hr_gate_sample *sample, size_t count, double *out,
                                  hr_error *err) HR_MUST_CHECK;

#endif
