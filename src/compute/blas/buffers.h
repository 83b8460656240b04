/* The memory that OpenBLAS multiplies in: a buffer of address space for every thread that
 * is in it at a time, kept from then on, and little of it filled. Where there is none to
 * be had 0.3.21 asks again without end, deaf to signals; so it takes them here, below
 * `ulimit -v`, when it is known that there are some. */
#ifndef HR_COMPUTE_BLAS_BUFFERS_H
#define HR_COMPUTE_BLAS_BUFFERS_H

#include "core/error.h"

/* Has OpenBLAS take a buffer for each thread there may be, where the address space of the
 * process is limited; else it takes them when it comes to it. HR_ERR_MEMORY where they
 * would not fit. Once in the life of a process, by who owns it. */
hr_status hr_blas_reserve(hr_error *err) HR_MUST_CHECK;

#endif
