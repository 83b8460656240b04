#include "experts/ridge_cost.h"

#include "core/parallel.h"
#include "linalg/dual.h"

void hr_ridge_count_rows(const hr_study_view *study, size_t *counts) {
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  counts[study->bin_count] = study->train.rows;
}

hr_ridge_form_kind hr_ridge_form(size_t rows, size_t pixels) {
  if (rows < HR_RIDGE_FEWEST_ROWS) return HR_RIDGE_NONE;
  return rows <= pixels ? HR_RIDGE_DUAL : HR_RIDGE_PRIMAL;
}

bool hr_ridge_keeps_rows(const hr_study_view *study, size_t m, hr_ridge_form_kind form) {
  return study->saves_memory && form != HR_RIDGE_NONE && m < study->bin_count;
}

bool hr_ridge_integrates_noise(const hr_study_view *study,
                               const hr_ridge_options *options) {
  bool sweeps = options->levels && options->levels->count > 0;
  return options->integrate_noise && (study->noise_level > 0 || sweeps);
}

size_t hr_ridge_solver_count(const hr_study_view *study, size_t order) {
  double each = hr_shifted_bytes(order);
  double most = 0.5 * (double)study->memory_bytes / each;
  size_t threads = hr_thread_count();
  if (most < 1) return 1;
  return most < (double)threads ? (size_t)most : threads;
}

void hr_ridge_models_estimate(const hr_study_view *study, const hr_ridge_options *options,
                              hr_cost *cost) {
  double alphas = (double)options->alpha->count, folds = (double)study->fold_count;
  double pixels = (double)study->pixels, held = 0, kernel = 0, order_most = 1, total = 0;
  bool noisy = hr_ridge_integrates_noise(study, options);
  double sweeps = options->levels ? 1 + (double)options->levels->count : 1;
  double solves = (sweeps * folds + 1) * alphas;
  double threads = (double)hr_thread_count();
  size_t bins = study->bin_count, counts[HR_MOST_BINS + 1];
  hr_ridge_count_rows(study, counts);
  for (size_t m = 0; m <= bins; m++) {
    double rows = (double)counts[m];
    hr_ridge_form_kind form = hr_ridge_form(counts[m], study->pixels);
    double order = form == HR_RIDGE_PRIMAL ? pixels : form == HR_RIDGE_DUAL ? rows : 0;
    bool on_disk = hr_ridge_keeps_rows(study, m, form);
    double sums = form == HR_RIDGE_PRIMAL ? folds * hr_scatter_bytes(study->pixels)
                  : form == HR_RIDGE_DUAL ? hr_dual_bytes(counts[m], study->pixels)
                                          : 0;
    double solving = form == HR_RIDGE_PRIMAL ? hr_scatter_bytes(study->pixels)
                     : form != HR_RIDGE_DUAL ? 0
                     : noisy ? threads * hr_dual_penalised_bytes(counts[m], study->pixels)
                             : hr_dual_kernel_bytes(counts[m]);
    if (on_disk) {
      cost->disk_bytes += 4 * rows * pixels;
      solving += sums;
    } else {
      held += sums;
    }
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
  cost->memory_bytes = held + kernel +
                       (double)hr_ridge_solver_count(study, (size_t)order_most) *
                           hr_shifted_bytes((size_t)order_most);
  double predicted = 2 * (double)study->test.rows; /* by its bin, and by all */
  cost->disk_bytes += alphas * (8 * (double)(bins + 1) * (1 + pixels) + 4 * predicted);
}
