/* A method that does as it is told, from its beginning to its outcome on disk and back.
 */
#include "study/division.h"
#include "support/stub_method.h"

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
      assert_int_equal(c.outcomes[0].fits[t].status, HR_FIT_FAILED);
      assert_string_equal(c.outcomes[0].fits[t].note, note);
    }
    assert_int_equal(c.outcomes[0].fits[1].train_rows, TRAIN / 2);
    assert_int_equal(c.outcomes[0].fits[2].test_rows, TEST);
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
  assert_int_equal(c.outcomes[0].fit_count, 0);
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
  tear_down(&f);
}

/* Memory runs out at every allocation of the way: an expert is given up or the study
 * ends, and a later run finds nothing half. */
static hr_status live_once(fixture *f) {
  hr_error err;
  hr_method_run c = {.state = HR_METHOD_RUN_WAITING};
  hr_status status = live(f, &c, &err);
  bool is_given_up = status == HR_OK && c.outcomes[0].fits[0].status == HR_FIT_FAILED;
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

/* The plan of an element that has the first slot alone, or none. */
typedef struct element {
  hr_config config;
  hr_share share;
} element;

static void take_part(fixture *f, element *e, bool has) {
  *e = (element){.config = *f->config};
  e->config.experts = &f->expert;
  e->config.expert_count = 1;
  e->share.has[0] = e->share.wanted[0][0] = has;
  f->plan->config = &e->config;
  f->plan->share = &e->share;
}

/* An element trains and keeps what is wanted and predicts nothing; who has its files goes
 * on from there. */
static void an_element_leaves_models(void **state) {
  (void)state;
  static element e;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up(&f);
  take_part(&f, &e, true);
  check_ok(live(&f, &c, &err));
  assert_int_equal(c.state, HR_METHOD_RUN_TRAINED);
  assert_true(c.view.wanted[0] && !c.view.wanted[1]);
  hr_method_run_fini(&c);
  assert_int_equal(told.sampled, 2); /* of the first bin alone, and none of all rows */
  assert_int_equal(told.predicted, 0);
  assert_int_equal(access(scratch_name(&f.s, "tasks/0-stub/trained.json"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(&f.s, "tasks/0-stub/card.json"), F_OK), 0);
  f.plan->share = NULL;
  size_t trained = told.trained;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.trained, trained);
  f.plan->config = f.config;
  tear_down(&f);
}

/* What fails in an element fails there alone, and leaves no card that says so. */
static void an_element_gives_up_without_a_card(void **state) {
  (void)state;
  static element e;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up(&f);
  take_part(&f, &e, true);
  told.fails_at = TRAINING;
  told.fails_with = HR_ERR_NUMERIC;
  check_ok(live(&f, &c, &err));
  assert_int_equal(c.state, HR_METHOD_RUN_TRAINED);
  assert_string_equal(f.log, "the expert stub is given up: no more 4\n");
  hr_method_run_fini(&c);
  assert_int_not_equal(access(scratch_name(&f.s, "tasks/0-stub/card.json"), F_OK), 0);
  f.plan->config = f.config;
  tear_down(&f);
}

static void what_another_element_does_is_not_begun(void **state) {
  (void)state;
  static element e;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up(&f);
  take_part(&f, &e, false);
  check_ok(live(&f, &c, &err));
  assert_int_equal(c.state, HR_METHOD_RUN_ELSEWHERE);
  hr_method_run_fini(&c);
  assert_int_equal(told.created, 0);
  f.plan->config = f.config;
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
      cmocka_unit_test(an_element_leaves_models),
      cmocka_unit_test(an_element_gives_up_without_a_card),
      cmocka_unit_test(what_another_element_does_is_not_begun),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
