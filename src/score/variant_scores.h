/* How every variant of every bin task does on the test rows: what choosing on them looks
 * at, and what the tables of settings show. */
#ifndef HR_SCORE_VARIANT_SCORES_H
#define HR_SCORE_VARIANT_SCORES_H

#include "choice/selection.h"
#include "score/metrics.h"
#include "score/row_groups.h"

/* On the bin's covered test rows. */
typedef struct hr_variant_scores {
  size_t bin_count;
  hr_metrics *items; /* expert by expert, bin by bin, variant by variant */
  double *sse;       /* the squared errors of `items` */
  size_t *start;     /* [outcome_count * bin_count] */
} hr_variant_scores;

/* To be followed by hr_variant_scores_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_variant_scores_init(hr_variant_scores *scores,
                                 const hr_candidates *candidates,
                                 const hr_row_groups *groups, const double *target,
                                 hr_error *err) HR_MUST_CHECK;
void hr_variant_scores_fini(hr_variant_scores *scores);

/* Scores of (expert, bin): one a variant, borrowed; meaningless without a usable task. */
const hr_metrics *hr_variant_scores_at(const hr_variant_scores *scores, size_t expert,
                                       size_t bin);

/* The same for choosing; borrows both. */
hr_test_errors hr_variant_scores_errors(const hr_variant_scores *scores,
                                        const hr_row_groups *groups);

#endif
