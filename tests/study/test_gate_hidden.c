/* What a trunk makes of training rows, in a bundle whose heads were never trained. */
#include "study/gate_hidden.h"

#include "methods/vit/vit.h"
#include "models/heads.h"
#include "study/pass.h"
#include "support/fail_alloc.h"
#include "support/small_plan.h"

enum { BINS = 2, SLOTS = BINS + 1, WIDTH = 8 };

static const hr_net_design design = {
    .kind = &hr_net_kind_vit,
    .shape.vit = {PLAN_PIXELS, 3, WIDTH, 1, 2, 12, 0, SLOTS, 0, 0},
    .backend.vit = {&hr_products_compute, &hr_compute_reference}};

static hr_plan *plan;

static void make_trunk(hr_net_model *out) {
  hr_error err = {0};
  check_ok(hr_net_model_init(out, &design, 1, &err));
  out->net->type->start(out->net, 3);
  for (size_t p = 0; p < PLAN_PIXELS; p++) out->factor[p] = 1;
}

static void save_heads(const hr_method *method, hr_fit *fits) {
  hr_error err = {0};
  hr_head heads[SLOTS];
  hr_model *models[SLOTS];
  hr_trained trained[SLOTS] = {0};
  hr_net_model net;
  make_trunk(&net);
  for (size_t s = 0; s < SLOTS; s++) {
    heads[s] = (hr_head){0, hr_method_slot(method, BINS, s), s, 3, 1};
    check_ok(hr_fit_init(&fits[s], heads[s].slot, 1, false, 0, &err));
    fits[s].status = HR_FIT_OK;
    fits[s].cv_r2[0] = 0.5;
  }
  check_ok(hr_heads_create_take(&net, heads, SLOTS, models, &err));
  for (size_t s = 0; s < SLOTS; s++) trained[s].model = models[s];
  check_ok(
      hr_study_save_models(plan_config, plan_scratch.path, method, trained, SLOTS, &err));
  for (size_t s = 0; s < SLOTS; s++) hr_trained_fini(&trained[s]);
}

static int set_up(void **state) {
  hr_error err = {0};
  hr_fit fits[SLOTS] = {0};
  small_plan_set_up(state);
  small_plan_configure(
      "experts: {vit: {heads: bins, patch_size: 3, hidden_size: 8, num_hidden_layers: 1, "
      "num_attention_heads: 2, intermediate_size: 12}}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  const hr_method *method = hr_vit_method.form(plan_config->experts[0].parameters);
  save_heads(method, fits);
  const hr_study_method trained = {method, fits, SLOTS};
  const hr_study_bundle bundle = {&trained, 1, NULL, 0};
  check_ok(hr_study_write_bundle(plan, plan_scratch.path, &bundle, &err));
  for (size_t s = 0; s < SLOTS; s++) hr_fit_fini(&fits[s]);
  return 0;
}

static int tear_down(void **state) {
  hr_plan_destroy(&plan);
  return small_plan_tear_down(state);
}

static const size_t rows[] = {0, 1, 5, 6, 11};
enum { COUNT = sizeof rows / sizeof rows[0] };

static hr_status find(size_t width, float *values, hr_error *err) {
  const hr_gate_hidden hidden = {plan, plan_scratch.path, rows, COUNT, width, values};
  return hr_gate_hidden_find(&hidden, err);
}

static hr_status take_block(void *context, const hr_block *block, hr_error *err) {
  (void)err;
  memcpy((float *)context + block->first_row * PLAN_PIXELS, block->noisy,
         block->rows * PLAN_PIXELS * sizeof *block->noisy);
  return HR_OK;
}

static void they_are_the_network_s(void **state) {
  (void)state;
  hr_error err = {0};
  float noisy[PLAN_TRAIN * PLAN_PIXELS], values[COUNT * WIDTH], want[PLAN_TRAIN * WIDTH];
  hr_net_model net;
  const hr_pass pass = {
      .plan = plan, .training = true, .stage = "", .visit = take_block, .context = noisy};
  check_ok(hr_pass_run(&pass, NULL, &err));
  make_trunk(&net);
  check_ok(hr_net_model_hidden(&net, noisy, NULL, PLAN_TRAIN, want, &err));
  hr_net_model_fini(&net);
  check_ok(find(WIDTH, values, &err));
  for (size_t i = 0; i < COUNT * WIDTH; i++) {
    check_near(values[i], want[rows[i / WIDTH] * WIDTH + i % WIDTH], 1e-4);
  }
}

static void another_trunk_is_none(void **state) {
  (void)state;
  hr_error err = {0};
  float values[COUNT * (WIDTH + 1)];
  check_fails(find(WIDTH + 1, values, &err), HR_ERR_EMPTY,
              "there is no trunk to look at");
}

static hr_status find_again(void) {
  hr_error err = {0};
  float values[COUNT * WIDTH];
  return find(WIDTH, values, &err);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(find_again());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(they_are_the_network_s, set_up, tear_down),
      cmocka_unit_test_setup_teardown(another_trunk_is_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
