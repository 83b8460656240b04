/* The test rows that several runs have in common. */
#ifndef HR_COMPARE_JOIN_H
#define HR_COMPARE_JOIN_H

#include "report/run_results.h"

/* Borrows nothing. */
typedef struct hr_join {
  size_t runs;
  size_t count;     /* rows in common, in the order of the first run */
  size_t **row;     /* [runs][count] their numbers in each run */
  bool *is_covered; /* [count] in a bin of every run */
  bool *is_missing; /* [count] out of the scores of some run */
  size_t *alone;    /* [runs] rows of each run that not all others have */
  const char *id;   /* the label that they were joined by; NULL: by row number; borrowed
                       from the first run */
} hr_join;

/* results: [runs], opened with their predictions. Joins by the first label that
 * data.id names in all runs and no two stars share, otherwise by row number. HR_ERR_DATA,
 * naming run and row, where the truth of a row is not the same in all runs, they have
 * other numbers of rows and no id, or no star in common. To be followed by hr_join_fini,
 * on failure too. */
hr_status hr_join_init(hr_join *join, hr_results *const *results, size_t runs,
                       hr_error *err) HR_MUST_CHECK;
void hr_join_fini(hr_join *join);

#endif
