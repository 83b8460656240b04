/* What experts say of training rows, with models that are known on paper: the expert of a
 * row's own bin is not asked. */
#include "study/gate_experts.h"

#include <math.h>

#include "models/linear.h"
#include "study/pass.h"
#include "support/fail_alloc.h"
#include "support/small_plan.h"

enum { BINS = 2, SLOTS = BINS + 1 };

static const hr_method ridge = {
    .name = "ridge", .title = "Ridge", .has_global = true, .kind = &hr_linear_type};
static const hr_method other = {
    .name = "posterior", .title = "Other", .has_global = true, .kind = &hr_linear_type};
static const hr_method *const methods[] = {&ridge, &other};

/* Slot s of method m says 10 m + s + the flux of the first pixel; validation prefers
 * Ridge in bin 0 alone, and said 100 m + 10 s + 0.01 row of the rows of even number. */
static const double cv[2][SLOTS] = {{0.9, 0.1, 0.1}, {0.5, 0.5, 0.5}};

typedef struct fixture {
  hr_plan *plan;
  hr_fit fits[2][SLOTS];
  hr_study_method trained[2];
  hr_study_bundle bundle;
} fixture;

static void keep_rows(const hr_plan *plan, size_t m, size_t s, hr_fit *fit) {
  hr_error err = {0};
  check_ok(hr_validation_rows_init(&fit->validation, PLAN_TRAIN, &err));
  for (size_t row = PLAN_TRAIN; row-- > 0;) {
    if (plan->view.train.bin[row] != (int32_t)s || row % 2 == 1) continue;
    hr_validation_rows_add(&fit->validation, row,
                           100 * (double)m + 10 * (double)s + 0.01 * (double)row);
  }
}

static void save_models(fixture *f, size_t m) {
  hr_error err = {0};
  hr_trained trained[SLOTS] = {0};
  for (size_t s = 0; s < SLOTS; s++) {
    int slot = hr_method_slot(methods[m], BINS, s);
    hr_fit *fit = &f->fits[m][s];
    const hr_linear_shape shape = {slot, 0, PLAN_PIXELS, 1, 0};
    const double intercept[] = {10 * (double)m + (double)s}, weights[PLAN_PIXELS] = {1};
    check_ok(hr_fit_init(fit, slot, 1, false, 0, &err));
    fit->status = HR_FIT_OK;
    fit->cv_r2[0] = cv[m][s];
    if (s < BINS) keep_rows(f->plan, m, s, fit);
    check_ok(hr_linear_create(&shape, intercept, weights, &trained[s].model, &err));
  }
  check_ok(hr_study_save_models(plan_config, plan_scratch.path, methods[m], trained,
                                SLOTS, &err));
  for (size_t s = 0; s < SLOTS; s++) hr_trained_fini(&trained[s]);
}

static void fixture_make(fixture *f) {
  hr_error err = {0};
  *f = (fixture){.plan = NULL};
  small_plan_configure("experts: {ridge: {}, posterior: {}}\n");
  check_ok(hr_plan_create(plan_config, NULL, &f->plan, &err));
  for (size_t m = 0; m < 2; m++) {
    save_models(f, m);
    f->trained[m] = (hr_study_method){methods[m], f->fits[m], SLOTS};
  }
  f->bundle = (hr_study_bundle){f->trained, 2, NULL, 0};
  check_ok(hr_study_write_bundle(f->plan, plan_scratch.path, &f->bundle, &err));
}

static void fixture_end(fixture *f) {
  for (size_t i = 0; i < 2 * SLOTS; i++) hr_fit_fini(&f->fits[i / SLOTS][i % SLOTS]);
  hr_plan_destroy(&f->plan);
}

static const size_t most_asked = 2; /* none of these experts takes long */

static hr_status predict(const fixture *f, const size_t *rows, size_t count,
                         float *prediction, hr_error *err) {
  const hr_gate_experts experts = {.plan = f->plan,
                                   .trained = &f->bundle,
                                   .out_dir = plan_scratch.path,
                                   .rows = rows,
                                   .count = count,
                                   .most_asked = most_asked,
                                   .prediction = prediction};
  return hr_gate_experts_predict(&experts, err);
}

/* The noisy flux of the first pixel of every training row. */
static hr_status take_first(void *context, const hr_block *block, hr_error *err) {
  (void)err;
  float *first = context;
  for (size_t i = 0; i < block->rows; i++) {
    first[block->first_row + i] = block->noisy[i * block->pixels];
  }
  return HR_OK;
}

static void the_own_expert_is_validations(void **state) {
  (void)state;
  static const size_t rows[] = {0, 1, 2, 6, 7, 8, 10};
  enum { COUNT = sizeof rows / sizeof rows[0] };
  hr_error err = {0};
  float prediction[COUNT * BINS], first[PLAN_TRAIN];
  fixture f;
  fixture_make(&f);
  const hr_pass pass = {.plan = f.plan,
                        .training = true,
                        .stage = "",
                        .visit = take_first,
                        .context = first};
  check_ok(hr_pass_run(&pass, NULL, &err));
  check_ok(predict(&f, rows, COUNT, prediction, &err));
  for (size_t n = 0; n < COUNT; n++) {
    const float *said = prediction + n * BINS;
    double row = (double)rows[n], flux = (double)first[rows[n]];
    if (rows[n] % 2 == 1) {
      assert_true(isnan(said[0]) && isnan(said[1]));
    } else if (f.plan->view.train.bin[rows[n]] == 0) {
      check_near((double)said[0], 0.01 * row, 1e-6); /* Ridge's validation */
      check_near((double)said[1], 11 + flux, 1e-5);  /* the other's model of bin 1 */
    } else {
      check_near((double)said[0], flux, 1e-5);
      check_near((double)said[1], 110 + 0.01 * row, 1e-4);
    }
  }
  fixture_end(&f);
}

static void without_validation_nobody_is_asked(void **state) {
  (void)state;
  static const size_t rows[] = {1, 3, 7};
  hr_error err = {0};
  float prediction[3 * BINS];
  fixture f;
  fixture_make(&f);
  check_ok(predict(&f, rows, 3, prediction, &err));
  for (size_t i = 0; i < 3 * BINS; i++) assert_true(isnan(prediction[i]));
  assert_true(hr_gate_experts_bytes(f.plan) > 0);
  fixture_end(&f);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  static const size_t rows[] = {0, 6, 8};
  float prediction[3 * BINS];
  fixture f;
  fixture_make(&f);
  check_alloc_failures(predict(&f, rows, 3, prediction, NULL));
  fixture_end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_own_expert_is_validations, small_plan_set_up,
                                      small_plan_tear_down),
      cmocka_unit_test_setup_teardown(without_validation_nobody_is_asked,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(every_allocation_may_fail, small_plan_set_up,
                                      small_plan_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
