/* The vision transformer as a method, on the small study of the 1D-CNN: what is shared
 * with it is tested there (test_cnn*.c). */
#include "methods/vit/vit.h"

#include <stdio.h>

#include "models/heads.h"
#include "nn/vit_tensors.h"
#include "support/cnn_study.h"

static const hr_method *const vit = &hr_vit_method;

static hr_vit_parameters small(void) {
  return (hr_vit_parameters){.patch_size = 4,
                             .hidden_size = 16,
                             .num_hidden_layers = 2,
                             .num_attention_heads = 2,
                             .intermediate_size = 24,
                             .training = {.epochs = 20,
                                          .batch_size = 16,
                                          .lr = 3e-3,
                                          .min_lr = 1e-5,
                                          .weight_decay = 0.01,
                                          .grad_clip = 0.5,
                                          .restart_after = 20,
                                          .redraw = true,
                                          .joint = true,
                                          .global = true}};
}

/* The form of the method that the configuration takes. */
static const hr_method *form_of(const hr_vit_parameters *p) {
  return vit->form(p);
}

static size_t slots_of(const small_study *s, const hr_vit_parameters *p) {
  return hr_method_slots(form_of(p), p, s->view.bin_count);
}

/* A learner's whole life; out [T][slots], at most [TARGETS][BINS + 1]. */
static hr_status try_vit(const small_study *s, const hr_vit_parameters *p,
                         hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  const hr_method *form = form_of(p);
  hr_block block = {.rows = TRAIN,
                    .pixels = PIXELS,
                    .flux = s->flux,
                    .error = s->error,
                    .noisy = s->noisy};
  for (size_t i = 0; i < TARGETS * (BINS + 1); i++) out[i] = (hr_trained){.model = NULL};
  block.snr = block_snr(TRAIN, PIXELS, block.noisy, block.error);
  HR_TRY(form->begin(&s->view, p, &learner, err));
  HR_TRY(form->learn(learner, &block, err));
  HR_TRY(form->finish(learner, out, err));
cleanup:
  form->destroy(&learner);
  return status;
}

static void live_vit(const small_study *s, const hr_vit_parameters *p, hr_trained *out) {
  hr_error err;
  check_ok(try_vit(s, p, out, &err));
}

static void forget_vit(hr_trained *out) {
  for (size_t i = 0; i < TARGETS * (BINS + 1); i++) hr_trained_fini(&out[i]);
}

/* R2 of a target over all test rows, which fall below their truth by the factor. */
static double r2_of_all(const small_study *s, const hr_model *model, double offset,
                        double factor) {
  float predicted[TEST];
  double mean = 0, error = 0, total = 0;
  predict(s, model, predicted);
  for (size_t i = 0; i < TEST; i++) mean += s->test_y[i] / TEST;
  for (size_t i = 0; i < TEST; i++) {
    double d = offset + factor * s->test_y[i] - (double)predicted[i];
    error += d * d;
    total += factor * factor * (s->test_y[i] - mean) * (s->test_y[i] - mean);
  }
  return 1 - error / total;
}

static void one_model_learns_all_rows(void **state) {
  (void)state;
  hr_trained t[TARGETS * (BINS + 1)];
  small_study *s = make_study();
  hr_vit_parameters p = small();
  assert_int_equal(slots_of(s, &p), 1);
  live_vit(s, &p, t);
  const hr_fit *fit = &t[0].fit;
  assert_int_equal(fit->status, HR_FIT_OK);
  assert_int_equal(fit->slot, HR_GLOBAL);
  assert_int_equal(t[0].model->slot, HR_GLOBAL);
  assert_int_equal(fit->train_rows, TRAIN);
  assert_int_equal(fit->curve_points, 20);
  check_near(fit->curve[19].rate, 1e-5, 1e-6);
  assert_true(fit->cv_r2[0] > 0.8);
  assert_true(r2_of_all(s, t[0].model, 0, 1) > 0.8);
  assert_true(fit->sigma.rows == fit->validated_rows && fit->validated_rows > 50);
  forget_vit(t);
  hr_free(s);
}

static void bins_have_their_own(void **state) {
  (void)state;
  hr_trained t[TARGETS * (BINS + 1)];
  double first[] = {0};
  small_study *s = make_study();
  hr_vit_parameters p = small();
  p.training.bins = (hr_numbers){first, 1};
  p.training.epochs = 2;
  p.training.global_epochs = 1;
  assert_int_equal(slots_of(s, &p), BINS + 1);
  live_vit(s, &p, t);
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_int_equal(t[0].fit.slot, 0);
  assert_int_equal(t[0].fit.curve_points, 2);
  assert_int_equal(t[1].fit.reason, HR_REASON_NOT_ASKED_FOR);
  assert_int_equal(t[BINS].fit.status, HR_FIT_OK);
  assert_int_equal(t[BINS].fit.curve_points, 1);
  forget_vit(t);
  p.training.global = false;
  assert_int_equal(slots_of(s, &p), BINS);
  hr_free(s);
}

/* Targets 1 and 3 are one another's reflection; the second has nothing to do with them.
 */
static void targets_and_labels_beside_share_a_network(void **state) {
  (void)state;
  hr_trained t[TARGETS * (BINS + 1)], alone[TARGETS * (BINS + 1)];
  char *names[] = {(char[]){"M_H"}};
  float one[TEST], other[TEST];
  hr_error err;
  small_study *s = make_study();
  hr_vit_parameters p = small();
  add_targets(s);
  s->view.further_count = 1;
  p.training.epochs = 4;
  live_vit(s, &p, alone);
  p.training.auxiliary = (hr_strings){names, 1};
  check_fails(try_vit(s, &p, t, &err), HR_ERR_INTERNAL,
              "vit was not given the label M_H");
  s->view.beside = &s->further[1];
  s->view.beside_count = 1;
  live_vit(s, &p, t);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(t[i].fit.target, i);
    assert_int_equal(t[i].fit.status, HR_FIT_OK);
    assert_int_equal(t[i].model->target, i);
    assert_non_null(strstr(t[i].fit.note,
                           "joint: one network for log_g, T_eff; learnt "
                           "beside: M_H"));
    predict(s, t[i].model, one);
    predict(s, alone[i].model, other);
    assert_memory_not_equal(one, other, sizeof one);
  }
  assert_null(t[2].model);
  forget_vit(t);
  forget_vit(alone);
  hr_free(s);
}

static hr_vit_parameters with_heads(void) {
  static char heads[] = "bins";
  hr_vit_parameters p = small();
  p.training.heads = heads;
  return p;
}

/* Bins 0 and 1 have a head, bin 2 too few rows; so has the model of all rows. */
static void bins_are_heads_of_one_trunk(void **state) {
  (void)state;
  hr_trained t[TARGETS * (BINS + 1)];
  double mean = 0, count = 0;
  small_study *s = make_study();
  hr_vit_parameters p = with_heads();
  p.training.epochs = 12;
  assert_ptr_equal(form_of(&p)->kind, &hr_heads_type);
  assert_int_equal(slots_of(s, &p), BINS + 1);
  live_vit(s, &p, t);
  for (size_t k = 0; k <= BINS; k++) {
    const hr_fit *fit = &t[k].fit;
    bool is_there = k < 2 || k == BINS;
    assert_int_equal(fit->status, is_there ? HR_FIT_OK : HR_FIT_SKIPPED);
    assert_true((t[k].model != NULL) == is_there);
    if (!is_there) continue;
    assert_string_equal(t[k].model->type->kind, "heads");
    assert_int_equal(t[k].model->slot, k == BINS ? HR_GLOBAL : (int)k);
    assert_non_null(strstr(fit->note, "a head of the trunk of all bins"));
    assert_int_equal(fit->best_epoch, t[0].fit.best_epoch);
    check_near(fit->cv_r2[0], fit->curve[fit->best_epoch].validation_r2, 0);
  }
  assert_int_equal(t[2].fit.reason, HR_REASON_TOO_FEW_ROWS);
  assert_int_equal(t[0].fit.train_rows, 300);
  assert_int_equal(t[BINS].fit.train_rows, TRAIN);
  check_sigma(s, &t[0].fit);
  assert_true(r2_of(s, &t[0]) > 0.7);
  assert_true(r2_of_all(s, t[BINS].model, 0, 1) > 0.7);
  for (size_t i = 0; i < TRAIN; i++) {
    if (s->train_bin[i] == 1 && s->fold[i] == 0) mean += s->train_y[i], count++;
  }
  assert_int_equal(t[1].fit.validated_rows, count);
  assert_true(mean / count > 3);
  forget_vit(t);
  hr_free(s);
}

/* Labels of one bin change the loss of its own head alone: with the trunk held, other
 * heads learn what they did. */
static void a_row_is_in_the_loss_of_its_own_bin(void **state) {
  (void)state;
  hr_trained before[TARGETS * (BINS + 1)], after[TARGETS * (BINS + 1)];
  float one[TEST], other[TEST];
  small_study *s = make_study();
  hr_vit_parameters p = with_heads();
  p.training.global = false;
  p.training.epochs = 1;
  p.training.batch_size = TRAIN;
  p.training.grad_clip = 0;
  p.training.lr = p.training.min_lr = 1e-3;
  live_vit(s, &p, before);
  for (size_t i = 0; i < TRAIN; i++) {
    if (s->train_bin[i] == 4) s->train_y[i] = 100; /* too few rows for a head */
    if (s->train_bin[i] < 0) s->train_y[i] = -100; /* of no bin */
  }
  live_vit(s, &p, after);
  for (size_t k = 0; k < 2; k++) {
    predict(s, before[k].model, one);
    predict(s, after[k].model, other);
    assert_memory_equal(one, other, sizeof one);
  }
  forget_vit(before);
  forget_vit(after);
  hr_free(s);
}

static void heads_are_kept_and_taken_back_together(void **state) {
  (void)state;
  shelf on;
  hr_error err;
  hr_learner *again = NULL;
  hr_trained was[TARGETS * (BINS + 1)], is[TARGETS * (BINS + 1)] = {{.model = NULL}};
  small_study *s = make_study();
  hr_vit_parameters p = with_heads();
  const size_t kept[] = {0, 1, BINS};
  p.training.epochs = 2;
  p.training.precision = NULL;
  use_shelf(s, &on);
  live_vit(s, &p, was);
  assert_int_equal(on.kept, 3);
  const hr_method *form = form_of(&p);
  check_ok(form->begin(&s->view, &p, &again, &err));
  assert_false(form->is_trained(again));
  assert_int_equal(form->resume(again, &was[0].fit, "/dev/null", &err), HR_ERR_MISSING);
  for (size_t i = 0; i < 3; i++) {
    const hr_fit *fit = &was[kept[i]].fit;
    /* The first has the models of all. */
    const char *folder = i == 0 ? shelf_name(&on, 0, 0, "") : "/dev/null";
    assert_false(form->is_trained(again));
    check_ok(form->resume(again, fit, folder, &err));
  }
  assert_true(form->is_trained(again));
  check_ok(form->finish(again, is, &err));
  form->destroy(&again);
  for (size_t i = 0; i < 3; i++) check_same(s, &was[kept[i]], &is[kept[i]], 1);
  forget_vit(was);
  forget_vit(is);
  scratch_fini(&on.place);
  hr_free(s);
}

/* Who learns a label beside has it in the loss; the epoch is chosen by the target. */
static void the_best_epoch_is_the_targets(void **state) {
  (void)state;
  hr_trained t[TARGETS * (BINS + 1)];
  char *names[] = {(char[]){"T_eff"}};
  small_study *s = make_study();
  hr_vit_parameters p = small();
  add_targets(s);
  s->view.further_count = 0;
  s->view.beside = &s->further[0];
  s->view.beside_count = 1;
  p.training.auxiliary = (hr_strings){names, 1};
  p.training.epochs = 6;
  live_vit(s, &p, t);
  const hr_fit *fit = &t[0].fit;
  for (size_t e = 0; e < fit->curve_points; e++) {
    assert_true(fit->curve[e].validation_r2 <= fit->curve[fit->best_epoch].validation_r2);
  }
  check_near(fit->cv_r2[0], fit->curve[fit->best_epoch].validation_r2, 0);
  forget_vit(t);
  hr_free(s);
}

static void a_stopped_training_goes_on(void **state) {
  (void)state;
  shelf on;
  hr_error err;
  float straight[TEST], resumed[TEST];
  hr_trained t[TARGETS * (BINS + 1)];
  small_study *s = make_study();
  hr_vit_parameters p = small();
  p.dropout = p.attention_dropout = 0.1;
  p.training.epochs = 4;
  live_vit(s, &p, t);
  predict(s, t[0].model, straight);
  forget_vit(t);
  use_shelf(s, &on);
  s->stop_after = 2 * 288 + 50;
  s->done = s->first_done = 0;
  check_fails(try_vit(s, &p, t, &err), HR_ERR_INTERRUPTED,
              "interrupted while training ViT");
  forget_vit(t);
  s->stop_after = s->first_done = 0;
  live_vit(s, &p, t);
  predict(s, t[0].model, resumed);
  assert_memory_equal(straight, resumed, sizeof straight);
  assert_true(s->first_done > 2 * 250);
  forget_vit(t);
  /* Dropout is part of what a training is. */
  p.dropout = 0.2;
  use_shelf(s, &on);
  s->stop_after = 2 * 288 + 50;
  s->done = 0;
  assert_int_equal(try_vit(s, &p, t, &err), HR_ERR_INTERRUPTED);
  forget_vit(t);
  p.dropout = 0.1;
  s->stop_after = s->first_done = 0;
  live_vit(s, &p, t);
  predict(s, t[0].model, resumed);
  assert_memory_equal(straight, resumed, sizeof straight);
  assert_true(s->first_done < 100);
  forget_vit(t);
  scratch_fini(&on.place);
  hr_free(s);
}

static void a_loss_that_is_no_number_is_tried_twice(void **state) {
  (void)state;
  hr_trained t[TARGETS * (BINS + 1)];
  small_study *s = make_study();
  hr_vit_parameters p = small();
  p.training.lr = 1e38;
  p.training.weight_decay = 1e38;
  live_vit(s, &p, t);
  assert_int_equal(t[0].fit.status, HR_FIT_FAILED);
  assert_string_equal(
      t[0].fit.note,
      "no better than the mean within 20 epochs: started again with lr 1e+37; the loss "
      "is "
      "no number after 1 epoch at a learning rate of 1e+37; take a smaller lr");
  forget_vit(t);
  hr_free(s);
}

/* Sealed numbers of a network in our order, under the names that PyTorch's users have. */
static void write_weights(const char *path, const hr_vit_parameters *p, hr_net *net,
                          size_t heads) {
  static const struct {
    const char *name;
    int rows, columns; /* 0: hidden_size, 1: one, else as said */
  } parts[] = {{"embeddings.patch_embeddings.projection.weight", 0, 4},
               {"embeddings.patch_embeddings.projection.bias", 1, 0},
               {"embeddings.cls_token", 1, 0},
               {"embeddings.position_embeddings", 13, 0},
               {"encoder.layer.0.layernorm_before.weight", 1, 0},
               {"encoder.layer.0.layernorm_before.bias", 1, 0},
               {"encoder.layer.0.attention.attention.query.weight", 0, 0},
               {"encoder.layer.0.attention.attention.key.weight", 0, 0},
               {"encoder.layer.0.attention.attention.value.weight", 0, 0},
               {"encoder.layer.0.attention.attention.query.bias", 1, 0},
               {"encoder.layer.0.attention.attention.key.bias", 1, 0},
               {"encoder.layer.0.attention.attention.value.bias", 1, 0},
               {"encoder.layer.0.attention.output.dense.weight", 0, 0},
               {"encoder.layer.0.attention.output.dense.bias", 1, 0},
               {"encoder.layer.0.layernorm_after.weight", 1, 0},
               {"encoder.layer.0.layernorm_after.bias", 1, 0},
               {"encoder.layer.0.intermediate.dense.weight", 24, 0},
               {"encoder.layer.0.intermediate.dense.bias", 1, 24},
               {"encoder.layer.0.output.dense.weight", 0, 24},
               {"encoder.layer.0.output.dense.bias", 1, 0},
               {"layernorm.weight", 1, 0},
               {"layernorm.bias", 1, 0},
               {"regressor.weight", -1, 0},
               {"regressor.bias", 1, -1}};
  char header[8192] = "{";
  size_t used = 1, at = 0, width = (size_t)p->hidden_size;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    int rows = parts[i].rows, columns = parts[i].columns;
    size_t r = rows == 0 ? width : rows < 0 ? heads : (size_t)rows;
    size_t c = columns == 0 ? width : columns < 0 ? heads : (size_t)columns;
    used +=
        (size_t)snprintf(header + used, sizeof header - used,
                         "%s\"vit.%s\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],"
                         "\"data_offsets\":[%zu,%zu]}",
                         i > 0 ? "," : "", parts[i].name, r, c, 4 * at, 4 * (at + r * c));
    at += r * c;
  }
  used += (size_t)snprintf(header + used, sizeof header - used, "}");
  FILE *file = fopen(path, "wb");
  const uint64_t length = used;
  assert_non_null(file);
  assert_int_equal(at, net->parameter_count);
  assert_int_equal(fwrite(&length, 8, 1, file), 1);
  assert_int_equal(fwrite(header, 1, used, file), used);
  assert_int_equal(fwrite(net->parameters, 4, at, file), at);
  assert_int_equal(fclose(file), 0);
}

static hr_net *make_net(const small_study *s, const hr_vit_parameters *p,
                        size_t outputs) {
  hr_error err;
  hr_net *net = NULL;
  hr_net_design d;
  check_ok(hr_net_design_of(&hr_vit_networks, &s->view, p, &d, &err));
  d.kind->choose(&d, false);
  d.kind->set_outputs(&d, outputs);
  check_ok(d.kind->create(&d, 4, &net, &err));
  net->type->start(net, 5);
  return net;
}

static hr_vit_parameters of_one_block(void) {
  hr_vit_parameters p = small();
  p.num_hidden_layers = 1;
  p.training.epochs = 1;
  return p;
}

/* With next to no steps the network is the one of the file, on the flux as it was there:
 * 3 times as large, and 0.5 more. */
static void weights_from_elsewhere_are_the_start(void **state) {
  (void)state;
  scratch place;
  hr_error err;
  hr_trained t[TARGETS * (BINS + 1)];
  float x[TEST * PIXELS], raw[TEST], predicted[TEST];
  double mean = 0, variance = 0, count = 0;
  small_study *s = make_study();
  hr_vit_parameters p = of_one_block();
  hr_net *net = make_net(s, &p, 1);
  scratch_init(&place);
  char path[4200];
  snprintf(path, sizeof path, "%s", scratch_name(&place, "w.safetensors"));
  write_weights(path, &p, net, 1);
  p.start = path;
  p.training.lr = p.training.min_lr = 1e-12;
  s->view.unit = 3;
  s->view.base = 0.5;
  check_ok(vit->check(&s->view, &p, &err));
  live_vit(s, &p, t);
  for (size_t i = 0; i < TEST * PIXELS; i++) x[i] = 3 * s->test_x[i] + 0.5F;
  check_ok(net->type->predict(net, x, TEST, raw, &err));
  for (size_t i = 0; i < TRAIN; i++) {
    if (s->fold[i] != 0) mean += s->train_y[i], count++;
  }
  mean /= count;
  for (size_t i = 0; i < TRAIN; i++) {
    double d = s->train_y[i] - mean;
    if (s->fold[i] != 0) variance += d * d / count;
  }
  predict(s, t[0].model, predicted);
  for (size_t i = 0; i < TEST; i++) {
    check_near(predicted[i], mean + sqrt(variance) * (double)raw[i], 1e-3);
  }
  forget_vit(t);
  char scaled[] = "scaled";
  float other[TEST];
  p.input = scaled;
  live_vit(s, &p, t);
  predict(s, t[0].model, other);
  assert_memory_not_equal(other, predicted, sizeof other);
  forget_vit(t);
  net->type->destroy(&net);
  scratch_fini(&place);
  hr_free(s);
}

static void refuse_check(const small_study *s, const hr_vit_parameters *p,
                         hr_status status, const char *sentence) {
  hr_error err;
  check_fails(vit->check(&s->view, p, &err), status, sentence);
}

static void weights_that_do_not_fit_are_refused(void **state) {
  (void)state;
  scratch place;
  hr_error err;
  char path[4200], text[9000];
  small_study *s = make_study();
  hr_vit_parameters p = of_one_block();
  hr_net *net = make_net(s, &p, 2);
  scratch_init(&place);
  snprintf(path, sizeof path, "%s", scratch_name(&place, "w.safetensors"));
  write_weights(path, &p, net, 2);
  p.start = path;
  snprintf(text, sizeof text,
           "experts.vit.start: %s: tensor regressor.weight is 2 x 16, where this network "
           "has 1 x 16; give it the shape that was exported",
           path);
  refuse_check(s, &p, HR_ERR_FORMAT, text);
  p.head_hidden_size = 4; /* heads that the file cannot have: its trunk alone */
  check_ok(vit->check(&s->view, &p, &err));
  p.head_hidden_size = 0;
  p.training.heads = (char[]){"bins"};
  check_ok(vit->check(&s->view, &p, &err));
  p.training.heads = NULL;
  p.num_hidden_layers = 2;
  snprintf(text, sizeof text,
           "experts.vit.start: %s has 0 tensors named "
           "encoder.layer.1.layernorm_before.weight; a vision transformer has one",
           path);
  refuse_check(s, &p, HR_ERR_FORMAT, text);
  net->parameters[7] = NAN;
  write_weights(path, &p, net, 2);
  snprintf(text, sizeof text,
           "experts.vit.start: %s: tensor embeddings.patch_embeddings.projection.weight "
           "has a number that is not finite; export another epoch",
           path);
  refuse_check(s, &p, HR_ERR_FORMAT, text);
  scratch_write(&place, "w.safetensors", "damaged");
  assert_int_equal(vit->check(&s->view, &p, &err), HR_ERR_FORMAT);
  snprintf(text, sizeof text, "experts.vit.start: %s ", path);
  assert_int_equal(strncmp(err.message, text, strlen(text)), 0);
  net->type->destroy(&net);
  scratch_fini(&place);
  hr_free(s);
}

static void what_cannot_be_trained_is_refused(void **state) {
  (void)state;
  char *names[HR_MOST_TARGETS + 1];
  char name[] = "log_g";
  small_study *s = make_study();
  hr_vit_parameters p = small();
  s->view.target_name = "log_g";
  p.patch_size = 5;
  refuse_check(
      s, &p, HR_ERR_CONFIG,
      "experts.vit: patches of 5 pixels do not divide 48 pixels; take a patch of "
      "4");
  p = small();
  p.num_attention_heads = 3;
  refuse_check(s, &p, HR_ERR_CONFIG,
               "experts.vit: 3 heads do not divide a width of 16; take 2 heads");
  p = small();
  p.training.min_lr = 0.01;
  refuse_check(
      s, &p, HR_ERR_CONFIG,
      "experts.vit.min_lr is 0.01, above lr, 0.003, from which the rate falls to "
      "it; take a smaller one");
  p = with_heads();
  p.training.global_rows = 100;
  refuse_check(
      s, &p, HR_ERR_CONFIG,
      "experts.vit.global_rows has no effect with heads: bins, whose one network "
      "is trained on all rows; leave it out");
  p = small();
  p.training.global = false;
  refuse_check(s, &p, HR_ERR_CONFIG,
               "experts.vit has no bins and no model of all rows, so that there is "
               "nothing to train; give it bins, or global: true");
  p = small();
  for (size_t i = 0; i <= HR_MOST_TARGETS; i++) names[i] = name;
  p.training.auxiliary = (hr_strings){names, 1};
  refuse_check(s, &p, HR_ERR_CONFIG,
               "experts.vit.auxiliary names log_g, which is a target and learnt with the "
               "others anyway; leave it out");
  p.training.auxiliary.count = HR_MOST_TARGETS + 1;
  refuse_check(s, &p, HR_ERR_CONFIG,
               "experts.vit.auxiliary names 17 labels, more than 16; name fewer");
  p.training.auxiliary.count = 2;
  names[0] = names[1] = (char[]){"T_eff"};
  refuse_check(s, &p, HR_ERR_CONFIG,
               "experts.vit.auxiliary names T_eff twice; name every label once");
  p = small();
  p.training.epochs = 3;
  p.training.warmup = 4;
  refuse_check(
      s, &p, HR_ERR_CONFIG,
      "experts.vit.warmup is 4 epochs, more than the 3 that are run, so that the "
      "rate never rises to lr; take fewer");
  hr_free(s);
}

/* A patch that is the whole spectrum: the class token and one more. */
static void a_sequence_of_one_patch_learns(void **state) {
  (void)state;
  hr_error err;
  hr_trained t[TARGETS * (BINS + 1)];
  small_study *s = make_study();
  hr_vit_parameters p = small();
  p.patch_size = PIXELS;
  check_ok(vit->check(&s->view, &p, &err));
  live_vit(s, &p, t);
  assert_int_equal(t[0].fit.status, HR_FIT_OK);
  assert_true(t[0].fit.cv_r2[0] > 0.5);
  forget_vit(t);
  hr_free(s);
}

static void cost_grows_with_what_is_trained(void **state) {
  (void)state;
  double all[] = {0, 1};
  small_study *s = make_study();
  hr_vit_parameters p = small();
  hr_cost one = {0}, more = {0};
  form_of(&p)->estimate(&s->view, &p, &one);
  assert_true(one.operations > 0 && one.memory_bytes > 0 && one.disk_bytes > 0);
  hr_net *net = make_net(s, &p, 1);
  check_near(one.bundle_bytes, 4 * (double)net->parameter_count + 8 * PIXELS, 0);
  net->type->destroy(&net);
  hr_vit_parameters trunk = with_heads();
  form_of(&trunk)->estimate(&s->view, &trunk, &more);
  check_near(more.bundle_bytes, one.bundle_bytes + 4.0 * BINS * 17, 0);
  check_near(more.operations / one.operations, 1, 0.01);
  more = (hr_cost){0};
  p.training.bins = (hr_numbers){all, 2};
  form_of(&p)->estimate(&s->view, &p, &more);
  check_near(more.bundle_bytes, 3 * one.bundle_bytes, 0);
  assert_true(more.operations > one.operations && more.memory_bytes > one.memory_bytes);
  hr_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_model_learns_all_rows),
      cmocka_unit_test(bins_have_their_own),
      cmocka_unit_test(targets_and_labels_beside_share_a_network),
      cmocka_unit_test(bins_are_heads_of_one_trunk),
      cmocka_unit_test(a_row_is_in_the_loss_of_its_own_bin),
      cmocka_unit_test(heads_are_kept_and_taken_back_together),
      cmocka_unit_test(the_best_epoch_is_the_targets),
      cmocka_unit_test(a_stopped_training_goes_on),
      cmocka_unit_test(a_loss_that_is_no_number_is_tried_twice),
      cmocka_unit_test(weights_from_elsewhere_are_the_start),
      cmocka_unit_test(weights_that_do_not_fit_are_refused),
      cmocka_unit_test(what_cannot_be_trained_is_refused),
      cmocka_unit_test(a_sequence_of_one_patch_learns),
      cmocka_unit_test(cost_grows_with_what_is_trained),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
