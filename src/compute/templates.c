#include "compute/templates.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

#include "compute/components.h"
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

enum {
  OFFSET_TILES = 16,   /* tiles a product of their means */
  TYPICAL_RANK = 64,   /* for the estimate: components of a tile, */
  TYPICAL_SAMPLE = 200 /* and templates looked at over all pixels */
};

/* Below this sigma (in the unit of flux) a pixel's 1/σ² times a square leaves fp32. */
static const double least_sigma = 1e-9;

/* Means are compared over all pixels where the components' error is more than this share
 * of the labels' standard deviation. */
static const double most_error_share = 5e-4;

double hr_amplitude_weight(const hr_templates_options *options, double l, double q) {
  double s = l + 0.5 * q;
  if (options->amplitude == HR_AMPLITUDE_NONE || !(q > 0)) return l;
  if (options->amplitude == HR_AMPLITUDE_FLAT) return 0.5 * (s * s / q - log(q));
  double k = 1 / (options->amplitude_sigma * options->amplitude_sigma);
  return 0.5 * ((s + k) * (s + k) / (q + k) - k - log1p(q / k));
}

hr_status hr_templates_create(size_t count, size_t pixels,
                              const hr_templates_options *options, hr_templates **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *t = NULL;
  HR_TRY(hr_alloc(&t, 1, err));
  t->count = count;
  t->pixels = pixels;
  t->options = *options;
  HR_TRY(hr_alloc(&t->x, count * pixels, err));
  HR_TRY(hr_alloc(&t->labels, count, err));
  *out = t;
  t = NULL;
cleanup:
  hr_templates_destroy(&t);
  return status;
}

void hr_templates_destroy(hr_templates **address) {
  hr_templates *t = *address;
  *address = NULL;
  if (!t) return;
  for (size_t i = 0; t->scratch && i < t->thread_count; i++) {
    hr_free(t->scratch[i].left);
    hr_free(t->scratch[i].right);
    hr_free(t->scratch[i].projection);
    hr_free(t->scratch[i].gain);
    hr_free(t->scratch[i].norm);
    hr_free(t->scratch[i].sum);
    hr_free(t->scratch[i].local.anomaly);
    hr_free(t->scratch[i].local.gram);
    hr_free(t->scratch[i].local.mean);
    hr_free(t->scratch[i].local.scale);
    hr_free(t->scratch[i].local.distance);
    hr_free(t->scratch[i].local.along);
  }
  void *owned[] = {t->scratch, t->weight,  t->log_weight,   t->sums,   t->offset,
                   t->norm,    t->inverse, t->inverse_wide, t->cross,  t->coefficient,
                   t->basis,   t->scale,   t->centre_wide,  t->centre, t->tiles,
                   t->fold,    t->slot,    t->label_offset, t->labels, t->x,
                   t};
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) hr_free(owned[i]);
}

static bool is_local(const hr_templates_options *options) {
  return options->least_effective > 0;
}

double hr_templates_bytes(size_t count, size_t pixels, size_t groups,
                          const hr_templates_options *options) {
  double wide = (double)pixels, rows = HR_QUERY_ROWS;
  double tiles = (double)(count / HR_TEMPLATE_TILE + groups + 1);
  double threads = (double)hr_thread_count();
  double rank = options->weigh == HR_WEIGH_COMPONENTS ? HR_TEMPLATE_RANK : 0;
  double per_thread = 4 * (rows * HR_TEMPLATE_LONG + HR_TEMPLATE_TILE * HR_TEMPLATE_LONG +
                           4 * rows * HR_TEMPLATE_TILE + rows * HR_TEMPLATE_RANK);
  double building = rank > 0 ? 8 * (HR_COMPONENT_ROWS + 2 * rank) * wide : 0;
  if (is_local(options)) {
    per_thread += 8 * HR_TEMPLATE_LOCAL * (wide + HR_TEMPLATE_LOCAL) + 32 * wide;
  }
  double per_template = 64 + 4 * wide + (is_local(options) ? 8 : 4) * rows + 4 * rank;
  return (double)count * per_template + tiles * ((20 + 4 * rank) * wide + 48 * rows) +
         20 * rows * wide + threads * (per_thread + building);
}

double hr_templates_operations(size_t count, size_t pixels, size_t groups,
                               const hr_templates_options *options) {
  double wide = (double)pixels, templates = (double)count;
  double terms = options->amplitude == HR_AMPLITUDE_NONE ? 1 : 2;
  double local = is_local(options) ? HR_TEMPLATE_LOCAL * HR_TEMPLATE_LOCAL * wide : 0;
  if (options->weigh == HR_WEIGH_PIXELS) return 4 * terms * wide * templates + local;
  double tiles = templates / HR_TEMPLATE_TILE + (double)groups;
  return local + 2 * terms * TYPICAL_RANK * (tiles * wide + templates) +
         4 * TYPICAL_SAMPLE * wide;
}

void hr_templates_put(hr_templates *t, size_t slot, const float *x,
                      const hr_template_label *label) {
  memcpy(t->x + slot * t->pixels, x, t->pixels * sizeof *x);
  t->labels[slot] = *label;
}

/* The root of the typical 1/σ², above 0 everywhere. */
static void set_scale(hr_templates *t, const double *typical) {
  double sum = 0, counts = 0;
  for (size_t p = 0; typical && p < t->pixels; p++) {
    if (!(typical[p] > 0) || !isfinite(typical[p])) continue;
    sum += typical[p];
    counts++;
  }
  double mean = counts > 0 ? sum / counts : 1;
  for (size_t p = 0; p < t->pixels; p++) {
    bool counted = typical && typical[p] > 0 && isfinite(typical[p]);
    t->scale[p] = sqrt(counted ? typical[p] : mean);
  }
}

static void centre_tile(void *context, size_t index, size_t thread) {
  (void)thread;
  hr_templates *t = context;
  const hr_template_tile *tile = &t->tiles[index];
  double *wide = t->centre_wide + index * t->pixels;
  double *square = wide + t->tile_count * t->pixels;
  float *centre = t->centre + index * t->pixels;
  for (size_t i = 0; i < tile->count; i++) {
    const float *x = t->x + t->slot[tile->first + i] * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) wide[p] += (double)x[p];
  }
  for (size_t p = 0; p < t->pixels; p++) {
    centre[p] = (float)(wide[p] / (double)tile->count);
    wide[p] = (double)centre[p];
    square[p] = wide[p] * wide[p];
  }
  for (size_t i = 0; i < tile->count; i++) {
    float *x = t->x + t->slot[tile->first + i] * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) x[p] -= centre[p];
  }
}

/* Labels in the order of tiles, their mean and spread. */
static hr_status order_labels(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  hr_template_label *ordered = NULL;
  double sum = 0, squares = 0;
  HR_TRY(hr_alloc(&ordered, t->count, err));
  HR_TRY(hr_alloc(&t->label_offset, t->count, err));
  HR_TRY(hr_alloc(&t->fold, t->count, err));
  for (size_t i = 0; i < t->count; i++) {
    ordered[i] = t->labels[t->slot[i]];
    sum += ordered[i].y;
  }
  t->centre_label = sum / (double)(t->count > 0 ? t->count : 1);
  for (size_t i = 0; i < t->count; i++) {
    double offset = ordered[i].y - t->centre_label;
    t->label_offset[i] = (float)offset;
    t->fold[i] = ordered[i].fold;
    squares += offset * offset;
  }
  t->most_error =
      most_error_share * sqrt(squares / (double)(t->count > 0 ? t->count : 1));
  hr_free(t->labels);
  t->labels = ordered;
  ordered = NULL;
cleanup:
  hr_free(ordered);
  return status;
}

static hr_status allocate_local(const hr_templates *t, hr_template_local *local,
                                hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&local->anomaly, HR_TEMPLATE_LOCAL * t->pixels, err));
  HR_TRY(hr_alloc(&local->gram, HR_TEMPLATE_LOCAL * HR_TEMPLATE_LOCAL, err));
  HR_TRY(hr_alloc(&local->mean, t->pixels, err));
  HR_TRY(hr_alloc(&local->scale, t->pixels, err));
  HR_TRY(hr_alloc(&local->distance, t->pixels, err));
  HR_TRY(hr_alloc(&local->along, t->pixels, err));
cleanup:
  return status;
}

static hr_status allocate_comparison(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = HR_QUERY_ROWS;
  HR_TRY(hr_alloc(&t->cross, rows * t->pixels, err));
  HR_TRY(hr_alloc(&t->inverse_wide, rows * t->pixels, err));
  HR_TRY(hr_alloc(&t->inverse, rows * t->pixels, err));
  HR_TRY(hr_alloc(&t->offset, rows * t->tile_count, err));
  HR_TRY(hr_alloc(&t->norm, rows * t->tile_count, err));
  HR_TRY(hr_alloc(&t->sums, rows * t->tile_count, err));
  HR_TRY(hr_alloc(&t->weight, rows * t->count, err));
  if (is_local(&t->options)) HR_TRY(hr_alloc(&t->log_weight, rows * t->count, err));
  t->thread_count = hr_thread_count();
  HR_TRY(hr_alloc(&t->scratch, t->thread_count, err));
  for (size_t i = 0; i < t->thread_count; i++) {
    hr_template_scratch *scratch = &t->scratch[i];
    HR_TRY(hr_alloc(&scratch->left, rows * HR_TEMPLATE_LONG, err));
    HR_TRY(hr_alloc(&scratch->right, HR_TEMPLATE_TILE * HR_TEMPLATE_LONG, err));
    HR_TRY(hr_alloc(&scratch->projection, rows * HR_TEMPLATE_RANK, err));
    HR_TRY(hr_alloc(&scratch->gain, rows * HR_TEMPLATE_TILE, err));
    HR_TRY(hr_alloc(&scratch->norm, rows * HR_TEMPLATE_TILE, err));
    HR_TRY(hr_alloc(&scratch->sum, rows * HR_TEMPLATE_TILE, err));
    if (is_local(&t->options)) HR_TRY(allocate_local(t, &scratch->local, err));
  }
cleanup:
  return status;
}

hr_status hr_templates_finish(hr_templates *t, const double *typical, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&t->scale, t->pixels, err));
  set_scale(t, typical);
  HR_TRY(hr_templates_cut(t, err));
  HR_TRY(order_labels(t, err));
  HR_TRY(hr_alloc(&t->centre, t->tile_count * t->pixels, err));
  HR_TRY(hr_alloc(&t->centre_wide, 2 * t->tile_count * t->pixels, err));
  hr_parallel_for(t->tile_count, centre_tile, t);
  if (t->options.weigh == HR_WEIGH_COMPONENTS) HR_TRY(hr_templates_compress(t, err));
  HR_TRY(allocate_comparison(t, err));
cleanup:
  return status;
}

/* 1/σ² and x/σ² of one row. */
static void prepare_row(void *context, size_t r, size_t thread) {
  (void)thread;
  const hr_comparison *comparison = context;
  hr_templates *t = comparison->templates;
  const hr_query *query = comparison->query;
  size_t at = r * t->pixels;
  for (size_t p = at; p < at + t->pixels; p++) {
    double sigma = query->level * (double)query->error[p];
    bool counts = sigma > least_sigma && isfinite(sigma) && isfinite(query->x[p]);
    t->inverse[p] = counts ? (float)(1 / (sigma * sigma)) : 0;
    t->inverse_wide[p] = (double)t->inverse[p];
    t->cross[p] = counts ? (double)query->x[p] * t->inverse_wide[p] : 0;
  }
}

/* Σ c (x − c/2)/σ² and Σ c²/σ² for some tiles and all rows: the terms of their means. */
static void prepare_tiles(void *context, size_t block, size_t thread) {
  (void)thread;
  const hr_comparison *comparison = context;
  hr_templates *t = comparison->templates;
  size_t first = block * OFFSET_TILES, left = t->tile_count - first;
  size_t count = left < OFFSET_TILES ? left : OFFSET_TILES;
  int rows = (int)comparison->query->rows, pixels = (int)t->pixels;
  int tiles = (int)t->tile_count;
  const double *centre = t->centre_wide + first * t->pixels;
  const double *square = centre + t->tile_count * t->pixels;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, (int)count, pixels, 1,
              t->cross, pixels, centre, pixels, 0, t->offset + first, tiles);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, (int)count, pixels, 1,
              t->inverse_wide, pixels, square, pixels, 0, t->norm + first, tiles);
  for (size_t r = 0; r < comparison->query->rows; r++) {
    for (size_t k = first; k < first + count; k++) {
      t->offset[r * t->tile_count + k] -= 0.5 * t->norm[r * t->tile_count + k];
    }
  }
}

double hr_templates_base(const hr_templates *t, size_t tile, size_t row) {
  size_t at = row * t->tile_count + tile;
  return hr_amplitude_weight(&t->options, t->offset[at], t->norm[at]);
}

/* Log weights from both terms, for row `row` of the query; less that of the mean. */
static void integrate(const hr_templates *t, size_t tile, size_t row, const float *norm,
                      float *gain) {
  size_t at = row * t->tile_count + tile;
  double base = hr_templates_base(t, tile, row);
  for (size_t i = 0; i < t->tiles[tile].count; i++) {
    double l = t->offset[at] + (double)gain[i], q = t->norm[at] + (double)norm[i];
    gain[i] = (float)(hr_amplitude_weight(&t->options, l, q) - base);
  }
}

/* Both terms where they are needed: the norm into scratch->norm, the weight into ->gain.
 */
static void weigh_tile(const hr_comparison *comparison, size_t index,
                       hr_template_scratch *scratch) {
  bool has_norm = comparison->templates->options.amplitude != HR_AMPLITUDE_NONE;
  for (int term = has_norm ? HR_TERM_NORM : HR_TERM_WEIGHT; term >= 0; term--) {
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

static void compare_tile(void *context, size_t index, size_t thread) {
  const hr_comparison *comparison = context;
  hr_templates *t = comparison->templates;
  const hr_query *query = comparison->query;
  bool wanted = !query->own_only;
  for (size_t i = 0; i < comparison->rows; i++) {
    wanted |= query->group[comparison->row[i]] == t->tiles[index].group;
  }
  if (!wanted) return;
  hr_template_scratch *scratch = &t->scratch[thread];
  weigh_tile(comparison, index, scratch);
  for (size_t i = 0; i < comparison->rows; i++) {
    size_t r = comparison->row[i], at = i * HR_TEMPLATE_TILE;
    if (t->options.amplitude != HR_AMPLITUDE_NONE) {
      integrate(t, index, r, scratch->norm + at, scratch->gain + at);
    }
    hr_templates_keep(t, index, r, query->fold[r], scratch->gain + at);
  }
}

static void conclude_row(void *context, size_t i, size_t thread) {
  const hr_comparison *comparison = context;
  hr_templates_conclude(comparison, comparison->row[i],
                        &comparison->templates->scratch[thread].local);
}

/* Weighs the rows of a comparison and writes down their posteriors. */
static void compare_rows(hr_comparison *comparison) {
  hr_templates *t = comparison->templates;
  if (comparison->rows == 0) return;
  hr_parallel_for_on(t->thread_count, t->tile_count, compare_tile, comparison);
  hr_parallel_for_on(t->thread_count, comparison->rows, conclude_row, comparison);
}

/* Leaves the rows of which components do not know enough, to be weighed over pixels. */
static void keep_uncertain(hr_comparison *comparison) {
  double most = comparison->templates->most_error;
  comparison->rows = 0;
  for (size_t r = 0; r < comparison->query->rows; r++) {
    bool uncertain = comparison->own[r].error > most;
    if (!comparison->query->own_only) uncertain |= comparison->all[r].error > most;
    if (uncertain) comparison->row[comparison->rows++] = r;
  }
  comparison->weigh = HR_WEIGH_PIXELS;
}

hr_status hr_templates_compare(hr_templates *t, const hr_query *query, hr_posterior *own,
                               hr_posterior *all, hr_error *err) {
  if (query->rows > HR_QUERY_ROWS) {
    return hr_fail(err, HR_ERR_USAGE, "%zu spectra at a time, but at most %d can be",
                   query->rows, HR_QUERY_ROWS);
  }
  hr_comparison comparison = {t, query, .rows = query->rows, .weigh = t->options.weigh};
  comparison.own = own;
  comparison.all = all;
  for (size_t r = 0; r < query->rows; r++) comparison.row[r] = r;
  size_t blocks = (t->tile_count + OFFSET_TILES - 1) / OFFSET_TILES;
  hr_parallel_for_on(t->thread_count, query->rows, prepare_row, &comparison);
  hr_parallel_for_on(t->thread_count, blocks, prepare_tiles, &comparison);
  compare_rows(&comparison);
  if (comparison.weigh == HR_WEIGH_COMPONENTS) {
    keep_uncertain(&comparison);
    compare_rows(&comparison);
  }
  return HR_OK;
}
