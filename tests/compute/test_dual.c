/* The dual form against Ridge on paper, with and without a fold. */
#include "compute/dual.h"

#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"
#include "support/least_squares.h"

enum { ROWS = 40, PIXELS = 60, FOLDS = 4 };

typedef struct fixture {
  hr_tiles *tiles;
  hr_dual *dual;
  float x[ROWS * PIXELS];
  hr_shifted *system;
  double y[ROWS];
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hr_error err;
  check_ok(hr_tiles_create(&hr_compute_blas, &f->tiles, &err));
  check_ok(hr_shifted_create(ROWS, &hr_compute_blas, &f->system, &err));
  check_ok(hr_dual_create(&(hr_dual_shape){ROWS, PIXELS, 1}, f->tiles, &f->dual, &err));
  for (size_t i = 0; i < ROWS; i++) {
    float *row = f->x + i * PIXELS;
    hr_normal(6, HR_STREAM_NOISE_TRAIN, i, 0, PIXELS, row);
    for (size_t p = 0; p < PIXELS; p++) row[p] = 10.0F + 0.5F * row[p];
    f->y[i] = 2 + (double)row[3] - (double)row[4] + 0.1 * (double)row[5];
    hr_dual_add(f->dual, row, &f->y[i], (uint8_t)(i % FOLDS));
  }
  check_ok(hr_dual_finish(f->dual, &err));
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_dual_destroy(&f->dual);
  hr_shifted_destroy(&f->system);
  hr_tiles_destroy(&f->tiles);
  free(f);
  return 0;
}

static double validate(fixture *f, int fold, double alpha) {
  hr_error err;
  hr_dual_fit *fit = NULL;
  check_ok(hr_dual_fit_create(f->dual, fold, f->system, &fit, &err));
  check_ok(hr_dual_fit_solve(fit, alpha, &err));
  double found = 0;
  check_ok(hr_dual_fit_squared_errors(fit, &found, &err));
  hr_dual_fit_destroy(&fit);
  return found;
}

static void the_fit_equals_ridge_on_paper(void **state) {
  fixture *f = *state;
  hr_error err;
  bool all[ROWS];
  memset(all, 1, sizeof all);
  double weights[PIXELS], centre[PIXELS];
  hr_linear_model model = {weights, centre, 0};
  static const double alphas[] = {0.1, 1, 1000};
  for (size_t a = 0; a < 3; a++) {
    plain_ridge plain = plain_ridge_fit(f->x, f->y, all, ROWS, PIXELS, alphas[a]);
    check_ok(hr_dual_ridge(f->dual, alphas[a], f->system, &model, &err));
    double intercept = model.offset;
    for (size_t p = 0; p < PIXELS; p++) {
      check_near(weights[p], plain.weights[p], 1e-5);
      intercept -= weights[p] * centre[p];
    }
    check_near(intercept, plain.intercept, 1e-3);
    free(plain.weights);
  }
}

static void validation_equals_fitting_without_the_fold(void **state) {
  fixture *f = *state;
  for (int fold = 0; fold < FOLDS; fold++) {
    bool others[ROWS];
    double expected = 0;
    for (size_t i = 0; i < ROWS; i++) others[i] = (int)(i % FOLDS) != fold;
    plain_ridge plain = plain_ridge_fit(f->x, f->y, others, ROWS, PIXELS, 1);
    for (size_t i = 0; i < ROWS; i++) {
      if (others[i]) continue;
      double residual = f->y[i] - plain_ridge_predict(&plain, f->x + i * PIXELS, PIXELS);
      expected += residual * residual;
    }
    check_near(validate(f, fold, 1), expected, 1e-4 * expected);
    free(plain.weights);
  }
}

/* What a row alone is missed by, from the solution of all rows: with a small alpha, too,
 * which leaves next to nothing of 1 − h and of the row's own residual. */
static void leaving_one_out_equals_fitting_without_it(void **state) {
  fixture *f = *state;
  hr_error err;
  static const size_t rows[] = {0, 13, ROWS - 1};
  static const double alphas[] = {1e-6, 1e-3, 0.1, 10};
  bool use[ROWS];
  double left[3];
  memset(use, 1, sizeof use);
  for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
    const hr_dual_leaving leaving = {alphas[a], 0, rows, 3};
    check_ok(hr_dual_leave_out(f->dual, &leaving, f->system, left, &err));
    for (size_t i = 0; i < 3; i++) {
      const float *row = f->x + rows[i] * PIXELS;
      use[rows[i]] = false;
      plain_ridge without = plain_ridge_fit(f->x, f->y, use, ROWS, PIXELS, alphas[a]);
      use[rows[i]] = true;
      double missed = f->y[rows[i]] - plain_ridge_predict(&without, row, PIXELS);
      check_near(left[i], missed, 1e-3 * fabs(missed) + 1e-5);
      free(without.weights);
    }
  }
}

/* The model of the last solution without a fold, made when its factor is gone. */
static void a_model_without_a_fold_can_be_made_later(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_dual_fit *fit = NULL;
  bool use[ROWS];
  double a[ROWS], offset = 0, weights[PIXELS], centre[PIXELS];
  hr_linear_model model = {weights, centre, 0};
  for (size_t i = 0; i < ROWS; i++) use[i] = i % FOLDS != 2;
  check_ok(hr_dual_fit_create(f->dual, 2, f->system, &fit, &err));
  check_ok(hr_dual_fit_solve(fit, 1, &err));
  hr_dual_fit_solution(fit, 0, a, &offset);
  hr_dual_fit_destroy(&fit);
  hr_dual_model(f->dual, 2, a, offset, &model);
  plain_ridge plain = plain_ridge_fit(f->x, f->y, use, ROWS, PIXELS, 1);
  double intercept = model.offset;
  for (size_t p = 0; p < PIXELS; p++) {
    check_near(weights[p], plain.weights[p], 1e-5);
    intercept -= weights[p] * centre[p];
  }
  check_near(intercept, plain.intercept, 1e-3);
  free(plain.weights);
}

/* Each alpha of a sweep as alone, and the one that is chosen gives the solution. */
static void alphas_of_a_sweep_are_as_alone(void **state) {
  fixture *f = *state;
  enum { ALPHAS = 11 }; /* more than stand beside each other */
  hr_error err;
  hr_dual_fit *fit = NULL;
  double alpha[ALPHAS], errors[ALPHAS], a[ROWS], alone[ROWS], offset = 0;
  bool is_solved[ALPHAS];
  for (size_t i = 0; i < ALPHAS; i++) alpha[i] = 1000 / (double)(i * i + 1);
  check_ok(hr_dual_fit_create(f->dual, 1, f->system, &fit, &err));
  const hr_shifted_alphas sweep = {.value = alpha, .count = ALPHAS};
  check_ok(hr_dual_fit_sweep(fit, &sweep, is_solved, &err));
  check_ok(hr_dual_fit_squared_errors(fit, errors, &err));
  hr_dual_fit_choose(fit, 7);
  hr_dual_fit_solution(fit, 0, a, &offset);
  hr_dual_fit_destroy(&fit);
  for (size_t i = 0; i < ALPHAS; i++) {
    double expected = validate(f, 1, alpha[i]);
    assert_true(is_solved[i]);
    check_near(errors[i], expected, 1e-5 * expected);
  }
  check_ok(hr_dual_fit_create(f->dual, 1, f->system, &fit, &err));
  check_ok(hr_dual_fit_solve(fit, alpha[7], &err));
  hr_dual_fit_solution(fit, 0, alone, &offset);
  hr_dual_fit_destroy(&fit);
  for (size_t i = 0; i < hr_dual_rows(f->dual) - ROWS / FOLDS; i++) {
    check_near(a[i], alone[i], 1e-6);
  }
}

static void an_empty_fold_costs_nothing(void **state) {
  assert_true(validate(*state, FOLDS + 1, 1) == 0);
}

static void a_single_fold_leaves_nothing_to_fit(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_dual *dual = NULL;
  hr_dual_fit *fit = NULL;
  check_ok(hr_dual_create(&(hr_dual_shape){3, PIXELS, 1}, f->tiles, &dual, &err));
  for (size_t i = 0; i < 3; i++) hr_dual_add(dual, f->x + i * PIXELS, &f->y[i], 0);
  check_ok(hr_dual_finish(dual, &err));
  check_fails(hr_dual_fit_create(dual, 0, f->system, &fit, &err), HR_ERR_EMPTY,
              "no rows are left to fit a Ridge to");
  assert_null(fit);
  hr_dual_destroy(&dual);
}

static void more_rows_than_there_is_room_for_are_refused(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_dual *dual = NULL;
  double weights[PIXELS], centre[PIXELS], noise[PIXELS] = {0};
  hr_linear_model model = {weights, centre, 0};
  check_ok(hr_dual_create(&(hr_dual_shape){3, PIXELS, 1}, f->tiles, &dual, &err));
  for (size_t i = 0; i < 5; i++) hr_dual_add(dual, f->x + i * PIXELS, &f->y[i], 0);
  assert_int_equal(hr_dual_rows(dual), 3);
  check_fails(hr_dual_finish(dual, &err), HR_ERR_INTERNAL,
              "a Ridge with room for 3 rows was given 5");
  hr_dual_centre(dual);
  check_fails(
      hr_dual_penalised(dual, 1, &(hr_penalty){1, noise}, f->system, &model, &err),
      HR_ERR_INTERNAL, "a Ridge with room for 3 rows was given 5");
  hr_dual_destroy(&dual);
}

static void an_indefinite_system_is_refused(void **state) {
  fixture *f = *state;
  hr_error err;
  double weights[PIXELS], centre[PIXELS];
  hr_linear_model model = {weights, centre, 0};
  check_fails(
      hr_dual_ridge(f->dual, -1e9, f->system, &model, &err), HR_ERR_NUMERIC,
      "the Ridge system with alpha -1e+09 is not positive definite in fp64; leave "
      "this alpha out or take a larger one");
}

/* A plain penalty gives the model and the validation error that K gives. */
static void a_diagonal_of_its_own_agrees_with_the_kernel(void **state) {
  fixture *f = *state;
  hr_error err;
  double w1[PIXELS], c1[PIXELS], w2[PIXELS], c2[PIXELS], noise[PIXELS] = {0};
  hr_linear_model a = {w1, c1, 0}, b = {w2, c2, 0};
  check_ok(hr_dual_ridge(f->dual, 2, f->system, &a, &err));
  check_ok(hr_dual_penalised(f->dual, HR_DUAL_ALL_ROWS, &(hr_penalty){2, noise},
                             f->system, &b, &err));
  check_near(a.offset, b.offset, 1e-12);
  for (size_t p = 0; p < PIXELS; p++) {
    check_near(w1[p], w2[p], 1e-6);
    check_near(c1[p], c2[p], 1e-7);
  }
  double found = validate(f, 1, 2);
  check_ok(hr_dual_penalised(f->dual, 1, &(hr_penalty){2, noise}, f->system, &b, &err));
  double again = 0;
  hr_dual_squared_errors(f->dual, 1, 1, &b, &again);
  check_near(again, found, 1e-5 * found);
  assert_int_equal(hr_dual_fold_rows(f->dual, 1), ROWS / FOLDS);
  assert_true(hr_dual_penalised_bytes(ROWS, PIXELS) > 4.0 * ROWS * PIXELS);
}

static void a_penalised_fit_refuses_what_it_cannot_do(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_dual *dual = NULL;
  double weights[PIXELS], centre[PIXELS], noise[PIXELS] = {0};
  hr_linear_model model = {weights, centre, 0};
  check_ok(hr_dual_create(&(hr_dual_shape){3, PIXELS, 1}, f->tiles, &dual, &err));
  for (size_t i = 0; i < 3; i++) hr_dual_add(dual, f->x + i * PIXELS, &f->y[i], 0);
  hr_dual_centre(dual);
  check_fails(
      hr_dual_penalised(dual, 0, &(hr_penalty){1, noise}, f->system, &model, &err),
      HR_ERR_EMPTY, "no rows are left to fit a Ridge to");
  check_fails(
      hr_dual_penalised(dual, 1, &(hr_penalty){-1, noise}, f->system, &model, &err),
      HR_ERR_NUMERIC,
      "the Ridge system with alpha -1 is not positive definite in fp64; leave "
      "this alpha out or take a larger one");
  hr_dual_destroy(&dual);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_fit_equals_ridge_on_paper),
      cmocka_unit_test(validation_equals_fitting_without_the_fold),
      cmocka_unit_test(leaving_one_out_equals_fitting_without_it),
      cmocka_unit_test(a_model_without_a_fold_can_be_made_later),
      cmocka_unit_test(an_empty_fold_costs_nothing),
      cmocka_unit_test(alphas_of_a_sweep_are_as_alone),
      cmocka_unit_test(a_single_fold_leaves_nothing_to_fit),
      cmocka_unit_test(more_rows_than_there_is_room_for_are_refused),
      cmocka_unit_test(an_indefinite_system_is_refused),
      cmocka_unit_test(a_diagonal_of_its_own_agrees_with_the_kernel),
      cmocka_unit_test(a_penalised_fit_refuses_what_it_cannot_do),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
