/* One pass over the training rows gathers, for every bin and fold, what all fits need;
 * alpha is then chosen by cross-validation without another look at the data (train.c). A
 * bin with more rows than pixels keeps centred sums (compute/scatter.h); one with fewer
 * keeps its rows and solves the dual system, which is smaller (compute/dual.h). Each row
 * is multiplied once: the global model adds up the sums of the large bins and has sums of
 * its own for the remaining rows only. Where memory is short, a bin keeps its rows on
 * disk until its turn to be trained (low_memory.h).
 *
 * Where the noise is integrated out, the rows are the clean ones, and one vector more is
 * kept for every model and fold: the variance of the noise summed over the rows. */
#include "methods/ridge/models.h"

#include "core/alloc.h"
#include "core/parallel.h"
#include "methods/ridge/cost.h"
#include "methods/ridge/learner.h"

/* Powers of ten at both ends, as widening wants them. */
static const double usual_alphas[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
static const hr_numbers usual = {(double *)(uintptr_t)usual_alphas,
                                 sizeof usual_alphas / sizeof *usual_alphas};

hr_ridge_options hr_ridge_options_default(const hr_numbers *alpha) {
  bool is_auto = alpha->count == 0;
  return (hr_ridge_options){.name = "ridge",
                            .stage = "solving Ridge",
                            .alpha = is_auto ? &usual : alpha,
                            .widens = is_auto,
                            .alphas_a_run = HR_RIDGE_RUN_ALPHAS};
}

void hr_ridge_models_estimate(const hr_study_view *study, const hr_ridge_options *options,
                              hr_cost *cost) {
  size_t counts[HR_MOST_BINS + 1];
  hr_ridge_count_rows(study, counts);
  hr_ridge_estimate(study, options, counts, cost);
}

void hr_ridge_models_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  for (size_t m = 0; learner->models && m <= learner->study->bin_count; m++) {
    hr_ridge_sums_fini(&learner->models[m].sums);
    hr_row_store_destroy(&learner->models[m].rows);
    hr_free(learner->models[m].gathered);
  }
  size_t slots = hr_study_targets(learner->study) * (learner->study->bin_count + 1);
  for (size_t i = 0; learner->back && i < slots; i++) hr_trained_fini(&learner->back[i]);
  hr_free(learner->back);
  hr_gathered_fini(&learner->leaving);
  hr_free(learner->models);
  hr_held_rows_destroy(&learner->held);
  hr_free(learner->noise_scale);
  hr_ridge_alphas_fini(&learner->alphas);
  hr_ridge_pool_fini(&learner->pool);
  hr_tiles_destroy(&learner->tiles);
  hr_free(learner);
}

static hr_status init_model(hr_learner *learner, size_t m, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  hr_ridge_model *model = &learner->models[m];
  bool has_noise = hr_ridge_integrates_noise(study, &learner->options);
  model->shape = hr_ridge_shape_of(study, &learner->options, m, rows);
  if (!hr_study_wants(study, m)) model->state = HR_RIDGE_ELSEWHERE;
  if (model->state == HR_RIDGE_ELSEWHERE) return HR_OK;
  HR_TRY(
      hr_ridge_sums_init(&model->sums, &model->shape, study->fold_count, has_noise, err));
  if (model->shape.keeps_rows) {
    HR_TRY(hr_row_store_create(rows, study->pixels, study->folder, &model->rows, err));
  } else {
    HR_TRY(hr_ridge_sums_open(&model->sums, rows, &learner->pool, err));
  }
cleanup:
  return status;
}

/* The squares of the noise levels: the study's own, and the others that are asked for. */
static hr_status init_levels(hr_learner *learner, hr_error *err) {
  const hr_ridge_options *options = &learner->options;
  bool sweeps = options->integrate_noise && options->levels;
  learner->level_count = 1 + (sweeps ? options->levels->count : 0);
  hr_status status = hr_alloc(&learner->noise_scale, learner->level_count, err);
  for (size_t l = 0; status == HR_OK && l < learner->level_count; l++) {
    double level = l == 0 ? learner->study->noise_level : options->levels->items[l - 1];
    learner->noise_scale[l] = level * level;
  }
  return status;
}

hr_status hr_ridge_models_begin(const hr_study_view *study,
                                const hr_ridge_options *options, hr_learner **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  size_t rows[HR_MOST_BINS + 1];
  /* Spare sums: as many as a bin that kept its rows has at once; otherwise that of all
   * folds. */
  bool keeps_rows = study->low_memory >= HR_LOW_MEMORY_ROWS;
  size_t spare = keeps_rows ? study->fold_count + 1 : 1;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->options = *options;
  HR_TRY(
      hr_ridge_alphas_init(&learner->alphas, options->alpha, options->alphas_a_run, err));
  HR_TRY(init_levels(learner, err));
  HR_TRY(hr_tiles_create(study->compute, &learner->tiles, err));
  HR_TRY(hr_ridge_pool_init(&learner->pool, study->pixels, learner->tiles, spare, err));
  learner->pool.targets = hr_study_targets(study);
  HR_TRY(hr_alloc(&learner->models, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&learner->back, learner->pool.targets * (study->bin_count + 1), err));
  hr_ridge_count_rows(study, rows);
  for (size_t m = 0; m <= study->bin_count; m++) {
    HR_TRY(init_model(learner, m, rows[m], err));
  }
  if (options->learns_sigma) {
    HR_TRY(hr_held_rows_create(study, hr_ridge_held_most(options), &learner->held, err));
  }
  *out = learner;
  learner = NULL;
cleanup:
  hr_ridge_models_destroy(&learner);
  return status;
}

static hr_status add_row(hr_ridge_model *model, const float *x, const double *y,
                         uint8_t fold, hr_error *err) {
  if (model->state != HR_RIDGE_HERE) return HR_OK;
  if (model->rows) return hr_row_store_append(model->rows, &x, 1, err);
  hr_ridge_sums_add(&model->sums, x, y, fold);
  return HR_OK;
}

/* The variances of a block's rows, summed for every model and fold, some pixels at a
 * time: rows in order, whatever the threads. Pixels with an error <= 0 carry no noise, as
 * in the stream. */
typedef struct noise_context {
  hr_learner *learner;
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
  const hr_study_view *study = c->learner->study;
  size_t pixels = study->pixels, first = strip * NOISE_STRIP;
  size_t count = pixels - first < NOISE_STRIP ? pixels - first : NOISE_STRIP;
  for (size_t i = 0; i < c->block->rows; i++) {
    size_t row = c->block->first_row + i;
    size_t at = study->train.fold[row] * pixels + first;
    int32_t bin = study->train.bin[row];
    const float *error = c->block->error + i * pixels + first;
    double *own = bin == HR_UNCOVERED ? NULL : c->learner->models[bin].sums.noise;
    double *all = hr_ridge_global(c->learner)->sums.noise;
    if (own) add_noise(own + at, error, count);
    if (all) add_noise(all + at, error, count);
  }
}

hr_status hr_ridge_models_learn(hr_learner *learner, const hr_block *block,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &learner->study->train;
  hr_ridge_model *global = hr_ridge_global(learner);
  bool integrates_noise = hr_ridge_integrates_noise(learner->study, &learner->options);
  const float *rows = integrates_noise ? block->flux : block->noisy;
  learner->has_seen_rows = true;
  if (learner->held) HR_TRY(hr_held_rows_keep(learner->held, block, err));
  if (integrates_noise) {
    size_t strips = (block->pixels + NOISE_STRIP - 1) / NOISE_STRIP;
    hr_parallel_for(strips, add_noise_strip, &(noise_context){learner, block});
  }
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i;
    const float *x = rows + i * block->pixels;
    double y[HR_MOST_TARGETS];
    hr_study_take_targets(learner->study, row, y);
    int32_t bin = train->bin[row];
    if (bin != HR_UNCOVERED) {
      HR_TRY(add_row(&learner->models[bin], x, y, train->fold[row], err));
    }
    if (!learner->options.bins_alone && hr_ridge_is_global_row(learner, bin)) {
      HR_TRY(add_row(global, x, y, train->fold[row], err));
    }
  }
cleanup:
  return status;
}
