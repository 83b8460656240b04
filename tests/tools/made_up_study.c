/* usage: tool_made_up_study DIR EXPERTS [zh|en]
 *
 * Writes results.json and predictions.csv of a made-up study into DIR: nine bins, 4,000
 * test stars and so many experts (1 to 5), of which later ones lack a bin or go wrong in
 * one; the third knows its variance, and then there is a Fisher bound too, so that every
 * part of the report can be seen without training anything. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "score/results.h"

enum { BINS = 9, ROWS = 4000, EXPERTS = 5 };

static const hr_method types[EXPERTS] = {
    {.name = "ridge", .title = "Ridge", .variant = "alpha", .has_global = true},
    {.name = "ridge_marginal", .title = "Ridge-marginal", .variant = "alpha"},
    {.name = "posterior", .title = "Posterior"},
    {.name = "lightgbm", .title = "LightGBM"},
    {.name = "cnn", .title = "1D-CNN"},
};

static const hr_method placebo = {.name = "placebo", .title = "Placebo"};
static const hr_method leakage = {.name = "leakage", .title = "Error alone"};

static double target[ROWS], snr[ROWS];
static int32_t bin[ROWS];
static double variance[ROWS], bound[ROWS][HR_FISHER_PRIORS];
static float own[EXPERTS][ROWS], everywhere[ROWS];
static hr_fit fits[EXPERTS][BINS + 1];
static float control_predictions[2][ROWS];
static hr_fit control_fits[2];

static void make_rows(void) {
  for (size_t i = 0; i < ROWS; i++) {
    bin[i] = i % 6 == 5 ? HR_UNCOVERED : (int32_t)(i * 7 % BINS);
    target[i] = 1.0 + 4.0 * hr_uniform(1, HR_STREAM_SIMULATE_TEST, i, 0);
    for (size_t e = 0; e < EXPERTS; e++) own[e][i] = (float)NAN;
    variance[i] = (double)NAN;
    snr[i] = 2.8 + 25.0 * pow(hr_uniform(1, HR_STREAM_SIMULATE_TEST, i, 1), 1.7);
  }
}

/* How wrong an expert is in a bin; worse where the signal is weak. */
static double sigma_of(size_t expert, size_t k, size_t row) {
  static const double of_bin[BINS + 1] = {0.72, 0.50, 0.36, 0.95, 0.70,
                                          0.45, 0.85, 0.72, 0.48, 0.9};
  double skill = 1.0 + 0.12 * sin(3.0 * (double)expert + 2.0 * (double)k);
  if (expert == 3 && k == 7) skill = 6.0;
  return of_bin[k] * skill * (0.5 + 4.5 / snr[row]);
}

static void make_fit(size_t expert, size_t k, double *alpha, double *cv) {
  hr_fit *fit = &fits[expert][k];
  bool global = k == BINS, missing = expert == 4 && k != 3 && k != 6;
  float *out = global ? everywhere : own[expert];
  for (size_t i = 0; i < ROWS; i++) {
    float noise = 0;
    if ((!global && bin[i] != (int32_t)k) || (global && expert > 0)) continue;
    hr_normal(expert * 100 + k, HR_STREAM_NOISE_TEST, i, 0, 1, &noise);
    double shrunk = 3.0 + 0.85 * (target[i] - 3.0);
    out[i] =
        missing ? (float)NAN : (float)(shrunk + sigma_of(expert, k, i) * (double)noise);
  }
  *cv = 1.0 - sigma_of(expert, k, 0);
  if (expert == 2) {
    for (size_t i = 0; i < ROWS; i++) {
      double sigma = 0.8 * sigma_of(expert, k, i);
      if (bin[i] == (int32_t)k) variance[i] = sigma * sigma;
    }
  }
  *fit = (hr_fit){.slot = global ? HR_GLOBAL : (int)k,
                  .status = missing ? HR_FIT_SKIPPED : HR_FIT_OK,
                  .train_rows = 1000,
                  .variant_count = 1,
                  .variant_value = alpha,
                  .cv_r2 = cv,
                  .seconds = 1.0};
}

static hr_outcome make_outcome(size_t e) {
  hr_outcome outcome = {.type = &types[e],
                        .fits = fits[e],
                        .fit_count = e == 0 ? BINS + 1 : BINS,
                        .own = {ROWS, 1, own[e], e == 2 ? variance : NULL}};
  if (e == 0) outcome.global = (hr_predictions){ROWS, 1, everywhere, NULL};
  return outcome;
}

/* A bound somewhat above the posterior's ceiling where the signal is weak. */
static void make_bound(void) {
  for (size_t i = 0; i < ROWS; i++) {
    double sigma = bin[i] < 0 ? (double)NAN : 0.75 * sigma_of(2, (size_t)bin[i], i);
    bound[i][HR_FISHER_ROUTED] = sigma * sigma / (1 + 0.3 * sigma * sigma);
    bound[i][HR_FISHER_GLOBAL] = 1.1 * bound[i][HR_FISHER_ROUTED];
  }
}

/* A control predicts all covered rows with one task. */
static hr_outcome make_control(size_t c, double sigma, double *cv) {
  for (size_t i = 0; i < ROWS; i++) {
    float noise = 0;
    hr_normal(900 + c, HR_STREAM_NOISE_TEST, i, 0, 1, &noise);
    control_predictions[c][i] =
        bin[i] == HR_UNCOVERED
            ? (float)NAN
            : (float)(3.0 + 0.5 * (target[i] - 3.0) + sigma * (double)noise);
  }
  control_fits[c] = (hr_fit){.slot = HR_GLOBAL,
                             .status = HR_FIT_OK,
                             .train_rows = 1000 * BINS,
                             .variant_count = 1,
                             .cv_r2 = cv,
                             .seconds = 1.0};
  return (hr_outcome){.type = c == 0 ? &placebo : &leakage,
                      .fits = &control_fits[c],
                      .fit_count = 1,
                      .global = {ROWS, 1, control_predictions[c], NULL}};
}

int main(int argc, char **argv) {
  static char names[BINS][16] = {"Cool Poor", "Cool Solar", "Cool Rich",
                                 "Mid Poor",  "Mid Solar",  "Mid Rich",
                                 "Hot Poor",  "Hot Solar",  "Hot Rich"};
  static double alpha = 1e4, cv[EXPERTS][BINS + 1];
  char *name_list[BINS], *path = NULL;
  hr_outcome outcomes[EXPERTS];
  size_t counts[BINS + 1], experts = argc > 2 ? (size_t)atoi(argv[2]) : 0;
  hr_error err = {0};
  if (argc < 3 || experts < 1 || experts > EXPERTS) return 2;
  make_rows();
  for (size_t k = 0; k <= BINS; k++) counts[k] = 1000;
  for (size_t k = 0; k < BINS; k++) name_list[k] = names[k];
  for (size_t e = 0; e < experts; e++) {
    for (size_t k = 0; k <= BINS; k++) make_fit(e, k, &alpha, &cv[e][k]);
    outcomes[e] = make_outcome(e);
  }
  make_bound();
  const hr_fisher_bound fisher = {&bound[0][0], 0, 0.012};
  double control_cv = 0.3;
  const hr_outcome controls[] = {make_control(0, 0.6, &control_cv),
                                 make_control(1, 0.4, &control_cv)};
  const double focus[] = {3, 6};
  const hr_reference_line lines[] = {{"ViT", 0.70}, {"phys_gate", 0.601}};
  const hr_split_view test = {.rows = ROWS, .target = target, .bin = bin, .route = bin};
  const hr_results_input input = {
      .experiment_id = "MADE-UP",
      .fingerprint = "0123456789abcdef",
      .language = argc > 3 ? argv[3] : "en",
      .target_name = "log_g",
      .bin_count = BINS,
      .bin_names = name_list,
      .focus = focus,
      .focus_count = 2,
      .at_risk_below = 1000,
      .uncovered = "exclude",
      .train_rows = 1000 * (BINS + 1),
      .train_counts = counts,
      .test = &test,
      .snr = snr,
      .outcomes = outcomes,
      .outcome_count = experts,
      .fisher = experts > 2 ? &fisher : NULL,
      .controls = controls,
      .control_count = 2,
      .gate = {0.70, 0.05, 0.65, 0.05, NAN, NAN},
      .baselines = lines,
      .baseline_count = 2,
      .seed = 42,
  };
  hr_status status = hr_join_path(argv[1], "results.json", &path, &err);
  if (status == HR_OK) status = hr_make_folders(argv[1], &err);
  if (status == HR_OK) status = hr_results_write(&input, path, NULL, &err);
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  hr_free(path);
  return hr_status_exit_code(status);
}
