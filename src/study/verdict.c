/* What a finished run says to scripts: read back from results.json, the only source. */
#include <string.h>

#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "headroom/study.h"
#include "study/uncovered.h"

/* The gate of one target's results; *behind: those of the targets behind it, NULL where
 * there are none, to be freed with json_decref. */
static hr_status read_gate(const char *dir, bool *passed, json_t **behind,
                           hr_error *err) {
  hr_status status = HR_OK;
  json_t *results = hr_json_file_read(dir, "results.json");
  const json_t *value = json_object_get(results, "gate_passed");
  json_t *targets = json_object_get(json_object_get(results, "experiment"), "targets");
  if (!results) {
    status = hr_fail(err, HR_ERR_MISSING, "%s has no results.json that can be read", dir);
  } else if (!json_is_boolean(value)) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s/results.json does not say gate_passed", dir);
  } else {
    *passed = *passed && json_is_true(value);
    if (behind) *behind = json_incref(targets);
  }
  json_decref(results);
  return status;
}

hr_status hr_study_gate(const char *run_dir, bool *passed, hr_error *err) {
  json_t *targets = NULL;
  *passed = true;
  hr_status status = read_gate(run_dir, passed, &targets, err);
  for (size_t t = 1; status == HR_OK && t < json_array_size(targets); t++) {
    const char *name = json_string_value(json_array_get(targets, t));
    char folder[HR_TARGET_FOLDER_BYTES], *dir = NULL;
    hr_target_folder(name ? name : "", t, folder);
    status = hr_join_path(run_dir, folder, &dir, err);
    if (status == HR_OK) status = read_gate(dir, passed, NULL, err);
    hr_free(dir);
  }
  json_decref(targets);
  return status;
}

/* Whether some bin has a model of the expert; *note: why the last one has none. */
static bool has_model(const json_t *bins, const char *expert, const char **note) {
  size_t i = 0;
  const json_t *bin = NULL;
  json_array_foreach(bins, i, bin) {
    const json_t *own = json_object_get(json_object_get(bin, "experts"), expert);
    if (strcmp(hr_json_string(own, "status", ""), "ok") == 0) return true;
    *note = hr_json_string(own, "note", "");
  }
  return false;
}

/* One of all rows alone has its own status. */
static bool is_there(const json_t *expert, const json_t *bins, const char *name,
                     const char **note) {
  if (!json_is_true(json_object_get(expert, "only_global"))) {
    return has_model(bins, name, note);
  }
  *note = hr_json_string(expert, "note", "");
  return strcmp(hr_json_string(expert, "status", ""), "ok") == 0;
}

/* Appends what is lost of one target's results. */
static hr_status add_lost(const json_t *results, const char *dir, hr_text *out,
                          hr_error *err) {
  size_t i = 0;
  const json_t *expert = NULL, *bins = json_object_get(results, "bins");
  const json_t *experts = json_object_get(results, "experts");
  if (!json_is_array(bins) || !json_is_array(experts)) {
    return hr_fail(err, HR_ERR_FORMAT, "%s/results.json does not say experts and bins",
                   dir);
  }
  json_array_foreach(experts, i, expert) {
    const char *name = hr_json_string(expert, "name", ""), *note = "";
    if (is_there(expert, bins, name, &note)) continue;
    hr_text_append(out, "%s%s (%s)", out->length ? ", " : "", name, note);
  }
  return hr_text_status(out, err);
}

hr_status hr_study_lost(const char *run_dir, char **experts, hr_error *err) {
  hr_status status = HR_OK;
  hr_text out;
  hr_text_init(&out);
  json_t *results = hr_json_file_read(run_dir, "results.json");
  if (!results) {
    status =
        hr_fail(err, HR_ERR_MISSING, "%s has no results.json that can be read", run_dir);
    goto cleanup;
  }
  HR_TRY(add_lost(results, run_dir, &out, err));
  const char *why = hr_uncovered_training(results);
  if (out.length > 0 && why) hr_text_append(&out, ": %s", why);
  HR_TRY(hr_text_status(&out, err));
  *experts = out.bytes;
  hr_text_init(&out);
cleanup:
  hr_text_fini(&out);
  json_decref(results);
  return status;
}
