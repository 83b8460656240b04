/* Rows of one bin, copied next to each other, as many at a time as there is room for. */
#include "methods/lightgbm/gather.h"

#include <string.h>

size_t hr_gather_next(hr_gather *g) {
  size_t pixels = g->block->pixels, count = 0;
  while (g->next < g->block->rows && count < g->most) {
    size_t row = g->next++;
    if (g->bin[row] != g->wanted) continue;
    memcpy(g->rows + count++ * pixels, g->block->noisy + row * pixels,
           pixels * sizeof *g->rows);
  }
  return count;
}
