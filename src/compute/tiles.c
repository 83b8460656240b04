/* One allocation for all threads: they are made once a study, not once a product, as
 * fresh pages cost more than the sums that are taken in them. */
#include "compute/tiles.h"

#include "core/alloc.h"
#include "core/parallel.h"

struct hr_tiles {
  const hr_compute *compute;
  float *scratch; /* [threads][HR_TILE * HR_TILE] */
};

hr_status hr_tiles_create(const hr_compute *compute, hr_tiles **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_tiles *tiles = NULL;
  HR_TRY(hr_alloc(&tiles, 1, err));
  tiles->compute = compute;
  HR_TRY(hr_compute_alloc(compute, &tiles->scratch, hr_thread_count() * HR_TILE * HR_TILE,
                          err));
  *out = tiles;
  tiles = NULL;
cleanup:
  hr_tiles_destroy(&tiles);
  return status;
}

void hr_tiles_destroy(hr_tiles **address) {
  hr_tiles *tiles = *address;
  *address = NULL;
  if (!tiles) return;
  hr_compute_free(tiles->compute, tiles->scratch);
  hr_free(tiles);
}

const hr_compute *hr_tiles_compute(const hr_tiles *tiles) {
  return tiles->compute;
}

float *hr_tiles_scratch(hr_tiles *tiles, size_t thread) {
  return tiles->scratch + thread * HR_TILE * HR_TILE;
}
