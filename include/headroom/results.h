/* The numbers of a finished run, as numbers: what its report is made of.
 *
 * Reads RUN/results.json and RUN/predictions.csv and nothing else, and hands out only
 * what the ledger balances and what the two files confirm of one another. An undefined
 * number (null there) is NaN. Scores are in no unit; mean absolute error, root mean
 * square error and bias in that of the target.
 *
 * Threads: one hr_results may be read by any number of threads at the same time. Process:
 * nothing but the files is touched. Texts and arrays are borrowed from the hr_results. */
#ifndef HEADROOM_RESULTS_H
#define HEADROOM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/export.h"
#include "headroom/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A number with its interval, 95 % by the bootstrap of test rows. Does not change. */
typedef struct hr_estimate {
  double value, low, high;
} hr_estimate;

typedef struct hr_results_options {
  size_t size;
  bool skip_predictions; /* results.json alone, which its own seal confirms */
} hr_results_options;

static inline hr_results_options hr_results_options_default(void) {
  hr_results_options options = {sizeof(hr_results_options), false};
  return options;
}

typedef struct hr_results hr_results;

typedef struct hr_results_info {
  size_t size;
  const char *experiment; /* the study's id */
  const char *fingerprint;
  const char *target; /* the label that is predicted */
  const char *language;
  const char *chosen_by; /* "cv" or "test": how each bin got its expert */
  const char *headline;  /* the method that the gate judges, */
  const char *versus;    /* and the one that its gain is over */

  /* The ledger balances, or the file is not opened: rows of bins and uncovered ones are
   * the rows of the split. */
  uint64_t train_rows, train_covered, train_uncovered;
  uint64_t test_rows, covered, uncovered;
  size_t check_count; /* checks that the ledger passed */

  size_t expert_count, bin_count, method_count, criterion_count;
  bool gate_passed;              /* every criterion passed */
  size_t calibration_count;      /* methods with a sigma */
  size_t rung_count, step_count; /* of the ladder; 0 in results of earlier versions */
  const char *gate_name;         /* the study's own; NULL: it gives none */
} hr_results_info;

/* How a method does over all bins together. */
typedef struct hr_results_method {
  size_t size;
  const char *name;  /* "ridge_oracle", as in predictions.csv */
  const char *title; /* "Ridge-Oracle" */
  const char *rows;  /* "covered" or "all": which test rows are counted */
  uint64_t row_count;
  hr_estimate r2;     /* pooled: 1 - sum (y - p)^2 / sum (y - mean y)^2 */
  double r2_weighted; /* mean of the bins' R2, weighted by rows */
  double mae, rmse, bias;
  const char *versus;   /* the method that it is compared with; NULL: none */
  hr_estimate delta_r2; /* R2 less that of `versus`, on the same rows */
} hr_results_method;

typedef struct hr_results_bin {
  size_t size;
  uint64_t index;
  const char *name;
  uint64_t train_rows, test_rows;
  bool is_at_risk; /* few training rows */
  bool is_focus;
  const char *expert; /* the name of the expert that was chosen; NULL: none could be */
} hr_results_bin;

typedef struct hr_results_expert {
  size_t size;
  const char *name, *title; /* "ridge", "Ridge" */
  bool uses_error;          /* it is given the error of each pixel */
  const char
      *setting; /* the hyperparameter that is chosen, "alpha"; NULL: there is none */
} hr_results_expert;

/* What an expert does in a bin. */
typedef struct hr_results_cell {
  size_t size;
  const char *status; /* "ok", "skipped" or "failed" */
  const char *note;   /* why, or what to know of it; "": nothing */
  bool is_chosen;     /* it is the bin's expert */
  uint64_t rows;      /* test rows of the bin */
  hr_estimate r2;
  double r2_cv;   /* on training rows, by cross-validation */
  double setting; /* the chosen value of the expert's `setting`; NaN: none */
  double mae, rmse, bias;
  hr_estimate delta_r2; /* over the baseline's expert in this bin */
} hr_results_cell;

/* A criterion of the gate. */
typedef struct hr_results_criterion {
  size_t size;
  const char *name; /* "oracle_r2" */
  hr_estimate value;
  double threshold;
  const char *verdict; /* "pass", "fail", "undecided" .. */
  const char *next;    /* what follows from it, one sentence */
  const char *then; /* what the study does next, in its own words; NULL: it says none */
  const char *why;  /* why the value is undefined, "no_gain"; NULL: it is not, or that is
                       not known */
  const char *caution; /* why it may mean less, "one_row" (docs/formats.md); NULL: none */
} hr_results_criterion;

/* Whether a method's sigma can be trusted, over the test rows that have one. Of an honest
 * sigma the shares are 0.6827 within one sigma or the 68 % interval and 0.9545 within two
 * or the 95 % interval, and chi2 is 1. Intervals here are not the bootstrap's
 * (docs/formats.md, "Calibration"). */
typedef struct hr_results_calibration {
  size_t size;
  const char *method; /* its name */
  const char *rows;   /* "covered" or "all": which test rows are judged */
  uint64_t row_count; /* of them, with a sigma */
  hr_estimate within_1_sigma, within_2_sigma; /* shares of rows */
  hr_estimate chi2;                           /* mean of (y - p)^2 / sigma^2 */
  hr_estimate within_half68, within_half95;   /* shares of rows */
  const char *verdict; /* "calibrated", "sigma_too_small", "sigma_too_large"; NULL: no row
                          has a sigma */
} hr_results_calibration;

/* What stands on a rung of the ladder, over the covered rows; the lowest is number 0. */
typedef struct hr_results_rung {
  size_t size;
  const char *name;   /* "baseline", "single", "deployed", "oracle", "ceiling" */
  const char *method; /* its name; of the ceiling "posterior" or "fisher" */
  hr_estimate r2;
} hr_results_rung;

/* A step between two rungs, on the same rows (docs/formats.md, "Ladder"). */
typedef struct hr_results_step {
  size_t size;
  const char *name; /* what makes it: "better_model", "specialists", "routing", "mixture",
                       "noise" */
  const char *from, *to; /* names of the rungs */
  hr_estimate delta_r2;
} hr_results_step;

/* A check of the ledger; those of an open hr_results are all kept. */
typedef struct hr_results_check {
  size_t size;
  const char *name, *detail;
} hr_results_check;

/* Row i of the arrays is row i of the test split. */
typedef struct hr_results_rows {
  size_t size;
  uint64_t count;
  const int32_t *bin;         /* [count]; -1: uncovered */
  const double *snr;          /* [count]; NaN: not known */
  const double *target;       /* [count] the truth */
  const char *const *methods; /* [method_count] those that have a prediction */
  size_t method_count;
} hr_results_rows;

/* Opens the results of the run directory `run_dir`. options: NULL for the defaults.
 * HR_ERR_MISSING without one of the files; HR_ERR_FORMAT where they are not what
 * docs/formats.md says; HR_ERR_LEDGER where the accounts do not balance or one file does
 * not confirm the other; HR_ERR_USAGE for options of another size than a known one;
 * HR_ERR_IO; HR_ERR_MEMORY. *out is given back with hr_results_close. Needs memory of a
 * few times the size of the files. */
HR_API hr_status hr_results_open(const char *run_dir, const hr_results_options *options,
                                 hr_results **out, hr_error *err) HR_MUST_CHECK;
HR_API void hr_results_close(hr_results **results);

/* Each fills a struct whose size is set. Numbers count from 0, up to the counts of
 * hr_results_info. HR_ERR_USAGE for another size than a known one, or a number that there
 * is not. */
HR_API hr_status hr_results_get_info(const hr_results *results, hr_results_info *info,
                                     hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_method(const hr_results *results, size_t number,
                                       hr_results_method *method,
                                       hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_bin(const hr_results *results, size_t number,
                                    hr_results_bin *bin, hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_expert(const hr_results *results, size_t number,
                                       hr_results_expert *expert,
                                       hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_cell(const hr_results *results, size_t bin, size_t expert,
                                     hr_results_cell *cell, hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_criterion(const hr_results *results, size_t number,
                                          hr_results_criterion *criterion,
                                          hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_calibration(const hr_results *results, size_t number,
                                            hr_results_calibration *calibration,
                                            hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_rung(const hr_results *results, size_t number,
                                     hr_results_rung *rung, hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_step(const hr_results *results, size_t number,
                                     hr_results_step *step, hr_error *err) HR_MUST_CHECK;

/* The same step over the rows of a bin. */
HR_API hr_status hr_results_get_bin_step(const hr_results *results, size_t bin,
                                         size_t number, hr_results_step *step,
                                         hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_results_get_check(const hr_results *results, size_t number,
                                      hr_results_check *check,
                                      hr_error *err) HR_MUST_CHECK;

/* The test rows. HR_ERR_USAGE where they were not read (skip_predictions). */
HR_API hr_status hr_results_get_rows(const hr_results *results, hr_results_rows *rows,
                                     hr_error *err) HR_MUST_CHECK;

/* What the method of that name predicts: *values [count of the rows], NaN where it
 * predicts nothing. HR_ERR_USAGE where the rows were not read, or no method has that
 * name. */
HR_API hr_status hr_results_prediction(const hr_results *results, const char *method,
                                       const double **values,
                                       hr_error *err) HR_MUST_CHECK;

/* One sigma of each of its predictions, in the unit of the target: *values [count of the
 * rows], NaN where it is not known. HR_ERR_USAGE where the rows were not read, or no
 * method of that name has a sigma. */
HR_API hr_status hr_results_sigma(const hr_results *results, const char *method,
                                  const double **values, hr_error *err) HR_MUST_CHECK;

/* Any other column of predictions.csv by its name, such as "half95_oracle_hybrid_cv",
 * "measured_snr" or a label of the bins: *values [count of the rows], NaN where empty;
 * whole numbers beyond 2^53 are rounded. HR_ERR_USAGE as above. */
HR_API hr_status hr_results_column(const hr_results *results, const char *column,
                                   const double **values, hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
