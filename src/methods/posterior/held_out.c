/* Held-out rows: choosing, keeping and predicting them. */
#include "methods/posterior/held_out.h"

#include <math.h>
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

/* Predicts rows first .. first+count-1 of the held-out ones. */
static hr_status predict(const hr_held_out *held, const hr_validation *v, size_t first,
                         size_t count, hr_posterior *out, hr_error *err) {
  const hr_study_view *study = v->study;
  hr_posterior own[HR_QUERY_ROWS];
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
  return hr_templates_compare(v->templates, v->work, &query, held->by_bin ? out : own,
                              out, err);
}

/* R² over held-out rows first .. end-1. */
static double r2_of(const hr_study_view *study, const hr_held_out *held, size_t first,
                    size_t end, const hr_posterior *found) {
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

/* What held-out rows first .. end-1 say of the posterior's own variance. */
static hr_status learn_sigma(const hr_study_view *study, const hr_held_out *held,
                             size_t first, size_t end, const hr_posterior *found,
                             hr_sigma *out, hr_error *err) {
  hr_status status = HR_OK;
  double *residual = NULL, *variance = NULL;
  HR_TRY(hr_alloc(&residual, end - first, err));
  HR_TRY(hr_alloc(&variance, end - first, err));
  for (size_t i = first; i < end; i++) {
    residual[i - first] = study->train.target[held->rows[i]] - found[i].mean;
    variance[i - first] = found[i].variance;
  }
  const hr_sigma_rows rows = {end - first, residual, held->snr + first, variance};
  HR_TRY(hr_sigma_learn(&rows, out, err));
cleanup:
  hr_free(residual);
  hr_free(variance);
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

hr_status hr_held_out_validate(const hr_held_out *held, const hr_validation *v,
                               hr_trained *trained, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = v->study;
  hr_posterior *found = NULL;
  HR_TRY(hr_alloc(&found, held->count, err));
  for (size_t first = 0, end = 0; first < held->count; first = end) {
    double start = hr_clock_seconds();
    end = end_of_model(held, study, first);
    for (size_t i = first; i < end; i += HR_QUERY_ROWS) {
      size_t count = end - i < HR_QUERY_ROWS ? end - i : HR_QUERY_ROWS;
      HR_TRY(predict(held, v, i, count, found + i, err));
      v->progress->done += count;
      HR_TRY(hr_observe_progress(study->observer, v->progress, err));
    }
    int32_t group = hr_posterior_group(study, held->rows[first]);
    hr_fit *fit = &trained[held->by_bin ? (size_t)group : study->bin_count].fit;
    fit->cv_r2[0] = r2_of(study, held, first, end, found);
    HR_TRY(learn_sigma(study, held, first, end, found, &fit->sigma, err));
    fit->seconds += hr_clock_seconds() - start;
  }
cleanup:
  hr_free(found);
  return status;
}
