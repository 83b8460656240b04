/* Sufficient statistics: against sums on paper, however rows arrive, and Ridge from them.
 */
#include "compute/scatter.h"

#include <omp.h>
#include <stdlib.h>

#include "core/parallel.h"
#include "core/random.h"
#include "support/check.h"
#include "support/least_squares.h"

enum { ROWS = 1300, PIXELS = 23, WIDE = 600 };

typedef struct fixture {
  hr_tiles *tiles;
  hr_shifted *system;
  float *x; /* [ROWS][WIDE], of which PIXELS or all are used */
  double y[ROWS];
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hr_error err;
  f->x = calloc((size_t)ROWS * WIDE, sizeof *f->x);
  check_ok(hr_tiles_create(&hr_compute_blas, &f->tiles, &err));
  check_ok(hr_shifted_create(WIDE, &hr_compute_blas, &f->system, &err));
  for (size_t i = 0; i < ROWS; i++) {
    float *row = f->x + i * WIDE;
    hr_normal(5, HR_STREAM_NOISE_TRAIN, i, 0, WIDE, row);
    /* A large mean on a small scatter: what fp32 sums of squares would lose. */
    for (size_t p = 0; p < WIDE; p++) row[p] = 100.0F + 0.1F * row[p];
    f->y[i] = 3 + 10 * ((double)row[0] - 100) + (double)row[1] - 100;
  }
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_tiles_destroy(&f->tiles);
  hr_shifted_destroy(&f->system);
  free(f->x);
  free(f);
  return 0;
}

static hr_scatter *gather(fixture *f, size_t pixels, size_t first, size_t step) {
  hr_error err;
  hr_scatter *s = NULL;
  check_ok(hr_scatter_create(pixels, f->tiles, &s, &err));
  for (size_t i = first; i < ROWS; i += step)
    hr_scatter_add(s, f->x + i * WIDE, &f->y[i]);
  hr_scatter_finish(s);
  return s;
}

/* Rows [first, ROWS) by `step` in the compact layout plain_ridge_fit takes. */
static plain_ridge on_paper(const fixture *f, size_t pixels, const bool *use,
                            double alpha) {
  float *x = calloc(ROWS * pixels, sizeof *x);
  for (size_t i = 0; i < ROWS; i++) {
    memcpy(x + i * pixels, f->x + i * WIDE, pixels * sizeof *x);
  }
  plain_ridge ridge = plain_ridge_fit(x, f->y, use, ROWS, pixels, alpha);
  free(x);
  return ridge;
}

static void check_model(const hr_linear_model *model, const plain_ridge *plain,
                        size_t pixels, double tolerance) {
  double intercept = model->offset;
  for (size_t p = 0; p < pixels; p++) {
    check_near(model->weights[p], plain->weights[p], tolerance);
    intercept -= model->weights[p] * model->centre[p];
  }
  check_near(intercept, plain->intercept, 200 * tolerance * (double)pixels);
}

static void ridge_equals_ridge_on_paper(void **state) {
  fixture *f = *state;
  hr_error err;
  bool all[ROWS];
  memset(all, 1, sizeof all);
  static double weights[WIDE], centre[WIDE];
  hr_linear_model model = {weights, centre, 0};
  static const size_t widths[] = {PIXELS, WIDE}; /* one tile, and two with an edge */
  for (size_t i = 0; i < 2; i++) {
    hr_scatter *s = gather(f, widths[i], 0, 1);
    assert_int_equal(hr_scatter_rows(s), ROWS);
    static const double alphas[] = {0.01, 1, 100};
    for (size_t a = 0; a < 3; a++) {
      plain_ridge plain = on_paper(f, widths[i], all, alphas[a]);
      check_ok(hr_scatter_ridge(s, NULL, alphas[a], f->system, &model, &err));
      check_model(&model, &plain, widths[i], 2e-5);
      free(plain.weights);
    }
    hr_scatter_destroy(&s);
  }
}

static void leaving_rows_out_equals_never_having_had_them(void **state) {
  fixture *f = *state;
  hr_error err;
  bool others[ROWS];
  for (size_t i = 0; i < ROWS; i++) others[i] = i % 5 != 2;
  static double weights[WIDE], centre[WIDE];
  hr_linear_model model = {weights, centre, 0};
  double product[PIXELS];
  hr_scatter *total = gather(f, PIXELS, 0, 1);
  hr_scatter *fold = gather(f, PIXELS, 2, 5);
  plain_ridge plain = on_paper(f, PIXELS, others, 1);
  check_ok(hr_scatter_ridge(total, fold, 1, f->system, &model, &err));
  check_model(&model, &plain, PIXELS, 1e-5);
  double expected = 0;
  for (size_t i = 2; i < ROWS; i += 5) {
    double residual = f->y[i] - plain_ridge_predict(&plain, f->x + i * WIDE, PIXELS);
    expected += residual * residual;
  }
  double found = 0;
  hr_scatter_squared_errors(fold, 1, &model, product, &found);
  check_near(found, expected, 1e-5 * expected);
  free(plain.weights);
  hr_scatter_destroy(&total);
  hr_scatter_destroy(&fold);
}

static void merging_equals_gathering_together(void **state) {
  fixture *f = *state;
  hr_error err;
  static double w1[WIDE], c1[WIDE], w2[WIDE], c2[WIDE];
  hr_scatter *total = gather(f, WIDE, 0, 1), *merged = NULL;
  check_ok(hr_scatter_create(WIDE, f->tiles, &merged, &err));
  for (size_t k = 0; k < 3; k++) {
    hr_scatter *part = gather(f, WIDE, k, 3);
    hr_scatter_merge(merged, part);
    hr_scatter_destroy(&part);
  }
  assert_int_equal(hr_scatter_rows(merged), ROWS);
  check_near(hr_scatter_syy(merged, 0), hr_scatter_syy(total, 0),
             1e-9 * hr_scatter_syy(total, 0));
  check_near(hr_scatter_mean_y(merged, 0), hr_scatter_mean_y(total, 0), 1e-12);
  hr_linear_model a = {w1, c1, 0}, b = {w2, c2, 0};
  check_ok(hr_scatter_ridge(total, NULL, 1, f->system, &a, &err));
  check_ok(hr_scatter_ridge(merged, NULL, 1, f->system, &b, &err));
  for (size_t p = 0; p < WIDE; p++) check_near(w1[p], w2[p], 1e-5);
  hr_scatter_destroy(&total);
  hr_scatter_destroy(&merged);
}

static void closing_changes_no_more_than_finishing(void **state) {
  fixture *f = *state;
  hr_error err;
  static double w1[WIDE], w2[WIDE], c[WIDE];
  for (int run = 0; run < 2; run++) {
    hr_scatter *s = NULL;
    hr_linear_model model = {run ? w2 : w1, c, 0};
    check_ok(hr_scatter_create(WIDE, f->tiles, &s, &err));
    for (size_t i = 0; i < ROWS; i++) {
      hr_scatter_add(s, f->x + i * WIDE, &f->y[i]);
      if (i != ROWS / 3) continue;
      if (!run) hr_scatter_finish(s);
      if (run) hr_scatter_close(s);
      check_ok(hr_scatter_open(s, &err)); /* does nothing to an open one */
    }
    hr_scatter_close(s);
    assert_int_equal(hr_scatter_rows(s), ROWS);
    check_ok(hr_scatter_ridge(s, NULL, 1, f->system, &model, &err));
    hr_scatter_destroy(&s);
  }
  assert_memory_equal(w1, w2, sizeof w1);
}

typedef struct solve {
  const hr_scatter *scatter;
  hr_shifted *system;
  hr_linear_model *model;
  hr_status status;
} solve;

static void solve_one(void *context, size_t i, size_t thread) {
  (void)i, (void)thread;
  solve *s = context;
  s->status = hr_scatter_ridge(s->scatter, NULL, 1, s->system, s->model, NULL);
}

static void threads_do_not_change_a_bit(void **state) {
  fixture *f = *state;
  hr_error err;
  static double w1[WIDE], w2[WIDE], c[WIDE];
  int threads = omp_get_max_threads();
  for (int run = 0; run < 2; run++) {
    hr_linear_model model = {run ? w2 : w1, c, 0};
    omp_set_num_threads(run + 1);
    hr_tiles *tiles = f->tiles;
    check_ok(hr_tiles_create(&hr_compute_blas, &f->tiles, &err));
    hr_scatter *s = gather(f, WIDE, 0, 1);
    solve one = {s, f->system, &model, HR_ERR_INTERNAL};
    hr_parallel_for(1, solve_one, &one);
    assert_int_equal(one.status, HR_OK);
    hr_scatter_destroy(&s);
    hr_tiles_destroy(&f->tiles);
    f->tiles = tiles;
  }
  omp_set_num_threads(threads);
  assert_memory_equal(w1, w2, sizeof w1);
}

/* Another label of the row, of another size. */
static double other_target(const fixture *f, size_t i) {
  return -200 + 50 * ((double)f->x[i * WIDE + 2] - 100) + f->y[i];
}

/* The sums of two targets, and of the second alone. */
static void gather_two(fixture *f, hr_scatter **both, hr_scatter **second) {
  hr_error err;
  check_ok(hr_scatter_create_for(WIDE, 2, f->tiles, both, &err));
  check_ok(hr_scatter_create(WIDE, f->tiles, second, &err));
  for (size_t i = 0; i < ROWS; i++) {
    const double y[2] = {f->y[i], other_target(f, i)};
    hr_scatter_add(*both, f->x + i * WIDE, y);
    hr_scatter_add(*second, f->x + i * WIDE, &y[1]);
  }
  hr_scatter_finish(*both);
  hr_scatter_finish(*second);
}

static void check_target_sums(const hr_scatter *both, const hr_scatter *alone, size_t t,
                              double tolerance) {
  double syy = hr_scatter_syy(alone, 0);
  check_near(hr_scatter_mean_y(both, t), hr_scatter_mean_y(alone, 0), tolerance);
  check_near(hr_scatter_syy(both, t), syy, tolerance * syy);
}

static void sums_of_a_target_are_those_of_it_alone(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_scatter *alone[2] = {gather(f, WIDE, 0, 1), NULL}, *both = NULL;
  static double weights[2][WIDE], centre[WIDE], own[WIDE], own_centre[WIDE];
  static double work[2][WIDE];
  double found[2], expected = 0;
  hr_shifted *system = NULL;
  hr_linear_model models[2] = {{weights[0], centre, 0}, {weights[1], centre, 0}};
  gather_two(f, &both, &alone[1]);
  check_ok(hr_shifted_create_for(WIDE, 2, &hr_compute_blas, &system, &err));
  check_ok(hr_scatter_system(both, NULL, NULL, system, models, &err));
  check_ok(hr_shifted_solve(system, 1, weights[0], &err));
  hr_scatter_squared_errors(both, 2, models, work[0], found);
  /* Several models of a target beside each other: the same bytes. */
  const hr_linear_model doubled[4] = {models[0], models[1], models[0], models[1]};
  static double more[4][WIDE];
  double again[4];
  hr_scatter_squared_errors(both, 4, doubled, more[0], again);
  assert_memory_equal(again, found, sizeof found);
  assert_memory_equal(again + 2, found, sizeof found);
  for (size_t t = 0; t < 2; t++) {
    hr_linear_model model = {own, own_centre, 0};
    check_target_sums(both, alone[t], t, t == 0 ? 0 : 1e-12);
    check_ok(hr_scatter_ridge(alone[t], NULL, 1, f->system, &model, &err));
    hr_scatter_squared_errors(alone[t], 1, &model, work[0], &expected);
    check_near(models[t].offset, model.offset, t == 0 ? 0 : 1e-9);
    check_near(found[t], expected, t == 0 ? 0 : 1e-5 * expected);
    if (t == 0) assert_memory_equal(weights[0], own, sizeof own);
    for (size_t p = 0; p < WIDE; p++) check_near(weights[t][p], own[p], 1e-4);
    hr_scatter_destroy(&alone[t]);
  }
  hr_shifted_destroy(&system);
  hr_scatter_destroy(&both);
}

static void targets_are_merged_and_cleared(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_scatter *both = NULL, *second = NULL, *merged = NULL;
  gather_two(f, &both, &second);
  check_ok(hr_scatter_create_for(WIDE, 2, f->tiles, &merged, &err));
  for (size_t k = 0; k < 3; k++) {
    hr_scatter *part = NULL;
    check_ok(hr_scatter_create_for(WIDE, 2, f->tiles, &part, &err));
    for (size_t i = k; i < ROWS; i += 3) {
      hr_scatter_add(part, f->x + i * WIDE, (double[]){f->y[i], other_target(f, i)});
    }
    hr_scatter_finish(part);
    hr_scatter_merge(merged, part);
    hr_scatter_destroy(&part);
  }
  for (size_t t = 0; t < 2; t++) {
    double syy = hr_scatter_syy(both, t);
    check_near(hr_scatter_mean_y(merged, t), hr_scatter_mean_y(both, t), 1e-10);
    check_near(hr_scatter_syy(merged, t), syy, 1e-9 * syy);
  }
  hr_scatter_clear(merged);
  for (size_t t = 0; t < 2; t++) check_near(hr_scatter_syy(merged, t), 0, 0);
  hr_scatter_destroy(&merged);
  hr_scatter_destroy(&second);
  hr_scatter_destroy(&both);
}

static void nothing_left_is_refused(void **state) {
  fixture *f = *state;
  hr_error err;
  static double weights[PIXELS], centre[PIXELS];
  hr_linear_model model = {weights, centre, 0};
  hr_scatter *s = gather(f, PIXELS, 0, 1);
  check_fails(hr_scatter_ridge(s, s, 1, f->system, &model, &err), HR_ERR_EMPTY,
              "no rows are left to fit a Ridge to");
  check_fails(
      hr_scatter_ridge(s, NULL, -1e9, f->system, &model, &err), HR_ERR_NUMERIC,
      "the Ridge system with alpha -1e+09 is not positive definite in fp64; leave "
      "this alpha out or take a larger one");
  hr_scatter_destroy(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ridge_equals_ridge_on_paper),
      cmocka_unit_test(leaving_rows_out_equals_never_having_had_them),
      cmocka_unit_test(merging_equals_gathering_together),
      cmocka_unit_test(closing_changes_no_more_than_finishing),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(sums_of_a_target_are_those_of_it_alone),
      cmocka_unit_test(targets_are_merged_and_cleared),
      cmocka_unit_test(nothing_left_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
