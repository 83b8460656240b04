/* Multinomial logistic regression with an L2 penalty, as scikit-learn's
 * LogisticRegression(C, multi_class="multinomial"): the W [K][F], b [K] that minimise
 *   |W|^2 / 2 + C sum over rows of -ln softmax(W z + b)[bin]
 * by Newton's method with the exact Hessian and step halving. */
#ifndef HR_ROUTING_GATE_LOGISTIC_H
#define HR_ROUTING_GATE_LOGISTIC_H

#include <stdbool.h>
#include <stdint.h>

#include "compute/compute.h"
#include "headroom/observer.h"

typedef struct hr_logistic_problem {
  const hr_compute *compute;
  size_t rows, features, bins;
  const float *z;              /* [rows][features], standardised */
  const int32_t *bin;          /* [rows], 0 .. bins-1 */
  double C;                    /* > 0 */
  const hr_observer *observer; /* NULL: nobody */
} hr_logistic_problem;

typedef struct hr_logistic_result {
  size_t iterations;
  bool converged;   /* the largest gradient is below 1e-6 of the rows' weight C N */
  double objective; /* the sum above */
} hr_logistic_result;

/* weights: [K][F], bias: [K], present: [K]; bins without rows get 0 and false. Bytes do
 * not depend on the number of threads. Memory: (K (F + 1))^2 doubles a thread;
 * HR_ERR_MEMORY, HR_ERR_INTERRUPTED, HR_ERR_NUMERIC where no step leads down. */
hr_status hr_logistic_fit(const hr_logistic_problem *problem, double *weights,
                          double *bias, bool *present, hr_logistic_result *result,
                          hr_error *err) HR_MUST_CHECK;

#endif
