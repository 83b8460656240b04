/* The labels of the test rows that predictions.csv repeats: those of the bins, and those
 * that name a star. */
#ifndef HR_STUDY_ROW_LABELS_H
#define HR_STUDY_ROW_LABELS_H

#include "score/results.h"
#include "study/plan.h"

typedef struct hr_row_labels {
  hr_results_label
      *axes;             /* [plan->view.axis_count]; columns are borrowed from the plan */
  hr_results_label *ids; /* [id_count] those of data.id and, where the study leaves test
                            rows out, `file_row`, their number in the file from 0 */
  size_t id_count;
  double *file_row; /* [test rows] what that borrows; or NULL */
  int64_t *whole_file_row;
} hr_row_labels;

/* Refuses, naming those there are, a label that the test set lacks (HR_ERR_DATA);
 * HR_ERR_MEMORY. To be followed by hr_row_labels_fini, on failure too. */
hr_status hr_row_labels_init(hr_row_labels *labels, const hr_plan *plan,
                             hr_error *err) HR_MUST_CHECK;
void hr_row_labels_fini(hr_row_labels *labels);

#endif
