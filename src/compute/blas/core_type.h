/* Which of OpenBLAS's kernels this process multiplies with.
 *
 * OpenBLAS looks its processor up in a list when it is loaded. One that is newer than the
 * list may be taken for one of twenty years ago: 0.3.21, Debian 12's, takes Emerald
 * Rapids (family 6, model 207) for a Prescott, multiplies at a sixth of the rate and
 * crashes in a triangular solve. So where the processor has vector units that the kernels
 * chosen do not use, OpenBLAS is told which to take, as OPENBLAS_CORETYPE would, before
 * this library's first product: when the library is loaded, which is before main() or as
 * part of dlopen(). Who sets OPENBLAS_CORETYPE is obeyed. */
#ifndef HR_COMPUTE_BLAS_CORE_TYPE_H
#define HR_COMPUTE_BLAS_CORE_TYPE_H

/* The vector units that OpenBLAS's kernels are written for. */
typedef enum hr_vector_units {
  HR_UNITS_OLDER,
  HR_UNITS_AVX2,
  HR_UNITS_AVX512
} hr_vector_units;

/* Those of this processor. */
hr_vector_units hr_vector_units_here(void);

/* The value of OPENBLAS_CORETYPE that makes better use of `units` than the kernels called
 * `chosen` (openblas_get_corename), or NULL where they are as good as any: also for a
 * name that is not known here, which a newer OpenBLAS chose for a newer processor. */
const char *hr_core_type_better(const char *chosen, hr_vector_units units);

/* Has OpenBLAS take the better ones where there are any. Not while anything multiplies:
 * blas.c calls it when the library is loaded. */
void hr_core_type_choose(void);

/* The kernels in use: "SkylakeX". Never freed. */
const char *hr_core_type(void);

#endif
