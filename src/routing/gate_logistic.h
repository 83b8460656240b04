/* Multinomial logistic regression with an L2 penalty, as scikit-learn's
 * LogisticRegression(C, multi_class="multinomial"): the W [K][F] and b [K] that minimise
 *   |W|^2 / 2 + C sum over rows of -ln softmax(W z + b)[bin]
 * by Newton's method with the exact Hessian (Hastie, Tibshirani & Friedman 2009, section
 * 4.4.1), steps halved until they lead down. */
#ifndef HR_ROUTING_GATE_LOGISTIC_H
#define HR_ROUTING_GATE_LOGISTIC_H

#include <stdbool.h>
#include <stdint.h>

#include "compute/compute.h"
#include "headroom/observer.h"

enum {
  HR_LOGISTIC_MOST = 6000
}; /* numbers that are fitted: bins with rows times F + 1 */

typedef struct hr_logistic_problem {
  const hr_compute *compute;
  size_t rows, features, bins;
  const float *z;              /* [rows][features], standardised */
  const int32_t *bin;          /* [rows], 0 .. bins-1 */
  double C;                    /* > 0 */
  const hr_observer *observer; /* NULL: nobody */
} hr_logistic_problem;

typedef struct hr_logistic_result {
  size_t
      iterations;   /* over all rows; those that find a start from some are not counted */
  bool converged;   /* half of the last decrement was below 1e-9 of the objective */
  double objective; /* what is minimised */
} hr_logistic_result;

/* weights: [K][F], bias: [K], present: [K]; bins without rows get 0 and false. Bytes do
 * not depend on the number of threads. HR_ERR_MEMORY, HR_ERR_INTERRUPTED; HR_ERR_NUMERIC
 * where there are more than HR_LOGISTIC_MOST numbers to fit, or no step leads down. Cost
 * of an iteration: rows (K (F + 1))^2 operations. */
hr_status hr_logistic_fit(const hr_logistic_problem *problem, double *weights,
                          double *bias, bool *present, hr_logistic_result *result,
                          hr_error *err) HR_MUST_CHECK;

/* Bytes that it takes at the peak. */
double hr_logistic_bytes(size_t features, size_t bins);

#endif
