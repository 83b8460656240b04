/* A folder holds one sweep: table and figure are of one key, and what is of another, or
 * no sweep's at all, is not replaced unasked. */
#include "sweep/folder.h"

#include <dirent.h>
#include <string.h>

#include "config/config.h"
#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "study/opened.h"
#include "sweep/points.h"

/* The configuration says what the study is called. */
static hr_status load(const hr_sweep_options *options, hr_config **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings settings = {0};
  hr_study_options study = *options->study;
  HR_TRY(hr_sweep_settings(options, 0, &settings, err));
  study.settings = (const char *const *)settings.items;
  study.setting_count = settings.count;
  HR_TRY(hr_study_load_config(&study, out, err));
cleanup:
  hr_strings_fini(&settings);
  return status;
}

static hr_status name_dir(const hr_sweep_options *options, char **dir, hr_error *err) {
  hr_status status = HR_OK;
  hr_config *config = NULL;
  hr_text name;
  hr_text_init(&name);
  if (options->study->out_dir) return hr_copy_text(options->study->out_dir, dir, err);
  HR_TRY(load(options, &config, err));
  const char *id = config->experiment.id;
  if (strchr(id, '/') || !*id) {
    status = hr_fail(err, HR_ERR_CONFIG,
                     "%s: experiment.id '%s' cannot name the folder of a sweep; name it "
                     "with %s",
                     config->path, id, HR_DOOR_OUT);
    goto cleanup;
  }
  hr_text_append(&name, "%s-%s", id, options->key);
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(hr_join_path("runs", name.bytes, dir, err));
cleanup:
  hr_text_fini(&name);
  hr_config_destroy(&config);
  return status;
}

/* Whether there is a folder with something in it. */
static bool holds_something(const char *path) {
  DIR *folder = opendir(path);
  bool found = false;
  if (!folder) return false;
  for (const struct dirent *entry = NULL; !found && (entry = readdir(folder)) != NULL;) {
    found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  }
  closedir(folder);
  return found;
}

/* The key of the points in a folder where none is of `key`; *out is NULL where there is
 * none, or one of it. Folders are called KEY=VALUE. */
static hr_status find_other_key(const char *points, const char *key, char **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  DIR *folder = opendir(points);
  bool is_own = false;
  *out = NULL;
  if (!folder) return HR_OK;
  for (const struct dirent *entry = NULL; !is_own && (entry = readdir(folder)) != NULL;) {
    const char *end = strchr(entry->d_name, '=');
    size_t length = end ? (size_t)(end - entry->d_name) : 0;
    if (!end) continue;
    is_own = length == strlen(key) && strncmp(entry->d_name, key, length) == 0;
    if (*out || is_own) continue;
    HR_TRY(hr_copy_text(entry->d_name, out, err));
    (*out)[length] = '\0';
  }
  if (is_own) {
    hr_free(*out);
    *out = NULL;
  }
cleanup:
  closedir(folder);
  return status;
}

/* Table and figure are of one key: those of another one would be gone unasked. */
static hr_status check_key(const hr_sweep_options *options, const char *dir,
                           hr_error *err) {
  hr_status status = HR_OK;
  char *points = NULL, *other = NULL;
  hr_study_mode mode = options->study->mode;
  if (mode == HR_STUDY_RESTART || mode == HR_STUDY_REPLACE) return HR_OK;
  HR_TRY(hr_join_path(dir, "points", &points, err));
  HR_TRY(find_other_key(points, options->key, &other, err));
  if (other) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s holds a sweep over %s, whose table and figure one over %s would "
                     "replace; name another directory with %s, or say %s",
                     dir, other, options->key, HR_DOOR_OUT, HR_DOOR_RESTART);
  }
cleanup:
  hr_free(points);
  hr_free(other);
  return status;
}

static hr_status check_dir(const hr_sweep_options *options, const char *dir,
                           hr_error *err) {
  if (!holds_something(dir)) return HR_OK;
  if (hr_folder_has(dir, "points")) return check_key(options, dir, err);
  return hr_fail(err, HR_ERR_USAGE,
                 "%s holds something else than a sweep; name another directory with %s",
                 dir, HR_DOOR_OUT);
}

hr_status hr_sweep_find_folders(const hr_sweep_options *options, char **dir,
                                hr_strings *run_dirs, hr_error *err) {
  hr_status status = HR_OK;
  char *points = NULL, *run_dir = NULL;
  hr_text folder;
  hr_text_init(&folder);
  HR_TRY(name_dir(options, dir, err));
  HR_TRY(check_dir(options, *dir, err));
  HR_TRY(hr_join_path(*dir, "points", &points, err));
  for (size_t i = 0; i < options->value_count; i++) {
    hr_text_fini(&folder);
    hr_sweep_append_folder(options->key, options->values[i], &folder);
    HR_TRY(hr_text_status(&folder, err));
    HR_TRY(hr_join_path(points, folder.bytes, &run_dir, err));
    HR_TRY(hr_strings_append(run_dirs, run_dir, err));
    hr_free(run_dir);
    run_dir = NULL;
  }
cleanup:
  hr_text_fini(&folder);
  hr_free(points);
  hr_free(run_dir);
  return status;
}
