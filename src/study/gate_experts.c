/* Rows that are asked about wait until there are so many, whatever blocks they come in,
 * so that models which compare rows in groups see the same groups. */
#include "study/gate_experts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "study/pass.h"

enum { ROOM = 4 * HR_PREDICT_ROWS }; /* rows that wait */

typedef struct asking {
  const hr_gate_experts *experts;
  hr_bundle *bundle;
  size_t bins;
  size_t *candidate;           /* [K] in the bundle, or HR_NO_CANDIDATE */
  size_t *order, order_count;  /* [K] bins that have one, those of a kind together */
  const int32_t *bin;          /* [training rows] */
  size_t next;                 /* the row to come */
  size_t *place;               /* [ROOM] of the rows that wait, among all */
  float *noisy, *error;        /* [ROOM][P] */
  uint32_t *row;               /* [K][ROOM] that each model is asked about */
  float *mean;                 /* [K][ROOM] */
  size_t waiting, handed_over; /* rows */
} asking;

static const hr_bundle_description *describe(const asking *a) {
  return hr_bundle_describe(a->bundle);
}

static float *prediction_at(const asking *a, size_t n, size_t bin) {
  return &a->experts->prediction[n * a->bins + bin];
}

static bool is_wanted(const asking *a, size_t n) {
  return !isnan(*prediction_at(a, n, (size_t)a->bin[a->experts->rows[n]]));
}

static void fini(asking *a) {
  hr_bundle_close(&a->bundle);
  hr_free(a->candidate);
  hr_free(a->order);
  hr_free(a->place);
  hr_free(a->noisy);
  hr_free(a->error);
  hr_free(a->row);
  hr_free(a->mean);
}

/* Those of a kind next to each other, so that models which share files are asked
 * together. */
static void order_bins(asking *a) {
  size_t kinds = 0;
  const hr_model_type *const *types = hr_model_types(&kinds);
  for (size_t i = 0; i < kinds * a->bins; i++) {
    size_t candidate = a->candidate[i % a->bins];
    if (candidate == HR_NO_CANDIDATE) continue;
    const char *kind = describe(a)->candidates[candidate].kind;
    if (strcmp(kind, types[i / a->bins]->kind) == 0) {
      a->order[a->order_count++] = i % a->bins;
    }
  }
}

static hr_status init(asking *a, const hr_gate_experts *experts, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &experts->plan->view;
  *a = (asking){.experts = experts, .bins = view->bin_count, .bin = view->train.bin};
  HR_TRY(hr_bundle_open(experts->out_dir, &a->bundle, err));
  HR_TRY(hr_alloc(&a->candidate, a->bins, err));
  HR_TRY(hr_alloc(&a->order, a->bins, err));
  HR_TRY(hr_alloc(&a->place, ROOM, err));
  HR_TRY(hr_alloc(&a->noisy, ROOM * view->pixels, err));
  HR_TRY(hr_alloc(&a->error, ROOM * view->pixels, err));
  HR_TRY(hr_alloc(&a->row, ROOM * a->bins, err));
  HR_TRY(hr_alloc(&a->mean, ROOM * a->bins, err));
  for (size_t k = 0; k < a->bins; k++) {
    a->candidate[k] = hr_bundle_slot_of(describe(a), 0, k)->expert;
  }
  order_bins(a);
cleanup:
  return status;
}

/* --- the expert of the own bin --- */

static const hr_fit *fit_of(const asking *a, size_t bin) {
  const hr_study_bundle *trained = a->experts->trained;
  if (a->candidate[bin] == HR_NO_CANDIDATE) return NULL;
  const char *method = describe(a)->candidates[a->candidate[bin]].method;
  for (size_t m = 0; m < trained->method_count; m++) {
    const hr_study_method *of = &trained->methods[m];
    if (of->fits && strcmp(of->method->name, method) == 0) return &of->fits[bin];
  }
  return NULL;
}

static int compare_numbers(const void *one, const void *other) {
  size_t a = *(const size_t *)one, b = *(const size_t *)other;
  return (a > b) - (a < b);
}

static void take_validation(const asking *a) {
  const hr_gate_experts *e = a->experts;
  for (size_t i = 0; i < e->count * a->bins; i++) e->prediction[i] = NAN;
  for (size_t k = 0; k < a->bins; k++) {
    const hr_fit *fit = fit_of(a, k);
    for (size_t i = 0; fit && i < fit->validation.count; i++) {
      size_t row = fit->validation.row[i];
      const size_t *found = bsearch(&row, e->rows, e->count, sizeof row, compare_numbers);
      if (!found || a->bin[row] != (int32_t)k) continue;
      *prediction_at(a, (size_t)(found - e->rows), k) = fit->validation.prediction[i];
    }
  }
}

/* --- those of the other bins --- */

enum { DRAW_ASKED = 2 }; /* of HR_STREAM_GATE, behind those of the learner */

static bool takes_long(const asking *a) {
  bool any = false;
  for (size_t o = 0; o < a->order_count; o++) {
    const char *kind = describe(a)->candidates[a->candidate[a->order[o]]].kind;
    any = any || hr_model_type_find(kind)->knows_variance;
  }
  return any;
}

/* A row without a good pixel is the stand-in: nothing is to be learnt of it. */
static void leave_out(const asking *a, size_t n) {
  for (size_t k = 0; k < a->bins; k++) *prediction_at(a, n, k) = NAN;
}

/* Leaves out rows at random, but for about so many as are to be asked about. */
static void thin_out(const asking *a) {
  const hr_gate_experts *e = a->experts;
  size_t wanted = 0;
  for (size_t n = 0; n < e->count; n++) wanted += is_wanted(a, n);
  if (wanted <= e->most_asked || !takes_long(a)) return;
  double share = (double)e->most_asked / (double)wanted;
  uint64_t seed = e->plan->view.seed;
  for (size_t n = 0; n < e->count; n++) {
    double draw = hr_uniform(seed, HR_STREAM_GATE, e->rows[n], DRAW_ASKED);
    if (!(draw < share)) leave_out(a, n);
  }
}

/* The runs that hold wanted rows. */
static hr_status choose_runs(const asking *a, hr_sample *out, hr_error *err) {
  const hr_gate_experts *e = a->experts;
  size_t rows = e->plan->view.train.rows;
  hr_status status =
      hr_alloc(&out->runs, (rows + HR_SAMPLE_RUN - 1) / HR_SAMPLE_RUN, err);
  for (size_t n = 0; status == HR_OK && n < e->count; n++) {
    size_t run = e->rows[n] / HR_SAMPLE_RUN, first = run * HR_SAMPLE_RUN;
    if (out->runs[run] || !is_wanted(a, n)) continue;
    out->runs[run] = true;
    out->streamed += rows - first < HR_SAMPLE_RUN ? rows - first : HR_SAMPLE_RUN;
  }
  return status;
}

/* Of the rows that wait, the model of a bin is asked about those that it has not seen. */
static size_t list_unseen(const asking *a, size_t bin, uint32_t *row) {
  size_t count = 0;
  for (size_t i = 0; i < a->waiting; i++) {
    size_t number = a->experts->rows[a->place[i]];
    if (a->bin[number] != (int32_t)bin) row[count++] = (uint32_t)i;
  }
  return count;
}

static void take_answers(const asking *a, const hr_request *request, size_t bin) {
  for (size_t j = 0; j < request->count; j++) {
    size_t i = request->row[j];
    float mean = request->mean[i];
    *prediction_at(a, a->place[i], bin) = isfinite(mean) ? mean : NAN;
  }
}

static hr_status ask(asking *a, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &a->experts->plan->view;
  hr_request *requests = NULL;
  const hr_spectra spectra = {.first_row = a->handed_over,
                              .rows = a->waiting,
                              .pixels = view->pixels,
                              .noisy = a->noisy,
                              .error = a->error,
                              .level = view->noise_level};
  if (a->waiting == 0) return HR_OK;
  HR_TRY(hr_alloc(&requests, a->order_count, err));
  for (size_t o = 0; o < a->order_count; o++) {
    const hr_model *model = NULL;
    HR_TRY(hr_bundle_load(a->bundle, a->candidate[a->order[o]], &model, err));
    requests[o] = (hr_request){.model = model,
                               .row = a->row + o * ROOM,
                               .first_variant = model->chosen,
                               .variants = 1,
                               .is_rough = true,
                               .mean = a->mean + o * ROOM,
                               .variant_stride = ROOM};
    requests[o].count = list_unseen(a, a->order[o], a->row + o * ROOM);
  }
  HR_TRY(hr_models_predict(&spectra, requests, a->order_count, err));
  for (size_t o = 0; o < a->order_count; o++) {
    take_answers(a, &requests[o], a->order[o]);
  }
  a->handed_over += a->waiting;
  a->waiting = 0;
cleanup:
  hr_free(requests);
  return status;
}

static void keep(asking *a, const hr_block *block, size_t i) {
  size_t pixels = block->pixels, bytes = pixels * sizeof *a->noisy;
  memcpy(a->noisy + a->waiting * pixels, block->noisy + i * pixels, bytes);
  memcpy(a->error + a->waiting * pixels, block->error + i * pixels, bytes);
  a->place[a->waiting++] = a->next;
}

static hr_status show_rows(void *context, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  asking *a = context;
  const hr_gate_experts *e = a->experts;
  size_t first = block->first_row, end = first + block->rows;
  while (a->next < e->count && e->rows[a->next] < first) a->next++;
  for (; a->next < e->count && e->rows[a->next] < end; a->next++) {
    size_t i = e->rows[a->next] - first;
    if (!is_wanted(a, a->next)) continue;
    if (block->empty && block->empty[i]) {
      leave_out(a, a->next);
      continue;
    }
    keep(a, block, i);
    if (a->waiting == ROOM) HR_TRY(ask(a, err));
  }
cleanup:
  return status;
}

hr_status hr_gate_experts_predict(const hr_gate_experts *experts, hr_error *err) {
  hr_status status = HR_OK;
  asking a;
  hr_sample sample = {.runs = NULL};
  HR_TRY(init(&a, experts, err));
  take_validation(&a);
  thin_out(&a);
  HR_TRY(choose_runs(&a, &sample, err));
  if (sample.streamed == 0) goto cleanup;
  const hr_pass pass = {.plan = experts->plan,
                        .training = true,
                        .stage = "asking the experts about training rows",
                        .sample = &sample,
                        .visit = show_rows,
                        .context = &a};
  HR_TRY(hr_pass_run(&pass, NULL, err));
  HR_TRY(ask(&a, err));
cleanup:
  hr_free(sample.runs);
  fini(&a);
  return status;
}

double hr_gate_experts_bytes(const hr_plan *plan) {
  size_t row = 2 * plan->view.pixels * sizeof(float) + sizeof(size_t);
  row += plan->view.bin_count * (sizeof(uint32_t) + sizeof(float));
  return (double)ROOM * (double)row;
}
