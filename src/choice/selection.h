/* Choosing who predicts a bin: by cross-validation on training rows, which needs no test
 * row, or, as the optimistic ceiling, on the very test rows that are scored. */
#ifndef HR_CHOICE_SELECTION_H
#define HR_CHOICE_SELECTION_H

#include "choice/outcome.h"

/* What a choice may look at. */
typedef enum hr_selection {
  HR_SELECT_BY_CV,   /* validation R2 of the variant that validation chose */
  HR_SELECT_BY_TEST, /* squared error on the bin's covered test rows, over all variants */
} hr_selection;

/* "cv" or "test". */
const char *hr_selection_name(hr_selection selection);

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

/* The squared errors that variants of bin tasks make on the bin's covered test rows. */
typedef struct hr_test_errors {
  const double *sse;   /* expert by expert, bin by bin, variant by variant; NaN: a row is
                          not predicted */
  const size_t *start; /* [outcome_count * bin_count] of the bin task's first variant */
  const size_t *rows;  /* [bin_count] covered test rows */
} hr_test_errors;

/* What is chosen from; borrowed. */
typedef struct hr_candidates {
  const hr_outcome *outcomes; /* [outcome_count] */
  size_t outcome_count;
  size_t bin_count;
  const hr_test_errors *test; /* NULL: nothing is known of test rows */
} hr_candidates;

/* Of any expert; of any but models from elsewhere, which no bundle holds and no gate
 * routes to. */
enum { HR_ALL_EXPERTS = -1, HR_OWN_EXPERTS = -2 };

/* choices[k] for every bin: the best usable task of `expert` (or of any), the earlier one
 * where two are equal; HR_CHOICE_NONE where there is none. Undefined validation R2 counts
 * as the worst. In a bin without covered test rows there is nothing to test on:
 * HR_SELECT_BY_TEST then chooses as HR_SELECT_BY_CV. choices[bin_count] is set to
 * HR_CHOICE_NONE. Among several experts only a task that competes (hr_outcome_competes)
 * is chosen; that of an expert alone is scored as it is. */
void hr_select(const hr_candidates *candidates, hr_selection selection, int expert,
               hr_choice *choices);

#endif
