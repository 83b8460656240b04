/* Trees that predict, and their files. */
#include "models/trees.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/alloc.h"
#include "core/field.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/tree_text.h"

enum {
  PIECE_ROWS =
      64, /* that go down the trees together, so that a tree stays in the cache */
  MOST_MODEL_BYTES = 1 << 30,
};

typedef struct trees {
  hr_model base;
  hr_trees_read read;
  char *text;            /* as LightGBM wrote it, and as it is saved */
  double *wave_angstrom; /* [P] or NULL */
} trees;

static const trees *trees_of(const hr_model *model) {
  return (const trees *)(const void *)model;
}

static void trees_destroy(hr_model **address) {
  trees *model = (trees *)(void *)*address;
  *address = NULL;
  if (!model) return;
  hr_trees_read_fini(&model->read);
  hr_free(model->text);
  hr_free(model->wave_angstrom);
  hr_free(model);
}

hr_status hr_trees_create_take(char **text, const char *name, int slot, size_t pixels,
                               hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  trees *model = NULL;
  hr_model *made = NULL;
  HR_TRY(hr_alloc(&model, 1, err));
  made = &model->base;
  model->base = (hr_model){
      .type = &hr_trees_type, .slot = slot, .pixels = pixels, .variant_count = 1};
  HR_TRY(hr_tree_text_read(*text, strlen(*text), name, &model->read, err));
  if (model->read.pixels != pixels) {
    status =
        hr_fail(err, HR_ERR_FORMAT,
                "%s is a model of %zu pixels, not of %zu: it belongs to another study",
                name, model->read.pixels, pixels);
    goto cleanup;
  }
  model->text = *text;
  *text = NULL;
  *out = made;
  made = NULL;
cleanup:
  if (made) trees_destroy(&made);
  return status;
}

hr_status hr_trees_set_wavelengths(hr_model *model, const double *wave_angstrom,
                                   hr_error *err) {
  trees *t = (trees *)(void *)model;
  double *copy = NULL;
  hr_status status = hr_alloc(&copy, model->pixels, err);
  if (status != HR_OK) return status;
  memcpy(copy, wave_angstrom, model->pixels * sizeof *copy);
  hr_free(t->wave_angstrom);
  t->wave_angstrom = copy;
  return HR_OK;
}

void hr_trees_importance(const hr_model *model, double *out) {
  const hr_trees_read *read = &trees_of(model)->read;
  for (size_t p = 0; p < model->pixels; p++) out[p] = 0;
  for (size_t i = 0; i < read->split_count; i++) {
    if (read->gain[i] > 0) out[read->split[i].pixel] += (double)read->gain[i];
  }
}

/* Predictions of some rows with one model, in pieces. */
typedef struct work {
  const hr_spectra *spectra;
  const hr_request *request;
} work;

/* The leaf that a row comes to. LightGBM takes what is smaller than 1e-35, or no number,
 * for 0. */
static double value_of(const hr_trees_read *read, const hr_tree *tree, const float *row) {
  static const float zero_threshold = 1e-35F;
  const hr_split *split = read->split + tree->first_split;
  int32_t at = tree->leaf_count > 1 ? 0 : -1;
  while (at >= 0) {
    float flux = row[split[at].pixel];
    double value = fabsf(flux) > zero_threshold ? (double)flux : 0;
    at = value <= split[at].threshold ? split[at].left : split[at].right;
  }
  return read->leaf[tree->first_leaf + (size_t)(-1 - at)];
}

static void predict_piece(void *context, size_t piece, size_t thread) {
  const work *w = context;
  const hr_request *r = w->request;
  const hr_trees_read *read = &trees_of(r->model)->read;
  double sum[PIECE_ROWS] = {0};
  size_t first = piece * PIECE_ROWS, left = r->count - first, pixels = w->spectra->pixels;
  size_t count = left < PIECE_ROWS ? left : PIECE_ROWS;
  (void)thread;
  for (size_t t = 0; t < read->tree_count; t++) {
    for (size_t i = 0; i < count; i++) {
      const float *row = w->spectra->noisy + (size_t)r->row[first + i] * pixels;
      sum[i] += value_of(read, &read->tree[t], row);
    }
  }
  for (size_t i = 0; i < count; i++) r->mean[r->row[first + i]] = (float)sum[i];
}

static hr_status trees_predict(const hr_spectra *spectra, const hr_request *requests,
                               size_t request_count, hr_error *err) {
  hr_status status = hr_requests_check(spectra, requests, request_count, err);
  for (size_t i = 0; status == HR_OK && i < request_count; i++) {
    work w = {spectra, &requests[i]};
    hr_request_fill_unknown(&requests[i]);
    if (requests[i].variants == 0) continue;
    hr_parallel_for((requests[i].count + PIECE_ROWS - 1) / PIECE_ROWS, predict_piece, &w);
  }
  return status;
}

static hr_status write_text(const char *folder, const char *name, const char *text,
                            hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_file_write(path, text, strlen(text), err));
cleanup:
  hr_free(path);
  return status;
}

static hr_status trees_save(const hr_model *model, const char *folder, hr_model_form form,
                            hr_error *err) {
  (void)form;
  return write_text(folder, "model.txt", trees_of(model)->text, err);
}

/* importance.csv: what each pixel's splits took off the squared error. */
static hr_status write_importance(const trees *model, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  double *gain = NULL;
  char number[2][HR_FIELD_NUMBER_BYTES];
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_alloc(&gain, model->base.pixels, err));
  hr_trees_importance(&model->base, gain);
  hr_text_append(&text, "pixel,wavelength_angstrom,gain\n");
  for (size_t p = 0; p < model->base.pixels; p++) {
    hr_field_format_number(model->wave_angstrom[p], number[0]);
    hr_field_format_number(gain[p], number[1]);
    hr_text_append(&text, "%zu,%s,%s\n", p, number[0], number[1]);
  }
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(write_text(folder, "importance.csv", text.bytes, err));
cleanup:
  hr_text_fini(&text);
  hr_free(gain);
  return status;
}

static hr_status trees_record(const hr_model *model, const char *folder, hr_error *err) {
  hr_status status = trees_save(model, folder, HR_MODEL_FULL, err);
  if (status != HR_OK || !trees_of(model)->wave_angstrom) return status;
  return write_importance(trees_of(model), folder, err);
}

static hr_status read_text(const char *path, char **text, size_t *size, hr_error *err) {
  hr_error reason = {.status = HR_OK};
  hr_status status = hr_file_read(path, MOST_MODEL_BYTES, text, size, &reason);
  if (status == HR_ERR_DATA) status = HR_ERR_FORMAT; /* too large */
  return status == HR_OK ? HR_OK : hr_fail(err, status, "%s", reason.message);
}

static hr_status trees_load(const hr_model_place *place, hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *text = NULL;
  size_t size = 0;
  HR_TRY(hr_join_path(place->folder, "model.txt", &path, err));
  HR_TRY(read_text(path, &text, &size, err));
  if (strlen(text) != size) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s has a byte 0 in it, which no text has; copy or train the model "
                     "again",
                     path);
    goto cleanup;
  }
  HR_TRY(hr_trees_create_take(&text, path, place->slots[0], place->pixels, out, err));
cleanup:
  hr_free(path);
  hr_free(text);
  return status;
}

const hr_model_type hr_trees_type = {
    .kind = "trees",
    .save = trees_save,
    .record = trees_record,
    .load = trees_load,
    .predict = trees_predict,
    .destroy = trees_destroy,
};
