/* The linear system of a not-a-knot spline, solved once for all values at its nodes
 * (simulate/spline.h). */
#include "simulate/spline.h"

#include <math.h>
#include <string.h>

enum { MOST = HR_SPLINE_MOST_NODES };

/* The equations A m = B y of the second derivatives m (e.g. de Boor 1978, chapter 4):
 * continuity of the first derivative inside, of the third at the two nodes next to the
 * ends. right: [n][n], the matrix B. */
static void set_equations(const hr_spline *spline, double left[MOST][MOST],
                          double right[MOST][MOST]) {
  size_t n = spline->count;
  const double *x = spline->nodes;
  for (size_t i = 1; i + 1 < n; i++) {
    double before = x[i] - x[i - 1], after = x[i + 1] - x[i];
    left[i][i - 1] = before;
    left[i][i] = 2.0 * (before + after);
    left[i][i + 1] = after;
    right[i][i - 1] = 6.0 / before;
    right[i][i] = -6.0 / before - 6.0 / after;
    right[i][i + 1] = 6.0 / after;
  }
  double first = x[1] - x[0], second = x[2] - x[1];
  left[0][0] = second, left[0][1] = -(first + second), left[0][2] = first;
  double last = x[n - 1] - x[n - 2], previous = x[n - 2] - x[n - 3];
  left[n - 1][n - 1] = previous;
  left[n - 1][n - 2] = -(last + previous);
  left[n - 1][n - 3] = last;
}

/* Gauss and Jordan with row pivots: right becomes left^-1 right. */
static void eliminate(size_t n, double left[MOST][MOST], double right[MOST][MOST]) {
  for (size_t k = 0; k < n; k++) {
    size_t pivot = k;
    for (size_t i = k + 1; i < n; i++) {
      if (fabs(left[i][k]) > fabs(left[pivot][k])) pivot = i;
    }
    for (size_t j = 0; j < n; j++) {
      double a = left[k][j], b = right[k][j];
      left[k][j] = left[pivot][j], right[k][j] = right[pivot][j];
      left[pivot][j] = a, right[pivot][j] = b;
    }
    for (size_t i = 0; i < n; i++) {
      if (i == k) continue;
      double factor = left[i][k] / left[k][k];
      for (size_t j = 0; j < n; j++) {
        left[i][j] -= factor * left[k][j];
        right[i][j] -= factor * right[k][j];
      }
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) right[i][j] /= left[i][i];
  }
}

hr_status hr_spline_init(const double *nodes, size_t count, hr_spline *out,
                         hr_error *err) {
  if (count < 4 || count > MOST) {
    return hr_fail(err, HR_ERR_NUMERIC,
                   "a spline needs 4 to %d nodes, and %zu were given", MOST, count);
  }
  for (size_t i = 1; i < count; i++) {
    if (!(nodes[i] > nodes[i - 1])) {
      return hr_fail(err, HR_ERR_NUMERIC, "node %zu of a spline is not above node %zu", i,
                     i - 1);
    }
  }
  double left[MOST][MOST] = {{0}};
  memset(out, 0, sizeof *out);
  out->count = count;
  memcpy(out->nodes, nodes, count * sizeof *nodes);
  set_equations(out, left, out->curvature);
  eliminate(count, left, out->curvature);
  return HR_OK;
}

/* Where x lies: between the nodes i and i + 1, at a share b of the way. */
typedef struct place {
  size_t i;
  double width, a, b; /* a = 1 - b */
} place;

static place locate(const hr_spline *spline, double x) {
  size_t i = 0;
  while (i + 2 < spline->count && x >= spline->nodes[i + 1]) i++;
  double width = spline->nodes[i + 1] - spline->nodes[i];
  double b = (x - spline->nodes[i]) / width;
  return (place){i, width, 1.0 - b, b};
}

/* weights = below * curvature at node i + above * curvature at node i + 1. */
static void mix_curvatures(const hr_spline *spline, size_t i, double below, double above,
                           double *weights) {
  for (size_t j = 0; j < spline->count; j++) {
    weights[j] = below * spline->curvature[i][j] + above * spline->curvature[i + 1][j];
  }
}

void hr_spline_weights(const hr_spline *spline, double x, double *weights) {
  place at = locate(spline, x);
  double a = at.a, b = at.b, square = at.width * at.width / 6.0;
  mix_curvatures(spline, at.i, (a * a * a - a) * square, (b * b * b - b) * square,
                 weights);
  weights[at.i] += a;
  weights[at.i + 1] += b;
}

void hr_spline_slopes(const hr_spline *spline, double x, double *slopes) {
  place at = locate(spline, x);
  double sixth = at.width / 6.0;
  mix_curvatures(spline, at.i, (1.0 - 3.0 * at.a * at.a) * sixth,
                 (3.0 * at.b * at.b - 1.0) * sixth, slopes);
  slopes[at.i] -= 1.0 / at.width;
  slopes[at.i + 1] += 1.0 / at.width;
}
