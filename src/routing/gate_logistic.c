/* Why Newton and not a gradient method: nine bins of 37 features are 342 numbers, whose
 * Hessian is one product of matrices, while the features (sums of others among them) are
 * so nearly dependent that a gradient method takes thousands of passes to the same end.
 * In fp64 throughout: with C = 100 the penalty is 1e-8 of the Hessian, fp32 would lose
 * it.
 *
 * Rows are cut into slices by their number alone and what the slices give is added in
 * their order, so that threads change no bit. The intercepts may all be raised by the
 * same amount at no cost; their sum is held at 0. */
#include "routing/gate_logistic.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/parallel.h"

enum {
  BLOCK_ROWS = 256, /* that are worked on together */
  MOST_SLICES = 16,
  SLICE_BYTES = 1 << 26, /* of all slices' Hessians, at most */
  MANY_ROWS = 16384,     /* above which every SOME_ROWS-th of them finds the start */
  SOME_ROWS = 8,
  MOST_ITERATIONS = 100,
  MOST_HALVINGS = 40,
};

/* Half of the squared Newton decrement, what the objective still has to fall, is less
 * than this share of it when the last step is taken, which squares it. */
static const double enough = 1e-9;

/* Of a step: the share of the fall that its slope promises which it has to bring (Boyd &
 * Vandenberghe 2004, section 9.2), and what rounding may take. */
static const double fair_share = 1e-4, rounding = 1e-13;

typedef struct slice { /* sums over some rows */
  double loss;
  double *gradient; /* [n] */
  double *hessian;  /* [n][n], the upper triangle */
} slice;

typedef struct fitting {
  const hr_logistic_problem *problem;
  size_t classes, width, n; /* J bins with rows, D = 1 + F, n = J D */
  int32_t *class_of;        /* [bins], -1: no rows */
  size_t stride, rows;      /* every stride-th row, so many of them */
  double C;
  size_t slice_count, slice_rows;
  slice slices[MOST_SLICES];
  double *sums; /* what slices stand on */
  bool wants_hessian;
  const double *theta; /* [J][D], intercept first */
  double *block;       /* [threads][BLOCK_ROWS][D + J + n] */
  double *step;        /* [n] minus the gradient, then Newton's step */
  bool is_solved;
} fitting;

static size_t block_numbers(const fitting *f) {
  return BLOCK_ROWS * (f->width + f->classes + f->n);
}

static void take_rows(const fitting *f, size_t first, size_t count, double *x) {
  size_t features = f->problem->features;
  for (size_t i = 0; i < count; i++, x += f->width) {
    const float *z = f->problem->z + (first + i) * f->stride * features;
    x[0] = 1;
    for (size_t j = 0; j < features; j++) x[1 + j] = (double)z[j];
  }
}

/* Of one row: its logits become its probabilities; returns -ln of its class's. */
static double softmax(size_t classes, size_t truth, double *logits) {
  double largest = logits[0], sum = 0, of_truth = logits[truth];
  for (size_t j = 1; j < classes; j++) largest = fmax(largest, logits[j]);
  for (size_t j = 0; j < classes; j++) {
    logits[j] = exp(logits[j] - largest);
    sum += logits[j];
  }
  for (size_t j = 0; j < classes; j++) logits[j] /= sum;
  return log(sum) - (of_truth - largest);
}

/* sum over rows of (diag(p) - p pT) (x) x xT: the block of each class with itself, less
 * the square of u = p (x) x. p: [rows][J], u: [rows][n] to be filled. */
static void add_hessian(const fitting *f, size_t rows, const double *x, const double *p,
                        double *u, double *hessian) {
  const hr_compute *compute = f->problem->compute;
  size_t width = f->width, n = f->n;
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < f->classes; j++) {
      double *to = u + i * n + j * width, weight = p[i * f->classes + j];
      for (size_t d = 0; d < width; d++) to[d] = weight * x[i * width + d];
    }
  }
  const hr_product square = {.n = n,
                             .k = rows,
                             .transpose_a = true,
                             .lda = n,
                             .ldc = n,
                             .factor = -1,
                             .keep = 1};
  const hr_product own = {.m = width,
                          .n = width,
                          .k = rows,
                          .transpose_a = true,
                          .lda = width,
                          .ldb = n,
                          .ldc = n,
                          .factor = 1,
                          .keep = 1};
  compute->syrk_f64(&square, u, hessian);
  for (size_t j = 0; j < f->classes; j++) {
    compute->gemm_f64(&own, x, u + j * width, hessian + j * width * (n + 1));
  }
}

static void add_block(const fitting *f, size_t first, size_t count, double *block,
                      slice *s) {
  const hr_compute *compute = f->problem->compute;
  double *x = block, *p = x + BLOCK_ROWS * f->width, *u = p + BLOCK_ROWS * f->classes;
  const hr_product logits = {.m = count,
                             .n = f->classes,
                             .k = f->width,
                             .transpose_b = true,
                             .lda = f->width,
                             .ldb = f->width,
                             .ldc = f->classes,
                             .factor = 1};
  const hr_product gradient = {.m = f->classes,
                               .n = f->width,
                               .k = count,
                               .transpose_a = true,
                               .lda = f->classes,
                               .ldb = f->width,
                               .ldc = f->width,
                               .factor = 1,
                               .keep = 1};
  take_rows(f, first, count, x);
  compute->gemm_f64(&logits, x, f->theta, p);
  for (size_t i = 0; i < count; i++) {
    int32_t bin = f->problem->bin[(first + i) * f->stride];
    s->loss += softmax(f->classes, (size_t)f->class_of[bin], p + i * f->classes);
  }
  if (!f->wants_hessian) return;
  add_hessian(f, count, x, p, u, s->hessian);
  for (size_t i = 0; i < count; i++) {
    int32_t bin = f->problem->bin[(first + i) * f->stride];
    p[i * f->classes + (size_t)f->class_of[bin]] -= 1;
  }
  compute->gemm_f64(&gradient, p, x, s->gradient);
}

static void add_slice(void *context, size_t number, size_t thread) {
  fitting *f = context;
  slice *s = &f->slices[number];
  size_t first = number * f->slice_rows, end = first + f->slice_rows;
  if (end > f->rows) end = f->rows;
  s->loss = 0;
  if (f->wants_hessian) {
    memset(s->gradient, 0, f->n * sizeof *s->gradient);
    memset(s->hessian, 0, f->n * f->n * sizeof *s->hessian);
  }
  for (size_t at = first; at < end; at += BLOCK_ROWS) {
    size_t count = end - at < BLOCK_ROWS ? end - at : BLOCK_ROWS;
    add_block(f, at, count, f->block + thread * block_numbers(f), s);
  }
}

/* The objective at theta; with a Hessian the sums of the slices are gathered in the first
 * of them. */
static double evaluate(fitting *f, const double *theta, bool wants_hessian) {
  slice *all = &f->slices[0];
  f->theta = theta;
  f->wants_hessian = wants_hessian;
  hr_parallel_for(f->slice_count, add_slice, f);
  double loss = 0, square = 0;
  for (size_t s = 0; s < f->slice_count; s++) loss += f->slices[s].loss;
  for (size_t s = 1; wants_hessian && s < f->slice_count; s++) {
    for (size_t i = 0; i < f->n; i++) all->gradient[i] += f->slices[s].gradient[i];
    for (size_t i = 0; i < f->n * f->n; i++) all->hessian[i] += f->slices[s].hessian[i];
  }
  for (size_t i = 0; i < f->n; i++) {
    if (i % f->width != 0) square += theta[i] * theta[i];
  }
  return f->C * loss + 0.5 * square;
}

static void solve(void *context, size_t number, size_t thread) {
  (void)number, (void)thread;
  fitting *f = context;
  f->is_solved =
      f->problem->compute->solve_definite_f64(f->n, 1, f->slices[0].hessian, f->step);
}

/* The step of Newton's method, and the square of its decrement; the gradient and the
 * Hessian are those of the slices' sums. NaN: the system cannot be solved. */
static double find_step(fitting *f, const double *theta) {
  slice *all = &f->slices[0];
  double hold = f->C * (double)f->rows, square = 0;
  for (size_t i = 0; i < f->n; i++) {
    bool is_intercept = i % f->width == 0;
    double *row = all->hessian + i * f->n;
    for (size_t j = i; j < f->n; j++) {
      row[j] *= f->C;
      if (is_intercept && j % f->width == 0) row[j] += hold;
    }
    if (!is_intercept) row[i] += 1;
    all->gradient[i] = f->C * all->gradient[i] + (is_intercept ? 0 : theta[i]);
    f->step[i] = -all->gradient[i];
  }
  hr_parallel_for(1, solve, f); /* so that LAPACK has one thread */
  if (!f->is_solved) return (double)NAN;
  for (size_t i = 0; i < f->n; i++) square -= all->gradient[i] * f->step[i];
  return square;
}

/* Goes as far along the step as leads down; false where nothing does. */
static bool descend(fitting *f, double *theta, double *next, double decrement,
                    double *objective) {
  double share = 1;
  for (int half = 0; half < MOST_HALVINGS; half++, share *= 0.5) {
    for (size_t i = 0; i < f->n; i++) next[i] = theta[i] + share * f->step[i];
    double value = evaluate(f, next, false);
    double most = *objective - fair_share * share * decrement + rounding * *objective;
    if (!(value <= most)) continue;
    memcpy(theta, next, f->n * sizeof *theta);
    *objective = value;
    return true;
  }
  return false;
}

static hr_status tell(const fitting *f, size_t iteration, hr_error *err) {
  const hr_progress progress = {
      .stage = "training the logistic gate", .unit = "steps", .done = iteration};
  return hr_observe_progress(f->problem->observer, &progress, err);
}

/* theta: [n], the start and the end; next: [n] scratch space. */
static hr_status iterate(fitting *f, double *theta, double *next,
                         hr_logistic_result *result, hr_error *err) {
  hr_status status = HR_OK;
  *result = (hr_logistic_result){0};
  result->objective = evaluate(f, theta, true);
  while (!result->converged && result->iterations < MOST_ITERATIONS) {
    HR_TRY(tell(f, result->iterations, err));
    double decrement = find_step(f, theta);
    bool is_near = 0.5 * decrement <= enough * result->objective;
    bool fell = isfinite(decrement) && isfinite(result->objective) &&
                descend(f, theta, next, decrement, &result->objective);
    if (!fell && !is_near) {
      return hr_fail(err, HR_ERR_NUMERIC,
                     "the logistic gate cannot be trained: no step leads down after %zu",
                     result->iterations);
    }
    result->converged = is_near;
    result->iterations++;
    if (!is_near) result->objective = evaluate(f, theta, true);
  }
cleanup:
  return status;
}

/* Takes every stride-th row, with the same weight of the rows together. */
static void take(fitting *f, size_t stride) {
  f->stride = stride;
  f->rows = (f->problem->rows + stride - 1) / stride;
  f->C = f->problem->C * (double)f->problem->rows / (double)f->rows;
  f->slice_rows = (f->rows + f->slice_count - 1) / f->slice_count;
}

static size_t count_slices(size_t n) {
  size_t slices = SLICE_BYTES / (n * n * sizeof(double));
  if (slices < 1) slices = 1;
  return slices < MOST_SLICES ? slices : MOST_SLICES;
}

double hr_logistic_bytes(size_t features, size_t bins) {
  size_t n = bins * (1 + features), slices = count_slices(n);
  size_t sums = slices * n * (n + 1) + 3 * n;
  size_t blocks = hr_thread_count() * BLOCK_ROWS * (1 + features + bins + n);
  return (double)((sums + blocks) * sizeof(double));
}

static void find_classes(fitting *f, bool *present) {
  const hr_logistic_problem *problem = f->problem;
  for (size_t k = 0; k < problem->bins; k++) present[k] = false;
  for (size_t i = 0; i < problem->rows; i++) present[problem->bin[i]] = true;
  for (size_t k = 0; k < problem->bins; k++) {
    f->class_of[k] = present[k] ? (int32_t)f->classes++ : -1;
  }
  f->width = 1 + problem->features;
  f->n = f->classes * f->width;
}

static hr_status make_room(fitting *f, hr_error *err) {
  hr_status status = HR_OK;
  size_t each = f->n * (f->n + 1);
  f->slice_count = count_slices(f->n);
  HR_TRY(hr_alloc(&f->sums, f->slice_count * each, err));
  HR_TRY(hr_alloc(&f->step, f->n, err));
  HR_TRY(hr_alloc(&f->block, hr_thread_count() * block_numbers(f), err));
  for (size_t s = 0; s < f->slice_count; s++) {
    f->slices[s].gradient = f->sums + s * each;
    f->slices[s].hessian = f->sums + s * each + f->n;
  }
cleanup:
  return status;
}

static void give(const fitting *f, const double *theta, double *weights, double *bias) {
  size_t features = f->problem->features;
  for (size_t k = 0; k < f->problem->bins; k++) {
    if (f->class_of[k] < 0) continue;
    const double *row = theta + (size_t)f->class_of[k] * f->width;
    bias[k] = row[0];
    memcpy(weights + k * features, row + 1, features * sizeof *weights);
  }
}

hr_status hr_logistic_fit(const hr_logistic_problem *problem, double *weights,
                          double *bias, bool *present, hr_logistic_result *result,
                          hr_error *err) {
  hr_status status = HR_OK;
  fitting f = {.problem = problem};
  double *theta = NULL, *next = NULL;
  memset(weights, 0, problem->bins * problem->features * sizeof *weights);
  memset(bias, 0, problem->bins * sizeof *bias);
  *result = (hr_logistic_result){.converged = true};
  HR_TRY(hr_alloc(&f.class_of, problem->bins, err));
  find_classes(&f, present);
  if (f.classes < 2) goto cleanup; /* one bin weighs 1 whatever its numbers */
  if (f.n > HR_LOGISTIC_MOST) {
    HR_TRY(hr_fail(err, HR_ERR_NUMERIC,
                   "a logistic gate of %zu bins and %zu features has %zu numbers to fit, "
                   "more than %d; take fewer bins, or the MLP gate",
                   f.classes, problem->features, f.n, HR_LOGISTIC_MOST));
  }
  HR_TRY(make_room(&f, err));
  HR_TRY(hr_alloc(&theta, f.n, err));
  HR_TRY(hr_alloc(&next, f.n, err));
  if (problem->rows > MANY_ROWS) {
    take(&f, SOME_ROWS);
    HR_TRY(iterate(&f, theta, next, result, err));
  }
  take(&f, 1);
  HR_TRY(iterate(&f, theta, next, result, err));
  give(&f, theta, weights, bias);
cleanup:
  hr_free(f.class_of);
  hr_free(f.sums);
  hr_free(f.block);
  hr_free(theta);
  hr_free(next);
  hr_free(f.step);
  return status;
}
