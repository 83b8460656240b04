/* The training of a network: attempts with their state, and the remedies. */
#include "methods/net/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/parallel.h"
#include "core/text.h"
#include "methods/net/result.h"
#include "nn/array_file.h"

enum { ATTEMPTS = 2 };

/* Counts on whenever the same training ends with other bytes than before: the state of a
 * former one is not gone on with. */
enum { STATE_REVISION = 3 };

bool hr_net_has_heads(const hr_net_settings *settings) {
  return settings->heads && strcmp(settings->heads, "bins") == 0;
}

/* Outputs that the networks have at most. */
static size_t most_outputs(const hr_study_view *study, const hr_net_settings *settings) {
  size_t targets = hr_study_targets(study), beside = settings->auxiliary.count;
  size_t bins = settings->bins.count > 0 ? settings->bins.count : study->bin_count;
  if (hr_net_has_heads(settings)) {
    return targets * (bins + (settings->global ? 1 : 0)) + beside;
  }
  return (settings->joint ? targets : 1) + beside;
}

hr_status hr_net_design_of(const hr_net_method *method, const hr_study_view *study,
                           const void *parameters, hr_net_design *out, hr_error *err) {
  *out = (hr_net_design){.kind = method->kind};
  method->shape(study, parameters, out);
  method->kind->set_outputs(out, most_outputs(study, method->settings(parameters)));
  return method->kind->check(out, err);
}

/* One training: the network, its scales, and what feeds it. */
typedef struct attempt {
  const hr_net_training *training;
  int number;
  double rate;
  hr_net_model model;                      /* its target's scales are not used */
  double *target_mean, *target_deviation;  /* [outputs] */
  float *trained_target, *held_out_target; /* [rows][outputs] standardised */
  hr_net_source trained, held_out;
  hr_trainer *trainer;
  char *state_path; /* of the unfinished training; borrowed, NULL: none is kept */
  uint64_t fingerprint;
} attempt;

static void attempt_fini(attempt *a) {
  hr_trainer_destroy(&a->trainer);
  hr_net_model_fini(&a->model);
  hr_free(a->trained_target);
  hr_free(a->held_out_target);
  hr_free(a->target_mean);
  hr_free(a->target_deviation);
}

static uint64_t add_bytes(uint64_t print, const void *bytes, size_t size) {
  return hr_fingerprint_bytes(print, bytes, size);
}

/* Of the labels that are learnt, and of whose rows. */
static uint64_t add_labels(uint64_t print, const hr_net_training *training) {
  const hr_net_rows *rows = training->rows;
  for (size_t o = 0; o < training->output_count; o++) {
    const hr_net_output *output = &training->outputs[o];
    print = add_bytes(print, &output->slot, sizeof output->slot);
    print = add_bytes(print, hr_net_rows_trained(rows, output->label),
                      rows->trained_count * sizeof(float));
    print = add_bytes(print, hr_net_rows_held_out(rows, output->label),
                      rows->held_out_count * sizeof(float));
  }
  print = add_bytes(print, rows->trained_bin, rows->trained_count * sizeof(int32_t));
  return add_bytes(print, rows->held_out_bin, rows->held_out_count * sizeof(int32_t));
}

/* Of shape, back end and the weights that it starts with. */
static uint64_t add_network(uint64_t print, const hr_net_model *model) {
  const hr_net_kind *kind = model->design.kind;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  const char *engine = kind->engine(&model->design); /* tells the precision */
  kind->write(&model->design, words);
  print = add_bytes(print, words, sizeof words);
  print = add_bytes(print, engine, strlen(engine));
  print = kind->add_training(print, &model->design);
  return add_bytes(print, model->net->parameters,
                   model->net->parameter_count * sizeof(float));
}

/* Of all that a training's result depends on, its spectra by their sums. */
static uint64_t fingerprint_of(const attempt *a) {
  const hr_net_rows *rows = a->training->rows;
  const hr_net_settings *p = a->training->settings;
  size_t pixels = rows->study->pixels;
  const uint64_t words[] = {STATE_REVISION,
                            (uint64_t)a->number,
                            (uint64_t)p->epochs,
                            (uint64_t)p->batch_size,
                            hr_word_of(a->rate),
                            hr_word_of(p->min_lr),
                            hr_word_of(p->weight_decay),
                            hr_word_of(p->grad_clip),
                            (uint64_t)p->warmup,
                            (uint64_t)p->patience,
                            p->redraw,
                            a->training->models,
                            a->training->output_count,
                            rows->study->seed,
                            hr_word_of(rows->study->noise_level)};
  uint64_t print = add_bytes(hr_fingerprint_start(), words, sizeof words);
  print = add_network(print, &a->model);
  print = add_bytes(print, a->model.mean, pixels * sizeof(float));
  print = add_bytes(print, rows->sum, pixels * sizeof *rows->sum);
  print = add_bytes(print, rows->sum_of_squares, pixels * sizeof *rows->sum);
  return add_labels(print, a->training);
}

/* Mean and deviation of output o's labels over the rows that it is trained on. */
static void set_target_scale(attempt *a, size_t o) {
  const hr_net_rows *rows = a->training->rows;
  const hr_net_output *output = &a->training->outputs[o];
  const float *target = hr_net_rows_trained(rows, output->label);
  double count = 0, mean = 0, variance = 0;
  for (size_t i = 0; i < rows->trained_count; i++) {
    if (!hr_net_is_of_slot(output->slot, rows->trained_bin[i])) continue;
    mean += (double)target[i];
    count++;
  }
  mean /= count;
  for (size_t i = 0; i < rows->trained_count; i++) {
    if (!hr_net_is_of_slot(output->slot, rows->trained_bin[i])) continue;
    double d = (double)target[i] - mean;
    variance += d * d / count;
  }
  a->target_mean[o] = mean;
  a->target_deviation[o] = variance > 0 ? sqrt(variance) : 1;
}

/* Some rows' labels [count] and bins [count]. */
typedef struct labelled_rows {
  const float *label;
  const int32_t *bin;
  size_t count;
} labelled_rows;

/* Of output o; out: [count][outputs], NaN where the row is not its own. */
static void standardise(const attempt *a, size_t o, const labelled_rows *rows,
                        float *out) {
  size_t outputs = a->training->output_count;
  for (size_t i = 0; i < rows->count; i++) {
    bool is_own = hr_net_is_of_slot(a->training->outputs[o].slot, rows->bin[i]);
    double d = (double)rows->label[i] - a->target_mean[o];
    out[i * outputs + o] = is_own ? (float)(d / a->target_deviation[o]) : NAN;
  }
}

static hr_training_options options_of(const attempt *a, hr_progress *progress) {
  const hr_net_settings *p = a->training->settings;
  const hr_study_view *study = a->training->rows->study;
  return (hr_training_options){.epochs = (size_t)p->epochs,
                               .batch_rows = a->model.batch_rows,
                               .judged = a->training->models,
                               .rate = a->rate,
                               .rate_floor = fmin(p->min_lr, a->rate),
                               .clip = p->grad_clip,
                               .decay = p->weight_decay,
                               .warm_up = (size_t)p->warmup,
                               .patience = (size_t)p->patience,
                               .seed = study->seed,
                               .observer = study->observer,
                               .progress = progress};
}

/* No batch need be larger than the rows are many. */
static size_t batch_rows(const hr_net_training *training) {
  const hr_net_rows *rows = training->rows;
  size_t trained = rows->trained_count, held_out = rows->held_out_count;
  size_t most = trained > held_out ? trained : held_out;
  size_t wanted = (size_t)training->settings->batch_size;
  return wanted < most ? wanted : most;
}

static hr_status make_targets(attempt *a, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_rows *rows = a->training->rows;
  size_t outputs = a->training->output_count;
  HR_TRY(hr_alloc(&a->target_mean, outputs, err));
  HR_TRY(hr_alloc(&a->target_deviation, outputs, err));
  HR_TRY(hr_alloc(&a->trained_target, outputs * rows->trained_count, err));
  HR_TRY(hr_alloc(&a->held_out_target, outputs * rows->held_out_count, err));
  for (size_t o = 0; o < outputs; o++) {
    size_t l = a->training->outputs[o].label;
    const labelled_rows trained = {hr_net_rows_trained(rows, l), rows->trained_bin,
                                   rows->trained_count};
    const labelled_rows held_out = {hr_net_rows_held_out(rows, l), rows->held_out_bin,
                                    rows->held_out_count};
    set_target_scale(a, o);
    standardise(a, o, &trained, a->trained_target);
    standardise(a, o, &held_out, a->held_out_target);
  }
cleanup:
  return status;
}

static hr_status make_trainer(attempt *a, hr_progress *progress, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_training *training = a->training;
  HR_TRY(make_targets(a, err));
  a->trained = (hr_net_source){training->rows, &a->model, false};
  a->held_out = (hr_net_source){training->rows, &a->model, true};
  const hr_training_rows trained = hr_net_source_rows(&a->trained, a->trained_target);
  const hr_training_rows held_out = hr_net_source_rows(&a->held_out, a->held_out_target);
  const hr_training_options options = options_of(a, progress);
  HR_TRY(
      hr_trainer_create(a->model.net, &options, &trained, &held_out, &a->trainer, err));
  if (training->method->start) {
    HR_TRY(training->method->start(training->parameters, a->model.net, err));
  }
cleanup:
  return status;
}

static hr_status make_model(attempt *a, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_training *training = a->training;
  const hr_net_method *method = training->method;
  bool raw = method->takes_raw && method->takes_raw(training->parameters);
  hr_net_design design;
  HR_TRY(hr_net_design_of(method, training->rows->study, training->parameters, &design,
                          err));
  design.backend = training->design->backend;
  design.kind->set_outputs(&design, training->output_count);
  if (a->number > 0 && method->steady) method->steady(&design);
  HR_TRY(hr_net_model_init(&a->model, &design, batch_rows(training), err));
  hr_net_rows_set_scales(training->rows, raw, &a->model);
cleanup:
  return status;
}

static hr_status attempt_init(attempt *a, const hr_net_training *training, int number,
                              hr_progress *progress, hr_error *err) {
  hr_status status = HR_OK;
  double rate = training->settings->lr;
  *a = (attempt){.training = training,
                 .number = number,
                 .rate = number > 0 ? rate / 10 : rate,
                 .state_path = a->state_path};
  HR_TRY(make_model(a, err));
  HR_TRY(make_trainer(a, progress, err));
  a->fingerprint = fingerprint_of(a);
cleanup:
  return status;
}

/* Whether some target is predicted better than by its mean. */
static bool has_learnt(const attempt *a) {
  size_t points = 0;
  for (size_t o = 0; o < a->training->models; o++) {
    const hr_curve_point *curve = hr_trainer_curve(a->trainer, o, &points);
    if (hr_net_has_learnt(curve, points)) return true;
  }
  return false;
}

static size_t epochs_of(const attempt *a) {
  size_t points = 0;
  hr_trainer_curve(a->trainer, 0, &points);
  return points;
}

/* Goes on until it is over; *hopeless: it has learnt nothing when it should have. */
static hr_status run_attempt(attempt *a, bool *hopeless, hr_error *err) {
  hr_status status = HR_OK;
  size_t patience = (size_t)a->training->settings->restart_after;
  *hopeless = false;
  while (!hr_trainer_is_over(a->trainer)) {
    HR_TRY(hr_trainer_epoch(a->trainer, err));
    if (a->number + 1 < ATTEMPTS && epochs_of(a) == patience && !has_learnt(a)) {
      *hopeless = true;
      break;
    }
    if (a->state_path) {
      HR_TRY(hr_trainer_save(a->trainer, a->state_path, a->fingerprint, err));
    }
  }
cleanup:
  return status;
}

/* A training of fewer epochs than it has to show something in was started again for a
 * loss that is no number. */
static void note_restart(const hr_net_training *training) {
  const hr_net_settings *p = training->settings;
  int64_t epochs = p->restart_after < p->epochs ? p->restart_after : p->epochs;
  char sentence[sizeof training->outputs[0].out->fit.note];
  snprintf(sentence, sizeof sentence,
           "no better than the mean within %d epoch%s: started again with lr %g%s",
           (int)epochs, hr_plural((size_t)epochs), p->lr / 10,
           training->method->steadied);
  for (size_t o = 0; o < training->models; o++) {
    hr_fit_add_note(&training->outputs[o].out->fit, sentence);
  }
}

/* Begins, or takes up the attempt whose state was left behind. */
static hr_status begin(attempt *a, const hr_net_training *training, hr_progress *progress,
                       hr_error *err) {
  hr_status status = HR_OK;
  const char *path = a->state_path;
  bool is_left = path && access(path, F_OK) == 0;
  for (int number = is_left ? ATTEMPTS - 1 : 0; number >= 0; number--) {
    HR_TRY(attempt_init(a, training, number, progress, err));
    if (is_left && hr_trainer_load(a->trainer, path, a->fingerprint, NULL) == HR_OK) {
      uint64_t seen = epochs_of(a) * training->rows->trained_count;
      progress->done += seen;
      progress->skipped += seen;
      break;
    }
    if (number > 0) attempt_fini(a);
  }
cleanup:
  return status;
}

static hr_status train_with_remedy(attempt *a, const hr_net_training *training,
                                   hr_progress *progress, hr_error *err) {
  hr_status status = HR_OK;
  bool hopeless = false;
  hr_error reason;
  uint64_t start = progress->done;
  HR_TRY(begin(a, training, progress, err));
  bool was_restarted = a->number > 0;
  hr_status ran = run_attempt(a, &hopeless, &reason);
  if (!was_restarted && (hopeless || ran == HR_ERR_NUMERIC)) {
    was_restarted = true;
    progress->done = progress->skipped = start; /* whoever shows it begins anew */
    attempt_fini(a);
    HR_TRY(attempt_init(a, training, 1, progress, err));
    ran = run_attempt(a, &hopeless, &reason);
  }
  if (was_restarted) note_restart(training);
  if (ran != HR_OK) status = hr_fail(err, ran, "%s", reason.message);
cleanup:
  return status;
}

/* What threads read rows into. */
static hr_status make_scratch(hr_net_rows *rows, hr_error *err) {
  if (rows->scratch) return HR_OK;
  return hr_alloc(&rows->scratch, 2 * hr_thread_count() * rows->study->pixels, err);
}

hr_status hr_net_train(const hr_net_training *training, hr_progress *progress,
                       hr_error *err) {
  hr_status status = HR_OK;
  hr_net_rows *rows = training->rows;
  attempt a = {.training = training};
  char *path = NULL;
  const hr_store *store = &rows->study->store;
  uint64_t end = progress->done +
                 (uint64_t)training->settings->epochs * (uint64_t)rows->trained_count;
  HR_TRY(make_scratch(rows, err));
  if (store->open) {
    size_t target = training->state_target;
    HR_TRY(store->open(store->context, target, rows->slot, &path, err));
  }
  a.state_path = path;
  HR_TRY(train_with_remedy(&a, training, progress, err));
  const hr_net_result result = {training, a.trainer, &a.model, a.target_mean,
                                a.target_deviation};
  HR_TRY(hr_net_result_take(&result, err));
  if (end > progress->done) progress->skipped += end - progress->done;
  progress->done = end; /* also where patience ended it */
cleanup:
  attempt_fini(&a);
  hr_free(path);
  return status;
}
