/* Of a training that is over: models, curves, sigmas and what is to be said of them. */
#include "methods/net/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "models/network.h"

enum { SIGMA_ROWS = 128 }; /* that are predicted together */

bool hr_net_has_learnt(const hr_curve_point *curve, size_t points) {
  for (size_t i = 0; i < points; i++) {
    if (curve[i].validation_r2 > HR_NET_LEARNT) return true;
  }
  return false;
}

static double best_of(const hr_curve_point *curve, size_t points) {
  double best = -(double)INFINITY;
  for (size_t i = 0; i < points; i++) best = fmax(best, curve[i].validation_r2);
  return best;
}

bool hr_net_has_converged(const hr_curve_point *curve, const hr_curve_point *together,
                          size_t points, size_t epochs) {
  if (!hr_net_has_learnt(curve, points)) return false;
  if (points < epochs) return true; /* patience was at its end */
  size_t before = points - (points + 4) / 5;
  return best_of(together, points) - best_of(together, before) < HR_NET_SETTLED;
}

/* Held-out rows on their way through a model. */
typedef struct held_out_pass {
  const hr_net_rows *rows;
  const hr_model *model;
  float *x; /* [SIGMA_ROWS][P] */
  float mean[SIGMA_ROWS];
} held_out_pass;

/* Predicts rows first .. first+count-1. */
static hr_status predict_held_out(held_out_pass *p, size_t first, size_t count,
                                  hr_error *err) {
  hr_status status = HR_OK;
  uint32_t row[SIGMA_ROWS];
  HR_TRY(hr_net_rows_copy_held_out(p->rows, first, count, p->x, err));
  for (size_t i = 0; i < count; i++) row[i] = (uint32_t)i;
  const hr_spectra spectra = {
      .rows = count, .pixels = p->rows->study->pixels, .noisy = p->x};
  const hr_request request = {.model = p->model,
                              .row = row,
                              .count = count,
                              .variants = 1,
                              .mean = p->mean,
                              .variant_stride = count};
  HR_TRY(hr_models_predict(&spectra, &request, 1, err));
cleanup:
  return status;
}

/* What the held-out rows, those of fold 0 in their order, were predicted, where the study
 * keeps it. */
static hr_status keep_rows(const hr_net_rows *rows, const double *residual, hr_fit *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &rows->study->train;
  const float *target = hr_net_rows_held_out(rows, out->target);
  if (!hr_study_keeps_validation(rows->study, out->target, rows->slot)) return HR_OK;
  HR_TRY(hr_validation_rows_init(&out->validation, rows->held_out_count, err));
  for (size_t row = 0, at = 0; row < train->rows && at < rows->held_out_count; row++) {
    if (train->bin[row] != rows->slot || train->fold[row] != 0) continue;
    double y = (double)target[at];
    hr_validation_rows_add(&out->validation, row, y - residual[at++]);
  }
cleanup:
  return status;
}

/* The model's own predictions of the rows that it has not trained on: the same whether
 * its training was interrupted or not. */
static hr_status learn_sigma(const hr_net_rows *rows, const hr_model *model, hr_fit *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t count = rows->held_out_count;
  const float *target = hr_net_rows_held_out(rows, out->target);
  held_out_pass pass = {.rows = rows, .model = model};
  double *residual = NULL;
  HR_TRY(hr_alloc(&pass.x, SIGMA_ROWS * rows->study->pixels, err));
  HR_TRY(hr_alloc(&residual, count, err));
  for (size_t at = 0; at < count; at += SIGMA_ROWS) {
    size_t piece = count - at < SIGMA_ROWS ? count - at : SIGMA_ROWS;
    HR_TRY(predict_held_out(&pass, at, piece, err));
    for (size_t i = 0; i < piece; i++) {
      residual[at + i] = (double)target[at + i] - (double)pass.mean[i];
    }
  }
  const hr_sigma_rows learnt = {count, residual, rows->held_out_snr, NULL};
  HR_TRY(hr_sigma_learn(&learnt, &out->sigma, err));
  HR_TRY(keep_rows(rows, residual, out, err));
cleanup:
  hr_free(pass.x);
  hr_free(residual);
  return status;
}

/* The model of output o, of the best epoch's network. */
static hr_status take_model(const hr_net_result *r, size_t o, hr_trained *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_net_model best = {.net = NULL};
  HR_TRY(hr_net_model_take_output(r->model, o, 1, &best, err));
  best.target_mean = r->target_mean[o];
  best.target_deviation = r->target_deviation[o];
  HR_TRY(hr_network_model_create_take(&best, out->fit.slot, &out->model, err));
  out->model->target = out->fit.target;
cleanup:
  hr_net_model_fini(&best);
  return status;
}

/* Of output o alone, as if it had been trained alone. */
static hr_status take_output(const hr_net_result *r, size_t o, hr_trained *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_rows *rows = r->training->rows;
  hr_fit *fit = &out->fit;
  const hr_curve_point *curve = hr_trainer_curve(r->trainer, o, &fit->curve_points);
  HR_TRY(hr_alloc(&fit->curve, fit->curve_points, err));
  memcpy(fit->curve, curve, fit->curve_points * sizeof *curve);
  fit->best_epoch = hr_trainer_best_epoch(r->trainer);
  HR_TRY(take_model(r, o, out, err));
  bool is_known = isfinite(hr_trainer_best_r2(r->trainer));
  fit->cv_r2[0] = is_known ? curve[fit->best_epoch].validation_r2 : (double)NAN;
  fit->validated_rows = rows->held_out_count;
  HR_TRY(learn_sigma(rows, out->model, fit, err));
  fit->status = HR_FIT_OK;
cleanup:
  if (status != HR_OK) hr_model_destroy(&out->model);
  return status;
}

/* The mean R2 of the outputs that have one, epoch by epoch. */
static hr_status average(const hr_net_result *r, hr_curve_point **out, hr_error *err) {
  size_t points = 0, targets = r->training->targets;
  const hr_curve_point *first = hr_trainer_curve(r->trainer, 0, &points);
  hr_status status = hr_alloc(out, points, err);
  for (size_t e = 0; status == HR_OK && e < points; e++) {
    double sum = 0, count = 0;
    for (size_t o = 0; o < targets; o++) {
      double r2 = hr_trainer_curve(r->trainer, o, &points)[e].validation_r2;
      if (isnan(r2)) continue;
      sum += r2;
      count++;
    }
    (*out)[e] = first[e];
    (*out)[e].validation_r2 = sum / count;
  }
  return status;
}

static void judge(const hr_net_result *r, const hr_curve_point *together, hr_fit *fit) {
  char sentence[sizeof fit->note];
  size_t points = fit->curve_points, epochs = (size_t)r->training->settings->epochs;
  bool converged = hr_net_has_converged(fit->curve, together, points, epochs);
  fit->convergence = converged ? HR_CONVERGED : HR_NOT_CONVERGED;
  if (converged) return;
  if (hr_net_has_learnt(fit->curve, points)) {
    snprintf(sentence, sizeof sentence,
             "not converged: %s still rose in the last of %zu epochs, give it more",
             r->training->targets > 1 ? "the mean validation R2 of the targets"
                                      : "validation R2",
             points);
  } else {
    snprintf(sentence, sizeof sentence,
             "not converged: no better than the mean after %zu epochs", points);
  }
  hr_fit_add_note(fit, sentence);
}

hr_status hr_net_result_take(const hr_net_result *r, hr_trained *const *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_curve_point *together = NULL;
  HR_TRY(average(r, &together, err));
  hr_trainer_take_best(r->trainer);
  for (size_t o = 0; o < r->training->targets; o++) {
    HR_TRY(take_output(r, o, out[o], err));
    judge(r, together, &out[o]->fit);
  }
cleanup:
  hr_free(together);
  return status;
}
