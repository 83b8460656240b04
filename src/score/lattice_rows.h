/* Covered test rows on nodes of the training labels, and off them: who has learnt the
 * nodes does better on the first, and does not show it on the second. */
#ifndef HR_SCORE_LATTICE_ROWS_H
#define HR_SCORE_LATTICE_ROWS_H

#include "core/lattice.h"
#include "score/bootstrap.h"

enum { HR_LATTICE_FEWEST_ROWS = 20 }; /* of either kind, for scores by kind */

typedef enum hr_lattice_kind {
  HR_ON_NODES,
  HR_OFF_NODES,
  HR_LATTICE_KINDS
} hr_lattice_kind;

/* "on_nodes", "off_nodes". */
const char *hr_lattice_kind_name(hr_lattice_kind kind);

typedef struct hr_lattice_rows {
  hr_lattice lattice; /* of the training rows' target */
  size_t *row_list;   /* [test rows] covered ones on nodes, off nodes, then all others */
  size_t start[HR_LATTICE_KINDS + 2]; /* where they begin, and the number of rows */
  /* Of the evaluation's methods, those three its groups; NULL where there is no lattice,
   * or fewer than HR_LATTICE_FEWEST_ROWS rows of a kind. */
  hr_bootstrap *bootstrap;
} hr_lattice_rows;
void hr_lattice_rows_fini(hr_lattice_rows *rows);

#endif
