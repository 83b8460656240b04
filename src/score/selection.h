/* Choosing who predicts a bin: by cross-validation on training rows, or, as the
 * optimistic ceiling, on the very test rows that are scored. */
#ifndef HR_SCORE_SELECTION_H
#define HR_SCORE_SELECTION_H

#include "choice/oracle.h"
#include "score/metrics.h"

/* Scores of every variant of every usable bin task, on the bin's covered test rows. */
typedef struct hr_variant_scores {
  const hr_oracle *oracle; /* borrowed */
  hr_metrics *items;       /* expert by expert, bin by bin, variant by variant */
  size_t *start;           /* [outcome_count * bin_count] */
} hr_variant_scores;

hr_status hr_variant_scores_create(const hr_oracle *oracle, hr_variant_scores **out,
                                   hr_error *err) HR_MUST_CHECK;
void hr_variant_scores_destroy(hr_variant_scores **scores);

/* Scores of (expert, bin): one a variant, borrowed; meaningless without a usable task. */
const hr_metrics *hr_variant_scores_at(const hr_variant_scores *scores, size_t expert,
                                       size_t bin);

/* What a choice may look at. */
typedef enum hr_selection {
  HR_SELECT_BY_CV,   /* validation R2 of the variant that validation chose */
  HR_SELECT_BY_TEST, /* squared error on the bin's covered test rows, over all variants */
} hr_selection;

enum { HR_ALL_EXPERTS = -1 };

/* choices[k] for every bin: the best usable task of `expert` (HR_ALL_EXPERTS: of any),
 * the earlier one where two are equal; HR_CHOICE_NONE where there is none. Undefined
 * validation R2 counts as the worst. In a bin without covered test rows there is nothing
 * to test on: HR_SELECT_BY_TEST then chooses as HR_SELECT_BY_CV. choices[bin_count] is
 * set to HR_CHOICE_NONE. Among all experts a task that did not converge is never chosen;
 * that of an expert alone is scored as it is. */
void hr_select(const hr_variant_scores *scores, hr_selection selection, int expert,
               hr_choice *choices);

#endif
