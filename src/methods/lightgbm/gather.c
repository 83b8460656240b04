/* Rows of one slot, as many at a time as there is room for. */
#include "methods/lightgbm/gather.h"

size_t hr_gather_next(hr_gather *g) {
  size_t found = 0;
  for (; g->next < g->count && found < g->most; g->next++) {
    if (g->bin[g->next] == g->wanted) g->row[found++] = (uint32_t)g->next;
  }
  return found;
}
