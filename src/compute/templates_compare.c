/* Comparing spectra with templates, step by step: the terms of the tiles' means, the
 * weights of every tile, the posteriors; and again over all pixels where components do
 * not know enough. */
#include <math.h>

#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

enum {
  OFFSET_TILES = 16, /* tiles a product of their means, */
  OFFSET_MANY = 32,  /* and where there are many */
  AGAIN = 16,        /* rows a product where some of them are weighed again over pixels */
};

/* Below this sigma (in the unit of flux) a pixel's 1/σ² times a square leaves fp32. */
static const double least_sigma = 1e-9;

/* 1/σ² and x/σ² of one row. */
static void prepare_row(void *context, size_t r, size_t thread) {
  (void)thread;
  const hr_weighing *comparison = context;
  const hr_templates *t = comparison->templates;
  hr_templates_workspace *work = comparison->work;
  const hr_query *query = comparison->query;
  size_t at = r * t->pixels;
  for (size_t p = at; p < at + t->pixels; p++) {
    double sigma = query->level * (double)query->error[p];
    bool counts = sigma > least_sigma && isfinite(sigma) && isfinite(query->x[p]);
    work->inverse[p] = counts ? (float)(1 / (sigma * sigma)) : 0;
    work->inverse_wide[p] = (double)work->inverse[p];
    work->cross[p] = counts ? (double)query->x[p] * work->inverse_wide[p] : 0;
  }
  work->is_wild[r] = hr_templates_is_wild(comparison, r);
}

static size_t offset_tiles(const hr_templates *t) {
  return t->count > HR_TEMPLATES_MANY ? OFFSET_MANY : OFFSET_TILES;
}

/* Σ c (x − c/2)/σ² and Σ c²/σ² for some tiles and all rows: the terms of their means. */
static void prepare_tiles(void *context, size_t block, size_t thread) {
  (void)thread;
  const hr_weighing *comparison = context;
  const hr_templates *t = comparison->templates;
  hr_templates_workspace *work = comparison->work;
  size_t most = offset_tiles(t), first = block * most, left = t->tile_count - first;
  size_t count = left < most ? left : most;
  const hr_product product = {.m = comparison->query->rows,
                              .n = count,
                              .k = t->pixels,
                              .transpose_b = true,
                              .lda = t->pixels,
                              .ldb = t->pixels,
                              .ldc = t->tile_count,
                              .factor = 1};
  const double *centre = t->centre_wide + first * t->pixels;
  const double *square = centre + t->tile_count * t->pixels;
  t->compute->gemm_f64(&product, work->cross, centre, work->offset + first);
  t->compute->gemm_f64(&product, work->inverse_wide, square, work->norm + first);
  for (size_t r = 0; r < comparison->query->rows; r++) {
    for (size_t k = first; k < first + count; k++) {
      work->offset[r * t->tile_count + k] -= 0.5 * work->norm[r * t->tile_count + k];
    }
  }
}

double hr_templates_base(const hr_weighing *comparison, size_t tile, size_t row) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  size_t at = row * t->tile_count + tile;
  return hr_amplitude_weight(&t->options, work->offset[at], work->norm[at]);
}

double hr_templates_reference(const hr_weighing *comparison, size_t row) {
  const double whole = 0x1p24; /* above it fp32 holds no unit */
  double base = hr_templates_base(comparison, 0, row);
  return isfinite(base) && fabs(base) > whole ? base : 0;
}

/* Log weights from both terms, for row `row` of the query; less that of the mean. */
static void integrate(const hr_weighing *comparison, size_t tile, size_t row,
                      const float *norm, float *gain) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  size_t at = row * t->tile_count + tile;
  double base = hr_templates_base(comparison, tile, row);
  for (size_t i = 0; i < t->tiles[tile].count; i++) {
    double l = work->offset[at] + (double)gain[i], q = work->norm[at] + (double)norm[i];
    gain[i] = (float)(hr_amplitude_weight(&t->options, l, q) - base);
  }
}

static bool has_norm(const hr_weighing *comparison) {
  return comparison->templates->options.amplitude != HR_AMPLITUDE_NONE;
}

/* Both terms where they are needed: the norm into scratch->norm, the weight into ->gain.
 */
static void weigh_tile(const hr_weighing *comparison, size_t index,
                       hr_template_scratch *scratch) {
  for (int term = has_norm(comparison) ? HR_TERM_NORM : HR_TERM_WEIGHT; term >= 0;
       term--) {
    if (comparison->weigh == HR_WEIGH_PIXELS) {
      hr_templates_weigh_pixels(comparison, index, (hr_template_term)term, scratch);
    } else {
      hr_templates_weigh_components(comparison, index, (hr_template_term)term, scratch);
    }
    if (term != HR_TERM_NORM) continue;
    float *norm = scratch->gain;
    scratch->gain = scratch->norm;
    scratch->norm = norm;
  }
}

/* Whether an answer that is wanted takes this tile. */
static bool is_wanted(const hr_weighing *comparison, int32_t group) {
  const int32_t *of_row = comparison->query->group;
  size_t turns = comparison->own_groups;
  for (size_t i = 0; i < comparison->rows; i++) {
    size_t r = comparison->row[i];
    if (comparison->wants_all[r]) return true;
    for (size_t at = r * turns; at < (r + 1) * turns; at++) {
      if (comparison->wants_own[at] && of_row[at] == group) return true;
    }
  }
  return false;
}

static void compare_tile(void *context, size_t index, size_t thread) {
  const hr_weighing *comparison = context;
  const hr_templates *t = comparison->templates;
  if (!is_wanted(comparison, t->tiles[index].group)) return;
  hr_template_scratch *scratch = &comparison->work->scratch[thread];
  weigh_tile(comparison, index, scratch);
  for (size_t i = 0; i < comparison->rows; i++) {
    size_t r = comparison->row[i], at = i * HR_TEMPLATE_TILE;
    if (comparison->work->is_wild[r]) {
      hr_templates_keep_wild(comparison, index, r, scratch->sum);
      continue;
    }
    if (t->options.amplitude != HR_AMPLITUDE_NONE) {
      integrate(comparison, index, r, scratch->norm + at, scratch->gain + at);
    }
    hr_templates_keep(comparison, index, r, comparison->query->fold[r],
                      scratch->gain + at);
  }
}

static void project_cluster(void *context, size_t number, size_t thread) {
  const hr_weighing *comparison = context;
  size_t clusters = comparison->templates->cluster_count;
  hr_templates_project_cluster(comparison, (hr_template_term)(number / clusters),
                               number % clusters, &comparison->work->scratch[thread]);
}

static void conclude_row(void *context, size_t i, size_t thread) {
  const hr_weighing *comparison = context;
  hr_templates_conclude(comparison, comparison->row[i],
                        &comparison->work->scratch[thread].local);
}

/* Weighs the rows of a comparison and writes down their posteriors. */
static void compare_rows(hr_weighing *comparison) {
  size_t tiles = comparison->templates->tile_count;
  size_t threads = comparison->work->thread_count;
  if (comparison->rows == 0) return;
  if (comparison->weigh == HR_WEIGH_COMPONENTS) {
    size_t terms = has_norm(comparison) ? 2 : 1;
    size_t clusters = comparison->templates->cluster_count;
    hr_parallel_for_on(threads, terms * clusters, project_cluster, comparison);
  }
  hr_parallel_for_on(threads, tiles, compare_tile, comparison);
  hr_parallel_for_on(threads, comparison->rows, conclude_row, comparison);
}

/* Those targets of answer number `at` of which components do not know enough. */
static hr_target_set uncertain(const hr_templates *t, hr_target_set targets,
                               const hr_posterior *found, size_t at) {
  hr_target_set left = 0;
  for (size_t target = 0; targets && target < t->targets; target++) {
    if (!(found[at * t->targets + target].error > t->most_error[target])) continue;
    left |= (hr_target_set)1 << target;
  }
  return left;
}

/* Leaves the answers of which components do not know enough, to be weighed over pixels:
 * in runs of AGAIN rows as they stand in the query, so that a row's products have the
 * same shape whichever of its neighbours are weighed again. */
static void keep_uncertain(hr_weighing *comparison) {
  size_t rows = comparison->query->rows, turns = comparison->own_groups;
  const hr_templates *t = comparison->templates;
  comparison->rows = 0;
  for (size_t first = 0; first < rows; first += AGAIN) {
    size_t end = first + AGAIN < rows ? first + AGAIN : rows;
    bool any = false;
    for (size_t r = first; r < end; r++) {
      for (size_t at = r * turns; at < (r + 1) * turns; at++) {
        comparison->wants_own[at] =
            uncertain(t, comparison->wants_own[at], comparison->own, at);
        any |= comparison->wants_own[at] != 0;
      }
      comparison->wants_all[r] =
          uncertain(t, comparison->wants_all[r], comparison->all, r);
      any |= comparison->wants_all[r] != 0;
    }
    for (size_t r = first; any && r < end; r++) comparison->row[comparison->rows++] = r;
  }
  comparison->rows_a_product = AGAIN;
  comparison->weigh = HR_WEIGH_PIXELS;
}

hr_status hr_templates_compare(const hr_templates *t, hr_templates_workspace *work,
                               const hr_query *query, hr_posterior *own,
                               hr_posterior *all, hr_error *err) {
  hr_status status = HR_OK;
  if (query->rows > HR_QUERY_ROWS) {
    return hr_fail(err, HR_ERR_USAGE, "%zu spectra at a time, but at most %d can be",
                   query->rows, HR_QUERY_ROWS);
  }
  hr_weighing comparison = {.templates = t,
                            .work = work,
                            .query = query,
                            .rows = query->rows,
                            .rows_a_product = HR_QUERY_ROWS,
                            .weigh = t->options.weigh,
                            .own_groups = query->own_groups ? query->own_groups : 1,
                            .own = own,
                            .all = all};
  hr_target_set every = UINT64_MAX >> (HR_MOST_TEMPLATE_TARGETS - t->targets);
  size_t answers = query->rows * comparison.own_groups;
  HR_TRY(hr_alloc(&comparison.wants_own, answers, err));
  for (size_t at = 0; at < answers; at++) comparison.wants_own[at] = every;
  for (size_t r = 0; r < query->rows; r++) {
    comparison.row[r] = r;
    comparison.wants_all[r] = query->own_only ? 0 : query->shares_only ? 1 : every;
  }
  size_t blocks = (t->tile_count + offset_tiles(t) - 1) / offset_tiles(t);
  hr_parallel_for_on(work->thread_count, query->rows, prepare_row, &comparison);
  hr_parallel_for_on(work->thread_count, blocks, prepare_tiles, &comparison);
  compare_rows(&comparison);
  if (comparison.weigh == HR_WEIGH_COMPONENTS) {
    keep_uncertain(&comparison);
    compare_rows(&comparison);
  }
cleanup:
  hr_free(comparison.wants_own);
  return status;
}
