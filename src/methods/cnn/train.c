#include "methods/cnn/train.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/vector.h"
#include "data/prepare.h"
#include "nn/array_file.h"

enum {
  PREDICTED_ROWS = 16, /* a batch of a finished model: little memory, all threads busy */
  EPOCH_SHIFT = 40,    /* a row's noise in an epoch: row + (epoch << 40) */
  ATTEMPTS = 2,
};

hr_status hr_cnn_shape(const hr_study_view *study, const hr_cnn_parameters *parameters,
                       hr_network_shape *out, hr_error *err) {
  *out = (hr_network_shape){.pixels = study->pixels,
                            .blocks = parameters->channels.count,
                            .kernel = (size_t)parameters->kernel_size,
                            .pool = (size_t)parameters->pool_size,
                            .hidden = (size_t)parameters->fc_dim,
                            .batch_norm = parameters->batch_norm};
  for (size_t b = 0; b < out->blocks && b < HR_MOST_BLOCKS; b++) {
    out->channels[b] = (size_t)parameters->channels.items[b];
  }
  return hr_network_check(out, err);
}

static void give_up_rows(hr_cnn_training *bin) {
  hr_row_store_destroy(&bin->trained);
  hr_row_store_destroy(&bin->held_out);
  hr_free(bin->row_of);
  hr_free(bin->trained_target);
  hr_free(bin->held_out_target);
  hr_free(bin->sum);
  hr_free(bin->sum_of_squares);
  hr_free(bin->scratch);
  bin->row_of = NULL;
  bin->trained_target = bin->held_out_target = bin->scratch = NULL;
  bin->sum = bin->sum_of_squares = NULL;
}

void hr_cnn_training_fini(hr_cnn_training *bin) {
  give_up_rows(bin);
  hr_cnn_model_fini(&bin->model);
  hr_free(bin->curve);
  bin->curve = NULL;
}

hr_status hr_cnn_training_init(hr_cnn_training *bin, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = bin->study->pixels;
  size_t kept = bin->parameters->redraw ? 2 * pixels : pixels;
  HR_TRY(hr_row_store_create(bin->trained_rows, kept, folder, &bin->trained, err));
  HR_TRY(hr_row_store_create(bin->held_out_rows, pixels, folder, &bin->held_out, err));
  HR_TRY(hr_alloc(&bin->row_of, bin->trained_rows, err));
  HR_TRY(hr_alloc(&bin->trained_target, bin->trained_rows, err));
  HR_TRY(hr_alloc(&bin->held_out_target, bin->held_out_rows, err));
  HR_TRY(hr_alloc(&bin->sum, pixels, err));
  HR_TRY(hr_alloc(&bin->sum_of_squares, pixels, err));
cleanup:
  return status;
}

HR_VECTOR_CLONES
static void add_row(size_t pixels, const float *noisy, double *sum,
                    double *sum_of_squares) {
  for (size_t p = 0; p < pixels; p++) {
    double value = (double)noisy[p];
    sum[p] += value;
    sum_of_squares[p] += value * value;
  }
}

hr_status hr_cnn_training_observe(hr_cnn_training *bin, const hr_block *block, size_t i,
                                  hr_error *err) {
  const hr_split_view *train = &bin->study->train;
  size_t row = block->first_row + i, pixels = block->pixels;
  const float *noisy = block->noisy + i * pixels;
  if (train->fold[row] == 0) {
    bin->held_out_target[hr_row_store_rows(bin->held_out)] = (float)train->target[row];
    return hr_row_store_append(bin->held_out, &noisy, 1, err);
  }
  size_t at = hr_row_store_rows(bin->trained);
  bin->row_of[at] = (uint32_t)row;
  bin->trained_target[at] = (float)train->target[row];
  add_row(pixels, noisy, bin->sum, bin->sum_of_squares);
  if (!bin->parameters->redraw) return hr_row_store_append(bin->trained, &noisy, 1, err);
  const float *pieces[] = {block->flux + i * pixels, block->error + i * pixels};
  return hr_row_store_append(bin->trained, pieces, 2, err);
}

/* The fixed numbers of a model: pixels' and target's means and deviations. */
static void set_scales(const hr_cnn_training *bin, hr_cnn_model *model) {
  double count = (double)bin->trained_rows, mean = 0, variance = 0;
  for (size_t p = 0; p < bin->study->pixels; p++) {
    double m = bin->sum[p] / count;
    double v = bin->sum_of_squares[p] / count - m * m;
    /* What fp64 leaves of equal values is no variance. */
    model->mean[p] = (float)m;
    model->factor[p] = v > 1e-12 * m * m ? (float)(1 / sqrt(v)) : 0;
  }
  for (size_t i = 0; i < bin->trained_rows; i++) mean += (double)bin->trained_target[i];
  mean /= count;
  for (size_t i = 0; i < bin->trained_rows; i++) {
    double d = (double)bin->trained_target[i] - mean;
    variance += d * d / count;
  }
  model->target_mean = mean;
  model->target_deviation = variance > 0 ? sqrt(variance) : 1;
}

/* A batch on its way from the store into the network. */
typedef struct batch {
  const hr_cnn_training *bin;
  const hr_cnn_model *model;
  const hr_row_store *store;
  const uint32_t *rows;
  uint64_t epoch;
  float *x;
  bool redraws;
  atomic_bool failed;
} batch;

static void fill_row(void *context, size_t i, size_t thread) {
  batch *b = context;
  const hr_study_view *study = b->bin->study;
  size_t pixels = study->pixels;
  float *x = b->x + i * pixels;
  const float *kept =
      hr_row_store_get(b->store, b->rows[i], b->bin->scratch + 2 * thread * pixels);
  if (!kept) {
    b->failed = true;
    return;
  }
  if (b->redraws) {
    const hr_noise noise = {HR_NOISE_GENERATED, study->noise_level, study->seed,
                            HR_STREAM_NOISE_EPOCH};
    hr_prepare_noise(&noise, b->bin->row_of[b->rows[i]] + (b->epoch << EPOCH_SHIFT),
                     pixels, kept, kept + pixels, x);
    kept = x;
  }
  hr_cnn_model_scale(b->model, kept, x);
}

/* What the two sets of rows share: the model that knows the scales. */
typedef struct source {
  const hr_cnn_training *bin;
  const hr_cnn_model *model;
  const hr_row_store *store;
  bool redraws;
} source;

static hr_status fill_batch(void *context, const uint32_t *rows, size_t count,
                            uint64_t epoch, float *x, hr_error *err) {
  const source *s = context;
  batch b = {.bin = s->bin,
             .model = s->model,
             .store = s->store,
             .rows = rows,
             .epoch = epoch,
             .x = x,
             .redraws = s->redraws};
  hr_parallel_for(count, fill_row, &b);
  if (!b.failed) return HR_OK;
  return hr_fail(err, HR_ERR_IO, "cannot read the rows of bin %d again", s->bin->bin);
}

static void expect_batch(void *context, const uint32_t *rows, size_t count) {
  const source *s = context;
  hr_row_store_expect(s->store, rows, count);
}

/* One training: the network, its scales, and what feeds it. */
typedef struct attempt {
  hr_cnn_training *bin;
  int number;
  double rate;
  hr_cnn_model model;
  float *trained_target, *held_out_target; /* standardised */
  source trained, held_out;
  hr_trainer *trainer;
  char *state_path; /* NULL: none is kept */
  uint64_t fingerprint;
} attempt;

static void attempt_fini(attempt *a) {
  hr_trainer_destroy(&a->trainer);
  hr_cnn_model_fini(&a->model);
  hr_free(a->trained_target);
  hr_free(a->held_out_target);
  hr_free(a->state_path);
}

static uint64_t add_bytes(uint64_t print, const void *bytes, size_t size) {
  return hr_fingerprint_bytes(print, bytes, size);
}

/* Of all that a training's result depends on, its spectra by their sums. */
static uint64_t fingerprint_of(const attempt *a) {
  const hr_cnn_training *bin = a->bin;
  const hr_cnn_parameters *p = bin->parameters;
  const hr_network_shape *shape = hr_network_shape_of(a->model.network);
  size_t pixels = bin->study->pixels;
  const uint64_t words[] = {(uint64_t)a->number,
                            (uint64_t)p->epochs,
                            (uint64_t)p->batch_size,
                            hr_word_of(a->rate),
                            hr_word_of(p->weight_decay),
                            (uint64_t)p->warmup,
                            (uint64_t)p->patience,
                            p->redraw,
                            bin->study->seed,
                            hr_word_of(bin->study->noise_level)};
  uint64_t print = add_bytes(hr_fingerprint_start(), words, sizeof words);
  const char *convolver = bin->backend->convolver->name; /* tells the precision */
  print = add_bytes(print, convolver, strlen(convolver));
  print = add_bytes(print, shape->channels, sizeof shape->channels);
  const uint64_t sizes[] = {shape->pixels, shape->kernel, shape->pool, shape->hidden,
                            shape->batch_norm};
  print = add_bytes(print, sizes, sizeof sizes);
  print = add_bytes(print, bin->sum, pixels * sizeof *bin->sum);
  print = add_bytes(print, bin->sum_of_squares, pixels * sizeof *bin->sum);
  print = add_bytes(print, bin->trained_target,
                    bin->trained_rows * sizeof *bin->trained_target);
  return add_bytes(print, bin->held_out_target,
                   bin->held_out_rows * sizeof *bin->held_out_target);
}

static hr_status standardise(const hr_cnn_model *model, const float *target, size_t count,
                             float **out, hr_error *err) {
  hr_status status = hr_alloc(out, count, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) {
    double d = (double)target[i] - model->target_mean;
    (*out)[i] = (float)(d / model->target_deviation);
  }
  return status;
}

static hr_training_options options_of(const attempt *a, hr_progress *progress) {
  const hr_cnn_parameters *p = a->bin->parameters;
  return (hr_training_options){.epochs = (size_t)p->epochs,
                               .batch_rows = a->model.batch_rows,
                               .rate = a->rate,
                               .decay = p->weight_decay,
                               .warm_up = (size_t)p->warmup,
                               .patience = (size_t)p->patience,
                               .seed = a->bin->study->seed,
                               .observer = a->bin->study->observer,
                               .progress = progress};
}

/* No batch need be larger than the rows are many. */
static size_t batch_rows(const hr_cnn_training *bin) {
  size_t most =
      bin->trained_rows > bin->held_out_rows ? bin->trained_rows : bin->held_out_rows;
  size_t wanted = (size_t)bin->parameters->batch_size;
  return wanted < most ? wanted : most;
}

static hr_status attempt_init(attempt *a, hr_cnn_training *bin, int number,
                              hr_progress *progress, hr_error *err) {
  hr_status status = HR_OK;
  hr_network_shape shape;
  *a = (attempt){.bin = bin, .number = number, .rate = bin->parameters->lr};
  HR_TRY(hr_cnn_shape(bin->study, bin->parameters, &shape, err));
  if (number > 0) {
    shape.batch_norm = true;
    a->rate /= 10;
  }
  HR_TRY(hr_cnn_model_init(&a->model, &shape, batch_rows(bin), bin->backend, err));
  set_scales(bin, &a->model);
  HR_TRY(standardise(&a->model, bin->trained_target, bin->trained_rows,
                     &a->trained_target, err));
  HR_TRY(standardise(&a->model, bin->held_out_target, bin->held_out_rows,
                     &a->held_out_target, err));
  a->trained = (source){bin, &a->model, bin->trained, bin->parameters->redraw};
  a->held_out = (source){bin, &a->model, bin->held_out, false};
  const hr_training_rows trained = {bin->trained_rows, a->trained_target, fill_batch,
                                    expect_batch, &a->trained};
  const hr_training_rows held_out = {bin->held_out_rows, a->held_out_target, fill_batch,
                                     expect_batch, &a->held_out};
  const hr_training_options options = options_of(a, progress);
  HR_TRY(hr_trainer_create(a->model.network, &options, &trained, &held_out, &a->trainer,
                           err));
  a->fingerprint = fingerprint_of(a);
  HR_TRY(hr_cnn_training_state_path(bin, &a->state_path, err));
cleanup:
  return status;
}

hr_status hr_cnn_training_state_path(const hr_cnn_training *bin, char **out,
                                     hr_error *err) {
  hr_status status = HR_OK;
  char name[64], *folder = NULL;
  *out = NULL;
  if (!bin->study->folder) return HR_OK;
  snprintf(name, sizeof name, "tasks/%d-cnn", bin->bin);
  HR_TRY(hr_join_path(bin->study->folder, name, &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  HR_TRY(hr_join_path(folder, "training.state", out, err));
cleanup:
  hr_free(folder);
  return status;
}

static bool has_learnt(const hr_curve_point *curve, size_t points) {
  for (size_t i = 0; i < points; i++) {
    if (curve[i].validation_r2 > HR_CNN_LEARNT) return true;
  }
  return false;
}

static double best_of(const hr_curve_point *curve, size_t points) {
  double best = -(double)INFINITY;
  for (size_t i = 0; i < points; i++) best = fmax(best, curve[i].validation_r2);
  return best;
}

bool hr_cnn_has_converged(const hr_curve_point *curve, size_t points, size_t epochs) {
  if (!has_learnt(curve, points)) return false;
  if (points < epochs) return true; /* patience was at its end */
  size_t before = points - (points + 4) / 5;
  return best_of(curve, points) - best_of(curve, before) < HR_CNN_SETTLED;
}

/* Goes on until it is over; *hopeless: it has learnt nothing when it should have. */
static hr_status run_attempt(attempt *a, bool *hopeless, hr_error *err) {
  hr_status status = HR_OK;
  size_t points = 0, patience = (size_t)a->bin->parameters->restart_after;
  *hopeless = false;
  while (!hr_trainer_is_over(a->trainer)) {
    HR_TRY(hr_trainer_epoch(a->trainer, err));
    const hr_curve_point *curve = hr_trainer_curve(a->trainer, &points);
    if (a->number + 1 < ATTEMPTS && points == patience && !has_learnt(curve, points)) {
      *hopeless = true;
      break;
    }
    if (!a->state_path) continue;
    HR_TRY(hr_trainer_save(a->trainer, a->state_path, a->fingerprint, err));
  }
cleanup:
  return status;
}

/* Keeps what the study needs of a training that is over: the best epoch's model, for
 * small batches, and the curve. */
static hr_status keep_result(hr_cnn_training *bin, attempt *a, hr_error *err) {
  hr_status status = HR_OK;
  const hr_curve_point *curve = hr_trainer_curve(a->trainer, &bin->curve_points);
  HR_TRY(hr_alloc(&bin->curve, bin->curve_points, err));
  memcpy(bin->curve, curve, bin->curve_points * sizeof *curve);
  bin->best_epoch = hr_trainer_best_epoch(a->trainer);
  bin->best_r2 = hr_trainer_best_r2(a->trainer);
  hr_trainer_take_best(a->trainer);
  HR_TRY(hr_cnn_model_copy(&a->model, PREDICTED_ROWS, &bin->model, err));
cleanup:
  return status;
}

static void note(hr_cnn_training *bin, const char *sentence) {
  size_t used = strlen(bin->note), room = sizeof bin->note - used;
  snprintf(bin->note + used, room, "%s%s", used ? "; " : "", sentence);
}

static void note_restart(hr_cnn_training *bin) {
  char sentence[sizeof bin->note];
  snprintf(sentence, sizeof sentence,
           "no better than the mean within %d epochs: started again with lr %g and batch "
           "normalisation",
           (int)bin->parameters->restart_after, bin->parameters->lr / 10);
  note(bin, sentence);
}

static void judge(hr_cnn_training *bin) {
  char sentence[sizeof bin->note];
  bin->converged = hr_cnn_has_converged(bin->curve, bin->curve_points,
                                        (size_t)bin->parameters->epochs);
  if (bin->converged) return;
  if (has_learnt(bin->curve, bin->curve_points)) {
    snprintf(sentence, sizeof sentence,
             "not converged: validation R2 still rose in the last of %zu epochs, give it "
             "more",
             bin->curve_points);
  } else {
    snprintf(sentence, sizeof sentence,
             "not converged: no better than the mean after %zu epochs",
             bin->curve_points);
  }
  note(bin, sentence);
}

/* Begins, or takes up the attempt whose state was left behind. */
static hr_status begin(attempt *a, hr_cnn_training *bin, hr_progress *progress,
                       hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_cnn_training_state_path(bin, &path, err));
  bool is_left = path && access(path, F_OK) == 0;
  for (int number = is_left ? ATTEMPTS - 1 : 0; number >= 0; number--) {
    HR_TRY(attempt_init(a, bin, number, progress, err));
    if (is_left && hr_trainer_load(a->trainer, path, a->fingerprint, NULL) == HR_OK) {
      size_t points = 0;
      hr_trainer_curve(a->trainer, &points);
      progress->done += points * bin->trained_rows;
      progress->skipped += points * bin->trained_rows;
      break;
    }
    if (number > 0) attempt_fini(a);
  }
cleanup:
  hr_free(path);
  return status;
}

static hr_status train_with_remedy(hr_cnn_training *bin, attempt *a,
                                   hr_progress *progress, hr_error *err) {
  hr_status status = HR_OK;
  bool hopeless = false;
  hr_error reason;
  uint64_t start = progress->done;
  HR_TRY(begin(a, bin, progress, err));
  bool was_restarted = a->number > 0;
  hr_status ran = run_attempt(a, &hopeless, &reason);
  if (!was_restarted && (hopeless || ran == HR_ERR_NUMERIC)) {
    was_restarted = true;
    progress->done = progress->skipped = start; /* whoever shows it begins anew */
    attempt_fini(a);
    HR_TRY(attempt_init(a, bin, 1, progress, err));
    ran = run_attempt(a, &hopeless, &reason);
  }
  if (was_restarted) note_restart(bin);
  if (ran != HR_OK) status = hr_fail(err, ran, "%s", reason.message);
cleanup:
  return status;
}

hr_status hr_cnn_training_restore(hr_cnn_training *bin, const char *path,
                                  const hr_task *kept, hr_error *err) {
  hr_status status = HR_OK;
  hr_curve_point *curve = NULL;
  hr_cnn_model model = {.network = NULL};
  HR_TRY(hr_alloc(&curve, kept->curve_points, err));
  HR_TRY(hr_cnn_model_load(path, bin->study->pixels, batch_rows(bin), bin->backend,
                           &model, err));
  give_up_rows(bin);
  bin->model = model;
  for (size_t i = 0; i < kept->curve_points; i++) curve[i] = kept->curve[i];
  bin->curve = curve;
  curve = NULL;
  bin->curve_points = kept->curve_points;
  bin->best_epoch = kept->best_epoch;
  bin->best_r2 = kept->cv_r2[0];
  bin->converged = kept->convergence == HR_CONVERGED;
  memcpy(bin->note, kept->note, sizeof bin->note);
cleanup:
  hr_free(curve);
  return status;
}

hr_status hr_cnn_training_train(hr_cnn_training *bin, hr_progress *progress,
                                hr_error *err) {
  hr_status status = HR_OK;
  attempt a = {.bin = NULL};
  uint64_t end =
      progress->done + (uint64_t)bin->parameters->epochs * (uint64_t)bin->trained_rows;
  HR_TRY(hr_alloc(&bin->scratch, 2 * hr_thread_count() * bin->study->pixels, err));
  HR_TRY(train_with_remedy(bin, &a, progress, err));
  HR_TRY(keep_result(bin, &a, err));
  judge(bin);
  if (end > progress->done) progress->skipped += end - progress->done;
  progress->done = end; /* also where patience ended it */
cleanup:
  attempt_fini(&a);
  give_up_rows(bin);
  return status;
}
