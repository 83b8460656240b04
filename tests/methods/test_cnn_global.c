/* The 1D-CNN's network of all rows: it is the network of a bin that has them all. */
#include "methods/cnn/cnn.h"

#include "support/cnn_study.h"

enum { SLOTS = BINS + 1 };

static hr_cnn_parameters with_global(size_t rows, size_t epochs) {
  hr_cnn_parameters p = usual();
  p.training.epochs = 3;
  p.training.global = true;
  p.training.global_rows = (int64_t)rows;
  p.training.global_epochs = (int64_t)epochs;
  return p;
}

/* As live, with room for one more slot: out [T][SLOTS]. */
static hr_status try_with_global(const small_study *s, const hr_cnn_parameters *p,
                                 size_t block_rows, hr_trained *out, hr_error *err) {
  hr_learner *learner = NULL;
  for (size_t i = 0; i < hr_study_targets(&s->view) * SLOTS; i++) {
    out[i] = (hr_trained){.model = NULL};
  }
  hr_status status = begin(s, p, block_rows, &learner, err);
  if (status == HR_OK) status = type->finish(learner, out, err);
  type->destroy(&learner);
  return status;
}

static void live_with_global(const small_study *s, const hr_cnn_parameters *p,
                             size_t block_rows, hr_trained *out) {
  hr_error err;
  check_ok(try_with_global(s, p, block_rows, out, &err));
}

static void forget_slots(const small_study *s, hr_trained *trained) {
  for (size_t i = 0; i < hr_study_targets(&s->view) * SLOTS; i++) {
    hr_trained_fini(&trained[i]);
  }
}

/* Bins have the bytes that they have without it, and it those of a bin of all rows, the
 * uncovered ones too: for one target, for several, and for one network of several. */
static void check_global(small_study *s, bool joint) {
  hr_trained with[TARGETS * SLOTS], without[TARGETS * BINS], one[TARGETS * BINS];
  size_t targets = hr_study_targets(&s->view);
  hr_cnn_parameters p = with_global(0, 0);
  p.training.joint = joint;
  live_with_global(s, &p, 7, with);
  p.training.global = false;
  live(s, &p, TRAIN, without);
  int32_t bin[TRAIN];
  memcpy(bin, s->train_bin, sizeof bin);
  for (size_t i = 0; i < TRAIN; i++) s->train_bin[i] = 0;
  live(s, &p, TRAIN, one);
  memcpy(s->train_bin, bin, sizeof bin);
  for (size_t t = 0; t < targets; t++) {
    const hr_trained *own = &with[t * SLOTS + BINS];
    check_same(s, with + t * SLOTS, without + t * BINS, BINS);
    assert_int_equal(own->fit.slot, HR_GLOBAL);
    assert_int_equal(own->model->slot, HR_GLOBAL);
    assert_int_equal(own->model->target, t);
    assert_int_equal(own->fit.train_rows, TRAIN);
    one[t * BINS].fit.slot = HR_GLOBAL;
    check_same(s, own, &one[t * BINS], 1);
    for (size_t k = 0; k < BINS; k++) {
      hr_trained_fini(&without[t * BINS + k]);
      hr_trained_fini(&one[t * BINS + k]);
    }
  }
  forget_slots(s, with);
}

static void the_network_of_all_rows_is_that_of_a_bin_of_all(void **state) {
  (void)state;
  small_study *s = make_study();
  check_global(s, false);
  add_targets(s);
  check_global(s, false);
  check_global(s, true);
  hr_free(s);
}

static void it_may_have_fewer_rows_and_epochs(void **state) {
  (void)state;
  scratch place;
  hr_trained t[SLOTS], in_file[SLOTS];
  small_study *s = make_study();
  scratch_init(&place);
  hr_cnn_parameters p = with_global(150, 2);
  p.training.bins.count = 3; /* bin 0 alone */
  live_with_global(s, &p, TRAIN, t);
  const hr_fit *fit = &t[BINS].fit;
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(fit->train_rows, 150);
  assert_in_range(fit->validated_rows, 18, 42);
  assert_int_equal(fit->curve_points, 2);
  assert_int_equal(t[0].fit.curve_points, 3);
  assert_true(s->done == 3 * 240 + 2 * (150 - fit->validated_rows));
  s->view.memory_bytes = 1000;
  s->view.folder = place.path;
  live_with_global(s, &p, 11, in_file);
  check_same(s, t, in_file, SLOTS);
  forget_slots(s, t);
  forget_slots(s, in_file);
  p.training.global_rows = 8;
  live_with_global(s, &p, TRAIN, t);
  assert_int_equal(t[BINS].fit.reason, HR_REASON_TOO_FEW_ROWS);
  assert_int_equal(t[BINS].fit.status, HR_FIT_SKIPPED);
  forget_slots(s, t);
  hr_free(s);
  scratch_fini(&place);
}

static void what_is_to_be_said_names_it(void **state) {
  (void)state;
  hr_trained t[SLOTS];
  hr_error err;
  small_study *s = make_study();
  hr_cnn_parameters p = with_global(0, 0);
  p.training.bins.count = 1; /* bin 3 has no rows */
  p.training.restart_after = 50;
  for (size_t i = 0; i < TRAIN; i++) s->train_y[i] = 3 + (double)(i % 2);
  live_with_global(s, &p, TRAIN, t);
  assert_non_null(strstr(s->log, "1D-CNN, all rows: not converged: "));
  forget_slots(s, t);
  memset(t, 0, sizeof t);
  hr_learner *learner = NULL;
  hr_net_design d = design();
  check_ok(hr_net_begin_with(&hr_cnn_networks, &d, &s->view, &p, &learner, &err));
  check_fails(type->finish(learner, t, &err), HR_ERR_INTERNAL,
              "cnn saw 0 rows of all rows, not 360");
  type->destroy(&learner);
  forget_slots(s, t); /* the bins' */
  hr_free(s);
}

/* Interrupted in its training, begun anew, and killed when its model was kept. */
static void its_training_is_resumed(void **state) {
  (void)state;
  shelf on;
  hr_error err;
  hr_trained straight[SLOTS], resumed[SLOTS];
  small_study *s = make_study();
  hr_cnn_parameters p = with_global(0, 0);
  p.training.bins.count = 3; /* bin 0 alone */
  live_with_global(s, &p, TRAIN, straight);
  use_shelf(s, &on);
  size_t trained = TRAIN - straight[BINS].fit.validated_rows;
  s->stop_after = 3 * 240 + 2 * trained + 50;
  s->done = 0;
  check_fails(try_with_global(s, &p, TRAIN, resumed, &err), HR_ERR_INTERRUPTED,
              "interrupted while training 1D-CNN");
  forget_slots(s, resumed);
  assert_int_equal(access(state_name(&on, 0, HR_GLOBAL), F_OK), 0);
  s->stop_after = 0;
  live_with_global(s, &p, TRAIN, resumed);
  check_same(s, straight, resumed, SLOTS);
  assert_int_not_equal(access(state_name(&on, 0, HR_GLOBAL), F_OK), 0);
  forget_slots(s, resumed);

  hr_learner *again = NULL;
  check_ok(begin(s, &p, TRAIN, &again, &err));
  const char *folder = shelf_name(&on, 0, HR_GLOBAL, "");
  check_ok(type->resume(again, &straight[BINS].fit, folder, &err));
  assert_false(type->is_trained(again));
  folder = shelf_name(&on, 0, 0, "");
  check_ok(type->resume(again, &straight[0].fit, folder, &err));
  assert_true(type->is_trained(again));
  check_ok(type->finish(again, resumed, &err));
  check_same(s, straight, resumed, SLOTS);
  assert_int_equal(resumed[BINS].model->slot, HR_GLOBAL);
  type->destroy(&again);
  forget_slots(s, straight);
  forget_slots(s, resumed);
  hr_free(s);
  scratch_fini(&on.place);
}

static void it_is_in_the_estimate(void **state) {
  (void)state;
  small_study *s = make_study();
  hr_cnn_parameters p = with_global(0, 0);
  hr_cost before = {0}, with = {0}, shorter = {0};
  p.training.global = false;
  type->estimate(&s->view, &p, &before);
  p.training.global = true;
  type->estimate(&s->view, &p, &with);
  size_t held_out = 0;
  for (size_t i = 0; i < TRAIN; i++) held_out += s->fold[i] == 0;
  double trained = (double)(TRAIN - held_out), more = trained + (double)held_out / 3;
  double rows = 272 + 68.0 / 3;
  check_near(with.operations / before.operations, 1 + more / rows, 0.02);
  check_near(with.gathered_bytes - before.gathered_bytes,
             4 * PIXELS * (2 * trained + (double)held_out) + 100 * PIXELS + 20 * TRAIN,
             1);
  check_near(with.bundle_bytes / before.bundle_bytes, 5.0 / 4, 1e-12); /* four bins */
  p.training.global_epochs = 1;
  p.training.global_rows = TRAIN / 2;
  type->estimate(&s->view, &p, &shorter);
  check_near(
      (shorter.operations - before.operations) / (with.operations - before.operations),
      1.0 / 6, 0.01);
  hr_free(s);
}

/* A slot that is trained without the others has the bytes that it has among them, and
 * the others have none; what each takes adds up. */
static void slots_may_be_trained_apart(void **state) {
  (void)state;
  small_study *s = make_study();
  hr_trained all[TARGETS * SLOTS], part[TARGETS * SLOTS];
  hr_cnn_parameters p = with_global(0, 0);
  hr_cost whole = {0};
  double operations = 0;
  live_with_global(s, &p, 7, all);
  type->estimate(&s->view, &p, &whole);
  for (size_t k = 0; k < SLOTS; k++) {
    bool wanted[SLOTS] = {false};
    hr_cost own = {0};
    wanted[k] = true;
    s->view.wanted = wanted;
    type->estimate(&s->view, &p, &own);
    operations += own.operations;
    live_with_global(s, &p, TRAIN, part);
    check_same(s, &part[k], &all[k], 1);
    for (size_t other = 0; other < SLOTS; other++) {
      if (other != k) assert_null(part[other].model);
    }
    forget_slots(s, part);
  }
  check_near(operations, whole.operations, 1e-9 * whole.operations);
  forget_slots(s, all);
  hr_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_network_of_all_rows_is_that_of_a_bin_of_all),
      cmocka_unit_test(it_may_have_fewer_rows_and_epochs),
      cmocka_unit_test(what_is_to_be_said_names_it),
      cmocka_unit_test(its_training_is_resumed),
      cmocka_unit_test(it_is_in_the_estimate),
      cmocka_unit_test(slots_may_be_trained_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
