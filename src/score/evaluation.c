#include "score/evaluation.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

size_t hr_evaluation_global(const hr_evaluation *evaluation, size_t expert) {
  (void)evaluation;
  return expert;
}

size_t hr_evaluation_oracle(const hr_evaluation *evaluation, size_t expert,
                            hr_selection selection) {
  size_t experts = evaluation->input->outcome_count;
  return (selection == HR_SELECT_BY_CV ? experts : 2 * experts) + expert;
}

size_t hr_evaluation_hybrid(const hr_evaluation *evaluation, hr_selection selection) {
  return 3 * evaluation->input->outcome_count + (selection == HR_SELECT_BY_CV ? 0 : 1);
}

hr_group_range hr_evaluation_range(const hr_evaluation *evaluation, hr_scope scope) {
  size_t bins = evaluation->input->bin_count;
  return (hr_group_range){0, scope == HR_SCOPE_ALL ? bins + 1 : bins};
}

static hr_status check_input(const hr_results_input *input, hr_error *err) {
  if (input->outcome_count == 0 || input->bin_count == 0) {
    return hr_fail(err, HR_ERR_USAGE, "a study needs at least one expert and one bin");
  }
  for (size_t f = 0; f < input->focus_count; f++) {
    double bin = input->focus[f];
    if (bin >= 0 && bin < (double)input->bin_count && (double)(size_t)bin == bin)
      continue;
    return hr_fail(err, HR_ERR_USAGE, "focus bin %g is not one of the bins 0 to %zu", bin,
                   input->bin_count - 1);
  }
  return HR_OK;
}

/* The checks that everything after them relies on. */
static hr_status audit_input(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  hr_ledger *ledger = &evaluation->ledger;
  HR_TRY(hr_ledger_check_train(ledger, input->train_counts, input->bin_count,
                               input->train_rows, err));
  HR_TRY(hr_ledger_check_test(ledger, input->test, input->bin_count, err));
  HR_TRY(hr_ledger_status(ledger, err));
  for (size_t e = 0; e < input->outcome_count; e++) {
    if (input->outcomes[e].task_count == 0) continue;
    HR_TRY(hr_ledger_check_tasks(ledger, &input->outcomes[e], input->test,
                                 input->train_counts, input->bin_count, err));
  }
  HR_TRY(hr_ledger_status(ledger, err));
cleanup:
  return status;
}

static size_t find_baseline(const hr_results_input *input) {
  for (size_t e = 0; e < input->outcome_count; e++) {
    if (strcmp(input->outcomes[e].type->name, "ridge") == 0) return e;
  }
  for (size_t e = 0; e < input->outcome_count; e++) {
    if (input->outcomes[e].task_count > 0) return e;
  }
  return 0;
}

static hr_choice global_choice(const hr_results_input *input, size_t expert) {
  const hr_task *task = hr_outcome_usable(&input->outcomes[expert], HR_GLOBAL);
  if (!task) return (hr_choice){.kind = HR_CHOICE_NONE};
  return (hr_choice){HR_CHOICE_GLOBAL, expert, task->chosen};
}

/* Who predicts where no expert of the bin can: the baseline's global model, or another's.
 */
static hr_choice fallback_choice(const hr_evaluation *evaluation) {
  const hr_results_input *input = evaluation->input;
  hr_choice choice = global_choice(input, evaluation->baseline);
  for (size_t e = 0; e < input->outcome_count && choice.kind == HR_CHOICE_NONE; e++) {
    choice = global_choice(input, e);
  }
  return choice;
}

static hr_status create_methods(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  size_t count = 3 * input->outcome_count + 2;
  HR_TRY(hr_alloc(&evaluation->methods, count, err));
  evaluation->method_count = count;
  for (size_t m = 0; m < count; m++) {
    hr_forecast *method = &evaluation->methods[m];
    HR_TRY(hr_alloc(&method->choices, input->bin_count + 1, err));
    HR_TRY(hr_alloc(&method->prediction, input->test->rows, err));
    HR_TRY(hr_alloc(&method->groups, input->bin_count + 1, err));
  }
cleanup:
  return status;
}

/* Compares the method with `versus`, unless that is itself. */
static hr_forecast *set_method(hr_evaluation *evaluation, size_t index,
                               hr_selection selection, size_t versus) {
  hr_forecast *method = &evaluation->methods[index];
  method->selection = selection;
  method->versus = versus == index ? HR_NO_METHOD : versus;
  return method;
}

static void choose_global(hr_evaluation *evaluation, size_t expert) {
  const hr_results_input *input = evaluation->input;
  size_t index = hr_evaluation_global(evaluation, expert);
  size_t versus = hr_evaluation_oracle(evaluation, evaluation->baseline, HR_SELECT_BY_CV);
  hr_forecast *method = set_method(evaluation, index, HR_SELECT_BY_CV, versus);
  snprintf(method->name, sizeof method->name, "global_%s",
           input->outcomes[expert].type->name);
  method->is_global = true;
  for (size_t k = 0; k <= input->bin_count; k++) {
    method->choices[k] = global_choice(input, expert);
  }
}

/* A comparison has both arms chosen in the same way; only the baseline chosen on the test
 * rows is held against the one chosen by validation: that difference is the optimism of
 * choosing on the rows one is scored on. */
static void choose_oracle(hr_evaluation *evaluation, size_t expert,
                          hr_selection selection) {
  size_t index = hr_evaluation_oracle(evaluation, expert, selection);
  size_t versus = hr_evaluation_oracle(evaluation, evaluation->baseline, selection);
  if (index == versus) {
    versus = hr_evaluation_oracle(evaluation, evaluation->baseline, HR_SELECT_BY_CV);
  }
  hr_forecast *method = set_method(evaluation, index, selection, versus);
  snprintf(method->name, sizeof method->name, "%s_oracle%s",
           evaluation->input->outcomes[expert].type->name,
           selection == HR_SELECT_BY_TEST ? "_test" : "");
  hr_select(evaluation->scores, selection, (int)expert, method->choices);
}

static void choose_hybrid(hr_evaluation *evaluation, hr_selection selection) {
  size_t index = hr_evaluation_hybrid(evaluation, selection);
  size_t versus = hr_evaluation_oracle(evaluation, evaluation->baseline, selection);
  hr_forecast *method = set_method(evaluation, index, selection, versus);
  snprintf(method->name, sizeof method->name, "oracle_hybrid_%s",
           selection == HR_SELECT_BY_TEST ? "test" : "cv");
  hr_select(evaluation->scores, selection, HR_ALL_EXPERTS, method->choices);
}

static void choose_methods(hr_evaluation *evaluation) {
  for (size_t e = 0; e < evaluation->input->outcome_count; e++) {
    choose_global(evaluation, e);
    choose_oracle(evaluation, e, HR_SELECT_BY_CV);
    choose_oracle(evaluation, e, HR_SELECT_BY_TEST);
  }
  choose_hybrid(evaluation, HR_SELECT_BY_CV);
  choose_hybrid(evaluation, HR_SELECT_BY_TEST);
}

/* Lets the global model predict bins in which no expert has a model (the same for every
 * method, so that comparisons stay fair), and uncovered rows where that is asked for. */
static void add_fallbacks(hr_evaluation *evaluation) {
  const hr_results_input *input = evaluation->input;
  hr_choice fallback = fallback_choice(evaluation);
  if (fallback.kind == HR_CHOICE_NONE) return;
  bool global_uncovered = strcmp(input->uncovered, "global") == 0;
  const hr_choice *any =
      evaluation->methods[hr_evaluation_hybrid(evaluation, HR_SELECT_BY_CV)].choices;
  for (size_t m = 0; m < evaluation->method_count; m++) {
    hr_forecast *method = &evaluation->methods[m];
    if (method->is_global) continue;
    if (global_uncovered) method->choices[input->bin_count] = fallback;
  }
  for (size_t k = 0; k < input->bin_count; k++) {
    if (any[k].kind != HR_CHOICE_NONE) continue;
    const size_t *start = evaluation->oracle->group_start;
    for (size_t m = 0; m < evaluation->method_count; m++) {
      hr_forecast *method = &evaluation->methods[m];
      if (method->is_global) continue;
      method->choices[k] = fallback;
      if (start[k + 1] > start[k]) method->falls_back = true;
    }
  }
}

static void score_method(const hr_evaluation *evaluation, hr_forecast *method) {
  const hr_oracle *oracle = evaluation->oracle;
  const hr_split_view *test = evaluation->input->test;
  size_t bins = evaluation->input->bin_count;
  hr_oracle_assemble(oracle, method->choices, method->prediction);
  for (size_t k = 0; k <= bins; k++) {
    size_t first = oracle->group_start[k];
    method->groups[k] =
        hr_metrics_compute(test->target, method->prediction, oracle->row_list + first,
                           oracle->group_start[k + 1] - first);
  }
  for (hr_scope s = HR_SCOPE_COVERED; s < HR_SCOPE_COUNT; s++) {
    size_t rows = oracle->group_start[hr_evaluation_range(evaluation, s).end];
    method->pooled[s] =
        hr_metrics_compute(test->target, method->prediction, oracle->row_list, rows);
    method->weighted_r2[s] =
        hr_metrics_weighted_r2(method->groups, hr_evaluation_range(evaluation, s).end);
    method->complete[s] = rows == 0 || !isnan(method->pooled[s].sse);
  }
}

static bool has_any_bin(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->task_count; t++) {
    const hr_task *task = &outcome->tasks[t];
    if (task->bin != HR_GLOBAL && task->status == HR_FIT_OK) return true;
  }
  return false;
}

static bool has_variants(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->task_count; t++) {
    const hr_task *task = &outcome->tasks[t];
    if (task->status == HR_FIT_OK && task->variant_count > 1) return true;
  }
  return false;
}

/* The hybrids and the baseline always; other experts where they predict every row. */
static void list_methods(hr_evaluation *evaluation) {
  const hr_results_input *input = evaluation->input;
  hr_forecast *methods = evaluation->methods;
  for (size_t e = 0; e < input->outcome_count; e++) {
    const hr_outcome *outcome = &input->outcomes[e];
    hr_forecast *global = &methods[hr_evaluation_global(evaluation, e)];
    hr_forecast *cv = &methods[hr_evaluation_oracle(evaluation, e, HR_SELECT_BY_CV)];
    hr_forecast *test = &methods[hr_evaluation_oracle(evaluation, e, HR_SELECT_BY_TEST)];
    bool whole = has_any_bin(outcome) && cv->complete[HR_SCOPE_COVERED];
    global->listed = hr_outcome_usable(outcome, HR_GLOBAL) != NULL;
    cv->listed = e == evaluation->baseline || whole;
    test->listed = e == evaluation->baseline || (whole && has_variants(outcome));
  }
  methods[hr_evaluation_hybrid(evaluation, HR_SELECT_BY_CV)].listed = true;
  methods[hr_evaluation_hybrid(evaluation, HR_SELECT_BY_TEST)].listed = true;
}

/* Squared errors by bin, from the tasks' own numbers rather than from the assembled rows:
 * two ways to the same sum. */
static double bin_sse(const hr_evaluation *evaluation, const hr_forecast *method,
                      size_t bin) {
  const hr_choice *choice = &method->choices[bin];
  const size_t *start = evaluation->oracle->group_start;
  if (start[bin + 1] == start[bin]) return 0.0;
  if (choice->kind != HR_CHOICE_EXPERT) return method->groups[bin].sse;
  return hr_variant_scores_at(evaluation->scores, choice->expert, bin)[choice->variant]
      .sse;
}

static hr_status audit_method(hr_evaluation *evaluation, const hr_forecast *method,
                              double *sse, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = evaluation->input->bin_count;
  const hr_forecast *versus =
      method->versus == HR_NO_METHOD ? NULL : &evaluation->methods[method->versus];
  if (!method->is_global && hr_oracle_covered(evaluation->oracle) > 0) {
    for (size_t k = 0; k < bins; k++) sse[k] = bin_sse(evaluation, method, k);
    HR_TRY(hr_ledger_check_sse(&evaluation->ledger, method->name, sse, bins,
                               method->pooled[HR_SCOPE_COVERED].sse, err));
  }
  if (versus && versus->complete[HR_SCOPE_COVERED]) {
    hr_arm arms[2] = {{method->name, method->prediction},
                      {versus->name, versus->prediction}};
    HR_TRY(hr_ledger_check_same_rows(&evaluation->ledger, arms,
                                     evaluation->oracle->row_list,
                                     hr_oracle_covered(evaluation->oracle), err));
  }
cleanup:
  return status;
}

/* The hybrid chosen on the test rows against every single expert's oracle. */
static hr_status audit_best(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_forecast *best =
      &evaluation->methods[hr_evaluation_hybrid(evaluation, HR_SELECT_BY_TEST)];
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_forecast *method = &evaluation->methods[m];
    if (!method->listed || method->is_global || method == best) continue;
    if (!method->complete[HR_SCOPE_COVERED] ||
        hr_oracle_covered(evaluation->oracle) == 0) {
      continue;
    }
    HR_TRY(hr_ledger_check_best(&evaluation->ledger, best->name,
                                best->pooled[HR_SCOPE_COVERED].sse, method->name,
                                method->pooled[HR_SCOPE_COVERED].sse, err));
  }
cleanup:
  return status;
}

static hr_status audit_methods(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  double *sse = NULL;
  HR_TRY(hr_alloc(&sse, evaluation->input->bin_count, err));
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_forecast *method = &evaluation->methods[m];
    if (!method->listed || !method->complete[HR_SCOPE_COVERED]) continue;
    HR_TRY(audit_method(evaluation, method, sse, err));
  }
  HR_TRY(audit_best(evaluation, err));
  HR_TRY(hr_ledger_status(&evaluation->ledger, err));
cleanup:
  hr_free(sse);
  return status;
}

/* The placebo is held against Ridge-Oracle, on the same rows. */
static hr_status audit_controls(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_controls *controls = &evaluation->controls;
  const hr_forecast *oracle = &evaluation->methods[hr_evaluation_oracle(
      evaluation, evaluation->baseline, HR_SELECT_BY_CV)];
  bool compared =
      hr_controls_has(controls, HR_CONTROL_PLACEBO) && oracle->complete[HR_SCOPE_COVERED];
  if (!compared) return HR_OK;
  hr_arm arms[2] = {
      {hr_control_name(HR_CONTROL_PLACEBO), controls->prediction[HR_CONTROL_PLACEBO]},
      {oracle->name, oracle->prediction}};
  HR_TRY(hr_ledger_check_same_rows(&evaluation->ledger, arms,
                                   evaluation->oracle->row_list,
                                   hr_oracle_covered(evaluation->oracle), err));
  HR_TRY(hr_ledger_status(&evaluation->ledger, err));
cleanup:
  return status;
}

static hr_status create_bootstrap(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const double **predictions = NULL;
  const hr_results_input *input = evaluation->input;
  size_t count = evaluation->method_count + HR_CEILING_KINDS + HR_CONTROL_KINDS;
  HR_TRY(hr_alloc(&predictions, count, err));
  for (size_t m = 0; m < evaluation->method_count; m++) {
    predictions[m] = evaluation->methods[m].prediction;
  }
  for (size_t kind = 0; kind < HR_CEILING_KINDS; kind++) {
    predictions[evaluation->method_count + kind] = evaluation->ceiling.prediction[kind];
  }
  for (size_t kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    predictions[evaluation->method_count + HR_CEILING_KINDS + kind] =
        evaluation->controls.prediction[kind];
  }
  hr_bootstrap_input draw = {
      .rows = input->test->rows,
      .target = input->test->target,
      .row_list = evaluation->oracle->row_list,
      .group_start = evaluation->oracle->group_start,
      .group_count = input->bin_count + 1,
      .predictions = predictions,
      .method_count = count,
      .draws = input->bootstrap_draws ? input->bootstrap_draws : HR_BOOTSTRAP_DRAWS,
      .seed = input->seed,
  };
  HR_TRY(hr_bootstrap_create(&draw, &evaluation->bootstrap, err));
cleanup:
  hr_free(predictions);
  return status;
}

/* The octiles' rows, octile by octile, then all others: [test rows]. */
static hr_status list_by_octile(const hr_evaluation *evaluation, size_t **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  bool *in_octile = NULL;
  size_t rows = evaluation->input->test->rows,
         at = evaluation->octiles.start[HR_SNR_OCTILES];
  HR_TRY(hr_alloc(out, rows, err));
  HR_TRY(hr_alloc(&in_octile, rows, err));
  for (size_t i = 0; i < at; i++) {
    (*out)[i] = evaluation->octiles.row_list[i];
    in_octile[(*out)[i]] = true;
  }
  for (size_t row = 0; row < rows; row++) {
    if (!in_octile[row]) (*out)[at++] = row;
  }
cleanup:
  hr_free(in_octile);
  return status;
}

static hr_status create_octile_bootstrap(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  const hr_ceiling *ceiling = &evaluation->ceiling;
  size_t *row_list = NULL, start[HR_SNR_OCTILES + 2];
  if (!ceiling->has_posterior && !ceiling->has_fisher) return HR_OK;
  HR_TRY(list_by_octile(evaluation, &row_list, err));
  memcpy(start, evaluation->octiles.start, sizeof evaluation->octiles.start);
  start[HR_SNR_OCTILES + 1] = input->test->rows;
  hr_bootstrap_input draw = {
      .rows = input->test->rows,
      .target = input->test->target,
      .row_list = row_list,
      .group_start = start,
      .group_count = HR_SNR_OCTILES + 1,
      .predictions = (const double *const *)ceiling->prediction,
      .method_count = HR_CEILING_KINDS,
      .draws = input->bootstrap_draws ? input->bootstrap_draws : HR_BOOTSTRAP_DRAWS,
      .seed = input->seed,
  };
  HR_TRY(hr_bootstrap_create(&draw, &evaluation->octile_bootstrap, err));
cleanup:
  hr_free(row_list);
  return status;
}

hr_efficiency hr_evaluation_efficiency(const hr_evaluation *evaluation, size_t method,
                                       hr_ceiling_kind kind, hr_group_range range,
                                       double chance) {
  const hr_oracle *oracle = evaluation->oracle;
  const double *target = evaluation->input->test->target;
  const size_t *list = oracle->row_list + oracle->group_start[range.first];
  size_t rows = oracle->group_start[range.end] - oracle->group_start[range.first];
  size_t ceiling = evaluation->method_count + kind;
  double r2 =
      hr_metrics_compute(target, evaluation->methods[method].prediction, list, rows).r2;
  double most =
      hr_metrics_compute(target, evaluation->ceiling.prediction[kind], list, rows).r2;
  hr_efficiency found = {rows, most, r2 / most, r2 - most, {NAN, NAN}, {NAN, NAN}, false};
  if (isnan(most)) return found;
  found.r2_max_interval = hr_bootstrap_r2(evaluation->bootstrap, ceiling, range);
  if (isnan(r2)) return found;
  found.excess_interval =
      hr_bootstrap_delta(evaluation->bootstrap, method, ceiling, range);
  double certain =
      hr_bootstrap_delta_quantile(evaluation->bootstrap, method, ceiling, range, chance);
  found.exceeds = found.excess_interval.low > 0 && certain > 0;
  return found;
}

/* The least gain over the focus bins, and its interval. */
static hr_status measure_focus(hr_evaluation *evaluation, size_t headline, size_t versus,
                               hr_gate_measures *measures, hr_error *err) {
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
  measures->focus_delta_r2 = least;
  if (!isnan(least)) {
    measures->focus_delta_r2_interval = hr_bootstrap_least_delta(
        evaluation->bootstrap, headline, versus, groups, input->focus_count);
  }
cleanup:
  hr_free(groups);
  return status;
}

static hr_status judge(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  hr_selection selection = evaluation->input->selection;
  size_t headline = hr_evaluation_hybrid(evaluation, selection);
  size_t versus = hr_evaluation_oracle(evaluation, evaluation->baseline, selection);
  const hr_interval none = {(double)NAN, (double)NAN};
  hr_group_range range = hr_evaluation_range(evaluation, HR_SCOPE_COVERED);
  double r2 = evaluation->methods[headline].pooled[HR_SCOPE_COVERED].r2;
  hr_gate_measures measures = {
      .oracle_r2 = r2,
      .delta_r2 = r2 - evaluation->methods[versus].pooled[HR_SCOPE_COVERED].r2,
      .oracle_r2_interval = none,
      .delta_r2_interval = none,
      .focus_delta_r2_interval = none,
  };
  if (!isnan(measures.oracle_r2)) {
    measures.oracle_r2_interval = hr_bootstrap_r2(evaluation->bootstrap, headline, range);
  }
  if (!isnan(measures.delta_r2)) {
    measures.delta_r2_interval =
        hr_bootstrap_delta(evaluation->bootstrap, headline, versus, range);
  }
  HR_TRY(measure_focus(evaluation, headline, versus, &measures, err));
  evaluation->gate_passed =
      hr_gate_evaluate(&evaluation->input->gate, &measures, evaluation->gate);
cleanup:
  return status;
}

static hr_status evaluate(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  HR_TRY(check_input(input, err));
  HR_TRY(audit_input(evaluation, err));
  HR_TRY(hr_oracle_create(input->test, input->bin_count, input->outcomes,
                          input->outcome_count, &evaluation->oracle, err));
  HR_TRY(hr_variant_scores_create(evaluation->oracle, &evaluation->scores, err));
  evaluation->baseline = find_baseline(input);
  HR_TRY(create_methods(evaluation, err));
  choose_methods(evaluation);
  add_fallbacks(evaluation);
  for (size_t m = 0; m < evaluation->method_count; m++) {
    score_method(evaluation, &evaluation->methods[m]);
  }
  list_methods(evaluation);
  HR_TRY(audit_methods(evaluation, err));
  HR_TRY(hr_ceiling_init(&evaluation->ceiling, input, err));
  HR_TRY(hr_controls_init(&evaluation->controls, input, evaluation->oracle->row_list,
                          hr_oracle_covered(evaluation->oracle), err));
  HR_TRY(audit_controls(evaluation, err));
  HR_TRY(create_bootstrap(evaluation, err));
  if (input->snr) {
    HR_TRY(hr_octiles_init(&evaluation->octiles, input->snr, evaluation->oracle->row_list,
                           hr_oracle_covered(evaluation->oracle), err));
    HR_TRY(create_octile_bootstrap(evaluation, err));
  }
  HR_TRY(judge(evaluation, err));
cleanup:
  return status;
}

hr_status hr_evaluation_create(const hr_results_input *input, hr_evaluation **out,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_evaluation *evaluation = NULL;
  HR_TRY(hr_alloc(&evaluation, 1, err));
  evaluation->input = input;
  HR_TRY(evaluate(evaluation, err));
  *out = evaluation;
  evaluation = NULL;
cleanup:
  hr_evaluation_destroy(&evaluation);
  return status;
}

void hr_evaluation_destroy(hr_evaluation **evaluation) {
  hr_evaluation *it = *evaluation;
  if (!it) return;
  for (size_t m = 0; m < it->method_count; m++) {
    hr_free(it->methods[m].choices);
    hr_free(it->methods[m].prediction);
    hr_free(it->methods[m].groups);
  }
  hr_free(it->methods);
  hr_octiles_fini(&it->octiles);
  hr_ceiling_fini(&it->ceiling);
  hr_controls_fini(&it->controls);
  hr_bootstrap_destroy(&it->bootstrap);
  hr_bootstrap_destroy(&it->octile_bootstrap);
  hr_ledger_fini(&it->ledger);
  hr_variant_scores_destroy(&it->scores);
  hr_oracle_destroy(&it->oracle);
  hr_free(it);
  *evaluation = NULL;
}
