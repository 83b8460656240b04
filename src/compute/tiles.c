#include "compute/tiles.h"

#include "core/alloc.h"
#include "core/parallel.h"

struct hr_tiles {
  const hr_linalg_backend *backend;
  float *scratch; /* [threads][HR_TILE * HR_TILE] */
};

hr_status hr_tiles_create(const hr_linalg_backend *backend, hr_tiles **out,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_tiles *tiles = NULL;
  HR_TRY(hr_alloc(&tiles, 1, err));
  tiles->backend = backend;
  HR_TRY(hr_alloc(&tiles->scratch, hr_thread_count() * HR_TILE * HR_TILE, err));
  *out = tiles;
  tiles = NULL;
cleanup:
  hr_tiles_destroy(&tiles);
  return status;
}

void hr_tiles_destroy(hr_tiles **tiles) {
  if (*tiles) hr_free((*tiles)->scratch);
  hr_free(*tiles);
  *tiles = NULL;
}

const hr_linalg_backend *hr_tiles_backend(const hr_tiles *tiles) {
  return tiles->backend;
}

float *hr_tiles_scratch(hr_tiles *tiles, size_t thread) {
  return tiles->scratch + thread * HR_TILE * HR_TILE;
}
