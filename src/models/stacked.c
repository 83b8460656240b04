/* Stacked models. Rows are taken a piece at a time, so that what is between the models
 * stays small; each row's prediction depends on that row alone. */
#include "models/stacked.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "models/linear.h"
#include "models/trees.h"

static const char schema[] = "headroom/stacked/1";
static const char json_name[] = "stack.json";

enum { PIECE_ROWS = 512 };

typedef struct stacked {
  hr_model base;
  hr_stacked_parts parts;
} stacked;

static const stacked *stacked_of(const hr_model *model) {
  return (const stacked *)(const void *)model;
}

const hr_stacked_parts *hr_stacked_parts_of(const hr_model *model) {
  return &stacked_of(model)->parts;
}

void hr_stacked_parts_fini(hr_stacked_parts *parts) {
  hr_gate_features_destroy(&parts->features);
  hr_free(parts->wave_angstrom);
  hr_free(parts->centre);
  hr_free(parts->scale);
  hr_model_destroy(&parts->below);
  hr_model_destroy(&parts->top);
  *parts = (hr_stacked_parts){.top = NULL};
}

static void stacked_destroy(hr_model **model) {
  stacked *s = (stacked *)(void *)*model;
  *model = NULL;
  if (!s) return;
  hr_stacked_parts_fini(&s->parts);
  hr_free(s);
}

static size_t inputs_of(const hr_stacked_parts *parts) {
  return 1 + hr_gate_features_count(parts->features);
}

hr_status hr_stacked_create_take(int slot, size_t target, hr_stacked_parts *parts,
                                 hr_model **out, hr_error *err) {
  stacked *s = NULL;
  size_t pixels = hr_gate_features_pixels(parts->features), inputs = inputs_of(parts);
  if (parts->below->pixels != pixels || parts->top->pixels != inputs) {
    return hr_fail(err, HR_ERR_INTERNAL,
                   "a stacked model of %zu pixels and %zu inputs was given models of %zu "
                   "and %zu",
                   pixels, inputs, parts->below->pixels, parts->top->pixels);
  }
  hr_status status = hr_alloc(&s, 1, err);
  if (status != HR_OK) return status;
  s->base = (hr_model){.type = &hr_stacked_type,
                       .slot = slot,
                       .target = target,
                       .pixels = pixels,
                       .variant_count = 1};
  s->parts = *parts;
  *parts = (hr_stacked_parts){.top = NULL};
  *out = &s->base;
  return HR_OK;
}

void hr_stacked_inputs(const hr_stacked_parts *parts, size_t rows, const double *features,
                       const float *below, float *out) {
  size_t count = hr_gate_features_count(parts->features), inputs = count + 1;
  const double *centre = parts->centre, *scale = parts->scale;
  for (size_t i = 0; i < rows; i++) {
    for (size_t f = 0; f < count; f++) {
      out[i * inputs + f] = (float)((features[i * count + f] - centre[f]) / scale[f]);
    }
    out[i * inputs + count] = (float)(((double)below[i] - centre[count]) / scale[count]);
  }
}

/* --- predicting --- */

/* What stands between the models, for PIECE_ROWS rows. */
typedef struct between {
  double *features; /* [rows][F] */
  float *below;     /* [rows] of the piece, after those of the block */
  float *inputs;    /* [rows][I] */
  float *top;       /* [rows] */
  float *block;     /* [N] what the model below says, at the rows' numbers */
  uint32_t *number; /* [rows] 0, 1 .. */
} between;

static void between_fini(between *b) {
  hr_free(b->features);
  hr_free(b->below);
  hr_free(b->inputs);
  hr_free(b->top);
  hr_free(b->block);
  hr_free(b->number);
}

static hr_status between_init(between *b, const hr_stacked_parts *parts, size_t rows,
                              hr_error *err) {
  hr_status status = HR_OK;
  size_t inputs = inputs_of(parts);
  HR_TRY(hr_alloc(&b->features, PIECE_ROWS * inputs, err));
  HR_TRY(hr_alloc(&b->below, PIECE_ROWS, err));
  HR_TRY(hr_alloc(&b->inputs, PIECE_ROWS * inputs, err));
  HR_TRY(hr_alloc(&b->top, PIECE_ROWS, err));
  HR_TRY(hr_alloc(&b->block, rows, err));
  HR_TRY(hr_alloc(&b->number, PIECE_ROWS, err));
  for (uint32_t i = 0; i < PIECE_ROWS; i++) b->number[i] = i;
cleanup:
  return status;
}

static hr_status predict_piece(const hr_spectra *spectra, const hr_request *request,
                               size_t first, between *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_stacked_parts *parts = hr_stacked_parts_of(request->model);
  size_t left = request->count - first;
  size_t count = left < PIECE_ROWS ? left : PIECE_ROWS;
  const uint32_t *row = request->row + first;
  const hr_spectra inputs = {
      .rows = count, .pixels = inputs_of(parts), .noisy = b->inputs};
  const hr_request top = {.model = parts->top,
                          .row = b->number,
                          .count = count,
                          .first_variant = parts->top->chosen,
                          .variants = 1,
                          .mean = b->top,
                          .variant_stride = count};
  HR_TRY(hr_gate_features_fill(parts->features, count, row, spectra->noisy, b->features,
                               err));
  for (size_t i = 0; i < count; i++) b->below[i] = b->block[row[i]];
  hr_stacked_inputs(parts, count, b->features, b->below, b->inputs);
  HR_TRY(hr_models_predict(&inputs, &top, 1, err));
  for (size_t i = 0; i < count; i++) request->mean[row[i]] = b->top[i];
cleanup:
  return status;
}

static hr_status predict_request(const hr_spectra *spectra, const hr_request *request,
                                 hr_error *err) {
  hr_status status = HR_OK;
  const hr_stacked_parts *parts = hr_stacked_parts_of(request->model);
  between b = {.features = NULL};
  hr_request_fill_unknown(request);
  if (request->variants == 0 || request->count == 0) return HR_OK;
  HR_TRY(between_init(&b, parts, spectra->rows, err));
  const hr_request below = {.model = parts->below,
                            .row = request->row,
                            .count = request->count,
                            .first_variant = parts->below->chosen,
                            .variants = 1,
                            .mean = b.block,
                            .variant_stride = spectra->rows};
  HR_TRY(hr_models_predict(spectra, &below, 1, err));
  for (size_t first = 0; first < request->count; first += PIECE_ROWS) {
    HR_TRY(predict_piece(spectra, request, first, &b, err));
  }
cleanup:
  between_fini(&b);
  return status;
}

static hr_status stacked_predict(const hr_spectra *spectra, const hr_request *requests,
                                 size_t request_count, hr_error *err) {
  hr_status status = hr_requests_check(spectra, requests, request_count, err);
  for (size_t i = 0; status == HR_OK && i < request_count; i++) {
    status = predict_request(spectra, &requests[i], err);
  }
  return status;
}

/* --- in a folder --- */

static void put_numbers(hr_json_builder *builder, json_t *root, const char *key,
                        size_t count, const double *values) {
  json_t *list = hr_json_put(builder, root, key, json_array());
  for (size_t i = 0; i < count; i++) hr_json_append(builder, list, json_real(values[i]));
}

static hr_status write_json(const hr_stacked_parts *parts, const char *folder,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_features *features = parts->features;
  hr_json_builder builder = {0};
  json_t *root = json_object();
  if (!root) builder.failed = true;
  hr_json_put_text(&builder, root, "schema", schema);
  hr_json_put_count(&builder, root, "pixels", hr_gate_features_pixels(features));
  hr_json_put_number(&builder, root, "base", hr_gate_features_base(features));
  hr_json_put(&builder, root, "features",
              hr_gate_table_json(hr_gate_features_table(features), &builder));
  hr_json_put_text(&builder, root, "top", parts->top->type->kind);
  put_numbers(&builder, root, "centre", inputs_of(parts), parts->centre);
  put_numbers(&builder, root, "scale", inputs_of(parts), parts->scale);
  HR_TRY(hr_json_file_write(&builder, root, folder, json_name, hr_file_write, err));
cleanup:
  json_decref(root);
  return status;
}

static hr_status write_array(const char *folder, const char *name, const double *values,
                             const size_t extent[2], hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_npy_write(path, values, extent[0], extent[1], err));
cleanup:
  hr_free(path);
  return status;
}

/* A linear model with the chosen variant alone. */
static hr_status keep_chosen(const hr_model *model, hr_model **out, hr_error *err) {
  const hr_linear_shape shape = {.slot = model->slot,
                                 .target = model->target,
                                 .pixels = model->pixels,
                                 .variant_count = 1};
  return hr_linear_create(&shape, hr_linear_intercept(model) + model->chosen,
                          hr_linear_weights(model) + model->chosen * model->pixels, out,
                          err);
}

static hr_status save_linear_top(const hr_model *top, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  double *row = NULL;
  const size_t extent[2] = {1, 1 + top->pixels};
  HR_TRY(hr_alloc(&row, extent[1], err));
  row[0] = hr_linear_intercept(top)[top->chosen];
  memcpy(row + 1, hr_linear_weights(top) + top->chosen * top->pixels,
         top->pixels * sizeof *row);
  HR_TRY(write_array(folder, "top.npy", row, extent, err));
cleanup:
  hr_free(row);
  return status;
}

static hr_status stacked_save(const hr_model *model, const char *folder,
                              hr_model_form form, hr_error *err) {
  hr_status status = HR_OK;
  const hr_stacked_parts *parts = hr_stacked_parts_of(model);
  hr_model *below = NULL;
  const size_t wave[2] = {1, model->pixels};
  const size_t rows[2] = {1 + hr_gate_features_table(parts->features)->components,
                          model->pixels};
  HR_TRY(keep_chosen(parts->below, &below, err));
  HR_TRY(below->type->save(below, folder, form, err));
  HR_TRY(write_array(folder, "components.npy",
                     hr_gate_features_components_of(parts->features), rows, err));
  HR_TRY(write_array(folder, "wave.npy", parts->wave_angstrom, wave, err));
  if (parts->top->type == &hr_linear_type) {
    HR_TRY(save_linear_top(parts->top, folder, err));
  } else {
    HR_TRY(parts->top->type->save(parts->top, folder, form, err));
  }
  HR_TRY(write_json(parts, folder, err));
cleanup:
  hr_model_destroy(&below);
  return status;
}

/* What is being read. */
typedef struct reading {
  const hr_model_place *place;
  char *path; /* of stack.json */
  json_t *root;
  hr_gate_table table;
  hr_stacked_parts parts;
} reading;

static hr_status read_json(reading *r, hr_error *err) {
  enum { MOST = 1 << 22 };
  hr_status status = HR_OK;
  json_error_t reason;
  char *bytes = NULL;
  size_t size = 0;
  HR_TRY(hr_join_path(r->place->folder, json_name, &r->path, err));
  HR_TRY(hr_file_read(r->path, MOST, &bytes, &size, err));
  HR_TRY(hr_json_parse(bytes, size, r->path, &r->root, &reason, err));
  if (strcmp(hr_json_string(r->root, "schema", ""), schema) != 0) {
    HR_TRY(hr_fail(err, HR_ERR_FORMAT,
                   "%s is no stacked model of this version, \"%s\"; train it again",
                   r->path, schema));
  }
  if (hr_json_count(r->root, "pixels", 0) != r->place->pixels) {
    HR_TRY(hr_fail(err, HR_ERR_FORMAT,
                   "%s is a stacked model of %zu pixels, not of %zu: it belongs to "
                   "another study",
                   r->path, hr_json_count(r->root, "pixels", 0), r->place->pixels));
  }
cleanup:
  hr_free(bytes);
  return status;
}

/* The array folder/name, which has to be [rows][columns] of finite numbers. */
static hr_status read_array(const reading *r, const char *name, const size_t extent[2],
                            double **out, hr_error *err) {
  char *path = NULL;
  hr_status status = hr_join_path(r->place->folder, name, &path, err);
  if (status == HR_OK)
    status = hr_npy_read_matrix(path, extent, "stacked model", out, err);
  hr_free(path);
  return status;
}

static hr_status check_wave(const reading *r, hr_error *err) {
  const double *wave = r->parts.wave_angstrom;
  for (size_t p = 0; p < r->place->pixels; p++) {
    bool ascends = p == 0 ? wave[p] > 0 : wave[p] > wave[p - 1];
    if (ascends) continue;
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s/wave.npy does not ascend at pixel %zu; train the model again",
                   r->place->folder, p);
  }
  return HR_OK;
}

static hr_status read_features(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  double *values = NULL;
  size_t pixels = r->place->pixels;
  HR_TRY(
      hr_gate_table_parse(json_object_get(r->root, "features"), r->path, &r->table, err));
  const size_t wave[2] = {1, pixels}, rows[2] = {1 + r->table.components, pixels};
  HR_TRY(read_array(r, "wave.npy", wave, &r->parts.wave_angstrom, err));
  HR_TRY(check_wave(r, err));
  const hr_gate_grid grid = {r->path, r->parts.wave_angstrom, pixels,
                             hr_json_number(r->root, "base", (double)NAN)};
  if (!isfinite(grid.base)) {
    HR_TRY(hr_fail(err, HR_ERR_FORMAT, "%s has no base of the flux; train it again",
                   r->path));
  }
  status = hr_gate_features_create(&r->table, &grid, &r->parts.features, err);
  if (status == HR_ERR_CONFIG) err->status = status = HR_ERR_FORMAT;
  HR_TRY(status);
  HR_TRY(read_array(r, "components.npy", rows, &values, err));
  memcpy(hr_gate_features_components(r->parts.features), values,
         rows[0] * rows[1] * sizeof *values);
cleanup:
  hr_free(values);
  return status;
}

/* A list of finite numbers, each above `least`. */
static bool read_numbers(const json_t *list, size_t count, double least, double *out) {
  bool good = json_array_size(list) == count;
  for (size_t i = 0; good && i < count; i++) {
    const json_t *item = json_array_get(list, i);
    out[i] = json_number_value(item);
    good = json_is_number(item) && isfinite(out[i]) && out[i] > least;
  }
  return good;
}

static hr_status read_scaling(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  hr_stacked_parts *parts = &r->parts;
  size_t inputs = inputs_of(parts);
  HR_TRY(hr_alloc(&parts->centre, inputs, err));
  HR_TRY(hr_alloc(&parts->scale, inputs, err));
  bool good = read_numbers(json_object_get(r->root, "centre"), inputs, -(double)INFINITY,
                           parts->centre) &&
              read_numbers(json_object_get(r->root, "scale"), inputs, 0, parts->scale);
  if (!good) {
    HR_TRY(hr_fail(err, HR_ERR_FORMAT,
                   "%s lacks numbers of its %zu inputs, or they are none; train it again",
                   r->path, inputs));
  }
cleanup:
  return status;
}

static hr_status read_linear_top(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  double *row = NULL;
  size_t inputs = inputs_of(&r->parts);
  const size_t extent[2] = {1, 1 + inputs};
  const hr_linear_shape shape = {
      .slot = r->place->slots[0], .pixels = inputs, .variant_count = 1};
  HR_TRY(read_array(r, "top.npy", extent, &row, err));
  HR_TRY(hr_linear_create(&shape, row, row + 1, &r->parts.top, err));
cleanup:
  hr_free(row);
  return status;
}

static hr_status read_top(reading *r, hr_error *err) {
  const char *kind = hr_json_string(r->root, "top", "");
  hr_model_place place = *r->place;
  place.pixels = inputs_of(&r->parts);
  if (strcmp(kind, hr_linear_type.kind) == 0) return read_linear_top(r, err);
  if (strcmp(kind, hr_trees_type.kind) == 0) {
    return hr_trees_type.load(&place, &r->parts.top, err);
  }
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s has a model of the kind '%.40s' on top, not linear or trees; train "
                 "it again",
                 r->path, kind);
}

static hr_status check_below(const reading *r, hr_error *err) {
  const hr_model *below = r->parts.below;
  if (below->variant_count == 1 && isfinite(hr_linear_intercept(below)[0])) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s/model.npy is not the one linear model below a stacked one; train it "
                 "again",
                 r->place->folder);
}

static hr_status stacked_load(const hr_model_place *place, hr_model **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  reading r = {.place = place};
  HR_TRY(read_json(&r, err));
  HR_TRY(read_features(&r, err));
  HR_TRY(read_scaling(&r, err));
  HR_TRY(hr_linear_type.load(place, &r.parts.below, err));
  HR_TRY(check_below(&r, err));
  HR_TRY(read_top(&r, err));
  HR_TRY(hr_stacked_create_take(place->slots[0], 0, &r.parts, out, err));
cleanup:
  hr_free(r.path);
  json_decref(r.root);
  hr_stacked_parts_fini(&r.parts);
  return status;
}

const hr_model_type hr_stacked_type = {
    .kind = "stacked",
    .save = stacked_save,
    .load = stacked_load,
    .predict = stacked_predict,
    .destroy = stacked_destroy,
};
