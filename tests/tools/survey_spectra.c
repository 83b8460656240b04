/* Prints what is in a survey file, and writes its spectra, one below the other, as
 * [pixels of all objects][4]: wavelength, flux, variance, good. Columns that are named
 * are printed. For tests/python/test_survey.py.
 *
 *   survey_spectra FILE OUT.npy [COLUMN...] */
#include <inttypes.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "data/fits/spectra.h"

static hr_status print_column(hr_fits_spectra *spectra, const char *name, hr_error *err) {
  hr_table_column column = {0};
  size_t objects = hr_fits_spectra_describe(spectra)->objects;
  hr_status status = hr_fits_spectra_column(spectra, name, &column, err);
  if (status == HR_OK) printf("%s", name);
  for (size_t i = 0; status == HR_OK && i < objects; i++) {
    if (column.integers) printf(" %" PRId64, column.integers[i]);
    if (!column.integers) printf(" %.17g", column.values[i]);
  }
  if (status == HR_OK) printf("\n");
  hr_table_column_fini(&column);
  return status;
}

static void print_info(const hr_fits_spectra_info *info) {
  printf("layout %s\nobjects %zu\npixels %zu\nshared %d\nvariance %d\n", info->layout,
         info->objects, info->pixels, info->is_shared, info->has_variance);
  printf("unit %s\nwaves %s\nmasking %s\nids", info->unit, info->waves, info->masking);
  for (size_t i = 0; i < info->id_count; i++) printf(" %s", info->ids[i]);
  printf("\ncolumns");
  for (size_t i = 0; i < info->columns->count; i++) {
    printf(" %s", info->columns->items[i]);
  }
  printf("\n");
}

static hr_status write_spectra(hr_fits_spectra *spectra, const char *path,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_spectra_info *info = hr_fits_spectra_describe(spectra);
  hr_fits_spectrum s = {0};
  double *all = NULL;
  size_t room = 0, rows = 0;
  printf("lengths");
  for (size_t i = 0; i < info->objects; i++) {
    HR_TRY(hr_fits_spectra_read(spectra, i, &s, err));
    HR_TRY(hr_realloc(&all, 4 * room, 4 * (rows + s.pixels), err));
    room = rows + s.pixels;
    for (size_t p = 0; p < s.pixels; p++, rows++) {
      all[4 * rows] = s.wave[p];
      all[4 * rows + 1] = s.flux[p];
      all[4 * rows + 2] = s.variance[p];
      all[4 * rows + 3] = s.good[p];
    }
    printf(" %zu", s.pixels);
  }
  printf("\n");
  HR_TRY(hr_npy_write(path, all, rows, 4, err));
cleanup:
  hr_free(all);
  hr_fits_spectrum_fini(&s);
  return status;
}

int main(int argc, char **argv) {
  hr_status status = HR_OK;
  hr_error err = {0};
  hr_fits_spectra *spectra = NULL;
  if (argc < 3) {
    fprintf(stderr, "usage: survey_spectra FILE OUT.npy [COLUMN...]\n");
    return 2;
  }
  HR_TRY(hr_fits_spectra_open(argv[1], &spectra, &err));
  print_info(hr_fits_spectra_describe(spectra));
  HR_TRY(write_spectra(spectra, argv[2], &err));
  for (int i = 3; i < argc; i++) HR_TRY(print_column(spectra, argv[i], &err));
cleanup:
  hr_fits_spectra_close(&spectra);
  if (status != HR_OK) {
    fprintf(stderr, "%s: %s\n", hr_status_name(err.status), err.message);
  }
  return hr_status_exit_code(status);
}
