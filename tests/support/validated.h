/* The validation rows of a fit whose sigma is learnt from the rows of fold 0: each once,
 * in order, with the residuals that sigma has. */
#ifndef HR_TESTS_VALIDATED_H
#define HR_TESTS_VALIDATED_H

#include <math.h>

#include "data/bins.h"
#include "methods/fit.h"
#include "support/check.h"

/* Of the training rows: truth, bin, fold. */
static inline void check_validated(const hr_fit *fit, const double *y, const int32_t *bin,
                                   const uint8_t *fold) {
  const hr_validation_rows *kept = &fit->validation;
  double square = 0;
  assert_int_equal(kept->count, fit->validated_rows);
  for (size_t i = 0; i < kept->count; i++) {
    size_t row = kept->row[i];
    double miss = y[row] - (double)kept->prediction[i];
    assert_int_equal(bin[row], fit->slot);
    assert_int_equal(fold[row], 0);
    assert_true(i == 0 || row > kept->row[i - 1]);
    square += miss * miss;
  }
  check_near(sqrt(square / (double)kept->count), fit->sigma.all.sigma, 1e-5);
}

#endif
