/* Spectra of one FITS file of a survey, object by object, as the file has them: on their
 * own pixels, where hr_predict takes them from. Which layouts are read, what makes a
 * pixel bad, and why: docs/survey-files.md.
 *
 * Threads: CFITSIO keeps its messages in one place, so that no two threads of a process
 * may be in this header's functions at the same time, whatever file they read.
 * Process: as headroom/library.h says of files. */
#ifndef HEADROOM_SURVEY_FILE_H
#define HEADROOM_SURVEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/export.h"
#include "headroom/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hr_survey_file hr_survey_file;

/* Texts are borrowed from the file. */
typedef struct hr_survey_file_info {
  size_t size;
  const char *layout; /* "pfsCoadd or pfsCalibrated of PFS" */
  uint64_t objects;
  uint64_t pixels;        /* of the longest spectrum */
  bool is_shared;         /* all objects have the same wavelengths */
  bool has_error;         /* else errors are not known, and all 0 */
  bool is_calibrated;     /* flux is in 1e-17 erg/s/cm2/angstrom; else in no unit */
  const char *unit;       /* of the flux in the file, "nJy" */
  const char *masking;    /* what makes a pixel bad, "BAD, SAT, CR of MASK" */
  const char *const *ids; /* [id_count] columns that say which object it is */
  size_t id_count;
  const char *const *columns; /* [column_count] of numbers, one an object; ids too */
  size_t column_count;
} hr_survey_file_info;

/* One spectrum; arrays [pixels] in ascending order of wavelength, borrowed until the next
 * call of hr_survey_file_read or _close. */
typedef struct hr_survey_file_spectrum {
  size_t size;
  uint64_t pixels;
  const double *wave_angstrom; /* centres, in vacuum */
  const double *flux;          /* f_lambda, as hr_survey_file_info says; may be NaN or
                                  infinite where it is bad */
  const double *error;         /* one sigma; 0 where none can be used */
  const bool *good; /* flux and error are usable, and no bit of the mask that counts */
} hr_survey_file_spectrum;

/* Whether the file begins as FITS files do; one that cannot be opened does not. */
HR_API bool hr_survey_file_is(const char *path);

/* Opens the file and finds its layout; no spectrum is read. mask_bits: as
 * hr_predict_options has it, NULL for the usual ones. HR_ERR_MISSING: the file is not
 * there; HR_ERR_FORMAT: it is damaged, in no layout that is known, or this library was
 * built without CFITSIO; HR_ERR_DATA: units that are none of flux or wavelength, or bits
 * that it does not have; HR_ERR_EMPTY without a spectrum; HR_ERR_USAGE for mask_bits that
 * cannot be read; HR_ERR_IO; HR_ERR_MEMORY. *out is given back with hr_survey_file_close.
 */
HR_API hr_status hr_survey_file_open(const char *path, const char *mask_bits,
                                     hr_survey_file **out, hr_error *err) HR_MUST_CHECK;
HR_API void hr_survey_file_close(hr_survey_file **file);

/* Fills *info, whose size is set. HR_ERR_USAGE for another size than a known one. */
HR_API hr_status hr_survey_file_get_info(const hr_survey_file *file,
                                         hr_survey_file_info *info,
                                         hr_error *err) HR_MUST_CHECK;

/* Reads object number `object`, from 0, into *spectrum, whose size is set. HR_ERR_FORMAT
 * where it cannot be read; HR_ERR_DATA where its wavelengths are none; HR_ERR_USAGE for
 * an object that is not there, or another size than a known one; HR_ERR_MEMORY. */
HR_API hr_status hr_survey_file_read(hr_survey_file *file, uint64_t object,
                                     hr_survey_file_spectrum *spectrum,
                                     hr_error *err) HR_MUST_CHECK;

/* The column `name`: *values [objects], NaN where there is none; *whole [objects] the
 * same of a column of whole numbers, to the last digit (0 where there is none, 2^63 - 1
 * for what is more), or NULL. Borrowed until the next call of it. HR_ERR_DATA where the
 * file has no such column, listing those it has; HR_ERR_FORMAT; HR_ERR_MEMORY. */
HR_API hr_status hr_survey_file_column(hr_survey_file *file, const char *name,
                                       const double **values, const int64_t **whole,
                                       hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
