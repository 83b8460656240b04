/* Every number of a study, before it is written down: forecasts scored, audited, given
 * intervals and judged. results.c turns this into results.json. */
#ifndef HR_SCORE_EVALUATION_H
#define HR_SCORE_EVALUATION_H

#include "choice/assembly.h"
#include "score/calibration.h"
#include "score/ceiling.h"
#include "score/controls.h"
#include "score/ladder.h"
#include "score/lattice_rows.h"
#include "score/ledger.h"
#include "score/missing.h"
#include "score/results.h"
#include "score/row_groups.h"
#include "score/variant_scores.h"

/* The rows that a number is about. */
typedef enum hr_scope { HR_SCOPE_COVERED, HR_SCOPE_ALL, HR_SCOPE_COUNT } hr_scope;

/* How a forecast does. */
typedef struct hr_method_score {
  const hr_forecast *forecast;
  hr_metrics *groups;            /* [bin_count + 1] the bins, then the uncovered rows */
  bool complete[HR_SCOPE_COUNT]; /* every row of the scope has a prediction */
  hr_metrics pooled[HR_SCOPE_COUNT];
  double weighted_r2[HR_SCOPE_COUNT]; /* for all rows the uncovered ones are a group */
} hr_method_score;

typedef struct hr_evaluation {
  const hr_results_input *input; /* borrowed */
  hr_missing missing;            /* rows that are in no group */
  hr_row_groups groups;
  hr_variant_scores variants;
  hr_ledger ledger;
  hr_forecasts forecasts;
  hr_method_score *methods; /* [method_count] of the forecasts */
  size_t method_count;
  hr_ladder ladder; /* of the forecasts, the same indices into methods */
  hr_ceiling ceiling;
  hr_controls controls;
  hr_bootstrap *bootstrap; /* of the methods, the kinds of ceiling, the controls */
  const double *snr;       /* borrowed, what octiles are by; NULL: not known */
  bool snr_is_measured;    /* from the spectra, as the test rows have no label of it */
  hr_octiles octiles;      /* of covered rows; without row_list where snr is not known */
  hr_octiles all_octiles;  /* of all rows; the same, and where all are covered */
  /* Of the kinds of ceiling, then the ladder's forecasts (number HR_CEILING_KINDS +
   * rung), its groups the octiles and then all other rows; the same draws of rows. NULL
   * where snr is not known. */
  hr_bootstrap *octile_bootstrap;
  hr_lattice_rows lattice;
  hr_calibrations calibrations;
  hr_gate_criterion gate[HR_GATE_CRITERIA]; /* [gate_count] */
  size_t gate_count;
  bool gate_passed;
} hr_evaluation;

/* Borrows `input` until destroyed. HR_ERR_USAGE for input that makes no sense,
 * HR_ERR_LEDGER where the accounts do not balance. */
hr_status hr_evaluation_create(const hr_results_input *input, hr_evaluation **out,
                               hr_error *err) HR_MUST_CHECK;
void hr_evaluation_destroy(hr_evaluation **evaluation);

/* hr_forecasts_find of its forecasts: the same index into its methods. */
size_t hr_evaluation_find(const hr_evaluation *evaluation, hr_forecast_kind kind,
                          size_t method, hr_selection selection);

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
