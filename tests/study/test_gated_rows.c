/* Test rows through a gate and models that are known on paper. */
#include "study/gated_rows.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "models/linear.h"
#include "study/bundle.h"
#include "support/fail_alloc.h"
#include "support/small_plan.h"

enum { BINS = 2, SLOTS = BINS + 1 };

static const hr_method ridge = {
    .name = "ridge", .title = "Ridge", .has_global = true, .kind = &hr_linear_type};
static const hr_method other = {
    .name = "posterior", .title = "Other", .has_global = true, .kind = &hr_linear_type};

/* Slot s of method m says 10 m + s; validation prefers Ridge in bin 0 alone. */
static const double cv[2][SLOTS] = {{0.9, 0.1, 0.1}, {0.5, 0.5, 0.5}};

static void save_models(const hr_method *method, size_t m, hr_fit *fits) {
  hr_error err = {0};
  hr_trained trained[SLOTS] = {0};
  for (size_t s = 0; s < SLOTS; s++) {
    int slot = hr_method_slot(method, BINS, s);
    const hr_linear_shape shape = {slot, 0, PLAN_PIXELS, 1, 0};
    const double intercept[] = {10 * (double)m + (double)s}, weights[PLAN_PIXELS] = {0};
    check_ok(hr_fit_init(&fits[s], slot, 1, false, 0, &err));
    fits[s].status = HR_FIT_OK;
    fits[s].cv_r2[0] = cv[m][s];
    fits[s].sigma = (hr_sigma){.rows = 40, .all = {(double)NAN, 0.5, 0.4, 1}};
    check_ok(hr_linear_create(&shape, intercept, weights, &trained[s].model, &err));
  }
  check_ok(
      hr_study_save_models(plan_config, plan_scratch.path, method, trained, SLOTS, &err));
  for (size_t s = 0; s < SLOTS; s++) hr_trained_fini(&trained[s]);
}

/* The weight of bin 1 grows with the first pixel's flux. */
static void save_gate(const hr_plan *plan) {
  static const hr_gate_table table = {.name = "one", .components = 1};
  const size_t sizes[] = {1, BINS};
  hr_error err = {0};
  hr_gate_features *features = NULL;
  hr_gate *gate = NULL;
  const hr_gate_grid grid = {"key", plan->view.wave_angstrom, PLAN_PIXELS, 0};
  const char *folder = scratch_name(&plan_scratch, "model/gate-logistic");
  check_ok(hr_gate_features_create(&table, &grid, &features, &err));
  hr_gate_features_components(features)[PLAN_PIXELS] = 1;
  check_ok(hr_gate_create("logistic", &features, 1, sizes, &gate, &err));
  gate->layer[0].weights[1] = 2;
  check_ok(hr_make_folders(folder, &err));
  check_ok(hr_gate_save(gate, folder, &err));
  hr_gate_destroy(&gate);
}

static hr_plan *make_bundle(void) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_fit fits[2][SLOTS];
  char name[] = "logistic", title[] = "Logistic gate", folder[] = "gate-logistic",
       mixing[] = "soft";
  hr_bundle_gate gate = {name, title, folder, mixing, 0.99, 1};
  small_plan_configure("experts: {ridge: {}, posterior: {}}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  save_models(&ridge, 0, fits[0]);
  save_models(&other, 1, fits[1]);
  save_gate(plan);
  const hr_study_method methods[] = {{&ridge, fits[0], SLOTS}, {&other, fits[1], SLOTS}};
  check_ok(hr_study_write_bundle(plan, plan_scratch.path,
                                 &(hr_study_bundle){methods, 2, &gate, 1}, &err));
  for (size_t i = 0; i < 2 * SLOTS; i++) hr_fit_fini(&fits[i / SLOTS][i % SLOTS]);
  return plan;
}

/* Test row i has a flux of i / 4 in its first pixel; row 5 has no good pixel. */
static hr_status predict(const hr_plan *plan, const hr_gated_known *known,
                         hr_gated_rows *rows, hr_error *err) {
  hr_status status = hr_gated_rows_init(rows, plan, known, plan_scratch.path, err);
  float x[PLAN_TEST * PLAN_PIXELS], error[PLAN_TEST * PLAN_PIXELS];
  bool empty[PLAN_TEST] = {[5] = true};
  for (size_t i = 0; i < PLAN_TEST * PLAN_PIXELS; i++) {
    bool is_first = i % PLAN_PIXELS == 0;
    x[i] = is_first ? (float)(i / PLAN_PIXELS) / 4 : 1;
    error[i] = 0.1F;
  }
  hr_block block = {.rows = PLAN_TEST, .pixels = PLAN_PIXELS, .flux = x};
  block.noisy = x;
  block.error = error;
  block.empty = empty;
  if (status == HR_OK) status = hr_gated_rows_observe(rows, &block, err);
  hr_gated_rows_close(rows);
  return status;
}

static const hr_gated_known nothing = {NULL, 0};

static const hr_gated *find(const hr_gated_rows *rows, bool is_hybrid,
                            const char *mixing) {
  for (size_t g = 0; g < rows->gated_count; g++) {
    const hr_gated *gated = &rows->gated[g];
    bool is_its = (gated->method == HR_NO_METHOD) == is_hybrid;
    if (is_its && strcmp(gated->mixing, mixing) == 0) return gated;
  }
  fail();
  return NULL;
}

static void every_way_of_mixing_is_that_on_paper(void **state) {
  (void)state;
  hr_error err = {0};
  hr_gated_rows rows;
  hr_plan *plan = make_bundle();
  check_ok(predict(plan, &nothing, &rows, &err));
  assert_int_equal(rows.gated_count, 2 * HR_MIXINGS);
  for (size_t i = 0; i < PLAN_TEST; i++) {
    double w = 1 / (1 + exp(-2 * (double)i / 4)); /* of bin 1 */
    const double *soft = find(&rows, true, "soft")->prediction;
    const double *hard = find(&rows, true, "hard")->prediction;
    const double *falling = find(&rows, true, "fallback")->prediction;
    const double *own = find(&rows, false, "soft")->prediction;
    if (i == 5) {
      assert_true(isnan(soft[i]) && isnan(hard[i]) && isnan(falling[i]));
      continue;
    }
    check_near(rows.weight[0][i * SLOTS + 1], w, 1e-7);
    check_near(soft[i], w * 11, 1e-5); /* bin 0 says 0 */
    check_near(own[i], w, 1e-6);       /* Ridge's bins say 0 and 1 */
    check_near(hard[i], i == 0 ? 0 : 11, 0);
    check_near(falling[i], 12, 0); /* no weight reaches 0.99 */
  }
  const hr_gated *main = find(&rows, true, "soft");
  assert_true(main->is_own_mixing && main->sigma && main->half95);
  /* Of row 3, bins that say 0 and 11, each within 0.4: the first is far beyond. */
  double w = 1 / (1 + exp(-1.5)), off = 11 - w * 11, half = main->half68[3];
  check_near(w * 0.5 * erfc((off - half) / 0.4 / sqrt(2)), 0.6827, 1e-5);
  assert_null(find(&rows, true, "hard")->sigma);
  assert_string_equal(main->gate, "logistic");
  hr_gated_rows_fini(&rows);
  hr_plan_destroy(&plan);
}

/* Other's bin 1 has said 100 + i of the test rows that are routed there, and its model of
 * all rows 1000 + i of all but row 3. */
static void what_the_study_has_predicted_is_not_asked_again(void **state) {
  (void)state;
  hr_error err = {0};
  hr_gated_rows rows;
  hr_plan *plan = make_bundle();
  hr_outcome outcomes[2] = {{.type = &ridge}, {.type = &other}};
  const int32_t *route = plan->test_split.route;
  size_t known = 0, asked = 0;
  check_ok(hr_predictions_init(&outcomes[1].own, 1, PLAN_TEST, true, &err));
  check_ok(hr_predictions_init(&outcomes[1].global, 1, PLAN_TEST, false, &err));
  for (size_t i = 0; i < PLAN_TEST; i++) {
    outcomes[1].own.mean[i] = 100 + (float)i;
    outcomes[1].global.mean[i] = i == 3 ? NAN : 1000 + (float)i;
  }
  check_ok(predict(plan, &(hr_gated_known){outcomes, 2}, &rows, &err));
  for (size_t i = 1; i < PLAN_TEST; i++) { /* row 0 is hard to tell */
    if (i == 5) continue;
    bool is_own = route[i] == 1;
    const double *hard = find(&rows, true, "hard")->prediction;
    const double *falling = find(&rows, true, "fallback")->prediction;
    check_near(hard[i], is_own ? 100 + (double)i : 11, 0);
    check_near(falling[i], i == 3 ? 12 : 1000 + (double)i, 0);
    check_near(find(&rows, false, "hard")->prediction[i], 1, 0); /* Ridge is asked */
    known += is_own;
    asked += !is_own;
  }
  assert_true(known > 0 && asked > 0);
  hr_gated_rows_fini(&rows);
  hr_predictions_fini(&outcomes[1].own);
  hr_predictions_fini(&outcomes[1].global);
  hr_plan_destroy(&plan);
}

static const hr_plan *alloc_plan;

static hr_status live(void) {
  hr_error err = {0};
  hr_gated_rows rows;
  hr_status status = predict(alloc_plan, &nothing, &rows, &err);
  hr_gated_rows_fini(&rows);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  hr_plan *plan = make_bundle();
  alloc_plan = plan;
  check_alloc_failures(live());
  hr_plan_destroy(&plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_way_of_mixing_is_that_on_paper,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(what_the_study_has_predicted_is_not_asked_again,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(every_allocation_may_fail, small_plan_set_up,
                                      small_plan_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
