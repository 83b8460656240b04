/* Oracle assembly: a prediction for every test row from the tasks of the experts, each
 * row sent by its true bin (or by whatever the split's `route` says). */
#ifndef HR_CHOICE_ORACLE_H
#define HR_CHOICE_ORACLE_H

#include "choice/outcome.h"

/* Who predicts the rows that are routed to a bin. */
typedef enum hr_choice_kind {
  HR_CHOICE_NONE,   /* nobody: NaN */
  HR_CHOICE_EXPERT, /* the bin's own task of an expert */
  HR_CHOICE_GLOBAL, /* the expert's model trained on all rows */
} hr_choice_kind;

typedef struct hr_choice {
  hr_choice_kind kind;
  size_t expert;  /* index into the outcomes */
  size_t variant; /* index into the task's variants */
} hr_choice;

/* The test rows sorted by their bin. */
typedef struct hr_oracle {
  const hr_split_view *test;  /* borrowed */
  const hr_outcome *outcomes; /* [outcome_count], borrowed */
  size_t outcome_count;
  size_t bin_count;
  size_t *row_list;    /* [rows] row numbers, bin by bin, uncovered rows last */
  size_t *group_start; /* [bin_count + 2] bin k is row_list[group_start[k]] up to
                          group_start[k + 1]; group bin_count holds the uncovered rows */
} hr_oracle;

/* Borrows its arguments until destroyed. Bins and routes must be HR_UNCOVERED or below
 * bin_count (score/ledger.h checks that). O(rows). */
hr_status hr_oracle_create(const hr_split_view *test, size_t bin_count,
                           const hr_outcome *outcomes, size_t outcome_count,
                           hr_oracle **out, hr_error *err) HR_MUST_CHECK;
void hr_oracle_destroy(hr_oracle **oracle);

/* Rows that have a bin: the first so many of row_list. */
size_t hr_oracle_covered(const hr_oracle *oracle);

/* Fills prediction[i] for all rows, in the unit of the target; NaN where nobody predicts.
 * choices: [bin_count + 1], the last for rows whose route is HR_UNCOVERED. A choice of a
 * task that is not usable counts as HR_CHOICE_NONE. */
void hr_oracle_assemble(const hr_oracle *oracle, const hr_choice *choices,
                        double *prediction);

#endif
