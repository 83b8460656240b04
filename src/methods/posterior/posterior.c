/* Templates are a random sample of the training rows, or all of them, or draws from the
 * model grid (posterior_grid.h), kept in memory: those of a bin are the bin's prior, all
 * of them the global one. One comparison of a spectrum with all templates gives both
 * answers. Test rows are gathered into groups of a fixed size by their number alone, so
 * that neither blocks nor threads change a bit.
 *
 * Validation compares held-out training rows, with their noise, with the templates of the
 * other folds: what a fold's rows would have got from the rest. Those of the grid are no
 * training rows, and all of them count. */
#include "methods/posterior/posterior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compute/templates.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/npy.h"
#include "core/observe.h"
#include "core/random.h"
#include "methods/posterior/grid.h"
#include "simulate/draws.h"
#include "simulate/quantile.h"

enum {
  FEWEST_TEMPLATES = 2, /* one says nothing about a spread */
  FEW_EFFECTIVE = 10, /* a mean over fewer is noisy in itself: said in the task's note */
};

static const size_t not_kept = SIZE_MAX;

/* Training rows kept with their noise, to be predicted from other folds' templates. */
typedef struct held_out {
  size_t count;
  size_t *rows;  /* [count] row numbers */
  size_t *place; /* [training rows] where each stands, or not_kept */
  float *x;      /* [count][P] noisy */
  float *error;  /* [count][P] */
} held_out;

typedef struct posterior_model {
  float *predictions; /* [test rows] */
  double *variance;   /* [test rows] of the posterior */
  double *effective;  /* [test rows] number of templates */
  double *error;      /* [test rows] of the mean, from weighing by components */
  size_t next_test_row;
  double cv_r2;
} posterior_model;

struct hr_learner {
  const hr_study_view *study;
  const hr_posterior_parameters *parameters;
  hr_templates *templates;
  hr_templates_workspace *workspace;
  double *typical; /* [P] mean 1/σ² of the templates' own rows, or of those of all */
  size_t typical_rows;
  size_t template_count;
  /* Of stored templates: */
  size_t *template_row; /* [templates] training rows, in order of (bin, label, row) */
  size_t *slot;         /* [training rows] its template, or not_kept */
  /* Of templates from the grid: */
  bool from_grid;
  hr_posterior_grid grid;
  double *medians; /* [of_all.count] of the pixels of clean rows */
  float *sorting;  /* [P] */
  held_out by_bin, of_all;
  posterior_model *models; /* [K + 1], the global one last */
  hr_task *tasks;          /* [K + 1] */
  float *x, *error;        /* [HR_QUERY_ROWS][P] test rows that wait */
  size_t waiting;
};

/* Bins, then the uncovered rows as one more group. */
static int32_t group_of(const hr_study_view *study, size_t row) {
  int32_t bin = study->train.bin[row];
  return bin == HR_UNCOVERED ? (int32_t)study->bin_count : bin;
}

static void held_out_fini(held_out *held) {
  hr_free(held->rows);
  hr_free(held->place);
  hr_free(held->x);
  hr_free(held->error);
  *held = (held_out){0};
}

static void posterior_destroy(hr_learner **address) {
  hr_learner *expert = *address;
  *address = NULL;
  if (!expert) return;
  for (size_t m = 0; expert->models && m <= expert->study->bin_count; m++) {
    hr_free(expert->models[m].predictions);
    hr_free(expert->models[m].variance);
    hr_free(expert->models[m].effective);
    hr_free(expert->models[m].error);
  }
  held_out_fini(&expert->by_bin);
  held_out_fini(&expert->of_all);
  hr_templates_workspace_destroy(&expert->workspace);
  hr_templates_destroy(&expert->templates);
  hr_free(expert->typical);
  hr_free(expert->template_row);
  hr_free(expert->slot);
  hr_posterior_grid_fini(&expert->grid);
  hr_free(expert->medians);
  hr_free(expert->sorting);
  hr_free(expert->models);
  hr_free(expert->tasks);
  hr_free(expert->x);
  hr_free(expert->error);
  hr_free(expert);
}

/* A training row in an order. */
typedef struct ranked_row {
  int32_t group;
  double key;
  size_t row;
} ranked_row;

static int compare_ranks(const void *left, const void *right) {
  const ranked_row *a = left, *b = right;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  if (a->key != b->key) return a->key < b->key ? -1 : 1;
  return a->row < b->row ? -1 : a->row > b->row;
}

/* A random permutation of the training rows, within groups or of all. */
static hr_status shuffle(const hr_study_view *study, hr_stream_id stream, bool grouped,
                         ranked_row **out, hr_error *err) {
  hr_status status = hr_alloc(out, study->train.rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < study->train.rows; i++) {
    double key = hr_uniform(study->seed, stream, i, 0);
    (*out)[i] = (ranked_row){grouped ? group_of(study, i) : 0, key, i};
  }
  qsort(*out, study->train.rows, sizeof **out, compare_ranks);
  return HR_OK;
}

/* Stored templates: the first of a random order, then sorted so that neighbours look
 * alike. */
static hr_status choose_stored(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t rows = study->train.rows, most = (size_t)expert->parameters->templates;
  ranked_row *ranked = NULL;
  expert->template_count = rows < most ? rows : most;
  HR_TRY(hr_alloc(&expert->slot, rows, err));
  HR_TRY(hr_alloc(&expert->template_row, expert->template_count, err));
  HR_TRY(shuffle(study, HR_STREAM_TEMPLATES, false, &ranked, err));
  for (size_t i = 0; i < expert->template_count; i++) {
    ranked[i].group = group_of(study, ranked[i].row);
    ranked[i].key = study->train.target[ranked[i].row];
  }
  qsort(ranked, expert->template_count, sizeof *ranked, compare_ranks);
  for (size_t i = 0; i < rows; i++) expert->slot[i] = not_kept;
  for (size_t i = 0; i < expert->template_count; i++) {
    expert->slot[ranked[i].row] = i;
    expert->template_row[i] = ranked[i].row;
  }
cleanup:
  hr_free(ranked);
  return status;
}

static bool is_text(const char *text, const char *wanted) {
  return text && strcmp(text, wanted) == 0;
}

static hr_status choose_templates(hr_learner *expert, hr_error *err) {
  expert->from_grid = is_text(expert->parameters->source, "grid");
  if (!expert->from_grid) return choose_stored(expert, err);
  expert->template_count = (size_t)expert->parameters->templates;
  return hr_posterior_grid_init(&expert->grid, expert->study, expert->template_count,
                                err);
}

static int32_t group_of_template(const hr_learner *expert, size_t i) {
  return expert->from_grid ? expert->grid.templates[i].group
                           : group_of(expert->study, expert->template_row[i]);
}

/* Rows to validate on: of each bin, or of all rows. */
static hr_status choose_held_out(hr_learner *expert, bool grouped, held_out *held,
                                 hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t rows = study->train.rows, most = (size_t)expert->parameters->validation;
  size_t taken = 0;
  ranked_row *ranked = NULL;
  HR_TRY(shuffle(study, HR_STREAM_HELD_OUT, grouped, &ranked, err));
  HR_TRY(hr_alloc(&held->rows, rows, err));
  HR_TRY(hr_alloc(&held->place, rows, err));
  for (size_t i = 0; i < rows; i++) {
    if (i == 0 || ranked[i].group != ranked[i - 1].group) taken = 0;
    held->place[ranked[i].row] = not_kept;
    bool uncovered = grouped && ranked[i].group == (int32_t)study->bin_count;
    if (taken++ >= most || uncovered) continue;
    held->place[ranked[i].row] = held->count;
    held->rows[held->count++] = ranked[i].row;
  }
  HR_TRY(hr_alloc(&held->x, held->count * study->pixels, err));
  HR_TRY(hr_alloc(&held->error, held->count * study->pixels, err));
cleanup:
  hr_free(ranked);
  return status;
}

static hr_status init_model(hr_learner *expert, size_t m, size_t rows, size_t test_rows,
                            hr_error *err) {
  hr_status status = HR_OK;
  posterior_model *model = &expert->models[m];
  hr_task *task = &expert->tasks[m];
  HR_TRY(hr_alloc(&model->predictions, test_rows, err));
  HR_TRY(hr_alloc(&model->variance, test_rows, err));
  HR_TRY(hr_alloc(&model->effective, test_rows, err));
  HR_TRY(hr_alloc(&model->error, test_rows, err));
  model->cv_r2 = (double)NAN;
  *task = (hr_task){.bin = m == expert->study->bin_count ? HR_GLOBAL : (int)m,
                    .status = HR_FIT_SKIPPED,
                    .train_rows = rows,
                    .test_rows = test_rows,
                    .variant_count = 1,
                    .cv_r2 = &model->cv_r2,
                    .predictions = model->predictions,
                    .variance = model->variance};
cleanup:
  return status;
}

/* Says why a model cannot be, or lets it be. */
static void judge_model(hr_learner *expert, size_t m, size_t templates) {
  hr_task *task = &expert->tasks[m];
  if (!(expert->study->noise_level > 0)) {
    snprintf(task->note, sizeof task->note,
             "without noise there is no posterior; data.noise.level has to be above 0");
  } else if (templates < FEWEST_TEMPLATES) {
    snprintf(task->note, sizeof task->note, "%zu template%s, at least %d are needed",
             templates, templates == 1 ? "" : "s", FEWEST_TEMPLATES);
  } else {
    task->status = HR_FIT_OK;
  }
}

static hr_status init_models(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t bins = study->bin_count, *rows = NULL, *test_rows = NULL, *templates = NULL;
  HR_TRY(hr_alloc(&rows, bins + 1, err));
  HR_TRY(hr_alloc(&test_rows, bins + 1, err));
  HR_TRY(hr_alloc(&templates, bins + 1, err));
  HR_TRY(hr_alloc(&expert->models, bins + 1, err));
  HR_TRY(hr_alloc(&expert->tasks, bins + 1, err));
  hr_count_bins(study->train.bin, study->train.rows, bins, rows);
  hr_count_bins(study->test.route, study->test.rows, bins, test_rows);
  for (size_t i = 0; i < expert->template_count; i++) {
    templates[group_of_template(expert, i)]++;
  }
  rows[bins] = study->train.rows;
  test_rows[bins] = study->test.rows;
  templates[bins] = expert->template_count;
  for (size_t m = 0; m <= bins; m++) {
    HR_TRY(init_model(expert, m, rows[m], test_rows[m], err));
    judge_model(expert, m, templates[m]);
  }
cleanup:
  hr_free(rows);
  hr_free(test_rows);
  hr_free(templates);
  return status;
}

static bool is_idle(const hr_learner *expert) {
  return expert->tasks[expert->study->bin_count].status != HR_FIT_OK;
}

/* Plain where nothing else is asked for: tests leave texts out. */
static hr_templates_options options_of(const hr_posterior_parameters *parameters) {
  hr_templates_options options = {.weigh = is_text(parameters->weigh, "components")
                                               ? HR_WEIGH_COMPONENTS
                                               : HR_WEIGH_PIXELS,
                                  .amplitude_sigma = parameters->amplitude_sigma};
  if (is_text(parameters->amplitude, "flat")) options.amplitude = HR_AMPLITUDE_FLAT;
  if (is_text(parameters->amplitude, "gaussian")) {
    options.amplitude = HR_AMPLITUDE_GAUSSIAN;
  }
  if (is_text(parameters->kernel, "local_linear")) {
    options.least_effective = parameters->least_effective;
  }
  return options;
}

static hr_status posterior_create(const hr_study_view *study, const void *parameters,
                                  hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = NULL;
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->parameters = parameters;
  HR_TRY(choose_templates(expert, err));
  HR_TRY(init_models(expert, err));
  if (!is_idle(expert)) {
    HR_TRY(choose_held_out(expert, true, &expert->by_bin, err));
    HR_TRY(choose_held_out(expert, false, &expert->of_all, err));
    hr_templates_options options = options_of(expert->parameters);
    HR_TRY(hr_templates_create(expert->template_count, study->pixels, &options,
                               study->compute, &expert->templates, err));
    HR_TRY(hr_alloc(&expert->typical, study->pixels, err));
    if (expert->from_grid) {
      HR_TRY(hr_alloc(&expert->medians, expert->of_all.count, err));
      HR_TRY(hr_alloc(&expert->sorting, study->pixels, err));
    }
    HR_TRY(hr_alloc(&expert->x, HR_QUERY_ROWS * study->pixels, err));
    HR_TRY(hr_alloc(&expert->error, HR_QUERY_ROWS * study->pixels, err));
  }
  *out = expert;
  expert = NULL;
cleanup:
  posterior_destroy(&expert);
  return status;
}

static void keep_row(held_out *held, size_t row, const hr_block *block, size_t i) {
  if (held->place[row] == not_kept) return;
  size_t to = held->place[row] * block->pixels, from = i * block->pixels;
  memcpy(held->x + to, block->noisy + from, block->pixels * sizeof *held->x);
  memcpy(held->error + to, block->error + from, block->pixels * sizeof *held->error);
}

/* Adds 1/σ² of a row to the typical one, in the order of rows. */
static void add_typical(hr_learner *expert, const float *error) {
  expert->typical_rows++;
  double level = expert->study->noise_level;
  for (size_t p = 0; p < expert->study->pixels; p++) {
    double sigma = level * (double)error[p];
    if (sigma > 0) expert->typical[p] += 1 / (sigma * sigma);
  }
}

/* What templates from the grid have to know of the training rows: how bright, how noisy.
 */
static void look_at_row(hr_learner *expert, const hr_block *block, size_t i) {
  size_t kept = expert->of_all.place[block->first_row + i], at = i * block->pixels;
  if (kept == not_kept) return;
  expert->medians[kept] =
      hr_pixel_quantile(block->flux + at, block->pixels, 0.5, expert->sorting);
  add_typical(expert, block->error + at);
}

static hr_status posterior_observe(hr_learner *expert, const hr_block *block,
                                   hr_error *err) {
  (void)err;
  if (is_idle(expert)) return HR_OK;
  const hr_split_view *train = &expert->study->train;
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i;
    keep_row(&expert->by_bin, row, block, i);
    keep_row(&expert->of_all, row, block, i);
    if (expert->from_grid) look_at_row(expert, block, i);
    if (expert->from_grid || expert->slot[row] == not_kept) continue;
    hr_template_label label = {train->target[row], group_of(expert->study, row),
                               train->fold[row]};
    hr_templates_put(expert->templates, expert->slot[row],
                     block->flux + i * block->pixels, &label);
    add_typical(expert, block->error + i * block->pixels);
  }
  return HR_OK;
}

/* Predicts held-out rows first .. first+count-1 from the templates of other folds. */
static hr_status predict_held_out(hr_learner *expert, const held_out *held, size_t first,
                                  size_t count, hr_posterior *out, hr_error *err) {
  const hr_study_view *study = expert->study;
  bool own_only = held == &expert->by_bin;
  hr_posterior own[HR_QUERY_ROWS];
  int32_t group[HR_QUERY_ROWS];
  uint8_t fold[HR_QUERY_ROWS];
  for (size_t i = 0; i < count; i++) {
    size_t row = held->rows[first + i];
    group[i] = group_of(study, row);
    fold[i] = expert->from_grid ? HR_NO_FOLD : study->train.fold[row];
  }
  hr_query query = {.rows = count,
                    .x = held->x + first * study->pixels,
                    .error = held->error + first * study->pixels,
                    .level = study->noise_level,
                    .group = group,
                    .fold = fold,
                    .own_only = own_only};
  return hr_templates_compare(expert->templates, expert->workspace, &query,
                              own_only ? out : own, out, err);
}

/* R² over held-out rows first .. end-1. */
static double validation_r2(const hr_study_view *study, const held_out *held,
                            size_t first, size_t end, const hr_posterior *found) {
  double mean = 0, total = 0, residual = 0;
  for (size_t i = first; i < end; i++) mean += study->train.target[held->rows[i]];
  mean /= (double)(end > first ? end - first : 1);
  for (size_t i = first; i < end; i++) {
    double y = study->train.target[held->rows[i]], d = y - found[i].mean;
    total += (y - mean) * (y - mean);
    residual += d * d;
  }
  return total > 0 ? 1 - residual / total : (double)NAN;
}

/* Validates all held-out rows; models that they belong to get their R² and seconds. */
static hr_status validate(hr_learner *expert, const held_out *held, hr_progress *progress,
                          hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  bool by_bin = held == &expert->by_bin;
  hr_posterior *found = NULL;
  HR_TRY(hr_alloc(&found, held->count, err));
  for (size_t first = 0, end = 0; first < held->count; first = end) {
    int32_t group = group_of(study, held->rows[first]);
    double start = hr_clock_seconds();
    while (end < held->count && (!by_bin || group_of(study, held->rows[end]) == group)) {
      end++;
    }
    for (size_t i = first; i < end; i += HR_QUERY_ROWS) {
      size_t count = end - i < HR_QUERY_ROWS ? end - i : HR_QUERY_ROWS;
      HR_TRY(predict_held_out(expert, held, i, count, found + i, err));
      progress->done += count;
      HR_TRY(hr_observe_progress(study->observer, progress, err));
    }
    size_t m = by_bin ? (size_t)group : study->bin_count;
    expert->models[m].cv_r2 = validation_r2(study, held, first, end, found);
    expert->tasks[m].seconds += hr_clock_seconds() - start;
  }
cleanup:
  hr_free(found);
  return status;
}

static hr_status posterior_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  if (is_idle(expert)) return HR_OK;
  hr_progress progress = {.stage = "validating the posterior mean",
                          .unit = "spectra",
                          .total = expert->by_bin.count + expert->of_all.count};
  for (size_t p = 0; p < expert->study->pixels; p++) {
    expert->typical[p] /= (double)expert->typical_rows;
  }
  if (expert->from_grid) {
    hr_posterior_scale scale = {
        expert->medians, expert->of_all.count,
        options_of(expert->parameters).amplitude != HR_AMPLITUDE_NONE};
    HR_TRY(hr_posterior_grid_put(&expert->grid, expert->study, &scale, expert->templates,
                                 err));
  }
  HR_TRY(hr_templates_finish(expert->templates, expert->typical, err));
  HR_TRY(hr_templates_workspace_create(expert->templates, &expert->workspace, err));
  HR_TRY(validate(expert, &expert->by_bin, &progress, err));
  HR_TRY(validate(expert, &expert->of_all, &progress, err));
cleanup:
  held_out_fini(&expert->by_bin);
  held_out_fini(&expert->of_all);
  return status;
}

static void store(posterior_model *model, const hr_posterior *found) {
  size_t at = model->next_test_row++;
  model->predictions[at] = (float)found->mean;
  model->variance[at] = found->variance;
  model->effective[at] = found->effective;
  model->error[at] = found->error;
}

/* Predicts the test rows that wait, of which `last` is the last. */
static hr_status predict_waiting(hr_learner *expert, size_t last, hr_error *err) {
  const hr_study_view *study = expert->study;
  size_t first = last + 1 - expert->waiting, bins = study->bin_count;
  double start = hr_clock_seconds();
  hr_posterior own[HR_QUERY_ROWS], all[HR_QUERY_ROWS];
  int32_t group[HR_QUERY_ROWS];
  uint8_t fold[HR_QUERY_ROWS];
  for (size_t i = 0; i < expert->waiting; i++) {
    int32_t route = study->test.route[first + i];
    group[i] = route == HR_UNCOVERED ? HR_NO_GROUP : route;
    fold[i] = HR_NO_FOLD;
  }
  hr_query query = {.rows = expert->waiting,
                    .x = expert->x,
                    .error = expert->error,
                    .level = study->noise_level,
                    .group = group,
                    .fold = fold};
  hr_status status =
      hr_templates_compare(expert->templates, expert->workspace, &query, own, all, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < expert->waiting; i++) {
    if (group[i] != HR_NO_GROUP) store(&expert->models[group[i]], &own[i]);
    store(&expert->models[bins], &all[i]);
  }
  expert->tasks[bins].seconds += hr_clock_seconds() - start;
  expert->waiting = 0;
  return HR_OK;
}

static int compare_numbers(const void *left, const void *right) {
  const double *a = left, *b = right;
  return *a < *b ? -1 : *a > *b;
}

/* Says where the mean is one over few templates, or that linear models are. */
static void note_few(const hr_learner *expert, hr_task *task, double median) {
  if (options_of(expert->parameters).least_effective > 0) {
    snprintf(task->note, sizeof task->note,
             "half of the test spectra have %.1f effective templates or fewer; local "
             "linear models predict them",
             median);
    return;
  }
  snprintf(
      task->note, sizeof task->note,
      "half of the test spectra have %.1f effective templates or fewer, too few for "
      "a mean; more %sexperts.posterior.templates, or its kernel: local_linear would "
      "help",
      median, expert->from_grid ? "" : "training spectra, ");
}

static hr_status note_effective(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  double *effective = NULL;
  HR_TRY(hr_alloc(&effective, expert->study->test.rows, err));
  for (size_t m = 0; m <= expert->study->bin_count; m++) {
    hr_task *task = &expert->tasks[m];
    if (task->status != HR_FIT_OK || task->test_rows == 0) continue;
    memcpy(effective, expert->models[m].effective, task->test_rows * sizeof *effective);
    qsort(effective, task->test_rows, sizeof *effective, compare_numbers);
    double median = effective[task->test_rows / 2];
    if (median >= FEW_EFFECTIVE) continue;
    note_few(expert, task, median);
  }
cleanup:
  hr_free(effective);
  return status;
}

static hr_status posterior_observe_test(hr_learner *expert, const hr_block *block,
                                        hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = block->pixels, rows = expert->study->test.rows;
  if (is_idle(expert)) return HR_OK;
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i, at = expert->waiting++ * pixels;
    memcpy(expert->x + at, block->noisy + i * pixels, pixels * sizeof *expert->x);
    memcpy(expert->error + at, block->error + i * pixels, pixels * sizeof *expert->error);
    if (expert->waiting == HR_QUERY_ROWS || row + 1 == rows) {
      HR_TRY(predict_waiting(expert, row, err));
    }
    if (row + 1 == rows) HR_TRY(note_effective(expert, err));
  }
cleanup:
  return status;
}

static const hr_task *posterior_tasks(const hr_learner *expert, size_t *count) {
  *count = expert->study->bin_count + 1;
  return expert->tasks;
}

/* Which templates a task is made of, [*count] rows of `columns` numbers: the number of
 * the training row, or the labels that the grid was asked for. */
static hr_status list_templates(const hr_learner *expert, const hr_task *task,
                                size_t columns, double **out, size_t *count,
                                hr_error *err) {
  hr_status status = hr_alloc(out, columns * expert->template_count, err);
  *count = 0;
  if (status != HR_OK) return status;
  for (size_t i = 0; i < expert->template_count; i++) {
    if (task->bin != HR_GLOBAL && group_of_template(expert, i) != task->bin) continue;
    double *row = *out + columns * (*count)++;
    if (expert->from_grid) {
      memcpy(row, expert->grid.templates[i].labels, columns * sizeof *row);
    } else {
      *row = (double)expert->template_row[i];
    }
  }
  return HR_OK;
}

/* templates.npy: fp64 [templates][1], the training rows the model is made of; from the
 * grid [templates][3], their T_eff, log g and [M/H].
 * posterior.npy: fp64 [test rows][3], posterior variance, effective templates, and what
 * weighing by components may have changed the mean by. */
static hr_status posterior_save(const hr_learner *expert, const hr_task *task,
                                const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t count = 0, m = task->bin == HR_GLOBAL ? study->bin_count : (size_t)task->bin;
  double *rows = NULL, *triples = NULL;
  char *path = NULL, *other = NULL;
  size_t columns = expert->from_grid ? HR_GRID_AXES : 1;
  HR_TRY(list_templates(expert, task, columns, &rows, &count, err));
  HR_TRY(hr_join_path(folder, "templates.npy", &path, err));
  HR_TRY(hr_npy_write(path, rows, count, columns, err));
  HR_TRY(hr_join_path(folder, "posterior.npy", &other, err));
  HR_TRY(hr_alloc(&triples, 3 * task->test_rows, err));
  for (size_t i = 0; i < task->test_rows; i++) {
    triples[3 * i] = expert->models[m].variance[i];
    triples[3 * i + 1] = expert->models[m].effective[i];
    triples[3 * i + 2] = expert->models[m].error[i];
  }
  HR_TRY(hr_npy_write(other, triples, task->test_rows, 3, err));
cleanup:
  hr_free(rows);
  hr_free(triples);
  hr_free(path);
  hr_free(other);
  return status;
}

static void posterior_estimate(const hr_study_view *study, const void *parameters,
                               hr_cost *cost) {
  const hr_posterior_parameters *posterior = parameters;
  double pixels = (double)study->pixels, rows = (double)study->train.rows;
  double held = 0, most = (double)posterior->validation, of_all = fmin(rows, most);
  bool from_grid = is_text(posterior->source, "grid");
  double wanted = (double)posterior->templates;
  double count = from_grid ? wanted : fmin(rows, wanted);
  size_t counts[HR_MOST_BINS + 1], templates = (size_t)count;
  size_t groups = study->bin_count + 1;
  hr_templates_options options = options_of(posterior);
  double per_spectrum =
      hr_templates_operations(templates, study->pixels, groups, &options);
  double spectra = of_all + (double)study->test.rows;
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    held += fmin((double)counts[k], most);
    spectra += fmin((double)counts[k], most) * (double)counts[k] / fmax(rows, 1);
  }
  cost->memory_bytes = hr_templates_bytes(templates, study->pixels, groups, &options) +
                       8 * pixels * (held + of_all + HR_QUERY_ROWS) + 48 * rows +
                       76 * (double)study->test.rows;
  if (from_grid) cost->memory_bytes += hr_posterior_grid_bytes(study, templates);
  cost->gathered_bytes = cost->memory_bytes;
  cost->operations = spectra * per_spectrum;
  if (from_grid) cost->operations += hr_draw_operations(study->pixels) * count;
  if (options.weigh == HR_WEIGH_COMPONENTS) cost->operations += 300 * pixels * count;
  cost->disk_bytes = (from_grid ? 48 : 16) * count + 56 * (double)study->test.rows;
}

static hr_status posterior_check(const hr_study_view *study, const void *parameters,
                                 hr_error *err) {
  const hr_posterior_parameters *posterior = parameters;
  if (!is_text(posterior->source, "grid")) return HR_OK;
  return hr_posterior_grid_check(study, err);
}

/* A spectrum has at most as many effective templates as its bin has templates: where
 * there are fewer than a mean takes, it cannot have enough, whatever the noise. */
static void posterior_warn(const hr_study_view *study, const void *parameters) {
  const hr_posterior_parameters *posterior = parameters;
  size_t wanted = (size_t)posterior->templates, least = FEW_EFFECTIVE * study->bin_count;
  if (wanted >= least) return;
  hr_observe_warning(study->observer,
                     "experts.posterior.templates is %zu for %zu bin%s: too few for a "
                     "posterior mean in each, which takes %d or more a bin; write at "
                     "least %zu, or leave it out for 20000",
                     wanted, study->bin_count, study->bin_count == 1 ? "" : "s",
                     FEW_EFFECTIVE, least);
}

static const hr_field fields[] = {
    {.name = "templates",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_posterior_parameters, templates),
     .default_text = "20000",
     .minimum = 2,
     .maximum = 1e9,
     .help = "The most training spectra that serve as templates, of all bins together; a "
             "random sample where there are more. From the grid as many as this. Kept in "
             "memory."},
    {.name = "source",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, source),
     .default_text = "stored",
     .choices = "stored|grid",
     .help = "Where templates come from: stored, the training spectra; grid, drawn from "
             "the built-in model grid as headroom simulate draws its stars by default, "
             "labels uniform over the whole grid, scaled to the training spectra's "
             "median flux."},
    {.name = "validation",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_posterior_parameters, validation),
     .default_text = "500",
     .minimum = 2,
     .maximum = 1e9,
     .help = "The training rows of each bin, and of all rows, that validation predicts "
             "from the templates of other folds."},
    {.name = "weigh",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, weigh),
     .default_text = "components",
     .choices = "components|pixels",
     .help = "How a spectrum is compared with templates: in the leading components of "
             "like templates, checked for every spectrum against the pixels, or over "
             "all pixels, which takes up to ten times as long."},
    {.name = "amplitude",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, amplitude),
     .default_text = "none",
     .choices = "none|flat|gaussian",
     .help = "What is known of a factor on the whole spectrum, which is integrated out: "
             "none, it is 1; flat, nothing; gaussian, it is about 1."},
    {.name = "amplitude_sigma",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(hr_posterior_parameters, amplitude_sigma),
     .default_text = "0.1",
     .only_with = "amplitude",
     .only_where = "gaussian",
     .minimum = 1e-6,
     .maximum = 1e6,
     .help = "The standard deviation of that factor about 1, where it is gaussian."},
    {.name = "kernel",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, kernel),
     .default_text = "local_linear",
     .choices = "constant|local_linear",
     .help = "constant: the mean over templates, always; local_linear: for spectra where "
             "few of them share the weight, a linear model of the nearest ones."},
    {.name = "least_effective",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(hr_posterior_parameters, least_effective),
     .default_text = "20",
     .minimum = 2,
     .maximum = HR_LEAST_EFFECTIVE_MOST,
     .only_with = "kernel",
     .only_where = "local_linear",
     .help = "The effective number of templates below which kernel local_linear takes "
             "over, with weights widened to as many."},
};

const hr_method hr_posterior_method = {
    .name = "posterior",
    .title = "Posterior mean",
    .summary = "The posterior mean of the label over noise-free spectra as templates.",
    .variant = NULL,
    .uses_error = true,
    .has_global = true,
    .parameters_size = sizeof(hr_posterior_parameters),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .create = posterior_create,
    .destroy = posterior_destroy,
    .estimate = posterior_estimate,
    .check = posterior_check,
    .warn = posterior_warn,
    .observe = posterior_observe,
    .train = posterior_train,
    .observe_test = posterior_observe_test,
    .tasks = posterior_tasks,
    .save = posterior_save,
};
