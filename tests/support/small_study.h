/* A few random rows in bins, and a method's life on them. */
#ifndef HR_TESTS_SMALL_STUDY_H
#define HR_TESTS_SMALL_STUDY_H

#include "core/random.h"
#include "methods/method.h"
#include "support/check.h"
#include "support/life.h"

enum {
  SMALL_TRAIN = 400,
  SMALL_TEST = 80,
  SMALL_PIXELS = 50,
  SMALL_BINS = 4,
  SMALL_FOLDS = 5,
};

/* Bin 0 has more rows than pixels, bin 1 fewer, bin 2 one, bin 3 none; some are
 * uncovered. The error of pixel p is 0.1 times ten to the pixel's own number `shape`. */
typedef struct small_study {
  float train_x[SMALL_TRAIN * SMALL_PIXELS], test_x[SMALL_TEST * SMALL_PIXELS];
  float train_error[SMALL_TRAIN * SMALL_PIXELS], test_error[SMALL_TEST * SMALL_PIXELS];
  double train_y[SMALL_TRAIN], test_y[SMALL_TEST];
  int32_t train_bin[SMALL_TRAIN], test_bin[SMALL_TEST];
  uint8_t fold[SMALL_TRAIN];
  hr_study_view view;
} small_study;

static inline void small_study_rows(float *x, float *error, double *y, int32_t *bin,
                                    size_t rows, hr_stream_id stream) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * SMALL_PIXELS, *sigma = error + i * SMALL_PIXELS;
    hr_normal(9, stream, i, 0, SMALL_PIXELS, row);
    hr_normal(9, stream, i, SMALL_PIXELS, SMALL_PIXELS, sigma);
    bin[i] = i == 7 ? 2 : i % 10 < 6 ? 0 : i % 10 == 7 ? 1 : HR_UNCOVERED;
    y[i] = 3 + (double)row[0] + 0.5 * (double)row[1];
    for (size_t p = 0; p < SMALL_PIXELS; p++) {
      row[p] = 0.5F + 0.1F * row[p];
      sigma[p] = (float)(0.1 * pow(10, 0.2 * (double)sigma[p]));
    }
  }
}

static inline void small_study_init(small_study *s) {
  small_study_rows(s->train_x, s->train_error, s->train_y, s->train_bin, SMALL_TRAIN,
                   HR_STREAM_NOISE_TRAIN);
  small_study_rows(s->test_x, s->test_error, s->test_y, s->test_bin, SMALL_TEST,
                   HR_STREAM_NOISE_TEST);
  hr_assign_folds(s->train_bin, SMALL_TRAIN, SMALL_BINS, SMALL_FOLDS, 1, s->fold);
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = SMALL_PIXELS,
      .bin_count = SMALL_BINS,
      .fold_count = SMALL_FOLDS,
      .train = {SMALL_TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test_rows = SMALL_TEST,
      .test_bin = s->test_bin,
      .seed = 42,
      .memory_bytes = (size_t)1 << 30,
  };
}

/* The life of a method on them (support/life.h). */
static inline life_plan small_study_plan(const small_study *s, const hr_method *method,
                                         const void *parameters) {
  return (life_plan){method,
                     &s->view,
                     parameters,
                     {SMALL_TRAIN, s->train_x, s->train_error, s->train_x},
                     {SMALL_TEST, s->test_x, s->test_error, s->test_x}};
}

#endif
