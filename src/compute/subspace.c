/* Everything but the product with A, which is the caller's, is a product with W of a few
 * vectors, some percent of the work, by BLAS. */
#include "compute/subspace.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

/* What is left of a direction that is as good as in the space already. */
static const double nothing_new = 1e-6;

struct hr_subspace {
  const hr_compute *compute;
  size_t order, room, count;
  size_t offered;      /* vectors behind the basis, which are not of it yet */
  double *basis;       /* W [room][n], orthonormal */
  double *image;       /* W A [room][n] */
  double *energy;      /* G [room][room] */
  double *system;      /* [room][room] G + alpha I */
  double *right_side;  /* [TOGETHER][room] */
  double *coefficient; /* [TOGETHER][room] */
};

hr_status hr_subspace_create(size_t most, const hr_compute *compute, hr_subspace **out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_subspace *s = NULL;
  HR_TRY(hr_alloc(&s, 1, err));
  s->compute = compute;
  s->room = HR_SUBSPACE_DIRECTIONS;
  HR_TRY(hr_compute_alloc(compute, &s->basis, s->room * most, err));
  HR_TRY(hr_compute_alloc(compute, &s->image, s->room * most, err));
  HR_TRY(hr_compute_alloc(compute, &s->energy, s->room * s->room, err));
  HR_TRY(hr_compute_alloc(compute, &s->system, s->room * s->room, err));
  HR_TRY(hr_compute_alloc(compute, &s->right_side, HR_SUBSPACE_TOGETHER * s->room, err));
  HR_TRY(hr_compute_alloc(compute, &s->coefficient, HR_SUBSPACE_TOGETHER * s->room, err));
  *out = s;
  s = NULL;
cleanup:
  hr_subspace_destroy(&s);
  return status;
}

void hr_subspace_destroy(hr_subspace **subspace) {
  hr_subspace *s = *subspace;
  *subspace = NULL;
  if (!s) return;
  hr_compute_free(s->compute, s->basis);
  hr_compute_free(s->compute, s->image);
  hr_compute_free(s->compute, s->energy);
  hr_compute_free(s->compute, s->system);
  hr_compute_free(s->compute, s->right_side);
  hr_compute_free(s->compute, s->coefficient);
  hr_free(s);
}

double hr_subspace_bytes(size_t most) {
  double room = HR_SUBSPACE_DIRECTIONS;
  return 16 * room * (room + HR_SUBSPACE_TOGETHER + (double)most);
}

void hr_subspace_begin(hr_subspace *s, size_t order) {
  s->order = order;
  s->count = s->offered = 0;
}

void hr_subspace_clear(hr_subspace *s) {
  s->count = 0;
}

size_t hr_subspace_count(const hr_subspace *s) {
  return s->count;
}

bool hr_subspace_has_room(const hr_subspace *s, size_t count) {
  return s->count + count <= s->room;
}

/* Out [count][k] = vectors [count][n] times Wᵀ, or the images'. */
static void project(const hr_subspace *s, size_t count, const double *vectors,
                    const double *onto, double *out) {
  const hr_product shape = {.m = count,
                            .n = s->count,
                            .k = s->order,
                            .transpose_b = true,
                            .lda = s->order,
                            .ldb = s->order,
                            .ldc = s->room,
                            .factor = 1};
  if (s->count > 0) s->compute->gemm_f64(&shape, vectors, onto, out);
}

/* Vectors [count][n] −= coefficient [count][k] W, or the images. */
static void subtract(const hr_subspace *s, size_t count, const double *coefficient,
                     const double *from, double *vectors) {
  const hr_product shape = {.m = count,
                            .n = s->order,
                            .k = s->count,
                            .lda = s->room,
                            .ldb = s->order,
                            .ldc = s->order,
                            .factor = -1,
                            .keep = 1};
  if (s->count > 0) s->compute->gemm_f64(&shape, coefficient, from, vectors);
}

/* Takes from vector number `at` what vectors [first, at) hold of it. */
static void take_apart(hr_subspace *s, size_t first, size_t at) {
  size_t n = s->order;
  double *vector = s->basis + at * n;
  for (size_t j = first; j < at; j++) {
    double part = s->compute->dot_f64(n, s->basis + j * n, vector);
    s->compute->axpy_f64(n, -part, s->basis + j * n, vector);
  }
}

/* Gives vector number `at` the length 1; false: there is nothing new in it. */
static bool normalise(hr_subspace *s, size_t at, double whole) {
  size_t n = s->order;
  double rest = s->compute->norm_f64(n, s->basis + at * n);
  if (!(rest > nothing_new * whole) || !isfinite(rest)) return false;
  s->compute->scal_f64(n, 1 / rest, s->basis + at * n);
  return true;
}

/* Makes the `count` vectors behind the basis orthonormal, and says how many are new;
 * these come first. */
static size_t orthonormalise(hr_subspace *s, size_t count) {
  size_t n = s->order, old = s->count, added = 0;
  double whole[HR_SUBSPACE_TOGETHER], *vectors = s->basis + old * n;
  for (size_t i = 0; i < count; i++) whole[i] = s->compute->norm_f64(n, vectors + i * n);
  for (int turn = 0; turn < 2; turn++) {
    project(s, count, vectors, s->basis, s->coefficient);
    subtract(s, count, s->coefficient, s->basis, vectors);
  }
  for (size_t i = 0; i < count; i++) {
    double *to = vectors + added * n;
    if (added < i) memcpy(to, vectors + i * n, n * sizeof *to);
    for (int turn = 0; turn < 2; turn++) take_apart(s, old, old + added);
    added += normalise(s, old + added, whole[i]);
  }
  return added;
}

size_t hr_subspace_offer(hr_subspace *s, size_t count, const double *directions,
                         const double **x, double **y) {
  size_t n = s->order, end = s->count * n;
  memcpy(s->basis + end, directions, count * n * sizeof *directions);
  s->offered = orthonormalise(s, count);
  for (size_t i = 0; i < s->offered; i++) {
    x[i] = s->basis + end + i * n;
    y[i] = s->image + end + i * n;
  }
  return s->offered;
}

/* Of G the upper triangle is kept. */
void hr_subspace_extend(hr_subspace *s) {
  size_t old = s->count, added = s->offered;
  s->count += added;
  s->offered = 0;
  project(s, added, s->image + old * s->order, s->basis, s->right_side);
  for (size_t i = 0; i < added; i++) {
    for (size_t j = 0; j <= old + i; j++) {
      s->energy[j * s->room + old + i] = s->right_side[i * s->room + j];
    }
  }
}

/* y of the systems [first, last), which share an alpha, from the right sides. */
static bool solve_alike(hr_subspace *s, double alpha, size_t first, size_t last) {
  size_t k = s->count, count = last - first;
  double *y = s->coefficient + first * s->room;
  for (size_t i = 0; i < k; i++) {
    for (size_t j = i; j < k; j++) s->system[i * k + j] = s->energy[i * s->room + j];
    s->system[i * k + i] += alpha;
  }
  for (size_t i = 0; i < count; i++) {
    memcpy(y + i * k, s->right_side + (first + i) * s->room, k * sizeof *y);
  }
  if (!s->compute->solve_definite_f64(k, count, s->system, y)) return false;
  for (size_t i = count; i-- > 1;) memmove(y + i * s->room, y + i * k, k * sizeof *y);
  return true;
}

/* Takes (A W + alpha W) y from the residuals. */
static void follow(hr_subspace *s, const hr_subspace_systems *of) {
  size_t k = s->count;
  for (size_t i = 0; i < of->count; i++) {
    const double *y = s->coefficient + i * s->room, *b = s->right_side + i * s->room;
    double *solution = of->solution + i * s->room;
    of->gain[i] = k > 0 ? s->compute->dot_f64(k, y, b) : 0;
    for (size_t j = 0; j < k; j++) solution[j] += y[j];
  }
  subtract(s, of->count, s->coefficient, s->image, of->residual);
  for (size_t i = 0; i < of->count; i++) {
    s->compute->scal_f64(k, of->alpha[i], s->coefficient + i * s->room);
  }
  subtract(s, of->count, s->coefficient, s->basis, of->residual);
}

bool hr_subspace_solve(hr_subspace *s, const hr_subspace_systems *of) {
  project(s, of->count, of->residual, s->basis, s->right_side);
  for (size_t first = 0, last; s->count > 0 && first < of->count; first = last) {
    for (last = first + 1; last < of->count; last++) {
      if (of->alpha[last] < of->alpha[first] || of->alpha[last] > of->alpha[first]) break;
    }
    if (!solve_alike(s, of->alpha[first], first, last)) return false;
  }
  follow(s, of);
  return true;
}

void hr_subspace_take(const hr_subspace *s, const double *solution, double *x) {
  for (size_t j = 0; j < s->count; j++) {
    s->compute->axpy_f64(s->order, solution[j], s->basis + j * s->order, x);
  }
}
