/* Results that are already there are kept only where their seal holds, they are of this
 * study, and the files they were written with are as they were. */
#include "study/results_check.h"

#include <string.h>
#include <sys/stat.h>

#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "core/seal.h"
#include "score/predictions.h"
#include "study/bound.h"

static const size_t most_bytes = (size_t)1 << 40;

static hr_status check_seal(const char *out_dir, const char *study, const json_t *results,
                            hr_error *err) {
  char seal[HR_SEAL_SIZE];
  if (!results) {
    return hr_fail(err, HR_ERR_FORMAT, "%s/results.json cannot be read", out_dir);
  }
  hr_status status = hr_seal_compute(results, seal, err);
  if (status != HR_OK) return status;
  const json_t *experiment = json_object_get(results, "experiment");
  if (strcmp(hr_json_string(results, "seal", ""), seal) == 0 &&
      strcmp(hr_json_string(experiment, "fingerprint", ""), study) == 0) {
    return HR_OK;
  }
  return hr_fail(err, HR_ERR_FORMAT, "%s/results.json is not what this study wrote",
                 out_dir);
}

static hr_status check_predictions(const char *out_dir, const json_t *results,
                                   hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *bytes = NULL, print[HR_SEAL_SIZE];
  size_t size = 0;
  const json_t *told = json_object_get(results, "predictions");
  HR_TRY(hr_join_path(out_dir, hr_predictions_name, &path, err));
  status = hr_file_read(path, most_bytes, &bytes, &size, err);
  if (status == HR_ERR_MEMORY) goto cleanup;
  if (status == HR_OK) hr_seal_bytes(bytes, size, print);
  if (status != HR_OK || strcmp(hr_json_string(told, "fingerprint", ""), print) != 0) {
    status =
        hr_fail(err, HR_ERR_FORMAT, "%s is not what results.json was written with", path);
  }
cleanup:
  hr_free(path);
  hr_free(bytes);
  return status;
}

static hr_status check_bound(const char *out_dir, const json_t *results, size_t test_rows,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  struct stat info;
  const json_t *ceiling = json_object_get(results, "ceiling");
  if (!json_is_object(json_object_get(ceiling, "fisher"))) return HR_OK;
  HR_TRY(hr_join_path(out_dir, hr_bound_name, &path, err));
  size_t size = hr_npy_size(test_rows, HR_FISHER_PRIORS);
  if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || (size_t)info.st_size != size) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s is gone or damaged", path);
  }
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_results_check(const char *out_dir, const char *study, size_t test_rows,
                           hr_error *err) {
  hr_status status = HR_OK;
  json_t *results = NULL;
  HR_TRY(hr_json_file_look(out_dir, "results.json", &results, err));
  HR_TRY(check_seal(out_dir, study, results, err));
  HR_TRY(check_predictions(out_dir, results, err));
  HR_TRY(check_bound(out_dir, results, test_rows, err));
cleanup:
  json_decref(results);
  return status;
}

/* Whether an object of results.json has the label's unit; older ones have none. */
static bool has_unit(const json_t *object, const hr_config *config, const char *label) {
  const char *told = hr_json_string(object, "unit", NULL);
  return !told || strcmp(told, hr_config_unit(config, label)) == 0;
}

hr_status hr_results_check_units(const char *out_dir, const hr_config *config,
                                 const char *target, hr_error *err) {
  hr_status status = HR_OK;
  json_t *results = NULL;
  HR_TRY(hr_json_file_look(out_dir, "results.json", &results, err));
  const json_t *axes = json_object_get(json_object_get(results, "binning"), "axes");
  bool same = has_unit(json_object_get(results, "experiment"), config, target);
  for (size_t a = 0; a < json_array_size(axes); a++) {
    const json_t *axis = json_array_get(axes, a);
    same = same && has_unit(axis, config, hr_json_string(axis, "label", ""));
  }
  if (!same) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s/results.json has other units", out_dir);
  }
cleanup:
  json_decref(results);
  return status;
}
