/* The 1D-CNN as a method: which slots it trains, the rows it keeps for them, and what it
 * will take. */
#include "methods/cnn/cnn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "methods/cnn/cost.h"
#include "methods/cnn/train.h"
#include "methods/shuffle.h"
#include "models/network.h"

struct hr_learner {
  const hr_study_view *study;
  const hr_cnn_parameters *parameters;
  hr_cnn_parameters of_all_parameters; /* of the model of all rows; its lists borrowed */
  hr_network_backend backend;
  hr_progress progress;
  size_t targets, bins; /* T, K */
  size_t slots;      /* S: K, and one more with a model of all rows, which is the last */
  bool is_joint;     /* one network for all targets; never of one target */
  int32_t *of_all;   /* [training rows] K where the model of all rows has the row, else
                        HR_UNCOVERED; NULL: there is no such model */
  hr_cnn_rows *rows; /* [S] */
  hr_trained *trained; /* [T][S] what is known of each by now */
};

static int slot_of(const hr_learner *learner, size_t k) {
  return k == learner->bins ? HR_GLOBAL : (int)k;
}

static size_t number_of(const hr_learner *learner, int slot) {
  return slot == HR_GLOBAL ? learner->bins : (size_t)slot;
}

static const hr_cnn_parameters *parameters_of(const hr_learner *learner, size_t k) {
  return k == learner->bins ? &learner->of_all_parameters : learner->parameters;
}

static hr_trained *trained_of(const hr_learner *learner, size_t t, size_t k) {
  return &learner->trained[t * learner->slots + k];
}

static void cnn_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  for (size_t k = 0; learner->rows && k < learner->slots; k++) {
    hr_cnn_rows_fini(&learner->rows[k]);
  }
  for (size_t i = 0; learner->trained && i < learner->targets * learner->slots; i++) {
    hr_trained_fini(&learner->trained[i]);
  }
  hr_free(learner->rows);
  hr_free(learner->trained);
  hr_free(learner->of_all);
  hr_free(learner);
}

static bool is_enough(size_t trained, size_t held_out) {
  return trained >= HR_CNN_FEWEST_TRAINED && held_out >= HR_CNN_FEWEST_HELD_OUT;
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

static void skip_small_slot(hr_learner *learner, size_t k, const hr_cnn_rows *rows) {
  char sentence[160];
  size_t trained = rows->trained_count, held_out = rows->held_out_count;
  snprintf(sentence, sizeof sentence,
           "%zu row%s to train on and %zu held out; at least %d and %d are needed",
           trained, trained == 1 ? "" : "s", held_out, HR_CNN_FEWEST_TRAINED,
           HR_CNN_FEWEST_HELD_OUT);
  skip_slot(learner, k, HR_REASON_TOO_FEW_ROWS, sentence);
}

/* Spectra that are gone through for one network. */
static uint64_t spectra_of(const hr_learner *learner, size_t k) {
  return (uint64_t)parameters_of(learner, k)->epochs * learner->rows[k].trained_count;
}

/* What is known of a target and slot before it is trained. */
static hr_status begin_fit(hr_learner *learner, size_t t, size_t k, hr_error *err) {
  const hr_cnn_rows *rows = &learner->rows[k];
  hr_fit *fit = &trained_of(learner, t, k)->fit;
  hr_status status = hr_fit_init(fit, slot_of(learner, k), 1, false, 0, err);
  fit->target = t;
  fit->train_rows = rows->trained_count + rows->held_out_count;
  return status;
}

static hr_status keep_rows(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_cnn_parameters *p = learner->parameters;
  const char *folder = hr_cnn_fits_memory(study, p) ? NULL : study->folder;
  HR_TRY(hr_cnn_rows_init(&learner->rows[k], folder, err));
  learner->progress.total +=
      (learner->is_joint ? 1 : learner->targets) * spectra_of(learner, k);
cleanup:
  return status;
}

static hr_status init_slot(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  hr_cnn_rows *rows = &learner->rows[k];
  const hr_split_view *train = &learner->study->train;
  int slot = slot_of(learner, k);
  *rows = (hr_cnn_rows){
      .slot = slot, .study = learner->study, .redraw = learner->parameters->redraw};
  hr_cnn_count_rows(train, slot == HR_GLOBAL ? learner->of_all : train->bin, k,
                    &rows->trained_count, &rows->held_out_count);
  for (size_t t = 0; t < learner->targets; t++) {
    HR_TRY(begin_fit(learner, t, k, err));
  }
  if (slot != HR_GLOBAL && !hr_cnn_is_wanted(learner->parameters, k)) {
    skip_slot(learner, k, HR_REASON_NOT_ASKED_FOR,
              "this expert was not asked for in this bin");
  } else if (!is_enough(rows->trained_count, rows->held_out_count)) {
    skip_small_slot(learner, k, rows);
  } else if (hr_study_wants(learner->study, k)) {
    HR_TRY(keep_rows(learner, k, err));
  }
cleanup:
  return status;
}

/* Whether rows of the slot are kept to be trained on. */
static bool has_rows(const hr_learner *learner, size_t k) {
  return learner->rows[k].trained != NULL;
}

static hr_status init_global(hr_learner *learner, hr_error *err) {
  const hr_cnn_parameters *p = learner->parameters;
  learner->of_all_parameters = *p;
  learner->of_all_parameters.epochs = hr_cnn_global_epochs(p);
  if (!p->global) return HR_OK;
  return hr_shuffle_choose(learner->study, (size_t)p->global_rows, &learner->of_all, err);
}

static hr_status init_learner(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  hr_network_shape shape;
  HR_TRY(hr_cnn_shape(study, learner->parameters, &shape, err));
  learner->targets = hr_study_targets(study);
  learner->bins = study->bin_count;
  learner->slots = learner->bins + (learner->parameters->global ? 1 : 0);
  learner->is_joint = shape.outputs > 1;
  learner->progress = (hr_progress){.stage = "training 1D-CNN", .unit = "spectra"};
  HR_TRY(init_global(learner, err));
  HR_TRY(hr_alloc(&learner->rows, learner->slots, err));
  HR_TRY(hr_alloc(&learner->trained, learner->targets * learner->slots, err));
  for (size_t k = 0; k < learner->slots; k++) HR_TRY(init_slot(learner, k, err));
cleanup:
  return status;
}

hr_status hr_cnn_begin_with(const hr_network_backend *backend, const hr_study_view *study,
                            const hr_cnn_parameters *parameters, hr_learner **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->parameters = parameters;
  learner->backend = *backend;
  HR_TRY(init_learner(learner, err));
  *out = learner;
  learner = NULL;
cleanup:
  cnn_destroy(&learner);
  return status;
}

static hr_status cnn_check(const hr_study_view *study, const void *parameters,
                           hr_error *err) {
  hr_network_shape shape;
  hr_error reason = {.status = HR_OK};
  hr_status status = hr_cnn_shape(study, parameters, &shape, &reason);
  return status == HR_OK ? HR_OK
                         : hr_fail(err, status, "experts.cnn: %s", reason.message);
}

static hr_status cnn_available(hr_error *err) {
  if (hr_convolver_onednn()) return HR_OK;
  return hr_fail(err, HR_ERR_MISSING,
                 "this program was built without oneDNN; install libdnnl-dev "
                 "(scripts/setup.sh build) and build it with -DHR_ONEDNN=ON");
}

/* bf16 where it is wanted, or nothing else is, and the processor has it. */
static const hr_convolver *choose_convolver(const hr_study_view *study,
                                            const hr_cnn_parameters *parameters) {
  const char *wanted = parameters->precision ? parameters->precision : "fp32";
  if (strcmp(wanted, "fp32") == 0) return hr_convolver_onednn();
  if (hr_convolver_bf16()) return hr_convolver_bf16();
  if (strcmp(wanted, "bf16") == 0) {
    hr_observe_warning(study->observer,
                       "1D-CNN: this processor has no bf16 products, "
                       "convolutions are computed in fp32");
  }
  return hr_convolver_onednn();
}

static hr_status cnn_begin(const hr_study_view *study, const void *parameters,
                           hr_learner **out, hr_error *err) {
  const hr_network_backend backend = {choose_convolver(study, parameters),
                                      study->compute};
  return hr_cnn_begin_with(&backend, study, parameters, out, err);
}

static hr_status cnn_learn(hr_learner *learner, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  const int32_t *bin = learner->study->train.bin + block->first_row;
  const int32_t *of_all = learner->of_all;
  for (size_t i = 0; i < block->rows; i++) {
    if (bin[i] != HR_UNCOVERED && has_rows(learner, (size_t)bin[i])) {
      HR_TRY(hr_cnn_rows_observe(&learner->rows[bin[i]], block, i, err));
    }
    bool is_of_all = of_all && of_all[block->first_row + i] != HR_UNCOVERED;
    if (is_of_all && has_rows(learner, learner->bins)) {
      HR_TRY(hr_cnn_rows_observe(&learner->rows[learner->bins], block, i, err));
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
    hr_observe_warning(study->observer, "1D-CNN, %s: %s", hr_slot_name(fit->slot, slot),
                       fit->note);
  } else {
    hr_observe_warning(study->observer, "1D-CNN, %s, %s: %s",
                       hr_study_target_name(study, fit->target),
                       hr_slot_name(fit->slot, slot), fit->note);
  }
}

/* Says on the card that the model is one of several of one network, and of which, as far
 * as there is room for their names. */
static void note_joint(const hr_learner *learner, hr_fit *fit) {
  char names[120] = "", sentence[sizeof fit->note];
  size_t used = 0;
  for (size_t t = 0; t < learner->targets && used < sizeof names; t++) {
    const char *name = hr_study_target_name(learner->study, t);
    int count =
        snprintf(names + used, sizeof names - used, "%s%s", t == 0 ? "" : ", ", name);
    used += (size_t)count;
  }
  if (used < sizeof names) {
    snprintf(sentence, sizeof sentence, "joint: one network for %s", names);
  } else {
    snprintf(sentence, sizeof sentence, "joint: one network for all %zu targets",
             learner->targets);
  }
  hr_fit_add_note(fit, sentence);
}

/* What is known of one target when its training is over; reason: why it failed, or NULL.
 */
static void conclude(const hr_learner *learner, hr_trained *own, const hr_error *reason,
                     double seconds) {
  hr_fit *fit = &own->fit;
  fit->seconds = seconds;
  fit->precision = learner->backend.convolver->is_bf16 ? HR_FIT_BF16 : HR_FIT_FP32;
  if (reason) {
    fit->status = HR_FIT_FAILED;
    hr_fit_add_note(fit, reason->message);
    hr_model_destroy(&own->model);
  }
  warn(learner, fit);
  if (learner->is_joint && !reason) note_joint(learner, fit);
}

/* Trains the network of targets first .. first+count-1 for slot number k. */
static hr_status train_network(hr_learner *learner, size_t k, size_t first, size_t count,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason;
  hr_trained *own[HR_MOST_TARGETS];
  const hr_keeper *keeper = &learner->study->keeper;
  const hr_cnn_training training = {&learner->rows[k], parameters_of(learner, k),
                                    &learner->backend, first, count};
  double start = hr_clock_seconds();
  for (size_t o = 0; o < count; o++) own[o] = trained_of(learner, first + o, k);
  hr_status trained = hr_cnn_train(&training, &learner->progress, own, &reason);
  bool has_failed = trained == HR_ERR_NUMERIC || trained == HR_ERR_MEMORY;
  if (trained != HR_OK && !has_failed) {
    return hr_fail(err, trained, "%s", reason.message);
  }
  double seconds = (hr_clock_seconds() - start) / (double)count;
  for (size_t o = 0; o < count; o++) {
    conclude(learner, own[o], has_failed ? &reason : NULL, seconds);
  }
  if (has_failed) return HR_OK;
  for (size_t o = 0; o < count && keeper->keep; o++) {
    HR_TRY(keeper->keep(keeper->context, own[o]->model, &own[o]->fit, err));
  }
  remove_state(learner, first, slot_of(learner, k));
cleanup:
  return status;
}

static hr_status check_rows(const hr_learner *learner, size_t k, hr_error *err) {
  const hr_cnn_rows *rows = &learner->rows[k];
  size_t seen = hr_row_store_rows(rows->trained) + hr_row_store_rows(rows->held_out);
  size_t expected = rows->trained_count + rows->held_out_count;
  if (seen == expected) return HR_OK;
  char slot[HR_SLOT_NAME_BYTES];
  return hr_fail(err, HR_ERR_INTERNAL, "cnn saw %zu rows of %s, not %zu", seen,
                 hr_slot_name(rows->slot, slot), expected);
}

/* The targets of slot number k that have no model yet; where one network is for all of
 * them, those that were taken back without the others are trained again with them. */
static hr_status train_slot(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_rows(learner, k, err));
  for (size_t t = 0; t < learner->targets; t++) {
    hr_trained *own = trained_of(learner, t, k);
    if (learner->is_joint && own->model) {
      hr_trained_fini(own);
      HR_TRY(begin_fit(learner, t, k, err));
    } else if (!learner->is_joint && !own->model) {
      HR_TRY(train_network(learner, k, t, 1, err));
    }
  }
  if (learner->is_joint) HR_TRY(train_network(learner, k, 0, learner->targets, err));
  hr_cnn_rows_fini(&learner->rows[k]);
cleanup:
  return status;
}

static hr_status cnn_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < learner->slots; k++) {
    if (has_rows(learner, k)) HR_TRY(train_slot(learner, k, err));
    for (size_t t = 0; t < learner->targets; t++) {
      hr_trained *own = trained_of(learner, t, k);
      out[t * learner->slots + k] = *own;
      *own = (hr_trained){.model = NULL};
    }
  }
cleanup:
  return status;
}

static bool has_all_models(const hr_learner *learner, size_t k) {
  for (size_t t = 0; t < learner->targets; t++) {
    if (!trained_of(learner, t, k)->model) return false;
  }
  return true;
}

/* The states are of a run that was killed when it had the models; rows that no target
 * needs are not asked for. */
static void drop_work(hr_learner *learner, size_t target, size_t k) {
  bool is_complete = has_all_models(learner, k), had_rows = has_rows(learner, k);
  if (is_complete) hr_cnn_rows_fini(&learner->rows[k]);
  if (learner->is_joint && !is_complete) return;
  if (had_rows) learner->progress.total -= spectra_of(learner, k);
  remove_state(learner, learner->is_joint ? 0 : target, slot_of(learner, k));
}

/* From model.cnn. */
static hr_status cnn_resume(hr_learner *learner, const hr_fit *kept, const char *folder,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t k = number_of(learner, kept->slot);
  hr_trained *own = trained_of(learner, kept->target, k);
  const hr_model_place place = {folder, learner->study->pixels, 1, &kept->slot, 1};
  hr_trained again = {.model = NULL};
  const hr_net_design design = {.kind = &hr_net_kind_cnn,
                                .backend.cnn = learner->backend};
  HR_TRY(hr_network_model_load(&place, &design, &again.model, err));
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

static bool cnn_is_trained(const hr_learner *learner) {
  for (size_t k = 0; k < learner->slots; k++) {
    if (has_rows(learner, k)) return false;
  }
  return true;
}

static bool cnn_wants_global(const void *parameters) {
  return ((const hr_cnn_parameters *)parameters)->global;
}

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define MEMBER(member) .name = #member, .offset = offsetof(hr_cnn_parameters, member)

/* Defaults are those of the study "MOE-CEILING-C1-01" (examples/moe-ceiling-c1.yaml), as
 * far as it names them; the others were measured (docs/numerics.md). */
static const hr_field fields[] = {
    {MEMBER(channels), .kind = HR_FIELD_NUMBERS, .default_text = "[32, 64, 32]",
     .minimum = 1, .maximum = 65536, .whole = true, .least_count = 1,
     .help = "The channels of each convolution."},
    {MEMBER(kernel_size), .kind = HR_FIELD_INTEGER, .default_text = "5", .minimum = 1,
     .maximum = 65536, .help = "The width of each convolution, in pixels of its input."},
    {MEMBER(pool_size), .kind = HR_FIELD_INTEGER, .default_text = "4", .minimum = 1,
     .maximum = 128, .help = "Pixels that are pooled into one behind each convolution."},
    {MEMBER(fc_dim), .kind = HR_FIELD_INTEGER, .default_text = "64", .minimum = 1,
     .maximum = 65536, .help = "The width of the fully connected layer."},
    {MEMBER(batch_norm), .kind = HR_FIELD_BOOL, .default_text = "true",
     .help = "Whether each convolution's output is normalised over the batch."},
    {MEMBER(epochs), .kind = HR_FIELD_INTEGER, .default_text = "50", .minimum = 1,
     .maximum = 1e6, .help = "Passes over the training rows."},
    {MEMBER(batch_size), .kind = HR_FIELD_INTEGER, .default_text = "256", .minimum = 1,
     .maximum = 1e9, .help = "Rows a step, at most."},
    {MEMBER(lr), .kind = HR_FIELD_NUMBER, .default_text = "1e-3", .minimum = 1e-12,
     .maximum = INFINITY, .alias = "learning_rate",
     .help = "The highest learning rate; it falls to 0 along half a cosine."},
    {MEMBER(weight_decay), .kind = HR_FIELD_NUMBER, .default_text = "0.01", .minimum = 0,
     .maximum = INFINITY,
     .help = "The share of each weight, times the learning rate, that a step takes off "
             "it (AdamW)."},
    {MEMBER(warmup), .kind = HR_FIELD_INTEGER, .default_text = "1", .minimum = 0,
     .maximum = 1e6, .help = "Epochs over which the learning rate rises."},
    {MEMBER(patience), .kind = HR_FIELD_INTEGER, .default_text = "15", .minimum = 0,
     .maximum = 1e6,
     .help = "Epochs without a better validation after which training ends; 0: never."},
    {MEMBER(restart_after), .kind = HR_FIELD_INTEGER, .default_text = "10", .minimum = 1,
     .maximum = 1e6,
     .help = "A training that is no better than the mean after so many epochs is started "
             "again, once, with a tenth of lr and batch normalisation."},
    {MEMBER(redraw), .kind = HR_FIELD_BOOL, .default_text = "true",
     .help = "Whether each epoch draws the training rows' noise anew; false: the one "
             "draw that all experts see."},
    {MEMBER(precision), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|fp32|bf16",
     .help = "What convolutions multiply: fp32, or values rounded to bf16, faster where "
             "the processor has it (else fp32, with a warning); auto: bf16 where the "
             "processor has it. The card says which it was."},
    {MEMBER(joint), .kind = HR_FIELD_BOOL, .default_text = "false",
     .help = "Whether one network learns all targets of a bin, in about the time of one; "
             "false: one network a target, which is the network that the target has when "
             "it is alone. Of no effect where there is one target."},
    {MEMBER(bins), .kind = HR_FIELD_NUMBERS, .default_text = "[3, 6]", .minimum = 0,
     .maximum = HR_MOST_BINS - 1, .order = HR_FIELD_DISTINCT, .whole = true,
     .least_count = 1, .may_be_all = true,
     .help =
         "The bins that it is trained for; by default binning.focus or, where the "
         "study asks about none, those of 3 and 6 that the grid has, all where it has "
         "neither."},
    {MEMBER(global), .kind = HR_FIELD_BOOL, .default_text = "false",
     .help = "Whether one more network is trained, on the rows of all bins and the "
             "uncovered ones."},
    {MEMBER(global_rows), .kind = HR_FIELD_INTEGER, .default_text = "0", .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER, .only_with = "global", .only_where = "true",
     .help = "The most rows that the network of all rows is trained on, those held out "
             "included, drawn at random; 0: all."},
    {MEMBER(global_epochs), .kind = HR_FIELD_INTEGER, .default_text = "0", .minimum = 0,
     .maximum = 1e6, .only_with = "global", .only_where = "true",
     .help = "Passes of the network of all rows; 0: as many as `epochs`."},
};

const hr_method hr_cnn_method = {
    .name = "cnn",
    .title = "1D-CNN",
    .summary = "A small convolutional network along the wavelength.",
    .parameters_size = sizeof(hr_cnn_parameters),
    .fields = fields,
    .field_count = COUNT(fields),
    .has_global = true,
    .slots_apart = true,
    .kind = &hr_network_model_type,
    .wants_global = cnn_wants_global,
    .available = cnn_available,
    .check = cnn_check,
    .estimate = hr_cnn_estimate,
    .begin = cnn_begin,
    .learn = cnn_learn,
    .resume = cnn_resume,
    .is_trained = cnn_is_trained,
    .finish = cnn_finish,
    .destroy = cnn_destroy,
};
