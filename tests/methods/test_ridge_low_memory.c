/* Ridge where memory is short: rows that wait on disk give the same bytes. */
#include "methods/ridge/low_memory.h"

#include "methods/ridge/ridge.h"
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

/* With rows kept on disk, of the bin with more rows than pixels and of the one with
 * fewer; the sums of all folds or of two at a time. */
static void check_low_memory(hr_low_memory low_memory) {
  life one = live(SMALL_TRAIN);
  hr_cost usual = {0}, saving = {0};
  scratch folder;
  scratch_init(&folder);
  hr_ridge_method.estimate(&s.view, &parameters, &usual);
  s.view.low_memory = low_memory;
  s.view.folder = folder.path;
  hr_ridge_method.estimate(&s.view, &parameters, &saving);
  life other = live(31);
  life_check_same(&one, &other);
  /* Of the bins that have a model. */
  size_t own_rows = one.trained[0].fit.train_rows;
  size_t rows = own_rows + one.trained[1].fit.train_rows;
  if (low_memory == HR_LOW_MEMORY_FOLDS)
    rows += SMALL_TRAIN - own_rows; /* no sums to wait for */
  /* And all rows are held for sigma. */
  double held = SMALL_TRAIN * hr_held_rows_bytes(SMALL_PIXELS);
  check_near(saving.disk_bytes - usual.disk_bytes,
             4.0 * SMALL_PIXELS * (double)rows + held, 1e-6);
  life_fini(&other);
  life_fini(&one);
  s.view.low_memory = HR_LOW_MEMORY_NONE;
  s.view.folder = NULL;
  scratch_fini(&folder);
}

static void saving_memory_does_not_change_a_bit(void **state) {
  (void)state;
  check_low_memory(HR_LOW_MEMORY_ROWS);
  check_low_memory(HR_LOW_MEMORY_FOLDS);
}

static void rows_that_cannot_be_read_back_end_it(void **state) {
  (void)state;
  const hr_method *method = &hr_ridge_method;
  hr_learner *learner = NULL;
  life l;
  hr_error err;
  scratch folder;
  scratch_init(&folder);
  s.view.low_memory = HR_LOW_MEMORY_ROWS;
  s.view.folder = folder.path;
  life_plan plan = plan_of_study();
  plan.train.rows = SMALL_TRAIN / 2;
  check_ok(life_learn(&plan, SMALL_TRAIN, &learner, &err));
  check_fails(life_finish(&plan, &learner, &l, &err), HR_ERR_IO,
              "cannot read back the rows of bin 0, which were kept in the run directory "
              "while memory is short");
  life_fini(&l);
  s.view.folder = "/nowhere";
  check_fails(method->begin(&s.view, &parameters, &learner, &err), HR_ERR_IO,
              "cannot create a file for rows in /nowhere: No such file or directory");
  s.view.low_memory = HR_LOW_MEMORY_NONE;
  s.view.folder = NULL;
  scratch_fini(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(saving_memory_does_not_change_a_bit),
      cmocka_unit_test(rows_that_cannot_be_read_back_end_it),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
