/* The files of a study so small that a test can run it: two shards and study.yaml. */
#ifndef HR_TESTS_STUDY_FILES_H
#define HR_TESTS_STUDY_FILES_H

#include "support/scratch.h"
#include "support/shards.h"

enum { STUDY_TRAIN_ROWS = 40, STUDY_TEST_ROWS = 12, STUDY_PIXELS = 5 };

/* Rows in both of two bins, labels that the flux tells. */
static inline void study_files_shard(scratch *s, const char *name, size_t rows) {
  enum { ROWS = STUDY_TRAIN_ROWS, PIXELS = STUDY_PIXELS };
  static double t_eff[ROWS], log_g[ROWS], m_h[ROWS], snr[ROWS];
  static double flux[ROWS * PIXELS], error[ROWS * PIXELS];
  char path[sizeof s->name];
  snprintf(path, sizeof path, "%s", scratch_name(s, name));
  for (size_t i = 0; i < rows; i++) {
    /* Test rows are copies of training rows but for a digit of a label. */
    t_eff[i] = (i % 2 ? 1.5 : 2.5) + (rows == STUDY_TRAIN_ROWS ? 0 : 0.001);
    log_g[i] = 1 + (double)(7 * i % 40) / 10;
    m_h[i] = 0.5;
    snr[i] = 5 + (double)(i % 10);
    for (size_t p = 0; p < PIXELS; p++) {
      flux[i * PIXELS + p] = 1 + 0.1 * log_g[i] * (double)(p + 1);
      error[i * PIXELS + p] = 0.05;
    }
  }
  shard_spec spec = shard_spec_default(path);
  spec.rows = rows;
  spec.pixels = PIXELS;
  spec.flux = flux;
  spec.error = error;
  spec.columns[0] = (shard_column){"T_eff", t_eff};
  spec.columns[1] = (shard_column){"log_g", log_g};
  spec.columns[2] = (shard_column){"M_H", m_h};
  spec.columns[3] = (shard_column){"snr", snr};
  spec.column_count = 4;
  shard_write(&spec);
}

/* train.h5, test.h5, and the study of them: text [size], its paths relative to `root`. */
static inline void study_files_yaml(char *text, size_t size, const char *root) {
  snprintf(text, size,
           "experiment: {id: E}\n"
           "data: {train: [train.h5], test: test.h5, root: %s, noise: {test: generated}, "
           "allow: [test_in_training]}\n"
           "binning: {T_eff: [1, 2, 3], M_H: [0, 1]}\n"
           "experts: {ridge: {alpha: [1, 10]}, posterior: }\n",
           root);
}

static inline void study_files_write(scratch *s) {
  char yaml[512];
  study_files_shard(s, "train.h5", STUDY_TRAIN_ROWS);
  study_files_shard(s, "test.h5", STUDY_TEST_ROWS);
  study_files_yaml(yaml, sizeof yaml, s->path);
  scratch_write(s, "study.yaml", yaml);
}

#endif
