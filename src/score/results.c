/* results.json, key by key in the order of docs/formats.md. */
#include "score/results.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/json_file.h"
#include "core/observe.h"
#include "core/seal.h"
#include "headroom/version.h"
#include "methods/outside/outside.h"
#include "score/controls_json.h"
#include "score/dominant.h"
#include "score/outside_values.h"
#include "score/predictions.h"
#include "score/results_binning.h"
#include "score/results_calibration.h"
#include "score/results_ceiling.h"
#include "score/results_gates.h"
#include "score/results_ladder.h"
#include "score/results_lattice.h"
#include "score/results_levels.h"
#include "score/results_methods.h"
#include "score/settings_json.h"
#include "score/undertuned.h"

/* What all writers of this file need. */
typedef struct writer {
  hr_json_builder json;
  const hr_evaluation *evaluation;
  const hr_results_input *input;
  const hr_doubts *found; /* of the results themselves */
} writer;

static void put_interval(writer *w, json_t *object, const char *key, double value,
                         hr_interval interval) {
  /* A number that is undefined has no interval either. */
  bool defined = !isnan(value);
  hr_json_put_pair(&w->json, object, key, defined ? interval.low : (double)NAN,
                   defined ? interval.high : (double)NAN);
}

static const char *status_of(const hr_outcome *outcome) {
  if (outcome->fit_count == 0) return "unavailable";
  bool failed = false;
  for (size_t t = 0; t < outcome->fit_count; t++) {
    if (outcome->fits[t].status == HR_FIT_OK) return "ok";
    if (outcome->fits[t].status == HR_FIT_FAILED) failed = true;
  }
  return failed ? "failed" : "skipped";
}

static const char *fit_status_of(const hr_outcome *outcome, const hr_fit *fit) {
  if (outcome->fit_count == 0) return "unavailable";
  if (!fit) return "skipped";
  if (fit->status == HR_FIT_OK) return "ok";
  return fit->status == HR_FIT_FAILED ? "failed" : "skipped";
}

static const char *note_of(const hr_outcome *outcome, const hr_fit *fit) {
  if (outcome->fit_count == 0 && outcome->reason) return outcome->reason;
  if (outcome->fit_count == 0) return "this expert is not part of this build";
  return fit ? fit->note : "this expert was not asked for in this bin";
}

/* The code beside the note; NULL: there is none. */
static const char *reason_of(const hr_outcome *outcome, const hr_fit *fit) {
  if (outcome->fit_count == 0) return outcome->reason ? "unavailable" : "not_built";
  if (!fit) return hr_fit_reason_name(HR_REASON_NOT_ASKED_FOR);
  return hr_fit_reason_name(fit->reason);
}

/* Why there is nothing of an expert, or no global model of one that should have it; of
 * one that has nothing else, what is to be said of that. */
static const char *expert_note(const hr_outcome *outcome) {
  if (outcome->fit_count == 0) return note_of(outcome, NULL);
  const hr_fit *global = hr_outcome_fit(outcome, HR_GLOBAL);
  bool is_all = outcome->type->only_global;
  return global && (is_all || global->status != HR_FIT_OK) ? global->note : "";
}

static const char *expert_reason(const hr_outcome *outcome) {
  const hr_fit *global = hr_outcome_fit(outcome, HR_GLOBAL);
  return outcome->fit_count == 0 || global ? reason_of(outcome, global) : NULL;
}

/* The unit, and the targets of the study where there are several. */
static void write_targets(writer *w, json_t *experiment) {
  const hr_results_input *input = w->input;
  hr_json_put_text(&w->json, experiment, "unit",
                   input->target_unit ? input->target_unit : "");
  if (!input->targets || input->targets->count < 2) return;
  json_t *targets = hr_json_put(&w->json, experiment, "targets", json_array());
  for (size_t t = 0; t < input->targets->count; t++) {
    hr_json_append(&w->json, targets, json_string(input->targets->items[t]));
  }
  hr_json_put_count(&w->json, experiment, "target_number", input->target_number);
}

static void write_head(writer *w, json_t *root) {
  const hr_results_input *input = w->input;
  const hr_evaluation *evaluation = w->evaluation;
  const hr_method_score *methods = evaluation->methods;
  hr_json_put_text(&w->json, root, "schema", "headroom/results/1");
  json_t *experiment = hr_json_put(&w->json, root, "experiment", json_object());
  hr_json_put_text(&w->json, experiment, "id", input->experiment_id);
  hr_json_put_text(&w->json, experiment, "fingerprint", input->fingerprint);
  hr_json_put_text(&w->json, experiment, "language", input->language);
  hr_json_put_bool(&w->json, experiment, "figure_titles", !input->figures_lack_titles);
  hr_json_put_text(&w->json, experiment, "target", input->target_name);
  write_targets(w, experiment);
  json_t *selection = hr_json_put(&w->json, root, "selection", json_object());
  bool by_cv = input->selection == HR_SELECT_BY_CV;
  size_t versus = hr_evaluation_find(evaluation, HR_FORECAST_ORACLE,
                                     evaluation->forecasts.baseline, input->selection);
  hr_json_put_text(&w->json, selection, "by", by_cv ? "cv" : "test");
  hr_json_put_text(&w->json, selection, "headline",
                   methods[hr_evaluation_find(evaluation, HR_FORECAST_HYBRID,
                                              HR_NO_METHOD, input->selection)]
                       .forecast->name);
  hr_json_put_text(&w->json, selection, "versus", methods[versus].forecast->name);
  hr_json_put_text(&w->json, selection, "baseline",
                   input->outcomes[evaluation->forecasts.baseline].type->name);
  hr_json_put_text(&w->json, selection, "uncovered", input->uncovered);
  hr_json_put_count(&w->json, root, "at_risk_below", (size_t)input->at_risk_below);
  json_t *bootstrap = hr_json_put(&w->json, root, "bootstrap", json_object());
  hr_json_put_count(&w->json, bootstrap, "draws",
                    input->bootstrap_draws ? input->bootstrap_draws : HR_BOOTSTRAP_DRAWS);
  hr_json_put_count(&w->json, bootstrap, "seed", (size_t)input->seed);
  hr_json_put_number(&w->json, bootstrap, "level", 0.95);
  hr_json_put_text(&w->json, bootstrap, "interval", "expanded percentile");
}

static void write_ledger(writer *w, json_t *root) {
  const hr_results_input *input = w->input;
  const hr_ledger *ledger = &w->evaluation->ledger;
  size_t covered = hr_row_groups_covered(&w->evaluation->groups);
  size_t train_uncovered = input->train_counts[input->bin_count];
  json_t *object = hr_json_put(&w->json, root, "ledger", json_object());
  hr_json_put_count(&w->json, object, "train_rows", input->train_rows);
  hr_json_put_count(&w->json, object, "train_covered",
                    input->train_rows - train_uncovered);
  hr_json_put_count(&w->json, object, "train_uncovered", train_uncovered);
  hr_json_put_count(&w->json, object, "test_rows", input->test->rows);
  hr_json_put_count(&w->json, object, "covered", covered);
  size_t missing = w->evaluation->missing.count;
  hr_json_put_count(&w->json, object, "uncovered", input->test->rows - covered - missing);
  if (missing > 0) hr_json_put_count(&w->json, object, "missing", missing);
  hr_json_put_bool(&w->json, object, "ok", true); /* or we would not be here */
  json_t *checks = hr_json_put(&w->json, object, "checks", json_array());
  for (size_t c = 0; c < ledger->count; c++) {
    json_t *check = hr_json_append(&w->json, checks, json_object());
    hr_json_put_text(&w->json, check, "name", ledger->checks[c].name);
    hr_json_put_bool(&w->json, check, "ok", ledger->checks[c].ok);
    hr_json_put_text(&w->json, check, "detail", ledger->checks[c].detail);
  }
}

/* Absent where the labels of both sets stand with their spectra. */
static void write_labels(writer *w, json_t *parent, const hr_results_labels labels[2]) {
  static const char *const sets[] = {"train", "test"};
  json_t *object = NULL;
  for (size_t set = 0; set < 2; set++) {
    const hr_results_labels *own = &labels[set];
    if (!own->tables || own->tables->count == 0) continue;
    if (!object) object = hr_json_put(&w->json, parent, "labels", json_object());
    json_t *entry = hr_json_put(&w->json, object, sets[set], json_object());
    json_t *tables = hr_json_put(&w->json, entry, "tables", json_array());
    for (size_t i = 0; i < own->tables->count; i++) {
      hr_json_append(&w->json, tables, hr_json_text(own->tables->items[i]));
    }
    hr_json_put_text(&w->json, entry, "id", own->id);
    json_t *names = hr_json_put(&w->json, entry, "names", json_array());
    for (size_t i = 0; i < own->names->count; i++) {
      hr_json_append(&w->json, names, hr_json_text(own->names->items[i]));
    }
    hr_json_put_count(&w->json, entry, "rows", own->rows);
    hr_json_put_count(&w->json, entry, "without_line", own->without);
    hr_json_put_count(&w->json, entry, "left_out", own->left_out);
  }
}

static void write_velocity_set(writer *w, json_t *parent, const char *key,
                               const hr_results_velocity_set *set) {
  json_t *object = hr_json_put(&w->json, parent, key, json_object());
  hr_json_put_count(&w->json, object, "rows", set->rows);
  hr_json_put_count(&w->json, object, "none", set->none);
  hr_json_put_count(&w->json, object, "edge", set->edge);
  hr_json_put_count(&w->json, object, "doubtful", set->doubtful);
  hr_json_put_number(&w->json, object, "sigma", set->sigma);
  hr_json_put_count(&w->json, object, "compared", set->compared);
  hr_json_put_number(&w->json, object, "bias", set->bias);
  hr_json_put_number(&w->json, object, "scatter", set->scatter);
  hr_json_put_number(&w->json, object, "pull", set->pull);
}

/* Only where spectra were brought to rest. */
static void write_velocities(writer *w, json_t *data, const hr_results_velocities *v) {
  if (!v) return;
  json_t *object = hr_json_put(&w->json, data, "rv", json_object());
  hr_json_put_text(&w->json, object, "how", v->how);
  hr_json_put_number(&w->json, object, "low", v->low);
  hr_json_put_number(&w->json, object, "high", v->high);
  if (!v->are_fitted) return;
  write_velocity_set(w, object, "train", &v->sets[0]);
  write_velocity_set(w, object, "test", &v->sets[1]);
}

/* What the spectra are; absent where it is not known. */
static void write_data(writer *w, json_t *root) {
  const hr_results_data *data = w->input->data;
  if (!data) return;
  json_t *object = hr_json_put(&w->json, root, "data", json_object());
  json_t *train = hr_json_put(&w->json, object, "train", json_array());
  for (size_t i = 0; i < data->train_paths->count; i++) {
    hr_json_append(&w->json, train, json_string(data->train_paths->items[i]));
  }
  json_t *test = hr_json_put(&w->json, object, "test", json_array());
  hr_json_append(&w->json, test, json_string(data->test_path));
  write_labels(w, object, data->labels);
  hr_json_put_count(&w->json, object, "pixels", data->pixels);
  hr_json_put_number(&w->json, object, "first_wavelength", data->first_wavelength);
  hr_json_put_number(&w->json, object, "last_wavelength", data->last_wavelength);
  json_t *noise = hr_json_put(&w->json, object, "noise", json_object());
  hr_json_put_number(&w->json, noise, "level", data->noise_level);
  hr_json_put_count(&w->json, noise, "seed", (size_t)data->noise_seed);
  hr_json_put_text(&w->json, noise, "test", data->noise_test);
  hr_json_put_count(&w->json, object, "folds", (size_t)data->folds);
  write_velocities(w, object, data->velocities);
  hr_json_put_text(&w->json, object, "version", HR_VERSION);
}

static void write_preparation(writer *w, json_t *parent, const char *key,
                              const hr_preparation *preparation) {
  if (!preparation) {
    hr_json_put(&w->json, parent, key, json_null());
    return;
  }
  json_t *object = hr_json_put(&w->json, parent, key, json_object());
  hr_json_put_count(&w->json, object, "clipped_pixels", preparation->clipped_pixels);
  hr_json_put_count(&w->json, object, "bad_pixels", preparation->bad_pixels);
  hr_json_put_count(&w->json, object, "marked_pixels", preparation->marked_pixels);
  hr_json_put_count(&w->json, object, "bad_flux_pixels", preparation->bad_flux_pixels);
  hr_json_put_count(&w->json, object, "unknown_error_pixels",
                    preparation->unknown_error_pixels);
  hr_json_put_count(&w->json, object, "nonpositive_error_pixels",
                    preparation->nonpositive_error_pixels);
  hr_json_put_count(&w->json, object, "huge_error_pixels",
                    preparation->huge_error_pixels);
  hr_json_put_count(&w->json, object, "empty_rows", preparation->empty_rows);
  hr_json_put_count(&w->json, object, "wild_rows", preparation->wild_rows);
  hr_json_put_count(&w->json, object, "off_noise_rows", preparation->off_noise_rows);
  hr_json_put_count(&w->json, object, "left_out_rows", preparation->left_out_rows);
  json_t *files = hr_json_put(&w->json, object, "bad_files", json_array());
  for (size_t i = 0; i < preparation->bad_files.count; i++) {
    const hr_bad_file *file = &preparation->bad_files.items[i];
    json_t *own = hr_json_append(&w->json, files, json_object());
    hr_json_put_text(&w->json, own, "file", file->path);
    hr_json_put_count(&w->json, own, "bad_pixels", file->bad);
    hr_json_put_count(&w->json, own, "pixels", file->pixels);
  }
}

/* What is to be doubted, as codes and sentences. */
static void put_warnings(writer *w, json_t *warnings, const hr_doubts *doubts) {
  for (size_t i = 0; doubts && i < doubts->count; i++) {
    json_t *warning = hr_json_append(&w->json, warnings, json_object());
    hr_json_put_text(&w->json, warning, "code", hr_doubt_text(doubts->items[i].code));
    hr_json_put_text(&w->json, warning, "text", doubts->items[i].sentence);
    hr_json_put_text(&w->json, warning, "text_zh", doubts->items[i].chinese);
  }
}

static void write_warnings(writer *w, json_t *root) {
  json_t *warnings = hr_json_put(&w->json, root, "warnings", json_array());
  put_warnings(w, warnings, w->input->doubts);
  put_warnings(w, warnings, w->found);
}

/* What the results themselves give to doubt; a report says it in more words. */
static hr_status find_doubts(const hr_evaluation *evaluation, hr_doubts *found,
                             hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_controls_doubt(evaluation, found, err));
  HR_TRY(hr_calibration_doubt(evaluation, found, err));
  HR_TRY(hr_undertuned_doubt(evaluation->input, found, err));
  HR_TRY(hr_dominant_doubt(evaluation, found, err));
  HR_TRY(hr_missing_doubt(&evaluation->missing, evaluation->input, found, err));
  HR_TRY(hr_outside_values_doubt(evaluation->input, found, err));
cleanup:
  return status;
}

/* Whether an expert is chosen from anywhere; only a model from elsewhere, which was not
 * validated, need not be. */
static bool competes(const writer *w, const hr_outcome *outcome) {
  if (!hr_method_is_outside(outcome->type)) return true;
  for (size_t k = 0; k < w->input->bin_count; k++) {
    if (hr_outcome_competes(outcome, (int)k)) return true;
  }
  return hr_outcome_competes(outcome, HR_GLOBAL);
}

static void write_experts(writer *w, json_t *root) {
  json_t *experts = hr_json_put(&w->json, root, "experts", json_array());
  for (size_t e = 0; e < w->input->outcome_count; e++) {
    const hr_outcome *outcome = &w->input->outcomes[e];
    json_t *object = hr_json_append(&w->json, experts, json_object());
    hr_json_put_text(&w->json, object, "name", outcome->type->name);
    hr_json_put_text(&w->json, object, "title", outcome->type->title);
    hr_json_put_text(&w->json, object, "variant", outcome->type->variant);
    hr_json_put_bool(&w->json, object, "uses_error", outcome->type->uses_error);
    bool is_outside = hr_method_is_outside(outcome->type),
         is_all = outcome->type->only_global;
    if (is_all) hr_json_put_bool(&w->json, object, "only_global", true);
    if (is_all != is_outside) hr_json_put_bool(&w->json, object, "elsewhere", is_outside);
    if (!competes(w, outcome)) hr_json_put_bool(&w->json, object, "competes", false);
    const hr_settings settings = {outcome->type->fields, outcome->type->field_count,
                                  outcome->parameters};
    hr_settings_put(&w->json, object, &settings);
    hr_json_put_text(&w->json, object, "status", status_of(outcome));
    hr_json_put_text(&w->json, object, "note", expert_note(outcome));
    hr_json_put_text(&w->json, object, "reason", expert_reason(outcome));
  }
}

static double variant_value(const hr_fit *fit, size_t variant) {
  return fit && fit->variant_value ? fit->variant_value[variant] : (double)NAN;
}

static double variant_cv(const hr_fit *fit, size_t variant) {
  return fit && fit->cv_r2 ? fit->cv_r2[variant] : (double)NAN;
}

static void put_setting(writer *w, json_t *object, const hr_outcome *outcome,
                        const hr_fit *fit, size_t variant) {
  if (!outcome->type->variant) return;
  hr_json_put_number(&w->json, object, outcome->type->variant,
                     variant_value(fit, variant));
}

/* R2 and its interval of a method in one bin; undefined unless `usable`. */
static void put_bin_r2(writer *w, json_t *object, size_t method, size_t bin,
                       bool usable) {
  const hr_evaluation *evaluation = w->evaluation;
  double r2 = usable ? evaluation->methods[method].groups[bin].r2 : (double)NAN;
  hr_group_range range = {bin, bin + 1};
  hr_json_put_number(&w->json, object, "r2", r2);
  put_interval(w, object, "r2_ci", r2,
               hr_bootstrap_r2(evaluation->bootstrap, method, range));
}

/* The difference of two methods over a range of groups, and its interval. */
static void put_delta(writer *w, json_t *object, size_t method, double delta,
                      hr_group_range range) {
  const hr_evaluation *evaluation = w->evaluation;
  size_t versus = evaluation->methods[method].forecast->versus;
  hr_interval interval = {(double)NAN, (double)NAN};
  if (versus != HR_NO_METHOD && !isnan(delta)) {
    interval = hr_bootstrap_delta(evaluation->bootstrap, method, versus, range);
  }
  hr_json_put_number(&w->json, object, "delta_r2", delta);
  put_interval(w, object, "delta_r2_ci", delta, interval);
}

/* What a method gains in one bin over the one it is compared with. */
static void put_bin_delta(writer *w, json_t *object, size_t method, size_t bin,
                          bool usable) {
  const hr_method_score *methods = w->evaluation->methods;
  size_t versus = methods[method].forecast->versus;
  double delta = (double)NAN;
  if (usable && versus != HR_NO_METHOD) {
    delta = methods[method].groups[bin].r2 - methods[versus].groups[bin].r2;
  }
  put_delta(w, object, method, delta, (hr_group_range){bin, bin + 1});
}

/* The ceiling: the variant that is best on the test rows. */
static void write_test_choice(writer *w, json_t *parent, size_t expert, size_t bin,
                              const hr_fit *fit) {
  const hr_evaluation *evaluation = w->evaluation;
  size_t method =
      hr_evaluation_find(evaluation, HR_FORECAST_ORACLE, expert, HR_SELECT_BY_TEST);
  size_t variant = fit ? evaluation->methods[method].forecast->choices[bin].variant : 0;
  json_t *object = hr_json_put(&w->json, parent, "chosen_on_test", json_object());
  put_setting(w, object, &w->input->outcomes[expert], fit, variant);
  put_bin_r2(w, object, method, bin, fit != NULL);
  put_bin_delta(w, object, method, bin, fit != NULL);
}

static void write_variants(writer *w, json_t *parent, size_t expert, size_t bin,
                           const hr_fit *fit) {
  json_t *array = hr_json_put(&w->json, parent, "variants", json_array());
  if (!fit) return;
  const hr_metrics *scores = hr_variant_scores_at(&w->evaluation->variants, expert, bin);
  for (size_t v = 0; v < fit->variant_count; v++) {
    json_t *object = hr_json_append(&w->json, array, json_object());
    put_setting(w, object, &w->input->outcomes[expert], fit, v);
    hr_json_put_number(&w->json, object, "r2", scores[v].r2);
    hr_json_put_number(&w->json, object, "r2_cv", variant_cv(fit, v));
  }
}

/* What is known of a training in epochs; nothing where the method has none. */
static void write_training(writer *w, json_t *parent, const hr_fit *fit) {
  if (!fit || fit->convergence == HR_CONVERGENCE_NONE) return;
  hr_json_put_bool(&w->json, parent, "converged", fit->convergence == HR_CONVERGED);
  if (!fit->curve) return;
  hr_json_put_count(&w->json, parent, "best_epoch", fit->best_epoch + 1);
  json_t *curve = hr_json_put(&w->json, parent, "curve", json_array());
  for (size_t i = 0; i < fit->curve_points; i++) {
    json_t *point = hr_json_append(&w->json, curve, json_object());
    hr_json_put_number(&w->json, point, "train_loss", fit->curve[i].train_loss);
    hr_json_put_number(&w->json, point, "r2_validation", fit->curve[i].validation_r2);
    hr_json_put_number(&w->json, point, "lr", fit->curve[i].rate);
  }
}

static void write_bin_expert(writer *w, json_t *parent, size_t expert, size_t bin) {
  const hr_outcome *outcome = &w->input->outcomes[expert];
  const hr_fit *any = hr_outcome_fit(outcome, (int)bin);
  const hr_fit *fit = hr_outcome_usable(outcome, (int)bin);
  size_t method =
      hr_evaluation_find(w->evaluation, HR_FORECAST_ORACLE, expert, HR_SELECT_BY_CV);
  const hr_metrics *metrics = &w->evaluation->methods[method].groups[bin];
  json_t *object = hr_json_put(&w->json, parent, outcome->type->name, json_object());
  hr_json_put_text(&w->json, object, "status", fit_status_of(outcome, any));
  hr_json_put_text(&w->json, object, "note", note_of(outcome, any));
  hr_json_put_text(&w->json, object, "reason", reason_of(outcome, any));
  put_setting(w, object, outcome, fit, fit ? fit->chosen : 0);
  put_bin_r2(w, object, method, bin, fit != NULL);
  hr_json_put_number(&w->json, object, "r2_cv", fit ? variant_cv(fit, fit->chosen) : NAN);
  hr_json_put_number(&w->json, object, "mae", fit ? metrics->mae : (double)NAN);
  hr_json_put_number(&w->json, object, "rmse", fit ? metrics->rmse : (double)NAN);
  hr_json_put_number(&w->json, object, "bias", fit ? metrics->bias : (double)NAN);
  put_bin_delta(w, object, method, bin, fit != NULL);
  write_test_choice(w, object, expert, bin, fit);
  write_variants(w, object, expert, bin, fit);
  hr_json_put_number(&w->json, object, "seconds", fit ? fit->seconds : (double)NAN);
  write_training(w, object, fit);
}

/* The expert that a hybrid takes in a bin, or NULL. */
static const char *taken_by(const writer *w, hr_selection selection, size_t bin) {
  size_t method =
      hr_evaluation_find(w->evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD, selection);
  const hr_choice *choice = &w->evaluation->methods[method].forecast->choices[bin];
  if (choice->kind != HR_CHOICE_EXPERT) return NULL;
  const size_t *start = w->evaluation->groups.group_start;
  bool has_rows = start[bin + 1] > start[bin];
  if (selection == HR_SELECT_BY_TEST && !has_rows) return NULL;
  return w->input->outcomes[choice->expert].type->name;
}

static void write_hybrid(writer *w, json_t *parent, hr_selection selection, size_t bin) {
  size_t method =
      hr_evaluation_find(w->evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD, selection);
  const hr_choice *choice = &w->evaluation->methods[method].forecast->choices[bin];
  const char *name = taken_by(w, selection, bin);
  json_t *object = hr_json_put(
      &w->json, parent, selection == HR_SELECT_BY_CV ? "cv" : "test", json_object());
  const hr_fit *fit = NULL;
  if (name) fit = hr_outcome_usable(&w->input->outcomes[choice->expert], (int)bin);
  hr_json_put_text(&w->json, object, "expert", name);
  hr_json_put_number(&w->json, object, "variant", variant_value(fit, choice->variant));
  put_bin_r2(w, object, method, bin, name != NULL);
  put_bin_delta(w, object, method, bin, name != NULL);
}

static bool is_focus(const hr_results_input *input, size_t bin) {
  for (size_t f = 0; f < input->focus_count; f++) {
    if ((size_t)input->focus[f] == bin) return true;
  }
  return false;
}

static void write_bin(writer *w, json_t *bins, size_t k) {
  const hr_results_input *input = w->input;
  const size_t *start = w->evaluation->groups.group_start;
  bool at_risk = (int64_t)input->train_counts[k] < input->at_risk_below;
  json_t *bin = hr_json_append(&w->json, bins, json_object());
  hr_json_put_count(&w->json, bin, "index", k);
  hr_json_put_text(&w->json, bin, "name", input->bin_names[k]);
  hr_json_put_count(&w->json, bin, "n_train", input->train_counts[k]);
  hr_json_put_count(&w->json, bin, "n_test", start[k + 1] - start[k]);
  hr_json_put_bool(&w->json, bin, "at_risk", at_risk);
  hr_json_put_bool(&w->json, bin, "focus", is_focus(input, k));
  json_t *experts = hr_json_put(&w->json, bin, "experts", json_object());
  for (size_t e = 0; e < input->outcome_count; e++) write_bin_expert(w, experts, e, k);
  json_t *best = hr_json_put(&w->json, bin, "best", json_object());
  hr_json_put_text(&w->json, best, "cv", taken_by(w, HR_SELECT_BY_CV, k));
  hr_json_put_text(&w->json, best, "test", taken_by(w, HR_SELECT_BY_TEST, k));
  json_t *hybrid = hr_json_put(&w->json, bin, "hybrid", json_object());
  write_hybrid(w, hybrid, HR_SELECT_BY_CV, k);
  write_hybrid(w, hybrid, HR_SELECT_BY_TEST, k);
}

/* What a reader must know to read a method's numbers right; texts in docs/formats.md. */
static void write_remarks(writer *w, json_t *parent, const hr_method_score *method,
                          hr_scope scope) {
  json_t *array = hr_json_put(&w->json, parent, "remarks", json_array());
  size_t usable = 0;
  for (size_t e = 0; e < w->input->outcome_count; e++) {
    usable += strcmp(status_of(&w->input->outcomes[e]), "ok") == 0 ? 1 : 0;
  }
  bool hybrid = method->forecast->kind == HR_FORECAST_HYBRID;
  const char *remarks[] = {
      method->forecast->selection == HR_SELECT_BY_TEST ? "chosen_on_test" : NULL,
      hybrid && usable == 1 ? "one_expert" : NULL,
      method->forecast->falls_back ? "falls_back" : NULL,
      method->complete[scope] ? NULL : "incomplete",
  };
  for (size_t r = 0; r < sizeof remarks / sizeof *remarks; r++) {
    if (remarks[r]) hr_json_append(&w->json, array, json_string(remarks[r]));
  }
}

static void write_overall(writer *w, json_t *overall, size_t index, hr_scope scope) {
  const hr_evaluation *evaluation = w->evaluation;
  const hr_method_score *method = &evaluation->methods[index];
  const hr_method_score *versus = method->forecast->versus == HR_NO_METHOD
                                      ? NULL
                                      : &evaluation->methods[method->forecast->versus];
  const hr_metrics *pooled = &method->pooled[scope];
  hr_group_range range = hr_evaluation_range(evaluation, scope);
  json_t *object = hr_json_append(&w->json, overall, json_object());
  hr_json_put_text(&w->json, object, "method", method->forecast->name);
  hr_json_put_text(&w->json, object, "rows", scope == HR_SCOPE_ALL ? "all" : "covered");
  hr_json_put_count(&w->json, object, "n", pooled->rows);
  hr_json_put_number(&w->json, object, "r2_pooled", pooled->r2);
  put_interval(w, object, "r2_pooled_ci", pooled->r2,
               hr_bootstrap_r2(evaluation->bootstrap, index, range));
  hr_json_put_number(&w->json, object, "r2_weighted", method->weighted_r2[scope]);
  hr_json_put_number(&w->json, object, "mae", pooled->mae);
  hr_json_put_number(&w->json, object, "rmse", pooled->rmse);
  hr_json_put_number(&w->json, object, "bias", pooled->bias);
  double delta = versus ? pooled->r2 - versus->pooled[scope].r2 : (double)NAN;
  hr_json_put_text(&w->json, object, "versus",
                   isnan(delta) ? NULL : versus->forecast->name);
  put_delta(w, object, index, delta, range);
  write_remarks(w, object, method, scope);
}

/* All rows only where every one has a prediction. */
static void write_all_overall(writer *w, json_t *root) {
  const hr_evaluation *evaluation = w->evaluation;
  json_t *overall = hr_json_put(&w->json, root, "overall", json_array());
  for (hr_scope scope = HR_SCOPE_COVERED; scope < HR_SCOPE_COUNT; scope++) {
    for (size_t m = 0; m < evaluation->method_count; m++) {
      const hr_method_score *method = &evaluation->methods[m];
      if (!method->forecast->listed) continue;
      if (scope == HR_SCOPE_ALL && !method->complete[scope]) continue;
      write_overall(w, overall, m, scope);
    }
  }
}

/* Octiles of the rows of a scope, of the methods that predict all of them where the scope
 * is all rows. */
static void put_octiles(writer *w, json_t *root, const char *key, hr_scope scope) {
  const hr_evaluation *evaluation = w->evaluation;
  const hr_octiles *octiles =
      scope == HR_SCOPE_ALL ? &evaluation->all_octiles : &evaluation->octiles;
  json_t *object = hr_json_put(&w->json, root, key, json_object());
  if (evaluation->snr_is_measured) {
    hr_json_put_text(&w->json, object, "snr", "measured");
  }
  hr_json_put_count(&w->json, object, "rows_without_snr", octiles->left_out);
  json_t *array = hr_json_put(&w->json, object, "octiles", json_array());
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    json_t *octile = hr_json_append(&w->json, array, json_object());
    size_t rows = octiles->start[j + 1] - octiles->start[j];
    hr_json_put_number(&w->json, octile, "snr_low", octiles->edges[j]);
    hr_json_put_number(&w->json, octile, "snr_high", octiles->edges[j + 1]);
    hr_json_put_count(&w->json, octile, "n", rows);
    json_t *r2 = hr_json_put(&w->json, octile, "r2", json_object());
    for (size_t m = 0; m < evaluation->method_count; m++) {
      const hr_method_score *method = &evaluation->methods[m];
      if (!method->forecast->listed) continue;
      if (scope == HR_SCOPE_ALL && !method->complete[scope]) continue;
      hr_metrics metrics =
          hr_metrics_compute(w->input->test->target, method->forecast->prediction,
                             octiles->row_list + octiles->start[j], rows);
      hr_json_put_number(&w->json, r2, method->forecast->name, metrics.r2);
    }
  }
}

static bool is_any_complete(const hr_evaluation *evaluation) {
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (method->forecast->listed && method->complete[HR_SCOPE_ALL]) return true;
  }
  return false;
}

static void write_octiles(writer *w, json_t *root) {
  if (!w->evaluation->snr) {
    hr_json_put(&w->json, root, "snr_octiles", json_null());
    return;
  }
  put_octiles(w, root, "snr_octiles", HR_SCOPE_COVERED);
  if (w->evaluation->all_octiles.row_list && is_any_complete(w->evaluation)) {
    put_octiles(w, root, "snr_octiles_all", HR_SCOPE_ALL);
  }
}

static void put_text_if_any(writer *w, json_t *object, const char *key,
                            const char *text) {
  if (text) hr_json_put_text(&w->json, object, key, text);
}

static void write_gate(writer *w, json_t *root) {
  const hr_evaluation *evaluation = w->evaluation;
  json_t *gate = hr_json_put(&w->json, root, "gate", json_array());
  for (size_t c = 0; c < evaluation->gate_count; c++) {
    const hr_gate_criterion *criterion = &evaluation->gate[c];
    json_t *object = hr_json_append(&w->json, gate, json_object());
    hr_json_put_text(&w->json, object, "criterion", criterion->name);
    hr_json_put_number(&w->json, object, "value", criterion->value);
    put_interval(w, object, "ci", criterion->value, criterion->interval);
    hr_json_put_number(&w->json, object, "threshold", criterion->threshold);
    hr_json_put_text(&w->json, object, "verdict", hr_verdict_name(criterion->verdict));
    hr_json_put_text(&w->json, object, "next", criterion->next);
    put_text_if_any(w, object, "why", criterion->why);
    put_text_if_any(w, object, "then", criterion->then);
    put_text_if_any(w, object, "caution", criterion->caution);
  }
  hr_json_put_bool(&w->json, root, "gate_passed", evaluation->gate_passed);
  put_text_if_any(w, root, "gate_name", w->input->gate_name);
}

static void write_baselines(writer *w, json_t *root) {
  json_t *baselines = hr_json_put(&w->json, root, "baselines", json_array());
  for (size_t b = 0; b < w->input->baseline_count; b++) {
    json_t *object = hr_json_append(&w->json, baselines, json_object());
    hr_json_put_text(&w->json, object, "name", w->input->baselines[b].name);
    hr_json_put_number(&w->json, object, "r2", w->input->baselines[b].r2);
  }
}

static hr_status write_root(writer *w, json_t *root, hr_error *err) {
  write_head(w, root);
  hr_results_write_binning(&w->json, w->input, root);
  write_ledger(w, root);
  write_data(w, root);
  json_t *preparation = hr_json_put(&w->json, root, "preparation", json_object());
  write_preparation(w, preparation, "train", w->input->train_preparation);
  write_preparation(w, preparation, "test", w->input->test_preparation);
  write_warnings(w, root);
  write_experts(w, root);
  json_t *bins = hr_json_put(&w->json, root, "bins", json_array());
  for (size_t k = 0; k < w->input->bin_count; k++) write_bin(w, bins, k);
  hr_results_write_methods(&w->json, w->evaluation, root);
  write_all_overall(w, root);
  write_octiles(w, root);
  hr_results_write_ceiling(&w->json, w->evaluation, root);
  hr_results_write_ladder(&w->json, w->evaluation, root);
  hr_status status = hr_results_write_gates(&w->json, w->evaluation, root, err);
  if (status != HR_OK) return status;
  hr_results_write_lattice(&w->json, w->evaluation, root);
  hr_results_write_calibration(&w->json, w->evaluation, root);
  hr_results_write_levels(&w->json, w->input, root);
  hr_undertuned_write(&w->json, w->input, root);
  hr_missing_write(&w->evaluation->missing, w->input, &w->json, root);
  hr_controls_write(w->evaluation, &w->json, root);
  write_gate(w, root);
  write_baselines(w, root);
  return HR_OK;
}

/* What ties the rows behind the results to them. */
static void write_predictions(writer *w, json_t *root, const hr_text *rows,
                              const hr_prediction_columns *columns) {
  char print[HR_SEAL_SIZE];
  json_t *object = hr_json_put(&w->json, root, "predictions", json_object());
  hr_seal_bytes(rows->bytes, rows->length, print);
  hr_json_put_text(&w->json, object, "file", hr_predictions_name);
  hr_json_put_text(&w->json, object, "fingerprint", print);
  json_t *list = hr_json_put(&w->json, object, "columns", json_array());
  for (size_t c = 0; c < columns->count; c++) {
    const hr_prediction_column *column = &columns->items[c];
    json_t *entry = hr_json_append(&w->json, list, json_object());
    hr_json_put_text(&w->json, entry, "name", columns->names.items[c]);
    hr_json_put_text(&w->json, entry, "kind", hr_column_kind_name(column->kind));
    hr_json_put_text(&w->json, entry, "of", column->of);
  }
}

/* Both files as text. */
static hr_status format(const hr_results_input *input, hr_text *out, hr_text *rows,
                        bool *gate_passed, hr_error *err) {
  hr_status status = HR_OK;
  hr_evaluation *evaluation = NULL;
  json_t *root = NULL;
  hr_doubts found = {0};
  hr_prediction_columns columns = {.count = 0};
  char seal[HR_SEAL_SIZE];
  HR_TRY(hr_evaluation_create(input, &evaluation, err));
  HR_TRY(hr_prediction_columns_init(&columns, evaluation, err));
  HR_TRY(hr_predictions_format(evaluation, &columns, rows, err));
  HR_TRY(find_doubts(evaluation, &found, err));
  writer w = {.evaluation = evaluation, .input = input, .found = &found};
  root = json_object();
  HR_TRY(write_root(&w, root, err));
  write_predictions(&w, root, rows, &columns);
  HR_TRY(hr_dominant_write(evaluation, &w.json, root, err));
  HR_TRY(hr_seal_compute(root, seal, err));
  hr_json_put_text(&w.json, root, "seal", seal);
  HR_TRY(hr_json_write(&w.json, root, out, err));
  if (gate_passed) *gate_passed = evaluation->gate_passed;
  for (size_t i = 0; i < found.count; i++) {
    hr_observe_warning(input->observer, "%s", found.items[i].sentence);
  }
cleanup:
  hr_doubts_fini(&found);
  json_decref(root);
  hr_prediction_columns_fini(&columns);
  hr_evaluation_destroy(&evaluation);
  return status;
}

hr_status hr_results_format(const hr_results_input *input, hr_text *out,
                            bool *gate_passed, hr_error *err) {
  hr_text rows;
  hr_text_init(&rows);
  hr_status status = format(input, out, &rows, gate_passed, err);
  hr_text_fini(&rows);
  return status;
}

/* `path` with its last part replaced by the name of the predictions' file. */
static hr_status predictions_path(const char *path, char **out, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  const char *slash = strrchr(path, '/');
  HR_TRY(hr_copy_text(slash ? path : ".", &folder, err));
  if (slash) folder[slash - path] = '\0';
  HR_TRY(hr_join_path(folder, hr_predictions_name, out, err));
cleanup:
  hr_free(folder);
  return status;
}

hr_status hr_results_write(const hr_results_input *input, const char *path,
                           bool *gate_passed, hr_error *err) {
  hr_status status = HR_OK;
  char *rows_path = NULL;
  hr_text text, rows;
  hr_text_init(&text);
  hr_text_init(&rows);
  HR_TRY(predictions_path(path, &rows_path, err));
  HR_TRY(format(input, &text, &rows, gate_passed, err));
  HR_TRY(hr_file_write(rows_path, rows.bytes, rows.length, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&rows);
  hr_text_fini(&text);
  hr_free(rows_path);
  return status;
}
