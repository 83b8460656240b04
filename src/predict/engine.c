/* An open bundle with the models that can be asked, slot by slot. */
#include "predict/engine.h"

#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "predict/engine_parts.h"

/* --- opening --- */

/* What stands for the bundle's gates among routers: weights come from the spectra. */
static const hr_router router_gate = {
    .name = "gate",
    .summary = "a gate of the bundle weighs the models of all bins by the spectrum",
};

static hr_status fail_router(const char *name, hr_error *err) {
  size_t count = 0;
  const hr_router *const *routers = hr_routers(&count);
  hr_text list;
  hr_text_init(&list);
  for (size_t i = 0; i < count; i++) {
    hr_text_append(&list, "%s%s", i == 0 ? "" : ", ", routers[i]->name);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_USAGE, "there is no router %s; there are %s, and gate",
                     name, list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

/* The methods of the bundle, each once. */
static hr_status fail_expert(const hr_engine *engine, const char *expert, hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  hr_text list;
  hr_text_init(&list);
  hr_text_append(&list, "%s", "");
  for (size_t i = 0; i < d->candidate_count; i++) {
    size_t j = 0;
    while (strcmp(d->candidates[j].method, d->candidates[i].method) != 0) j++;
    if (j < i) continue;
    hr_text_append(&list, "%s%s", i == 0 ? "" : ", ", d->candidates[i].method);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_USAGE, "the bundle %s has no expert %s; it has %s",
                     hr_bundle_folder(engine->bundle), expert,
                     list.length > 0 ? list.bytes : "none");
  }
  hr_text_fini(&list);
  return status;
}

static bool has_method(const hr_bundle_description *d, const char *method) {
  for (size_t i = 0; i < d->candidate_count; i++) {
    if (strcmp(d->candidates[i].method, method) == 0) return true;
  }
  return false;
}

/* The candidate that predicts a target of a slot. A router that leaves rows over leaves
 * them to the slot's fall-back. */
static size_t candidate_of(const hr_engine *engine, size_t target, size_t slot,
                           const char *expert) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  bool gives_rows = engine->router->uses_global || engine->gate.gate;
  bool is_left_over = slot == d->bin_count && !gives_rows;
  if (is_left_over) return hr_bundle_slot_of(d, target, slot)->fallback;
  return hr_bundle_choose(d, target, slot, expert);
}

/* Whether any row can be sent to the slot. */
static bool is_reached(const hr_engine *engine, size_t slot) {
  return !engine->router->uses_global || slot + 1 == engine->slot_count;
}

/* The models of a target; *found: how many. */
static hr_status load_slots(hr_engine *engine, size_t target, const char *expert,
                            size_t *found, hr_error *err) {
  hr_status status = HR_OK;
  *found = 0;
  for (size_t s = 0; s < engine->slot_count; s++) {
    hr_engine_slot *slot = &engine->slots[target * engine->slot_count + s];
    slot->candidate =
        is_reached(engine, s) ? candidate_of(engine, target, s, expert) : HR_NO_CANDIDATE;
    if (slot->candidate == HR_NO_CANDIDATE) continue;
    HR_TRY(hr_bundle_load(engine->bundle, slot->candidate, &slot->model, err));
    ++*found;
  }
cleanup:
  return status;
}

/* Targets that nobody predicts are NaN, as long as there is one that somebody does. */
static hr_status load_targets(hr_engine *engine, const char *expert, hr_error *err) {
  hr_status status = HR_OK;
  size_t found = 0, all = 0;
  for (size_t t = 0; t < hr_engine_describe(engine)->target_count; t++) {
    HR_TRY(load_slots(engine, t, expert, &found, err));
    all += found;
  }
  if (all > 0) goto cleanup;
  status =
      hr_fail(err, HR_ERR_USAGE,
              "the bundle %s has no model%s%s that predicts %s; ask for another "
              "expert or router",
              hr_bundle_folder(engine->bundle), expert ? " of " : "",
              expert ? expert : "", engine->router->uses_global ? "all rows" : "a bin");
cleanup:
  return status;
}

static hr_status make_grid(hr_engine *engine, hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  hr_status status = hr_alloc(&engine->axes, d->axis_count, err);
  if (status != HR_OK) return status;
  for (size_t a = 0; a < d->axis_count; a++) {
    engine->axes[a] =
        (hr_axis){d->axes[a].label, d->axes[a].edges, d->axes[a].edge_count};
  }
  engine->grid = (hr_routing_grid){engine->axes, d->axis_count, d->uncovered};
  engine->slot_count = d->bin_count + 1;
  return hr_alloc(&engine->slots, d->target_count * engine->slot_count, err);
}

/* The gate that the router names: "gate" the one to take, "gate_logistic" that one. */
static hr_status load_gate(hr_engine *engine, const char *router, hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  const char *name = router[4] == '_' ? router + 5 : NULL;
  size_t number = hr_bundle_find_gate(d, name);
  if (number == d->gate_count) {
    return hr_fail(err, HR_ERR_USAGE,
                   "the bundle %s has no %s%s; its study has to have it in the section "
                   "gates. There are the routers global, oracle and nearest",
                   hr_bundle_folder(engine->bundle), name ? "gate " : "gate",
                   name ? name : "");
  }
  return hr_open_gate_load(engine->bundle, number, &engine->gate, err);
}

static bool is_gate(const char *router) {
  return strcmp(router, "gate") == 0 || strncmp(router, "gate_", 5) == 0;
}

/* Without a name: the bundle's gate where it has one, else one model for all. */
static hr_status find_router(hr_engine *engine, const char *name, hr_error *err) {
  if (!name) name = hr_engine_describe(engine)->gate_count > 0 ? "gate" : "global";
  engine->router = is_gate(name) ? &router_gate : hr_router_find(name);
  if (!engine->router) return fail_router(name, err);
  return is_gate(name) ? load_gate(engine, name, err) : HR_OK;
}

hr_status hr_engine_open(const char *path, const char *router, const char *expert,
                         hr_engine **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_engine *engine = NULL;
  HR_TRY(hr_alloc(&engine, 1, err));
  HR_TRY(hr_bundle_open(path, &engine->bundle, err));
  HR_TRY(find_router(engine, router, err));
  engine->conditioning = hr_bundle_conditioning(hr_engine_describe(engine));
  if (hr_engine_describe(engine)->rv) {
    HR_TRY(hr_mover_create(hr_engine_describe(engine), &engine->conditioning,
                           &engine->mover, err));
  }
  HR_TRY(make_grid(engine, err));
  if (expert && !has_method(hr_engine_describe(engine), expert)) {
    status = fail_expert(engine, expert, err);
    goto cleanup;
  }
  HR_TRY(load_targets(engine, expert, err));
  *out = engine;
  engine = NULL;
cleanup:
  hr_engine_close(&engine);
  return status;
}

void hr_engine_close(hr_engine **engine) {
  if (!*engine) return;
  hr_mover_destroy(&(*engine)->mover);
  hr_open_gate_fini(&(*engine)->gate);
  hr_bundle_close(&(*engine)->bundle);
  hr_free((*engine)->slots);
  hr_free((*engine)->axes);
  hr_free(*engine);
  *engine = NULL;
}

/* --- asking --- */

const hr_bundle_description *hr_engine_describe(const hr_engine *engine) {
  return hr_bundle_describe(engine->bundle);
}

const char *hr_engine_folder(const hr_engine *engine) {
  return hr_bundle_folder(engine->bundle);
}

const hr_router *hr_engine_router(const hr_engine *engine) {
  return engine->router;
}

const hr_mover *hr_engine_mover(const hr_engine *engine) {
  return engine->mover;
}

const hr_conditioning *hr_engine_conditioning(const hr_engine *engine) {
  return &engine->conditioning;
}

const hr_model *hr_engine_model(const hr_engine *engine, size_t target, size_t slot) {
  return hr_engine_slot_of(engine, target, slot)->model;
}

size_t hr_engine_candidate(const hr_engine *engine, size_t target, size_t slot) {
  return hr_engine_slot_of(engine, target, slot)->candidate;
}

const char *hr_engine_needs_error(const hr_engine *engine) {
  size_t count = hr_engine_describe(engine)->target_count * engine->slot_count;
  if (engine->gate.needs_error) return engine->gate.needs_error;
  for (size_t s = 0; s < count; s++) {
    const hr_engine_slot *slot = &engine->slots[s];
    if (slot->model && slot->model->type->uses_error) {
      return hr_engine_describe(engine)->candidates[slot->candidate].title;
    }
  }
  return NULL;
}

/* --- results --- */

hr_status hr_engine_result_init(const hr_engine *engine, size_t rows,
                                hr_engine_result *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t values = rows * hr_engine_describe(engine)->target_count;
  *out = (hr_engine_result){0};
  HR_TRY(hr_alloc(&out->mean, values, err));
  HR_TRY(hr_alloc(&out->sigma, values, err));
  HR_TRY(hr_alloc(&out->half68, values, err));
  HR_TRY(hr_alloc(&out->half95, values, err));
  HR_TRY(hr_alloc(&out->gap, values, err));
  HR_TRY(hr_alloc(&out->slot, rows, err));
  HR_TRY(hr_alloc(&out->candidate, values, err));
  HR_TRY(hr_alloc(&out->snr, rows, err));
  HR_TRY(hr_alloc(&out->masked, rows, err));
  HR_TRY(hr_alloc(&out->chi2, rows, err));
  HR_TRY(hr_alloc(&out->effective, rows, err));
  HR_TRY(hr_alloc(&out->flags, rows, err));
  HR_TRY(hr_alloc(&out->rv, rows, err));
  HR_TRY(hr_alloc(&out->sigma_rv, rows, err));
  HR_TRY(hr_alloc(&out->scale, rows, err));
  HR_TRY(hr_alloc(&out->side, rows, err));
  HR_TRY(hr_alloc(&out->beyond, rows, err));
cleanup:
  return status;
}

void hr_engine_result_fini(hr_engine_result *result) {
  hr_free(result->mean);
  hr_free(result->sigma);
  hr_free(result->half68);
  hr_free(result->half95);
  hr_free(result->gap);
  hr_free(result->slot);
  hr_free(result->candidate);
  hr_free(result->snr);
  hr_free(result->masked);
  hr_free(result->chi2);
  hr_free(result->effective);
  hr_free(result->flags);
  hr_free(result->rv);
  hr_free(result->sigma_rv);
  hr_free(result->scale);
  hr_free(result->side);
  hr_free(result->beyond);
  *result = (hr_engine_result){0};
}
