/* A gate in a folder: gate.json with what is small, components.npy [1 + C][P] and, of a
 * trunk, trunk.npy [1 + K][D] with the mean first, layer_<n>.npy [outputs][1 + inputs]
 * with the bias first. A damaged file is refused with one sentence; nothing is taken that
 * the spectra, the bins and the table do not explain. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "routing/gate.h"

static const char schema[] = "headroom/gate/1";
static const char json_name[] = "gate.json", trunk_name[] = "trunk.npy";

static void put_numbers(hr_json_builder *builder, json_t *root, const char *key,
                        size_t count, const double *values) {
  json_t *list = hr_json_put(builder, root, key, json_array());
  for (size_t i = 0; i < count; i++) hr_json_append(builder, list, json_real(values[i]));
}

static void describe_trunk(const hr_gate_trunk *trunk, hr_json_builder *builder,
                           json_t *root) {
  json_t *own = hr_json_put(builder, root, "trunk", json_object());
  hr_json_put_count(builder, own, "width", trunk->width);
  hr_json_put_count(builder, own, "components", trunk->components);
}

static void describe(const hr_gate *gate, hr_json_builder *builder, json_t *root) {
  const hr_gate_features *features = gate->features;
  hr_json_put_text(builder, root, "schema", schema);
  hr_json_put_text(builder, root, "kind", gate->kind);
  hr_json_put_count(builder, root, "pixels", hr_gate_features_pixels(features));
  hr_json_put_number(builder, root, "base", hr_gate_features_base(features));
  hr_json_put(builder, root, "features",
              hr_gate_table_json(hr_gate_features_table(features), builder));
  if (gate->trunk) describe_trunk(gate->trunk, builder, root);
  json_t *sizes = hr_json_put(builder, root, "sizes", json_array());
  hr_json_append(builder, sizes, json_integer((json_int_t)gate->layer[0].inputs));
  for (size_t l = 0; l < gate->layer_count; l++) {
    hr_json_append(builder, sizes, json_integer((json_int_t)gate->layer[l].outputs));
  }
  json_t *present = hr_json_put(builder, root, "present", json_array());
  for (size_t k = 0; k < hr_gate_bins(gate); k++) {
    hr_json_append(builder, present, json_boolean(gate->present[k]));
  }
  hr_json_put_number(builder, root, "temperature", gate->temperature);
  put_numbers(builder, root, "centre", gate->layer[0].inputs, gate->centre);
  put_numbers(builder, root, "scale", gate->layer[0].inputs, gate->scale);
}

static hr_status save_layer(const hr_gate_layer *layer, size_t l, const char *folder,
                            hr_error *err) {
  hr_status status = HR_OK;
  double *rows = NULL;
  char *path = NULL, name[32];
  size_t columns = 1 + layer->inputs;
  snprintf(name, sizeof name, "layer_%zu.npy", l);
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_alloc(&rows, layer->outputs * columns, err));
  for (size_t o = 0; o < layer->outputs; o++) {
    rows[o * columns] = layer->bias[o];
    memcpy(rows + o * columns + 1, layer->weights + o * layer->inputs,
           layer->inputs * sizeof *rows);
  }
  HR_TRY(hr_npy_write(path, rows, layer->outputs, columns, err));
cleanup:
  hr_free(rows);
  hr_free(path);
  return status;
}

static hr_status save_trunk(const hr_gate_trunk *trunk, const char *folder,
                            hr_error *err) {
  char *path = NULL;
  if (!trunk) return HR_OK;
  hr_status status = hr_join_path(folder, trunk_name, &path, err);
  if (status == HR_OK) {
    status = hr_npy_write(path, trunk->values, 1 + trunk->components, trunk->width, err);
  }
  hr_free(path);
  return status;
}

hr_status hr_gate_save(const hr_gate *gate, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_features *features = gate->features;
  size_t components = hr_gate_features_table(features)->components;
  char *path = NULL;
  hr_json_builder builder = {0};
  json_t *root = json_object();
  if (!root) builder.failed = true;
  describe(gate, &builder, root);
  HR_TRY(hr_join_path(folder, "components.npy", &path, err));
  HR_TRY(hr_npy_write(path, hr_gate_features_components_of(features), 1 + components,
                      hr_gate_features_pixels(features), err));
  HR_TRY(save_trunk(gate->trunk, folder, err));
  for (size_t l = 0; l < gate->layer_count; l++) {
    HR_TRY(save_layer(&gate->layer[l], l, folder, err));
  }
  HR_TRY(hr_json_file_write(&builder, root, folder, json_name, hr_file_write, err));
cleanup:
  hr_free(path);
  json_decref(root);
  return status;
}

/* What is being read. */
typedef struct reading {
  const hr_gate_place *place;
  char *path; /* of gate.json */
  json_t *root;
  size_t layer_count, sizes[HR_GATE_MOST_LAYERS + 1];
  hr_gate_table table;
  hr_gate_features *features;
  hr_gate_trunk *trunk; /* or NULL */
  hr_gate *gate;
} reading;

static hr_status read_sizes(reading *r, hr_error *err) {
  const json_t *list = json_object_get(r->root, "sizes");
  size_t count = json_array_size(list), features = hr_gate_table_features(&r->table);
  if (r->trunk) features += r->trunk->components;
  bool good = count >= 2 && count <= HR_GATE_MOST_LAYERS + 1;
  for (size_t i = 0; good && i < count; i++) {
    const json_t *item = json_array_get(list, i);
    json_int_t size = json_integer_value(item);
    good = json_is_integer(item) && size >= 1 && size <= HR_GATE_MOST_UNITS;
    r->sizes[i] = good ? (size_t)size : 0;
  }
  if (!good || r->sizes[0] != features) {
    return hr_fail(err, HR_ERR_FORMAT, "%s has layers that do not fit its %zu features",
                   r->path, features);
  }
  r->layer_count = count - 1;
  if (r->sizes[count - 1] == r->place->bins) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is a gate of %zu bins, not of %zu: it belongs to another study",
                 r->path, r->sizes[count - 1], r->place->bins);
}

/* The array folder/name, which has to be [rows][columns] of finite numbers. */
static hr_status read_array(const reading *r, const char *name, const size_t extent[2],
                            double **out, hr_error *err) {
  char *path = NULL;
  hr_status status = hr_join_path(r->place->folder, name, &path, err);
  if (status == HR_OK) status = hr_npy_read_matrix(path, extent, "gate", out, err);
  hr_free(path);
  return status;
}

static hr_status read_trunk(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  double *values = NULL;
  const json_t *own = json_object_get(r->root, "trunk");
  if (!own) return HR_OK;
  size_t width = hr_json_count(own, "width", 0);
  size_t components = hr_json_count(own, "components", 0);
  bool good = width <= HR_GATE_MOST_TRUNK && components >= 1 && components <= width &&
              components <= HR_GATE_MOST_COMPONENTS;
  if (!good) {
    return hr_fail(err, HR_ERR_FORMAT, "%s looks at a trunk that cannot be", r->path);
  }
  const size_t extent[2] = {1 + components, width};
  HR_TRY(read_array(r, trunk_name, extent, &values, err));
  HR_TRY(hr_gate_trunk_create(width, components, &r->trunk, err));
  memcpy(r->trunk->values, values, extent[0] * extent[1] * sizeof *values);
cleanup:
  hr_free(values);
  return status;
}

static hr_status read_head(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = hr_json_count(r->root, "pixels", 0);
  const char *found = hr_json_string(r->root, "schema", "");
  if (strcmp(found, schema) != 0) {
    return hr_fail(err, HR_ERR_FORMAT, "%s is no gate of this version, \"%s\"", r->path,
                   schema);
  }
  if (pixels != r->place->pixels) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s is a gate of %zu pixels, not of %zu: it belongs to another study",
                   r->path, pixels, r->place->pixels);
  }
  HR_TRY(
      hr_gate_table_parse(json_object_get(r->root, "features"), r->path, &r->table, err));
  HR_TRY(read_trunk(r, err));
  HR_TRY(read_sizes(r, err));
cleanup:
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

static bool read_present(const json_t *list, size_t bins, bool *present) {
  bool any = false, good = json_array_size(list) == bins;
  for (size_t k = 0; good && k < bins; k++) {
    const json_t *item = json_array_get(list, k);
    present[k] = json_is_true(item);
    good = json_is_boolean(item);
    any = any || present[k];
  }
  return good && any;
}

static hr_status read_numbers_of(reading *r, hr_error *err) {
  hr_gate *gate = r->gate;
  const char *kind = hr_json_string(r->root, "kind", "");
  size_t inputs = r->sizes[0];
  bool good = kind[0] && strlen(kind) < sizeof gate->kind;
  if (good) snprintf(gate->kind, sizeof gate->kind, "%s", kind);
  gate->temperature = hr_json_number(r->root, "temperature", (double)NAN);
  good = good && isfinite(gate->temperature) && gate->temperature > 0 &&
         read_numbers(json_object_get(r->root, "centre"), inputs, -(double)INFINITY,
                      gate->centre) &&
         read_numbers(json_object_get(r->root, "scale"), inputs, 0, gate->scale) &&
         read_present(json_object_get(r->root, "present"), r->place->bins, gate->present);
  if (good) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s lacks numbers of the gate, or they are none",
                 r->path);
}

static hr_status read_features(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  double *values = NULL;
  const size_t extent[2] = {1 + r->table.components, r->place->pixels};
  const hr_gate_grid grid = {.key = r->path,
                             .wave_angstrom = r->place->wave_angstrom,
                             .pixels = r->place->pixels,
                             .base = hr_json_number(r->root, "base", (double)NAN)};
  if (!isfinite(grid.base)) {
    return hr_fail(err, HR_ERR_FORMAT, "%s has no base of the flux", r->path);
  }
  status =
      hr_gate_table_place(&r->table, r->path, grid.wave_angstrom, grid.pixels, NULL, err);
  if (status == HR_ERR_CONFIG) err->status = status = HR_ERR_FORMAT;
  if (status != HR_OK) return status;
  HR_TRY(hr_gate_features_create(&r->table, &grid, &r->features, err));
  HR_TRY(read_array(r, "components.npy", extent, &values, err));
  memcpy(hr_gate_features_components(r->features), values,
         extent[0] * extent[1] * sizeof *values);
cleanup:
  hr_free(values);
  return status;
}

static hr_status read_layer(const reading *r, size_t l, hr_error *err) {
  char name[32];
  double *rows = NULL;
  hr_gate_layer *layer = &r->gate->layer[l];
  const size_t extent[2] = {layer->outputs, 1 + layer->inputs};
  snprintf(name, sizeof name, "layer_%zu.npy", l);
  hr_status status = read_array(r, name, extent, &rows, err);
  for (size_t o = 0; status == HR_OK && o < layer->outputs; o++) {
    layer->bias[o] = rows[o * extent[1]];
    memcpy(layer->weights + o * layer->inputs, rows + o * extent[1] + 1,
           layer->inputs * sizeof *rows);
  }
  hr_free(rows);
  return status;
}

static hr_status read_json(reading *r, hr_error *err) {
  enum { MOST = 1 << 22 };
  hr_status status = HR_OK;
  json_error_t reason;
  char *bytes = NULL;
  size_t size = 0;
  HR_TRY(hr_join_path(r->place->folder, json_name, &r->path, err));
  HR_TRY(hr_file_read(r->path, MOST, &bytes, &size, err));
  HR_TRY(hr_json_parse(bytes, size, r->path, &r->root, &reason, err));
  if (!json_is_object(r->root)) {
    HR_TRY(
        hr_fail(err, HR_ERR_FORMAT, "%s is no gate: it is not one JSON object", r->path));
  }
cleanup:
  hr_free(bytes);
  return status;
}

hr_status hr_gate_load(const hr_gate_place *place, hr_gate **out, hr_error *err) {
  hr_status status = HR_OK;
  reading r = {.place = place};
  HR_TRY(read_json(&r, err));
  HR_TRY(read_head(&r, err));
  HR_TRY(read_features(&r, err));
  HR_TRY(hr_gate_create("", &r.features, r.layer_count, r.sizes, &r.gate, err));
  r.gate->trunk = r.trunk;
  r.trunk = NULL;
  HR_TRY(read_numbers_of(&r, err));
  for (size_t l = 0; l < r.layer_count; l++) HR_TRY(read_layer(&r, l, err));
  *out = r.gate;
  r.gate = NULL;
cleanup:
  hr_free(r.path);
  json_decref(r.root);
  hr_gate_features_destroy(&r.features);
  hr_gate_trunk_destroy(&r.trunk);
  hr_gate_destroy(&r.gate);
  return status;
}
