/* Routing without a grid: one model for all rows. */
#include <string.h>

#include "routing/router.h"

static void weigh(const hr_routing_grid *grid, const hr_routing_rows *rows,
                  double *weight, bool *outside) {
  size_t slots = hr_routing_slots(grid);
  memset(weight, 0, rows->rows * slots * sizeof *weight);
  for (size_t i = 0; i < rows->rows; i++) {
    weight[i * slots + slots - 1] = 1;
    outside[i] = false;
  }
}

const hr_router hr_router_global = {
    .name = "global",
    .summary = "the model of all rows predicts every row",
    .uses_global = true,
    .weigh = weigh,
};
