/* Both fits are a few weighted least squares of at most four unknowns. Where a level is
 * expected the highest coefficient is made smaller by what chance alone would make of it,
 * and then held while those below are fitted anew. */
#include "models/sigma_curve.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { K = HR_SIZE_COEFFICIENTS };

/* Held against each coefficient but the first, as a share of the rows: places that take
 * fewer values than there are coefficients leave some undetermined. */
static const double damping = 1e-6;

/* Of a Gaussian's sizes, the variance of one row's say in the logarithm of a quantile,
 * p(1 − p)/f², f the density of the logarithm there: 0.925 and 0.930 at one and two
 * sigma. Of log s², 2. */
static const double chance_of_quantile = 0.93, chance_of_square = 2;

/* A b = g of the normal equations; the lower half of A counts, and becomes its factor. */
typedef struct equations {
  double a[K][K], g[K];
} equations;

/* Legendre's polynomials. */
static void powers_of(double place, double power[K]) {
  double square = place * place;
  power[0] = 1;
  power[1] = place;
  power[2] = 1.5 * square - 0.5;
  power[3] = place * (2.5 * square - 1.5);
}

static double value_at(const double *coefficient, double place) {
  double power[K], sum = 0;
  powers_of(place, power);
  for (size_t j = 0; j < K; j++) sum += coefficient[j] * power[j];
  return sum;
}

/* One row: its weight, and what it adds to the right side. */
static void add_row(equations *s, double place, double weight, double right) {
  double power[K];
  powers_of(place, power);
  for (size_t i = 0; i < K; i++) {
    s->g[i] += right * power[i];
    for (size_t j = 0; j <= i; j++) s->a[i][j] += weight * power[i] * power[j];
  }
}

/* The first `count` coefficients, by Cholesky's factor. */
static void solve(equations *s, size_t count, double *out) {
  for (size_t i = 1; i < count; i++) s->a[i][i] += damping * s->a[0][0];
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j <= i; j++) {
      for (size_t l = 0; l < j; l++) s->a[i][j] -= s->a[i][l] * s->a[j][l];
      s->a[i][j] = i == j ? sqrt(s->a[i][i]) : s->a[i][j] / s->a[j][j];
    }
  }
  for (size_t i = 0; i < count; i++) {
    out[i] = s->g[i];
    for (size_t l = 0; l < i; l++) out[i] -= s->a[i][l] * out[l];
    out[i] /= s->a[i][i];
  }
  for (size_t i = count; i-- > 0;) {
    for (size_t l = i + 1; l < count; l++) out[i] -= s->a[l][i] * out[l];
    out[i] /= s->a[i][i];
  }
}

/* The first `count` coefficients of a curve are to be found, those behind are held. */
typedef struct fit {
  const hr_size_points *points;
  double p; /* of a quantile */
  size_t count;
  double *coefficient; /* [K] */
} fit;

/* What the coefficients behind say at a place. */
static double held_at(const fit *f, double place) {
  double held[K] = {0};
  for (size_t j = f->count; j < K; j++) held[j] = f->coefficient[j];
  return value_at(held, place);
}

/* Where a fit begins: the mean of log sizes, `times` as large. */
static void fit_mean(const fit *f, double times) {
  equations s = {.g = {0}};
  for (size_t i = 0; i < f->points->count; i++) {
    double place = f->points->place[i];
    add_row(&s, place, 1, times * f->points->log_size[i] - held_at(f, place));
  }
  solve(&s, f->count, f->coefficient);
}

static void fit_quantile(const fit *f) {
  enum { PASSES = 100, A_WIDTH = 10 }; /* after which the corner is half as wide */
  double width = 0.1;
  fit_mean(f, 1);
  for (size_t pass = 0; pass < PASSES; pass++) {
    equations s = {.g = {0}};
    for (size_t i = 0; i < f->points->count; i++) {
      double y = f->points->log_size[i], place = f->points->place[i];
      double weight = 1 / (width + fabs(y - value_at(f->coefficient, place)));
      add_row(&s, place, weight, weight * (y - held_at(f, place)) + 2 * f->p - 1);
    }
    solve(&s, f->count, f->coefficient);
    if (pass % A_WIDTH == A_WIDTH - 1) width /= 2;
  }
}

/* size²/s² of a row. */
static double square_of(const fit *f, const double *coefficient, size_t i) {
  return exp(2 * f->points->log_size[i] - value_at(coefficient, f->points->place[i]));
}

/* Σ log s² + size²/s², the coefficients being those of log s². */
static double deviance(const fit *f, const double *coefficient) {
  double sum = 0;
  for (size_t i = 0; i < f->points->count; i++) {
    sum += value_at(coefficient, f->points->place[i]) + square_of(f, coefficient, i);
  }
  return sum;
}

/* A step from the coefficients. The curvature is half its value and half what is expected
 * of it: the former alone may be next to none, the latter is far too small where one row
 * is far out. */
static void find_step(const fit *f, double step[K]) {
  equations s = {.g = {0}};
  memset(step, 0, K * sizeof *step);
  for (size_t i = 0; i < f->points->count; i++) {
    double square = square_of(f, f->coefficient, i);
    add_row(&s, f->points->place[i], 0.5 + 0.5 * square, square - 1);
  }
  solve(&s, f->count, step);
}

static void fit_square(const fit *f) {
  enum { STEPS = 30 };
  double sum = 0, length = 1;
  fit_mean(f, 2);
  for (size_t i = 0; i < f->points->count; i++) sum += square_of(f, f->coefficient, i);
  f->coefficient[0] += log(sum / (double)f->points->count);
  double least = deviance(f, f->coefficient);
  for (size_t pass = 0; pass < STEPS && length > 1e-2; pass++) {
    double step[K], next[K];
    find_step(f, step);
    for (size_t j = 0; j < K; j++) next[j] = f->coefficient[j] + length * step[j];
    double found = deviance(f, next);
    bool is_better = found < least;
    if (is_better) memcpy(f->coefficient, next, sizeof next), least = found;
    length = is_better ? fmin(1, 2 * length) : length / 2;
  }
}

/* The variance of the last of the coefficients that are fitted, a row's being 1. */
static double variance_of_last(const fit *f) {
  equations s = {.g = {0}};
  double unused[K];
  for (size_t i = 0; i < f->points->count; i++) add_row(&s, f->points->place[i], 1, 0);
  solve(&s, f->count, unused);
  double root = s.a[f->count - 1][f->count - 1];
  return 1 / (root * root);
}

/* James and Stein's share of a coefficient: none where chance would make it as large. */
static double share_kept(double coefficient, double variance) {
  double square = coefficient * coefficient;
  return square > variance ? 1 - variance / square : 0;
}

/* chance: the variance of one row's say in the logarithm that is fitted. */
static hr_size_curve fit_all(const hr_size_points *points, double p, double chance,
                             void (*fit_some)(const fit *f)) {
  hr_size_curve curve = {{0}};
  fit f = {points, p, points->coefficients, curve.coefficient};
  fit_some(&f);
  for (; points->expects_level && f.count > 1; fit_some(&f)) {
    double *last = &curve.coefficient[f.count - 1];
    *last *= share_kept(*last, chance * variance_of_last(&f));
    f.count--;
  }
  return curve;
}

hr_size_curve hr_size_quantile(const hr_size_points *points, double p) {
  return fit_all(points, p, chance_of_quantile, fit_quantile);
}

hr_size_curve hr_size_mean_square(const hr_size_points *points) {
  hr_size_curve curve = fit_all(points, 0, chance_of_square, fit_square);
  for (size_t j = 0; j < K; j++) curve.coefficient[j] /= 2; /* of log s */
  return curve;
}

double hr_size_at(const hr_size_curve *curve, double place) {
  return exp(value_at(curve->coefficient, place));
}
