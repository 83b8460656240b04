/* Mean and components of the embedded grid (features/velocity_basis.h). */
#include "features/velocity_basis.h"

#include <math.h>

#include "compute/components.h"
#include "core/alloc.h"
#include "simulate/tables.h"

enum { COMPONENTS = HR_VELOCITY_SPECTRA - 1 };

/* Which spectra of the grid: their numbers, at most [spectra]. */
static size_t list_spectra(const hr_grid_tables *tables, size_t *list) {
  const size_t *n = tables->node_count;
  size_t count = 0;
  for (size_t i = 0; i < tables->spectra; i++) {
    size_t g = i / n[HR_GRID_M_H] % n[HR_GRID_LOG_G];
    size_t t = i / (n[HR_GRID_M_H] * n[HR_GRID_LOG_G]);
    bool is_last = t + 1 == n[HR_GRID_T_EFF];
    if (g % 2 == 0 && (t % 2 == 0 || is_last)) list[count++] = i;
  }
  return count;
}

/* rows [count][P] of mean 1, less their mean, which goes to mean [P]. */
static void centre(const hr_grid_tables *tables, const size_t *list, size_t count,
                   double *rows, double *mean) {
  size_t pixels = tables->pixels;
  for (size_t p = 0; p < pixels; p++) mean[p] = 0;
  for (size_t i = 0; i < count; i++) {
    const float *flux = tables->flux + list[i] * pixels;
    double *row = rows + i * pixels, sum = 0;
    for (size_t p = 0; p < pixels; p++) sum += (double)flux[p];
    for (size_t p = 0; p < pixels; p++) {
      row[p] = (double)flux[p] * (double)pixels / sum;
      mean[p] += row[p] / (double)count;
    }
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t p = 0; p < pixels; p++) rows[i * pixels + p] -= mean[p];
  }
}

/* The root mean square of the rows along each component. */
static void measure_spread(const double *rows, size_t count, const double *components,
                           hr_velocity_basis *out) {
  size_t pixels = out->pixels;
  for (size_t k = 0; k < COMPONENTS; k++) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
      double product = 0;
      for (size_t p = 0; p < pixels; p++) {
        product += rows[i * pixels + p] * components[k * pixels + p];
      }
      sum += product * product;
    }
    out->spread[k + 1] = sqrt(sum / (double)count);
  }
}

static hr_status decompose(const hr_grid_tables *tables, hr_velocity_basis *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = out->pixels, count = 0, *list = NULL;
  double *rows = NULL, *mean = NULL, *components = NULL, *scratch = NULL;
  HR_TRY(hr_alloc(&list, tables->spectra, err));
  count = list_spectra(tables, list);
  HR_TRY(hr_alloc(&rows, count * pixels, err));
  HR_TRY(hr_alloc(&mean, pixels, err));
  HR_TRY(hr_alloc(&components, COMPONENTS * pixels, err));
  HR_TRY(hr_alloc(&scratch, hr_component_scratch(count), err));
  centre(tables, list, count, rows, mean);
  const hr_component_shape shape = {.rows = count, .columns = pixels, .most = COMPONENTS};
  if (hr_components(hr_compute_default(), &shape, rows, scratch, components) !=
      COMPONENTS) {
    status = hr_fail(err, HR_ERR_NUMERIC,
                     "the leading components of the model grid cannot be had");
    goto cleanup;
  }
  for (size_t p = 0; p < pixels; p++) out->spectra[p] = (float)mean[p];
  for (size_t i = 0; i < COMPONENTS * pixels; i++) {
    out->spectra[pixels + i] = (float)components[i];
  }
  measure_spread(rows, count, components, out);
cleanup:
  hr_free(list);
  hr_free(rows);
  hr_free(mean);
  hr_free(components);
  hr_free(scratch);
  return status;
}

hr_status hr_velocity_basis_init(const double *wave, size_t pixels,
                                 hr_velocity_basis *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_grid_tables *tables = NULL;
  *out = (hr_velocity_basis){.pixels = pixels};
  HR_TRY(hr_tables_check_wave(wave, pixels, err));
  HR_TRY(hr_tables_create(&tables, err));
  HR_TRY(hr_alloc(&out->spectra, HR_VELOCITY_SPECTRA * pixels, err));
  HR_TRY(decompose(tables, out, err));
cleanup:
  hr_tables_destroy(&tables);
  return status;
}

void hr_velocity_basis_fini(hr_velocity_basis *basis) {
  hr_free(basis->spectra);
  *basis = (hr_velocity_basis){0};
}
