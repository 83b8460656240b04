#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "core/parallel.h"
#include "headroom/version.h"
#include "score/json.h"

enum { MOST_JSON_BYTES = 1 << 28 };

static const char lock_name[] = "run.lock";

/* Whether `folder` holds anything but a lock; a folder that is not there does not. */
static bool holds_something(const char *folder) {
  DIR *directory = opendir(folder);
  if (!directory) return false;
  bool found = false;
  for (struct dirent *entry = readdir(directory); entry && !found;
       entry = readdir(directory)) {
    found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, lock_name) != 0;
  }
  closedir(directory);
  return found;
}

static bool is_other_than_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* When the data files were last modified, as 16 hexadecimal digits: tells, without
 * reading them, that spectra have been edited in place. */
static void print_modified(const hr_plan *plan, char out[17]) {
  const hr_strings *train = &plan->config->data.train_paths;
  uint64_t print = hr_fingerprint_start();
  for (size_t i = 0; i <= train->count; i++) {
    const char *path = i < train->count ? train->items[i] : plan->config->data.test_path;
    struct stat info;
    if (stat(path, &info) != 0) continue;
    print = hr_fingerprint_bytes(print, &info.st_mtim.tv_sec, sizeof info.st_mtim.tv_sec);
    print =
        hr_fingerprint_bytes(print, &info.st_mtim.tv_nsec, sizeof info.st_mtim.tv_nsec);
  }
  snprintf(out, 17, "%016" PRIx64, print);
}

/* manifest.json of a run directory, NULL where there is none to read. */
static json_t *read_manifest(const char *out_dir) {
  char *path = NULL, *bytes = NULL;
  size_t size = 0;
  json_t *manifest = NULL;
  if (hr_join_path(out_dir, "manifest.json", &path, NULL) == HR_OK &&
      hr_file_read(path, MOST_JSON_BYTES, &bytes, &size, NULL) == HR_OK) {
    manifest = json_loadb(bytes, size, 0, NULL);
  }
  hr_free(path);
  hr_free(bytes);
  return manifest;
}

static bool has_results(const char *out_dir) {
  char *path = NULL;
  bool found = hr_join_path(out_dir, "results.json", &path, NULL) == HR_OK &&
               access(path, F_OK) == 0;
  hr_free(path);
  return found;
}

/* Refuses to write over what is not this study's. Without results there is nothing to
 * lose: a run that failed may be followed by a mended one. */
static hr_status check_contents(const char *out_dir, const hr_plan *plan, hr_error *err) {
  if (!holds_something(out_dir)) return HR_OK;
  hr_status status = HR_OK;
  char print[17], modified[17];
  hr_plan_print(plan, print);
  print_modified(plan, modified);
  json_t *manifest = read_manifest(out_dir);
  const char *found = json_string_value(json_object_get(manifest, "fingerprint"));
  const char *seen =
      json_string_value(json_object_get(json_object_get(manifest, "data"), "modified"));
  if (!found) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s is not empty and is not the directory of a run; "
                     "name a new one with --out",
                     out_dir);
  } else if (has_results(out_dir) && strcmp(found, print) != 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s holds the results of another study (fingerprint %s, this one "
                     "has %s); name a new directory with --out",
                     out_dir, found, print);
  } else if (has_results(out_dir) && seen && strcmp(seen, modified) != 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s holds results, and data files have been modified since; name a "
                     "new directory with --out",
                     out_dir);
  }
  json_decref(manifest);
  return status;
}

/* Takes the directory for this process, until it ends or hr_rundir_close. */
static hr_status lock_folder(const char *out_dir, int *lock, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(out_dir, lock_name, &path, err));
  int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot create %s", path);
    goto cleanup;
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    close(descriptor);
    status = hr_fail(err, HR_ERR_USAGE,
                     "another run is at work in %s; wait for it, or name another "
                     "directory with --out",
                     out_dir);
    goto cleanup;
  }
  *lock = descriptor;
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_rundir_open(const char *out_dir, const hr_plan *plan, int *lock,
                         hr_error *err) {
  hr_status status = HR_OK;
  if (is_other_than_folder(out_dir)) {
    return hr_fail(err, HR_ERR_USAGE, "%s is not a folder; name a new one with --out",
                   out_dir);
  }
  HR_TRY(check_contents(out_dir, plan, err));
  HR_TRY(hr_make_folders(out_dir, err));
  HR_TRY(lock_folder(out_dir, lock, err));
  /* Again: what another run has written between the first look and the lock. */
  HR_TRY(check_contents(out_dir, plan, err));
cleanup:
  if (status != HR_OK) hr_rundir_close(out_dir, lock);
  return status;
}

void hr_rundir_close(const char *out_dir, int *lock) {
  char *path = NULL;
  if (*lock < 0) return;
  /* Removed while it is still held, so that nobody's lock is removed but ours. */
  if (hr_join_path(out_dir, lock_name, &path, NULL) == HR_OK) unlink(path);
  hr_free(path);
  close(*lock);
  *lock = -1;
}

/* A JSON string of a path, which on Unix need not be UTF-8: other bytes become '?'. */
static json_t *json_path(const char *path) {
  json_t *value = json_string(path);
  char *copy = NULL;
  if (value || hr_copy_text(path, &copy, NULL) != HR_OK) return value;
  for (char *c = copy; *c; c++) {
    if ((unsigned char)*c >= 0x80) *c = '?';
  }
  value = json_string(copy);
  hr_free(copy);
  return value;
}

/* Writes `value` to out_dir/name; takes the reference. NULL, or a builder that has
 * failed, is out of memory: a file that lacks a part of it must not be written. */
static hr_status write_json_take(const hr_json_builder *builder, json_t *value,
                                 const char *out_dir, const char *name, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text text;
  hr_text_init(&text);
  if (!value || builder->failed || hr_json_dump(value, JSON_INDENT(2), &text) != 0) {
    status = hr_fail(err, HR_ERR_MEMORY, "no memory to write %s", name);
    goto cleanup;
  }
  hr_text_append(&text, "\n");
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(out_dir, name, &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  json_decref(value);
  return status;
}

static json_t *describe_files(const hr_strings *paths, hr_json_builder *builder) {
  json_t *list = json_array();
  for (size_t i = 0; i < paths->count; i++) {
    hr_json_append(builder, list, json_path(paths->items[i]));
  }
  return list;
}

static json_t *describe_machine(void) {
  struct utsname name;
  if (uname(&name) != 0) memset(&name, 0, sizeof name);
  return json_pack("{s:s, s:s, s:s, s:I}", "system", name.sysname, "release",
                   name.release, "processor", name.machine, "threads",
                   (json_int_t)hr_thread_count());
}

static json_t *describe_origin(const hr_plan *plan, hr_json_builder *builder) {
  char print[17], modified[17], started[32];
  print_modified(plan, modified);
  time_t now = time(NULL);
  struct tm utc;
  hr_plan_print(plan, print);
  gmtime_r(&now, &utc);
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
  const hr_config *config = plan->config;
  return json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:o, s:{s:I, s:I}, s:{s:o, s:o, s:s, s:I, s:I, s:I}}",
      "schema", "headroom/manifest/1", "version", HR_VERSION, "experiment",
      config->experiment.id, "fingerprint", print, "started", started, "machine",
      describe_machine(), "seeds", "noise", (json_int_t)config->data.noise.seed,
      "selection", (json_int_t)config->selection.seed, "data", "train",
      describe_files(&config->data.train_paths, builder), "test",
      json_path(config->data.test_path), "modified", modified, "train_rows",
      (json_int_t)plan->view.train.rows, "test_rows", (json_int_t)plan->view.test.rows,
      "pixels", (json_int_t)plan->view.pixels);
}

hr_status hr_rundir_write_origin(const char *out_dir, const hr_plan *plan,
                                 hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_json_builder builder = {false};
  hr_text text;
  hr_text_init(&text);
  json_t *origin = describe_origin(plan, &builder);
  /* First, since it makes the folder a run's. */
  HR_TRY(write_json_take(&builder, origin, out_dir, "manifest.json", err));
  HR_TRY(hr_config_write(plan->config, &text, err));
  HR_TRY(hr_join_path(out_dir, "config.yaml", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}

static const char *task_status_name(hr_task_status status) {
  switch (status) {
    case HR_TASK_OK:
      return "ok";
    case HR_TASK_SKIPPED:
      return "skipped";
    case HR_TASK_FAILED:
      return "failed";
  }
  return "failed";
}

static json_t *describe_variants(const hr_expert_type *type, const hr_task *task,
                                 hr_json_builder *builder) {
  json_t *list = json_array();
  for (size_t v = 0; v < task->variant_count; v++) {
    json_t *variant = hr_json_append(builder, list, json_object());
    if (type->variant) {
      hr_json_put_number(builder, variant, type->variant, task->variant_value[v]);
    }
    hr_json_put_number(builder, variant, "r2_cv", task->cv_r2[v]);
  }
  return list;
}

static json_t *describe_task(const hr_expert_type *type, const hr_task *task,
                             hr_json_builder *builder) {
  json_t *card = json_object();
  hr_json_put_text(builder, card, "schema", "headroom/card/1");
  hr_json_put_text(builder, card, "expert", type->name);
  hr_json_put(builder, card, "bin",
              task->bin == HR_GLOBAL ? json_null() : json_integer(task->bin));
  hr_json_put_text(builder, card, "status", task_status_name(task->status));
  hr_json_put_text(builder, card, "note", task->note);
  hr_json_put_count(builder, card, "train_rows", task->train_rows);
  hr_json_put_count(builder, card, "test_rows", task->test_rows);
  hr_json_put_number(builder, card, "seconds", task->seconds);
  if (task->validated_rows > 0) {
    hr_json_put_count(builder, card, "validated_rows", task->validated_rows);
    hr_json_put_number(builder, card, "validation_seconds", task->validation_seconds);
  }
  if (task->convergence != HR_CONVERGENCE_NONE) {
    hr_json_put_bool(builder, card, "converged", task->convergence == HR_CONVERGED);
    hr_json_put_count(builder, card, "best_epoch", task->best_epoch + 1);
  }
  hr_json_put(builder, card, "variants", describe_variants(type, task, builder));
  hr_json_put_count(builder, card, "chosen", task->chosen);
  return card;
}

hr_status hr_rundir_write_task(const char *out_dir, const hr_expert_type *type,
                               const hr_expert *expert, const hr_task *task,
                               hr_error *err) {
  hr_status status = HR_OK;
  char name[128], *folder = NULL, *path = NULL;
  hr_json_builder builder = {false};
  json_t *card = NULL;
  if (task->bin == HR_GLOBAL) {
    snprintf(name, sizeof name, "tasks/global-%s", type->name);
  } else {
    snprintf(name, sizeof name, "tasks/%d-%s", task->bin, type->name);
  }
  HR_TRY(hr_join_path(out_dir, name, &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  if (task->status == HR_TASK_OK) {
    size_t count = task->variant_count * task->test_rows;
    HR_TRY(hr_join_path(folder, "predictions.f32", &path, err));
    HR_TRY(
        hr_file_write(path, task->predictions, count * sizeof *task->predictions, err));
    HR_TRY(type->save(expert, task, folder, err));
  }
  /* The card last: a task that has one is whole. */
  card = describe_task(type, task, &builder);
  HR_TRY(write_json_take(&builder, card, folder, "card.json", err));
cleanup:
  hr_free(folder);
  hr_free(path);
  return status;
}
