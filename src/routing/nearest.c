/* Routing by the nearest bin: as by labels, but no row with labels is left over. */
#include <string.h>

#include "routing/router.h"
#include "routing/router_parts.h"

static void weigh(const hr_routing_grid *grid, const hr_routing_rows *rows,
                  double *weight, bool *outside) {
  size_t slots = hr_routing_slots(grid);
  memset(weight, 0, rows->rows * slots * sizeof *weight);
  for (size_t i = 0; i < rows->rows; i++) {
    int32_t bin = HR_UNCOVERED;
    outside[i] = !hr_routing_find(grid, rows, i, false, &bin);
    if (hr_routing_find(grid, rows, i, true, &bin)) weight[i * slots + (size_t)bin] = 1;
  }
}

const hr_router hr_router_nearest = {
    .name = "nearest",
    .summary = "as oracle, but rows outside the bins go to the nearest one",
    .needs_labels = true,
    .weigh = weigh,
};
