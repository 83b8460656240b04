/* Finding numbers that repeat, by sorting. */
#include "core/lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { FEWEST_NODES = 3 };

static const double least_of_rows = 1e-3; /* a node has of them */
static const double least_share = 0.2;    /* all nodes have together */
static const double tolerance = 1e-6;     /* of the distance of the ends */

static int compare_values(const void *left, const void *right) {
  const double *a = left, *b = right;
  return *a < *b ? -1 : *a > *b;
}

/* Moves the nodes of sorted values to their front. */
static void keep_nodes(double *sorted, size_t count, hr_lattice *lattice) {
  size_t least = (size_t)(least_of_rows * (double)count), on_nodes = 0;
  if (least < HR_LATTICE_FEWEST) least = HR_LATTICE_FEWEST;
  for (size_t i = 0, end = 0; i < count; i = end) {
    double value = sorted[i];
    while (end < count && sorted[end] == value) end++;
    if (end - i < least) continue;
    on_nodes += end - i;
    sorted[lattice->count++] = value;
  }
  lattice->share = count > 0 ? (double)on_nodes / (double)count : 0;
}

hr_status hr_lattice_find(const double *values, size_t count, hr_lattice *out,
                          hr_error *err) {
  size_t finite = 0;
  *out = (hr_lattice){0};
  hr_status status = hr_alloc(&out->nodes, count, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < count; i++) {
    if (isfinite(values[i])) out->nodes[finite++] = values[i];
  }
  qsort(out->nodes, finite, sizeof *out->nodes, compare_values);
  keep_nodes(out->nodes, finite, out);
  if (out->count < FEWEST_NODES || out->share < least_share) hr_lattice_fini(out);
  return HR_OK;
}

void hr_lattice_fini(hr_lattice *lattice) {
  hr_free(lattice->nodes);
  *lattice = (hr_lattice){0};
}

bool hr_lattice_holds(const hr_lattice *lattice, double value) {
  size_t low = 0, high = lattice->count;
  if (lattice->count == 0) return false;
  double last = lattice->nodes[lattice->count - 1];
  double near = tolerance * (last - lattice->nodes[0]);
  while (low < high) { /* the first node that is not below value - near */
    size_t middle = low + (high - low) / 2;
    if (lattice->nodes[middle] < value - near) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < lattice->count && lattice->nodes[low] <= value + near;
}
