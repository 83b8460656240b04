/* The rows of a Ridge, whatever its form. */
#include "methods/ridge/sums.h"

#include <string.h>

#include "core/alloc.h"

hr_status hr_ridge_pool_init(hr_ridge_pool *pool, size_t pixels, hr_tiles *tiles,
                             size_t most, hr_error *err) {
  *pool = (hr_ridge_pool){.pixels = pixels, .targets = 1, .tiles = tiles, .most = most};
  return hr_alloc(&pool->spare, most, err);
}

void hr_ridge_pool_empty(hr_ridge_pool *pool) {
  while (pool->count > 0) hr_scatter_destroy(&pool->spare[--pool->count]);
}

void hr_ridge_pool_fini(hr_ridge_pool *pool) {
  hr_ridge_pool_empty(pool);
  hr_free(pool->spare);
  *pool = (hr_ridge_pool){.pixels = 0};
}

hr_status hr_ridge_pool_take(hr_ridge_pool *pool, hr_scatter **out, hr_error *err) {
  if (pool->count == 0) {
    return hr_scatter_create_for(pool->pixels, pool->targets, pool->tiles, out, err);
  }
  hr_scatter *sums = pool->spare[--pool->count];
  hr_status status = hr_scatter_open(sums, err);
  if (status != HR_OK) {
    hr_scatter_destroy(&sums);
    return status;
  }
  hr_scatter_clear(sums);
  *out = sums;
  return HR_OK;
}

void hr_ridge_pool_put(hr_ridge_pool *pool, hr_scatter **address) {
  hr_scatter *sums = *address;
  if (!sums || pool->count == pool->most) {
    hr_scatter_destroy(address);
    return;
  }
  hr_scatter_close(sums);
  pool->spare[pool->count++] = sums;
  *address = NULL;
}

hr_status hr_ridge_sums_init(hr_ridge_sums *sums, const hr_ridge_shape *shape,
                             size_t fold_count, bool has_noise, hr_error *err) {
  *sums = (hr_ridge_sums){
      .form = shape->form, .pixels = shape->pixels, .fold_count = fold_count};
  if (!has_noise || shape->form == HR_RIDGE_NONE) return HR_OK;
  return hr_alloc(&sums->noise, fold_count * shape->pixels, err);
}

static void destroy_folds(hr_ridge_sums *sums) {
  for (size_t f = 0; sums->folds && f < sums->fold_count; f++) {
    hr_scatter_destroy(&sums->folds[f]);
  }
  hr_free(sums->folds);
  sums->folds = NULL;
}

void hr_ridge_sums_fini(hr_ridge_sums *sums) {
  destroy_folds(sums);
  hr_dual_destroy(&sums->dual);
  hr_free(sums->noise);
  sums->noise = NULL;
}

hr_status hr_ridge_sums_open(hr_ridge_sums *sums, size_t rows, hr_ridge_pool *pool,
                             hr_error *err) {
  hr_status status = HR_OK;
  if (sums->form == HR_RIDGE_NONE) return HR_OK;
  sums->targets = pool->targets;
  if (sums->form == HR_RIDGE_DUAL) {
    const hr_dual_shape shape = {rows, sums->pixels, sums->targets};
    return hr_dual_create(&shape, pool->tiles, &sums->dual, err);
  }
  HR_TRY(hr_alloc(&sums->folds, sums->fold_count, err));
  for (size_t f = 0; f < sums->fold_count; f++) {
    HR_TRY(hr_ridge_pool_take(pool, &sums->folds[f], err));
  }
cleanup:
  return status;
}

void hr_ridge_sums_close(hr_ridge_sums *sums) {
  for (size_t f = 0; sums->folds && f < sums->fold_count; f++) {
    if (sums->folds[f]) hr_scatter_close(sums->folds[f]);
  }
}

hr_status hr_ridge_sums_total(hr_ridge_sums *sums, hr_ridge_pool *pool, hr_scatter **out,
                              hr_error *err) {
  hr_status status = hr_ridge_pool_take(pool, out, err);
  hr_ridge_sums_close(sums);
  for (size_t f = 0; status == HR_OK && f < sums->fold_count; f++) {
    hr_scatter_merge(*out, sums->folds[f]);
  }
  return status;
}

void hr_ridge_sums_put(hr_ridge_sums *sums, hr_ridge_pool *pool) {
  for (size_t f = 0; sums->folds && f < sums->fold_count; f++) {
    hr_ridge_pool_put(pool, &sums->folds[f]);
  }
  hr_free(sums->folds);
  sums->folds = NULL;
  hr_dual_destroy(&sums->dual);
}

size_t hr_ridge_sums_rows(const hr_ridge_sums *sums, size_t fold) {
  if (sums->form == HR_RIDGE_PRIMAL) return hr_scatter_rows(sums->folds[fold]);
  return hr_dual_fold_rows(sums->dual, (int)fold);
}

void hr_ridge_sums_squared_errors(const hr_ridge_sums *sums, size_t fold, size_t count,
                                  const hr_linear_model *models, double *work,
                                  double *out) {
  if (sums->form == HR_RIDGE_PRIMAL) {
    hr_scatter_squared_errors(sums->folds[fold], count, models, work, out);
  } else {
    hr_dual_squared_errors(sums->dual, (int)fold, count, models, out);
  }
}

void hr_ridge_sums_noise(const hr_ridge_sums *sums, double scale, size_t fold,
                         double *sum) {
  size_t pixels = sums->pixels;
  memset(sum, 0, pixels * sizeof *sum);
  for (size_t f = 0; f < sums->fold_count; f++) {
    if (f == fold) continue;
    const double *noise = sums->noise + f * pixels;
    for (size_t p = 0; p < pixels; p++) sum[p] += noise[p];
  }
  for (size_t p = 0; p < pixels; p++) sum[p] *= scale;
}
