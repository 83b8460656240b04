/* Shapes of Ridges. A system has one unknown for each row or for each pixel, whichever
 * are fewer. */
#include "methods/ridge/shape.h"

#include "compute/shifted.h"
#include "core/parallel.h"

hr_held_most hr_ridge_held_most(const hr_ridge_options *options) {
  size_t of_bin = options->held_rows > 0 ? options->held_rows : HR_RIDGE_HELD_ROWS;
  return (hr_held_most){of_bin, options->bins_alone ? 0 : HR_RIDGE_HELD_OF_ALL * of_bin};
}

hr_ridge_form hr_ridge_form_of(size_t rows, size_t pixels) {
  if (rows < HR_RIDGE_FEWEST_ROWS) return HR_RIDGE_NONE;
  return rows <= pixels ? HR_RIDGE_DUAL : HR_RIDGE_PRIMAL;
}

hr_ridge_shape hr_ridge_shape_of(const hr_study_view *study,
                                 const hr_ridge_options *options, size_t m, size_t rows) {
  bool is_global = m == study->bin_count;
  hr_ridge_shape shape = {.form = hr_ridge_form_of(rows, study->pixels),
                          .rows = rows,
                          .pixels = study->pixels};
  if (shape.form == HR_RIDGE_DUAL && options->always_sums) shape.form = HR_RIDGE_PRIMAL;
  if (is_global && options->bins_alone) shape.form = HR_RIDGE_NONE;
  if (shape.form == HR_RIDGE_DUAL) shape.order = rows;
  if (shape.form == HR_RIDGE_PRIMAL) shape.order = study->pixels;
  bool takes_folds =
      study->low_memory >= HR_LOW_MEMORY_FOLDS && shape.form == HR_RIDGE_PRIMAL;
  bool takes_rows =
      study->low_memory >= HR_LOW_MEMORY_ROWS && shape.form != HR_RIDGE_NONE;
  shape.keeps_rows = is_global ? takes_folds : takes_rows;
  shape.takes_folds_in_turn = takes_folds && !is_global;
  return shape;
}

void hr_ridge_count_rows(const hr_study_view *study, size_t *counts) {
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  counts[study->bin_count] = study->train.rows;
}

bool hr_ridge_integrates_noise(const hr_study_view *study,
                               const hr_ridge_options *options) {
  bool sweeps = options->levels && options->levels->count > 0;
  return options->integrate_noise && (study->noise_level > 0 || sweeps);
}

size_t hr_ridge_run_count(size_t alpha_count, size_t alphas_a_run) {
  return (alpha_count + alphas_a_run - 1) / alphas_a_run;
}

size_t hr_ridge_solver_count(const hr_study_view *study, size_t order, size_t most) {
  double fitting = 0.5 * (double)study->memory_bytes / hr_shifted_bytes(order);
  size_t threads = hr_thread_count();
  if (most > 0 && most < threads) threads = most;
  if (fitting < 1) return 1;
  return fitting < (double)threads ? (size_t)fitting : threads;
}

size_t hr_ridge_most_solvers(const hr_study_view *study,
                             const hr_ridge_options *options) {
  if (study->low_memory < HR_LOW_MEMORY_FOLDS) return 0;
  size_t levels = options->levels ? 1 + options->levels->count : 1;
  return HR_RIDGE_FOLDS_AT_A_TIME * levels *
         hr_ridge_run_count(options->alpha->count, options->alphas_a_run);
}
