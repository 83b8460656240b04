/* A dataset: one or more HDF5 shards seen as one table of N spectra of P pixels with
 * labels.
 *
 * Opening reads the labels (a few columns, held in memory) and the wavelength grid, and
 * checks that everything agrees; the spectra stay on disk and are pulled block by block
 * (data/stream.h). File layout: docs/formats.md. */
#ifndef HR_DATA_DATASET_H
#define HR_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/text.h"
#include "data/bins.h"
#include "data/places.h"
#include "data/table_column.h"
#include "headroom/observer.h"

typedef struct hr_dataset hr_dataset;

/* Opens the shards `paths` in this order; row numbers run on from shard to shard.
 * Refuses, naming file and field: a missing file or dataset (HR_ERR_MISSING), damaged
 * HDF5 or pandas frames and wrong types or shapes (HR_ERR_FORMAT), shards whose pixel
 * counts or wavelength grids differ, a file that is named twice (by whatever names),
 * labels and fluxes of different length (HR_ERR_DATA). Warnings (skipped object columns)
 * go to the observer. The dataset is freed with hr_dataset_destroy. */
hr_status hr_dataset_create(const hr_strings *paths, const hr_observer *observer,
                            hr_dataset **out, hr_error *err) HR_MUST_CHECK;
void hr_dataset_destroy(hr_dataset **dataset);

/* The same of spectra to predict: one file, which may lack the error and, unless
 * `with_labels`, the labels, and may hold no spectrum. */
hr_status hr_dataset_open_observed(const char *path, bool with_labels,
                                   const hr_observer *observer, hr_dataset **out,
                                   hr_error *err) HR_MUST_CHECK;

/* The same with arrays in other places or, where the file has none there, in the usual
 * ones; places: NULL: these; copied. */
hr_status hr_dataset_open_observed_at(const char *path, bool with_labels,
                                      const hr_places *places,
                                      const hr_observer *observer, hr_dataset **out,
                                      hr_error *err) HR_MUST_CHECK;

typedef enum hr_labels {
  HR_LABELS_NEEDED,   /* HR_ERR_MISSING for a shard without a frame */
  HR_LABELS_OPTIONAL, /* such a shard lacks all columns */
  HR_LABELS_NONE,     /* no shard is looked at for its frame */
} hr_labels;

/* As hr_dataset_create, which is this with HR_LABELS_NEEDED. */
hr_status hr_dataset_open(const hr_strings *paths, hr_labels labels,
                          const hr_observer *observer, hr_dataset **out,
                          hr_error *err) HR_MUST_CHECK;

/* The same with arrays in other places; places: NULL: the usual ones; copied. */
hr_status hr_dataset_open_at(const hr_strings *paths, hr_labels labels,
                             const hr_places *places, const hr_observer *observer,
                             hr_dataset **out, hr_error *err) HR_MUST_CHECK;

size_t hr_dataset_rows(const hr_dataset *dataset);
size_t hr_dataset_pixels(const hr_dataset *dataset);

/* [P] pixel centres in angstrom, borrowed. */
const double *hr_dataset_wave(const hr_dataset *dataset);

/* [P] FWHM of the line spread in angstrom, borrowed; NULL where not every file tells the
 * same. */
const double *hr_dataset_fwhm(const hr_dataset *dataset);

/* Whether two such, [pixels], are the same. */
bool hr_same_fwhm(const double *a, const double *b, size_t pixels);

/* Whether every shard holds pre-drawn noisy flux (`noisy`). */
bool hr_dataset_has_noisy(const hr_dataset *dataset);

/* Whether it has flux: false only of a file to predict, which holds noisy spectra then.
 */
bool hr_dataset_has_flux(const hr_dataset *dataset);

/* Whether every shard holds the error. */
bool hr_dataset_has_error(const hr_dataset *dataset);

/* Leaves the error aside from here on, as if no shard held it. */
void hr_dataset_drop_error(hr_dataset *dataset);

/* Names of the label columns that every shard has, in the first frame's order; borrowed.
 */
const hr_strings *hr_dataset_label_names(const hr_dataset *dataset);

/* Calls the column `column` `name` from here on. HR_ERR_DATA, naming the first file,
 * where it has no such column of numbers or one of that name already. */
hr_status hr_dataset_rename(hr_dataset *dataset, const char *column, const char *name,
                            hr_error *err) HR_MUST_CHECK;

/* Gives the rows a label from elsewhere, in the place of any column of that name, and
 * takes what the column holds, [N] each. HR_ERR_MEMORY. */
hr_status hr_dataset_put_label(hr_dataset *dataset, const char *name,
                               hr_table_column *column, hr_error *err) HR_MUST_CHECK;

/* Whether the column of that name is such a one. */
bool hr_dataset_is_from_table(const hr_dataset *dataset, const char *name);

/* The column `name`: [N] fp64, borrowed, in the unit of the file. Integers and booleans
 * are converted. HR_ERR_DATA, naming the file and the columns it has, where there is
 * none, or saying what the column holds where that is no numbers; and, where
 * `must_be_finite`, naming the first row that holds NaN or an infinity.
 */
hr_status hr_dataset_label(const hr_dataset *dataset, const char *name,
                           bool must_be_finite, const double **out,
                           hr_error *err) HR_MUST_CHECK;

/* The same as integers, exact to the last digit, where it has such a column of integers
 * in every file and one in every row; else *out is NULL. HR_ERR_DATA where one is
 * 2^63 - 1 or more, as an unsigned one may be: HDF5 makes them all that number; and where
 * some rows have none and others more than 2^53, which would be rounded. */
hr_status hr_dataset_integers(const hr_dataset *dataset, const char *name,
                              const int64_t **out, hr_error *err) HR_MUST_CHECK;

/* Appends what a column of the first shard holds that is no numbers, with the remedy;
 * false where it has no such column of that name. */
bool hr_dataset_describe_other(const hr_dataset *dataset, const char *name, hr_text *out);

/* In what precision the shard number `shard` keeps the column; HR_PRECISION_DOUBLE where
 * it has none of that name. */
hr_precision hr_dataset_precision(const hr_dataset *dataset, const char *name,
                                  size_t shard);

/* bin [N] of the rows by the labels of the axes, each compared in the precision of its
 * shard (data/bins.h): of rows outside the edges HR_UNCOVERED or, where `nearest`, the
 * nearest bin. Fails as hr_dataset_label does. */
hr_status hr_dataset_assign_bins(const hr_dataset *dataset, const hr_axis *axes,
                                 size_t axis_count, bool nearest, int32_t *bin,
                                 hr_error *err) HR_MUST_CHECK;
/* Leaves rows out, as if their file did not have them: left_out [rows] is true for them.
 * The others are numbered anew, in order. HR_ERR_EMPTY where none is left, HR_ERR_MEMORY;
 * the dataset is of no use then. */
hr_status hr_dataset_leave_out(hr_dataset *dataset, const bool *left_out,
                               hr_error *err) HR_MUST_CHECK;

/* From here on streams, and whoever else reads spectra, have them at rest (data/rest.h);
 * all that was read before is not. velocity: [N] km/s, NaN: not known, taken; range:
 * from, to; are_clean: hr_rest. Statuses as hr_rest_init. */
hr_status hr_dataset_bring_to_rest(hr_dataset *dataset, double **velocity,
                                   const double range[2], bool are_clean,
                                   hr_error *err) HR_MUST_CHECK;

/* How, and the velocities [N], borrowed; NULL: they are not brought to rest. */
struct hr_rest; /* data/rest.h */
const struct hr_rest *hr_dataset_rest(const hr_dataset *dataset, const double **velocity);

/* Which shard a row is in: its path (borrowed) and the row's number there, for messages.
 */
const char *hr_dataset_locate(const hr_dataset *dataset, size_t row,
                              size_t *row_in_shard);

/* The row's number over the rows of all files one after the other, from 0, with those
 * that are left out; and how many these are. */
size_t hr_dataset_number(const hr_dataset *dataset, size_t row);
size_t hr_dataset_all_rows(const hr_dataset *dataset);

/* Whether a file of `b` is also one of `a`, by whatever name: *path is its name in `b`
 * (borrowed). */
bool hr_dataset_shares_file(const hr_dataset *a, const hr_dataset *b, const char **path);

/* The index of the labels of shard number s, of whole numbers: [rows of the shard],
 * borrowed; NULL where it has none or another kind. */
const int64_t *hr_dataset_index(const hr_dataset *dataset, size_t shard);

/* Puts the labels of every shard whose index is shuffled in the order of that index, so
 * that row i has the labels of index first + i; to be called before any label is asked
 * for. HR_ERR_DATA, naming the file, where an index is neither in order nor a permutation
 * of neighbouring numbers. */
hr_status hr_dataset_follow_index(hr_dataset *dataset, hr_error *err) HR_MUST_CHECK;

/* What is to be warned of before anything is read, a sentence each: arrays that a file
 * keeps only roughly. Of shards with the same fault the first is named. Freed by the
 * caller with hr_strings_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_dataset_notes(const hr_dataset *dataset, bool chinese, hr_strings *out,
                           hr_error *err) HR_MUST_CHECK;

/* The same, told to the observer. */
hr_status hr_dataset_tell_notes(const hr_dataset *dataset, const hr_observer *observer,
                                hr_error *err) HR_MUST_CHECK;

/* Size of the files in bytes, all shards together. */
uint64_t hr_dataset_file_bytes(const hr_dataset *dataset);

#endif
