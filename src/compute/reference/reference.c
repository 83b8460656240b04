/* The kernels as one would write them on paper, to read and to test the others against.
 * Sums are taken in fp64 and rounded once, so a result is as exact as its type allows;
 * no blocking, no threads: some hundred times as slow as BLAS in large products. Memory
 * is the program's own. */
#include <math.h>
#include <string.h>

#include "compute/compute.h"
#include "core/alloc.h"

/* Where op(A)_ik stands in A, and op(B)_kj in B. */
static size_t place_a(const hr_product *p, size_t i, size_t k) {
  return p->transpose_a ? k * p->lda + i : i * p->lda + k;
}

static size_t place_b(const hr_product *p, size_t k, size_t j) {
  return p->transpose_b ? j * p->ldb + k : k * p->ldb + j;
}

static void gemm_f32(const hr_product *p, const float *a, const float *b, float *c) {
  for (size_t i = 0; i < p->m; i++) {
    for (size_t j = 0; j < p->n; j++) {
      double sum = 0;
      for (size_t k = 0; k < p->k; k++) {
        sum += (double)a[place_a(p, i, k)] * (double)b[place_b(p, k, j)];
      }
      float *out = &c[i * p->ldc + j];
      *out = (float)(p->factor * sum + (p->keep != 0 ? p->keep * (double)*out : 0));
    }
  }
}

static void gemm_f64(const hr_product *p, const double *a, const double *b, double *c) {
  for (size_t i = 0; i < p->m; i++) {
    for (size_t j = 0; j < p->n; j++) {
      double sum = 0;
      for (size_t k = 0; k < p->k; k++) {
        sum += a[place_a(p, i, k)] * b[place_b(p, k, j)];
      }
      double *out = &c[i * p->ldc + j];
      *out = p->factor * sum + (p->keep != 0 ? p->keep * *out : 0);
    }
  }
}

static void syrk_f32(const hr_product *p, const float *a, float *c) {
  for (size_t i = 0; i < p->n; i++) {
    for (size_t j = i; j < p->n; j++) {
      double sum = 0;
      for (size_t k = 0; k < p->k; k++) {
        sum += (double)a[place_a(p, i, k)] * (double)a[place_a(p, j, k)];
      }
      float *out = &c[i * p->ldc + j];
      *out = (float)(p->factor * sum + (p->keep != 0 ? p->keep * (double)*out : 0));
    }
  }
}

static void syrk_f64(const hr_product *p, const double *a, double *c) {
  for (size_t i = 0; i < p->n; i++) {
    for (size_t j = i; j < p->n; j++) {
      double sum = 0;
      for (size_t k = 0; k < p->k; k++) {
        sum += a[place_a(p, i, k)] * a[place_a(p, j, k)];
      }
      double *out = &c[i * p->ldc + j];
      *out = p->factor * sum + (p->keep != 0 ? p->keep * *out : 0);
    }
  }
}

static void gemv_f64(size_t m, size_t n, const double *a, const double *x, double *y) {
  for (size_t i = 0; i < m; i++) {
    y[i] = 0;
    for (size_t j = 0; j < n; j++) y[i] += a[i * n + j] * x[j];
  }
}

static double dot_f64(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static double norm_f64(size_t n, const double *x) {
  return sqrt(dot_f64(n, x, x));
}

static void axpy_f64(size_t n, double factor, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

static void scal_f64(size_t n, double factor, double *x) {
  for (size_t i = 0; i < n; i++) x[i] *= factor;
}

/* A = Uᵀ U, row by row (Golub & Van Loan, algorithm 4.2.1). */
static bool factorise_f32(size_t n, float *a) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      double sum = (double)a[i * n + j];
      for (size_t k = 0; k < i; k++) sum -= (double)a[k * n + i] * (double)a[k * n + j];
      if (i == j && !(sum > 0)) return false;
      a[i * n + j] = (float)(i == j ? sqrt(sum) : sum / (double)a[i * n + i]);
    }
  }
  return true;
}

static bool factorise_f64(size_t n, double *a) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < i; k++) sum -= a[k * n + i] * a[k * n + j];
      if (i == j && !(sum > 0)) return false;
      a[i * n + j] = i == j ? sqrt(sum) : sum / a[i * n + i];
    }
  }
  return true;
}

/* V = U⁻¹, upper as well, from the last row up: V U = I. */
static void invert_factor_f32(size_t n, float *factor) {
  for (size_t i = n; i-- > 0;) {
    double diagonal = 1 / (double)factor[i * n + i];
    for (size_t j = n; j-- > i + 1;) {
      double sum = 0;
      for (size_t k = i + 1; k <= j; k++) {
        sum += (double)factor[i * n + k] * (double)factor[k * n + j];
      }
      factor[i * n + j] = (float)(-diagonal * sum);
    }
    factor[i * n + i] = (float)diagonal;
  }
}

static bool solve_definite_f64(size_t n, size_t targets, double *a, double *b) {
  if (!factorise_f64(n, a)) return false;
  for (size_t t = 0; t < targets; t++, b += n) {
    for (size_t i = 0; i < n; i++) {
      for (size_t k = 0; k < i; k++) b[i] -= a[k * n + i] * b[k];
      b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
      for (size_t k = i + 1; k < n; k++) b[i] -= a[i * n + k] * b[k];
      b[i] /= a[i * n + i];
      if (!isfinite(b[i])) return false;
    }
  }
  return true;
}

/* Turns rows and columns p and q of a symmetric matrix, both triangles of which are
 * there, so that element (p, q) becomes 0, and the rows of `vectors` with them. */
static void rotate(size_t n, size_t p, size_t q, double *a, double *vectors) {
  double off = a[p * n + q];
  if (off == 0) return;
  double theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
  double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
  double c = 1 / sqrt(t * t + 1), s = t * c;
  for (size_t k = 0; k < n; k++) {
    double left = a[k * n + p], right = a[k * n + q];
    a[k * n + p] = c * left - s * right;
    a[k * n + q] = s * left + c * right;
  }
  for (size_t k = 0; k < n; k++) {
    double *both[] = {a, vectors};
    for (size_t m = 0; m < 2; m++) {
      double *left = &both[m][p * n + k], *right = &both[m][q * n + k], was = *left;
      *left = c * was - s * *right;
      *right = s * was + c * *right;
    }
  }
}

/* Sorts eigenvalues, and the rows that belong to them, from the smallest to the largest.
 */
static void sort_pairs(size_t n, double *values, double *vectors) {
  for (size_t i = 0; i < n; i++) {
    size_t least = i;
    for (size_t j = i + 1; j < n; j++) {
      if (values[j] < values[least]) least = j;
    }
    double value = values[i];
    values[i] = values[least];
    values[least] = value;
    for (size_t k = 0; k < n; k++) {
      double element = vectors[i * n + k];
      vectors[i * n + k] = vectors[least * n + k];
      vectors[least * n + k] = element;
    }
  }
}

/* Cyclic Jacobi (Golub & Van Loan, algorithm 8.5.3): turns off-diagonal elements to 0 one
 * after the other, which brings the others down quadratically in the end. About ten
 * sweeps of 6 n³ operations. */
static bool eigen_f64(size_t n, double *a, double *values, double *work) {
  enum { MOST_SWEEPS = 60 };
  double *matrix = work, total = 0, off = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++)
      matrix[i * n + j] = a[(i < j ? i : j) * n + (i < j ? j : i)];
  }
  for (size_t i = 0; i < n * n; i++) total += matrix[i] * matrix[i];
  if (!isfinite(total)) return false;
  for (size_t i = 0; i < n * n; i++) a[i] = i % (n + 1) == 0 ? 1 : 0;
  for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    off = 0;
    for (size_t p = 0; p < n; p++) {
      for (size_t q = p + 1; q < n; q++) off += matrix[p * n + q] * matrix[p * n + q];
    }
    if (off <= 1e-32 * total) break;
    for (size_t p = 0; p < n; p++) {
      for (size_t q = p + 1; q < n; q++) rotate(n, p, q, matrix, a);
    }
  }
  for (size_t i = 0; i < n; i++) values[i] = matrix[i * n + i];
  sort_pairs(n, values, a);
  return off <= 1e-32 * total;
}

const hr_compute hr_compute_reference = {
    .name = "reference",
    .allocate = hr_alloc_bytes,
    .release = hr_free,
    .gemm_f32 = gemm_f32,
    .gemm_f64 = gemm_f64,
    .syrk_f32 = syrk_f32,
    .syrk_f64 = syrk_f64,
    .gemv_f64 = gemv_f64,
    .dot_f64 = dot_f64,
    .norm_f64 = norm_f64,
    .axpy_f64 = axpy_f64,
    .scal_f64 = scal_f64,
    .factorise_f32 = factorise_f32,
    .invert_factor_f32 = invert_factor_f32,
    .solve_definite_f64 = solve_definite_f64,
    .eigen_f64 = eigen_f64,
};
