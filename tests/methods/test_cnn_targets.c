/* The 1D-CNN with several targets: a network of each, or one for all of them. */
#include "methods/cnn/cnn.h"

#include "support/cnn_study.h"

/* The file of a model, or of a state, as bytes; freed with hr_free. */
static char *read_bytes(const char *path, size_t *size) {
  hr_error err;
  char *bytes = NULL;
  check_ok(hr_file_read(path, 1 << 20, &bytes, size, &err));
  return bytes;
}

/* Each target has its own network, which is the very one that it has alone. */
static void every_target_is_as_if_it_were_alone(void **state) {
  (void)state;
  hr_trained all[TARGETS * BINS], alone[BINS];
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.epochs = 4;
  live(s, &p, 7, all);
  uint64_t done = s->done;
  s->view.further_count = 0;
  live(s, &p, TRAIN, alone);
  check_same(s, all, alone, BINS);
  assert_true(done == TARGETS * s->done);
  for (size_t t = 1; t < TARGETS; t++) {
    forget(alone);
    s->view.train.target = s->further_y[t - 1];
    live(s, &p, TRAIN, alone);
    for (size_t k = 0; k < BINS; k++) {
      assert_int_equal(all[t * BINS + k].fit.target, t);
      if (alone[k].model) assert_int_equal(all[t * BINS + k].model->target, t);
      alone[k].fit.target = t;
    }
    check_same(s, all + t * BINS, alone, BINS);
  }
  forget(alone);
  forget_all(all);
  hr_free(s);
}

/* In a quarter of the memory, too: the rows are stored once, whoever trains on them. */
static void rows_outlive_the_first_target(void **state) {
  (void)state;
  scratch place;
  scratch_init(&place);
  hr_trained in_memory[TARGETS * BINS], in_file[TARGETS * BINS];
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.epochs = 2;
  for (int joint = 0; joint < 2; joint++) {
    p.training.joint = joint == 1;
    s->view.memory_bytes = (size_t)1 << 30;
    live(s, &p, TRAIN, in_memory);
    s->view.memory_bytes = 1000;
    s->view.folder = place.path;
    live(s, &p, TRAIN, in_file);
    check_same(s, in_memory, in_file, TARGETS * BINS);
    forget_all(in_memory);
    forget_all(in_file);
  }
  hr_free(s);
  scratch_fini(&place);
}

static void one_network_learns_all_targets(void **state) {
  (void)state;
  hr_trained t[TARGETS * BINS];
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.joint = true;
  p.training.bins.count = 3; /* bin 0 alone */
  live(s, &p, TRAIN, t);
  assert_true(s->done == 12 * 240); /* once for all targets */
  for (size_t i = 0; i < TARGETS; i++) {
    const hr_fit *fit = &t[i * BINS].fit, *first = &t[0].fit;
    assert_int_equal(fit->status, HR_FIT_OK);
    assert_int_equal(fit->target, i);
    assert_int_equal(t[i * BINS].model->target, i);
    assert_int_equal(fit->convergence, HR_CONVERGED);
    assert_string_equal(fit->note, "joint: one network for log_g, T_eff, M_H");
    assert_true(fit->cv_r2[0] > 0.6);
    check_near(fit->curve[fit->best_epoch].validation_r2, fit->cv_r2[0], 0);
    assert_int_equal(fit->best_epoch, first->best_epoch);
    check_near(fit->curve[3].train_loss, first->curve[3].train_loss, 0);
    check_near(fit->seconds, first->seconds, 0);
    assert_int_equal(t[i * BINS + 4].fit.status, HR_FIT_SKIPPED);
  }
  check_sigma(s, &t[0].fit);
  assert_true(r2_of(s, &t[0]) > 0.6);
  /* The others in their own units. */
  assert_in_range(t[BINS].fit.sigma.all.sigma, 20, 250);
  assert_string_equal(s->log, "");
  forget_all(t);
  hr_free(s);
}

/* With one target `joint` changes no byte, and nothing is said. */
static void joint_is_nothing_to_one_target(void **state) {
  (void)state;
  hr_trained one[BINS], other[BINS];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 2;
  live(s, &p, TRAIN, one);
  p.training.joint = true;
  live(s, &p, TRAIN, other);
  check_same(s, one, other, BINS);
  forget(one);
  forget(other);
  hr_free(s);
}

/* A target that cannot be learnt is told of by itself, and its bin's network is not
 * started again for it. */
static void a_target_that_is_not_learnt_says_so(void **state) {
  (void)state;
  hr_trained t[TARGETS * BINS];
  small_study *s = make_study();
  add_targets(s);
  for (size_t i = 0; i < TRAIN; i++) s->further_y[1][i] = 7;
  hr_cnn_parameters p = usual();
  p.training.joint = true;
  p.training.restart_after = 5;
  p.training.bins.count = 3;
  live(s, &p, TRAIN, t);
  assert_int_equal(t[0].fit.convergence, HR_CONVERGED);
  const hr_fit *fit = &t[2 * BINS].fit;
  assert_int_equal(fit->convergence, HR_NOT_CONVERGED);
  assert_true(isnan(fit->cv_r2[0]));
  assert_string_equal(
      fit->note,
      "not converged: no better than the mean after 12 epochs; joint: one "
      "network for log_g, T_eff, M_H");
  assert_string_equal(s->log,
                      "1D-CNN, M_H, bin 0: not converged: no better than the mean after "
                      "12 epochs\n");
  forget_all(t);
  hr_free(s);
}

static void a_joint_network_that_fails_fails_all_targets(void **state) {
  (void)state;
  hr_trained t[TARGETS * BINS];
  small_study *s = make_study();
  add_targets(s);
  s->further[0].name =
      "a label with a name that is longer than what a card has room for, "
      "so that none of the names is told, and no part of them is, either";
  hr_cnn_parameters p = usual();
  p.training.joint = true;
  p.training.epochs = 3;
  p.training.bins.count = 3;
  live(s, &p, TRAIN, t);
  assert_string_equal(
      t[0].fit.note,
      "not converged: the mean validation R2 of the targets still rose in "
      "the last of 3 epochs, give it more; joint: one network for all 3 "
      "targets");
  forget_all(t);
  p.training.lr = p.training.weight_decay = 1e38;
  live(s, &p, TRAIN, t);
  for (size_t i = 0; i < TARGETS; i++) {
    assert_int_equal(t[i * BINS].fit.status, HR_FIT_FAILED);
    assert_null(t[i * BINS].model);
    assert_non_null(
        strstr(t[i * BINS].fit.note, "; the loss is no number after 1 epoch"));
  }
  forget_all(t);
  hr_free(s);
}

/* Stopped in the second target's training (joint: in the only one), then begun anew. */
static void check_stopped(bool joint, uint64_t stop_after, size_t state_of) {
  shelf on;
  hr_error err;
  hr_trained straight[TARGETS * BINS], resumed[TARGETS * BINS];
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.epochs = 4;
  p.training.bins.count = 3; /* bin 0 alone */
  p.training.joint = joint;
  live(s, &p, TRAIN, straight);
  use_shelf(s, &on);
  s->stop_after = stop_after;
  s->done = 0;
  check_fails(try_to_live(s, &p, TRAIN, resumed, &err), HR_ERR_INTERRUPTED,
              "interrupted while training 1D-CNN");
  forget_all(resumed);
  assert_int_equal(access(state_name(&on, state_of, 0), F_OK), 0);
  assert_int_not_equal(access(state_name(&on, 1 - state_of, 0), F_OK), 0);
  s->stop_after = 0;
  live(s, &p, TRAIN, resumed);
  check_same(s, straight, resumed, TARGETS * BINS);
  assert_int_not_equal(access(state_name(&on, state_of, 0), F_OK), 0);
  forget_all(straight);
  forget_all(resumed);
  hr_free(s);
  scratch_fini(&on.place);
}

static void trainings_of_targets_go_on(void **state) {
  (void)state;
  check_stopped(false, (4 + 2) * 240 + 50, 1);
  check_stopped(true, 2 * 240 + 50, 0);
}

/* The learner of a run that is resumed, which takes back targets first .. end-1 of both
 * bins. */
static hr_learner *take_back(const small_study *s, const hr_cnn_parameters *p, shelf *on,
                             const hr_trained *was, const size_t *targets, size_t count) {
  hr_error err;
  hr_learner *learner = NULL;
  check_ok(begin(s, p, TRAIN, &learner, &err));
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < 2; k++) {
      const hr_fit *fit = &was[targets[i] * BINS + k].fit;
      const char *folder = shelf_name(on, targets[i], (int)k, "");
      check_ok(type->resume(learner, fit, folder, &err));
    }
  }
  return learner;
}

static void check_taken_back(const small_study *s, const hr_cnn_parameters *p, shelf *on,
                             const hr_trained *was, size_t count) {
  static const size_t targets[] = {2, 0, 1};
  hr_error err;
  hr_trained is[TARGETS * BINS] = {{.model = NULL}};
  hr_learner *learner = take_back(s, p, on, was, targets, count);
  assert_true(type->is_trained(learner) == (count == TARGETS));
  check_ok(type->finish(learner, is, &err));
  check_same(s, was, is, TARGETS * BINS);
  type->destroy(&learner);
  forget_all(is);
}

/* Those of which some targets were kept are trained on what is missing; a joint network
 * once more as a whole, unless its state is still there. */
static void targets_are_taken_back_one_by_one(void **state) {
  (void)state;
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.epochs = 3;
  for (int joint = 0; joint < 2; joint++) {
    shelf on;
    hr_trained was[TARGETS * BINS];
    use_shelf(s, &on);
    p.training.joint = joint == 1;
    live(s, &p, TRAIN, was);
    assert_int_equal(on.kept, 2 * TARGETS);
    const uint64_t once = 3 * (240 + 32);
    for (size_t count = 1; count <= TARGETS; count++) {
      s->done = 0;
      check_taken_back(s, &p, &on, was, count);
      size_t left = joint ? count < TARGETS : TARGETS - count;
      assert_true(s->done == left * once);
    }
    forget_all(was);
    scratch_fini(&on.place);
  }
  hr_free(s);
}

/* Killed between the models of a joint network: its state is there until all are kept. */
static void a_joint_state_stays_until_all_are_kept(void **state) {
  (void)state;
  shelf on;
  hr_error err;
  hr_trained t[TARGETS * BINS];
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.epochs = 3;
  p.training.bins.count = 3;
  p.training.joint = true;
  use_shelf(s, &on);
  on.most = 1;
  check_fails(try_to_live(s, &p, TRAIN, t, &err), HR_ERR_IO, "the shelf is full");
  forget_all(t);
  assert_int_equal(access(state_name(&on, 0, 0), F_OK), 0);
  on.most = SIZE_MAX;
  s->done = 0;
  live(s, &p, TRAIN, t);
  assert_true(s->done == 0); /* no row was trained on again */
  assert_int_not_equal(access(state_name(&on, 0, 0), F_OK), 0);
  forget_all(t);
  hr_free(s);
  scratch_fini(&on.place);
}

/* The files are of one output, whatever learnt it. */
static void joint_files_are_as_large_as_others(void **state) {
  (void)state;
  size_t sizes[2];
  small_study *s = make_study();
  add_targets(s);
  hr_cnn_parameters p = usual();
  p.training.epochs = 1;
  for (int joint = 0; joint < 2; joint++) {
    shelf on;
    hr_trained t[TARGETS * BINS];
    use_shelf(s, &on);
    p.training.joint = joint == 1;
    live(s, &p, TRAIN, t);
    char *bytes = read_bytes(shelf_name(&on, 1, 0, "/model.cnn"), &sizes[joint]);
    assert_memory_equal(bytes, "hrcnn/1\n", 8);
    hr_free(bytes);
    forget_all(t);
    scratch_fini(&on.place);
  }
  assert_int_equal(sizes[0], sizes[1]);
  hr_free(s);
}

/* A target has to be better than its own mean; that the training is at its end is told by
 * all of them together. */
static void convergence_of_several_is_judged_together(void **state) {
  (void)state;
  enum { EPOCHS = 10 };
  hr_curve_point own[EPOCHS], together[EPOCHS];
  for (size_t i = 0; i < EPOCHS; i++) own[i] = together[i] = (hr_curve_point){1, 0.5, 1};
  own[9].validation_r2 = 0.6;
  assert_true(hr_net_has_converged(own, together, EPOCHS, EPOCHS));
  together[9].validation_r2 = 0.53;
  assert_false(hr_net_has_converged(own, together, EPOCHS, EPOCHS));
  together[9].validation_r2 = 0.5;
  for (size_t i = 0; i < EPOCHS; i++) own[i].validation_r2 = 0.01;
  assert_false(hr_net_has_converged(own, together, EPOCHS, EPOCHS));
}

/* A network a target, or one for all; the rows once. */
static void estimates_count_targets(void **state) {
  (void)state;
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  hr_cost one = {0}, three = {0}, joint = {0};
  type->estimate(&s->view, &p, &one);
  add_targets(s);
  type->estimate(&s->view, &p, &three);
  p.training.joint = true;
  type->estimate(&s->view, &p, &joint);
  check_near(three.operations / one.operations, TARGETS, 1e-12);
  check_near(three.gathered_bytes, one.gathered_bytes, 0);
  assert_true(joint.operations > one.operations);
  check_near(joint.operations / one.operations, 1, 0.02);
  hr_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_target_is_as_if_it_were_alone),
      cmocka_unit_test(rows_outlive_the_first_target),
      cmocka_unit_test(one_network_learns_all_targets),
      cmocka_unit_test(joint_is_nothing_to_one_target),
      cmocka_unit_test(a_target_that_is_not_learnt_says_so),
      cmocka_unit_test(a_joint_network_that_fails_fails_all_targets),
      cmocka_unit_test(trainings_of_targets_go_on),
      cmocka_unit_test(targets_are_taken_back_one_by_one),
      cmocka_unit_test(a_joint_state_stays_until_all_are_kept),
      cmocka_unit_test(joint_files_are_as_large_as_others),
      cmocka_unit_test(convergence_of_several_is_judged_together),
      cmocka_unit_test(estimates_count_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
