/* An expert that does as it is told, from creation to its outcome on disk and back. */
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

enum { TRAIN = 12, TEST = 8, PIXELS = 4, BINS = 2, TASKS = 3, VARIANTS = 2 };

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

/* What the next expert does, and what it has done; the expert has no other memory. */
static struct {
  step fails_at;
  hr_status fails_with;
  bool spoils; /* its files, when it is destroyed */
  bool hides_a_task;
  char folder[4096]; /* the last one it saved to */
  size_t created, alive, sampled, observed, trained, predicted, restored;
} told;

struct hr_learner {
  const hr_study_view *study;
  hr_task tasks[TASKS];
  double alpha[VARIANTS], cv_r2[VARIANTS];
  float predictions[VARIANTS][TEST];
  double variance[TEST], level[2], level_cv_r2[2], level_value[2];
  hr_curve_point curve[2];
  bool has_model[TASKS];
};

static hr_status reach(step here, hr_error *err) {
  if (told.fails_at != here) return HR_OK;
  return hr_fail(err, told.fails_with, "no more %d", (int)here);
}

static hr_status stub_create(const hr_study_view *study, const void *parameters,
                             hr_learner **out, hr_error *err) {
  (void)parameters;
  hr_status status = reach(CREATE, err);
  if (status != HR_OK) return status;
  hr_learner *expert = calloc(1, sizeof *expert);
  assert_non_null(expert);
  expert->study = study;
  expert->alpha[0] = 0.1;
  expert->alpha[1] = 1e30;
  expert->cv_r2[0] = (double)NAN;
  expert->cv_r2[1] = 1.0 / 3;
  for (size_t l = 0; l < 2; l++) {
    expert->level[l] = 0.25 * (double)(l + 1);
    expert->level_cv_r2[l] = l ? (double)NAN : 0.7;
    expert->level_value[l] = 10;
    expert->curve[l] = (hr_curve_point){1.0 / 3, l ? (double)NAN : -0.1, 1e-3};
  }
  size_t rows[] = {4, 4, TEST};
  for (size_t t = 0; t < TASKS; t++) {
    expert->tasks[t] = (hr_task){.bin = t == BINS ? HR_GLOBAL : (int)t,
                                 .status = t == 1 ? HR_FIT_SKIPPED : HR_FIT_OK,
                                 .note = "a \"note\" \xc3\xa9",
                                 .train_rows = 5,
                                 .test_rows = rows[t],
                                 .variant_count = VARIANTS,
                                 .variant_value = expert->alpha,
                                 .cv_r2 = expert->cv_r2,
                                 .chosen = 1,
                                 .predictions = expert->predictions[0],
                                 .variance = t == BINS ? expert->variance : NULL,
                                 .seconds = 0.1,
                                 .validated_rows = 3,
                                 .validation_seconds = 0.05,
                                 .level_count = 2,
                                 .level = expert->level,
                                 .level_cv_r2 = expert->level_cv_r2,
                                 .level_value = expert->level_value,
                                 .convergence = HR_NOT_CONVERGED,
                                 .curve = expert->curve,
                                 .curve_points = 2,
                                 .best_epoch = 1};
  }
  told.created++;
  told.alive++;
  *out = expert;
  return HR_OK;
}

static void stub_destroy(hr_learner **expert) {
  if (told.spoils) assert_int_equal(truncate(told.folder, 3), 0);
  told.alive--;
  free(*expert);
  *expert = NULL;
}

static size_t stub_sample_rows(const hr_learner *expert) {
  (void)expert;
  return 2;
}

static hr_status stub_sample(hr_learner *expert, const hr_block *block,
                             const bool *chosen, hr_error *err) {
  (void)expert;
  for (size_t i = 0; i < block->rows; i++) told.sampled += chosen[i];
  return reach(SAMPLE, err);
}

static hr_status stub_observe(hr_learner *expert, const hr_block *block, hr_error *err) {
  (void)expert;
  told.observed += block->rows;
  return reach(OBSERVE, err);
}

/* A state that is there while the model is kept, and gone then: were it among what the
 * record vouches for, no model could be restored. */
static void with_state(hr_learner *expert, int slot, bool is_there) {
  const hr_store *store = &expert->study->store;
  hr_error err;
  char *path = NULL, end[64];
  snprintf(end, sizeof end,
           slot == HR_GLOBAL ? "/tasks/global-stub/training.state"
                             : "/tasks/%d-stub/training.state",
           slot);
  check_ok(store->open(store->context, slot, &path, &err));
  assert_string_equal(path + strlen(path) - strlen(end), end);
  if (is_there) check_ok(hr_file_write(path, "so far", 6, &err));
  if (!is_there) store->remove(store->context, slot);
  assert_int_equal(access(path, F_OK) == 0, is_there);
  hr_free(path);
}

static hr_status stub_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = 0; t < TASKS; t++) {
    if (expert->has_model[t] || t == 1) continue;
    told.trained++;
    with_state(expert, expert->tasks[t].bin, true);
    HR_TRY(expert->study->keeper.keep(expert->study->keeper.context, expert,
                                      &expert->tasks[t], err));
    with_state(expert, expert->tasks[t].bin, false);
    expert->has_model[t] = true;
    if (t == 0) HR_TRY(reach(TRAINING, err)); /* the first model is kept by then */
  }
cleanup:
  return status;
}

static hr_status stub_observe_test(hr_learner *expert, const hr_block *block,
                                   hr_error *err) {
  for (size_t i = 0; i < block->rows; i++) {
    expert->predictions[0][i] = block->noisy[i * PIXELS];
    expert->predictions[1][i] = -1;
    expert->variance[i] = 1.0 / (double)(i + 3);
  }
  told.predicted += block->rows;
  return reach(PREDICT, err);
}

static const hr_task *stub_tasks(const hr_learner *expert, size_t *count) {
  *count = told.hides_a_task ? TASKS - 1 : TASKS;
  return expert->tasks;
}

static hr_status stub_save(const hr_learner *expert, const hr_task *task,
                           const char *folder, hr_error *err) {
  (void)expert, (void)task;
  char path[4096];
  hr_status status = reach(SAVE, err);
  if (status != HR_OK) return status;
  snprintf(path, sizeof path, "%s/model.txt", folder);
  snprintf(told.folder, sizeof told.folder, "%s", path);
  return hr_file_write(path, "a model", 7, err);
}

static hr_status stub_restore(hr_learner *expert, const hr_task *task, const char *folder,
                              hr_error *err) {
  hr_status status = reach(RESTORE, err);
  if (status != HR_OK) return status;
  char *bytes = NULL, path[4096];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/model.txt", folder);
  status = hr_file_read(path, 100, &bytes, &size, err);
  if (status != HR_OK) return status;
  assert_string_equal(bytes, "a model");
  hr_free(bytes);
  assert_int_equal(task->validated_rows, 3);
  expert->has_model[task->bin == HR_GLOBAL ? BINS : task->bin] = true;
  told.restored++;
  return HR_OK;
}

static bool stub_is_trained(const hr_learner *expert) {
  return expert->has_model[0] && expert->has_model[2];
}

static const hr_method stub = {
    .name = "stub",
    .title = "Stub",
    .variant = "alpha",
    .has_global = true,
    .create = stub_create,
    .destroy = stub_destroy,
    .sample_rows = stub_sample_rows,
    .observe_sample = stub_sample,
    .observe = stub_observe,
    .train = stub_train,
    .observe_test = stub_observe_test,
    .tasks = stub_tasks,
    .save = stub_save,
    .restore = stub_restore,
    .is_trained = stub_is_trained,
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

static void take_line(void *context, hr_log_level level, const char *line) {
  fixture *f = context;
  size_t used = strlen(f->log);
  (void)level;
  snprintf(f->log + used, sizeof f->log - used, "%s\n", line);
}

static void write_shard(fixture *f, const char *name, size_t rows, size_t first_row) {
  char path[4096];
  double labels[3][TRAIN];
  snprintf(path, sizeof path, "%s", scratch_name(&f->s, name));
  shard_spec spec = shard_spec_default(path);
  spec.rows = rows;
  spec.pixels = PIXELS;
  spec.first_row = first_row;
  for (size_t i = 0; i < rows; i++) {
    labels[0][i] = i < rows / 2 ? 1 : 3;
    labels[1][i] = (double)(first_row + i);
    labels[2][i] = 0.5;
  }
  for (size_t c = 0; c < 3; c++) spec.columns[c].values = labels[c];
  shard_write(&spec);
}

static void set_up(fixture *f) {
  static const char yaml[] =
      "experiment: {id: x}\n"
      "data: {train: [train.h5], test: test.h5, noise: {test: generated}}\n"
      "binning: {T_eff: [0, 2, 4], M_H: [0, 1]}\n";
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

static void tear_down(fixture *f) {
  hr_plan_destroy(&f->plan);
  hr_config_destroy(&f->config);
  scratch_fini(&f->s);
  assert_int_equal(told.alive, 0);
}

static hr_status show(void *context, const hr_block *block, hr_error *err) {
  return hr_method_run_observe(context, block, err);
}

/* A study's road, up to where it fails; the contender is to be finished with. */
static hr_status live(fixture *f, hr_method_run *c, hr_error *err) {
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

static void check_outcome(const hr_method_run *c) {
  assert_int_equal(c->state, HR_METHOD_RUN_DONE);
  assert_int_equal(c->outcome.task_count, TASKS);
  const hr_task *tasks = c->outcome.tasks;
  assert_int_equal(tasks[0].bin, 0);
  assert_int_equal(tasks[2].bin, HR_GLOBAL);
  assert_int_equal(tasks[0].status, HR_FIT_OK);
  assert_int_equal(tasks[1].status, HR_FIT_SKIPPED);
  assert_string_equal(tasks[0].note, "a \"note\" \xc3\xa9");
  assert_int_equal(tasks[2].test_rows, TEST);
  assert_int_equal(tasks[2].chosen, 1);
  assert_int_equal(tasks[2].validated_rows, 3);
  assert_int_equal(tasks[2].train_rows, 5);
  check_near(tasks[2].seconds, 0.1, 0);
  check_near(tasks[2].validation_seconds, 0.05, 0);
  check_near(tasks[2].variant_value[0], 0.1, 0);
  check_near(tasks[2].variant_value[1], 1e30, 0);
  assert_true(isnan(tasks[2].cv_r2[0]));
  check_near(tasks[2].cv_r2[1], 1.0 / 3, 0);
  const hr_predictions *own = &c->outcome.own, *global = &c->outcome.global;
  assert_int_equal(own->rows, TEST);
  assert_int_equal(own->variants, VARIANTS);
  /* The stub makes but one list, the two variants of four rows one after the other. */
  check_near((double)hr_predictions_at(own, 1, 3),
             (double)hr_predictions_at(global, 0, 7), 0);
  assert_true(isnan((double)hr_predictions_at(own, 1, 4))); /* the task was skipped */
  assert_null(own->variance);
  check_near((double)hr_predictions_at(global, 1, 0), -1, 0);
  check_near(global->variance[4], 1.0 / 7, 0);
  assert_int_equal(tasks[2].level_count, 2);
  check_near(tasks[2].level[1], 0.5, 0);
  check_near(tasks[2].level_cv_r2[0], 0.7, 0);
  assert_true(isnan(tasks[2].level_cv_r2[1]));
  check_near(tasks[2].level_value[1], 10, 0);
  assert_int_equal(tasks[2].convergence, HR_NOT_CONVERGED);
  assert_int_equal(tasks[2].best_epoch, 1);
  assert_int_equal(tasks[2].curve_points, 2);
  check_near(tasks[2].curve[0].train_loss, 1.0 / 3, 0);
  assert_true(isnan(tasks[2].curve[1].validation_r2));
  check_near(tasks[2].curve[1].rate, 1e-3, 0);
}

static void the_outcome_comes_back_from_disk(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up(&f);
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.sampled, 4); /* two of each bin */
  assert_int_equal(told.observed, TRAIN);
  assert_int_equal(told.predicted, TEST);
  assert_int_not_equal(access(scratch_name(&f.s, "tasks/0-stub/trained.json"), F_OK), 0);
  scratch_write(&f.s, "tasks/0-stub/trained.json", "{}"); /* killed before it was gone */
  check_ok(live(&f, &c, &err)); /* all is there: nothing is done again */
  assert_int_not_equal(access(scratch_name(&f.s, "tasks/0-stub/trained.json"), F_OK), 0);
  check_outcome(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.created, 1);
  check_ok(hr_method_run_init(&c, f.plan, &f.expert, f.s.path, "other study", &err));
  assert_int_equal(c.state, HR_METHOD_RUN_WAITING);
  hr_method_run_fini(&c);
  tear_down(&f);
}

static void an_expert_fails_alone(void **state) {
  (void)state;
  static const step steps[] = {CREATE, SAMPLE, OBSERVE, TRAINING, PREDICT};
  for (size_t i = 0; i < 5; i++) {
    hr_error err;
    hr_method_run c;
    char note[64], log[128];
    fixture f;
    set_up(&f);
    told.fails_at = steps[i];
    told.fails_with = i % 2 ? HR_ERR_MEMORY : HR_ERR_NUMERIC;
    check_ok(live(&f, &c, &err));
    snprintf(note, sizeof note, "no more %d", (int)steps[i]);
    snprintf(log, sizeof log, "the expert stub is given up: %s\n", note);
    assert_string_equal(f.log, log);
    assert_int_equal(c.state, HR_METHOD_RUN_DONE);
    for (size_t t = 0; t < TASKS; t++) {
      assert_int_equal(c.outcome.tasks[t].status, HR_FIT_FAILED);
      assert_string_equal(c.outcome.tasks[t].note, note);
    }
    assert_int_equal(c.outcome.tasks[1].train_rows, TRAIN / 2);
    assert_int_equal(c.outcome.tasks[2].test_rows, TEST);
    hr_method_run_fini(&c);
    assert_int_equal(told.alive, 0);
    told.fails_at = NOWHERE; /* the next run tries again */
    check_ok(live(&f, &c, &err));
    check_outcome(&c);
    hr_method_run_fini(&c);
    tear_down(&f);
  }
}

static void other_failures_end_the_study(void **state) {
  (void)state;
  static const step steps[] = {CREATE, SAMPLE, OBSERVE, TRAINING, PREDICT, SAVE};
  for (size_t i = 0; i < 6; i++) {
    hr_error err;
    hr_method_run c;
    char sentence[64];
    fixture f;
    set_up(&f);
    told.fails_at = steps[i];
    told.fails_with = HR_ERR_IO;
    snprintf(sentence, sizeof sentence, "no more %d", (int)steps[i]);
    check_fails(live(&f, &c, &err), HR_ERR_IO, sentence);
    hr_method_run_fini(&c);
    tear_down(&f);
  }
}

static void trained_models_are_taken_back(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up(&f);
  told.fails_at = TRAINING; /* interrupted with one model kept */
  told.fails_with = HR_ERR_INTERRUPTED;
  check_fails(live(&f, &c, &err), HR_ERR_INTERRUPTED, "no more 4");
  hr_method_run_fini(&c);
  told.fails_at = PREDICT; /* killed with both */
  check_fails(live(&f, &c, &err), HR_ERR_INTERRUPTED, "no more 5");
  hr_method_run_fini(&c);
  assert_int_equal(told.restored, 1);
  assert_int_equal(told.trained, 2);
  assert_int_equal(told.observed, 2 * TRAIN);
  told.fails_at = NOWHERE;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.restored, 3);
  assert_int_equal(told.trained, 2);
  assert_int_equal(told.observed, 2 * TRAIN); /* no rows are read again */
  tear_down(&f);
}

static void models_outlive_the_writing_of_predictions(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  char in_the_way[4096];
  fixture f;
  set_up(&f);
  told.fails_at = PREDICT;
  told.fails_with = HR_ERR_INTERRUPTED;
  check_fails(live(&f, &c, &err), HR_ERR_INTERRUPTED, "no more 5");
  hr_method_run_fini(&c);
  told.fails_at = NOWHERE; /* the first tasks can be written, the last one cannot */
  snprintf(in_the_way, sizeof in_the_way, "%s/tasks/global-stub/card.json", f.s.path);
  assert_int_equal(mkdir(in_the_way, 0777), 0);
  assert_int_equal(live(&f, &c, &err), HR_ERR_IO);
  hr_method_run_fini(&c);
  assert_int_equal(access(scratch_name(&f.s, "tasks/0-stub/card.json"), F_OK), 0);
  assert_int_equal(rmdir(in_the_way), 0);
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.trained, 2);
  assert_int_equal(told.restored, 4);
  tear_down(&f);
}

static void a_damaged_task_is_told_and_no_longer_counted(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  char expected[4200];
  fixture f;
  set_up(&f);
  check_ok(live(&f, &c, &err));
  hr_method_run_fini(&c);
  scratch_write(&f.s, "tasks/0-stub/predictions.f32", "short");
  check_ok(hr_method_run_init(&c, f.plan, &f.expert, f.s.path, "print", &err));
  assert_int_equal(c.state, HR_METHOD_RUN_WAITING);
  hr_method_run_fini(&c);
  snprintf(
      expected, sizeof expected,
      "%s/tasks/0-stub is damaged: its card.json is not what was written, or does not "
      "fit the files beside it; it is made again\n",
      f.s.path);
  assert_string_equal(f.log, expected);
  static const char *const cards[] = {"0-stub", "1-stub", "global-stub"};
  for (size_t t = 0; t < TASKS; t++) {
    char name[64];
    snprintf(name, sizeof name, "tasks/%s/card.json", cards[t]);
    assert_int_not_equal(access(scratch_name(&f.s, name), F_OK), 0);
  }
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  hr_method_run_fini(&c);
  tear_down(&f);
}

static void a_model_that_cannot_be_taken_back_is_trained(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  char log[8192];
  fixture f;
  set_up(&f);
  told.fails_at = PREDICT;
  told.fails_with = HR_ERR_INTERRUPTED;
  check_fails(live(&f, &c, &err), HR_ERR_INTERRUPTED, "no more 5");
  hr_method_run_fini(&c);
  told.fails_at = RESTORE;
  told.fails_with = HR_ERR_NUMERIC;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.trained, 4);
  snprintf(log, sizeof log,
           "the model in %s/tasks/0-stub cannot be taken back and is trained again: no "
           "more 7\n"
           "the model in %s/tasks/global-stub cannot be taken back and is trained again: "
           "no more 7\n",
           f.s.path, f.s.path);
  assert_string_equal(f.log, log);
  tear_down(&f);
}

static void experts_that_are_not_here(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up(&f);
  hr_method absent = {.name = "later", .title = "Later"};
  f.expert.type = &absent;
  check_ok(live(&f, &c, &err));
  assert_int_equal(c.state, HR_METHOD_RUN_ABSENT);
  assert_int_equal(c.outcome.task_count, 0);
  assert_string_equal(f.log, "the expert later is not in this build: skipped\n");
  hr_method_run_fini(&c);
  tear_down(&f);
}

static void what_was_written_has_to_be_there(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  char sentence[512];
  fixture f;
  set_up(&f);
  told.spoils = true;
  snprintf(sentence, sizeof sentence,
           "the tasks of stub in %s are not what was written; the disk, or another "
           "program, changed them",
           f.s.path);
  check_fails(live(&f, &c, &err), HR_ERR_IO, sentence);
  hr_method_run_fini(&c);
  told.spoils = false;
  told.hides_a_task = true;
  check_fails(live(&f, &c, &err), HR_ERR_INTERNAL, "the expert stub has 2 tasks, not 3");
  hr_method_run_fini(&c);
  tear_down(&f);
}

/* Memory runs out at every allocation of the way: an expert is given up or the study
 * ends, and a later run finds nothing half. */
static hr_status live_once(fixture *f) {
  hr_error err;
  hr_method_run c = {.state = HR_METHOD_RUN_WAITING};
  hr_status status = live(f, &c, &err);
  bool is_given_up = status == HR_OK && c.outcome.tasks[0].status == HR_FIT_FAILED;
  if (status == HR_OK && !is_given_up) check_outcome(&c);
  hr_method_run_fini(&c);
  return is_given_up ? HR_ERR_MEMORY : status;
}

static void memory_runs_out(void **state) {
  (void)state;
  fixture f;
  set_up(&f);
  f.plan->view.observer = NULL;
  check_alloc_failures(live_once(&f));
  tear_down(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_outcome_comes_back_from_disk),
      cmocka_unit_test(an_expert_fails_alone),
      cmocka_unit_test(other_failures_end_the_study),
      cmocka_unit_test(trained_models_are_taken_back),
      cmocka_unit_test(models_outlive_the_writing_of_predictions),
      cmocka_unit_test(a_damaged_task_is_told_and_no_longer_counted),
      cmocka_unit_test(a_model_that_cannot_be_taken_back_is_trained),
      cmocka_unit_test(experts_that_are_not_here),
      cmocka_unit_test(what_was_written_has_to_be_there),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
