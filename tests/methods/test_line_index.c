/* The expert on line indices: on spectra in which a line says what no line of pixels can,
 * on labels that say nothing, and in a study's life. */
#include "methods/line_index/line_index.h"

#include <math.h>

#include "models/stacked.h"
#include "support/fail_alloc.h"
#include "support/lines_study.h"
#include "support/scratch.h"

static lines_study s;

static int set_up(void **state) {
  (void)state;
  lines_study_init(&s);
  return 0;
}

static void live(const hr_line_index_parameters *parameters, size_t block_rows, life *l) {
  hr_error err;
  const life_plan plan = lines_study_plan(&s, parameters);
  check_ok(life_live(&plan, block_rows, l, &err));
}

/* R2 of a slot's predictions of its test rows. */
static double r2_of(const life *l, size_t k) {
  double sum = 0, squares = 0, errors = 0, n = 0;
  for (size_t i = 0; i < LINES_TEST; i++) {
    if (s.test_bin[i] != (int32_t)k) continue;
    double residual = s.test_y[i] - (double)l->mean[k][i];
    sum += s.test_y[i];
    squares += s.test_y[i] * s.test_y[i];
    errors += residual * residual;
    n++;
  }
  return 1 - errors / (squares - sum * sum / n);
}

/* The label is the depth of a line that moves: Ridge sees little of it. */
static void what_ridge_cannot_see_a_line_tells(void **state) {
  (void)state;
  life l;
  lines_parameters p;
  live(lines_parameters_init(&p, "ridge"), LINES_TRAIN, &l);
  const hr_fit *fit = &l.trained[1].fit;
  const hr_stacked_parts *parts = hr_stacked_parts_of(l.trained[1].model);
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(fit->slot, 1);
  assert_int_equal(parts->top->pixels, 14);
  assert_true(fit->cv_r2[0] > 0.5);
  assert_true(r2_of(&l, 1) > 0.5);
  assert_true(fabs(r2_of(&l, 1) - fit->cv_r2[0]) < 0.15);
  assert_true(fit->sigma.rows > 0);
  assert_string_equal(l.trained[0].fit.note, "this expert was not asked for in this bin");
  assert_int_equal(l.trained[0].fit.reason, HR_REASON_NOT_ASKED_FOR);
  assert_null(l.trained[0].model);
  assert_null(l.trained[2].model);
  assert_int_equal(l.trained[2].fit.reason, HR_REASON_TOO_FEW_ROWS);
  assert_string_equal(l.trained[2].fit.note,
                      "37 rows that Ridge predicts unseen, at least 100 are needed");
  life_fini(&l);
}

/* With labels that are dealt out at random nothing can be learnt, and validation says so:
 * what is on top has not seen Ridge predict rows that it was trained on, where it all but
 * knows the labels. */
static void check_random_labels(double most_r2) {
  static double kept[LINES_TRAIN];
  memcpy(kept, s.train_y, sizeof kept);
  const char *const learners[] = {"ridge", "lightgbm"};
  for (size_t i = 0; i < LINES_TRAIN; i++) {
    s.train_y[i] = hr_uniform(5, HR_STREAM_NOISE_TEST, i, 0);
  }
  for (size_t n = 0; n < 2; n++) {
    life l;
    lines_parameters p;
    if (n == 1 && !lines_has_lightgbm()) continue;
    live(lines_parameters_init(&p, learners[n]), LINES_TRAIN, &l);
    const hr_fit *fit = &l.trained[1].fit;
    assert_int_equal(fit->status, HR_FIT_OK);
    assert_true(fit->cv_r2[0] < most_r2);
    life_fini(&l);
  }
  memcpy(s.train_y, kept, sizeof kept);
}

static void labels_that_say_nothing_give_nothing(void **state) {
  (void)state;
  check_random_labels(0.03);
}

/* Nor where a bin has fewer rows than pixels: what Ridge says with one row left out holds
 * the row's label, as the mean of all others lacks it. */
static void nor_do_they_in_a_small_bin(void **state) {
  (void)state;
  static int32_t kept[LINES_TRAIN];
  size_t left = LINES_PIXELS - 40;
  memcpy(kept, s.train_bin, sizeof kept);
  for (size_t i = 0; i < LINES_TRAIN; i++) {
    if (s.train_bin[i] != 1) continue;
    if (left > 0)
      left--;
    else
      s.train_bin[i] = HR_UNCOVERED;
  }
  check_random_labels(0.05);
  memcpy(s.train_bin, kept, sizeof kept);
}

static void trees_on_top(void **state) {
  (void)state;
  life l, again;
  lines_parameters p;
  if (!lines_has_lightgbm()) skip();
  live(lines_parameters_init(&p, "lightgbm"), LINES_TRAIN, &l);
  assert_int_equal(l.trained[1].fit.status, HR_FIT_OK);
  assert_string_equal(hr_stacked_parts_of(l.trained[1].model)->top->type->kind, "trees");
  assert_true(l.trained[1].fit.cv_r2[0] > 0.4);
  assert_true(r2_of(&l, 1) > 0.4);
  live(&p.parameters, 97, &again);
  life_check_same(&l, &again);
  life_fini(&l);
  life_fini(&again);
}

static void blocks_do_not_matter(void **state) {
  (void)state;
  life one, other;
  lines_parameters p;
  live(lines_parameters_init(&p, "ridge"), LINES_TRAIN, &one);
  live(&p.parameters, 97, &other);
  life_check_same(&one, &other);
  life_fini(&one);
  life_fini(&other);
}

/* Rows that wait on disk, and sums of a few folds at a time, are the same Ridge. */
static void little_memory_changes_nothing(void **state) {
  (void)state;
  life one, other;
  lines_parameters p;
  scratch folder;
  scratch_init(&folder);
  live(lines_parameters_init(&p, "ridge"), LINES_TRAIN, &one);
  s.view.folder = folder.path;
  for (int low = HR_LOW_MEMORY_ROWS; low <= HR_LOW_MEMORY_FOLDS; low++) {
    s.view.low_memory = (hr_low_memory)low;
    live(&p.parameters, LINES_TRAIN, &other);
    life_check_same(&one, &other);
    life_fini(&other);
  }
  s.view.low_memory = HR_LOW_MEMORY_NONE;
  s.view.folder = NULL;
  life_fini(&one);
  scratch_fini(&folder);
}

/* Rows that validation predicted are those of the study, where the study keeps them. */
static void validation_is_kept(void **state) {
  (void)state;
  life l;
  lines_parameters p;
  s.view.keeps_validation = true;
  live(lines_parameters_init(&p, "ridge"), LINES_TRAIN, &l);
  s.view.keeps_validation = false;
  const hr_validation_rows *kept = &l.trained[1].fit.validation;
  double errors = 0, sum = 0, squares = 0, n = (double)kept->count;
  assert_true(kept->count > LINES_TRAIN / 3);
  for (size_t i = 0; i < kept->count; i++) {
    double y = s.train_y[kept->row[i]], residual = y - (double)kept->prediction[i];
    assert_int_equal(s.train_bin[kept->row[i]], 1);
    errors += residual * residual;
    sum += y;
    squares += y * y;
  }
  /* Of the single row that is left out, not of its fold: a little better. */
  check_near(1 - errors / (squares - sum * sum / n), l.trained[1].fit.cv_r2[0], 0.05);
  life_fini(&l);
}

static void fewer_rows_are_enough(void **state) {
  (void)state;
  life l;
  lines_parameters p;
  lines_parameters_init(&p, "ridge");
  p.parameters.most_rows = 150;
  p.parameters.components = 0;
  live(&p.parameters, LINES_TRAIN, &l);
  assert_int_equal(l.trained[1].fit.validated_rows, 150);
  assert_int_equal(hr_stacked_parts_of(l.trained[1].model)->top->pixels, 10);
  assert_true(r2_of(&l, 1) > 0.4);
  life_fini(&l);
}

/* --- resuming --- */

typedef struct keeping {
  scratch folder;
  hr_fit fit;
  size_t count;
} keeping;

static hr_status keep(void *context, const hr_model *model, const hr_fit *fit,
                      hr_error *err) {
  keeping *k = context;
  k->count++;
  hr_status status = hr_fit_copy(fit, &k->fit, err);
  return status == HR_OK ? model->type->save(model, k->folder.path, HR_MODEL_FULL, err)
                         : status;
}

static void a_model_that_was_kept_is_taken_back(void **state) {
  (void)state;
  hr_error err;
  life first, second;
  lines_parameters p;
  keeping k = {.count = 0};
  hr_learner *learner = NULL;
  scratch_init(&k.folder);
  lines_parameters_init(&p, "ridge");
  p.parameters.bins = (hr_numbers){(double[]){1}, 1};
  const life_plan plan = lines_study_plan(&s, &p.parameters);
  s.view.keeper = (hr_keeper){&k, keep};
  live(&p.parameters, LINES_TRAIN, &first);
  assert_int_equal(k.count, 1);
  check_ok(plan.method->begin(&s.view, &p.parameters, &learner, &err));
  assert_false(plan.method->is_trained(learner));
  check_ok(plan.method->resume(learner, &k.fit, k.folder.path, &err));
  assert_true(plan.method->is_trained(learner));
  check_ok(life_finish(&plan, &learner, &second, &err));
  check_ok(life_predict(&plan, &second, &err));
  assert_int_equal(k.count, 1);
  life_check_same(&first, &second);
  s.view.keeper = (hr_keeper){NULL, NULL};
  hr_fit_fini(&k.fit);
  life_fini(&first);
  life_fini(&second);
  scratch_fini(&k.folder);
}

static void rows_that_did_not_come_are_missed(void **state) {
  (void)state;
  hr_error err;
  life l;
  lines_parameters p;
  hr_learner *learner = NULL;
  life_plan plan = lines_study_plan(&s, lines_parameters_init(&p, "ridge"));
  char expected[80];
  size_t rows = 0;
  plan.train.rows = LINES_TRAIN / 2;
  check_ok(life_learn(&plan, LINES_TRAIN, &learner, &err));
  for (size_t i = 0; i < LINES_TRAIN / 2; i++) rows += s.train_bin[i] == 1;
  snprintf(expected, sizeof expected, "line_index saw %zu rows of bin 1, not %zu", rows,
           lines_rows_of(&s, 1));
  check_fails(life_finish(&plan, &learner, &l, &err), HR_ERR_INTERNAL, expected);
  life_fini(&l);
}

/* --- before anything is read --- */

static void windows_beyond_the_spectra_are_refused(void **state) {
  (void)state;
  hr_error err;
  lines_parameters p;
  lines_parameters_init(&p, "ridge");
  check_ok(hr_line_index_method.check(&s.view, &p.parameters, &err));
  p.parameters.features = (char[]){"default"};
  hr_status status = hr_line_index_method.check(&s.view, &p.parameters, &err);
  assert_int_equal(status, HR_ERR_CONFIG);
  assert_non_null(
      strstr(err.message, "experts.line_index.features: the window Mg I 8807"));
}

static void an_estimate_grows_with_the_rows_that_are_kept(void **state) {
  (void)state;
  lines_parameters p;
  hr_cost few = {0}, many = {0};
  lines_parameters_init(&p, "ridge");
  p.parameters.most_rows = 100;
  hr_line_index_method.estimate(&s.view, &p.parameters, &few);
  p.parameters.most_rows = 500;
  hr_line_index_method.estimate(&s.view, &p.parameters, &many);
  double rows = (many.gathered_bytes - few.gathered_bytes) / (4.0 * LINES_PIXELS);
  assert_true(rows >= 400 && rows < 410);
  assert_true(many.memory_bytes > many.gathered_bytes);
  assert_true(many.bundle_bytes > 0);
}

static hr_status live_once(const life_plan *plan) {
  hr_error err;
  life l;
  hr_status status = life_live(plan, LINES_TRAIN, &l, &err);
  bool has_model = status == HR_OK && l.trained[1].model;
  if (status == HR_OK) life_fini(&l);
  return status == HR_OK && !has_model ? HR_ERR_MEMORY : status;
}

static void without_memory_nothing_is_left(void **state) {
  (void)state;
  lines_parameters p;
  const life_plan plan = lines_study_plan(&s, lines_parameters_init(&p, "ridge"));
  check_alloc_failures(live_once(&plan));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_ridge_cannot_see_a_line_tells),
      cmocka_unit_test(labels_that_say_nothing_give_nothing),
      cmocka_unit_test(nor_do_they_in_a_small_bin),
      cmocka_unit_test(trees_on_top),
      cmocka_unit_test(blocks_do_not_matter),
      cmocka_unit_test(little_memory_changes_nothing),
      cmocka_unit_test(validation_is_kept),
      cmocka_unit_test(fewer_rows_are_enough),
      cmocka_unit_test(a_model_that_was_kept_is_taken_back),
      cmocka_unit_test(rows_that_did_not_come_are_missed),
      cmocka_unit_test(windows_beyond_the_spectra_are_refused),
      cmocka_unit_test(an_estimate_grows_with_the_rows_that_are_kept),
      cmocka_unit_test(without_memory_nothing_is_left),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
