/* The choice by validation is asked for what the bundle cannot hold. */
#include "study/elsewhere.h"

#include "choice/selection.h"
#include "core/alloc.h"
#include "core/observe.h"
#include "methods/outside/outside.h"

/* "3, 6": the bins in which expert number e was chosen; how many. */
static size_t list_bins(const hr_choice *choices, size_t bins, size_t e, hr_text *out) {
  size_t count = 0;
  for (size_t k = 0; k < bins; k++) {
    if (choices[k].kind != HR_CHOICE_EXPERT || choices[k].expert != e) continue;
    hr_text_append(out, "%s%zu", count++ > 0 ? ", " : "", k);
  }
  return count;
}

static hr_status tell_one(const hr_plan *plan, const hr_choice *choices, size_t e,
                          const char *where, hr_error *err) {
  hr_text list;
  hr_text_init(&list);
  size_t count = list_bins(choices, plan->view.bin_count, e, &list);
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK && count > 0) {
    hr_observe_warning(plan->view.observer,
                       "experts.%s: validation %schose it in bin%s %s; the model to "
                       "predict with and the gates cannot hold it, and have the best of "
                       "the study's own experts there",
                       plan->config->experts[e].type->name, where, count == 1 ? "" : "s",
                       list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

static hr_status tell_target(const hr_plan *plan, size_t target,
                             const hr_outcome *outcomes, hr_choice *choices,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t count = plan->config->expert_count - plan->config->control_count;
  const hr_candidates candidates = {outcomes, count, plan->view.bin_count, NULL};
  hr_text where;
  hr_text_init(&where);
  if (hr_study_targets(&plan->view) > 1) {
    hr_text_append(&where, "of %s ", plan->targets[target].name);
  }
  HR_TRY(hr_text_status(&where, err));
  hr_select(&candidates, HR_SELECT_BY_CV, HR_ALL_EXPERTS, choices);
  for (size_t e = 0; e < count; e++) {
    if (!hr_method_is_outside(outcomes[e].type)) continue;
    HR_TRY(tell_one(plan, choices, e, where.bytes ? where.bytes : "", err));
  }
cleanup:
  hr_text_fini(&where);
  return status;
}

hr_status hr_study_tell_elsewhere(const hr_plan *plan, const hr_outcome *outcomes,
                                  hr_error *err) {
  hr_choice *choices = NULL;
  hr_status status = hr_alloc(&choices, plan->view.bin_count + 1, err);
  for (size_t t = 0; status == HR_OK && t < hr_study_targets(&plan->view); t++) {
    status =
        tell_target(plan, t, outcomes + t * plan->config->expert_count, choices, err);
  }
  hr_free(choices);
  return status;
}
