/* A stage of a study by itself, for bench/run.py.
 *
 * usage: bench_stage read FILE.h5...        every row of flux and error, prepared
 *        bench_stage observe FILE.h5...     every row of noisy and error, as `predict`
 * reads bench_stage noise ROWS PIXELS      deviates on one thread; prints them a second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/random.h"
#include "data/stream.h"

static hr_status read_all(char **paths, size_t count, hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  hr_stream *stream = NULL;
  hr_block block = {0};
  size_t rows = 0;
  double sum = 0;
  const hr_strings list = {paths, count};
  const hr_stream_options options = hr_stream_options_default();
  HR_TRY(hr_dataset_create(&list, NULL, &dataset, err));
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    rows += block.rows;
    sum += (double)block.flux[0] + (double)block.error[0];
  }
  printf("{\"rows\": %zu, \"bytes\": %llu, \"sum\": %.9g}\n", rows,
         (unsigned long long)hr_stream_preparation(stream)->bytes_read, sum);
cleanup:
  hr_stream_destroy(&stream);
  hr_dataset_destroy(&dataset);
  return status;
}

/* One file after the other, each as often as it is named. */
static hr_status observe_file(const char *path, size_t *rows, double *sum,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  hr_stream *stream = NULL;
  hr_block block = {0};
  hr_stream_options options = hr_stream_options_default();
  HR_TRY(hr_dataset_open_observed(path, false, NULL, &dataset, err));
  options.observed = hr_dataset_has_noisy(dataset) ? HR_OBSERVED_NOISY : HR_OBSERVED_FLUX;
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    *rows += block.rows;
    *sum += (double)block.noisy[0];
  }
cleanup:
  hr_stream_destroy(&stream);
  hr_dataset_destroy(&dataset);
  return status;
}

static hr_status observe_all(char **paths, size_t count, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = 0;
  double sum = 0;
  for (size_t i = 0; i < count; i++) HR_TRY(observe_file(paths[i], &rows, &sum, err));
  printf("{\"rows\": %zu, \"sum\": %.9g}\n", rows, sum);
cleanup:
  return status;
}

static hr_status draw(size_t rows, size_t pixels, hr_error *err) {
  hr_status status = HR_OK;
  float *z = NULL;
  struct timespec start, end;
  HR_TRY(hr_alloc(&z, pixels, err));
  hr_normal(42, HR_STREAM_NOISE_TRAIN, 0, 0, pixels, z);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  for (size_t row = 0; row < rows; row++) {
    hr_normal(42, HR_STREAM_NOISE_TRAIN, row, 0, pixels, z);
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double seconds =
      (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
  printf("{\"per_second\": %.6g}\n", (double)rows * (double)pixels / seconds);
cleanup:
  hr_free(z);
  return status;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  hr_status status = HR_OK;
  if (argc > 2 && strcmp(argv[1], "read") == 0) {
    status = read_all(argv + 2, (size_t)argc - 2, &err);
  } else if (argc > 2 && strcmp(argv[1], "observe") == 0) {
    status = observe_all(argv + 2, (size_t)argc - 2, &err);
  } else if (argc == 4 && strcmp(argv[1], "noise") == 0) {
    status = draw(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), &err);
  } else {
    fprintf(stderr, "usage: bench_stage read|observe FILE.h5... | noise ROWS PIXELS\n");
    return 2;
  }
  if (status != HR_OK) fprintf(stderr, "bench_stage: %s\n", err.message);
  return status == HR_OK ? 0 : 1;
}
