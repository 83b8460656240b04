/* The decision gate: does the study's answer clear its thresholds, given how uncertain it
 * is? */
#ifndef HR_SCORE_GATE_H
#define HR_SCORE_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "score/bootstrap.h"

typedef enum hr_verdict {
  HR_VERDICT_PASS,
  HR_VERDICT_FAIL,
  HR_VERDICT_UNDECIDED
} hr_verdict;

/* "pass", "fail" or "undecided". */
const char *hr_verdict_name(hr_verdict verdict);

/* Pass where the whole interval is at or above the threshold, fail where all of it is
 * below, undecided otherwise or where value or interval are undefined. */
hr_verdict hr_gate_judge(double value, hr_interval interval, double threshold);

/* What is judged, in the order of the criteria. */
typedef enum hr_gate_subject {
  HR_GATE_ORACLE_R2,    /* pooled R2 of the hybrid */
  HR_GATE_DELTA_R2,     /* its gain over the baseline oracle */
  HR_GATE_INSUFFICIENT, /* its R2 again: below the threshold the idea is dropped */
  HR_GATE_FOCUS_BINS,   /* the least gain over the focus bins */
  HR_GATE_MIXTURE,      /* what the hybrid gains over the best single model */
  HR_GATE_RHO,          /* the share of perfect routing's gain that the gate keeps */
  HR_GATE_CRITERIA,     /* at most */
} hr_gate_subject;

/* At least so much. */
typedef struct hr_gate_thresholds {
  double oracle_r2, delta_r2, insufficient_below, focus_delta_r2;
  double mixture_delta_r2, rho; /* NaN: not judged */
} hr_gate_thresholds;

/* A measured number with its 95 % interval. NaN where undefined. */
typedef struct hr_gate_value {
  double value;
  hr_interval interval;
  const char *why; /* why it is undefined, where that is known: "no_single" (there is no
                      model of all rows to compare with), "no_gate", "no_baseline" (no
                      model of all rows of the baseline), "no_gain" (perfect routing gains
                      too little for a share of it), "from_elsewhere" (perfect routing
                      takes models that no gate routes to); or NULL */
} hr_gate_value;

typedef struct hr_gate_measures {
  bool has_focus; /* whether the study names any; without, nothing is asked of them */
  hr_gate_value oracle_r2, delta_r2, focus_delta_r2, mixture_delta_r2, rho;
} hr_gate_measures;

typedef struct hr_gate_criterion {
  hr_gate_subject subject;
  const char *name; /* "oracle_r2", "delta_r2", "insufficient", "focus_bins",
                       "mixture_delta_r2", "rho" */
  double value;
  hr_interval interval;
  double threshold;
  hr_verdict verdict;  /* of "insufficient": pass means that it is not insufficient */
  const char *next;    /* what the verdict means, or why there is none */
  const char *why;     /* of the measure, where the value is undefined */
  const char *then;    /* what the study does next, in its own words, or NULL */
  const char *caution; /* why that may mean less: "one_row" (one test row makes most of
                          the error of what is compared), "wild_training_rows" (a gain
                          over models trained on rows far beyond all others: not passed),
                          "baseline_undertuned"; or NULL */
} hr_gate_criterion;

/* Judges all criteria that are asked for, *count of them. Returns whether every one
 * passed. */
bool hr_gate_evaluate(const hr_gate_thresholds *thresholds,
                      const hr_gate_measures *measures,
                      hr_gate_criterion criteria[HR_GATE_CRITERIA], size_t *count);

#endif
