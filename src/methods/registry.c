/* The table of methods, in the order in which they are listed. */
#include <string.h>

#include "methods/cnn/cnn.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/method.h"
#include "methods/posterior/posterior.h"
#include "methods/ridge/marginal.h"
#include "methods/ridge/ridge.h"

static const hr_method *const types[] = {
    &hr_ridge_method,     &hr_ridge_marginal_method,
    &hr_posterior_method, &hr_lightgbm_method,
    &hr_cnn_method,
};

const hr_method *const *hr_methods(size_t *count) {
  *count = sizeof types / sizeof types[0];
  return types;
}

const hr_method *hr_method_find(const char *name) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i]->name, name) == 0) return types[i];
  }
  return NULL;
}

size_t hr_method_slots(const hr_method *method, size_t bin_count) {
  return (method->only_global ? 0 : bin_count) + (method->has_global ? 1 : 0);
}

int hr_method_slot(const hr_method *method, size_t bin_count, size_t s) {
  return method->only_global || s == bin_count ? HR_GLOBAL : (int)s;
}

#define SAME(from)                                                                      \
  .status = (from)->status, .reason = (from)->reason, .train_rows = (from)->train_rows, \
  .test_rows = (from)->test_rows, .variant_count = (from)->variant_count,               \
  .variant_value = (double *)(from)->variant_value, .cv_r2 = (double *)(from)->cv_r2,   \
  .chosen = (from)->chosen, .seconds = (from)->seconds,                                 \
  .validated_rows = (from)->validated_rows,                                             \
  .validation_seconds = (from)->validation_seconds, .level_count = (from)->level_count, \
  .level = (double *)(from)->level, .level_cv_r2 = (double *)(from)->level_cv_r2,       \
  .level_value = (double *)(from)->level_value, .convergence = (from)->convergence,     \
  .curve = (hr_curve_point *)(from)->curve, .curve_points = (from)->curve_points,       \
  .best_epoch = (from)->best_epoch

hr_fit hr_task_fit(const hr_task *task) {
  hr_fit fit = {.slot = task->bin, SAME(task)};
  memcpy(fit.note, task->note, sizeof fit.note);
  return fit;
}

hr_task hr_fit_task(const hr_fit *fit) {
  hr_task task = {.bin = fit->slot, SAME(fit)};
  memcpy(task.note, fit->note, sizeof task.note);
  return task;
}
