/* A small study for the 1D-CNN: lines whose depth is the target in bins that have many
 * rows, few, one or none; lives of a learner in it, and a place to keep what these leave.
 */
#ifndef HR_TESTS_CNN_STUDY_H
#define HR_TESTS_CNN_STUDY_H

#include "methods/cnn/cnn.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "methods/net/result.h"
#include "nn/net_model.h"
#include "support/block_snr.h"
#include "support/check.h"
#include "support/scratch.h"

enum { TRAIN = 360, TEST = 60, PIXELS = 48, BINS = 5, FOLDS = 5, TARGETS = 3 };

/* Bin 0 has 300 rows, bin 1 forty, bin 2 one, bin 3 none; 4 is not asked for. */
typedef struct small_study {
  float flux[TRAIN * PIXELS], error[TRAIN * PIXELS], noisy[TRAIN * PIXELS];
  float test_x[TEST * PIXELS];
  double train_y[TRAIN], test_y[TEST], wave[PIXELS];
  double further_y[TARGETS - 1][TRAIN]; /* of the other targets */
  hr_further_target further[TARGETS - 1];
  int32_t train_bin[TRAIN], test_bin[TEST];
  uint8_t fold[TRAIN];
  hr_study_view view;
  hr_observer observer;
  uint64_t first_done, done, stop_after; /* progress told; stopped at so many rows */
  char log[2000];
} small_study;

static double channels[] = {4, 8}, bins[] = {3, 2, 0, 1};

static inline hr_cnn_parameters usual(void) {
  return (hr_cnn_parameters){.channels = {channels, 2},
                             .kernel_size = 5,
                             .pool_size = 2,
                             .fc_dim = 8,
                             .batch_norm = true,
                             .training = {.epochs = 12,
                                          .batch_size = 16,
                                          .lr = 0.01,
                                          .weight_decay = 0.01,
                                          .warmup = 1,
                                          .patience = 0,
                                          .restart_after = 6,
                                          .redraw = true,
                                          .bins = {bins, 4}}};
}

static inline hr_net_design design(void) {
  hr_net_design fastest = {.kind = &hr_net_kind_cnn};
  hr_net_kind_cnn.choose(&fastest, false);
  return fastest;
}

/* A line whose depth is the target, somewhere between pixels 10 and 14. */
static inline void make_row(float *row, double y, size_t i) {
  for (size_t p = 0; p < PIXELS; p++) row[p] = 1;
  for (size_t p = 0; p < 3; p++) row[10 + i % 5 + p] -= (float)(0.2 * y);
}

static inline void make_rows(small_study *s) {
  for (size_t i = 0; i < TRAIN; i++) {
    s->train_bin[i] = i < 300 ? 0 : i < 340 ? 1 : i == 340 ? 2 : i < 350 ? 4 : -1;
    s->train_y[i] = 3 + 2 * hr_uniform(1, HR_STREAM_FOLDS, i, 0);
    make_row(s->flux + i * PIXELS, s->train_y[i], i);
    for (size_t p = 0; p < PIXELS; p++) s->error[i * PIXELS + p] = 0.05F;
    hr_normal(9, HR_STREAM_NOISE_TRAIN, i, 0, PIXELS, s->noisy + i * PIXELS);
    for (size_t j = i * PIXELS; j < (i + 1) * PIXELS; j++) {
      s->noisy[j] = s->flux[j] + 0.05F * s->noisy[j];
    }
  }
  for (size_t i = 0; i < TEST; i++) {
    float z[PIXELS];
    s->test_bin[i] = i % 4 == 3 ? 1 : 0;
    s->test_y[i] = 3 + 2 * hr_uniform(2, HR_STREAM_FOLDS, i, 0);
    make_row(s->test_x + i * PIXELS, s->test_y[i], i);
    hr_normal(9, HR_STREAM_NOISE_TEST, i, 0, PIXELS, z);
    for (size_t p = 0; p < PIXELS; p++) s->test_x[i * PIXELS + p] += 0.05F * z[p];
  }
}

/* Two more targets: the second is the height of pixels 30 to 33, in another unit; the
 * third falls as the first rises. */
static inline void add_targets(small_study *s) {
  for (size_t i = 0; i < TRAIN; i++) {
    double u = hr_uniform(3, HR_STREAM_FOLDS, i, 0);
    s->further_y[0][i] = 5000 + 1000 * u;
    s->further_y[1][i] = 10 - 2 * s->train_y[i];
    for (size_t p = 30; p < 34; p++) {
      s->flux[i * PIXELS + p] += (float)(0.3 * u);
      s->noisy[i * PIXELS + p] += (float)(0.3 * u);
    }
  }
  s->further[0] = (hr_further_target){"T_eff", s->further_y[0]};
  s->further[1] = (hr_further_target){"M_H", s->further_y[1]};
  s->view.target_name = "log_g";
  s->view.further = s->further;
  s->view.further_count = TARGETS - 1;
}

static inline void keep_log(void *context, hr_log_level level, const char *line) {
  small_study *s = context;
  (void)level;
  size_t used = strlen(s->log);
  snprintf(s->log + used, sizeof s->log - used, "%s\n", line);
}

static inline void count_rows(void *context, const hr_progress *progress) {
  small_study *s = context;
  if (s->first_done == 0) s->first_done = progress->done;
  s->done = progress->done;
}

static inline bool is_enough(void *context) {
  const small_study *s = context;
  return s->stop_after > 0 && s->done >= s->stop_after;
}

static inline small_study *make_study(void) {
  hr_error err;
  small_study *s = NULL;
  check_ok(hr_alloc(&s, 1, &err));
  make_rows(s);
  hr_assign_folds(s->train_bin, TRAIN, BINS, FOLDS, 1, s->fold);
  for (size_t p = 0; p < PIXELS; p++) s->wave[p] = 7100 + 0.5 * (double)p;
  s->observer = (hr_observer){s, keep_log, count_rows, is_enough};
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
      .noise_level = 1,
      .observer = &s->observer,
  };
  return s;
}

static const hr_method *const type = &hr_cnn_method;

/* A learner that has seen all rows, or none where it cannot be. */
static inline hr_status begin(const small_study *s, const hr_cnn_parameters *parameters,
                              size_t block_rows, hr_learner **learner, hr_error *err) {
  hr_net_design d = design();
  hr_status status =
      hr_convolver_fp32()
          ? type->begin(&s->view, parameters, learner, err)
          : hr_net_begin_with(&hr_cnn_networks, &d, &s->view, parameters, learner, err);
  if (status != HR_OK) return status;
  for (size_t first = 0; first < TRAIN; first += block_rows) {
    size_t count = TRAIN - first < block_rows ? TRAIN - first : block_rows;
    hr_block block = {.first_row = first,
                      .rows = count,
                      .pixels = PIXELS,
                      .flux = s->flux + first * PIXELS,
                      .error = s->error + first * PIXELS,
                      .noisy = s->noisy + first * PIXELS};
    block.snr = block_snr(count, PIXELS, block.noisy, block.error);
    assert_int_equal(type->learn(*learner, &block, err), HR_OK);
  }
  return HR_OK;
}

/* Of all targets and slots. */
static inline size_t count_of(const small_study *s) {
  return hr_study_targets(&s->view) * BINS;
}

/* A learner's whole life; out [T][BINS]. */
static inline hr_status try_to_live(const small_study *s,
                                    const hr_cnn_parameters *parameters,
                                    size_t block_rows, hr_trained *out, hr_error *err) {
  hr_learner *learner = NULL;
  for (size_t i = 0; i < count_of(s); i++) out[i] = (hr_trained){.model = NULL};
  hr_status status = begin(s, parameters, block_rows, &learner, err);
  if (status == HR_OK) status = type->finish(learner, out, err);
  type->destroy(&learner);
  assert_null(learner);
  return status;
}

static inline void live(const small_study *s, const hr_cnn_parameters *parameters,
                        size_t block_rows, hr_trained *out) {
  hr_error err;
  check_ok(try_to_live(s, parameters, block_rows, out, &err));
}

static inline void forget(hr_trained *trained) {
  for (size_t k = 0; k < BINS; k++) hr_trained_fini(&trained[k]);
}

static inline void forget_all(hr_trained *trained) {
  for (size_t t = 0; t < TARGETS; t++) forget(trained + t * BINS);
}

/* A model's predictions of all test rows, [TEST]. */
static inline void predict(const small_study *s, const hr_model *model, float *mean) {
  hr_error err;
  uint32_t row[TEST];
  for (uint32_t i = 0; i < TEST; i++) row[i] = i;
  const hr_spectra spectra = {.rows = TEST, .pixels = PIXELS, .noisy = s->test_x};
  const hr_request request = {
      .model = model, .row = row, .count = TEST, .variants = 1, .mean = mean};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
}

static inline double r2_of(const small_study *s, const hr_trained *trained) {
  double mean = 0, error = 0, total = 0, count = 0;
  float predicted[TEST];
  predict(s, trained->model, predicted);
  for (size_t i = 0; i < TEST; i++) {
    if (s->test_bin[i] != trained->fit.slot) continue;
    mean += s->test_y[i];
    count++;
  }
  mean /= count;
  for (size_t i = 0; i < TEST; i++) {
    if (s->test_bin[i] != trained->fit.slot) continue;
    double d = s->test_y[i] - (double)predicted[i];
    error += d * d;
    total += (s->test_y[i] - mean) * (s->test_y[i] - mean);
  }
  return 1 - error / total;
}

/* Of the predictions that R2 of validation is over. */
static inline void check_sigma(const small_study *s, const hr_fit *fit) {
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
  assert_int_equal(fit->sigma.rows, fit->validated_rows);
  check_near(fit->sigma.all.sigma, sqrt((1 - fit->cv_r2[0]) * total / rows), 1e-5);
  assert_true(fit->sigma.all.half68 > 0 && !fit->sigma.scales_own);
}

/* Where a test's runs keep models and the states of trainings. */
typedef struct shelf {
  scratch place;
  size_t kept, most; /* models; fails after so many */
} shelf;

/* Of a slot's first target by the slot's number, "0", of further ones as "0-1". */
static inline const char *shelf_name(shelf *on, size_t target, int slot,
                                     const char *end) {
  char name[64];
  if (target == 0) {
    snprintf(name, sizeof name, "%d%s", slot, end);
  } else {
    snprintf(name, sizeof name, "%d-%zu%s", slot, target, end);
  }
  return scratch_name(&on->place, name);
}

static inline hr_status keep_on_shelf(void *context, const hr_model *model,
                                      const hr_fit *fit, hr_error *err) {
  shelf *on = context;
  char folder[4096];
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(model->target, fit->target);
  if (on->kept == on->most) return hr_fail(err, HR_ERR_IO, "the shelf is full");
  on->kept++;
  snprintf(folder, sizeof folder, "%s", shelf_name(on, fit->target, fit->slot, ""));
  hr_status status = hr_make_folders(folder, err);
  return status == HR_OK ? model->type->save(model, folder, HR_MODEL_FULL, err) : status;
}

static inline const char *state_name(shelf *on, size_t target, int slot) {
  return shelf_name(on, target, slot, ".state");
}

static inline hr_status open_state(void *context, size_t target, int slot, char **path,
                                   hr_error *err) {
  return hr_copy_text(state_name(context, target, slot), path, err);
}

static inline void remove_state(void *context, size_t target, int slot) {
  unlink(state_name(context, target, slot));
}

static inline void use_shelf(small_study *s, shelf *on) {
  *on = (shelf){.most = SIZE_MAX};
  scratch_init(&on->place);
  s->view.keeper = (hr_keeper){.context = on, .keep = keep_on_shelf};
  s->view.store = (hr_store){on, open_state, remove_state, NULL};
}

static inline void check_same_fit(const hr_fit *a, const hr_fit *b) {
  assert_int_equal(a->status, b->status);
  assert_int_equal(a->target, b->target);
  assert_int_equal(a->slot, b->slot);
  assert_string_equal(a->note, b->note);
  assert_int_equal(a->train_rows, b->train_rows);
  assert_int_equal(a->curve_points, b->curve_points);
  if (a->status != HR_FIT_OK) return;
  assert_memory_equal(a->curve, b->curve, a->curve_points * sizeof *a->curve);
  assert_memory_equal(a->cv_r2, b->cv_r2, sizeof *a->cv_r2);
  assert_memory_equal(&a->sigma, &b->sigma, sizeof a->sigma);
  assert_int_equal(a->best_epoch, b->best_epoch);
  assert_int_equal(a->convergence, b->convergence);
}

static inline void check_same(const small_study *s, const hr_trained *a,
                              const hr_trained *b, size_t count) {
  float one[TEST], other[TEST];
  for (size_t i = 0; i < count; i++) {
    check_same_fit(&a[i].fit, &b[i].fit);
    assert_true((a[i].model != NULL) == (b[i].model != NULL));
    if (!a[i].model) continue;
    predict(s, a[i].model, one);
    predict(s, b[i].model, other);
    assert_memory_equal(one, other, sizeof one);
  }
}

#endif
