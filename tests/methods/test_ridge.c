/* The Ridge expert on small studies: every bin, the global model, every alpha on paper.
 */
#include "methods/ridge/ridge.h"

#include "support/least_squares.h"
#include "support/small_study.h"

enum { ALPHAS = 3 };

static const double alphas[ALPHAS] = {0.1, 10, 1000};

static const hr_ridge_parameters parameters = {{(double *)(uintptr_t)alphas, ALPHAS}};

static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

/* A study's life, its rows shown `block_rows` at a time. */
static life live(size_t block_rows) {
  const life_plan plan = small_study_plan(&s, &hr_ridge_method, &parameters);
  life l;
  hr_error err;
  check_ok(life_live(&plan, block_rows, &l, &err));
  return l;
}

static bool in_model(int32_t bin, int model) {
  return model == HR_GLOBAL || bin == model;
}

/* R² of cross-validation with the study's folds, on paper. */
static double cv_on_paper(int model, double alpha) {
  double residual = 0, mean = 0, total = 0, count = 0;
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    if (!in_model(s.train_bin[i], model)) continue;
    mean += s.train_y[i];
    count++;
  }
  mean /= count;
  for (int f = 0; f < SMALL_FOLDS; f++) {
    bool use[SMALL_TRAIN];
    for (size_t i = 0; i < SMALL_TRAIN; i++) {
      use[i] = in_model(s.train_bin[i], model) && s.fold[i] != f;
    }
    plain_ridge plain =
        plain_ridge_fit(s.train_x, s.train_y, use, SMALL_TRAIN, SMALL_PIXELS, alpha);
    for (size_t i = 0; i < SMALL_TRAIN; i++) {
      if (!in_model(s.train_bin[i], model) || s.fold[i] != f) continue;
      double d = s.train_y[i] -
                 plain_ridge_predict(&plain, s.train_x + i * SMALL_PIXELS, SMALL_PIXELS);
      residual += d * d;
      total += (s.train_y[i] - mean) * (s.train_y[i] - mean);
    }
    free(plain.weights);
  }
  return 1 - residual / total;
}

static void check_slot(const life *l, size_t slot) {
  const hr_fit *fit = &l->trained[slot].fit;
  double best = -INFINITY;
  size_t best_variant = 0;
  for (size_t a = 0; a < ALPHAS; a++) {
    bool use[SMALL_TRAIN];
    for (size_t i = 0; i < SMALL_TRAIN; i++) use[i] = in_model(s.train_bin[i], fit->slot);
    plain_ridge plain =
        plain_ridge_fit(s.train_x, s.train_y, use, SMALL_TRAIN, SMALL_PIXELS, alphas[a]);
    for (size_t i = 0; i < SMALL_TEST; i++) {
      float found = l->mean[slot][a * SMALL_TEST + i];
      bool is_own = in_model(s.test_bin[i], fit->slot);
      assert_int_equal(isnan(found) != 0, !is_own);
      if (!is_own) continue;
      check_near(found,
                 plain_ridge_predict(&plain, s.test_x + i * SMALL_PIXELS, SMALL_PIXELS),
                 2e-4);
    }
    free(plain.weights);
    double cv = cv_on_paper(fit->slot, alphas[a]);
    check_near(fit->cv_r2[a], cv, 1e-4);
    check_near(fit->variant_value[a], alphas[a], 0);
    if (cv > best) {
      best = cv;
      best_variant = a;
    }
  }
  assert_int_equal(fit->chosen, best_variant);
  assert_int_equal(l->trained[slot].model->chosen, best_variant);
}

static void every_model_equals_ridge_on_paper(void **state) {
  (void)state;
  life l = live(SMALL_TRAIN);
  assert_int_equal(l.slots, SMALL_BINS + 1);
  static const size_t checked[] = {0, 1, SMALL_BINS}; /* primal, dual, global */
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(l.trained[checked[i]].fit.status, HR_FIT_OK);
    check_slot(&l, checked[i]);
  }
  life_fini(&l);
}

static void one_row_and_no_rows_are_skipped_with_a_sentence(void **state) {
  (void)state;
  life l = live(SMALL_TRAIN);
  assert_int_equal(l.trained[2].fit.status, HR_FIT_SKIPPED);
  assert_string_equal(l.trained[2].fit.note, "1 training row, at least 2 are needed");
  assert_null(l.trained[2].model);
  assert_int_equal(l.trained[3].fit.status, HR_FIT_SKIPPED);
  assert_string_equal(l.trained[3].fit.note, "0 training rows, at least 2 are needed");
  assert_null(l.trained[3].model);
  life_fini(&l);
}

static void blocks_do_not_change_a_bit(void **state) {
  (void)state;
  life one = live(SMALL_TRAIN);
  static const size_t sizes[] = {1, 7, 133};
  for (size_t i = 0; i < 3; i++) {
    life other = live(sizes[i]);
    life_check_same(&one, &other);
    life_fini(&other);
  }
  life_fini(&one);
}

static void equal_targets_leave_validation_undefined(void **state) {
  (void)state;
  for (size_t i = 0; i < SMALL_TRAIN; i++) s.train_y[i] = 4.5;
  life l = live(SMALL_TRAIN);
  /* Nothing to tell the alphas apart: the simplest model, which predicts the one value.
   */
  assert_true(isnan(l.trained[0].fit.cv_r2[0]));
  assert_int_equal(l.trained[0].fit.chosen, ALPHAS - 1);
  check_near(l.mean[0][0], 4.5, 1e-6);
  life_fini(&l);
  small_study_init(&s);
}

static void the_estimate_covers_what_is_used(void **state) {
  (void)state;
  hr_cost cost = {0};
  hr_ridge_method.estimate(&s.view, &parameters, &cost);
  /* Global fold sums alone: five upper triangles of one tile. */
  assert_true(cost.memory_bytes > 5.0 * 8 * SMALL_PIXELS * SMALL_PIXELS);
  assert_true(cost.operations > SMALL_TRAIN * SMALL_PIXELS * SMALL_PIXELS);
  assert_true(cost.disk_bytes > ALPHAS * (SMALL_BINS + 1) * 8.0 * SMALL_PIXELS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_model_equals_ridge_on_paper),
      cmocka_unit_test(one_row_and_no_rows_are_skipped_with_a_sentence),
      cmocka_unit_test(blocks_do_not_change_a_bit),
      cmocka_unit_test(equal_targets_leave_validation_undefined),
      cmocka_unit_test(the_estimate_covers_what_is_used),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
