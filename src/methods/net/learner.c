/* The learner of networks: which slots it trains, and the rows that it keeps for them. */
#include "methods/net/learner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "methods/net/cost.h"
#include "methods/net/train.h"
#include "methods/shuffle.h"
#include "models/heads.h"
#include "models/network.h"

struct hr_learner {
  const hr_study_view *study;
  const hr_net_method *method;
  const void *parameters; /* of the method */
  const hr_net_settings *settings;
  hr_net_settings of_all_settings; /* of the model of all rows; its lists borrowed */
  hr_net_design design;            /* whose back ends are used */
  hr_progress progress;
  size_t targets;
  size_t bins;   /* K of the study, or 0 where no bin has a slot */
  size_t slots;  /* S: K, and one more with a model of all rows, which is the last */
  bool is_joint; /* one network for all targets; never of one target */
  bool
      has_heads; /* one network for all targets and slots, whose rows are number `bins` */
  bool *is_meant;    /* [S] whether there is to be a model of the slot */
  int32_t *of_all;   /* [training rows] K where the model of all rows has the row, else
                        HR_UNCOVERED; NULL: there is no such model */
  hr_net_rows *rows; /* [bins + 1] */
  hr_model **loaded; /* [T][S] with heads: of an earlier run, until they are taken back */
  hr_trained *trained; /* [T][S] what is known of each by now */
};

static int slot_of(const hr_learner *learner, size_t k) {
  return k == learner->bins ? HR_GLOBAL : (int)k;
}

static size_t number_of(const hr_learner *learner, int slot) {
  return slot == HR_GLOBAL ? learner->bins : (size_t)slot;
}

static const hr_net_settings *settings_of(const hr_learner *learner, size_t k) {
  return k == learner->bins ? &learner->of_all_settings : learner->settings;
}

static hr_trained *trained_of(const hr_learner *learner, size_t t, size_t k) {
  return &learner->trained[t * learner->slots + k];
}

void hr_net_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  for (size_t k = 0; learner->rows && k <= learner->bins; k++) {
    hr_net_rows_fini(&learner->rows[k]);
  }
  for (size_t i = 0; i < learner->targets * learner->slots; i++) {
    if (learner->trained) hr_trained_fini(&learner->trained[i]);
    if (learner->loaded) hr_model_destroy(&learner->loaded[i]);
  }
  hr_free(learner->loaded);
  hr_free(learner->is_meant);
  hr_free(learner->rows);
  hr_free(learner->trained);
  hr_free(learner->of_all);
  hr_free(learner);
}

static bool is_enough(size_t trained, size_t held_out) {
  return trained >= HR_NET_FEWEST_TRAINED && held_out >= HR_NET_FEWEST_HELD_OUT;
}

/* What one network is trained for: some targets of some slots, those that are meant. */
typedef struct span {
  size_t rows; /* the number of its rows */
  size_t first_slot, end_slot, first_target, end_target;
} span;

static span span_of(const hr_learner *learner, size_t t, size_t k) {
  if (learner->has_heads) {
    return (span){learner->bins, 0, learner->slots, 0, learner->targets};
  }
  if (learner->is_joint) return (span){k, k, k + 1, 0, learner->targets};
  return (span){k, k, k + 1, t, t + 1};
}

/* Networks that are trained on the same rows. */
static size_t networks_of_rows(const hr_learner *learner) {
  return learner->has_heads || learner->is_joint ? 1 : learner->targets;
}

/* Why the slot is not trained, in the fits of all targets. */
static void skip_slot(hr_learner *learner, size_t k, hr_fit_reason reason,
                      const char *sentence) {
  for (size_t t = 0; t < learner->targets; t++) {
    hr_fit *fit = &trained_of(learner, t, k)->fit;
    fit->reason = reason;
    snprintf(fit->note, sizeof fit->note, "%s", sentence);
  }
}

static void skip_small_slot(hr_learner *learner, size_t k, const hr_net_rows *rows) {
  char sentence[160];
  size_t trained = rows->trained_count, held_out = rows->held_out_count;
  snprintf(sentence, sizeof sentence,
           "%zu row%s to train on and %zu held out; at least %d and %d are needed",
           trained, trained == 1 ? "" : "s", held_out, HR_NET_FEWEST_TRAINED,
           HR_NET_FEWEST_HELD_OUT);
  skip_slot(learner, k, HR_REASON_TOO_FEW_ROWS, sentence);
}

/* Spectra that are gone through for one network. */
static uint64_t spectra_of(const hr_learner *learner, size_t k) {
  return (uint64_t)settings_of(learner, k)->epochs * learner->rows[k].trained_count;
}

/* What is known of a target and slot before it is trained. */
static hr_status begin_fit(hr_learner *learner, size_t t, size_t k, hr_error *err) {
  const hr_net_rows *rows = &learner->rows[k];
  hr_fit *fit = &trained_of(learner, t, k)->fit;
  hr_status status = hr_fit_init(fit, slot_of(learner, k), 1, false, 0, err);
  fit->target = t;
  fit->train_rows = rows->trained_count + rows->held_out_count;
  return status;
}

static hr_status keep_rows(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_net_settings *p = learner->settings;
  const char *folder = hr_net_fits_memory(study, p) ? NULL : study->folder;
  HR_TRY(hr_net_rows_init(&learner->rows[k], folder, err));
  learner->progress.total += networks_of_rows(learner) * spectra_of(learner, k);
cleanup:
  return status;
}

/* Of the targets, then the auxiliary ones. */
static hr_status list_labels(const hr_learner *learner, hr_net_rows *rows,
                             hr_error *err) {
  const hr_study_view *study = learner->study;
  const hr_strings *names = &learner->settings->auxiliary;
  for (size_t t = 0; t < learner->targets; t++) {
    rows->label[rows->label_count++] = hr_study_target(study, t);
  }
  for (size_t a = 0; a < names->count; a++) {
    size_t b = 0;
    while (b < study->beside_count &&
           strcmp(study->beside[b].name, names->items[a]) != 0) {
      b++;
    }
    if (b == study->beside_count || rows->label_count == HR_NET_MOST_LABELS) {
      return hr_fail(err, HR_ERR_INTERNAL, "%s was not given the label %s",
                     learner->method->name, names->items[a]);
    }
    rows->label[rows->label_count++] = study->beside[b].train;
  }
  return HR_OK;
}

/* Rows number k, none of which is there yet. */
static hr_status count_rows(hr_learner *learner, size_t k, hr_error *err) {
  hr_net_rows *rows = &learner->rows[k];
  const hr_study_view *study = learner->study;
  bool is_all = k == learner->bins;
  *rows = (hr_net_rows){
      .slot = slot_of(learner, k), .study = study, .redraw = learner->settings->redraw};
  hr_net_count_rows(&study->train, is_all ? learner->of_all : study->train.bin,
                    is_all ? study->bin_count : k, &rows->trained_count,
                    &rows->held_out_count);
  return list_labels(learner, rows, err);
}

static hr_status init_slot(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  hr_net_rows *rows = &learner->rows[k];
  bool is_bin = k < learner->bins;
  HR_TRY(count_rows(learner, k, err));
  for (size_t t = 0; t < learner->targets; t++) {
    HR_TRY(begin_fit(learner, t, k, err));
  }
  if (is_bin && !hr_net_is_wanted(learner->settings, k)) {
    skip_slot(learner, k, HR_REASON_NOT_ASKED_FOR,
              "this expert was not asked for in this bin");
  } else if (!is_enough(rows->trained_count, rows->held_out_count)) {
    skip_small_slot(learner, k, rows);
  } else if (hr_study_wants(learner->study, k)) {
    learner->is_meant[k] = true;
    if (!learner->has_heads) HR_TRY(keep_rows(learner, k, err));
  }
cleanup:
  return status;
}

/* The rows of the trunk: all, or where that has no head those of all bins that have. */
static hr_status init_trunk(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &learner->study->train;
  size_t k = 0;
  while (k < learner->slots && !learner->is_meant[k]) k++;
  if (k == learner->slots) return HR_OK;
  if (!learner->of_all) {
    HR_TRY(hr_alloc(&learner->of_all, train->rows, err));
    for (size_t i = 0; i < train->rows; i++) {
      int32_t bin = train->bin[i];
      bool is_own = bin != HR_UNCOVERED && learner->is_meant[bin];
      learner->of_all[i] = is_own ? (int32_t)learner->study->bin_count : HR_UNCOVERED;
    }
    HR_TRY(count_rows(learner, learner->bins, err));
  }
  HR_TRY(keep_rows(learner, learner->bins, err));
cleanup:
  return status;
}

/* Whether rows of the slot are kept to be trained on. */
static bool has_rows(const hr_learner *learner, size_t k) {
  return learner->rows[k].trained != NULL;
}

static hr_status init_global(hr_learner *learner, hr_error *err) {
  const hr_net_settings *p = learner->settings;
  learner->of_all_settings = *p;
  learner->of_all_settings.epochs = hr_net_global_epochs(p);
  if (!p->global) return HR_OK;
  return hr_shuffle_choose(learner->study, (size_t)p->global_rows, &learner->of_all, err);
}

static bool has_bin_slots(const hr_learner *learner) {
  bool is_bare = learner->settings->bins.count == 0 && !learner->has_heads;
  return !(learner->method->without_bins && is_bare);
}

static hr_status init_learner(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  hr_net_design design;
  HR_TRY(hr_net_design_of(learner->method, learner->study, learner->parameters, &design,
                          err));
  learner->targets = hr_study_targets(learner->study);
  learner->has_heads = hr_net_has_heads(learner->settings);
  learner->bins = has_bin_slots(learner) ? learner->study->bin_count : 0;
  learner->slots = learner->bins + (learner->settings->global ? 1 : 0);
  learner->is_joint =
      (learner->settings->joint || learner->has_heads) && learner->targets > 1;
  learner->progress = (hr_progress){.stage = learner->method->stage, .unit = "spectra"};
  HR_TRY(init_global(learner, err));
  HR_TRY(hr_alloc(&learner->rows, learner->bins + 1, err));
  HR_TRY(hr_alloc(&learner->is_meant, learner->slots, err));
  HR_TRY(hr_alloc(&learner->trained, learner->targets * learner->slots, err));
  HR_TRY(hr_alloc(&learner->loaded, learner->targets * learner->slots, err));
  for (size_t k = 0; k < learner->slots; k++) HR_TRY(init_slot(learner, k, err));
  if (learner->has_heads) HR_TRY(init_trunk(learner, err));
cleanup:
  return status;
}

hr_status hr_net_begin_with(const hr_net_method *method, const hr_net_design *design,
                            const hr_study_view *study, const void *parameters,
                            hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->method = method;
  learner->parameters = parameters;
  learner->settings = method->settings(parameters);
  learner->design = *design;
  HR_TRY(init_learner(learner, err));
  *out = learner;
  learner = NULL;
cleanup:
  hr_net_destroy(&learner);
  return status;
}

hr_status hr_net_check(const hr_net_method *method, const hr_study_view *study,
                       const void *parameters, hr_error *err) {
  hr_net_design design;
  hr_error reason = {.status = HR_OK};
  const hr_net_settings *p = method->settings(parameters);
  if (p->warmup > p->epochs) {
    return hr_fail(
        err, HR_ERR_CONFIG,
        "experts.%s.warmup is %d epochs, more than the %d that are run, so that "
        "the rate never rises to lr; take fewer",
        method->name, (int)p->warmup, (int)p->epochs);
  }
  hr_status status = hr_net_design_of(method, study, parameters, &design, &reason);
  return status == HR_OK
             ? HR_OK
             : hr_fail(err, status, "experts.%s: %s", method->name, reason.message);
}

/* bf16 where it is wanted, or nothing else is, and the processor has it. */
static void choose_backend(const hr_net_method *method, const hr_study_view *study,
                           const hr_net_settings *settings, hr_net_design *out) {
  const char *wanted = settings->precision ? settings->precision : "fp32";
  method->kind->choose(out, strcmp(wanted, "fp32") != 0);
  if (strcmp(wanted, "bf16") == 0 && !method->kind->is_bf16(out)) {
    hr_observe_warning(study->observer,
                       "%s: this processor has no bf16 products, %s are computed in fp32",
                       method->title, method->products);
  }
}

hr_status hr_net_begin(const hr_net_method *method, const hr_study_view *study,
                       const void *parameters, hr_learner **out, hr_error *err) {
  hr_net_design design = {.kind = method->kind};
  choose_backend(method, study, method->settings(parameters), &design);
  return hr_net_begin_with(method, &design, study, parameters, out, err);
}

hr_status hr_net_learn(hr_learner *learner, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  const int32_t *bin = learner->study->train.bin + block->first_row;
  const int32_t *of_all = learner->of_all;
  for (size_t i = 0; i < block->rows; i++) {
    bool is_of_bin = bin[i] != HR_UNCOVERED && learner->bins > 0;
    if (is_of_bin && has_rows(learner, (size_t)bin[i])) {
      HR_TRY(hr_net_rows_observe(&learner->rows[bin[i]], block, i, err));
    }
    bool is_of_all = of_all && of_all[block->first_row + i] != HR_UNCOVERED;
    if (is_of_all && has_rows(learner, learner->bins)) {
      HR_TRY(hr_net_rows_observe(&learner->rows[learner->bins], block, i, err));
    }
  }
cleanup:
  return status;
}

/* Of a training that has nothing to go on with any more. */
static void remove_state(const hr_learner *learner, size_t target, int slot) {
  const hr_store *store = &learner->study->store;
  if (store->remove) store->remove(store->context, target, slot);
}

static void warn(const hr_learner *learner, const hr_fit *fit) {
  const hr_study_view *study = learner->study;
  char slot[HR_SLOT_NAME_BYTES];
  if (fit->note[0] == '\0') return;
  if (learner->targets == 1) {
    hr_observe_warning(study->observer, "%s, %s: %s", learner->method->title,
                       hr_slot_name(fit->slot, slot), fit->note);
  } else {
    hr_observe_warning(study->observer, "%s, %s, %s: %s", learner->method->title,
                       hr_study_target_name(study, fit->target),
                       hr_slot_name(fit->slot, slot), fit->note);
  }
}

/* Says on the card "<begin>log_g, T_eff", or where the names do not fit "<begin>all 9
 * <what>". */
static void note_names(const char *begin, const char *const *names, size_t count,
                       const char *what, hr_fit *fit) {
  enum { NAMES_BYTES = 120 };
  char list[NAMES_BYTES] = "", sentence[sizeof fit->note];
  size_t used = 0;
  for (size_t n = 0; n < count && used < sizeof list; n++) {
    int bytes =
        snprintf(list + used, sizeof list - used, "%s%s", n == 0 ? "" : ", ", names[n]);
    used += (size_t)bytes;
  }
  if (used < sizeof list) {
    snprintf(sentence, sizeof sentence, "%s%s", begin, list);
  } else {
    snprintf(sentence, sizeof sentence, "%sall %zu %s", begin, count, what);
  }
  hr_fit_add_note(fit, sentence);
}

/* That the model is one of several of one network, and of which. */
static void note_joint(const hr_learner *learner, hr_fit *fit) {
  const char *names[HR_MOST_TARGETS];
  for (size_t t = 0; t < learner->targets; t++) {
    names[t] = hr_study_target_name(learner->study, t);
  }
  note_names("joint: one network for ", names, learner->targets, "targets", fit);
}

/* Which labels were learnt beside. */
static void note_auxiliary(const hr_learner *learner, hr_fit *fit) {
  const hr_strings *names = &learner->settings->auxiliary;
  if (names->count == 0) return;
  note_names("learnt beside: ", (const char *const *)names->items, names->count, "labels",
             fit);
}

/* What is known of one target when its training is over; reason: why it failed, or NULL.
 */
static void conclude(const hr_learner *learner, hr_trained *own, const hr_error *reason,
                     double seconds) {
  hr_fit *fit = &own->fit;
  fit->seconds = seconds;
  fit->precision =
      learner->method->kind->is_bf16(&learner->design) ? HR_FIT_BF16 : HR_FIT_FP32;
  if (reason) {
    fit->status = HR_FIT_FAILED;
    hr_fit_add_note(fit, reason->message);
    hr_model_destroy(&own->model);
  }
  warn(learner, fit);
  if (reason) return;
  if (learner->has_heads) hr_fit_add_note(fit, "a head of the trunk of all bins");
  if (learner->is_joint) note_joint(learner, fit);
  note_auxiliary(learner, fit);
}

/* The outputs of its network, in the order of slots, then the labels beside; out:
 * [slots T + labels beside]. How many have models. */
static size_t list_outputs(const hr_learner *learner, const span *of,
                           hr_net_output *out) {
  size_t count = 0, beside = learner->settings->auxiliary.count;
  for (size_t k = of->first_slot; k < of->end_slot; k++) {
    int slot = learner->has_heads ? slot_of(learner, k) : HR_GLOBAL;
    if (!learner->is_meant[k]) continue;
    for (size_t t = of->first_target; t < of->end_target; t++) {
      out[count++] = (hr_net_output){t, slot, trained_of(learner, t, k)};
    }
  }
  for (size_t a = 0; a < beside; a++) {
    out[count + a] = (hr_net_output){learner->targets + a, HR_GLOBAL, NULL};
  }
  return count;
}

/* Trains the network, of which there is no model. */
static hr_status train_network(hr_learner *learner, const span *of, hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason;
  hr_net_output *outputs = NULL;
  const hr_keeper *keeper = &learner->study->keeper;
  size_t beside = learner->settings->auxiliary.count;
  HR_TRY(hr_alloc(&outputs, learner->slots * learner->targets + beside, err));
  size_t count = list_outputs(learner, of, outputs);
  const hr_net_training training = {.method = learner->method,
                                    .parameters = learner->parameters,
                                    .settings = settings_of(learner, of->rows),
                                    .design = &learner->design,
                                    .rows = &learner->rows[of->rows],
                                    .outputs = outputs,
                                    .models = count,
                                    .output_count = count + beside,
                                    .state_target = of->first_target};
  double start = hr_clock_seconds();
  hr_status trained = hr_net_train(&training, &learner->progress, &reason);
  bool has_failed = trained == HR_ERR_NUMERIC || trained == HR_ERR_MEMORY;
  if (trained != HR_OK && !has_failed) {
    HR_TRY(hr_fail(err, trained, "%s", reason.message));
  }
  double seconds = (hr_clock_seconds() - start) / (double)count;
  for (size_t o = 0; o < count; o++) {
    conclude(learner, outputs[o].out, has_failed ? &reason : NULL, seconds);
  }
  if (has_failed) goto cleanup;
  for (size_t o = 0; o < count && keeper->keep; o++) {
    const hr_trained *own = outputs[o].out;
    HR_TRY(keeper->keep(keeper->context, own->model, &own->fit, err));
  }
  remove_state(learner, of->first_target, slot_of(learner, of->rows));
cleanup:
  hr_free(outputs);
  return status;
}

static hr_status check_rows(const hr_learner *learner, size_t k, hr_error *err) {
  const hr_net_rows *rows = &learner->rows[k];
  size_t seen = hr_row_store_rows(rows->trained) + hr_row_store_rows(rows->held_out);
  size_t expected = rows->trained_count + rows->held_out_count;
  if (seen == expected) return HR_OK;
  char slot[HR_SLOT_NAME_BYTES];
  return hr_fail(err, HR_ERR_INTERNAL, "%s saw %zu rows of %s, not %zu",
                 learner->method->name, seen, hr_slot_name(rows->slot, slot), expected);
}

static bool has_all_models(const hr_learner *learner, const span *of) {
  for (size_t k = of->first_slot; k < of->end_slot; k++) {
    for (size_t t = of->first_target; t < of->end_target && learner->is_meant[k]; t++) {
      if (!trained_of(learner, t, k)->model) return false;
    }
  }
  return true;
}

/* Gives up those that were taken back without the others of their network. */
static hr_status forget_models(hr_learner *learner, const span *of, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = of->first_slot; k < of->end_slot; k++) {
    for (size_t t = of->first_target; t < of->end_target; t++) {
      hr_trained *own = trained_of(learner, t, k);
      if (!own->model) continue;
      hr_trained_fini(own);
      HR_TRY(begin_fit(learner, t, k, err));
    }
  }
cleanup:
  return status;
}

/* The networks of rows number k that have no models yet. */
static hr_status train_rows(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_rows(learner, k, err));
  for (size_t n = 0; n < networks_of_rows(learner); n++) {
    const span of = span_of(learner, n, k);
    if (has_all_models(learner, &of)) continue;
    HR_TRY(forget_models(learner, &of, err));
    HR_TRY(train_network(learner, &of, err));
  }
  hr_net_rows_fini(&learner->rows[k]);
cleanup:
  return status;
}

hr_status hr_net_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k <= learner->bins; k++) {
    if (has_rows(learner, k)) HR_TRY(train_rows(learner, k, err));
  }
  for (size_t i = 0; i < learner->targets * learner->slots; i++) {
    out[i] = learner->trained[i];
    learner->trained[i] = (hr_trained){.model = NULL};
  }
cleanup:
  return status;
}

/* The state is of a run that was killed when it had the models; rows that no network
 * needs are not asked for. */
static void drop_work(hr_learner *learner, size_t target, size_t slot) {
  const span own = span_of(learner, target, slot);
  bool had_rows = has_rows(learner, own.rows), is_needed = false;
  if (!has_all_models(learner, &own)) return;
  for (size_t n = 0; n < networks_of_rows(learner); n++) {
    const span of = span_of(learner, n, own.rows);
    is_needed = is_needed || !has_all_models(learner, &of);
  }
  if (had_rows) learner->progress.total -= spectra_of(learner, own.rows);
  if (!is_needed) hr_net_rows_fini(&learner->rows[own.rows]);
  remove_state(learner, own.first_target, slot_of(learner, own.rows));
}

/* The models of all heads out of the folder that has them. */
static hr_status load_heads(hr_learner *learner, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  int *slots = NULL;
  size_t *place_of = NULL, count = 0, targets = learner->targets;
  hr_model **models = NULL;
  HR_TRY(hr_alloc(&slots, learner->slots, err));
  HR_TRY(hr_alloc(&place_of, learner->slots, err));
  HR_TRY(hr_alloc(&models, targets * learner->slots, err));
  for (size_t k = 0; k < learner->slots; k++) {
    if (!learner->is_meant[k]) continue;
    place_of[count] = k;
    slots[count++] = slot_of(learner, k);
  }
  const hr_model_place place = {folder, learner->study->pixels, targets, slots, count};
  HR_TRY(hr_heads_load(&place, &learner->design, models, err));
  for (size_t i = 0; i < targets * count; i++) {
    size_t at = i / count * learner->slots + place_of[i % count];
    hr_model_destroy(&learner->loaded[at]);
    learner->loaded[at] = models[i];
  }
cleanup:
  hr_free(slots);
  hr_free(place_of);
  hr_free(models);
  return status;
}

/* With heads the first task has the models of all. */
static hr_status load_model(hr_learner *learner, const hr_fit *kept, const char *folder,
                            hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_model_place place = {folder, learner->study->pixels, 1, &kept->slot, 1};
  if (!learner->has_heads) {
    return hr_network_model_load(&place, &learner->design, out, err);
  }
  size_t at = kept->target * learner->slots + number_of(learner, kept->slot);
  if (!learner->loaded[at]) HR_TRY(load_heads(learner, folder, err));
  *out = learner->loaded[at];
  learner->loaded[at] = NULL;
cleanup:
  return status;
}

hr_status hr_net_resume(hr_learner *learner, const hr_fit *kept, const char *folder,
                        hr_error *err) {
  hr_status status = HR_OK;
  size_t k = number_of(learner, kept->slot);
  hr_trained *own = trained_of(learner, kept->target, k);
  hr_trained again = {.model = NULL};
  HR_TRY(load_model(learner, kept, folder, &again.model, err));
  HR_TRY(hr_fit_copy(kept, &again.fit, err));
  again.model->target = kept->target;
  hr_trained_fini(own);
  *own = again;
  again = (hr_trained){.model = NULL};
  drop_work(learner, kept->target, k);
cleanup:
  hr_trained_fini(&again);
  return status;
}

bool hr_net_is_trained(const hr_learner *learner) {
  for (size_t k = 0; k <= learner->bins; k++) {
    if (has_rows(learner, k)) return false;
  }
  return true;
}
