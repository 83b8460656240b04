/* Shifted systems against fp64 Cholesky: sweeps over alpha on well and ill conditioned
 * matrices, in units that fp32 cannot hold, and what has no solution. */
#include "compute/shifted.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"

enum { N = 90, ROWS = 200 };

static const double alphas[] = {1e6, 1e5, 1e4, 1000, 100, 10, 1};
enum { ALPHAS = sizeof alphas / sizeof alphas[0] };

typedef struct fixture {
  double a[N * N], b[N];
} fixture;

/* A = Σ of rows like spectra: a few strong common shapes, and noise of size `noise`. */
static void fill(fixture *f, double noise, double unit) {
  static float row[N], shape[5][N];
  memset(f, 0, sizeof *f);
  for (size_t k = 0; k < 5; k++) hr_normal(3, HR_STREAM_NOISE_TRAIN, k, 0, N, shape[k]);
  for (size_t r = 0; r < ROWS; r++) {
    float strength[5];
    hr_normal(4, HR_STREAM_NOISE_TRAIN, r, 0, 5, strength);
    hr_normal(5, HR_STREAM_NOISE_TRAIN, r, 0, N, row);
    for (size_t p = 0; p < N; p++) {
      row[p] = (float)noise * row[p];
      for (size_t k = 0; k < 5; k++) row[p] += 20 * strength[k] * shape[k][p];
    }
    for (size_t i = 0; i < N; i++) {
      f->b[i] += unit * (double)row[i] * ((double)strength[0] + (double)strength[1]);
      for (size_t j = 0; j < N; j++) {
        f->a[i * N + j] += unit * (double)row[i] * (double)row[j];
      }
    }
  }
}

static void write_system(const fixture *f, hr_shifted *s) {
  double *matrix = hr_shifted_matrix(s, N);
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < N; j++) {
      matrix[i * N + j] = j < i ? (double)NAN : f->a[i * N + j];
    }
  }
  memcpy(hr_shifted_right_side(s), f->b, sizeof f->b);
}

static void solve_on_paper(const fixture *f, double alpha, double *x) {
  static double work[N * N];
  memcpy(work, f->a, sizeof work);
  memcpy(x, f->b, sizeof f->b);
  for (size_t i = 0; i < N; i++) work[i * N + i] += alpha;
  assert_true(hr_compute_reference.solve_definite_f64(N, 1, work, x));
}

/* The error over the solution, both in the energy norm. */
static double relative_error(const fixture *f, double alpha, const double *x,
                             const double *exact) {
  double error = 0, size = 0;
  for (size_t i = 0; i < N; i++) {
    double e = alpha * (x[i] - exact[i]), s = alpha * exact[i];
    for (size_t j = 0; j < N; j++) {
      e += f->a[i * N + j] * (x[j] - exact[j]);
      s += f->a[i * N + j] * exact[j];
    }
    error += e * (x[i] - exact[i]);
    size += s * exact[i];
  }
  return sqrt(fabs(error) / size);
}

static void sweep(const fixture *f, const hr_compute *backend, double unit,
                  size_t *narrow, size_t *wide) {
  hr_error err;
  hr_shifted *s = NULL;
  double x[N], exact[N];
  check_ok(hr_shifted_create(N + 10, backend, &s, &err));
  write_system(f, s);
  for (size_t a = 0; a < ALPHAS; a++) {
    solve_on_paper(f, unit * alphas[a], exact);
    check_ok(hr_shifted_solve(s, unit * alphas[a], x, &err));
    assert_true(relative_error(f, unit * alphas[a], x, exact) <
                100 * HR_SHIFTED_TOLERANCE);
  }
  hr_shifted_count(s, narrow, wide);
  hr_shifted_destroy(&s);
}

static void a_sweep_equals_cholesky_in_fp64(void **state) {
  (void)state;
  static fixture f;
  static const double noises[] = {10, 1, 0.1, 0.01};
  for (size_t n = 0; n < 4; n++) {
    size_t narrow = 0, wide = 0;
    fill(&f, noises[n], 1);
    sweep(&f, &hr_compute_reference, 1, &narrow, &wide);
    assert_true(narrow < ALPHAS); /* some alphas share a factor or need none */
    sweep(&f, &hr_compute_blas, 1, &narrow, &wide);
    assert_true(narrow < ALPHAS);
    assert_true(narrow > 0 || n == 0);
  }
}

/* Flux in erg and counts alike: fp32 would overflow, or lose everything. */
static void units_do_not_matter(void **state) {
  (void)state;
  static fixture f;
  static const double units[] = {1e-60, 1e60};
  for (size_t u = 0; u < 2; u++) {
    size_t narrow = 0, wide = 0;
    fill(&f, 1, units[u]);
    sweep(&f, &hr_compute_blas, units[u], &narrow, &wide);
    assert_int_equal(wide, 0);
  }
}

/* The Hilbert matrix, whose smallest eigenvalues fp32 takes for 0 or less, and an alpha
 * of their size. */
static void what_is_beyond_fp32_is_solved_in_fp64(void **state) {
  (void)state;
  static fixture f;
  hr_error err;
  hr_shifted *s = NULL;
  double x[N], exact[N];
  size_t narrow = 0, wide = 0;
  for (size_t i = 0; i < N; i++) {
    f.b[i] = i % 2 ? 1 : -1;
    for (size_t j = 0; j < N; j++) f.a[i * N + j] = 1 / (double)(i + j + 1);
  }
  check_ok(hr_shifted_create(N, &hr_compute_blas, &s, &err));
  write_system(&f, s);
  solve_on_paper(&f, 1e-10, exact);
  check_ok(hr_shifted_solve(s, 1e-10, x, &err));
  assert_true(relative_error(&f, 1e-10, x, exact) < 1e-6);
  hr_shifted_count(s, &narrow, &wide);
  assert_int_equal(wide, 1);
  /* The matrix is what it was. */
  solve_on_paper(&f, 1, exact);
  check_ok(hr_shifted_solve(s, 1, x, &err));
  assert_true(relative_error(&f, 1, x, exact) < 100 * HR_SHIFTED_TOLERANCE);
  hr_shifted_destroy(&s);
}

static void what_is_not_definite_is_refused(void **state) {
  (void)state;
  static fixture f;
  hr_error err;
  hr_shifted *s = NULL;
  double x[N];
  fill(&f, 1, 1);
  check_ok(hr_shifted_create(N, &hr_compute_blas, &s, &err));
  write_system(&f, s);
  check_fails(hr_shifted_solve(s, -1000, x, &err), HR_ERR_NUMERIC,
              "the Ridge system with alpha -1000 is not positive definite in fp64; leave "
              "this alpha out or take a larger one");
  hr_shifted_matrix(s, N)[5] = (double)NAN;
  check_fails(
      hr_shifted_solve(s, 1, x, &err), HR_ERR_NUMERIC,
      "the Ridge system with alpha 1 is not positive definite in fp64; leave this "
      "alpha out or take a larger one");
  hr_shifted_destroy(&s);
}

static void entries_of_the_inverse_are_those_of_unit_vectors(void **state) {
  (void)state;
  static fixture f;
  static const size_t index[] = {0, 7, N - 1};
  double out[3], x[N];
  hr_error err;
  hr_shifted *s = NULL;
  fill(&f, 1, 1e-3);
  check_ok(hr_shifted_create(N, &hr_compute_blas, &s, &err));
  write_system(&f, s);
  for (double alpha = 100; alpha > 0.5; alpha /= 10) {
    check_ok(hr_shifted_inverse_diagonal(s, alpha, index, 3, out, &err));
    for (size_t i = 0; i < 3; i++) {
      memset(f.b, 0, sizeof f.b);
      f.b[index[i]] = 1;
      solve_on_paper(&f, alpha, x);
      check_near(out[i], x[index[i]], 1e-3 * x[index[i]]);
    }
  }
  check_fails(hr_shifted_inverse_diagonal(s, -1e9, index, 3, out, &err), HR_ERR_NUMERIC,
              "the Ridge system with alpha -1e+09 is not positive definite in fp64; "
              "leave this alpha out or take a larger one");
  hr_shifted_destroy(&s);
}

enum { TARGETS = 3 };

/* The b of target t: that of the fixture, and others in the span of its rows and not. */
static double side(const fixture *f, size_t t, size_t i) {
  if (t == 0) return f->b[i];
  return t == 1 ? f->a[3 * N + i] - 2 * f->a[i] : (double)((i * 37) % 11) - 5;
}

/* The error is of the size of the tolerance, times √cond of what is preconditioned. */
static void check_targets(const fixture *f, double alpha, const double *x,
                          double conditioning) {
  static fixture other;
  double exact[N];
  for (size_t t = 1; t < TARGETS; t++) {
    memcpy(&other, f, sizeof other);
    for (size_t i = 0; i < N; i++) other.b[i] = side(f, t, i);
    solve_on_paper(&other, alpha, exact);
    assert_true(relative_error(&other, alpha, x + t * N, exact) <
                conditioning * HR_SHIFTED_TOLERANCE);
  }
}

/* Every target is solved, and the first has the bytes that it has alone. */
static void targets_share_factors_and_leave_the_first_alone(void **state) {
  (void)state;
  static fixture f;
  static double x[TARGETS * N], alone[N];
  static const double noises[] = {10, 1, 0.01};
  hr_error err;
  for (size_t n = 0; n < 3; n++) {
    hr_shifted *all = NULL, *one = NULL;
    size_t narrow[2], wide[2];
    fill(&f, noises[n], 1);
    check_ok(hr_shifted_create_for(N, TARGETS, &hr_compute_blas, &all, &err));
    check_ok(hr_shifted_create(N, &hr_compute_blas, &one, &err));
    write_system(&f, all);
    write_system(&f, one);
    for (size_t i = 0; i < TARGETS * N; i++) {
      hr_shifted_right_side(all)[i] = side(&f, i / N, i % N);
    }
    for (size_t a = 0; a < ALPHAS; a++) {
      check_ok(hr_shifted_solve(all, alphas[a], x, &err));
      check_ok(hr_shifted_solve(one, alphas[a], alone, &err));
      assert_memory_equal(x, alone, sizeof alone);
      check_targets(&f, alphas[a], x, 100);
    }
    hr_shifted_count(all, &narrow[0], &wide[0]);
    hr_shifted_count(one, &narrow[1], &wide[1]);
    assert_true(narrow[0] < 2 * ALPHAS && narrow[0] >= narrow[1]);
    assert_int_equal(wide[0], wide[1]);
    hr_shifted_destroy(&all);
    hr_shifted_destroy(&one);
  }
}

/* A first target without anything to explain is no help to the others, and no harm. */
static void a_first_target_of_nothing_does_not_stop_the_others(void **state) {
  (void)state;
  static fixture f;
  static double x[TARGETS * N];
  hr_error err;
  hr_shifted *s = NULL;
  fill(&f, 1, 1);
  check_ok(hr_shifted_create_for(N, TARGETS, &hr_compute_blas, &s, &err));
  write_system(&f, s);
  for (size_t i = 0; i < TARGETS * N; i++) {
    hr_shifted_right_side(s)[i] = i < N ? 0 : side(&f, i / N, i % N);
  }
  for (size_t a = 0; a < ALPHAS; a++) {
    check_ok(hr_shifted_solve(s, alphas[a], x, &err));
    for (size_t i = 0; i < N; i++) assert_true(x[i] == 0);
    check_targets(&f, alphas[a], x, 100);
  }
  check_fails(hr_shifted_solve(s, -1e9, x, &err), HR_ERR_NUMERIC,
              "the Ridge system with alpha -1e+09 is not positive definite in fp64; "
              "leave this alpha out or take a larger one");
  hr_shifted_destroy(&s);
}

/* All alphas in one call: the first target as alpha by alpha, the others as exact. */
static void check_sweep(bool apart) {
  static fixture f;
  static double x[ALPHAS * TARGETS * N], alone[N];
  static const double noises[] = {10, 1, 0.01};
  bool is_solved[ALPHAS];
  hr_error err;
  for (size_t n = 0; n < 3; n++) {
    hr_shifted *all = NULL, *one = NULL;
    fill(&f, noises[n], 1);
    check_ok(hr_shifted_create_for(N, TARGETS, &hr_compute_blas, &all, &err));
    check_ok(hr_shifted_create(N, &hr_compute_blas, &one, &err));
    write_system(&f, all);
    write_system(&f, one);
    for (size_t i = 0; i < TARGETS * N; i++) {
      hr_shifted_right_side(all)[i] = side(&f, i / N, i % N);
    }
    const hr_shifted_alphas sweep = {.value = alphas, .count = ALPHAS, .apart = apart};
    check_ok(hr_shifted_sweep(all, &sweep, x, is_solved, &err));
    for (size_t a = 0; a < ALPHAS; a++) {
      if (apart) write_system(&f, one); /* which forgets the factor */
      check_ok(hr_shifted_solve(one, alphas[a], alone, &err));
      assert_true(is_solved[a]);
      assert_memory_equal(x + a * TARGETS * N, alone, sizeof alone);
      check_targets(&f, alphas[a], x + a * TARGETS * N, apart ? 1000 : 100);
    }
    hr_shifted_destroy(&all);
    hr_shifted_destroy(&one);
  }
}

static void a_sweep_of_all_alphas_is_the_same(void **state) {
  (void)state;
  check_sweep(false);
  check_sweep(true);
}

/* The alphas that have a solution have it. */
static void a_sweep_tells_which_alphas_have_none(void **state) {
  (void)state;
  static fixture f;
  static double x[2 * TARGETS * N];
  bool is_solved[2];
  hr_error err;
  hr_shifted *s = NULL;
  fill(&f, 1, 1);
  check_ok(hr_shifted_create_for(N, TARGETS, &hr_compute_blas, &s, &err));
  write_system(&f, s);
  for (size_t i = 0; i < TARGETS * N; i++) {
    hr_shifted_right_side(s)[i] = side(&f, i / N, i % N);
  }
  const hr_shifted_alphas sweep = {.value = (double[]){10, -1e9}, .count = 2};
  check_ok(hr_shifted_sweep(s, &sweep, x, is_solved, &err));
  assert_true(is_solved[0] && !is_solved[1]);
  check_targets(&f, 10, x, 100);
  hr_shifted_destroy(&s);
}

static void nothing_to_explain_needs_no_weights(void **state) {
  (void)state;
  static fixture f;
  hr_error err;
  hr_shifted *s = NULL;
  double x[N];
  fill(&f, 1, 1);
  memset(f.b, 0, sizeof f.b);
  check_ok(hr_shifted_create(N, &hr_compute_blas, &s, &err));
  write_system(&f, s);
  check_ok(hr_shifted_solve(s, 1, x, &err));
  for (size_t i = 0; i < N; i++) assert_true(x[i] == 0);
  assert_true(hr_shifted_bytes(N) > 12.0 * N * N);
  hr_shifted_destroy(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sweep_equals_cholesky_in_fp64),
      cmocka_unit_test(units_do_not_matter),
      cmocka_unit_test(what_is_beyond_fp32_is_solved_in_fp64),
      cmocka_unit_test(what_is_not_definite_is_refused),
      cmocka_unit_test(nothing_to_explain_needs_no_weights),
      cmocka_unit_test(targets_share_factors_and_leave_the_first_alone),
      cmocka_unit_test(a_first_target_of_nothing_does_not_stop_the_others),
      cmocka_unit_test(a_sweep_of_all_alphas_is_the_same),
      cmocka_unit_test(a_sweep_tells_which_alphas_have_none),
      cmocka_unit_test(entries_of_the_inverse_are_those_of_unit_vectors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
