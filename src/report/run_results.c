/* The public face of the reader and the rows: the typed numbers of a run. */
#include "report/run_results.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/sized.h"
#include "report/source.h"
#include "score/predictions.h"

static const hr_sized sized_options = {"hr_results_options",
                                       "with hr_results_options_default()",
                                       {sizeof(hr_results_options)}};

#define SIZED_RESULT(type)           \
  {                                  \
#type, "to sizeof(" #type ")", { \
      sizeof(type)                   \
    }                                \
  }
static const hr_sized sized_info = SIZED_RESULT(hr_results_info);
static const hr_sized sized_method = SIZED_RESULT(hr_results_method);
static const hr_sized sized_bin = SIZED_RESULT(hr_results_bin);
static const hr_sized sized_expert = SIZED_RESULT(hr_results_expert);
static const hr_sized sized_cell = SIZED_RESULT(hr_results_cell);
static const hr_sized sized_criterion = SIZED_RESULT(hr_results_criterion);
static const hr_sized sized_calibration = SIZED_RESULT(hr_results_calibration);
static const hr_sized sized_rung = SIZED_RESULT(hr_results_rung);
static const hr_sized sized_step = SIZED_RESULT(hr_results_step);
static const hr_sized sized_check = SIZED_RESULT(hr_results_check);
static const hr_sized sized_rows = SIZED_RESULT(hr_results_rows);

void hr_results_close(hr_results **results) {
  hr_results *self = *results;
  if (!self) return;
  hr_run_results_free(self);
  hr_rows_fini(&self->rows);
  hr_reader_fini(&self->reader);
  hr_free(self->rows_path);
  hr_free(self->path);
  hr_free(self);
  *results = NULL;
}

static hr_status read_rows(hr_results *self, const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_join_path(run_dir, hr_predictions_name, &self->rows_path, err));
  HR_TRY(hr_rows_init(&self->rows, self->rows_path, &self->reader, err));
  HR_TRY(hr_rows_audit(&self->rows, &self->reader, err));
  self->has_rows = true;
cleanup:
  return status;
}

hr_status hr_results_open(const char *run_dir, const hr_results_options *options,
                          hr_results **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_results *self = NULL;
  hr_results_options own = hr_results_options_default();
  HR_TRY(hr_sized_take(&sized_options, options, &own, err));
  HR_TRY(hr_source_check_finished(run_dir, err));
  HR_TRY(hr_alloc(&self, 1, err));
  HR_TRY(hr_join_path(run_dir, "results.json", &self->path, err));
  HR_TRY(hr_reader_init(&self->reader, self->path, err));
  HR_TRY(own.skip_predictions ? hr_rows_check_seal(&self->reader, err)
                              : read_rows(self, run_dir, err));
  HR_TRY(hr_run_results_read(self, err));
  *out = self;
  self = NULL;
cleanup:
  hr_results_close(&self);
  return status;
}

static hr_status check_number(const hr_results *results, size_t number, size_t count,
                              const char *what, hr_error *err) {
  if (number < count) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "%s has %zu %s, so none with the number %zu (counted from 0)",
                 results->path, count, what, number);
}

hr_status hr_results_get_info(const hr_results *results, hr_results_info *info,
                              hr_error *err) {
  return hr_sized_give(&sized_info, &results->info, info, err);
}

hr_status hr_results_get_method(const hr_results *results, size_t number,
                                hr_results_method *method, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.method_count, "methods", err);
  if (status != HR_OK) return status;
  return hr_sized_give(&sized_method, &results->methods[number], method, err);
}

hr_status hr_results_get_bin(const hr_results *results, size_t number,
                             hr_results_bin *bin, hr_error *err) {
  hr_status status = check_number(results, number, results->info.bin_count, "bins", err);
  if (status != HR_OK) return status;
  return hr_sized_give(&sized_bin, &results->bins[number], bin, err);
}

hr_status hr_results_get_expert(const hr_results *results, size_t number,
                                hr_results_expert *expert, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.expert_count, "experts", err);
  if (status != HR_OK) return status;
  return hr_sized_give(&sized_expert, &results->experts[number], expert, err);
}

hr_status hr_results_get_cell(const hr_results *results, size_t bin, size_t expert,
                              hr_results_cell *cell, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_info *info = &results->info;
  HR_TRY(check_number(results, bin, info->bin_count, "bins", err));
  HR_TRY(check_number(results, expert, info->expert_count, "experts", err));
  const hr_results_cell *own = &results->cells[bin * info->expert_count + expert];
  HR_TRY(hr_sized_give(&sized_cell, own, cell, err));
cleanup:
  return status;
}

hr_status hr_results_get_criterion(const hr_results *results, size_t number,
                                   hr_results_criterion *criterion, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.criterion_count, "criteria", err);
  if (status != HR_OK) return status;
  return hr_sized_give(&sized_criterion, &results->criteria[number], criterion, err);
}

hr_status hr_results_get_calibration(const hr_results *results, size_t number,
                                     hr_results_calibration *calibration, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.calibration_count, "calibrations", err);
  if (status != HR_OK) return status;
  return hr_sized_give(&sized_calibration, &results->calibrations[number], calibration,
                       err);
}

hr_status hr_results_get_rung(const hr_results *results, size_t number,
                              hr_results_rung *rung, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.rung_count, "rungs", err);
  if (status != HR_OK) return status;
  const hr_ladder_rung *it = &results->ladder.rungs[number];
  const hr_results_rung own = {
      .name = hr_rung_name(it->rung), .method = it->method, .r2 = it->r2};
  return hr_sized_give(&sized_rung, &own, rung, err);
}

static hr_status give_step(const hr_results *results, const hr_ladder_rows *ladder,
                           size_t number, hr_results_step *step, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.step_count, "steps", err);
  if (status != HR_OK) return status;
  const hr_ladder_step *it = &ladder->steps[number];
  const hr_results_step own = {.name = it->name,
                               .from = hr_rung_name(it->from),
                               .to = hr_rung_name(it->to),
                               .delta_r2 = it->delta};
  return hr_sized_give(&sized_step, &own, step, err);
}

hr_status hr_results_get_step(const hr_results *results, size_t number,
                              hr_results_step *step, hr_error *err) {
  return give_step(results, &results->ladder, number, step, err);
}

hr_status hr_results_get_bin_step(const hr_results *results, size_t bin, size_t number,
                                  hr_results_step *step, hr_error *err) {
  hr_status status = check_number(results, bin, results->info.bin_count, "bins", err);
  if (status == HR_OK) {
    status = check_number(results, number, results->info.step_count, "steps", err);
  }
  if (status != HR_OK) return status;
  return give_step(results, &results->bin_ladders[bin], number, step, err);
}

hr_status hr_results_get_check(const hr_results *results, size_t number,
                               hr_results_check *check, hr_error *err) {
  hr_status status =
      check_number(results, number, results->info.check_count, "checks", err);
  if (status != HR_OK) return status;
  return hr_sized_give(&sized_check, &results->checks[number], check, err);
}

static hr_status check_rows(const hr_results *results, hr_error *err) {
  if (results->has_rows) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "%s was opened without its predictions; open it without "
                 "skip_predictions",
                 results->path);
}

hr_status hr_results_get_rows(const hr_results *results, hr_results_rows *rows,
                              hr_error *err) {
  hr_status status = check_rows(results, err);
  if (status != HR_OK) return status;
  const hr_rows *it = &results->rows;
  const hr_results_rows own = {
      .count = it->count,
      .bin = it->bin,
      .snr = it->snr,
      .target = it->target,
      .methods = (const char *const *)it->methods.items,
      .method_count = it->method_count,
  };
  return hr_sized_give(&sized_rows, &own, rows, err);
}

/* "RUN/predictions.csv has no method 'ridge'; did you mean 'ridge_oracle'?" */
static hr_status fail_lacking(const hr_results *results, const char *method,
                              hr_error *err) {
  const hr_strings *names = &results->rows.methods;
  const char *nearest =
      hr_nearest_name(method, (const char *const *)names->items, names->count);
  return hr_fail(err, HR_ERR_USAGE, "%s has no method '%s'%s%s%s", results->rows_path,
                 method, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                 nearest ? "'?" : "; hr_results_get_rows lists those it has");
}

hr_status hr_results_prediction(const hr_results *results, const char *method,
                                const double **values, hr_error *err) {
  hr_status status = check_rows(results, err);
  if (status != HR_OK) return status;
  const double *found = hr_rows_find(&results->rows, method);
  if (!found) return fail_lacking(results, method, err);
  *values = found;
  return HR_OK;
}

hr_status hr_results_sigma(const hr_results *results, const char *method,
                           const double **values, hr_error *err) {
  hr_status status = check_rows(results, err);
  if (status != HR_OK) return status;
  const double *found = hr_rows_column(&results->rows, HR_COLUMN_SIGMA, method);
  if (!found) {
    return hr_fail(err, HR_ERR_USAGE,
                   "%s has no sigma of a method '%s'; hr_results_get_calibration lists "
                   "those that have one",
                   results->rows_path, method);
  }
  *values = found;
  return HR_OK;
}

hr_status hr_results_column(const hr_results *results, const char *column,
                            const double **values, hr_error *err) {
  hr_status status = check_rows(results, err);
  if (status != HR_OK) return status;
  const hr_rows *rows = &results->rows;
  for (size_t c = 0; c < rows->column_count; c++) {
    if (strcmp(rows->columns[c].name, column) != 0) continue;
    *values = rows->columns[c].values;
    return HR_OK;
  }
  return hr_fail(err, HR_ERR_USAGE,
                 "%s has no column '%s' behind those of the methods; its first line "
                 "names them all",
                 results->rows_path, column);
}
