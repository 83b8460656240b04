/* What a study takes of memory, disk and time, before anything is read. */
#include "study/estimate.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compute/rate.h"
#include "score/fisher.h"
#include "study/division.h"
#include "study/gates.h"

/* The experts' costs, of those that are done none (is_done NULL: none is), and turns, in
 * the order of the configuration unless memory is short. */
static hr_memory_plan make_memory_plan(const hr_plan *plan, const bool *is_done) {
  hr_memory_plan memory = {0};
  for (size_t i = 0; i < plan->config->expert_count; i++) {
    const hr_config_expert *expert = &plan->config->experts[i];
    hr_study_view view = plan->view;
    hr_cost own = {0};
    bool is_divided = plan->share && hr_division_splits(expert->type);
    if (is_divided) view.wanted = plan->share->wanted[i];
    bool is_ours = !plan->share || plan->share->has[i];
    bool wanted = expert->type->estimate && is_ours && !(is_done && is_done[i]);
    if (wanted) expert->type->estimate(&view, expert->parameters, &own);
    hr_memory_plan_add(&memory, &own);
  }
  if (plan->view.low_memory > HR_LOW_MEMORY_NONE) hr_memory_plan_sort(&memory);
  return memory;
}

/* Tables, figures and the rows of predictions.csv, on top of the models. */
static double report_bytes(const hr_plan *plan) {
  return 2e6 + 300 * (double)plan->view.test_rows;
}

/* What RUN/model takes of one expert's models. */
static double bundle_bytes(const hr_plan *plan, const hr_cost *cost) {
  const char *form = plan->config->run.model;
  if (form && strcmp(form, "none") == 0) return 0;
  return form && strcmp(form, "full") == 0 ? cost->full_bytes : cost->bundle_bytes;
}

/* is_done NULL: none is. */
static void estimate(const hr_plan *plan, const bool *is_done, hr_cost *cost) {
  *cost = (hr_cost){.disk_bytes = report_bytes(plan)};
  cost->memory_bytes = (double)hr_plan_stream(plan, true).memory_bytes;
  cost->memory_bytes += (double)hr_fisher_bytes(&plan->view);
  /* Labels of both sets in fp64, bins, routes and folds. */
  const hr_dataset *sets[] = {plan->train, plan->test};
  for (size_t i = 0; i < 2; i++) {
    double columns = (double)hr_dataset_label_names(sets[i])->count;
    cost->memory_bytes += (double)hr_dataset_rows(sets[i]) * (8 * columns + 9);
  }
  if (!plan->share) hr_study_gates_estimate(plan, cost);
  const hr_memory_plan memory = make_memory_plan(plan, is_done);
  cost->memory_bytes += hr_memory_plan_memory(&memory);
  for (size_t i = 0; i < memory.count; i++) {
    cost->operations += memory.cost[i].operations;
    cost->disk_bytes += memory.cost[i].disk_bytes + bundle_bytes(plan, &memory.cost[i]);
  }
}

void hr_plan_estimate(const hr_plan *plan, hr_cost *cost) {
  estimate(plan, NULL, cost);
}

void hr_plan_estimate_rest(const hr_plan *plan, const bool *is_done, hr_cost *cost) {
  estimate(plan, is_done, cost);
}

/* The smallest budget in MiB that the study fits. What it needs grows with the budget, as
 * larger buffers are used where there is room, but slower than the budget itself. */
int64_t hr_plan_smallest_budget(const hr_plan *plan) {
  enum { MOST_STEPS = 100 };
  hr_plan probe = *plan;
  hr_cost cost = {0};
  probe.view.low_memory = HR_LOW_MEMORY_FOLDS;
  int64_t budget = 1;
  for (int step = 0; step < MOST_STEPS; step++) {
    probe.view.memory_bytes = (size_t)budget << 20;
    hr_plan_estimate(&probe, &cost);
    int64_t mebibytes = (int64_t)ceil(cost.memory_bytes / 1048576);
    if (mebibytes <= budget) break;
    budget = mebibytes;
  }
  return budget;
}

hr_status hr_plan_check_memory(const hr_plan *plan, hr_error *err) {
  hr_cost cost = {0};
  hr_plan_estimate(plan, &cost);
  if (cost.memory_bytes <= (double)plan->view.memory_bytes) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "%s: the study does not fit into run.memory_mib: %" PRId64
                 "; it needs at least %" PRId64 ", or fewer bins or folds",
                 plan->config->path, plan->config->run.memory_mib,
                 hr_plan_smallest_budget(plan));
}

double hr_plan_seconds(const hr_cost *cost) {
  double rate = hr_compute_rate(hr_compute_default());
  return rate > 0 ? cost->operations / rate : 0;
}

hr_status hr_plan_fit_memory(hr_plan *plan, hr_error *err) {
  hr_cost cost = {0};
  if (plan->config->expert_count > HR_MEMORY_PLAN_MOST) {
    return hr_fail(err, HR_ERR_INTERNAL, "a study of %zu experts has more than %d",
                   plan->config->expert_count, HR_MEMORY_PLAN_MOST);
  }
  hr_plan_estimate(plan, &cost);
  while (cost.memory_bytes > (double)plan->view.memory_bytes &&
         plan->view.low_memory < HR_LOW_MEMORY_FOLDS) {
    plan->view.low_memory++;
    hr_plan_estimate(plan, &cost);
  }
  plan->memory = make_memory_plan(plan, NULL);
  return HR_OK;
}
