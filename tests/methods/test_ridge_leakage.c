/* Ridge on the error alone: its summary, its fit, and when it finds something. */
#include "methods/ridge/leakage.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/fail_alloc.h"
#include "support/least_squares.h"
#include "support/scratch.h"
#include "support/small_study.h"

static small_study s;

static int prepare(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

static life live(size_t block_rows) {
  const life_plan plan = small_study_plan(&s, &hr_leakage_method, NULL);
  hr_error err;
  life l;
  check_ok(life_live(&plan, block_rows, &l, &err));
  assert_int_equal(l.slots, 1);
  assert_int_equal(l.trained[0].fit.slot, HR_GLOBAL);
  return l;
}

static void a_summary_is_the_logarithm_of_the_mean(void **state) {
  (void)state;
  const float error[7] = {0.1F, 0.3F, 0, -1, 20, 0.002F, 0.002F};
  float out[3];
  hr_leakage_summarise(error, 7, 3, out); /* pixels 0 1 2, 3 4, 5 6 */
  check_near(out[0], log10(0.2), 1e-6);
  check_near(out[1], log10(20), 1e-6);
  check_near(out[2], log10(0.002), 1e-6);
  const float masked[4] = {10, 10, 0, -1};
  hr_leakage_summarise(masked, 4, 2, out);
  check_near(out[0], 1, 1e-6);
  check_near(out[1], 1, 1e-6); /* the mean of the row's others */
  const float none[2] = {0, -1};
  hr_leakage_summarise(none, 2, 2, out);
  check_near(out[0], 0, 0);
  check_near(out[1], 0, 0);
}

/* R² of the predictions on the covered test rows. */
static double test_r2(const life *l) {
  double mean = 0, count = 0, sse = 0, sst = 0;
  for (size_t i = 0; i < SMALL_TEST; i++) {
    if (s.test_bin[i] == HR_UNCOVERED) continue;
    mean += s.test_y[i];
    count++;
  }
  for (size_t i = 0; i < SMALL_TEST; i++) {
    if (s.test_bin[i] == HR_UNCOVERED) continue;
    double d = s.test_y[i] - mean / count, e = s.test_y[i] - (double)l->mean[0][i];
    sst += d * d;
    sse += e * e;
  }
  return 1 - sse / sst;
}

static void an_error_that_knows_nothing_predicts_nothing(void **state) {
  (void)state;
  life l = live(SMALL_TRAIN);
  const hr_fit *fit = &l.trained[0].fit;
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(fit->train_rows, 280);
  assert_true(test_r2(&l) < 0.05);
  assert_true(fit->cv_r2[0] < 0.05);
  for (size_t i = 0; i < SMALL_TEST; i++) {
    assert_int_equal(isnan(l.mean[0][i]) != 0, s.test_bin[i] == HR_UNCOVERED);
  }
  life_fini(&l);
}

/* Writes the label into the error of one pixel: the answer is there to be read. */
static void plant(void) {
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    s.train_error[i * SMALL_PIXELS + 3] = (float)(0.1 * pow(10, 0.1 * s.train_y[i]));
  }
  for (size_t i = 0; i < SMALL_TEST; i++) {
    s.test_error[i * SMALL_PIXELS + 3] = (float)(0.1 * pow(10, 0.1 * s.test_y[i]));
  }
}

static void an_error_that_knows_the_label_is_found_out(void **state) {
  (void)state;
  plant();
  life l = live(SMALL_TRAIN);
  assert_true(test_r2(&l) > 0.99);
  assert_true(l.trained[0].fit.cv_r2[0] > 0.99);
  life_fini(&l);
}

static void it_is_ridge_on_paper(void **state) {
  (void)state;
  static float x[SMALL_TRAIN * SMALL_PIXELS], row[SMALL_PIXELS];
  bool use[SMALL_TRAIN];
  scratch folder;
  hr_error err;
  char *bytes = NULL;
  size_t size = 0;
  double alpha = 0;
  plant();
  life l = live(100);
  const hr_model *model = l.trained[0].model;
  scratch_init(&folder);
  check_ok(model->type->save(model, folder.path, HR_MODEL_FULL, &err));
  check_ok(
      hr_file_read(scratch_name(&folder, "model.npy"), 1 << 20, &bytes, &size, &err));
  memcpy(&alpha, bytes + size - (2 + SMALL_PIXELS) * sizeof alpha, sizeof alpha);
  check_alloc_failures(model->type->save(model, folder.path, HR_MODEL_FULL, NULL));
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    use[i] = s.train_bin[i] != HR_UNCOVERED;
    hr_leakage_summarise(s.train_error + i * SMALL_PIXELS, SMALL_PIXELS, SMALL_PIXELS,
                         x + i * SMALL_PIXELS);
  }
  plain_ridge plain =
      plain_ridge_fit(x, s.train_y, use, SMALL_TRAIN, SMALL_PIXELS, alpha);
  for (size_t i = 0; i < SMALL_TEST; i++) {
    if (s.test_bin[i] == HR_UNCOVERED) continue;
    hr_leakage_summarise(s.test_error + i * SMALL_PIXELS, SMALL_PIXELS, SMALL_PIXELS,
                         row);
    check_near(l.mean[0][i], plain_ridge_predict(&plain, row, SMALL_PIXELS), 1e-3);
  }
  free(plain.weights);
  hr_free(bytes);
  scratch_fini(&folder);
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

static void check_without_model(hr_fit_status expected, const char *note) {
  life l = live(SMALL_TRAIN);
  assert_int_equal(l.trained[0].fit.status, expected);
  assert_string_equal(l.trained[0].fit.note, note);
  assert_null(l.trained[0].model);
  life_fini(&l);
}

static void too_few_rows_are_skipped_with_a_sentence(void **state) {
  (void)state;
  for (size_t i = 0; i < SMALL_TRAIN; i++) s.train_bin[i] = i == 9 ? 0 : HR_UNCOVERED;
  check_without_model(HR_FIT_SKIPPED, "1 covered training row, at least 2 are needed");
  s.train_bin[9] = HR_UNCOVERED;
  check_without_model(HR_FIT_SKIPPED, "0 covered training rows, at least 2 are needed");
}

static void indefinite_systems_fail_with_a_sentence(void **state) {
  (void)state;
  s.train_error[0] =
      INFINITY; /* the stream refuses that; here it makes NaN of all sums */
  check_without_model(HR_FIT_FAILED, "no system is positive definite in fp64");
}

static hr_status live_and_die(void) {
  const life_plan plan = small_study_plan(&s, &hr_leakage_method, NULL);
  life l;
  hr_status status = life_live(&plan, 100, &l, NULL);
  life_fini(&l);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(live_and_die());
}

static void the_estimate_covers_what_is_used(void **state) {
  (void)state;
  hr_cost cost = {0};
  hr_leakage_method.estimate(&s.view, NULL, &cost);
  assert_true(cost.memory_bytes > 6.0 * 4 * SMALL_PIXELS * SMALL_PIXELS);
  assert_true(cost.operations > (double)SMALL_TRAIN * SMALL_PIXELS * SMALL_PIXELS);
  assert_true(cost.disk_bytes > 4.0 * SMALL_TEST);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_summary_is_the_logarithm_of_the_mean),
      cmocka_unit_test_setup(an_error_that_knows_nothing_predicts_nothing, prepare),
      cmocka_unit_test_setup(an_error_that_knows_the_label_is_found_out, prepare),
      cmocka_unit_test_setup(it_is_ridge_on_paper, prepare),
      cmocka_unit_test_setup(blocks_do_not_change_a_bit, prepare),
      cmocka_unit_test_setup(too_few_rows_are_skipped_with_a_sentence, prepare),
      cmocka_unit_test_setup(indefinite_systems_fail_with_a_sentence, prepare),
      cmocka_unit_test_setup(memory_can_run_out, prepare),
      cmocka_unit_test_setup(the_estimate_covers_what_is_used, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
