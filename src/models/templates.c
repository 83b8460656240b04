/* Models of templates: who shares a store, and what is kept of it on disk. */
#include "models/templates.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "models/templates_parts.h"

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

const hr_template_store *hr_template_store_of(const hr_model *model) {
  return model_of(model)->store;
}

const hr_templates *hr_template_store_templates(const hr_template_store *store) {
  return store->templates;
}

const hr_templates *hr_templates_of_model(const hr_model *model) {
  return model->type == &hr_templates_type ? model_of(model)->store->templates : NULL;
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

hr_status hr_templates_model_create(hr_template_store *store, size_t target, int slot,
                                    hr_model **out, hr_error *err) {
  templates_model *m = NULL;
  hr_status status = hr_alloc(&m, 1, err);
  if (status != HR_OK) return status;
  m->model = (hr_model){.type = &hr_templates_type,
                        .slot = slot,
                        .target = target,
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

static hr_status templates_load(const hr_model_place *place, hr_model **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *templates = NULL;
  hr_templates_notes notes = {0};
  hr_template_store *store = NULL;
  char *path = NULL;
  size_t made = 0, slots = place->slot_count;
  HR_TRY(hr_join_path(place->folder, file_name, &path, err));
  HR_TRY(hr_templates_load(path, place->pixels, place->targets, &templates, &notes, err));
  HR_TRY(check_slots(place, path, templates, err));
  HR_TRY(hr_template_store_create_take(&templates, &notes, &store, err));
  for (; made < place->targets * slots; made++) {
    int slot = place->slots[made % slots];
    HR_TRY(hr_templates_model_create(store, made / slots, slot, &out[made], err));
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

const hr_model_type hr_templates_type = {
    .kind = "templates",
    .uses_error = true,
    .knows_variance = true,
    .shares_files = true,
    .save = templates_save,
    .record = templates_record,
    .load = templates_load,
    .predict = hr_templates_predict,
    .remark = templates_remark,
    .destroy = templates_destroy,
};
