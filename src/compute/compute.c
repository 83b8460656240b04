/* Which back end this program computes with: the one place that names it. BLAS, as it is
 * tens of times as fast as plain loops in large products, which is where a study spends
 * its time; the choice costs nothing. */
#include "compute/compute.h"

#include "compute/blas/buffers.h"

const hr_compute *hr_compute_default(void) {
  return &hr_compute_blas;
}

hr_status hr_compute_reserve(hr_error *err) {
  return hr_blas_reserve(err);
}
