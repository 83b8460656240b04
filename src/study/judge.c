/* Judging: from outcomes to results.json, target by target. Here alone the truth of the
 * test rows meets their predictions. */
#include "study/judge.h"

#include <string.h>

#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "score/results.h"

/* What is known of the gates, for a target. */
static void add_gates(const hr_judging *j, size_t t, hr_results_gate *gates,
                      hr_results_input *input) {
  const hr_study_gates *own = j->gates;
  for (size_t g = 0; g < own->trained_count; g++) {
    const hr_bundle_gate *gate = &own->trained[g];
    gates[g] = (hr_results_gate){.name = gate->name,
                                 .title = gate->title,
                                 .mixing = gate->mixing,
                                 .uses_error = own->uses_error[g],
                                 .temperature = own->temperature[g],
                                 .weight = own->rows.weight[g]};
    gates[g].settings = hr_study_gate_settings(j->plan->config, gate->name);
  }
  input->gates = gates;
  input->gate_count = own->trained_count;
  input->gated = own->rows.gated + t * own->rows.gated_count;
  input->gated_count = own->rows.gated_count;
}

/* What is known of the test rows beside labels and predictions. */
static void add_rows(const hr_judging *j, hr_results_input *input) {
  input->measured_snr = j->measured_snr;
  input->bin_labels = j->labels->axes;
  input->bin_label_count = j->plan->view.axis_count;
  input->ids = j->labels->ids;
  input->id_count = j->labels->id_count;
}

/* Which target it is, and the bins. */
static void add_target(const hr_plan *plan, size_t t, hr_results_input *input) {
  input->target_name = plan->targets[t].name;
  input->target_unit = plan->targets[t].unit;
  input->targets = &plan->config->data.target;
  input->target_number = t;
  input->axes = plan->view.axes;
  input->axis_count = plan->view.axis_count;
  input->bin_count = plan->view.bin_count;
  input->bin_names = plan->config->binning.names;
  input->focus = plan->config->binning.focus.items;
  input->focus_count = plan->config->binning.focus.count;
  input->at_risk_below = plan->config->binning.at_risk_below;
  input->uncovered = plan->config->binning.uncovered;
  for (size_t a = 0; a < input->axis_count; a++) {
    input->axis_units[a] = hr_config_unit(plan->config, input->axes[a].label);
  }
}

static const char *file_name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Where there are several targets a line says of which it is. */
static const char *name_of(const hr_judging *j, size_t t) {
  return hr_study_targets(&j->plan->view) > 1 ? j->plan->targets[t].name : "";
}

static void list_references(const hr_config *config, hr_reference_line *lines) {
  for (size_t i = 0; i < config->baseline_count; i++)
    lines[i] = (hr_reference_line){config->baselines[i].name, config->baselines[i].r2};
}

/* How the headline is chosen, the thresholds of the gate that judges it, and what the
 * study says of that gate. */
static void add_criteria(const hr_config *config, hr_results_input *input) {
  input->gate =
      (hr_gate_thresholds){config->gate.oracle_r2,          config->gate.delta_r2,
                           config->gate.insufficient_below, config->gate.focus_delta_r2,
                           config->gate.mixture_delta_r2,   config->gate.rho};
  input->selection =
      strcmp(config->selection.by, "test") == 0 ? HR_SELECT_BY_TEST : HR_SELECT_BY_CV;
  input->gate_name = config->gate.name;
  input->gate_on_pass = config->gate.on_pass;
  input->gate_on_fail = config->gate.on_fail;
}

static hr_status write_target(const hr_judging *j, size_t t, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = j->plan->config;
  const hr_plan *plan = j->plan;
  const hr_target_bound *bound = &j->bound->targets[t];
  const hr_outcome *outcomes = j->outcomes + t * config->expert_count;
  char *dir = NULL, *path = NULL;
  hr_reference_line *lines = NULL;
  size_t competitors = config->expert_count - config->control_count;
  hr_named_observer named;
  hr_results_data data = hr_plan_tell_data(plan);
  hr_named_observer_init(&named, j->observer, name_of(j, t));
  HR_TRY(hr_alloc(&lines, config->baseline_count, err));
  list_references(config, lines);
  hr_results_input input = {
      .experiment_id = config->experiment.id,
      .fingerprint = plan->origin.fingerprint,
      .language = config->experiment.language,
      .figures_lack_titles = !config->figures.titles,
      .train_rows = plan->view.train.rows,
      .train_target = hr_study_target(&plan->view, t),
      .train_counts = plan->train_counts,
      .test_file = file_name_of(config->data.test_path),
      .test = &plan->targets[t].test,
      .snr = plan->snr,
      .data = &data,
      .train_preparation = j->train_preparation,
      .test_preparation = j->test_preparation,
      .doubts = &plan->doubts,
      .outcomes = outcomes,
      .outcome_count = competitors,
      .controls = outcomes + competitors,
      .control_count = config->control_count,
      .fisher = bound->is_there ? &bound->rows : NULL,
      .fisher_note = bound->is_there ? NULL : bound->reason.message,
      .baselines = lines,
      .baseline_count = config->baseline_count,
      .seed = plan->view.seed,
      .observer = &named.observer,
  };
  hr_results_gate gates[HR_STUDY_MOST_GATES];
  add_criteria(config, &input);
  add_target(plan, t, &input);
  add_rows(j, &input);
  if (j->gates->trained_count > 0) add_gates(j, t, gates, &input);
  HR_TRY(hr_plan_target_dir(plan, j->out_dir, t, &dir, err));
  HR_TRY(hr_make_folders(dir, err));
  HR_TRY(hr_join_path(dir, "results.json", &path, err));
  HR_TRY(hr_results_write(&input, path, NULL, err));
cleanup:
  hr_free(dir);
  hr_free(path);
  hr_free(lines);
  return status;
}

/* The first target's last: where it has results, all have. */
hr_status hr_study_judge(const hr_judging *j, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = hr_study_targets(&j->plan->view); t > 0 && status == HR_OK; t--) {
    status = write_target(j, t - 1, err);
  }
  return status;
}
