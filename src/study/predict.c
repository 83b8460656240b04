/* The test rows of a study, predicted by number, in whole groups. */
#include "study/predict.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/quantile.h"
#include "study/card.h"

static hr_status alloc_nan(double **out, size_t count, hr_error *err) {
  hr_status status = hr_alloc(out, count, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) (*out)[i] = (double)NAN;
  return status;
}

/* Room for one more model in a table. */
static hr_status widen(hr_row_table *table, const hr_trained *trained, hr_error *err) {
  hr_status status = HR_OK;
  if (!trained->model) return HR_OK;
  if (trained->model->variant_count > table->variants) {
    table->variants = trained->model->variant_count;
  }
  const hr_model_type *type = trained->model->type;
  bool has_variance = type->knows_variance || type->states_sigma;
  if (has_variance && !table->variance) {
    HR_TRY(alloc_nan(&table->variance, table->rows, err));
  }
  if (!type->knows_variance || table->effective) return HR_OK;
  HR_TRY(alloc_nan(&table->effective, table->rows, err));
  HR_TRY(alloc_nan(&table->mean_error, table->rows, err));
cleanup:
  return status;
}

static hr_status init_table(hr_row_table *table, const hr_trained *trained, size_t count,
                            size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  table->rows = rows;
  for (size_t s = 0; s < count; s++) HR_TRY(widen(table, &trained[s], err));
  if (table->variants == 0) goto cleanup;
  HR_TRY(hr_alloc(&table->mean, table->variants * rows, err));
  for (size_t i = 0; i < table->variants * rows; i++) table->mean[i] = NAN;
cleanup:
  return status;
}

static void fini_table(hr_row_table *table) {
  hr_free(table->mean);
  hr_free(table->variance);
  hr_free(table->effective);
  hr_free(table->mean_error);
  *table = (hr_row_table){0};
}

/* Whether the models of bins know the distribution of their labels. */
static bool knows_draws(const hr_test_rows *rows) {
  return rows->targets > 0 && rows->own[0].effective;
}

static hr_status predict_groups(void *context, const hr_grouped *grouped, hr_error *err);

hr_status hr_test_rows_init(hr_test_rows *rows, const hr_study_view *view,
                            const hr_split_view *test, const hr_trained *trained,
                            size_t slots, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = test->rows, bins = 0, targets = hr_study_targets(view);
  *rows = (hr_test_rows){
      .view = view, .test = test, .trained = trained, .slots = slots, .targets = targets};
  while (bins < slots && trained[bins].fit.slot != HR_GLOBAL) bins++;
  HR_TRY(hr_alloc(&rows->own, targets, err));
  HR_TRY(hr_alloc(&rows->global, targets, err));
  for (size_t t = 0; t < targets; t++) {
    const hr_trained *own = trained + t * slots;
    HR_TRY(init_table(&rows->own[t], own, bins, count, err));
    HR_TRY(init_table(&rows->global[t], own + bins, slots - bins, count, err));
  }
  rows->groups = (hr_whole_groups){.pixels = view->pixels,
                                   .split_rows = count,
                                   .level = view->noise_level,
                                   .visit = predict_groups};
  HR_TRY(hr_whole_groups_init(&rows->groups, err));
  HR_TRY(hr_alloc(&rows->requests, 2 * slots * targets, err));
  HR_TRY(hr_alloc(&rows->is_empty, count, err));
  HR_TRY(hr_alloc(&rows->is_holed, count, err));
  if (knows_draws(rows)) HR_TRY(hr_test_draws_init(&rows->draws, test, targets, err));
cleanup:
  return status;
}

void hr_test_rows_fini(hr_test_rows *rows) {
  for (size_t t = 0; rows->own && rows->global && t < rows->targets; t++) {
    fini_table(&rows->own[t]);
    fini_table(&rows->global[t]);
  }
  hr_test_draws_fini(&rows->draws);
  hr_free(rows->own);
  hr_free(rows->global);
  hr_whole_groups_fini(&rows->groups);
  hr_free(rows->requests);
  hr_free(rows->is_empty);
  hr_free(rows->is_holed);
  hr_free(rows->row);
  *rows = (hr_test_rows){.view = NULL};
}

static double *from(double *column, size_t first) {
  return column ? column + first : NULL;
}

static bool wants_whole_rows(const hr_trained *trained) {
  return trained->model && trained->model->type->whole_rows;
}

/* The rows of the block that go to a slot, with draws or without, listed at `list`; how
 * many. The global model draws nothing. */
static size_t list_rows(const hr_test_rows *rows, const hr_spectra *spectra,
                        const hr_trained *trained, bool drawn, uint32_t *list) {
  const int32_t *route = rows->test->route + spectra->first_row;
  const bool *is_drawn = rows->draws.is_drawn;
  int slot = trained->fit.slot;
  bool is_strict = wants_whole_rows(trained);
  size_t count = 0;
  for (size_t i = 0; i < spectra->rows; i++) {
    size_t row = spectra->first_row + i;
    bool draws = slot != HR_GLOBAL && is_drawn && is_drawn[row];
    if (draws != drawn || rows->is_empty[row]) continue;
    if (is_strict && rows->is_holed[row]) continue;
    if (slot == HR_GLOBAL || route[i] == slot) list[count++] = (uint32_t)i;
  }
  return count;
}

/* What is asked of a model for a target, of the block that begins with row `first`. */
static hr_request request_of(const hr_test_rows *rows, const hr_model *model, size_t t,
                             size_t first) {
  const hr_row_table *table = model->slot == HR_GLOBAL ? &rows->global[t] : &rows->own[t];
  return (hr_request){.model = model,
                      .variants = model->variant_count,
                      .mean = table->mean + first,
                      .variant_stride = table->rows,
                      .variance = from(table->variance, first),
                      .effective = from(table->effective, first),
                      .mean_error = from(table->mean_error, first)};
}

/* Asks for the same rows from the models of a slot, one a target; how many requests. */
static size_t ask_slot(hr_test_rows *rows, size_t s, const hr_request *listed,
                       size_t first, bool drawn, size_t count) {
  for (size_t t = 0; t < rows->targets; t++) {
    const hr_model *model = rows->trained[t * rows->slots + s].model;
    if (!model) continue;
    hr_request *request = &rows->requests[count++];
    *request = request_of(rows, model, t, first);
    request->row = listed->row;
    request->count = listed->count;
    request->draws = drawn ? hr_test_draws_block(&rows->draws, t) : NULL;
  }
  return count;
}

/* Asks every model for its rows of the block. A row has one route, and the global model
 * may have all, so that the lists take twice the rows; targets share them. */
static hr_status predict(hr_test_rows *rows, const hr_spectra *spectra, hr_error *err) {
  hr_status status = HR_OK;
  size_t used = 0, count = 0, first = spectra->first_row;
  bool has_draws = rows->draws.count > 0;
  if (has_draws) HR_TRY(hr_test_draws_open(&rows->draws, first, spectra->rows, err));
  if (spectra->rows > rows->most_rows) {
    HR_TRY(hr_realloc(&rows->row, 2 * rows->most_rows, 2 * spectra->rows, err));
    rows->most_rows = spectra->rows;
  }
  for (size_t i = 0; i < 2 * rows->slots; i++) {
    size_t s = i / 2;
    bool drawn = i % 2;
    hr_request listed = {.row = rows->row + used};
    listed.count = list_rows(rows, spectra, &rows->trained[s], drawn, rows->row + used);
    if (listed.count > 0) count = ask_slot(rows, s, &listed, first, drawn, count);
    used += listed.count;
  }
  HR_TRY(hr_models_predict(spectra, rows->requests, count, err));
  if (has_draws) hr_test_draws_take(&rows->draws, first, spectra->rows);
cleanup:
  return status;
}

static hr_status predict_groups(void *context, const hr_grouped *grouped, hr_error *err) {
  return predict(context, &grouped->spectra, err);
}

hr_status hr_test_rows_observe(hr_test_rows *rows, const hr_block *block, hr_error *err) {
  for (size_t i = 0; block->empty && i < block->rows; i++) {
    rows->is_empty[block->first_row + i] = block->empty[i];
  }
  for (size_t i = 0; block->holed && i < block->rows; i++) {
    rows->is_holed[block->first_row + i] = block->holed[i];
  }
  rows->groups.context = rows; /* which may have been moved */
  return hr_whole_groups_observe(&rows->groups, block, err);
}

/* Whether a model that wants whole rows is to predict the row. */
static bool is_for_whole_rows(const hr_test_rows *rows, size_t row) {
  for (size_t s = 0; s < rows->slots; s++) {
    int slot = rows->trained[s].fit.slot;
    bool is_asked = slot == HR_GLOBAL || rows->test->route[row] == slot;
    if (is_asked && wants_whole_rows(&rows->trained[s])) return true;
  }
  return false;
}

size_t hr_test_rows_kept_back(const hr_test_rows *rows) {
  size_t count = 0;
  for (size_t i = 0; i < rows->test->rows; i++) {
    bool is_told = rows->is_holed[i] && !rows->is_empty[i];
    count += is_told && is_for_whole_rows(rows, i);
  }
  return count;
}

static void gather(const hr_row_table *table, const hr_split_view *test, int slot,
                   size_t variants, hr_slot_rows *out) {
  size_t at = 0;
  for (size_t i = 0; i < table->rows; i++) {
    if (slot != HR_GLOBAL && test->route[i] != slot) continue;
    for (size_t v = 0; v < variants; v++) {
      out->predictions[v * out->rows + at] = table->mean[v * table->rows + i];
    }
    if (out->variance) out->variance[at] = table->variance[i];
    if (out->details) {
      double *details = out->details + at * HR_DETAILS;
      details[0] = table->variance[i];
      details[1] = table->effective[i];
      details[2] = table->mean_error[i];
    }
    at++;
  }
}

static hr_status find_median(hr_slot_rows *out, hr_error *err) {
  double *effective = NULL;
  if (!out->details || out->rows == 0) return HR_OK;
  hr_status status = hr_alloc(&effective, out->rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < out->rows; i++) effective[i] = out->details[i * HR_DETAILS + 1];
  hr_sort_numbers(effective, out->rows);
  out->median_effective = effective[out->rows / 2];
  hr_free(effective);
  return HR_OK;
}

hr_status hr_slot_rows_init(hr_slot_rows *out, const hr_test_rows *rows, size_t target,
                            int slot, size_t variants, hr_error *err) {
  hr_status status = HR_OK;
  const hr_row_table *table =
      slot == HR_GLOBAL ? &rows->global[target] : &rows->own[target];
  *out = (hr_slot_rows){.median_effective = (double)NAN};
  for (size_t i = 0; i < table->rows; i++) {
    out->rows += slot == HR_GLOBAL || rows->test->route[i] == slot;
  }
  HR_TRY(hr_alloc(&out->predictions, variants * out->rows, err));
  if (table->variance) HR_TRY(hr_alloc(&out->variance, out->rows, err));
  if (table->effective) {
    HR_TRY(hr_alloc(&out->details, out->rows * HR_DETAILS, err));
  }
  gather(table, rows->test, slot, variants, out);
  HR_TRY(hr_test_draws_of_slot(&rows->draws, rows->test, target, slot, &out->draws, err));
  HR_TRY(find_median(out, err));
cleanup:
  return status;
}

void hr_slot_rows_fini(hr_slot_rows *rows) {
  hr_free(rows->predictions);
  hr_free(rows->variance);
  hr_free(rows->details);
  hr_row_draws_fini(&rows->draws);
  *rows = (hr_slot_rows){0};
}
