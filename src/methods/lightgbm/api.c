/* Finding LightGBM's shared library, and filling the table of its functions. */
#include "methods/lightgbm/api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "methods/shared_library.h"

#define REMEDY "scripts/setup.sh installs 4.7.0, LIGHTGBM_ROOT names another copy"

enum { FORMAT_BYTES = 16 };

typedef struct symbol {
  const char *name;
  size_t offset; /* in hr_lightgbm_api */
} symbol;

#define SYMBOL(name, member) \
  { "LGBM_" #name, offsetof(hr_lightgbm_api, member) }

static const symbol symbols[] = {
    SYMBOL(GetLastError, last_error),
    SYMBOL(DatasetCreateFromSampledColumn, dataset_create_from_sampled_column),
    SYMBOL(DatasetPushRows, dataset_push_rows),
    SYMBOL(DatasetSetFeatureNames, dataset_set_feature_names),
    SYMBOL(DatasetAddFeaturesFrom, dataset_add_features_from),
    SYMBOL(DatasetSetField, dataset_set_field),
    SYMBOL(DatasetGetSubset, dataset_get_subset),
    SYMBOL(DatasetGetFeatureNumBin, dataset_get_feature_num_bin),
    SYMBOL(DatasetFree, dataset_free),
    SYMBOL(BoosterCreate, booster_create),
    SYMBOL(BoosterAddValidData, booster_add_valid_data),
    SYMBOL(BoosterUpdateOneIter, booster_update_one_iter),
    SYMBOL(BoosterGetPredict, booster_get_predict),
    SYMBOL(BoosterSaveModelToString, booster_save_model_to_string),
    SYMBOL(BoosterLoadModelFromString, booster_load_model_from_string),
    SYMBOL(BoosterPredictForMat, booster_predict_for_mat),
    SYMBOL(BoosterFeatureImportance, booster_feature_importance),
    SYMBOL(BoosterFree, booster_free),
};

/* The library does not tell its version. This function came with 4.0, in which
 * LGBM_DatasetCreateFromSampledColumn took its present arguments. */
static const char version_mark[] = "LGBM_DatasetInitStreaming";

static hr_status fill_table(hr_lightgbm_library *library, const char *path,
                            hr_error *err) {
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    void *address = dlsym(library->handle, symbols[i].name);
    if (!address) {
      return hr_fail(err, HR_ERR_MISSING, "%s is not LightGBM: it lacks %s; " REMEDY,
                     path, symbols[i].name);
    }
    /* ISO C has no cast from an object's address to a function's; POSIX says they are
     * alike. */
    memcpy((char *)&library->api + symbols[i].offset, &address, sizeof address);
  }
  return HR_OK;
}

/* A model without a tree. LightGBM 4 writes it back as version=v4; another number means
 * another major version, whose functions may take other arguments than ours. */
static const char empty_model[] =
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
    "max_feature_idx=0\nobjective=regression\nfeature_names=pixel\n"
    "feature_infos=none\ntree_sizes=\n\nend of trees\n";

/* What the library calls the format of its models, "v4"; "" where it does not tell. */
static void ask_format(const hr_lightgbm_api *api, char out[FORMAT_BYTES]) {
  static const char heading[] = "tree\nversion=";
  char text[4096] = "";
  void *booster = NULL;
  int trees = 0;
  int64_t length = 0;
  out[0] = '\0';
  if (api->booster_load_model_from_string(empty_model, &trees, &booster) != 0) return;
  int code = api->booster_save_model_to_string(booster, 0, -1, HR_LGBM_IMPORTANCE_GAIN,
                                               sizeof text, &length, text);
  if (booster) api->booster_free(booster);
  if (code != 0 || length < 1 || (size_t)length > sizeof text) return;
  if (strncmp(text, heading, sizeof heading - 1) != 0) return;
  snprintf(out, FORMAT_BYTES, "%.*s", (int)strcspn(text + sizeof heading - 1, "\n"),
           text + sizeof heading - 1);
}

static hr_status check_version(const hr_lightgbm_library *library, const char *path,
                               hr_error *err) {
  char format[FORMAT_BYTES];
  if (!dlsym(library->handle, version_mark)) {
    return hr_fail(err, HR_ERR_MISSING,
                   "%s is LightGBM of a version before 4.0 (it lacks %s); " REMEDY, path,
                   version_mark);
  }
  ask_format(&library->api, format);
  if (strcmp(format, "v4") == 0) return HR_OK;
  return hr_fail(err, HR_ERR_MISSING,
                 "%s is LightGBM of another version than 4 (its models are of format "
                 "'%s', not v4); " REMEDY,
                 path, format);
}

static hr_status accept(void *context, void *handle, const char *path, hr_error *err) {
  hr_lightgbm_library *library = context;
  library->handle = handle;
  hr_status status = fill_table(library, path, err);
  return status == HR_OK ? check_version(library, path, err) : status;
}

static const hr_shared_library place = {.name = "LightGBM",
                                        .remedy = REMEDY,
                                        .variable = "LIGHTGBM_ROOT",
                                        .file = "lib_lightgbm.so",
                                        .wheel = "lightgbm/lib",
                                        .package = "lightgbm",
                                        .libdir = HR_LIGHTGBM_LIBDIR,
                                        .installed = HR_LIGHTGBM_INSTALLED,
                                        .built = HR_LIGHTGBM_BUILT};

hr_status hr_lightgbm_load(hr_lightgbm_library *out, hr_error *err) {
  *out = (hr_lightgbm_library){0};
#if HR_LIGHTGBM
  void *handle = NULL;
  hr_status status = hr_shared_library_open(&place, accept, out, &handle, err);
  if (status != HR_OK) *out = (hr_lightgbm_library){0};
  return status;
#else
  (void)place, (void)accept;
  return hr_fail(err, HR_ERR_MISSING,
                 "this program was built without LightGBM (HR_LIGHTGBM=OFF)");
#endif
}

void hr_lightgbm_unload(hr_lightgbm_library *library) {
  if (library->handle) dlclose(library->handle);
  *library = (hr_lightgbm_library){0};
}
