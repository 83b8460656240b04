/* The 1D-CNN as a method: which slots it trains, the rows it keeps for them, and what it
 * will take. */
#include "methods/cnn/cnn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "methods/cnn/train.h"
#include "models/network.h"

enum {
  OPERATIONS_FOR_ONE = 2
}; /* of matrix products, in the time of one here:
      bench/cnn.md */

struct hr_learner {
  const hr_study_view *study;
  const hr_cnn_parameters *parameters;
  hr_network_backend backend;
  hr_progress progress;
  hr_cnn_training *slots; /* [K] */
  hr_trained *trained;    /* [K] what is known of each slot by now */
};

static bool is_wanted(const hr_cnn_parameters *p, size_t k) {
  for (size_t i = 0; i < p->bins.count; i++) {
    if (p->bins.items[i] == (double)k) return true;
  }
  return false;
}

static void cnn_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  for (size_t k = 0; k < learner->study->bin_count; k++) {
    if (learner->slots) hr_cnn_training_fini(&learner->slots[k]);
    if (learner->trained) hr_trained_fini(&learner->trained[k]);
  }
  hr_free(learner->slots);
  hr_free(learner->trained);
  hr_free(learner);
}

/* Rows of a bin in the first fold, and in the others. */
static void count_rows(const hr_split_view *train, size_t k, size_t *trained,
                       size_t *held_out) {
  *trained = *held_out = 0;
  for (size_t i = 0; i < train->rows; i++) {
    if (train->bin[i] != (int32_t)k) continue;
    if (train->fold[i] == 0) {
      ++*held_out;
    } else {
      ++*trained;
    }
  }
}

static double stored_bytes(const hr_study_view *study, const hr_cnn_parameters *p,
                           size_t trained, size_t held_out) {
  double kept = p->redraw ? 2 : 1;
  return 4 * (double)study->pixels * (kept * (double)trained + (double)held_out);
}

/* Bytes of all rows that have to be kept. */
static double all_stored_bytes(const hr_study_view *study, const hr_cnn_parameters *p) {
  double bytes = 0;
  for (size_t k = 0; k < study->bin_count; k++) {
    size_t trained = 0, held_out = 0;
    if (!is_wanted(p, k)) continue;
    count_rows(&study->train, k, &trained, &held_out);
    bytes += stored_bytes(study, p, trained, held_out);
  }
  return bytes;
}

static bool fits_memory(const hr_study_view *study, const hr_cnn_parameters *p) {
  return all_stored_bytes(study, p) <= 0.25 * (double)study->memory_bytes;
}

static bool is_enough(size_t trained, size_t held_out) {
  return trained >= HR_CNN_FEWEST_TRAINED && held_out >= HR_CNN_FEWEST_HELD_OUT;
}

static hr_status init_slot(hr_learner *learner, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_cnn_parameters *p = learner->parameters;
  hr_fit *fit = &learner->trained[k].fit;
  size_t trained = 0, held_out = 0;
  HR_TRY(hr_fit_init(fit, (int)k, 1, false, 0, err));
  count_rows(&study->train, k, &trained, &held_out);
  fit->train_rows = trained + held_out;
  if (!is_wanted(p, k)) {
    snprintf(fit->note, sizeof fit->note, "this expert was not asked for in this bin");
    fit->reason = HR_REASON_NOT_ASKED_FOR;
    goto cleanup;
  }
  if (!is_enough(trained, held_out)) {
    snprintf(fit->note, sizeof fit->note,
             "%zu row%s to train on and %zu held out; at least %d and %d are needed",
             trained, trained == 1 ? "" : "s", held_out, HR_CNN_FEWEST_TRAINED,
             HR_CNN_FEWEST_HELD_OUT);
    fit->reason = HR_REASON_TOO_FEW_ROWS;
    goto cleanup;
  }
  learner->slots[k] = (hr_cnn_training){.slot = (int)k,
                                        .study = study,
                                        .parameters = p,
                                        .backend = &learner->backend,
                                        .trained_rows = trained,
                                        .held_out_rows = held_out};
  const char *folder = fits_memory(study, p) ? NULL : study->folder;
  HR_TRY(hr_cnn_training_init(&learner->slots[k], folder, err));
  learner->progress.total += (uint64_t)p->epochs * trained;
cleanup:
  return status;
}

/* Whether rows of the slot are kept to be trained on. */
static bool has_rows(const hr_learner *learner, size_t k) {
  return learner->slots[k].trained != NULL;
}

static hr_status init_learner(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count;
  hr_network_shape shape;
  HR_TRY(hr_cnn_shape(learner->study, learner->parameters, &shape, err));
  learner->progress = (hr_progress){.stage = "training 1D-CNN", .unit = "spectra"};
  HR_TRY(hr_alloc(&learner->slots, bins, err));
  HR_TRY(hr_alloc(&learner->trained, bins, err));
  for (size_t k = 0; k < bins; k++) HR_TRY(init_slot(learner, k, err));
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

/* bf16 where it is wanted and the processor has it. */
static const hr_convolver *choose_convolver(const hr_study_view *study,
                                            const hr_cnn_parameters *parameters) {
  if (!parameters->precision || strcmp(parameters->precision, "bf16") != 0) {
    return hr_convolver_onednn();
  }
  if (hr_convolver_onednn_bf16()) return hr_convolver_onednn_bf16();
  hr_observe_warning(study->observer,
                     "1D-CNN: this processor has no bf16 products, "
                     "convolutions are computed in fp32");
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
  for (size_t i = 0; i < block->rows; i++) {
    if (bin[i] == HR_UNCOVERED || !has_rows(learner, (size_t)bin[i])) continue;
    HR_TRY(hr_cnn_training_observe(&learner->slots[bin[i]], block, i, err));
  }
cleanup:
  return status;
}

static void remove_state(const hr_learner *learner, int slot) {
  const hr_store *store = &learner->study->store;
  if (store->remove) store->remove(store->context, 0, slot);
}

static hr_status train_slot(hr_learner *learner, size_t k, hr_error *err) {
  hr_error reason;
  hr_trained *own = &learner->trained[k];
  hr_fit *fit = &own->fit;
  double start = hr_clock_seconds();
  hr_status trained =
      hr_cnn_training_train(&learner->slots[k], &learner->progress, own, &reason);
  if (trained == HR_ERR_NUMERIC || trained == HR_ERR_MEMORY) {
    fit->status = HR_FIT_FAILED;
    hr_fit_add_note(fit, reason.message);
  } else if (trained != HR_OK) {
    return hr_fail(err, trained, "%s", reason.message);
  }
  fit->seconds = hr_clock_seconds() - start;
  if (fit->note[0] != '\0') {
    hr_observe_warning(learner->study->observer, "1D-CNN, bin %zu: %s", k, fit->note);
  }
  if (fit->status != HR_FIT_OK) return HR_OK;
  const hr_keeper *keeper = &learner->study->keeper;
  hr_status status = HR_OK;
  if (keeper->keep) {
    status = keeper->keep(keeper->context, own->model, fit, err);
  }
  if (status == HR_OK) remove_state(learner, fit->slot); /* nothing to go on with */
  return status;
}

static hr_status check_rows(const hr_learner *learner, size_t k, hr_error *err) {
  const hr_cnn_training *slot = &learner->slots[k];
  size_t seen = hr_row_store_rows(slot->trained) + hr_row_store_rows(slot->held_out);
  if (seen == slot->trained_rows + slot->held_out_rows) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "cnn saw %zu rows of bin %zu, not %zu", seen, k,
                 slot->trained_rows + slot->held_out_rows);
}

static hr_status cnn_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < learner->study->bin_count; k++) {
    if (has_rows(learner, k)) {
      HR_TRY(check_rows(learner, k, err));
      HR_TRY(train_slot(learner, k, err));
    }
    out[k] = learner->trained[k];
    learner->trained[k] = (hr_trained){.model = NULL};
  }
cleanup:
  return status;
}

/* From model.cnn; the slot's rows are not asked for. */
static hr_status cnn_resume(hr_learner *learner, const hr_fit *kept, const char *folder,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_cnn_training *slot = &learner->slots[kept->slot];
  const hr_model_place place = {folder, learner->study->pixels, 1, &kept->slot, 1};
  hr_trained again = {.model = NULL};
  HR_TRY(hr_network_model_load(&place, &learner->backend, &again.model, err));
  HR_TRY(hr_fit_copy(kept, &again.fit, err));
  learner->progress.total -= (uint64_t)learner->parameters->epochs * slot->trained_rows;
  hr_cnn_training_fini(slot);
  hr_trained_fini(&learner->trained[kept->slot]);
  learner->trained[kept->slot] = again;
  again = (hr_trained){.model = NULL};
  remove_state(learner, kept->slot); /* of a run that was killed when it had the model */
cleanup:
  hr_trained_fini(&again);
  return status;
}

static bool cnn_is_trained(const hr_learner *learner) {
  for (size_t k = 0; k < learner->study->bin_count; k++) {
    if (has_rows(learner, k)) return false;
  }
  return true;
}

static void cnn_estimate(const hr_study_view *study, const void *parameters,
                         hr_cost *cost) {
  const hr_cnn_parameters *p = parameters;
  hr_network_shape shape;
  if (hr_cnn_shape(study, p, &shape, NULL) != HR_OK) return; /* begin says why */
  shape.batch_norm = true; /* a second training has it */
  double pixels = (double)study->pixels, rows = 0, most = 0, models = 0;
  for (size_t k = 0; k < study->bin_count; k++) {
    size_t trained = 0, held_out = 0;
    if (!is_wanted(p, k)) continue;
    count_rows(&study->train, k, &trained, &held_out);
    rows += (double)trained + (double)held_out / 3;
    most = fmax(most, fmax((double)trained, (double)held_out));
    models += 1;
  }
  double batch = fmin((double)p->batch_size, most), stored = all_stored_bytes(study, p);
  double weights = (double)hr_network_parameter_count(&shape);
  bool in_memory = fits_memory(study, p);
  cost->operations =
      OPERATIONS_FOR_ONE * 3 * hr_network_operations(&shape) * rows * (double)p->epochs;
  cost->gathered_bytes = models * 100 * pixels + (in_memory ? stored : 0);
  cost->memory_bytes = cost->gathered_bytes + hr_network_bytes(&shape, (size_t)batch) +
                       20 * weights +
                       4 * pixels * (batch + 2 * (double)hr_thread_count()) +
                       models * (hr_network_bytes(&shape, 1) +
                                 hr_network_bytes(&shape, HR_NETWORK_MODEL_BATCH));
  cost->disk_bytes = models * (4 * weights + 8 * pixels + 60 * (double)p->epochs) +
                     20 * weights + (in_memory ? 0 : stored) +
                     4 * (double)study->test_rows;
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
    {MEMBER(precision), .kind = HR_FIELD_TEXT, .default_text = "fp32",
     .choices = "fp32|bf16",
     .help = "What convolutions multiply: fp32, or values rounded to bf16, faster where "
             "the processor has it (else fp32, with a warning)."},
    {MEMBER(bins), .kind = HR_FIELD_NUMBERS, .default_text = "[3, 6]", .minimum = 0,
     .maximum = HR_MOST_BINS - 1, .order = HR_FIELD_DISTINCT, .whole = true,
     .least_count = 1, .help = "The bins that it is trained for."},
};

const hr_method hr_cnn_method = {
    .name = "cnn",
    .title = "1D-CNN",
    .summary = "A small convolutional network along the wavelength.",
    .parameters_size = sizeof(hr_cnn_parameters),
    .fields = fields,
    .field_count = COUNT(fields),
    .kind = &hr_network_model_type,
    .available = cnn_available,
    .check = cnn_check,
    .estimate = cnn_estimate,
    .begin = cnn_begin,
    .learn = cnn_learn,
    .resume = cnn_resume,
    .is_trained = cnn_is_trained,
    .finish = cnn_finish,
    .destroy = cnn_destroy,
};
