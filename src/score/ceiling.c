#include "score/ceiling.h"

#include <math.h>

#include "core/alloc.h"

static bool knows_variance(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->task_count; t++) {
    const hr_task *task = &outcome->tasks[t];
    if (task->status == HR_FIT_OK && task->variance) return true;
  }
  return false;
}

static void fill(const hr_results_input *input, const hr_task *task, double *out) {
  const hr_split_view *test = input->test;
  if (task->status != HR_FIT_OK || !task->variance) return;
  for (size_t i = 0, at = 0; i < test->rows && at < task->test_rows; i++) {
    if (task->bin != HR_GLOBAL && test->route[i] != task->bin) continue;
    out[i] = test->target[i] + sqrt(task->variance[at++]);
  }
}

static void fill_posterior(const hr_results_input *input, hr_ceiling *ceiling) {
  const hr_outcome *outcome = &input->outcomes[ceiling->expert];
  for (size_t t = 0; t < outcome->task_count; t++) {
    bool global = outcome->tasks[t].bin == HR_GLOBAL;
    fill(input, &outcome->tasks[t],
         ceiling->prediction[global ? HR_CEILING_GLOBAL : HR_CEILING_ROUTED]);
  }
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
