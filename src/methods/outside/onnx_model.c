/* A batch begins at the same row of a group of HR_PREDICT_ROWS however the file is cut
 * into blocks, and every row has its place in it: rows that are not asked for are filled
 * with one that is. So neither blocks nor threads change a number, and a model with a
 * batch of a size of its own always gets it whole. */
#include "methods/outside/onnx_model.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "core/text.h"
#include "methods/outside/onnx_file.h"
#include "methods/outside/onnx_session.h"

/* What the models of all targets share. */
typedef struct network {
  hr_onnx_session *session;
  size_t owners;  /* the models that share it, and who makes them */
  size_t targets; /* T */
  double offset[HR_MOST_TARGETS], factor[HR_MOST_TARGETS];
  double unit, base; /* flux of the files = (x + base) unit */
  bool has_error, has_sigma;
  char *path;
  const hr_observer *observer;     /* of the study, is asked whether to stop */
  size_t rows;                     /* test rows that it is asked for */
  size_t missing[HR_MOST_TARGETS]; /* of those so far, no finite number came out for */
} network;

typedef struct onnx_model {
  hr_model base;
  network *network;
} onnx_model;

static const onnx_model *model_of(const hr_request *request) {
  return (const onnx_model *)(const void *)request->model;
}

/* --- predicting --- */

/* What one thread works with. */
typedef struct scratch {
  void *input;          /* a batch, as the model takes it */
  double *flux, *error; /* [P] in the unit of the files */
  double *output;       /* [outputs][batch rows][T] */
  size_t failed;        /* the first batch of this thread's that failed, + 1; 0: none */
  hr_error why;
} scratch;

/* Requests for the same rows, one a target. */
typedef struct work {
  const hr_spectra *spectra;
  const hr_request *requests;
  size_t request_count;
  network *network;
  size_t batch_rows, batches; /* rows a batch; batches a group */
  scratch *threads;
  bool is_watched;   /* while it runs, and not between batches alone */
  atomic_bool stops; /* the caller wants that */
} work;

static void fini_scratch(scratch *b) {
  hr_free(b->input);
  hr_free(b->flux);
  hr_free(b->error);
  hr_free(b->output);
}

static hr_status init_scratch(scratch *b, const network *n, size_t pixels,
                              hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc_bytes(&b->input, 1, hr_onnx_session_input_bytes(n->session), err));
  HR_TRY(hr_alloc(&b->flux, pixels, err));
  HR_TRY(hr_alloc(&b->error, pixels, err));
  size_t numbers = hr_onnx_session_rows(n->session) * n->targets;
  HR_TRY(hr_alloc(&b->output, hr_onnx_session_outputs(n->session) * numbers, err));
cleanup:
  return status;
}

/* The place in the list of the first row that is asked for, `row` or behind it. */
static size_t find_row(const hr_request *r, size_t row) {
  size_t low = 0, high = r->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (r->row[middle] < row)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void put_row(const work *w, scratch *b, size_t row, size_t place) {
  const network *n = w->network;
  size_t pixels = w->spectra->pixels;
  const float *flux = w->spectra->noisy + row * pixels;
  for (size_t p = 0; p < pixels; p++) b->flux[p] = ((double)flux[p] + n->base) * n->unit;
  if (n->has_error) {
    const float *error = w->spectra->error + row * pixels;
    for (size_t p = 0; p < pixels; p++) b->error[p] = (double)error[p] * n->unit;
  }
  hr_onnx_session_put(n->session, place, b->flux, b->error, b->input);
}

/* The numbers of a row, at its place in the batch, in the unit of each target. */
static void take_row(const work *w, const scratch *b, size_t row, size_t place) {
  const network *n = w->network;
  for (size_t q = 0; q < w->request_count; q++) {
    const hr_request *r = &w->requests[q];
    size_t t = r->model->target;
    double value = b->output[place * n->targets + t];
    r->mean[row] = (float)(n->offset[t] + n->factor[t] * value);
    if (!n->has_sigma || !r->variance) continue;
    double sigma = b->output[(w->batch_rows + place) * n->targets + t];
    r->variance[row] = n->factor[t] * n->factor[t] * sigma * fabs(sigma);
  }
}

/* On the calling thread alone, whose observer it is. */
static void ask_whether_to_stop(void *context) {
  work *w = context;
  if (w->stops || !hr_observe_wants_stop(w->network->observer)) return;
  w->stops = true;
  if (w->is_watched) hr_onnx_session_stop(w->network->session);
}

static void run_batch(void *context, size_t i, size_t thread) {
  work *w = context;
  const hr_request *r = &w->requests[0];
  scratch *b = &w->threads[thread];
  size_t group = i / w->batches * HR_PREDICT_ROWS;
  size_t first = group + i % w->batches * w->batch_rows;
  size_t end = group + HR_PREDICT_ROWS, last = first + w->batch_rows;
  if (last < end) end = last;
  size_t begin = find_row(r, first), stop = find_row(r, end);
  if (thread == 0 && !w->is_watched) ask_whether_to_stop(w);
  if (begin == stop || b->failed > 0 || w->stops) return;
  for (size_t place = 0, at = begin; place < w->batch_rows; place++) {
    bool is_asked = at < stop && r->row[at] == first + place;
    put_row(w, b, is_asked ? first + place : r->row[begin], place);
    at += is_asked;
  }
  hr_error *err = &b->why;
  if (hr_onnx_session_run(w->network->session, b->input, b->output, err) != HR_OK) {
    b->failed = i + 1;
    return;
  }
  for (size_t at = begin; at < stop; at++) take_row(w, b, r->row[at], r->row[at] - first);
}

/* The failure of the earliest batch. */
static hr_status gather_failures(const scratch *threads, size_t count, hr_error *err) {
  const scratch *first = NULL;
  for (size_t i = 0; i < count; i++) {
    if (threads[i].failed == 0) continue;
    if (!first || threads[i].failed < first->failed) first = &threads[i];
  }
  if (!first) return HR_OK;
  return hr_fail(err, first->why.status, "%s", first->why.message);
}

/* A stop is asked for between batches, which costs nothing; while batches take longer
 * than this, seconds, by a thread of its own, that is up to a tenth of a second late when
 * a block is done. */
static const double long_batch = 0.25;

static hr_status predict_together(work *w, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = w->spectra->rows, threads = hr_thread_count();
  size_t groups = (rows + HR_PREDICT_ROWS - 1) / HR_PREDICT_ROWS;
  w->batch_rows = hr_onnx_session_rows(w->network->session);
  w->batches = (HR_PREDICT_ROWS + w->batch_rows - 1) / w->batch_rows;
  HR_TRY(hr_alloc(&w->threads, threads, err));
  for (size_t i = 0; i < threads; i++) {
    HR_TRY(init_scratch(&w->threads[i], w->network, w->spectra->pixels, err));
  }
  w->is_watched = hr_onnx_session_batch_seconds(w->network->session) > long_batch;
  if (w->is_watched) {
    hr_parallel_for_watched(threads, groups * w->batches, run_batch, w,
                            ask_whether_to_stop, w);
  } else {
    hr_parallel_for_on(threads, groups * w->batches, run_batch, w);
  }
  status = w->stops ? hr_fail(err, HR_ERR_INTERRUPTED, "interrupted while %s predicts",
                              w->network->path)
                    : gather_failures(w->threads, threads, err);
cleanup:
  for (size_t i = 0; w->threads && i < threads; i++) fini_scratch(&w->threads[i]);
  hr_free(w->threads);
  return status;
}

/* Rows without a prediction leave both arms of every comparison: a network that has none
 * for most rows is of no use, and would take the rows from all the others. */
static hr_status count_missing(network *n, const hr_request *requests, size_t count,
                               hr_error *err) {
  for (size_t q = 0; q < count; q++) {
    const hr_request *r = &requests[q];
    size_t *missing = &n->missing[r->model->target];
    for (size_t i = 0; i < r->count; i++) *missing += isfinite(r->mean[r->row[i]]) == 0;
    if (*missing <= n->rows / 2) continue;
    return hr_fail(err, HR_ERR_NUMERIC,
                   "%s gives no finite number for more than half of the %zu test rows; "
                   "what was done to the flux before training has to be a part of it",
                   n->path, n->rows);
  }
  return HR_OK;
}

/* A sigma below 0 came as a variance below 0; one of 0, or that is no number, is none. */
static hr_status check_sigmas(const network *n, const hr_request *requests, size_t count,
                              hr_error *err) {
  for (size_t q = 0; n->has_sigma && q < count; q++) {
    const hr_request *r = &requests[q];
    for (size_t i = 0; r->variance && i < r->count; i++) {
      double *variance = &r->variance[r->row[i]];
      if (*variance < 0) {
        return hr_fail(err, HR_ERR_NUMERIC,
                       "%s gives a sigma below 0; export the standard deviation, not its "
                       "logarithm",
                       n->path);
      }
      if (!isfinite(*variance) || *variance == 0) *variance = (double)NAN;
    }
  }
  return HR_OK;
}

/* Whether two requests are answered by one run. */
static bool are_together(const hr_request *a, const hr_request *b) {
  return model_of(a)->network == model_of(b)->network && a->row == b->row &&
         a->count == b->count;
}

static hr_status onnx_predict(const hr_spectra *spectra, const hr_request *requests,
                              size_t request_count, hr_error *err) {
  hr_status status = hr_requests_check(spectra, requests, request_count, err);
  for (size_t first = 0, end = 0; status == HR_OK && first < request_count; first = end) {
    const hr_request *r = &requests[first];
    for (end = first; end < request_count && are_together(r, &requests[end]); end++) {
      hr_request_fill_unknown(&requests[end]);
    }
    if (r->variants == 0 || !r->mean) continue;
    work w = {.spectra = spectra,
              .requests = r,
              .request_count = end - first,
              .network = model_of(r)->network};
    HR_TRY(predict_together(&w, err));
    HR_TRY(count_missing(model_of(r)->network, r, end - first, err));
    HR_TRY(check_sigmas(model_of(r)->network, r, end - first, err));
  }
cleanup:
  return status;
}

/* --- the model --- */

static hr_status onnx_save(const hr_model *model, const char *folder, hr_model_form form,
                           hr_error *err) {
  (void)model, (void)folder, (void)form, (void)err;
  return HR_OK; /* the file is the user's own, and in no bundle */
}

static void release_network(network *n) {
  if (--n->owners > 0) return;
  hr_onnx_session_close(&n->session);
  hr_free(n->path);
  hr_free(n);
}

static void onnx_destroy(hr_model **address) {
  onnx_model *model = (onnx_model *)(void *)*address;
  *address = NULL;
  if (!model) return;
  release_network(model->network);
  hr_free(model);
}

static const hr_model_type onnx_type = {
    .kind = "onnx",
    .whole_rows = true,
    .save = onnx_save,
    .predict = onnx_predict,
    .destroy = onnx_destroy,
};

static const hr_model_type onnx_sigma_type = {
    .kind = "onnx",
    .states_sigma = true,
    .whole_rows = true,
    .save = onnx_save,
    .predict = onnx_predict,
    .destroy = onnx_destroy,
};

/* A pair of numbers a target, or 0 and 1 for all. */
static hr_status check_scale(const hr_study_view *study, const hr_numbers *scale,
                             hr_error *err) {
  size_t targets = hr_study_targets(study);
  bool is_none = scale->count == 2 && scale->items[0] == 0 && scale->items[1] == 1;
  if (!is_none && scale->count != 2 * targets) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "has %zu number%s and the study %zu target%s; give an offset and a "
                   "factor for each, in the order of data.target",
                   scale->count, hr_plural(scale->count), targets, hr_plural(targets));
  }
  for (size_t i = 1; i < scale->count; i += 2) {
    if (scale->items[i] != 0) continue;
    return hr_fail(err, HR_ERR_CONFIG,
                   "has the factor 0, which makes all predictions alike; give the one "
                   "that turns the output into the label");
  }
  return HR_OK;
}

static hr_onnx_wish wish_of(const hr_study_view *study,
                            const hr_outside_parameters *parameters) {
  return (hr_onnx_wish){.pixels = study->pixels,
                        .has_error = strcmp(parameters->input, "flux_error") == 0,
                        .targets = hr_study_targets(study),
                        .output = parameters->output,
                        .sigma = parameters->sigma,
                        .unit = study->unit,
                        .base = study->base};
}

hr_status hr_onnx_model_check(const hr_study_view *study,
                              const hr_outside_parameters *parameters, const char **key,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_onnx_session *session = NULL;
  const hr_onnx_wish wish = wish_of(study, parameters);
  *key = "scale";
  HR_TRY(check_scale(study, &parameters->scale, err));
  *key = "onnx";
  HR_TRY(hr_onnx_session_open(parameters->onnx, &wish, &session, err));
cleanup:
  hr_onnx_session_close(&session);
  return status;
}

static hr_status create_network(const hr_study_view *study,
                                const hr_outside_parameters *parameters, network **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_onnx_wish wish = wish_of(study, parameters);
  const hr_numbers *scale = &parameters->scale;
  network *n = NULL;
  HR_TRY(hr_alloc(&n, 1, err));
  *n = (network){.owners = 1,
                 .targets = wish.targets,
                 .unit = study->unit,
                 .base = study->base,
                 .has_error = wish.has_error,
                 .has_sigma = wish.sigma != NULL,
                 .rows = study->outside->asked,
                 .observer = study->observer};
  HR_TRY(hr_copy_text(parameters->onnx, &n->path, err));
  for (size_t t = 0; t < n->targets; t++) {
    size_t at = scale->count == 2 ? 0 : 2 * t;
    n->offset[t] = scale->items[at];
    n->factor[t] = scale->items[at + 1];
  }
  HR_TRY(hr_onnx_session_open(parameters->onnx, &wish, &n->session, err));
  *out = n;
  n = NULL;
cleanup:
  if (n) release_network(n);
  return status;
}

/* The study is the one that its fingerprint says. */
static hr_status check_unchanged(const hr_study_view *study, const char *path,
                                 hr_error *err) {
  uint64_t print = 0;
  hr_status status = hr_onnx_file_print(path, &print, err);
  if (status != HR_OK || print == study->outside->print) return status;
  return hr_fail(err, HR_ERR_DATA,
                 "%s changed while the study was running; run it again with %s, "
                 "or put the model back and go on with %s",
                 path, HR_DOOR_REPLACE, HR_DOOR_RESUME);
}

static hr_status make_model(network *n, size_t target, int slot, size_t pixels,
                            hr_model **out, hr_error *err) {
  onnx_model *model = NULL;
  hr_status status = hr_alloc(&model, 1, err);
  if (status != HR_OK) return status;
  model->base = (hr_model){.type = n->has_sigma ? &onnx_sigma_type : &onnx_type,
                           .slot = slot,
                           .target = target,
                           .pixels = pixels,
                           .variant_count = 1};
  model->network = n;
  n->owners++;
  *out = &model->base;
  return HR_OK;
}

hr_status hr_onnx_models_create(const hr_study_view *study,
                                const hr_outside_parameters *parameters, hr_model **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  network *n = NULL;
  bool of_all = hr_outside_is_for(parameters, HR_GLOBAL);
  size_t slots = of_all ? 1 : study->bin_count, made = 0;
  size_t count = slots * hr_study_targets(study);
  HR_TRY(check_unchanged(study, parameters->onnx, err));
  HR_TRY(create_network(study, parameters, &n, err));
  for (; made < count; made++) {
    int slot = of_all ? HR_GLOBAL : (int)(made % slots);
    if (!hr_outside_is_for(parameters, slot)) continue;
    HR_TRY(make_model(n, made / slots, slot, study->pixels, &out[made], err));
  }
cleanup:
  while (status != HR_OK && made > 0) onnx_destroy(&out[--made]);
  if (n) release_network(n);
  return status;
}
