#include "methods/ridge/cost.h"

#include <math.h>

#include "compute/dual.h"
#include "core/parallel.h"

void hr_ridge_count_rows(const hr_study_view *study, size_t *counts) {
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  counts[study->bin_count] = study->train.rows;
}

hr_ridge_form_kind hr_ridge_form(size_t rows, size_t pixels) {
  if (rows < HR_RIDGE_FEWEST_ROWS) return HR_RIDGE_NONE;
  return rows <= pixels ? HR_RIDGE_DUAL : HR_RIDGE_PRIMAL;
}

bool hr_ridge_keeps_rows(const hr_study_view *study, size_t m, hr_ridge_form_kind form) {
  if (m == study->bin_count) {
    return study->low_memory >= HR_LOW_MEMORY_FOLDS && form == HR_RIDGE_PRIMAL;
  }
  return study->low_memory >= HR_LOW_MEMORY_ROWS && form != HR_RIDGE_NONE;
}

bool hr_ridge_takes_folds_in_turn(const hr_study_view *study, size_t m,
                                  hr_ridge_form_kind form) {
  return study->low_memory >= HR_LOW_MEMORY_FOLDS && form == HR_RIDGE_PRIMAL &&
         m < study->bin_count;
}

size_t hr_ridge_runs_a_system(size_t alpha_count) {
  return (alpha_count + HR_RIDGE_RUN_ALPHAS - 1) / HR_RIDGE_RUN_ALPHAS;
}

bool hr_ridge_integrates_noise(const hr_study_view *study,
                               const hr_ridge_options *options) {
  bool sweeps = options->levels && options->levels->count > 0;
  return options->integrate_noise && (study->noise_level > 0 || sweeps);
}

size_t hr_ridge_solver_count(const hr_study_view *study, size_t order,
                             size_t runs_a_fold) {
  double each = hr_shifted_bytes(order);
  double most = 0.5 * (double)study->memory_bytes / each;
  size_t threads = hr_thread_count();
  if (study->low_memory >= HR_LOW_MEMORY_FOLDS && runs_a_fold < threads)
    threads = runs_a_fold;
  if (most < 1) return 1;
  return most < (double)threads ? (size_t)most : threads;
}

void hr_ridge_models_estimate(const hr_study_view *study, const hr_ridge_options *options,
                              hr_cost *cost) {
  double alphas = (double)options->alpha->count, folds = (double)study->fold_count;
  double pixels = (double)study->pixels, held = 0, kernel = 0, order_most = 1, total = 0;
  double global_rows = (double)study->train.rows; /* that no bin sums up for it */
  double trained_beside =
      0; /* what the global model holds while the bins have their turn */
  bool noisy = hr_ridge_integrates_noise(study, options);
  double sweeps = options->levels ? 1 + (double)options->levels->count : 1;
  double solves = (sweeps * folds + 1) * alphas;
  double threads = (double)hr_thread_count();
  size_t runs = HR_RIDGE_FOLDS_AT_A_TIME * (size_t)sweeps *
                hr_ridge_runs_a_system(options->alpha->count);
  size_t bins = study->bin_count, counts[HR_MOST_BINS + 1];
  hr_ridge_count_rows(study, counts);
  for (size_t m = 0; m <= bins; m++) {
    double rows = (double)counts[m];
    hr_ridge_form_kind form = hr_ridge_form(counts[m], study->pixels);
    double order = form == HR_RIDGE_PRIMAL ? pixels : form == HR_RIDGE_DUAL ? rows : 0;
    bool on_disk = hr_ridge_keeps_rows(study, m, form);
    bool in_turn = hr_ridge_takes_folds_in_turn(study, m, form);
    double at_once = in_turn ? fmin(folds, HR_RIDGE_FOLDS_AT_A_TIME) : folds;
    double sums = form == HR_RIDGE_PRIMAL ? at_once * hr_scatter_bytes(study->pixels)
                  : form == HR_RIDGE_DUAL ? hr_dual_bytes(counts[m], study->pixels)
                                          : 0;
    double solving = form == HR_RIDGE_PRIMAL ? hr_scatter_bytes(study->pixels)
                     : form != HR_RIDGE_DUAL ? 0
                     : noisy ? threads * hr_dual_penalised_bytes(counts[m], study->pixels)
                             : hr_dual_kernel_bytes(counts[m]);
    if (form == HR_RIDGE_PRIMAL && m < bins) global_rows -= rows;
    if (on_disk) cost->disk_bytes += 4 * (m == bins ? global_rows : rows) * pixels;
    if (!on_disk) {
      held += sums;
    } else if (m == bins) {
      trained_beside += sums;
    } else {
      solving += sums;
    }
    if (in_turn) cost->operations += 2 * rows * pixels * pixels;
    held += alphas * (8 * pixels);
    if (noisy && order > 0) held += folds * 8 * pixels;
    if (solving > kernel) kernel = solving;
    if (order > order_most) order_most = order;
    cost->operations += rows * pixels *
                        (form == HR_RIDGE_DUAL ? rows
                         : m == bins           ? pixels
                                               : 0);
    total += solves * order * order * order / 3;
    if (noisy && form == HR_RIDGE_DUAL) total += solves * rows * rows * pixels;
  }
  cost->operations += total;
  cost->gathered_bytes = held;
  cost->memory_bytes = held + trained_beside + kernel +
                       (double)hr_ridge_solver_count(study, (size_t)order_most, runs) *
                           hr_shifted_bytes((size_t)order_most);
  double predicted = 2 * (double)study->test.rows; /* by its bin, and by all */
  cost->disk_bytes += alphas * (8 * (double)(bins + 1) * (1 + pixels) + 4 * predicted);
}
