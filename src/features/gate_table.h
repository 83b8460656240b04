/* The table of what a gate measures, apart from the spectra that it is measured on:
 * windows around lines, sums of equivalent widths, and how many components. */
#ifndef HR_ROUTING_GATE_TABLE_H
#define HR_ROUTING_GATE_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"

enum {
  HR_GATE_MOST_WINDOWS = 32,
  HR_GATE_MOST_TOTALS = 8,
  HR_GATE_MOST_COMPONENTS = 64,
  HR_GATE_MOST_FEATURES =
      HR_GATE_MOST_COMPONENTS + 3 * HR_GATE_MOST_WINDOWS + HR_GATE_MOST_TOTALS,
  HR_GATE_NAME_BYTES = 24,
  HR_GATE_FEATURE_NAME_BYTES = 48,
  HR_GATE_SIDEBAND = 20, /* angstrom, on either side of a window */
};

typedef enum hr_gate_measure { /* bits */
                               HR_GATE_MEAN = 1,
                               HR_GATE_DEPTH = 2,
                               HR_GATE_EW = 4,
} hr_gate_measure;

/* The bit of "mean", "depth" or "ew"; 0: there is no such. Their names by number, NULL
 * behind the last. */
#define HR_GATE_MEASURE_CHOICES "mean|depth|ew"
unsigned hr_gate_measure_find(const char *name);
const char *hr_gate_measure_name(size_t number, unsigned *bit);

/* Pixels whose centre is in [low, high]. */
typedef struct hr_gate_window {
  char name[HR_GATE_NAME_BYTES];
  double low, high;  /* angstrom, as the grid of the spectra */
  unsigned measures; /* of hr_gate_measure */
} hr_gate_window;

/* The sum of the equivalent widths of some windows, whether or not these are features
 * themselves. */
typedef struct hr_gate_total {
  char name[HR_GATE_NAME_BYTES];
  uint32_t windows; /* bit w: window w */
} hr_gate_total;

/* Features stand in this order: components, then window by window mean, depth and ew,
 * then totals. */
typedef struct hr_gate_table {
  char name[HR_GATE_NAME_BYTES];
  size_t components;
  bool weighted; /* components are found with pixels weighted by their noise */
  size_t window_count, total_count;
  hr_gate_window window[HR_GATE_MOST_WINDOWS];
  hr_gate_total total[HR_GATE_MOST_TOTALS];
} hr_gate_table;

/* The tables that have a name; NULL: there is no such. */
#define HR_GATE_TABLE_CHOICES "default|users_37|users_13"
const hr_gate_table *hr_gate_table_find(const char *name);

/* F, how many features there are. */
size_t hr_gate_table_features(const hr_gate_table *table);

/* The name of feature f, "PCA3", "Ca II 8542 depth", "Ca II EW"; "" beyond the last. */
void hr_gate_table_name(const hr_gate_table *table, size_t f,
                        char name[HR_GATE_FEATURE_NAME_BYTES]);

/* The pixels that a window is measured on: its own, and those of its two sidebands. */
typedef struct hr_gate_pixels {
  size_t first, end, left, right; /* [first, end); [left, first) and [end, right) */
} hr_gate_pixels;

/* Finds them. Refuses windows without a pixel, or without one in the sidebands:
 * HR_ERR_CONFIG with a sentence that begins with `key` ("gates.logistic.features") and
 * names the window. wave: [pixels] angstrom, ascending; where: [window_count] or NULL. */
hr_status hr_gate_table_place(const hr_gate_table *table, const char *key,
                              const double *wave, size_t pixels, hr_gate_pixels *where,
                              hr_error *err) HR_MUST_CHECK;

/* Leaves out windows that hr_gate_table_place would refuse, and totals of none of the
 * rest, unless there is no other. */
void hr_gate_table_fit(hr_gate_table *table, const double *wave, size_t pixels);

/* As JSON, and back: HR_ERR_FORMAT with a sentence that begins with `place` where it is
 * no such table. */
json_t *hr_gate_table_json(const hr_gate_table *table, hr_json_builder *builder);
hr_status hr_gate_table_parse(const json_t *root, const char *place, hr_gate_table *out,
                              hr_error *err) HR_MUST_CHECK;

#endif
