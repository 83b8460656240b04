/* How fast this machine multiplies matrices now: what operations are divided by where
 * somebody is told how long something will take. */
#ifndef HR_COMPUTE_RATE_H
#define HR_COMPUTE_RATE_H

#include "compute/compute.h"

/* The rate of fp32 matrix products of all threads together, in operations a second, as
 * far as other work leaves it: the best of some. 0: not known, for want of memory. Cost:
 * a tenth of a second and 8 MiB a thread. */
double hr_compute_rate(const hr_compute *compute);

#endif
