/* What a bundle says of itself, model.json: as bytes, and sealed anew, with its own list
 * of files and with a sound one. A bundle that opens loads its models and predicts. */
#include <string.h>
#include <sys/stat.h>

#include "core/json.h"
#include "core/npy.h"
#include "core/seal.h"
#include "fuzz/fuzz.h"
#include "models/bundle.h"

enum { PIXELS = 5, VARIANTS = 2, ROWS = 3 };

/* The files that a sound bundle of these pixels has beside model.json. */
static const char *const models[] = {"0-first", "1-first", "global-first"};

static void join(char *out, size_t size, const char *folder, const char *name) {
  fuzz_require(snprintf(out, size, "%s/%s", folder, name) < (int)size);
}

static const char *bundle_folder(void) {
  static char folder[128];
  double wave[PIXELS], weights[VARIANTS * (1 + PIXELS)] = {0};
  char path[256], file[300];
  if (folder[0]) return folder;
  join(folder, sizeof folder, fuzz_folder(), "bundle");
  fuzz_require(mkdir(folder, 0700) == 0);
  for (size_t p = 0; p < PIXELS; p++) wave[p] = 7100 + (double)p;
  join(path, sizeof path, folder, "wave.npy");
  fuzz_require(hr_npy_write(path, wave, 1, PIXELS, NULL) == HR_OK);
  join(path, sizeof path, folder, "stand_in.npy");
  fuzz_require(hr_npy_write(path, wave, 1, PIXELS, NULL) == HR_OK);
  for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
    join(path, sizeof path, folder, models[m]);
    fuzz_require(mkdir(path, 0700) == 0);
    join(file, sizeof file, path, "model.npy");
    fuzz_require(hr_npy_write(file, weights, VARIANTS, 1 + PIXELS, NULL) == HR_OK);
  }
  return folder;
}

static void predict(const hr_bundle_description *d, const hr_model *model) {
  static const float flux[ROWS * PIXELS], error[ROWS * PIXELS];
  static const uint32_t rows[ROWS] = {0, 1, 2};
  float mean[ROWS];
  hr_error err = {0};
  const hr_spectra spectra = {0, ROWS, PIXELS, flux, error, 1};
  const hr_request request = {.model = model,
                              .row = rows,
                              .count = ROWS,
                              .first_variant = model->chosen,
                              .variants = 1,
                              .mean = mean,
                              .variant_stride = ROWS};
  if (d->pixels != PIXELS) return;
  hr_status status = hr_models_predict(&spectra, &request, 1, &err);
  fuzz_require(status == HR_OK || err.message[0]);
}

static void open_bundle(void) {
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  hr_status status = hr_bundle_open(bundle_folder(), &bundle, &err);
  fuzz_require(status == HR_OK || (err.message[0] && !bundle));
  if (status != HR_OK) return;
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  for (size_t i = 0; i < d->candidate_count; i++) {
    const hr_model *model = NULL;
    err = (hr_error){0};
    status = hr_bundle_load(bundle, i, &model, &err);
    fuzz_require(status == HR_OK ? model != NULL : err.message[0] != '\0');
    if (status == HR_OK) predict(d, model);
  }
  for (size_t i = 0; i < d->target_count * (d->bin_count + 1); i++) {
    size_t target = i / (d->bin_count + 1), slot = i % (d->bin_count + 1);
    size_t chosen = hr_bundle_choose(d, target, slot, "first");
    fuzz_require(chosen == HR_NO_CANDIDATE || chosen < d->candidate_count);
    fuzz_require(chosen == HR_NO_CANDIDATE || d->candidates[chosen].target == target);
  }
  hr_bundle_close(&bundle);
}

static void try_bytes(const void *bytes, size_t size) {
  char path[256];
  join(path, sizeof path, bundle_folder(), "model.json");
  FILE *file = fopen(path, "wb");
  fuzz_require(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
  open_bundle();
}

static void try_sealed(json_t *root) {
  char seal[HR_SEAL_SIZE];
  fuzz_require(hr_seal_compute(root, seal, NULL) == HR_OK);
  fuzz_require(json_object_set_new(root, "seal", json_string(seal)) == 0);
  char *text = json_dumps(root, JSON_COMPACT);
  if (text) try_bytes(text, strlen(text));
  free(text);
}

static json_t *sound_file(const char *name) {
  static const size_t size = 128 + 8 * PIXELS;
  char path[256], bytes[128 + 8 * PIXELS], print[HR_SEAL_SIZE];
  join(path, sizeof path, bundle_folder(), name);
  FILE *file = fopen(path, "rb");
  fuzz_require(file && fread(bytes, 1, size, file) == size && fclose(file) == 0);
  hr_seal_bytes(bytes, size, print);
  return json_pack("{s:s,s:I,s:s}", "path", name, "bytes", (json_int_t)size,
                   "fingerprint", print);
}

/* The grid and what stands in for bad pixels: models may be any that are there, or not.
 */
static json_t *sound_files(void) {
  return json_pack("[o,o]", sound_file("wave.npy"), sound_file("stand_in.npy"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  json_error_t reason;
  json_t *root = NULL;
  if (size > 1 << 14) return 0;
  try_bytes(bytes, size);
  root = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &reason);
  if (json_is_object(root)) {
    try_sealed(root);
    fuzz_require(json_object_set_new(root, "files", sound_files()) == 0);
    try_sealed(root);
  }
  json_decref(root);
  return 0;
}
