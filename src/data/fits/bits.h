/* Which bits of a survey's mask make a pixel bad, where somebody chooses: by the names
 * that files of PFS give their bits (MP_CR = 3), or by their numbers. */
#ifndef HR_DATA_FITS_BITS_H
#define HR_DATA_FITS_BITS_H

#include <stdint.h>

#include "core/text.h"

typedef struct hr_fits_bits {
  hr_strings names;
  int64_t numbers; /* the sum of the bits that are chosen by number */
} hr_fits_bits;

enum { HR_FITS_MOST_BIT = 62 };

/* "BAD,CR,SAT", "18,22" or "none". HR_ERR_USAGE where it is nothing of that. Freed with
 * hr_fits_bits_fini, on failure too. */
hr_status hr_fits_bits_parse(const char *text, hr_fits_bits *out,
                             hr_error *err) HR_MUST_CHECK;
void hr_fits_bits_fini(hr_fits_bits *bits);

#endif
