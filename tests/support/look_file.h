/* A file whose spectra and labels agree: row i has a signal-to-noise ratio of 10 + i, in
 * flux, error, stored noise and the label `snr`. Tests change what they want to have
 * found.
 */
#ifndef HR_TESTS_LOOK_FILE_H
#define HR_TESTS_LOOK_FILE_H

#include "core/random.h"
#include "data/dataset.h"
#include "support/check.h"
#include "support/shards.h"

enum { LOOK_ROWS = 80, LOOK_PIXELS = 256 };

typedef struct look_file {
  char path[256];
  size_t rows;
  double flux[LOOK_ROWS * LOOK_PIXELS], error[LOOK_ROWS * LOOK_PIXELS];
  double noisy[LOOK_ROWS * LOOK_PIXELS];
  double labels[LOOK_ROWS]; /* of the column snr */
  double wave[LOOK_PIXELS];
  double index[LOOK_ROWS], mask[LOOK_ROWS * LOOK_PIXELS];
  bool has_index, has_noisy, has_mask;
} look_file;

/* Fills the fixture; the file is written when it is opened. The flux has a line every
 * eighth pixel. */
static inline void look_file_fill(look_file *f, const char *name, size_t rows) {
  *f = (look_file){.rows = rows, .has_noisy = true};
  shard_path(f->path, sizeof f->path, name);
  for (size_t p = 0; p < LOOK_PIXELS; p++) f->wave[p] = 7100 + 0.4 * (double)p;
  for (size_t i = 0; i < rows; i++) {
    float z[LOOK_PIXELS];
    hr_normal(3, HR_STREAM_NOISE_TEST, i, 0, LOOK_PIXELS, z);
    f->labels[i] = 10 + (double)i;
    for (size_t p = 0; p < LOOK_PIXELS; p++) {
      size_t at = i * LOOK_PIXELS + p;
      f->flux[at] = p % 8 == 0 ? 0.6 : 1;
      f->error[at] = 1 / f->labels[i];
      f->noisy[at] = f->flux[at] + f->error[at] * (double)z[p];
    }
  }
}

static inline hr_dataset *look_file_open(look_file *f) {
  hr_error err = {0};
  hr_dataset *dataset = NULL;
  char *path = f->path;
  const hr_strings paths = {.items = &path, .count = 1};
  shard_spec spec = shard_spec_default(f->path);
  spec.rows = f->rows;
  spec.pixels = LOOK_PIXELS;
  spec.flux = f->flux;
  spec.error = f->error;
  spec.noisy = f->noisy;
  spec.mask = f->has_mask ? f->mask : NULL;
  spec.with_noisy = f->has_noisy;
  spec.wave = f->wave;
  spec.frame = SHARD_FIXED;
  spec.columns[0] = (shard_column){"snr", f->labels};
  spec.column_count = 1;
  spec.index = f->has_index ? f->index : NULL;
  shard_write(&spec);
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  return dataset;
}

static inline void look_file_fini(const look_file *f) {
  unlink(f->path);
}

#endif
