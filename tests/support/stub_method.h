/* A method that does as it is told, and a plan to run it in: its models are files of a
 * word, and it learns nothing. */
#ifndef HR_TESTS_STUB_METHOD_H
#define HR_TESTS_STUB_METHOD_H

#include "study/method_run.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

enum { TRAIN = 12, TEST = 8, PIXELS = 4, BINS = 2, TASKS = 3, VARIANTS = 2, TARGETS = 2 };

typedef enum step {
  NOWHERE,
  CREATE,
  SAMPLE,
  OBSERVE,
  TRAINING,
  PREDICT,
  SAVE,
  RESTORE,
} step;

/* What the next learner does, and what it has done; it has no other memory. */
static struct {
  step fails_at;
  hr_status fails_with;
  size_t fails_target; /* whose training fails, where it does */
  bool lacks_second;   /* the second target's model of bin 0 cannot be trained */
  bool spoils;         /* the files of its models, when these are destroyed */
  char folder[4096];   /* the last one it saved to */
  size_t created, alive, sampled, observed, trained, predicted, restored;
} told;

struct hr_learner {
  const hr_study_view *study;
  bool has_model[TARGETS * TASKS];
};

static inline hr_status reach(step here, hr_error *err) {
  if (told.fails_at != here) return HR_OK;
  return hr_fail(err, told.fails_with, "no more %d", (int)here);
}

static inline hr_status predict_stub(const hr_spectra *spectra,
                                     const hr_request *requests, size_t count,
                                     hr_error *err) {
  for (size_t r = 0; r < count; r++) {
    const hr_request *request = &requests[r];
    for (size_t i = 0; i < request->count; i++) {
      size_t row = request->row[i];
      request->mean[row] =
          spectra->noisy[row * PIXELS] + 100 * (float)request->model->target;
      request->mean[request->variant_stride + row] = -1;
      if (!request->model->type->knows_variance) continue;
      request->variance[row] = 1.0 / (double)(spectra->first_row + row + 3);
      request->effective[row] = request->mean_error[row] = 1;
    }
    if (request->model->slot == HR_GLOBAL) told.predicted += request->count;
  }
  return reach(PREDICT, err);
}

static inline hr_status save_stub(const hr_model *model, const char *folder,
                                  hr_model_form form, hr_error *err) {
  (void)model, (void)form;
  char path[4096];
  hr_status status = reach(SAVE, err);
  if (status != HR_OK) return status;
  snprintf(path, sizeof path, "%s/model.txt", folder);
  snprintf(told.folder, sizeof told.folder, "%s", path);
  return hr_file_write(path, "a model", 7, err);
}

static inline void destroy_model(hr_model **model) {
  if (told.spoils) assert_int_equal(truncate(told.folder, 3), 0);
  free(*model);
  *model = NULL;
}

/* The model of all rows knows its variance, those of bins do not. */
static const hr_model_type of_bin = {
    .kind = "stub", .save = save_stub, .predict = predict_stub, .destroy = destroy_model};
static const hr_model_type of_all = {.kind = "stub",
                                     .knows_variance = true,
                                     .save = save_stub,
                                     .predict = predict_stub,
                                     .destroy = destroy_model};

static inline hr_status stub_begin(const hr_study_view *study, const void *parameters,
                                   hr_learner **out, hr_error *err) {
  (void)parameters;
  hr_status status = reach(CREATE, err);
  if (status != HR_OK) return status;
  hr_learner *learner = calloc(1, sizeof *learner);
  assert_non_null(learner);
  learner->study = study;
  told.created++;
  told.alive++;
  *out = learner;
  return HR_OK;
}

static inline void stub_destroy(hr_learner **learner) {
  told.alive--;
  free(*learner);
  *learner = NULL;
}

static inline size_t stub_sample_rows(const hr_learner *learner) {
  (void)learner;
  return 2;
}

static inline hr_status stub_sample(hr_learner *learner, const hr_block *block,
                                    const uint8_t *chosen, hr_error *err) {
  (void)learner;
  for (size_t i = 0; i < block->rows; i++) told.sampled += chosen[i] & HR_CHOSEN_OF_BIN;
  return reach(SAMPLE, err);
}

static inline hr_status stub_learn(hr_learner *learner, const hr_block *block,
                                   hr_error *err) {
  (void)learner;
  told.observed += block->rows;
  return reach(OBSERVE, err);
}

/* A state that is there while the model is kept, and gone then: were it among what the
 * record vouches for, no model could be taken back. */
static inline void with_state(hr_learner *learner, size_t target, int slot,
                              bool is_there) {
  const hr_store *store = &learner->study->store;
  hr_error err;
  char *path = NULL, end[96], name[32] = "global";
  if (slot != HR_GLOBAL) snprintf(name, sizeof name, "%d", slot);
  snprintf(end, sizeof end, "%s/tasks/%s-stub/training.state",
           target == 1 ? "/targets/age" : "", name);
  check_ok(store->open(store->context, target, slot, &path, &err));
  assert_string_equal(path + strlen(path) - strlen(end), end);
  if (is_there) check_ok(hr_file_write(path, "so far", 6, &err));
  if (!is_there) store->remove(store->context, target, slot);
  assert_int_equal(access(path, F_OK) == 0, is_there);
  hr_free(path);
}

static inline hr_status make_fit(size_t t, hr_fit *fit, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_fit_init(fit, t == BINS ? HR_GLOBAL : (int)t, VARIANTS, true, 2, err));
  HR_TRY(hr_alloc(&fit->curve, 2, err));
  fit->status = t == 1 ? HR_FIT_SKIPPED : HR_FIT_OK;
  snprintf(fit->note, sizeof fit->note, "a \"note\" \xc3\xa9");
  fit->train_rows = 5;
  fit->variant_value[0] = 0.1;
  fit->variant_value[1] = 1e30;
  fit->cv_r2[1] = 1.0 / 3;
  fit->chosen = 1;
  fit->seconds = 0.1;
  fit->validated_rows = 3;
  fit->validation_seconds = 0.05;
  for (size_t l = 0; l < 2; l++) {
    fit->level[l] = 0.25 * (double)(l + 1);
    fit->level_cv_r2[l] = l ? (double)NAN : 0.7;
    fit->level_value[l] = 10;
    fit->curve[l] = (hr_curve_point){1.0 / 3, l ? (double)NAN : -0.1, 1e-3};
  }
  fit->convergence = HR_NOT_CONVERGED;
  fit->curve_points = 2;
  fit->best_epoch = 1;
cleanup:
  return status;
}

static inline hr_model *make_model(size_t target, size_t t) {
  hr_model *model = calloc(1, sizeof *model);
  assert_non_null(model);
  *model = (hr_model){.type = t == BINS ? &of_all : &of_bin,
                      .slot = t == BINS ? HR_GLOBAL : (int)t,
                      .target = target,
                      .pixels = PIXELS,
                      .variant_count = VARIANTS,
                      .chosen = 1};
  return model;
}

static inline hr_status stub_train(hr_learner *learner, size_t target, size_t t,
                                   hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_keeper *keeper = &learner->study->keeper;
  HR_TRY(make_fit(t, &out->fit, err));
  out->fit.target = target;
  if (t == 1) goto cleanup;
  if (told.lacks_second && target == 1 && t == 0) {
    out->fit.status = HR_FIT_FAILED;
    snprintf(out->fit.note, sizeof out->fit.note, "no luck");
    goto cleanup;
  }
  out->model = make_model(target, t);
  if (learner->has_model[target * TASKS + t]) goto cleanup;
  told.trained++;
  with_state(learner, target, out->fit.slot, true);
  HR_TRY(keeper->keep(keeper->context, out->model, &out->fit, err));
  with_state(learner, target, out->fit.slot, false);
  /* The first model is kept by then. */
  if (t == 0 && target == told.fails_target) HR_TRY(reach(TRAINING, err));
cleanup:
  return status;
}

static inline hr_status stub_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = hr_study_targets(learner->study) * TASKS;
  assert_non_null(learner->study->test_bin); /* not in the registry: a control */
  for (size_t i = 0; i < count && status == HR_OK; i++) {
    status = stub_train(learner, i / TASKS, i % TASKS, &out[i], err);
  }
  return status;
}

static inline hr_status stub_resume(hr_learner *learner, const hr_fit *fit,
                                    const char *folder, hr_error *err) {
  hr_status status = reach(RESTORE, err);
  if (status != HR_OK) return status;
  char *bytes = NULL, path[4096];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/model.txt", folder);
  status = hr_file_read(path, 100, &bytes, &size, err);
  if (status != HR_OK) return status;
  assert_string_equal(bytes, "a model");
  hr_free(bytes);
  assert_int_equal(fit->validated_rows, 3);
  size_t place = fit->slot == HR_GLOBAL ? BINS : (size_t)fit->slot;
  learner->has_model[fit->target * TASKS + place] = true;
  told.restored++;
  return HR_OK;
}

static inline bool stub_is_trained(const hr_learner *learner) {
  for (size_t i = 0; i < hr_study_targets(learner->study) * TASKS; i++) {
    if (i % TASKS != 1 && !learner->has_model[i]) return false;
  }
  return true;
}

static const hr_method stub = {
    .name = "stub",
    .title = "Stub",
    .variant = "alpha",
    .has_global = true,
    .begin = stub_begin,
    .slots_apart = true,
    .resume = stub_resume,
    .is_trained = stub_is_trained,
    .sample_rows = stub_sample_rows,
    .sample = stub_sample,
    .learn = stub_learn,
    .finish = stub_finish,
    .destroy = stub_destroy,
};

/* A plan of 12 and 8 rows in two bins, and a run directory. */
typedef struct fixture {
  scratch s;
  hr_config *config;
  hr_plan *plan;
  hr_config_expert expert;
  hr_observer observer;
  char log[2000];
} fixture;

static inline void take_line(void *context, hr_log_level level, const char *line) {
  fixture *f = context;
  size_t used = strlen(f->log);
  (void)level;
  snprintf(f->log + used, sizeof f->log - used, "%s\n", line);
}

static inline void write_shard(fixture *f, const char *name, size_t rows,
                               size_t first_row) {
  char path[4096];
  double labels[4][TRAIN];
  snprintf(path, sizeof path, "%s", scratch_name(&f->s, name));
  shard_spec spec = shard_spec_default(path);
  spec.rows = rows;
  spec.pixels = PIXELS;
  spec.first_row = first_row;
  for (size_t i = 0; i < rows; i++) {
    labels[0][i] = i < rows / 2 ? 1 : 3;
    labels[1][i] = (double)(first_row + i);
    labels[2][i] = 0.5;
    labels[3][i] = (double)(i * i % 7);
  }
  spec.columns[3].name = "age";
  spec.column_count = 4;
  for (size_t c = 0; c < 4; c++) spec.columns[c].values = labels[c];
  shard_write(&spec);
}

static inline void set_up_of(fixture *f, const char *target) {
  char yaml[512];
  snprintf(yaml, sizeof yaml,
           "experiment: {id: x}\n"
           "data: {train: [train.h5], test: test.h5, noise: {test: generated},\n"
           "       target: %s}\n"
           "binning: {T_eff: [0, 2, 4], M_H: [0, 1]}\n",
           target);
  hr_error err;
  *f = (fixture){.config = NULL};
  memset(&told, 0, sizeof told);
  scratch_init(&f->s);
  write_shard(f, "train.h5", TRAIN, 0);
  write_shard(f, "test.h5", TEST, 100);
  f->observer = (hr_observer){f, take_line, NULL, NULL};
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", f->s.path, &f->config, &err));
  check_ok(hr_plan_create(f->config, &f->observer, &f->plan, &err));
  f->expert = (hr_config_expert){.type = &stub};
}

static inline void set_up(fixture *f) {
  set_up_of(f, "log_g");
}

static inline void tear_down(fixture *f) {
  hr_plan_destroy(&f->plan);
  hr_config_destroy(&f->config);
  scratch_fini(&f->s);
  assert_int_equal(told.alive, 0);
}

static inline hr_status show(void *context, const hr_block *block, hr_error *err) {
  return hr_method_run_observe(context, block, err);
}

/* A study's road, up to where it fails; the contender is to be finished with. */
static inline hr_status live(fixture *f, hr_method_run *c, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_method_run_init(c, f->plan, &f->expert, f->s.path, "print", err));
  HR_TRY(hr_method_run_begin(c, err));
  HR_TRY(hr_method_run_sample(c, f->plan, err));
  const hr_pass pass = {
      .plan = f->plan, .training = true, .stage = "reading", .visit = show, .context = c};
  if (hr_method_run_wants_rows(c)) HR_TRY(hr_pass_run(&pass, NULL, err));
  HR_TRY(hr_method_run_predict(c, f->plan, err));
  HR_TRY(hr_method_run_finish(c, err));
cleanup:
  return status;
}

static inline void check_outcome(const hr_method_run *c) {
  assert_int_equal(c->state, HR_METHOD_RUN_DONE);
  assert_int_equal(c->outcomes[0].fit_count, TASKS);
  const hr_fit *fits = c->outcomes[0].fits;
  assert_int_equal(fits[0].slot, 0);
  assert_int_equal(fits[2].slot, HR_GLOBAL);
  assert_int_equal(fits[0].status, HR_FIT_OK);
  assert_int_equal(fits[1].status, HR_FIT_SKIPPED);
  assert_string_equal(fits[0].note, "a \"note\" \xc3\xa9");
  assert_int_equal(fits[2].test_rows, TEST);
  assert_int_equal(fits[2].chosen, 1);
  assert_int_equal(fits[2].validated_rows, 3);
  assert_int_equal(fits[2].train_rows, 5);
  check_near(fits[2].seconds, 0.1, 0);
  check_near(fits[2].validation_seconds, 0.05, 0);
  check_near(fits[2].variant_value[0], 0.1, 0);
  check_near(fits[2].variant_value[1], 1e30, 0);
  assert_true(isnan(fits[2].cv_r2[0]));
  check_near(fits[2].cv_r2[1], 1.0 / 3, 0);
  const hr_predictions *own = &c->outcomes[0].own, *global = &c->outcomes[0].global;
  assert_int_equal(own->rows, TEST);
  assert_int_equal(own->variants, VARIANTS);
  check_near((double)hr_predictions_at(own, 0, 3),
             (double)hr_predictions_at(global, 0, 3), 0);
  check_near((double)hr_predictions_at(own, 1, 3), -1, 0);
  assert_true(isnan((double)hr_predictions_at(own, 1, 4))); /* the slot was skipped */
  assert_null(own->variance);
  check_near((double)hr_predictions_at(global, 1, 0), -1, 0);
  check_near(global->variance[4], 1.0 / 7, 0);
  assert_int_equal(fits[2].level_count, 2);
  check_near(fits[2].level[1], 0.5, 0);
  check_near(fits[2].level_cv_r2[0], 0.7, 0);
  assert_true(isnan(fits[2].level_cv_r2[1]));
  check_near(fits[2].level_value[1], 10, 0);
  assert_int_equal(fits[2].convergence, HR_NOT_CONVERGED);
  assert_int_equal(fits[2].best_epoch, 1);
  assert_int_equal(fits[2].curve_points, 2);
  check_near(fits[2].curve[0].train_loss, 1.0 / 3, 0);
  assert_true(isnan(fits[2].curve[1].validation_r2));
  check_near(fits[2].curve[1].rate, 1e-3, 0);
}

#endif
