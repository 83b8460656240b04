/* The held rows are predicted by the models without their folds. Those have seen a share
 * (F − 1)/F of the rows and miss by a little more than the model of all rows would; how
 * much, the same rows tell (Burman 1989, "A comparative study of ordinary
 * cross-validation, v-fold cross-validation and the repeated learning-testing methods",
 * Biometrika 76, 503):
 *
 *   M' = M + S − Σ_f (n_f/n) S_f,
 *
 * M the mean square of the residuals from folds, S and S_f those of the models of all
 * rows and without fold f on all of the held rows, n_f of them in the fold. Residuals are
 * scaled by √(M'/M). That holds to first order, too little where a Ridge of fewer rows
 * than pixels all but interpolates them; but then K is there, and with it what is missed
 * when a row alone is left out. */
#include "methods/ridge/sigma.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/vector.h"

typedef struct asking {
  const hr_learner *learner;
  size_t target;
  size_t count, models, pixels; /* F + 1 models, that of all rows last */
  const size_t *rows;           /* [count] */
  double *weights;              /* [models][P] */
  double *intercept;            /* [models] NaN: there is no such model */
  float *scratch;               /* [threads][P] */
  double *residual;             /* [count][models] NaN where there is none */
  bool *is_lost;                /* [count] could not be read back */
} asking;

static hr_status init(asking *q, const hr_learner *learner, size_t m,
                      const hr_ridge_fit *fit, hr_error *err) {
  hr_status status = HR_OK;
  *q = (asking){.learner = learner,
                .target = q->target,
                .models = fit->sums->fold_count + 1,
                .pixels = fit->sums->pixels};
  q->count = hr_held_rows_of(learner->held, m, &q->rows);
  HR_TRY(hr_alloc(&q->weights, q->models * q->pixels, err));
  HR_TRY(hr_alloc(&q->intercept, q->models, err));
  HR_TRY(hr_alloc(&q->scratch, hr_thread_count() * q->pixels, err));
  HR_TRY(hr_alloc(&q->residual, q->count * q->models, err));
  HR_TRY(hr_alloc(&q->is_lost, q->count, err));
cleanup:
  return status;
}

static void fini(asking *q) {
  hr_free(q->weights);
  hr_free(q->intercept);
  hr_free(q->scratch);
  hr_free(q->residual);
  hr_free(q->is_lost);
}

/* The models at alpha number a. */
static hr_status take_models(asking *q, const hr_ridge_fit *fit, size_t a,
                             hr_error *err) {
  double *work = NULL;
  size_t folds = q->models - 1, pixels = q->pixels;
  hr_status status = hr_alloc(&work, pixels, err);
  if (status != HR_OK) return status;
  for (size_t f = 0; f < folds; f++) {
    const hr_ridge_fold of = {q->target, f, a};
    q->intercept[f] = hr_ridge_fit_fold_model(fit, &of, q->weights + f * pixels, work);
  }
  memcpy(q->weights + folds * pixels, hr_ridge_fit_weights(fit, q->target) + a * pixels,
         pixels * sizeof *q->weights);
  q->intercept[folds] = hr_ridge_fit_intercept(fit, q->target)[a];
  hr_free(work);
  return HR_OK;
}

/* Sums side by side, so that they need not wait for each other: always in this order. */
HR_VECTOR_CLONES
static double product(const double *restrict weights, const float *restrict x,
                      size_t pixels) {
  enum { LANES = 8 };
  double lane[LANES] = {0}, sum = 0;
  size_t p = 0;
  for (; p + LANES <= pixels; p += LANES) {
    for (size_t j = 0; j < LANES; j++) lane[j] += weights[p + j] * (double)x[p + j];
  }
  for (; p < pixels; p++) sum += weights[p] * (double)x[p];
  for (size_t j = 0; j < LANES; j++) sum += lane[j];
  return sum;
}

static void ask_row(void *context, size_t i, size_t thread) {
  asking *q = context;
  size_t pixels = q->pixels;
  const float *x =
      hr_held_rows_flux(q->learner->held, q->rows[i], q->scratch + thread * pixels);
  double y = hr_study_target(q->learner->study, q->target)[q->rows[i]];
  q->is_lost[i] = !x;
  for (size_t f = 0; x && f < q->models; f++) {
    double predicted = q->intercept[f] + product(q->weights + f * pixels, x, pixels);
    q->residual[i * q->models + f] = y - predicted;
  }
}

static hr_status check_read(const asking *q, hr_error *err) {
  for (size_t i = 0; i < q->count; i++) {
    if (!q->is_lost[i]) continue;
    return hr_fail(err, HR_ERR_IO,
                   "cannot read back rows that %s kept in the run directory while memory "
                   "is short",
                   q->learner->options.name);
  }
  return HR_OK;
}

static uint8_t fold_of(const asking *q, size_t i) {
  return q->learner->study->train.fold[q->rows[i]];
}

/* The mean square of one model's residuals on all held rows. */
static double mean_square(const asking *q, size_t model) {
  double sum = 0;
  for (size_t i = 0; i < q->count; i++) {
    double r = q->residual[i * q->models + model];
    sum += r * r;
  }
  return sum / (double)q->count;
}

/* The square root of M'/M; 1 where a fold has no model. */
static double scale_of_folds(const asking *q) {
  double of_folds = 0, corrected = 0, n = (double)q->count;
  for (size_t i = 0; i < q->count; i++) {
    double r = q->residual[i * q->models + fold_of(q, i)];
    of_folds += r * r / n;
  }
  corrected = of_folds + mean_square(q, q->models - 1);
  for (size_t f = 0; f + 1 < q->models; f++) {
    double rows = 0;
    for (size_t i = 0; i < q->count; i++) rows += fold_of(q, i) == f;
    if (rows > 0) corrected -= rows / n * mean_square(q, f);
  }
  double scale = sqrt(corrected / of_folds);
  return scale > 0 && isfinite(scale) ? scale : 1;
}

/* The held rows, left out one at a time. */
typedef struct leaving {
  const asking *q;
  const hr_ridge_fit *fit;
  size_t m, a;    /* of the model, and of alpha */
  size_t *row;    /* [count] numbers among the model's rows */
  double *missed; /* [count] NaN: not known */
  hr_status status;
  hr_error err;
} leaving;

/* Where the held rows are among the model's. */
static hr_status find_left_out(leaving *l, hr_error *err) {
  hr_status status = HR_OK;
  const asking *q = l->q;
  const hr_split_view *train = &q->learner->study->train;
  bool is_global = l->m == q->learner->study->bin_count;
  size_t at = 0, next = 0;
  HR_TRY(hr_alloc(&l->row, q->count, err));
  HR_TRY(hr_alloc(&l->missed, q->count, err));
  for (size_t row = 0; row < train->rows && next < q->count; row++) {
    if (!is_global && train->bin[row] != (int32_t)l->m) continue;
    if (row == q->rows[next]) l->row[next++] = at;
    at++;
  }
cleanup:
  return status;
}

/* On one thread, as threads would change the last bits. */
static void leave_out(void *context, size_t i, size_t thread) {
  (void)i, (void)thread;
  leaving *l = context;
  const hr_dual_leaving rows = {l->fit->alphas->value[l->a], l->q->target, l->row,
                                l->q->count};
  l->status = hr_dual_leave_out(l->fit->sums->dual, &rows, l->fit->solvers->systems[0],
                                l->missed, &l->err);
}

/* What held rows are missed by; [count] each. */
typedef struct misses {
  double *plain;     /* as predicted by a model that has not seen the row */
  double *corrected; /* for sigma: those of folds, scaled as one */
} misses;

static void take_folds(const asking *q, const misses *out) {
  double scale = scale_of_folds(q);
  for (size_t i = 0; i < q->count; i++) {
    out->plain[i] = q->residual[i * q->models + fold_of(q, i)];
    out->corrected[i] = scale * out->plain[i];
  }
}

/* What each held row is missed by: where K is there, and folds are not asked for, by the
 * model of all other rows. How
 * much that differs from a fold's depends on the row: faint ones weigh more in their own
 * predictions. */
static hr_status find_residuals(const asking *q, size_t m, const hr_ridge_fit *fit,
                                size_t a, const misses *out, hr_error *err) {
  hr_status status = HR_OK;
  leaving l = {.q = q, .fit = fit, .m = m, .a = a};
  take_folds(q, out);
  bool stays = !hr_ridge_sums_has_kernel(fit->sums) || q->learner->options.keeps_folds;
  if (stays) return HR_OK;
  HR_TRY(find_left_out(&l, err));
  hr_parallel_for_on(1, 1, leave_out, &l);
  for (size_t i = 0; l.status == HR_OK && i < q->count; i++) {
    if (isnan(l.missed[i])) continue;
    out->plain[i] = out->corrected[i] = l.missed[i];
  }
  if (l.status == HR_ERR_MEMORY) status = hr_fail(err, l.status, "%s", l.err.message);
cleanup:
  hr_free(l.row);
  hr_free(l.missed);
  return status;
}

static hr_status learn(const asking *q, const double *residual, hr_sigma *out,
                       hr_error *err) {
  hr_status status = HR_OK;
  double *snr = NULL;
  HR_TRY(hr_alloc(&snr, q->count, err));
  for (size_t i = 0; i < q->count; i++) {
    snr[i] = hr_held_rows_snr(q->learner->held, q->rows[i]);
  }
  const hr_sigma_rows rows = {q->count, residual, snr, NULL};
  HR_TRY(hr_sigma_learn(&rows, out, err));
cleanup:
  hr_free(snr);
  return status;
}

/* The rows' predictions, where the study keeps them. */
static hr_status keep_rows(const asking *q, const double *residual, hr_fit *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = q->learner->study;
  if (!hr_study_keeps_validation(study, q->target, out->slot)) return HR_OK;
  HR_TRY(hr_validation_rows_init(&out->validation, q->count, err));
  for (size_t i = 0; i < q->count; i++) {
    double y = hr_study_target(study, q->target)[q->rows[i]];
    hr_validation_rows_add(&out->validation, q->rows[i], y - residual[i]);
  }
cleanup:
  return status;
}

hr_status hr_ridge_learn_sigma(const hr_learner *learner, size_t m,
                               const hr_ridge_fit *fit, const hr_ridge_choice *choice,
                               hr_fit *out, hr_error *err) {
  hr_status status = HR_OK;
  asking q = {.target = choice->target};
  misses found = {NULL, NULL};
  out->sigma = (hr_sigma){0};
  if (!learner->held || !hr_held_rows_are_complete(learner->held)) return HR_OK;
  HR_TRY(init(&q, learner, m, fit, err));
  if (q.count == 0) goto cleanup;
  HR_TRY(take_models(&q, fit, choice->alpha, err));
  hr_parallel_for(q.count, ask_row, &q);
  HR_TRY(check_read(&q, err));
  HR_TRY(hr_alloc(&found.plain, q.count, err));
  HR_TRY(hr_alloc(&found.corrected, q.count, err));
  HR_TRY(find_residuals(&q, m, fit, choice->alpha, &found, err));
  HR_TRY(learn(&q, found.corrected, &out->sigma, err));
  HR_TRY(keep_rows(&q, found.plain, out, err));
cleanup:
  hr_free(found.plain);
  hr_free(found.corrected);
  fini(&q);
  return status;
}
