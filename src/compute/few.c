/* Four rows at a time, which share the loads and stores of the vectors; and two or four
 * vectors at a time, of which registers hold the sums. For the vectors behind them the
 * rows come from the cache. Columns in panels were slower, since memory likes rows. */
#include "compute/few.h"

#include <string.h>

#include "core/vector.h"

enum { ROWS = 4, MOST = 4, WIDE = 8, NARROW = 16 };

/* As many elements as the widest registers hold, wherever they lie. */
typedef double wide __attribute__((vector_size(WIDE * sizeof(double)), aligned(8)));
typedef float narrow __attribute__((vector_size(NARROW * sizeof(float)), aligned(4)));

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

/* y += A x for rows i .. i+3 and columns behind them, and the same of the mirrored
 * triangle. `count` is known where this is inlined. */
HR_PART_OF_CLONES void multiply_rows(size_t n, const double *restrict a, size_t i,
                                     size_t count, const double *restrict x,
                                     double *restrict y) {
  const double *row = a + i * n;
  wide sum[2][ROWS] = {{{0}}};
  size_t j = i + ROWS;
  for (; j + WIDE <= n; j += WIDE) {
    const wide a0 = *(const wide *)(row + j), a1 = *(const wide *)(row + n + j);
    const wide a2 = *(const wide *)(row + 2 * n + j);
    const wide a3 = *(const wide *)(row + 3 * n + j);
    for (size_t t = 0; t < count; t++) {
      const double *xi = x + t * n + i;
      const wide xj = *(const wide *)(x + t * n + j);
      wide *yj = (wide *)(y + t * n + j);
      sum[t][0] += a0 * xj;
      sum[t][1] += a1 * xj;
      sum[t][2] += a2 * xj;
      sum[t][3] += a3 * xj;
      *yj = *yj + (a0 * xi[0] + a1 * xi[1]) + (a2 * xi[2] + a3 * xi[3]);
    }
  }
  for (size_t t = 0; t < count; t++) {
    for (size_t r = 0; r < ROWS; r++) {
      double *yr = y + t * n + i + r;
      for (size_t l = 0; l < WIDE; l++) *yr += sum[t][r][l];
      for (size_t c = j; c < n; c++) {
        *yr += row[r * n + c] * x[t * n + c];
        y[t * n + c] += row[r * n + c] * x[t * n + i + r];
      }
    }
  }
}

HR_VECTOR_CLONES
static void multiply(size_t n, const double *a, size_t count, const double *x,
                     double *y) {
  size_t whole = n - n % ROWS;
  for (size_t i = 0; i < whole; i += ROWS) {
    size_t t = 0;
    for (; t + 2 <= count; t += 2) multiply_rows(n, a, i, 2, x + t * n, y + t * n);
    if (count - t == 1) multiply_rows(n, a, i, 1, x + t * n, y + t * n);
  }
}

void hr_few_symmetric(size_t n, const double *a, size_t count, const double *x,
                      double *y) {
  size_t whole = n - n % ROWS;
  memset(y, 0, count * n * sizeof *y);
  multiply(n, a, count, x, y);
  for (size_t t = 0; t < count; t++) {
    for (size_t i = 0; i < whole; i += ROWS) {
      multiply_corner(n, a, i, i + ROWS, x + t * n, y + t * n);
    }
    multiply_corner(n, a, whole, n, x + t * n, y + t * n);
  }
}

/* Rows i .. end-1 of Uᵀ y = b, of which the columns before are done. */
static void forward_corner(size_t n, const float *u, size_t i, size_t end, float *b) {
  for (size_t r = i; r < end; r++) {
    b[r] /= u[r * n + r];
    for (size_t c = r + 1; c < end; c++) b[c] -= u[r * n + c] * b[r];
  }
}

/* Takes y of rows i .. i+3 from what is behind them. */
HR_PART_OF_CLONES void forward_rows(size_t n, const float *restrict u, size_t i,
                                    size_t count, float *restrict b) {
  const float *row = u + i * n;
  size_t j = i + ROWS;
  for (; j + NARROW <= n; j += NARROW) {
    const narrow u0 = *(const narrow *)(row + j), u1 = *(const narrow *)(row + n + j);
    const narrow u2 = *(const narrow *)(row + 2 * n + j);
    const narrow u3 = *(const narrow *)(row + 3 * n + j);
    for (size_t t = 0; t < count; t++) {
      const float *bi = b + t * n + i;
      narrow *bj = (narrow *)(b + t * n + j);
      *bj -= u0 * bi[0] + u1 * bi[1] + (u2 * bi[2] + u3 * bi[3]);
    }
  }
  for (size_t t = 0; t < count; t++) {
    for (size_t c = j; c < n; c++) {
      for (size_t r = 0; r < ROWS; r++) b[t * n + c] -= row[r * n + c] * b[t * n + i + r];
    }
  }
}

/* Rows i .. end-1 of U x = y, from which the columns behind have been taken. */
static void backward_corner(size_t n, const float *u, size_t i, size_t end, float *b) {
  for (size_t r = end; r-- > i;) {
    for (size_t c = r + 1; c < end; c++) b[r] -= u[r * n + c] * b[c];
    b[r] /= u[r * n + r];
  }
}

/* Takes what is behind from rows i .. i+3. */
HR_PART_OF_CLONES void backward_rows(size_t n, const float *restrict u, size_t i,
                                     size_t count, float *restrict b) {
  const float *row = u + i * n;
  narrow sum[MOST][ROWS] = {{{0}}};
  size_t j = i + ROWS;
  for (; j + NARROW <= n; j += NARROW) {
    const narrow u0 = *(const narrow *)(row + j), u1 = *(const narrow *)(row + n + j);
    const narrow u2 = *(const narrow *)(row + 2 * n + j);
    const narrow u3 = *(const narrow *)(row + 3 * n + j);
    for (size_t t = 0; t < count; t++) {
      const narrow bj = *(const narrow *)(b + t * n + j);
      sum[t][0] += u0 * bj;
      sum[t][1] += u1 * bj;
      sum[t][2] += u2 * bj;
      sum[t][3] += u3 * bj;
    }
  }
  for (size_t t = 0; t < count; t++) {
    for (size_t r = 0; r < ROWS; r++) {
      float *br = b + t * n + i + r;
      for (size_t l = 0; l < NARROW; l++) *br -= sum[t][r][l];
      for (size_t c = j; c < n; c++) *br -= row[r * n + c] * b[t * n + c];
    }
  }
}

HR_PART_OF_CLONES void solve(size_t n, const float *u, size_t count, float *b) {
  size_t whole = n - n % ROWS;
  for (size_t i = 0; i < whole; i += ROWS) {
    for (size_t t = 0; t < count; t++) forward_corner(n, u, i, i + ROWS, b + t * n);
    forward_rows(n, u, i, count, b);
  }
  for (size_t t = 0; t < count; t++) {
    forward_corner(n, u, whole, n, b + t * n);
    backward_corner(n, u, whole, n, b + t * n);
  }
  for (size_t i = whole; i > 0; i -= ROWS) {
    backward_rows(n, u, i - ROWS, count, b);
    for (size_t t = 0; t < count; t++) backward_corner(n, u, i - ROWS, i, b + t * n);
  }
}

HR_VECTOR_CLONES
static void solve_all(size_t n, const float *factor, size_t count, float *b) {
  size_t t = 0;
  for (; t + 4 <= count; t += 4) solve(n, factor, 4, b + t * n);
  if (count - t == 3) solve(n, factor, 3, b + t * n);
  if (count - t == 2) solve(n, factor, 2, b + t * n);
  if (count - t == 1) solve(n, factor, 1, b + t * n);
}

void hr_few_solve_factored(size_t n, const float *factor, size_t count, float *b) {
  solve_all(n, factor, count, b);
}
