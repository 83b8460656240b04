/* What the routers that go by labels share. Internal to routing/. */
#ifndef HR_ROUTING_ROUTER_PARTS_H
#define HR_ROUTING_ROUTER_PARTS_H

#include "routing/router.h"

enum { HR_ROUTING_MOST_AXES = 8 };

/* The bin of a row, or with `is_nearest` its nearest one; false where it has none:
 * outside the edges, or labels that are not finite. */
bool hr_routing_find(const hr_routing_grid *grid, const hr_routing_rows *rows, size_t row,
                     bool is_nearest, int32_t *bin);

#endif
