/* Ridge as one would write it on paper: an oracle for the tests of the fast versions. */
#ifndef HR_TESTS_LEAST_SQUARES_H
#define HR_TESTS_LEAST_SQUARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct plain_ridge {
  double *weights; /* [P] */
  double intercept;
} plain_ridge;

/* Solves the n x n system a x = b by Gaussian elimination with pivoting; destroys both.
 */
static inline void plain_solve(size_t n, double *a, double *b) {
  for (size_t k = 0; k < n; k++) {
    size_t pivot = k;
    for (size_t i = k + 1; i < n; i++) {
      double x = a[i * n + k], best = a[pivot * n + k];
      if (x * x > best * best) pivot = i;
    }
    for (size_t j = 0; j < n; j++) {
      double swap = a[k * n + j];
      a[k * n + j] = a[pivot * n + j];
      a[pivot * n + j] = swap;
    }
    double swap = b[k];
    b[k] = b[pivot];
    b[pivot] = swap;
    for (size_t i = k + 1; i < n; i++) {
      double factor = a[i * n + k] / a[k * n + k];
      for (size_t j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; j++) b[i] -= a[i * n + j] * b[j];
    b[i] /= a[i * n + i];
  }
}

/* Fits to the rows with use[i] of x [rows][pixels]; the caller frees weights with free.
 */
static inline plain_ridge plain_ridge_fit(const float *x, const double *y,
                                          const bool *use, size_t rows, size_t pixels,
                                          double alpha) {
  double *a = calloc(pixels * pixels, sizeof *a), *mean = calloc(pixels, sizeof *mean);
  double *w = calloc(pixels, sizeof *w), mean_y = 0, count = 0;
  for (size_t i = 0; i < rows; i++) {
    if (!use[i]) continue;
    count++;
    mean_y += y[i];
    for (size_t p = 0; p < pixels; p++) mean[p] += (double)x[i * pixels + p];
  }
  mean_y /= count;
  for (size_t p = 0; p < pixels; p++) mean[p] /= count;
  for (size_t i = 0; i < rows; i++) {
    if (!use[i]) continue;
    const float *row = x + i * pixels;
    for (size_t p = 0; p < pixels; p++) {
      double left = (double)row[p] - mean[p];
      w[p] += left * (y[i] - mean_y);
      for (size_t q = 0; q < pixels; q++)
        a[p * pixels + q] += left * ((double)row[q] - mean[q]);
    }
  }
  for (size_t p = 0; p < pixels; p++) a[p * pixels + p] += alpha;
  plain_solve(pixels, a, w);
  plain_ridge ridge = {w, mean_y};
  for (size_t p = 0; p < pixels; p++) ridge.intercept -= w[p] * mean[p];
  free(a);
  free(mean);
  return ridge;
}

static inline double plain_ridge_predict(const plain_ridge *ridge, const float *row,
                                         size_t pixels) {
  double sum = ridge->intercept;
  for (size_t p = 0; p < pixels; p++) sum += ridge->weights[p] * (double)row[p];
  return sum;
}

#endif
