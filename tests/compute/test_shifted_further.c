/* Systems of further targets against Cholesky in fp64: from the diagonal and with a
 * factor, with looks at the matrix of their own and with somebody else's, more of them
 * than are worked on together, and what cannot be solved. */
#include "compute/shifted_further.h"

#include <stdlib.h>

#include "compute/few.h"
#include "compute/shifted.h"
#include "core/random.h"
#include "support/check.h"

enum { N = 150, SYSTEMS = 11 };

typedef struct fixture {
  double a[N * N], b[SYSTEMS * N], x[SYSTEMS * N], scale[N];
  hr_shifted_system systems[SYSTEMS];
  hr_shifted_queue queue;
  float factor[N * N];
  double tolerance;
  hr_shifted_further *further;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hr_error err;
  float row[N], strength[1];
  f->tolerance = HR_SHIFTED_TOLERANCE;
  check_ok(hr_shifted_further_create(N + 3, &hr_compute_blas, &f->further, &err));
  hr_shifted_further_begin(f->further, N);
  for (size_t r = 0; r < 3 * N; r++) {
    hr_normal(4, HR_STREAM_NOISE_TRAIN, r, 0, N, row);
    hr_normal(5, HR_STREAM_NOISE_TRAIN, r, 0, 1, strength);
    for (size_t i = 0; i < N; i++) row[i] += 5 * strength[0];
    for (size_t i = 0; i < N; i++) {
      for (size_t j = i; j < N; j++) f->a[i * N + j] += (double)row[i] * (double)row[j];
      if (r < SYSTEMS) f->b[r * N + i] = (double)row[i];
    }
  }
  for (size_t k = 0; k < SYSTEMS; k++) {
    f->systems[k] = (hr_shifted_system){
        .alpha = k < 5 ? 1000 : 30, .b = f->b + k * N, .x = f->x + k * N};
  }
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_shifted_further_destroy(&f->further);
  free(f);
  return 0;
}

/* Takes on the first `count` systems, with this factor or from the diagonal. */
static void take_on(fixture *f, const hr_shifted_factor *factor, size_t count) {
  memset(f->x, 1, sizeof f->x); /* what was there does not matter */
  for (size_t k = 0; k < SYSTEMS; k++) f->systems[k].with_factor = false;
  f->queue = (hr_shifted_queue){
      .matrix = f->a, .tolerance = f->tolerance, .systems = f->systems, .count = count};
  hr_shifted_further_take_on(f->further, &f->queue);
  if (factor) hr_shifted_further_use(f->further, *factor, 0);
}

static void solve(fixture *f, const hr_shifted_factor *factor, size_t count) {
  take_on(f, factor, count);
  hr_shifted_further_finish(f->further, true);
}

/* A look at the matrix that is somebody else's; how many directions took part in it. */
static size_t look(fixture *f) {
  const double *x[HR_SUBSPACE_TOGETHER];
  double *y[HR_SUBSPACE_TOGETHER];
  size_t count = hr_shifted_further_look(f->further, x, y);
  if (count == 0) return 0;
  hr_few_symmetric(N, f->a, count, x, y);
  hr_shifted_further_looked(f->further);
  return count;
}

/* The error over the solution, both in the energy norm. */
static double relative_error(const fixture *f, size_t k) {
  static double a[N * N];
  double exact[N], error = 0, size = 0;
  memcpy(a, f->a, sizeof a);
  memcpy(exact, f->systems[k].b, sizeof exact);
  for (size_t i = 0; i < N; i++) a[i * N + i] += f->systems[k].alpha;
  assert_true(hr_compute_reference.solve_definite_f64(N, 1, a, exact));
  for (size_t i = 0; i < N; i++) {
    double e = 0;
    for (size_t j = 0; j < N; j++) {
      double entry = i < j ? f->a[i * N + j] : f->a[j * N + i];
      if (i == j) entry += f->systems[k].alpha;
      e += entry * (f->systems[k].x[j] - exact[j]);
    }
    error += e * (f->systems[k].x[i] - exact[i]);
    size += f->systems[k].b[i] * exact[i];
  }
  return sqrt(fabs(error) / size);
}

static void check_all(const fixture *f, size_t count) {
  for (size_t k = 0; k < count; k++) {
    assert_true(f->systems[k].is_solved);
    assert_true(relative_error(f, k) < 100 * HR_SHIFTED_TOLERANCE);
  }
}

static void the_diagonal_solves_more_than_fit_together(void **state) {
  fixture *f = *state;
  solve(f, NULL, SYSTEMS);
  check_all(f, SYSTEMS);
  solve(f, NULL, SYSTEMS); /* in the space of before */
  check_all(f, SYSTEMS);
}

/* As near as is asked for, and no nearer. */
static void a_tolerance_is_kept(void **state) {
  fixture *f = *state;
  double worst = 0;
  f->tolerance = 1e-3;
  solve(f, NULL, SYSTEMS);
  for (size_t k = 0; k < SYSTEMS; k++) {
    assert_true(f->systems[k].is_solved);
    assert_true(relative_error(f, k) < 100 * f->tolerance);
    worst = fmax(worst, relative_error(f, k));
  }
  assert_true(worst > 100 * HR_SHIFTED_TOLERANCE);
}

static hr_shifted_factor make_factor(fixture *f, double alpha) {
  for (size_t i = 0; i < N; i++) f->scale[i] = 1 / sqrt(f->a[i * N + i] + alpha);
  for (size_t i = 0; i < N; i++) {
    for (size_t j = i; j < N; j++) {
      double shift = i == j ? alpha : 0;
      f->factor[i * N + j] =
          (float)(f->scale[i] * (f->a[i * N + j] + shift) * f->scale[j]);
    }
  }
  assert_true(hr_compute_blas.factorise_f32(N, f->factor));
  return (hr_shifted_factor){f->factor, f->scale, alpha};
}

/* One of the systems' own alpha, whose last step is not looked at, and another one's. */
static void a_factor_solves_its_own_alpha_and_others(void **state) {
  fixture *f = *state;
  hr_shifted_factor factor = make_factor(f, 1000);
  solve(f, &factor, 5);
  check_all(f, 5);
  hr_shifted_further_begin(f->further, N);
  factor = make_factor(f, 300);
  solve(f, &factor, SYSTEMS);
  check_all(f, SYSTEMS);
}

/* They arrive while others are being solved, and what is taken away stays unsolved. */
static void looks_of_others_are_enough(void **state) {
  fixture *f = *state;
  take_on(f, NULL, 2);
  assert_int_equal(look(f), 2);
  f->queue.count = 9;
  assert_int_equal(look(f), HR_SUBSPACE_TOGETHER);
  hr_shifted_further_drop(f->further, 4);
  assert_int_equal(f->queue.count, 4);
  assert_int_equal(look(f), 4);
  for (size_t k = 0; k < 100 && look(f) > 0; k++) {
  }
  check_all(f, 4);
  for (size_t k = 4; k < 9; k++) assert_false(f->systems[k].is_solved);
  hr_shifted_further_take_on(f->further, NULL);
  assert_int_equal(look(f), 0);
}

/* Those with a factor are finished when it has to go; the others go on with the looks
 * that there are, and with a factor that they get on the way. */
static void a_factor_comes_and_goes(void **state) {
  fixture *f = *state;
  hr_shifted_factor factor = make_factor(f, 1000);
  take_on(f, NULL, 6);
  assert_int_equal(look(f), 6);
  hr_shifted_further_use(f->further, factor, 4);
  hr_shifted_further_finish(f->further, false);
  assert_true(f->systems[4].is_solved && f->systems[5].is_solved);
  factor = make_factor(f, 30);
  f->queue.count = SYSTEMS;
  hr_shifted_further_use(f->further, factor, 6);
  hr_shifted_further_finish(f->further, true);
  check_all(f, SYSTEMS);
}

/* Solutions with the factor that somebody else makes of what is asked for. */
static void solutions_of_others_are_enough(void **state) {
  fixture *f = *state;
  hr_shifted_factor factor = make_factor(f, 1000);
  float *b[HR_SUBSPACE_TOGETHER];
  size_t left = 1;
  take_on(f, NULL, 5);
  hr_shifted_further_use(f->further, factor, 2);
  for (size_t k = 0; k < 100 && left > 0; k++) {
    size_t count = hr_shifted_further_ask(f->further, b);
    if (k == 0) assert_int_equal(count, 3);
    hr_few_solve_factored(N, f->factor, count, b);
    left = look(f);
  }
  check_all(f, 5);
  hr_shifted_further_take_on(f->further, NULL);
  assert_int_equal(hr_shifted_further_ask(f->further, b), 0);
}

static void a_side_of_nothing_has_a_solution_of_nothing(void **state) {
  fixture *f = *state;
  memset(f->b + N, 0, N * sizeof *f->b);
  solve(f, NULL, 3);
  for (size_t i = 0; i < N; i++) assert_true(f->x[N + i] == 0);
  assert_true(f->systems[1].is_solved);
  assert_true(relative_error(f, 0) < 100 * HR_SHIFTED_TOLERANCE);
  assert_true(hr_shifted_further_bytes(N) > 16.0 * N * HR_SUBSPACE_DIRECTIONS);
}

/* Neither is what has no solution, or one that is not finite, said to be solved. */
static void what_is_not_definite_is_not_solved(void **state) {
  fixture *f = *state;
  for (size_t k = 0; k < SYSTEMS; k++) f->systems[k].alpha = -500;
  solve(f, NULL, 3);
  for (size_t k = 0; k < 3; k++) assert_false(f->systems[k].is_solved);
  hr_shifted_further_begin(f->further, N);
  f->a[5] = (double)NAN;
  solve(f, NULL, SYSTEMS);
  for (size_t k = 0; k < SYSTEMS; k++) assert_false(f->systems[k].is_solved);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_diagonal_solves_more_than_fit_together, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_tolerance_is_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_factor_solves_its_own_alpha_and_others, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(looks_of_others_are_enough, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_factor_comes_and_goes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(solutions_of_others_are_enough, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_side_of_nothing_has_a_solution_of_nothing, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(what_is_not_definite_is_not_solved, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
