/* A part of a dataset's rows, drawn at random: what a learning curve is made of. */
#ifndef HR_DATA_DRAWN_ROWS_H
#define HR_DATA_DRAWN_ROWS_H

#include "data/dataset.h"

/* Leaves out all but `count` rows of a dataset of training rows. Every row has a random
 * number of its own, by the seed and its number over all shards, and those with the
 * smallest are taken: fewer rows are some of more, and files that are ordered by a label
 * are no trouble. Rows that are left are numbered anew, in order (hr_dataset_leave_out).
 * HR_ERR_DATA where the dataset has fewer rows; HR_ERR_MEMORY. Cost: a sort of all rows,
 * 17 bytes each for the time of the call. */
hr_status hr_draw_rows(hr_dataset *dataset, size_t count, uint64_t seed,
                       hr_error *err) HR_MUST_CHECK;

#endif
