/* One pass: a bounded sample of every slot's rows gives the boundaries of the histogram
 * bins, then each block's rows are pushed into their slot's dataset of 8-bit columns, so
 * the spectra are never held. The model of all rows is one more slot, whose columns are
 * its own: the same rows have other boundaries in their bins. It is trained last, when
 * the bins' columns are gone. */
#include "methods/lightgbm/lightgbm.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "methods/lightgbm/cost.h"
#include "methods/lightgbm/gather.h"
#include "methods/lightgbm/grow.h"
#include "methods/lightgbm/probe.h"
#include "methods/shuffle.h"
#include "models/trees.h"

enum { LEAST_LEAVES = 15 }; /* what the study falls back to where memory runs out */

struct hr_learner {
  const hr_study_view *study;
  const hr_lightgbm_parameters *parameters;
  hr_lightgbm_library library; /* loaded where the learner loads it itself */
  const hr_lightgbm_api *api;
  hr_grower grower;
  size_t slot_count;   /* S: K, and one more with a model of all rows */
  hr_tree_slot *slots; /* [S] */
  hr_trained *trained; /* [T][S] what is known of each target and slot by now */
  int32_t *of_all; /* [training rows] K where the model of all rows is trained on the row,
                      else HR_UNCOVERED; NULL: there is no such model */
  float *scratch;  /* [threads][HR_COLUMN_ROWS][HR_COLUMN_BLOCK] */
  double *snr;     /* [training rows] measured */
  bool opened;     /* the boundaries of the histogram bins are made */
};

static hr_trained *trained_of(const hr_learner *learner, size_t target, size_t k) {
  return &learner->trained[target * learner->slot_count + k];
}

/* Slots by number, that of all rows last. */
static int slot_of(const hr_learner *learner, size_t k) {
  return k == learner->study->bin_count ? HR_GLOBAL : (int)k;
}

static size_t number_of(const hr_learner *learner, int slot) {
  return slot == HR_GLOBAL ? learner->study->bin_count : (size_t)slot;
}

/* [training rows] k where the row is one of slot number k. */
static const int32_t *slot_rows(const hr_learner *learner, size_t k) {
  return slot_of(learner, k) == HR_GLOBAL ? learner->of_all : learner->study->train.bin;
}

static hr_tree_size size_of(const hr_lightgbm_parameters *p) {
  return (hr_tree_size){p->num_leaves, p->min_child_samples};
}

static void lightgbm_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  for (size_t k = 0; k < learner->slot_count; k++) {
    if (learner->slots && learner->slots[k].api) hr_tree_slot_fini(&learner->slots[k]);
  }
  size_t count = hr_study_targets(learner->study) * learner->slot_count;
  for (size_t i = 0; learner->trained && i < count; i++) {
    hr_trained_fini(&learner->trained[i]);
  }
  hr_free(learner->slots);
  hr_free(learner->trained);
  hr_free(learner->of_all);
  hr_free(learner->scratch);
  hr_free(learner->snr);
  hr_lightgbm_unload(&learner->library);
  hr_free(learner);
}

/* Trees that a target takes in a slot: its model's, and those of each fold that is held
 * out. */
static uint64_t trees_of_slot(const hr_learner *learner) {
  const hr_lightgbm_parameters *p = learner->parameters;
  return (uint64_t)p->n_estimators * (1 + hr_lightgbm_folds(learner->study, p));
}

static hr_status init_fit(const hr_learner *learner, size_t target, size_t k, size_t rows,
                          hr_error *err) {
  const hr_lightgbm_parameters *p = learner->parameters;
  hr_fit *fit = &trained_of(learner, target, k)->fit;
  hr_status status = hr_fit_init(fit, slot_of(learner, k), 1, false, 0, err);
  if (status != HR_OK) return status;
  fit->target = target;
  fit->train_rows = rows;
  if (rows >= hr_lightgbm_fewest_rows(p)) return HR_OK;
  snprintf(fit->note, sizeof fit->note,
           "%zu training row%s, at least %zu are needed: two leaves of "
           "min_child_samples %" PRId64,
           rows, rows == 1 ? "" : "s", hr_lightgbm_fewest_rows(p), p->min_child_samples);
  fit->reason = HR_REASON_TOO_FEW_ROWS;
  return HR_OK;
}

static hr_status init_slot(hr_learner *learner, size_t k, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_lightgbm_parameters *p = learner->parameters;
  hr_tree_slot *slot = &learner->slots[k];
  *slot = (hr_tree_slot){.api = learner->api, .pixels = learner->study->pixels};
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    HR_TRY(init_fit(learner, t, k, rows, err));
  }
  if (rows < hr_lightgbm_fewest_rows(p) || !hr_study_wants(learner->study, k)) {
    goto cleanup;
  }
  slot->rows = rows;
  slot->sample_rows =
      rows < (size_t)p->subsample_for_bin ? rows : (size_t)p->subsample_for_bin;
  HR_TRY(hr_alloc(&slot->sample, slot->sample_rows * slot->pixels, err));
  learner->grower.progress.total +=
      hr_study_targets(learner->study) * trees_of_slot(learner);
cleanup:
  return status;
}

/* As hr_lightgbm_begin_with, into a learner that may hold its library. */
static hr_status init_learner(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_lightgbm_parameters *p = learner->parameters;
  size_t bins = study->bin_count, *rows = NULL;
  learner->grower = hr_grower_make(learner->api, study, p);
  learner->slot_count = bins + (p->global ? 1 : 0);
  HR_TRY(hr_alloc(&learner->slots, learner->slot_count, err));
  HR_TRY(hr_alloc(&learner->trained, hr_study_targets(study) * learner->slot_count, err));
  HR_TRY(hr_alloc(&learner->scratch, hr_thread_count() * HR_COLUMN_ROWS * HR_COLUMN_BLOCK,
                  err));
  HR_TRY(hr_alloc(&learner->snr, study->train.rows, err));
  HR_TRY(hr_alloc(&rows, bins + 1, err));
  hr_count_bins(study->train.bin, study->train.rows, bins, rows);
  for (size_t k = 0; k < bins; k++) HR_TRY(init_slot(learner, k, rows[k], err));
  if (p->global) {
    size_t wanted = (size_t)p->global_rows;
    HR_TRY(hr_shuffle_choose(study, wanted, &learner->of_all, err));
    HR_TRY(init_slot(learner, bins, hr_shuffle_chosen_rows(study, wanted), err));
  }
cleanup:
  hr_free(rows);
  return status;
}

/* api NULL: loads the library itself. */
static hr_status begin_with(const hr_lightgbm_api *api, const hr_study_view *study,
                            const hr_lightgbm_parameters *parameters, hr_learner **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->parameters = parameters;
  if (!api) HR_TRY(hr_lightgbm_load(&learner->library, err));
  learner->api = api ? api : &learner->library.api;
  HR_TRY(init_learner(learner, err));
  *out = learner;
  learner = NULL;
cleanup:
  lightgbm_destroy(&learner);
  return status;
}

hr_status hr_lightgbm_begin_with(const hr_lightgbm_api *api, const hr_study_view *study,
                                 const hr_lightgbm_parameters *parameters,
                                 hr_learner **out, hr_error *err) {
  return begin_with(api, study, parameters, out, err);
}

static hr_status lightgbm_begin(const hr_study_view *study, const void *parameters,
                                hr_learner **out, hr_error *err) {
  return begin_with(NULL, study, parameters, out, err);
}

static hr_status lightgbm_available(hr_error *err) {
  hr_lightgbm_library library;
  hr_status status = hr_lightgbm_load(&library, err);
  if (status == HR_OK) hr_lightgbm_unload(&library);
  return status;
}

static size_t lightgbm_sample_rows(const hr_learner *learner) {
  return (size_t)learner->parameters->subsample_for_bin;
}

/* Ends a target in a slot; what only concerns it does not end the study. */
static hr_status fail_target(hr_learner *learner, size_t target, size_t k,
                             hr_status status, const hr_error *reason, hr_error *err) {
  hr_fit *fit = &trained_of(learner, target, k)->fit;
  if (status != HR_ERR_MEMORY && status != HR_ERR_NUMERIC) {
    return hr_fail(err, status, "%s", reason->message);
  }
  hr_fit_add_note(fit, reason->message);
  fit->status = HR_FIT_FAILED;
  fit->cv_r2[0] = (double)NAN;
  return HR_OK;
}

static bool is_back(const hr_learner *learner, size_t target, size_t k) {
  return trained_of(learner, target, k)->model != NULL;
}

/* Ends a slot for good, for all targets that have no model yet. */
static hr_status fail_slot(hr_learner *learner, size_t k, hr_status status,
                           const hr_error *reason, hr_error *err) {
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    if (is_back(learner, t, k)) continue;
    hr_status failed = fail_target(learner, t, k, status, reason, err);
    if (failed != HR_OK) return failed;
  }
  hr_tree_slot_fini(&learner->slots[k]);
  learner->slots[k] = (hr_tree_slot){.api = learner->api};
  return HR_OK;
}

static hr_status open_slots(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  hr_tree_size size = size_of(learner->parameters);
  for (size_t k = 0; k < learner->slot_count; k++) {
    hr_error reason;
    hr_tree_slot *slot = &learner->slots[k];
    if (slot->rows == 0) continue;
    hr_status opened = hr_tree_slot_open(slot, &learner->grower, &size, &reason);
    if (opened != HR_OK) HR_TRY(fail_slot(learner, k, opened, &reason, err));
  }
  learner->opened = true;
cleanup:
  return status;
}

/* The boundaries are made as soon as the samples are whole, and the samples freed: then
 * they are not in memory together with the blocks of the pass over all rows. */
static hr_status lightgbm_sample(hr_learner *learner, const hr_block *block,
                                 const uint8_t *chosen, hr_error *err) {
  bool whole = true;
  size_t bins = learner->study->bin_count;
  for (size_t i = 0; i < block->rows; i++) {
    const float *row = block->noisy + i * block->pixels;
    int32_t k = learner->study->train.bin[block->first_row + i];
    bool is_of_bin = (chosen[i] & HR_CHOSEN_OF_BIN) && k != HR_UNCOVERED;
    if (is_of_bin) hr_tree_slot_sample(&learner->slots[k], row);
    if (learner->of_all && (chosen[i] & HR_CHOSEN_OF_ALL)) {
      hr_tree_slot_sample(&learner->slots[bins], row);
    }
  }
  for (size_t k = 0; k < learner->slot_count; k++) {
    whole = whole && learner->slots[k].sampled == learner->slots[k].sample_rows;
  }
  return whole && !learner->opened ? open_slots(learner, err) : HR_OK;
}

/* Pushes the block's rows of one slot. */
static hr_status push_rows(hr_learner *learner, size_t k, const hr_block *block,
                           hr_error *err) {
  uint32_t row[HR_COLUMN_ROWS];
  hr_gather rows = {.bin = slot_rows(learner, k) + block->first_row,
                    .count = block->rows,
                    .wanted = (int32_t)k,
                    .row = row,
                    .most = HR_COLUMN_ROWS};
  for (size_t count; (count = hr_gather_next(&rows)) > 0;) {
    hr_error reason;
    const hr_column_rows next = {block, row, count};
    hr_status pushed =
        hr_tree_slot_push(&learner->slots[k], &next, learner->scratch, &reason);
    if (pushed != HR_OK) return fail_slot(learner, k, pushed, &reason, err);
  }
  return HR_OK;
}

static hr_status lightgbm_learn(hr_learner *learner, const hr_block *block,
                                hr_error *err) {
  hr_status status = HR_OK;
  if (!learner->opened) HR_TRY(open_slots(learner, err));
  for (size_t i = 0; i < block->rows; i++) {
    learner->snr[block->first_row + i] = hr_block_snr(block, i);
  }
  for (size_t k = 0; k < learner->slot_count; k++) {
    if (learner->slots[k].rows > 0) HR_TRY(push_rows(learner, k, block, err));
  }
cleanup:
  return status;
}

/* The rows' labels, and the text of the model that is made of them. */
typedef struct slot_training {
  size_t number; /* of the target */
  float *target; /* [rows of the slot] */
  uint8_t *fold; /* [rows of the slot] */
  double *snr;   /* [rows of the slot] */
  size_t folds;
  char *text;
} slot_training;

/* What is known of the slot's rows, in their order. */
static hr_status gather_labels(const hr_learner *learner, size_t k, slot_training *t,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &learner->study->train;
  const int32_t *slot = slot_rows(learner, k);
  const double *target = hr_study_target(learner->study, t->number);
  HR_TRY(hr_alloc(&t->target, learner->slots[k].rows, err));
  HR_TRY(hr_alloc(&t->fold, learner->slots[k].rows, err));
  HR_TRY(hr_alloc(&t->snr, learner->slots[k].rows, err));
  for (size_t row = 0, at = 0; row < train->rows; row++) {
    if (slot[row] != (int32_t)k) continue;
    t->target[at] = (float)target[row];
    t->snr[at] = learner->snr[row];
    t->fold[at++] = train->fold[row];
  }
cleanup:
  return status;
}

static hr_status grow(hr_learner *learner, size_t k, const hr_tree_size *size,
                      slot_training *t, hr_error *err) {
  hr_status status = HR_OK;
  hr_tree_slot *slot = &learner->slots[k];
  HR_TRY(hr_tree_slot_label(slot, t->target, err));
  HR_TRY(hr_tree_slot_validate(slot, &learner->grower, size,
                               (hr_slot_labels){t->target, t->fold, t->folds}, err));
  HR_TRY(hr_tree_slot_train(slot, &learner->grower, size, &t->text, err));
cleanup:
  return status;
}

/* The study's own remedy for too little memory: smaller trees, once. */
static hr_status grow_smaller(hr_learner *learner, size_t k, slot_training *t,
                              hr_error *err) {
  const hr_lightgbm_parameters *p = learner->parameters;
  hr_tree_size size = size_of(p);
  size.num_leaves = size.num_leaves > LEAST_LEAVES ? LEAST_LEAVES
                    : size.num_leaves > 3          ? size.num_leaves * 3 / 4
                                                   : 2;
  size.min_child_samples = 2 * (size.min_child_samples > 0 ? size.min_child_samples : 1);
  hr_fit *fit = &trained_of(learner, t->number, k)->fit;
  snprintf(fit->note, sizeof fit->note,
           "memory ran out with num_leaves %" PRId64 " and min_child_samples %" PRId64
           ", tried again with %" PRId64 " and %" PRId64,
           p->num_leaves, p->min_child_samples, size.num_leaves, size.min_child_samples);
  return grow(learner, k, &size, t, err);
}

static void note_time_limit(const hr_learner *learner, const hr_tree_slot *slot,
                            hr_fit *fit) {
  const hr_lightgbm_parameters *p = learner->parameters;
  char note[sizeof fit->note];
  if (slot->grown == p->n_estimators) return;
  snprintf(note, sizeof note,
           "%" PRId64 " of %" PRId64 " trees: time_limit %g s was over", slot->grown,
           p->n_estimators, p->time_limit);
  hr_fit_add_note(fit, note);
}

static hr_status make_model(hr_learner *learner, size_t k, slot_training *t,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  hr_model **model = &trained_of(learner, t->number, k)->model;
  HR_TRY(hr_trees_create_take(&t->text, "what LightGBM wrote", slot_of(learner, k),
                              study->pixels, model, err));
  (*model)->target = t->number;
  HR_TRY(hr_trees_set_wavelengths(*model, study->wave_angstrom, err));
cleanup:
  /* Some other LightGBM's words: this slot alone fails. */
  return status == HR_ERR_FORMAT ? HR_ERR_NUMERIC : status;
}

static hr_status learn_sigma(hr_learner *learner, size_t k, const slot_training *t,
                             hr_error *err) {
  const hr_tree_slot *slot = &learner->slots[k];
  const hr_sigma_rows rows = {slot->rows, slot->residual, t->snr, NULL};
  return hr_sigma_learn(&rows, &trained_of(learner, t->number, k)->fit.sigma, err);
}

/* What the rows were predicted by trees without their fold, where the study keeps it. */
static hr_status keep_rows(hr_learner *learner, size_t k, const slot_training *t,
                           hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_tree_slot *slot = &learner->slots[k];
  hr_fit *fit = &trained_of(learner, t->number, k)->fit;
  if (!hr_study_keeps_validation(study, t->number, fit->slot)) return HR_OK;
  HR_TRY(hr_validation_rows_init(&fit->validation, slot->rows, err));
  for (size_t row = 0, at = 0; row < study->train.rows; row++) {
    if (slot_rows(learner, k)[row] != (int32_t)k) continue;
    double y = (double)t->target[at];
    hr_validation_rows_add(&fit->validation, row, y - slot->residual[at++]);
  }
cleanup:
  return status;
}

/* What became of the target. */
static void conclude(hr_learner *learner, size_t k, const slot_training *t,
                     double start) {
  const hr_tree_slot *slot = &learner->slots[k];
  hr_fit *fit = &trained_of(learner, t->number, k)->fit;
  fit->status = HR_FIT_OK;
  fit->cv_r2[0] = slot->cv_r2;
  fit->validated_rows = slot->validated_rows;
  fit->validation_seconds = slot->validation_seconds;
  note_time_limit(learner, slot, fit);
  fit->seconds = hr_clock_seconds() - start;
}

static hr_status train_target(hr_learner *learner, size_t target, size_t k,
                              hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  hr_tree_size size = size_of(learner->parameters);
  double start = hr_clock_seconds();
  hr_error reason;
  slot_training t = {.number = target,
                     .folds = hr_lightgbm_folds(study, learner->parameters)};
  HR_TRY(gather_labels(learner, k, &t, err));
  hr_status trained = grow(learner, k, &size, &t, &reason);
  if (trained == HR_ERR_MEMORY) trained = grow_smaller(learner, k, &t, &reason);
  if (trained == HR_OK) trained = make_model(learner, k, &t, &reason);
  if (trained != HR_OK) {
    hr_model_destroy(&trained_of(learner, target, k)->model);
    status = fail_target(learner, target, k, trained, &reason, err);
    goto cleanup;
  }
  HR_TRY(learn_sigma(learner, k, &t, err));
  HR_TRY(keep_rows(learner, k, &t, err));
  conclude(learner, k, &t, start);
  const hr_keeper *keeper = &study->keeper;
  const hr_trained *own = trained_of(learner, target, k);
  if (keeper->keep) {
    HR_TRY(keeper->keep(keeper->context, own->model, &own->fit, err));
  }
cleanup:
  hr_free(t.target);
  hr_free(t.fold);
  hr_free(t.snr);
  hr_free(t.text);
  return status;
}

/* One dataset serves all targets, and is not needed any more when they are done. */
static hr_status train_slot(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    if (is_back(learner, t, k)) continue;
    HR_TRY(train_target(learner, t, k, err));
  }
  hr_tree_slot_close(&learner->slots[k]);
cleanup:
  return status;
}

typedef struct training {
  hr_learner *learner;
  const hr_lightgbm_schedule *schedule;
  hr_error *errors; /* [shared], status HR_OK for none */
  hr_status watched;
  hr_error *err;
} training;

static void train_one(void *context, size_t i, size_t thread) {
  training *t = context;
  size_t k = t->schedule->order[i];
  (void)thread;
  hr_error err = {.status = HR_OK};
  /* It is trained already, or its rows could not be kept, and its fit says so. */
  if (t->learner->slots[k].rows == 0) return;
  if (train_slot(t->learner, k, &err) != HR_OK) t->errors[i] = err;
}

static void watch_training(void *context) {
  training *t = context;
  if (t->watched == HR_OK) t->watched = hr_grower_watch(&t->learner->grower, t->err);
}

static hr_status train_side_by_side(hr_learner *learner,
                                    const hr_lightgbm_schedule *schedule, hr_error *err) {
  hr_status status = HR_OK;
  training t = {.learner = learner, .schedule = schedule, .err = err};
  HR_TRY(hr_alloc(&t.errors, schedule->shared, err));
  learner->grower.is_shared = true;
  hr_parallel_for_watched(schedule->at_once, schedule->shared, train_one, &t,
                          watch_training, &t);
  learner->grower.is_shared = false;
  status = t.watched;
  for (size_t i = 0; i < schedule->shared && status == HR_OK; i++) {
    if (t.errors[i].status == HR_OK) continue;
    status = hr_fail(err, t.errors[i].status, "%s", t.errors[i].message);
  }
cleanup:
  hr_free(t.errors);
  return status;
}

static hr_status train_slots(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t counts[HR_MOST_BINS + 1];
  const hr_study_view *study = learner->study;
  bool on_cpu = strcmp(learner->grower.device, "cpu") == 0;
  /* Of bins that are trained already, or not wanted, there are none. */
  for (size_t k = 0; k < study->bin_count; k++) counts[k] = learner->slots[k].rows;
  hr_lightgbm_schedule schedule =
      hr_lightgbm_make_schedule(study, learner->parameters, counts, on_cpu);
  if (schedule.shared > 0) HR_TRY(train_side_by_side(learner, &schedule, err));
  for (size_t i = schedule.shared; i < schedule.count; i++) {
    size_t k = schedule.order[i];
    if (learner->slots[k].rows > 0) HR_TRY(train_slot(learner, k, err));
  }
  /* On all threads: it takes about as long as all bins together. */
  size_t last = study->bin_count;
  if (learner->of_all && learner->slots[last].rows > 0) {
    HR_TRY(train_slot(learner, last, err));
  }
cleanup:
  return status;
}

static hr_status check_rows(const hr_learner *learner, hr_error *err) {
  char name[HR_SLOT_NAME_BYTES];
  for (size_t k = 0; k < learner->slot_count; k++) {
    const hr_tree_slot *slot = &learner->slots[k];
    if (slot->pushed == slot->rows) continue;
    return hr_fail(err, HR_ERR_INTERNAL, "lightgbm saw %zu rows of %s, not %zu",
                   slot->pushed, hr_slot_name(slot_of(learner, k), name), slot->rows);
  }
  return HR_OK;
}

static hr_status lightgbm_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_rows(learner, err));
  HR_TRY(train_slots(learner, err));
  size_t slots = learner->slot_count;
  for (size_t i = 0; i < hr_study_targets(learner->study) * slots; i++) {
    const hr_fit *fit = &learner->trained[i].fit;
    if (fit->status != HR_FIT_SKIPPED && fit->note[0] != '\0') {
      char name[HR_SLOT_NAME_BYTES];
      bool is_one = hr_study_targets(learner->study) == 1;
      hr_observe_warning(learner->study->observer, "%s%sLightGBM, %s: %s",
                         is_one ? "" : hr_study_target_name(learner->study, i / slots),
                         is_one ? "" : ": ", hr_slot_name(fit->slot, name), fit->note);
    }
    out[i] = learner->trained[i];
    learner->trained[i] = (hr_trained){.model = NULL};
  }
cleanup:
  return status;
}

/* Whether every target of the slot has its model. */
static bool are_all_back(const hr_learner *learner, size_t k) {
  bool all = true;
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    all = all && is_back(learner, t, k);
  }
  return all;
}

/* From model.txt; once all targets are back, the slot's rows are not asked for. */
static hr_status lightgbm_resume(hr_learner *learner, const hr_fit *kept,
                                 const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_model_place place = {folder, study->pixels, 1, &kept->slot, 1};
  hr_trained again = {.model = NULL};
  HR_TRY(hr_trees_type.load(&place, &again.model, err));
  HR_TRY(hr_trees_set_wavelengths(again.model, study->wave_angstrom, err));
  HR_TRY(hr_fit_copy(kept, &again.fit, err));
  again.model->target = kept->target;
  learner->grower.progress.total -= trees_of_slot(learner);
  size_t k = number_of(learner, kept->slot);
  hr_trained *own = trained_of(learner, kept->target, k);
  hr_trained_fini(own);
  *own = again;
  again = (hr_trained){.model = NULL};
  if (are_all_back(learner, k)) {
    hr_tree_slot_fini(&learner->slots[k]);
    learner->slots[k] = (hr_tree_slot){.api = learner->api};
  }
cleanup:
  hr_trained_fini(&again);
  return status;
}

static bool lightgbm_is_trained(const hr_learner *learner) {
  for (size_t k = 0; k < learner->slot_count; k++) {
    if (learner->slots[k].rows > 0) return false;
  }
  return true;
}

static bool lightgbm_wants_global(const void *parameters) {
  return ((const hr_lightgbm_parameters *)parameters)->global;
}

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define MEMBER(member) .name = #member, .offset = offsetof(hr_lightgbm_parameters, member)

static const hr_field fields[] = {
    {MEMBER(n_estimators), .kind = HR_FIELD_INTEGER, .default_text = "500", .minimum = 1,
     .maximum = 1e6, .alias = "num_iterations", .help = "Trees."},
    {MEMBER(max_depth), .kind = HR_FIELD_INTEGER, .default_text = "5", .minimum = -1,
     .maximum = 1000, .help = "The most levels of a tree; 0 and -1: no limit."},
    {MEMBER(learning_rate), .kind = HR_FIELD_NUMBER, .default_text = "0.05",
     .minimum = 1e-9, .maximum = INFINITY, .alias = "shrinkage_rate",
     .help = "The weight of each tree."},
    {MEMBER(num_leaves), .kind = HR_FIELD_INTEGER, .default_text = "20", .minimum = 2,
     .maximum = 131072, .alias = "max_leaves", .help = "The most leaves of a tree."},
    {MEMBER(feature_fraction), .kind = HR_FIELD_NUMBER, .default_text = "0.3",
     .minimum = 1e-9, .maximum = 1, .alias = "colsample_bytree",
     .help = "The share of pixels that each tree sees."},
    {MEMBER(bagging_fraction), .kind = HR_FIELD_NUMBER, .default_text = "0.7",
     .minimum = 1e-9, .maximum = 1, .alias = "subsample", .only_with = "bagging_freq",
     .help = "The share of rows that each tree sees."},
    {MEMBER(bagging_freq), .kind = HR_FIELD_INTEGER, .default_text = "1", .minimum = 0,
     .maximum = 1e6, .alias = "subsample_freq",
     .help = "Rows are drawn anew after so many trees; 0: never drawn."},
    {MEMBER(min_child_samples), .kind = HR_FIELD_INTEGER, .default_text = "50",
     .minimum = 0, .maximum = 1e9, .alias = "min_data_in_leaf",
     .help = "The fewest rows of a leaf."},
    {MEMBER(reg_alpha), .kind = HR_FIELD_NUMBER, .default_text = "1.0", .minimum = 0,
     .maximum = INFINITY, .alias = "lambda_l1", .help = "The L1 penalty on leaves."},
    {MEMBER(reg_lambda), .kind = HR_FIELD_NUMBER, .default_text = "1.0", .minimum = 0,
     .maximum = INFINITY, .alias = "lambda_l2", .help = "The L2 penalty on leaves."},
    {MEMBER(max_bin), .kind = HR_FIELD_INTEGER, .default_text = "255", .minimum = 2,
     .maximum = 255, .alias = "max_bins",
     .help = "Into how many values each pixel's flux is sorted; 255 is LightGBM's own "
             "default, "
             "63 takes less than half of the time."},
    {MEMBER(quantized), .kind = HR_FIELD_BOOL, .default_text = "false",
     .alias = "use_quantized_grad",
     .help =
         "Gradients as a few whole numbers, rounded to the nearest: two thirds of the "
         "time, and other trees; on the CPU alone."},
    {MEMBER(subsample_for_bin), .kind = HR_FIELD_INTEGER, .default_text = "2000",
     .minimum = 2, .maximum = 1e9, .alias = "bin_construct_sample_cnt",
     .help =
         "Training rows of each bin, of all rows for their model, drawn at random, that "
         "the boundaries of its 8-bit columns are made from."},
    {MEMBER(folds), .kind = HR_FIELD_INTEGER, .default_text = "1", .minimum = 0,
     .maximum = 255,
     .help = "How many of the folds of selection.folds are held out in turn for the "
             "validation score; each costs one more training, 0: no score."},
    {MEMBER(time_limit), .kind = HR_FIELD_NUMBER, .default_text = "0", .minimum = 0,
     .maximum = INFINITY,
     .help = "The most seconds that the trees of one model may take; it then has fewer "
             "trees, and says so; 0: no limit."},
    {MEMBER(device), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|cpu|gpu|cuda", .alias = "device_type",
     .help = "Where trees are grown; auto: on a GPU where there is one, else the CPU."},
    {MEMBER(global), .kind = HR_FIELD_BOOL, .default_text = "false",
     .help =
         "Whether one more model is trained, on the rows of all bins and the uncovered "
         "ones; it takes about the time and the memory of all bins together."},
    {MEMBER(global_rows), .kind = HR_FIELD_INTEGER, .default_text = "0", .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER, .only_with = "global", .only_where = "true",
     .help = "The most rows that the model of all rows is trained on, drawn at random; "
             "0: all."},
};

const hr_method hr_lightgbm_method = {
    .name = "lightgbm",
    .title = "LightGBM",
    .summary = "Gradient-boosted trees on raw noisy flux, never standardised.",
    .parameters_size = sizeof(hr_lightgbm_parameters),
    .fields = fields,
    .field_count = COUNT(fields),
    .has_global = true,
    .slots_apart = true,
    .kind = &hr_trees_type,
    .wants_global = lightgbm_wants_global,
    .available = lightgbm_available,
    .check = hr_lightgbm_check,
    .estimate = hr_lightgbm_estimate,
    .begin = lightgbm_begin,
    .sample_rows = lightgbm_sample_rows,
    .sample = lightgbm_sample,
    .learn = lightgbm_learn,
    .resume = lightgbm_resume,
    .is_trained = lightgbm_is_trained,
    .finish = lightgbm_finish,
    .destroy = lightgbm_destroy,
};
