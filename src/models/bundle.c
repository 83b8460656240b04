/* An open bundle: where it is, what it says of itself, and the models loaded so far. */
#include "models/bundle.h"

#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/json_file.h"
#include "models/bundle_parts.h"

struct hr_bundle {
  char *folder;
  hr_bundle_description description;
  hr_model **models; /* [candidate_count]; NULL: not loaded */
};

/* The folder that has a model.json: `path`, or its `model`; where neither has, the one
 * that could. */
static hr_status find_folder(const char *path, char **out, hr_error *err) {
  hr_status status = HR_OK;
  char *inner = NULL, *json = NULL;
  HR_TRY(hr_join_path(path, HR_BUNDLE_JSON, &json, err));
  HR_TRY(hr_join_path(path, "model", &inner, err));
  bool is_outer = access(json, F_OK) == 0 || access(inner, F_OK) != 0;
  if (access(path, F_OK) != 0) {
    status = hr_fail(err, HR_ERR_MISSING, "there is no folder %s", path);
    goto cleanup;
  }
  HR_TRY(hr_copy_text(is_outer ? path : inner, out, err));
cleanup:
  hr_free(inner);
  hr_free(json);
  return status;
}

/* Of the experts of a finished run: how many have a model somewhere, and how many of
 * those are the study's own, whose models a bundle could have. */
typedef struct trained_count {
  size_t all, own;
} trained_count;

static trained_count count_trained(const json_t *results) {
  trained_count found = {0};
  const json_t *experts = json_object_get(results, "experts");
  for (size_t e = 0; e < json_array_size(experts); e++) {
    const json_t *expert = json_array_get(experts, e);
    if (strcmp(hr_json_string(expert, "status", ""), "ok") != 0) continue;
    found.all++;
    found.own += !json_is_true(json_object_get(expert, "only_global")) &&
                 !json_is_true(json_object_get(expert, "elsewhere"));
  }
  return found;
}

/* Why a run has no model, and what to do. */
static const char *explain(const json_t *results) {
  const trained_count trained = count_trained(results);
  if (!results) return "it is not finished; finish it with " HR_DOOR_GO_ON;
  if (trained.own > 0) {
    return "run.model is none; ask for it with " HR_DOOR_GO_ON
           ", with run.model: compact or full";
  }
  if (trained.all > 0) {
    return "what predicts there was trained elsewhere, and no bundle has it; predict "
           "with that model itself, or give the study an expert of its own, such as "
           "ridge";
  }
  return "none of its experts could be trained; its report says why";
}

/* A run that left nothing to predict with says why. */
static hr_status check_run(const char *path, hr_error *err) {
  json_t *results = NULL;
  if (!hr_folder_has(path, "manifest.json") || hr_folder_has(path, "model")) {
    return HR_OK;
  }
  hr_status status = hr_json_file_look(path, "results.json", &results, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_MISSING, "the run %s has no model: %s", path,
                     explain(results));
  }
  json_decref(results);
  return status;
}

hr_status hr_bundle_open(const char *path, hr_bundle **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_bundle *bundle = NULL;
  HR_TRY(hr_alloc(&bundle, 1, err));
  HR_TRY(find_folder(path, &bundle->folder, err));
  HR_TRY(check_run(path, err));
  HR_TRY(hr_bundle_read(bundle->folder, &bundle->description, err));
  HR_TRY(hr_alloc(&bundle->models, bundle->description.candidate_count, err));
  *out = bundle;
  bundle = NULL;
cleanup:
  hr_bundle_close(&bundle);
  return status;
}

void hr_bundle_close(hr_bundle **bundle) {
  hr_bundle *b = *bundle;
  if (!b) return;
  for (size_t i = 0; b->models && i < b->description.candidate_count; i++) {
    hr_model_destroy(&b->models[i]);
  }
  hr_free(b->models);
  hr_bundle_description_fini(&b->description);
  hr_free(b->folder);
  hr_free(b);
  *bundle = NULL;
}

const hr_bundle_description *hr_bundle_describe(const hr_bundle *bundle) {
  return &bundle->description;
}

const char *hr_bundle_folder(const hr_bundle *bundle) {
  return bundle->folder;
}

/* Whether the two are loaded together. */
static bool goes_with(const hr_bundle_candidate *a, const hr_bundle_candidate *b) {
  return a == b || (strcmp(a->folder, b->folder) == 0 && strcmp(a->kind, b->kind) == 0);
}

static hr_status accept_model(hr_bundle *bundle, size_t candidate, hr_model *model,
                              hr_error *err) {
  const hr_bundle_candidate *known = &bundle->description.candidates[candidate];
  if (model->variant_count != known->variant_count) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "the bundle %s contradicts itself: the model in %s predicts with %zu "
                   "settings, and %s says %zu; copy the folder again",
                   bundle->folder, known->folder, model->variant_count, HR_BUNDLE_JSON,
                   known->variant_count);
  }
  model->chosen = known->chosen;
  return HR_OK;
}

/* What is loaded together with a candidate: a model of every target and slot that the
 * candidates of its files have between them. */
typedef struct loading {
  const hr_bundle_candidate *wanted;
  int *slots; /* [slot_count] */
  size_t slot_count, targets;
  hr_model **models; /* [targets][slot_count] */
} loading;

static size_t find_slot(const loading *l, int slot) {
  size_t s = 0;
  while (s < l->slot_count && l->slots[s] != slot) s++;
  return s;
}

static hr_status loading_init(loading *l, const hr_bundle_description *d, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&l->slots, d->candidate_count, err));
  for (size_t i = 0; i < d->candidate_count; i++) {
    const hr_bundle_candidate *candidate = &d->candidates[i];
    if (!goes_with(l->wanted, candidate)) continue;
    if (find_slot(l, candidate->slot) < l->slot_count) continue;
    l->slots[l->slot_count++] = candidate->slot;
  }
  bool shares = hr_model_type_find(l->wanted->kind)->shares_files;
  l->targets = shares ? d->target_count : 1;
  HR_TRY(hr_alloc(&l->models, l->targets * l->slot_count, err));
cleanup:
  return status;
}

/* Models that no candidate took over go too. */
static void loading_fini(loading *l) {
  for (size_t i = 0; l->models && i < l->targets * l->slot_count; i++) {
    hr_model_destroy(&l->models[i]);
  }
  hr_free(l->models);
  hr_free(l->slots);
}

static hr_status accept_models(hr_bundle *bundle, loading *l, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = &bundle->description;
  for (size_t i = 0; i < d->candidate_count; i++) {
    const hr_bundle_candidate *candidate = &d->candidates[i];
    if (!goes_with(l->wanted, candidate)) continue;
    size_t target = l->targets > 1 ? candidate->target : 0;
    hr_model **model = &l->models[target * l->slot_count + find_slot(l, candidate->slot)];
    HR_TRY(accept_model(bundle, i, *model, err));
    (*model)->target = candidate->target;
    bundle->models[i] = *model;
    *model = NULL;
  }
cleanup:
  return status;
}

static hr_status load(hr_bundle *bundle, size_t candidate, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = &bundle->description;
  loading l = {.wanted = &d->candidates[candidate]};
  char *folder = NULL;
  HR_TRY(hr_join_path(bundle->folder, l.wanted->folder, &folder, err));
  HR_TRY(loading_init(&l, d, err));
  const hr_model_place place = {folder, d->pixels, l.targets, l.slots, l.slot_count};
  HR_TRY(hr_model_type_find(l.wanted->kind)->load(&place, l.models, err));
  HR_TRY(accept_models(bundle, &l, err));
cleanup:
  loading_fini(&l);
  hr_free(folder);
  return status;
}

hr_status hr_bundle_load(hr_bundle *bundle, size_t candidate, const hr_model **out,
                         hr_error *err) {
  hr_status status = HR_OK;
  if (!bundle->models[candidate]) status = load(bundle, candidate, err);
  if (status == HR_OK) *out = bundle->models[candidate];
  return status;
}
