/* Spectra out of the FITS files of surveys, object by object: the wavelengths in vacuum,
 * the flux as f_lambda, its variance, and which pixels are good. The layout is found by
 * the names of extensions and columns, never by the name of the file. What each layout is
 * taken for, and why, is in docs/survey-files.md.
 *
 * Not to be used by several threads at once (data/fits/file.h). */
#ifndef HR_DATA_FITS_SPECTRA_H
#define HR_DATA_FITS_SPECTRA_H

#include "core/text.h"
#include "data/fits/bits.h"
#include "data/fits/unit.h"
#include "data/table_column.h"

typedef struct hr_fits_spectra hr_fits_spectra;

enum { HR_FITS_MOST_IDS = 3 }; /* columns that say which object it is */

typedef struct hr_fits_spectra_info {
  const char *layout; /* "pfsObject of PFS" */
  size_t objects;
  size_t pixels;       /* of the longest spectrum */
  bool is_shared;      /* all objects have the same wavelengths */
  bool has_variance;   /* else errors are not known */
  hr_flux_unit flux;   /* of the file */
  const char *unit;    /* the same in words, "nJy" */
  const char *waves;   /* where wavelengths come from, "the extension WAVELENGTH, nm" */
  const char *masking; /* what makes a pixel bad, "BAD, SAT, CR of MASK" */
  const char *const *ids; /* [id_count] columns that say which object it is */
  size_t id_count;
  const hr_strings *columns; /* of numbers, that can be carried along */
} hr_fits_spectra_info;

/* One spectrum: [pixels] each, in ascending order of wavelength. */
typedef struct hr_fits_spectrum {
  size_t pixels, room;
  double *wave;     /* centres, vacuum, in angstrom */
  double *flux;     /* f_lambda in 1e-17 erg/s/cm2/A, or in no unit */
  double *variance; /* of it; 0 where it is not known */
  bool *good;       /* flux is finite, variance finite and above 0, no bit that counts */
} hr_fits_spectrum;

void hr_fits_spectrum_fini(hr_fits_spectrum *spectrum);

/* Whether the file begins as FITS files do; a file that cannot be opened does not. */
bool hr_fits_is_fits(const char *path);

/* Opens the file and finds its layout; no spectrum is read. HR_ERR_MISSING, HR_ERR_FORMAT
 * as hr_fits_open; HR_ERR_FORMAT for a layout that is not known, saying which were tried
 * and what each lacks, or whose arrays do not go together; HR_ERR_DATA for units that are
 * none of flux or wavelength. */
hr_status hr_fits_spectra_open(const char *path, hr_fits_spectra **out,
                               hr_error *err) HR_MUST_CHECK;
void hr_fits_spectra_close(hr_fits_spectra **spectra);

/* Chooses the bits of the mask that make a pixel bad, borrowed until it is closed;
 * without it those that docs/survey-files.md names. HR_ERR_DATA where the file has no
 * mask, or no names for its bits and some are chosen by name; a name that a file of PFS
 * does not have is found when a spectrum is read. */
hr_status hr_fits_spectra_choose_bits(hr_fits_spectra *spectra, const hr_fits_bits *bits,
                                      hr_error *err) HR_MUST_CHECK;

const hr_fits_spectra_info *hr_fits_spectra_describe(const hr_fits_spectra *spectra);

/* Reads object number `object`; `out` is zeroed at first, and keeps its room from one to
 * the next. HR_ERR_FORMAT where it cannot be read; HR_ERR_DATA where its wavelengths are
 * none. */
hr_status hr_fits_spectra_read(hr_fits_spectra *spectra, size_t object,
                               hr_fits_spectrum *out, hr_error *err) HR_MUST_CHECK;

/* A column of numbers that goes with the objects, [objects]; HR_ERR_DATA, listing them,
 * where there is none of that name. Freed with hr_table_column_fini, on failure too. */
hr_status hr_fits_spectra_column(hr_fits_spectra *spectra, const char *name,
                                 hr_table_column *out, hr_error *err) HR_MUST_CHECK;

#endif
