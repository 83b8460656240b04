/* The test rows that a network predicts, of all rows or of its bins. */
#include "score/outside_values.h"

#include <string.h>

#include "core/alloc.h"
#include "data/prediction_doubts.h"
#include "methods/outside/outside.h"

static const char *network_of(const hr_outcome *outcome) {
  const hr_outside_parameters *parameters = outcome->parameters;
  if (!parameters || !hr_method_is_outside(outcome->type)) return NULL;
  return parameters->onnx;
}

static hr_status doubt_network(const hr_results_input *input, const hr_outcome *outcome,
                               hr_doubts *doubts, hr_error *err) {
  const hr_predictions *said =
      outcome->type->only_global ? &outcome->global : &outcome->own;
  const char *path = network_of(outcome);
  double *values = NULL;
  if (said->variants == 0) return HR_OK;
  hr_status status = hr_alloc(&values, said->rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < said->rows; i++) {
    values[i] = (double)hr_predictions_at(said, 0, i);
  }
  const char *name = strrchr(path, '/');
  const hr_predicted predicted = {.expert = outcome->type->name,
                                  .target = input->target_name,
                                  .source = name ? name + 1 : path,
                                  .is_network = true,
                                  .values = values,
                                  .rows = said->rows,
                                  .labels = input->train_target,
                                  .label_rows = input->train_rows,
                                  .truth = input->test->target};
  status = hr_doubt_predictions(&predicted, doubts, err);
  hr_free(values);
  return status;
}

hr_status hr_outside_values_doubt(const hr_results_input *input, hr_doubts *doubts,
                                  hr_error *err) {
  hr_status status = HR_OK;
  for (size_t e = 0; input->train_target && e < input->outcome_count; e++) {
    if (!network_of(&input->outcomes[e])) continue;
    HR_TRY(doubt_network(input, &input->outcomes[e], doubts, err));
  }
cleanup:
  return status;
}
