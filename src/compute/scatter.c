/* Why square tiles: each is a product that stays in a core's cache until it is added to
 * its fp64 sums, tiles are the pieces that threads share out, and only those of the upper
 * triangle are there. Cost: P² operations a row, half of a full product. */
#include "compute/scatter.h"

#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/vector.h"

/* Rows a block. 512 keeps the product at the BLAS rate (k = 512) and the sum of a block's
 * fp32 products short; part of the result's definition: changing it changes the last
 * bits. */
enum { BLOCK_ROWS = 512 };

_Static_assert(2 * HR_TILE * sizeof(double) <= 64 * 1024,
               "centre_columns keeps two numbers a column of a tile on the stack");

struct hr_scatter {
  hr_tiles *tiles;
  size_t pixels, targets;
  size_t tiles_across; /* tiles along one side */
  size_t tile; /* columns a tile; HR_TILE, or fewer where there are fewer pixels */
  size_t rows; /* merged so far, without the pending ones */
  double *mean_y, *syy; /* [T] */
  double *mean;         /* [P] */
  double *sxy;          /* [T][P] */
  double *sxx;     /* tiles (i, j), j >= i, row by row: each [tile][tile]; of those on the
                      diagonal, the upper triangle */
  float *block;    /* [BLOCK_ROWS][P] pending rows */
  double *block_y; /* [T][BLOCK_ROWS] */
  double *block_mean_y; /* [T] of the block while it is multiplied */
  size_t pending;
  double *shift; /* [P] distance between the two means in a merge */
};

static size_t tile_total(const hr_scatter *s) {
  return s->tiles_across * (s->tiles_across + 1) / 2;
}

/* The (i, j) of tile number `index`. */
static void tile_place(const hr_scatter *s, size_t index, size_t *i, size_t *j) {
  *i = 0;
  while (index >= s->tiles_across - *i) index -= s->tiles_across - (*i)++;
  *j = *i + index;
}

/* Row r of tile number `index`, [tile]. */
static double *tile_row(const hr_scatter *s, size_t index, size_t r) {
  return s->sxx + (index * s->tile + r) * s->tile;
}

/* Columns in tile column j: all of a tile, except at the right edge. */
static size_t tile_width(const hr_scatter *s, size_t j) {
  size_t left = s->pixels - j * s->tile;
  return left < s->tile ? left : s->tile;
}

static size_t tile_columns(size_t pixels) {
  return pixels < HR_TILE ? pixels : HR_TILE;
}

double hr_scatter_bytes(size_t pixels) {
  double tile = (double)tile_columns(pixels);
  double across = (double)((pixels + HR_TILE - 1) / HR_TILE);
  double tiles = across * (across + 1) / 2;
  return 8.0 * tile * tile * tiles + (4.0 * BLOCK_ROWS + 24.0) * (double)pixels;
}

hr_status hr_scatter_create(size_t pixels, hr_tiles *tiles, hr_scatter **out,
                            hr_error *err) {
  return hr_scatter_create_for(pixels, 1, tiles, out, err);
}

hr_status hr_scatter_create_for(size_t pixels, size_t targets, hr_tiles *tiles,
                                hr_scatter **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_scatter *s = NULL;
  HR_TRY(hr_alloc(&s, 1, err));
  s->tiles = tiles;
  s->pixels = pixels;
  s->targets = targets;
  s->tile = tile_columns(pixels);
  s->tiles_across = s->tile ? (pixels + s->tile - 1) / s->tile : 0;
  HR_TRY(hr_alloc(&s->mean, pixels, err));
  HR_TRY(hr_alloc(&s->mean_y, targets, err));
  HR_TRY(hr_alloc(&s->syy, targets, err));
  HR_TRY(hr_alloc(&s->block_mean_y, targets, err));
  HR_TRY(hr_alloc(&s->sxy, targets * pixels, err));
  HR_TRY(hr_alloc(&s->shift, pixels, err));
  HR_TRY(hr_alloc(&s->sxx, tile_total(s) * s->tile * s->tile, err));
  HR_TRY(hr_scatter_open(s, err));
  HR_TRY(hr_alloc(&s->block_y, targets * BLOCK_ROWS, err));
  *out = s;
  s = NULL;
cleanup:
  hr_scatter_destroy(&s);
  return status;
}

void hr_scatter_destroy(hr_scatter **scatter) {
  hr_scatter *s = *scatter;
  *scatter = NULL;
  if (!s) return;
  hr_free(s->sxx);
  hr_free(s->mean);
  hr_free(s->mean_y);
  hr_free(s->syy);
  hr_free(s->block_mean_y);
  hr_free(s->sxy);
  hr_free(s->shift);
  hr_compute_free(hr_tiles_compute(s->tiles), s->block);
  hr_free(s->block_y);
  hr_free(s);
}

void hr_scatter_clear(hr_scatter *s) {
  memset(s->mean, 0, s->pixels * sizeof *s->mean);
  memset(s->sxy, 0, s->targets * s->pixels * sizeof *s->sxy);
  memset(s->mean_y, 0, s->targets * sizeof *s->mean_y);
  memset(s->syy, 0, s->targets * sizeof *s->syy);
  memset(s->sxx, 0, tile_total(s) * s->tile * s->tile * sizeof *s->sxx);
  s->rows = s->pending = 0;
}

void hr_scatter_arrays(hr_scatter *s, hr_scatter_array out[HR_SCATTER_ARRAYS]) {
  const hr_scatter_array arrays[HR_SCATTER_ARRAYS] = {
      {s->mean_y, s->targets},
      {s->syy, s->targets},
      {s->mean, s->pixels},
      {s->sxy, s->targets * s->pixels},
      {s->sxx, tile_total(s) * s->tile * s->tile}};
  memcpy(out, arrays, sizeof arrays);
}

void hr_scatter_set_rows(hr_scatter *scatter, size_t rows) {
  scatter->rows = rows;
}

size_t hr_scatter_rows(const hr_scatter *scatter) {
  return scatter->rows;
}

double hr_scatter_mean_y(const hr_scatter *scatter, size_t target) {
  return scatter->mean_y[target];
}

double hr_scatter_syy(const hr_scatter *scatter, size_t target) {
  return scatter->syy[target];
}

/* Sxy of one target in one tile column of the block, whose columns are centred: what
 * goes into the sums, `mean` being that of the columns before. */
static void cross_columns(hr_scatter *s, size_t t, size_t first, size_t width) {
  double cross[HR_TILE];
  const double *block_y = s->block_y + t * BLOCK_ROWS;
  double n = (double)s->pending, mean_y = s->block_mean_y[t];
  memset(cross, 0, width * sizeof *cross);
  for (size_t r = 0; r < s->pending; r++) {
    const float *row = s->block + r * s->pixels + first;
    double y = block_y[r] - mean_y;
    for (size_t c = 0; c < width; c++) cross[c] += (double)row[c] * y;
  }
  double *sxy = s->sxy + t * s->pixels + first;
  double weight = (double)s->rows * n / ((double)s->rows + n);
  for (size_t c = 0; c < width; c++) {
    sxy[c] += cross[c] + weight * s->shift[first + c] * (mean_y - s->mean_y[t]);
  }
}

/* Centres the columns of one tile column of the pending block, and merges what is linear
 * in them: the mean, Sxy. Leaves x̄_b − x̄ in `shift` for the tiles. */
static void centre_columns(void *context, size_t j, size_t thread) {
  (void)thread;
  hr_scatter *s = context;
  size_t first = j * s->tile, width = tile_width(s, j);
  double mean[HR_TILE], cross[HR_TILE];
  memset(mean, 0, width * sizeof *mean);
  memset(cross, 0, width * sizeof *cross);
  double n = (double)s->pending, mean_y = s->block_mean_y[0];
  for (size_t r = 0; r < s->pending; r++) {
    const float *row = s->block + r * s->pixels + first;
    for (size_t c = 0; c < width; c++) mean[c] += (double)row[c];
  }
  for (size_t c = 0; c < width; c++) mean[c] /= n;
  for (size_t r = 0; r < s->pending; r++) {
    float *row = s->block + r * s->pixels + first;
    double y = s->block_y[r] - mean_y;
    for (size_t c = 0; c < width; c++) {
      double x = (double)row[c] - mean[c];
      row[c] = (float)x;
      cross[c] += x * y;
    }
  }
  double total = (double)s->rows + n, weight = (double)s->rows * n / total;
  for (size_t c = 0; c < width; c++) {
    double shift = mean[c] - s->mean[first + c];
    s->shift[first + c] = shift;
    s->sxy[first + c] += cross[c] + weight * shift * (mean_y - s->mean_y[0]);
    s->mean[first + c] += shift * n / total;
  }
  for (size_t t = 1; t < s->targets; t++) cross_columns(s, t, first, width);
}

/* The scatter of one tile of the centred block, and the update of Chan et al. */
static void multiply_tile(void *context, size_t index, size_t thread) {
  hr_scatter *s = context;
  size_t i = 0, j = 0;
  tile_place(s, index, &i, &j);
  size_t height = tile_width(s, i), width = tile_width(s, j);
  float *product = hr_tiles_scratch(s->tiles, thread);
  const hr_compute *compute = hr_tiles_compute(s->tiles);
  const float *a = s->block + i * s->tile, *b = s->block + j * s->tile;
  const hr_product shape = {.m = height,
                            .n = width,
                            .k = s->pending,
                            .transpose_a = true,
                            .lda = s->pixels,
                            .ldb = s->pixels,
                            .ldc = s->tile,
                            .factor = 1};
  if (i == j) {
    compute->syrk_f32(&shape, a, product);
  } else {
    compute->gemm_f32(&shape, a, b, product);
  }
  double n = (double)s->pending, m = (double)s->rows, weight = m * n / (m + n);
  for (size_t r = 0; r < height; r++) {
    double *sum = tile_row(s, index, r);
    double scaled = weight * s->shift[i * s->tile + r];
    const double *shift = s->shift + j * s->tile;
    for (size_t c = i == j ? r : 0; c < width; c++) {
      sum[c] += (double)product[r * s->tile + c] + scaled * shift[c];
    }
  }
}

static void find_block_means(hr_scatter *s) {
  for (size_t t = 0; t < s->targets; t++) {
    double mean_y = 0;
    for (size_t r = 0; r < s->pending; r++) mean_y += s->block_y[t * BLOCK_ROWS + r];
    s->block_mean_y[t] = mean_y / (double)s->pending;
  }
}

static void merge_targets(hr_scatter *s) {
  double n = (double)s->pending, m = (double)s->rows;
  for (size_t t = 0; t < s->targets; t++) {
    double syy = 0, mean_y = s->block_mean_y[t];
    for (size_t r = 0; r < s->pending; r++) {
      double y = s->block_y[t * BLOCK_ROWS + r] - mean_y;
      syy += y * y;
    }
    double shift = mean_y - s->mean_y[t];
    s->syy[t] += syy + m * n / (m + n) * shift * shift;
    s->mean_y[t] += shift * n / (m + n);
  }
}

void hr_scatter_finish(hr_scatter *s) {
  if (s->pending == 0) return;
  find_block_means(s);
  hr_parallel_for(s->tiles_across, centre_columns, s);
  hr_parallel_for(tile_total(s), multiply_tile, s);
  merge_targets(s);
  s->rows += s->pending;
  s->pending = 0;
}

void hr_scatter_close(hr_scatter *s) {
  hr_scatter_finish(s);
  hr_compute_free(hr_tiles_compute(s->tiles), s->block);
  s->block = NULL;
}

hr_status hr_scatter_open(hr_scatter *s, hr_error *err) {
  return s->block ? HR_OK
                  : hr_compute_alloc(hr_tiles_compute(s->tiles), &s->block,
                                     BLOCK_ROWS * s->pixels, err);
}

void hr_scatter_add(hr_scatter *s, const float *x, const double *y) {
  memcpy(s->block + s->pending * s->pixels, x, s->pixels * sizeof *x);
  for (size_t t = 0; t < s->targets; t++) s->block_y[t * BLOCK_ROWS + s->pending] = y[t];
  s->pending++;
  if (s->pending == BLOCK_ROWS) hr_scatter_finish(s);
}

typedef struct merge_context {
  hr_scatter *into;
  const hr_scatter *other;
} merge_context;

static void merge_tile(void *context, size_t index, size_t thread) {
  (void)thread;
  const merge_context *merge = context;
  hr_scatter *s = merge->into;
  size_t i = 0, j = 0;
  tile_place(s, index, &i, &j);
  double m = (double)s->rows, n = (double)merge->other->rows, weight = m * n / (m + n);
  for (size_t r = 0; r < tile_width(s, i); r++) {
    double *sum = tile_row(s, index, r);
    const double *other = tile_row(merge->other, index, r);
    double scaled = weight * s->shift[i * s->tile + r];
    const double *shift = s->shift + j * s->tile;
    for (size_t c = 0; c < tile_width(s, j); c++) sum[c] += other[c] + scaled * shift[c];
  }
}

void hr_scatter_merge(hr_scatter *into, const hr_scatter *other) {
  if (other->rows == 0) return;
  for (size_t c = 0; c < into->pixels; c++)
    into->shift[c] = other->mean[c] - into->mean[c];
  hr_parallel_for(tile_total(into), merge_tile, &(merge_context){into, other});
  double m = (double)into->rows, n = (double)other->rows;
  for (size_t t = 0; t < into->targets; t++) {
    double shift_y = other->mean_y[t] - into->mean_y[t];
    double *sxy = into->sxy + t * into->pixels;
    const double *theirs = other->sxy + t * into->pixels;
    for (size_t c = 0; c < into->pixels; c++) {
      sxy[c] += theirs[c] + m * n / (m + n) * into->shift[c] * shift_y;
    }
    into->syy[t] += other->syy[t] + m * n / (m + n) * shift_y * shift_y;
    into->mean_y[t] += shift_y * n / (m + n);
  }
  for (size_t c = 0; c < into->pixels; c++) {
    into->mean[c] += into->shift[c] * n / (m + n);
  }
  into->rows += other->rows;
}

/* Writes Sxx (of `total`, less `without` with weight and shift) into the upper triangle
 * of the dense matrix `out` [P][P]. */
static void expand_system(const hr_scatter *total, const hr_scatter *without,
                          double weight, const double *shift, double *out) {
  size_t pixels = total->pixels, tile = total->tile;
  for (size_t index = 0; index < tile_total(total); index++) {
    size_t i = 0, j = 0;
    tile_place(total, index, &i, &j);
    size_t width = tile_width(total, j);
    for (size_t r = 0; r < tile_width(total, i); r++) {
      double *row = out + (i * tile + r) * pixels + j * tile;
      const double *all = tile_row(total, index, r);
      memcpy(row, all, width * sizeof *row);
      if (!without) continue;
      const double *part = tile_row(without, index, r);
      double scaled = weight * shift[i * tile + r];
      for (size_t c = 0; c < width; c++) row[c] -= part[c] + scaled * shift[j * tile + c];
    }
  }
}

double hr_linear_model_noise(const hr_linear_model *model, const double *variance,
                             size_t pixels) {
  double sum = 0;
  for (size_t p = 0; p < pixels; p++) {
    sum += model->weights[p] * model->weights[p] * variance[p];
  }
  return sum;
}

hr_status hr_scatter_system(const hr_scatter *total, const hr_scatter *without,
                            const double *noise, hr_shifted *system, hr_linear_model *out,
                            hr_error *err) {
  size_t pixels = total->pixels;
  double n = (double)total->rows, m = without ? (double)without->rows : 0;
  if (!(n > m)) return hr_fail(err, HR_ERR_EMPTY, "no rows are left to fit a Ridge to");
  /* Taking Chan's merge back: with rest = total − without, the shift between the two
   * means is d = n/(n−m) (x̄ − x̄_without) and Sxx_rest = Sxx − Sxx_without − m(n−m)/n d
   * dᵀ. */
  double weight = m * (n - m) / n, scale = n / (n - m);
  double *shift = out->centre; /* holds d first, then the centre */
  double *matrix = hr_shifted_matrix(system, pixels);
  for (size_t p = 0; p < pixels; p++) {
    shift[p] = without ? scale * (without->mean[p] - total->mean[p]) : 0;
  }
  for (size_t t = 0; t < total->targets; t++) {
    double shift_y = without ? scale * (without->mean_y[t] - total->mean_y[t]) : 0;
    double *right_side = hr_shifted_right_side(system) + t * pixels;
    for (size_t p = 0; p < pixels; p++) {
      right_side[p] = total->sxy[t * pixels + p];
      if (!without) continue;
      right_side[p] -= without->sxy[t * pixels + p] + weight * shift[p] * shift_y;
    }
    out[t].offset = total->mean_y[t] - shift_y * m / n;
  }
  expand_system(total, m > 0 ? without : NULL, weight, shift, matrix);
  for (size_t p = 0; p < pixels; p++) {
    if (noise) matrix[p * pixels + p] += noise[p];
    out->centre[p] = total->mean[p] - shift[p] * m / n;
  }
  for (size_t t = 1; t < total->targets; t++) {
    if (out[t].centre == out->centre) continue;
    memcpy(out[t].centre, out->centre, pixels * sizeof *out->centre);
  }
  return HR_OK;
}

hr_status hr_scatter_ridge(const hr_scatter *total, const hr_scatter *without,
                           double alpha, hr_shifted *system, hr_linear_model *out,
                           hr_error *err) {
  hr_status status = hr_scatter_system(total, without, NULL, system, out, err);
  if (status != HR_OK) return status;
  return hr_shifted_solve(system, alpha, out->weights, err);
}

enum { ROWS_AT_ONCE = 4 };

/* out [width] += Σ factor row of four rows, one after the other: as row by row, with one
 * look at `out`. */
HR_VECTOR_CLONES
static void add_rows(const double *row, size_t stride, const double *factor, size_t width,
                     double *restrict out) {
  const double *r0 = row, *r1 = row + stride, *r2 = r1 + stride, *r3 = r2 + stride;
  for (size_t c = 0; c < width; c++) {
    out[c] = out[c] + factor[0] * r0[c] + factor[1] * r1[c] + factor[2] * r2[c] +
             factor[3] * r3[c];
  }
}

/* out [P] += Uᵀ w of `rows` rows of a tile, U the upper triangle with its off-diagonal
 * doubled. */
static void multiply_doubled_rows(const hr_scatter *s, size_t index, size_t first,
                                  size_t rows, const double *w, double *restrict out) {
  size_t i = 0, j = 0;
  tile_place(s, index, &i, &j);
  size_t p = i * s->tile, q = j * s->tile, width = tile_width(s, j);
  double doubled[ROWS_AT_ONCE];
  for (size_t r = 0; r < rows; r++) doubled[r] = 2 * w[p + first + r];
  if (i != j && rows == ROWS_AT_ONCE) {
    add_rows(tile_row(s, index, first), s->tile, doubled, width, out + q);
    return;
  }
  for (size_t r = 0; r < rows; r++) {
    size_t at = first + r;
    const double *row = tile_row(s, index, at);
    if (i == j) out[p + at] += row[at] * w[p + at];
    for (size_t c = i == j ? at + 1 : 0; c < width; c++)
      out[q + c] += doubled[r] * row[c];
  }
}

/* work = Uᵀ w of the target's model, so that workᵀ w = wᵀ Sxx w. */
static double squared_error(const hr_scatter *s, size_t t, const hr_linear_model *model,
                            const double *work) {
  const double *sxy = s->sxy + t * s->pixels;
  double quadratic = 0, linear = 0, offset = model->offset;
  for (size_t p = 0; p < s->pixels; p++) {
    quadratic += model->weights[p] * work[p];
    linear += model->weights[p] * sxy[p];
    offset += model->weights[p] * (s->mean[p] - model->centre[p]);
  }
  double d = s->mean_y[t] - offset;
  return s->syy[t] - 2 * linear + quadratic + (double)s->rows * d * d;
}

/* Rows of a tile serve all models while they are in the cache. */
void hr_scatter_squared_errors(const hr_scatter *s, size_t count,
                               const hr_linear_model *models, double *work,
                               double *sums) {
  memset(work, 0, count * s->pixels * sizeof *work);
  for (size_t index = 0; index < tile_total(s); index++) {
    size_t i = 0, j = 0;
    tile_place(s, index, &i, &j);
    for (size_t r = 0, height = tile_width(s, i); r < height; r += ROWS_AT_ONCE) {
      size_t rows = height - r < ROWS_AT_ONCE ? height - r : ROWS_AT_ONCE;
      for (size_t v = 0; v < count; v++) {
        multiply_doubled_rows(s, index, r, rows, models[v].weights, work + v * s->pixels);
      }
    }
  }
  for (size_t v = 0; v < count; v++) {
    sums[v] = squared_error(s, v % s->targets, &models[v], work + v * s->pixels);
  }
}
