/* Writing a bundle: models as they come, model.json at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "headroom/version.h"
#include "models/bundle.h"
#include "models/bundle_parts.h"
#include "models/sigma_json.h"

/* --- models --- */

static hr_status save_model(const char *folder, const char *method, const hr_model *model,
                            hr_model_form form, hr_error *err) {
  hr_status status = HR_OK;
  char name[HR_BUNDLE_NAME_BYTES], *path = NULL;
  const hr_bundle_place place = {method, model->target, model->slot};
  hr_bundle_folder_name(model->type, &place, name);
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_make_folders(path, err));
  HR_TRY(model->type->save(model, path, form, err));
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_bundle_save_models(const char *folder, const char *method,
                                const hr_model *const *models, size_t count,
                                hr_model_form form, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < count; i++) {
    /* One that shares files saves those of all the others. */
    if (i > 0 && models[i]->type->shares_files) continue;
    HR_TRY(save_model(folder, method, models[i], form, err));
  }
cleanup:
  return status;
}

/* --- the list of files --- */

enum { PIECE_BYTES = 1 << 20 };

static hr_status print_descriptor(int descriptor, const char *path, size_t *size,
                                  char print[HR_SEAL_SIZE], hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *piece = NULL;
  uint64_t sum = hr_fingerprint_start();
  HR_TRY(hr_alloc(&piece, PIECE_BYTES, err));
  *size = 0;
  for (;;) {
    ssize_t count = read(descriptor, piece, PIECE_BYTES);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", path);
      goto cleanup;
    }
    if (count == 0) break;
    sum = hr_fingerprint_bytes(sum, piece, (size_t)count);
    *size += (size_t)count;
  }
  snprintf(print, HR_SEAL_SIZE, "%016" PRIx64, sum);
cleanup:
  hr_free(piece);
  return status;
}

hr_status hr_bundle_print_file(const char *folder, const char *name, size_t *size,
                               char print[HR_SEAL_SIZE], hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  int descriptor = -1;
  struct stat info;
  HR_TRY(hr_join_path(folder, name, &path, err));
  descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    bool is_gone = errno == ENOENT || errno == ENOTDIR;
    status = hr_fail_errno(err, is_gone ? HR_ERR_MISSING : HR_ERR_IO, errno,
                           "cannot open %s", path);
    goto cleanup;
  }
  if (!S_ISREG(info.st_mode)) {
    status = hr_fail(err, HR_ERR_MISSING, "%s is not a file", path);
    goto cleanup;
  }
  HR_TRY(print_descriptor(descriptor, path, size, print, err));
cleanup:
  if (descriptor >= 0) close(descriptor);
  hr_free(path);
  return status;
}

static hr_status list_file(hr_json_builder *builder, json_t *files, const char *folder,
                           const char *name, hr_error *err) {
  size_t size = 0;
  char print[HR_SEAL_SIZE];
  hr_status status = hr_bundle_print_file(folder, name, &size, print, err);
  if (status != HR_OK) return status;
  json_t *file = hr_json_append(builder, files, json_object());
  hr_json_put(builder, file, "path", hr_json_text(name));
  hr_json_put_count(builder, file, "bytes", size);
  hr_json_put_text(builder, file, "fingerprint", print);
  return HR_OK;
}

static int is_listed(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  bool is_part = length > 5 && strcmp(entry->d_name + length - 5, ".part") == 0;
  return entry->d_name[0] != '.' && !is_part;
}

static hr_status list_folder(hr_json_builder *builder, json_t *files, const char *folder,
                             const char *name, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *inner = NULL;
  struct dirent **entries = NULL;
  int count = 0;
  HR_TRY(hr_join_path(folder, name, &path, err));
  count = scandir(path, &entries, is_listed, alphasort);
  if (count < 1) {
    status = hr_fail(err, HR_ERR_MISSING, "%s holds no model", path);
    goto cleanup;
  }
  for (int i = 0; i < count; i++) {
    hr_free(inner);
    inner = NULL;
    HR_TRY(hr_join_path(name, entries[i]->d_name, &inner, err));
    HR_TRY(list_file(builder, files, folder, inner, err));
  }
cleanup:
  for (int i = 0; i < count; i++) free(entries[i]);
  free(entries);
  hr_free(inner);
  hr_free(path);
  return status;
}

static hr_status list_files(hr_json_builder *builder, const hr_bundle_description *d,
                            json_t *root, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  json_t *files = hr_json_put(builder, root, "files", json_array());
  HR_TRY(list_file(builder, files, folder, HR_BUNDLE_WAVE, err));
  if (d->conditioning.lowest) {
    HR_TRY(list_file(builder, files, folder, HR_BUNDLE_LOWEST, err));
    HR_TRY(list_file(builder, files, folder, HR_BUNDLE_HIGHEST, err));
  }
  if (d->conditioning.stand_in) {
    HR_TRY(list_file(builder, files, folder, HR_BUNDLE_STAND_IN, err));
  }
  for (size_t i = 0; i < d->candidate_count; i++) {
    bool is_listed_already = false;
    for (size_t j = 0; j < i && !is_listed_already; j++) {
      is_listed_already = strcmp(d->candidates[i].folder, d->candidates[j].folder) == 0;
    }
    if (is_listed_already) continue;
    HR_TRY(list_folder(builder, files, folder, d->candidates[i].folder, err));
  }
  for (size_t g = 0; g < d->gate_count; g++) {
    if (!*d->gates[g].folder) continue;
    HR_TRY(list_folder(builder, files, folder, d->gates[g].folder, err));
  }
cleanup:
  return status;
}

/* --- model.json --- */

static void put_range(hr_json_builder *builder, json_t *object,
                      const hr_bundle_range *range) {
  hr_json_put_number(builder, object, "minimum", range->minimum);
  hr_json_put_number(builder, object, "maximum", range->maximum);
}

static void put_targets(hr_json_builder *builder, json_t *root,
                        const hr_bundle_description *d) {
  json_t *list = hr_json_put(builder, root, "targets", json_array());
  for (size_t t = 0; t < d->target_count; t++) {
    json_t *target = hr_json_append(builder, list, json_object());
    hr_json_put_text(builder, target, "name", d->targets[t].name);
    hr_json_put_text(builder, target, "unit", d->targets[t].unit);
    put_range(builder, target, &d->targets[t].train);
  }
}

static void put_bins(hr_json_builder *builder, json_t *root,
                     const hr_bundle_description *d) {
  json_t *bins = hr_json_put(builder, root, "bins", json_object());
  json_t *axes = hr_json_put(builder, bins, "axes", json_array());
  json_t *names = hr_json_put(builder, bins, "names", json_array());
  for (size_t a = 0; a < d->axis_count; a++) {
    json_t *axis = hr_json_append(builder, axes, json_object());
    hr_json_put_text(builder, axis, "label", d->axes[a].label);
    if (d->axes[a].column) hr_json_put_text(builder, axis, "column", d->axes[a].column);
    hr_json_put_text(builder, axis, "unit", d->axes[a].unit);
    json_t *edges = hr_json_put(builder, axis, "edges", json_array());
    for (size_t e = 0; e < d->axes[a].edge_count; e++) {
      hr_json_append(builder, edges, json_real(d->axes[a].edges[e]));
    }
  }
  for (size_t k = 0; k < d->bin_count; k++) {
    hr_json_append(builder, names, json_string(d->bin_names[k]));
  }
  hr_json_put_text(builder, bins, "uncovered", d->uncovered);
}

/* Nothing where all is as usual. */
static void put_paths(hr_json_builder *builder, json_t *root,
                      const hr_bundle_description *d) {
  json_t *paths = NULL;
  for (int p = 0; p < HR_PLACES; p++) {
    if (!d->paths[p]) continue;
    if (!paths) paths = hr_json_put(builder, root, "paths", json_object());
    hr_json_put_text(builder, paths, hr_place_name((hr_place)p), d->paths[p]);
  }
}

static json_t *slot_number(int slot) {
  return slot == HR_GLOBAL ? json_null() : json_integer(slot);
}

static void put_candidates(hr_json_builder *builder, json_t *root,
                           const hr_bundle_description *d) {
  json_t *list = hr_json_put(builder, root, "candidates", json_array());
  for (size_t i = 0; i < d->candidate_count; i++) {
    const hr_bundle_candidate *candidate = &d->candidates[i];
    json_t *object = hr_json_append(builder, list, json_object());
    hr_json_put_text(builder, object, "method", candidate->method);
    hr_json_put_text(builder, object, "title", candidate->title);
    hr_json_put_text(builder, object, "kind", candidate->kind);
    if (d->target_count > 1)
      hr_json_put_count(builder, object, "target", candidate->target);
    hr_json_put(builder, object, "slot", slot_number(candidate->slot));
    hr_json_put_text(builder, object, "folder", candidate->folder);
    hr_json_put_count(builder, object, "variants", candidate->variant_count);
    hr_json_put_count(builder, object, "chosen", candidate->chosen);
    hr_json_put_text(builder, object, "variant", candidate->variant);
    hr_json_put_number(builder, object, "value", candidate->variant_value);
    hr_json_put_number(builder, object, "r2_cv", candidate->cv_r2);
    if (candidate->sigma.rows == 0) continue;
    hr_json_put(builder, object, "sigma", hr_sigma_to_json(&candidate->sigma, builder));
  }
}

static json_t *candidate_number(size_t number) {
  return number == HR_NO_CANDIDATE ? json_null() : json_integer((json_int_t)number);
}

/* With several targets each slot says whose it is. */
static void put_slots(hr_json_builder *builder, json_t *root,
                      const hr_bundle_description *d) {
  json_t *list = hr_json_put(builder, root, "slots", json_array());
  size_t slots = d->bin_count + 1;
  for (size_t i = 0; i < d->target_count * slots; i++) {
    json_t *slot = hr_json_append(builder, list, json_object());
    int number = i % slots < d->bin_count ? (int)(i % slots) : HR_GLOBAL;
    if (d->target_count > 1) hr_json_put_count(builder, slot, "target", i / slots);
    hr_json_put(builder, slot, "slot", slot_number(number));
    hr_json_put(builder, slot, "expert", candidate_number(d->slots[i].expert));
    hr_json_put(builder, slot, "fallback", candidate_number(d->slots[i].fallback));
  }
}

/* Bundles without gates say nothing of them. */
static void put_gates(hr_json_builder *builder, json_t *root,
                      const hr_bundle_description *d) {
  if (d->gate_count == 0) return;
  json_t *list = hr_json_put(builder, root, "gates", json_array());
  for (size_t g = 0; g < d->gate_count; g++) {
    const hr_bundle_gate *gate = &d->gates[g];
    json_t *object = hr_json_append(builder, list, json_object());
    hr_json_put_text(builder, object, "name", gate->name);
    hr_json_put_text(builder, object, "title", gate->title);
    hr_json_put_text(builder, object, "folder", gate->folder);
    hr_json_put_text(builder, object, "mixing", gate->mixing);
    hr_json_put_number(builder, object, "fallback_below", gate->fallback_below);
    hr_json_put_number(builder, object, "temperature", gate->temperature);
  }
}

static void put_preparation(hr_json_builder *builder, json_t *root,
                            const hr_bundle_description *d) {
  const hr_conditioning c = hr_bundle_conditioning(d);
  char bits[24];
  json_t *object = hr_json_put(builder, root, "preparation", json_object());
  hr_json_put_number(builder, object, "scale", c.scale);
  hr_json_put_number(builder, object, "base", c.base);
  hr_json_put_number(builder, object, "clip_training_flux_below",
                     c.clip ? 0 : (double)NAN);
  hr_json_put_bool(builder, object, "knows_errors", c.knows_errors);
  snprintf(bits, sizeof bits, "0x%" PRIx64, c.mask_bits);
  hr_json_put_text(builder, object, "mask_bits", bits);
  json_t *name = c.stand_in ? json_string(HR_BUNDLE_STAND_IN) : json_null();
  hr_json_put(builder, object, "stand_in", name);
  json_t *low = c.lowest ? json_string(HR_BUNDLE_LOWEST) : json_null();
  hr_json_put(builder, object, "lowest", low);
  json_t *high = c.highest ? json_string(HR_BUNDLE_HIGHEST) : json_null();
  hr_json_put(builder, object, "highest", high);
  hr_json_put_number(builder, object, "noise_level", d->noise_level);
  if (d->rv) {
    hr_json_put_text(builder, object, "rv", d->rv);
    hr_json_put_number(builder, object, "rv_low", d->rv_range[0]);
    hr_json_put_number(builder, object, "rv_high", d->rv_range[1]);
  }
  hr_json_put_number(builder, object, "flux_median", d->flux.level);
  hr_json_put_number(builder, object, "flux_low", d->flux.level_low);
  hr_json_put_number(builder, object, "flux_high", d->flux.level_high);
  hr_json_put_number(builder, object, "spread_median", d->flux.spread);
  hr_json_put_number(builder, object, "spread_low", d->flux.spread_low);
  hr_json_put_number(builder, object, "spread_high", d->flux.spread_high);
  hr_json_put_number(builder, object, "error_median", d->flux.error);
}

static json_t *describe(hr_json_builder *builder, const hr_bundle_description *d) {
  char schema[64];
  json_t *root = json_object();
  snprintf(schema, sizeof schema, "%s%d", HR_BUNDLE_SCHEMA, HR_BUNDLE_VERSION);
  hr_json_put_text(builder, root, "schema", schema);
  hr_json_put_text(builder, root, "program", HR_VERSION);
  hr_json_put_text(builder, root, "study", d->study);
  hr_json_put_text(builder, root, "fingerprint", d->fingerprint);
  hr_json_put_count(builder, root, "pixels", d->pixels);
  put_preparation(builder, root, d);
  put_targets(builder, root, d);
  put_range(builder, hr_json_put(builder, root, "snr", json_object()), &d->snr);
  put_bins(builder, root, d);
  put_paths(builder, root, d);
  put_candidates(builder, root, d);
  put_slots(builder, root, d);
  put_gates(builder, root, d);
  return root;
}

static hr_status write_json(const hr_bundle_description *d, const char *folder,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_json_builder builder = {false};
  char seal[HR_SEAL_SIZE];
  json_t *root = describe(&builder, d);
  HR_TRY(list_files(&builder, d, root, folder, err));
  HR_TRY(hr_seal_compute(root, seal, err));
  hr_json_put_text(&builder, root, "seal", seal);
  HR_TRY(hr_json_file_write(&builder, root, folder, HR_BUNDLE_JSON, hr_file_write, err));
cleanup:
  json_decref(root);
  return status;
}

/* Values of every pixel, where they are known. */
static hr_status write_pixels(const char *folder, const char *name, const float *values,
                              size_t pixels, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  double *wide = NULL;
  if (!values) return HR_OK;
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_alloc(&wide, pixels, err));
  for (size_t p = 0; p < pixels; p++) wide[p] = (double)values[p];
  HR_TRY(hr_npy_write(path, wide, 1, pixels, err));
cleanup:
  hr_free(wide);
  hr_free(path);
  return status;
}

hr_status hr_bundle_write(const hr_bundle_description *description, const char *folder,
                          hr_error *err) {
  hr_status status = HR_OK;
  char *json = NULL, *wave = NULL;
  HR_TRY(hr_make_folders(folder, err));
  HR_TRY(hr_join_path(folder, HR_BUNDLE_JSON, &json, err));
  HR_TRY(hr_join_path(folder, HR_BUNDLE_WAVE, &wave, err));
  HR_TRY(hr_remove_all(json, err));
  HR_TRY(hr_npy_write(wave, description->wave, 1, description->pixels, err));
  const hr_conditioning *c = &description->conditioning;
  HR_TRY(write_pixels(folder, HR_BUNDLE_STAND_IN, c->stand_in, c->pixels, err));
  HR_TRY(write_pixels(folder, HR_BUNDLE_LOWEST, c->lowest, c->pixels, err));
  HR_TRY(write_pixels(folder, HR_BUNDLE_HIGHEST, c->highest, c->pixels, err));
  HR_TRY(write_json(description, folder, err));
cleanup:
  hr_free(wave);
  hr_free(json);
  return status;
}
