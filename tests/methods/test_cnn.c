/* The 1D-CNN expert on small studies: its life, its remedies, and what goes wrong. What
 * the network computes is checked in tests/nn and against PyTorch. */
#include "methods/cnn/cnn.h"

#include "support/cnn_study.h"
#include "support/validated.h"

static void bins_are_trained_or_skipped(void **state) {
  (void)state;
  small_study *s = make_study();
  hr_trained t[BINS];
  hr_cnn_parameters p = usual();
  s->view.keeps_validation = true;
  live(s, &p, TRAIN, t);
  for (size_t k = 0; k < 2; k++) assert_int_equal(t[k].fit.status, HR_FIT_OK);
  const hr_fit *fit = &t[0].fit;
  assert_true(fit->cv_r2[0] > 0.7);
  assert_true(r2_of(s, &t[0]) > 0.7);
  assert_int_equal(fit->convergence, HR_CONVERGED);
  assert_string_equal(fit->note, "");
  assert_int_equal(fit->train_rows, 300);
  assert_int_equal(fit->validated_rows, 60);
  assert_int_equal(fit->curve_points, 12);
  check_near(fit->curve[fit->best_epoch].validation_r2, fit->cv_r2[0], 0);
  check_sigma(s, fit);
  check_validated(fit, s->train_y, s->train_bin, s->fold);
  for (size_t k = 2; k < BINS; k++) {
    assert_int_equal(t[k].fit.status, HR_FIT_SKIPPED);
    assert_int_equal(t[k].fit.slot, k);
    assert_null(t[k].model);
  }
  assert_true(strstr(t[2].fit.note, "to train on and") != NULL);
  assert_int_equal(t[2].fit.train_rows, 1);
  assert_string_equal(t[3].fit.note,
                      "0 rows to train on and 0 held out; at least 10 and 2 are needed");
  assert_string_equal(t[4].fit.note, "this expert was not asked for in this bin");
  assert_true(isnan(t[3].fit.cv_r2[0]));
  forget(t);
  hr_free(s);
}

/* The predictions of bin 0's model, with one setting after another changed. */
static void predict_anew(const small_study *s, const hr_cnn_parameters *p,
                         size_t block_rows, float *out) {
  hr_trained t[BINS];
  live(s, p, block_rows, t);
  predict(s, t[0].model, out);
  forget(t);
}

static void neither_blocks_nor_places_change_a_byte(void **state) {
  (void)state;
  scratch place;
  scratch_init(&place);
  float one[TEST], other[TEST];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 2;
  predict_anew(s, &p, TRAIN, one);
  predict_anew(s, &p, 7, other);
  assert_memory_equal(one, other, sizeof one);
  s->view.memory_bytes = 1000; /* the rows go to a file */
  s->view.folder = place.path;
  predict_anew(s, &p, TRAIN, other);
  assert_memory_equal(one, other, sizeof one);
  hr_free(s);
  scratch_fini(&place);
}

static void precision_changes_little_or_says_why_nothing(void **state) {
  (void)state;
  char bf16[] = "bf16";
  float exact[TEST], rounded[TEST];
  hr_trained t[BINS];
  if (!hr_convolver_fp32()) skip();
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  predict_anew(s, &p, TRAIN, exact);
  p.training.precision = bf16;
  live(s, &p, TRAIN, t);
  predict(s, t[0].model, rounded);
  assert_true(r2_of(s, &t[0]) > 0.7);
  assert_int_equal(t[0].fit.precision, hr_convolver_bf16() ? HR_FIT_BF16 : HR_FIT_FP32);
  forget(t);
  const char *warning =
      "1D-CNN: this processor has no bf16 products, convolutions are "
      "computed in fp32\n";
  if (hr_convolver_bf16()) {
    assert_null(strstr(s->log, warning));
    assert_memory_not_equal(rounded, exact, sizeof exact);
  } else {
    assert_non_null(strstr(s->log, warning));
    assert_memory_equal(rounded, exact, sizeof exact);
  }
  hr_free(s);
}

/* By itself it takes bf16 where the processor has it, without a word where it does not.
 */
static void precision_is_chosen_by_the_processor(void **state) {
  (void)state;
  char bf16[] = "bf16", fp32[] = "fp32", choose[] = "auto";
  float chosen[TEST], wanted[TEST];
  if (!hr_convolver_fp32()) skip();
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 2;
  p.training.precision = choose;
  predict_anew(s, &p, TRAIN, chosen);
  assert_null(strstr(s->log, "bf16"));
  p.training.precision = hr_convolver_bf16() ? bf16 : fp32;
  predict_anew(s, &p, TRAIN, wanted);
  assert_memory_equal(chosen, wanted, sizeof chosen);
  hr_free(s);
}

static void noise_is_drawn_anew_or_not(void **state) {
  (void)state;
  float redrawn[TEST], single[TEST];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 2;
  predict_anew(s, &p, TRAIN, redrawn);
  p.training.redraw = false;
  predict_anew(s, &p, TRAIN, single);
  assert_memory_not_equal(redrawn, single, sizeof redrawn);
  /* Without noise there is nothing to draw: both see the clean flux. */
  s->view.noise_level = 0;
  memcpy(s->noisy, s->flux, sizeof s->noisy);
  predict_anew(s, &p, TRAIN, single);
  p.training.redraw = true;
  predict_anew(s, &p, TRAIN, redrawn);
  assert_memory_equal(redrawn, single, sizeof redrawn);
  hr_free(s);
}

/* Interrupted in the fourth epoch, and begun anew with the same store. */
static void a_stopped_training_goes_on(void **state) {
  (void)state;
  shelf on;
  float straight[TEST], resumed[TEST];
  hr_error err;
  hr_trained t[BINS];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 6;
  predict_anew(s, &p, TRAIN, straight);
  use_shelf(s, &on);
  s->stop_after = 3 * 240 + 50;
  s->done = 0;
  check_fails(try_to_live(s, &p, TRAIN, t, &err), HR_ERR_INTERRUPTED,
              "interrupted while training 1D-CNN");
  forget(t);
  assert_int_equal(access(state_name(&on, 0, 0), F_OK), 0);
  s->stop_after = s->first_done = 0;
  predict_anew(s, &p, TRAIN, resumed);
  assert_memory_equal(straight, resumed, sizeof straight);
  assert_true(s->first_done == 3 * 240 + 16);
  assert_int_not_equal(access(state_name(&on, 0, 0), F_OK), 0);
  hr_free(s);
  scratch_fini(&on.place);
}

/* Another training does not take a state for its own; and it stays where the model cannot
 * be kept. */
static void a_state_belongs_to_one_training(void **state) {
  (void)state;
  shelf on;
  float predicted[TEST];
  hr_error err;
  hr_trained t[BINS];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 3;
  use_shelf(s, &on);
  on.most = 0;
  check_fails(try_to_live(s, &p, TRAIN, t, &err), HR_ERR_IO, "the shelf is full");
  forget(t);
  assert_int_equal(access(state_name(&on, 0, 0), F_OK), 0);
  on.most = SIZE_MAX;
  p.training.lr = 0.02;
  s->first_done = 0;
  predict_anew(s, &p, TRAIN, predicted);
  assert_true(s->first_done == 16);
  hr_free(s);
  scratch_fini(&on.place);
}

/* A second learner takes back what a first one kept: no row is trained on, and model and
 * all that is known of the training are the same. */
static void models_are_kept_and_resumed(void **state) {
  (void)state;
  shelf on;
  hr_error err;
  hr_learner *again = NULL;
  hr_trained was[BINS], is[BINS] = {{.model = NULL}};
  float one[TEST], other[TEST];
  small_study *s = make_study();
  hr_net_design d = design();
  use_shelf(s, &on);
  hr_cnn_parameters p = usual();
  p.training.epochs = 3;
  live(s, &p, TRAIN, was);
  assert_int_equal(on.kept, 2);
  check_ok(hr_net_begin_with(&hr_cnn_networks, &d, &s->view, &p, &again, &err));
  assert_false(type->is_trained(again));
  assert_int_equal(type->resume(again, &was[0].fit, "/dev/null", &err), HR_ERR_MISSING);
  assert_false(type->is_trained(again));
  scratch_write(&on.place, "0.state", "of a run that was killed when it had the model");
  check_ok(type->resume(again, &was[0].fit, scratch_name(&on.place, "0"), &err));
  assert_int_not_equal(access(state_name(&on, 0, 0), F_OK), 0);
  check_ok(type->resume(again, &was[1].fit, scratch_name(&on.place, "1"), &err));
  assert_true(type->is_trained(again));
  s->done = 0;
  check_ok(type->finish(again, is, &err));
  assert_int_equal(s->done, 0);
  for (size_t k = 0; k < 2; k++) {
    const hr_fit *old = &was[k].fit, *new = &is[k].fit;
    assert_int_equal(new->status, HR_FIT_OK);
    assert_int_equal(new->convergence, old->convergence);
    assert_int_equal(new->best_epoch, old->best_epoch);
    assert_int_equal(new->validated_rows, old->validated_rows);
    assert_int_equal(new->curve_points, 3);
    assert_memory_equal(new->curve, old->curve, 3 * sizeof *new->curve);
    assert_string_equal(new->note, old->note);
    assert_memory_equal(new->cv_r2, old->cv_r2, sizeof(double));
    assert_memory_equal(&new->sigma, &old->sigma, sizeof new->sigma);
    predict(s, was[k].model, one);
    predict(s, is[k].model, other);
    assert_memory_equal(one, other, sizeof one);
  }
  type->destroy(&again);
  forget(was);
  forget(is);
  hr_free(s);
  scratch_fini(&on.place);
}

/* Labels that have nothing to do with the spectra. */
static void what_cannot_be_learnt_is_tried_twice(void **state) {
  (void)state;
  hr_trained t[BINS];
  small_study *s = make_study();
  for (size_t i = 0; i < TRAIN; i++) {
    make_row(s->flux + i * PIXELS, 4, 0);
    memcpy(s->noisy + i * PIXELS, s->flux + i * PIXELS, PIXELS * sizeof(float));
  }
  hr_cnn_parameters p = usual();
  p.training.restart_after = 2;
  p.training.epochs = 4;
  p.training.bins.count = 3;
  live(s, &p, TRAIN, t);
  const hr_fit *fit = &t[0].fit;
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(fit->convergence, HR_NOT_CONVERGED);
  assert_string_equal(
      fit->note,
      "no better than the mean within 2 epochs: started again with lr 0.001 and batch "
      "normalisation; not converged: no better than the mean after 4 epochs");
  assert_string_equal(
      s->log,
      "1D-CNN, bin 0: no better than the mean within 2 epochs: started again with lr "
      "0.001 and batch normalisation; not converged: no better than the mean after 4 "
      "epochs\n");
  forget(t);
  hr_free(s);
}

static void a_loss_that_is_no_number_is_tried_twice(void **state) {
  (void)state;
  hr_trained t[BINS];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.lr = 1e38;
  p.training.weight_decay = 1e38;
  p.training.bins.count = 3;
  live(s, &p, TRAIN, t);
  const hr_fit *fit = &t[0].fit;
  assert_int_equal(fit->status, HR_FIT_FAILED);
  assert_string_equal(
      fit->note,
      "no better than the mean within 6 epochs: started again with lr 1e+37 and batch "
      "normalisation; the loss is no number after 1 epoch at a learning rate of 1e+37; "
      "take a smaller lr");
  forget(t);
  hr_free(s);
}

static void convergence_is_judged_by_the_curve(void **state) {
  (void)state;
  enum { EPOCHS = 10 };
  hr_curve_point curve[EPOCHS];
  for (size_t i = 0; i < EPOCHS; i++) curve[i] = (hr_curve_point){1, 0.5, 1};
  assert_true(hr_net_has_converged(curve, curve, EPOCHS, EPOCHS));
  curve[9].validation_r2 = 0.53;
  assert_false(hr_net_has_converged(curve, curve, EPOCHS, EPOCHS));
  assert_true(
      hr_net_has_converged(curve, curve, EPOCHS, EPOCHS + 1)); /* out of patience */
  curve[6].validation_r2 = 0.52;
  assert_true(hr_net_has_converged(curve, curve, EPOCHS, EPOCHS));
  for (size_t i = 0; i < EPOCHS; i++) curve[i].validation_r2 = i % 2 ? (double)NAN : 0.02;
  assert_false(hr_net_has_converged(curve, curve, EPOCHS, EPOCHS + 1));
  assert_false(hr_net_has_converged(curve, curve, 0, EPOCHS));
}

static void training_that_still_rises_says_so(void **state) {
  (void)state;
  hr_trained t[BINS];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.training.epochs = 3; /* the last of them is the last fifth */
  p.training.bins.count = 3;
  p.training.lr = 0.01;
  live(s, &p, TRAIN, t);
  const hr_fit *fit = &t[0].fit;
  assert_int_equal(fit->convergence, HR_NOT_CONVERGED);
  assert_string_equal(fit->note,
                      "not converged: validation R2 still rose in the last of 3 epochs, "
                      "give it more");
  forget(t);
  hr_free(s);
}

static void networks_that_cannot_be_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_trained t[BINS];
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  p.pool_size = 8;
  check_fails(try_to_live(s, &p, TRAIN, t, &err), HR_ERR_CONFIG,
              "pool_size 8 behind each of 2 convolutions leaves nothing of 48 pixels; "
              "take a smaller pool_size, or at most 1 channels");
  hr_cost cost = {0};
  type->estimate(&s->view, &p, &cost);
  check_near(cost.memory_bytes, 0, 0);
  hr_free(s);
}

static void missing_rows_are_noticed(void **state) {
  (void)state;
  hr_error err;
  hr_learner *learner = NULL;
  hr_trained t[BINS] = {{.model = NULL}};
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  hr_net_design d = design();
  check_ok(hr_net_begin_with(&hr_cnn_networks, &d, &s->view, &p, &learner, &err));
  check_fails(type->finish(learner, t, &err), HR_ERR_INTERNAL,
              "cnn saw 0 rows of bin 0, not 300");
  type->destroy(&learner);
  hr_free(s);
}

static void estimates_count_rows_and_places(void **state) {
  (void)state;
  small_study *s = make_study();
  hr_cnn_parameters p = usual();
  hr_cost in_memory = {0}, in_file = {0};
  type->estimate(&s->view, &p, &in_memory);
  s->view.memory_bytes = 1000;
  type->estimate(&s->view, &p, &in_file);
  double stored = 4 * PIXELS * (2.0 * (240 + 32) + 60 + 8);
  check_near(in_memory.memory_bytes - in_file.memory_bytes, stored, 800);
  check_near(in_file.disk_bytes - in_memory.disk_bytes, stored, 800);
  /* Three times the products of 272 rows, and once those of 68, in each of 12 epochs. */
  hr_net_design shape;
  hr_error err;
  check_ok(hr_net_design_of(&hr_cnn_networks, &s->view, &p, &shape, &err));
  double rows = 272 + 68.0 / 3;
  check_near(in_memory.operations / (36 * hr_network_operations(&shape.shape.cnn) * rows),
             1, 0.02);
  hr_free(s);
}

static void it_is_there_or_says_why_not(void **state) {
  (void)state;
  hr_error err;
  if (hr_convolver_fp32()) {
    check_ok(type->available(&err));
    return;
  }
  check_fails(type->available(&err), HR_ERR_MISSING,
              "this program was built without oneDNN; install libdnnl-dev "
              "(scripts/setup.sh build) and build it with -DHR_ONEDNN=ON");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bins_are_trained_or_skipped),
      cmocka_unit_test(neither_blocks_nor_places_change_a_byte),
      cmocka_unit_test(precision_changes_little_or_says_why_nothing),
      cmocka_unit_test(precision_is_chosen_by_the_processor),
      cmocka_unit_test(noise_is_drawn_anew_or_not),
      cmocka_unit_test(a_stopped_training_goes_on),
      cmocka_unit_test(a_state_belongs_to_one_training),
      cmocka_unit_test(models_are_kept_and_resumed),
      cmocka_unit_test(what_cannot_be_learnt_is_tried_twice),
      cmocka_unit_test(a_loss_that_is_no_number_is_tried_twice),
      cmocka_unit_test(convergence_is_judged_by_the_curve),
      cmocka_unit_test(training_that_still_rises_says_so),
      cmocka_unit_test(networks_that_cannot_be_are_refused),
      cmocka_unit_test(missing_rows_are_noticed),
      cmocka_unit_test(estimates_count_rows_and_places),
      cmocka_unit_test(it_is_there_or_says_why_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
