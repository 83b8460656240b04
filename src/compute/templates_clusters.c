/* Projecting spectra on the components of many tiles at once.
 *
 * A spectrum is projected on the components of every tile, which with 100,000 templates
 * is most of all work: tiles times components times pixels. Neighbouring tiles are alike,
 * so a cluster of them has components of its own, hardly more than a tile's, that its
 * tiles' components are combinations of. A spectrum is projected on those, and what a
 * tile wants of it is a small product: with C the mean of the cluster, c that of a tile,
 * U and V its components (see templates_components.c) and U', V' those of the cluster,
 *   Σ (x − c)/σ² U_k/s = Σ (x − C)/σ² U_k/s − Σ (c − C)/σ² U_k/s
 *     ≈ Σ_r <U_k, U'_r> [Σ (x − C)/σ² U'_r/s] − Σ_r <(c − C) U_k, V'_r> [Σ V'_r/(s σ²)],
 *   Σ V_k/(s σ²) ≈ Σ_r <V_k, V'_r> [Σ V'_r/(s σ²)].
 * The term of the norm has 2c/σ² in the place of (x − c)/σ², and the same combinations
 * are right for it. What this leaves out is measured with what components leave out. */
#include <math.h>
#include <string.h>

#include "compute/components.h"
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

enum {
  MOST_TILES = 8,   /* a cluster: eigenvectors of as many tiles' components cost more
                       than larger ones would save */
  MOST_SQUARE = 96, /* components of squares a cluster */
};

/* What the components of a cluster may leave of a typical template, in units of the
 * typical sigma: as much as those of a tile. */
static const double left_out = 0.0004;

/* Of one thread. */
typedef struct workbench {
  double *rows;       /* [most rows][P] */
  double *components; /* [most rows + 1 + MOST_SQUARE][P]: of g, then of squares */
  double *scratch;    /* [hr_component_scratch(most rows)] */
  double *factors;    /* [2 RANK][P] U and V of a tile, then (c − C) U */
  double *map;        /* [RANK][most rows + 1 + MOST_SQUARE] */
  float *g;           /* [HR_COMPONENT_ROWS][P] */
} workbench;

typedef struct clustering {
  hr_templates *templates;
  workbench *benches; /* [threads] */
  size_t most_rows;
  double length;    /* of s */
  hr_status *found; /* [clusters] */
  hr_error *errors;
} clustering;

/* Appends the tiles first .. first+count-1, halved as they were cut, to the clusters; one
 * alone is none. */
static void cut_run(hr_templates *t, size_t first, size_t count) {
  if (count > MOST_TILES) {
    cut_run(t, first, count / 2);
    cut_run(t, first + count / 2, count - count / 2);
  } else if (count > 1) {
    t->clusters[t->cluster_count++] =
        (hr_template_cluster){.first = first, .count = count};
  }
}

static void cut_clusters(hr_templates *t) {
  for (size_t first = 0, end = 0; first < t->tile_count; first = end) {
    while (end < t->tile_count && t->tiles[end].group == t->tiles[first].group) end++;
    cut_run(t, first, end - first);
  }
}

static size_t rows_of(const hr_templates *t, const hr_template_cluster *cluster) {
  size_t rows = 0;
  for (size_t k = 0; k < cluster->count; k++) rows += t->tiles[cluster->first + k].linear;
  return rows < HR_COMPONENT_ROWS ? HR_COMPONENT_ROWS : rows;
}

/* The mean of the tiles' means. */
static void find_centre(const hr_templates *t, hr_template_cluster *cluster,
                        double *mean) {
  memset(mean, 0, t->pixels * sizeof *mean);
  for (size_t k = 0; k < cluster->count; k++) {
    const double *centre = t->centre_wide + (cluster->first + k) * t->pixels;
    t->compute->axpy_f64(t->pixels, 1 / (double)cluster->count, centre, mean);
  }
  for (size_t p = 0; p < t->pixels; p++) cluster->centre[p] = (float)mean[p];
}

/* The root mean square of what templates of a tile have of its component. */
static double size_of(const hr_templates *t, const hr_template_tile *tile,
                      size_t component) {
  double squares = 0;
  for (size_t i = tile->first; i < tile->first + tile->count; i++) {
    double value = (double)t->coefficient[i * HR_TEMPLATE_RANK + component];
    squares += value * value;
  }
  return sqrt(squares / (double)tile->count);
}

/* Takes the share of `known`, of length 1, from a row. */
static void subtract(const hr_templates *t, const double *known, double *row) {
  t->compute->axpy_f64(t->pixels, -t->compute->dot_f64(t->pixels, row, known), known,
                       row);
}

/* The components of g: s times the mean of the cluster, which meets the typical 1/σ²
 * where the amplitude is integrated out, and the leading ones of all that its tiles have,
 * each as long as templates have of it. */
static void find_linear(const clustering *work, hr_template_cluster *cluster,
                        const workbench *bench) {
  const hr_templates *t = work->templates;
  double *known = bench->components;
  hr_component_shape shape = {0, t->pixels, HR_COMPONENT_ROWS, 0};
  for (size_t p = 0; p < t->pixels; p++) {
    known[p] = t->scale[p] * (double)cluster->centre[p];
  }
  double length = t->compute->norm_f64(t->pixels, known);
  if (length > 0) t->compute->scal_f64(t->pixels, 1 / length, known);
  for (size_t k = cluster->first; k < cluster->first + cluster->count; k++) {
    const float *basis = t->basis + k * HR_TEMPLATE_RANK * t->pixels;
    for (size_t j = 0; j < t->tiles[k].linear; j++) {
      double size = size_of(t, &t->tiles[k], j);
      double *row = bench->rows + shape.rows++ * t->pixels;
      for (size_t p = 0; p < t->pixels; p++) {
        row[p] = size * t->scale[p] * (double)basis[j * t->pixels + p];
      }
      subtract(t, known, row);
    }
  }
  shape.most = shape.rows;
  shape.tolerance = left_out * sqrt((double)cluster->count / (double)shape.rows);
  cluster->linear = 1 + hr_components(t->compute, &shape, bench->rows, bench->scratch,
                                      known + t->pixels);
}

/* s (c − C + g)²/2 of templates spread evenly over a tile, of which components say g;
 * returns how many. */
static size_t take_squares(const hr_templates *t, const hr_template_cluster *cluster,
                           size_t index, const workbench *bench, double *rows) {
  const hr_template_tile *tile = &t->tiles[index];
  size_t wanted = HR_COMPONENT_ROWS / cluster->count;
  if (wanted > tile->count) wanted = tile->count;
  const float *centre = t->centre + index * t->pixels;
  for (size_t i = 0; i < wanted; i++) {
    size_t place = tile->first + i * tile->count / wanted;
    const hr_product product = {.m = 1,
                                .n = t->pixels,
                                .k = tile->linear,
                                .lda = HR_TEMPLATE_RANK,
                                .ldb = t->pixels,
                                .ldc = t->pixels,
                                .factor = 1};
    t->compute->gemm_f32(&product, t->coefficient + place * HR_TEMPLATE_RANK,
                         t->basis + index * HR_TEMPLATE_RANK * t->pixels, bench->g);
    for (size_t p = 0; p < t->pixels; p++) {
      double value = (double)centre[p] - (double)cluster->centre[p] + (double)bench->g[p];
      rows[i * t->pixels + p] = t->scale[p] * 0.5 * value * value;
    }
  }
  return wanted;
}

/* The components of squares: s itself, and the leading ones of a sample. */
static void find_square(const clustering *work, hr_template_cluster *cluster,
                        const workbench *bench) {
  const hr_templates *t = work->templates;
  double *known = bench->components + cluster->linear * t->pixels;
  hr_component_shape shape = {0, t->pixels, MOST_SQUARE - 1, left_out};
  for (size_t p = 0; p < t->pixels; p++) known[p] = t->scale[p] / work->length;
  for (size_t k = 0; k < cluster->count; k++) {
    shape.rows += take_squares(t, cluster, cluster->first + k, bench,
                               bench->rows + shape.rows * t->pixels);
  }
  for (size_t i = 0; i < shape.rows; i++) {
    subtract(t, known, bench->rows + i * t->pixels);
  }
  cluster->square = 1 + hr_components(t->compute, &shape, bench->rows, bench->scratch,
                                      known + t->pixels);
}

/* U and V of a tile, then (c − C) U. */
static void find_factors(const hr_templates *t, const hr_template_cluster *cluster,
                         size_t index, double *factors) {
  const hr_template_tile *tile = &t->tiles[index];
  size_t rank = tile->linear + tile->square;
  const float *basis = t->basis + index * HR_TEMPLATE_RANK * t->pixels;
  const float *centre = t->centre + index * t->pixels;
  for (size_t k = 0; k < rank; k++) {
    double *factor = factors + k * t->pixels, *shifted = factor + rank * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) {
      factor[p] = t->scale[p] * (double)basis[k * t->pixels + p];
      if (k >= tile->linear) continue;
      shifted[p] = factor[p] * ((double)centre[p] - (double)cluster->centre[p]);
    }
  }
}

/* [linear + square of the tile][those of the cluster]: how the projections on a tile are
 * made of those on its cluster. */
static void map_tile(const hr_templates *t, const hr_template_cluster *cluster,
                     size_t index, const workbench *bench, float *map) {
  const hr_template_tile *tile = &t->tiles[index];
  size_t rank = tile->linear + tile->square, wide = cluster->linear + cluster->square;
  const double *squares = bench->components + cluster->linear * t->pixels;
  hr_product product = {.m = tile->linear,
                        .n = cluster->linear,
                        .k = t->pixels,
                        .transpose_b = true,
                        .lda = t->pixels,
                        .ldb = t->pixels,
                        .ldc = wide,
                        .factor = 1};
  find_factors(t, cluster, index, bench->factors);
  memset(bench->map, 0, rank * wide * sizeof *bench->map);
  t->compute->gemm_f64(&product, bench->factors, bench->components, bench->map);
  product.n = cluster->square;
  t->compute->gemm_f64(&product, bench->factors + rank * t->pixels, squares,
                       bench->map + cluster->linear);
  product.m = tile->square;
  t->compute->gemm_f64(&product, bench->factors + tile->linear * t->pixels, squares,
                       bench->map + tile->linear * wide + cluster->linear);
  for (size_t i = 0; i < rank * wide; i++) map[i] = (float)bench->map[i];
}

static hr_status keep_cluster(const clustering *work, hr_template_cluster *cluster,
                              const workbench *bench, hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *t = work->templates;
  size_t wide = cluster->linear + cluster->square, values = 0;
  for (size_t k = 0; k < cluster->count; k++) {
    const hr_template_tile *tile = &t->tiles[cluster->first + k];
    values += (tile->linear + tile->square) * wide;
  }
  HR_TRY(hr_alloc(&cluster->basis, wide * t->pixels, err));
  HR_TRY(hr_alloc(&cluster->maps, values, err));
  for (size_t i = 0; i < wide * t->pixels; i++) {
    cluster->basis[i] = (float)(bench->components[i] / t->scale[i % t->pixels]);
  }
  float *map = cluster->maps;
  for (size_t k = cluster->first; k < cluster->first + cluster->count; k++) {
    map_tile(t, cluster, k, bench, map);
    t->tiles[k].map = map;
    t->tiles[k].cluster = (size_t)(cluster - t->clusters);
    map += (t->tiles[k].linear + t->tiles[k].square) * wide;
  }
cleanup:
  return status;
}

static void make_cluster(void *context, size_t index, size_t thread) {
  const clustering *work = context;
  hr_templates *t = work->templates;
  const workbench *bench = &work->benches[thread];
  hr_template_cluster *cluster = &t->clusters[index];
  hr_error *err = &work->errors[index];
  work->found[index] = hr_alloc(&cluster->centre, t->pixels, err);
  if (work->found[index] != HR_OK) return;
  find_centre(t, cluster, bench->rows);
  find_linear(work, cluster, bench);
  find_square(work, cluster, bench);
  work->found[index] = keep_cluster(work, cluster, bench, err);
}

static hr_status allocate_bench(const clustering *work, workbench *bench, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = work->templates->pixels, rows = work->most_rows;
  size_t most = rows + 1 + MOST_SQUARE;
  HR_TRY(hr_alloc(&bench->rows, rows * pixels, err));
  HR_TRY(hr_alloc(&bench->components, most * pixels, err));
  HR_TRY(hr_alloc(&bench->scratch, hr_component_scratch(rows), err));
  HR_TRY(hr_alloc(&bench->factors, 2 * HR_TEMPLATE_RANK * pixels, err));
  HR_TRY(hr_alloc(&bench->map, HR_TEMPLATE_RANK * most, err));
  HR_TRY(hr_alloc(&bench->g, pixels, err));
cleanup:
  return status;
}

static void free_bench(workbench *bench) {
  hr_free(bench->rows);
  hr_free(bench->components);
  hr_free(bench->scratch);
  hr_free(bench->factors);
  hr_free(bench->map);
  hr_free(bench->g);
}

/* The first error of a cluster, and the widest. */
static hr_status sum_up(const clustering *work, hr_error *err) {
  hr_templates *t = work->templates;
  for (size_t i = 0; i < t->cluster_count; i++) {
    if (work->found[i] != HR_OK) {
      *err = work->errors[i];
      return work->found[i];
    }
    size_t wide = t->clusters[i].linear + t->clusters[i].square;
    if (wide > t->cluster_rank) t->cluster_rank = wide;
  }
  return HR_OK;
}

void hr_templates_free_clusters(hr_templates *t) {
  for (size_t i = 0; i < t->cluster_count; i++) {
    hr_free(t->clusters[i].centre);
    hr_free(t->clusters[i].basis);
    hr_free(t->clusters[i].maps);
  }
  hr_free(t->clusters);
  t->clusters = NULL;
  t->cluster_count = 0;
}

hr_status hr_templates_cluster(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  clustering work = {.templates = t};
  size_t threads = hr_thread_count();
  work.length = t->compute->norm_f64(t->pixels, t->scale);
  HR_TRY(hr_alloc(&t->clusters, t->tile_count, err));
  cut_clusters(t);
  for (size_t i = 0; i < t->cluster_count; i++) {
    size_t rows = rows_of(t, &t->clusters[i]);
    if (rows > work.most_rows) work.most_rows = rows;
  }
  HR_TRY(hr_alloc(&work.found, t->cluster_count, err));
  HR_TRY(hr_alloc(&work.errors, t->cluster_count, err));
  HR_TRY(hr_alloc(&work.benches, threads, err));
  for (size_t i = 0; i < threads; i++) {
    HR_TRY(allocate_bench(&work, &work.benches[i], err));
  }
  hr_parallel_for(t->cluster_count, make_cluster, &work);
  HR_TRY(sum_up(&work, err));
cleanup:
  for (size_t i = 0; work.benches && i < threads; i++) free_bench(&work.benches[i]);
  hr_free(work.benches);
  hr_free(work.errors);
  hr_free(work.found);
  return status;
}

float *hr_templates_cluster_projection(const hr_weighing *comparison,
                                       hr_template_term term, size_t cluster) {
  const hr_templates *t = comparison->templates;
  size_t at = (size_t)term * t->cluster_count + cluster;
  return comparison->work->projection + at * HR_QUERY_ROWS * t->cluster_rank;
}

void hr_templates_project_cluster(const hr_weighing *comparison, hr_template_term term,
                                  size_t index, hr_template_scratch *scratch) {
  const hr_templates *t = comparison->templates;
  const hr_template_cluster *cluster = &t->clusters[index];
  const hr_template_projection projection = {
      .basis = cluster->basis,
      .centre = cluster->centre,
      .linear = cluster->linear,
      .square = cluster->square,
      .out = hr_templates_cluster_projection(comparison, term, index),
      .stride = t->cluster_rank};
  hr_templates_project(comparison, term, &projection, scratch);
}
