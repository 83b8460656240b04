/* One pass over the training rows gathers, for every bin and fold, what all fits need;
 * alpha is then chosen by cross-validation without another look at the data. A bin with
 * more rows than pixels keeps centred sums (compute/scatter.h); one with fewer keeps its
 * rows and solves the dual system, which is smaller (compute/dual.h). Each row is
 * multiplied once: the global model adds up the sums of the large bins and has sums of
 * its own for the remaining rows only. Where memory is short, a bin keeps its rows on
 * disk until its turn to be trained, and gathers them, the same to the bit, only then;
 * where it is shorter still, the sums of a few folds at a time, twice.
 *
 * Where the noise is integrated out, the rows are the clean ones, and one vector more is
 * kept for every model and fold: the variance of the noise summed over the rows. */
#include "methods/ridge/models.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "methods/ridge/parts.h"

static void count_test_rows(const hr_study_view *study, size_t *counts) {
  hr_count_bins(study->test.route, study->test.rows, study->bin_count, counts);
  counts[study->bin_count] = study->test.rows;
}

hr_status hr_ridge_create_sums(const hr_learner *expert, hr_ridge_model *model,
                               size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  if (model->form == HR_RIDGE_DUAL) {
    return hr_dual_create(rows, study->pixels, expert->tiles, &model->dual, err);
  }
  HR_TRY(hr_alloc(&model->folds, study->fold_count, err));
  for (size_t f = 0; f < study->fold_count; f++) {
    HR_TRY(hr_scatter_create(study->pixels, expert->tiles, &model->folds[f], err));
  }
cleanup:
  return status;
}

void hr_ridge_destroy_folds(hr_ridge_model *model, size_t fold_count) {
  for (size_t f = 0; model->folds && f < fold_count; f++) {
    hr_scatter_destroy(&model->folds[f]);
  }
  hr_free(model->folds);
  model->folds = NULL;
}

void hr_ridge_models_destroy(hr_learner **address) {
  hr_learner *expert = *address;
  *address = NULL;
  if (!expert) return;
  for (size_t m = 0; expert->models && m <= expert->study->bin_count; m++) {
    hr_ridge_model *model = &expert->models[m];
    hr_ridge_destroy_folds(model, expert->study->fold_count);
    hr_dual_destroy(&model->dual);
    hr_row_store_destroy(&model->rows);
    hr_free(model->noise);
    hr_free(model->weights);
    hr_free(model->intercept);
    hr_free(model->squared_error);
    hr_free(model->cv_r2);
    hr_free(model->level_cv_r2);
    hr_free(model->level_alpha);
    hr_free(model->predictions);
  }
  hr_free(expert->order);
  hr_free(expert->models);
  hr_free(expert->tasks);
  hr_tiles_destroy(&expert->tiles);
  hr_free(expert);
}

/* The alphas from the largest to the smallest, as shifted systems want them. */
static hr_status sort_alphas(hr_learner *expert, hr_error *err) {
  hr_status status = hr_alloc(&expert->order, expert->alpha_count, err);
  for (size_t a = 0; status == HR_OK && a < expert->alpha_count; a++) {
    size_t at = a;
    for (; at > 0 && expert->alpha[expert->order[at - 1]] < expert->alpha[a]; at--) {
      expert->order[at] = expert->order[at - 1];
    }
    expert->order[at] = a;
  }
  return status;
}

static hr_status init_model(hr_learner *expert, size_t m, size_t rows, size_t test_rows,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *model = &expert->models[m];
  const hr_study_view *study = expert->study;
  size_t pixels = study->pixels, alphas = expert->alpha_count;
  model->form = hr_ridge_form(rows, pixels);
  HR_TRY(hr_alloc(&model->weights, alphas * pixels, err));
  HR_TRY(hr_alloc(&model->intercept, alphas, err));
  HR_TRY(hr_alloc(&model->squared_error, expert->level_count * study->fold_count * alphas,
                  err));
  HR_TRY(hr_alloc(&model->cv_r2, alphas, err));
  HR_TRY(hr_alloc(&model->level_cv_r2, expert->level_count, err));
  HR_TRY(hr_alloc(&model->level_alpha, expert->level_count, err));
  HR_TRY(hr_alloc(&model->predictions, alphas * test_rows, err));
  if (expert->integrates_noise && model->form != HR_RIDGE_NONE) {
    HR_TRY(hr_alloc(&model->noise, study->fold_count * pixels, err));
  }
  if (hr_ridge_keeps_rows(study, m, model->form)) {
    HR_TRY(hr_row_store_create(rows, pixels, study->folder, &model->rows, err));
  } else if (model->form != HR_RIDGE_NONE) {
    HR_TRY(hr_ridge_create_sums(expert, model, rows, err));
  }
cleanup:
  return status;
}

static void init_task(const hr_learner *expert, size_t m, size_t rows, size_t test_rows) {
  const hr_ridge_model *model = &expert->models[m];
  hr_task *task = &expert->tasks[m];
  task->bin = m == expert->study->bin_count ? HR_GLOBAL : (int)m;
  task->status = HR_FIT_SKIPPED;
  task->train_rows = rows;
  task->test_rows = test_rows;
  task->variant_count = expert->alpha_count;
  task->variant_value = expert->alpha;
  task->cv_r2 = model->cv_r2;
  task->predictions = model->predictions;
  if (model->form != HR_RIDGE_NONE) {
    task->level_count = expert->level_count - 1;
    task->level = expert->level;
    task->level_cv_r2 = model->level_cv_r2;
    task->level_value = model->level_alpha;
  }
  if (model->form == HR_RIDGE_NONE) {
    snprintf(task->note, sizeof task->note, "%zu training row%s, at least %d are needed",
             rows, rows == 1 ? "" : "s", HR_RIDGE_FEWEST_ROWS);
  }
}

hr_status hr_ridge_models_create(const hr_study_view *study,
                                 const hr_ridge_options *options, hr_learner **out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  size_t *rows = NULL, *test_rows = NULL;
  hr_learner *expert = NULL;
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->name = options->name;
  expert->alpha = options->alpha->items;
  expert->alpha_count = options->alpha->count;
  HR_TRY(sort_alphas(expert, err));
  expert->level_count = 1;
  if (options->integrate_noise && options->levels) {
    expert->level = options->levels->items;
    expert->level_count += options->levels->count;
  }
  expert->integrates_noise = hr_ridge_integrates_noise(study, options);
  HR_TRY(hr_alloc(&rows, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&test_rows, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&expert->models, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&expert->tasks, study->bin_count + 1, err));
  HR_TRY(hr_tiles_create(study->compute, &expert->tiles, err));
  hr_ridge_count_rows(study, rows);
  count_test_rows(study, test_rows);
  for (size_t m = 0; m <= study->bin_count; m++) {
    HR_TRY(init_model(expert, m, rows[m], test_rows[m], err));
    init_task(expert, m, rows[m], test_rows[m]);
  }
  *out = expert;
  expert = NULL;
cleanup:
  hr_free(rows);
  hr_free(test_rows);
  hr_ridge_models_destroy(&expert);
  return status;
}

static hr_status add_row(hr_ridge_model *model, const float *x, double y, uint8_t fold,
                         hr_error *err) {
  if (model->rows) return hr_row_store_append(model->rows, &x, 1, err);
  hr_ridge_sum_row(model, x, y, fold);
  return HR_OK;
}

/* The variances of a block's rows, summed for every model and fold, some pixels at a
 * time: rows in order, whatever the threads. Pixels with an error <= 0 carry no noise, as
 * in the stream. */
typedef struct noise_context {
  hr_learner *expert;
  const hr_block *block;
} noise_context;

enum { NOISE_STRIP = 256 };

static void add_noise(double *sum, const float *error, size_t count) {
  for (size_t p = 0; p < count; p++) {
    double sigma = error[p] > 0 ? (double)error[p] : 0;
    sum[p] += sigma * sigma;
  }
}

static void add_noise_strip(void *context, size_t strip, size_t thread) {
  (void)thread;
  const noise_context *c = context;
  const hr_study_view *study = c->expert->study;
  size_t pixels = study->pixels, first = strip * NOISE_STRIP;
  size_t count = pixels - first < NOISE_STRIP ? pixels - first : NOISE_STRIP;
  for (size_t i = 0; i < c->block->rows; i++) {
    size_t row = c->block->first_row + i;
    size_t at = study->train.fold[row] * pixels + first;
    int32_t bin = study->train.bin[row];
    const float *error = c->block->error + i * pixels + first;
    double *own = bin == HR_UNCOVERED ? NULL : c->expert->models[bin].noise;
    double *all = hr_ridge_global(c->expert)->noise;
    if (own) add_noise(own + at, error, count);
    if (all) add_noise(all + at, error, count);
  }
}

hr_status hr_ridge_models_observe(hr_learner *expert, const hr_block *block,
                                  hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &expert->study->train;
  hr_ridge_model *global = hr_ridge_global(expert);
  const float *rows = expert->integrates_noise ? block->flux : block->noisy;
  if (expert->integrates_noise) {
    size_t strips = (block->pixels + NOISE_STRIP - 1) / NOISE_STRIP;
    hr_parallel_for(strips, add_noise_strip, &(noise_context){expert, block});
  }
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i;
    const float *x = rows + i * block->pixels;
    int32_t bin = train->bin[row];
    if (bin != HR_UNCOVERED) {
      HR_TRY(add_row(&expert->models[bin], x, train->target[row], train->fold[row], err));
    }
    if (hr_ridge_is_global_row(expert, bin)) {
      HR_TRY(add_row(global, x, train->target[row], train->fold[row], err));
    }
  }
cleanup:
  return status;
}

/* Predictions of one model for one row, every alpha: w [A][P] times x. */
static void predict_row(const hr_learner *expert, const hr_ridge_model *model,
                        const double *x, size_t test_rows, size_t at) {
  size_t pixels = expert->study->pixels;
  for (size_t a = 0; a < expert->alpha_count; a++) {
    double sum = cblas_ddot((int)pixels, model->weights + a * pixels, 1, x, 1);
    model->predictions[a * test_rows + at] = (float)(model->intercept[a] + sum);
  }
}

typedef struct predict_context {
  const hr_learner *expert;
  const hr_block *block;
  const size_t *at; /* [block rows] where each row stands among its bin's test rows */
  double *scratch;  /* [threads][P] */
} predict_context;

static void predict_block_row(void *context, size_t i, size_t thread) {
  const predict_context *predict = context;
  const hr_learner *expert = predict->expert;
  size_t pixels = expert->study->pixels, bins = expert->study->bin_count;
  const float *x = predict->block->noisy + i * pixels;
  double *wide = predict->scratch + thread * pixels;
  for (size_t p = 0; p < pixels; p++) wide[p] = (double)x[p];
  size_t row = predict->block->first_row + i;
  int32_t route = expert->study->test.route[row];
  if (route != HR_UNCOVERED && expert->tasks[route].status == HR_FIT_OK) {
    predict_row(expert, &expert->models[route], wide, expert->tasks[route].test_rows,
                predict->at[i]);
  }
  if (expert->tasks[bins].status == HR_FIT_OK) {
    predict_row(expert, &expert->models[bins], wide, expert->tasks[bins].test_rows, row);
  }
}

hr_status hr_ridge_models_observe_test(hr_learner *expert, const hr_block *block,
                                       hr_error *err) {
  hr_status status = HR_OK;
  size_t *at = NULL;
  double *scratch = NULL;
  HR_TRY(hr_alloc(&at, block->rows, err));
  HR_TRY(hr_alloc(&scratch, hr_thread_count() * block->pixels, err));
  for (size_t i = 0; i < block->rows; i++) {
    int32_t route = expert->study->test.route[block->first_row + i];
    if (route != HR_UNCOVERED) at[i] = expert->models[route].next_test_row++;
  }
  predict_context predict = {expert, block, at, scratch};
  hr_parallel_for(block->rows, predict_block_row, &predict);
cleanup:
  hr_free(at);
  hr_free(scratch);
  return status;
}

const hr_task *hr_ridge_models_tasks(const hr_learner *expert, size_t *count) {
  *count = expert->study->bin_count + 1;
  return expert->tasks;
}

/* model.npy: fp64 [A][1 + P], each row an intercept and the weights of one alpha. */
hr_status hr_ridge_models_save(const hr_learner *expert, const hr_task *task,
                               const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = expert->study->pixels, alphas = expert->alpha_count;
  const hr_ridge_model *model =
      task->bin == HR_GLOBAL ? hr_ridge_global(expert) : &expert->models[task->bin];
  double *rows = NULL;
  char *path = NULL;
  HR_TRY(hr_alloc(&rows, alphas * (1 + pixels), err));
  for (size_t a = 0; a < alphas; a++) {
    double *row = rows + a * (1 + pixels);
    row[0] = model->intercept[a];
    memcpy(row + 1, model->weights + a * pixels, pixels * sizeof *row);
  }
  HR_TRY(hr_join_path(folder, "model.npy", &path, err));
  HR_TRY(hr_npy_write(path, rows, alphas, 1 + pixels, err));
cleanup:
  hr_free(rows);
  hr_free(path);
  return status;
}
