/* From variances of rows to predictions that miss by their roots. */
#include "score/ceiling.h"

#include <math.h>

#include "core/alloc.h"
#include "methods/outside/outside.h"

/* What a model from elsewhere says of its own uncertainty is judged, and bounds nobody.
 */
static bool knows_variance(const hr_outcome *outcome) {
  if (hr_method_is_outside(outcome->type)) return false;
  return outcome->own.variance || outcome->global.variance;
}

static void fill(const hr_split_view *test, const hr_predictions *predictions,
                 double *out) {
  for (size_t i = 0; predictions->variance && i < test->rows; i++) {
    out[i] = test->target[i] + sqrt(predictions->variance[i]);
  }
}

static void fill_posterior(const hr_results_input *input, hr_ceiling *ceiling) {
  const hr_outcome *outcome = &input->outcomes[ceiling->expert];
  fill(input->test, &outcome->own, ceiling->prediction[HR_CEILING_ROUTED]);
  fill(input->test, &outcome->global, ceiling->prediction[HR_CEILING_GLOBAL]);
}

static void fill_fisher(const hr_results_input *input, hr_ceiling *ceiling) {
  for (size_t i = 0; i < input->test->rows; i++) {
    const double *variance = input->fisher->variance + i * HR_FISHER_PRIORS;
    double y = input->test->target[i];
    ceiling->prediction[HR_CEILING_FISHER_ROUTED][i] =
        y + sqrt(variance[HR_FISHER_ROUTED]);
    ceiling->prediction[HR_CEILING_FISHER_GLOBAL][i] =
        y + sqrt(variance[HR_FISHER_GLOBAL]);
  }
}

hr_status hr_ceiling_init(hr_ceiling *ceiling, const hr_results_input *input,
                          hr_error *err) {
  hr_status status = HR_OK;
  *ceiling = (hr_ceiling){.has_fisher = input->fisher != NULL};
  for (size_t kind = 0; kind < HR_CEILING_KINDS; kind++) {
    HR_TRY(hr_alloc(&ceiling->prediction[kind], input->test->rows, err));
    for (size_t i = 0; i < input->test->rows; i++) {
      ceiling->prediction[kind][i] = (double)NAN;
    }
  }
  while (ceiling->expert < input->outcome_count &&
         !knows_variance(&input->outcomes[ceiling->expert])) {
    ceiling->expert++;
  }
  ceiling->has_posterior = ceiling->expert < input->outcome_count;
  if (ceiling->has_posterior) fill_posterior(input, ceiling);
  if (ceiling->has_fisher) fill_fisher(input, ceiling);
cleanup:
  return status;
}

void hr_ceiling_fini(hr_ceiling *ceiling) {
  for (size_t kind = 0; kind < HR_CEILING_KINDS; kind++) {
    hr_free(ceiling->prediction[kind]);
    ceiling->prediction[kind] = NULL;
  }
}
