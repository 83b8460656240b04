/* Every number of a study, before it is written down: methods assembled, scored, given
 * intervals, audited and judged. results.c turns this into results.json. */
#ifndef HR_SCORE_EVALUATION_H
#define HR_SCORE_EVALUATION_H

#include "score/ceiling.h"
#include "score/controls.h"
#include "score/ledger.h"
#include "score/results.h"

#define HR_NO_METHOD SIZE_MAX

/* The rows that a number is about. */
typedef enum hr_scope { HR_SCOPE_COVERED, HR_SCOPE_ALL, HR_SCOPE_COUNT } hr_scope;

/* One way of predicting every test row, e.g. "ridge_oracle". */
typedef struct hr_forecast {
  char name[64];
  hr_selection selection; /* what its variants and experts were chosen by */
  bool is_global;         /* one model for all rows */
  bool listed;            /* appears among the overall results */
  bool falls_back;        /* the global model predicts bins where nobody has a model */
  size_t versus;          /* the method it is compared with, or HR_NO_METHOD */
  hr_choice *choices;     /* [bin_count + 1] */
  double *prediction;     /* [rows] in the unit of the target, NaN: none */
  hr_metrics *groups;     /* [bin_count + 1] the bins, then the uncovered rows */
  bool complete[HR_SCOPE_COUNT]; /* every row of the scope has a prediction */
  hr_metrics pooled[HR_SCOPE_COUNT];
  double weighted_r2[HR_SCOPE_COUNT]; /* for all rows the uncovered ones are a group */
} hr_forecast;

typedef struct hr_evaluation {
  const hr_results_input *input; /* borrowed */
  hr_oracle *oracle;
  hr_variant_scores *scores;
  hr_ledger ledger;
  hr_forecast *methods; /* [method_count] */
  size_t method_count;
  size_t baseline; /* the outcome that others are compared with: "ridge", or the first */
  hr_ceiling ceiling;
  hr_controls controls;
  hr_bootstrap *bootstrap; /* of the methods, the kinds of ceiling, the controls */
  hr_octiles octiles;      /* of covered rows; without row_list where snr is not known */
  /* Of the kinds of ceiling, its groups the octiles and then all other rows; the same
   * draws of rows. NULL where snr or every ceiling is not known. */
  hr_bootstrap *octile_bootstrap;
  hr_gate_criterion gate[HR_GATE_CRITERIA];
  bool gate_passed;
} hr_evaluation;

/* Borrows `input` until destroyed. HR_ERR_USAGE for input that makes no sense,
 * HR_ERR_LEDGER where the accounts do not balance. */
hr_status hr_evaluation_create(const hr_results_input *input, hr_evaluation **out,
                               hr_error *err) HR_MUST_CHECK;
void hr_evaluation_destroy(hr_evaluation **evaluation);

/* Indices of methods: an expert's global model, its oracle, and the hybrid of all. */
size_t hr_evaluation_global(const hr_evaluation *evaluation, size_t expert);
size_t hr_evaluation_oracle(const hr_evaluation *evaluation, size_t expert,
                            hr_selection selection);
size_t hr_evaluation_hybrid(const hr_evaluation *evaluation, hr_selection selection);

/* How near a method comes to a ceiling. */
typedef struct hr_efficiency {
  size_t rows;
  double r2_max, efficiency, excess; /* NaN: undefined; R²/R²_max, R² − R²_max */
  hr_interval r2_max_interval, excess_interval;
  bool exceeds; /* by more than chance would */
} hr_efficiency;

/* The method against the ceiling over the groups of `range`. It exceeds where the whole
 * interval of the difference is above 0, and with it 1 - `chance` of the draws. */
hr_efficiency hr_evaluation_efficiency(const hr_evaluation *evaluation, size_t method,
                                       hr_ceiling_kind kind, hr_group_range range,
                                       double chance);

/* The groups of a scope: bins, or bins and uncovered rows. */
hr_group_range hr_evaluation_range(const hr_evaluation *evaluation, hr_scope scope);

#endif
