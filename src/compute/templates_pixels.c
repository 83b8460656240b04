/* Weighing templates over all pixels: the plain way, which the other is held against. */
#include <string.h>

#include "compute/templates_parts.h"
#include "core/vector.h"

enum { AHEAD = 1024 };
enum { LANES = 16 }; /* sums side by side, for vector units; part of the result */

HR_VECTOR_CLONES
static void centre(const float *x, const float *b, const float *c, size_t depth,
                   float *a) {
  for (size_t p = 0; p < depth; p++) a[p] = b[p] > 0 ? (x[p] - c[p]) * b[p] : 0;
}

HR_VECTOR_CLONES
static void weigh_centre(const float *b, const float *c, size_t depth, float *a) {
  for (size_t p = 0; p < depth; p++) a[p] = 2 * b[p] * c[p];
}

void hr_templates_fill_left(const hr_weighing *comparison, hr_template_term term,
                            const float *mean, size_t row, hr_pixel_range pixels,
                            float *a) {
  const hr_templates *t = comparison->templates;
  const float *x = comparison->query->x + row * t->pixels + pixels.first;
  const float *b = comparison->work->inverse + row * t->pixels + pixels.first;
  const float *c = mean + pixels.first;
  if (term == HR_TERM_WEIGHT) {
    centre(x, b, c, pixels.depth, a);
  } else {
    weigh_centre(b, c, pixels.depth, a);
  }
}

/* Factors of g and of g² for every row, b = 1/σ²: [(x − c) b, −b/2], or [2cb, b]. */
static void fill_left(const hr_weighing *comparison, hr_template_term term, size_t tile,
                      size_t first, size_t depth, float *left) {
  const hr_templates *t = comparison->templates;
  float factor = term == HR_TERM_WEIGHT ? -0.5F : 1;
  for (size_t i = 0; i < comparison->rows; i++) {
    size_t row = comparison->row[i];
    const float *b = comparison->work->inverse + row * t->pixels + first;
    float *a = left + i * HR_TEMPLATE_LONG, *second = a + depth;
    hr_templates_fill_left(comparison, term, t->centre + tile * t->pixels, row,
                           (hr_pixel_range){first, depth}, a);
    for (size_t p = 0; p < depth; p++) second[p] = factor * b[p];
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

/* Rows `first` .. of as many as a product has, times the templates of a tile. */
static void multiply(const hr_weighing *comparison, size_t first, size_t templates,
                     size_t depth, const hr_template_scratch *scratch) {
  size_t left = comparison->rows - first, most = comparison->rows_a_product;
  const hr_product product = {.m = left < most ? left : most,
                              .n = templates,
                              .k = depth,
                              .transpose_b = true,
                              .lda = HR_TEMPLATE_LONG,
                              .ldb = HR_TEMPLATE_LONG,
                              .ldc = HR_TEMPLATE_TILE,
                              .factor = 1};
  comparison->templates->compute->gemm_f32(
      &product, scratch->left + first * HR_TEMPLATE_LONG, scratch->right,
      scratch->gain + first * HR_TEMPLATE_TILE);
}

void hr_templates_weigh_pixels(const hr_weighing *comparison, size_t index,
                               hr_template_term term, hr_template_scratch *scratch) {
  const hr_templates *t = comparison->templates;
  const hr_template_tile *tile = &t->tiles[index];
  size_t rows = comparison->rows, values = rows * HR_TEMPLATE_TILE;
  memset(scratch->sum, 0, values * sizeof *scratch->sum);
  for (size_t first = 0; first < t->pixels; first += HR_TEMPLATE_DEPTH) {
    size_t left = t->pixels - first;
    size_t depth = left < HR_TEMPLATE_DEPTH ? left : HR_TEMPLATE_DEPTH;
    fill_left(comparison, term, index, first, depth, scratch->left);
    fill_right(t, tile, first, depth, scratch->right);
    for (size_t i = 0; i < rows; i += comparison->rows_a_product) {
      multiply(comparison, i, tile->count, 2 * depth, scratch);
    }
    for (size_t i = 0; i < values; i++) scratch->sum[i] += (double)scratch->gain[i];
  }
  for (size_t i = 0; i < values; i++) scratch->gain[i] = (float)scratch->sum[i];
}

/* Up to HR_TEMPLATE_DEPTH pixels of a spectrum, a tile's mean and a template. */
typedef struct pixel_run {
  const float *x, *b, *c, *g;
  size_t depth;
} pixel_run;

/* Σ b g (x − c − g/2). Each term is rounded to fp32, which at 4,096 pixels leaves some
 * 10⁻⁶ of log w; sums are short. */
HR_VECTOR_CLONES
static double add_weight(const pixel_run *run) {
  const float *x = run->x, *b = run->b, *c = run->c, *g = run->g;
  float lanes[LANES] = {0};
  double sum = 0;
  size_t whole = run->depth / LANES * LANES;
  for (size_t p = 0; p < whole; p += LANES) {
    for (size_t lane = 0; lane < LANES; lane++) {
      float left = x[p + lane] - c[p + lane] - 0.5F * g[p + lane];
      lanes[lane] += b[p + lane] > 0 ? b[p + lane] * g[p + lane] * left : 0;
    }
  }
  for (size_t p = whole; p < run->depth; p++) {
    sum += b[p] > 0 ? (double)(b[p] * g[p] * (x[p] - c[p] - 0.5F * g[p])) : 0;
  }
  for (size_t lane = 0; lane < LANES; lane++) sum += (double)lanes[lane];
  return sum;
}

/* Σ b g (2c + g). */
HR_VECTOR_CLONES
static double add_norm(const pixel_run *run) {
  const float *b = run->b, *c = run->c, *g = run->g;
  float lanes[LANES] = {0};
  double sum = 0;
  size_t whole = run->depth / LANES * LANES;
  for (size_t p = 0; p < whole; p += LANES) {
    for (size_t lane = 0; lane < LANES; lane++) {
      lanes[lane] += b[p + lane] * g[p + lane] * (2 * c[p + lane] + g[p + lane]);
    }
  }
  for (size_t p = whole; p < run->depth; p++) {
    sum += (double)(b[p] * g[p] * (2 * c[p] + g[p]));
  }
  for (size_t lane = 0; lane < LANES; lane++) sum += (double)lanes[lane];
  return sum;
}

/* Asks for pixels of a template that are to be looked at soon: templates are anywhere in
 * memory, and waiting for them takes longer than the sum. */
static void fetch(const float *g, size_t first, size_t end) {
  enum { LINE = 64 / sizeof *g };
  for (size_t p = first; p < end; p += LINE) __builtin_prefetch(g + p, 0, 2);
}

double hr_templates_weigh_exactly(const hr_weighing *comparison, size_t row, size_t tile,
                                  size_t place) {
  const hr_templates *t = comparison->templates;
  size_t at = row * t->tile_count + tile, wide = row * t->pixels;
  if (comparison->work->is_wild[row]) {
    return hr_templates_weigh_wild(comparison, row, tile, place);
  }
  double weight = comparison->work->offset[at], norm = comparison->work->norm[at];
  for (size_t first = 0; first < t->pixels; first += HR_TEMPLATE_DEPTH) {
    size_t left = t->pixels - first;
    pixel_run run = {.x = comparison->query->x + wide + first,
                     .b = comparison->work->inverse + wide + first,
                     .c = t->centre + tile * t->pixels + first,
                     .g = t->x + t->slot[place] * t->pixels + first,
                     .depth = left < HR_TEMPLATE_DEPTH ? left : HR_TEMPLATE_DEPTH};
    fetch(run.g, AHEAD, left < AHEAD + run.depth ? left : AHEAD + run.depth);
    weight += add_weight(&run);
    if (t->options.amplitude != HR_AMPLITUDE_NONE) norm += add_norm(&run);
  }
  return hr_amplitude_weight(&t->options, weight, norm);
}
