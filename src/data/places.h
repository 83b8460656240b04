/* Where the arrays of a file stand: the place of each role, which a study may name
 * (data.paths). docs/formats.md has the usual ones. */
#ifndef HR_DATA_PLACES_H
#define HR_DATA_PLACES_H

#include <stdbool.h>

#include "core/text.h"

typedef enum hr_place {
  HR_PLACE_FLUX,   /* (N, P) */
  HR_PLACE_ERROR,  /* (N, P), one sigma */
  HR_PLACE_NOISY,  /* (N, P), optional */
  HR_PLACE_MASK,   /* (N, P), optional */
  HR_PLACE_WAVE,   /* (P,), angstrom */
  HR_PLACE_LABELS, /* the group of a pandas DataFrame */
  HR_PLACES
} hr_place;

typedef struct hr_places {     /* borrowed */
  const char *path[HR_PLACES]; /* NULL: the usual one */
} hr_places;

/* What a role is called in a configuration: "flux". */
const char *hr_place_name(hr_place place);

/* The role of that name; HR_PLACES where there is none. */
hr_place hr_place_find(const char *name);

/* Where it usually stands. */
const char *hr_place_usual(hr_place place);

/* Where it stands. */
const char *hr_place_of(const hr_places *places, hr_place place);

/* Reads "flux=/spectra/flux,wave=/wave" (NULL: nothing); *text holds what `out` borrows
 * and is freed with hr_free, on failure too. HR_ERR_USAGE for a role that there is not, a
 * path that is not absolute and one that two roles have. */
hr_status hr_places_read(const char *given, char **text, hr_places *out,
                         hr_error *err) HR_MUST_CHECK;

#endif
