/* Models of templates: who shares a store, and how requests become comparisons.
 *
 * Spectra are compared in groups of HR_PREDICT_ROWS, all rows of a group whoever is
 * asked for: then the bytes of an answer do not depend on what else is asked. */
#include "models/templates.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"

_Static_assert((int)HR_PREDICT_ROWS == (int)HR_QUERY_ROWS,
               "groups of predictions are those of comparisons");

enum { FEW_EFFECTIVE = 10 }; /* a mean over fewer is noisy in itself */

static const char file_name[] = "templates.bin";

struct hr_template_store {
  atomic_size_t holders;
  hr_templates *templates;
  hr_templates_notes notes;
};

typedef struct templates_model {
  hr_model model;
  hr_template_store *store;
} templates_model;

static const templates_model *model_of(const hr_model *model) {
  return (const templates_model *)(const void *)model;
}

hr_status hr_template_store_create_take(hr_templates **templates,
                                        hr_templates_notes *notes,
                                        hr_template_store **out, hr_error *err) {
  hr_template_store *store = NULL;
  hr_status status = hr_alloc(&store, 1, err);
  if (status != HR_OK) return status;
  atomic_init(&store->holders, 1);
  store->templates = *templates;
  store->notes = *notes;
  *templates = NULL;
  *notes = (hr_templates_notes){0};
  *out = store;
  return HR_OK;
}

void hr_template_store_release(hr_template_store **address) {
  hr_template_store *store = *address;
  *address = NULL;
  if (!store || atomic_fetch_sub(&store->holders, 1) > 1) return;
  hr_templates_destroy(&store->templates);
  hr_templates_notes_fini(&store->notes);
  hr_free(store);
}

hr_status hr_templates_model_create(hr_template_store *store, int slot, hr_model **out,
                                    hr_error *err) {
  templates_model *m = NULL;
  hr_status status = hr_alloc(&m, 1, err);
  if (status != HR_OK) return status;
  m->model = (hr_model){.type = &hr_templates_type,
                        .slot = slot,
                        .pixels = hr_templates_pixels(store->templates),
                        .variant_count = 1};
  m->store = store;
  atomic_fetch_add(&store->holders, 1);
  *out = &m->model;
  return HR_OK;
}

static void templates_destroy(hr_model **model) {
  templates_model *m = (templates_model *)(void *)*model;
  *model = NULL;
  if (!m) return;
  hr_template_store_release(&m->store);
  hr_free(m);
}

static hr_status templates_save(const hr_model *model, const char *folder,
                                hr_model_form form, hr_error *err) {
  hr_status status = HR_OK;
  const hr_template_store *store = model_of(model)->store;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, file_name, &path, err));
  HR_TRY(hr_templates_save(store->templates, &store->notes, form == HR_MODEL_COMPACT,
                           path, err));
cleanup:
  hr_free(path);
  return status;
}

/* templates.npy: fp64 [templates][columns], where each template of the slot is from: the
 * number of a training row, or the labels that the grid was asked for. */
static hr_status templates_record(const hr_model *model, const char *folder,
                                  hr_error *err) {
  hr_status status = HR_OK;
  const hr_template_store *store = model_of(model)->store;
  size_t count = hr_templates_count(store->templates), kept = 0;
  size_t columns = store->notes.columns;
  int32_t *group = NULL;
  double *rows = NULL;
  char *path = NULL;
  HR_TRY(hr_alloc(&group, count, err));
  HR_TRY(hr_alloc(&rows, count * columns, err));
  hr_templates_list_groups(store->templates, group);
  for (size_t i = 0; i < count; i++) {
    if (model->slot != HR_GLOBAL && group[i] != model->slot) continue;
    memcpy(rows + columns * kept++, store->notes.origin + columns * i,
           columns * sizeof *rows);
  }
  HR_TRY(hr_join_path(folder, "templates.npy", &path, err));
  HR_TRY(hr_npy_write(path, rows, kept, columns, err));
cleanup:
  hr_free(group);
  hr_free(rows);
  hr_free(path);
  return status;
}

/* Every slot that is to be loaded has templates. */
static hr_status check_slots(const hr_model_place *place, const char *path,
                             const hr_templates *templates, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = hr_templates_count(templates);
  int32_t *group = NULL;
  HR_TRY(hr_alloc(&group, count, err));
  hr_templates_list_groups(templates, group);
  for (size_t s = 0; s < place->slot_count; s++) {
    bool found = place->slots[s] == HR_GLOBAL;
    for (size_t i = 0; !found && i < count; i++) found = group[i] == place->slots[s];
    if (found) continue;
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s has no template of bin %d: it belongs to another model", path,
                     place->slots[s]);
    goto cleanup;
  }
cleanup:
  hr_free(group);
  return status;
}

static hr_status check_targets(const hr_model_place *place, const char *path,
                               hr_error *err) {
  if (place->targets == 1) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s has templates of 1 target, not of %zu: it belongs to another model",
                 path, place->targets);
}

static hr_status templates_load(const hr_model_place *place, hr_model **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *templates = NULL;
  hr_templates_notes notes = {0};
  hr_template_store *store = NULL;
  char *path = NULL;
  size_t made = 0;
  HR_TRY(hr_join_path(place->folder, file_name, &path, err));
  HR_TRY(check_targets(place, path, err));
  HR_TRY(hr_templates_load(path, place->pixels, 1, &templates, &notes, err));
  HR_TRY(check_slots(place, path, templates, err));
  HR_TRY(hr_template_store_create_take(&templates, &notes, &store, err));
  for (; made < place->slot_count; made++) {
    HR_TRY(hr_templates_model_create(store, place->slots[made], &out[made], err));
  }
cleanup:
  for (size_t s = 0; status != HR_OK && s < made; s++) templates_destroy(&out[s]);
  hr_template_store_release(&store);
  hr_templates_destroy(&templates);
  hr_templates_notes_fini(&notes);
  hr_free(path);
  return status;
}

/* Says where the mean is one over few templates, or that linear models are. */
static void templates_remark(const hr_model *model, double median, char *note,
                             size_t room) {
  const hr_template_store *store = model_of(model)->store;
  if (!(median < FEW_EFFECTIVE)) return;
  if (hr_templates_options_of(store->templates)->least_effective > 0) {
    snprintf(note, room,
             "half of the test spectra have %.1f effective templates or fewer; local "
             "linear models predict them",
             median);
    return;
  }
  snprintf(
      note, room,
      "half of the test spectra have %.1f effective templates or fewer, too few for "
      "a mean; more %sexperts.posterior.templates, or its kernel: local_linear would "
      "help",
      median, store->notes.columns > 1 ? "" : "training spectra, ");
}

/* All requests to one store, and the group of rows that is being answered. */
typedef struct answering {
  const hr_spectra *spectra;
  const hr_request *requests; /* [request_count], those to other stores are passed over */
  size_t request_count;
  const hr_template_store *store;
  hr_templates_workspace *work;
  size_t *next;   /* [request_count] places in the requests' lists of rows */
  size_t first;   /* of the group in the block */
  size_t rows;    /* of the group */
  bool *is_asked; /* [request_count][HR_PREDICT_ROWS] */
} answering;

static bool concerns(const answering *a, size_t q) {
  return model_of(a->requests[q].model)->store == a->store;
}

/* Fills is_asked for the group; false where nothing of it is. */
static bool find_asked(answering *a) {
  bool any = false;
  for (size_t q = 0; q < a->request_count; q++) {
    const hr_request *request = &a->requests[q];
    bool *asked = a->is_asked + q * HR_PREDICT_ROWS;
    memset(asked, 0, HR_PREDICT_ROWS * sizeof *asked);
    if (!concerns(a, q)) continue;
    while (a->next[q] < request->count && request->row[a->next[q]] < a->first + a->rows) {
      asked[request->row[a->next[q]++] - a->first] = true;
      any = true;
    }
  }
  return any;
}

static bool is_global_asked(const answering *a) {
  bool any = false;
  for (size_t q = 0; q < a->request_count; q++) {
    if (a->requests[q].model->slot != HR_GLOBAL) continue;
    for (size_t i = 0; i < a->rows; i++) any |= a->is_asked[q * HR_PREDICT_ROWS + i];
  }
  return any;
}

static void answer(const answering *a, size_t q, size_t i, const hr_posterior *found) {
  const hr_request *request = &a->requests[q];
  size_t row = a->first + i;
  request->mean[row] = (float)found->mean;
  if (request->variance) request->variance[row] = found->variance;
  if (request->effective) request->effective[row] = found->effective;
  if (request->mean_error) request->mean_error[row] = found->error;
  if (request->chi2) request->chi2[row] = found->chi2;
}

/* The bin that each row of the group is asked for in this turn: its first, its second ..;
 * request [rows] says by whom. False where no row has one. */
static bool take_turn(const answering *a, size_t turn, int32_t *group, size_t *request) {
  bool any = false;
  for (size_t i = 0; i < a->rows; i++) {
    size_t seen = 0;
    group[i] = HR_NO_GROUP;
    for (size_t q = 0; q < a->request_count && group[i] == HR_NO_GROUP; q++) {
      int slot = a->requests[q].model->slot;
      if (slot == HR_GLOBAL || !a->is_asked[q * HR_PREDICT_ROWS + i]) continue;
      if (seen++ < turn) continue;
      group[i] = slot;
      request[i] = q;
      any = true;
    }
  }
  return any;
}

static void answer_global(const answering *a, const hr_posterior *all) {
  for (size_t q = 0; q < a->request_count; q++) {
    if (a->requests[q].model->slot != HR_GLOBAL) continue;
    for (size_t i = 0; i < a->rows; i++) {
      if (a->is_asked[q * HR_PREDICT_ROWS + i]) answer(a, q, i, &all[i]);
    }
  }
}

/* Answers a group of rows: one comparison, and one more for each further bin that a row
 * is asked for. */
static hr_status answer_group(const answering *a, hr_error *err) {
  hr_status status = HR_OK;
  hr_posterior own[HR_PREDICT_ROWS], all[HR_PREDICT_ROWS];
  int32_t group[HR_PREDICT_ROWS];
  uint8_t fold[HR_PREDICT_ROWS];
  size_t request[HR_PREDICT_ROWS] = {0}, at = a->first * a->spectra->pixels;
  bool wants_all = is_global_asked(a);
  memset(fold, HR_NO_FOLD, sizeof fold);
  for (size_t turn = 0; take_turn(a, turn, group, request) || wants_all; turn++) {
    const hr_query query = {.rows = a->rows,
                            .x = a->spectra->noisy + at,
                            .error = a->spectra->error + at,
                            .level = a->spectra->level,
                            .group = group,
                            .fold = fold,
                            .own_only = !wants_all};
    HR_TRY(hr_templates_compare(a->store->templates, a->work, &query, own, all, err));
    if (wants_all) answer_global(a, all);
    for (size_t i = 0; i < a->rows; i++) {
      if (group[i] != HR_NO_GROUP) answer(a, request[i], i, &own[i]);
    }
    wants_all = false;
  }
cleanup:
  return status;
}

static hr_status answer_store(const hr_spectra *spectra, const hr_request *requests,
                              size_t request_count, const hr_template_store *store,
                              hr_error *err) {
  hr_status status = HR_OK;
  answering a = {.spectra = spectra,
                 .requests = requests,
                 .request_count = request_count,
                 .store = store};
  HR_TRY(hr_templates_workspace_create(store->templates, &a.work, err));
  HR_TRY(hr_alloc(&a.next, request_count, err));
  HR_TRY(hr_alloc(&a.is_asked, request_count * HR_PREDICT_ROWS, err));
  for (; a.first < spectra->rows; a.first += HR_PREDICT_ROWS) {
    size_t left = spectra->rows - a.first;
    a.rows = left < HR_PREDICT_ROWS ? left : HR_PREDICT_ROWS;
    if (find_asked(&a)) HR_TRY(answer_group(&a, err));
  }
cleanup:
  hr_templates_workspace_destroy(&a.work);
  hr_free(a.next);
  hr_free(a.is_asked);
  return status;
}

static hr_status check_spectra(const hr_spectra *spectra, const hr_request *requests,
                               size_t request_count, hr_error *err) {
  if (!spectra->error || !(spectra->level > 0)) {
    return hr_fail(err, HR_ERR_INTERNAL, "templates were given spectra without errors");
  }
  if (spectra->first_row % HR_PREDICT_ROWS != 0) {
    return hr_fail(err, HR_ERR_INTERNAL,
                   "templates were given spectra from row %zu on, which is no multiple "
                   "of %d",
                   spectra->first_row, HR_PREDICT_ROWS);
  }
  for (size_t q = 0; q < request_count; q++) {
    if (requests[q].model->pixels == spectra->pixels) continue;
    return hr_fail(err, HR_ERR_INTERNAL,
                   "templates of %zu pixels were given spectra of %zu",
                   requests[q].model->pixels, spectra->pixels);
  }
  return HR_OK;
}

static hr_status templates_predict(const hr_spectra *spectra, const hr_request *requests,
                                   size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_spectra(spectra, requests, request_count, err));
  for (size_t q = 0; q < request_count; q++) {
    const hr_template_store *store = model_of(requests[q].model)->store;
    bool is_answered = false;
    for (size_t before = 0; before < q; before++) {
      is_answered |= model_of(requests[before].model)->store == store;
    }
    if (is_answered) continue;
    HR_TRY(answer_store(spectra, requests, request_count, store, err));
  }
cleanup:
  return status;
}

const hr_model_type hr_templates_type = {
    .kind = "templates",
    .uses_error = true,
    .knows_variance = true,
    .shares_files = true,
    .save = templates_save,
    .record = templates_record,
    .load = templates_load,
    .predict = templates_predict,
    .remark = templates_remark,
    .destroy = templates_destroy,
};
