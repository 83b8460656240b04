/* Networks that predict. */
#include "models/network.h"

#include <stdio.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"

enum { MOST_ROWS = 256 }; /* of a request that are predicted at a time */

typedef struct network {
  hr_model base;
  hr_net_pool *pool;
} network;

static const network *network_of(const hr_model *model) {
  return (const network *)(const void *)model;
}

static void network_destroy(hr_model **address) {
  network *model = (network *)(void *)*address;
  *address = NULL;
  if (!model) return;
  hr_net_pool_release(&model->pool);
  hr_free(model);
}

hr_status hr_network_model_create_take(hr_net_model *trained, int slot, hr_model **out,
                                       hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = trained->net->pixels;
  network *model = NULL;
  HR_TRY(hr_alloc(&model, 1, err));
  HR_TRY(hr_net_pool_create_take(trained, &model->pool, err));
  model->base = (hr_model){
      .type = &hr_network_model_type, .slot = slot, .pixels = pixels, .variant_count = 1};
  *out = &model->base;
  model = NULL;
cleanup:
  hr_free(model);
  return status;
}

static hr_status answer(const hr_spectra *spectra, const hr_request *request,
                        hr_error *err) {
  hr_status status = HR_OK;
  const network *model = network_of(request->model);
  float out[MOST_ROWS];
  hr_net_copy *copy = NULL;
  HR_TRY(hr_net_pool_take(model->pool, &copy, err));
  hr_net_model *net = hr_net_copy_model(copy);
  for (size_t first = 0; first < request->count; first += MOST_ROWS) {
    size_t left = request->count - first, count = left < MOST_ROWS ? left : MOST_ROWS;
    const uint32_t *row = request->row + first;
    HR_TRY(hr_net_model_predict(net, spectra->noisy, row, count, out, err));
    for (size_t i = 0; i < count; i++) request->mean[row[i]] = out[i];
  }
cleanup:
  if (copy) hr_net_pool_give_back(model->pool, copy);
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
  const hr_net_model *trained = hr_net_pool_trained(network_of(model)->pool);
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
  const hr_net_wanted wanted = {design, place->pixels, 1};
  HR_TRY(hr_net_model_load(path, &wanted, &trained, err));
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
