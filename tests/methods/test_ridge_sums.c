/* The rows of a Ridge in both forms, and the pool of sums. */
#include "methods/ridge/sums.h"

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 40, PIXELS = 20, FOLDS = 4 };

static float x[ROWS * PIXELS];
static double y[ROWS];

static int set_up(void **state) {
  (void)state;
  hr_normal(5, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, x);
  for (size_t i = 0; i < ROWS; i++) y[i] = 3 + (double)x[i * PIXELS];
  return 0;
}

/* Row i is of fold i % 3: the fourth fold has none. */
static uint8_t fold_of(size_t i) {
  return (uint8_t)(i % 3);
}

static hr_status gather(hr_ridge_form form, hr_ridge_pool *pool, hr_ridge_sums *sums,
                        hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_shape shape = {.form = form, .rows = ROWS, .pixels = PIXELS};
  HR_TRY(hr_ridge_sums_init(sums, &shape, FOLDS, false, err));
  HR_TRY(hr_ridge_sums_open(sums, ROWS, pool, err));
  for (size_t i = 0; i < ROWS; i++) {
    hr_ridge_sums_add(sums, x + i * PIXELS, &y[i], fold_of(i));
  }
  hr_ridge_sums_close(sums);
  if (sums->dual) hr_dual_centre(sums->dual);
cleanup:
  return status;
}

static void both_forms_know_their_folds(void **state) {
  (void)state;
  hr_error err;
  hr_tiles *tiles = NULL;
  hr_ridge_pool pool;
  double weights[PIXELS] = {0.9, 0.1}, centre[PIXELS] = {0.2}, work[PIXELS];
  const hr_linear_model model = {weights, centre, 3.1};
  check_ok(hr_tiles_create(hr_compute_default(), &tiles, &err));
  check_ok(hr_ridge_pool_init(&pool, PIXELS, tiles, 1, &err));
  for (int form = HR_RIDGE_DUAL; form <= HR_RIDGE_PRIMAL; form++) {
    hr_ridge_sums sums;
    check_ok(gather((hr_ridge_form)form, &pool, &sums, &err));
    for (size_t f = 0; f < FOLDS; f++) {
      double expected = 0, found = 0;
      size_t rows = 0;
      for (size_t i = 0; i < ROWS; i++) {
        if (fold_of(i) != f) continue;
        double left = y[i] - model.offset;
        for (size_t p = 0; p < PIXELS; p++) {
          left -= weights[p] * ((double)x[i * PIXELS + p] - centre[p]);
        }
        expected += left * left;
        rows++;
      }
      assert_int_equal(hr_ridge_sums_rows(&sums, f), rows);
      hr_ridge_sums_squared_errors(&sums, f, 1, &model, work, &found);
      check_near(found, expected, 1e-5);
    }
    hr_ridge_sums_fini(&sums);
  }
  hr_ridge_pool_fini(&pool);
  hr_tiles_destroy(&tiles);
}

static void folds_add_up_and_sums_are_taken_over(void **state) {
  (void)state;
  hr_error err;
  hr_tiles *tiles = NULL;
  hr_ridge_pool pool;
  hr_ridge_sums sums;
  hr_scatter *total = NULL, *again = NULL;
  double mean = 0;
  check_ok(hr_tiles_create(hr_compute_default(), &tiles, &err));
  check_ok(hr_ridge_pool_init(&pool, PIXELS, tiles, 1, &err));
  check_ok(gather(HR_RIDGE_PRIMAL, &pool, &sums, &err));
  check_ok(hr_ridge_sums_total(&sums, &pool, &total, &err));
  assert_int_equal(hr_scatter_rows(total), ROWS);
  for (size_t i = 0; i < ROWS; i++) mean += y[i] / ROWS;
  check_near(hr_scatter_mean_y(total, 0), mean, 1e-12);
  hr_ridge_sums_put(&sums, &pool); /* one of them is kept */
  assert_null(sums.folds);
  assert_int_equal(pool.count, 1);
  hr_scatter *kept = pool.spare[0];
  check_ok(hr_ridge_pool_take(&pool, &again, &err));
  assert_ptr_equal(again, kept);
  assert_int_equal(hr_scatter_rows(again), 0);
  hr_scatter_add(again, x, y); /* open */
  hr_ridge_pool_put(&pool, &again);
  hr_ridge_pool_put(&pool, &total);
  assert_null(total);
  hr_ridge_pool_empty(&pool);
  assert_int_equal(pool.count, 0);
  hr_ridge_sums_fini(&sums);
  hr_ridge_pool_fini(&pool);
  hr_tiles_destroy(&tiles);
}

static void noise_is_that_of_the_other_folds(void **state) {
  (void)state;
  hr_error err;
  hr_ridge_sums sums;
  const hr_ridge_shape shape = {.form = HR_RIDGE_DUAL, .rows = 2, .pixels = 2};
  double sum[2];
  check_ok(hr_ridge_sums_init(&sums, &shape, 3, true, &err));
  for (size_t i = 0; i < 6; i++) sums.noise[i] = (double)i; /* folds (0, 1) (2, 3) .. */
  assert_false(hr_ridge_sums_has_kernel(&sums));
  hr_ridge_sums_noise(&sums, 10, 1, sum);
  check_near(sum[0], 40, 0);
  check_near(sum[1], 60, 0);
  hr_ridge_sums_noise(&sums, 1, 3, sum);
  check_near(sum[0], 6, 0);
  check_near(sum[1], 9, 0);
  hr_ridge_sums_fini(&sums);
  assert_null(sums.noise);
}

static hr_status live_and_die(hr_ridge_form form) {
  hr_status status = HR_OK;
  hr_tiles *tiles = NULL;
  hr_ridge_pool pool = {.pixels = 0};
  hr_ridge_sums sums = {.form = HR_RIDGE_NONE};
  hr_scatter *total = NULL;
  HR_TRY(hr_tiles_create(hr_compute_default(), &tiles, NULL));
  HR_TRY(hr_ridge_pool_init(&pool, PIXELS, tiles, 2, NULL));
  HR_TRY(gather(form, &pool, &sums, NULL));
  if (form == HR_RIDGE_PRIMAL) HR_TRY(hr_ridge_sums_total(&sums, &pool, &total, NULL));
  hr_ridge_pool_put(&pool, &total);
  HR_TRY(hr_ridge_pool_take(&pool, &total, NULL)); /* opened again */
cleanup:
  hr_ridge_pool_put(&pool, &total);
  hr_ridge_sums_put(&sums, &pool);
  hr_ridge_sums_fini(&sums);
  hr_ridge_pool_fini(&pool);
  hr_tiles_destroy(&tiles);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(live_and_die(HR_RIDGE_DUAL));
  check_alloc_failures(live_and_die(HR_RIDGE_PRIMAL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_forms_know_their_folds),
      cmocka_unit_test(folds_add_up_and_sums_are_taken_over),
      cmocka_unit_test(noise_is_that_of_the_other_folds),
      cmocka_unit_test(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
