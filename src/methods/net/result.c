/* Of a training that is over: models, curves, sigmas and what is to be said of them. */
#include "methods/net/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "models/heads.h"
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
  uint32_t *number; /* [count] held-out rows of the model's slot */
  double *snr;      /* [count] */
  size_t count;
  float *x; /* [SIGMA_ROWS][P] */
  float mean[SIGMA_ROWS];
} held_out_pass;

static void pass_fini(held_out_pass *p) {
  hr_free(p->number);
  hr_free(p->snr);
  hr_free(p->x);
}

static hr_status pass_init(held_out_pass *p, const hr_net_rows *rows,
                           const hr_model *model, hr_error *err) {
  hr_status status = HR_OK;
  *p = (held_out_pass){.rows = rows, .model = model};
  HR_TRY(hr_alloc(&p->number, rows->held_out_count, err));
  HR_TRY(hr_alloc(&p->snr, rows->held_out_count, err));
  HR_TRY(hr_alloc(&p->x, SIGMA_ROWS * rows->study->pixels, err));
  for (size_t i = 0; i < rows->held_out_count; i++) {
    if (!hr_net_is_of_slot(model->slot, rows->held_out_bin[i])) continue;
    p->snr[p->count] = rows->held_out_snr[i];
    p->number[p->count++] = (uint32_t)i;
  }
cleanup:
  return status;
}

/* Predicts rows first .. first+count-1 of the list. */
static hr_status predict_held_out(held_out_pass *p, size_t first, size_t count,
                                  hr_error *err) {
  hr_status status = HR_OK;
  uint32_t row[SIGMA_ROWS];
  HR_TRY(hr_net_rows_copy_held_out(p->rows, p->number + first, count, p->x, err));
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

/* What the held-out rows of the slot, those of fold 0 in their order, were predicted,
 * where the study keeps it. */
static hr_status keep_rows(const held_out_pass *p, const float *target,
                           const double *residual, hr_fit *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = p->rows->study;
  const hr_split_view *train = &study->train;
  if (!hr_study_keeps_validation(study, out->target, out->slot)) return HR_OK;
  HR_TRY(hr_validation_rows_init(&out->validation, p->count, err));
  for (size_t row = 0, at = 0; row < train->rows && at < p->count; row++) {
    if (train->bin[row] != out->slot || train->fold[row] != 0) continue;
    double y = (double)target[p->number[at]];
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
  const float *target = hr_net_rows_held_out(rows, out->target);
  held_out_pass pass;
  double *residual = NULL;
  HR_TRY(pass_init(&pass, rows, model, err));
  HR_TRY(hr_alloc(&residual, pass.count, err));
  for (size_t at = 0; at < pass.count; at += SIGMA_ROWS) {
    size_t piece = pass.count - at < SIGMA_ROWS ? pass.count - at : SIGMA_ROWS;
    HR_TRY(predict_held_out(&pass, at, piece, err));
    for (size_t i = 0; i < piece; i++) {
      residual[at + i] = (double)target[pass.number[at + i]] - (double)pass.mean[i];
    }
  }
  const hr_sigma_rows learnt = {pass.count, residual, pass.snr, NULL};
  HR_TRY(hr_sigma_learn(&learnt, &out->sigma, err));
  HR_TRY(keep_rows(&pass, target, residual, out, err));
  out->validated_rows = pass.count;
cleanup:
  pass_fini(&pass);
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

/* Models that share the best epoch's network. */
static hr_status take_heads(const hr_net_result *r, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = r->training->models;
  hr_net_model best = {.net = NULL};
  hr_head *heads = NULL;
  hr_model **models = NULL;
  HR_TRY(hr_alloc(&heads, count, err));
  HR_TRY(hr_alloc(&models, count, err));
  for (size_t o = 0; o < count; o++) {
    const hr_fit *fit = &r->training->outputs[o].out->fit;
    heads[o] =
        (hr_head){fit->target, fit->slot, o, r->target_mean[o], r->target_deviation[o]};
  }
  HR_TRY(hr_net_model_copy(r->model, 1, &best, err));
  HR_TRY(hr_heads_create_take(&best, heads, count, models, err));
  for (size_t o = 0; o < count; o++) r->training->outputs[o].out->model = models[o];
cleanup:
  hr_net_model_fini(&best);
  hr_free(heads);
  hr_free(models);
  return status;
}

/* What is known of output o, whose model is there. */
static hr_status take_output(const hr_net_result *r, size_t o, hr_trained *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_fit *fit = &out->fit;
  const hr_curve_point *curve = hr_trainer_curve(r->trainer, o, &fit->curve_points);
  HR_TRY(hr_alloc(&fit->curve, fit->curve_points, err));
  memcpy(fit->curve, curve, fit->curve_points * sizeof *curve);
  fit->best_epoch = hr_trainer_best_epoch(r->trainer);
  bool is_known = isfinite(hr_trainer_best_r2(r->trainer));
  fit->cv_r2[0] = is_known ? curve[fit->best_epoch].validation_r2 : (double)NAN;
  HR_TRY(learn_sigma(r->training->rows, out->model, fit, err));
  fit->status = HR_FIT_OK;
cleanup:
  return status;
}

/* The mean R2 of the outputs that have one, epoch by epoch. */
static hr_status average(const hr_net_result *r, hr_curve_point **out, hr_error *err) {
  size_t points = 0, targets = r->training->models;
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
             hr_net_has_heads(r->training->settings)
                 ? "the mean validation R2 of the heads"
             : r->training->models > 1 ? "the mean validation R2 of the targets"
                                       : "validation R2",
             points);
  } else {
    snprintf(sentence, sizeof sentence,
             "not converged: no better than the mean after %zu epoch%s", points,
             hr_plural(points));
  }
  hr_fit_add_note(fit, sentence);
}

static void drop_models(const hr_net_training *training) {
  for (size_t o = 0; o < training->models; o++) {
    hr_model_destroy(&training->outputs[o].out->model);
  }
}

hr_status hr_net_result_take(const hr_net_result *r, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_training *training = r->training;
  bool has_heads = hr_net_has_heads(training->settings);
  hr_curve_point *together = NULL;
  HR_TRY(average(r, &together, err));
  hr_trainer_take_best(r->trainer);
  if (has_heads) HR_TRY(take_heads(r, err));
  for (size_t o = 0; o < training->models; o++) {
    hr_trained *out = training->outputs[o].out;
    if (!has_heads) HR_TRY(take_model(r, o, out, err));
    HR_TRY(take_output(r, o, out, err));
    judge(r, together, &out->fit);
  }
cleanup:
  if (status != HR_OK) drop_models(training);
  hr_free(together);
  return status;
}
