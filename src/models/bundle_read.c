/* Reading what a bundle says of itself. Whatever stands in model.json is checked before
 * it is believed: the file may come from anywhere. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "data/bad_pixels.h"
#include "data/bins.h"
#include "data/rest.h"
#include "headroom/version.h"
#include "models/bundle.h"
#include "models/bundle_parts.h"
#include "models/sigma_json.h"

/* A description on the way; the first thing that is wrong stays. */
typedef struct reader {
  const char *folder;
  char *path; /* of model.json, for messages */
  json_t *root;
  long version;
  hr_bundle_description d;
  hr_status status;
  hr_error *err;
} reader;

static bool is_good(const reader *r) {
  return r->status == HR_OK;
}

static void fail_field(reader *r, const char *field) {
  if (!is_good(r)) return;
  r->status = hr_fail(r->err, HR_ERR_FORMAT,
                      "%s: `%s` is not what a bundle has there; copy the bundle again or "
                      "make it anew with the study",
                      r->path, field);
}

static void require(reader *r, bool condition, const char *field) {
  if (!condition) fail_field(r, field);
}

static void *array_of(reader *r, size_t count, size_t size) {
  void *array = NULL;
  if (is_good(r)) r->status = hr_alloc_bytes(&array, count, size, r->err);
  return array;
}

/* --- members --- */

static char *read_text(reader *r, const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  char *copy = NULL;
  if (!text) fail_field(r, key);
  if (is_good(r)) r->status = hr_copy_text(text, &copy, r->err);
  return copy;
}

/* A whole number from `least` to `most`. */
static size_t read_count(reader *r, const json_t *object, const char *key, size_t least,
                         size_t most) {
  size_t count = hr_json_count(object, key, SIZE_MAX);
  require(r, count >= least && count <= most, key);
  return is_good(r) ? count : least;
}

/* A number, or null for NaN. */
static double read_number(reader *r, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  require(r, json_is_number(value) || json_is_null(value), key);
  return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static hr_bundle_range read_range(reader *r, const json_t *object) {
  hr_bundle_range range = {read_number(r, object, "minimum"),
                           read_number(r, object, "maximum")};
  require(r, !(range.minimum > range.maximum), "minimum");
  return range;
}

static const json_t *read_list(reader *r, const json_t *object, const char *key,
                               size_t least, size_t most) {
  const json_t *list = json_object_get(object, key);
  size_t count = json_array_size(list);
  require(r, json_is_array(list) && count >= least && count <= most, key);
  return list;
}

/* null, or a number below `end`; `none` for null. */
static size_t read_number_below(reader *r, const json_t *object, const char *key,
                                size_t end, size_t none) {
  if (json_is_null(json_object_get(object, key))) return none;
  return end > 0 ? read_count(r, object, key, 0, end - 1) : (fail_field(r, key), none);
}

/* --- the parts --- */

/* Of a bundle that has one. */
static void read_conditioning(reader *r, const json_t *object) {
  hr_conditioning *c = &r->d.conditioning;
  const char *bits = hr_json_string(object, "mask_bits", "");
  const json_t *clip = json_object_get(object, "clip_training_flux_below");
  char *end = NULL;
  c->scale = read_number(r, object, "scale");
  c->base = read_number(r, object, "base");
  c->clip = !json_is_null(clip);
  c->knows_errors = json_is_true(json_object_get(object, "knows_errors"));
  c->mask_bits = strtoull(bits, &end, 16);
  c->wild_beyond = INFINITY;
  c->pixels = r->d.pixels;
  require(r, c->scale > 0 && isfinite(c->scale), "scale");
  require(r, isfinite(c->base), "base");
  require(r, end != bits && *end == '\0', "mask_bits");
}

/* Bundles of before it was kept have `flux_median` alone, or null there. */
static void read_flux(reader *r, const json_t *object) {
  hr_flux_scale *flux = &r->d.flux;
  *flux = hr_flux_scale_unknown();
  flux->level = read_number(r, object, "flux_median");
  if (!json_object_get(object, "flux_low")) return;
  flux->level_low = read_number(r, object, "flux_low");
  flux->level_high = read_number(r, object, "flux_high");
  flux->spread = read_number(r, object, "spread_median");
  flux->spread_low = read_number(r, object, "spread_low");
  flux->spread_high = read_number(r, object, "spread_high");
  flux->error = read_number(r, object, "error_median");
  require(r, !(flux->level_low > flux->level_high), "flux_low");
  require(r, !(flux->spread_low > flux->spread_high), "spread_low");
}

/* In bundles of spectra that are brought to rest. */
static void read_rest(reader *r, const json_t *object) {
  hr_bundle_description *d = &r->d;
  if (!json_object_get(object, "rv")) return;
  d->rv = read_text(r, object, "rv");
  d->rv_range[0] = read_number(r, object, "rv_low");
  d->rv_range[1] = read_number(r, object, "rv_high");
  require(r, d->rv_range[0] >= -HR_REST_FASTEST, "rv_low");
  require(r, d->rv_range[1] >= d->rv_range[0] && d->rv_range[1] <= HR_REST_FASTEST,
          "rv_high");
}

static void read_head(reader *r) {
  hr_bundle_description *d = &r->d;
  d->program = read_text(r, r->root, "program");
  d->study = read_text(r, r->root, "study");
  d->fingerprint = read_text(r, r->root, "fingerprint");
  d->pixels = read_count(r, r->root, "pixels", 1, HR_BUNDLE_MOST_PIXELS);
  const json_t *preparation = json_object_get(r->root, "preparation");
  if (r->version > 1) read_conditioning(r, preparation);
  d->noise_level = read_number(r, preparation, "noise_level");
  read_rest(r, preparation);
  read_flux(r, preparation);
  require(r, d->noise_level >= 0, "noise_level");
  d->snr = read_range(r, json_object_get(r->root, "snr"));
}

static void read_targets(reader *r) {
  hr_bundle_description *d = &r->d;
  const json_t *list = read_list(r, r->root, "targets", 1, HR_BUNDLE_MOST_TARGETS);
  size_t count = json_array_size(list);
  d->targets = array_of(r, count, sizeof *d->targets);
  for (size_t t = 0; t < count && is_good(r); t++) {
    const json_t *object = json_array_get(list, t);
    d->target_count = t + 1;
    d->targets[t].name = read_text(r, object, "name");
    d->targets[t].unit = read_text(r, object, "unit");
    d->targets[t].train = read_range(r, object);
    require(r, is_good(r) && d->targets[t].name[0], "name");
  }
}

static void read_edges(reader *r, const json_t *object, hr_bundle_axis *axis) {
  const json_t *list = read_list(r, object, "edges", 2, HR_MOST_BINS + 1);
  axis->edge_count = is_good(r) ? json_array_size(list) : 0;
  axis->edges = array_of(r, axis->edge_count, sizeof *axis->edges);
  for (size_t e = 0; e < axis->edge_count && is_good(r); e++) {
    const json_t *edge = json_array_get(list, e);
    axis->edges[e] = json_number_value(edge);
    require(r, json_is_number(edge) && isfinite(axis->edges[e]), "edges");
    require(r, e == 0 || axis->edges[e] > axis->edges[e - 1], "edges");
  }
}

static void read_axes(reader *r, const json_t *bins) {
  hr_bundle_description *d = &r->d;
  const json_t *list = read_list(r, bins, "axes", 1, HR_BUNDLE_MOST_AXES);
  size_t count = json_array_size(list);
  d->axes = array_of(r, count, sizeof *d->axes);
  d->bin_count = 1;
  for (size_t a = 0; a < count && is_good(r); a++) {
    const json_t *object = json_array_get(list, a);
    d->axis_count = a + 1;
    d->axes[a].label = read_text(r, object, "label");
    if (json_object_get(object, "column")) {
      d->axes[a].column = read_text(r, object, "column");
    }
    d->axes[a].unit = read_text(r, object, "unit");
    read_edges(r, object, &d->axes[a]);
    if (is_good(r)) d->bin_count *= d->axes[a].edge_count - 1;
    require(r, d->bin_count <= HR_MOST_BINS, "edges");
  }
}

static void read_paths(reader *r) {
  const json_t *paths = json_object_get(r->root, "paths");
  if (!paths) return;
  require(r, json_is_object(paths), "paths");
  for (int p = 0; p < HR_PLACES && is_good(r); p++) {
    const char *name = hr_place_name((hr_place)p);
    if (!json_object_get(paths, name)) continue;
    r->d.paths[p] = read_text(r, paths, name);
    require(r, is_good(r) && r->d.paths[p][0] == '/', name);
  }
}

static void read_bins(reader *r) {
  hr_bundle_description *d = &r->d;
  const json_t *bins = json_object_get(r->root, "bins");
  read_axes(r, bins);
  const json_t *names = read_list(r, bins, "names", d->bin_count, d->bin_count);
  d->bin_names = array_of(r, d->bin_count, sizeof *d->bin_names);
  for (size_t k = 0; k < d->bin_count && is_good(r); k++) {
    const char *name = json_string_value(json_array_get(names, k));
    require(r, name != NULL, "names");
    if (is_good(r)) r->status = hr_copy_text(name, &d->bin_names[k], r->err);
  }
  d->uncovered = read_text(r, bins, "uncovered");
  require(r,
          is_good(r) && (strcmp(d->uncovered, "exclude") == 0 ||
                         strcmp(d->uncovered, "global") == 0 ||
                         strcmp(d->uncovered, "nearest") == 0),
          "uncovered");
}

/* A name that is a folder of the bundle and nothing else. */
static bool is_folder_name(const char *name) {
  return hr_is_handle(name) && name[0] != '.';
}

static void check_kind(reader *r, const hr_bundle_candidate *candidate) {
  if (!is_good(r) || hr_model_type_find(candidate->kind)) return;
  r->status = hr_fail(r->err, HR_ERR_FORMAT,
                      "%s needs models of the kind %s, which this program (%s) does not "
                      "know; predict with headroom %s or a newer one",
                      r->path, candidate->kind, HR_VERSION, r->d.program);
}

/* Where hr_bundle_save_models saves it. */
static void check_folder(reader *r, const hr_bundle_candidate *candidate) {
  char name[HR_BUNDLE_NAME_BYTES];
  if (!is_good(r)) return;
  const hr_bundle_place place = {candidate->method, candidate->target, candidate->slot};
  hr_bundle_folder_name(hr_model_type_find(candidate->kind), &place, name);
  require(r, strcmp(candidate->folder, name) == 0, "folder");
}

/* Which target it is about, where there are several. */
static size_t read_target(reader *r, const json_t *object) {
  size_t count = r->d.target_count;
  return count > 1 ? read_count(r, object, "target", 0, count - 1) : 0;
}

/* Bundles of before there was a sigma have none: it is not known. */
static void read_sigma(reader *r, const json_t *object, hr_sigma *out) {
  const json_t *sigma = json_object_get(object, "sigma");
  if (sigma) require(r, hr_sigma_from_json(sigma, out), "sigma");
}

static void read_candidate(reader *r, const json_t *object, hr_bundle_candidate *out) {
  out->method = read_text(r, object, "method");
  out->title = read_text(r, object, "title");
  out->kind = read_text(r, object, "kind");
  out->variant = read_text(r, object, "variant");
  out->folder = read_text(r, object, "folder");
  out->target = read_target(r, object);
  size_t slot = read_number_below(r, object, "slot", r->d.bin_count, SIZE_MAX);
  out->slot = slot == SIZE_MAX ? HR_GLOBAL : (int)slot;
  out->variant_count = read_count(r, object, "variants", 1, HR_BUNDLE_MOST_VARIANTS);
  out->chosen = read_count(r, object, "chosen", 0, out->variant_count - 1);
  out->variant_value = read_number(r, object, "value");
  out->cv_r2 = read_number(r, object, "r2_cv");
  read_sigma(r, object, &out->sigma);
  require(r, is_good(r) && is_folder_name(out->method), "method");
  check_kind(r, out);
  check_folder(r, out);
}

static void read_candidates(reader *r) {
  hr_bundle_description *d = &r->d;
  const json_t *list = read_list(r, r->root, "candidates", 0, HR_BUNDLE_MOST_CANDIDATES);
  size_t count = json_array_size(list);
  d->candidates = array_of(r, count, sizeof *d->candidates);
  for (size_t i = 0; i < count && is_good(r); i++) {
    hr_bundle_candidate *candidate = &d->candidates[i];
    d->candidate_count = i + 1;
    read_candidate(r, json_array_get(list, i), candidate);
    const hr_bundle_place place = {candidate->method, candidate->target, candidate->slot};
    require(r, is_good(r) && hr_bundle_find(d, &place) == i, "candidates");
  }
}

/* Whether a slot may take that candidate: of its target, and of the slot `number`. */
static bool fits(const hr_bundle_description *d, size_t candidate, size_t target,
                 int number) {
  if (candidate == HR_NO_CANDIDATE) return true;
  return d->candidates[candidate].slot == number &&
         d->candidates[candidate].target == target;
}

/* The slot's own model, and one of all rows; slot number i of all targets'. */
static void read_slot(reader *r, const json_t *object, size_t i) {
  hr_bundle_description *d = &r->d;
  hr_bundle_slot *slot = &d->slots[i];
  size_t k = i % (d->bin_count + 1), target = i / (d->bin_count + 1);
  size_t number = read_number_below(r, object, "slot", d->bin_count, d->bin_count);
  require(r, number == k, "slot");
  require(r, read_target(r, object) == target, "target");
  slot->expert =
      read_number_below(r, object, "expert", d->candidate_count, HR_NO_CANDIDATE);
  slot->fallback =
      read_number_below(r, object, "fallback", d->candidate_count, HR_NO_CANDIDATE);
  if (!is_good(r)) return;
  int own = k < d->bin_count ? (int)k : HR_GLOBAL;
  require(r, fits(d, slot->expert, target, own), "expert");
  require(r, fits(d, slot->fallback, target, HR_GLOBAL), "fallback");
}

static void read_slots(reader *r) {
  hr_bundle_description *d = &r->d;
  size_t count = d->target_count * (d->bin_count + 1);
  const json_t *list = read_list(r, r->root, "slots", count, count);
  d->slots = array_of(r, count, sizeof *d->slots);
  for (size_t i = 0; i < count && is_good(r); i++) {
    read_slot(r, json_array_get(list, i), i);
  }
}

/* --- gates --- */

static void read_gate(reader *r, const json_t *object, hr_bundle_gate *out) {
  static const char *const mixings[] = {"soft", "hard", "fallback"};
  size_t mixing = 0, mixing_count = sizeof mixings / sizeof *mixings;
  out->name = read_text(r, object, "name");
  out->title = read_text(r, object, "title");
  out->folder = read_text(r, object, "folder");
  out->mixing = read_text(r, object, "mixing");
  out->fallback_below = read_number(r, object, "fallback_below");
  out->temperature = read_number(r, object, "temperature");
  if (!is_good(r)) return;
  while (mixing < mixing_count && strcmp(mixings[mixing], out->mixing) != 0) mixing++;
  bool has_folder = *out->folder != '\0';
  require(r, is_folder_name(out->name), "name");
  require(r, !has_folder || is_folder_name(out->folder), "folder");
  require(r, mixing < mixing_count, "mixing");
  require(r, out->temperature > 0 && isfinite(out->temperature), "temperature");
  require(r, out->fallback_below >= 0 && out->fallback_below <= 1, "fallback_below");
}

static void read_gates(reader *r) {
  hr_bundle_description *d = &r->d;
  if (!json_object_get(r->root, "gates")) return;
  const json_t *list = read_list(r, r->root, "gates", 0, HR_BUNDLE_MOST_GATES);
  size_t count = json_array_size(list);
  d->gates = array_of(r, count, sizeof *d->gates);
  for (size_t g = 0; g < count && is_good(r); g++) {
    d->gate_count = g + 1;
    read_gate(r, json_array_get(list, g), &d->gates[g]);
    require(r, is_good(r) && hr_bundle_find_gate(d, d->gates[g].name) == g, "gates");
  }
}

/* --- files --- */

/* "name" or "folder/name", of characters that stand for themselves. */
static bool is_file_name(const char *path) {
  const char *slash = strchr(path, '/');
  char folder[HR_BUNDLE_NAME_BYTES] = "";
  if (!slash) return is_folder_name(path);
  size_t length = (size_t)(slash - path);
  if (length >= sizeof folder) return false;
  memcpy(folder, path, length);
  return is_folder_name(folder) && is_folder_name(slash + 1);
}

static void check_file(reader *r, const json_t *file) {
  const char *name = hr_json_string(file, "path", "");
  char print[HR_SEAL_SIZE];
  hr_error reason = {0};
  size_t size = 0;
  require(r, is_file_name(name), "path");
  if (!is_good(r)) return;
  hr_status status = hr_bundle_print_file(r->folder, name, &size, print, &reason);
  if (status == HR_ERR_MISSING) {
    r->status =
        hr_fail(r->err, HR_ERR_MISSING,
                "the bundle %s is incomplete: it has no %s; copy the whole folder",
                r->folder, name);
  } else if (status != HR_OK) {
    r->status = hr_fail(r->err, status, "%s", reason.message);
  } else if (size != hr_json_count(file, "bytes", SIZE_MAX) ||
             strcmp(print, hr_json_string(file, "fingerprint", "")) != 0) {
    r->status = hr_fail(r->err, HR_ERR_FORMAT,
                        "the bundle %s is damaged: %s is not what was written; copy the "
                        "folder again",
                        r->folder, name);
  }
}

static void check_files(reader *r) {
  const json_t *list =
      read_list(r, r->root, "files", 1, 64 * (size_t)HR_BUNDLE_MOST_CANDIDATES);
  for (size_t i = 0; i < json_array_size(list) && is_good(r); i++) {
    check_file(r, json_array_get(list, i));
  }
}

static void check_wave(reader *r) {
  const double *wave = r->d.wave;
  for (size_t p = 0; p < r->d.pixels && is_good(r); p++) {
    require(r, isfinite(wave[p]) && (p == 0 || wave[p] > wave[p - 1]), HR_BUNDLE_WAVE);
  }
}

/* [P] numbers of an array of the bundle. */
static double *read_pixels(reader *r, const char *name) {
  char *path = NULL, *bytes = NULL;
  size_t size = 0, wanted = hr_npy_size(1, r->d.pixels);
  size_t head = wanted - r->d.pixels * sizeof(double);
  if (is_good(r)) r->status = hr_join_path(r->folder, name, &path, r->err);
  if (is_good(r)) r->status = hr_file_read(path, wanted, &bytes, &size, r->err);
  if (r->status == HR_ERR_DATA) r->status = HR_OK, size = 0; /* larger: told below */
  require(r, size == wanted, name);
  double *values = array_of(r, r->d.pixels, sizeof *values);
  if (is_good(r)) memcpy(values, bytes + head, r->d.pixels * sizeof *values);
  hr_free(bytes);
  hr_free(path);
  return values;
}

static void read_wave(reader *r) {
  r->d.wave = read_pixels(r, HR_BUNDLE_WAVE);
  check_wave(r);
}

/* Values of every pixel as models know flux, from the file that `key` names; NULL where
 * there are none. */
static float *read_pixel_flux(reader *r, const char *key, const char *file) {
  const json_t *object = json_object_get(r->root, "preparation");
  const json_t *name = json_object_get(object, key);
  if (r->version == 1 || !name || json_is_null(name)) return NULL;
  const char *text = json_string_value(name);
  require(r, text && strcmp(text, file) == 0, key);
  double *wide = read_pixels(r, file);
  float *values = array_of(r, r->d.pixels, sizeof *values);
  for (size_t p = 0; p < r->d.pixels && is_good(r); p++) {
    require(r, fabs(wide[p]) <= (double)HR_PREPARE_LARGEST, file);
    values[p] = (float)wide[p];
  }
  hr_free(wide);
  return values;
}

static void read_flux_of_training(reader *r) {
  hr_conditioning *c = &r->d.conditioning;
  c->stand_in = read_pixel_flux(r, "stand_in", HR_BUNDLE_STAND_IN);
  if (is_good(r)) c->lowest = read_pixel_flux(r, "lowest", HR_BUNDLE_LOWEST);
  if (is_good(r)) c->highest = read_pixel_flux(r, "highest", HR_BUNDLE_HIGHEST);
}

/* --- the whole --- */

static void fail_absent(reader *r) {
  r->status = hr_fail(r->err, HR_ERR_MISSING,
                      "%s is not there: the bundle %s is incomplete, or none; a run "
                      "writes that file last",
                      r->path, r->folder);
}

/* Of whatever version; the seal's way of counting is that of all versions. */
static void check_seal(reader *r) {
  char seal[HR_SEAL_SIZE];
  if (is_good(r)) r->status = hr_seal_compute(r->root, seal, r->err);
  if (!is_good(r) || strcmp(seal, hr_json_string(r->root, "seal", "")) == 0) return;
  r->status = hr_fail(r->err, HR_ERR_FORMAT,
                      "the bundle %s is damaged: %s is not what was written; copy the "
                      "folder again",
                      r->folder, HR_BUNDLE_JSON);
}

static void check_schema(reader *r) {
  const char *schema = hr_json_string(r->root, "schema", "");
  size_t length = strlen(HR_BUNDLE_SCHEMA);
  char *end = NULL;
  if (!is_good(r)) return;
  bool is_bundle = strncmp(schema, HR_BUNDLE_SCHEMA, length) == 0;
  long version = is_bundle ? strtol(schema + length, &end, 10) : 0;
  if (version < 1 || *end != '\0') {
    r->status = hr_fail(r->err, HR_ERR_FORMAT, "%s does not describe a bundle of models",
                        r->path);
    return;
  }
  r->version = version;
  if (version >= HR_BUNDLE_OLDEST && version <= HR_BUNDLE_VERSION) return;
  hr_text writer;
  hr_text_init(&writer);
  hr_text_append_visible(&writer, hr_json_string(r->root, "program", "?"));
  r->status = hr_fail(r->err, HR_ERR_FORMAT,
                      "the bundle %s has format %ld, written by headroom %s, and this "
                      "program (%s) reads formats up to %d; predict with headroom %s",
                      r->folder, version, writer.bytes ? writer.bytes : "?", HR_VERSION,
                      HR_BUNDLE_VERSION, writer.bytes ? writer.bytes : "?");
  hr_text_fini(&writer);
}

static void read_root(reader *r) {
  r->status = hr_join_path(r->folder, HR_BUNDLE_JSON, &r->path, r->err);
  if (is_good(r) && access(r->path, F_OK) != 0) fail_absent(r);
  if (is_good(r)) {
    r->status = hr_json_file_look(r->folder, HR_BUNDLE_JSON, &r->root, r->err);
  }
  if (is_good(r) && !r->root) {
    r->status = hr_fail(r->err, HR_ERR_FORMAT,
                        "the bundle %s is damaged: %s is not what was written; copy the "
                        "folder again",
                        r->folder, HR_BUNDLE_JSON);
  }
  check_schema(r);
  check_seal(r);
}

hr_status hr_bundle_read(const char *folder, hr_bundle_description *out, hr_error *err) {
  reader r = {.folder = folder, .err = err};
  read_root(&r);
  if (is_good(&r)) read_head(&r);
  if (is_good(&r)) read_targets(&r);
  if (is_good(&r)) read_bins(&r);
  if (is_good(&r)) read_paths(&r);
  if (is_good(&r)) read_candidates(&r);
  if (is_good(&r)) read_slots(&r);
  if (is_good(&r)) read_gates(&r);
  if (is_good(&r)) check_files(&r);
  if (is_good(&r)) read_wave(&r);
  if (is_good(&r)) read_flux_of_training(&r);
  if (!is_good(&r)) hr_bundle_description_fini(&r.d);
  *out = r.d;
  json_decref(r.root);
  hr_free(r.path);
  return r.status;
}
