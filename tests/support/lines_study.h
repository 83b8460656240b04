/* Spectra with a line that moves and is the wider the less it is deep, in bins: its
 * depth, which is the label, cannot be had from a sum over pixels. */
#ifndef HR_TESTS_LINES_STUDY_H
#define HR_TESTS_LINES_STUDY_H

#include <math.h>

#include "core/random.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/line_index/line_index.h"
#include "support/check.h"
#include "support/life.h"

enum {
  LINES_TRAIN = 900,
  LINES_TEST = 400,
  LINES_PIXELS = 280,
  LINES_BINS = 3,
  LINES_FOLDS = 5,
};

typedef struct lines_study {
  float train_x[LINES_TRAIN * LINES_PIXELS], test_x[LINES_TEST * LINES_PIXELS];
  double train_y[LINES_TRAIN], test_y[LINES_TEST];
  int32_t train_bin[LINES_TRAIN], test_bin[LINES_TEST];
  uint8_t fold[LINES_TRAIN];
  double wave[LINES_PIXELS];
  hr_study_view view;
} lines_study;

/* Two angstrom a pixel from 8150, where the windows of users_13 are. */
static inline void lines_study_rows(const lines_study *s, float *x, double *y,
                                    int32_t *bin, size_t rows, hr_stream_id stream) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * LINES_PIXELS;
    hr_normal(9, stream, i, 0, LINES_PIXELS, row);
    double depth = 0.3 + 0.6 * hr_uniform(8, stream, i, 0), width = 2.4 / depth;
    double centre = 8500 + 12 * (hr_uniform(8, stream, i, 1) - 0.5);
    bin[i] = i % 9 < 1 ? 0 : i % 22 == 3 ? 2 : i % 9 < 7 ? 1 : HR_UNCOVERED;
    y[i] = depth;
    for (size_t p = 0; p < LINES_PIXELS; p++) {
      double from = (s->wave[p] - centre) / width;
      row[p] = (float)(1 - depth * exp(-from * from) + 0.02 * (double)row[p]);
    }
  }
}

static inline void lines_study_init(lines_study *s) {
  for (size_t p = 0; p < LINES_PIXELS; p++) s->wave[p] = 8150 + 2 * (double)p;
  lines_study_rows(s, s->train_x, s->train_y, s->train_bin, LINES_TRAIN,
                   HR_STREAM_NOISE_TRAIN);
  lines_study_rows(s, s->test_x, s->test_y, s->test_bin, LINES_TEST,
                   HR_STREAM_NOISE_TEST);
  hr_assign_folds(s->train_bin, LINES_TRAIN, LINES_BINS, LINES_FOLDS, 1, s->fold);
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = LINES_PIXELS,
      .bin_count = LINES_BINS,
      .fold_count = LINES_FOLDS,
      .wave_angstrom = s->wave,
      .train = {LINES_TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test_rows = LINES_TEST,
      .test_bin = s->test_bin,
      .target_name = "log_g",
      .seed = 42,
      .memory_bytes = (size_t)1 << 30,
  };
}

/* Of bins 1 and 2, on 13 features. */
typedef struct lines_parameters {
  double bins[2];
  char learner[16], features[16];
  hr_line_index_parameters parameters;
} lines_parameters;

static inline const hr_line_index_parameters *lines_parameters_init(lines_parameters *p,
                                                                    const char *learner) {
  p->bins[0] = 1;
  p->bins[1] = 2;
  snprintf(p->learner, sizeof p->learner, "%s", learner);
  snprintf(p->features, sizeof p->features, "users_13");
  p->parameters = (hr_line_index_parameters){.learner = p->learner,
                                             .bins = {p->bins, 2},
                                             .features = p->features,
                                             .components = -1,
                                             .most_rows = 20000};
  return &p->parameters;
}

static inline life_plan lines_study_plan(const lines_study *s,
                                         const hr_line_index_parameters *parameters) {
  return (life_plan){&hr_line_index_method,
                     &s->view,
                     parameters,
                     {LINES_TRAIN, s->train_x, NULL, s->train_x},
                     {LINES_TEST, s->test_x, NULL, s->test_x}};
}

static inline size_t lines_rows_of(const lines_study *s, int32_t bin) {
  size_t count = 0;
  for (size_t i = 0; i < LINES_TRAIN; i++) count += s->train_bin[i] == bin;
  return count;
}

static inline bool lines_has_lightgbm(void) {
  hr_error err;
  return hr_lightgbm_method.available(&err) == HR_OK;
}

#endif
