/* Predicting whole files with a bundle of models: the verb `predict` of the program.
 * For spectra in the caller's memory see headroom/model.h. */
#ifndef HEADROOM_PREDICT_H
#define HEADROOM_PREDICT_H

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

typedef enum hr_predict_flux {
  HR_FLUX_AUTO,  /* `noisy` where the file has it, else `flux` */
  HR_FLUX_NOISY, /* the array `noisy` */
  HR_FLUX_FLUX,  /* the array `flux`, as it is */
} hr_predict_flux;

/* What the index of a file's label frame says (docs/formats.md). */
typedef enum hr_predict_index {
  HR_INDEX_IGNORE, /* nothing: row i of the labels belongs to spectrum i */
  HR_INDEX_ROWS,   /* which spectrum a row of labels belongs to, counted from the smallest
                      number, as a study's data.index: rows */
} hr_predict_index;

typedef enum hr_predict_format {
  HR_PREDICT_CSV,
  HR_PREDICT_HDF5,    /* a frame that pandas.read_hdf opens */
  HR_PREDICT_FITS,    /* a binary table PREDICTIONS */
  HR_PREDICT_PFSSTAR, /* a binary table STARCATALOG, with the names of PFS: catId, objId,
                         each label, its Err and Status, flag and status */
  HR_PREDICT_AUTO,    /* as `out` ends: .h5, .hdf5, .fits, .fit; else CSV */
} hr_predict_format;

/* All texts and lists are borrowed for the call. */
typedef struct hr_predict_options {
  size_t size;       /* of this struct; set by the _default function */
  const char *model; /* the bundle, or the run that has it */
  const char *const
      *files; /* [file_count] HDF5, laid out as docs/formats.md says, or FITS
                files of a survey, as docs/survey-files.md says; labels
                are needed for the routers oracle and nearest, and to keep */
  size_t file_count;
  const char *out;    /* the table to write; NULL: predictions.csv, .h5 or .fits */
  const char *router; /* "global", "gate", "gate_<name>", "oracle" or "nearest"; NULL: the
                         bundle's gate where it has one, else global */
  const char *expert; /* a method; NULL: in each slot what validation chose */
  const char *keep;   /* label columns to carry along, "id,ra"; NULL: none */
  hr_predict_flux flux;
  hr_predict_format format; /* HR_ERR_USAGE where `out` ends as another one does */
  uint64_t memory_bytes;    /* for blocks of spectra, beside the models; 0: 512 MiB */
  uint64_t block_rows;      /* rows at a time, 0: as the memory allows */
  hr_predict_index index;
  const char *mask_bits; /* of the masks of surveys' files, which make a pixel bad: names
                            of PFS or numbers, "BAD,CR,SAT"; "none"; NULL: as
                            docs/survey-files.md says */
} hr_predict_options;

static inline hr_predict_options hr_predict_options_default(void) {
  hr_predict_options options = {sizeof(hr_predict_options),
                                NULL,
                                NULL,
                                0,
                                NULL,
                                NULL,
                                NULL,
                                NULL,
                                HR_FLUX_AUTO,
                                HR_PREDICT_AUTO,
                                0,
                                0,
                                HR_INDEX_IGNORE,
                                NULL};
  return options;
}

/* What was done. */
typedef struct hr_predict_summary {
  size_t size;      /* of this struct, set by the caller */
  uint64_t rows;    /* predicted or not */
  uint64_t failed;  /* of them, rows without a prediction */
  uint64_t flagged; /* of the others, rows with any flag */
} hr_predict_summary;

/* Predicts every row of the files, in order, into one table: whole when it is there.
 * Spectra are read once, in blocks; memory does not grow with the rows but by the labels
 * of one file. Rows that cannot be predicted are NaN and flagged, never left out.
 * *text says what was done, freed with hr_text_free; may be NULL. Statuses of
 * hr_model_open; HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_DATA: what is wrong with a file;
 * HR_ERR_INTERRUPTED; HR_ERR_IO; HR_ERR_MEMORY. */
HR_API HR_MUST_CHECK hr_status hr_predict(const hr_predict_options *options,
                                          const hr_observer *observer,
                                          hr_predict_summary *summary, char **text,
                                          hr_error *err);

/* Draws a page for each star that `ids` names, "17,18", into `folder`, which is made
 * where it is not there: star_17.png, .svg, .pdf, and .csv with the numbers drawn. Ids
 * are looked for in the columns that are carried along (keep, and a survey's own ids),
 * and are rows, from 0, where there are none. On the page are the spectrum as the models
 * have it, with its error and flagged pixels; over it the nearest template of the bundle
 * or, where it has none and its pixels are those of PFS, the nearest model spectrum of
 * the program; and of each label what is predicted, what every expert says by itself, and
 * its posterior. No table is written. *text says what was written, freed with
 * hr_text_free; may be NULL. HR_ERR_USAGE: ids that are no whole numbers, or a folder
 * that a run vouches for; HR_ERR_DATA: a star that no file has; else as hr_predict. */
HR_API HR_MUST_CHECK hr_status hr_predict_plot(const hr_predict_options *options,
                                               const char *ids, const char *folder,
                                               const hr_observer *observer, char **text,
                                               hr_error *err);

/* Opens bundle and files, and says what hr_predict would read and write; writes nothing.
 * *plan is freed with hr_text_free. */
HR_API HR_MUST_CHECK hr_status hr_predict_describe(const hr_predict_options *options,
                                                   const hr_observer *observer,
                                                   char **plan, hr_error *err);

#ifdef __cplusplus
}
#endif
#endif
