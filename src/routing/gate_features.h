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

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "compute/compute.h"
#include "core/json.h"

enum {
  HR_GATE_MOST_WINDOWS = 32,
  HR_GATE_MOST_TOTALS = 8,
  HR_GATE_MOST_COMPONENTS = 64,
  HR_GATE_MOST_FEATURES =
      HR_GATE_MOST_COMPONENTS + 3 * HR_GATE_MOST_WINDOWS + HR_GATE_MOST_TOTALS,
  HR_GATE_NAME_BYTES = 24,
  HR_GATE_SIDEBAND = 20, /* angstrom */
};

typedef enum hr_gate_measure { /* bits */
                               HR_GATE_MEAN = 1,
                               HR_GATE_DEPTH = 2,
                               HR_GATE_EW = 4,
} hr_gate_measure;

/* Pixels whose centre is in [low, high]. */
typedef struct hr_gate_window {
  char name[HR_GATE_NAME_BYTES];
  double low, high;  /* angstrom, as the grid of the spectra */
  unsigned measures; /* of hr_gate_measure */
} hr_gate_window;

/* The sum of the equivalent widths of some windows, whether or not they are features
 * themselves. */
typedef struct hr_gate_total {
  char name[HR_GATE_NAME_BYTES];
  uint32_t windows; /* bit w: window w */
} hr_gate_total;

/* A table of features, in this order: components, then window by window mean, depth and
 * ew, then totals. */
typedef struct hr_gate_table {
  char name[HR_GATE_NAME_BYTES];
  size_t components;
  size_t window_count, total_count;
  hr_gate_window window[HR_GATE_MOST_WINDOWS];
  hr_gate_total total[HR_GATE_MOST_TOTALS];
} hr_gate_table;

/* The tables that have a name, "default|users_37|users_13"; NULL: there is no such. */
#define HR_GATE_TABLE_CHOICES "default|users_37|users_13"
const hr_gate_table *hr_gate_table_find(const char *name);

/* F. */
size_t hr_gate_table_features(const hr_gate_table *table);

/* Refuses windows of which the grid has no pixel, or no pixel of the sidebands:
 * HR_ERR_CONFIG with a sentence that begins with `key` ("gates.logistic.features") and
 * names the window. wave: [pixels], ascending, angstrom. */
hr_status hr_gate_table_check(const hr_gate_table *table, const char *key,
                              const double *wave, size_t pixels,
                              hr_error *err) HR_MUST_CHECK;

/* A table on the grid of some spectra, with its components once there are any. */
typedef struct hr_gate_features hr_gate_features;

/* base: what was taken off the flux (data/conditioning.h) and is put back before lines
 * are measured. Components are 0 until they are set. As hr_gate_table_check;
 * HR_ERR_MEMORY. */
hr_status hr_gate_features_create(const hr_gate_table *table, const double *wave,
                                  size_t pixels, double base, hr_gate_features **out,
                                  hr_error *err) HR_MUST_CHECK;
void hr_gate_features_destroy(hr_gate_features **features);

/* Finds the mean and the components of a sample of noisy spectra [rows][P], rows >= 2,
 * which are centred in place: the leading directions by HR_GATE_PASSES passes of subspace
 * iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4) from a start that `seed`
 * gives. Where the sample has fewer directions than the table has components, the rest is
 * 0. Bytes do not depend on the number of threads. Cost: 4 rows P (C + 8) a pass.
 * HR_ERR_MEMORY. */
enum { HR_GATE_PASSES = 12 };
hr_status hr_gate_features_learn(hr_gate_features *features, const hr_compute *compute,
                                 float *sample, size_t rows, uint64_t seed,
                                 hr_error *err) HR_MUST_CHECK;

const hr_gate_table *hr_gate_features_table(const hr_gate_features *features);
size_t hr_gate_features_count(const hr_gate_features *features);
size_t hr_gate_features_pixels(const hr_gate_features *features);

/* The mean [P] and the components [C][P], borrowed; to be looked at and to be set. */
double *hr_gate_features_mean(hr_gate_features *features);
double *hr_gate_features_components(hr_gate_features *features);

/* The name of feature f, "PCA3", "Ca II 8542 depth", "Ca II EW"; "" beyond the last. */
enum { HR_GATE_FEATURE_NAME_BYTES = 48 };
void hr_gate_features_name(const hr_gate_features *features, size_t f,
                           char name[HR_GATE_FEATURE_NAME_BYTES]);

/* The features of noisy spectra [rows][P] into out [rows][F]. Threaded; bytes do not
 * depend on threads, nor on which rows come together. HR_ERR_MEMORY. */
hr_status hr_gate_features_fill(const hr_gate_features *features, size_t rows,
                                const float *noisy, double *out,
                                hr_error *err) HR_MUST_CHECK;

/* The table as JSON, and back: HR_ERR_FORMAT with a sentence that begins with `place`
 * where it is none. */
json_t *hr_gate_table_json(const hr_gate_table *table, hr_json_builder *builder);
hr_status hr_gate_table_parse(const json_t *root, const char *place, hr_gate_table *out,
                              hr_error *err) HR_MUST_CHECK;

#endif
