/* Spectra of one's own as a file that a study reads: here made up, a straight line a star
 * whose slope is its label.
 *
 *   cc write.c $(pkg-config --cflags --libs headroom) -o write
 *   ./write stars.h5
 */
#include <inttypes.h>
#include <stdio.h>

#include "headroom/spectra_writer.h"

enum { ROWS = 100, PIXELS = 50 };

static hr_status write_stars(const char *path, hr_error *err) {
  static double wave[PIXELS], log_g[ROWS];
  static int64_t id[ROWS];
  static float flux[ROWS][PIXELS], error[ROWS][PIXELS];
  const char *const names[] = {"log_g", "id"};
  const bool is_integer[] = {false, true};
  for (size_t p = 0; p < PIXELS; p++) wave[p] = 8500 + 0.5 * (double)p;
  for (size_t i = 0; i < ROWS; i++) {
    log_g[i] = 1 + 0.04 * (double)i;
    id[i] = 4295806720 + (int64_t)i;
    for (size_t p = 0; p < PIXELS; p++) {
      flux[i][p] = (float)(1 + 0.002 * log_g[i] * (double)p);
      error[i][p] = 0.01f;
    }
  }
  hr_spectra_writer_options options = hr_spectra_writer_options_default();
  options.rows = ROWS, options.pixels = PIXELS, options.wave_angstrom = wave;
  options.labels = names, options.label_count = 2, options.is_integer = is_integer;
  const void *const labels[] = {log_g, id};
  hr_spectra_rows rows = hr_spectra_rows_default();
  rows.rows = ROWS, rows.flux = flux, rows.error = error, rows.labels = labels;
  hr_spectra_writer *writer = NULL;
  hr_status status = hr_spectra_writer_open(path, &options, &writer, err);
  /* Here as often as there are blocks of rows. */
  if (status == HR_OK) status = hr_spectra_writer_append(writer, &rows, err);
  if (status == HR_OK) status = hr_spectra_writer_finish(writer, err);
  hr_spectra_writer_close(&writer);
  return status;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  const char *path = argc > 1 ? argv[1] : "stars.h5";
  hr_status status = write_stars(path, &err);
  if (status == HR_OK) printf("%d spectra of %d pixels in %s\n", ROWS, PIXELS, path);
  if (status != HR_OK) {
    fprintf(stderr, "%s (%s)\n", err.message, hr_status_name(status));
  }
  return hr_status_exit_code(status);
}
