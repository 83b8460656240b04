/* The criteria of the gate, each held against its threshold with its interval. */
#include "score/gate.h"

#include <math.h>

const char *hr_verdict_name(hr_verdict verdict) {
  static const char *const names[] = {"pass", "fail", "undecided"};
  return names[verdict];
}

hr_verdict hr_gate_judge(double value, hr_interval interval, double threshold) {
  if (isnan(value)) return HR_VERDICT_UNDECIDED;
  if (interval.low >= threshold) return HR_VERDICT_PASS;
  if (interval.high < threshold) return HR_VERDICT_FAIL;
  return HR_VERDICT_UNDECIDED;
}

bool hr_gate_evaluate(const hr_gate_thresholds *thresholds,
                      const hr_gate_measures *measures,
                      hr_gate_criterion criteria[HR_GATE_CRITERIA], size_t *count) {
  /* What follows, by verdict: pass, fail, undecided (experiment, "Decision gate C1"). */
  static const char *const next[HR_GATE_CRITERIA][3] = {
      {"pass, level 1: go on to C2, keep rho", "no level 1 pass", "more test rows"},
      {"the hybrid works", "no gain worth a hybrid", "more test rows"},
      {"not insufficient", "insufficient: C3, shared trunk", "more test rows"},
      {"the focus bins improve", "caution: C1.1, metal-poor rescue", "more test rows"},
  };
  criteria[0] = (hr_gate_criterion){.name = "oracle_r2",
                                    .value = measures->oracle_r2,
                                    .interval = measures->oracle_r2_interval,
                                    .threshold = thresholds->oracle_r2};
  criteria[1] = (hr_gate_criterion){.name = "delta_r2",
                                    .value = measures->delta_r2,
                                    .interval = measures->delta_r2_interval,
                                    .threshold = thresholds->delta_r2};
  criteria[2] = (hr_gate_criterion){.name = "insufficient",
                                    .value = measures->oracle_r2,
                                    .interval = measures->oracle_r2_interval,
                                    .threshold = thresholds->insufficient_below};
  criteria[3] = (hr_gate_criterion){.name = "focus_bins",
                                    .value = measures->focus_delta_r2,
                                    .interval = measures->focus_delta_r2_interval,
                                    .threshold = thresholds->focus_delta_r2};
  bool passed = true;
  *count = measures->has_focus ? HR_GATE_CRITERIA : HR_GATE_CRITERIA - 1;
  for (size_t c = 0; c < *count; c++) {
    hr_gate_criterion *one = &criteria[c];
    one->verdict = hr_gate_judge(one->value, one->interval, one->threshold);
    one->next = isnan(one->value) ? "no score: see the tables" : next[c][one->verdict];
    passed = passed && one->verdict == HR_VERDICT_PASS;
  }
  return passed;
}
