/* Numbers that many share: labels that were put on the nodes of a grid, in all rows or in
 * most, lie on a lattice. Learnt from the numbers alone. */
#ifndef HR_CORE_LATTICE_H
#define HR_CORE_LATTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct hr_lattice {
  double *nodes; /* [count] ascending; owned */
  size_t count;  /* 0: the numbers lie on no lattice */
  double share;  /* of the numbers that are on a node */
} hr_lattice;

/* A node is a number that occurs HR_LATTICE_FEWEST times and in one row of a thousand at
 * the least. There is a lattice where three nodes or more hold a fifth of the numbers: a
 * mark of missing labels, or labels cut off at both ends, make none. values: [count],
 * those that are not finite are passed over. To be followed by hr_lattice_fini, on
 * failure too. O(count log count). HR_ERR_MEMORY. */
enum { HR_LATTICE_FEWEST = 5 };
hr_status hr_lattice_find(const double *values, size_t count, hr_lattice *out,
                          hr_error *err) HR_MUST_CHECK;
void hr_lattice_fini(hr_lattice *lattice);

/* Whether a value is on a node, to one part in 10⁶ of the distance of the first from the
 * last: a file may keep its labels in fp32. */
bool hr_lattice_holds(const hr_lattice *lattice, double value);

#endif
