/* Looking into a data file before a study is made of it.
 *
 * Threads: as headroom/library.h says of files; one hr_inspection may be read by several
 * threads. Process: hr_inspect_guarded forks a child and waits for it. */
#ifndef HEADROOM_INSPECT_H
#define HEADROOM_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/export.h"
#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hr_inspect_options {
  size_t size;
  uint64_t memory_bytes;       /* budget for reading the spectra; 0: 256 MiB */
  bool skip_spectra;           /* do not read the arrays, only how they are stored */
  const hr_observer *observer; /* borrowed for the call; NULL: none */
  bool as_json;      /* `text` is one JSON object, schema headroom/inspection/1 */
  const char *paths; /* as data.paths of a study: "flux=/spectra/flux,wave=/wave";
                        borrowed; NULL: arrays stand where they usually do */
} hr_inspect_options;

static inline hr_inspect_options hr_inspect_options_default(void) {
  hr_inspect_options options = {sizeof(hr_inspect_options), 0, false, NULL, false, NULL};
  return options;
}

/* What was found in a file. */
typedef struct hr_inspection hr_inspection;

/* Texts and arrays are borrowed from the hr_inspection. */
typedef struct hr_inspect_info {
  size_t size;
  const char *path;
  uint64_t file_bytes;
  size_t array_count; /* HDF5 datasets, for hr_inspection_get_array */

  bool is_usable;  /* some study can read the file or, of a FITS file of a survey,
                      hr_predict; if not, `problems` says why */
  bool is_dataset; /* laid out as docs/formats.md says; if not, `problems` says why and
                      all below but problems and text is empty */
  uint64_t rows, pixels;
  double first_wave_angstrom, last_wave_angstrom;
  size_t label_count; /* columns, for hr_inspection_get_label */

  /* The bins of the study, T_eff edges 3750, 4500, 5250, 6000 K times M_H edges -2, -1,
   * 0, 0.5 dex, half-open, the last ones closed; bin 3 T + M. */
  size_t bin_count;         /* 0: the columns T_eff and M_H are not there */
  const uint64_t *bin_rows; /* [bin_count] */
  uint64_t uncovered_rows;

  bool spectra_read;
  uint64_t clipped_pixels;           /* flux below 0 */
  uint64_t filled_error_pixels;      /* error NaN or infinite: masked */
  uint64_t nonpositive_error_pixels; /* error <= 0 */
  uint64_t dark_rows;                /* without a pixel of flux above 0 */
  uint64_t faulty_rows;              /* rows that a study would refuse, as training
                                        rows; a test row without a good pixel gets no
                                        prediction */

  const char *const *problems; /* [problem_count] sentences */
  size_t problem_count;
  const char *text; /* all of this to be printed, lines ending in newlines; control
                       characters and what is not UTF-8 in names are written as \xHH */
} hr_inspect_info;

/* One HDF5 dataset of the file; all texts, e.g. "/dataset/arrays/flux/value", "f64",
 * "20000 x 4096", "chunks of 64 x 128, shuffle, gzip". */
typedef struct hr_inspect_array {
  size_t size;
  const char *path, *type, *shape, *storage;
} hr_inspect_array;

/* One label column. */
typedef struct hr_inspect_label {
  size_t size;
  const char *name;
  double minimum, maximum; /* of the finite values, in the unit of the file; NaN: none */
  uint64_t unusable;       /* rows that hold NaN or an infinity */
} hr_inspect_label;

/* The distribution of the finite values of the column `snr`; quantiles are interpolated
 * linearly between order statistics (Hyndman & Fan 1996, type 7, as numpy does). */
typedef struct hr_inspect_distribution {
  size_t size;
  uint64_t rows; /* finite values; 0: no such column, the rest is NaN */
  double mean, sd, minimum, q05, q25, median, q75, q95, maximum; /* sd with n - 1 */
} hr_inspect_distribution;

/* Looks into the HDF5 file at `path`, in one pass over its spectra, within the memory
 * budget. `options` may be NULL. A file that is HDF5 but cannot be studied is no failure:
 * is_usable is false and the reasons are in `problems`. Of a FITS file of a survey
 * (docs/survey-files.md) some spectra are read, and is_dataset is false. HR_ERR_MISSING,
 * HR_ERR_FORMAT where it cannot be opened, HR_ERR_INTERRUPTED, HR_ERR_MEMORY. *out is
 * freed with hr_inspection_destroy. */
HR_API hr_status hr_inspect(const char *path, const hr_inspect_options *options,
                            hr_inspection **out, hr_error *err) HR_MUST_CHECK;
HR_API void hr_inspection_destroy(hr_inspection **inspection);

/* Fill structs whose size is set. Datasets are numbered in order of path, labels in the
 * frame's. HR_ERR_USAGE for another size than a known one, or a number that there is not.
 */
HR_API hr_status hr_inspection_get_info(const hr_inspection *inspection,
                                        hr_inspect_info *info,
                                        hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_inspection_get_array(const hr_inspection *inspection, size_t number,
                                         hr_inspect_array *array,
                                         hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_inspection_get_label(const hr_inspection *inspection, size_t number,
                                         hr_inspect_label *label,
                                         hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_inspection_get_snr(const hr_inspection *inspection,
                                       hr_inspect_distribution *snr,
                                       hr_error *err) HR_MUST_CHECK;

/* As hr_inspect, for a file that may come from anywhere: a child process reads it, within
 * limits of time and memory that follow from the file's size, so that a file which makes
 * HDF5 crash, loop or swallow memory is HR_ERR_FORMAT and not the end of this process.
 * What comes back is the inspection's text, freed with hr_text_free, and is_usable;
 * neither is set on failure. Observers are called from this process. */
HR_API hr_status hr_inspect_guarded(const char *path, const hr_inspect_options *options,
                                    bool *is_usable, char **text,
                                    hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
