/* A method's life in a study: it learns all training rows, yields models, and these
 * predict the test rows by number. */
#ifndef HR_TESTS_LIFE_H
#define HR_TESTS_LIFE_H

#include <stdlib.h>

#include "methods/method.h"
#include "support/block_snr.h"
#include "support/check.h"

/* Rows of one split, borrowed; each array [rows][P], NULL where nobody looks at it. */
typedef struct life_rows {
  size_t rows;
  const float *flux, *error, *noisy;
} life_rows;

/* What a life is made of. */
typedef struct life_plan {
  const hr_method *method;
  const hr_study_view *view;
  const void *parameters;
  life_rows train, test;
} life_plan;

/* What came of it. Slots in the order of the method's. */
typedef struct life {
  hr_trained trained[HR_MOST_BINS + 1];
  size_t slots;
  size_t test_rows;
  float *mean[HR_MOST_BINS + 1]; /* [V][test_rows]; NaN where the row is not the slot's,
                                    NULL where it has no model */
} life;

static inline void life_fini(life *l) {
  for (size_t s = 0; s < l->slots; s++) {
    hr_trained_fini(&l->trained[s]);
    free(l->mean[s]);
  }
  memset(l, 0, sizeof *l);
}

/* begin, and learn all rows, `block_rows` at a time; the learner is destroyed where that
 * fails. */
static inline hr_status life_learn(const life_plan *plan, size_t block_rows,
                                   hr_learner **out, hr_error *err) {
  const life_rows *rows = &plan->train;
  size_t pixels = plan->view->pixels;
  hr_status status = plan->method->begin(plan->view, plan->parameters, out, err);
  for (size_t first = 0; status == HR_OK && first < rows->rows; first += block_rows) {
    size_t left = rows->rows - first, count = left < block_rows ? left : block_rows;
    size_t at = first * pixels;
    hr_block block = {.first_row = first,
                      .rows = count,
                      .pixels = pixels,
                      .flux = rows->flux ? rows->flux + at : NULL,
                      .error = rows->error ? rows->error + at : NULL,
                      .noisy = rows->noisy ? rows->noisy + at : NULL};
    block.snr = block_snr(count, pixels, block.noisy, block.error);
    status = plan->method->learn(*out, &block, err);
  }
  if (status != HR_OK) plan->method->destroy(out);
  return status;
}

/* finish; the learner is gone then, as in a study. To be followed by life_fini, on
 * failure too. */
static inline hr_status life_finish(const life_plan *plan, hr_learner **learner, life *l,
                                    hr_error *err) {
  memset(l, 0, sizeof *l);
  l->slots = hr_method_slots(plan->method, plan->parameters, plan->view->bin_count);
  hr_status status = plan->method->finish(*learner, l->trained, err);
  plan->method->destroy(learner);
  return status;
}

/* Every slot predicts its rows, in one block. */
static inline hr_status life_predict(const life_plan *plan, life *l, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = plan->view;
  const life_rows *test = &plan->test;
  const hr_spectra spectra = {0,           test->rows,  view->pixels,
                              test->noisy, test->error, view->noise_level};
  uint32_t *rows = calloc(test->rows, sizeof *rows);
  l->test_rows = test->rows;
  for (size_t s = 0; status == HR_OK && s < l->slots; s++) {
    const hr_model *model = l->trained[s].model;
    int slot = l->trained[s].fit.slot;
    if (!model) continue;
    hr_request request = {.model = model,
                          .row = rows,
                          .variants = model->variant_count,
                          .variant_stride = test->rows};
    for (uint32_t i = 0; i < test->rows; i++) {
      if (slot == HR_GLOBAL || view->test_bin[i] == slot) rows[request.count++] = i;
    }
    size_t count = model->variant_count * test->rows;
    l->mean[s] = request.mean = calloc(count, sizeof(float));
    for (size_t i = 0; i < count; i++) l->mean[s][i] = NAN;
    status = hr_models_predict(&spectra, &request, 1, err);
  }
  free(rows);
  return status;
}

/* All of it; nothing is left on failure. */
static inline hr_status life_live(const life_plan *plan, size_t block_rows, life *l,
                                  hr_error *err) {
  hr_learner *learner = NULL;
  memset(l, 0, sizeof *l);
  hr_status status = life_learn(plan, block_rows, &learner, err);
  if (status == HR_OK) status = life_finish(plan, &learner, l, err);
  if (status == HR_OK) status = life_predict(plan, l, err);
  if (status != HR_OK) life_fini(l);
  return status;
}

/* The same bytes came of two lives: predictions, and what validation found. */
static inline void life_check_same(const life *a, const life *b) {
  assert_int_equal(a->slots, b->slots);
  for (size_t s = 0; s < a->slots; s++) {
    const hr_fit *x = &a->trained[s].fit, *y = &b->trained[s].fit;
    size_t variants = x->variant_count;
    assert_int_equal(x->status, y->status);
    assert_int_equal(x->chosen, y->chosen);
    assert_int_equal(variants, y->variant_count);
    if (!a->trained[s].model) continue;
    assert_memory_equal(x->cv_r2, y->cv_r2, variants * sizeof *x->cv_r2);
    assert_memory_equal(a->mean[s], b->mean[s], variants * a->test_rows * sizeof(float));
  }
}

#endif
