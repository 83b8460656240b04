/* Finding LightGBM's shared library, and filling the table of its functions. */
#include "methods/lightgbm/api.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "lib_lightgbm.so"
#define REMEDY    "scripts/setup.sh installs 4.7.0, LIGHTGBM_ROOT names another copy"

enum { PATH_BYTES = 4096, FORMAT_BYTES = 16 };

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

/* Loads `path`. RTLD_NODELETE: threads of the OpenMP runtime may still hold its
 * thread-local data when the last study is done. */
static hr_status load_file(const char *path, hr_lightgbm_library *library,
                           hr_error *err) {
  library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library->handle) {
    const char *reason = dlerror();
    return hr_fail(err, HR_ERR_MISSING, "LightGBM cannot be loaded: %s; " REMEDY,
                   reason ? reason : path);
  }
  hr_status status = fill_table(library, path, err);
  if (status == HR_OK) status = check_version(library, path, err);
  if (status != HR_OK) hr_lightgbm_unload(library);
  return status;
}

/* Loads the library under `root` where a wheel, conda or a build puts it; *found says
 * whether there is such a file at all. */
static hr_status load_below(const char *root, hr_lightgbm_library *library, bool *found,
                            hr_error *err) {
  static const char *const places[] = {"/" FILE_NAME, "/lib/" FILE_NAME,
                                       "/lightgbm/lib/" FILE_NAME, "/lib64/" FILE_NAME,
                                       ""};
  char path[PATH_BYTES];
  *found = false;
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    int length = snprintf(path, sizeof path, "%s%s", root, places[i]);
    if (length < 0 || (size_t)length >= sizeof path || access(path, F_OK) != 0) continue;
    if (places[i][0] == '\0' && strstr(root, ".so") == NULL) continue;
    *found = true;
    return load_file(path, library, err);
  }
  return hr_fail(err, HR_ERR_MISSING, "there is no " FILE_NAME " in %s; " REMEDY, root);
}

/* The folder of an installed program's own copy, beside its bin; "" where unknown. */
static void installed_folder(char out[PATH_BYTES]) {
  char program[PATH_BYTES / 2];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  out[0] = '\0';
  if (length <= 0) return;
  program[length] = '\0';
  char *slash = strrchr(program, '/');
  if (!slash) return;
  *slash = '\0';
  snprintf(out, PATH_BYTES, "%s/../%s/headroom", program, HR_LIGHTGBM_LIBDIR);
}

/* The folder lightgbm beside the file that holds this code: a Python package has its own
 * copy there. "" where unknown. */
static void package_folder(char out[PATH_BYTES]) {
  static const char here = 0;
  Dl_info info;
  out[0] = '\0';
  if (dladdr(&here, &info) == 0 || !info.dli_fname) return;
  const char *slash = strrchr(info.dli_fname, '/');
  size_t length = slash ? (size_t)(slash - info.dli_fname) : 0;
  if (length == 0 || length > PATH_BYTES / 2) return;
  snprintf(out, PATH_BYTES, "%.*s/lightgbm", (int)length, info.dli_fname);
}

static hr_status load_first(hr_lightgbm_library *library, hr_error *err) {
  const char *root = getenv("LIGHTGBM_ROOT"), *conda = getenv("CONDA_PREFIX");
  char beside[PATH_BYTES], package[PATH_BYTES];
  hr_error one, complaint = {0};
  bool found = false;
  if (root && *root) return load_below(root, library, &found, err);
  installed_folder(beside);
  package_folder(package);
  const char *const roots[] = {conda ? conda : "", beside, package, HR_LIGHTGBM_INSTALLED,
                               HR_LIGHTGBM_BUILT};
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    if (roots[i][0] == '\0') continue;
    if (load_below(roots[i], library, &found, &one) == HR_OK) return HR_OK;
    if (found && complaint.status == HR_OK) complaint = one;
  }
  if (load_file(FILE_NAME, library, &one) == HR_OK) return HR_OK;
  if (complaint.status != HR_OK) {
    return hr_fail(err, HR_ERR_MISSING, "%s", complaint.message);
  }
  return hr_fail(err, HR_ERR_MISSING, "LightGBM is not on this machine; " REMEDY);
}

hr_status hr_lightgbm_load(hr_lightgbm_library *out, hr_error *err) {
  *out = (hr_lightgbm_library){0};
#if HR_LIGHTGBM
  return load_first(out, err);
#else
  (void)load_first;
  return hr_fail(err, HR_ERR_MISSING,
                 "this program was built without LightGBM (HR_LIGHTGBM=OFF)");
#endif
}

void hr_lightgbm_unload(hr_lightgbm_library *library) {
  if (library->handle) dlclose(library->handle);
  *library = (hr_lightgbm_library){0};
}
