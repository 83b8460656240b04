/* Posterior means of test spectra over training spectra as templates, and how long they
 * take: for bench/posterior.sh.
 *
 *   tool_compare_templates components|pixels OUT.npy TEMPLATES TEST.h5 TRAIN.h5...
 *
 * OUT.npy: fp64 [test rows][4], mean, variance, effective, error. Prints the processor
 * seconds of setting up and of comparing, and the spectra that were compared over pixels
 * after all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compute/templates.h"
#include "core/alloc.h"
#include "core/npy.h"
#include "data/stream.h"

/* Of all threads together: steadier than the clock on a machine with other work. */
static double processor_seconds(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

static void put_block(hr_templates *templates, const hr_block *block, const double *y,
                      size_t most, double *typical) {
  for (size_t i = 0; i < block->rows && block->first_row + i < most; i++) {
    size_t row = block->first_row + i;
    hr_template_label label = {y[row], 0, 0};
    hr_templates_put(templates, row, block->flux + i * block->pixels, &label);
    for (size_t p = 0; p < block->pixels; p++) {
      double sigma = (double)block->error[i * block->pixels + p];
      if (sigma > 0) typical[p] += 1 / (sigma * sigma) / (double)most;
    }
  }
}

static hr_status load(const hr_strings *paths, size_t most,
                      const hr_templates_options *options, hr_templates **out,
                      hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  hr_stream *stream = NULL;
  hr_block block = {0};
  const double *y = NULL;
  double *typical = NULL;
  hr_stream_options reading = hr_stream_options_default();
  HR_TRY(hr_dataset_create(paths, NULL, &dataset, err));
  HR_TRY(hr_dataset_label(dataset, "log_g", true, &y, err));
  HR_TRY(hr_alloc(&typical, hr_dataset_pixels(dataset), err));
  if (most > hr_dataset_rows(dataset)) most = hr_dataset_rows(dataset);
  HR_TRY(hr_templates_create(most, hr_dataset_pixels(dataset), options,
                             hr_compute_default(), out, err));
  HR_TRY(hr_stream_create(dataset, &reading, &stream, err));
  do {
    HR_TRY(hr_stream_next(stream, &block, err));
    put_block(*out, &block, y, most, typical);
  } while (block.rows > 0 && block.first_row + block.rows < most);
  double start = processor_seconds();
  HR_TRY(hr_templates_finish(*out, typical, err));
  printf("set-up %.3f s\n", processor_seconds() - start);
cleanup:
  hr_free(typical);
  hr_stream_destroy(&stream);
  hr_dataset_destroy(&dataset);
  return status;
}

static hr_status compare(const hr_templates *templates, hr_templates_workspace *work,
                         const hr_block *block, double *out, hr_error *err) {
  hr_posterior own[HR_QUERY_ROWS], all[HR_QUERY_ROWS];
  int32_t group[HR_QUERY_ROWS];
  uint8_t fold[HR_QUERY_ROWS];
  memset(fold, HR_NO_FOLD, sizeof fold);
  for (size_t i = 0; i < HR_QUERY_ROWS; i++) group[i] = HR_NO_GROUP;
  hr_query query = {.rows = block->rows,
                    .x = block->noisy,
                    .error = block->error,
                    .level = 1,
                    .group = group,
                    .fold = fold};
  hr_status status = hr_templates_compare(templates, work, &query, own, all, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < block->rows; i++) {
    double values[4] = {all[i].mean, all[i].variance, all[i].effective, all[i].error};
    memcpy(out + 4 * (block->first_row + i), values, sizeof values);
  }
  return HR_OK;
}

static hr_status predict(const hr_templates *templates, const char *test,
                         const char *path, hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  hr_stream *stream = NULL;
  hr_block block = {0};
  hr_templates_workspace *work = NULL;
  double *out = NULL, seconds = 0;
  hr_strings paths = {(char **)&test, 1};
  hr_stream_options options = hr_stream_options_default();
  options.noise.source = HR_NOISE_STORED;
  options.block_rows = HR_QUERY_ROWS;
  HR_TRY(hr_dataset_create(&paths, NULL, &dataset, err));
  size_t rows = hr_dataset_rows(dataset), over_pixels = 0;
  HR_TRY(hr_alloc(&out, 4 * rows, err));
  HR_TRY(hr_templates_workspace_create(templates, &work, err));
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    double start = processor_seconds();
    HR_TRY(compare(templates, work, &block, out, err));
    seconds += processor_seconds() - start;
  }
  for (size_t i = 0; i < rows; i++) over_pixels += out[4 * i + 3] > 0 ? 0 : 1;
  printf("compare %.3f s, %zu of %zu over pixels\n", seconds, over_pixels, rows);
  HR_TRY(hr_npy_write(path, out, rows, 4, err));
cleanup:
  hr_templates_workspace_destroy(&work);
  hr_free(out);
  hr_stream_destroy(&stream);
  hr_dataset_destroy(&dataset);
  return status;
}

int main(int argc, char **argv) {
  hr_error err;
  hr_status status = HR_OK;
  hr_templates *templates = NULL;
  if (argc < 6) return 2;
  hr_templates_options options = {0};
  options.weigh = strcmp(argv[1], "pixels") == 0 ? HR_WEIGH_PIXELS : HR_WEIGH_COMPONENTS;
  hr_strings train = {argv + 5, (size_t)argc - 5};
  HR_TRY(load(&train, strtoul(argv[3], NULL, 10), &options, &templates, &err));
  HR_TRY(predict(templates, argv[4], argv[2], &err));
cleanup:
  hr_templates_destroy(&templates);
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  return status == HR_OK ? 0 : 1;
}
