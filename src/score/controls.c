/* Finding the controls among the outcomes, and scoring them. */
#include "score/controls.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

const char *hr_control_name(hr_control_kind kind) {
  static const char *const names[] = {"placebo", "leakage"};
  return names[kind];
}

static const hr_outcome *find_outcome(const hr_results_input *input,
                                      hr_control_kind kind) {
  for (size_t c = 0; c < input->control_count; c++) {
    const hr_outcome *outcome = &input->controls[c];
    if (strcmp(outcome->type->name, hr_control_name(kind)) == 0) return outcome;
  }
  return NULL;
}

bool hr_controls_has(const hr_controls *controls, hr_control_kind kind) {
  return controls->fit[kind] && controls->fit[kind]->status == HR_FIT_OK;
}

hr_status hr_controls_init(hr_controls *controls, const hr_results_input *input,
                           const size_t *covered, size_t covered_count, hr_error *err) {
  hr_status status = HR_OK;
  *controls = (hr_controls){.fit = {NULL}};
  for (hr_control_kind kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    double *prediction = NULL;
    HR_TRY(hr_alloc(&prediction, input->test->rows, err));
    controls->prediction[kind] = prediction;
    const hr_outcome *outcome = find_outcome(input, kind);
    controls->title[kind] = outcome ? outcome->type->title : NULL;
    controls->fit[kind] = outcome ? hr_outcome_fit(outcome, HR_GLOBAL) : NULL;
    bool has = hr_controls_has(controls, kind);
    for (size_t i = 0; i < input->test->rows; i++) {
      prediction[i] =
          has ? (double)hr_predictions_at(&outcome->global, 0, i) : (double)NAN;
    }
    controls->covered[kind] =
        hr_metrics_compute(input->test->target, prediction, covered, covered_count);
  }
cleanup:
  return status;
}

void hr_controls_fini(hr_controls *controls) {
  for (size_t kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    hr_free(controls->prediction[kind]);
    controls->prediction[kind] = NULL;
  }
}
