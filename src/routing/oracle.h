/* Oracle assembly: a prediction for every test row from the tasks of the experts, each
 * row sent by its true bin (or by whatever the split's `route` says). */
#ifndef HR_ROUTING_ORACLE_H
#define HR_ROUTING_ORACLE_H

#include "methods/method.h"

/* What one configured expert brought home; borrowed. Without tasks: not in this build. */
typedef struct hr_outcome {
  const hr_method *type;
  const hr_task *tasks; /* [task_count] */
  size_t task_count;
  const char *reason; /* where it has no tasks: why; NULL: it is not in this build */
} hr_outcome;

/* The outcome's task of a bin (or HR_GLOBAL), whatever its status; NULL: it has none. */
const hr_task *hr_outcome_task(const hr_outcome *outcome, int bin);

/* As hr_outcome_task, but NULL unless its status is HR_FIT_OK. */
const hr_task *hr_outcome_usable(const hr_outcome *outcome, int bin);

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

/* The test rows sorted by their bin, and by their place in their task's predictions. */
typedef struct hr_oracle {
  const hr_split_view *test;  /* borrowed */
  const hr_outcome *outcomes; /* [outcome_count], borrowed */
  size_t outcome_count;
  size_t bin_count;
  size_t *position;    /* [rows] the row's place among the rows of the same route */
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
