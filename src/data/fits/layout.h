/* What a reader of one layout of survey files is, and what all of them share. Internal to
 * data/fits/. */
#ifndef HR_DATA_FITS_LAYOUT_H
#define HR_DATA_FITS_LAYOUT_H

#include "data/fits/hdus.h"
#include "data/fits/spectra.h"
#include "data/fits/table.h"

enum { HR_FITS_LACKS = 96, HR_FITS_BANDS = 3, HR_FITS_MOST_PIXELS = 1 << 20 };

typedef enum hr_fits_noise {
  HR_FITS_NO_NOISE,
  HR_FITS_VARIANCE,
  HR_FITS_ERROR,
  HR_FITS_INVERSE, /* 1 / variance */
} hr_fits_noise;

/* A spectrum as the file has it. */
typedef struct hr_fits_raw {
  size_t pixels, room;
  double *wave, *flux, *noise; /* [pixels] */
  int64_t *bits;               /* [pixels] of the mask */
} hr_fits_raw;

/* One array of the spectra: where it is for the first object, and how far on it is for
 * the next. */
typedef struct hr_fits_part {
  hr_fits_span span; /* hdu HR_FITS_NONE: there is none */
  uint64_t stride;   /* pixels of an image, rows of a table; 0: all objects have it */
  bool has_length;   /* the cell says how many numbers there are, not span.count */
} hr_fits_part;

typedef struct hr_fits_parts {
  hr_fits_part wave, flux, noise, mask;
} hr_fits_parts;

typedef struct hr_fits_layout {
  const char *title;
  bool names_bits; /* of its mask: `read` sets bad_bits by them */
  /* Whether the file is laid out so; else what it lacks, "the extension MASK". */
  bool (*is)(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]);
  /* Fills all of `self` below. */
  hr_status (*open)(hr_fits_spectra *self, hr_error *err);
  /* Fills self->raw. */
  hr_status (*read)(hr_fits_spectra *self, size_t object, hr_error *err);
} hr_fits_layout;

struct hr_fits_spectra {
  const hr_fits_layout *layout;
  hr_fits_hdus hdus;
  hr_fits_spectra_info info;
  char unit[HR_FITS_NAME], waves[2 * HR_FITS_NAME], masking[4 * HR_FITS_NAME];

  /* The same for all objects. */
  double angstrom; /* what a unit of the wavelengths has */
  bool is_log;     /* they are logarithms to base 10 */
  bool is_air;
  hr_fits_noise noise;
  double noise_factor;  /* into the unit of the flux, or its power */
  double least_inverse; /* inverse variances up to it may have been 0 */
  int64_t bad_bits;
  const hr_fits_bits *chosen; /* NULL: those that count; borrowed */

  hr_fits_parts parts[HR_FITS_BANDS]; /* of each band */
  size_t bands;
  hr_fits_raw raw;
  hr_fits_raw band; /* one of several, on its way */
  double *shared;   /* [pixels] wavelengths that all objects have; NULL: not yet */

  /* What goes with the objects. */
  hr_strings columns;
  const char *const *cards; /* [card_count] numbers in the header of card_hdu */
  size_t card_count, card_hdu;
  size_t table;        /* extension with a row an object; HR_FITS_NONE */
  hr_fits_table *rows; /* the same, opened; NULL: there is none */
};

extern const hr_fits_layout hr_fits_pfs_coadd, hr_fits_pfs_object, hr_fits_pfs_old,
    hr_fits_desi, hr_fits_sdss, hr_fits_lamost_image, hr_fits_lamost_table, hr_fits_plain;

/* Makes room for spectra of `pixels`, and sets raw->pixels. */
hr_status hr_fits_raw_take(hr_fits_raw *raw, size_t pixels, hr_error *err) HR_MUST_CHECK;

/* Whether there is such an extension or column; else it is what the file lacks. */
bool hr_fits_needs_hdu(const hr_fits_hdus *hdus, const char *name,
                       char lacks[HR_FITS_LACKS]);
bool hr_fits_needs_column(const hr_fits_hdus *hdus, size_t hdu, const char *name,
                          char lacks[HR_FITS_LACKS]);

/* Sets info.flux and unit from a unit in the file; "" where it has none, which is
 * `usual`. HR_ERR_DATA where it is none of flux. `what` is it of, "the column flux". */
hr_status hr_fits_take_flux_unit(hr_fits_spectra *self, const char *what,
                                 const char *unit, const char *usual,
                                 hr_error *err) HR_MUST_CHECK;

/* The same of angstrom and waves. */
hr_status hr_fits_take_wave_unit(hr_fits_spectra *self, const char *what,
                                 const char *unit, const char *usual,
                                 hr_error *err) HR_MUST_CHECK;

/* The unit of a column, "" where it has none. */
void hr_fits_column_unit(const hr_fits_hdus *hdus, size_t hdu, size_t column,
                         char out[HR_FITS_NAME]);

/* The rows of an image, the cells of a column, and a column of one number a row. */
hr_fits_part hr_fits_image_part(const hr_fits_hdus *hdus, size_t hdu);
hr_fits_part hr_fits_cell_part(size_t hdu, size_t column);
hr_fits_part hr_fits_column_part(const hr_fits_hdus *hdus, size_t hdu, size_t column);
hr_fits_part hr_fits_no_part(void);

/* Reads the arrays of an object, which have to be of one length (HR_ERR_FORMAT). Where
 * self->shared is known, and there is one band, wavelengths are not read. */
hr_status hr_fits_read_parts(const hr_fits_spectra *self, const hr_fits_parts *parts,
                             size_t object, hr_fits_raw *out,
                             hr_error *err) HR_MUST_CHECK;

/* HR_ERR_FORMAT where the extension is no image of these axes. */
hr_status hr_fits_check_image(const hr_fits_hdus *hdus, size_t hdu,
                              const uint64_t axis[HR_FITS_AXES],
                              hr_error *err) HR_MUST_CHECK;

/* Where the bits of a mask have their names: the header of `hdu` (MP_BAD = 0) or, where
 * it is not NULL, `text` ("MP_BAD: 0"). */
typedef struct hr_fits_bit_names {
  size_t hdu;
  const char *text;
} hr_fits_bit_names;

/* Sets self->bad_bits to those of PFS masks that are chosen, else to those that count; to
 * all where no name is known. HR_ERR_DATA where a name that is chosen is not there. */
hr_status hr_fits_take_pfs_bits(hr_fits_spectra *self, const hr_fits_bit_names *names,
                                hr_error *err) HR_MUST_CHECK;
extern const char hr_fits_pfs_masking[];

/* Adds to the columns those of numbers in the table self->table, one a row. */
hr_status hr_fits_list_columns(hr_fits_spectra *self, hr_error *err) HR_MUST_CHECK;

#endif
