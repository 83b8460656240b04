/* The scratch memory of comparisons with templates. */
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

static void free_scratch(hr_template_scratch *scratch) {
  hr_template_local *local = &scratch->local;
  void *owned[] = {scratch->left, scratch->right, scratch->projection, scratch->gain,
                   scratch->norm, scratch->sum,   local->anomaly,      local->gram,
                   local->mean,   local->scale,   local->distance,     local->along};
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) hr_free(owned[i]);
}

void hr_templates_workspace_destroy(hr_templates_workspace **address) {
  hr_templates_workspace *work = *address;
  *address = NULL;
  if (!work) return;
  for (size_t i = 0; work->scratch && i < work->thread_count; i++) {
    free_scratch(&work->scratch[i]);
  }
  void *owned[] = {work->scratch, work->weight,  work->log_weight, work->sums,
                   work->offset,  work->norm,    work->inverse,    work->inverse_wide,
                   work->cross,   work->is_wild, work->projection, work};
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) hr_free(owned[i]);
}

static hr_status allocate_local(size_t pixels, hr_template_local *local, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&local->anomaly, HR_TEMPLATE_LOCAL * pixels, err));
  HR_TRY(hr_alloc(&local->gram, HR_TEMPLATE_LOCAL * HR_TEMPLATE_LOCAL, err));
  HR_TRY(hr_alloc(&local->mean, pixels, err));
  HR_TRY(hr_alloc(&local->scale, pixels, err));
  HR_TRY(hr_alloc(&local->distance, pixels, err));
  HR_TRY(hr_alloc(&local->along, pixels, err));
cleanup:
  return status;
}

static hr_status allocate_scratch(const hr_templates *t, hr_template_scratch *scratch,
                                  hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = HR_QUERY_ROWS;
  HR_TRY(hr_alloc(&scratch->left, rows * HR_TEMPLATE_LONG, err));
  HR_TRY(hr_alloc(&scratch->right, HR_TEMPLATE_TILE * HR_TEMPLATE_LONG, err));
  HR_TRY(hr_alloc(&scratch->projection, rows * HR_TEMPLATE_RANK, err));
  HR_TRY(hr_alloc(&scratch->gain, rows * HR_TEMPLATE_TILE, err));
  HR_TRY(hr_alloc(&scratch->norm, rows * HR_TEMPLATE_TILE, err));
  HR_TRY(hr_alloc(&scratch->sum, rows * HR_TEMPLATE_TILE, err));
  if (t->options.least_effective > 0) {
    HR_TRY(allocate_local(t->pixels, &scratch->local, err));
  }
cleanup:
  return status;
}

hr_status hr_templates_workspace_create(const hr_templates *t,
                                        hr_templates_workspace **out, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = HR_QUERY_ROWS;
  hr_templates_workspace *work = NULL;
  HR_TRY(hr_alloc(&work, 1, err));
  HR_TRY(hr_alloc(&work->cross, rows * t->pixels, err));
  HR_TRY(hr_alloc(&work->inverse_wide, rows * t->pixels, err));
  HR_TRY(hr_alloc(&work->inverse, rows * t->pixels, err));
  HR_TRY(hr_alloc(&work->offset, rows * t->tile_count, err));
  HR_TRY(hr_alloc(&work->norm, rows * t->tile_count, err));
  HR_TRY(hr_alloc(&work->is_wild, rows, err));
  size_t terms = t->options.amplitude == HR_AMPLITUDE_NONE ? 1 : 2;
  size_t projections = terms * t->cluster_count * t->cluster_rank;
  HR_TRY(hr_alloc(&work->projection, rows * projections, err));
  HR_TRY(hr_alloc(&work->sums, rows * t->tile_count, err));
  HR_TRY(hr_alloc(&work->weight, rows * t->count, err));
  if (t->options.least_effective > 0) {
    HR_TRY(hr_alloc(&work->log_weight, rows * t->count, err));
  }
  work->thread_count = hr_thread_count();
  HR_TRY(hr_alloc(&work->scratch, work->thread_count, err));
  for (size_t i = 0; i < work->thread_count; i++) {
    HR_TRY(allocate_scratch(t, &work->scratch[i], err));
  }
  *out = work;
  work = NULL;
cleanup:
  hr_templates_workspace_destroy(&work);
  return status;
}
