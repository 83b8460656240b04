/* Four rows at a time, which share the loads and stores of a vector, and two vectors,
 * which share those of the rows; meanwhile the next four rows are fetched, which the
 * processor does not foresee. Columns in panels were slower, since memory likes rows. A
 * type as wide as two registers would be kept in memory by the compiler, which makes four
 * vectors four times as long: hence a type for each width. */
#include "compute/few.h"

#include <string.h>

#include "core/vector.h"

enum { ROWS = 4, DOUBLES = 8, FLOATS = 16 };

/* The corner on the diagonal, rows and columns i .. end-1. */
static void multiply_corner(size_t n, const double *a, size_t i, size_t end,
                            const double *x, double *y) {
  for (size_t r = i; r < end; r++) {
    y[r] += a[r * n + r] * x[r];
    for (size_t c = r + 1; c < end; c++) {
      y[r] += a[r * n + c] * x[c];
      y[c] += a[r * n + c] * x[r];
    }
  }
}

/* Rows i .. end-1 of Uᵀ y = b, of which the columns before are done. */
static void forward_corner(size_t n, const float *u, size_t i, size_t end, float *b) {
  for (size_t r = i; r < end; r++) {
    b[r] /= u[r * n + r];
    for (size_t c = r + 1; c < end; c++) b[c] -= u[r * n + c] * b[r];
  }
}

/* Rows i .. end-1 of U x = y, from which the columns behind have been taken. */
static void backward_corner(size_t n, const float *u, size_t i, size_t end, float *b) {
  for (size_t r = end; r-- > i;) {
    for (size_t c = r + 1; c < end; c++) b[r] -= u[r * n + c] * b[c];
    b[r] /= u[r * n + r];
  }
}

/* A register of AVX2, or of what other processors have. */
#define HR_FEW(name) name##_narrow
#ifdef __x86_64__
#define HR_FEW_BYTES 32
#else
#define HR_FEW_BYTES 16
#endif
#include "compute/few_rows.h"

HR_NARROW_CLONES
static void multiply_elsewhere(size_t n, const double *a, size_t count,
                               const double *const *x, double *const *y) {
  multiply_narrow(n, a, count, x, y);
}

HR_NARROW_CLONES
static void solve_elsewhere(size_t n, const float *factor, size_t count,
                            float *const *b) {
  solve_narrow(n, factor, count, b);
}

#ifdef HR_AVX512
#define HR_FEW(name) name##_wide
#define HR_FEW_BYTES 64
#include "compute/few_rows.h"

HR_AVX512
static void multiply_avx512(size_t n, const double *a, size_t count,
                            const double *const *x, double *const *y) {
  multiply_wide(n, a, count, x, y);
}

HR_AVX512
static void solve_avx512(size_t n, const float *factor, size_t count, float *const *b) {
  solve_wide(n, factor, count, b);
}
#endif

static void multiply(size_t n, const double *a, size_t count, const double *const *x,
                     double *const *y) {
#ifdef HR_AVX512
  if (__builtin_cpu_supports("avx512f")) {
    multiply_avx512(n, a, count, x, y);
    return;
  }
#endif
  multiply_elsewhere(n, a, count, x, y);
}

void hr_few_symmetric(size_t n, const double *a, size_t count, const double *const *x,
                      double *const *y) {
  size_t whole = n - n % ROWS;
  for (size_t t = 0; t < count; t++) memset(y[t], 0, n * sizeof *y[t]);
  multiply(n, a, count, x, y);
  for (size_t t = 0; t < count; t++) {
    for (size_t i = 0; i < whole; i += ROWS) {
      multiply_corner(n, a, i, i + ROWS, x[t], y[t]);
    }
    multiply_corner(n, a, whole, n, x[t], y[t]);
  }
}

void hr_few_solve_factored(size_t n, const float *factor, size_t count, float *const *b) {
#ifdef HR_AVX512
  if (__builtin_cpu_supports("avx512f")) {
    solve_avx512(n, factor, count, b);
    return;
  }
#endif
  solve_elsewhere(n, factor, count, b);
}
