/* Weighing templates by the leading components of their tile.
 *
 * With s the root of the typical 1/σ² and U the orthonormal components of s g,
 *   Σ (x − c) g/σ² ≈ Σ_k [Σ (x − c)/σ² U_k/s] [Σ s g U_k],
 * and the same for g²/2 with components V. The first of V is s itself, made of length 1:
 * then what is left out of g²/2 is orthogonal to the typical 1/σ², and only how much the
 * spectrum's own 1/σ² differs from it in shape can tell. The first of U is s c for the
 * same reason: it meets c/σ² where the amplitude is integrated out. (Measured on 20,000
 * templates of the simulator: 8 components with it are as good as 48 without.) */
#include <math.h>
#include <string.h>

#include "compute/components.h"
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

enum {
  BLOCK = 64,       /* templates a product when coefficients are made */
  SQUARE_ROWS = 96, /* a tile's sample for the few components of squares, of many */
};

/* What components may leave of a typical template, in units of the typical sigma: its
 * pull on log w for a spectrum with that sigma. Where there are many, more components
 * cost less than what the templates do that are weighed over pixels to see what is left
 * out. */
static const double left_out = 0.0007, left_out_of_many = 0.0004;

/* Of one thread. */
typedef struct workbench {
  double *sample;     /* [HR_COMPONENT_ROWS][P] */
  double *components; /* [RANK][P] */
  double *scratch;    /* [HR_COMPONENT_SCRATCH] */
  float *right;       /* [RANK][P] right factors: components times s */
  float *block;       /* [BLOCK][P] */
} workbench;

typedef struct compression {
  hr_templates *templates;
  workbench *benches; /* [threads] */
  double length;      /* of s */
} compression;

static const float *template_of(const hr_templates *t, const hr_template_tile *tile,
                                size_t i) {
  return t->x + t->slot[tile->first + i] * t->pixels;
}

/* s g, or s g²/2, of templates spread evenly over the tile, less their share of `known`
 * [P] of length 1. */
static size_t take_sample(const compression *work, const hr_template_tile *tile,
                          bool squared, const double *known, double *sample) {
  const hr_templates *t = work->templates;
  bool is_short = squared && t->count > HR_TEMPLATES_MANY;
  size_t most = is_short ? SQUARE_ROWS : HR_COMPONENT_ROWS;
  size_t rows = tile->count < most ? tile->count : most;
  for (size_t i = 0; i < rows; i++) {
    const float *g = template_of(t, tile, i * tile->count / rows);
    double *row = sample + i * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) {
      double value = (double)g[p];
      row[p] = t->scale[p] * (squared ? 0.5 * value * value : value);
    }
    double share = t->compute->dot_f64(t->pixels, row, known);
    t->compute->axpy_f64(t->pixels, -share, known, row);
  }
  return rows;
}

/* Components of a tile into bench->components: s times the tile's mean, those of g, s
 * itself, and those of g²/2. */
static void find_components(const compression *work, size_t index, workbench *bench) {
  const hr_templates *t = work->templates;
  hr_template_tile *tile = &work->templates->tiles[index];
  size_t pixels = t->pixels;
  const float *centre = t->centre + index * pixels;
  double *linear = bench->components;
  double left = t->count > HR_TEMPLATES_MANY ? left_out_of_many : left_out;
  hr_component_shape shape = {0, pixels, HR_TEMPLATE_LINEAR - 1, left};
  for (size_t p = 0; p < pixels; p++) linear[p] = t->scale[p] * (double)centre[p];
  double length = t->compute->norm_f64(pixels, linear);
  if (length > 0) t->compute->scal_f64(pixels, 1 / length, linear);
  shape.rows = take_sample(work, tile, false, linear, bench->sample);
  tile->linear = 1 + hr_components(t->compute, &shape, bench->sample, bench->scratch,
                                   linear + pixels);
  double *square = linear + tile->linear * pixels;
  for (size_t p = 0; p < pixels; p++) square[p] = t->scale[p] / work->length;
  shape.rows = take_sample(work, tile, true, square, bench->sample);
  shape.most = HR_TEMPLATE_SQUARE - 1;
  tile->square = 1 + hr_components(t->compute, &shape, bench->sample, bench->scratch,
                                   square + pixels);
}

/* The left factors stay with the tile, the right ones on the bench. */
static void scale_components(const hr_templates *t, const hr_template_tile *tile,
                             float *left, workbench *bench) {
  for (size_t k = 0; k < tile->linear + tile->square; k++) {
    const double *component = bench->components + k * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) {
      left[k * t->pixels + p] = (float)(component[p] / t->scale[p]);
      bench->right[k * t->pixels + p] = (float)(component[p] * t->scale[p]);
    }
  }
}

/* Coefficients of up to BLOCK templates from number `first` of the tile. */
static void make_coefficients(hr_templates *t, const hr_template_tile *tile, size_t first,
                              workbench *bench) {
  size_t count = tile->count - first < BLOCK ? tile->count - first : BLOCK;
  hr_product product = {.m = count,
                        .n = tile->linear,
                        .k = t->pixels,
                        .transpose_b = true,
                        .lda = t->pixels,
                        .ldb = t->pixels,
                        .ldc = HR_TEMPLATE_RANK,
                        .factor = 1};
  float *out = t->coefficient + (tile->first + first) * HR_TEMPLATE_RANK;
  for (size_t i = 0; i < count; i++) {
    memcpy(bench->block + i * t->pixels, template_of(t, tile, first + i),
           t->pixels * sizeof *bench->block);
  }
  t->compute->gemm_f32(&product, bench->block, bench->right, out);
  for (size_t i = 0; i < count * t->pixels; i++) bench->block[i] *= bench->block[i];
  product.n = tile->square;
  product.factor = 0.5;
  t->compute->gemm_f32(&product, bench->block, bench->right + tile->linear * t->pixels,
                       out + tile->linear);
}

static void compress_tile(void *context, size_t index, size_t thread) {
  const compression *work = context;
  hr_templates *t = work->templates;
  workbench *bench = &work->benches[thread];
  find_components(work, index, bench);
  const hr_template_tile *tile = &t->tiles[index];
  scale_components(t, tile, t->basis + index * HR_TEMPLATE_RANK * t->pixels, bench);
  for (size_t first = 0; first < tile->count; first += BLOCK) {
    make_coefficients(t, tile, first, bench);
  }
}

hr_status hr_templates_compress(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  compression work = {.templates = t};
  size_t threads = hr_thread_count();
  work.length = t->compute->norm_f64(t->pixels, t->scale);
  HR_TRY(hr_alloc(&t->basis, t->tile_count * HR_TEMPLATE_RANK * t->pixels, err));
  HR_TRY(hr_alloc(&t->coefficient, t->count * HR_TEMPLATE_RANK, err));
  HR_TRY(hr_alloc(&work.benches, threads, err));
  for (size_t i = 0; i < threads; i++) {
    workbench *bench = &work.benches[i];
    HR_TRY(hr_alloc(&bench->sample, HR_COMPONENT_ROWS * t->pixels, err));
    HR_TRY(hr_alloc(&bench->components, HR_TEMPLATE_RANK * t->pixels, err));
    HR_TRY(hr_alloc(&bench->scratch, HR_COMPONENT_SCRATCH, err));
    HR_TRY(hr_alloc(&bench->right, HR_TEMPLATE_RANK * t->pixels, err));
    HR_TRY(hr_alloc(&bench->block, BLOCK * t->pixels, err));
  }
  hr_parallel_for(t->tile_count, compress_tile, &work);
cleanup:
  for (size_t i = 0; work.benches && i < threads; i++) {
    hr_free(work.benches[i].sample);
    hr_free(work.benches[i].components);
    hr_free(work.benches[i].scratch);
    hr_free(work.benches[i].right);
    hr_free(work.benches[i].block);
  }
  hr_free(work.benches);
  return status;
}

void hr_templates_project(const hr_weighing *comparison, hr_template_term term,
                          const hr_template_projection *on,
                          hr_template_scratch *scratch) {
  const hr_templates *t = comparison->templates;
  hr_product product = {.m = comparison->rows,
                        .n = on->linear,
                        .transpose_b = true,
                        .lda = HR_TEMPLATE_LONG,
                        .ldb = t->pixels,
                        .ldc = on->stride,
                        .factor = 1};
  for (size_t first = 0; first < t->pixels; first += HR_TEMPLATE_LONG) {
    size_t left = t->pixels - first;
    size_t depth = left < HR_TEMPLATE_LONG ? left : HR_TEMPLATE_LONG;
    for (size_t i = 0; i < comparison->rows; i++) {
      hr_templates_fill_left(comparison, term, on->centre, comparison->row[i],
                             (hr_pixel_range){first, depth},
                             scratch->left + i * HR_TEMPLATE_LONG);
    }
    product.k = depth;
    product.keep = first > 0;
    t->compute->gemm_f32(&product, scratch->left, on->basis + first, on->out);
  }
  product.n = on->square;
  product.k = product.lda = t->pixels;
  product.factor = term == HR_TERM_WEIGHT ? -1 : 2;
  product.keep = 0;
  t->compute->gemm_f32(&product, comparison->work->inverse,
                       on->basis + on->linear * t->pixels, on->out + on->linear);
}

/* Projections on a tile by those on its cluster. */
static void project_by_cluster(const hr_weighing *comparison, hr_template_term term,
                               const hr_template_tile *tile, float *out) {
  const hr_templates *t = comparison->templates;
  const hr_template_cluster *cluster = &t->clusters[tile->cluster];
  const hr_product product = {.m = comparison->rows,
                              .n = tile->linear + tile->square,
                              .k = cluster->linear + cluster->square,
                              .transpose_b = true,
                              .lda = t->cluster_rank,
                              .ldb = cluster->linear + cluster->square,
                              .ldc = HR_TEMPLATE_RANK,
                              .factor = 1};
  const float *from = hr_templates_cluster_projection(comparison, term, tile->cluster);
  t->compute->gemm_f32(&product, from, tile->map, out);
}

void hr_templates_weigh_components(const hr_weighing *comparison, size_t index,
                                   hr_template_term term, hr_template_scratch *scratch) {
  const hr_templates *t = comparison->templates;
  const hr_template_tile *tile = &t->tiles[index];
  const hr_template_projection projection = {
      .basis = t->basis + index * HR_TEMPLATE_RANK * t->pixels,
      .centre = t->centre + index * t->pixels,
      .linear = tile->linear,
      .square = tile->square,
      .out = scratch->projection,
      .stride = HR_TEMPLATE_RANK};
  if (tile->map) {
    project_by_cluster(comparison, term, tile, scratch->projection);
  } else {
    hr_templates_project(comparison, term, &projection, scratch);
  }
  const hr_product product = {.m = comparison->rows,
                              .n = tile->count,
                              .k = tile->linear + tile->square,
                              .transpose_b = true,
                              .lda = HR_TEMPLATE_RANK,
                              .ldb = HR_TEMPLATE_RANK,
                              .ldc = HR_TEMPLATE_TILE,
                              .factor = 1};
  t->compute->gemm_f32(&product, scratch->projection,
                       t->coefficient + tile->first * HR_TEMPLATE_RANK, scratch->gain);
}
