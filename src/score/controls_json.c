/* The controls in results.json, and the warning of a leak. */
#include "score/controls_json.h"

#include <math.h>
#include <string.h>

/* What all writers of this file need. */
typedef struct writer {
  hr_json_builder *json;
  const hr_evaluation *evaluation;
} writer;

static size_t slot_of(const hr_evaluation *evaluation, hr_control_kind kind) {
  return evaluation->method_count + HR_CEILING_KINDS + kind;
}

static hr_interval interval_of(const hr_evaluation *evaluation, hr_control_kind kind) {
  return hr_bootstrap_r2(evaluation->bootstrap, slot_of(evaluation, kind),
                         hr_evaluation_range(evaluation, HR_SCOPE_COVERED));
}

static void put_interval(writer *w, json_t *object, const char *key, double value,
                         hr_interval interval) {
  /* A number that is undefined has no interval either. */
  bool defined = !isnan(value);
  hr_json_put_pair(w->json, object, key, defined ? interval.low : (double)NAN,
                   defined ? interval.high : (double)NAN);
}

static json_t *begin(writer *w, json_t *parent, hr_control_kind kind) {
  static const char *const statuses[] = {"ok", "skipped", "failed"};
  const hr_controls *controls = &w->evaluation->controls;
  const hr_fit *fit = controls->fit[kind];
  const char *name = hr_control_name(kind);
  if (!fit) {
    hr_json_put(w->json, parent, name, json_null());
    return NULL;
  }
  double r2 = controls->covered[kind].r2;
  json_t *object = hr_json_put(w->json, parent, name, json_object());
  hr_json_put_text(w->json, object, "status", statuses[fit->status]);
  hr_json_put_text(w->json, object, "note", fit->note);
  hr_json_put_count(w->json, object, "n", controls->covered[kind].rows);
  hr_json_put_number(w->json, object, "r2_pooled", r2);
  put_interval(w, object, "r2_pooled_ci", r2, interval_of(w->evaluation, kind));
  hr_json_put_number(w->json, object, "seconds", fit->seconds);
  return object;
}

/* R² of `more` minus R² of `less`, both by their place in the bootstrap. */
static void put_gain(writer *w, json_t *object, const char *key, double gain, size_t more,
                     size_t less) {
  const hr_evaluation *evaluation = w->evaluation;
  char name[64];
  snprintf(name, sizeof name, "%s_ci", key);
  hr_json_put_number(w->json, object, key, gain);
  put_interval(w, object, name, gain,
               hr_bootstrap_delta(evaluation->bootstrap, more, less,
                                  hr_evaluation_range(evaluation, HR_SCOPE_COVERED)));
}

static size_t find_ridge(const hr_results_input *input) {
  size_t e = 0;
  while (e < input->outcome_count &&
         strcmp(input->outcomes[e].type->name, "ridge") != 0) {
    e++;
  }
  return e;
}

static void write_placebo(writer *w, json_t *parent) {
  const hr_evaluation *evaluation = w->evaluation;
  json_t *object = begin(w, parent, HR_CONTROL_PLACEBO);
  size_t ridge = find_ridge(evaluation->input);
  if (!object || ridge == evaluation->input->outcome_count) return;
  size_t slot = slot_of(evaluation, HR_CONTROL_PLACEBO);
  size_t global =
      hr_evaluation_find(evaluation, HR_FORECAST_GLOBAL, ridge, HR_SELECT_BY_CV);
  size_t oracle =
      hr_evaluation_find(evaluation, HR_FORECAST_ORACLE, ridge, HR_SELECT_BY_CV);
  double r2 = evaluation->controls.covered[HR_CONTROL_PLACEBO].r2;
  const hr_method_score *methods = evaluation->methods;
  hr_json_put_text(w->json, object, "global", methods[global].forecast->name);
  put_gain(w, object, "partition_gain", r2 - methods[global].pooled[HR_SCOPE_COVERED].r2,
           slot, global);
  hr_json_put_text(w->json, object, "oracle", methods[oracle].forecast->name);
  put_gain(w, object, "oracle_gain", methods[oracle].pooled[HR_SCOPE_COVERED].r2 - r2,
           oracle, slot);
}

bool hr_controls_leak(const hr_evaluation *evaluation) {
  bool known = !isnan(evaluation->controls.covered[HR_CONTROL_LEAKAGE].r2);
  return known && interval_of(evaluation, HR_CONTROL_LEAKAGE).low > HR_LEAKAGE_THRESHOLD;
}

static void write_leakage(writer *w, json_t *parent) {
  json_t *object = begin(w, parent, HR_CONTROL_LEAKAGE);
  if (!object) return;
  hr_json_put_number(w->json, object, "threshold", HR_LEAKAGE_THRESHOLD);
  hr_json_put_bool(w->json, object, "warning", hr_controls_leak(w->evaluation));
}

void hr_controls_write(const hr_evaluation *evaluation, hr_json_builder *json,
                       json_t *root) {
  writer w = {json, evaluation};
  json_t *controls = hr_json_put(json, root, "controls", json_object());
  write_placebo(&w, controls);
  write_leakage(&w, controls);
}

hr_status hr_controls_doubt(const hr_evaluation *evaluation, hr_doubts *doubts,
                            hr_error *err) {
  if (!hr_controls_leak(evaluation)) return HR_OK;
  hr_interval interval = interval_of(evaluation, HR_CONTROL_LEAKAGE);
  const char *target = evaluation->input->target_name;
  double r2 = evaluation->controls.covered[HR_CONTROL_LEAKAGE].r2;
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_LEAKAGE, false, err,
                    "the error alone, without the flux, predicts %s with R2 %.3f "
                    "[%.3f, %.3f]: an expert that took it as an input would read the "
                    "answer (see Controls in the report)",
                    target, r2, interval.low, interval.high);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "不看流量，仅凭误差即可预测 %s，R² 为 %.3f [%.3f, "
                                    "%.3f]：以误差为输入的专家会直接读出答案",
                                    target, r2, interval.low, interval.high);
}
