/* The outcome of a configured expert: its tasks, and what it predicts of every test row,
 * by row number. What choosing and scoring work on; they know nothing of how it was
 * trained. */
#ifndef HR_CHOICE_OUTCOME_H
#define HR_CHOICE_OUTCOME_H

#include "methods/method.h"

/* Predictions of a target of the test rows, by row number. Variant v of row i is
 * mean[v * rows + i]. */
typedef struct hr_predictions {
  size_t rows;      /* N, all of the split */
  size_t variants;  /* V; a task with fewer leaves the others NaN */
  float *mean;      /* [V][N] in the unit of the target; NaN where nobody predicts */
  double *variance; /* [N] of the label given the spectrum, unit squared, NaN where not
                       known; or NULL */
} hr_predictions;

/* All NaN; the variance where it is wanted. To be followed by
 * hr_predictions_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_predictions_init(hr_predictions *predictions, size_t variants, size_t rows,
                              bool has_variance, hr_error *err) HR_MUST_CHECK;
void hr_predictions_fini(hr_predictions *predictions);

/* Variant v of row i. */
static inline float hr_predictions_at(const hr_predictions *predictions, size_t variant,
                                      size_t row) {
  return predictions->mean[variant * predictions->rows + row];
}

enum { HR_OUTCOME_DRAWS = 256 }; /* of every row that has any */

/* Borrowed. Without tasks: not in this build, or not on this machine. */
typedef struct hr_outcome {
  const hr_method *type;
  const void *parameters; /* of the type, borrowed; NULL: not known */
  const hr_fit *fits;     /* [fit_count] */
  size_t fit_count;
  const char *reason; /* where it has no tasks: why; NULL: it is not in this build */
  /* Every row by the model of the bin that it is routed to, NaN where that is not usable;
   * and by the model of all rows. No variants: there are no such models. */
  hr_predictions own, global;
  hr_prior prior; /* that their variances suppose, where they have some */
  /* Draws from the posterior of some covered test rows, as the model of the row's bin has
   * it; none where it has no posterior. */
  const float *draws;      /* [draw_row_count][HR_OUTCOME_DRAWS] unit of the target */
  const size_t *draw_rows; /* [draw_row_count] row numbers of the split, ascending */
  size_t draw_row_count;
} hr_outcome;

/* The outcome's task of a bin (or HR_GLOBAL), whatever its status; NULL: it has none. */
const hr_fit *hr_outcome_fit(const hr_outcome *outcome, int bin);

/* Whether its task of a bin may be chosen among those of all experts: it is usable, has
 * converged and, of a model from elsewhere, was validated; the study's own may be chosen
 * without, where there is no other. */
bool hr_outcome_competes(const hr_outcome *outcome, int bin);

/* As hr_outcome_fit, but NULL unless its status is HR_FIT_OK. */
const hr_fit *hr_outcome_usable(const hr_outcome *outcome, int bin);

#endif
