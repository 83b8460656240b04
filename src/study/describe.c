/* The plan in words, for `headroom run --dry-run`, and what is to be warned of. */
#include "study/describe.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "compute/rate.h"
#include "config/targets.h"
#include "core/door.h"
#include "core/observe.h"
#include "core/progress.h"
#include "models/bundle_description.h"
#include "study/division.h"
#include "study/estimate.h"

static void describe_split(const hr_plan *plan, bool training, hr_text *out) {
  const hr_dataset *dataset = training ? plan->train : plan->test;
  const size_t *counts = training ? plan->train_counts : plan->test_counts;
  size_t bins = plan->view.bin_count,
         files = training ? plan->config->data.train_paths.count : 1;
  hr_text_append(
      out, "  %-8s %zu spectra of %zu pixels in %zu file%s, %.2f GB; %zu uncovered\n",
      training ? "training" : "test", hr_dataset_rows(dataset),
      hr_dataset_pixels(dataset), files, files == 1 ? "" : "s",
      (double)hr_dataset_file_bytes(dataset) / 1e9, counts[bins]);
}

static const char *describe_low_memory(hr_low_memory low_memory) {
  switch (low_memory) {
    case HR_LOW_MEMORY_NONE:
      return "";
    case HR_LOW_MEMORY_ROWS:
      return ", bins keeping their rows on disk until their turn";
    case HR_LOW_MEMORY_FOLDS:
      break;
  }
  return ", bins keeping their rows on disk until their turn and summing some folds at a "
         "time";
}

static void describe_cost(const hr_plan *plan, hr_text *out) {
  hr_cost cost = {0};
  double rate = hr_compute_rate(hr_compute_default());
  hr_plan_estimate(plan, &cost);
  if (cost.memory_bytes > (double)plan->view.memory_bytes) {
    hr_text_append(out,
                   "Would not fit into %" PRId64
                   " MiB of memory (run.memory_mib): at least %" PRId64 " are needed\n",
                   plan->config->run.memory_mib, hr_plan_smallest_budget(plan));
  } else {
    hr_text_append(out,
                   "Would need %.0f MiB of memory, of %" PRId64 " in run.memory_mib%s\n",
                   ceil(cost.memory_bytes / 1048576), plan->config->run.memory_mib,
                   describe_low_memory(plan->view.low_memory));
  }
  hr_text_append(out, "Would compute for ");
  if (rate > 0) {
    hr_seconds_describe(cost.operations / rate, out);
    hr_text_append(out, " at least, reading aside: ");
  }
  hr_text_append(out, "as long as %.3g Gflop of matrix products", 1e-9 * cost.operations);
  if (rate > 0) hr_text_append(out, ", at %.0f Gflop/s here and now", 1e-9 * rate);
  hr_text_append(out, "\n");
}

/* What is to be compared with the labels where bins are empty. */
static const char *edges_of(const hr_config *config) {
  return config->binning.given_count == 0 ? "binning.T_eff and binning.M_H"
                                          : "binning.axes";
}

/* Of `axes` alone: bins by the old keys are described as ever. */
static void describe_axes(const hr_config *config, hr_text *out) {
  for (size_t a = 0; a < config->binning.given_count; a++) {
    const hr_axis *axis = &config->binning.axes[a];
    const char *unit = hr_config_unit(config, axis->label);
    hr_text_append(out, "%s %s", a == 0 ? "Bins lie along" : ",", axis->label);
    for (size_t e = 0; e < axis->edge_count; e++) {
      hr_text_append(out, "%s%g", e == 0 ? " (" : ", ", axis->edges[e]);
    }
    hr_text_append(out, "%s%s)", unit[0] ? " " : "", unit);
  }
  if (config->binning.given_count > 0) hr_text_append(out, "\n");
}

static void warn_of_target(const hr_plan *plan, const char *target) {
  for (size_t a = 0; a < plan->view.axis_count; a++) {
    if (strcmp(plan->view.axes[a].label, target) != 0) continue;
    hr_observe_warning(plan->view.observer,
                       "the target %s is an axis of the bins (binning.allow_target): "
                       "methods that are routed by the true labels know part of the "
                       "answer",
                       target);
  }
}

/* Tables and figures then have numbers without one. */
static void warn_of_unit(const hr_plan *plan, const hr_plan_target *target) {
  if (target->unit[0] || hr_config_has_unit(plan->config, target->name)) return;
  hr_observe_warning(plan->view.observer,
                     "the unit of %s is not known; name it as data.units.%s",
                     target->name, target->name);
}

/* A bin without training rows gets no model; all in one line, as a wrong unit in the
 * edges or labels leaves many. */
static void warn_of_empty_bins(const hr_plan *plan) {
  size_t empty = 0, bins = plan->view.bin_count;
  hr_text list;
  hr_text_init(&list);
  for (size_t k = 0; k < bins; k++) {
    if (plan->train_counts[k] > 0) continue;
    hr_text_append(&list, "%s%zu (%s)", empty++ == 0 ? "" : ", ", k,
                   plan->config->binning.names[k]);
  }
  if (empty == bins) {
    hr_observe_warning(plan->view.observer,
                       "no training spectrum lies in any bin, so that only global models "
                       "can be trained; compare %s with the labels, which %s",
                       edges_of(plan->config), HR_DOOR_LABELS);
  } else if (empty > 0 && list.bytes) {
    hr_observe_warning(plan->view.observer,
                       "no training spectrum lies in bin%s %s, which get%s no model; if "
                       "that is not meant, compare %s with the labels, which %s",
                       empty == 1 ? "" : "s", list.bytes, empty == 1 ? "s" : "",
                       edges_of(plan->config), HR_DOOR_LABELS);
  }
  hr_text_fini(&list);
}

void hr_plan_warn(const hr_plan *plan) {
  hr_conditions_tell(&plan->conditions, plan->view.observer);
  for (size_t i = 0; i < plan->doubts.count; i++) {
    const hr_doubt *doubt = &plan->doubts.items[i];
    if (!doubt->is_told) hr_observe_warning(plan->view.observer, "%s", doubt->sentence);
  }
  warn_of_empty_bins(plan);
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    warn_of_target(plan, plan->targets[t].name);
    warn_of_unit(plan, &plan->targets[t]);
  }
  for (size_t i = 0; i < plan->config->expert_count; i++) {
    const hr_config_expert *expert = &plan->config->experts[i];
    if (expert->type->warn) expert->type->warn(&plan->view, expert->parameters);
  }
}

static void describe_targets(const hr_plan *plan, hr_text *out) {
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    const hr_plan_target *target = &plan->targets[t];
    bool has_unit = target->unit[0] != '\0';
    hr_text_append(out, "%s %s%s%s%s", t == 0 ? "Would predict" : ",", target->name,
                   has_unit ? " (" : "", target->unit, has_unit ? ")" : "");
  }
  hr_text_append(out, "\n");
}

void hr_plan_describe(const hr_plan *plan, const char *out_dir, hr_text *out) {
  const hr_config *config = plan->config;
  hr_text_append(out, "Study %s (%s), fingerprint %s\n", config->experiment.id,
                 config->path, plan->origin.fingerprint);
  hr_text_append(out, "Would read, each once:\n");
  describe_split(plan, true, out);
  describe_split(plan, false, out);
  describe_targets(plan, out);
  hr_text_append(out, "Would train, in %zu bins with %zu-fold cross-validation:\n",
                 plan->view.bin_count, plan->view.fold_count);
  for (size_t i = 0; i < config->expert_count; i++) {
    const hr_method *type = config->experts[i].type;
    hr_error reason = {0};
    if (plan->share && !plan->share->has[i]) continue;
    bool on_all = type->wants_global && type->wants_global(config->experts[i].parameters);
    hr_text_append(out, "  %-14s %s%s%s\n", type->name, type->summary,
                   on_all ? " On all rows, too." : "",
                   type->destroy ? "" : " (not in this build: would be skipped)");
    if (type->available && type->available(&reason) != HR_OK) {
      hr_text_append(out, "  %-14s would be skipped: %s\n", "", reason.message);
    }
  }
  describe_axes(config, out);
  hr_text_append(out, "Rows a bin (training, test):\n");
  for (size_t k = 0; k < plan->view.bin_count; k++) {
    bool at_risk = plan->train_counts[k] < (size_t)config->binning.at_risk_below;
    hr_text_append(out, "  %2zu  %-16s %8zu %8zu%s\n", k, config->binning.names[k],
                   plan->train_counts[k], plan->test_counts[k],
                   at_risk ? "  at risk" : "");
  }
  describe_cost(plan, out);
  hr_cost cost = {0};
  hr_plan_estimate(plan, &cost);
  hr_text_append(out, "Would write about %.0f MB into %s\n", ceil(1e-6 * cost.disk_bytes),
                 out_dir);
}
