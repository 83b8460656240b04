/* The roles, in one table. */
#include "data/places.h"

#include <string.h>

#include "core/alloc.h"
#include "data/shard.h"

static const struct role {
  const char *name, *usual;
} roles[HR_PLACES] = {
    [HR_PLACE_FLUX] = {"flux", HR_SHARD_FLUX},
    [HR_PLACE_ERROR] = {"error", HR_SHARD_ERROR},
    [HR_PLACE_NOISY] = {"noisy", HR_SHARD_NOISY},
    [HR_PLACE_MASK] = {"mask", HR_SHARD_MASK},
    [HR_PLACE_WAVE] = {"wave", HR_SHARD_WAVE},
    [HR_PLACE_LABELS] = {"labels", HR_SHARD_PARAMS},
};

const char *hr_place_name(hr_place place) {
  return roles[place].name;
}

hr_place hr_place_find(const char *name) {
  int place = 0;
  while (place < HR_PLACES && strcmp(roles[place].name, name) != 0) place++;
  return (hr_place)place;
}

const char *hr_place_usual(hr_place place) {
  return roles[place].usual;
}

const char *hr_place_of(const hr_places *places, hr_place place) {
  return places->path[place] ? places->path[place] : roles[place].usual;
}

static hr_status read_pair(char *pair, hr_places *out, hr_error *err) {
  char *path = strchr(pair, '=');
  hr_place place = HR_PLACES;
  if (path) *path++ = '\0';
  if (path) place = hr_place_find(pair);
  if (place == HR_PLACES) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--paths has no array '%.60s'; write pairs such as "
                   "flux=/spectra/flux, of flux, error, noisy, mask, wave and labels",
                   pair);
  }
  if (path[0] != '/') {
    return hr_fail(err, HR_ERR_USAGE,
                   "--paths has '%.200s' for %s; write its path from the root of the "
                   "file, such as /spectra/%s",
                   path, pair, pair);
  }
  for (int p = 0; p < HR_PLACES; p++) {
    if (!out->path[p] || strcmp(out->path[p], path) != 0) continue;
    return hr_fail(err, HR_ERR_USAGE,
                   "--paths gives %.200s to %s and to %s; name every array once", path,
                   roles[p].name, pair);
  }
  out->path[place] = path;
  return HR_OK;
}

hr_status hr_places_read(const char *given, char **text, hr_places *out, hr_error *err) {
  hr_status status = HR_OK;
  char *state = NULL;
  *out = (hr_places){{0}};
  HR_TRY(hr_copy_text(given, text, err));
  if (!given) goto cleanup;
  for (char *pair = strtok_r(*text, ",", &state); pair;
       pair = strtok_r(NULL, ",", &state)) {
    HR_TRY(read_pair(pair, out, err));
  }
cleanup:
  return status;
}
