/* Weighing templates over all pixels: the plain way, which the other is held against. */
#include <string.h>

#include <cblas.h>

#include "core/vector.h"
#include "linalg/templates_parts.h"

enum { LANES = 16 }; /* sums side by side, for vector units; part of the result */

HR_VECTOR_CLONES
static void centre(const float *x, const float *b, const float *c, size_t depth,
                   float *a) {
  for (size_t p = 0; p < depth; p++) a[p] = b[p] > 0 ? (x[p] - c[p]) * b[p] : 0;
}

void hr_templates_fill_left(const hr_comparison *comparison, size_t tile, size_t row,
                            size_t first, size_t depth, float *a) {
  const hr_templates *t = comparison->templates;
  const float *x = comparison->query->x + row * t->pixels + first;
  const float *b = t->inverse + row * t->pixels + first;
  centre(x, b, t->centre + tile * t->pixels + first, depth, a);
}

/* [a, −b/2] of every row, a = (x − c) b, b = 1/σ². */
static void fill_left(const hr_comparison *comparison, size_t tile, size_t first,
                      size_t depth, float *left) {
  const hr_templates *t = comparison->templates;
  for (size_t i = 0; i < comparison->rows; i++) {
    size_t row = comparison->row[i];
    const float *b = t->inverse + row * t->pixels + first;
    float *a = left + i * HR_TEMPLATE_LONG, *half = a + depth;
    hr_templates_fill_left(comparison, tile, row, first, depth, a);
    for (size_t p = 0; p < depth; p++) half[p] = -0.5F * b[p];
  }
}

/* [g, g²] of every template of a tile. */
HR_VECTOR_CLONES
static void fill_right(const hr_templates *t, const hr_template_tile *tile, size_t first,
                       size_t depth, float *right) {
  for (size_t i = 0; i < tile->count; i++) {
    const float *x = t->x + t->slot[tile->first + i] * t->pixels + first;
    float *g = right + i * HR_TEMPLATE_LONG, *square = g + depth;
    for (size_t p = 0; p < depth; p++) {
      g[p] = x[p];
      square[p] = x[p] * x[p];
    }
  }
}

void hr_templates_weigh_pixels(const hr_comparison *comparison, size_t index,
                               hr_template_scratch *scratch) {
  const hr_templates *t = comparison->templates;
  const hr_template_tile *tile = &t->tiles[index];
  size_t rows = comparison->rows, values = rows * HR_TEMPLATE_TILE;
  memset(scratch->sum, 0, values * sizeof *scratch->sum);
  for (size_t first = 0; first < t->pixels; first += HR_TEMPLATE_DEPTH) {
    size_t left = t->pixels - first;
    size_t depth = left < HR_TEMPLATE_DEPTH ? left : HR_TEMPLATE_DEPTH;
    fill_left(comparison, index, first, depth, scratch->left);
    fill_right(t, tile, first, depth, scratch->right);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)tile->count,
                2 * (int)depth, 1, scratch->left, HR_TEMPLATE_LONG, scratch->right,
                HR_TEMPLATE_LONG, 0, scratch->gain, HR_TEMPLATE_TILE);
    for (size_t i = 0; i < values; i++) scratch->sum[i] += (double)scratch->gain[i];
  }
  for (size_t i = 0; i < values; i++) scratch->gain[i] = (float)scratch->sum[i];
}

/* Σ b g (x − c − g/2) over up to HR_TEMPLATE_DEPTH pixels. Each term is rounded to fp32,
 * which at 4,096 pixels leaves some 10⁻⁶ of log w; sums are short. */
HR_VECTOR_CLONES
static double add_pixels(const float *const from[4], size_t depth) {
  const float *x = from[0], *b = from[1], *c = from[2], *g = from[3];
  float lanes[LANES] = {0};
  double sum = 0;
  size_t whole = depth / LANES * LANES;
  for (size_t p = 0; p < whole; p += LANES) {
    for (size_t lane = 0; lane < LANES; lane++) {
      float left = x[p + lane] - c[p + lane] - 0.5F * g[p + lane];
      lanes[lane] += b[p + lane] > 0 ? b[p + lane] * g[p + lane] * left : 0;
    }
  }
  for (size_t p = whole; p < depth; p++) {
    sum += b[p] > 0 ? (double)(b[p] * g[p] * (x[p] - c[p] - 0.5F * g[p])) : 0;
  }
  for (size_t lane = 0; lane < LANES; lane++) sum += (double)lanes[lane];
  return sum;
}

double hr_templates_weigh_exactly(const hr_comparison *comparison, size_t row,
                                  size_t tile, size_t place) {
  const hr_templates *t = comparison->templates;
  const float *x = comparison->query->x + row * t->pixels;
  const float *b = t->inverse + row * t->pixels;
  const float *c = t->centre + tile * t->pixels, *g = t->x + t->slot[place] * t->pixels;
  double sum = t->offset[row * t->tile_count + tile];
  for (size_t first = 0; first < t->pixels; first += HR_TEMPLATE_DEPTH) {
    size_t left = t->pixels - first;
    size_t depth = left < HR_TEMPLATE_DEPTH ? left : HR_TEMPLATE_DEPTH;
    const float *from[4] = {x + first, b + first, c + first, g + first};
    sum += add_pixels(from, depth);
  }
  return sum;
}
