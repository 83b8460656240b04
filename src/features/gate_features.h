/* What a gate looks at: a few numbers of each spectrum, measured on the noisy flux alone.
 * Windows around lines give the mean flux, the depth and the equivalent width of the
 * line; a few leading components of the training spectra give the rest.
 *
 * With f the flux in a window and c its continuum, the median of the flux in the two
 * sidebands next to the window, each HR_GATE_SIDEBAND wide, as far as the grid goes:
 *   mean = mean of f,  depth = 1 - min(f / c),  ew = sum over pixels of (1 - f / c)
 * in the unit of the flux, 1, and pixels. Where c is not above 0, depth and ew are 0.
 * Component k is (x - mean of the training sample) . v_k, v_k orthonormal.
 *
 * One letter has one meaning: N rows, P pixels, F features, C components. */
#ifndef HR_ROUTING_GATE_FEATURES_H
#define HR_ROUTING_GATE_FEATURES_H

#include "compute/compute.h"
#include "features/gate_table.h"

/* A table on the grid of some spectra, with its components once there are any. */
typedef struct hr_gate_features hr_gate_features;

/* What features stand on; borrowed for the call. */
typedef struct hr_gate_grid {
  const char *key;             /* of the table, for messages */
  const double *wave_angstrom; /* [pixels], ascending */
  size_t pixels;               /* P */
  double base; /* what was taken off the flux (data/conditioning.h) and is put back before
                  lines are measured */
} hr_gate_grid;

/* Components are 0 until they are set or learned. As hr_gate_table_place;
 * HR_ERR_MEMORY. */
hr_status hr_gate_features_create(const hr_gate_table *table, const hr_gate_grid *grid,
                                  hr_gate_features **out, hr_error *err) HR_MUST_CHECK;
hr_status hr_gate_features_copy(const hr_gate_features *from, hr_gate_features **out,
                                hr_error *err) HR_MUST_CHECK;
void hr_gate_features_destroy(hr_gate_features **features);

const hr_gate_table *hr_gate_features_table(const hr_gate_features *features);
size_t hr_gate_features_count(const hr_gate_features *features); /* F */
size_t hr_gate_features_pixels(const hr_gate_features *features);
double hr_gate_features_base(const hr_gate_features *features);

/* The mean [P] and behind it the components [C][P], borrowed; to be looked at and to be
 * set (gate_components.h). */
double *hr_gate_features_components(hr_gate_features *features);
const double *hr_gate_features_components_of(const hr_gate_features *features);

/* The features of noisy spectra [..][P], finite, into out [rows][F]: of rows 0 .. rows-1,
 * or with `row`, [rows], of those. Threaded; bytes do not depend on threads, nor on which
 * rows come together. HR_ERR_MEMORY. */
hr_status hr_gate_features_fill(const hr_gate_features *features, size_t rows,
                                const uint32_t *row, const float *noisy, double *out,
                                hr_error *err) HR_MUST_CHECK;

#endif
