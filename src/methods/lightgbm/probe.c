/* A device that is missing would be found when all rows are read and the first tree is to
 * be grown; asking for one beforehand takes a moment. */
#include "methods/lightgbm/probe.h"

#include <stdio.h>
#include <string.h>

#include "methods/lightgbm/trees.h"

enum { ROWS = 64, PARAMETERS_BYTES = 128 };

/* A dataset of one pixel that tells the label. */
static hr_status make_dataset(const hr_lightgbm_api *api, const char *parameters,
                              void **dataset, hr_error *err) {
  hr_status status = HR_OK;
  double values[ROWS], *columns[] = {values};
  float rows[ROWS], labels[ROWS];
  int numbers[ROWS], *row_columns[] = {numbers};
  const int count = ROWS;
  for (int i = 0; i < ROWS; i++) {
    values[i] = 1 + i;
    rows[i] = labels[i] = (float)values[i];
    numbers[i] = i;
  }
  HR_TRY(hr_grower_check(
      api,
      api->dataset_create_from_sampled_column(columns, row_columns, 1, &count, ROWS, ROWS,
                                              ROWS, parameters, dataset),
      err));
  HR_TRY(hr_grower_check(
      api, api->dataset_push_rows(*dataset, rows, HR_LGBM_FLOAT32, ROWS, 1, 0), err));
  HR_TRY(hr_grower_check(
      api, api->dataset_set_field(*dataset, "label", labels, ROWS, HR_LGBM_FLOAT32),
      err));
cleanup:
  return status;
}

hr_status hr_lightgbm_probe(const hr_lightgbm_api *api, const char *device,
                            hr_error *err) {
  hr_status status = HR_OK;
  void *dataset = NULL, *booster = NULL;
  char parameters[PARAMETERS_BYTES];
  snprintf(parameters, sizeof parameters,
           "objective=regression device_type=%s min_data_in_leaf=5 num_leaves=2 "
           "num_iterations=1 verbosity=-1",
           device);
  HR_TRY(make_dataset(api, parameters, &dataset, err));
  HR_TRY(hr_grower_check(api, api->booster_create(dataset, parameters, &booster), err));
cleanup:
  if (booster) api->booster_free(booster);
  if (dataset) api->dataset_free(dataset);
  return status;
}

static hr_status refuse(const char *device, const char *reason, hr_error *err) {
  return hr_fail(err, HR_ERR_CONFIG,
                 "experts.lightgbm.device is %s, and %s; device: auto or cpu grows trees "
                 "here",
                 device, reason);
}

hr_status hr_lightgbm_check(const hr_study_view *study, const void *parameters,
                            hr_error *err) {
  const hr_lightgbm_parameters *p = parameters;
  const char *device = p->device;
  hr_lightgbm_library library;
  hr_error reason = {.status = HR_OK};
  (void)study;
  if (strcmp(device, "auto") == 0 || strcmp(device, "cpu") == 0) return HR_OK;
  if (p->quantized) {
    return refuse(device, "experts.lightgbm.quantized works on the CPU alone", err);
  }
  if (strcmp(device, "gpu") == 0 && !hr_grower_has_opencl()) {
    return refuse(device, "this machine has no OpenCL platform", err);
  }
  if (hr_lightgbm_load(&library, NULL) != HR_OK) return HR_OK;
  hr_status status = hr_lightgbm_probe(&library.api, device, &reason);
  hr_lightgbm_unload(&library);
  if (status == HR_OK) return HR_OK;
  if (status == HR_ERR_NUMERIC) return refuse(device, reason.message, err);
  return hr_fail(err, status, "%s", reason.message);
}
