#include "methods/cnn/cnn.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "methods/cnn/train.h"
#include "methods/gather.h"

enum {
  GATHERED = 256,         /* test rows that are predicted at a time */
  OPERATIONS_FOR_ONE = 2, /* of matrix products, in the time of one here: bench/cnn.md */
};

struct hr_learner {
  const hr_study_view *study;
  const hr_cnn_parameters *parameters;
  hr_network_backend backend;
  hr_progress progress;
  hr_cnn_training *bins; /* [K] */
  hr_task *tasks;        /* [K] */
  double *cv_r2;         /* [K] */
  float **predictions;   /* [K][test rows of the bin] */
  size_t *next_test_row; /* [K] */
  float *gathered;       /* [GATHERED][P] */
};

static bool is_wanted(const hr_cnn_parameters *p, size_t k) {
  for (size_t i = 0; i < p->bins.count; i++) {
    if (p->bins.items[i] == (double)k) return true;
  }
  return false;
}

static void cnn_destroy(hr_learner **address) {
  hr_learner *expert = *address;
  *address = NULL;
  if (!expert) return;
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (expert->bins) hr_cnn_training_fini(&expert->bins[k]);
    if (expert->predictions) hr_free(expert->predictions[k]);
  }
  hr_free(expert->bins);
  hr_free(expert->tasks);
  hr_free(expert->cv_r2);
  hr_free(expert->predictions);
  hr_free(expert->next_test_row);
  hr_free(expert->gathered);
  hr_free(expert);
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

static bool is_enough(const hr_cnn_training *bin) {
  return bin->trained_rows >= HR_CNN_FEWEST_TRAINED &&
         bin->held_out_rows >= HR_CNN_FEWEST_HELD_OUT;
}

static hr_status init_bin(hr_learner *expert, size_t k, size_t test_rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  hr_cnn_training *bin = &expert->bins[k];
  hr_task *task = &expert->tasks[k];
  size_t trained = 0, held_out = 0;
  HR_TRY(hr_alloc(&expert->predictions[k], test_rows, err));
  count_rows(&study->train, k, &trained, &held_out);
  expert->cv_r2[k] = (double)NAN;
  *task = (hr_task){.bin = (int)k,
                    .status = HR_FIT_SKIPPED,
                    .train_rows = trained + held_out,
                    .test_rows = test_rows,
                    .variant_count = 1,
                    .cv_r2 = &expert->cv_r2[k],
                    .predictions = expert->predictions[k]};
  if (!is_wanted(expert->parameters, k)) {
    snprintf(task->note, sizeof task->note, "this expert was not asked for in this bin");
    goto cleanup;
  }
  *bin = (hr_cnn_training){.bin = (int)k,
                           .study = study,
                           .parameters = expert->parameters,
                           .backend = &expert->backend,
                           .trained_rows = trained,
                           .held_out_rows = held_out};
  if (!is_enough(bin)) {
    snprintf(task->note, sizeof task->note,
             "%zu row%s to train on and %zu held out; at least %d and %d are needed",
             trained, trained == 1 ? "" : "s", held_out, HR_CNN_FEWEST_TRAINED,
             HR_CNN_FEWEST_HELD_OUT);
    goto cleanup;
  }
  const char *folder = fits_memory(study, expert->parameters) ? NULL : study->folder;
  HR_TRY(hr_cnn_training_init(bin, folder, err));
  expert->progress.total += (uint64_t)expert->parameters->epochs * trained;
cleanup:
  return status;
}

static bool is_trained(const hr_learner *expert, size_t k) {
  return expert->bins[k].trained != NULL;
}

static hr_status init_expert(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t bins = study->bin_count, *test_rows = NULL;
  hr_network_shape shape;
  HR_TRY(hr_cnn_shape(study, expert->parameters, &shape, err));
  expert->progress = (hr_progress){.stage = "training 1D-CNN", .unit = "spectra"};
  HR_TRY(hr_alloc(&expert->bins, bins, err));
  HR_TRY(hr_alloc(&expert->tasks, bins, err));
  HR_TRY(hr_alloc(&expert->cv_r2, bins, err));
  HR_TRY(hr_alloc(&expert->predictions, bins, err));
  HR_TRY(hr_alloc(&expert->next_test_row, bins, err));
  HR_TRY(hr_alloc(&expert->gathered, GATHERED * study->pixels, err));
  HR_TRY(hr_alloc(&test_rows, bins + 1, err));
  hr_count_bins(study->test.route, study->test.rows, bins, test_rows);
  for (size_t k = 0; k < bins; k++) HR_TRY(init_bin(expert, k, test_rows[k], err));
cleanup:
  hr_free(test_rows);
  return status;
}

hr_status hr_cnn_create_with(const hr_network_backend *backend,
                             const hr_study_view *study,
                             const hr_cnn_parameters *parameters, hr_learner **out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = NULL;
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->parameters = parameters;
  expert->backend = *backend;
  HR_TRY(init_expert(expert, err));
  *out = expert;
  expert = NULL;
cleanup:
  cnn_destroy(&expert);
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

static hr_status cnn_create(const hr_study_view *study, const void *parameters,
                            hr_learner **out, hr_error *err) {
  const hr_network_backend backend = {choose_convolver(study, parameters),
                                      study->compute};
  return hr_cnn_create_with(&backend, study, parameters, out, err);
}

static hr_status cnn_observe(hr_learner *expert, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  const int32_t *bin = expert->study->train.bin + block->first_row;
  for (size_t i = 0; i < block->rows; i++) {
    if (bin[i] == HR_UNCOVERED || !is_trained(expert, (size_t)bin[i])) continue;
    HR_TRY(hr_cnn_training_observe(&expert->bins[bin[i]], block, i, err));
  }
cleanup:
  return status;
}

/* What the bin became, as the study sees it. */
static void fill_task(hr_learner *expert, size_t k) {
  const hr_cnn_training *bin = &expert->bins[k];
  hr_task *task = &expert->tasks[k];
  expert->cv_r2[k] = isfinite(bin->best_r2) ? bin->best_r2 : (double)NAN;
  task->status = HR_FIT_OK;
  task->validated_rows = bin->held_out_rows;
  task->convergence = bin->converged ? HR_CONVERGED : HR_NOT_CONVERGED;
  task->curve = bin->curve;
  task->curve_points = bin->curve_points;
  task->best_epoch = bin->best_epoch;
}

static hr_status train_bin(hr_learner *expert, size_t k, hr_error *err) {
  hr_error reason;
  hr_cnn_training *bin = &expert->bins[k];
  hr_task *task = &expert->tasks[k];
  double start = hr_clock_seconds();
  hr_status trained = hr_cnn_training_train(bin, &expert->progress, &reason);
  memcpy(task->note, bin->note, sizeof task->note);
  if (trained == HR_OK) {
    fill_task(expert, k);
  } else if (trained == HR_ERR_NUMERIC || trained == HR_ERR_MEMORY) {
    size_t used = strlen(task->note);
    task->status = HR_FIT_FAILED;
    snprintf(task->note + used, sizeof task->note - used, "%s%.200s", used ? "; " : "",
             reason.message);
  } else {
    return hr_fail(err, trained, "%s", reason.message);
  }
  task->seconds = hr_clock_seconds() - start;
  if (task->note[0] != '\0') {
    hr_observe_warning(expert->study->observer, "1D-CNN, bin %zu: %s", k, task->note);
  }
  const hr_keeper *keeper = &expert->study->keeper;
  if (task->status != HR_FIT_OK || !keeper->keep) return HR_OK;
  return keeper->keep(keeper->context, expert, task, err);
}

static hr_status check_rows(const hr_learner *expert, size_t k, hr_error *err) {
  const hr_cnn_training *bin = &expert->bins[k];
  size_t seen = hr_row_store_rows(bin->trained) + hr_row_store_rows(bin->held_out);
  if (seen == bin->trained_rows + bin->held_out_rows) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "cnn saw %zu rows of bin %zu, not %zu", seen, k,
                 bin->trained_rows + bin->held_out_rows);
}

static hr_status cnn_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (!is_trained(expert, k)) continue;
    HR_TRY(check_rows(expert, k, err));
    HR_TRY(train_bin(expert, k, err));
  }
cleanup:
  return status;
}

static hr_status predict_gathered(hr_learner *expert, size_t k, size_t count,
                                  hr_error *err) {
  float *out = expert->predictions[k] + expert->next_test_row[k];
  expert->next_test_row[k] += count;
  return hr_cnn_model_predict(&expert->bins[k].model, expert->gathered, NULL, count, out,
                              err);
}

static hr_status predict_rows(hr_learner *expert, size_t k, const hr_block *block,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_gather rows = {.block = block,
                    .bin = expert->study->test.route + block->first_row,
                    .wanted = (int32_t)k,
                    .rows = expert->gathered,
                    .most = GATHERED};
  for (size_t count; (count = hr_gather_next(&rows)) > 0;) {
    HR_TRY(predict_gathered(expert, k, count, err));
  }
cleanup:
  return status;
}

static hr_status cnn_observe_test(hr_learner *expert, const hr_block *block,
                                  hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (expert->tasks[k].status != HR_FIT_OK) continue;
    HR_TRY(predict_rows(expert, k, block, err));
  }
cleanup:
  return status;
}

static const hr_task *cnn_tasks(const hr_learner *expert, size_t *count) {
  *count = expert->study->bin_count;
  return expert->tasks;
}

/* curves.csv: one line an epoch. */
static hr_status save_curves(const hr_cnn_training *bin, const char *folder,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, number[3][HR_FIELD_NUMBER_BYTES];
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "epoch,train_loss,validation_r2,lr\n");
  for (size_t i = 0; i < bin->curve_points; i++) {
    const hr_curve_point *point = &bin->curve[i];
    hr_field_format_number(point->train_loss, number[0]);
    hr_field_format_number(point->validation_r2, number[1]);
    hr_field_format_number(point->rate, number[2]);
    hr_text_append(&text, "%zu,%s,%s,%s\n", i + 1, number[0], number[1], number[2]);
  }
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(folder, "curves.csv", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}

static hr_status cnn_save(const hr_learner *expert, const hr_task *task,
                          const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_cnn_training *bin = &expert->bins[task->bin];
  char *path = NULL, *state = NULL;
  HR_TRY(hr_join_path(folder, "model.cnn", &path, err));
  HR_TRY(hr_cnn_model_save(&bin->model, path, err));
  HR_TRY(save_curves(bin, folder, err));
  HR_TRY(hr_cnn_training_state_path(bin, &state, err));
  if (state) unlink(state); /* the model is there: nothing to go on with */
cleanup:
  hr_free(path);
  hr_free(state);
  return status;
}

static hr_status cnn_restore(hr_learner *expert, const hr_task *kept, const char *folder,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t k = (size_t)kept->bin;
  hr_cnn_training *bin = &expert->bins[k];
  hr_task *task = &expert->tasks[k];
  char *path = NULL;
  HR_TRY(hr_join_path(folder, "model.cnn", &path, err));
  HR_TRY(hr_cnn_training_restore(bin, path, kept, err));
  expert->progress.total -= (uint64_t)expert->parameters->epochs * bin->trained_rows;
  fill_task(expert, k);
  memcpy(task->note, bin->note, sizeof task->note);
  task->seconds = kept->seconds;
cleanup:
  hr_free(path);
  return status;
}

static bool cnn_is_trained(const hr_learner *expert) {
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (is_trained(expert, k)) return false; /* it has rows to be trained on */
  }
  return true;
}

static void cnn_estimate(const hr_study_view *study, const void *parameters,
                         hr_cost *cost) {
  const hr_cnn_parameters *p = parameters;
  hr_network_shape shape;
  if (hr_cnn_shape(study, p, &shape, NULL) != HR_OK) return; /* create says why */
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
  cost->gathered_bytes =
      4 * pixels * GATHERED + models * 100 * pixels + (in_memory ? stored : 0);
  cost->memory_bytes = cost->gathered_bytes + hr_network_bytes(&shape, (size_t)batch) +
                       20 * weights +
                       4 * pixels * (batch + 2 * (double)hr_thread_count()) +
                       models * hr_network_bytes(&shape, 16);
  cost->disk_bytes = models * (4 * weights + 8 * pixels + 60 * (double)p->epochs) +
                     20 * weights + (in_memory ? 0 : stored) +
                     4 * (double)study->test.rows;
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
    .available = cnn_available,
    .check = cnn_check,
    .create = cnn_create,
    .destroy = cnn_destroy,
    .estimate = cnn_estimate,
    .observe = cnn_observe,
    .train = cnn_train,
    .observe_test = cnn_observe_test,
    .tasks = cnn_tasks,
    .save = cnn_save,
    .restore = cnn_restore,
    .is_trained = cnn_is_trained,
};
