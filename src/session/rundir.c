/* Opening a run directory: what may be written over, what has to be the same before a
 * run goes on, and the files that every run begins with. */
#include "session/rundir.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "core/json_file.h"
#include "core/parallel.h"
#include "headroom/version.h"
#include "session/differences.h"
#include "session/elements.h"
#include "session/rank_folders.h"
#include "session/task_folders.h"

static bool ends_in(const char *text, const char *end) {
  size_t length = strlen(text), most = strlen(end);
  return length >= most && strcmp(text + length - most, end) == 0;
}

/* What a run may have left before it wrote its first file for good, and what those of an
 * array have done before they are put together. */
static bool is_leftover(const char *name) {
  static const char *const names[] = {".",       "..",          "run.lock", "run.pid",
                                      "run.log", "status.json", "elements", "ranks"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(name, names[i]) == 0) return true;
  }
  return ends_in(name, ".part");
}

/* Whether `folder` holds anything but leftovers; a folder that is not there does not. */
static bool holds_something(const char *folder) {
  DIR *directory = opendir(folder);
  if (!directory) return false;
  bool found = false;
  for (struct dirent *entry = readdir(directory); entry && !found;
       entry = readdir(directory)) {
    found = !is_leftover(entry->d_name);
  }
  closedir(directory);
  return found;
}

static bool is_other_than_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

static void remove_parts(void *context, const char *folder) {
  (void)context;
  DIR *directory = opendir(folder);
  if (!directory) return;
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    if (ends_in(entry->d_name, ".part")) unlinkat(dirfd(directory), entry->d_name, 0);
  }
  closedir(directory);
}

/* Temporary files of one target that a run which was killed has left. */
static void remove_target_leftovers(void *context, const char *out_dir) {
  (void)context;
  static const char *const folders[] = {"", "tables", "figures"};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    char *folder = NULL;
    if (hr_join_path(out_dir, folders[i], &folder, NULL) == HR_OK) {
      remove_parts(NULL, folder);
    }
    hr_free(folder);
  }
}

/* Those of all targets, and the folders of ranks, of which none is at work. */
static void remove_leftovers(const char *out_dir) {
  if (hr_ranks_clear(out_dir, NULL) != HR_OK) return; /* they are in nobody's way */
  remove_target_leftovers(NULL, out_dir);
  hr_target_folders_visit(out_dir, remove_target_leftovers, NULL);
  hr_task_folders_visit(out_dir, remove_parts, NULL);
}

/* What differs, in words; of a directory whose configuration cannot be read any more the
 * fingerprints. Nothing where the study is the same. */
static hr_status describe_differences(const char *out_dir, const json_t *manifest,
                                      const hr_origin *origin, hr_text *out,
                                      hr_error *err) {
  hr_error reason = {.status = HR_OK};
  const char *found = hr_json_string(manifest, "fingerprint", "");
  bool is_same = strcmp(found, origin->fingerprint) == 0;
  if (is_same && !hr_differences_in_data(manifest, origin)) return HR_OK;
  hr_status status = hr_differences_describe(out_dir, manifest, origin, out, &reason);
  if (status == HR_ERR_MEMORY) return hr_fail(err, status, "%s", reason.message);
  if (status != HR_OK) {
    hr_text_fini(out);
    hr_text_append(out, "its fingerprint is %s, this one has %s", found,
                   origin->fingerprint);
  }
  return hr_text_status(out, err);
}

/* Refuses to write over the results of another study, saying what differs. */
static hr_status check_results(const char *out_dir, const json_t *manifest,
                               const hr_origin *origin, hr_error *err) {
  hr_text differences;
  hr_text_init(&differences);
  hr_status status = describe_differences(out_dir, manifest, origin, &differences, err);
  if (status == HR_OK && differences.length > 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s holds the results of another study: %s; change it back, discard "
                     "those results with %s, or name a new directory with %s",
                     out_dir, differences.bytes, HR_DOOR_REPLACE, HR_DOOR_OUT);
  }
  hr_text_fini(&differences);
  return status;
}

/* Refuses to go on with another study than the one begun. */
static hr_status check_same(const char *out_dir, const json_t *manifest,
                            const hr_origin *origin, hr_error *err) {
  hr_text differences;
  hr_text_init(&differences);
  hr_status status =
      hr_differences_describe(out_dir, manifest, origin, &differences, err);
  if (status == HR_OK && differences.length > 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s cannot be resumed, the study has changed: %s; change it back, "
                     "begin anew with %s, or name a new directory with %s",
                     out_dir, differences.bytes, HR_DOOR_REPLACE, HR_DOOR_OUT);
  }
  hr_text_fini(&differences);
  return status;
}

static void count_training(void *context, const char *folder) {
  size_t *count = context;
  if (hr_folder_has(folder, HR_TRAINING_STATE)) ++*count;
}

/* Refuses to throw away tasks that HR_STUDY_RESUME could take up, and says what differs
 * where it could not. */
static hr_status check_unfinished(const char *out_dir, const json_t *manifest,
                                  const hr_origin *origin, hr_error *err) {
  size_t done = 0, trained = 0;
  hr_text differences;
  hr_text_init(&differences);
  hr_task_folders_count(out_dir, &done, &trained);
  hr_task_folders_visit(out_dir, count_training, &trained);
  if (done + trained == 0) return HR_OK;
  hr_status status = describe_differences(out_dir, manifest, origin, &differences, err);
  if (status == HR_OK && differences.length > 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s holds an unfinished run of another study, with %zu tasks done "
                     "and %zu more trained or in training: %s; change it back and go on "
                     "with %s, discard them with %s, or name a new directory with %s",
                     out_dir, done, trained, differences.bytes, HR_DOOR_RESUME,
                     HR_DOOR_REPLACE, HR_DOOR_OUT);
  } else if (status == HR_OK) {
    status = hr_fail(
        err, HR_ERR_USAGE,
        "%s holds an unfinished run with %zu tasks done and %zu more trained or in "
        "training; go on with %s, or throw them away with %s",
        out_dir, done, trained, HR_DOOR_RESUME, HR_DOOR_RESTART);
  }
  hr_text_fini(&differences);
  return status;
}

/* Refuses to begin a run beside the elements of an array of jobs. */
static hr_status check_elements(const char *out_dir, hr_error *err) {
  hr_elements elements = {0};
  hr_status status = hr_elements_find(out_dir, &elements, err);
  if (status == HR_OK && elements.count > 0) {
    status =
        hr_fail(err, HR_ERR_USAGE,
                "%s holds what %zu element%s of an array of jobs did; put them "
                "together with `headroom merge`, or throw that away with %s",
                out_dir, elements.count, elements.count == 1 ? "" : "s", HR_DOOR_RESTART);
  }
  hr_elements_fini(&elements);
  return status;
}

hr_status hr_rundir_check_element(const char *dir, const hr_origin *origin,
                                  hr_error *err) {
  hr_status status = HR_OK;
  json_t *manifest = NULL;
  hr_text differences;
  hr_text_init(&differences);
  HR_TRY(hr_json_file_look(dir, "manifest.json", &manifest, err));
  if (!manifest) goto cleanup;
  HR_TRY(hr_differences_describe(dir, manifest, origin, &differences, err));
  if (differences.length > 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s is an element of another study: %s; change it back, or do the "
                     "element again with %s",
                     dir, differences.bytes, HR_DOOR_REPLACE);
  }
cleanup:
  json_decref(manifest);
  hr_text_fini(&differences);
  return status;
}

static hr_status fail_without_manifest(const char *out_dir, hr_error *err) {
  if (hr_folder_has(out_dir, "config.yaml") || hr_folder_has(out_dir, "tasks")) {
    return hr_fail(err, HR_ERR_USAGE,
                   "%s looks like the directory of a run but has no manifest.json that "
                   "can be read, which says of which study and data it is; put that file "
                   "back, or name a new directory with %s",
                   out_dir, HR_DOOR_OUT);
  }
  return hr_fail(err, HR_ERR_USAGE,
                 "%s is not empty and is not the directory of a run; "
                 "name a new one with %s",
                 out_dir, HR_DOOR_OUT);
}

/* Refuses to write over what is not this study's. Without results and tasks there is
 * nothing to lose: a run that failed may be followed by a mended one. */
static hr_status check_contents(const char *out_dir, const hr_origin *origin,
                                hr_study_mode mode, hr_rundir *out, hr_error *err) {
  hr_status status = HR_OK;
  json_t *manifest = NULL;
  out->is_resumed = out->has_results = false;
  if (mode == HR_STUDY_NEW) HR_TRY(check_elements(out_dir, err));
  if (!holds_something(out_dir)) goto cleanup;
  HR_TRY(hr_json_file_look(out_dir, "manifest.json", &manifest, err));
  if (!json_is_string(json_object_get(manifest, "fingerprint"))) {
    status = fail_without_manifest(out_dir, err);
    goto cleanup;
  }
  bool has_results = hr_folder_has(out_dir, "results.json");
  if (mode == HR_STUDY_RESUME && hr_folder_has(out_dir, "config.yaml")) {
    HR_TRY(check_same(out_dir, manifest, origin, err));
    out->is_resumed = true;
    out->has_results = has_results;
  } else if (mode == HR_STUDY_REPLACE) {
    goto cleanup; /* whatever run it is */
  } else if (has_results) {
    HR_TRY(check_results(out_dir, manifest, origin, err));
  } else if (mode != HR_STUDY_RESTART) {
    HR_TRY(check_unfinished(out_dir, manifest, origin, err));
  }
cleanup:
  json_decref(manifest);
  return status;
}

/* What can be told without touching anything. */
static hr_status look(const char *out_dir, const hr_origin *origin, hr_study_mode mode,
                      hr_rundir *out, hr_error *err) {
  if (is_other_than_folder(out_dir)) {
    return hr_fail(err, HR_ERR_USAGE, "%s is not a folder; name a new one with %s",
                   out_dir, HR_DOOR_OUT);
  }
  hr_status status = hr_owner_check_free(out_dir, err);
  if (status == HR_OK) status = hr_ranks_check_free(out_dir, err);
  return status == HR_OK ? check_contents(out_dir, origin, mode, out, err) : status;
}

hr_status hr_rundir_check(const char *out_dir, const hr_origin *origin,
                          hr_study_mode mode, hr_error *err) {
  hr_rundir found = {.lock = -1};
  return look(out_dir, origin, mode, &found, err);
}

hr_status hr_rundir_open(const char *out_dir, const hr_origin *origin, hr_study_mode mode,
                         hr_rundir *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_rundir){.lock = -1};
  HR_TRY(look(out_dir, origin, mode, out, err));
  HR_TRY(hr_make_folders(out_dir, err));
  HR_TRY(hr_owner_take(out_dir, &out->lock, &out->former, err));
  /* Again: what another run has written between the first look and the lock. */
  HR_TRY(check_contents(out_dir, origin, mode, out, err));
  remove_leftovers(out_dir);
cleanup:
  if (status != HR_OK) hr_rundir_close(out_dir, out);
  return status;
}

void hr_rundir_close(const char *out_dir, hr_rundir *rundir) {
  hr_owner_release(out_dir, &rundir->lock);
}

static json_t *describe_machine(void) {
  struct utsname name;
  if (uname(&name) != 0) memset(&name, 0, sizeof name);
  return json_pack("{s:s, s:s, s:s, s:I}", "system", name.sysname, "release",
                   name.release, "processor", name.machine, "threads",
                   (json_int_t)hr_thread_count());
}

static void describe_paths(hr_json_builder *builder, json_t *data,
                           const hr_strings *paths) {
  json_t *list = hr_json_put(builder, data, "train", json_array());
  for (size_t i = 0; i < paths->count; i++) {
    hr_json_append(builder, list, hr_json_text(paths->items[i]));
  }
}

static json_t *describe_data(const hr_origin *origin, hr_json_builder *builder) {
  const hr_config *config = origin->config;
  json_t *data = json_object();
  describe_paths(builder, data, &config->data.train_paths);
  hr_json_put(builder, data, "test", hr_json_text(config->data.test_path));
  hr_json_put(builder, data, "files", hr_differences_files(origin, builder));
  hr_json_put(builder, data, "models", hr_differences_models(origin, builder));
  hr_json_put_count(builder, data, "train_rows", origin->train_rows);
  hr_json_put_count(builder, data, "test_rows", origin->test_rows);
  hr_json_put_count(builder, data, "pixels", origin->pixels);
  return data;
}

static json_t *describe_origin(const hr_origin *origin, hr_json_builder *builder) {
  char started[32];
  time_t now = time(NULL);
  struct tm utc;
  const hr_config *config = origin->config;
  json_t *manifest = json_object();
  gmtime_r(&now, &utc);
  strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
  hr_json_put_text(builder, manifest, "schema", "headroom/manifest/1");
  hr_json_put_text(builder, manifest, "version", HR_VERSION);
  hr_json_put_text(builder, manifest, "experiment", config->experiment.id);
  hr_json_put_text(builder, manifest, "fingerprint", origin->fingerprint);
  hr_json_put_text(builder, manifest, "started", started);
  hr_json_put(builder, manifest, "machine", describe_machine());
  json_t *seeds = hr_json_put(builder, manifest, "seeds", json_object());
  hr_json_put_count(builder, seeds, "noise", (size_t)config->data.noise.seed);
  hr_json_put_count(builder, seeds, "selection", (size_t)config->selection.seed);
  hr_json_put(builder, manifest, "data", describe_data(origin, builder));
  return manifest;
}

/* The last line of config.yaml, with the fingerprint of what stands above it. */
static const char seal_words[] = "# As the run wrote it: ";

static uint64_t print_of(const char *bytes, size_t size) {
  return hr_fingerprint_bytes(hr_fingerprint_start(), bytes, size);
}

bool hr_rundir_config_is_own(const char *bytes, size_t size) {
  char expected[64];
  size_t length = sizeof seal_words - 1 + 16 + 1;
  const char *seal = NULL;
  for (const char *at = strstr(bytes, seal_words); at; at = strstr(at + 1, seal_words)) {
    seal = at;
  }
  if (!seal) return true; /* of a version that wrote none */
  snprintf(expected, sizeof expected, "%s%016" PRIx64 "\n", seal_words,
           print_of(bytes, (size_t)(seal - bytes)));
  return (size_t)(bytes + size - seal) == length && strcmp(seal, expected) == 0;
}

hr_status hr_rundir_write_config(const char *out_dir, const hr_origin *origin,
                                 hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_config_write(origin->config, &text, err));
  hr_text_append(&text, "%s%016" PRIx64 "\n", seal_words,
                 print_of(text.bytes, text.length));
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(out_dir, "config.yaml", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}

hr_status hr_rundir_write_origin(const char *out_dir, const hr_origin *origin,
                                 hr_error *err) {
  hr_status status = HR_OK;
  hr_json_builder builder = {false};
  json_t *manifest = describe_origin(origin, &builder);
  /* First, since it makes the folder a run's. */
  HR_TRY(hr_json_file_write(&builder, manifest, out_dir, "manifest.json", hr_file_write,
                            err));
  HR_TRY(hr_rundir_write_config(out_dir, origin, err));
cleanup:
  json_decref(manifest);
  return status;
}

static const char preparation_name[] = "preparation.json";

typedef struct counter {
  const char *name;
  size_t offset;
} counter;

#define COUNTER(member) \
  { #member, offsetof(hr_preparation, member) }
static const counter counters[] = {
    COUNTER(clipped_pixels),       COUNTER(bad_pixels),
    COUNTER(marked_pixels),        COUNTER(bad_flux_pixels),
    COUNTER(unknown_error_pixels), COUNTER(nonpositive_error_pixels),
    COUNTER(huge_error_pixels),    COUNTER(dark_rows),
    COUNTER(empty_rows),           COUNTER(wild_rows),
    COUNTER(first_empty_row),      COUNTER(first_wild_row),
    COUNTER(left_out_rows),        COUNTER(faulty_rows),
    COUNTER(faulty_noisy_rows),    COUNTER(bytes_read),
};
enum { COUNTERS = sizeof counters / sizeof counters[0] };

static void write_bad_files(hr_json_builder *builder, json_t *object,
                            const hr_bad_files *bad) {
  json_t *files = hr_json_put(builder, object, "bad_files", json_array());
  for (size_t i = 0; i < bad->count; i++) {
    json_t *file = hr_json_append(builder, files, json_object());
    hr_json_put_text(builder, file, "file", bad->items[i].path);
    hr_json_put_count(builder, file, "bad_pixels", bad->items[i].bad);
    hr_json_put_count(builder, file, "pixels", bad->items[i].pixels);
  }
}

/* False where there is no list, or no memory for it. */
static bool read_bad_files(const json_t *object, hr_bad_files *out) {
  const json_t *files = json_object_get(object, "bad_files");
  for (size_t i = 0; i < json_array_size(files); i++) {
    const json_t *file = json_array_get(files, i);
    size_t bad = hr_json_count(file, "bad_pixels", SIZE_MAX);
    size_t pixels = hr_json_count(file, "pixels", SIZE_MAX);
    const char *path = hr_json_string(file, "file", "");
    if (bad == SIZE_MAX || pixels == SIZE_MAX || !path[0]) return false;
    if (hr_bad_files_add(out, path, bad, pixels, NULL) != HR_OK) return false;
  }
  return json_is_array(files);
}

hr_status hr_rundir_write_preparation(const char *out_dir, const hr_origin *origin,
                                      const hr_preparation *train, hr_error *err) {
  hr_json_builder builder = {false};
  json_t *root = json_object();
  hr_json_put_text(&builder, root, "schema", "headroom/preparation/1");
  hr_json_put_text(&builder, root, "study", origin->fingerprint);
  json_t *object = hr_json_put(&builder, root, "train", json_object());
  for (size_t i = 0; i < COUNTERS; i++) {
    uint64_t value = 0;
    memcpy(&value, (const char *)train + counters[i].offset, sizeof value);
    hr_json_put_count(&builder, object, counters[i].name, value);
  }
  write_bad_files(&builder, object, &train->bad_files);
  hr_status status =
      hr_json_file_write(&builder, root, out_dir, preparation_name, hr_file_write, err);
  json_decref(root);
  return status;
}

void hr_rundir_read_preparation(const char *out_dir, const hr_origin *origin,
                                hr_preparation *out, bool *known) {
  json_t *root = hr_json_file_read(out_dir, preparation_name);
  const json_t *object = json_object_get(root, "train");
  *out = (hr_preparation){0};
  *known = object && strcmp(hr_json_string(root, "study", ""), origin->fingerprint) == 0;
  for (size_t i = 0; *known && i < COUNTERS; i++) {
    uint64_t value = hr_json_count(object, counters[i].name, SIZE_MAX);
    if (value == SIZE_MAX) *known = false;
    memcpy((char *)out + counters[i].offset, &value, sizeof value);
  }
  *known = *known && read_bad_files(object, &out->bad_files);
  if (!*known) hr_bad_files_fini(&out->bad_files);
  json_decref(root);
}
