/* usage: tool_coverage SEEDS ROWS DRAWS GAIN
 *
 * How often the 95 % intervals hold the truth, and how often the gate passes what it
 * should not, over so many made-up studies of ROWS test rows, whose true R² is known on
 * paper. Everything goes the way of a real study: tasks, selection, bootstrap, gate.
 *
 * A row lies in bin k with probability p_k or in none. Its target is uniform, of a centre
 * and width of the bin's own. Its signal gives the scale m = 0.5 + 1.5 u² of all errors,
 * E m² = 1.2. Ridge misses by σ_k m z, the other expert by (1 − GAIN) σ_k m z', with z
 * and z' normal and of correlation 0.6. Validation sees the true R² with an error of its
 * own, so the hybrid takes either. R² = 1 − Σ p_k E e² / Var y over the covered rows.
 *
 * With GAIN 0 there is no headroom: the true gains are 0. The thresholds of the gate are
 * a hair above the truth, so that every pass is a false one. Prints one line a statistic:
 * name, intervals, how many hold the truth, how many lie above it (passes, for the gate).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "score/evaluation.h"

enum { BINS = 9, EXPERTS = 2, FOCUS = 2 };
static const double share[BINS + 1] = {0.096, 0.101, 0.052, 0.100, 0.116,
                                       0.049, 0.106, 0.098, 0.052, 0.230};
static const double centre[BINS + 1] = {1.6, 2.0, 2.2, 2.6, 3.0, 3.4, 3.8, 4.0, 4.2, 3.0};
static const double sigma[BINS + 1] = {0.60, 0.45, 0.30, 0.80, 0.50,
                                       0.35, 0.70, 0.50, 0.40, 0.60};
static const double focus[FOCUS] = {3, 6};
static const double width = 2.5, scale_squared = 1.2, correlation = 0.6, hair = 1e-9;

static const hr_method types[EXPERTS] = {
    {.name = "ridge", .title = "Ridge", .has_global = true},
    {.name = "other", .title = "Other"}};

typedef struct made_up {
  size_t rows;
  double gain;
  double *target;
  int32_t *bin;
  hr_split_view test;
  float *own[EXPERTS], *global; /* [rows] */
  hr_fit fits[EXPERTS][BINS + 1];
  double cv[EXPERTS][BINS + 1];
  hr_outcome outcomes[EXPERTS];
} made_up;

enum { PLACE = 10, WHERE, SIGNAL }; /* numbers of a row that are not normal */

static double uniform(uint64_t seed, size_t row, uint32_t which) {
  return hr_uniform(seed, HR_STREAM_SIMULATE_TEST, row, which);
}

static void make_row(made_up *m, uint64_t seed, size_t i) {
  double place = uniform(seed, i, PLACE), scale = uniform(seed, i, SIGNAL);
  size_t k = 0;
  float z[3];
  while (k < BINS && place > share[k]) place -= share[k++];
  hr_normal(seed, HR_STREAM_NOISE_TEST, i, 0, 3, z);
  m->bin[i] = k == BINS ? HR_UNCOVERED : (int32_t)k;
  m->target[i] = centre[k] + width * (uniform(seed, i, WHERE) - 0.5);
  scale = 0.5 + 1.5 * scale * scale;
  double other =
      correlation * (double)z[0] + sqrt(1 - correlation * correlation) * (double)z[1];
  double missed[EXPERTS] = {sigma[k] * scale * (double)z[0],
                            (1 - m->gain) * sigma[k] * scale * other};
  for (size_t e = 0; e < EXPERTS; e++) {
    m->own[e][i] = k < BINS ? (float)(m->target[i] + missed[e]) : (float)NAN;
  }
  m->global[i] = (float)(m->target[i] + 0.8 * scale * (double)z[2]);
}

/* The true variance of the covered targets. */
static double true_variance(void) {
  double covered = 1 - share[BINS], mean = 0, squares = 0;
  for (size_t k = 0; k < BINS; k++) {
    mean += share[k] / covered * centre[k];
    squares += share[k] / covered * (centre[k] * centre[k] + width * width / 12);
  }
  return squares - mean * mean;
}

static double true_error(const made_up *m, size_t expert, size_t k) {
  double skill = expert == 0 ? 1 : 1 - m->gain;
  return scale_squared * sigma[k] * sigma[k] * skill * skill;
}

static double true_bin_r2(const made_up *m, size_t expert, size_t k) {
  return 1 - true_error(m, expert, k) / (width * width / 12);
}

/* Of a method that takes experts as `choices` say. */
static double true_r2(const made_up *m, const hr_choice *choices) {
  double error = 0;
  for (size_t k = 0; k < BINS; k++) {
    error += share[k] / (1 - share[BINS]) * true_error(m, choices[k].expert, k);
  }
  return 1 - error / true_variance();
}

static void make(made_up *m, uint64_t seed) {
  for (size_t e = 0; e < EXPERTS; e++) {
    for (size_t k = 0; k <= BINS; k++) {
      float noise = 0;
      hr_normal(seed, HR_STREAM_FOLDS, e, (uint32_t)k, 1, &noise);
      m->cv[e][k] = (k < BINS ? true_bin_r2(m, e, k) : 0.4) + 0.02 * (double)noise;
      m->fits[e][k] = (hr_fit){.slot = k == BINS ? HR_GLOBAL : (int)k,
                               .status = HR_FIT_OK,
                               .train_rows = k == BINS ? 10000 : 1000,
                               .variant_count = 1,
                               .cv_r2 = &m->cv[e][k]};
    }
    m->outcomes[e] = (hr_outcome){.type = &types[e],
                                  .fits = m->fits[e],
                                  .fit_count = e == 0 ? BINS + 1 : BINS,
                                  .own = {m->rows, 1, m->own[e], NULL}};
  }
  for (size_t i = 0; i < m->rows; i++) make_row(m, seed, i);
  m->outcomes[0].global = (hr_predictions){m->rows, 1, m->global, NULL};
  m->test = (hr_split_view){
      .rows = m->rows, .target = m->target, .bin = m->bin, .route = m->bin};
}

static hr_results_input input_of(const made_up *m, uint64_t seed, size_t draws,
                                 hr_gate_thresholds gate) {
  static char name[] = "bin";
  static char *names[BINS] = {name, name, name, name, name, name, name, name, name};
  static const size_t counts[BINS + 1] = {1000, 1000, 1000, 1000, 1000,
                                          1000, 1000, 1000, 1000, 1000};
  return (hr_results_input){.experiment_id = "COVERAGE",
                            .fingerprint = "",
                            .language = "en",
                            .target_name = "log_g",
                            .bin_count = BINS,
                            .bin_names = names,
                            .focus = focus,
                            .focus_count = FOCUS,
                            .uncovered = "exclude",
                            .train_rows = 10000,
                            .train_counts = counts,
                            .test = &m->test,
                            .outcomes = m->outcomes,
                            .outcome_count = EXPERTS,
                            .selection = HR_SELECT_BY_CV,
                            .gate = gate,
                            .seed = seed,
                            .bootstrap_draws = draws};
}

/* A statistic over all studies. */
typedef struct tally {
  const char *name;
  size_t count, held, above;
} tally;

enum {
  POOLED_RIDGE,
  POOLED_HYBRID,
  POOLED_GAIN,
  BIN_R2,
  BIN_GAIN,
  GATE_R2,
  GATE_GAIN,
  GATE_FOCUS,
  TALLIES
};

static void add(tally *t, hr_interval interval, double truth) {
  t->count++;
  t->held += interval.low <= truth && truth <= interval.high ? 1 : 0;
  t->above += interval.low > truth ? 1 : 0;
}

static void add_gate(tally *t, const hr_gate_criterion *criterion) {
  double truth = criterion->threshold - hair;
  add(t, criterion->interval, truth);
  t->above -= criterion->interval.low > truth ? 1 : 0;
  t->above += criterion->verdict == HR_VERDICT_PASS ? 1 : 0;
}

static void count(const made_up *m, const hr_evaluation *ev, tally *tallies) {
  size_t ridge = hr_evaluation_find(ev, HR_FORECAST_ORACLE, 0, HR_SELECT_BY_CV);
  size_t hybrid =
      hr_evaluation_find(ev, HR_FORECAST_HYBRID, HR_NO_METHOD, HR_SELECT_BY_CV);
  const hr_choice *choices = ev->methods[hybrid].forecast->choices;
  hr_group_range all = hr_evaluation_range(ev, HR_SCOPE_COVERED);
  hr_bootstrap *draws = ev->bootstrap;
  double ridge_r2 = true_r2(m, ev->methods[ridge].forecast->choices);
  double hybrid_r2 = true_r2(m, choices);
  add(&tallies[POOLED_RIDGE], hr_bootstrap_r2(draws, ridge, all), ridge_r2);
  add(&tallies[POOLED_HYBRID], hr_bootstrap_r2(draws, hybrid, all), hybrid_r2);
  if (m->gain > 0) { /* where the hybrid is Ridge by choice there is nothing to tell */
    add(&tallies[POOLED_GAIN], hr_bootstrap_delta(draws, hybrid, ridge, all),
        hybrid_r2 - ridge_r2);
  }
  for (size_t k = 0; k < BINS; k++) {
    hr_group_range bin = {k, k + 1};
    double own = true_bin_r2(m, choices[k].expert, k);
    add(&tallies[BIN_R2], hr_bootstrap_r2(draws, hybrid, bin), own);
    if (choices[k].expert == 0) continue;
    add(&tallies[BIN_GAIN], hr_bootstrap_delta(draws, hybrid, ridge, bin),
        own - true_bin_r2(m, 0, k));
  }
  if (m->gain > 0) return;
  add_gate(&tallies[GATE_R2], &ev->gate[0]);
  add_gate(&tallies[GATE_GAIN], &ev->gate[1]);
  add_gate(&tallies[GATE_FOCUS], &ev->gate[3]);
}

static hr_status study(made_up *m, uint64_t seed, size_t draws, tally *tallies,
                       hr_error *err) {
  hr_evaluation *evaluation = NULL;
  make(m, seed);
  const hr_choice ridge[BINS] = {{HR_CHOICE_NONE, 0, 0}};
  hr_gate_thresholds gate = {true_r2(m, ridge) + hair, hair, 0, hair, NAN, NAN};
  hr_results_input input = input_of(m, seed, draws, gate);
  hr_status status = hr_evaluation_create(&input, &evaluation, err);
  if (status == HR_OK) count(m, evaluation, tallies);
  hr_evaluation_destroy(&evaluation);
  return status;
}

static hr_status allocate(made_up *m, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&m->target, m->rows, err));
  HR_TRY(hr_alloc(&m->bin, m->rows, err));
  HR_TRY(hr_alloc(&m->global, m->rows, err));
  for (size_t e = 0; e < EXPERTS; e++) HR_TRY(hr_alloc(&m->own[e], m->rows, err));
cleanup:
  return status;
}

static void release(made_up *m) {
  hr_free(m->target);
  hr_free(m->bin);
  hr_free(m->global);
  for (size_t e = 0; e < EXPERTS; e++) hr_free(m->own[e]);
}

int main(int argc, char **argv) {
  tally tallies[TALLIES] = {{.name = "pooled_ridge"},  {.name = "pooled_hybrid"},
                            {.name = "pooled_gain"},   {.name = "bin_r2"},
                            {.name = "bin_gain"},      {.name = "gate_oracle_r2"},
                            {.name = "gate_delta_r2"}, {.name = "gate_focus_bins"}};
  hr_error err = {0};
  if (argc != 5) return 2;
  size_t seeds = strtoul(argv[1], NULL, 10), draws = strtoul(argv[3], NULL, 10);
  made_up m = {.rows = strtoul(argv[2], NULL, 10), .gain = strtod(argv[4], NULL)};
  hr_status status = allocate(&m, &err);
  for (uint64_t seed = 0; status == HR_OK && seed < seeds; seed++) {
    status = study(&m, 1000 + seed, draws, tallies, &err);
  }
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  for (size_t t = 0; t < TALLIES; t++) {
    printf("%s %zu %zu %zu\n", tallies[t].name, tallies[t].count, tallies[t].held,
           tallies[t].above);
  }
  release(&m);
  return hr_status_exit_code(status);
}
