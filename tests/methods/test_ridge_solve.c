/* Solving one Ridge: every system at every alpha, against Ridge on paper. */
#include "methods/ridge/solve.h"

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/least_squares.h"

enum { ROWS = 90, PIXELS = 20, FOLDS = 4, ALPHAS = 6 };

/* Not in order; more than are solved on one system. */
static double values[ALPHAS] = {1, 1000, 0.1, 10, 100, 3};
static const hr_numbers numbers = {values, ALPHAS};
static const double no_noise[] = {0};

/* All that a fit borrows. */
typedef struct solving {
  float x[ROWS * PIXELS];
  double y[ROWS];
  uint8_t fold[ROWS];
  hr_tiles *tiles;
  hr_ridge_pool pool;
  hr_ridge_sums sums;
  hr_scatter *total;
  hr_ridge_alphas alphas;
  hr_ridge_solvers solvers;
} solving;

static hr_status start(solving *s, hr_ridge_form form, size_t a_run, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_shape shape = {.form = form, .rows = ROWS, .pixels = PIXELS};
  HR_TRY(hr_tiles_create(hr_compute_default(), &s->tiles, err));
  HR_TRY(hr_ridge_pool_init(&s->pool, PIXELS, s->tiles, 0, err));
  HR_TRY(hr_ridge_alphas_init(&s->alphas, &numbers, a_run, err));
  const hr_ridge_room room = {ROWS, 1, hr_compute_default()};
  HR_TRY(hr_ridge_solvers_init(&s->solvers, 2, &room, err));
  HR_TRY(hr_ridge_sums_init(&s->sums, &shape, FOLDS, false, err));
  HR_TRY(hr_ridge_sums_open(&s->sums, ROWS, &s->pool, err));
  for (size_t i = 0; i < ROWS; i++) {
    hr_ridge_sums_add(&s->sums, s->x + i * PIXELS, &s->y[i], s->fold[i]);
  }
  if (form == HR_RIDGE_DUAL) {
    HR_TRY(hr_dual_finish(s->sums.dual, err));
  } else {
    HR_TRY(hr_ridge_sums_total(&s->sums, &s->pool, &s->total, err));
  }
cleanup:
  return status;
}

static void stop(solving *s) {
  hr_ridge_pool_put(&s->pool, &s->total);
  hr_ridge_sums_fini(&s->sums);
  hr_ridge_solvers_fini(&s->solvers);
  hr_ridge_alphas_fini(&s->alphas);
  hr_ridge_pool_fini(&s->pool);
  hr_tiles_destroy(&s->tiles);
}

static void init_rows(solving *s) {
  memset(s, 0, sizeof *s);
  hr_normal(6, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, s->x);
  for (size_t i = 0; i < ROWS; i++) {
    s->y[i] = 3 + (double)s->x[i * PIXELS] - 0.5 * (double)s->x[i * PIXELS + 1];
    s->fold[i] = (uint8_t)(i % 3); /* the fourth fold is empty */
  }
}

static hr_ridge_fit fit_of(const solving *s) {
  return (hr_ridge_fit){.sums = &s->sums,
                        .targets = 1,
                        .total = s->total,
                        .alphas = &s->alphas,
                        .noise_scale = no_noise,
                        .level_count = 1,
                        .solvers = &s->solvers};
}

static plain_ridge on_paper(const solving *s, size_t without, double alpha) {
  bool use[ROWS];
  for (size_t i = 0; i < ROWS; i++) use[i] = s->fold[i] != without;
  return plain_ridge_fit(s->x, s->y, use, ROWS, PIXELS, alpha);
}

static void check_fit(const solving *s, const hr_ridge_fit *fit) {
  for (size_t a = 0; a < ALPHAS; a++) {
    plain_ridge plain = on_paper(s, FOLDS, values[a]);
    check_near(fit->intercept[a], plain.intercept, 1e-4);
    for (size_t p = 0; p < PIXELS; p++) {
      check_near(fit->weights[a * PIXELS + p], plain.weights[p], 1e-4);
    }
    free(plain.weights);
    for (size_t f = 0; f < 3; f++) {
      double sum = 0;
      plain = on_paper(s, f, values[a]);
      for (size_t i = 0; i < ROWS; i++) {
        if (s->fold[i] != f) continue;
        double d = s->y[i] - plain_ridge_predict(&plain, s->x + i * PIXELS, PIXELS);
        sum += d * d;
      }
      check_near(fit->squared_error[f * ALPHAS + a], sum, 1e-4 * (1 + sum));
      free(plain.weights);
    }
    check_near(fit->squared_error[3 * ALPHAS + a], 0, 0);
  }
}

static void check_fold_models(const solving *s, const hr_ridge_fit *fit) {
  double weights[PIXELS], work[PIXELS];
  for (size_t a = 0; a < ALPHAS; a++) {
    for (size_t f = 0; f < 3; f++) {
      plain_ridge plain = on_paper(s, f, values[a]);
      double intercept =
          hr_ridge_fit_fold_model(fit, &(hr_ridge_fold){0, f, a}, weights, work);
      check_near(intercept, plain.intercept, 1e-4);
      for (size_t p = 0; p < PIXELS; p++) check_near(weights[p], plain.weights[p], 1e-4);
      free(plain.weights);
    }
    assert_true(
        isnan(hr_ridge_fit_fold_model(fit, &(hr_ridge_fold){0, 3, a}, weights, work)));
  }
}

static void every_system_is_ridge_on_paper(void **state) {
  (void)state;
  static solving s;
  hr_error err;
  for (int form = HR_RIDGE_DUAL; form <= HR_RIDGE_PRIMAL; form++) {
    for (size_t a_run = 1; a_run <= 4; a_run += 3) {
      init_rows(&s);
      check_ok(start(&s, (hr_ridge_form)form, a_run, &err));
      hr_ridge_fit fit = fit_of(&s);
      fit.keeps_folds = true;
      check_ok(hr_ridge_fit_init(&fit, &err));
      check_ok(hr_ridge_fit_solve(&fit, (hr_ridge_window){0, FOLDS, true}, &err));
      check_fit(&s, &fit);
      check_fold_models(&s, &fit);
      hr_ridge_fit_fini(&fit);
      stop(&s);
    }
  }
}

/* A first run of several alphas that stay apart: the bits of one alpha a run, however
 * many of them it takes. */
static void a_head_of_alphas_apart_has_the_bits_of_one_a_run(void **state) {
  (void)state;
  static solving s;
  hr_error err;
  for (int form = HR_RIDGE_DUAL; form <= HR_RIDGE_PRIMAL; form++) {
    init_rows(&s);
    check_ok(start(&s, (hr_ridge_form)form, 1, &err));
    hr_ridge_fit one = fit_of(&s);
    check_ok(hr_ridge_fit_init(&one, &err));
    check_ok(hr_ridge_fit_solve(&one, (hr_ridge_window){0, FOLDS, true}, &err));
    for (size_t head = 2; head <= ALPHAS + 2; head += 3) {
      s.alphas.head = head;
      s.alphas.apart = true;
      hr_ridge_fit other = fit_of(&s);
      check_ok(hr_ridge_fit_init(&other, &err));
      check_ok(hr_ridge_fit_solve(&other, (hr_ridge_window){0, FOLDS, true}, &err));
      assert_memory_equal(one.squared_error, other.squared_error,
                          sizeof(double) * FOLDS * ALPHAS);
      assert_memory_equal(one.weights, other.weights, sizeof(double) * ALPHAS * PIXELS);
      assert_memory_equal(one.intercept, other.intercept, ALPHAS * sizeof(double));
      hr_ridge_fit_fini(&other);
    }
    hr_ridge_fit_fini(&one);
    stop(&s);
  }
}

static void windows_one_after_the_other_give_the_same_bits(void **state) {
  (void)state;
  static solving s;
  hr_error err;
  init_rows(&s);
  check_ok(start(&s, HR_RIDGE_PRIMAL, 4, &err));
  hr_ridge_fit one = fit_of(&s), other = fit_of(&s);
  check_ok(hr_ridge_fit_init(&one, &err));
  check_ok(hr_ridge_fit_init(&other, &err));
  check_ok(hr_ridge_fit_solve(&one, (hr_ridge_window){0, FOLDS, true}, &err));
  check_ok(hr_ridge_fit_solve(&other, (hr_ridge_window){0, 2, false}, &err));
  check_ok(hr_ridge_fit_solve(&other, (hr_ridge_window){2, 2, true}, &err));
  assert_memory_equal(one.squared_error, other.squared_error,
                      sizeof(double) * FOLDS * ALPHAS);
  assert_memory_equal(one.weights, other.weights, sizeof(double) * ALPHAS * PIXELS);
  assert_memory_equal(one.intercept, other.intercept, ALPHAS * sizeof(double));
  hr_ridge_fit_fini(&one);
  hr_ridge_fit_fini(&other);
  stop(&s);
}

static void what_cannot_be_solved_is_nan(void **state) {
  (void)state;
  static solving s;
  hr_error err;
  double kept = values[0];
  init_rows(&s);
  for (size_t i = 0; i < ROWS; i++) s.fold[i] = 1; /* nothing is left to fit to */
  values[0] = -1e9;
  check_ok(start(&s, HR_RIDGE_PRIMAL, 4, &err));
  hr_ridge_fit fit = fit_of(&s);
  check_ok(hr_ridge_fit_init(&fit, &err));
  check_ok(hr_ridge_fit_solve(&fit, (hr_ridge_window){0, FOLDS, true}, &err));
  assert_true(isnan(fit.intercept[0]));
  for (size_t a = 1; a < ALPHAS; a++) assert_true(!isnan(fit.intercept[a]));
  for (size_t a = 0; a < ALPHAS; a++) {
    check_near(fit.squared_error[a], 0, 0);
    assert_true(isnan(fit.squared_error[ALPHAS + a]));
  }
  hr_ridge_fit_fini(&fit);
  stop(&s);
  values[0] = kept;
}

/* Stands for rows elsewhere: what the model says of a spectrum of ones. */
static void predict_ones(void *context, const hr_linear_model *model, double *work,
                         double *out) {
  (void)work;
  double sum = model->offset;
  for (size_t p = 0; p < PIXELS; p++) sum += model->weights[p] * (1 - model->centre[p]);
  *out = *(const double *)context * sum;
}

static void rows_elsewhere_can_be_validated_on(void **state) {
  (void)state;
  static solving s;
  hr_error err;
  double factor = 2;
  init_rows(&s);
  check_ok(start(&s, HR_RIDGE_DUAL, 1, &err));
  hr_ridge_fit fit = fit_of(&s);
  fit.validate = predict_ones;
  fit.context = &factor;
  check_ok(hr_ridge_fit_init(&fit, &err));
  check_ok(hr_ridge_fit_solve(&fit, (hr_ridge_window){.with_all = true}, &err));
  for (size_t a = 0; a < ALPHAS; a++) {
    double sum = fit.intercept[a];
    for (size_t p = 0; p < PIXELS; p++) sum += fit.weights[a * PIXELS + p];
    check_near(fit.squared_error[a], 2 * sum, 1e-9);
  }
  hr_ridge_fit_fini(&fit);
  stop(&s);
}

/* What an observer was told last. */
static void hear(void *context, const hr_progress *progress) {
  *(hr_progress *)context = *progress;
}

static bool has_heard_enough(void *context) {
  return ((const hr_progress *)context)->done > 2;
}

static void progress_is_told_and_can_end_it(void **state) {
  (void)state;
  static solving s;
  hr_error err;
  hr_progress last = {.done = 0};
  const hr_observer observer = {
      .context = &last, .progress = hear, .interrupted = has_heard_enough};
  hr_ridge_progress progress = {
      .observer = &observer, .stage = "solving", .operations = 4e9};
  init_rows(&s);
  check_ok(start(&s, HR_RIDGE_PRIMAL, 4, &err));
  hr_ridge_fit fit = fit_of(&s);
  fit.progress = &progress;
  fit.operations = 2e9;
  check_ok(hr_ridge_fit_init(&fit, &err));
  check_ok(hr_ridge_fit_solve(&fit, (hr_ridge_window){0, FOLDS, true}, &err));
  assert_string_equal(last.stage, "solving");
  assert_string_equal(last.unit, "Gflop");
  assert_int_equal(last.total, 5);
  assert_in_range(last.done, 1, 2);
  fit.operations = 4e9;
  check_fails(hr_ridge_fit_solve(&fit, (hr_ridge_window){0, FOLDS, true}, &err),
              HR_ERR_INTERRUPTED, "interrupted while solving");
  hr_ridge_fit_fini(&fit);
  stop(&s);
}

static hr_status live_and_die(hr_ridge_form form) {
  static solving s;
  hr_status status = HR_OK;
  init_rows(&s);
  hr_ridge_fit fit = {.weights = NULL};
  HR_TRY(start(&s, form, 4, NULL));
  fit = fit_of(&s);
  HR_TRY(hr_ridge_fit_init(&fit, NULL));
  HR_TRY(hr_ridge_fit_solve(&fit, (hr_ridge_window){0, FOLDS, true}, NULL));
cleanup:
  hr_ridge_fit_fini(&fit);
  stop(&s);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(live_and_die(HR_RIDGE_PRIMAL));
  check_alloc_failures(live_and_die(HR_RIDGE_DUAL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_system_is_ridge_on_paper),
      cmocka_unit_test(a_head_of_alphas_apart_has_the_bits_of_one_a_run),
      cmocka_unit_test(windows_one_after_the_other_give_the_same_bits),
      cmocka_unit_test(what_cannot_be_solved_is_nan),
      cmocka_unit_test(rows_elsewhere_can_be_validated_on),
      cmocka_unit_test(progress_is_told_and_can_end_it),
      cmocka_unit_test(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
