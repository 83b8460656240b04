/* What a FITS file is made of, and its images, columns and cells as numbers: what the
 * readers of survey files (data/fits/spectra.h) stand on. */
#ifndef HR_DATA_FITS_HDUS_H
#define HR_DATA_FITS_HDUS_H

#include "data/fits/file.h"

enum { HR_FITS_NAME = 72, HR_FITS_AXES = 3 };

typedef struct hr_fits_hdu {
  char name[HR_FITS_NAME]; /* EXTNAME; "" where it has none */
  bool is_table;
  bool is_compressed; /* an image in tiles */
  bool is_quantised;  /* an image whose floats are rounded to steps to be compressed */
  size_t axes;        /* of an image: 0 .. 3 */
  uint64_t axis[HR_FITS_AXES]; /* NAXIS1 first; 1 behind the last */
  uint64_t rows;               /* of a table */
  hr_strings columns;          /* of a table */
} hr_fits_hdu;

typedef struct hr_fits_hdus {
  hr_fits_file file;
  hr_fits_hdu *items; /* [count] the primary one first */
  size_t count;
} hr_fits_hdus;

/* Opens the file and looks at its headers; nothing else is read. Fails as hr_fits_open
 * does; HR_ERR_FORMAT where a header is damaged or the file ends before its data do. To
 * be followed by hr_fits_hdus_close, on failure too. */
hr_status hr_fits_hdus_open(const char *path, hr_fits_hdus *out,
                            hr_error *err) HR_MUST_CHECK;
void hr_fits_hdus_close(hr_fits_hdus *hdus);

#define HR_FITS_NONE SIZE_MAX

/* The first of that name, in any case of letters; HR_FITS_NONE. */
size_t hr_fits_find_hdu(const hr_fits_hdus *hdus, const char *name);

/* The column of that name, in any case of letters; HR_FITS_NONE, also of no table. */
size_t hr_fits_find_column(const hr_fits_hdus *hdus, size_t hdu, const char *name);

/* Values of a header; false where it has none of that kind. */
bool hr_fits_card_number(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                         double *out);
bool hr_fits_card_integer(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                          int64_t *out);
bool hr_fits_card_text(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                       char out[HR_FITS_NAME]);
/* "T" and "F" alone. */
bool hr_fits_card_truth(const hr_fits_hdus *hdus, size_t hdu, const char *key, bool *out);

/* Where numbers are: pixels of an image, a cell of a table, or a column of it. */
typedef struct hr_fits_span {
  size_t hdu;
  size_t column;  /* HR_FITS_NONE: of an image */
  uint64_t row;   /* of a table, from 0: the cell, or the first of a column of cells
                     with one number each */
  uint64_t first; /* pixel of the image, or number of the cell, from 0 */
  uint64_t count;
} hr_fits_span;

/* How many numbers a cell holds; of varying number, too. HR_ERR_FORMAT. */
hr_status hr_fits_cell_length(const hr_fits_hdus *hdus, const hr_fits_span *cell,
                              uint64_t *out, hr_error *err) HR_MUST_CHECK;

/* out [count]. Floats come as they are stored, infinities and subnormal numbers too; a
 * null is NaN. HR_ERR_FORMAT where they cannot be read or are no numbers. */
hr_status hr_fits_read_numbers(const hr_fits_hdus *hdus, const hr_fits_span *span,
                               double *out, hr_error *err) HR_MUST_CHECK;

/* The same of whole numbers, as masks are. */
hr_status hr_fits_read_wholes(const hr_fits_hdus *hdus, const hr_fits_span *span,
                              int64_t *out, hr_error *err) HR_MUST_CHECK;

/* The text of a cell, to be freed with hr_free; HR_ERR_FORMAT. */
hr_status hr_fits_read_text(const hr_fits_hdus *hdus, const hr_fits_span *cell,
                            char **out, hr_error *err) HR_MUST_CHECK;

/* The largest step that a quantised image is rounded to; 0 of any other. HR_ERR_FORMAT.
 */
hr_status hr_fits_read_step(const hr_fits_hdus *hdus, size_t hdu, double *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
