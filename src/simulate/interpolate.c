/* Spectra between the nodes of the grid, as a product of two matrices by BLAS. Nodes can
 * be left out to measure what the interpolation itself errs. */
#include "simulate/interpolate.h"

#include <string.h>

#include "core/parallel.h"

/* Pixels a thread multiplies at a time: enough of them that packing the weights, done
 * again for each tile, costs little; few enough that the tile's part of the grid (1.3 MB)
 * stays in a core's cache. 16 tiles keep 16 threads busy. */
enum { TILE_PIXELS = 256 };

/* Chooses the nodes of an axis; the last one always, so that the range stays. */
static size_t choose_nodes(size_t count, hr_simulate_nodes nodes, size_t *chosen) {
  size_t step = nodes == HR_SIMULATE_NODES_HALF ? 2 : 1, used = 0;
  for (size_t i = 0; i < count; i += step) chosen[used++] = i;
  if (chosen[used - 1] != count - 1) chosen[used++] = count - 1;
  return used;
}

hr_status hr_interpolator_init(const hr_compute *compute, const hr_grid_tables *tables,
                               hr_simulate_nodes nodes, hr_interpolator *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  out->compute = compute;
  out->tables = tables;
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    double value[HR_GRID_MOST_NODES];
    size_t used = choose_nodes(tables->node_count[axis], nodes, out->node[axis]);
    for (size_t i = 0; i < used; i++) value[i] = tables->nodes[axis][out->node[axis][i]];
    HR_TRY(hr_spline_init(value, used, &out->spline[axis], err));
  }
cleanup:
  return status;
}

/* Spreads values at the nodes that are used over all nodes. */
static void spread(const hr_interpolator *interpolator, size_t axis, const double *used,
                   double *all) {
  memset(all, 0, interpolator->tables->node_count[axis] * sizeof *all);
  for (size_t i = 0; i < interpolator->spline[axis].count; i++) {
    all[interpolator->node[axis][i]] = used[i];
  }
}

void hr_interpolator_axis(const hr_interpolator *interpolator, size_t axis, double x,
                          double *weights, double *slopes) {
  double used[HR_GRID_MOST_NODES];
  hr_spline_weights(&interpolator->spline[axis], x, used);
  spread(interpolator, axis, used, weights);
  if (!slopes) return;
  hr_spline_slopes(&interpolator->spline[axis], x, used);
  spread(interpolator, axis, used, slopes);
}

void hr_interpolator_weights(const hr_interpolator *interpolator,
                             const double labels[HR_GRID_AXES], float *weights) {
  double w[HR_GRID_AXES][HR_GRID_MOST_NODES];
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    hr_interpolator_axis(interpolator, axis, labels[axis], w[axis], NULL);
  }
  const double *const axes[HR_GRID_AXES] = {w[0], w[1], w[2]};
  hr_interpolator_outer(interpolator, axes, weights);
}

void hr_interpolator_outer(const hr_interpolator *interpolator,
                           const double *const axes[HR_GRID_AXES], float *weights) {
  const size_t *count = interpolator->tables->node_count;
  for (size_t i = 0; i < count[HR_GRID_T_EFF]; i++) {
    for (size_t j = 0; j < count[HR_GRID_LOG_G]; j++) {
      double product = axes[HR_GRID_T_EFF][i] * axes[HR_GRID_LOG_G][j];
      for (size_t k = 0; k < count[HR_GRID_M_H]; k++) {
        *weights++ = (float)(product * axes[HR_GRID_M_H][k]);
      }
    }
  }
}

typedef struct spectra_product {
  const hr_compute *compute;
  const hr_grid_tables *tables;
  size_t stars;
  const float *weights;
  float *flux;
} spectra_product;

static void multiply_tile(void *context, size_t tile, size_t thread) {
  (void)thread;
  const spectra_product *work = context;
  size_t pixels = work->tables->pixels, first = tile * TILE_PIXELS;
  size_t width = pixels - first < TILE_PIXELS ? pixels - first : TILE_PIXELS;
  const hr_product product = {.m = work->stars,
                              .n = width,
                              .k = work->tables->spectra,
                              .lda = work->tables->spectra,
                              .ldb = pixels,
                              .ldc = pixels,
                              .factor = 1};
  work->compute->gemm_f32(&product, work->weights, work->tables->flux + first,
                          work->flux + first);
}

void hr_interpolator_spectra(const hr_interpolator *interpolator, size_t stars,
                             const float *weights, float *flux) {
  spectra_product work = {interpolator->compute, interpolator->tables, stars, weights,
                          flux};
  size_t tiles = (interpolator->tables->pixels + TILE_PIXELS - 1) / TILE_PIXELS;
  hr_parallel_for(tiles, multiply_tile, &work);
}

void hr_interpolator_reference(const hr_interpolator *interpolator,
                               const double labels[HR_GRID_AXES], double *flux) {
  const hr_grid_tables *tables = interpolator->tables;
  const size_t *count = tables->node_count;
  double t[HR_GRID_MOST_NODES], g[HR_GRID_MOST_NODES], m[HR_GRID_MOST_NODES];
  hr_interpolator_axis(interpolator, HR_GRID_T_EFF, labels[HR_GRID_T_EFF], t, NULL);
  hr_interpolator_axis(interpolator, HR_GRID_LOG_G, labels[HR_GRID_LOG_G], g, NULL);
  hr_interpolator_axis(interpolator, HR_GRID_M_H, labels[HR_GRID_M_H], m, NULL);
  for (size_t p = 0; p < tables->pixels; p++) {
    const float *value = tables->flux + p;
    double at_labels = 0.0;
    for (size_t i = 0; i < count[HR_GRID_T_EFF]; i++) {
      double at_t = 0.0;
      for (size_t j = 0; j < count[HR_GRID_LOG_G]; j++) {
        double at_g = 0.0;
        for (size_t k = 0; k < count[HR_GRID_M_H]; k++) {
          at_g += m[k] * (double)*value;
          value += tables->pixels;
        }
        at_t += g[j] * at_g;
      }
      at_labels += t[i] * at_t;
    }
    flux[p] = at_labels;
  }
}
