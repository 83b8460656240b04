/* Predictions of the test rows by the models of one method, target by target. A row is
 * its number: nothing here counts rows of a bin, and what is asked of a model lands where
 * the number says. */
#ifndef HR_STUDY_PREDICT_H
#define HR_STUDY_PREDICT_H

#include "data/stream.h"
#include "methods/method.h"
#include "study/draws.h"
#include "study/whole_groups.h"

/* By row number; NaN where there is no prediction. */
typedef struct hr_row_table {
  size_t rows;                               /* N of the test set */
  size_t variants;                           /* V, of the model that has the most */
  float *mean;                               /* [V][N], in the unit of the target */
  double *variance, *effective, *mean_error; /* [N]; NULL where no model gives them: the
                                                last two are of posteriors alone */
} hr_row_table;

typedef struct hr_test_rows {
  const hr_study_view *view; /* borrowed, as are the next two */
  const hr_split_view *test;
  const hr_trained *trained; /* [targets][slots] */
  size_t slots, targets;
  hr_row_table *own;    /* [targets] each row by the model of its route's bin */
  hr_row_table *global; /* [targets] each by the model of all rows; without variants:
                           there is none */
  bool *is_empty;       /* [N] rows without a good pixel: nothing is predicted */
  bool *is_holed;       /* [N] rows with a pixel whose flux is no number: kept from models
                           that want whole ones */
  hr_test_draws draws;  /* of some of the rows by the models of their bins, where these
                           know the distribution */
  hr_whole_groups groups; /* what the blocks become */
  hr_request *requests;   /* [2][slots][targets], and what they list */
  uint32_t *row;          /* [2 most_rows] */
  size_t most_rows;       /* of a block, so far */
} hr_test_rows;

/* Room for the predictions of all models there are, [targets of the view][slots].
 * Borrows; to be followed by
 * hr_test_rows_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_test_rows_init(hr_test_rows *rows, const hr_study_view *view,
                            const hr_split_view *test, const hr_trained *trained,
                            size_t slots, hr_error *err) HR_MUST_CHECK;
void hr_test_rows_fini(hr_test_rows *rows);

/* Predicts a block of test rows, which come in order; some of them may wait for the next
 * block. Fails as the models do. */
hr_status hr_test_rows_observe(hr_test_rows *rows, const hr_block *block,
                               hr_error *err) HR_MUST_CHECK;

/* How many test rows so far were kept from the models because the flux of a pixel is no
 * number. */
size_t hr_test_rows_kept_back(const hr_test_rows *rows);

/* What is written of a slot: its rows in order of their numbers; owned. */
typedef struct hr_slot_rows {
  size_t rows;
  float *predictions;      /* [variants][rows] */
  double *variance;        /* [rows] or NULL */
  double *details;         /* [rows][HR_DETAILS] or NULL */
  hr_row_draws draws;      /* none of the global model */
  double median_effective; /* NaN: not known */
} hr_slot_rows;

/* The rows of slot `slot` for a target, with so many variants. To be followed by
 * hr_slot_rows_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_slot_rows_init(hr_slot_rows *out, const hr_test_rows *rows, size_t target,
                            int slot, size_t variants, hr_error *err) HR_MUST_CHECK;
void hr_slot_rows_fini(hr_slot_rows *rows);

#endif
