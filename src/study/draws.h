/* Draws from posteriors: which test rows have them, what the models of their bins give,
 * and what of it comes back from the tasks. They tell whether the posterior is right
 * (score/sbc.h), for which some hundreds of rows are enough. */
#ifndef HR_STUDY_DRAWS_H
#define HR_STUDY_DRAWS_H

#include "methods/method.h"

enum { HR_MOST_DRAWN_ROWS = 500 };

typedef struct hr_test_draws {
  size_t targets;
  size_t count;   /* of the rows with draws; 0: none are wanted */
  size_t *row;    /* [count] their numbers, ascending */
  bool *is_drawn; /* [rows of the split] */
  float *value;   /* [targets][count][HR_PREDICT_DRAWS] NaN until they are known */
  float *block;   /* [targets][block_rows][HR_PREDICT_DRAWS] of the block in question */
  size_t block_rows;
} hr_test_draws;

/* Chooses HR_MOST_DRAWN_ROWS of the covered rows, or all, evenly spread. To be followed
 * by hr_test_draws_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_test_draws_init(hr_test_draws *draws, const hr_split_view *test,
                             size_t targets, hr_error *err) HR_MUST_CHECK;
void hr_test_draws_fini(hr_test_draws *draws);

/* Room for the draws of the block that begins with row `first`, all NaN where a row has
 * any; and what has come into it. HR_ERR_MEMORY. */
hr_status hr_test_draws_open(hr_test_draws *draws, size_t first, size_t rows,
                             hr_error *err) HR_MUST_CHECK;
void hr_test_draws_take(hr_test_draws *draws, size_t first, size_t rows);

/* Where the block's draws of a target go: [block rows][HR_PREDICT_DRAWS]. */
float *hr_test_draws_block(const hr_test_draws *draws, size_t target);

/* Draws of some rows, whose numbers ascend; owned. */
typedef struct hr_row_draws {
  size_t count;
  size_t *row;  /* [count] */
  float *value; /* [count][HR_PREDICT_DRAWS] */
} hr_row_draws;

void hr_row_draws_fini(hr_row_draws *draws);

/* Those of a slot's rows that have any, for one target. To be followed by
 * hr_row_draws_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_test_draws_of_slot(const hr_test_draws *draws, const hr_split_view *test,
                                size_t target, int slot, hr_row_draws *out,
                                hr_error *err) HR_MUST_CHECK;

/* Those of several slots together. The same. */
hr_status hr_row_draws_merge(const hr_row_draws *parts, size_t count, hr_row_draws *out,
                             hr_error *err) HR_MUST_CHECK;

/* Writes folder/draws.f32 and folder/draw_rows.npy, nothing where there are none; and
 * reads them: *good is false where they are not what is written of a split of so many
 * rows. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_row_draws_write(const hr_row_draws *draws, const char *folder,
                             hr_error *err) HR_MUST_CHECK;
hr_status hr_row_draws_read(const char *folder, size_t split_rows, hr_row_draws *out,
                            bool *good, hr_error *err) HR_MUST_CHECK;

#endif
