/* Looking into a data file before a study is made of it. */
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
  uint64_t memory_bytes;       /* budget for reading the spectra; 0: 256 MiB */
  bool skip_spectra;           /* do not read the arrays, only how they are stored */
  const hr_observer *observer; /* borrowed for the call; NULL: nobody */
} hr_inspect_options;

/* One HDF5 dataset of the file; all texts, e.g. "/dataset/arrays/flux/value", "f64",
 * "20000 x 4096", "chunks of 64 x 128, shuffle, gzip". */
typedef struct hr_inspect_array {
  char *path, *type, *shape, *storage;
} hr_inspect_array;

/* One label column. */
typedef struct hr_inspect_label {
  char *name;
  double minimum, maximum; /* of the finite values, in the unit of the file; NaN: none */
  uint64_t unusable;       /* rows that hold NaN or an infinity */
} hr_inspect_label;

/* The distribution of the finite values of the column `snr`; quantiles are interpolated
 * linearly between order statistics (Hyndman & Fan 1996, type 7, as numpy does). */
typedef struct hr_inspect_distribution {
  uint64_t rows; /* finite values; 0: no such column, the rest is NaN */
  double mean, sd, minimum, q05, q25, median, q75, q95, maximum; /* sd with n - 1 */
} hr_inspect_distribution;

enum { HR_INSPECT_BINS = 9 };

/* What is in a file. Everything is owned. */
typedef struct hr_inspection {
  char *path;
  uint64_t file_bytes;
  hr_inspect_array *arrays; /* [array_count], in order of path */
  size_t array_count;

  bool is_usable;  /* some study can read the file; if not, `problems` says why */
  bool is_dataset; /* laid out as docs/formats.md says; if not, `problems` says why and
                      all below but the problems is empty */
  uint64_t rows, pixels;
  double first_wave_angstrom, last_wave_angstrom;
  hr_inspect_label *labels; /* [label_count] */
  size_t label_count;
  hr_inspect_distribution snr;

  /* The nine bins of the study: T_eff edges 3750, 4500, 5250, 6000 K times M_H edges -2,
   * -1, 0, 0.5 dex, half-open, the last ones closed; bin 3 T + M. */
  bool has_bins; /* the columns T_eff and M_H are there */
  uint64_t bin_rows[HR_INSPECT_BINS];
  uint64_t uncovered_rows;

  bool spectra_read;
  uint64_t clipped_pixels;           /* flux below 0 */
  uint64_t filled_error_pixels;      /* NaN in the error */
  uint64_t nonpositive_error_pixels; /* error <= 0 */
  uint64_t dark_rows;                /* without a pixel of flux above 0 */
  uint64_t faulty_rows;              /* rows that a study would refuse */

  char **problems; /* [problem_count] sentences */
  size_t problem_count;
  char *text; /* all of this to be printed, lines ending in newlines; control characters
                 and what is not UTF-8 in names are written as \xHH */
} hr_inspection;

/* Looks into the HDF5 file at `path`, in one pass over its spectra, within the memory
 * budget. `options` may be NULL. A file that is HDF5 but cannot be studied is no failure:
 * is_usable is false and the reasons are in `problems`. HR_ERR_MISSING, HR_ERR_FORMAT
 * where it cannot be opened, HR_ERR_INTERRUPTED, HR_ERR_MEMORY. *out is freed with
 * hr_inspection_destroy. */
HR_API hr_status hr_inspect(const char *path, const hr_inspect_options *options,
                            hr_inspection **out, hr_error *err) HR_MUST_CHECK;
HR_API void hr_inspection_destroy(hr_inspection **inspection);

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
