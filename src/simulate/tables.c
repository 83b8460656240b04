/* The embedded data file decoded. It is HDF5 and read by HDF5, from memory; fluxes are
 * kept as 16-bit logarithms, half the bytes of fp32. */
#include "simulate/tables.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/text.h"
#include "data/hdf5_file.h"
#include "simulate/built_in.h"
#include "simulate/embedded.h"

/* Pixels may lie this far from the grid's, in pixels: less than anything that a line
 * profile of 4 pixels could tell. */
static const double pixel_tolerance = 0.05;

const char *const hr_grid_label_names[HR_GRID_AXES] = {"T_eff", "log_g", "M_H"};

typedef struct grid_code {
  size_t pixels;
  const uint16_t *code;  /* [G][P] */
  const double *scale;   /* [G] step of the code in ln flux */
  const double *maximum; /* [G] */
  float *flux;           /* [G][P] */
} grid_code;

static void decode_spectrum(void *context, size_t i, size_t thread) {
  (void)thread;
  const grid_code *grid = context;
  const uint16_t *code = grid->code + i * grid->pixels;
  float *flux = grid->flux + i * grid->pixels;
  for (size_t p = 0; p < grid->pixels; p++) {
    flux[p] = (float)(grid->maximum[i] * exp(-grid->scale[i] * code[p]));
  }
}

/* flux = maximum * exp(-scale * code), a 16-bit code of ln(flux / maximum). */
static hr_status read_grid(hid_t file, hr_grid_tables *tables, hr_error *err) {
  hr_status status = HR_OK;
  uint16_t *code = NULL;
  double *scale = NULL, *maximum = NULL;
  size_t spectra = tables->spectra, count = spectra * tables->pixels;
  HR_TRY(hr_built_in_numbers(file, "grid/scale", &spectra, &scale, err));
  HR_TRY(hr_built_in_numbers(file, "grid/maximum", &spectra, &maximum, err));
  HR_TRY(hr_built_in_array(file, "grid/code", H5T_NATIVE_UINT16, &count, &code, err));
  HR_TRY(hr_alloc(&tables->flux, count, err));
  grid_code grid = {tables->pixels, code, scale, maximum, tables->flux};
  hr_parallel_for(spectra, decode_spectrum, &grid);
cleanup:
  hr_free(code);
  hr_free(scale);
  hr_free(maximum);
  return status;
}

static hr_status read_noise(hid_t file, hr_grid_tables *tables, hr_error *err) {
  hr_status status = HR_OK;
  struct {
    const char *name;
    double **column;
  } columns[] = {
      {"noise/wave", &tables->wave},
      {"noise/k", &tables->extinction},
      {"noise/conv0", &tables->conversion},
      {"noise/line0", &tables->sky_lines},
      {"noise/cont0", &tables->sky_continuum},
      {"noise/g6", &tables->continuum_a},
      {"noise/throughput_ratio", &tables->throughput_ratio},
      {"noise/cnt_ref", &tables->count_reference},
      {"noise/var_ref", &tables->variance_reference},
      {"noise/snr_ref", &tables->snr_reference},
  };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    HR_TRY(hr_built_in_numbers(file, columns[i].name, &tables->pixels, columns[i].column,
                               err));
  }
cleanup:
  return status;
}

static hr_status read_fibre_and_band(hid_t file, hr_grid_tables *tables, hr_error *err) {
  hr_status status = HR_OK;
  size_t waves = HR_FIBRE_WAVES;
  HR_TRY(hr_built_in_numbers(file, "fibre/seeing", &tables->seeing_count, &tables->seeing,
                             err));
  HR_TRY(hr_built_in_numbers(file, "fibre/field_angle", &tables->angle_count,
                             &tables->field_angle, err));
  HR_TRY(hr_built_in_numbers(file, "fibre/wave", &waves, &tables->fibre_wave, err));
  size_t fractions = waves * tables->seeing_count * tables->angle_count;
  HR_TRY(hr_built_in_numbers(file, "fibre/fraction", &fractions, &tables->fraction, err));
  HR_TRY(hr_built_in_numbers(file, "fibre/vignetting", &tables->angle_count,
                             &tables->vignetting, err));
  HR_TRY(hr_built_in_numbers(file, "fibre/focal_length", &tables->angle_count,
                             &tables->focal_length, err));
  HR_TRY(hr_built_in_numbers(file, "band/wave", &tables->band_count, &tables->band_wave,
                             err));
  HR_TRY(hr_built_in_numbers(file, "band/response", &tables->band_count,
                             &tables->band_response, err));
cleanup:
  return status;
}

hr_status hr_tables_decode(const void *bytes, size_t size, hr_grid_tables **out,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_grid_tables *tables = NULL;
  hid_t file = H5I_INVALID_HID;
  hr_hdf5_silence();
  HR_TRY(hr_alloc(&tables, 1, err));
  HR_TRY(hr_built_in_open(bytes, size, &file, err));
  HR_TRY(hr_built_in_nodes(file, tables, err));
  HR_TRY(read_noise(file, tables, err));
  HR_TRY(read_grid(file, tables, err));
  HR_TRY(read_fibre_and_band(file, tables, err));
  *out = tables;
  tables = NULL;
cleanup:
  if (file >= 0) H5Fclose(file);
  hr_tables_destroy(&tables);
  return status;
}

hr_status hr_tables_create(hr_grid_tables **out, hr_error *err) {
  size_t size = 0;
  const void *bytes = hr_embedded_data(&size);
  return hr_tables_decode(bytes, size, out, err);
}

hr_status hr_tables_wave(double **wave, size_t *pixels, hr_error *err) {
  hr_status status = HR_OK;
  hid_t file = H5I_INVALID_HID;
  size_t size = 0;
  const void *bytes = hr_embedded_data(&size);
  *pixels = 0;
  hr_hdf5_silence();
  HR_TRY(hr_built_in_open(bytes, size, &file, err));
  HR_TRY(hr_built_in_numbers(file, "noise/wave", pixels, wave, err));
cleanup:
  if (file >= 0) H5Fclose(file);
  return status;
}

hr_status hr_tables_check_wave(const double *theirs, size_t pixels, hr_error *err) {
  hr_status status = HR_OK;
  double *wave = NULL;
  size_t own = 0;
  HR_TRY(hr_tables_wave(&wave, &own, err));
  if (pixels != own) {
    status = hr_fail(err, HR_ERR_MISSING,
                     "the spectra have %zu pixels and the built-in model grid has %zu",
                     pixels, own);
    goto cleanup;
  }
  double tolerance = pixel_tolerance * (wave[1] - wave[0]);
  for (size_t p = 0; p < pixels; p++) {
    if (fabs(theirs[p] - wave[p]) <= tolerance) continue;
    status = hr_fail(err, HR_ERR_MISSING,
                     "pixel %zu of the spectra is at %s angstrom, and at %s in the "
                     "built-in model grid",
                     p, HR_DECIMALS(theirs[p], 3), HR_DECIMALS(wave[p], 3));
    goto cleanup;
  }
cleanup:
  hr_free(wave);
  return status;
}

size_t hr_grid_axis(const char *name) {
  size_t axis = 0;
  while (axis < HR_GRID_AXES && strcmp(name, hr_grid_label_names[axis]) != 0) axis++;
  return axis;
}

void hr_tables_destroy(hr_grid_tables **tables) {
  hr_grid_tables *t = *tables;
  if (!t) return;
  double *columns[] = {
      t->wave,
      t->extinction,
      t->conversion,
      t->sky_lines,
      t->sky_continuum,
      t->continuum_a,
      t->throughput_ratio,
      t->count_reference,
      t->variance_reference,
      t->snr_reference,
      t->seeing,
      t->field_angle,
      t->fibre_wave,
      t->fraction,
      t->vignetting,
      t->focal_length,
      t->band_wave,
      t->band_response,
  };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) hr_free(columns[i]);
  hr_free(t->flux);
  hr_free(t);
  *tables = NULL;
}
