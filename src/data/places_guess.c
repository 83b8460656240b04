/* Proposed, and never taken by itself. */
#include "data/places_guess.h"

#include <ctype.h>
#include <string.h>

#include "core/alloc.h"
#include "core/field.h"
#include "data/shard.h"

enum { SPELLINGS = 10 };

/* What others call them, in small letters and digits. */
static const struct looked_for {
  hr_place place;
  int rank;
  const char *spellings[SPELLINGS];
} known[] = {
    {HR_PLACE_FLUX, 2, {"flux", "fluxes", "spectra", "spectrum", "fluxdensity"}},
    {HR_PLACE_ERROR,
     2,
     {"error", "errors", "err", "sigma", "fluxerror", "fluxerr", "fluxsigma",
      "uncertainty", "std"}},
    {HR_PLACE_WAVE,
     1,
     {"wave", "waves", "wavelength", "wavelengths", "lambda", "wl", "wavelengthgrid"}},
};
enum { KNOWN = sizeof known / sizeof known[0], MOST_ARRAYS = 10000 };

typedef struct found_array {
  char *path;
  int rank;
  hsize_t shape[2];
} found_array;

typedef struct listing {
  found_array *arrays;
  size_t count;
  hr_status status;
  hr_error *err;
} listing;

static void listing_fini(listing *l) {
  for (size_t i = 0; i < l->count; i++) hr_free(l->arrays[i].path);
  hr_free(l->arrays);
}

static hr_status keep(listing *l, const char *name, const found_array *array) {
  hr_status status = HR_OK;
  hr_text path;
  hr_text_init(&path);
  hr_text_append(&path, "/%s", name);
  HR_TRY(hr_text_status(&path, l->err));
  HR_TRY(hr_realloc(&l->arrays, l->count, l->count + 1, l->err));
  l->arrays[l->count] = *array;
  l->arrays[l->count++].path = path.bytes;
  hr_text_init(&path);
cleanup:
  hr_text_fini(&path);
  return status;
}

/* Numbers with a fraction, in one or two dimensions. */
static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *context) {
  listing *l = context;
  found_array array = {0};
  if (info->type != H5O_TYPE_DATASET) return 0;
  hid_t dataset = H5Dopen2(root, name, H5P_DEFAULT);
  hid_t type = dataset < 0 ? H5I_INVALID_HID : H5Dget_type(dataset);
  hid_t creation = dataset < 0 ? H5I_INVALID_HID : H5Dget_create_plist(dataset);
  bool is_plain = type >= 0 && H5Tget_class(type) == H5T_FLOAT && creation >= 0 &&
                  H5Pget_layout(creation) != H5D_VIRTUAL;
  hid_t space = is_plain ? H5Dget_space(dataset) : H5I_INVALID_HID;
  array.rank = space < 0 ? 0 : H5Sget_simple_extent_ndims(space);
  bool is_kept = array.rank == 1 || array.rank == 2;
  if (is_kept) H5Sget_simple_extent_dims(space, array.shape, NULL);
  if (is_kept) l->status = keep(l, name, &array);
  hr_hdf5_release(&space);
  hr_hdf5_release(&creation);
  hr_hdf5_release(&type);
  hr_hdf5_release(&dataset);
  return l->status != HR_OK || l->count >= MOST_ARRAYS;
}

/* The last name of the path in small letters and digits, or the one before it where that
 * is a mere "value": "flux" of "/survey/Flux/value". */
static void simplify(const char *path, char out[64]) {
  static const char *const mere[] = {"value", "values", "data"};
  char name[64] = "";
  size_t length = 0;
  out[0] = '\0';
  for (; *path; path++) {
    if (*path == '/') length = 0;
    if (*path == '/' && name[0]) memcpy(out, name, sizeof name);
    if (isalnum((unsigned char)*path) && length < sizeof name - 1) {
      name[length++] = (char)tolower((unsigned char)*path);
    }
    name[length] = '\0';
  }
  bool is_mere = false;
  for (size_t i = 0; i < 3; i++) is_mere = is_mere || strcmp(name, mere[i]) == 0;
  if (!is_mere || !out[0]) memcpy(out, name, sizeof name);
}

static bool is_called(const char *path, const struct looked_for *wanted) {
  char name[64];
  simplify(path, name);
  for (size_t k = 0; k < SPELLINGS && wanted->spellings[k]; k++) {
    if (strcmp(name, wanted->spellings[k]) == 0) return true;
  }
  return false;
}

/* Whether the array is or is called something else: a "/spectra/sigma" is no flux. */
static bool is_another(const hr_places *places, const char *path,
                       const struct looked_for *wanted) {
  if (strcmp(path, HR_SHARD_NOISY_ROOT) == 0) return true;
  for (int place = 0; place < HR_PLACES; place++) {
    if (strcmp(path, hr_place_of(places, (hr_place)place)) == 0) return true;
  }
  for (size_t k = 0; k < KNOWN; k++) {
    if (&known[k] != wanted && is_called(path, &known[k])) return true;
  }
  return false;
}

/* The only array that fits, by name or else by shape; NULL: none, or several do. */
static const found_array *find(const listing *l, const hr_places *places,
                               const struct looked_for *wanted) {
  for (int by_name = 1; by_name >= 0; by_name--) {
    const found_array *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) {
      const found_array *array = &l->arrays[i];
      bool fits = array->rank == wanted->rank &&
                  !is_another(places, array->path, wanted) &&
                  (!by_name || is_called(array->path, wanted));
      if (!fits) continue;
      found = array;
      count++;
    }
    if (count > 0) return count == 1 ? found : NULL;
  }
  return NULL;
}

static void describe(const found_array *array, hr_text *out) {
  hr_text_append_visible(out, array->path);
  hr_text_append(out, " [%llu", (unsigned long long)array->shape[0]);
  if (array->rank == 2) {
    hr_text_append(out, " x %llu", (unsigned long long)array->shape[1]);
  }
  hr_text_append(out, "]");
}

/* In words. */
typedef struct proposal {
  hr_text missing, there, entry;
  size_t count;
} proposal;

static hr_status add(const hr_hdf5_file *file, const hr_places *places, const listing *l,
                     const struct looked_for *wanted, proposal *out, hr_error *err) {
  bool there = false;
  const char *path = hr_place_of(places, wanted->place);
  hr_status status = hr_hdf5_find(file, path, &there, err);
  if (status != HR_OK || there) return status;
  const found_array *array = find(l, places, wanted);
  if (!array) return HR_OK;
  const char *comma = out->count++ ? ", " : "";
  hr_text_append(&out->missing, "%s%s", comma, path);
  hr_text_append(&out->there, "%s", comma);
  describe(array, &out->there);
  hr_text_append(&out->entry, "%s%s: ", comma, hr_place_name(wanted->place));
  hr_field_write_text(array->path, &out->entry);
  return HR_OK;
}

hr_status hr_places_propose(const hr_hdf5_file *file, const hr_places *places,
                            hr_error *err) {
  hr_status status = HR_OK;
  listing l = {.err = err};
  proposal p = {.count = 0};
  hr_text_init(&p.missing);
  hr_text_init(&p.there);
  hr_text_init(&p.entry);
  if (H5Ovisit2(file->id, H5_INDEX_NAME, H5_ITER_INC, visit, &l, H5O_INFO_BASIC) < 0) {
    goto cleanup; /* what is damaged is told of by whoever reads it */
  }
  HR_TRY(l.status);
  for (size_t k = 0; k < KNOWN; k++) HR_TRY(add(file, places, &l, &known[k], &p, err));
  if (p.count == 0) goto cleanup;
  HR_TRY(hr_text_status(&p.missing, err));
  HR_TRY(hr_text_status(&p.there, err));
  HR_TRY(hr_text_status(&p.entry, err));
  status = hr_fail(err, HR_ERR_MISSING,
                   "%s has no %s; it has %s: if that is meant, write data.paths: {%s}",
                   file->path, p.missing.bytes, p.there.bytes, p.entry.bytes);
cleanup:
  hr_text_fini(&p.missing);
  hr_text_fini(&p.there);
  hr_text_fini(&p.entry);
  listing_fini(&l);
  return status;
}
