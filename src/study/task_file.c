#include "study/task_file.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/observe.h"
#include "core/seal.h"

static const char card_schema[] = "headroom/card/1";
static const char *const record_names[] = {"trained.json", "card.json"};
static const char *const status_names[] = {"ok", "skipped", "failed"};
enum { STATUSES = 3, MOST_FILES = 16 };

static const size_t most_bytes = (size_t)1 << 40;

size_t hr_task_count(const hr_task_home *home) {
  const hr_method *type = home->type;
  return (type->only_global ? 0 : home->view->bin_count) + (type->has_global ? 1 : 0);
}

int hr_task_bin(const hr_task_home *home, size_t t) {
  bool is_global = home->type->only_global || t == home->view->bin_count;
  return is_global ? HR_GLOBAL : (int)t;
}

static hr_status folder_of(const hr_task_home *home, int bin, char **out, hr_error *err) {
  char name[128];
  if (bin == HR_GLOBAL) {
    snprintf(name, sizeof name, "tasks/global-%s", home->type->name);
  } else {
    snprintf(name, sizeof name, "tasks/%d-%s", bin, home->type->name);
  }
  return hr_join_path(home->out_dir, name, out, err);
}

hr_status hr_task_folder(const hr_task_home *home, size_t t, char **out, hr_error *err) {
  return folder_of(home, hr_task_bin(home, t), out, err);
}

/* The files of a task that a record vouches for: all but records and what is not whole.
 */
static int is_listed(const struct dirent *entry) {
  const char *name = entry->d_name;
  size_t length = strlen(name);
  bool is_part = length > 5 && strcmp(name + length - 5, ".part") == 0;
  return name[0] != '.' && !is_part && strcmp(name, record_names[0]) != 0 &&
         strcmp(name, record_names[1]) != 0;
}

static hr_status fingerprint_file(const char *folder, const char *name, size_t *size,
                                  char print[HR_SEAL_SIZE], hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *bytes = NULL;
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_file_read(path, most_bytes, &bytes, size, err));
  hr_seal_bytes(bytes, *size, print);
cleanup:
  hr_free(path);
  hr_free(bytes);
  return status;
}

/* The list `files` of a record: name, bytes and fingerprint, in order of names. */
static hr_status list_files(hr_json_builder *builder, json_t *card, const char *folder,
                            hr_error *err) {
  hr_status status = HR_OK;
  struct dirent **entries = NULL;
  json_t *list = hr_json_put(builder, card, "files", json_array());
  int count = scandir(folder, &entries, is_listed, alphasort);
  for (int i = 0; i < count; i++) {
    char print[HR_SEAL_SIZE];
    size_t size = 0;
    HR_TRY(fingerprint_file(folder, entries[i]->d_name, &size, print, err));
    json_t *file = hr_json_append(builder, list, json_object());
    hr_json_put(builder, file, "name", hr_json_text(entries[i]->d_name));
    hr_json_put_count(builder, file, "bytes", size);
    hr_json_put_text(builder, file, "fingerprint", print);
  }
cleanup:
  for (int i = 0; i < count; i++) free(entries[i]);
  free(entries);
  return status;
}

static void describe_variants(hr_json_builder *builder, json_t *card,
                              const hr_method *type, const hr_task *task) {
  json_t *list = hr_json_put(builder, card, "variants", json_array());
  for (size_t v = 0; v < task->variant_count; v++) {
    json_t *variant = hr_json_append(builder, list, json_object());
    if (type->variant && task->variant_value) {
      hr_json_put_number(builder, variant, type->variant, task->variant_value[v]);
    }
    hr_json_put_number(builder, variant, "r2_cv",
                       task->cv_r2 ? task->cv_r2[v] : (double)NAN);
  }
}

static void describe_levels(hr_json_builder *builder, json_t *card, const hr_task *task) {
  if (task->level_count == 0) return;
  json_t *list = hr_json_put(builder, card, "levels", json_array());
  for (size_t l = 0; l < task->level_count; l++) {
    json_t *level = hr_json_append(builder, list, json_object());
    hr_json_put_number(builder, level, "level", task->level[l]);
    hr_json_put_number(builder, level, "r2_cv", task->level_cv_r2[l]);
    hr_json_put_number(builder, level, "value", task->level_value[l]);
  }
}

static void describe_convergence(hr_json_builder *builder, json_t *card,
                                 const hr_task *task) {
  if (task->convergence == HR_CONVERGENCE_NONE) return;
  hr_json_put_bool(builder, card, "converged", task->convergence == HR_CONVERGED);
  if (!task->curve) return;
  hr_json_put_count(builder, card, "best_epoch", task->best_epoch + 1);
  json_t *list = hr_json_put(builder, card, "curve", json_array());
  for (size_t e = 0; e < task->curve_points; e++) {
    json_t *point = hr_json_append(builder, list, json_object());
    hr_json_put_number(builder, point, "train_loss", task->curve[e].train_loss);
    hr_json_put_number(builder, point, "validation_r2", task->curve[e].validation_r2);
    hr_json_put_number(builder, point, "rate", task->curve[e].rate);
  }
}

static json_t *describe_task(hr_json_builder *builder, const hr_task_home *home,
                             const hr_task *task) {
  json_t *card = json_object();
  hr_json_put_text(builder, card, "schema", card_schema);
  hr_json_put_text(builder, card, "study", home->study);
  hr_json_put_text(builder, card, "expert", home->type->name);
  hr_json_put(builder, card, "bin",
              task->bin == HR_GLOBAL ? json_null() : json_integer(task->bin));
  hr_json_put_text(builder, card, "status", status_names[task->status]);
  hr_json_put(builder, card, "note", hr_json_text(task->note));
  hr_json_put_count(builder, card, "train_rows", task->train_rows);
  hr_json_put_count(builder, card, "test_rows", task->test_rows);
  hr_json_put_number(builder, card, "seconds", task->seconds);
  if (task->validated_rows > 0) {
    hr_json_put_count(builder, card, "validated_rows", task->validated_rows);
    hr_json_put_number(builder, card, "validation_seconds", task->validation_seconds);
  }
  describe_convergence(builder, card, task);
  describe_levels(builder, card, task);
  describe_variants(builder, card, home->type, task);
  hr_json_put_count(builder, card, "chosen", task->chosen);
  return card;
}

static hr_status write_record(const hr_task_home *home, hr_task_stage stage,
                              const hr_task *task, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  char seal[HR_SEAL_SIZE];
  hr_json_builder builder = {false};
  json_t *card = describe_task(&builder, home, task);
  HR_TRY(list_files(&builder, card, folder, err));
  HR_TRY(hr_seal_compute(card, seal, err));
  hr_json_put_text(&builder, card, "seal", seal);
  HR_TRY(hr_json_file_write(&builder, card, folder, record_names[stage], hr_file_write,
                            err));
cleanup:
  json_decref(card);
  return status;
}

static hr_status write_array(const char *folder, const char *name, const void *values,
                             size_t size, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_file_write(path, values, size, err));
cleanup:
  hr_free(path);
  return status;
}

static hr_status write_predictions(const hr_task *task, const char *folder,
                                   hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = task->test_rows;
  HR_TRY(write_array(folder, "predictions.f32", task->predictions,
                     task->variant_count * rows * sizeof *task->predictions, err));
  if (task->variance) {
    HR_TRY(write_array(folder, "variance.f64", task->variance,
                       rows * sizeof *task->variance, err));
  }
cleanup:
  return status;
}

/* Whether there was such a record. */
static bool drop_record(const char *folder, hr_task_stage stage) {
  char *path = NULL;
  bool dropped = hr_join_path(folder, record_names[stage], &path, NULL) == HR_OK &&
                 unlink(path) == 0;
  hr_free(path);
  return dropped;
}

hr_status hr_task_write(const hr_task_home *home, hr_task_stage stage,
                        const hr_learner *expert, const hr_task *task, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  HR_TRY(folder_of(home, task->bin, &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  if (task->status == HR_FIT_OK) {
    if (stage == HR_STAGE_DONE) HR_TRY(write_predictions(task, folder, err));
    HR_TRY(home->type->save(expert, task, folder, err));
  }
  HR_TRY(write_record(home, stage, task, folder, err));
cleanup:
  hr_free(folder);
  return status;
}

void hr_loaded_task_fini(hr_loaded_task *loaded) {
  hr_free(loaded->variant_value);
  hr_free(loaded->cv_r2);
  hr_free(loaded->predictions);
  hr_free(loaded->variance);
  hr_free(loaded->level);
  hr_free(loaded->level_cv_r2);
  hr_free(loaded->level_value);
  hr_free(loaded->curve);
  *loaded = (hr_loaded_task){0};
}

/* Whether a record is what this study would have written of the bin. */
static hr_status check_card(const hr_task_home *home, int bin, const json_t *card,
                            bool *ours, hr_error *err) {
  char seal[HR_SEAL_SIZE];
  hr_status status = hr_seal_compute(card, seal, err);
  if (status != HR_OK) return status;
  const json_t *its_bin = json_object_get(card, "bin");
  bool same_bin = bin == HR_GLOBAL ? json_is_null(its_bin)
                                   : json_is_integer(its_bin) &&
                                         json_integer_value(its_bin) == (json_int_t)bin;
  *ours = same_bin && strcmp(hr_json_string(card, "schema", ""), card_schema) == 0 &&
          strcmp(hr_json_string(card, "study", ""), home->study) == 0 &&
          strcmp(hr_json_string(card, "expert", ""), home->type->name) == 0 &&
          strcmp(hr_json_string(card, "seal", ""), seal) == 0;
  return HR_OK;
}

/* Whether every file that the record lists is there, byte for byte. */
static hr_status check_files(const json_t *card, const char *folder, bool *good,
                             hr_error *err) {
  const json_t *files = json_object_get(card, "files");
  *good = json_is_array(files) && json_array_size(files) <= MOST_FILES;
  for (size_t i = 0; *good && i < json_array_size(files); i++) {
    const json_t *file = json_array_get(files, i);
    const char *name = hr_json_string(file, "name", "");
    char print[HR_SEAL_SIZE];
    size_t size = 0;
    *good = *name && !strchr(name, '/');
    if (!*good) break;
    hr_status status = fingerprint_file(folder, name, &size, print, err);
    if (status == HR_ERR_IO || status == HR_ERR_MEMORY) return status;
    *good = status == HR_OK && size == hr_json_count(file, "bytes", SIZE_MAX) &&
            strcmp(print, hr_json_string(file, "fingerprint", "")) == 0;
  }
  return HR_OK;
}

static bool read_status(const json_t *card, hr_fit_status *out) {
  const char *name = hr_json_string(card, "status", "");
  for (int i = 0; i < STATUSES; i++) {
    if (strcmp(name, status_names[i]) != 0) continue;
    *out = (hr_fit_status)i;
    return true;
  }
  return false;
}

static hr_status read_variants(const hr_task_home *home, const json_t *card,
                               hr_loaded_task *out, hr_error *err) {
  hr_status status = HR_OK;
  const json_t *list = json_object_get(card, "variants");
  const char *name = home->type->variant;
  hr_task *task = &out->task;
  task->variant_count = json_array_size(list);
  HR_TRY(hr_alloc(&out->cv_r2, task->variant_count, err));
  if (name) HR_TRY(hr_alloc(&out->variant_value, task->variant_count, err));
  for (size_t v = 0; v < task->variant_count; v++) {
    const json_t *variant = json_array_get(list, v);
    out->cv_r2[v] = hr_json_number(variant, "r2_cv", (double)NAN);
    if (name) out->variant_value[v] = hr_json_number(variant, name, (double)NAN);
  }
  task->cv_r2 = out->cv_r2;
  task->variant_value = out->variant_value;
cleanup:
  return status;
}

static hr_status read_levels(const json_t *card, hr_loaded_task *out, hr_error *err) {
  hr_status status = HR_OK;
  const json_t *list = json_object_get(card, "levels");
  hr_task *task = &out->task;
  size_t count = json_array_size(list);
  HR_TRY(hr_alloc(&out->level, count, err));
  HR_TRY(hr_alloc(&out->level_cv_r2, count, err));
  HR_TRY(hr_alloc(&out->level_value, count, err));
  for (size_t l = 0; l < count; l++) {
    const json_t *level = json_array_get(list, l);
    out->level[l] = hr_json_number(level, "level", (double)NAN);
    out->level_cv_r2[l] = hr_json_number(level, "r2_cv", (double)NAN);
    out->level_value[l] = hr_json_number(level, "value", (double)NAN);
  }
  task->level_count = count;
  task->level = out->level;
  task->level_cv_r2 = out->level_cv_r2;
  task->level_value = out->level_value;
cleanup:
  return status;
}

static hr_status read_convergence(const json_t *card, hr_loaded_task *out,
                                  hr_error *err) {
  const json_t *converged = json_object_get(card, "converged");
  const json_t *list = json_object_get(card, "curve");
  size_t count = json_array_size(list), best = hr_json_count(card, "best_epoch", 0);
  hr_task *task = &out->task;
  if (!converged) return HR_OK;
  task->convergence = json_is_true(converged) ? HR_CONVERGED : HR_NOT_CONVERGED;
  if (!list) return HR_OK;
  hr_status status = hr_alloc(&out->curve, count, err);
  if (status != HR_OK) return status;
  for (size_t e = 0; e < count; e++) {
    const json_t *point = json_array_get(list, e);
    out->curve[e] = (hr_curve_point){hr_json_number(point, "train_loss", (double)NAN),
                                     hr_json_number(point, "validation_r2", (double)NAN),
                                     hr_json_number(point, "rate", (double)NAN)};
  }
  task->best_epoch = best > 0 ? best - 1 : 0;
  task->curve = out->curve;
  task->curve_points = count;
  return HR_OK;
}

static hr_status read_card(const hr_task_home *home, int bin, const json_t *card,
                           hr_loaded_task *out, bool *good, hr_error *err) {
  hr_task *task = &out->task;
  task->bin = bin;
  snprintf(task->note, sizeof task->note, "%s", hr_json_string(card, "note", ""));
  task->train_rows = hr_json_count(card, "train_rows", 0);
  task->test_rows = hr_json_count(card, "test_rows", 0);
  task->seconds = hr_json_number(card, "seconds", 0);
  task->validated_rows = hr_json_count(card, "validated_rows", 0);
  task->validation_seconds = hr_json_number(card, "validation_seconds", 0);
  task->chosen = hr_json_count(card, "chosen", 0);
  *good = read_status(card, &task->status);
  hr_status status = read_variants(home, card, out, err);
  if (status == HR_OK) status = read_levels(card, out, err);
  if (status == HR_OK) status = read_convergence(card, out, err);
  if (task->status == HR_FIT_OK && task->chosen >= task->variant_count) *good = false;
  return status;
}

/* Reads an array of exactly `size` bytes; *out stays NULL where there is none such. */
static hr_status read_array(const char *folder, const char *name, size_t size, void *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *bytes = NULL;
  size_t found = 0;
  HR_TRY(hr_join_path(folder, name, &path, err));
  status = hr_file_read(path, most_bytes, &bytes, &found, err);
  if (status == HR_ERR_MISSING || status == HR_ERR_DATA) {
    status = HR_OK;
    goto cleanup;
  }
  if (status != HR_OK || found != size) goto cleanup;
  memcpy(out, &bytes, sizeof bytes);
  bytes = NULL;
cleanup:
  hr_free(path);
  hr_free(bytes);
  return status;
}

static bool lists_file(const json_t *card, const char *name) {
  const json_t *files = json_object_get(card, "files");
  for (size_t i = 0; i < json_array_size(files); i++) {
    const char *listed = hr_json_string(json_array_get(files, i), "name", "");
    if (strcmp(listed, name) == 0) return true;
  }
  return false;
}

static hr_status read_predictions(const char *folder, const json_t *card,
                                  hr_loaded_task *out, bool *good, hr_error *err) {
  hr_status status = HR_OK;
  hr_task *task = &out->task;
  size_t rows = task->test_rows;
  HR_TRY(read_array(folder, "predictions.f32",
                    task->variant_count * rows * sizeof *out->predictions,
                    &out->predictions, err));
  bool has_variance = lists_file(card, "variance.f64");
  if (has_variance) {
    HR_TRY(read_array(folder, "variance.f64", rows * sizeof *out->variance,
                      &out->variance, err));
  }
  task->predictions = out->predictions;
  task->variance = out->variance;
  *good = out->predictions && (out->variance || !has_variance);
cleanup:
  return status;
}

hr_status hr_task_drop_record(const hr_task_home *home, hr_task_stage stage, size_t t,
                              hr_error *err) {
  char *folder = NULL;
  hr_status status = hr_task_folder(home, t, &folder, err);
  if (status == HR_OK) drop_record(folder, stage);
  hr_free(folder);
  return status;
}

hr_status hr_task_read(const hr_task_home *home, hr_task_stage stage, size_t t,
                       hr_loaded_task *out, bool *found, hr_error *err) {
  hr_status status = HR_OK;
  int bin = hr_task_bin(home, t);
  char *folder = NULL;
  json_t *card = NULL;
  hr_loaded_task loaded = {0};
  bool good = false;
  *found = false;
  HR_TRY(folder_of(home, bin, &folder, err));
  HR_TRY(hr_json_file_look(folder, record_names[stage], &card, err));
  if (card) HR_TRY(check_card(home, bin, card, &good, err));
  if (good) HR_TRY(check_files(card, folder, &good, err));
  if (good) HR_TRY(read_card(home, bin, card, &loaded, &good, err));
  if (good && stage == HR_STAGE_DONE && loaded.task.status == HR_FIT_OK) {
    HR_TRY(read_predictions(folder, card, &loaded, &good, err));
  }
  if (!good) {
    if (drop_record(folder, stage)) {
      hr_observe_warning(home->view->observer,
                         "%s is damaged: its %s is not what was written, or does not fit "
                         "the files beside it; it is made again",
                         folder, record_names[stage]);
    }
    goto cleanup;
  }
  *out = loaded;
  loaded = (hr_loaded_task){0};
  *found = true;
cleanup:
  hr_loaded_task_fini(&loaded);
  json_decref(card);
  hr_free(folder);
  return status;
}
