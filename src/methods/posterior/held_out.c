/* Held-out rows: choosing, keeping and predicting them. */
#include "methods/posterior/held_out.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "methods/posterior/choose.h"
#include "methods/shuffle.h"

void hr_held_out_fini(hr_held_out *held) {
  hr_free(held->rows);
  hr_free(held->place);
  hr_free(held->x);
  hr_free(held->error);
  hr_free(held->snr);
  *held = (hr_held_out){0};
}

hr_status hr_held_out_init(hr_held_out *held, const hr_study_view *study, bool by_bin,
                           size_t most, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = study->train.rows, taken = 0;
  hr_ranked_row *ranked = NULL;
  *held = (hr_held_out){.by_bin = by_bin};
  HR_TRY(hr_shuffle_rows(study, HR_STREAM_HELD_OUT, by_bin, &ranked, err));
  HR_TRY(hr_alloc(&held->rows, rows, err));
  HR_TRY(hr_alloc(&held->place, rows, err));
  for (size_t i = 0; i < rows; i++) {
    if (i == 0 || ranked[i].group != ranked[i - 1].group) taken = 0;
    held->place[ranked[i].row] = HR_NOT_HELD_OUT;
    bool uncovered = by_bin && ranked[i].group == (int32_t)study->bin_count;
    if (taken++ >= most || uncovered) continue;
    held->place[ranked[i].row] = held->count;
    held->rows[held->count++] = ranked[i].row;
  }
  HR_TRY(hr_alloc(&held->x, held->count * study->pixels, err));
  HR_TRY(hr_alloc(&held->error, held->count * study->pixels, err));
  HR_TRY(hr_alloc(&held->snr, held->count, err));
cleanup:
  hr_free(ranked);
  return status;
}

void hr_held_out_keep(hr_held_out *held, const hr_block *block, size_t i) {
  size_t place = held->place[block->first_row + i];
  if (place == HR_NOT_HELD_OUT) return;
  size_t to = place * block->pixels, from = i * block->pixels;
  memcpy(held->x + to, block->noisy + from, block->pixels * sizeof *held->x);
  memcpy(held->error + to, block->error + from, block->pixels * sizeof *held->error);
  held->snr[place] = hr_block_snr(block, i);
}

/* Predicts rows first .. first+count-1 of the held-out ones: out [count][targets]. */
static hr_status predict(const hr_held_out *held, const hr_validation *v, size_t first,
                         size_t count, hr_posterior *out, hr_error *err) {
  const hr_study_view *study = v->study;
  int32_t group[HR_QUERY_ROWS];
  uint8_t fold[HR_QUERY_ROWS];
  for (size_t i = 0; i < count; i++) {
    size_t row = held->rows[first + i];
    group[i] = held->by_bin ? hr_posterior_group(study, row) : HR_NO_GROUP;
    fold[i] = v->all_folds ? HR_NO_FOLD : study->train.fold[row];
  }
  const hr_query query = {.rows = count,
                          .x = held->x + first * study->pixels,
                          .error = held->error + first * study->pixels,
                          .level = study->noise_level,
                          .group = group,
                          .fold = fold,
                          .own_only = held->by_bin};
  if (held->by_bin) {
    return hr_templates_compare(v->templates, v->work, &query, out, NULL, err);
  }
  hr_posterior *own = NULL;
  hr_status status = hr_alloc(&own, count * hr_study_targets(study), err);
  if (status == HR_OK) {
    status = hr_templates_compare(v->templates, v->work, &query, own, out, err);
  }
  hr_free(own);
  return status;
}

/* What was found of the held-out rows first .. end-1 of one model, for one target. */
typedef struct validated {
  const hr_held_out *held;
  size_t first, end;
  const double *truth;       /* [training rows] */
  const hr_posterior *found; /* [held->count][targets] */
  size_t target, targets;
} validated;

static double truth_of(const validated *v, size_t i) {
  return v->truth[v->held->rows[i]];
}

static const hr_posterior *found_of(const validated *v, size_t i) {
  return &v->found[i * v->targets + v->target];
}

/* Whether there is a prediction; a row without one is left out of validation. */
static bool is_found(const validated *v, size_t i) {
  return isfinite(found_of(v, i)->mean);
}

static size_t count_lost(const validated *v) {
  size_t lost = 0;
  for (size_t i = v->first; i < v->end; i++) lost += !is_found(v, i);
  return lost;
}

static double r2_of(const validated *v) {
  double mean = 0, total = 0, residual = 0;
  size_t count = v->end - v->first - count_lost(v);
  for (size_t i = v->first; i < v->end; i++) mean += is_found(v, i) ? truth_of(v, i) : 0;
  mean /= (double)(count > 0 ? count : 1);
  for (size_t i = v->first; i < v->end; i++) {
    if (!is_found(v, i)) continue;
    double y = truth_of(v, i), d = y - found_of(v, i)->mean;
    total += (y - mean) * (y - mean);
    residual += d * d;
  }
  return total > 0 ? 1 - residual / total : (double)NAN;
}

/* What the rows say of the posterior's own variance. */
static hr_status learn_sigma(const validated *v, hr_sigma *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t first = v->first, count = v->end - first;
  double *residual = NULL, *variance = NULL;
  HR_TRY(hr_alloc(&residual, count, err));
  HR_TRY(hr_alloc(&variance, count, err));
  for (size_t i = 0; i < count; i++) {
    bool is_there = is_found(v, first + i);
    double mean = is_there ? found_of(v, first + i)->mean : (double)NAN;
    residual[i] = truth_of(v, first + i) - mean;
    variance[i] = found_of(v, first + i)->variance;
  }
  const hr_sigma_rows rows = {count, residual, v->held->snr + first, variance};
  HR_TRY(hr_sigma_learn(&rows, out, err));
cleanup:
  hr_free(residual);
  hr_free(variance);
  return status;
}

/* What the rows were predicted, where the study keeps it. */
static hr_status keep_rows(const validated *v, const hr_study_view *study, hr_fit *fit,
                           hr_error *err) {
  hr_status status = HR_OK;
  if (!hr_study_keeps_validation(study, v->target, fit->slot)) return HR_OK;
  HR_TRY(hr_validation_rows_init(&fit->validation, v->end - v->first, err));
  for (size_t i = v->first; i < v->end; i++) {
    hr_validation_rows_add(&fit->validation, v->held->rows[i], found_of(v, i)->mean);
  }
cleanup:
  return status;
}

/* The end of the rows that belong to the model of row number `first`. */
static size_t end_of_model(const hr_held_out *held, const hr_study_view *study,
                           size_t first) {
  size_t end = first;
  int32_t group = hr_posterior_group(study, held->rows[first]);
  if (!held->by_bin) return held->count;
  while (end < held->count && hr_posterior_group(study, held->rows[end]) == group) end++;
  return end;
}

/* Predicts the rows first .. end-1. */
static hr_status predict_rows(const hr_held_out *held, const hr_validation *v,
                              size_t first, size_t end, hr_posterior *found,
                              hr_error *err) {
  hr_status status = HR_OK;
  size_t targets = hr_study_targets(v->study);
  for (size_t i = first; i < end; i += HR_QUERY_ROWS) {
    size_t count = end - i < HR_QUERY_ROWS ? end - i : HR_QUERY_ROWS;
    HR_TRY(predict(held, v, i, count, found + i * targets, err));
    v->progress->done += count;
    HR_TRY(hr_observe_progress(v->study->observer, v->progress, err));
  }
cleanup:
  return status;
}

/* The fit of the rows' model for the target in question. */
static hr_fit *fit_of(const validated *v, const hr_study_view *study,
                      hr_trained *trained) {
  int32_t group = hr_posterior_group(study, v->held->rows[v->first]);
  size_t slot = v->held->by_bin ? (size_t)group : study->bin_count;
  return &trained[v->target * (study->bin_count + 1) + slot].fit;
}

/* Says on the fit which rows validation had to leave out: row numbers of the split. */
static void tell_lost(const validated *v, hr_fit *fit) {
  char sentence[160];
  size_t lost = count_lost(v), first = v->first;
  bool is_all = lost == v->end - v->first; /* then there is no model, as is told */
  if (lost == 0 || is_all) return;
  while (is_found(v, first)) first++;
  snprintf(sentence, sizeof sentence,
           "%zu of %zu validation rows have no prediction and are left out (training row "
           "%zu%s)",
           lost, v->end - v->first, v->held->rows[first], lost > 1 ? " and others" : "");
  hr_fit_add_note(fit, sentence);
}

/* What the fits of a model, one a target, are told of its rows. */
static hr_status judge_rows(validated *v, const hr_study_view *study, hr_trained *trained,
                            hr_error *err) {
  hr_status status = HR_OK;
  for (v->target = 0; v->target < v->targets; v->target++) {
    hr_fit *fit = fit_of(v, study, trained);
    v->truth = hr_study_target(study, v->target);
    fit->cv_r2[0] = r2_of(v);
    HR_TRY(learn_sigma(v, &fit->sigma, err));
    HR_TRY(keep_rows(v, study, fit, err));
    tell_lost(v, fit);
  }
cleanup:
  return status;
}

/* Shares what a model took among its targets. */
static void charge(validated *v, const hr_study_view *study, double seconds,
                   hr_trained *trained) {
  for (v->target = 0; v->target < v->targets; v->target++) {
    fit_of(v, study, trained)->seconds += seconds / (double)v->targets;
  }
}

hr_status hr_held_out_validate(const hr_held_out *held, const hr_validation *v,
                               hr_trained *trained, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = v->study;
  size_t targets = hr_study_targets(study);
  hr_posterior *found = NULL;
  HR_TRY(hr_alloc(&found, held->count * targets, err));
  for (size_t first = 0, end = 0; first < held->count; first = end) {
    double start = hr_clock_seconds();
    end = end_of_model(held, study, first);
    HR_TRY(predict_rows(held, v, first, end, found, err));
    validated of_model = {held, first, end, NULL, found, 0, targets};
    HR_TRY(judge_rows(&of_model, study, trained, err));
    charge(&of_model, study, hr_clock_seconds() - start, trained);
  }
cleanup:
  hr_free(found);
  return status;
}
