/* Cards: the record of a task and the files that it vouches for. */
#include "study/card.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "core/observe.h"
#include "core/seal.h"
#include "methods/fit_json.h"
#include "session/task_folders.h"

static const char card_schema[] = "headroom/card/1";
static const char *const record_names[] = {"trained.json", "card.json"};
enum { MOST_FILES = 16 };

static const size_t most_bytes = (size_t)1 << 40;

static int slot_of(const hr_task_home *home, size_t s) {
  return hr_method_slot(home->type, home->view->bin_count, s);
}

/* The name of the task of a bin, or of all rows. */
static void name_of(const hr_method *type, int bin, char out[HR_TASK_NAME_BYTES]) {
  if (bin == HR_GLOBAL) {
    snprintf(out, HR_TASK_NAME_BYTES, "global-%s", type->name);
  } else {
    snprintf(out, HR_TASK_NAME_BYTES, "%d-%s", bin, type->name);
  }
}

void hr_task_name(const hr_method *type, size_t bin_count, size_t s,
                  char out[HR_TASK_NAME_BYTES]) {
  name_of(type, hr_method_slot(type, bin_count, s), out);
}

static hr_status folder_of(const hr_task_home *home, int bin, char **out, hr_error *err) {
  char name[HR_TASK_NAME_BYTES], below[HR_TASK_NAME_BYTES + sizeof "tasks/"];
  name_of(home->type, bin, name);
  snprintf(below, sizeof below, "tasks/%s", name);
  return hr_join_path(home->out_dir, below, out, err);
}

hr_status hr_task_folder(const hr_task_home *home, size_t s, char **out, hr_error *err) {
  return folder_of(home, slot_of(home, s), out, err);
}

/* The files of a task that a record vouches for: all but records and what is not whole.
 */
static int is_listed(const struct dirent *entry) {
  const char *name = entry->d_name;
  size_t length = strlen(name);
  bool is_part = length > 5 && strcmp(name + length - 5, ".part") == 0;
  return name[0] != '.' && !is_part && strcmp(name, record_names[0]) != 0 &&
         strcmp(name, record_names[1]) != 0 && strcmp(name, HR_TRAINING_STATE) != 0 &&
         strcmp(name, HR_GATHERED_FILE) != 0;
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

static json_t *describe(hr_json_builder *builder, const hr_task_home *home,
                        const hr_fit *fit) {
  json_t *card = json_object();
  hr_json_put_text(builder, card, "schema", card_schema);
  hr_json_put_text(builder, card, "study", home->study);
  hr_json_put_text(builder, card, "expert", home->type->name);
  if (home->target > 0) hr_json_put_count(builder, card, "target", home->target);
  hr_json_put(builder, card, "bin",
              fit->slot == HR_GLOBAL ? json_null() : json_integer(fit->slot));
  hr_fit_write_json(fit, home->type->variant, builder, card);
  return card;
}

static hr_status write_record(const hr_task_home *home, hr_task_stage stage,
                              const hr_fit *fit, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  char seal[HR_SEAL_SIZE];
  hr_json_builder builder = {false};
  json_t *card = describe(&builder, home, fit);
  HR_TRY(list_files(&builder, card, folder, err));
  HR_TRY(hr_seal_compute(card, seal, err));
  hr_json_put_text(&builder, card, "seal", seal);
  HR_TRY(hr_json_file_write(&builder, card, folder, record_names[stage], hr_file_write,
                            err));
cleanup:
  json_decref(card);
  return status;
}

static hr_status write_details(const char *folder, const double *details, size_t rows,
                               hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, "posterior.npy", &path, err));
  HR_TRY(hr_npy_write(path, details, rows, HR_DETAILS, err));
cleanup:
  hr_free(path);
  return status;
}

static hr_status write_predictions(const hr_card_content *content, const char *folder,
                                   hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = content->fit->test_rows;
  HR_TRY(hr_file_write_in(
      folder, "predictions.f32", content->predictions,
      content->fit->variant_count * rows * sizeof *content->predictions, err));
  if (content->variance) {
    HR_TRY(hr_file_write_in(folder, "variance.f64", content->variance,
                            rows * sizeof *content->variance, err));
  }
  if (content->details) HR_TRY(write_details(folder, content->details, rows, err));
  if (content->draws) HR_TRY(hr_row_draws_write(content->draws, folder, err));
cleanup:
  return status;
}

static hr_status write_model(const hr_model *model, const char *folder, hr_error *err) {
  const hr_model_type *type = model->type;
  if (type->record) return type->record(model, folder, err);
  return type->save(model, folder, HR_MODEL_FULL, err);
}

/* Whether there was such a record. */
static bool drop_record(const char *folder, hr_task_stage stage) {
  char *path = NULL;
  bool dropped = hr_join_path(folder, record_names[stage], &path, NULL) == HR_OK &&
                 unlink(path) == 0;
  hr_free(path);
  return dropped;
}

hr_status hr_card_write(const hr_task_home *home, hr_task_stage stage,
                        const hr_card_content *content, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fit *fit = content->fit;
  char *folder = NULL;
  HR_TRY(folder_of(home, fit->slot, &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  if (fit->status == HR_FIT_OK) {
    if (stage == HR_STAGE_DONE) HR_TRY(write_predictions(content, folder, err));
    if (content->model) HR_TRY(write_model(content->model, folder, err));
    HR_TRY(hr_fit_save_curve(fit, folder, err));
    HR_TRY(hr_validation_rows_write(&fit->validation, folder, err));
  }
  HR_TRY(write_record(home, stage, fit, folder, err));
cleanup:
  hr_free(folder);
  return status;
}

void hr_card_fini(hr_card *card) {
  hr_fit_fini(&card->fit);
  hr_free(card->predictions);
  hr_free(card->variance);
  hr_row_draws_fini(&card->draws);
  *card = (hr_card){.predictions = NULL};
}

/* Whether a record is what this study would have written of the target and the bin. */
static hr_status check_card(const hr_task_home *home, int bin, const json_t *card,
                            bool *ours, hr_error *err) {
  char seal[HR_SEAL_SIZE];
  hr_status status = hr_seal_compute(card, seal, err);
  if (status != HR_OK) return status;
  const json_t *its_bin = json_object_get(card, "bin");
  bool same_bin = bin == HR_GLOBAL ? json_is_null(its_bin)
                                   : json_is_integer(its_bin) &&
                                         json_integer_value(its_bin) == (json_int_t)bin;
  bool same_target = hr_json_count(card, "target", 0) == home->target;
  *ours = same_bin && same_target &&
          strcmp(hr_json_string(card, "schema", ""), card_schema) == 0 &&
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

/* A record as it was found. */
typedef struct found_record {
  int slot;
  char *folder;
  json_t *json; /* NULL: none */
} found_record;

static hr_status read_predictions(const hr_task_home *home, const found_record *record,
                                  hr_card *out, bool *good, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = out->fit.test_rows;
  const char *folder = record->folder;
  HR_TRY(read_array(folder, "predictions.f32",
                    out->fit.variant_count * rows * sizeof *out->predictions,
                    &out->predictions, err));
  bool has_variance = lists_file(record->json, "variance.f64");
  if (has_variance) {
    HR_TRY(read_array(folder, "variance.f64", rows * sizeof *out->variance,
                      &out->variance, err));
  }
  *good = out->predictions && (out->variance || !has_variance);
  if (*good && lists_file(record->json, "draws.f32")) {
    HR_TRY(hr_row_draws_read(folder, home->view->test_rows, &out->draws, good, err));
  }
cleanup:
  return status;
}

hr_status hr_card_drop(const hr_task_home *home, hr_task_stage stage, size_t s,
                       hr_error *err) {
  char *folder = NULL;
  hr_status status = hr_task_folder(home, s, &folder, err);
  if (status == HR_OK) drop_record(folder, stage);
  hr_free(folder);
  return status;
}

static hr_status read_record(const hr_task_home *home, const found_record *record,
                             hr_card *out, bool *good, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_card(home, record->slot, record->json, good, err));
  if (*good) HR_TRY(check_files(record->json, record->folder, good, err));
  if (!*good) goto cleanup;
  HR_TRY(hr_fit_read_json(record->json, record->slot, home->type->variant, &out->fit,
                          good, err));
  out->fit.target = home->target;
  if (*good && lists_file(record->json, HR_VALIDATION_FILE)) {
    HR_TRY(hr_validation_rows_read(record->folder, home->view->train.rows,
                                   &out->fit.validation, good, err));
  }
cleanup:
  return status;
}

hr_status hr_card_read(const hr_task_home *home, hr_task_stage stage, size_t s,
                       hr_card *out, bool *found, hr_error *err) {
  hr_status status = HR_OK;
  found_record record = {.slot = slot_of(home, s)};
  hr_card card = {.predictions = NULL};
  bool good = false;
  *found = false;
  HR_TRY(folder_of(home, record.slot, &record.folder, err));
  HR_TRY(hr_json_file_look(record.folder, record_names[stage], &record.json, err));
  if (record.json) HR_TRY(read_record(home, &record, &card, &good, err));
  if (good && stage == HR_STAGE_DONE && card.fit.status == HR_FIT_OK) {
    HR_TRY(read_predictions(home, &record, &card, &good, err));
  }
  if (!good) {
    if (drop_record(record.folder, stage)) {
      hr_observe_warning(home->view->observer,
                         "%s is damaged: its %s is not what was written, or does not fit "
                         "the files beside it; it is made again",
                         record.folder, record_names[stage]);
    }
    goto cleanup;
  }
  *out = card;
  card = (hr_card){.predictions = NULL};
  *found = true;
cleanup:
  hr_card_fini(&card);
  json_decref(record.json);
  hr_free(record.folder);
  return status;
}
