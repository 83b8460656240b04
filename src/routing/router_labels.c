/* Routing by labels: the true bin, the oracle of a study. Rows outside the bins are
 * excluded, left to the global model, or sent to the nearest bin, as the study does. */
#include <math.h>
#include <string.h>

#include "routing/router.h"
#include "routing/router_parts.h"

bool hr_routing_find(const hr_routing_grid *grid, const hr_routing_rows *rows, size_t row,
                     bool is_nearest, int32_t *bin) {
  hr_bin_column columns[HR_ROUTING_MOST_AXES];
  for (size_t a = 0; a < grid->axis_count; a++) {
    columns[a] = rows->labels[a];
    columns[a].values += row;
    if (!isfinite(*columns[a].values)) return false;
  }
  if (is_nearest) {
    hr_assign_nearest_bins(grid->axes, grid->axis_count, columns, 1, bin);
  } else {
    hr_assign_bins(grid->axes, grid->axis_count, columns, 1, bin);
  }
  return *bin != HR_UNCOVERED;
}

static void weigh(const hr_routing_grid *grid, const hr_routing_rows *rows,
                  double *weight, bool *outside) {
  size_t slots = hr_routing_slots(grid);
  bool to_global = strcmp(grid->uncovered, "global") == 0;
  bool to_nearest = strcmp(grid->uncovered, "nearest") == 0;
  memset(weight, 0, rows->rows * slots * sizeof *weight);
  for (size_t i = 0; i < rows->rows; i++) {
    int32_t bin = HR_UNCOVERED;
    double *mine = weight + i * slots;
    outside[i] = !hr_routing_find(grid, rows, i, false, &bin);
    if (!outside[i] || (to_nearest && hr_routing_find(grid, rows, i, true, &bin))) {
      mine[bin] = 1;
    } else if (to_global) {
      mine[slots - 1] = 1;
    }
  }
}

const hr_router hr_router_labels = {
    .name = "oracle",
    .summary = "the expert of the row's true bin, from its labels, predicts it",
    .needs_labels = true,
    .weigh = weigh,
};
