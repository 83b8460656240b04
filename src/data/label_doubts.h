/* What labels give to doubt before a spectrum is read. */
#ifndef HR_DATA_LABEL_DOUBTS_H
#define HR_DATA_LABEL_DOUBTS_H

#include "data/doubts.h"
#include "data/look.h"

/* Values at an end of a label that are farther from all others than those are from each
 * other: -9999, -99, 999. One row may be a rare star; the same value in several is a
 * mark. */
typedef struct hr_far_value {
  double value;
  double low, high;   /* of a cluster with digits of its own; both `value` where all rows
                         hold that */
  size_t rows;        /* that hold it, or one of the cluster */
  size_t first_row;   /* the first of them */
  bool is_mark;       /* as programs write what they do not have: -9999, 99.9 */
  bool is_near;       /* one value in several rows, apart from others that hardly repeat,
                         but by less than their range */
  double least, most; /* of the other values, far ones left out */
} hr_far_value;

enum { HR_MOST_FAR_VALUES = 4 };

/* The far values among values [rows] (NaN are passed over): how many, in `out`. A value
 * is far where its distance to the next is the range of the others, and 10 times that
 * where one row alone holds it and it is no mark; where half of the rows or more hold it,
 * only a mark is. Three rows or more within a hundredth of that distance count as one
 * value. Nearer values are told of where three rows or more hold one, five times as many
 * as hold any other, a twentieth of the range away. HR_ERR_MEMORY. */
hr_status hr_find_far_values(const double *values, size_t rows,
                             hr_far_value out[HR_MOST_FAR_VALUES], size_t *count,
                             hr_error *err) HR_MUST_CHECK;

/* The same of a label column of a dataset as doubts; refused where `refuses`, more
 * than one row hold the value and it is not near. HR_ERR_MEMORY. */
hr_status hr_doubt_label(const hr_dataset *dataset, const char *name, bool refuses,
                         hr_doubts *doubts, hr_error *err) HR_MUST_CHECK;

/* Files whose labels' index is a permutation out of order. Where flux over error goes
 * with the label `snr` as the rows stand there is no doubt; where it does as the index
 * says, refused; where neither can be told, a warning. HR_ERR_MEMORY. */
hr_status hr_doubt_indices(const hr_look *look, hr_doubts *doubts,
                           hr_error *err) HR_MUST_CHECK;

#endif
