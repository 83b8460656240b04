/* The test rows sorted by their bin: the groups that everything is scored over. Rows that
 * some method has no prediction for (score/missing.h) are in none. */
#ifndef HR_SCORE_ROW_GROUPS_H
#define HR_SCORE_ROW_GROUPS_H

#include "methods/method.h"

typedef struct hr_row_groups {
  size_t bin_count, rows; /* of the split */
  size_t *row_list;    /* [rows] row numbers, bin by bin, then uncovered rows, then those
                          that are in no group */
  size_t *group_start; /* [bin_count + 2] bin k is row_list[group_start[k]] up to
                          group_start[k + 1]; group bin_count holds the uncovered rows,
                          and the last is the number of rows in groups */
  size_t *group_rows;  /* [bin_count + 1] how many rows each group has */
} hr_row_groups;

/* Bins must be HR_UNCOVERED or below bin_count (score/ledger.h checks that). is_missing:
 * [rows] those that are in no group, or NULL. O(rows). To be followed by
 * hr_row_groups_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_row_groups_init(hr_row_groups *groups, const hr_split_view *test,
                             const bool *is_missing, size_t bin_count,
                             hr_error *err) HR_MUST_CHECK;
void hr_row_groups_fini(hr_row_groups *groups);

/* Rows that have a bin: the first so many of row_list. */
size_t hr_row_groups_covered(const hr_row_groups *groups);

#endif
