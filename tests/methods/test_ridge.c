/* The Ridge expert on small studies: every bin, the global model, every alpha on paper.
 */
#include "methods/ridge/ridge.h"

#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/least_squares.h"
#include "support/scratch.h"

enum { TRAIN = 400, TEST = 60, PIXELS = 50, BINS = 4, FOLDS = 5, ALPHAS = 3 };

/* Bin 0 has more rows than pixels, bin 1 fewer, bin 2 one, bin 3 none; some are
 * uncovered. */
typedef struct small_study {
  float train_x[TRAIN * PIXELS], test_x[TEST * PIXELS];
  double train_y[TRAIN], test_y[TEST];
  int32_t train_bin[TRAIN], test_bin[TEST];
  uint8_t fold[TRAIN];
  hr_study_view view;
} small_study;

static const double alphas[ALPHAS] = {0.1, 10, 1000};

static void make_rows(float *x, double *y, int32_t *bin, size_t rows,
                      hr_stream_id stream) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * PIXELS;
    hr_normal(9, stream, i, 0, PIXELS, row);
    bin[i] = i == 7 ? 2 : i % 10 < 7 ? 0 : i % 10 == 7 ? 1 : HR_UNCOVERED;
    y[i] = 3 + (bin[i] == 1 ? -1 : 1) * (double)row[0] + 0.5 * (double)row[1];
    for (size_t p = 0; p < PIXELS; p++) row[p] = 0.5F + 0.1F * row[p];
  }
}

static int set_up(void **state) {
  small_study *s = calloc(1, sizeof *s);
  make_rows(s->train_x, s->train_y, s->train_bin, TRAIN, HR_STREAM_NOISE_TRAIN);
  make_rows(s->test_x, s->test_y, s->test_bin, TEST, HR_STREAM_NOISE_TEST);
  hr_assign_folds(s->train_bin, TRAIN, BINS, FOLDS, 1, s->fold);
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = PIXELS,
      .bin_count = BINS,
      .fold_count = FOLDS,
      .train = {TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test = {TEST, s->test_y, s->test_bin, s->test_bin, NULL},
      .memory_bytes = (size_t)1 << 30,
  };
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  free(*state);
  return 0;
}

/* A study's life, its rows shown `block_rows` at a time. */
static hr_learner *live(const small_study *s, size_t block_rows) {
  static const hr_ridge_parameters parameters = {{(double *)(uintptr_t)alphas, ALPHAS}};
  hr_learner *expert = NULL;
  hr_error err;
  const hr_method *type = &hr_ridge_method;
  check_ok(type->create(&s->view, &parameters, &expert, &err));
  for (int training = 1; training >= 0; training--) {
    size_t rows = training ? TRAIN : TEST;
    const float *x = training ? s->train_x : s->test_x;
    for (size_t first = 0; first < rows; first += block_rows) {
      size_t count = rows - first < block_rows ? rows - first : block_rows;
      hr_block block = {first, count, PIXELS, NULL, NULL, x + first * PIXELS};
      check_ok(training ? type->observe(expert, &block, &err)
                        : type->observe_test(expert, &block, &err));
    }
    if (training) check_ok(type->train(expert, &err));
  }
  return expert;
}

static bool in_model(int32_t bin, int model) {
  return model == HR_GLOBAL || bin == model;
}

/* R² of cross-validation with the study's folds, on paper. */
static double cv_on_paper(const small_study *s, int model, double alpha) {
  double residual = 0, mean = 0, total = 0, count = 0;
  for (size_t i = 0; i < TRAIN; i++) {
    if (!in_model(s->train_bin[i], model)) continue;
    mean += s->train_y[i];
    count++;
  }
  mean /= count;
  for (int f = 0; f < FOLDS; f++) {
    bool use[TRAIN];
    for (size_t i = 0; i < TRAIN; i++) {
      use[i] = in_model(s->train_bin[i], model) && s->fold[i] != f;
    }
    plain_ridge plain =
        plain_ridge_fit(s->train_x, s->train_y, use, TRAIN, PIXELS, alpha);
    for (size_t i = 0; i < TRAIN; i++) {
      if (!in_model(s->train_bin[i], model) || s->fold[i] != f) continue;
      double d =
          s->train_y[i] - plain_ridge_predict(&plain, s->train_x + i * PIXELS, PIXELS);
      residual += d * d;
      total += (s->train_y[i] - mean) * (s->train_y[i] - mean);
    }
    free(plain.weights);
  }
  return 1 - residual / total;
}

static void check_task(const small_study *s, const hr_task *task) {
  double best = -INFINITY;
  size_t best_variant = 0;
  for (size_t a = 0; a < ALPHAS; a++) {
    bool use[TRAIN];
    for (size_t i = 0; i < TRAIN; i++) use[i] = in_model(s->train_bin[i], task->bin);
    plain_ridge plain =
        plain_ridge_fit(s->train_x, s->train_y, use, TRAIN, PIXELS, alphas[a]);
    size_t at = 0;
    for (size_t i = 0; i < TEST; i++) {
      if (!in_model(s->test_bin[i], task->bin)) continue;
      double expected = plain_ridge_predict(&plain, s->test_x + i * PIXELS, PIXELS);
      check_near(task->predictions[a * task->test_rows + at], expected, 2e-4);
      at++;
    }
    assert_int_equal(at, task->test_rows);
    free(plain.weights);
    double cv = cv_on_paper(s, task->bin, alphas[a]);
    check_near(task->cv_r2[a], cv, 1e-4);
    if (cv > best) {
      best = cv;
      best_variant = a;
    }
  }
  assert_int_equal(task->chosen, best_variant);
}

static void every_model_equals_ridge_on_paper(void **state) {
  const small_study *s = *state;
  hr_learner *expert = live(s, TRAIN);
  size_t count = 0;
  const hr_task *tasks = hr_ridge_method.tasks(expert, &count);
  assert_int_equal(count, BINS + 1);
  static const size_t checked[] = {0, 1, BINS}; /* primal, dual, global */
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(tasks[checked[i]].status, HR_FIT_OK);
    check_task(s, &tasks[checked[i]]);
  }
  hr_ridge_method.destroy(&expert);
}

static void one_row_and_no_rows_are_skipped_with_a_sentence(void **state) {
  const small_study *s = *state;
  hr_learner *expert = live(s, TRAIN);
  size_t count = 0;
  const hr_task *tasks = hr_ridge_method.tasks(expert, &count);
  assert_int_equal(tasks[2].status, HR_FIT_SKIPPED);
  assert_string_equal(tasks[2].note, "1 training row, at least 2 are needed");
  assert_int_equal(tasks[3].status, HR_FIT_SKIPPED);
  assert_string_equal(tasks[3].note, "0 training rows, at least 2 are needed");
  hr_ridge_method.destroy(&expert);
}

static void blocks_do_not_change_a_bit(void **state) {
  const small_study *s = *state;
  hr_learner *one = live(s, TRAIN), *other = NULL;
  size_t count = 0;
  const hr_task *a = hr_ridge_method.tasks(one, &count);
  static const size_t sizes[] = {1, 7, 133};
  for (size_t i = 0; i < 3; i++) {
    other = live(s, sizes[i]);
    const hr_task *b = hr_ridge_method.tasks(other, &count);
    for (size_t t = 0; t < count; t++) {
      assert_memory_equal(a[t].predictions, b[t].predictions,
                          ALPHAS * a[t].test_rows * sizeof(float));
      assert_memory_equal(a[t].cv_r2, b[t].cv_r2, ALPHAS * sizeof(double));
    }
    hr_ridge_method.destroy(&other);
  }
  hr_ridge_method.destroy(&one);
}

/* With rows kept on disk, of the bin with more rows than pixels and of the one with
 * fewer. */
static void check_thrift(small_study *s, hr_low_memory low_memory) {
  hr_learner *one = live(s, TRAIN), *other = NULL;
  hr_cost usual = {0}, saving = {0};
  static const hr_ridge_parameters parameters = {{(double *)(uintptr_t)alphas, ALPHAS}};
  scratch folder;
  size_t count = 0;
  scratch_init(&folder);
  hr_ridge_method.estimate(&s->view, &parameters, &usual);
  s->view.low_memory = low_memory;
  s->view.folder = folder.path;
  hr_ridge_method.estimate(&s->view, &parameters, &saving);
  other = live(s, 31);
  const hr_task *a = hr_ridge_method.tasks(one, &count);
  const hr_task *b = hr_ridge_method.tasks(other, &count);
  for (size_t t = 0; t < count; t++) {
    assert_int_equal(a[t].status, b[t].status);
    assert_memory_equal(a[t].predictions, b[t].predictions,
                        ALPHAS * a[t].test_rows * sizeof(float));
    assert_memory_equal(a[t].cv_r2, b[t].cv_r2, ALPHAS * sizeof(double));
  }
  size_t rows = a[0].train_rows + a[1].train_rows; /* of the bins that have a model */
  if (low_memory == HR_LOW_MEMORY_FOLDS)
    rows += TRAIN - a[0].train_rows; /* no sums to wait for */
  check_near(saving.disk_bytes - usual.disk_bytes, 4.0 * PIXELS * (double)rows, 1e-6);
  hr_ridge_method.destroy(&other);
  hr_ridge_method.destroy(&one);
  s->view.low_memory = HR_LOW_MEMORY_NONE;
  s->view.folder = NULL;
  scratch_fini(&folder);
}

static void saving_memory_does_not_change_a_bit(void **state) {
  check_thrift(*state, HR_LOW_MEMORY_ROWS);
  check_thrift(*state, HR_LOW_MEMORY_FOLDS);
}

static void rows_that_cannot_be_read_back_end_it(void **state) {
  small_study *s = *state;
  const hr_method *type = &hr_ridge_method;
  static const hr_ridge_parameters parameters = {{(double *)(uintptr_t)alphas, ALPHAS}};
  hr_learner *expert = NULL;
  hr_error err;
  scratch folder;
  scratch_init(&folder);
  s->view.low_memory = HR_LOW_MEMORY_ROWS;
  s->view.folder = folder.path;
  hr_block half = {0, TRAIN / 2, PIXELS, NULL, NULL, s->train_x};
  check_ok(type->create(&s->view, &parameters, &expert, &err));
  check_ok(type->observe(expert, &half, &err));
  check_fails(type->train(expert, &err), HR_ERR_IO,
              "cannot read back the rows of bin 0, which were kept in the run directory "
              "while memory is short");
  type->destroy(&expert);
  s->view.folder = "/nowhere";
  check_fails(type->create(&s->view, &parameters, &expert, &err), HR_ERR_IO,
              "cannot create a file for rows in /nowhere: No such file or directory");
  s->view.low_memory = HR_LOW_MEMORY_NONE;
  s->view.folder = NULL;
  scratch_fini(&folder);
}

static void equal_targets_leave_validation_undefined(void **state) {
  small_study *s = *state;
  double kept[TRAIN];
  memcpy(kept, s->train_y, sizeof kept);
  for (size_t i = 0; i < TRAIN; i++) s->train_y[i] = 4.5;
  hr_learner *expert = live(s, TRAIN);
  size_t count = 0;
  const hr_task *tasks = hr_ridge_method.tasks(expert, &count);
  /* Nothing to tell the alphas apart: the simplest model, which predicts the one value.
   */
  assert_true(isnan(tasks[0].cv_r2[0]));
  assert_int_equal(tasks[0].chosen, ALPHAS - 1);
  check_near(tasks[0].predictions[0], 4.5, 1e-6);
  hr_ridge_method.destroy(&expert);
  memcpy(s->train_y, kept, sizeof kept);
}

/* Every allocation of training fails in turn: that ends a model with a sentence, or,
 * where the scratch space of all is refused, the expert; the other models keep their
 * bytes. */
static void fail_every_allocation(const small_study *s) {
  static const hr_ridge_parameters parameters = {{(double *)(uintptr_t)alphas, ALPHAS}};
  const hr_method *type = &hr_ridge_method;
  hr_learner *sound = live(s, TRAIN);
  size_t count = 0, failed = 0, refused = 0;
  const hr_task *expected = type->tasks(sound, &count);
  bool is_over = false;
  for (size_t n = 1; !is_over; n++) {
    hr_learner *expert = NULL;
    hr_error err;
    size_t failed_now = 0;
    hr_block rows = {0, TRAIN, PIXELS, NULL, NULL, s->train_x};
    hr_block test = {0, TEST, PIXELS, NULL, NULL, s->test_x};
    check_ok(type->create(&s->view, &parameters, &expert, &err));
    check_ok(type->observe(expert, &rows, &err));
    fail_alloc_at(n);
    hr_status status = type->train(expert, &err);
    fail_alloc_at(0);
    refused += status == HR_ERR_MEMORY;
    assert_true(status == HR_OK || status == HR_ERR_MEMORY);
    if (status == HR_OK) check_ok(type->observe_test(expert, &test, &err));
    const hr_task *tasks = type->tasks(expert, &count);
    for (size_t m = 0; status == HR_OK && m < count; m++) {
      if (tasks[m].status == HR_FIT_FAILED) {
        assert_non_null(strstr(tasks[m].note, "memory"));
        failed_now++;
      } else if (tasks[m].status == HR_FIT_OK) {
        /* Rows that there was no memory to sum up come to the global model one by one,
         * in other blocks. */
        bool in_other_blocks =
            s->view.low_memory > HR_LOW_MEMORY_NONE && m == BINS && failed_now > 0;
        for (size_t a = 0; a < ALPHAS; a++) {
          double most = in_other_blocks ? 1e-6 : 0;
          check_near(tasks[m].cv_r2[a], expected[m].cv_r2[a], most);
        }
        if (in_other_blocks) continue;
        assert_memory_equal(tasks[m].predictions, expected[m].predictions,
                            ALPHAS * tasks[m].test_rows * sizeof(float));
      }
    }
    assert_in_range(failed_now, 0, 1);
    failed += failed_now;
    is_over = status == HR_OK && failed_now == 0;
    type->destroy(&expert);
  }
  assert_true(failed > 10);
  assert_true(refused > 0);
  type->destroy(&sound);
}

static void memory_that_runs_out_fails_one_model(void **state) {
  small_study *s = *state;
  scratch folder;
  fail_every_allocation(s);
  scratch_init(&folder);
  s->view.folder = folder.path;
  for (int low_memory = HR_LOW_MEMORY_ROWS; low_memory <= HR_LOW_MEMORY_FOLDS;
       low_memory++) {
    s->view.low_memory = (hr_low_memory)low_memory;
    fail_every_allocation(s);
  }
  s->view.low_memory = HR_LOW_MEMORY_NONE;
  s->view.folder = NULL;
  scratch_fini(&folder);
}

static void the_estimate_covers_what_is_used(void **state) {
  const small_study *s = *state;
  static const hr_ridge_parameters parameters = {{(double *)(uintptr_t)alphas, ALPHAS}};
  hr_cost cost = {0};
  hr_ridge_method.estimate(&s->view, &parameters, &cost);
  /* Global fold sums alone: five upper triangles of one tile. */
  assert_true(cost.memory_bytes > 5.0 * 8 * PIXELS * PIXELS);
  assert_true(cost.operations > TRAIN * PIXELS * PIXELS);
  assert_true(cost.disk_bytes > ALPHAS * (BINS + 1) * 8.0 * PIXELS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_model_equals_ridge_on_paper),
      cmocka_unit_test(one_row_and_no_rows_are_skipped_with_a_sentence),
      cmocka_unit_test(blocks_do_not_change_a_bit),
      cmocka_unit_test(saving_memory_does_not_change_a_bit),
      cmocka_unit_test(rows_that_cannot_be_read_back_end_it),
      cmocka_unit_test(equal_targets_leave_validation_undefined),
      cmocka_unit_test(memory_that_runs_out_fails_one_model),
      cmocka_unit_test(the_estimate_covers_what_is_used),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
