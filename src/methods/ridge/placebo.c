#include "methods/ridge/placebo.h"

#include <math.h>
#include <string.h>

#include "compute/dual.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/npy.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "core/random.h"
#include "methods/ridge/ridge.h"

enum { FEWEST_ROWS = 2, FEWEST_GROUPS = 2 };

/* The rows of a group as sums where they are more than pixels, else as they are. */
typedef struct random_group {
  size_t rows;
  hr_scatter *sums;
  hr_dual *kept;
  double alpha;     /* NaN: no model */
  double intercept; /* [dex] or whatever the target's unit is */
  double *weights;  /* [P] */
} random_group;

struct hr_learner {
  const hr_study_view *study;
  const hr_numbers *alpha;
  hr_tiles *tiles;
  int32_t *train_group, *test_group; /* [rows] */
  random_group *groups;              /* [K] */
  float *predictions;                /* [test rows] */
  double validation_r2;
  hr_task task;
};

hr_status hr_placebo_deal(const hr_split_view *split, uint64_t seed, uint32_t which,
                          int32_t *group, hr_error *err) {
  hr_status status = HR_OK;
  size_t *covered = NULL, count = 0;
  HR_TRY(hr_alloc(&covered, split->rows, err));
  for (size_t i = 0; i < split->rows; i++) {
    group[i] = split->bin[i];
    if (split->bin[i] != HR_UNCOVERED) covered[count++] = i;
  }
  for (size_t i = count; i-- > 1;) { /* Fisher and Yates */
    size_t j = hr_uniform_below(seed, HR_STREAM_PLACEBO, i, which, (uint32_t)(i + 1));
    int32_t swap = group[covered[i]];
    group[covered[i]] = group[covered[j]];
    group[covered[j]] = swap;
  }
cleanup:
  hr_free(covered);
  return status;
}

static void forget_rows(random_group *g) {
  hr_scatter_destroy(&g->sums);
  hr_dual_destroy(&g->kept);
}

static void placebo_destroy(hr_learner **address) {
  hr_learner *expert = *address;
  *address = NULL;
  if (!expert) return;
  for (size_t k = 0; expert->groups && k < expert->study->bin_count; k++) {
    forget_rows(&expert->groups[k]);
    hr_free(expert->groups[k].weights);
  }
  hr_free(expert->groups);
  hr_free(expert->train_group);
  hr_free(expert->test_group);
  hr_free(expert->predictions);
  hr_tiles_destroy(&expert->tiles);
  hr_free(expert);
}

static hr_status init_group(hr_learner *expert, random_group *g, size_t rows,
                            hr_error *err) {
  size_t pixels = expert->study->pixels;
  g->rows = rows;
  g->alpha = (double)NAN;
  hr_status status = hr_alloc(&g->weights, pixels, err);
  if (status != HR_OK || rows < FEWEST_ROWS) return status;
  return rows <= pixels ? hr_dual_create(rows, pixels, expert->tiles, &g->kept, err)
                        : hr_scatter_create(pixels, expert->tiles, &g->sums, err);
}

static hr_status placebo_create(const hr_study_view *study, const void *parameters,
                                hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_parameters *ridge = parameters;
  hr_learner *expert = NULL;
  size_t counts[HR_MOST_BINS + 1];
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->alpha = &ridge->alpha;
  expert->validation_r2 = (double)NAN;
  HR_TRY(hr_alloc(&expert->train_group, study->train.rows, err));
  HR_TRY(hr_alloc(&expert->test_group, study->test.rows, err));
  HR_TRY(hr_alloc(&expert->predictions, study->test.rows, err));
  HR_TRY(hr_alloc(&expert->groups, study->bin_count, err));
  HR_TRY(hr_tiles_create(study->compute, &expert->tiles, err));
  HR_TRY(hr_placebo_deal(&study->train, study->seed, 0, expert->train_group, err));
  HR_TRY(hr_placebo_deal(&study->test, study->seed, 1, expert->test_group, err));
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    HR_TRY(init_group(expert, &expert->groups[k], counts[k], err));
  }
  for (size_t i = 0; i < study->test.rows; i++) expert->predictions[i] = (float)NAN;
  expert->task = (hr_task){.bin = HR_GLOBAL,
                           .status = HR_FIT_SKIPPED,
                           .train_rows = study->train.rows - counts[study->bin_count],
                           .test_rows = study->test.rows,
                           .variant_count = 1,
                           .cv_r2 = &expert->validation_r2,
                           .predictions = expert->predictions};
  *out = expert;
  expert = NULL;
cleanup:
  placebo_destroy(&expert);
  return status;
}

static hr_status placebo_observe(hr_learner *expert, const hr_block *block,
                                 hr_error *err) {
  (void)err;
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i;
    int32_t k = expert->train_group[row];
    if (k == HR_UNCOVERED) continue;
    const float *x = block->noisy + i * block->pixels;
    double y = expert->study->train.target[row];
    if (expert->groups[k].sums) hr_scatter_add(expert->groups[k].sums, x, y);
    if (expert->groups[k].kept) hr_dual_add(expert->groups[k].kept, x, y, 0);
  }
  return HR_OK;
}

static bool has_rows(const random_group *g) {
  return g->sums || g->kept;
}

/* The squared error of a model on the groups behind group k, and how much there is to
 * explain in each of them. */
static void validate(const hr_learner *expert, size_t k, const hr_linear_model *model,
                     double *product, double squares[2]) {
  size_t count = expert->study->bin_count, rows = 0;
  squares[0] = squares[1] = 0;
  for (size_t step = 1; step < count && rows < expert->groups[k].rows; step++) {
    const random_group *other = &expert->groups[(k + step) % count];
    if (!has_rows(other)) continue;
    rows += other->rows;
    squares[0] += other->sums ? hr_scatter_squared_error(other->sums, model, product)
                              : hr_dual_squared_error(other->kept, 0, model);
    squares[1] += other->sums ? hr_scatter_syy(other->sums) : hr_dual_syy(other->kept);
  }
}

/* One group at every alpha. */
typedef struct solving {
  const hr_learner *expert;
  size_t k;
  hr_linear_model *models; /* [A] */
  double (*squares)[2];    /* [A] */
  hr_shifted **systems;    /* [solvers] */
  double **product;        /* [solvers][P] */
  hr_error *errors;        /* [A] */
} solving;

static void solve_alpha(void *context, size_t a, size_t thread) {
  const solving *s = context;
  const random_group *g = &s->expert->groups[s->k];
  hr_shifted *system = s->systems[thread];
  double alpha = s->expert->alpha->items[a];
  hr_linear_model *model = &s->models[a];
  hr_error *err = &s->errors[a];
  hr_status status = g->sums ? hr_scatter_ridge(g->sums, NULL, alpha, system, model, err)
                             : hr_dual_ridge(g->kept, alpha, system, model, err);
  s->squares[a][0] = (double)NAN;
  if (status != HR_OK) return;
  validate(s->expert, s->k, model, s->product[thread], s->squares[a]);
}

static hr_status first_error(const solving *s, hr_error *err) {
  for (size_t a = 0; a < s->expert->alpha->count; a++) {
    hr_status status = s->errors[a].status;
    if (status == HR_OK || status == HR_ERR_NUMERIC) continue;
    if (err) *err = s->errors[a];
    return status;
  }
  return HR_OK;
}

/* The alpha with the least squared error; the larger one where two are equal. */
static void choose(const solving *s, random_group *g, double totals[2]) {
  const double *alpha = s->expert->alpha->items;
  size_t pixels = s->expert->study->pixels, count = s->expert->alpha->count;
  size_t best = count;
  for (size_t a = 0; a < count; a++) {
    double sse = s->squares[a][0];
    if (isnan(sse)) continue;
    if (best < count && (sse > s->squares[best][0] ||
                         (!(sse < s->squares[best][0]) && alpha[a] < alpha[best]))) {
      continue;
    }
    best = a;
  }
  if (best == count) return;
  const hr_linear_model *model = &s->models[best];
  memcpy(g->weights, model->weights, pixels * sizeof *g->weights);
  g->alpha = alpha[best];
  g->intercept = model->offset;
  for (size_t p = 0; p < pixels; p++) {
    g->intercept -= model->weights[p] * model->centre[p];
  }
  totals[0] += s->squares[best][0];
  totals[1] += s->squares[best][1];
}

/* The unknowns of a group's system. */
static size_t order_of(size_t rows, size_t pixels) {
  return rows < FEWEST_ROWS ? 0 : rows < pixels ? rows : pixels;
}

/* The unknowns of the largest group's system. */
static size_t largest_order(const hr_study_view *study, const size_t *counts) {
  size_t most = 1;
  for (size_t k = 0; k < study->bin_count; k++) {
    size_t order = order_of(counts[k], study->pixels);
    if (order > most) most = order;
  }
  return most;
}

static double solver_bytes(const hr_study_view *study, size_t order) {
  return hr_shifted_bytes(order) + 8 * (double)study->pixels;
}

/* Solvers side by side, as long as they take less than half the budget. */
static size_t solver_count(const hr_study_view *study, size_t order, size_t alphas) {
  double most = 0.5 * (double)study->memory_bytes / solver_bytes(study, order);
  size_t threads = hr_thread_count();
  if (threads > alphas) threads = alphas;
  return most < 1 ? 1 : most < (double)threads ? (size_t)most : threads;
}

static void solving_fini(solving *s, size_t solvers) {
  for (size_t a = 0; s->models && a < s->expert->alpha->count; a++) {
    hr_free(s->models[a].weights);
    hr_free(s->models[a].centre);
  }
  for (size_t t = 0; s->systems && t < solvers; t++) hr_shifted_destroy(&s->systems[t]);
  for (size_t t = 0; s->product && t < solvers; t++) hr_free(s->product[t]);
  hr_free(s->systems);
  hr_free(s->product);
  hr_free(s->models);
  hr_free(s->squares);
  hr_free(s->errors);
}

static hr_status solving_init(solving *s, size_t solvers, size_t order, hr_error *err) {
  hr_status status = HR_OK;
  size_t alphas = s->expert->alpha->count, pixels = s->expert->study->pixels;
  HR_TRY(hr_alloc(&s->models, alphas, err));
  HR_TRY(hr_alloc(&s->squares, alphas, err));
  HR_TRY(hr_alloc(&s->errors, alphas, err));
  HR_TRY(hr_alloc(&s->systems, solvers, err));
  HR_TRY(hr_alloc(&s->product, solvers, err));
  for (size_t a = 0; a < alphas; a++) {
    HR_TRY(hr_alloc(&s->models[a].weights, pixels, err));
    HR_TRY(hr_alloc(&s->models[a].centre, pixels, err));
  }
  for (size_t t = 0; t < solvers; t++) {
    HR_TRY(hr_shifted_create(order, s->expert->study->compute, &s->systems[t], err));
    HR_TRY(hr_alloc(&s->product[t], pixels, err));
  }
cleanup:
  return status;
}

static hr_status train_group(solving *s, size_t solvers, double totals[2],
                             hr_error *err) {
  hr_status status = HR_OK;
  random_group *g = &s->expert->groups[s->k];
  size_t alphas = s->expert->alpha->count;
  memset(s->errors, 0, alphas * sizeof *s->errors);
  if (g->kept) HR_TRY(hr_dual_finish(g->kept, err));
  hr_parallel_for_on(solvers, alphas, solve_alpha, s);
  HR_TRY(first_error(s, err));
  choose(s, g, totals);
  if (g->kept) hr_dual_release(g->kept);
cleanup:
  return status;
}

static size_t count_groups(const hr_learner *expert) {
  size_t count = 0;
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    count += has_rows(&expert->groups[k]) ? 1 : 0;
  }
  return count;
}

static hr_status train_groups(hr_learner *expert, double totals[2], hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t bins = study->bin_count, counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, bins, counts);
  size_t order = largest_order(study, counts);
  size_t solvers = solver_count(study, order, expert->alpha->count);
  solving s = {.expert = expert};
  hr_progress progress = {
      .stage = "solving the placebo", .unit = "groups", .total = bins};
  HR_TRY(solving_init(&s, solvers, order, err));
  for (size_t k = 0; k < bins; k++) {
    if (expert->groups[k].sums) hr_scatter_finish(expert->groups[k].sums);
  }
  for (; s.k < bins; s.k++) {
    progress.done = s.k;
    HR_TRY(hr_observe_progress(study->observer, &progress, err));
    if (has_rows(&expert->groups[s.k])) HR_TRY(train_group(&s, solvers, totals, err));
  }
  progress.done = bins;
  HR_TRY(hr_observe_progress(study->observer, &progress, err));
cleanup:
  solving_fini(&s, solvers);
  return status;
}

static hr_status placebo_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  hr_task *task = &expert->task;
  double start = hr_clock_seconds(), totals[2] = {0, 0};
  size_t groups = count_groups(expert), trained = 0;
  if (groups < FEWEST_GROUPS) {
    snprintf(task->note, sizeof task->note,
             "%zu bin%s %d training rows or more, at least %d are needed", groups,
             groups == 1 ? " has" : "s have", FEWEST_ROWS, FEWEST_GROUPS);
    return HR_OK;
  }
  HR_TRY(train_groups(expert, totals, err));
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    forget_rows(&expert->groups[k]);
    trained += isnan(expert->groups[k].alpha) ? 0 : 1;
  }
  task->status = trained > 0 ? HR_FIT_OK : HR_FIT_FAILED;
  if (trained == 0) {
    snprintf(task->note, sizeof task->note,
             "no system is positive definite in fp64: take larger alphas");
  }
  if (totals[1] > 0) expert->validation_r2 = 1 - totals[0] / totals[1];
  task->seconds = hr_clock_seconds() - start;
cleanup:
  return status;
}

/* The group whose model predicts the rows of group k: its own, or the next that has one.
 */
static const random_group *model_of(const hr_learner *expert, size_t k) {
  size_t count = expert->study->bin_count, step = 0;
  while (step < count && isnan(expert->groups[(k + step) % count].alpha)) step++;
  return &expert->groups[(k + step) % count];
}

typedef struct predicting {
  hr_learner *expert;
  const hr_block *block;
} predicting;

static void predict_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const predicting *p = context;
  size_t pixels = p->block->pixels, row = p->block->first_row + i;
  int32_t k = p->expert->test_group[row];
  if (k == HR_UNCOVERED) return;
  const random_group *g = model_of(p->expert, (size_t)k);
  const float *x = p->block->noisy + i * pixels;
  double sum = g->intercept;
  for (size_t q = 0; q < pixels; q++) sum += g->weights[q] * (double)x[q];
  p->expert->predictions[row] = (float)sum;
}

static hr_status placebo_observe_test(hr_learner *expert, const hr_block *block,
                                      hr_error *err) {
  (void)err;
  predicting p = {expert, block};
  if (expert->task.status == HR_FIT_OK) hr_parallel_for(block->rows, predict_row, &p);
  return HR_OK;
}

static const hr_task *placebo_tasks(const hr_learner *expert, size_t *count) {
  *count = 1;
  return &expert->task;
}

static hr_status save_groups(const char *folder, const char *name, const int32_t *groups,
                             size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  double *column = NULL;
  char *path = NULL;
  HR_TRY(hr_alloc(&column, rows, err));
  for (size_t i = 0; i < rows; i++) column[i] = groups[i];
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_npy_write(path, column, rows, 1, err));
cleanup:
  hr_free(column);
  hr_free(path);
  return status;
}

static hr_status placebo_save(const hr_learner *expert, const hr_task *task,
                              const char *folder, hr_error *err) {
  (void)task;
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t columns = 2 + study->pixels;
  double *rows = NULL;
  char *path = NULL;
  HR_TRY(hr_alloc(&rows, study->bin_count * columns, err));
  for (size_t k = 0; k < study->bin_count; k++) {
    const random_group *g = &expert->groups[k];
    double *row = rows + k * columns;
    row[0] = g->alpha;
    row[1] = g->intercept;
    memcpy(row + 2, g->weights, study->pixels * sizeof *row);
  }
  HR_TRY(hr_join_path(folder, "model.npy", &path, err));
  HR_TRY(hr_npy_write(path, rows, study->bin_count, columns, err));
  HR_TRY(save_groups(folder, "train_groups.npy", expert->train_group, study->train.rows,
                     err));
  HR_TRY(
      save_groups(folder, "test_groups.npy", expert->test_group, study->test.rows, err));
cleanup:
  hr_free(rows);
  hr_free(path);
  return status;
}

static void placebo_estimate(const hr_study_view *study, const void *parameters,
                             hr_cost *cost) {
  const hr_ridge_parameters *ridge = parameters;
  double pixels = (double)study->pixels, alphas = (double)ridge->alpha.count, kernel = 0;
  size_t counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    double rows = (double)counts[k], order = (double)order_of(counts[k], study->pixels);
    bool kept = counts[k] <= study->pixels;
    if (order < 1) continue;
    cost->memory_bytes +=
        kept ? hr_dual_bytes(counts[k], study->pixels) : hr_scatter_bytes(study->pixels);
    if (kept) kernel = fmax(kernel, hr_dual_kernel_bytes(counts[k]));
    cost->operations += rows * pixels * order + alphas * order * order * order / 3;
  }
  size_t order = largest_order(study, counts);
  size_t solvers = solver_count(study, order, ridge->alpha.count);
  cost->gathered_bytes = cost->memory_bytes;
  cost->memory_bytes += kernel + (double)solvers * solver_bytes(study, order);
  cost->memory_bytes += 8 * pixels * ((double)study->bin_count + 2 * alphas);
  cost->memory_bytes += 4 * (double)study->train.rows + 8 * (double)study->test.rows;
  cost->disk_bytes = 8 * (double)study->bin_count * (2 + pixels) +
                     8 * (double)study->train.rows + 12 * (double)study->test.rows;
}

const hr_method hr_placebo_method = {
    .name = "placebo",
    .title = "Placebo",
    .summary = "A control: Ridge on random groups of the same sizes as the bins.",
    .parameters_size = sizeof(hr_ridge_parameters),
    .has_global = true,
    .only_global = true,
    .create = placebo_create,
    .destroy = placebo_destroy,
    .estimate = placebo_estimate,
    .observe = placebo_observe,
    .train = placebo_train,
    .observe_test = placebo_observe_test,
    .tasks = placebo_tasks,
    .save = placebo_save,
};
