#include "linalg/templates.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

#include "core/alloc.h"
#include "core/parallel.h"

enum {
  TILE = 512,       /* the most templates a tile: 512 x 256 fp32 are half an L2 cache */
  DEPTH = 256,      /* pixels a product: short fp32 sums */
  LONG = 2 * DEPTH, /* both terms side by side: [a, -b/2] times [g, g²] */
  MOST_EXACT = 512, /* templates a spectrum weighed again in fp64 */
  LANES = 8,        /* sums side by side, for vector units; part of the result */
};

/* Below this sigma (in the unit of flux) a pixel's 1/σ² times a square leaves fp32. */
static const double least_sigma = 1e-9;

/* exp of less than this is nothing beside 1 in fp64, whatever the number of templates. */
static const double negligible = -60;

/* Templates with less than e^-8 = 3e-4 of the largest weight need not be exact. */
static const double matters = -8;

typedef struct template_tile {
  size_t first, count;
  int32_t group;
} template_tile;

/* Weighted sums over templates, weights relative to the largest. */
typedef struct weighted_sums {
  double largest; /* log weight; -INFINITY: no template counts */
  double sum, first_moment, second_moment, squares;
} weighted_sums;

typedef struct thread_scratch {
  float *left;    /* [HR_QUERY_ROWS][LONG] */
  float *right;   /* [TILE][LONG] */
  float *product; /* [HR_QUERY_ROWS][TILE] */
  double *weight; /* [HR_QUERY_ROWS][TILE] log weights */
} thread_scratch;

struct hr_templates {
  size_t count, pixels;
  float *x; /* [count][P]; centred at the tile's mean by hr_templates_finish */
  hr_template_label *labels;
  template_tile *tiles;
  size_t tile_count;
  float *centre;       /* [tiles][P] */
  double *centre_wide; /* [2][tiles][P] the same in fp64, and its square */
  float *inverse;      /* [HR_QUERY_ROWS][P] 1/σ², 0 where the pixel drops out */
  double *offset;      /* [HR_QUERY_ROWS][tiles] the share of the tile's mean */
  double *largest;     /* [HR_QUERY_ROWS][tiles] log weight; -INFINITY: none counts */
  float *relative;     /* [HR_QUERY_ROWS][count] log weight less the tile's largest */
  double *vectors;     /* [threads][2][P] */
  thread_scratch *scratch;
  size_t thread_count;
};

hr_status hr_templates_create(size_t count, size_t pixels, hr_templates **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *t = NULL;
  HR_TRY(hr_alloc(&t, 1, err));
  t->count = count;
  t->pixels = pixels;
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
    hr_free(t->scratch[i].product);
    hr_free(t->scratch[i].weight);
  }
  hr_free(t->scratch);
  hr_free(t->vectors);
  hr_free(t->largest);
  hr_free(t->relative);
  hr_free(t->offset);
  hr_free(t->inverse);
  hr_free(t->centre_wide);
  hr_free(t->centre);
  hr_free(t->tiles);
  hr_free(t->labels);
  hr_free(t->x);
  hr_free(t);
}

double hr_templates_bytes(size_t count, size_t pixels, size_t groups) {
  double wide = (double)pixels, tiles = (double)(count / TILE + groups + 1);
  double threads = (double)hr_thread_count(), rows = HR_QUERY_ROWS;
  return (double)count * (4 * wide + 16 + 4 * rows) + tiles * (20 * wide + 16 * rows) +
         4 * rows * wide +
         threads * (4.0 * (rows * LONG + TILE * LONG + 3 * rows * TILE) + 16 * wide);
}

void hr_templates_put(hr_templates *t, size_t slot, const float *x,
                      const hr_template_label *label) {
  memcpy(t->x + slot * t->pixels, x, t->pixels * sizeof *x);
  t->labels[slot] = *label;
}

/* Each run of one group in as few tiles as can be, all of about one size. */
static size_t cut(const hr_templates *t, template_tile *tiles) {
  size_t made = 0;
  for (size_t first = 0, end = 0; first < t->count; first = end) {
    while (end < t->count && t->labels[end].group == t->labels[first].group) end++;
    size_t pieces = (end - first + TILE - 1) / TILE;
    for (size_t k = 0; k < pieces; k++, made++) {
      size_t from = first + (end - first) * k / pieces;
      size_t to = first + (end - first) * (k + 1) / pieces;
      if (tiles) tiles[made] = (template_tile){from, to - from, t->labels[from].group};
    }
  }
  return made;
}

static void centre_tile(void *context, size_t index, size_t thread) {
  hr_templates *t = context;
  const template_tile *tile = &t->tiles[index];
  double *mean = t->vectors + 2 * thread * t->pixels;
  double *wide = t->centre_wide + index * t->pixels;
  double *square = wide + t->tile_count * t->pixels;
  float *centre = t->centre + index * t->pixels;
  memset(mean, 0, t->pixels * sizeof *mean);
  for (size_t i = 0; i < tile->count; i++) {
    const float *x = t->x + (tile->first + i) * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) mean[p] += (double)x[p];
  }
  for (size_t p = 0; p < t->pixels; p++) {
    centre[p] = (float)(mean[p] / (double)tile->count);
    wide[p] = (double)centre[p];
    square[p] = wide[p] * wide[p];
  }
  for (size_t i = 0; i < tile->count; i++) {
    float *x = t->x + (tile->first + i) * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) x[p] -= centre[p];
  }
}

hr_status hr_templates_finish(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  t->tile_count = cut(t, NULL);
  t->thread_count = hr_thread_count();
  HR_TRY(hr_alloc(&t->tiles, t->tile_count, err));
  cut(t, t->tiles);
  HR_TRY(hr_alloc(&t->centre, t->tile_count * t->pixels, err));
  HR_TRY(hr_alloc(&t->centre_wide, 2 * t->tile_count * t->pixels, err));
  HR_TRY(hr_alloc(&t->inverse, HR_QUERY_ROWS * t->pixels, err));
  HR_TRY(hr_alloc(&t->offset, HR_QUERY_ROWS * t->tile_count, err));
  HR_TRY(hr_alloc(&t->largest, HR_QUERY_ROWS * t->tile_count, err));
  HR_TRY(hr_alloc(&t->relative, HR_QUERY_ROWS * t->count, err));
  HR_TRY(hr_alloc(&t->vectors, t->thread_count * 2 * t->pixels, err));
  HR_TRY(hr_alloc(&t->scratch, t->thread_count, err));
  for (size_t i = 0; i < t->thread_count; i++) {
    thread_scratch *scratch = &t->scratch[i];
    HR_TRY(hr_alloc(&scratch->left, HR_QUERY_ROWS * LONG, err));
    HR_TRY(hr_alloc(&scratch->right, TILE * LONG, err));
    HR_TRY(hr_alloc(&scratch->product, HR_QUERY_ROWS * TILE, err));
    HR_TRY(hr_alloc(&scratch->weight, HR_QUERY_ROWS * TILE, err));
  }
  hr_parallel_for_on(t->thread_count, t->tile_count, centre_tile, t);
cleanup:
  return status;
}

typedef struct compare_context {
  hr_templates *templates;
  const hr_query *query;
  hr_posterior *own, *all; /* [rows] */
} compare_context;

/* 1/σ² of one row, and for every tile Σ c (x − c/2)/σ², the log weight of its mean. */
static void prepare_row(void *context, size_t r, size_t thread) {
  const compare_context *compare = context;
  hr_templates *t = compare->templates;
  const hr_query *query = compare->query;
  const float *x = query->x + r * t->pixels, *error = query->error + r * t->pixels;
  float *inverse = t->inverse + r * t->pixels;
  double *cross = t->vectors + 2 * thread * t->pixels, *half = cross + t->pixels;
  for (size_t p = 0; p < t->pixels; p++) {
    double sigma = query->level * (double)error[p];
    bool counts = sigma > least_sigma && isfinite(sigma) && isfinite(x[p]);
    inverse[p] = counts ? (float)(1 / (sigma * sigma)) : 0;
    cross[p] = counts ? (double)x[p] * (double)inverse[p] : 0;
    half[p] = -0.5 * (double)inverse[p];
  }
  double *offset = t->offset + r * t->tile_count;
  int tiles = (int)t->tile_count, pixels = (int)t->pixels;
  const double *square = t->centre_wide + t->tile_count * t->pixels;
  cblas_dgemv(CblasRowMajor, CblasNoTrans, tiles, pixels, 1, t->centre_wide, pixels,
              cross, 1, 0, offset, 1);
  cblas_dgemv(CblasRowMajor, CblasNoTrans, tiles, pixels, 1, square, pixels, half, 1, 1,
              offset, 1);
}

/* [a, −b/2] of every row over `depth` pixels from `first`: a = (x − c) b, b = 1/σ². */
static void fill_left(const compare_context *compare, const float *centre, size_t first,
                      size_t depth, float *left) {
  const hr_templates *t = compare->templates;
  for (size_t r = 0; r < compare->query->rows; r++) {
    const float *x = compare->query->x + r * t->pixels + first;
    const float *b = t->inverse + r * t->pixels + first, *c = centre + first;
    float *a = left + r * LONG, *half = a + depth;
    for (size_t p = 0; p < depth; p++) {
      a[p] = b[p] > 0 ? (x[p] - c[p]) * b[p] : 0;
      half[p] = -0.5F * b[p];
    }
  }
}

/* [g, g²] of every template of a tile. */
static void fill_right(const hr_templates *t, const template_tile *tile, size_t first,
                       size_t depth, float *right) {
  for (size_t i = 0; i < tile->count; i++) {
    const float *x = t->x + (tile->first + i) * t->pixels + first;
    float *g = right + i * LONG, *square = g + depth;
    for (size_t p = 0; p < depth; p++) {
      g[p] = x[p];
      square[p] = x[p] * x[p];
    }
  }
}

/* Log weights [rows][TILE] of one tile's templates. */
static void weigh_tile(const compare_context *compare, size_t index,
                       thread_scratch *scratch) {
  const hr_templates *t = compare->templates;
  const template_tile *tile = &t->tiles[index];
  size_t rows = compare->query->rows;
  for (size_t r = 0; r < rows; r++) {
    double offset = t->offset[r * t->tile_count + index];
    for (size_t i = 0; i < tile->count; i++) scratch->weight[r * TILE + i] = offset;
  }
  for (size_t first = 0; first < t->pixels; first += DEPTH) {
    size_t depth = t->pixels - first < DEPTH ? t->pixels - first : DEPTH;
    fill_left(compare, t->centre + index * t->pixels, first, depth, scratch->left);
    fill_right(t, tile, first, depth, scratch->right);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)tile->count,
                2 * (int)depth, 1.0F, scratch->left, LONG, scratch->right, LONG, 0.0F,
                scratch->product, TILE);
    for (size_t r = 0; r < rows; r++) {
      double *sum = scratch->weight + r * TILE;
      const float *product = scratch->product + r * TILE;
      for (size_t i = 0; i < tile->count; i++) sum[i] += (double)product[i];
    }
  }
}

/* Keeps a tile's log weights of one row, relative to the largest that counts. */
static void keep_row(hr_templates *t, size_t index, size_t r, const double *weight,
                     uint8_t fold) {
  const template_tile *tile = &t->tiles[index];
  const hr_template_label *labels = t->labels + tile->first;
  float *relative = t->relative + r * t->count + tile->first;
  double largest = -INFINITY;
  for (size_t i = 0; i < tile->count; i++) {
    if (labels[i].fold != fold && weight[i] > largest) largest = weight[i];
  }
  for (size_t i = 0; i < tile->count; i++) {
    relative[i] = labels[i].fold != fold ? (float)(weight[i] - largest) : -INFINITY;
  }
  t->largest[r * t->tile_count + index] = largest;
}

static void compare_tile(void *context, size_t index, size_t thread) {
  const compare_context *compare = context;
  hr_templates *t = compare->templates;
  const hr_query *query = compare->query;
  const template_tile *tile = &t->tiles[index];
  bool wanted = !query->own_only;
  for (size_t r = 0; r < query->rows; r++) wanted |= query->group[r] == tile->group;
  if (!wanted) return;
  thread_scratch *scratch = &t->scratch[thread];
  weigh_tile(compare, index, scratch);
  for (size_t r = 0; r < query->rows; r++) {
    keep_row(t, index, r, scratch->weight + r * TILE, query->fold[r]);
  }
}

/* The log weight of one template in fp64. */
static double weigh_exactly(const compare_context *compare, size_t r, size_t index,
                            size_t i) {
  const hr_templates *t = compare->templates;
  const float *x = compare->query->x + r * t->pixels, *b = t->inverse + r * t->pixels;
  const float *c = t->centre + index * t->pixels, *g = t->x + i * t->pixels;
  double sums[LANES] = {0}, sum = t->offset[r * t->tile_count + index];
  size_t whole = t->pixels / LANES * LANES;
  for (size_t p = 0; p < whole; p += LANES) {
    for (size_t lane = 0; lane < LANES; lane++) {
      double wide = (double)g[p + lane];
      double left = (double)x[p + lane] - (double)c[p + lane];
      sums[lane] += (double)b[p + lane] * wide * (left - 0.5 * wide);
    }
  }
  for (size_t p = whole; p < t->pixels; p++) {
    double wide = (double)g[p], left = (double)x[p] - (double)c[p];
    sum += (double)b[p] * wide * (left - 0.5 * wide);
  }
  for (size_t lane = 0; lane < LANES; lane++) sum += sums[lane];
  return sum;
}

/* Weighs the templates that matter to a row again, where they are so few that each one's
 * rounding would be seen; where they are many, it averages out. */
static void refine_row(const compare_context *compare, size_t r, double best_own,
                       double best_all) {
  hr_templates *t = compare->templates;
  const hr_query *query = compare->query;
  size_t found[MOST_EXACT], tile_of[MOST_EXACT], count = 0;
  for (size_t k = 0; k < t->tile_count; k++) {
    const template_tile *tile = &t->tiles[k];
    bool is_own = tile->group == query->group[r];
    if (query->own_only && !is_own) continue;
    double least = (is_own ? best_own : best_all) + matters;
    double largest = t->largest[r * t->tile_count + k];
    const float *relative = t->relative + r * t->count;
    for (size_t i = tile->first; i < tile->first + tile->count; i++) {
      if (!(largest + (double)relative[i] > least)) continue;
      if (count == MOST_EXACT) return;
      found[count] = i;
      tile_of[count++] = k;
    }
  }
  for (size_t n = 0; n < count; n++) {
    double exact = weigh_exactly(compare, r, tile_of[n], found[n]);
    t->relative[r * t->count + found[n]] =
        (float)(exact - t->largest[r * t->tile_count + tile_of[n]]);
  }
}

static void add_tile(const hr_templates *t, size_t r, size_t index, weighted_sums *sums) {
  const template_tile *tile = &t->tiles[index];
  double shift = t->largest[r * t->tile_count + index] - sums->largest;
  if (!(shift > negligible)) return;
  const float *relative = t->relative + r * t->count;
  for (size_t i = tile->first; i < tile->first + tile->count; i++) {
    double log_weight = shift + (double)relative[i];
    if (!(log_weight > negligible)) continue;
    double w = exp(log_weight), y = t->labels[i].y;
    sums->sum += w;
    sums->first_moment += w * y;
    sums->second_moment += w * y * y;
    sums->squares += w * w;
  }
}

static hr_posterior conclude(const weighted_sums *sums) {
  if (!(sums->largest > -INFINITY)) {
    return (hr_posterior){(double)NAN, (double)NAN, (double)NAN};
  }
  double mean = sums->first_moment / sums->sum;
  double variance = sums->second_moment / sums->sum - mean * mean;
  return (hr_posterior){mean, variance > 0 ? variance : 0,
                        sums->sum * sums->sum / sums->squares};
}

/* Both posteriors of one row. */
static void conclude_row(void *context, size_t r, size_t thread) {
  (void)thread;
  const compare_context *compare = context;
  hr_templates *t = compare->templates;
  const hr_query *query = compare->query;
  weighted_sums own = {.largest = -INFINITY}, all = {.largest = -INFINITY};
  for (size_t k = 0; k < t->tile_count; k++) {
    bool is_own = t->tiles[k].group == query->group[r];
    if (query->own_only && !is_own) continue;
    double largest = t->largest[r * t->tile_count + k];
    if (is_own) own.largest = fmax(own.largest, largest);
    all.largest = fmax(all.largest, largest);
  }
  refine_row(compare, r, own.largest, all.largest);
  for (size_t k = 0; k < t->tile_count; k++) {
    if (t->tiles[k].group == query->group[r]) add_tile(t, r, k, &own);
    if (!query->own_only) add_tile(t, r, k, &all);
  }
  compare->own[r] = conclude(&own);
  if (!query->own_only) compare->all[r] = conclude(&all);
}

hr_status hr_templates_compare(hr_templates *t, const hr_query *query, hr_posterior *own,
                               hr_posterior *all, hr_error *err) {
  if (query->rows > HR_QUERY_ROWS) {
    return hr_fail(err, HR_ERR_USAGE, "%zu spectra at a time, but at most %d can be",
                   query->rows, HR_QUERY_ROWS);
  }
  compare_context compare = {t, query, own, all};
  hr_parallel_for_on(t->thread_count, query->rows, prepare_row, &compare);
  hr_parallel_for_on(t->thread_count, t->tile_count, compare_tile, &compare);
  hr_parallel_for_on(t->thread_count, query->rows, conclude_row, &compare);
  return HR_OK;
}
