/* Ridges taking turns: one that fails leaves the others be. */
#include "methods/ridge/learner.h"
#include "methods/ridge/ridge.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/small_study.h"

enum { ALPHAS = 3 };

static double alphas[ALPHAS] = {0.1, 10, 1000};
static const hr_ridge_parameters parameters = {{alphas, ALPHAS}};
static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

static life_plan plan_of_study(void) {
  return small_study_plan(&s, &hr_ridge_method, &parameters);
}

static life live(size_t block_rows) {
  const life_plan plan = plan_of_study();
  life l;
  hr_error err;
  check_ok(life_live(&plan, block_rows, &l, &err));
  return l;
}

static void rows_that_are_missing_are_a_slip_of_ours(void **state) {
  (void)state;
  hr_learner *learner = NULL;
  life l;
  hr_error err;
  life_plan plan = plan_of_study();
  plan.train.rows = SMALL_TRAIN / 2;
  check_ok(life_learn(&plan, SMALL_TRAIN, &learner, &err));
  check_fails(life_finish(&plan, &learner, &l, &err), HR_ERR_INTERNAL,
              "ridge saw 120 rows of bin 0, not 240");
  life_fini(&l);
}

/* Every allocation of training fails in turn: that ends a model with a sentence, or,
 * where the scratch space of all is refused, the expert; the other models keep their
 * bytes. */
static void check_survivors(const life *l, const life *expected, size_t failed) {
  for (size_t m = 0; m < l->slots; m++) {
    const hr_fit *fit = &l->trained[m].fit;
    if (fit->status != HR_FIT_OK) continue;
    /* Rows that there was no memory to sum up come to the global model one by one, in
     * other blocks. */
    bool in_other_blocks =
        s.view.low_memory > HR_LOW_MEMORY_NONE && m == SMALL_BINS && failed > 0;
    for (size_t a = 0; a < ALPHAS; a++) {
      double most = in_other_blocks ? 1e-6 : 0;
      check_near(fit->cv_r2[a], expected->trained[m].fit.cv_r2[a], most);
    }
    if (in_other_blocks) continue;
    assert_memory_equal(l->mean[m], expected->mean[m],
                        ALPHAS * SMALL_TEST * sizeof(float));
  }
}

static size_t count_failed(const life *l) {
  size_t failed = 0;
  for (size_t m = 0; m < l->slots; m++) {
    if (l->trained[m].fit.status != HR_FIT_FAILED) continue;
    assert_non_null(strstr(l->trained[m].fit.note, "memory"));
    assert_null(l->trained[m].model);
    failed++;
  }
  return failed;
}

static void fail_every_allocation(void) {
  const life_plan plan = plan_of_study();
  life sound = live(SMALL_TRAIN);
  size_t failed = 0, refused = 0;
  bool is_over = false;
  for (size_t n = 1; !is_over; n++) {
    hr_learner *learner = NULL;
    hr_error err;
    life l;
    check_ok(life_learn(&plan, SMALL_TRAIN, &learner, &err));
    fail_alloc_at(n);
    hr_status status = life_finish(&plan, &learner, &l, &err);
    fail_alloc_at(0);
    refused += status == HR_ERR_MEMORY;
    assert_true(status == HR_OK || status == HR_ERR_MEMORY);
    if (status == HR_OK) {
      check_ok(life_predict(&plan, &l, &err));
      size_t failed_now = count_failed(&l);
      check_survivors(&l, &sound, failed_now);
      assert_in_range(failed_now, 0, 1);
      failed += failed_now;
      is_over = failed_now == 0;
    }
    life_fini(&l);
  }
  assert_true(failed > 10);
  assert_true(refused > 0);
  life_fini(&sound);
}

static void memory_that_runs_out_fails_one_model(void **state) {
  (void)state;
  scratch folder;
  fail_every_allocation();
  scratch_init(&folder);
  s.view.folder = folder.path;
  for (int low_memory = HR_LOW_MEMORY_ROWS; low_memory <= HR_LOW_MEMORY_FOLDS;
       low_memory++) {
    s.view.low_memory = (hr_low_memory)low_memory;
    fail_every_allocation();
  }
  s.view.low_memory = HR_LOW_MEMORY_NONE;
  s.view.folder = NULL;
  scratch_fini(&folder);
}

/* What was told as a warning, the last time. */
static void keep_line(void *context, hr_log_level level, const char *line) {
  assert_int_equal(level, HR_LOG_WARNING);
  snprintf(context, 256, "%s", line);
}

static void alphas_that_cannot_be_solved_are_told_of(void **state) {
  (void)state;
  char line[256] = "";
  const hr_observer observer = {.context = line, .log = keep_line};
  alphas[0] = -1e3;
  s.view.observer = &observer;
  life l = live(SMALL_TRAIN);
  const hr_fit *fit = &l.trained[SMALL_BINS].fit;
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_string_equal(fit->note,
                      "1 of 3 alphas are undefined, their systems are not positive "
                      "definite in fp64: take larger ones, or where training rows are "
                      "told of that are far beyond all others leave these out "
                      "(data.reject_outliers: true)");
  assert_memory_equal(line, "ridge, the global model: 1 of 3 alphas are undefined", 51);
  assert_true(isnan(fit->cv_r2[0]));
  assert_true(isnan(l.mean[SMALL_BINS][0]));
  assert_true(!isnan(l.mean[SMALL_BINS][SMALL_TEST]));
  life_fini(&l);
  for (size_t a = 0; a < ALPHAS; a++) alphas[a] = -1e3 - (double)a;
  l = live(SMALL_TRAIN);
  assert_int_equal(l.trained[1].fit.status, HR_FIT_FAILED);
  assert_null(l.trained[1].model);
  life_fini(&l);
  s.view.observer = NULL;
  alphas[0] = 0.1;
  alphas[1] = 10;
  alphas[2] = 1000;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_that_are_missing_are_a_slip_of_ours),
      cmocka_unit_test(memory_that_runs_out_fails_one_model),
      cmocka_unit_test(alphas_that_cannot_be_solved_are_told_of),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
