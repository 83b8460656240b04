/* The criteria of the gate, each held against its threshold with its interval. */
#include "score/gate.h"

#include <math.h>
#include <string.h>

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

/* Why a measure is undefined, as a sentence. */
static const char *tell_why(const char *why) {
  static const char *const reasons[][2] = {
      {"no_single", "no single model of all rows to compare with"},
      {"no_gate", "no gate routes the hybrid"},
      {"no_baseline", "the baseline has no model of all rows to count from"},
      {"no_gain", "perfect routing gains too little for a share of it"},
      {"from_elsewhere", "perfect routing takes a model from elsewhere, no gate does"},
  };
  for (size_t i = 0; why && i < sizeof reasons / sizeof *reasons; i++) {
    if (strcmp(reasons[i][0], why) == 0) return reasons[i][1];
  }
  return "no score: see the tables";
}

static hr_gate_criterion judge(hr_gate_subject subject, double threshold,
                               const hr_gate_value *measure) {
  static const struct {
    const char *name;
    const char *next[3]; /* by verdict */
  } subjects[HR_GATE_CRITERIA] = {
      {"oracle_r2",
       {"the hybrid's R2 is high enough", "the hybrid's R2 is too low",
        "more test rows"}},
      {"delta_r2", {"the hybrid works", "no gain worth a hybrid", "more test rows"}},
      {"insufficient", {"not insufficient", "insufficient", "more test rows"}},
      {"focus_bins",
       {"the focus bins improve", "not every focus bin improves", "more test rows"}},
      {"mixture_delta_r2",
       {"the mixture beats every single model", "no gain worth a mixture",
        "more test rows"}},
      {"rho",
       {"the gate keeps the gain", "the gate loses too much of the gain",
        "more test rows"}},
  };
  hr_verdict verdict = hr_gate_judge(measure->value, measure->interval, threshold);
  bool is_defined = !isnan(measure->value);
  return (hr_gate_criterion){
      .subject = subject,
      .name = subjects[subject].name,
      .value = measure->value,
      .interval = measure->interval,
      .threshold = threshold,
      .verdict = verdict,
      .next = is_defined ? subjects[subject].next[verdict] : tell_why(measure->why),
      .why = is_defined ? NULL : measure->why,
  };
}

bool hr_gate_evaluate(const hr_gate_thresholds *thresholds,
                      const hr_gate_measures *measures,
                      hr_gate_criterion criteria[HR_GATE_CRITERIA], size_t *count) {
  const struct {
    bool is_asked;
    double threshold;
    const hr_gate_value *measure;
  } asked[HR_GATE_CRITERIA] = {
      {true, thresholds->oracle_r2, &measures->oracle_r2},
      {true, thresholds->delta_r2, &measures->delta_r2},
      {true, thresholds->insufficient_below, &measures->oracle_r2},
      {measures->has_focus, thresholds->focus_delta_r2, &measures->focus_delta_r2},
      {!isnan(thresholds->mixture_delta_r2), thresholds->mixture_delta_r2,
       &measures->mixture_delta_r2},
      {!isnan(thresholds->rho), thresholds->rho, &measures->rho},
  };
  bool passed = true;
  *count = 0;
  for (hr_gate_subject s = 0; s < HR_GATE_CRITERIA; s++) {
    if (!asked[s].is_asked) continue;
    hr_gate_criterion *one = &criteria[(*count)++];
    *one = judge(s, asked[s].threshold, asked[s].measure);
    passed = passed && one->verdict == HR_VERDICT_PASS;
  }
  return passed;
}
