/* From the scores of the headline to the gate. */
#include <math.h>

#include "core/alloc.h"
#include "score/dominant.h"
#include "score/evaluation_parts.h"
#include "score/rungs.h"
#include "score/undertuned.h"

/* The least gain over the focus bins, and its interval. */
static hr_status measure_focus(hr_evaluation *evaluation, size_t headline, size_t versus,
                               hr_gate_value *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t *groups = NULL;
  const hr_results_input *input = evaluation->input;
  double least = input->focus_count > 0 ? (double)INFINITY : (double)NAN;
  HR_TRY(hr_alloc(&groups, input->focus_count, err));
  for (size_t f = 0; f < input->focus_count; f++) {
    groups[f] = (size_t)input->focus[f];
    double delta = evaluation->methods[headline].groups[groups[f]].r2 -
                   evaluation->methods[versus].groups[groups[f]].r2;
    if (isnan(delta) || delta < least) least = delta;
    if (isnan(delta)) break;
  }
  out->value = least;
  if (!isnan(least)) {
    out->interval = hr_bootstrap_least_delta(evaluation->bootstrap, headline, versus,
                                             groups, input->focus_count);
  }
cleanup:
  hr_free(groups);
  return status;
}

/* R2 of the headline and its gain over the baseline's oracle. */
static void measure_r2(const hr_evaluation *evaluation, size_t headline, size_t versus,
                       hr_gate_measures *out) {
  hr_group_range range = hr_evaluation_range(evaluation, HR_SCOPE_COVERED);
  double r2 = evaluation->methods[headline].pooled[HR_SCOPE_COVERED].r2;
  out->oracle_r2.value = r2;
  out->delta_r2.value = r2 - evaluation->methods[versus].pooled[HR_SCOPE_COVERED].r2;
  if (!isnan(r2)) {
    out->oracle_r2.interval = hr_bootstrap_r2(evaluation->bootstrap, headline, range);
  }
  if (!isnan(out->delta_r2.value)) {
    out->delta_r2.interval =
        hr_bootstrap_delta(evaluation->bootstrap, headline, versus, range);
  }
}

static hr_gate_value measure_of(hr_score score) {
  const hr_interval none = {(double)NAN, (double)NAN};
  return (hr_gate_value){score.value, isnan(score.value) ? none : score.interval, NULL};
}

/* From the best single model to the hybrid with perfect routing, and what of the gain the
 * deployed gate keeps. */
static void measure_ladder(const hr_evaluation *evaluation, hr_gate_measures *out) {
  const hr_rungs rungs = hr_rungs_of(evaluation);
  const hr_rung_rows rows = hr_rungs_covered(&rungs);
  size_t deployed = evaluation->ladder.forecast[HR_RUNG_DEPLOYED];
  bool has_hybrid = !isnan(out->oracle_r2.value);
  if (!hr_rungs_has(&rungs, HR_RUNG_SINGLE)) {
    out->mixture_delta_r2.why = "no_single";
  } else if (has_hybrid) {
    out->mixture_delta_r2 =
        measure_of(hr_rungs_step(&rungs, HR_RUNG_SINGLE, HR_RUNG_ORACLE, &rows));
  }
  if (deployed == HR_NO_METHOD) {
    out->rho.why = "no_gate";
  } else if (!hr_rungs_has(&rungs, HR_RUNG_BASELINE)) {
    out->rho.why = "no_baseline";
  } else if (has_hybrid) {
    out->rho = measure_of(hr_rungs_rho(&rungs, deployed, &rows));
    bool is_other = hr_rungs_mixes_others(&rungs, deployed);
    if (isnan(out->rho.value)) out->rho.why = is_other ? "from_elsewhere" : "no_gain";
  }
}

/* What the study does next, in its own words. */
static void add_next(hr_evaluation *evaluation) {
  const hr_results_input *input = evaluation->input;
  for (size_t c = 0; c < evaluation->gate_count; c++) {
    hr_gate_criterion *one = &evaluation->gate[c];
    if (one->verdict == HR_VERDICT_UNDECIDED) continue;
    char *const *list =
        one->verdict == HR_VERDICT_PASS ? input->gate_on_pass : input->gate_on_fail;
    if (list) one->then = list[one->subject];
  }
}

/* The methods that a criterion compares, HR_NO_METHOD where there is none. */
typedef struct compared {
  size_t headline, versus, single, baseline, deployed;
} compared;

static bool is_of_one_row(const hr_evaluation *evaluation, size_t m) {
  return m != HR_NO_METHOD && hr_dominant_has(evaluation, m);
}

/* Whether one test row makes most of the error of what a criterion compares. */
static bool rests_on_one_row(const hr_evaluation *evaluation, const compared *c,
                             hr_gate_subject subject) {
  bool headline = is_of_one_row(evaluation, c->headline);
  switch (subject) {
    case HR_GATE_DELTA_R2:
    case HR_GATE_FOCUS_BINS:
      return headline || is_of_one_row(evaluation, c->versus);
    case HR_GATE_MIXTURE:
      return headline || is_of_one_row(evaluation, c->single);
    case HR_GATE_RHO:
      return headline || is_of_one_row(evaluation, c->baseline) ||
             is_of_one_row(evaluation, c->deployed);
    default:
      return headline;
  }
}

/* What is counted from a model that its training may have spoilt. */
static bool is_gain(hr_gate_subject subject) {
  return subject == HR_GATE_DELTA_R2 || subject == HR_GATE_FOCUS_BINS ||
         subject == HR_GATE_MIXTURE || subject == HR_GATE_RHO;
}

/* A gain over a baseline that could do better may be less than it looks; one that
 * training rows far beyond all others may have made is not passed. */
static void add_cautions(hr_evaluation *evaluation, const compared *c) {
  const hr_results_input *input = evaluation->input;
  const hr_preparation *train = input->train_preparation;
  bool has_wild_rows = train && train->wild_rows > 0;
  bool is_undertuned =
      hr_undertuned_has(&input->outcomes[evaluation->forecasts.baseline]);
  for (size_t i = 0; i < evaluation->gate_count; i++) {
    hr_gate_criterion *one = &evaluation->gate[i];
    bool is_won = is_gain(one->subject) && one->verdict != HR_VERDICT_FAIL;
    bool is_of_baseline =
        one->subject == HR_GATE_DELTA_R2 || one->subject == HR_GATE_FOCUS_BINS;
    if (isnan(one->value)) continue;
    if (is_won && has_wild_rows) { /* more test rows are no cure */
      one->caution = "wild_training_rows";
      one->verdict = HR_VERDICT_UNDECIDED;
      one->next = "training rows far beyond all others";
    } else if (rests_on_one_row(evaluation, c, one->subject)) {
      one->caution = "one_row";
      if (one->verdict == HR_VERDICT_UNDECIDED) one->next = "one test row decides";
    } else if (is_won && is_of_baseline && is_undertuned) {
      one->caution = "baseline_undertuned";
    }
  }
}

static bool has_passed(const hr_evaluation *evaluation) {
  for (size_t i = 0; i < evaluation->gate_count; i++) {
    if (evaluation->gate[i].verdict != HR_VERDICT_PASS) return false;
  }
  return true;
}

hr_status hr_verdict_judge(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  hr_selection selection = evaluation->input->selection;
  size_t headline =
      hr_evaluation_find(evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD, selection);
  size_t versus = hr_evaluation_find(evaluation, HR_FORECAST_ORACLE,
                                     evaluation->forecasts.baseline, selection);
  const hr_gate_value none = {(double)NAN, {(double)NAN, (double)NAN}, NULL};
  hr_gate_measures measures = {.has_focus = evaluation->input->focus_count > 0,
                               .oracle_r2 = none,
                               .delta_r2 = none,
                               .focus_delta_r2 = none,
                               .mixture_delta_r2 = none,
                               .rho = none};
  measure_r2(evaluation, headline, versus, &measures);
  HR_TRY(measure_focus(evaluation, headline, versus, &measures.focus_delta_r2, err));
  measure_ladder(evaluation, &measures);
  hr_gate_evaluate(&evaluation->input->gate, &measures, evaluation->gate,
                   &evaluation->gate_count);
  const compared methods = {headline, versus, evaluation->ladder.forecast[HR_RUNG_SINGLE],
                            evaluation->ladder.forecast[HR_RUNG_BASELINE],
                            evaluation->ladder.forecast[HR_RUNG_DEPLOYED]};
  add_cautions(evaluation, &methods);
  add_next(evaluation);
  evaluation->gate_passed = has_passed(evaluation);
cleanup:
  return status;
}
