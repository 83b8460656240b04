/* A small finished study, made up: three bins, rows of which some have no bin, Ridge with
 * three alphas and a global model, a forest without settings, and a CNN that this build
 * does not have. */
#ifndef HR_TESTS_SCORE_FIXTURE_H
#define HR_TESTS_SCORE_FIXTURE_H

#include <math.h>
#include <stdio.h>

#include "core/random.h"
#include "methods/outside/outside.h"
#include "score/results.h"

enum {
  FIXTURE_BINS = 3,
  FIXTURE_ROWS = 240,
  FIXTURE_ALPHAS = 3,
  FIXTURE_RIDGE_FITS = FIXTURE_BINS + 1,
};

typedef struct fixture {
  double target[FIXTURE_ROWS], snr[FIXTURE_ROWS];
  int32_t bin[FIXTURE_ROWS], route[FIXTURE_ROWS];
  hr_split_view test;
  hr_fit ridge[FIXTURE_RIDGE_FITS], forest[FIXTURE_BINS];
  float ridge_own[FIXTURE_ALPHAS][FIXTURE_ROWS]; /* by row number, as all of these */
  float ridge_global[FIXTURE_ALPHAS][FIXTURE_ROWS];
  float forest_own[FIXTURE_ROWS];
  double alphas[FIXTURE_ALPHAS];
  double ridge_cv[FIXTURE_RIDGE_FITS][FIXTURE_ALPHAS], forest_cv[FIXTURE_BINS];
  hr_outcome outcomes[3];
  size_t train_counts[FIXTURE_BINS + 1];
  char *names[FIXTURE_BINS];
  double focus[1];
  hr_reference_line line;
  hr_preparation preparation;
  float placebo[FIXTURE_ROWS], error_alone[FIXTURE_ROWS];
  double control_cv[2];
  hr_fit control_fits[2];
  hr_outcome controls[2];
  hr_fit all_forests[FIXTURE_BINS + 1]; /* with a model of all rows */
  float forest_global[FIXTURE_ROWS];
  double forest_global_cv;
  double variance[FIXTURE_ROWS];
  float draws[FIXTURE_ROWS][HR_OUTCOME_DRAWS];
  size_t draw_rows[FIXTURE_ROWS];
  double bound[FIXTURE_ROWS][HR_FISHER_PRIORS];
  hr_fisher_bound fisher;
  hr_results_input input;
} fixture;

static const hr_method fixture_ridge = {
    .name = "ridge", .title = "Ridge", .variant = "alpha", .has_global = true};
static const hr_method fixture_forest = {.name = "forest", .title = "Forest"};
static const hr_method fixture_global_forest = {
    .name = "forest", .title = "Forest", .has_global = true};
static const hr_method fixture_cnn = {.name = "cnn", .title = "1D-CNN"};

/* The forest as a model from elsewhere (methods/outside/outside.h); made once. */
static inline void fixture_take_forest_elsewhere(fixture *f) {
  static hr_outside_method made;
  made.method = hr_outside_method_of_any_name;
  made.method.name = "forest";
  made.method.title = "Forest";
  hr_outside_method_set_bins(&made, true);
  f->outcomes[1].type = &made.method;
}

static const hr_method fixture_placebo = {.name = "placebo", .title = "Placebo"};
static const hr_method fixture_leakage = {.name = "leakage", .title = "Error alone"};

/* Predictions of one model for the rows routed to it: the target with noise of `sigma`.
 */
static inline void fixture_predict(const fixture *f, int bin, double sigma, uint64_t seed,
                                   float *out) {
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (bin != HR_GLOBAL && f->route[i] != bin) continue;
    float noise = 0;
    hr_normal(seed, HR_STREAM_NOISE_TEST, i, 0, 1, &noise);
    out[i] = (float)(f->target[i] + sigma * (double)noise);
  }
}

static inline void fixture_blank(float *out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)NAN;
}

static inline void fixture_rows(fixture *f) {
  static const double center[] = {2.0, 3.0, 4.5, 1.5};
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    double u = hr_uniform(1, HR_STREAM_SIMULATE_TEST, i, 0);
    f->bin[i] = i % 7 == 6 ? HR_UNCOVERED : (int32_t)(i % 3);
    f->route[i] = f->bin[i];
    f->target[i] = center[f->bin[i] < 0 ? 3 : f->bin[i]] + 2.0 * u;
    f->snr[i] = 3.0 + 20.0 * hr_uniform(1, HR_STREAM_SIMULATE_TEST, i, 1);
  }
  f->test = (hr_split_view){
      .rows = FIXTURE_ROWS, .target = f->target, .bin = f->bin, .route = f->route};
}

/* Fills all tasks and predictions from f->route; call again after changing routes. */
static inline void fixture_fits(fixture *f) {
  static const double sigma[] = {0.45, 0.40, 0.50};
  fixture_blank(&f->ridge_own[0][0], FIXTURE_ALPHAS * FIXTURE_ROWS);
  fixture_blank(f->forest_own, FIXTURE_ROWS);
  for (int t = 0; t < FIXTURE_RIDGE_FITS; t++) {
    int bin = t < FIXTURE_BINS ? t : HR_GLOBAL;
    for (int v = 0; v < FIXTURE_ALPHAS; v++) {
      fixture_predict(f, bin, bin == HR_GLOBAL ? 0.8 : sigma[v], (uint64_t)(10 * t + v),
                      bin == HR_GLOBAL ? f->ridge_global[v] : f->ridge_own[v]);
      f->ridge_cv[t][v] = 0.5 + 0.01 * v;
    }
    f->ridge[t] = (hr_fit){.slot = bin,
                           .status = HR_FIT_OK,
                           .train_rows = bin == HR_GLOBAL ? 3300 : f->train_counts[t],
                           .variant_count = FIXTURE_ALPHAS,
                           .variant_value = f->alphas,
                           .cv_r2 = f->ridge_cv[t],
                           .chosen = 2,
                           .seconds = 0.25};
  }
  for (int k = 0; k < FIXTURE_BINS; k++) {
    f->forest_cv[k] = k == 1 ? 0.9 : 0.1;
    f->forest[k] = (hr_fit){.slot = k,
                            .status = HR_FIT_OK,
                            .train_rows = f->train_counts[k],
                            .variant_count = 1,
                            .cv_r2 = &f->forest_cv[k],
                            .seconds = 1.5};
    fixture_predict(f, k, k == 1 ? 0.2 : 0.6, (uint64_t)(100 + k), f->forest_own);
  }
}

/* A task that came to nothing: so does what it would have predicted. */
static inline void fixture_end(fixture *f, hr_fit *fit, hr_fit_status status) {
  bool is_forest = fit >= f->forest && fit < f->forest + FIXTURE_BINS;
  fit->status = status;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (fit->slot != HR_GLOBAL && f->route[i] != fit->slot) continue;
    for (size_t v = 0; v < (is_forest ? 1 : FIXTURE_ALPHAS); v++) {
      float *out = is_forest                ? f->forest_own
                   : fit->slot == HR_GLOBAL ? f->ridge_global[v]
                                            : f->ridge_own[v];
      out[i] = (float)NAN;
    }
  }
}

/* The number of the row that is number `place` of those routed to a bin. */
static inline size_t fixture_row(const fixture *f, int bin, size_t place) {
  size_t i = 0;
  while (f->route[i] != bin || place-- > 0) i++;
  return i;
}

/* The forest knows its error: each row's variance is `scale` times what it makes. */
static inline void fixture_give_variance(fixture *f, double scale) {
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    double sigma = f->route[i] == 1 ? 0.2 : 0.6;
    f->variance[i] = f->route[i] < 0 ? (double)NAN : scale * sigma * sigma;
  }
  f->outcomes[1].own.variance = f->variance;
}

/* Every fit has learnt a sigma `scale` times what its residuals are; the half-widths are
 * those of a Gaussian. */
static inline hr_sigma fixture_sigma(double sigma) {
  return (hr_sigma){.rows = 500, .all = {(double)NAN, sigma, sigma, 2 * sigma}};
}

static inline void fixture_give_sigma(fixture *f, double scale) {
  for (int t = 0; t < FIXTURE_RIDGE_FITS; t++) {
    f->ridge[t].sigma = fixture_sigma(scale * (t < FIXTURE_BINS ? 0.5 : 0.8));
  }
  for (int k = 0; k < FIXTURE_BINS; k++) {
    f->forest[k].sigma = fixture_sigma(scale * (k == 1 ? 0.2 : 0.6));
  }
}

/* The forest has draws of every other covered row: Gaussian around the prediction. */
static inline void fixture_give_draws(fixture *f, double scale) {
  size_t count = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i += 2) {
    if (f->bin[i] < 0) continue;
    float *draws = f->draws[count];
    hr_normal(77, HR_STREAM_NOISE_TEST, i, 0, HR_OUTCOME_DRAWS, draws);
    double sigma = scale * (f->bin[i] == 1 ? 0.2 : 0.6);
    for (size_t d = 0; d < HR_OUTCOME_DRAWS; d++) {
      draws[d] = (float)((double)f->forest_own[i] + sigma * (double)draws[d]);
    }
    f->draw_rows[count++] = i;
  }
  f->outcomes[1].draws = f->draws[0];
  f->outcomes[1].draw_rows = f->draw_rows;
  f->outcomes[1].draw_row_count = count;
}

/* A Fisher bound: `routed` for rows in bins, `global` for all. */
static inline void fixture_give_bound(fixture *f, double routed, double global) {
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    f->bound[i][HR_FISHER_ROUTED] = f->bin[i] < 0 ? (double)NAN : routed;
    f->bound[i][HR_FISHER_GLOBAL] = global;
  }
  f->fisher = (hr_fisher_bound){&f->bound[0][0], 7, 0.025};
  f->input.fisher = &f->fisher;
}

static inline hr_predictions fixture_matrix(float *mean, size_t variants) {
  return (hr_predictions){FIXTURE_ROWS, variants, mean, NULL};
}

static inline void fixture_init(fixture *f) {
  static char name_0[] = "Cool Poor", name_1[] = "Mid Poor", name_2[] = "Hot, \"Rich\"";
  *f =
      (fixture){.alphas = {1.0, 100.0, 1e4},
                .train_counts = {900, 1000, 1100, 300},
                .names = {name_0, name_1, name_2},
                .focus = {1},
                .line = {"vit", 0.7},
                .preparation = {
                    .clipped_pixels = 5, .bad_pixels = 6, .nonpositive_error_pixels = 7}};
  fixture_rows(f);
  fixture_fits(f);
  f->outcomes[0] =
      (hr_outcome){.type = &fixture_ridge,
                   .fits = f->ridge,
                   .fit_count = FIXTURE_RIDGE_FITS,
                   .own = fixture_matrix(f->ridge_own[0], FIXTURE_ALPHAS),
                   .global = fixture_matrix(f->ridge_global[0], FIXTURE_ALPHAS)};
  f->outcomes[1] = (hr_outcome){.type = &fixture_forest,
                                .fits = f->forest,
                                .fit_count = FIXTURE_BINS,
                                .own = fixture_matrix(f->forest_own, 1)};
  f->outcomes[2] = (hr_outcome){.type = &fixture_cnn};
  f->input = (hr_results_input){
      .experiment_id = "TEST-01",
      .fingerprint = "0123456789abcdef",
      .language = "en",
      .target_name = "log_g",
      .bin_count = FIXTURE_BINS,
      .bin_names = f->names,
      .focus = f->focus,
      .focus_count = 1,
      .at_risk_below = 1000,
      .uncovered = "exclude",
      .train_rows = 3300,
      .train_counts = f->train_counts,
      .test = &f->test,
      .snr = f->snr,
      .train_preparation = &f->preparation,
      .test_preparation = &f->preparation,
      .outcomes = f->outcomes,
      .outcome_count = 3,
      .selection = HR_SELECT_BY_CV,
      .gate = {0.70, 0.05, 0.65, 0.05, (double)NAN, (double)NAN},
      .baselines = &f->line,
      .baseline_count = 1,
      .seed = 42,
      .bootstrap_draws = 200,
  };
}

/* The forest gets a model of all rows: its errors, and what validation says of it. */
static inline void fixture_give_global_forest(fixture *f, double sigma, double cv) {
  for (size_t k = 0; k < FIXTURE_BINS; k++) f->all_forests[k] = f->forest[k];
  f->forest_global_cv = cv;
  f->all_forests[FIXTURE_BINS] = (hr_fit){.slot = HR_GLOBAL,
                                          .status = HR_FIT_OK,
                                          .train_rows = 3300,
                                          .variant_count = 1,
                                          .cv_r2 = &f->forest_global_cv};
  fixture_predict(f, HR_GLOBAL, sigma, 9, f->forest_global);
  f->outcomes[1].type = &fixture_global_forest;
  f->outcomes[1].fits = f->all_forests;
  f->outcomes[1].fit_count = FIXTURE_BINS + 1;
  f->outcomes[1].global = fixture_matrix(f->forest_global, 1);
}

/* A placebo with errors of 0.7, and an error that knows the target to within `sigma`; NaN
 * for uncovered rows. */
static inline void fixture_add_controls(fixture *f, double sigma) {
  const hr_method *types[] = {&fixture_placebo, &fixture_leakage};
  float *predictions[] = {f->placebo, f->error_alone};
  for (size_t c = 0; c < 2; c++) {
    fixture_predict(f, HR_GLOBAL, c == 0 ? 0.7 : sigma, 200 + c, predictions[c]);
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      if (f->bin[i] == HR_UNCOVERED) predictions[c][i] = (float)NAN;
    }
    f->control_cv[c] = 0.5;
    f->control_fits[c] = (hr_fit){.slot = HR_GLOBAL,
                                  .status = HR_FIT_OK,
                                  .train_rows = 3000,
                                  .variant_count = 1,
                                  .cv_r2 = &f->control_cv[c],
                                  .seconds = 0.5};
    f->controls[c] = (hr_outcome){.type = types[c],
                                  .fits = &f->control_fits[c],
                                  .fit_count = 1,
                                  .global = fixture_matrix(predictions[c], 1)};
  }
  f->input.controls = f->controls;
  f->input.control_count = 2;
}

#endif
