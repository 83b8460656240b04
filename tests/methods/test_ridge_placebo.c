/* Ridge on random groups: who is in a group, what its model is, and what happens where
 * there is nothing to train. */
#include "methods/ridge/placebo.h"

#include "core/alloc.h"
#include "core/file.h"
#include "methods/ridge/ridge.h"
#include "support/fail_alloc.h"
#include "support/least_squares.h"
#include "support/scratch.h"
#include "support/small_study.h"

enum { ALPHAS = 3 };
static double alphas[ALPHAS] = {0.1, 10, 1000};
static const hr_ridge_parameters parameters = {{alphas, ALPHAS}};

static small_study s;
static int32_t train_group[SMALL_TRAIN], test_group[SMALL_TEST];

static int prepare(void **state) {
  (void)state;
  hr_error err;
  small_study_init(&s);
  check_ok(hr_placebo_deal(s.train_bin, SMALL_TRAIN, s.view.seed, 0, train_group, &err));
  check_ok(hr_placebo_deal(s.test_bin, SMALL_TEST, s.view.seed, 1, test_group, &err));
  return 0;
}

static life live_with(const hr_ridge_parameters *ridge, size_t block_rows) {
  const life_plan plan = small_study_plan(&s, &hr_placebo_method, ridge);
  hr_error err;
  life l;
  check_ok(life_live(&plan, block_rows, &l, &err));
  assert_int_equal(l.slots, 1);
  assert_int_equal(l.trained[0].fit.slot, HR_GLOBAL);
  return l;
}

static life live(size_t block_rows) {
  return live_with(&parameters, block_rows);
}

static void groups_are_as_large_as_bins_and_as_random_as_can_be(void **state) {
  (void)state;
  hr_error err;
  enum { ROWS = 9000, BINS = 9 };
  static int32_t bin[ROWS], group[ROWS], other[ROWS];
  size_t counts[BINS + 1], sizes[BINS + 1], shared[BINS][BINS] = {{0}};
  for (size_t i = 0; i < ROWS; i++) {
    bin[i] = i % 6 == 5 ? HR_UNCOVERED : (int32_t)(i % 3 + i % 5);
  }
  check_ok(hr_placebo_deal(bin, ROWS, 42, 0, group, &err));
  hr_count_bins(bin, ROWS, BINS, counts);
  hr_count_bins(group, ROWS, BINS, sizes);
  assert_memory_equal(counts, sizes, sizeof counts);
  for (size_t i = 0; i < ROWS; i++) {
    assert_int_equal(group[i] == HR_UNCOVERED, bin[i] == HR_UNCOVERED);
    if (bin[i] != HR_UNCOVERED) shared[bin[i]][group[i]]++;
  }
  double covered = (double)(ROWS - counts[BINS]), chi2 = 0;
  size_t cells = 0;
  for (size_t b = 0; b < BINS; b++) {
    for (size_t g = 0; g < BINS; g++) {
      double expected = (double)counts[b] * (double)counts[g] / covered;
      if (expected < 1) continue;
      double d = (double)shared[b][g] - expected;
      chi2 += d * d / expected;
      cells++;
    }
  }
  assert_int_equal(cells, 49); /* seven bins have rows: 36 degrees of freedom */
  assert_true(chi2 > 12 && chi2 < 75);
  check_ok(hr_placebo_deal(bin, ROWS, 42, 0, other, &err));
  assert_memory_equal(group, other, sizeof group);
  check_ok(hr_placebo_deal(bin, ROWS, 42, 1, other, &err));
  assert_memory_not_equal(group, other, sizeof group);
  check_ok(hr_placebo_deal(bin, ROWS, 43, 0, other, &err));
  assert_memory_not_equal(group, other, sizeof group);
}

static plain_ridge fit_on_paper(int32_t group, double alpha) {
  bool use[SMALL_TRAIN];
  for (size_t i = 0; i < SMALL_TRAIN; i++) use[i] = train_group[i] == group;
  return plain_ridge_fit(s.train_x, s.train_y, use, SMALL_TRAIN, SMALL_PIXELS, alpha);
}

/* Groups 0 (more rows than pixels) and 1 (fewer) validate on one another: the others have
 * a single row and none. */
static double validate_on_paper(const plain_ridge *plain, int32_t on) {
  double sum = 0;
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    if (train_group[i] != on) continue;
    double d = s.train_y[i] -
               plain_ridge_predict(plain, s.train_x + i * SMALL_PIXELS, SMALL_PIXELS);
    sum += d * d;
  }
  return sum;
}

/* Σ(y − ȳ)² of a group. */
static double spread_on_paper(int32_t of) {
  double count = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    if (train_group[i] != of) continue;
    count++;
    sum += s.train_y[i];
    squares += s.train_y[i] * s.train_y[i];
  }
  return squares - sum * sum / count;
}

static void every_group_is_ridge_on_paper(void **state) {
  (void)state;
  life l = live(SMALL_TRAIN);
  const hr_fit *fit = &l.trained[0].fit;
  size_t checked = 0;
  double missed = 0;
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(fit->train_rows, 280);
  for (int32_t k = 0; k < 2; k++) {
    double best = INFINITY;
    plain_ridge chosen = {0};
    for (size_t a = 0; a < ALPHAS; a++) {
      plain_ridge plain = fit_on_paper(k, alphas[a]);
      double sse = validate_on_paper(&plain, 1 - k);
      free(sse < best ? chosen.weights : plain.weights);
      if (!(sse < best)) continue;
      best = sse;
      chosen = plain;
    }
    for (size_t i = 0; i < SMALL_TEST; i++) {
      /* Group 2 has one training row: group 3 has none, and group 0 is the next. */
      if (test_group[i] != k && !(k == 0 && test_group[i] == 2)) continue;
      double expected =
          plain_ridge_predict(&chosen, s.test_x + i * SMALL_PIXELS, SMALL_PIXELS);
      check_near(l.mean[0][i], expected, 2e-4);
      checked++;
    }
    free(chosen.weights);
    missed += best;
  }
  assert_int_equal(checked, 56);
  for (size_t i = 0; i < SMALL_TEST; i++) {
    assert_int_equal(isnan(l.mean[0][i]) != 0, s.test_bin[i] == HR_UNCOVERED);
  }
  double spread = spread_on_paper(0) + spread_on_paper(1);
  check_near(fit->cv_r2[0], 1 - missed / spread, 1e-5);
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

static void check_without_model(const hr_ridge_parameters *ridge, hr_fit_status expected,
                                const char *note) {
  life l = live_with(ridge, SMALL_TRAIN);
  assert_int_equal(l.trained[0].fit.status, expected);
  assert_string_equal(l.trained[0].fit.note, note);
  assert_null(l.trained[0].model);
  life_fini(&l);
}

static void one_bin_is_no_partition(void **state) {
  (void)state;
  for (size_t i = 0; i < SMALL_TRAIN; i++) s.train_bin[i] = i < 3 ? HR_UNCOVERED : 0;
  check_without_model(&parameters, HR_FIT_SKIPPED,
                      "1 bin has 2 training rows or more, at least 2 are needed");
  for (size_t i = 0; i < SMALL_TRAIN; i++) s.train_bin[i] = HR_UNCOVERED;
  check_without_model(&parameters, HR_FIT_SKIPPED,
                      "0 bins have 2 training rows or more, at least 2 are needed");
}

static void indefinite_systems_fail_with_a_sentence(void **state) {
  (void)state;
  double below[] = {-1e6};
  const hr_ridge_parameters wrong = {{below, 1}};
  check_without_model(&wrong, HR_FIT_FAILED,
                      "no system is positive definite in fp64: take larger alphas");
}

static void models_and_groups_are_saved(void **state) {
  (void)state;
  hr_error err;
  scratch folder;
  char *bytes = NULL;
  size_t size = 0;
  scratch_init(&folder);
  life l = live(SMALL_TRAIN);
  const hr_model *model = l.trained[0].model;
  check_ok(model->type->save(model, folder.path, HR_MODEL_FULL, &err));
  const struct {
    const char *name;
    size_t numbers;
  } files[] = {{"model.npy", SMALL_BINS * (2 + SMALL_PIXELS)},
               {"train_groups.npy", SMALL_TRAIN},
               {"test_groups.npy", SMALL_TEST}};
  for (size_t f = 0; f < 3; f++) {
    check_ok(
        hr_file_read(scratch_name(&folder, files[f].name), 1 << 20, &bytes, &size, &err));
    double last = 0;
    size_t head = size - files[f].numbers * sizeof(double);
    assert_int_equal(head % 64, 0);
    memcpy(&last, bytes + size - sizeof last, sizeof last);
    if (f == 1) check_near(last, train_group[SMALL_TRAIN - 1], 0);
    if (f == 2) check_near(last, test_group[SMALL_TEST - 1], 0);
    hr_free(bytes);
  }
  check_alloc_failures(model->type->save(model, folder.path, HR_MODEL_FULL, NULL));
  life_fini(&l);
  scratch_fini(&folder);
}

static hr_status live_and_die(void) {
  const life_plan plan = small_study_plan(&s, &hr_placebo_method, &parameters);
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
  hr_placebo_method.estimate(&s.view, &parameters, &cost);
  assert_true(cost.memory_bytes > 8.0 * SMALL_PIXELS * SMALL_PIXELS);
  assert_true(cost.operations > 240.0 * SMALL_PIXELS * SMALL_PIXELS);
  assert_true(cost.disk_bytes > 8.0 * (SMALL_TRAIN + SMALL_TEST));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(groups_are_as_large_as_bins_and_as_random_as_can_be, NULL),
      cmocka_unit_test_setup(every_group_is_ridge_on_paper, prepare),
      cmocka_unit_test_setup(blocks_do_not_change_a_bit, prepare),
      cmocka_unit_test_setup(one_bin_is_no_partition, prepare),
      cmocka_unit_test_setup(indefinite_systems_fail_with_a_sentence, prepare),
      cmocka_unit_test_setup(models_and_groups_are_saved, prepare),
      cmocka_unit_test_setup(memory_can_run_out, prepare),
      cmocka_unit_test_setup(the_estimate_covers_what_is_used, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
