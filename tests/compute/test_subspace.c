/* Solutions in a space of directions: exact once it holds them, for every alpha, and with
 * the residuals and the gain that they say. */
#include "compute/subspace.h"

#include <stdlib.h>

#include "compute/few.h"
#include "core/random.h"
#include "support/check.h"

enum { N = 40, SYSTEMS = 3 };

typedef struct fixture {
  double a[N * N], b[SYSTEMS * N], residual[SYSTEMS * N];
  double solution[SYSTEMS * HR_SUBSPACE_DIRECTIONS], gain[SYSTEMS];
  hr_subspace *space;
} fixture;

static const double alpha[SYSTEMS] = {100, 100, 3};

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hr_error err;
  float row[N];
  check_ok(hr_subspace_create(N + 5, &hr_compute_blas, &f->space, &err));
  hr_subspace_begin(f->space, N);
  for (size_t r = 0; r < 2 * N; r++) {
    hr_normal(4, HR_STREAM_NOISE_TRAIN, r, 0, N, row);
    for (size_t i = 0; i < N; i++) {
      for (size_t j = i; j < N; j++) f->a[i * N + j] += (double)row[i] * (double)row[j];
      if (r < SYSTEMS) f->b[r * N + i] = (double)row[i];
    }
  }
  for (size_t i = 0; i < N * N; i++) {
    if (i % N < i / N) f->a[i] = (double)NAN; /* not to be read */
  }
  memcpy(f->residual, f->b, sizeof f->residual);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_subspace_destroy(&f->space);
  free(f);
  return 0;
}

static bool solve(fixture *f) {
  const hr_subspace_systems systems = {SYSTEMS, alpha, f->residual, f->solution, f->gain};
  return hr_subspace_solve(f->space, &systems);
}

/* Adds directions, with their products. */
static size_t add(fixture *f, size_t count, const double *directions) {
  const double *x[HR_SUBSPACE_TOGETHER];
  double *y[HR_SUBSPACE_TOGETHER];
  size_t added = hr_subspace_offer(f->space, count, directions, x, y);
  hr_few_symmetric(N, f->a, added, x, y);
  hr_subspace_extend(f->space);
  return added;
}

/* out = b − (A + alpha I) x of system k. */
static void find_residual(const fixture *f, size_t k, const double *x, double *out) {
  for (size_t i = 0; i < N; i++) {
    out[i] = f->b[k * N + i] - alpha[k] * x[i];
    for (size_t j = 0; j < N; j++) {
      out[i] -= (i < j ? f->a[i * N + j] : f->a[j * N + i]) * x[j];
    }
  }
}

static void check_residuals(const fixture *f) {
  for (size_t k = 0; k < SYSTEMS; k++) {
    double x[N] = {0}, expected[N];
    hr_subspace_take(f->space, f->solution + k * HR_SUBSPACE_DIRECTIONS, x);
    find_residual(f, k, x, expected);
    for (size_t i = 0; i < N; i++) check_near(f->residual[k * N + i], expected[i], 1e-10);
  }
}

/* Residuals as directions, until they are 0: the gains are then bᵀx. */
static void residuals_become_small_and_are_what_they_say(void **state) {
  fixture *f = *state;
  double found[SYSTEMS] = {0}, left = 1;
  assert_true(solve(f)); /* nothing is known yet */
  for (size_t k = 0; k < SYSTEMS; k++) check_near(f->gain[k], 0, 0);
  for (size_t step = 0; step < N && left > 1e-9; step++) {
    assert_true(hr_subspace_has_room(f->space, SYSTEMS));
    assert_true(add(f, SYSTEMS, f->residual) > 0);
    assert_true(solve(f));
    check_residuals(f);
    left = 0;
    for (size_t i = 0; i < SYSTEMS * N; i++) left = fmax(left, fabs(f->residual[i]));
    for (size_t k = 0; k < SYSTEMS; k++) found[k] += f->gain[k];
  }
  assert_true(left <= 1e-9);
  for (size_t k = 0; k < SYSTEMS; k++) {
    double x[N] = {0}, energy = 0;
    hr_subspace_take(f->space, f->solution + k * HR_SUBSPACE_DIRECTIONS, x);
    for (size_t i = 0; i < N; i++) energy += f->b[k * N + i] * x[i];
    check_near(found[k], energy, 1e-9 * energy);
  }
}

static void what_is_known_already_is_not_added(void **state) {
  fixture *f = *state;
  static double twice[3 * N];
  for (size_t i = 0; i < N; i++) {
    twice[i] = f->b[i];
    twice[N + i] = -2 * f->b[i];
    twice[2 * N + i] = f->b[N + i];
  }
  assert_int_equal(add(f, 3, twice), 2);
  assert_int_equal(add(f, 3, twice), 0);
  assert_int_equal(hr_subspace_count(f->space), 2);
  assert_true(solve(f));
  check_residuals(f);
  hr_subspace_clear(f->space);
  assert_int_equal(hr_subspace_count(f->space), 0);
  assert_true(hr_subspace_bytes(N) > 16.0 * N * HR_SUBSPACE_DIRECTIONS);
}

static void what_is_not_definite_is_found_out(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < N; i++) f->a[i * N + i] -= 1e4;
  assert_int_equal(add(f, 2, f->b), 2);
  assert_false(solve(f));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(residuals_become_small_and_are_what_they_say,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_known_already_is_not_added, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(what_is_not_definite_is_found_out, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
