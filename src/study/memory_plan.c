/* The most memory that is taken at one time, when experts gather side by side and are
 * trained one after the other. The order of training is the one that makes that least.
 */
#include "study/memory_plan.h"

#include <math.h>

void hr_memory_plan_add(hr_memory_plan *plan, const hr_cost *cost) {
  if (plan->count == HR_MEMORY_PLAN_MOST) return;
  plan->turn[plan->count] = plan->count;
  plan->cost[plan->count++] = *cost;
}

static double needed_beyond(const hr_cost *cost) {
  return cost->memory_bytes - cost->gathered_bytes;
}

void hr_memory_plan_sort(hr_memory_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    size_t expert = plan->turn[i], at = i;
    double own = needed_beyond(&plan->cost[expert]);
    for (; at > 0; at--) {
      size_t before = plan->turn[at - 1];
      double theirs = needed_beyond(&plan->cost[before]);
      if (theirs < own || (theirs <= own && before < expert)) break;
      plan->turn[at] = before;
    }
    plan->turn[at] = expert;
  }
}

double hr_memory_plan_memory(const hr_memory_plan *plan) {
  double gathered = 0, sampled = 0, training = 0;
  for (size_t i = plan->count; i-- > 0;) { /* from the last turn back */
    const hr_cost *cost = &plan->cost[plan->turn[i]];
    training = fmax(training, cost->memory_bytes + gathered);
    gathered += cost->gathered_bytes;
    sampled += cost->sampled_bytes;
  }
  return fmax(training, gathered + sampled);
}
