/* The bundle's description, from the plan and the fits. Everything in it comes from
 * training rows, so a bundle knows nothing of the test set. */
#include "study/bundle.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "config/places.h"
#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"

static const char folder_name[] = "model";

static bool is_wanted(const hr_config *config) {
  return !config->run.model || strcmp(config->run.model, "none") != 0;
}

bool hr_study_is_control(const hr_method *method) {
  return !hr_method_find(method->name);
}

static hr_model_form form_of(const hr_config *config) {
  bool is_full = config->run.model && strcmp(config->run.model, "full") == 0;
  return is_full ? HR_MODEL_FULL : HR_MODEL_COMPACT;
}

hr_status hr_study_save_models(const hr_config *config, const char *out_dir,
                               const hr_method *method, const hr_trained *trained,
                               size_t count, hr_error *err) {
  hr_status status = HR_OK;
  const hr_model **models = NULL;
  char *folder = NULL;
  size_t found = 0;
  if (!is_wanted(config) || hr_study_is_control(method)) return HR_OK;
  HR_TRY(hr_alloc(&models, count, err));
  for (size_t i = 0; i < count; i++) {
    if (trained[i].model) models[found++] = trained[i].model;
  }
  if (found == 0) goto cleanup;
  HR_TRY(hr_join_path(out_dir, folder_name, &folder, err));
  HR_TRY(
      hr_bundle_save_models(folder, method->name, models, found, form_of(config), err));
cleanup:
  hr_free(models);
  hr_free(folder);
  return status;
}

static bool is_there(const char *out_dir, const char *name) {
  char *folder = NULL, *path = NULL;
  bool found = hr_join_path(out_dir, folder_name, &folder, NULL) == HR_OK &&
               hr_join_path(folder, name, &path, NULL) == HR_OK &&
               access(path, F_OK) == 0;
  hr_free(folder);
  hr_free(path);
  return found;
}

bool hr_study_has_models(const hr_config *config, const char *out_dir,
                         const hr_method *method, const hr_fit *fits, size_t count) {
  if (!is_wanted(config) || hr_study_is_control(method) || !method->kind) return true;
  for (size_t i = 0; i < count; i++) {
    char name[HR_BUNDLE_NAME_BYTES];
    const hr_fit *fit = &fits[i];
    if (fit->status != HR_FIT_OK) continue;
    const hr_bundle_place place = {method->name, fit->target, fit->slot};
    hr_bundle_folder_name(method->kind, &place, name);
    if (!is_there(out_dir, name)) return false;
  }
  return true;
}

bool hr_study_has_bundle(const hr_config *config, const char *out_dir) {
  return !is_wanted(config) || is_there(out_dir, "model.json");
}

hr_status hr_study_drop_bundle(const char *out_dir, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  if (!is_there(out_dir, "model.json")) return HR_OK;
  HR_TRY(hr_join_path(out_dir, "model/model.json", &path, err));
  HR_TRY(hr_remove_all(path, err));
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_study_check_bundle(const char *out_dir, const hr_observer *observer,
                                hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  hr_error reason = {.status = HR_OK};
  hr_bundle_description found = {0};
  if (!is_there(out_dir, "model.json")) return HR_OK;
  HR_TRY(hr_join_path(out_dir, folder_name, &folder, err));
  if (hr_bundle_read(folder, &found, &reason) == HR_OK) goto cleanup;
  if (reason.status == HR_ERR_MEMORY) {
    status = hr_fail(err, reason.status, "%s", reason.message);
    goto cleanup;
  }
  hr_observe_warning(observer, "the models are made again: %s", reason.message);
  HR_TRY(hr_remove_all(folder, err));
cleanup:
  hr_bundle_description_fini(&found);
  hr_free(folder);
  return status;
}

static hr_bundle_range range_of(const double *values, size_t rows) {
  hr_bundle_range range = {(double)NAN, (double)NAN};
  for (size_t i = 0; values && i < rows; i++) {
    if (!(values[i] >= range.minimum)) range.minimum = fmin(values[i], range.minimum);
    if (!(values[i] <= range.maximum)) range.maximum = fmax(values[i], range.maximum);
  }
  return range;
}

static hr_status copy_text(const char *from, char **to, hr_error *err) {
  return hr_copy_text(from ? from : "", to, err);
}

static hr_status describe_targets(const hr_plan *plan, hr_bundle_description *out,
                                  hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &plan->view;
  out->target_count = hr_study_targets(view);
  HR_TRY(hr_alloc(&out->targets, out->target_count, err));
  for (size_t t = 0; t < out->target_count; t++) {
    hr_bundle_target *target = &out->targets[t];
    HR_TRY(copy_text(hr_study_target_name(view, t), &target->name, err));
    HR_TRY(copy_text(plan->targets[t].unit, &target->unit, err));
    target->train = range_of(hr_study_target(view, t), view->train.rows);
  }
cleanup:
  return status;
}

/* What the files call a label; NULL: by its own name. */
static const char *column_of(const hr_config *config, const char *label) {
  const hr_strings *labels = &config->data.column_labels;
  for (size_t i = 0; i < labels->count; i++) {
    if (strcmp(labels->items[i], label) == 0) return config->data.columns.items[i];
  }
  return NULL;
}

static hr_status describe_axes(const hr_plan *plan, hr_bundle_description *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &plan->view;
  HR_TRY(hr_alloc(&out->axes, view->axis_count, err));
  out->axis_count = view->axis_count;
  for (size_t a = 0; a < view->axis_count; a++) {
    const hr_axis *from = &view->axes[a];
    hr_bundle_axis *to = &out->axes[a];
    HR_TRY(copy_text(from->label, &to->label, err));
    HR_TRY(hr_copy_text(column_of(plan->config, from->label), &to->column, err));
    HR_TRY(copy_text(hr_config_unit(plan->config, from->label), &to->unit, err));
    HR_TRY(hr_alloc(&to->edges, from->edge_count, err));
    memcpy(to->edges, from->edges, from->edge_count * sizeof *to->edges);
    to->edge_count = from->edge_count;
  }
cleanup:
  return status;
}

static hr_status describe_paths(const hr_plan *plan, hr_bundle_description *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_places places = hr_config_places(plan->config);
  for (int p = 0; p < HR_PLACES; p++) {
    HR_TRY(hr_copy_text(places.path[p], &out->paths[p], err));
  }
cleanup:
  return status;
}

static hr_status describe_bins(const hr_plan *plan, hr_bundle_description *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = plan->view.bin_count;
  HR_TRY(hr_alloc(&out->bin_names, bins, err));
  size_t slots = out->target_count * (bins + 1);
  HR_TRY(hr_alloc(&out->slots, slots, err));
  out->bin_count = bins;
  for (size_t k = 0; k < bins; k++) {
    HR_TRY(copy_text(plan->config->binning.names[k], &out->bin_names[k], err));
  }
  for (size_t i = 0; i < slots; i++) {
    out->slots[i] = (hr_bundle_slot){HR_NO_CANDIDATE, HR_NO_CANDIDATE};
  }
cleanup:
  return status;
}

/* Of the training rows; data without the label `snr` are fine. */
static hr_status describe_snr(const hr_plan *plan, hr_bundle_description *out,
                              hr_error *err) {
  const double *snr = NULL;
  hr_error reason = {.status = HR_OK};
  out->snr = range_of(NULL, 0);
  hr_status status = hr_dataset_label(plan->train, "snr", false, &snr, &reason);
  if (status == HR_ERR_MEMORY) return hr_fail(err, status, "%s", reason.message);
  if (status == HR_OK) out->snr = range_of(snr, plan->view.train.rows);
  return HR_OK;
}

static hr_status copy_pixels(const float *from, size_t pixels, float **to,
                             hr_error *err) {
  hr_status status = hr_alloc(to, pixels, err);
  if (status == HR_OK) memcpy(*to, from, pixels * sizeof **to);
  return status;
}

static hr_status describe_conditioning(const hr_plan *plan, hr_bundle_description *out,
                                       hr_error *err) {
  const hr_conditioning *rows = &plan->conditions.rows;
  out->conditioning = *rows;
  hr_status status = HR_OK;
  hr_conditioning *c = &out->conditioning;
  c->stand_in = c->lowest = c->highest = NULL;
  HR_TRY(copy_pixels(rows->stand_in, rows->pixels, &c->stand_in, err));
  HR_TRY(copy_pixels(rows->lowest, rows->pixels, &c->lowest, err));
  HR_TRY(copy_pixels(rows->highest, rows->pixels, &c->highest, err));
cleanup:
  return status;
}

static hr_status describe_plan(const hr_plan *plan, hr_bundle_description *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &plan->view;
  HR_TRY(copy_text(plan->config->experiment.id, &out->study, err));
  HR_TRY(copy_text(plan->origin.fingerprint, &out->fingerprint, err));
  HR_TRY(copy_text(plan->config->binning.uncovered, &out->uncovered, err));
  HR_TRY(hr_alloc(&out->wave, view->pixels, err));
  memcpy(out->wave, view->wave_angstrom, view->pixels * sizeof *out->wave);
  out->pixels = view->pixels;
  out->noise_level = view->noise_level;
  if (plan->velocities.are_used) {
    HR_TRY(copy_text(plan->config->data.rv, &out->rv, err));
    memcpy(out->rv_range, plan->velocities.range, sizeof out->rv_range);
  }
  out->flux = plan->conditions.sample.flux;
  HR_TRY(describe_conditioning(plan, out, err));
  HR_TRY(describe_snr(plan, out, err));
  HR_TRY(describe_targets(plan, out, err));
  HR_TRY(describe_axes(plan, out, err));
  HR_TRY(describe_paths(plan, out, err));
  HR_TRY(describe_bins(plan, out, err));
cleanup:
  return status;
}

static double cv_of(const hr_fit *fit) {
  return fit->cv_r2 ? fit->cv_r2[fit->chosen] : (double)NAN;
}

static hr_status describe_candidate(const hr_method *method, const hr_fit *fit,
                                    hr_bundle_candidate *out, hr_error *err) {
  hr_status status = HR_OK;
  char name[HR_BUNDLE_NAME_BYTES];
  const hr_bundle_place place = {method->name, fit->target, fit->slot};
  hr_bundle_folder_name(method->kind, &place, name);
  out->target = fit->target;
  out->slot = fit->slot;
  out->variant_count = fit->variant_count;
  out->chosen = fit->chosen;
  out->variant_value = fit->variant_value ? fit->variant_value[fit->chosen] : (double)NAN;
  out->cv_r2 = cv_of(fit);
  out->sigma = fit->sigma;
  HR_TRY(copy_text(method->name, &out->method, err));
  HR_TRY(copy_text(method->title, &out->title, err));
  HR_TRY(copy_text(method->kind->kind, &out->kind, err));
  HR_TRY(copy_text(method->variant, &out->variant, err));
  HR_TRY(copy_text(name, &out->folder, err));
cleanup:
  return status;
}

/* Makes the candidate the slot's expert where it is better than the one before; the
 * earlier of two that are equal stays, and what did not converge is never chosen. */
static void offer(hr_bundle_description *out, size_t candidate, const hr_fit *fit) {
  size_t slot = fit->slot == HR_GLOBAL ? out->bin_count : (size_t)fit->slot;
  size_t *best = &hr_bundle_slot_of(out, fit->target, slot)->expert;
  if (fit->convergence == HR_NOT_CONVERGED) return;
  if (*best == HR_NO_CANDIDATE) {
    *best = candidate;
    return;
  }
  double held = out->candidates[*best].cv_r2, r2 = out->candidates[candidate].cv_r2;
  if (r2 > held || (isnan(held) && !isnan(r2))) *best = candidate;
}

/* The model of all rows that a study falls back to: Ridge's, or the first there is. */
static size_t find_fallback(const hr_bundle_description *d, size_t target) {
  size_t found = hr_bundle_find(d, &(hr_bundle_place){"ridge", target, HR_GLOBAL});
  for (size_t c = 0; c < d->candidate_count && found == HR_NO_CANDIDATE; c++) {
    const hr_bundle_candidate *candidate = &d->candidates[c];
    if (candidate->slot == HR_GLOBAL && candidate->target == target) found = c;
  }
  return found;
}

static hr_status describe_method(const hr_study_method *trained, size_t target,
                                 hr_bundle_description *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t s = 0; trained->fits && s < trained->slots; s++) {
    const hr_fit *fit = &trained->fits[target * trained->slots + s];
    if (fit->status != HR_FIT_OK || !trained->method->kind) continue;
    size_t at = out->candidate_count++;
    HR_TRY(describe_candidate(trained->method, fit, &out->candidates[at], err));
    offer(out, at, fit);
  }
cleanup:
  return status;
}

static hr_status describe_models(const hr_study_method *methods, size_t count,
                                 hr_bundle_description *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t most = 0;
  for (size_t m = 0; m < count; m++) most += methods[m].fits ? methods[m].slots : 0;
  HR_TRY(hr_alloc(&out->candidates, out->target_count * most, err));
  for (size_t t = 0; t < out->target_count; t++) {
    for (size_t m = 0; m < count; m++) {
      HR_TRY(describe_method(&methods[m], t, out, err));
    }
    size_t fallback = find_fallback(out, t);
    for (size_t k = 0; k <= out->bin_count; k++) {
      hr_bundle_slot_of(out, t, k)->fallback = fallback;
    }
  }
cleanup:
  return status;
}

static hr_status describe_gates(const hr_study_bundle *bundle, hr_bundle_description *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&out->gates, bundle->gate_count, err));
  for (size_t g = 0; g < bundle->gate_count; g++) {
    const hr_bundle_gate *from = &bundle->gates[g];
    hr_bundle_gate *to = &out->gates[out->gate_count++];
    to->fallback_below = from->fallback_below;
    to->temperature = from->temperature;
    HR_TRY(copy_text(from->name, &to->name, err));
    HR_TRY(copy_text(from->title, &to->title, err));
    HR_TRY(copy_text(from->folder, &to->folder, err));
    HR_TRY(copy_text(from->mixing, &to->mixing, err));
  }
cleanup:
  return status;
}

hr_status hr_study_write_bundle(const hr_plan *plan, const char *out_dir,
                                const hr_study_bundle *bundle, hr_error *err) {
  hr_status status = HR_OK;
  hr_bundle_description description = {0};
  char *folder = NULL;
  if (!is_wanted(plan->config)) return HR_OK;
  HR_TRY(describe_plan(plan, &description, err));
  HR_TRY(describe_models(bundle->methods, bundle->method_count, &description, err));
  if (bundle->gate_count > 0) HR_TRY(describe_gates(bundle, &description, err));
  if (description.candidate_count == 0) goto cleanup;
  HR_TRY(hr_join_path(out_dir, folder_name, &folder, err));
  HR_TRY(hr_bundle_write(&description, folder, err));
cleanup:
  hr_bundle_description_fini(&description);
  hr_free(folder);
  return status;
}
