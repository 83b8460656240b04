/* Training rows that are kept as they are observed, with their noise, by methods that
 * keep no rows else, so that a model of a slot which has not seen them can be asked about
 * them: a random sample of every bin, and of all rows. Where memory is short they wait in
 * a file of the run directory. */
#ifndef HR_METHODS_HELD_ROWS_H
#define HR_METHODS_HELD_ROWS_H

#include "methods/method.h"

typedef struct hr_held_rows hr_held_rows;

/* How many are kept at most. */
typedef struct hr_held_most {
  size_t of_bin; /* each */
  size_t of_all; /* most of them are kept for their bins anyway */
} hr_held_most;

/* Chooses them and makes room for them, of slots that are wanted alone (hr_study_view).
 * HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_held_rows_create(const hr_study_view *study, hr_held_most most,
                              hr_held_rows **out, hr_error *err) HR_MUST_CHECK;
void hr_held_rows_destroy(hr_held_rows **held);

/* Keeps the rows of the block that were chosen; blocks come in order. HR_ERR_IO. */
hr_status hr_held_rows_keep(hr_held_rows *held, const hr_block *block,
                            hr_error *err) HR_MUST_CHECK;

/* Keeps one of them, the next in the order of their numbers, that was kept elsewhere:
 * flux [P]. HR_ERR_IO. */
hr_status hr_held_rows_put(hr_held_rows *held, size_t row, const float *flux, double snr,
                           hr_error *err) HR_MUST_CHECK;

/* Whether all that were chosen have come. */
bool hr_held_rows_are_complete(const hr_held_rows *held);

/* The rows of slot number m, bins first, all rows last: *rows is borrowed, ascending
 * numbers in the study; how many. */
size_t hr_held_rows_of(const hr_held_rows *held, size_t m, const size_t **rows);

/* Of such a row: the noisy flux [P], in `scratch` [P] or where it is kept, NULL where it
 * cannot be read; and the measured ratio. From any thread. */
const float *hr_held_rows_flux(const hr_held_rows *held, size_t row, float *scratch);
double hr_held_rows_snr(const hr_held_rows *held, size_t row);

/* How many rows that will be, but for chance, and the bytes that are kept of each; counts
 * [bins + 1], all rows last. */
size_t hr_held_rows_expect(const size_t *counts, size_t bin_count, hr_held_most most);
double hr_held_rows_bytes(size_t pixels);

#endif
