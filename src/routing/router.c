/* The table of routers. */
#include "routing/router.h"

#include <string.h>

static const hr_router *const routers[] = {&hr_router_global, &hr_router_labels,
                                           &hr_router_nearest};
enum { ROUTERS = sizeof routers / sizeof routers[0] };

size_t hr_routing_slots(const hr_routing_grid *grid) {
  return hr_bin_count(grid->axes, grid->axis_count) + 1;
}

const hr_router *const *hr_routers(size_t *count) {
  *count = ROUTERS;
  return routers;
}

const hr_router *hr_router_find(const char *name) {
  for (size_t i = 0; i < ROUTERS; i++) {
    if (strcmp(routers[i]->name, name) == 0) return routers[i];
  }
  return NULL;
}
