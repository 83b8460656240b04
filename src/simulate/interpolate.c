#include "simulate/interpolate.h"

#include <cblas.h>

#include "core/parallel.h"

/* Pixels a thread multiplies at a time: enough of them that packing the weights, done
 * again for each tile, costs little; few enough that the tile's part of the grid (1.3 MB)
 * stays in a core's cache. 16 tiles keep 16 threads busy. */
enum { TILE_PIXELS = 256 };

hr_status hr_interpolator_init(const hr_tables *tables, hr_interpolator *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  out->tables = tables;
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    HR_TRY(hr_spline_init(tables->nodes[axis], tables->node_count[axis],
                          &out->spline[axis], err));
  }
cleanup:
  return status;
}

void hr_interpolator_weights(const hr_interpolator *interpolator,
                             const double labels[HR_GRID_AXES], float *weights) {
  double w[HR_GRID_AXES][HR_GRID_MOST_NODES];
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    hr_spline_weights(&interpolator->spline[axis], labels[axis], w[axis]);
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

typedef struct product {
  const hr_tables *tables;
  size_t stars;
  const float *weights;
  float *flux;
} product;

static void multiply_tile(void *context, size_t tile, size_t thread) {
  (void)thread;
  const product *work = context;
  size_t pixels = work->tables->pixels, first = tile * TILE_PIXELS;
  size_t width = pixels - first < TILE_PIXELS ? pixels - first : TILE_PIXELS;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)work->stars,
              (blasint)width, (blasint)work->tables->spectra, 1.0f, work->weights,
              (blasint)work->tables->spectra, work->tables->flux + first, (blasint)pixels,
              0.0f, work->flux + first, (blasint)pixels);
}

void hr_interpolator_spectra(const hr_interpolator *interpolator, size_t stars,
                             const float *weights, float *flux) {
  product work = {interpolator->tables, stars, weights, flux};
  size_t tiles = (interpolator->tables->pixels + TILE_PIXELS - 1) / TILE_PIXELS;
  hr_parallel_for(tiles, multiply_tile, &work);
}

void hr_interpolator_reference(const hr_interpolator *interpolator,
                               const double labels[HR_GRID_AXES], double *flux) {
  const hr_tables *tables = interpolator->tables;
  const size_t *count = tables->node_count;
  double t[HR_GRID_MOST_NODES], g[HR_GRID_MOST_NODES], m[HR_GRID_MOST_NODES];
  hr_spline_weights(&interpolator->spline[HR_GRID_T_EFF], labels[HR_GRID_T_EFF], t);
  hr_spline_weights(&interpolator->spline[HR_GRID_LOG_G], labels[HR_GRID_LOG_G], g);
  hr_spline_weights(&interpolator->spline[HR_GRID_M_H], labels[HR_GRID_M_H], m);
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
