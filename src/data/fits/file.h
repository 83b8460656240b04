/* FITS files, opened to be read through CFITSIO, and CFITSIO's errors turned into our
 * sentences. Everything of the library that reads FITS goes through this folder, and no
 * type of CFITSIO appears in its headers. Not to be used by several threads at once: the
 * library keeps its messages in one place. */
#ifndef HR_DATA_FITS_FILE_H
#define HR_DATA_FITS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

typedef struct hr_fits_file {
  void *handle; /* CFITSIO's; NULL: closed */
  char *path;   /* owned */
  uint64_t bytes;
  int extension; /* of the table that was moved to */
} hr_fits_file;

/* "SIMPLE  =", with which a FITS file begins. */
enum { HR_FITS_MAGIC = 9 };
extern const char hr_fits_magic[HR_FITS_MAGIC + 1];

/* Opens `path`, whatever characters it has. HR_ERR_MISSING where it is not there,
 * HR_ERR_FORMAT where it is no FITS file, is damaged, or this build is one without
 * CFITSIO, which has this function alone. To be followed by hr_fits_close, on failure
 * too. */
hr_status hr_fits_open(const char *path, hr_fits_file *out, hr_error *err) HR_MUST_CHECK;
void hr_fits_close(hr_fits_file *file);

/* As hr_fail, with CFITSIO's text of `code` behind the sentence. */
hr_status hr_fits_fail(hr_error *err, hr_status status, int code, const char *format, ...)
    HR_PRINTF(4, 5);

/* The same of a header that is damaged or cut off: that of the extension, the primary one
 * being 0. */
hr_status hr_fits_fail_header(const hr_fits_file *file, int extension, hr_error *err);

/* Moves to the table of that name: its EXTNAME in any case of letters, or the number of
 * its extension as other programs count, the primary one being 0. Where `name` is NULL to
 * the only table. HR_ERR_MISSING where there is none or no such one; where there are
 * several and none is named HR_ERR_DATA, listing them; HR_ERR_FORMAT where the file is
 * damaged, ends before the table does, or the table is a compressed one. */
hr_status hr_fits_move_to_table(hr_fits_file *file, const char *name,
                                hr_error *err) HR_MUST_CHECK;

#endif
