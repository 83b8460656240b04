#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <jansson.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/parallel.h"
#include "headroom/version.h"

enum { MOST_JSON_BYTES = 1 << 28 };

/* Whether `folder` holds anything; a folder that is not there does not. */
static bool holds_something(const char *folder) {
  DIR *directory = opendir(folder);
  if (!directory) return false;
  bool found = false;
  for (struct dirent *entry = readdir(directory); entry && !found;
       entry = readdir(directory)) {
    found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  }
  closedir(directory);
  return found;
}

/* The fingerprint in manifest.json, NULL where there is none to read. Freed with hr_free.
 */
static char *read_fingerprint(const char *path) {
  char *bytes = NULL, *copy = NULL;
  size_t size = 0;
  if (hr_file_read(path, MOST_JSON_BYTES, &bytes, &size, NULL) != HR_OK) return NULL;
  json_t *manifest = json_loadb(bytes, size, 0, NULL);
  const char *print = json_string_value(json_object_get(manifest, "fingerprint"));
  if (hr_copy_text(print, &copy, NULL) != HR_OK) copy = NULL;
  json_decref(manifest);
  hr_free(bytes);
  return copy;
}

hr_status hr_rundir_open(const char *out_dir, const hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  char *manifest = NULL, *found = NULL, print[17];
  hr_plan_print(plan, print);
  HR_TRY(hr_join_path(out_dir, "manifest.json", &manifest, err));
  if (holds_something(out_dir)) {
    found = read_fingerprint(manifest);
    if (!found) {
      status = hr_fail(err, HR_ERR_USAGE,
                       "%s is not empty and is not the directory of a run; "
                       "name a new one with --out",
                       out_dir);
      goto cleanup;
    }
    if (strcmp(found, print) != 0) {
      status = hr_fail(err, HR_ERR_USAGE,
                       "%s holds the results of another study (fingerprint %s, this one "
                       "has %s); name a new directory with --out",
                       out_dir, found, print);
      goto cleanup;
    }
  }
  HR_TRY(hr_make_folders(out_dir, err));
cleanup:
  hr_free(manifest);
  hr_free(found);
  return status;
}

/* Writes `value` to out_dir/name; takes the reference, NULL is out of memory. */
static hr_status write_json_take(json_t *value, const char *out_dir, const char *name,
                                 hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  char *text = value ? json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
  size_t length = 0;
  if (!text) {
    status = hr_fail(err, HR_ERR_MEMORY, "no memory to write %s", name);
    goto cleanup;
  }
  length = strlen(text);
  text[length++] = '\n'; /* in place of the terminator: the length is known */
  HR_TRY(hr_join_path(out_dir, name, &path, err));
  HR_TRY(hr_file_write(path, text, length, err));
cleanup:
  free(text);
  hr_free(path);
  json_decref(value);
  return status;
}

static json_t *describe_files(const hr_strings *paths) {
  json_t *list = json_array();
  for (size_t i = 0; i < paths->count; i++) {
    json_array_append_new(list, json_string(paths->items[i]));
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

static json_t *describe_origin(const hr_plan *plan) {
  char print[17], started[32];
  time_t now = time(NULL);
  struct tm utc;
  hr_plan_print(plan, print);
  gmtime_r(&now, &utc);
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
  const hr_config *config = plan->config;
  return json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:o, s:{s:I, s:I}, s:{s:o, s:s, s:I, s:I, s:I}}",
      "schema", "headroom/manifest/1", "version", HR_VERSION, "experiment",
      config->experiment.id, "fingerprint", print, "started", started, "machine",
      describe_machine(), "seeds", "noise", (json_int_t)config->data.noise.seed,
      "selection", (json_int_t)config->selection.seed, "data", "train",
      describe_files(&config->data.train_paths), "test", config->data.test_path,
      "train_rows", (json_int_t)plan->view.train.rows, "test_rows",
      (json_int_t)plan->view.test.rows, "pixels", (json_int_t)plan->view.pixels);
}

hr_status hr_rundir_write_origin(const char *out_dir, const hr_plan *plan,
                                 hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_config_write(plan->config, &text, err));
  HR_TRY(hr_join_path(out_dir, "config.yaml", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
  HR_TRY(write_json_take(describe_origin(plan), out_dir, "manifest.json", err));
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

static json_t *number_or_null(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_variants(const hr_expert_type *type, const hr_task *task) {
  json_t *list = json_array();
  for (size_t v = 0; v < task->variant_count; v++) {
    json_t *variant = json_object();
    if (type->variant) {
      json_object_set_new(variant, type->variant, json_real(task->variant_value[v]));
    }
    json_object_set_new(variant, "r2_cv", number_or_null(task->cv_r2[v]));
    json_array_append_new(list, variant);
  }
  return list;
}

static json_t *describe_task(const hr_expert_type *type, const hr_task *task) {
  json_t *card = json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:f}", "schema",
                           "headroom/card/1", "expert", type->name, "bin",
                           task->bin == HR_GLOBAL ? json_null() : json_integer(task->bin),
                           "status", task_status_name(task->status), "note", task->note,
                           "train_rows", (json_int_t)task->train_rows, "test_rows",
                           (json_int_t)task->test_rows, "seconds", task->seconds);
  if (!card) return NULL;
  json_object_set_new(card, "variants", describe_variants(type, task));
  json_object_set_new(card, "chosen", json_integer((json_int_t)task->chosen));
  return card;
}

hr_status hr_rundir_write_task(const char *out_dir, const hr_expert_type *type,
                               const hr_expert *expert, const hr_task *task,
                               hr_error *err) {
  hr_status status = HR_OK;
  char name[128], *folder = NULL, *path = NULL;
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
  HR_TRY(write_json_take(describe_task(type, task), folder, "card.json", err));
cleanup:
  hr_free(folder);
  hr_free(path);
  return status;
}
