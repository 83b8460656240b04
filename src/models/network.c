/* Networks that predict, and the workspaces that they do it in. */
#include "models/network.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/parallel.h"

enum { MOST_ROWS = 256 }; /* of a request that are predicted at a time */

/* A copy of the network with room to compute in, used by one call at a time. */
typedef struct workspace {
  hr_net_model network;
  size_t threads; /* that it has room for */
  struct workspace *next;
} workspace;

/* Workspaces that nobody uses at the moment. */
typedef struct pool {
  pthread_mutex_t lock;
  workspace *idle;
} pool;

typedef struct network {
  hr_model base;
  hr_net_model trained; /* its numbers; never computes */
  pool *pool;
} network;

static const network *network_of(const hr_model *model) {
  return (const network *)(const void *)model;
}

static void destroy_workspace(workspace **address) {
  workspace *w = *address;
  *address = NULL;
  if (!w) return;
  hr_net_model_fini(&w->network);
  hr_free(w);
}

static void network_destroy(hr_model **address) {
  network *model = (network *)(void *)*address;
  *address = NULL;
  if (!model) return;
  while (model->pool && model->pool->idle) {
    workspace *w = model->pool->idle;
    model->pool->idle = w->next;
    destroy_workspace(&w);
  }
  if (model->pool) pthread_mutex_destroy(&model->pool->lock);
  hr_free(model->pool);
  hr_net_model_fini(&model->trained);
  hr_free(model);
}

hr_status hr_network_model_create_take(hr_net_model *trained, int slot, hr_model **out,
                                       hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = trained->net->pixels;
  network *model = NULL;
  pool *idle = NULL;
  HR_TRY(hr_alloc(&model, 1, err));
  HR_TRY(hr_alloc(&idle, 1, err));
  pthread_mutex_init(&idle->lock, NULL);
  model->base = (hr_model){
      .type = &hr_network_model_type, .slot = slot, .pixels = pixels, .variant_count = 1};
  model->trained = *trained;
  model->pool = idle;
  *trained = (hr_net_model){.net = NULL};
  *out = &model->base;
  model = NULL;
  idle = NULL;
cleanup:
  hr_free(model);
  hr_free(idle);
  return status;
}

/* The first idle workspace with room for so many threads, taken out of the list; NULL
 * where there is none. */
static workspace *find_idle(pool *from, size_t threads) {
  workspace *found = NULL;
  pthread_mutex_lock(&from->lock);
  for (workspace **w = &from->idle; *w && !found;) {
    if ((*w)->threads >= threads) {
      found = *w;
      *w = found->next;
    } else {
      w = &(*w)->next;
    }
  }
  pthread_mutex_unlock(&from->lock);
  return found;
}

static void give_back(pool *to, workspace *w) {
  pthread_mutex_lock(&to->lock);
  w->next = to->idle;
  to->idle = w;
  pthread_mutex_unlock(&to->lock);
}

static hr_status take_workspace(const network *model, workspace **out, hr_error *err) {
  hr_status status = HR_OK;
  size_t threads = hr_thread_count();
  workspace *made = NULL;
  *out = find_idle(model->pool, threads);
  if (*out) return HR_OK;
  HR_TRY(hr_alloc(&made, 1, err));
  made->threads = threads;
  HR_TRY(hr_net_model_take_output(&model->trained, 0, HR_NETWORK_MODEL_BATCH,
                                  &made->network, err));
  *out = made;
  made = NULL;
cleanup:
  hr_free(made);
  return status;
}

static hr_status answer(const hr_spectra *spectra, const hr_request *request,
                        hr_error *err) {
  hr_status status = HR_OK;
  const network *model = network_of(request->model);
  float out[MOST_ROWS];
  workspace *w = NULL;
  HR_TRY(take_workspace(model, &w, err));
  for (size_t first = 0; first < request->count; first += MOST_ROWS) {
    size_t left = request->count - first, count = left < MOST_ROWS ? left : MOST_ROWS;
    const uint32_t *row = request->row + first;
    HR_TRY(hr_net_model_predict(&w->network, spectra->noisy, row, count, out, err));
    for (size_t i = 0; i < count; i++) request->mean[row[i]] = out[i];
  }
cleanup:
  if (w) give_back(model->pool, w);
  return status;
}

static hr_status network_predict(const hr_spectra *spectra, const hr_request *requests,
                                 size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_requests_check(spectra, requests, request_count, err));
  for (size_t i = 0; i < request_count; i++) {
    hr_request_fill_unknown(&requests[i]);
    if (requests[i].count == 0 || requests[i].variants == 0) continue;
    HR_TRY(answer(spectra, &requests[i], err));
  }
cleanup:
  return status;
}

/* folder/model.cnn, of that kind. */
static hr_status name_file(const char *folder, const hr_net_kind *kind, char **path,
                           hr_error *err) {
  char name[32];
  snprintf(name, sizeof name, "model.%s", kind->name);
  return hr_join_path(folder, name, path, err);
}

static hr_status network_save(const hr_model *model, const char *folder,
                              hr_model_form form, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_model *trained = &network_of(model)->trained;
  char *path = NULL;
  (void)form;
  HR_TRY(name_file(folder, trained->design.kind, &path, err));
  HR_TRY(hr_net_model_save(trained, path, err));
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_network_model_load(const hr_model_place *place, const hr_net_design *design,
                                hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_net_model trained = {.net = NULL};
  char *path = NULL;
  HR_TRY(name_file(place->folder, design->kind, &path, err));
  HR_TRY(hr_net_model_load(path, design, place->pixels, 1, &trained, err));
  HR_TRY(hr_network_model_create_take(&trained, place->slots[0], out, err));
cleanup:
  hr_net_model_fini(&trained);
  hr_free(path);
  return status;
}

/* The design of the kind whose file is there. */
static hr_status find_kind(const char *folder, hr_net_design *out, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  size_t count = 0;
  const hr_net_kind *const *kinds = hr_net_kinds(&count);
  for (size_t i = 0; i < count && !out->kind; i++) {
    HR_TRY(name_file(folder, kinds[i], &path, err));
    if (access(path, F_OK) == 0) out->kind = kinds[i];
    hr_free(path);
    path = NULL;
  }
  if (!out->kind) {
    status = hr_fail(err, HR_ERR_MISSING,
                     "%s has no network, neither model.cnn nor model.vit; copy it again",
                     folder);
  }
cleanup:
  return status;
}

static hr_status network_load(const hr_model_place *place, hr_model **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_net_design design = {.kind = NULL};
  HR_TRY(find_kind(place->folder, &design, err));
  HR_TRY(hr_network_model_load(place, &design, out, err));
cleanup:
  return status;
}

const hr_model_type hr_network_model_type = {
    .kind = "network",
    .save = network_save,
    .load = network_load,
    .predict = network_predict,
    .destroy = network_destroy,
};
