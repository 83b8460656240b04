/* LightGBM on small studies. What its numbers are is checked against its Python package
 * (tests/python/test_lightgbm.py); here: the life of the learner, and what goes wrong. */
#include "methods/lightgbm/lightgbm.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "models/trees.h"
#include "support/check.h"
#include "support/scratch.h"
#include "support/validated.h"

enum { TRAIN = 600, TEST = 50, PIXELS = 30, BINS = 4, FOLDS = 5 };

/* Bin 0 has about 480 rows, bin 1 about 60, bin 2 forty, bin 3 none. */
typedef struct small_study {
  float train_x[TRAIN * PIXELS], test_x[TEST * PIXELS];
  double train_y[TRAIN], test_y[TEST], wave[PIXELS], snr[TRAIN];
  int32_t train_bin[TRAIN], test_bin[TEST];
  uint8_t fold[TRAIN];
  uint8_t chosen[TRAIN];
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
  for (size_t i = 0; i < TRAIN; i++) s->chosen[i] = 3, s->snr[i] = 1 + (double)i;
  s->observer = (hr_observer){s, keep_log, count_trees, is_enough};
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = PIXELS,
      .bin_count = BINS,
      .fold_count = FOLDS,
      .wave_angstrom = s->wave,
      .train = {TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test_rows = TEST,
      .seed = 7,
      .memory_bytes = (size_t)1 << 30,
      .observer = &s->observer,
  };
}

static const hr_method *const type = &hr_lightgbm_method;

/* Rows in, `block_rows` at a time; out [BINS]. */
static hr_status show(const small_study *s, hr_learner *learner, size_t block_rows,
                      hr_trained *out, hr_error *err) {
  for (int stage = 0; stage < 2; stage++) {
    for (size_t first = 0; first < TRAIN; first += block_rows) {
      size_t count = TRAIN - first < block_rows ? TRAIN - first : block_rows;
      hr_block block = {.first_row = first,
                        .rows = count,
                        .pixels = PIXELS,
                        .noisy = s->train_x + first * PIXELS,
                        .snr = s->snr + first};
      if (stage == 0) {
        assert_int_equal(type->sample(learner, &block, s->chosen + first, err), HR_OK);
      } else {
        assert_int_equal(type->learn(learner, &block, err), HR_OK);
      }
    }
  }
  return type->finish(learner, out, err);
}

static void live(const small_study *s, const hr_lightgbm_api *api,
                 const hr_lightgbm_parameters *parameters, size_t block_rows,
                 hr_trained *out) {
  hr_learner *learner = NULL;
  hr_error err;
  for (size_t k = 0; k < BINS; k++) out[k] = (hr_trained){.model = NULL};
  check_ok(hr_lightgbm_begin_with(api, &s->view, parameters, &learner, &err));
  check_ok(show(s, learner, block_rows, out, &err));
  type->destroy(&learner);
}

static void forget(hr_trained *trained) {
  for (size_t k = 0; k < BINS; k++) hr_trained_fini(&trained[k]);
}

/* The model's predictions of all test rows, [TEST]. */
static void predict(const small_study *s, const hr_model *model, float *mean) {
  hr_error err;
  uint32_t row[TEST];
  for (uint32_t i = 0; i < TEST; i++) row[i] = i;
  const hr_spectra spectra = {.rows = TEST, .pixels = PIXELS, .noisy = s->test_x};
  const hr_request request = {
      .model = model, .row = row, .count = TEST, .variants = 1, .mean = mean};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
}

static hr_lightgbm_library library; /* of this program alone: shared by its tests */

/* R2 of validation and sigma are of the same residuals. */
static void check_sigma(const small_study *s, const hr_fit *fit) {
  double mean = 0, total = 0, rows = 0;
  for (size_t i = 0; i < TRAIN; i++) {
    if (s->train_bin[i] != fit->slot || s->fold[i] != 0) continue;
    mean += s->train_y[i], rows++;
  }
  mean /= rows;
  for (size_t i = 0; i < TRAIN; i++) {
    double d = s->train_y[i] - mean;
    if (s->train_bin[i] == fit->slot && s->fold[i] == 0) total += d * d;
  }
  double sigma = sqrt((1 - fit->cv_r2[0]) * total / rows);
  assert_int_equal(fit->sigma.rows, fit->validated_rows);
  assert_false(fit->sigma.scales_own);
  check_near(fit->sigma.all.sigma, sigma, 1e-6);
  assert_int_equal(fit->sigma.class_count,
                   fit->validated_rows < 100 ? 0 : HR_SIGMA_MOST_CLASSES);
}

static void a_bin_is_trained_and_poor_ones_are_skipped(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS];
  float mean[TEST];
  init_study(&s);
  s.view.keeps_validation = true;
  live(&s, &library.api, &usual, TRAIN, t);
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_string_equal(t[0].fit.note, "");
  assert_true(t[0].fit.cv_r2[0] > 0.7 && t[0].fit.cv_r2[0] < 1);
  assert_true(t[0].fit.validated_rows >= t[0].fit.train_rows / FOLDS);
  assert_true(t[0].fit.validated_rows <= t[0].fit.train_rows / FOLDS + 1);
  check_sigma(&s, &t[0].fit);
  check_validated(&t[0].fit, s.train_y, s.train_bin, s.fold);
  assert_int_equal(t[0].model->slot, 0);
  predict(&s, t[0].model, mean);
  double residual = 0, total = 0;
  for (size_t i = 0; i < TEST; i++) {
    if (s.test_bin[i] != 0) continue;
    double d = s.test_y[i] - (double)mean[i];
    residual += d * d;
    total += (s.test_y[i] - 3) * (s.test_y[i] - 3);
  }
  assert_true(1 - residual / total > 0.7);
  assert_int_equal(t[1].fit.status, HR_FIT_OK);
  assert_int_equal(t[2].fit.status, HR_FIT_SKIPPED);
  assert_null(t[2].model);
  assert_int_equal(t[2].fit.train_rows, 40);
  assert_string_equal(t[2].fit.note,
                      "40 training rows, at least 50 are needed: two "
                      "leaves of min_child_samples 25");
  assert_true(isnan(t[2].fit.cv_r2[0]));
  assert_int_equal(t[3].fit.status, HR_FIT_SKIPPED);
  assert_int_equal(t[3].fit.slot, 3);
  assert_string_equal(s.log, "");
  forget(t);
}

static void check_same(const small_study *s, const hr_trained *a, const hr_trained *b) {
  float one[TEST], other[TEST];
  predict(s, a->model, one);
  predict(s, b->model, other);
  assert_memory_equal(one, other, sizeof one);
  assert_memory_equal(a->fit.cv_r2, b->fit.cv_r2, sizeof(double));
  assert_memory_equal(&a->fit.sigma, &b->fit.sigma, sizeof a->fit.sigma);
}

static void blocks_and_threads_do_not_change_a_bit(void **state) {
  (void)state;
  small_study s;
  hr_trained one[BINS], other[BINS];
  init_study(&s);
  omp_set_num_threads(2); /* two bins side by side */
  live(&s, &library.api, &usual, TRAIN, one);
  omp_set_num_threads(1);
  live(&s, &library.api, &usual, 7, other);
  omp_set_num_threads(2);
  check_same(&s, &one[0], &other[0]);
  check_same(&s, &one[1], &other[1]);
  forget(one);
  forget(other);
}

/* What we make of the text is what LightGBM itself predicts. */
static void predictions_are_lightgbms(void **state) {
  (void)state;
  small_study s;
  scratch place;
  hr_error err;
  hr_trained t[BINS];
  float mean[TEST];
  double theirs[TEST];
  char *text = NULL;
  size_t size = 0;
  void *booster = NULL;
  int trees = 0;
  int64_t written = 0;
  init_study(&s);
  scratch_init(&place);
  live(&s, &library.api, &usual, TRAIN, t);
  predict(&s, t[0].model, mean);
  check_ok(hr_trees_type.save(t[0].model, place.path, HR_MODEL_FULL, &err));
  check_ok(hr_file_read(scratch_name(&place, "model.txt"), 1 << 22, &text, &size, &err));
  assert_int_equal(library.api.booster_load_model_from_string(text, &trees, &booster), 0);
  assert_int_equal(library.api.booster_predict_for_mat(
                       booster, s.test_x, HR_LGBM_FLOAT32, TEST, PIXELS,
                       HR_LGBM_ROW_MAJOR, 0, 0, -1, "verbosity=-1", &written, theirs),
                   0);
  for (size_t i = 0; i < TEST; i++) check_near(mean[i], (float)theirs[i], 0);
  library.api.booster_free(booster);
  hr_free(text);
  scratch_fini(&place);
  forget(t);
}

static void all_folds_validate_all_rows(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS];
  init_study(&s);
  hr_lightgbm_parameters all = usual, none = usual;
  all.folds = 200; /* as many as there are */
  none.folds = 0;
  live(&s, &library.api, &all, TRAIN, t);
  assert_int_equal(t[0].fit.validated_rows, t[0].fit.train_rows);
  assert_true(t[0].fit.cv_r2[0] > 0.7 && t[0].fit.cv_r2[0] < 1);
  forget(t);
  live(&s, &library.api, &none, TRAIN, t);
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_true(isnan(t[0].fit.cv_r2[0]));
  forget(t);
}

static void an_interrupt_stops_between_trees(void **state) {
  (void)state;
  small_study s;
  hr_learner *learner = NULL;
  hr_trained t[BINS] = {{.model = NULL}};
  hr_error err;
  init_study(&s);
  s.stop_after = 12;
  omp_set_num_threads(1); /* then the observer is asked after every tree */
  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &usual, &learner, &err));
  check_fails(show(&s, learner, TRAIN, t, &err), HR_ERR_INTERRUPTED,
              "interrupted while growing LightGBM trees");
  omp_set_num_threads(2);
  assert_int_equal(s.trees, 12);
  assert_null(t[0].model);
  type->destroy(&learner);
  forget(t);
}

static void missing_rows_are_noticed(void **state) {
  (void)state;
  small_study s;
  hr_learner *learner = NULL;
  hr_trained t[BINS] = {{.model = NULL}};
  hr_error err;
  char expected[100];
  size_t rows = 0;
  init_study(&s);
  for (size_t i = 0; i < TRAIN; i++) rows += s.train_bin[i] == 0;
  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &usual, &learner, &err));
  snprintf(expected, sizeof expected, "lightgbm saw 0 rows of bin 0, not %zu", rows);
  check_fails(type->finish(learner, t, &err), HR_ERR_INTERNAL, expected);
  type->destroy(&learner);
}

static void a_time_limit_leaves_fewer_trees(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS];
  float mean[TEST];
  init_study(&s);
  hr_lightgbm_parameters hurried = usual;
  hurried.time_limit = 1e-9;
  live(&s, &library.api, &hurried, TRAIN, t);
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_string_equal(t[0].fit.note, "0 of 30 trees: time_limit 1e-09 s was over");
  predict(&s, t[0].model, mean); /* no tree adds anything */
  check_near(mean[3], 0, 0);
  forget(t);
}

static void constant_spectra_predict_their_mean(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS];
  float predicted[TEST];
  init_study(&s);
  for (size_t i = 0; i < TRAIN * PIXELS; i++) s.train_x[i] = 0.5F;
  live(&s, &library.api, &usual, TRAIN, t);
  double mean = 0;
  for (size_t i = 0; i < TRAIN; i++) mean += s.train_bin[i] == 0 ? s.train_y[i] : 0;
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  predict(&s, t[0].model, predicted);
  check_near(predicted[0], mean / (double)t[0].fit.train_rows, 1e-4);
  forget(t);
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
  hr_trained one[BINS], other[BINS];
  init_study(&s);
  hr_lightgbm_parameters deep = usual;
  deep.max_depth = 4;
  deep.min_child_samples = 5;
  deep.max_bin = 15;
  hr_lightgbm_api unlimited = library.api;
  unlimited.dataset_get_feature_num_bin = tell_no_values;
  live(&s, &library.api, &deep, TRAIN, one);
  live(&s, &unlimited, &deep, TRAIN, other);
  check_same(&s, &one[0], &other[0]);
  forget(one);
  forget(other);
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
  hr_trained t[BINS];
  init_study(&s);
  omp_set_num_threads(1); /* bin 0 comes first */
  hr_lightgbm_api api = failing_api(1);
  live(&s, &api, &usual, TRAIN, t);
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_string_equal(t[0].fit.note, remedy);
  assert_int_equal(t[1].fit.status, HR_FIT_OK);
  assert_string_equal(t[1].fit.note, "");
  forget(t);

  api = failing_api(2); /* the second try fails, too: that slot alone */
  live(&s, &api, &usual, TRAIN, t);
  char expected[300];
  snprintf(expected, sizeof expected, "%s; LightGBM says: std::bad_alloc", remedy);
  assert_int_equal(t[0].fit.status, HR_FIT_FAILED);
  assert_null(t[0].model);
  assert_true(isnan(t[0].fit.cv_r2[0]));
  assert_string_equal(t[0].fit.note, expected);
  assert_int_equal(t[1].fit.status, HR_FIT_OK);
  omp_set_num_threads(2);
  forget(t);
}

static int write_something_else(void *booster, int first_tree, int trees, int importance,
                                int64_t room, int64_t *length, char *out) {
  static const char text[] = "tree\nversion=v5\n";
  (void)booster, (void)first_tree, (void)trees, (void)importance;
  *length = sizeof text;
  if (room >= *length) memcpy(out, text, sizeof text);
  return 0;
}

static void another_text_of_lightgbm_fails_the_slot(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS];
  init_study(&s);
  hr_lightgbm_api api = library.api;
  api.booster_save_model_to_string = write_something_else;
  live(&s, &api, &usual, TRAIN, t);
  assert_int_equal(t[0].fit.status, HR_FIT_FAILED);
  assert_string_equal(
      t[0].fit.note,
      "what LightGBM wrote, line 1: this is not the heading of a model as "
      "LightGBM 4 writes it; copy or train the model again");
  forget(t);
}

static void auto_says_once_where_it_grows(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS];
  init_study(&s);
  hr_lightgbm_parameters automatic = usual;
  automatic.device = (char[]){"auto"};
  setenv("OCL_ICD_VENDORS", "/nowhere", 1);
  live(&s, &library.api, &automatic, TRAIN, t);
  unsetenv("OCL_ICD_VENDORS");
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_string_equal(s.log,
                      "LightGBM: no OpenCL platform on this machine, trees are "
                      "grown on the CPU\n");
  forget(t);
}

static void the_model_is_kept_as_text_with_gains(void **state) {
  (void)state;
  small_study s;
  scratch place;
  hr_error err;
  hr_trained t[BINS];
  size_t size = 0;
  char *text = NULL;
  init_study(&s);
  scratch_init(&place);
  live(&s, &library.api, &usual, TRAIN, t);
  check_ok(hr_trees_type.record(t[0].model, place.path, &err));
  check_ok(hr_file_read(scratch_name(&place, "model.txt"), 1 << 22, &text, &size, &err));
  assert_true(strncmp(text, "tree\nversion=v4\n", 16) == 0);
  hr_free(text);
  check_ok(
      hr_file_read(scratch_name(&place, "importance.csv"), 1 << 20, &text, &size, &err));
  assert_true(strncmp(text, "pixel,wavelength_angstrom,gain\n0,7100,", 38) == 0);
  assert_non_null(strstr(text, "\n29,7114.5,0\n"));
  hr_free(text);
  scratch_fini(&place);
  forget(t);
}

/* Where a test's runs keep models. */
typedef struct shelf {
  scratch place;
  size_t kept, most; /* fails after so many */
} shelf;

static hr_status keep_on_shelf(void *context, const hr_model *model, const hr_fit *fit,
                               hr_error *err) {
  shelf *on = context;
  char name[32], folder[4096];
  assert_int_equal(fit->status, HR_FIT_OK);
  if (on->kept == on->most) return hr_fail(err, HR_ERR_IO, "the shelf is full");
  on->kept++;
  snprintf(name, sizeof name, "%d", fit->slot);
  snprintf(folder, sizeof folder, "%s", scratch_name(&on->place, name));
  hr_status status = hr_make_folders(folder, err);
  return status == HR_OK ? model->type->record(model, folder, err) : status;
}

/* A second learner takes back what a first one kept, sees no row of that bin, and its
 * model predicts the same bytes. */
static void models_are_kept_and_resumed(void **state) {
  (void)state;
  shelf on = {.most = SIZE_MAX};
  small_study s;
  hr_error err;
  hr_learner *again = NULL;
  hr_trained was[BINS], is[BINS] = {{.model = NULL}};
  char expected[4300];
  init_study(&s);
  scratch_init(&on.place);
  s.view.keeper = (hr_keeper){.context = &on, .keep = keep_on_shelf};
  live(&s, &library.api, &usual, TRAIN, was);
  assert_int_equal(on.kept, 2);
  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &usual, &again, &err));
  assert_false(type->is_trained(again));
  check_ok(type->resume(again, &was[0].fit, scratch_name(&on.place, "0"), &err));
  assert_false(type->is_trained(again));
  scratch_write(&on.place, "1/model.txt", "no model");
  snprintf(expected, sizeof expected,
           "%s, line 1: this is not the heading of a model as LightGBM 4 writes it; copy "
           "or train the model again",
           on.place.name);
  check_fails(type->resume(again, &was[1].fit, scratch_name(&on.place, "1"), &err),
              HR_ERR_FORMAT, expected);
  check_ok(show(&s, again, TRAIN, is, &err)); /* bin 1 is trained anew, bin 0 is not */
  assert_int_equal(on.kept, 3);
  for (size_t k = 0; k < 2; k++) {
    assert_int_equal(is[k].fit.status, HR_FIT_OK);
    assert_int_equal(is[k].fit.validated_rows, was[k].fit.validated_rows);
    check_same(&s, &is[k], &was[k]);
  }
  check_near(is[0].fit.seconds, was[0].fit.seconds, 0);
  type->destroy(&again);
  forget(is);
  forget(was);

  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &usual, &again, &err));
  on.most = on.kept; /* a disk that is full ends more than one slot */
  check_fails(show(&s, again, TRAIN, is, &err), HR_ERR_IO, "the shelf is full");
  type->destroy(&again);
  forget(is);
  scratch_fini(&on.place);
}

static void models_that_are_all_there_need_no_rows(void **state) {
  (void)state;
  shelf on = {.most = SIZE_MAX};
  small_study s;
  hr_error err;
  hr_learner *again = NULL;
  hr_trained was[BINS], is[BINS] = {{.model = NULL}};
  init_study(&s);
  scratch_init(&on.place);
  s.view.keeper = (hr_keeper){.context = &on, .keep = keep_on_shelf};
  live(&s, &library.api, &usual, TRAIN, was);
  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &usual, &again, &err));
  check_ok(type->resume(again, &was[0].fit, scratch_name(&on.place, "0"), &err));
  check_ok(type->resume(again, &was[1].fit, scratch_name(&on.place, "1"), &err));
  assert_true(type->is_trained(again));
  check_ok(type->finish(again, is, &err));
  check_same(&s, &is[0], &was[0]);
  check_same(&s, &is[1], &was[1]);
  assert_int_equal(is[2].fit.status, HR_FIT_SKIPPED);
  type->destroy(&again);
  forget(is);
  forget(was);
  scratch_fini(&on.place);
}

/* A life with a model of all rows; out [BINS + 1]. */
static void live_with_global(const small_study *s, const hr_lightgbm_parameters *p,
                             size_t block_rows, hr_trained *out) {
  out[BINS] = (hr_trained){.model = NULL};
  live(s, &library.api, p, block_rows, out);
}

static void forget_with_global(hr_trained *trained) {
  forget(trained);
  hr_trained_fini(&trained[BINS]);
}

static hr_lightgbm_parameters with_global(size_t rows) {
  hr_lightgbm_parameters p = usual;
  p.global = true;
  p.global_rows = (int64_t)rows;
  return p;
}

static char *text_of(const hr_trained *trained, size_t *size) {
  hr_error err;
  scratch place;
  char *text = NULL;
  scratch_init(&place);
  check_ok(hr_trees_type.save(trained->model, place.path, HR_MODEL_FULL, &err));
  check_ok(hr_file_read(scratch_name(&place, "model.txt"), 1 << 22, &text, size, &err));
  scratch_fini(&place);
  return text;
}

static void check_same_text(const hr_trained *a, const hr_trained *b) {
  size_t size = 0, other_size = 0;
  char *text = text_of(a, &size), *other = text_of(b, &other_size);
  assert_int_equal(size, other_size);
  assert_memory_equal(text, other, size);
  hr_free(text);
  hr_free(other);
}

/* It is the model of a bin that has all rows, the uncovered ones too; and those of the
 * bins are what they are without it. */
static void the_model_of_all_rows_is_that_of_a_bin_of_all(void **state) {
  (void)state;
  small_study s;
  hr_trained with[BINS + 1], without[BINS], one[BINS];
  init_study(&s);
  hr_lightgbm_parameters p = with_global(0);
  live_with_global(&s, &p, 7, with);
  live(&s, &library.api, &usual, TRAIN, without);
  check_same(&s, &with[0], &without[0]);
  check_same(&s, &with[1], &without[1]);
  assert_int_equal(with[2].fit.status, HR_FIT_SKIPPED);
  assert_int_equal(with[BINS].fit.slot, HR_GLOBAL);
  assert_int_equal(with[BINS].model->slot, HR_GLOBAL);
  assert_int_equal(with[BINS].fit.train_rows, TRAIN);
  for (size_t i = 0; i < TRAIN; i++) s.train_bin[i] = 0;
  live(&s, &library.api, &usual, TRAIN, one);
  check_same(&s, &with[BINS], &one[0]);
  check_same_text(&with[BINS], &one[0]);
  assert_int_equal(with[BINS].fit.validated_rows, one[0].fit.validated_rows);
  assert_string_equal(s.log, "");
  forget_with_global(with);
  forget(without);
  forget(one);
}

/* A slot that is trained without the others has the bytes that it has among them, and
 * the others have none; what each takes adds up. */
static void slots_may_be_trained_apart(void **state) {
  (void)state;
  static small_study s;
  hr_trained all[BINS + 1], part[BINS + 1];
  const hr_lightgbm_parameters p = with_global(0);
  hr_cost whole = {0};
  double operations = 0;
  init_study(&s);
  live_with_global(&s, &p, 50, all);
  type->estimate(&s.view, &p, &whole);
  for (size_t k = 0; k <= BINS; k++) {
    bool wanted[BINS + 1] = {false};
    hr_cost own = {0};
    wanted[k] = true;
    s.view.wanted = wanted;
    type->estimate(&s.view, &p, &own);
    operations += own.operations;
    live_with_global(&s, &p, TRAIN, part);
    for (size_t other = 0; other <= BINS; other++) {
      if (other != k) assert_null(part[other].model);
    }
    assert_int_equal(part[k].model != NULL, all[k].model != NULL);
    if (all[k].model) check_same_text(&part[k], &all[k]);
    forget_with_global(part);
  }
  check_near(operations, whole.operations, 1e-9 * whole.operations);
  forget_with_global(all);
}

static void a_model_of_all_rows_may_have_fewer(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS + 1], again[BINS + 1];
  init_study(&s);
  hr_lightgbm_parameters p = with_global(300);
  live_with_global(&s, &p, TRAIN, t);
  assert_int_equal(t[BINS].fit.status, HR_FIT_OK);
  assert_int_equal(t[BINS].fit.train_rows, 300);
  assert_in_range(t[BINS].fit.validated_rows, 40, 80); /* one fold of five */
  omp_set_num_threads(1);
  live_with_global(&s, &p, 11, again);
  omp_set_num_threads(2);
  check_same(&s, &t[BINS], &again[BINS]);
  forget_with_global(t);
  forget_with_global(again);
  p.global_rows = 49;
  live_with_global(&s, &p, TRAIN, t);
  assert_int_equal(t[BINS].fit.status, HR_FIT_SKIPPED);
  assert_int_equal(t[BINS].fit.reason, HR_REASON_TOO_FEW_ROWS);
  assert_string_equal(t[BINS].fit.note,
                      "49 training rows, at least 50 are needed: two leaves of "
                      "min_child_samples 25");
  forget_with_global(t);
}

static void a_model_of_all_rows_is_resumed(void **state) {
  (void)state;
  shelf on = {.most = SIZE_MAX};
  small_study s;
  hr_error err;
  hr_learner *again = NULL;
  hr_trained was[BINS + 1], is[BINS + 1] = {{.model = NULL}};
  init_study(&s);
  scratch_init(&on.place);
  s.view.keeper = (hr_keeper){.context = &on, .keep = keep_on_shelf};
  hr_lightgbm_parameters p = with_global(0);
  live_with_global(&s, &p, TRAIN, was);
  assert_int_equal(on.kept, 3);
  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &p, &again, &err));
  check_ok(type->resume(again, &was[BINS].fit, scratch_name(&on.place, "-1"), &err));
  assert_false(type->is_trained(again));
  check_ok(show(&s, again, TRAIN, is, &err)); /* the bins alone are trained anew */
  assert_int_equal(on.kept, 5);
  for (size_t k = 0; k < 2; k++) check_same(&s, &is[k], &was[k]);
  check_same(&s, &is[BINS], &was[BINS]);
  assert_int_equal(is[BINS].model->slot, HR_GLOBAL);
  check_near(is[BINS].fit.seconds, was[BINS].fit.seconds, 0);
  type->destroy(&again);
  forget_with_global(is);

  check_ok(hr_lightgbm_begin_with(&library.api, &s.view, &p, &again, &err));
  check_ok(type->resume(again, &was[0].fit, scratch_name(&on.place, "0"), &err));
  check_ok(type->resume(again, &was[1].fit, scratch_name(&on.place, "1"), &err));
  assert_false(type->is_trained(again));
  check_ok(type->resume(again, &was[BINS].fit, scratch_name(&on.place, "-1"), &err));
  assert_true(type->is_trained(again));
  type->destroy(&again);
  forget_with_global(was);
  scratch_fini(&on.place);
}

/* What is to be said of it is said of it alone. */
static void a_model_of_all_rows_is_named(void **state) {
  (void)state;
  small_study s;
  hr_trained t[BINS + 1];
  init_study(&s);
  hr_lightgbm_parameters p = with_global(0);
  p.time_limit = 1e-9;
  live_with_global(&s, &p, TRAIN, t);
  assert_non_null(
      strstr(s.log, "LightGBM, all rows: 0 of 30 trees: time_limit 1e-09 s was over\n"));
  forget_with_global(t);
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
      cmocka_unit_test(predictions_are_lightgbms),
      cmocka_unit_test(all_folds_validate_all_rows),
      cmocka_unit_test(an_interrupt_stops_between_trees),
      cmocka_unit_test(a_time_limit_leaves_fewer_trees),
      cmocka_unit_test(constant_spectra_predict_their_mean),
      cmocka_unit_test(fewer_histograms_grow_the_same_trees),
      cmocka_unit_test(too_little_memory_is_met_once),
      cmocka_unit_test(another_text_of_lightgbm_fails_the_slot),
      cmocka_unit_test(missing_rows_are_noticed),
      cmocka_unit_test(auto_says_once_where_it_grows),
      cmocka_unit_test(the_model_is_kept_as_text_with_gains),
      cmocka_unit_test(models_are_kept_and_resumed),
      cmocka_unit_test(models_that_are_all_there_need_no_rows),
      cmocka_unit_test(the_model_of_all_rows_is_that_of_a_bin_of_all),
      cmocka_unit_test(a_model_of_all_rows_may_have_fewer),
      cmocka_unit_test(slots_may_be_trained_apart),
      cmocka_unit_test(a_model_of_all_rows_is_resumed),
      cmocka_unit_test(a_model_of_all_rows_is_named),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
