/* Reads spectra block by block, whatever their number, and the results of a run.
 *
 *   cc read.c $(pkg-config --cflags --libs headroom) -o read
 *   ./read test/dataset.h5 run
 */
#include <inttypes.h>
#include <stdio.h>

#include "headroom/results.h"
#include "headroom/spectra.h"

static hr_status print_snr(const char *path, hr_error *err) {
  hr_spectra_reader *reader = NULL;
  hr_spectra_block block = {.size = sizeof block};
  double sum = 0; /* of flux over error, pixels that are not masked */
  uint64_t rows = 0, pixels = 0;
  hr_status status = hr_spectra_open(&path, 1, NULL, &reader, err);
  while (status == HR_OK && (status = hr_spectra_next(reader, &block, err)) == HR_OK) {
    if (block.rows == 0) break;
    for (uint64_t i = 0; i < block.rows * block.pixels; i++) {
      if (!(block.error[i] > 0)) continue;
      sum += (double)block.flux[i] / (double)block.error[i];
      pixels++;
    }
    rows += block.rows;
  }
  hr_spectra_close(&reader);
  if (status == HR_OK)
    printf("%" PRIu64 " spectra, mean SNR %.2f\n", rows, sum / (double)pixels);
  return status;
}

static hr_status print_methods(const char *run_dir, hr_error *err) {
  hr_results *results = NULL;
  hr_results_info info = {.size = sizeof info};
  hr_results_method method = {.size = sizeof method};
  hr_status status = hr_results_open(run_dir, NULL, &results, err);
  if (status == HR_OK) status = hr_results_get_info(results, &info, err);
  for (size_t i = 0; status == HR_OK && i < info.method_count; i++) {
    status = hr_results_get_method(results, i, &method, err);
    if (status != HR_OK) break;
    printf("%s, %s rows: R2 %.4f [%.4f, %.4f]\n", method.title, method.rows,
           method.r2.value, method.r2.low, method.r2.high);
  }
  hr_results_close(&results);
  return status;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  hr_status status = print_snr(argc > 1 ? argv[1] : "test/dataset.h5", &err);
  if (status == HR_OK) status = print_methods(argc > 2 ? argv[2] : "run", &err);
  if (status != HR_OK) fprintf(stderr, "%s (%s)\n", err.message, hr_status_name(status));
  return hr_status_exit_code(status);
}
