/* Models that share a network: their file, and one pass of a spectrum for all of them. */
#include "models/heads.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "nn/array_file.h"

/* A table that all models of a network share, with the network. */
typedef struct shared {
  hr_net_pool *pool; /* each model holds it */
  size_t holders;    /* models; they are made and destroyed by one thread */
  size_t count;
  hr_head heads[]; /* [count] */
} shared;

typedef struct headed {
  hr_model base;
  shared *of;
  const hr_head *own;
} headed;

static const headed *headed_of(const hr_model *model) {
  return (const headed *)(const void *)model;
}

static void release(shared *of) {
  if (--of->holders > 0) return;
  hr_net_pool_release(&of->pool);
  hr_free(of);
}

static void heads_destroy(hr_model **address) {
  headed *model = (headed *)(void *)*address;
  *address = NULL;
  if (!model) return;
  release(model->of);
  hr_free(model);
}

static hr_status make_shared(hr_net_model *trained, const hr_head *heads, size_t count,
                             shared **out, hr_error *err) {
  hr_status status = HR_OK;
  shared *made = NULL;
  HR_TRY(hr_alloc_bytes((void **)&made, 1, sizeof *made + count * sizeof *heads, err));
  HR_TRY(hr_net_pool_create_take(trained, &made->pool, err));
  memcpy(made->heads, heads, count * sizeof *heads);
  made->count = count;
  made->holders = 1;
  *out = made;
  made = NULL;
cleanup:
  hr_free(made);
  return status;
}

static hr_status make_model(shared *of, const hr_head *own, hr_model **out,
                            hr_error *err) {
  headed *model = NULL;
  hr_status status = hr_alloc(&model, 1, err);
  if (status != HR_OK) return status;
  model->base = (hr_model){.type = &hr_heads_type,
                           .slot = own->slot,
                           .target = own->target,
                           .pixels = hr_net_pool_trained(of->pool)->net->pixels,
                           .variant_count = 1};
  model->of = of;
  model->own = own;
  of->holders++;
  *out = &model->base;
  return HR_OK;
}

hr_status hr_heads_create_take(hr_net_model *trained, const hr_head *heads, size_t count,
                               hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  shared *of = NULL;
  size_t made = 0;
  HR_TRY(make_shared(trained, heads, count, &of, err));
  for (; made < count; made++) {
    HR_TRY(make_model(of, &of->heads[made], &out[made], err));
  }
cleanup:
  while (status != HR_OK && made > 0) hr_model_destroy(&out[--made]);
  if (of) release(of);
  return status;
}

/* --- predicting --- */

/* The rows that some request to a network asks for. */
typedef struct asked {
  const shared *of;
  uint32_t *row;   /* [count] their numbers, ascending */
  uint32_t *place; /* [N] of each row in that list, from 1; 0: nobody asks */
  size_t count;
  float *raw; /* [count][T] */
} asked;

static bool concerns(const asked *a, const hr_request *request) {
  return headed_of(request->model)->of == a->of && request->variants > 0;
}

static hr_status list_rows(asked *a, const hr_spectra *spectra,
                           const hr_request *requests, size_t request_count,
                           hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&a->row, spectra->rows, err));
  HR_TRY(hr_alloc(&a->place, spectra->rows, err));
  for (size_t q = 0; q < request_count; q++) {
    if (!concerns(a, &requests[q])) continue;
    for (size_t i = 0; i < requests[q].count; i++) a->place[requests[q].row[i]] = 1;
  }
  for (size_t i = 0; i < spectra->rows; i++) {
    if (a->place[i] == 0) continue;
    a->row[a->count++] = (uint32_t)i;
    a->place[i] = (uint32_t)a->count;
  }
cleanup:
  return status;
}

static hr_status compute(asked *a, const hr_spectra *spectra, hr_error *err) {
  hr_status status = HR_OK;
  hr_net_copy *copy = NULL;
  HR_TRY(hr_net_pool_take(a->of->pool, &copy, err));
  hr_net_model *net = hr_net_copy_model(copy);
  HR_TRY(hr_alloc(&a->raw, a->count * net->net->outputs, err));
  HR_TRY(hr_net_model_outputs(net, spectra->noisy, a->row, a->count, a->raw, err));
cleanup:
  if (copy) hr_net_pool_give_back(a->of->pool, copy);
  return status;
}

static void answer(const asked *a, const hr_request *request) {
  const hr_head *own = headed_of(request->model)->own;
  size_t outputs = hr_net_pool_trained(a->of->pool)->net->outputs;
  for (size_t i = 0; i < request->count; i++) {
    uint32_t row = request->row[i];
    float raw = a->raw[(a->place[row] - 1) * outputs + own->output];
    request->mean[row] = (float)(own->mean + own->deviation * (double)raw);
  }
}

/* All requests to the network of number `first`, unless an earlier one is to it, too. */
static hr_status answer_network(const hr_spectra *spectra, const hr_request *requests,
                                size_t request_count, size_t first, hr_error *err) {
  hr_status status = HR_OK;
  asked a = {.of = headed_of(requests[first].model)->of};
  for (size_t q = 0; q < first; q++) {
    if (headed_of(requests[q].model)->of == a.of) return HR_OK;
  }
  HR_TRY(list_rows(&a, spectra, requests, request_count, err));
  if (a.count > 0) HR_TRY(compute(&a, spectra, err));
  for (size_t q = first; q < request_count; q++) {
    if (concerns(&a, &requests[q])) answer(&a, &requests[q]);
  }
cleanup:
  hr_free(a.row);
  hr_free(a.place);
  hr_free(a.raw);
  return status;
}

static hr_status heads_predict(const hr_spectra *spectra, const hr_request *requests,
                               size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_requests_check(spectra, requests, request_count, err));
  for (size_t q = 0; q < request_count; q++) hr_request_fill_unknown(&requests[q]);
  for (size_t q = 0; q < request_count; q++) {
    HR_TRY(answer_network(spectra, requests, request_count, q, err));
  }
cleanup:
  return status;
}

/* --- what the heads are given --- */

size_t hr_heads_hidden(const hr_model *model) {
  return hr_net_pool_trained(headed_of(model)->of->pool)->net->hidden;
}

hr_status hr_heads_hide(const hr_model *model, const float *noisy, const uint32_t *row,
                        size_t count, float *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_net_pool *pool = headed_of(model)->of->pool;
  hr_net_copy *copy = NULL;
  HR_TRY(hr_net_pool_take(pool, &copy, err));
  HR_TRY(hr_net_model_hidden(hr_net_copy_model(copy), noisy, row, count, out, err));
cleanup:
  if (copy) hr_net_pool_give_back(pool, copy);
  return status;
}

/* --- the file --- */

static const char file_kind[] = "hrheads1";

/* The words of the file; the slot of a head is counted from 1, 0 is that of all rows. */
enum { NET_KIND, OUTPUTS, HEADS, NET, FIRST_HEAD = NET + HR_NET_MOST_WORDS };
enum { TARGET, SLOT, OUTPUT, MEAN, DEVIATION, HEAD_WORDS };
enum { MOST_OUTPUTS = 1 << 15, MOST_TARGETS = 1 << 10, MOST_SLOTS = 1 << 15 };

static hr_status heads_save(const hr_model *model, const char *folder, hr_model_form form,
                            hr_error *err) {
  hr_status status = HR_OK;
  const shared *of = headed_of(model)->of;
  const hr_net_model *trained = hr_net_pool_trained(of->pool);
  size_t kind_count = 0, count = FIRST_HEAD + HEAD_WORDS * of->count;
  const hr_net_kind *const *kinds = hr_net_kinds(&kind_count);
  char *path = NULL;
  uint64_t *words = NULL;
  (void)form;
  HR_TRY(hr_alloc(&words, count, err));
  while (kinds[words[NET_KIND]] != trained->design.kind) words[NET_KIND]++;
  words[OUTPUTS] = trained->net->outputs;
  words[HEADS] = of->count;
  for (size_t h = 0; h < of->count; h++) {
    uint64_t *own = words + FIRST_HEAD + HEAD_WORDS * h;
    own[TARGET] = of->heads[h].target;
    own[SLOT] = (uint64_t)(of->heads[h].slot + 1);
    own[OUTPUT] = of->heads[h].output;
    own[MEAN] = hr_word_of(of->heads[h].mean);
    own[DEVIATION] = hr_word_of(of->heads[h].deviation);
  }
  const hr_net_file file = {file_kind, words, count, NET, trained->net->outputs};
  HR_TRY(hr_join_path(folder, "heads.net", &path, err));
  HR_TRY(hr_net_file_write(path, &file, trained, err));
cleanup:
  hr_free(path);
  hr_free(words);
  return status;
}

/* In the task of the first head alone. */
static hr_status heads_record(const hr_model *model, const char *folder, hr_error *err) {
  const headed *m = headed_of(model);
  if (m->own != m->of->heads) return HR_OK;
  return heads_save(model, folder, HR_MODEL_FULL, err);
}

static hr_status fail_heads(const char *path, hr_error *err) {
  return hr_fail(err, HR_ERR_FORMAT, "%s describes no heads that can be", path);
}

/* Refuses what no file has, before memory is taken for it; *kind. */
static hr_status read_counts(const char *path, uint64_t counts[NET],
                             const hr_net_kind **kind, hr_error *err) {
  size_t kind_count = 0;
  const hr_net_kind *const *kinds = hr_net_kinds(&kind_count);
  const hr_array_file file = {file_kind, counts, NET, NULL, 0};
  hr_status status = hr_array_file_read_words(path, &file, err);
  if (status != HR_OK) return status;
  bool is_good = counts[NET_KIND] < kind_count && counts[OUTPUTS] >= 1 &&
                 counts[OUTPUTS] <= MOST_OUTPUTS && counts[HEADS] >= 1 &&
                 counts[HEADS] <= counts[OUTPUTS];
  if (!is_good) return fail_heads(path, err);
  *kind = kinds[counts[NET_KIND]];
  return HR_OK;
}

static bool read_head(const uint64_t *words, size_t outputs, hr_head *out) {
  *out = (hr_head){.target = (size_t)words[TARGET],
                   .output = (size_t)words[OUTPUT],
                   .mean = hr_double_of(words[MEAN]),
                   .deviation = hr_double_of(words[DEVIATION])};
  bool is_good = words[TARGET] < MOST_TARGETS && words[SLOT] < MOST_SLOTS &&
                 words[OUTPUT] < outputs && isfinite(out->mean) &&
                 isfinite(out->deviation);
  if (is_good) out->slot = (int)words[SLOT] - 1;
  return is_good;
}

/* The heads [targets][slots] of the place, out of all that the file has. */
static hr_status choose_heads(const char *path, const hr_model_place *place,
                              const hr_net_file *file, hr_head *out, hr_error *err) {
  size_t slots = place->slot_count, count = (size_t)file->words[HEADS];
  for (size_t i = 0; i < place->targets * slots; i++) {
    bool found = false;
    for (size_t h = 0; h < count && !found; h++) {
      const uint64_t *own = file->words + FIRST_HEAD + HEAD_WORDS * h;
      if (!read_head(own, file->outputs, &out[i])) return fail_heads(path, err);
      found = out[i].target == i / slots && out[i].slot == place->slots[i % slots];
    }
    if (found) continue;
    return hr_fail(
        err, HR_ERR_FORMAT,
        "%s has no head of target %zu and slot %d: it belongs to another study", path,
        i / slots, place->slots[i % slots]);
  }
  return HR_OK;
}

hr_status hr_heads_load(const hr_model_place *place, const hr_net_design *design,
                        hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t counts[NET], *words = NULL;
  char *path = NULL;
  hr_net_design found = *design;
  hr_net_model trained = {.net = NULL};
  size_t count = place->targets * place->slot_count;
  hr_head *heads = NULL;
  HR_TRY(hr_join_path(place->folder, "heads.net", &path, err));
  HR_TRY(read_counts(path, counts, &found.kind, err));
  if (design->kind && design->kind != found.kind) HR_TRY(fail_heads(path, err));
  size_t word_count = FIRST_HEAD + HEAD_WORDS * (size_t)counts[HEADS];
  HR_TRY(hr_alloc(&words, word_count, err));
  HR_TRY(hr_alloc(&heads, count, err));
  const hr_net_file file = {file_kind, words, word_count, NET, (size_t)counts[OUTPUTS]};
  const hr_net_wanted wanted = {&found, place->pixels, 1};
  HR_TRY(hr_net_file_read(path, &file, &wanted, &trained, err));
  HR_TRY(choose_heads(path, place, &file, heads, err));
  HR_TRY(hr_heads_create_take(&trained, heads, count, out, err));
cleanup:
  hr_net_model_fini(&trained);
  hr_free(words);
  hr_free(heads);
  hr_free(path);
  return status;
}

static hr_status heads_load(const hr_model_place *place, hr_model **out, hr_error *err) {
  const hr_net_design any = {.kind = NULL};
  return hr_heads_load(place, &any, out, err);
}

const hr_model_type hr_heads_type = {
    .kind = "heads",
    .shares_files = true,
    .save = heads_save,
    .record = heads_record,
    .load = heads_load,
    .predict = heads_predict,
    .destroy = heads_destroy,
};
