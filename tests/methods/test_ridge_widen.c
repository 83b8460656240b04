/* Lists of alphas that go on at the end where the best one stands. */
#include "methods/ridge/widen.h"

#include "methods/ridge/marginal.h"
#include "methods/ridge/placebo.h"
#include "methods/ridge/ridge.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/small_study.h"

enum { USUAL = 7, MOST = USUAL + 8 };

static double usual[USUAL] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
static const hr_ridge_parameters given = {{usual, USUAL}}, automatic = {{NULL, 0}};
static small_study s;

/* Flux of another spread, and a label with noise of one: the best penalty goes with the
 * square of the spread, and is about 0.4 where it is 1. */
static void begin(float spread) {
  small_study_init(&s);
  float noise[SMALL_TRAIN];
  hr_normal(5, HR_STREAM_PLACEBO, 0, 0, SMALL_TRAIN, noise);
  for (size_t i = 0; i < SMALL_TRAIN; i++) s.train_y[i] += (double)noise[i];
  for (size_t i = 0; i < (size_t)SMALL_TRAIN * SMALL_PIXELS; i++) {
    s.train_x[i] = 0.5F * spread + spread * (s.train_x[i] - 0.5F);
  }
}

static life live(const hr_method *method, const void *parameters, size_t block_rows) {
  const life_plan plan = small_study_plan(&s, method, parameters);
  life l;
  hr_error err;
  check_ok(life_live(&plan, block_rows, &l, &err));
  return l;
}

static const hr_fit *global_of(const life *l) {
  return &l->trained[SMALL_BINS].fit;
}

static void a_best_alpha_inside_leaves_all_bytes(void **state) {
  (void)state;
  begin(100);
  life one = live(&hr_ridge_method, &given, SMALL_TRAIN);
  life other = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  assert_int_equal(global_of(&one)->edge, HR_EDGE_NONE);
  life_check_same(&one, &other);
  life_fini(&one);
  life_fini(&other);
}

/* Neighbours are a decade apart, ascending, and the best is none of the two outermost. */
static void check_list(const hr_fit *fit) {
  for (size_t a = 1; a < fit->variant_count; a++) {
    check_near(fit->variant_value[a] / fit->variant_value[a - 1], 10, 1e-14);
  }
  for (size_t a = 0; a < fit->variant_count; a++) {
    assert_true(fit->cv_r2[a] <= fit->cv_r2[fit->chosen]);
  }
}

static void a_best_alpha_at_the_end_is_gone_beyond(void **state) {
  (void)state;
  begin(1);
  life l = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  static const size_t slots[] = {0, 1, SMALL_BINS}; /* primal, dual, global */
  for (size_t i = 0; i < 3; i++) {
    const hr_fit *fit = &l.trained[slots[i]].fit;
    check_list(fit);
    assert_int_equal(fit->edge, HR_EDGE_NONE);
    assert_int_equal(l.trained[slots[i]].model->variant_count, fit->variant_count);
    assert_int_equal(l.trained[slots[i]].model->chosen, fit->chosen);
  }
  assert_true(global_of(&l)->variant_count > USUAL);
  assert_true(global_of(&l)->variant_value[global_of(&l)->chosen] < 1);
  /* The literal that a user would write. */
  check_near(global_of(&l)->variant_value[0], 0.01, 0);
  life_fini(&l);
}

/* What is found beyond is what a list that holds it finds. */
static void what_is_added_is_ridge_at_that_alpha(void **state) {
  (void)state;
  static double longer[USUAL + 2] = {0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6};
  static const hr_ridge_parameters all = {{longer, USUAL + 2}};
  begin(1);
  life one = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  life other = live(&hr_ridge_method, &all, SMALL_TRAIN);
  static const size_t slots[] = {0, 1, SMALL_BINS};
  for (size_t i = 0; i < 3; i++) {
    const hr_fit *a = &one.trained[slots[i]].fit, *b = &other.trained[slots[i]].fit;
    if (a->variant_count != USUAL + 2) continue;
    for (size_t v = 0; v < USUAL + 2; v++) check_near(a->cv_r2[v], b->cv_r2[v], 1e-9);
    for (size_t v = 0; v < (USUAL + 2) * SMALL_TEST; v++) {
      float x = one.mean[slots[i]][v], y = other.mean[slots[i]][v];
      if (!isnan(x)) check_near(x, y, 1e-4 * (1 + fabs((double)y)));
    }
    assert_int_equal(a->chosen, b->chosen);
    check_near(a->sigma.all.sigma, b->sigma.all.sigma, 1e-6);
  }
  life_fini(&one);
  life_fini(&other);
}

static void widening_has_an_end_and_says_so(void **state) {
  (void)state;
  begin(1e-5F);
  life l = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  const hr_fit *fit = global_of(&l);
  check_list(fit);
  assert_int_equal(fit->variant_count, MOST);
  assert_int_equal(fit->chosen, 0);
  assert_int_equal(fit->edge, HR_EDGE_SMALLEST);
  life_fini(&l);
  l = live(&hr_ridge_method, &given, SMALL_TRAIN);
  assert_int_equal(global_of(&l)->variant_count, USUAL);
  assert_int_equal(global_of(&l)->edge, HR_EDGE_SMALLEST);
  life_fini(&l);
}

/* Where the label is bright noise alone, the best is the largest. */
static void lists_go_on_upwards_too(void **state) {
  (void)state;
  begin(1e5F);
  static float noise[SMALL_TRAIN];
  hr_normal(6, HR_STREAM_PLACEBO, 0, 0, SMALL_TRAIN, noise);
  for (size_t i = 0; i < SMALL_TRAIN; i++) s.train_y[i] = (double)noise[i];
  life l = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  const hr_fit *fit = global_of(&l);
  check_list(fit);
  assert_true(fit->variant_count > USUAL);
  check_near(fit->variant_value[0], 1, 0);
  assert_true(fit->variant_value[fit->chosen] > 1e6);
  assert_int_equal(fit->edge, HR_EDGE_NONE);
  life_fini(&l);
}

static void neither_blocks_nor_short_memory_change_a_bit(void **state) {
  (void)state;
  begin(1e-2F);
  scratch folder;
  scratch_init(&folder);
  life one = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  assert_true(global_of(&one)->variant_count > USUAL);
  for (int low = HR_LOW_MEMORY_NONE; low <= HR_LOW_MEMORY_FOLDS; low++) {
    s.view.low_memory = (hr_low_memory)low;
    s.view.folder = folder.path;
    life other = live(&hr_ridge_method, &automatic, 31);
    life_check_same(&one, &other);
    life_fini(&other);
  }
  life_fini(&one);
  scratch_fini(&folder);
}

/* A target's list, and its bytes, are those that it has alone. */
static void targets_have_lists_of_their_own(void **state) {
  (void)state;
  begin(1);
  static double other_y[SMALL_TRAIN];
  for (size_t i = 0; i < SMALL_TRAIN; i++)
    other_y[i] = i % 2 ? 1 : -1; /* nothing to see */
  life alone = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  const hr_further_target further = {"other", other_y};
  s.view.further = &further;
  s.view.further_count = 1;
  life both = live(&hr_ridge_method, &automatic, SMALL_TRAIN);
  life_check_same(&alone, &both);
  hr_trained *second = &both.trained[both.slots];
  assert_true(second[SMALL_BINS].fit.variant_value[0] >= 1);
  assert_true(global_of(&both)->variant_value[0] < 1);
  for (size_t i = 0; i < both.slots; i++) hr_trained_fini(&second[i]);
  life_fini(&both);
  life_fini(&alone);
}

/* With less noise than the list thinks of, the expert that integrates it out wants
 * less. */
static void marginal_ridge_and_the_placebo_widen_too(void **state) {
  (void)state;
  begin(1e-2F);
  s.view.noise_level = 1e-6;
  static const hr_ridge_marginal_parameters marginal = {.alpha = {NULL, 0}};
  life l = live(&hr_ridge_marginal_method, &marginal, SMALL_TRAIN);
  const hr_fit *fit = global_of(&l);
  assert_true(fit->variant_count > 4);
  assert_true(fit->variant_value[fit->chosen] < 1e-3);
  assert_int_equal(fit->edge, HR_EDGE_NONE);
  life_fini(&l);
  life short_list = live(&hr_placebo_method, &given, SMALL_TRAIN);
  l = live(&hr_placebo_method, &automatic, SMALL_TRAIN);
  assert_true(l.trained[0].fit.cv_r2[0] > short_list.trained[0].fit.cv_r2[0]);
  life_fini(&short_list);
  life_fini(&l);
}

static void memory_that_runs_out_while_widening_fails_one_model(void **state) {
  (void)state;
  begin(1);
  const life_plan plan = small_study_plan(&s, &hr_ridge_method, &automatic);
  bool is_over = false;
  for (size_t n = 1; !is_over; n += 7) {
    hr_learner *learner = NULL;
    hr_error err;
    life l;
    size_t failed = 0;
    check_ok(life_learn(&plan, SMALL_TRAIN, &learner, &err));
    fail_alloc_at(n);
    hr_status status = life_finish(&plan, &learner, &l, &err);
    fail_alloc_at(0);
    assert_true(status == HR_OK || status == HR_ERR_MEMORY);
    for (size_t m = 0; m < l.slots; m++) {
      failed += l.trained[m].fit.status == HR_FIT_FAILED;
    }
    is_over = status == HR_OK && failed == 0;
    life_fini(&l);
  }
}

static void the_estimate_counts_what_may_be_added(void **state) {
  (void)state;
  begin(1);
  hr_cost usual_cost = {0}, cost = {0};
  hr_ridge_method.estimate(&s.view, &given, &usual_cost);
  hr_ridge_method.estimate(&s.view, &automatic, &cost);
  double models = SMALL_BINS + 1, folds = SMALL_FOLDS;
  check_near(cost.memory_bytes - usual_cost.memory_bytes,
             8 * 8.0 * SMALL_PIXELS * (models + folds), 1e-6);
  check_near(cost.operations, usual_cost.operations, 0);
  assert_true(cost.disk_bytes > usual_cost.disk_bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_best_alpha_inside_leaves_all_bytes),
      cmocka_unit_test(a_best_alpha_at_the_end_is_gone_beyond),
      cmocka_unit_test(what_is_added_is_ridge_at_that_alpha),
      cmocka_unit_test(widening_has_an_end_and_says_so),
      cmocka_unit_test(lists_go_on_upwards_too),
      cmocka_unit_test(neither_blocks_nor_short_memory_change_a_bit),
      cmocka_unit_test(targets_have_lists_of_their_own),
      cmocka_unit_test(marginal_ridge_and_the_placebo_widen_too),
      cmocka_unit_test(memory_that_runs_out_while_widening_fails_one_model),
      cmocka_unit_test(the_estimate_counts_what_may_be_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
