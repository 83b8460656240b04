/* The decision gate C1: does the study's answer clear its thresholds, given how uncertain
 * it is? */
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

typedef struct hr_gate_thresholds {
  double oracle_r2;          /* pooled R2 of the hybrid, at least */
  double delta_r2;           /* its gain over the baseline oracle, at least */
  double insufficient_below; /* pooled R2 of the hybrid below which the idea is dropped */
  double focus_delta_r2;     /* gain in each focus bin, at least */
} hr_gate_thresholds;

/* The measured side of the gate. NaN where undefined. */
typedef struct hr_gate_measures {
  double oracle_r2, delta_r2,
      focus_delta_r2; /* the last: the least over the focus bins */
  bool has_focus;     /* whether the study names any; without, nothing is asked of them */
  hr_interval oracle_r2_interval, delta_r2_interval, focus_delta_r2_interval;
} hr_gate_measures;

enum { HR_GATE_CRITERIA = 4 }; /* at most */

typedef struct hr_gate_criterion {
  const char *name; /* "oracle_r2", "delta_r2", "insufficient", "focus_bins" */
  double value;
  hr_interval interval;
  double threshold;
  hr_verdict verdict;  /* of "insufficient": pass means that it is not insufficient */
  const char *next;    /* what the study does next on this verdict */
  const char *caution; /* why that may be too much, "baseline_undertuned", or NULL */
} hr_gate_criterion;

/* Judges all criteria, *count of them. Returns whether every one passed. */
bool hr_gate_evaluate(const hr_gate_thresholds *thresholds,
                      const hr_gate_measures *measures,
                      hr_gate_criterion criteria[HR_GATE_CRITERIA], size_t *count);

#endif
