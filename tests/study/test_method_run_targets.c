/* A method that learns two targets: one learner, tasks and an outcome of each. */
#include "support/stub_method.h"

static bool is_there(fixture *f, const char *name) {
  return access(scratch_name(&f->s, name), F_OK) == 0;
}

/* The second target's, beside the first's. */
static void check_second(const hr_method_run *c) {
  const hr_outcome *second = &c->outcomes[1];
  assert_int_equal(c->targets, TARGETS);
  assert_int_equal(second->fit_count, TASKS);
  assert_int_equal(second->fits[0].status, HR_FIT_OK);
  assert_int_equal(second->fits[1].status, HR_FIT_SKIPPED);
  assert_int_equal(second->fits[2].slot, HR_GLOBAL);
  for (size_t t = 0; t < TASKS; t++) {
    assert_int_equal(second->fits[t].target, 1);
    assert_int_equal(c->outcomes[0].fits[t].target, 0);
  }
  for (size_t i = 0; i < TEST; i++) {
    check_near((double)hr_predictions_at(&second->global, 0, i),
               100 + (double)hr_predictions_at(&c->outcomes[0].global, 0, i), 1e-4);
  }
  check_near((double)hr_predictions_at(&second->own, 0, 3),
             (double)hr_predictions_at(&second->global, 0, 3), 0);
  assert_true(isnan((double)hr_predictions_at(&second->own, 0, 4)));
  assert_null(second->own.variance);
  check_near(second->global.variance[2], 1.0 / 5, 0);
}

static void each_target_has_tasks_and_an_outcome(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up_of(&f, "[log_g, age]");
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  check_second(&c);
  assert_int_equal(told.created, 1); /* one learner for both */
  assert_int_equal(told.trained, 4);
  assert_int_equal(told.observed, TRAIN);
  hr_method_run_fini(&c);
  assert_true(is_there(&f, "tasks/0-stub/card.json"));
  assert_true(is_there(&f, "targets/age/tasks/0-stub/card.json"));
  assert_true(is_there(&f, "targets/age/tasks/1-stub/card.json"));
  assert_true(is_there(&f, "targets/age/tasks/global-stub/predictions.f32"));
  assert_false(is_there(&f, "targets/age/tasks/0-stub/trained.json"));
  assert_false(is_there(&f, "targets/log_g"));
  check_ok(live(&f, &c, &err)); /* is done, and read back */
  check_outcome(&c);
  check_second(&c);
  assert_int_equal(told.created, 1);
  hr_method_run_fini(&c);
  tear_down(&f);
}

static void models_of_both_targets_are_taken_back(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up_of(&f, "[log_g, age]");
  told.fails_at = TRAINING; /* of the second target, with its first model kept */
  told.fails_with = HR_ERR_INTERRUPTED;
  told.fails_target = 1;
  check_fails(live(&f, &c, &err), HR_ERR_INTERRUPTED, "no more 4");
  hr_method_run_fini(&c);
  assert_int_equal(told.trained, 3);
  assert_true(is_there(&f, "tasks/global-stub/trained.json"));
  assert_true(is_there(&f, "targets/age/tasks/0-stub/trained.json"));
  assert_false(is_there(&f, "targets/age/tasks/global-stub/trained.json"));
  told.fails_at = NOWHERE;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  check_second(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.restored, 3);
  assert_int_equal(told.trained, 4);
  assert_int_equal(told.observed, 2 * TRAIN);
  tear_down(&f);
}

/* The first target's outcome is whole; another run tries the slot again, and nothing
 * else. */
static void a_slot_of_one_target_fails(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up_of(&f, "[log_g, age]");
  told.lacks_second = true;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  assert_int_equal(c.outcomes[1].fits[0].status, HR_FIT_FAILED);
  assert_string_equal(c.outcomes[1].fits[0].note, "no luck");
  assert_int_equal(c.outcomes[1].fits[2].status, HR_FIT_OK);
  assert_null(c.outcomes[1].own.mean);
  check_near((double)hr_predictions_at(&c.outcomes[1].global, 0, 0),
             100 + (double)hr_predictions_at(&c.outcomes[0].global, 0, 0), 1e-4);
  hr_method_run_fini(&c);
  assert_int_equal(told.trained, 3);
  assert_true(is_there(&f, "tasks/0-stub/trained.json"));
  told.lacks_second = false;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  check_second(&c);
  hr_method_run_fini(&c);
  assert_int_equal(told.restored, 3);
  assert_int_equal(told.trained, 4);
  assert_false(is_there(&f, "tasks/0-stub/trained.json"));
  tear_down(&f);
}

static void a_damaged_task_of_the_second_target_is_found(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  char expected[4200];
  fixture f;
  set_up_of(&f, "[log_g, age]");
  check_ok(live(&f, &c, &err));
  hr_method_run_fini(&c);
  scratch_write(&f.s, "targets/age/tasks/0-stub/predictions.f32", "short");
  check_ok(hr_method_run_init(&c, f.plan, &f.expert, f.s.path, "print", &err));
  assert_int_equal(c.state, HR_METHOD_RUN_WAITING);
  hr_method_run_fini(&c);
  snprintf(expected, sizeof expected,
           "%s/targets/age/tasks/0-stub is damaged: its card.json is not what was "
           "written, or does not fit the files beside it; it is made again\n",
           f.s.path);
  assert_string_equal(f.log, expected);
  assert_false(is_there(&f, "tasks/global-stub/card.json"));
  assert_false(is_there(&f, "targets/age/tasks/global-stub/card.json"));
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  check_second(&c);
  hr_method_run_fini(&c);
  tear_down(&f);
}

static void an_expert_fails_for_all_targets(void **state) {
  (void)state;
  hr_error err;
  hr_method_run c;
  fixture f;
  set_up_of(&f, "[log_g, age]");
  told.fails_at = OBSERVE;
  told.fails_with = HR_ERR_MEMORY;
  check_ok(live(&f, &c, &err));
  assert_string_equal(f.log, "the expert stub is given up: no more 3\n");
  for (size_t i = 0; i < TARGETS * TASKS; i++) {
    const hr_fit *fit = &c.outcomes[i / TASKS].fits[i % TASKS];
    assert_int_equal(fit->status, HR_FIT_FAILED);
    assert_int_equal(fit->target, i / TASKS);
    assert_string_equal(fit->note, "no more 3");
    assert_int_equal(fit->train_rows, i % TASKS == 2 ? TRAIN : TRAIN / 2);
  }
  hr_method_run_fini(&c);
  told.fails_at = NOWHERE;
  check_ok(live(&f, &c, &err));
  check_outcome(&c);
  check_second(&c);
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
  if (status == HR_OK && !is_given_up) check_second(&c);
  hr_method_run_fini(&c);
  return is_given_up ? HR_ERR_MEMORY : status;
}

static void memory_runs_out(void **state) {
  (void)state;
  fixture f;
  set_up_of(&f, "[log_g, age]");
  f.plan->view.observer = NULL;
  check_alloc_failures(live_once(&f));
  tear_down(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_target_has_tasks_and_an_outcome),
      cmocka_unit_test(models_of_both_targets_are_taken_back),
      cmocka_unit_test(a_slot_of_one_target_fails),
      cmocka_unit_test(a_damaged_task_of_the_second_target_is_found),
      cmocka_unit_test(an_expert_fails_for_all_targets),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
