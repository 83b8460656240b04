/* Routing: which slots predict a row, and with what weight.
 *
 * Slots are the bins, then the one of all rows: bin_count + 1. A hard router gives one
 * slot a weight of 1; a soft one shares it out; a row that nobody is to predict has
 * weights of 0. What the slots say is put together by routing/mixture.h. */
#ifndef HR_ROUTING_ROUTER_H
#define HR_ROUTING_ROUTER_H

#include <stdbool.h>

#include "core/error.h"
#include "data/bins.h"

/* What routers may know of rows; borrowed. */
typedef struct hr_routing_rows {
  size_t rows;
  const hr_bin_column *labels; /* a column [rows] for every axis of the bins, in its unit;
                                  NULL where the router needs none */
} hr_routing_rows;

/* The grid of bins, and who predicts rows outside it; borrowed. */
typedef struct hr_routing_grid {
  const hr_axis *axes; /* [axis_count] */
  size_t axis_count;
  const char *uncovered; /* "exclude" | "global" | "nearest" */
} hr_routing_grid;

typedef struct hr_router {
  const char *name;    /* of the command line: "oracle" */
  const char *summary; /* half a sentence */
  bool needs_labels;
  bool uses_global; /* the rows are the global model's own, not left to it */

  /* Fills weights [rows][slots] and outside [rows]: whether the row's labels are outside
   * the grid, or not finite. Re-entrant; rows know nothing of each other. */
  void (*weigh)(const hr_routing_grid *grid, const hr_routing_rows *rows, double *weight,
                bool *outside);
} hr_router;

/* By the row's true bin, as a study does: from labels. */
extern const hr_router hr_router_labels;
/* By the nearest bin: from labels, of which those outside the edges count as the nearest
 * bin's; rows whose labels are not finite have none. */
extern const hr_router hr_router_nearest;
/* All rows to the model of all rows; needs no labels. */
extern const hr_router hr_router_global;

/* bin_count + 1. */
size_t hr_routing_slots(const hr_routing_grid *grid);

/* Every router there is; and the one of that name, or NULL. */
const hr_router *const *hr_routers(size_t *count);
const hr_router *hr_router_find(const char *name);

#endif
