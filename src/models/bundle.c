/* An open bundle: where it is, what it says of itself, and the models loaded so far. */
#include "models/bundle.h"

#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
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

/* A run that left nothing to predict with says why. */
static hr_status check_run(const char *path, hr_error *err) {
  if (!hr_folder_has(path, "manifest.json") || hr_folder_has(path, "model")) {
    return HR_OK;
  }
  return hr_fail(
      err, HR_ERR_MISSING,
      "the run %s has no model: it is not finished, or run.model is none; finish "
      "it with `headroom run --resume`, with run.model: compact or full",
      path);
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

/* Takes over models [count] that were loaded for the candidates of these numbers. */
static hr_status accept_models(hr_bundle *bundle, const size_t *numbers, size_t count,
                               hr_model **models, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < count && status == HR_OK; i++) {
    status = accept_model(bundle, numbers[i], models[i], err);
  }
  for (size_t i = 0; i < count; i++) {
    if (status != HR_OK) hr_model_destroy(&models[i]);
    bundle->models[numbers[i]] = models[i];
  }
  return status;
}

static hr_status load(hr_bundle *bundle, size_t candidate, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = &bundle->description;
  const hr_bundle_candidate *wanted = &d->candidates[candidate];
  size_t *numbers = NULL, count = 0;
  int *slots = NULL;
  hr_model **models = NULL;
  char *folder = NULL;
  HR_TRY(hr_alloc(&numbers, d->candidate_count, err));
  HR_TRY(hr_alloc(&slots, d->candidate_count, err));
  HR_TRY(hr_alloc(&models, d->candidate_count, err));
  HR_TRY(hr_join_path(bundle->folder, wanted->folder, &folder, err));
  for (size_t i = 0; i < d->candidate_count; i++) {
    if (!goes_with(wanted, &d->candidates[i])) continue;
    numbers[count] = i;
    slots[count++] = d->candidates[i].slot;
  }
  const hr_model_place place = {folder, d->pixels, d->target_count, slots, count};
  HR_TRY(hr_model_type_find(wanted->kind)->load(&place, models, err));
  HR_TRY(accept_models(bundle, numbers, count, models, err));
cleanup:
  hr_free(folder);
  hr_free(models);
  hr_free(slots);
  hr_free(numbers);
  return status;
}

hr_status hr_bundle_load(hr_bundle *bundle, size_t candidate, const hr_model **out,
                         hr_error *err) {
  hr_status status = HR_OK;
  if (!bundle->models[candidate]) status = load(bundle, candidate, err);
  if (status == HR_OK) *out = bundle->models[candidate];
  return status;
}
