/* Training on rows with a bump, whose height is what is to be learnt. */
#include "nn/training.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "nn/network.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 32, TRAIN = 150, HELD_OUT = 40, EPOCHS = 12, MOST = 4000 };

typedef struct bumps {
  size_t outputs;          /* T; the second is the height at another place, the third 0 */
  float target[3 * TRAIN]; /* [rows][T] */
  uint64_t seed, last_epoch;
  hr_status status;    /* what fill returns */
  int expected[TRAIN]; /* how often, since the row was filled */
  int surprises;       /* rows that were filled without */
} bumps;

static hr_status fill(void *context, const uint32_t *rows, size_t count, uint64_t epoch,
                      float *x, hr_error *err) {
  bumps *b = context;
  b->last_epoch = epoch;
  for (size_t i = 0; i < count; i++) {
    if (b->expected[rows[i]]-- != 1) b->surprises++;
  }
  for (size_t i = 0; i < count; i++, x += PIXELS) {
    hr_normal(b->seed, HR_STREAM_NOISE_TRAIN, rows[i] + (epoch << 32), 0, PIXELS, x);
    for (size_t p = 0; p < PIXELS; p++) x[p] *= 0.3F;
    size_t at = 5 + rows[i] % 20;
    const float *target = b->target + rows[i] * b->outputs;
    for (size_t p = 0; p < 4; p++) x[at + p] += target[0];
    for (size_t p = 28; p < PIXELS && b->outputs > 1 && !isnan(target[1]); p++) {
      x[p] += target[1];
    }
  }
  return b->status == HR_OK ? HR_OK : hr_fail(err, b->status, "no rows");
}

static void expect(void *context, const uint32_t *rows, size_t count) {
  bumps *b = context;
  for (size_t i = 0; i < count; i++) b->expected[rows[i]]++;
}

typedef struct lesson {
  bumps train, held_out;
  hr_training_rows train_rows, held_out_rows;
  hr_training_options options;
  hr_network *network;
  hr_trainer *trainer;
  hr_observer observer;
  hr_progress progress;
  uint64_t stop_after; /* rows */
} lesson;

static bool is_enough(void *context) {
  const lesson *l = context;
  return l->stop_after > 0 && l->progress.done >= l->stop_after;
}

static void init_rows(bumps *b, hr_training_rows *rows, size_t count, uint64_t seed) {
  *b = (bumps){.outputs = 1, .seed = seed};
  hr_normal(seed, HR_STREAM_FOLDS, 0, 0, TRAIN, b->target);
  *rows = (hr_training_rows){count, b->target, fill, expect, b};
}

static void prepare(lesson *l) {
  *l = (lesson){.stop_after = 0};
  init_rows(&l->train, &l->train_rows, TRAIN, 1);
  init_rows(&l->held_out, &l->held_out_rows, HELD_OUT, 2);
  l->progress.stage = "learning";
  l->observer = (hr_observer){.context = l, .interrupted = is_enough};
  l->options = (hr_training_options){.epochs = EPOCHS,
                                     .batch_rows = 32,
                                     .rate = 0.01,
                                     .decay = 0.01,
                                     .warm_up = 1,
                                     .seed = 5,
                                     .observer = &l->observer,
                                     .progress = &l->progress};
}

/* Two further outputs; the third does not vary. */
static void ask_for_three(bumps *b) {
  float first[TRAIN], second[TRAIN];
  memcpy(first, b->target, sizeof first);
  hr_normal(b->seed, HR_STREAM_FOLDS, 1, 0, TRAIN, second);
  b->outputs = 3;
  for (size_t i = 0; i < TRAIN; i++) {
    b->target[3 * i] = first[i];
    b->target[3 * i + 1] = second[i];
    b->target[3 * i + 2] = 0;
  }
}

static void create(lesson *l) {
  hr_error err;
  const hr_network_backend backend = {&hr_convolver_reference, &hr_compute_blas};
  const hr_network_shape shape = {.pixels = PIXELS,
                                  .blocks = 2,
                                  .channels = {4, 6},
                                  .kernel = 5,
                                  .pool = 2,
                                  .hidden = 8,
                                  .batch_norm = true,
                                  .outputs = l->train.outputs};
  check_ok(hr_network_create(&shape, l->options.batch_rows, &backend, &l->network, &err));
  check_ok(hr_trainer_create(hr_network_net(l->network), &l->options, &l->train_rows,
                             &l->held_out_rows, &l->trainer, &err));
}

static void finish(lesson *l) {
  hr_trainer_destroy(&l->trainer);
  hr_network_destroy(&l->network);
}

static void go_on(lesson *l, size_t epochs) {
  hr_error err;
  for (size_t i = 0; i < epochs; i++) check_ok(hr_trainer_epoch(l->trainer, &err));
}

static hr_net *net_of(lesson *l) {
  return hr_network_net(l->network);
}

static void it_learns(void **state) {
  (void)state;
  lesson l;
  size_t count = 0;
  prepare(&l);
  create(&l);
  while (!hr_trainer_is_over(l.trainer)) go_on(&l, 1);
  const hr_curve_point *curve = hr_trainer_curve(l.trainer, 0, &count);
  assert_int_equal(count, EPOCHS);
  assert_true(curve[0].train_loss > 0.3 && curve[EPOCHS - 1].train_loss < 0.15);
  assert_true(hr_trainer_best_r2(l.trainer) > 0.85);
  check_near(curve[hr_trainer_best_epoch(l.trainer)].validation_r2,
             hr_trainer_best_r2(l.trainer), 0);
  check_near(curve[0].rate, 0.01, 1e-12);
  assert_true(curve[EPOCHS - 1].rate < 1e-4);
  assert_true(l.progress.done == (uint64_t)EPOCHS * TRAIN);
  assert_int_equal(l.train.last_epoch, EPOCHS - 1); /* rows anew in each */
  finish(&l);
}

/* The R2 of the held-out rows, by the network as it is. */
static double held_out_r2(lesson *l) {
  float x[HELD_OUT * PIXELS], out[HELD_OUT];
  uint32_t rows[HELD_OUT];
  double error = 0, mean = 0, total = 0;
  hr_error err;
  for (uint32_t i = 0; i < HELD_OUT; i++) rows[i] = i;
  /* As validated after the best epoch. */
  check_ok(
      fill(&l->held_out, rows, HELD_OUT, hr_trainer_best_epoch(l->trainer), x, &err));
  for (size_t i = 0; i < HELD_OUT; i += 20) {
    check_ok(hr_network_forward(l->network, x + i * PIXELS, 20, false, out + i, &err));
  }
  for (size_t i = 0; i < HELD_OUT; i++) mean += (double)l->held_out.target[i] / HELD_OUT;
  for (size_t i = 0; i < HELD_OUT; i++) {
    double e = (double)(out[i] - l->held_out.target[i]);
    double d = (double)l->held_out.target[i] - mean;
    error += e * e;
    total += d * d;
  }
  return 1 - error / total;
}

/* The R2 of output o of three, by the network as it is. */
static double r2_of_three(lesson *l, size_t o) {
  float x[HELD_OUT * PIXELS], out[3 * HELD_OUT];
  uint32_t rows[HELD_OUT];
  double error = 0, mean = 0, total = 0;
  hr_error err;
  for (uint32_t i = 0; i < HELD_OUT; i++) rows[i] = i;
  size_t epoch = hr_trainer_best_epoch(l->trainer);
  check_ok(fill(&l->held_out, rows, HELD_OUT, epoch, x, &err));
  for (size_t i = 0; i < HELD_OUT; i += 20) {
    check_ok(
        hr_network_forward(l->network, x + i * PIXELS, 20, false, out + 3 * i, &err));
  }
  const float *target = l->held_out.target + o;
  double known = 0;
  for (size_t i = 0; i < HELD_OUT; i++) known += !isnan(target[3 * i]);
  for (size_t i = 0; i < HELD_OUT; i++) {
    if (!isnan(target[3 * i])) mean += (double)target[3 * i] / known;
  }
  for (size_t i = 0; i < HELD_OUT; i++) {
    double e = (double)(out[3 * i + o] - target[3 * i]);
    double d = (double)target[3 * i] - mean;
    if (isnan(d)) continue;
    error += e * e;
    total += d * d;
  }
  return 1 - error / total;
}

/* One network learns them all: each has its own R2, the best epoch is that of the highest
 * mean, and one without variance is left out of it. */
static void several_outputs_are_learnt_together(void **state) {
  (void)state;
  lesson l;
  size_t count = 0;
  prepare(&l);
  ask_for_three(&l.train);
  ask_for_three(&l.held_out);
  create(&l);
  go_on(&l, EPOCHS);
  const hr_curve_point *first = hr_trainer_curve(l.trainer, 0, &count);
  const hr_curve_point *second = hr_trainer_curve(l.trainer, 1, &count);
  const hr_curve_point *third = hr_trainer_curve(l.trainer, 2, &count);
  assert_int_equal(count, EPOCHS);
  size_t best = hr_trainer_best_epoch(l.trainer), highest = 0;
  for (size_t e = 0; e < count; e++) {
    double mean = (first[e].validation_r2 + second[e].validation_r2) / 2;
    double held = (first[highest].validation_r2 + second[highest].validation_r2) / 2;
    if (mean > held) highest = e;
    assert_true(isnan(third[e].validation_r2));
    check_near(second[e].train_loss, first[e].train_loss, 0);
  }
  assert_int_equal(best, highest);
  assert_true(first[best].validation_r2 > 0.8 && second[best].validation_r2 > 0.8);
  check_near(hr_trainer_best_r2(l.trainer),
             (first[best].validation_r2 + second[best].validation_r2) / 2, 1e-12);
  hr_trainer_take_best(l.trainer);
  check_near(r2_of_three(&l, 0), first[best].validation_r2, 1e-6);
  check_near(r2_of_three(&l, 1), second[best].validation_r2, 1e-6);
  finish(&l);
}

/* Targets that are not known are no part of loss and R2: of a third of the rows the
 * second output has none. */
static void targets_may_be_unknown(void **state) {
  (void)state;
  lesson l;
  size_t count = 0;
  prepare(&l);
  ask_for_three(&l.train);
  ask_for_three(&l.held_out);
  for (size_t i = 0; i < TRAIN; i += 3) l.train.target[3 * i + 1] = NAN;
  for (size_t i = 0; i < HELD_OUT; i += 3) l.held_out.target[3 * i + 1] = NAN;
  create(&l);
  go_on(&l, EPOCHS);
  const hr_curve_point *first = hr_trainer_curve(l.trainer, 0, &count);
  const hr_curve_point *second = hr_trainer_curve(l.trainer, 1, &count);
  size_t best = hr_trainer_best_epoch(l.trainer);
  for (size_t e = 0; e < count; e++) assert_true(isfinite(first[e].train_loss));
  assert_true(first[best].validation_r2 > 0.8 && second[best].validation_r2 > 0.8);
  hr_trainer_take_best(l.trainer);
  check_near(r2_of_three(&l, 0), first[best].validation_r2, 1e-6);
  check_near(r2_of_three(&l, 1), second[best].validation_r2, 1e-6);
  finish(&l);
}

/* Outputs behind the judged ones are learnt, and say nothing of the best epoch. */
static void the_first_outputs_may_judge_alone(void **state) {
  (void)state;
  lesson l;
  size_t count = 0, highest = 0;
  prepare(&l);
  ask_for_three(&l.train);
  ask_for_three(&l.held_out);
  l.options.judged = 1;
  create(&l);
  go_on(&l, EPOCHS);
  const hr_curve_point *first = hr_trainer_curve(l.trainer, 0, &count);
  for (size_t e = 0; e < count; e++) {
    if (first[e].validation_r2 > first[highest].validation_r2) highest = e;
  }
  assert_int_equal(hr_trainer_best_epoch(l.trainer), highest);
  check_near(hr_trainer_best_r2(l.trainer), first[highest].validation_r2, 0);
  finish(&l);
}

/* The loss is the mean over rows and outputs: of the first batch, of a network that has
 * not learnt yet. */
static void the_loss_is_a_mean_over_outputs(void **state) {
  (void)state;
  hr_error err;
  lesson l;
  size_t count = 0;
  uint32_t rows[TRAIN];
  float x[TRAIN * PIXELS], out[3 * TRAIN];
  double sum = 0;
  prepare(&l);
  ask_for_three(&l.train);
  ask_for_three(&l.held_out);
  l.options.batch_rows = TRAIN;
  create(&l);
  for (uint32_t i = 0; i < TRAIN; i++) rows[i] = i;
  check_ok(fill(&l.train, rows, TRAIN, 0, x, &err));
  check_ok(hr_network_forward(l.network, x, TRAIN, true, out, &err));
  for (size_t i = 0; i < 3 * (size_t)TRAIN; i++) {
    double d = (double)(out[i] - l.train.target[i]);
    sum += d * d;
  }
  go_on(&l, 1);
  check_near(hr_trainer_curve(l.trainer, 0, &count)[0].train_loss, sum / (3 * TRAIN),
             1e-5);
  finish(&l);
}

/* Rows are announced, each once, before they are asked for: they can be read meanwhile.
 */
static void rows_are_expected_before_they_are_filled(void **state) {
  (void)state;
  lesson l;
  prepare(&l);
  create(&l);
  go_on(&l, 2);
  assert_int_equal(l.train.surprises, 0);
  assert_int_equal(l.held_out.surprises, 0);
  for (size_t i = 0; i < TRAIN; i++) {
    assert_int_equal(l.train.expected[i], 0);
    assert_int_equal(l.held_out.expected[i], 0);
  }
  finish(&l);
}

static void the_best_epoch_is_taken(void **state) {
  (void)state;
  lesson l;
  prepare(&l);
  l.options.rate = 0.05; /* so high that the validation goes up and down */
  create(&l);
  go_on(&l, 5);
  hr_trainer_take_best(l.trainer);
  check_near(held_out_r2(&l), hr_trainer_best_r2(l.trainer), 1e-6);
  finish(&l);
}

static void get_all(lesson *l, float *out) {
  size_t count = hr_network_parameter_count(hr_network_shape_of(l->network));
  assert_in_range(2 * count + 40, 0, MOST);
  memcpy(out, hr_network_parameters(l->network), count * sizeof *out);
  memcpy(out + count, hr_network_statistics(l->network), 20 * sizeof *out);
  hr_trainer_take_best(l->trainer);
  memcpy(out + count + 20, hr_network_parameters(l->network), count * sizeof *out);
}

static void check_continued(bool of_three) {
  scratch s;
  scratch_init(&s);
  hr_error err;
  static float straight[MOST], continued[MOST];
  lesson l;
  size_t counts[2];
  hr_curve_point curves[2][EPOCHS];
  size_t output = of_three ? 1 : 0;
  prepare(&l);
  if (of_three) ask_for_three(&l.train), ask_for_three(&l.held_out);
  create(&l);
  go_on(&l, EPOCHS);
  memcpy(curves[0], hr_trainer_curve(l.trainer, output, &counts[0]), sizeof curves[0]);
  get_all(&l, straight);
  finish(&l);
  prepare(&l);
  if (of_three) ask_for_three(&l.train), ask_for_three(&l.held_out);
  create(&l);
  go_on(&l, 5);
  check_ok(hr_trainer_save(l.trainer, scratch_name(&s, "state"), 77, &err));
  finish(&l);
  /* Interrupted in the midst of the sixth: what was saved is not touched. */
  prepare(&l);
  if (of_three) ask_for_three(&l.train), ask_for_three(&l.held_out);
  create(&l);
  check_ok(hr_trainer_load(l.trainer, s.name, 77, &err));
  l.stop_after = TRAIN / 2;
  check_fails(hr_trainer_epoch(l.trainer, &err), HR_ERR_INTERRUPTED,
              "interrupted while learning");
  finish(&l);
  prepare(&l);
  if (of_three) ask_for_three(&l.train), ask_for_three(&l.held_out);
  create(&l);
  check_ok(hr_trainer_load(l.trainer, s.name, 77, &err));
  go_on(&l, EPOCHS - 5);
  memcpy(curves[1], hr_trainer_curve(l.trainer, output, &counts[1]), sizeof curves[1]);
  get_all(&l, continued);
  finish(&l);
  assert_memory_equal(straight, continued, sizeof straight);
  assert_int_equal(counts[0], counts[1]);
  assert_memory_equal(curves[0], curves[1], sizeof curves[0]);
  scratch_fini(&s);
}

static void continued_is_as_if_never_stopped(void **state) {
  (void)state;
  check_continued(false);
  check_continued(true);
}

static void patience_ends_it(void **state) {
  (void)state;
  lesson l;
  size_t count = 0;
  prepare(&l);
  l.options.patience = 2;
  l.options.rate = 1e-12; /* nothing changes but the noise */
  create(&l);
  while (!hr_trainer_is_over(l.trainer)) go_on(&l, 1);
  hr_trainer_curve(l.trainer, 0, &count);
  assert_true(count < EPOCHS);
  assert_int_equal(count, hr_trainer_best_epoch(l.trainer) + 3);
  finish(&l);
}

static void a_loss_that_is_no_number_is_an_error(void **state) {
  (void)state;
  hr_error err;
  lesson l;
  prepare(&l);
  l.options.rate = 1e38;
  l.options.decay = 1e38;
  create(&l);
  check_fails(hr_trainer_epoch(l.trainer, &err), HR_ERR_NUMERIC,
              "the loss is no number after 1 epoch at a learning rate of 1e+38; take a "
              "smaller lr");
  hr_trainer_take_best(l.trainer); /* there is none */
  finish(&l);
}

/* Adam forgets a gradient's size, but not where it differs from step to step: clipping
 * changes what is learnt only where some step is beyond. */
static void gradients_are_clipped_and_the_rate_has_a_floor(void **state) {
  (void)state;
  float kept[3][MOST];
  size_t count = 0;
  const double clips[] = {0, 1e9, 1e-3};
  for (size_t i = 0; i < 3; i++) {
    lesson l;
    prepare(&l);
    l.options.clip = clips[i];
    create(&l);
    go_on(&l, 2);
    count = net_of(&l)->parameter_count;
    memcpy(kept[i], net_of(&l)->parameters, count * sizeof(float));
    finish(&l);
  }
  assert_memory_equal(kept[0], kept[1], count * sizeof(float));
  assert_memory_not_equal(kept[0], kept[2], count * sizeof(float));
  lesson l;
  prepare(&l);
  l.options.rate_floor = 0.004;
  create(&l);
  go_on(&l, EPOCHS);
  const hr_curve_point *curve = hr_trainer_curve(l.trainer, 0, &count);
  check_near(curve[0].rate, 0.01, 1e-12);
  assert_true(curve[EPOCHS - 1].rate > 0.004 && curve[EPOCHS - 1].rate < 0.0041);
  finish(&l);
}

static void one_row_is_enough(void **state) {
  (void)state;
  lesson l;
  size_t count = 0;
  prepare(&l);
  l.train_rows.count = l.held_out_rows.count = 1;
  create(&l);
  go_on(&l, 3);
  const hr_curve_point *curve = hr_trainer_curve(l.trainer, 0, &count);
  assert_int_equal(count, 3);
  assert_true(isnan(curve[2].validation_r2) && isfinite(curve[2].train_loss));
  assert_true(isinf(hr_trainer_best_r2(l.trainer)));
  finish(&l);
}

static void failures_of_the_rows_are_passed_on(void **state) {
  (void)state;
  hr_error err;
  lesson l;
  prepare(&l);
  create(&l);
  l.held_out.status = HR_ERR_IO;
  check_fails(hr_trainer_epoch(l.trainer, &err), HR_ERR_IO, "no rows");
  l.train.status = HR_ERR_DATA;
  check_fails(hr_trainer_epoch(l.trainer, &err), HR_ERR_DATA, "no rows");
  finish(&l);
}

static void states_of_others_are_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  lesson l;
  char text[5000];
  prepare(&l);
  create(&l);
  go_on(&l, 2);
  check_ok(hr_trainer_save(l.trainer, scratch_name(&s, "state"), 77, &err));
  snprintf(text, sizeof text,
           "%s is the state of another training: of other data or options", s.name);
  check_fails(hr_trainer_load(l.trainer, s.name, 78, &err), HR_ERR_USAGE, text);
  finish(&l);
  l.options.epochs = 1;
  create(&l);
  assert_int_equal(hr_trainer_load(l.trainer, s.name, 77, &err), HR_ERR_FORMAT);
  finish(&l);
  scratch_fini(&s);
}

/* A state whose own count of epochs is beyond its curve, with a right fingerprint. */
static void too_many_epochs_are_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  lesson few, many;
  char text[5000], *bytes = NULL;
  size_t size = 0;
  prepare(&few);
  create(&few);
  go_on(&few, 1);
  check_ok(hr_trainer_save(few.trainer, scratch_name(&s, "state"), 1, &err));
  check_ok(hr_file_read(s.name, 1 << 20, &bytes, &size, &err));
  bytes[8 + 8 + 8] = 13;                  /* the second word */
  uint64_t print = 14695981039346656037U; /* FNV-1a */
  for (size_t i = 0; i < size - 8; i++) {
    print = (print ^ (unsigned char)bytes[i]) * 1099511628211U;
  }
  memcpy(bytes + size - 8, &print, 8);
  check_ok(hr_file_write(s.name, bytes, size, &err));
  snprintf(text, sizeof text, "%s has seen 13 epochs of 12", s.name);
  prepare(&many);
  create(&many);
  check_fails(hr_trainer_load(many.trainer, s.name, 1, &err), HR_ERR_FORMAT, text);
  finish(&many);
  finish(&few);
  hr_free(bytes);
  scratch_fini(&s);
}

static hr_status make_and_save(lesson *l, const char *path) {
  hr_status status =
      hr_trainer_create(hr_network_net(l->network), &l->options, &l->train_rows,
                        &l->held_out_rows, &l->trainer, NULL);
  if (status == HR_OK) status = hr_trainer_save(l->trainer, path, 1, NULL);
  if (status == HR_OK) status = hr_trainer_load(l->trainer, path, 1, NULL);
  hr_trainer_destroy(&l->trainer);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  lesson l;
  prepare(&l);
  create(&l);
  hr_trainer_destroy(&l.trainer);
  check_alloc_failures(make_and_save(&l, scratch_name(&s, "state")));
  finish(&l);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_learns),
      cmocka_unit_test(several_outputs_are_learnt_together),
      cmocka_unit_test(targets_may_be_unknown),
      cmocka_unit_test(the_first_outputs_may_judge_alone),
      cmocka_unit_test(the_loss_is_a_mean_over_outputs),
      cmocka_unit_test(rows_are_expected_before_they_are_filled),
      cmocka_unit_test(the_best_epoch_is_taken),
      cmocka_unit_test(continued_is_as_if_never_stopped),
      cmocka_unit_test(patience_ends_it),
      cmocka_unit_test(a_loss_that_is_no_number_is_an_error),
      cmocka_unit_test(gradients_are_clipped_and_the_rate_has_a_floor),
      cmocka_unit_test(one_row_is_enough),
      cmocka_unit_test(failures_of_the_rows_are_passed_on),
      cmocka_unit_test(states_of_others_are_refused),
      cmocka_unit_test(too_many_epochs_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
