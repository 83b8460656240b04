/* Components of a trunk's hidden vector, on a small vision transformer with one head. */
#include "routing/gate_trunk.h"

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { PIXELS = 20, WIDTH = 8, COMPONENTS = 3, BEFORE = 2, ROWS = 40 };
enum { AFTER = BEFORE + COMPONENTS };

static const hr_net_design design = {
    .kind = &hr_net_kind_vit,
    .shape.vit = {PIXELS, 5, WIDTH, 2, 2, 12, 0, 1, 0, 0},
    .backend.vit = {&hr_products_compute, &hr_compute_reference}};

static float noisy[ROWS * PIXELS];

static hr_model *make_model(void) {
  hr_error err;
  hr_model *model = NULL;
  hr_net_model trained;
  const hr_head head = {0, HR_GLOBAL, 0, 3, 1};
  check_ok(hr_net_model_init(&trained, &design, 1, &err));
  trained.net->type->start(trained.net, 3);
  for (size_t p = 0; p < PIXELS; p++) trained.factor[p] = 2;
  check_ok(hr_heads_create_take(&trained, &head, 1, &model, &err));
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, noisy);
  return model;
}

static hr_gate_trunk *make_trunk(const hr_model *model) {
  hr_error err;
  hr_gate_trunk *trunk = NULL;
  check_ok(hr_gate_trunk_create(WIDTH, COMPONENTS, &trunk, &err));
  for (size_t i = 0; i < (1 + COMPONENTS) * WIDTH; i++) {
    trunk->values[i] = hr_uniform(2, HR_STREAM_NOISE_TRAIN, 0, (uint32_t)i) - 0.5;
  }
  trunk->model = model;
  return trunk;
}

static void components_stand_behind_the_features(void **state) {
  (void)state;
  float hidden[ROWS * WIDTH];
  double features[ROWS * AFTER], one[AFTER] = {0, 1};
  hr_error err;
  hr_model *model = make_model();
  hr_gate_trunk *made = make_trunk(model), *trunk = NULL;
  check_ok(hr_gate_trunk_copy(made, &trunk, &err));
  hr_gate_trunk_destroy(&made);
  assert_null(made);
  for (size_t i = 0; i < ROWS * BEFORE; i++) features[i] = (double)i;
  check_ok(hr_gate_trunk_append(trunk, ROWS, noisy, BEFORE, features, &err));
  check_ok(hr_heads_hide(model, noisy, NULL, ROWS, hidden, &err));
  for (size_t i = 0; i < ROWS; i++) {
    const double *row = features + i * AFTER;
    for (size_t f = 0; f < BEFORE; f++) check_near(row[f], (double)(i * BEFORE + f), 0);
    for (size_t k = 0; k < COMPONENTS; k++) {
      const double *v = trunk->values + (1 + k) * WIDTH;
      double sum = 0;
      for (size_t d = 0; d < WIDTH; d++) {
        sum += ((double)hidden[i * WIDTH + d] - trunk->values[d]) * v[d];
      }
      check_near(row[BEFORE + k], sum, 0);
    }
  }
  check_ok(hr_gate_trunk_append(trunk, 1, noisy, BEFORE, one, &err));
  assert_memory_equal(one, features, sizeof one); /* whatever rows come with it */
  hr_gate_trunk_destroy(&trunk);
  hr_model_destroy(&model);
}

static const hr_model *alloc_model;

static hr_status append(void) {
  double features[ROWS * AFTER] = {0};
  hr_status status = HR_OK;
  hr_error err;
  hr_gate_trunk *trunk = NULL, *copy = NULL;
  HR_TRY(hr_gate_trunk_create(WIDTH, COMPONENTS, &trunk, &err));
  trunk->model = alloc_model;
  HR_TRY(hr_gate_trunk_copy(trunk, &copy, &err));
  HR_TRY(hr_gate_trunk_append(copy, ROWS, noisy, BEFORE, features, &err));
cleanup:
  hr_gate_trunk_destroy(&trunk);
  hr_gate_trunk_destroy(&copy);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  hr_model *model = make_model();
  alloc_model = model;
  check_alloc_failures(append());
  hr_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(components_stand_behind_the_features),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
