/* LightGBM on small studies. What its numbers are is checked against its Python package
 * (tests/python/test_lightgbm.py); here: the life of the expert, and what goes wrong. */
#include "methods/lightgbm/lightgbm.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "support/check.h"
#include "support/scratch.h"

enum { TRAIN = 600, TEST = 50, PIXELS = 30, BINS = 4, FOLDS = 5 };

/* Bin 0 has about 480 rows, bin 1 about 60, bin 2 forty, bin 3 none. */
typedef struct small_study {
  float train_x[TRAIN * PIXELS], test_x[TEST * PIXELS];
  double train_y[TRAIN], test_y[TEST], wave[PIXELS];
  int32_t train_bin[TRAIN], test_bin[TEST];
  uint8_t fold[TRAIN];
  bool chosen[TRAIN];
  hr_study_view view;
  hr_observer observer;
  size_t trees, stop_after; /* progress told; interrupted when so many are grown */
  char log[1000];
} small_study;

static const hr_lightgbm_parameters usual = {
    .n_estimators = 30,
    .max_depth = 5,
    .learning_rate = 0.1,
    .num_leaves = 20,
    .feature_fraction = 0.5,
    .bagging_fraction = 0.7,
    .bagging_freq = 1,
    .min_child_samples = 25,
    .reg_alpha = 0,
    .reg_lambda = 1,
    .max_bin = 255,
    .subsample_for_bin = 200,
    .folds = 1,
    .device = (char[]){"cpu"},
};

static void make_rows(float *x, double *y, int32_t *bin, size_t rows, bool training) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * PIXELS;
    hr_normal(9, training ? HR_STREAM_NOISE_TRAIN : HR_STREAM_NOISE_TEST, i, 0, PIXELS,
              row);
    bin[i] = i % 15 == 1 ? 2 : i % 10 == 7 ? 1 : i % 15 == 2 ? HR_UNCOVERED : 0;
    y[i] = 3 + (double)row[0] + 0.5 * (double)row[1];
    row[PIXELS - 1] = 0.25F; /* a constant pixel */
  }
}

static void keep_log(void *context, hr_log_level level, const char *line) {
  small_study *s = context;
  (void)level;
  size_t used = strlen(s->log);
  snprintf(s->log + used, sizeof s->log - used, "%s\n", line);
}

static void count_trees(void *context, const hr_progress *progress) {
  ((small_study *)context)->trees = progress->done;
}

static bool is_enough(void *context) {
  const small_study *s = context;
  return s->stop_after > 0 && s->trees >= s->stop_after;
}

static void init_study(small_study *s) {
  *s = (small_study){.log = ""};
  make_rows(s->train_x, s->train_y, s->train_bin, TRAIN, true);
  make_rows(s->test_x, s->test_y, s->test_bin, TEST, false);
  hr_assign_folds(s->train_bin, TRAIN, BINS, FOLDS, 1, s->fold);
  for (size_t p = 0; p < PIXELS; p++) s->wave[p] = 7100 + 0.5 * (double)p;
  for (size_t i = 0; i < TRAIN; i++) s->chosen[i] = true;
  s->observer = (hr_observer){s, keep_log, count_trees, is_enough};
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = PIXELS,
      .bin_count = BINS,
      .fold_count = FOLDS,
      .wave_angstrom = s->wave,
      .train = {TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test = {TEST, s->test_y, s->test_bin, s->test_bin, NULL},
      .seed = 7,
      .memory_bytes = (size_t)1 << 30,
      .observer = &s->observer,
  };
}

static const hr_method *const type = &hr_lightgbm_method;

/* A study's life up to its training, its rows shown `block_rows` at a time. */
static hr_status show(const small_study *s, hr_learner *expert, size_t block_rows,
                      hr_error *err) {
  for (int stage = 0; stage < 2; stage++) {
    for (size_t first = 0; first < TRAIN; first += block_rows) {
      size_t count = TRAIN - first < block_rows ? TRAIN - first : block_rows;
      hr_block block = {first, count, PIXELS, NULL, NULL, s->train_x + first * PIXELS};
      if (stage == 0) {
        assert_int_equal(type->observe_sample(expert, &block, s->chosen + first, err),
                         HR_OK);
      } else {
        assert_int_equal(type->observe(expert, &block, err), HR_OK);
      }
    }
  }
  return type->train(expert, err);
}

static hr_learner *live(const small_study *s, const hr_lightgbm_api *api,
                        const hr_lightgbm_parameters *parameters, size_t block_rows) {
  hr_learner *expert = NULL;
  hr_error err;
  check_ok(hr_lightgbm_create_with(api, &s->view, parameters, &expert, &err));
  check_ok(show(s, expert, block_rows, &err));
  hr_block block = {0, TEST, PIXELS, NULL, NULL, s->test_x};
  check_ok(type->observe_test(expert, &block, &err));
  return expert;
}

static hr_lightgbm_library library; /* of this program alone: shared by its tests */

static void a_bin_is_trained_and_poor_ones_are_skipped(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  hr_learner *expert = live(&s, &library.api, &usual, TRAIN);
  const hr_task *tasks = type->tasks(expert, &count);
  assert_int_equal(count, BINS);
  assert_int_equal(tasks[0].status, HR_FIT_OK);
  assert_string_equal(tasks[0].note, "");
  assert_true(tasks[0].cv_r2[0] > 0.7 && tasks[0].cv_r2[0] < 1);
  assert_true(tasks[0].validated_rows >= tasks[0].train_rows / FOLDS);
  assert_true(tasks[0].validated_rows <= tasks[0].train_rows / FOLDS + 1);
  double residual = 0, total = 0;
  for (size_t i = 0, at = 0; i < TEST; i++) {
    if (s.test_bin[i] != 0) continue;
    double d = s.test_y[i] - (double)tasks[0].predictions[at++];
    residual += d * d;
    total += (s.test_y[i] - 3) * (s.test_y[i] - 3);
  }
  assert_true(1 - residual / total > 0.7);
  assert_int_equal(tasks[1].status, HR_FIT_OK);
  assert_int_equal(tasks[2].status, HR_FIT_SKIPPED);
  assert_int_equal(tasks[2].train_rows, 40);
  assert_string_equal(tasks[2].note,
                      "40 training rows, at least 50 are needed: two "
                      "leaves of min_child_samples 25");
  assert_int_equal(tasks[3].status, HR_FIT_SKIPPED);
  assert_string_equal(s.log, "");
  type->destroy(&expert);
}

static void blocks_and_threads_do_not_change_a_bit(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  omp_set_num_threads(2); /* two bins side by side */
  hr_learner *one = live(&s, &library.api, &usual, TRAIN);
  omp_set_num_threads(1);
  hr_learner *other = live(&s, &library.api, &usual, 7);
  omp_set_num_threads(2);
  const hr_task *a = type->tasks(one, &count), *b = type->tasks(other, &count);
  assert_memory_equal(a->predictions, b->predictions, a->test_rows * sizeof(float));
  assert_memory_equal(a->cv_r2, b->cv_r2, sizeof(double));
  type->destroy(&one);
  type->destroy(&other);
}

static void all_folds_validate_all_rows(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  hr_lightgbm_parameters all = usual, none = usual;
  all.folds = 200; /* as many as there are */
  none.folds = 0;
  hr_learner *expert = live(&s, &library.api, &all, TRAIN);
  const hr_task *task = type->tasks(expert, &count);
  assert_int_equal(task->validated_rows, task->train_rows);
  assert_true(task->cv_r2[0] > 0.7 && task->cv_r2[0] < 1);
  type->destroy(&expert);
  expert = live(&s, &library.api, &none, TRAIN);
  task = type->tasks(expert, &count);
  assert_int_equal(task->status, HR_FIT_OK);
  assert_true(isnan(task->cv_r2[0]));
  type->destroy(&expert);
}

static void an_interrupt_stops_between_trees(void **state) {
  (void)state;
  small_study s;
  hr_learner *expert = NULL;
  hr_error err;
  size_t count = 0;
  init_study(&s);
  s.stop_after = 12;
  omp_set_num_threads(1); /* then the observer is asked after every tree */
  check_ok(hr_lightgbm_create_with(&library.api, &s.view, &usual, &expert, &err));
  check_fails(show(&s, expert, TRAIN, &err), HR_ERR_INTERRUPTED,
              "interrupted while growing LightGBM trees");
  omp_set_num_threads(2);
  assert_int_equal(s.trees, 12);
  assert_int_equal(type->tasks(expert, &count)->status, HR_FIT_SKIPPED);
  type->destroy(&expert);
}

static void a_time_limit_leaves_fewer_trees(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  hr_lightgbm_parameters hurried = usual;
  hurried.time_limit = 1e-9;
  hr_learner *expert = live(&s, &library.api, &hurried, TRAIN);
  const hr_task *task = type->tasks(expert, &count);
  assert_int_equal(task->status, HR_FIT_OK);
  assert_string_equal(task->note, "0 of 30 trees: time_limit 1e-09 s was over");
  type->destroy(&expert);
}

static void constant_spectra_predict_their_mean(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  for (size_t i = 0; i < TRAIN * PIXELS; i++) s.train_x[i] = 0.5F;
  hr_learner *expert = live(&s, &library.api, &usual, TRAIN);
  const hr_task *task = type->tasks(expert, &count);
  double mean = 0;
  for (size_t i = 0; i < TRAIN; i++) mean += s.train_bin[i] == 0 ? s.train_y[i] : 0;
  assert_int_equal(task->status, HR_FIT_OK);
  check_near(task->predictions[0], mean / (double)task->train_rows, 1e-4);
  type->destroy(&expert);
}

static int tell_no_values(void *dataset, int feature, int *out) {
  (void)dataset;
  (void)feature;
  *out = 0;
  return 0;
}

/* A tree of at most 8 leaves above max_depth 4, of which some are split late. */
static void fewer_histograms_grow_the_same_trees(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  hr_lightgbm_parameters deep = usual;
  deep.max_depth = 4;
  deep.min_child_samples = 5;
  deep.max_bin = 15;
  hr_lightgbm_api unlimited = library.api;
  unlimited.dataset_get_feature_num_bin = tell_no_values;
  hr_learner *one = live(&s, &library.api, &deep, TRAIN);
  hr_learner *other = live(&s, &unlimited, &deep, TRAIN);
  const hr_task *a = type->tasks(one, &count), *b = type->tasks(other, &count);
  assert_memory_equal(a->predictions, b->predictions, a->test_rows * sizeof(float));
  assert_memory_equal(a->cv_r2, b->cv_r2, sizeof(double));
  type->destroy(&one);
  type->destroy(&other);
}

/* A library whose trees fail as LightGBM does where memory runs out. */
static int failures_left;

static const char *say_no_memory(void) {
  return "std::bad_alloc";
}

static int fail_to_grow(void *booster, int *is_finished) {
  if (failures_left == 0)
    return library.api.booster_update_one_iter(booster, is_finished);
  failures_left--;
  return -1;
}

static hr_lightgbm_api failing_api(int failures) {
  hr_lightgbm_api api = library.api;
  failures_left = failures;
  api.last_error = say_no_memory;
  api.booster_update_one_iter = fail_to_grow;
  return api;
}

static void too_little_memory_is_met_once(void **state) {
  (void)state;
  static const char remedy[] =
      "memory ran out with num_leaves 20 and min_child_samples 25, tried again with 15 "
      "and 50";
  small_study s;
  size_t count = 0;
  init_study(&s);
  omp_set_num_threads(1); /* bin 0 comes first */
  hr_lightgbm_api api = failing_api(1);
  hr_learner *expert = live(&s, &api, &usual, TRAIN);
  const hr_task *tasks = type->tasks(expert, &count);
  assert_int_equal(tasks[0].status, HR_FIT_OK);
  assert_string_equal(tasks[0].note, remedy);
  assert_int_equal(tasks[1].status, HR_FIT_OK);
  assert_string_equal(tasks[1].note, "");
  type->destroy(&expert);

  api = failing_api(2); /* the second try fails, too: that task alone */
  expert = live(&s, &api, &usual, TRAIN);
  tasks = type->tasks(expert, &count);
  char expected[300];
  snprintf(expected, sizeof expected, "%s; LightGBM says: std::bad_alloc", remedy);
  assert_int_equal(tasks[0].status, HR_FIT_FAILED);
  assert_string_equal(tasks[0].note, expected);
  assert_int_equal(tasks[1].status, HR_FIT_OK);
  omp_set_num_threads(2);
  type->destroy(&expert);
}

static void auto_says_once_where_it_grows(void **state) {
  (void)state;
  small_study s;
  size_t count = 0;
  init_study(&s);
  hr_lightgbm_parameters automatic = usual;
  automatic.device = (char[]){"auto"};
  setenv("OCL_ICD_VENDORS", "/nowhere", 1);
  hr_learner *expert = live(&s, &library.api, &automatic, TRAIN);
  unsetenv("OCL_ICD_VENDORS");
  assert_int_equal(type->tasks(expert, &count)->status, HR_FIT_OK);
  assert_string_equal(s.log,
                      "LightGBM: no OpenCL platform on this machine, trees are "
                      "grown on the CPU\n");
  type->destroy(&expert);
}

static void the_model_is_saved_as_text(void **state) {
  (void)state;
  small_study s;
  scratch place;
  hr_error err;
  size_t count = 0, size = 0;
  char *text = NULL;
  init_study(&s);
  scratch_init(&place);
  hr_learner *expert = live(&s, &library.api, &usual, TRAIN);
  check_ok(type->save(expert, type->tasks(expert, &count), place.path, &err));
  check_ok(hr_file_read(scratch_name(&place, "model.txt"), 1 << 22, &text, &size, &err));
  assert_true(strncmp(text, "tree\nversion=v4\n", 16) == 0);
  hr_free(text);
  check_ok(
      hr_file_read(scratch_name(&place, "importance.csv"), 1 << 20, &text, &size, &err));
  assert_true(strncmp(text, "pixel,wavelength_angstrom,gain\n0,7100,", 38) == 0);
  assert_non_null(strstr(text, "\n29,7114.5,0\n"));
  hr_free(text);
  scratch_fini(&place);
  type->destroy(&expert);
}

/* Where a test's runs keep models. */
typedef struct shelf {
  scratch place;
  size_t kept, most; /* fails after so many */
} shelf;

static hr_status keep_on_shelf(void *context, const hr_learner *expert,
                               const hr_task *task, hr_error *err) {
  shelf *on = context;
  char name[32], folder[4096];
  assert_int_equal(task->status, HR_FIT_OK);
  if (on->kept == on->most) return hr_fail(err, HR_ERR_IO, "the shelf is full");
  on->kept++;
  snprintf(name, sizeof name, "%d", task->bin);
  snprintf(folder, sizeof folder, "%s", scratch_name(&on->place, name));
  hr_status status = hr_make_folders(folder, err);
  return status == HR_OK ? type->save(expert, task, folder, err) : status;
}

/* A second expert takes back what a first one kept, sees no row of that bin, and predicts
 * the same bytes. */
static void models_are_kept_and_restored(void **state) {
  (void)state;
  shelf on = {.most = SIZE_MAX};
  small_study s;
  hr_error err;
  size_t count = 0;
  hr_learner *again = NULL;
  init_study(&s);
  scratch_init(&on.place);
  s.view.keeper = (hr_keeper){.context = &on, .keep = keep_on_shelf};
  hr_learner *first = live(&s, &library.api, &usual, TRAIN);
  assert_int_equal(on.kept, 2);
  check_ok(hr_lightgbm_create_with(&library.api, &s.view, &usual, &again, &err));
  assert_false(type->is_trained(again));
  const hr_task *was = type->tasks(first, &count), *is = type->tasks(again, &count);
  check_ok(type->restore(again, &was[0], scratch_name(&on.place, "0"), &err));
  assert_false(type->is_trained(again));
  scratch_write(&on.place, "1/model.txt", "no model");
  assert_int_equal(type->restore(again, &was[1], scratch_name(&on.place, "1"), &err),
                   HR_ERR_NUMERIC);
  check_ok(show(&s, again, TRAIN, &err)); /* bin 1 is trained anew, bin 0 is not */
  assert_int_equal(on.kept, 3);
  hr_block block = {0, TEST, PIXELS, NULL, NULL, s.test_x};
  check_ok(type->observe_test(again, &block, &err));
  for (size_t k = 0; k < 2; k++) {
    assert_int_equal(is[k].status, HR_FIT_OK);
    assert_int_equal(is[k].validated_rows, was[k].validated_rows);
    assert_memory_equal(is[k].cv_r2, was[k].cv_r2, sizeof(double));
    assert_memory_equal(is[k].predictions, was[k].predictions,
                        is[k].test_rows * sizeof(float));
  }
  check_near(is[0].seconds, was[0].seconds, 0);
  type->destroy(&again);
  type->destroy(&first);

  check_ok(hr_lightgbm_create_with(&library.api, &s.view, &usual, &again, &err));
  on.most = on.kept; /* a disk that is full ends more than one task */
  check_fails(show(&s, again, TRAIN, &err), HR_ERR_IO, "the shelf is full");
  type->destroy(&again);
  scratch_fini(&on.place);
}

static int load(void **state) {
  (void)state;
  hr_error err;
  if (hr_lightgbm_load(&library, &err) == HR_OK) return 0;
  printf("skipped: %s\n", err.message);
  exit(0);
}

static int unload(void **state) {
  (void)state;
  hr_lightgbm_unload(&library);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bin_is_trained_and_poor_ones_are_skipped),
      cmocka_unit_test(blocks_and_threads_do_not_change_a_bit),
      cmocka_unit_test(all_folds_validate_all_rows),
      cmocka_unit_test(an_interrupt_stops_between_trees),
      cmocka_unit_test(a_time_limit_leaves_fewer_trees),
      cmocka_unit_test(constant_spectra_predict_their_mean),
      cmocka_unit_test(fewer_histograms_grow_the_same_trees),
      cmocka_unit_test(too_little_memory_is_met_once),
      cmocka_unit_test(auto_says_once_where_it_grows),
      cmocka_unit_test(the_model_is_saved_as_text),
      cmocka_unit_test(models_are_kept_and_restored),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
