/* One training from its first epoch to its best parameters, and its state on disk after
 * any epoch. */
#include "nn/training.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "nn/adam.h"
#include "nn/array_file.h"

struct hr_trainer {
  hr_net *network;
  hr_training_options options;
  hr_training_rows train, held_out;
  size_t outputs; /* T */
  size_t epoch;   /* done */
  size_t best_epoch;
  double best_r2;
  size_t parameter_count, statistic_count;
  hr_curve_point *curve; /* [T][epochs] */
  hr_adam adam;
  float *first, *second;                    /* [parameters] Adam's */
  float *best_parameters, *best_statistics; /* of the best epoch */
  uint32_t *order;                          /* [train rows] of this epoch */
  float *x;                                 /* [batch rows][pixels] */
  float *target, *out;                      /* [batch rows][T] */
  double *squared_error, *r2;               /* [T] of the held-out rows */
};

void hr_trainer_destroy(hr_trainer **trainer) {
  hr_trainer *t = *trainer;
  *trainer = NULL;
  if (!t) return;
  hr_free(t->curve);
  hr_free(t->first);
  hr_free(t->second);
  hr_free(t->best_parameters);
  hr_free(t->best_statistics);
  hr_free(t->order);
  hr_free(t->x);
  hr_free(t->target);
  hr_free(t->out);
  hr_free(t->squared_error);
  hr_free(t->r2);
  hr_free(t);
}

static hr_status make(hr_trainer *t, hr_error *err) {
  hr_status status = HR_OK;
  size_t batch = t->options.batch_rows;
  size_t rows = t->train.count > t->held_out.count ? t->train.count : t->held_out.count;
  t->outputs = t->network->outputs;
  t->best_r2 = -(double)INFINITY;
  t->parameter_count = t->network->parameter_count;
  t->statistic_count = t->network->statistic_count;
  HR_TRY(hr_alloc(&t->curve, t->outputs * t->options.epochs, err));
  HR_TRY(hr_alloc(&t->first, t->parameter_count, err));
  HR_TRY(hr_alloc(&t->second, t->parameter_count, err));
  HR_TRY(hr_alloc(&t->best_parameters, t->parameter_count, err));
  HR_TRY(hr_alloc(&t->best_statistics, t->statistic_count, err));
  HR_TRY(hr_alloc(&t->order, rows, err));
  HR_TRY(hr_alloc(&t->x, batch * t->network->pixels, err));
  HR_TRY(hr_alloc(&t->target, batch * t->outputs, err));
  HR_TRY(hr_alloc(&t->out, batch * t->outputs, err));
  HR_TRY(hr_alloc(&t->squared_error, t->outputs, err));
  HR_TRY(hr_alloc(&t->r2, t->outputs, err));
  t->network->type->start(t->network, t->options.seed);
  t->adam = (hr_adam){
      t->parameter_count, t->network->parameters, t->network->gradient, t->first,
      t->second,          t->options.decay};
cleanup:
  return status;
}

hr_status hr_trainer_create(hr_net *network, const hr_training_options *options,
                            const hr_training_rows *train,
                            const hr_training_rows *held_out, hr_trainer **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_trainer *trainer = NULL;
  HR_TRY(hr_alloc(&trainer, 1, err));
  trainer->network = network;
  trainer->options = *options;
  trainer->train = *train;
  trainer->held_out = *held_out;
  HR_TRY(make(trainer, err));
  *out = trainer;
  trainer = NULL;
cleanup:
  hr_trainer_destroy(&trainer);
  return status;
}

/* A random order of the rows, keyed by (seed, epoch): Fisher & Yates. */
static void shuffle(hr_trainer *t) {
  size_t count = t->train.count;
  for (size_t i = 0; i < count; i++) t->order[i] = (uint32_t)i;
  for (size_t i = count; i-- > 1;) {
    uint32_t j = hr_uniform_below(t->options.seed, HR_STREAM_SHUFFLE, t->epoch,
                                  (uint32_t)i, (uint32_t)i + 1);
    uint32_t kept = t->order[i];
    t->order[i] = t->order[j];
    t->order[j] = kept;
  }
}

/* Steps an epoch: no batch is larger than asked for, and all are alike to a row. */
static size_t step_count(const hr_trainer *t) {
  return (t->train.count + t->options.batch_rows - 1) / t->options.batch_rows;
}

static double rate_at(const hr_trainer *t, size_t step) {
  const hr_training_options *o = &t->options;
  uint64_t steps = step_count(t), all = steps * o->epochs, warm_up = steps * o->warm_up;
  double above = hr_cosine_rate(o->rate - o->rate_floor, t->epoch * steps + step,
                                warm_up < all / 2 ? warm_up : all / 2, all);
  return o->rate_floor + above;
}

/* The targets of a batch, in its order. */
static void take_targets(const hr_trainer *t, const hr_training_rows *rows,
                         const uint32_t *batch, size_t count) {
  size_t outputs = t->outputs;
  for (size_t i = 0; i < count; i++) {
    memcpy(t->target + i * outputs, rows->target + batch[i] * outputs,
           outputs * sizeof *t->target);
  }
}

/* How far output i of the batch is from its target. */
static double error_at(const hr_trainer *t, size_t i) {
  return (double)(t->out[i] - t->target[i]);
}

/* Adds the batch's squared errors of known targets, and how many these are. */
static void measure(const hr_trainer *t, size_t count, double *sum, size_t *known) {
  double own = 0;
  for (size_t i = 0; i < count * t->outputs; i++) {
    double d = error_at(t, i);
    if (isnan(t->target[i])) continue;
    own += d * d;
  }
  *sum += own;
  *known += hr_net_known(t->target, count * t->outputs);
}

/* Where the batch of a step starts in the epoch's order. */
static size_t first_of(const hr_trainer *t, size_t step) {
  return t->train.count * step / step_count(t);
}

static void expect(const hr_trainer *t, const hr_training_rows *rows, size_t first,
                   size_t end) {
  if (!rows->expect || first >= end) return;
  rows->expect(rows->context, t->order + first, end - first);
}

/* One step; adds the batch's squared errors, and of how many targets they are. */
static hr_status train_batch(hr_trainer *t, size_t step, double *squared_error,
                             size_t *known, hr_error *err) {
  hr_status status = HR_OK;
  size_t steps = step_count(t);
  size_t first = first_of(t, step), end = first_of(t, step + 1), count = end - first;
  const uint32_t *batch = t->order + first;
  HR_TRY(t->train.fill(t->train.context, batch, count, t->epoch, t->x, err));
  if (step + 1 < steps) expect(t, &t->train, end, first_of(t, step + 2));
  take_targets(t, &t->train, batch, count);
  const hr_net_batch rows = {.x = t->x,
                             .target = t->target,
                             .rows = count,
                             .seed = t->options.seed,
                             .step = t->epoch * steps + step};
  HR_TRY(t->network->type->learn(t->network, &rows, t->out, err));
  measure(t, count, squared_error, known);
  if (t->options.clip > 0) {
    hr_clip_gradient(t->network->gradient, t->parameter_count, t->options.clip);
  }
  hr_adam_step(&t->adam, rows.step + 1, rate_at(t, step));
  if (!t->options.progress) goto cleanup;
  t->options.progress->done += count;
  HR_TRY(hr_observe_progress(t->options.observer, t->options.progress, err));
cleanup:
  return status;
}

/* Adds a batch's squared errors, output by output. */
static void add_errors(hr_trainer *t, size_t count) {
  for (size_t o = 0; o < t->outputs; o++) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
      double d = error_at(t, i * t->outputs + o);
      if (!isnan(t->target[i * t->outputs + o])) sum += d * d;
    }
    t->squared_error[o] += sum;
  }
}

/* R2 of the output about the held-out rows' own mean. */
static double held_out_r2(const hr_trainer *t, size_t o) {
  const hr_training_rows *rows = &t->held_out;
  double mean = 0, total = 0, known = 0;
  for (size_t i = 0; i < rows->count; i++) {
    double y = (double)rows->target[i * t->outputs + o];
    if (isnan(y)) continue;
    mean += y;
    known++;
  }
  mean /= known;
  for (size_t i = 0; i < rows->count; i++) {
    double d = (double)rows->target[i * t->outputs + o] - mean;
    if (!isnan(d)) total += d * d;
  }
  return total > 0 ? 1 - t->squared_error[o] / total : (double)NAN;
}

/* R2 [T] over the held-out rows. */
static hr_status validate(hr_trainer *t, hr_error *err) {
  hr_status status = HR_OK;
  const hr_training_rows *rows = &t->held_out;
  size_t most = t->options.batch_rows;
  memset(t->squared_error, 0, t->outputs * sizeof *t->squared_error);
  for (size_t i = 0; i < rows->count; i++) t->order[i] = (uint32_t)i;
  expect(t, rows, 0, rows->count < most ? rows->count : most);
  for (size_t first = 0; first < rows->count; first += t->options.batch_rows) {
    size_t left = rows->count - first;
    size_t count = left < most ? left : most, end = first + count;
    HR_TRY(rows->fill(rows->context, t->order + first, count, t->epoch, t->x, err));
    expect(t, rows, end, end + most < rows->count ? end + most : rows->count);
    HR_TRY(t->network->type->predict(t->network, t->x, count, t->out, err));
    take_targets(t, rows, t->order + first, count);
    add_errors(t, count);
  }
  for (size_t o = 0; o < t->outputs; o++) t->r2[o] = held_out_r2(t, o);
cleanup:
  return status;
}

/* Over the judged outputs that have one; NaN where none has. */
static double mean_r2(const hr_trainer *t) {
  double sum = 0, count = 0;
  size_t judged = t->options.judged > 0 ? t->options.judged : t->outputs;
  for (size_t o = 0; o < judged; o++) {
    if (isnan(t->r2[o])) continue;
    sum += t->r2[o];
    count++;
  }
  return sum / count;
}

static void keep_best(hr_trainer *t) {
  double r2 = mean_r2(t);
  if (!(r2 > t->best_r2)) return;
  t->best_r2 = r2;
  t->best_epoch = t->epoch;
  memcpy(t->best_parameters, t->network->parameters,
         t->parameter_count * sizeof *t->best_parameters);
  memcpy(t->best_statistics, t->network->statistics,
         t->statistic_count * sizeof *t->best_statistics);
}

/* A pool drops NaN, so parameters are looked at beside the loss. */
static bool is_finite(hr_trainer *t, double loss) {
  const float *parameters = t->network->parameters;
  bool finite = isfinite(loss);
  for (size_t i = 0; i < t->parameter_count; i++) {
    finite = finite && isfinite(parameters[i]);
  }
  return finite;
}

hr_status hr_trainer_epoch(hr_trainer *t, hr_error *err) {
  hr_status status = HR_OK;
  size_t steps = step_count(t);
  double squared_error = 0;
  size_t known = 0;
  shuffle(t);
  expect(t, &t->train, 0, first_of(t, 1));
  for (size_t step = 0; step < steps; step++) {
    HR_TRY(train_batch(t, step, &squared_error, &known, err));
  }
  double loss = squared_error / (double)known;
  if (!is_finite(t, loss)) {
    status = hr_fail(err, HR_ERR_NUMERIC,
                     "the loss is no number after %zu epoch%s at a learning rate of %g; "
                     "take a smaller lr",
                     t->epoch + 1, t->epoch == 0 ? "" : "s", t->options.rate);
    goto cleanup;
  }
  HR_TRY(validate(t, err));
  for (size_t o = 0; o < t->outputs; o++) {
    t->curve[o * t->options.epochs + t->epoch] =
        (hr_curve_point){loss, t->r2[o], rate_at(t, steps - 1)};
  }
  keep_best(t);
  t->epoch++;
cleanup:
  return status;
}

bool hr_trainer_is_over(const hr_trainer *t) {
  size_t patience = t->options.patience;
  return t->epoch >= t->options.epochs ||
         (patience > 0 && t->epoch > t->best_epoch + patience);
}

const hr_curve_point *hr_trainer_curve(const hr_trainer *t, size_t output,
                                       size_t *count) {
  *count = t->epoch;
  return t->curve + output * t->options.epochs;
}

size_t hr_trainer_best_epoch(const hr_trainer *t) {
  return t->best_epoch;
}

double hr_trainer_best_r2(const hr_trainer *t) {
  return t->best_r2;
}

void hr_trainer_take_best(hr_trainer *t) {
  if (isinf(t->best_r2)) return; /* there was none */
  memcpy(t->network->parameters, t->best_parameters,
         t->parameter_count * sizeof *t->best_parameters);
  memcpy(t->network->statistics, t->best_statistics,
         t->statistic_count * sizeof *t->best_statistics);
}

/* The state's words: fingerprint, epochs done, best epoch and R2, then the curves. */
enum { FINGERPRINT, EPOCHS, BEST_EPOCH, BEST_R2, CURVE, POINT = 3, PARTS = 6 };

static size_t point_count(const hr_trainer *t) {
  return t->outputs * t->options.epochs;
}

static size_t word_count(const hr_trainer *t) {
  return CURVE + POINT * point_count(t);
}

static void list_parts(const hr_trainer *t, hr_float_part parts[PARTS]) {
  parts[0] = (hr_float_part){t->network->parameters, t->parameter_count};
  parts[1] = (hr_float_part){t->network->statistics, t->statistic_count};
  parts[2] = (hr_float_part){t->first, t->parameter_count};
  parts[3] = (hr_float_part){t->second, t->parameter_count};
  parts[4] = (hr_float_part){t->best_parameters, t->parameter_count};
  parts[5] = (hr_float_part){t->best_statistics, t->statistic_count};
}

static hr_array_file describe(const hr_trainer *t, uint64_t *words,
                              const hr_float_part parts[PARTS]) {
  return (hr_array_file){"hrstate1", words, word_count(t), parts, PARTS};
}

hr_status hr_trainer_save(const hr_trainer *t, const char *path, uint64_t fingerprint,
                          hr_error *err) {
  hr_status status = HR_OK;
  uint64_t *words = NULL;
  hr_float_part parts[PARTS];
  list_parts(t, parts);
  HR_TRY(hr_alloc(&words, word_count(t), err));
  words[FINGERPRINT] = fingerprint;
  words[EPOCHS] = t->epoch;
  words[BEST_EPOCH] = t->best_epoch;
  words[BEST_R2] = hr_word_of(t->best_r2);
  for (size_t i = 0; i < point_count(t); i++) {
    uint64_t *point = words + CURVE + POINT * i;
    point[0] = hr_word_of(t->curve[i].train_loss);
    point[1] = hr_word_of(t->curve[i].validation_r2);
    point[2] = hr_word_of(t->curve[i].rate);
  }
  hr_array_file file = describe(t, words, parts);
  HR_TRY(hr_array_file_write(path, &file, err));
cleanup:
  hr_free(words);
  return status;
}

static void take_words(hr_trainer *t, const uint64_t *words) {
  t->epoch = (size_t)words[EPOCHS];
  t->best_epoch = (size_t)words[BEST_EPOCH];
  t->best_r2 = hr_double_of(words[BEST_R2]);
  for (size_t i = 0; i < point_count(t); i++) {
    const uint64_t *point = words + CURVE + POINT * i;
    t->curve[i] = (hr_curve_point){hr_double_of(point[0]), hr_double_of(point[1]),
                                   hr_double_of(point[2])};
  }
}

hr_status hr_trainer_load(hr_trainer *t, const char *path, uint64_t fingerprint,
                          hr_error *err) {
  hr_status status = HR_OK;
  uint64_t *words = NULL, found = 0;
  hr_float_part parts[PARTS];
  list_parts(t, parts);
  HR_TRY(hr_alloc(&words, word_count(t), err));
  hr_array_file file = describe(t, words, parts), first = file;
  first.words = &found;
  first.word_count = 1;
  HR_TRY(hr_array_file_read_words(path, &first, err));
  if (found != fingerprint) {
    status =
        hr_fail(err, HR_ERR_USAGE,
                "%s is the state of another training: of other data or options", path);
    goto cleanup;
  }
  HR_TRY(hr_array_file_read(path, &file, err));
  if (words[EPOCHS] > t->options.epochs) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s has seen %llu epochs of %zu", path,
                     (unsigned long long)words[EPOCHS], t->options.epochs);
    goto cleanup;
  }
  take_words(t, words);
cleanup:
  hr_free(words);
  return status;
}
