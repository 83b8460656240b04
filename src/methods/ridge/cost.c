/* What Ridges take: sums, or rows, that are gathered while rows are shown; what a model
 * needs beside them when its turn to be solved has come; and the solves. */
#include "methods/ridge/cost.h"

#include <math.h>

#include "compute/dual.h"
#include "compute/shifted_further.h"
#include "core/parallel.h"
#include "methods/held_rows.h"
#include "methods/ridge/widen.h"

/* Added up over the models. */
typedef struct account {
  const hr_study_view *study;
  bool integrates_noise;
  double solves;     /* of every model: at each level, without each fold, and all rows */
  double own_rows;   /* of the global model, that no bin sums up for it */
  bool is_part;      /* some slots alone are asked for */
  bool adds_up_bins; /* some bin sums up rows for the global model */
  double gathered;   /* bytes, before the first one's turn */
  double beside;     /* that the global model holds while the bins have their turn */
  double most;       /* of a model in its turn, beside what is gathered */
  size_t most_order; /* of a system */
  double operations, disk;
} account;

static double sums_bytes(const account *a, const hr_ridge_shape *shape) {
  double folds = (double)a->study->fold_count;
  if (shape->form == HR_RIDGE_NONE) return 0;
  if (shape->form == HR_RIDGE_DUAL) return hr_dual_bytes(shape->rows, shape->pixels);
  if (shape->takes_folds_in_turn) folds = fmin(folds, HR_RIDGE_FOLDS_AT_A_TIME);
  return folds * hr_scatter_bytes(shape->pixels);
}

static double turn_bytes(const account *a, const hr_ridge_shape *shape) {
  if (shape->form == HR_RIDGE_NONE) return 0;
  if (shape->form == HR_RIDGE_PRIMAL) return hr_scatter_bytes(shape->pixels);
  if (!a->integrates_noise) return hr_dual_kernel_bytes(shape->rows);
  return (double)hr_thread_count() * hr_dual_penalised_bytes(shape->rows, shape->pixels);
}

static void add_memory(account *a, const hr_ridge_shape *shape, bool is_global) {
  double pixels = (double)shape->pixels, turn = turn_bytes(a, shape);
  double sums = sums_bytes(a, shape);
  if (!shape->keeps_rows) {
    a->gathered += sums;
  } else if (is_global) {
    a->beside += sums;
    a->disk += 4 * a->own_rows * pixels;
  } else {
    turn += sums;
    a->disk += 4 * (double)shape->rows * pixels;
  }
  if (a->integrates_noise && shape->order > 0) {
    a->gathered += (double)a->study->fold_count * 8 * pixels;
  }
  a->most = fmax(a->most, turn);
  if (shape->order > a->most_order) a->most_order = shape->order;
}

static void add_operations(account *a, const hr_ridge_shape *shape, bool is_global) {
  double rows = (double)shape->rows, pixels = (double)shape->pixels;
  double order = (double)shape->order;
  bool is_dual = shape->form == HR_RIDGE_DUAL;
  if (is_dual) a->operations += rows * pixels * rows;
  /* The products of all rows: those of a bin are a part of them, but where the bin is
   * asked for alone. */
  bool is_multiplied = is_global || (a->is_part && shape->form == HR_RIDGE_PRIMAL);
  if (!is_dual && is_multiplied) a->operations += rows * pixels * pixels;
  if (shape->takes_folds_in_turn) a->operations += 2 * rows * pixels * pixels;
  a->operations += a->solves * order * order * order / 3;
  if (a->integrates_noise && is_dual) a->operations += a->solves * rows * rows * pixels;
}

/* Of a part: what is gathered for the global model, which is solved when all parts are
 * there. */
static void add_left_global(account *a, size_t pixels) {
  double folds = (double)a->study->fold_count;
  a->gathered += folds * hr_scatter_bytes(pixels);
  if (a->integrates_noise) a->gathered += folds * 8 * (double)pixels;
  a->operations += 1 + a->own_rows * (double)pixels * (double)pixels;
}

static void add_model(account *a, const hr_ridge_shape *shape, bool is_global) {
  if (is_global && a->is_part && a->adds_up_bins) {
    add_left_global(a, shape->pixels);
    return;
  }
  add_memory(a, shape, is_global);
  add_operations(a, shape, is_global);
}

/* Rows that are held: of slots that are asked for alone, at most. */
static size_t count_held(const hr_study_view *study, const size_t *counts,
                         hr_held_most most) {
  size_t bins = study->bin_count, held = 0;
  if (!study->wanted) return hr_held_rows_expect(counts, bins, most);
  for (size_t m = 0; m <= bins; m++) {
    size_t own = m == bins ? most.of_all : most.of_bin;
    if (hr_study_wants(study, m)) held += counts[m] < own ? counts[m] : own;
  }
  return held;
}

/* What sigma is learnt from: rows, and the models without each fold of one in its turn.
 */
static void add_held_rows(account *a, const hr_ridge_options *options,
                          const size_t *counts) {
  const hr_study_view *study = a->study;
  if (!options->learns_sigma) return;
  size_t rows = count_held(study, counts, hr_ridge_held_most(options));
  double bytes = (double)rows * hr_held_rows_bytes(study->pixels);
  size_t added = hr_ridge_most_added(options, hr_study_targets(study));
  double models = (double)(study->fold_count * (options->alpha->count + added));
  *(study->low_memory >= HR_LOW_MEMORY_ROWS ? &a->disk : &a->gathered) += bytes;
  a->beside += 8 * models * (double)study->pixels;
}

void hr_ridge_estimate(const hr_study_view *study, const hr_ridge_options *options,
                       const size_t *counts, hr_cost *cost) {
  size_t bins = study->bin_count;
  double models = 0;
  /* Memory and disk as if every list went on as far as it may; operations without, since
   * few do. */
  size_t alphas =
      options->alpha->count + hr_ridge_most_added(options, hr_study_targets(study));
  size_t levels = options->levels ? 1 + options->levels->count : 1;
  account a = {
      .study = study,
      .integrates_noise = hr_ridge_integrates_noise(study, options),
      .solves = (double)((levels * study->fold_count + 1) * options->alpha->count),
      .own_rows = (double)counts[bins],
      .is_part = study->wanted != NULL,
      .most_order = 1};
  for (size_t m = 0; m <= bins; m++) {
    hr_ridge_shape shape = hr_ridge_shape_of(study, options, m, counts[m]);
    bool is_global = m == bins;
    if (shape.form == HR_RIDGE_PRIMAL && !is_global) {
      a.own_rows -= (double)counts[m];
      a.adds_up_bins = true;
    }
    if (!hr_study_wants(study, m)) continue;
    add_model(&a, &shape, is_global);
    models++;
  }
  double row_bytes = 8 * (double)study->pixels;
  double targets = (double)hr_study_targets(study), further = targets - 1;
  double weights = targets * (double)alphas * models * row_bytes;
  add_held_rows(&a, options, counts);
  size_t most = hr_ridge_most_solvers(study, options);
  size_t solvers = hr_ridge_solver_count(study, a.most_order, most);
  cost->operations += a.operations;
  cost->gathered_bytes = a.gathered;
  cost->memory_bytes = a.gathered + weights + a.beside + a.most +
                       (double)solvers * hr_shifted_bytes(a.most_order);
  /* Of every target behind the first: models without folds, and right sides. */
  size_t of_folds = options->learns_sigma ? study->fold_count * alphas : 0;
  cost->memory_bytes += further * ((double)of_folds * row_bytes +
                                   (double)solvers * 8 * (double)a.most_order);
  if (further > 0) {
    cost->memory_bytes += (double)solvers * hr_shifted_further_bytes(a.most_order);
  }
  double predicted = 2 * (double)study->test_rows; /* by its bin, and by all */
  cost->bundle_bytes = cost->full_bytes = weights;
  cost->disk_bytes +=
      a.disk + weights + targets * (double)alphas * (8 * models + 4 * predicted);
}
