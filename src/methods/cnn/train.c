/* A slot's training: rows in and out of the store, attempts with their state, and what
 * becomes of them. */
#include "methods/cnn/train.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/vector.h"
#include "data/prepare.h"
#include "models/network.h"
#include "nn/array_file.h"

enum {
  EPOCH_SHIFT = 40, /* a row's noise in an epoch: row + (epoch << 40) */
  ATTEMPTS = 2,
  SIGMA_ROWS = 128, /* that are predicted together */
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

static void give_up_rows(hr_cnn_training *slot) {
  hr_row_store_destroy(&slot->trained);
  hr_row_store_destroy(&slot->held_out);
  hr_free(slot->row_of);
  hr_free(slot->trained_target);
  hr_free(slot->held_out_target);
  hr_free(slot->held_out_snr);
  hr_free(slot->sum);
  hr_free(slot->sum_of_squares);
  hr_free(slot->scratch);
  slot->row_of = NULL;
  slot->trained_target = slot->held_out_target = slot->scratch = NULL;
  slot->sum = slot->sum_of_squares = slot->held_out_snr = NULL;
}

void hr_cnn_training_fini(hr_cnn_training *slot) {
  give_up_rows(slot);
  hr_free(slot->state_path);
  slot->state_path = NULL;
}

hr_status hr_cnn_training_init(hr_cnn_training *slot, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = slot->study->pixels;
  size_t kept = slot->parameters->redraw ? 2 * pixels : pixels;
  HR_TRY(hr_row_store_create(slot->trained_rows, kept, folder, &slot->trained, err));
  HR_TRY(hr_row_store_create(slot->held_out_rows, pixels, folder, &slot->held_out, err));
  HR_TRY(hr_alloc(&slot->row_of, slot->trained_rows, err));
  HR_TRY(hr_alloc(&slot->trained_target, slot->trained_rows, err));
  HR_TRY(hr_alloc(&slot->held_out_target, slot->held_out_rows, err));
  HR_TRY(hr_alloc(&slot->held_out_snr, slot->held_out_rows, err));
  HR_TRY(hr_alloc(&slot->sum, pixels, err));
  HR_TRY(hr_alloc(&slot->sum_of_squares, pixels, err));
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

hr_status hr_cnn_training_observe(hr_cnn_training *slot, const hr_block *block, size_t i,
                                  hr_error *err) {
  const hr_split_view *train = &slot->study->train;
  size_t row = block->first_row + i, pixels = block->pixels;
  const float *noisy = block->noisy + i * pixels;
  if (train->fold[row] == 0) {
    size_t at = hr_row_store_rows(slot->held_out);
    slot->held_out_target[at] = (float)train->target[row];
    slot->held_out_snr[at] = hr_block_snr(block, i);
    return hr_row_store_append(slot->held_out, &noisy, 1, err);
  }
  size_t at = hr_row_store_rows(slot->trained);
  slot->row_of[at] = (uint32_t)row;
  slot->trained_target[at] = (float)train->target[row];
  add_row(pixels, noisy, slot->sum, slot->sum_of_squares);
  if (!slot->parameters->redraw)
    return hr_row_store_append(slot->trained, &noisy, 1, err);
  const float *pieces[] = {block->flux + i * pixels, block->error + i * pixels};
  return hr_row_store_append(slot->trained, pieces, 2, err);
}

/* The fixed numbers of a model: pixels' and target's means and deviations. */
static void set_scales(const hr_cnn_training *slot, hr_cnn_model *model) {
  double count = (double)slot->trained_rows, mean = 0, variance = 0;
  for (size_t p = 0; p < slot->study->pixels; p++) {
    double m = slot->sum[p] / count;
    double v = slot->sum_of_squares[p] / count - m * m;
    /* What fp64 leaves of equal values is no variance. */
    model->mean[p] = (float)m;
    model->factor[p] = v > 1e-12 * m * m ? (float)(1 / sqrt(v)) : 0;
  }
  for (size_t i = 0; i < slot->trained_rows; i++) mean += (double)slot->trained_target[i];
  mean /= count;
  for (size_t i = 0; i < slot->trained_rows; i++) {
    double d = (double)slot->trained_target[i] - mean;
    variance += d * d / count;
  }
  model->target_mean = mean;
  model->target_deviation = variance > 0 ? sqrt(variance) : 1;
}

/* A batch on its way from the store into the network. */
typedef struct batch {
  const hr_cnn_training *slot;
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
  const hr_study_view *study = b->slot->study;
  size_t pixels = study->pixels;
  float *x = b->x + i * pixels;
  const float *kept =
      hr_row_store_get(b->store, b->rows[i], b->slot->scratch + 2 * thread * pixels);
  if (!kept) {
    b->failed = true;
    return;
  }
  if (b->redraws) {
    const hr_noise noise = {HR_NOISE_GENERATED, study->noise_level, study->seed,
                            HR_STREAM_NOISE_EPOCH};
    hr_prepare_noise(&noise, b->slot->row_of[b->rows[i]] + (b->epoch << EPOCH_SHIFT),
                     pixels, kept, kept + pixels, x);
    kept = x;
  }
  hr_cnn_model_scale(b->model, kept, x);
}

/* What the two sets of rows share: the model that knows the scales. */
typedef struct source {
  const hr_cnn_training *slot;
  const hr_cnn_model *model;
  const hr_row_store *store;
  bool redraws;
} source;

static hr_status fail_rows(const hr_cnn_training *slot, hr_error *err) {
  return hr_fail(err, HR_ERR_IO, "cannot read the rows of bin %d again", slot->slot);
}

static hr_status fill_batch(void *context, const uint32_t *rows, size_t count,
                            uint64_t epoch, float *x, hr_error *err) {
  const source *s = context;
  batch b = {.slot = s->slot,
             .model = s->model,
             .store = s->store,
             .rows = rows,
             .epoch = epoch,
             .x = x,
             .redraws = s->redraws};
  hr_parallel_for(count, fill_row, &b);
  if (!b.failed) return HR_OK;
  return fail_rows(s->slot, err);
}

static void expect_batch(void *context, const uint32_t *rows, size_t count) {
  const source *s = context;
  hr_row_store_expect(s->store, rows, count);
}

/* One training: the network, its scales, and what feeds it. */
typedef struct attempt {
  hr_cnn_training *slot;
  int number;
  double rate;
  hr_cnn_model model;
  float *trained_target, *held_out_target; /* standardised */
  source trained, held_out;
  hr_trainer *trainer;
  uint64_t fingerprint;
} attempt;

static void attempt_fini(attempt *a) {
  hr_trainer_destroy(&a->trainer);
  hr_cnn_model_fini(&a->model);
  hr_free(a->trained_target);
  hr_free(a->held_out_target);
}

static uint64_t add_bytes(uint64_t print, const void *bytes, size_t size) {
  return hr_fingerprint_bytes(print, bytes, size);
}

/* Of all that a training's result depends on, its spectra by their sums. */
static uint64_t fingerprint_of(const attempt *a) {
  const hr_cnn_training *slot = a->slot;
  const hr_cnn_parameters *p = slot->parameters;
  const hr_network_shape *shape = hr_network_shape_of(a->model.network);
  size_t pixels = slot->study->pixels;
  const uint64_t words[] = {
      (uint64_t)a->number,         (uint64_t)p->epochs,
      (uint64_t)p->batch_size,     hr_word_of(a->rate),
      hr_word_of(p->weight_decay), (uint64_t)p->warmup,
      (uint64_t)p->patience,       p->redraw,
      slot->study->seed,           hr_word_of(slot->study->noise_level)};
  uint64_t print = add_bytes(hr_fingerprint_start(), words, sizeof words);
  const char *convolver = slot->backend->convolver->name; /* tells the precision */
  print = add_bytes(print, convolver, strlen(convolver));
  print = add_bytes(print, shape->channels, sizeof shape->channels);
  const uint64_t sizes[] = {shape->pixels, shape->kernel, shape->pool, shape->hidden,
                            shape->batch_norm};
  print = add_bytes(print, sizes, sizeof sizes);
  print = add_bytes(print, slot->sum, pixels * sizeof *slot->sum);
  print = add_bytes(print, slot->sum_of_squares, pixels * sizeof *slot->sum);
  print = add_bytes(print, slot->trained_target,
                    slot->trained_rows * sizeof *slot->trained_target);
  return add_bytes(print, slot->held_out_target,
                   slot->held_out_rows * sizeof *slot->held_out_target);
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
  const hr_cnn_parameters *p = a->slot->parameters;
  return (hr_training_options){.epochs = (size_t)p->epochs,
                               .batch_rows = a->model.batch_rows,
                               .rate = a->rate,
                               .decay = p->weight_decay,
                               .warm_up = (size_t)p->warmup,
                               .patience = (size_t)p->patience,
                               .seed = a->slot->study->seed,
                               .observer = a->slot->study->observer,
                               .progress = progress};
}

/* No batch need be larger than the rows are many. */
static size_t batch_rows(const hr_cnn_training *slot) {
  size_t most =
      slot->trained_rows > slot->held_out_rows ? slot->trained_rows : slot->held_out_rows;
  size_t wanted = (size_t)slot->parameters->batch_size;
  return wanted < most ? wanted : most;
}

static hr_status attempt_init(attempt *a, hr_cnn_training *slot, int number,
                              hr_progress *progress, hr_error *err) {
  hr_status status = HR_OK;
  hr_network_shape shape;
  *a = (attempt){.slot = slot, .number = number, .rate = slot->parameters->lr};
  HR_TRY(hr_cnn_shape(slot->study, slot->parameters, &shape, err));
  if (number > 0) {
    shape.batch_norm = true;
    a->rate /= 10;
  }
  HR_TRY(hr_cnn_model_init(&a->model, &shape, batch_rows(slot), slot->backend, err));
  set_scales(slot, &a->model);
  HR_TRY(standardise(&a->model, slot->trained_target, slot->trained_rows,
                     &a->trained_target, err));
  HR_TRY(standardise(&a->model, slot->held_out_target, slot->held_out_rows,
                     &a->held_out_target, err));
  a->trained = (source){slot, &a->model, slot->trained, slot->parameters->redraw};
  a->held_out = (source){slot, &a->model, slot->held_out, false};
  const hr_training_rows trained = {slot->trained_rows, a->trained_target, fill_batch,
                                    expect_batch, &a->trained};
  const hr_training_rows held_out = {slot->held_out_rows, a->held_out_target, fill_batch,
                                     expect_batch, &a->held_out};
  const hr_training_options options = options_of(a, progress);
  HR_TRY(hr_trainer_create(a->model.network, &options, &trained, &held_out, &a->trainer,
                           err));
  a->fingerprint = fingerprint_of(a);
cleanup:
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
  size_t points = 0, patience = (size_t)a->slot->parameters->restart_after;
  *hopeless = false;
  while (!hr_trainer_is_over(a->trainer)) {
    HR_TRY(hr_trainer_epoch(a->trainer, err));
    const hr_curve_point *curve = hr_trainer_curve(a->trainer, &points);
    if (a->number + 1 < ATTEMPTS && points == patience && !has_learnt(curve, points)) {
      *hopeless = true;
      break;
    }
    const char *path = a->slot->state_path;
    if (path) HR_TRY(hr_trainer_save(a->trainer, path, a->fingerprint, err));
  }
cleanup:
  return status;
}

/* What a training that is over has made: the best epoch's model, and the curve. */
static hr_status take_result(attempt *a, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fit *fit = &out->fit;
  hr_cnn_model best = {.network = NULL};
  const hr_curve_point *curve = hr_trainer_curve(a->trainer, &fit->curve_points);
  double r2 = hr_trainer_best_r2(a->trainer);
  HR_TRY(hr_alloc(&fit->curve, fit->curve_points, err));
  memcpy(fit->curve, curve, fit->curve_points * sizeof *curve);
  fit->best_epoch = hr_trainer_best_epoch(a->trainer);
  hr_trainer_take_best(a->trainer);
  HR_TRY(hr_cnn_model_copy(&a->model, 1, &best, err));
  HR_TRY(hr_network_model_create_take(&best, fit->slot, &out->model, err));
  fit->status = HR_FIT_OK;
  fit->cv_r2[0] = isfinite(r2) ? r2 : (double)NAN;
  fit->validated_rows = a->slot->held_out_rows;
cleanup:
  hr_cnn_model_fini(&best);
  return status;
}

/* Held-out rows that are predicted together. */
typedef struct held_piece {
  size_t first, count;
  float *x; /* [SIGMA_ROWS][P] scratch */
  float mean[SIGMA_ROWS];
} held_piece;

static hr_status predict_held_out(const hr_cnn_training *slot, const hr_model *model,
                                  held_piece *piece, hr_error *err) {
  size_t pixels = slot->study->pixels, first = piece->first, count = piece->count;
  float *x = piece->x;
  uint32_t row[SIGMA_ROWS];
  for (size_t i = 0; i < count; i++) {
    const float *kept =
        hr_row_store_get(slot->held_out, (uint32_t)(first + i), slot->scratch);
    if (!kept) return fail_rows(slot, err);
    memcpy(x + i * pixels, kept, pixels * sizeof *x);
    row[i] = (uint32_t)i;
  }
  const hr_spectra spectra = {.rows = count, .pixels = pixels, .noisy = x};
  const hr_request request = {.model = model,
                              .row = row,
                              .count = count,
                              .variants = 1,
                              .mean = piece->mean,
                              .variant_stride = count};
  return hr_models_predict(&spectra, &request, 1, err);
}

/* The model's own predictions of the rows that it has not trained on: the same whether
 * its training was interrupted or not. */
static hr_status learn_sigma(const hr_cnn_training *slot, const hr_model *model,
                             hr_sigma *out, hr_error *err) {
  hr_status status = HR_OK;
  held_piece piece = {.x = NULL};
  double *residual = NULL;
  HR_TRY(hr_alloc(&piece.x, SIGMA_ROWS * slot->study->pixels, err));
  HR_TRY(hr_alloc(&residual, slot->held_out_rows, err));
  for (size_t at = 0; at < slot->held_out_rows; at += SIGMA_ROWS) {
    size_t left = slot->held_out_rows - at, count = left < SIGMA_ROWS ? left : SIGMA_ROWS;
    piece.first = at, piece.count = count;
    HR_TRY(predict_held_out(slot, model, &piece, err));
    for (size_t i = 0; i < count; i++) {
      residual[at + i] = (double)slot->held_out_target[at + i] - (double)piece.mean[i];
    }
  }
  const hr_sigma_rows rows = {slot->held_out_rows, residual, slot->held_out_snr, NULL};
  HR_TRY(hr_sigma_learn(&rows, out, err));
cleanup:
  hr_free(piece.x);
  hr_free(residual);
  return status;
}

static void note_restart(const hr_cnn_training *slot, hr_fit *fit) {
  char sentence[sizeof fit->note];
  snprintf(sentence, sizeof sentence,
           "no better than the mean within %d epochs: started again with lr %g and batch "
           "normalisation",
           (int)slot->parameters->restart_after, slot->parameters->lr / 10);
  hr_fit_add_note(fit, sentence);
}

static void judge(const hr_cnn_training *slot, hr_fit *fit) {
  char sentence[sizeof fit->note];
  size_t points = fit->curve_points;
  bool converged =
      hr_cnn_has_converged(fit->curve, points, (size_t)slot->parameters->epochs);
  fit->convergence = converged ? HR_CONVERGED : HR_NOT_CONVERGED;
  if (converged) return;
  if (has_learnt(fit->curve, points)) {
    snprintf(sentence, sizeof sentence,
             "not converged: validation R2 still rose in the last of %zu epochs, give it "
             "more",
             points);
  } else {
    snprintf(sentence, sizeof sentence,
             "not converged: no better than the mean after %zu epochs", points);
  }
  hr_fit_add_note(fit, sentence);
}

/* Begins, or takes up the attempt whose state was left behind. */
static hr_status begin(attempt *a, hr_cnn_training *slot, hr_progress *progress,
                       hr_error *err) {
  hr_status status = HR_OK;
  const char *path = slot->state_path;
  bool is_left = path && access(path, F_OK) == 0;
  for (int number = is_left ? ATTEMPTS - 1 : 0; number >= 0; number--) {
    HR_TRY(attempt_init(a, slot, number, progress, err));
    if (is_left && hr_trainer_load(a->trainer, path, a->fingerprint, NULL) == HR_OK) {
      size_t points = 0;
      hr_trainer_curve(a->trainer, &points);
      progress->done += points * slot->trained_rows;
      progress->skipped += points * slot->trained_rows;
      break;
    }
    if (number > 0) attempt_fini(a);
  }
cleanup:
  return status;
}

static hr_status train_with_remedy(hr_cnn_training *slot, attempt *a,
                                   hr_progress *progress, hr_fit *fit, hr_error *err) {
  hr_status status = HR_OK;
  bool hopeless = false;
  hr_error reason;
  uint64_t start = progress->done;
  HR_TRY(begin(a, slot, progress, err));
  bool was_restarted = a->number > 0;
  hr_status ran = run_attempt(a, &hopeless, &reason);
  if (!was_restarted && (hopeless || ran == HR_ERR_NUMERIC)) {
    was_restarted = true;
    progress->done = progress->skipped = start; /* whoever shows it begins anew */
    attempt_fini(a);
    HR_TRY(attempt_init(a, slot, 1, progress, err));
    ran = run_attempt(a, &hopeless, &reason);
  }
  if (was_restarted) note_restart(slot, fit);
  if (ran != HR_OK) status = hr_fail(err, ran, "%s", reason.message);
cleanup:
  return status;
}

hr_status hr_cnn_training_train(hr_cnn_training *slot, hr_progress *progress,
                                hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  attempt a = {.slot = NULL};
  const hr_store *store = &slot->study->store;
  uint64_t end =
      progress->done + (uint64_t)slot->parameters->epochs * (uint64_t)slot->trained_rows;
  HR_TRY(hr_alloc(&slot->scratch, 2 * hr_thread_count() * slot->study->pixels, err));
  if (store->open) {
    HR_TRY(store->open(store->context, 0, slot->slot, &slot->state_path, err));
  }
  HR_TRY(train_with_remedy(slot, &a, progress, &out->fit, err));
  HR_TRY(take_result(&a, out, err));
  HR_TRY(learn_sigma(slot, out->model, &out->fit.sigma, err));
  judge(slot, &out->fit);
  if (end > progress->done) progress->skipped += end - progress->done;
  progress->done = end; /* also where patience ended it */
cleanup:
  attempt_fini(&a);
  give_up_rows(slot);
  return status;
}
