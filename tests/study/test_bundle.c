/* What a study leaves to predict with: which models, who predicts what, and the way back.
 */
#include "study/bundle.h"

#include "core/json_file.h"
#include "headroom/study.h"
#include "models/linear.h"
#include "support/small_plan.h"
#include "support/study_files.h"
#include "support/warnings.h"

enum { SLOTS = 3, METHODS = 3 };

/* Three methods of linear models, whatever the names of theirs mean elsewhere. */
static const hr_method first = {
    .name = "posterior", .title = "First", .has_global = true, .kind = &hr_linear_type};
static const hr_method second = {
    .name = "ridge", .title = "Second", .has_global = true, .kind = &hr_linear_type};
static const hr_method third = {
    .name = "cnn", .title = "Third", .has_global = true, .kind = &hr_linear_type};

/* The validation R2 of each slot, NaN: no model. */
typedef struct told {
  const hr_method *method;
  double cv[SLOTS];
  hr_convergence convergence;
  hr_fit fits[SLOTS];
} told;

static void save(told *t) {
  hr_error err = {0};
  hr_trained trained[SLOTS] = {0};
  for (size_t i = 0; i < SLOTS; i++) {
    int slot = hr_method_slot(t->method, SLOTS - 1, i);
    const hr_linear_shape shape = {slot, 0, PLAN_PIXELS, 1, 0};
    const double intercept[] = {1}, weights[PLAN_PIXELS] = {0};
    check_ok(hr_fit_init(&t->fits[i], slot, 1, false, 0, &err));
    if (isnan(t->cv[i])) continue;
    t->fits[i].status = HR_FIT_OK;
    t->fits[i].convergence = t->convergence;
    t->fits[i].cv_r2[0] = t->cv[i];
    check_ok(hr_linear_create(&shape, intercept, weights, &trained[i].model, &err));
  }
  check_ok(hr_study_save_models(plan_config, plan_scratch.path, t->method, trained, SLOTS,
                                &err));
  for (size_t i = 0; i < SLOTS; i++) hr_trained_fini(&trained[i]);
}

/* Saves the methods' models and writes the bundle. */
static void write_bundle(told *t, size_t count) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_study_method methods[METHODS];
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  for (size_t m = 0; m < count; m++) {
    save(&t[m]);
    methods[m] = (hr_study_method){t[m].method, t[m].fits, SLOTS};
  }
  check_ok(hr_study_write_bundle(plan, plan_scratch.path,
                                 &(hr_study_bundle){methods, count, NULL, 0}, &err));
  hr_plan_destroy(&plan);
}

static void free_fits(told *t, size_t count) {
  for (size_t m = 0; m < count; m++) {
    for (size_t i = 0; i < SLOTS; i++) hr_fit_fini(&t[m].fits[i]);
  }
}

static bool is_there(const char *name) {
  return access(scratch_name(&plan_scratch, name), F_OK) == 0;
}

static hr_bundle *open_bundle(const char *folder) {
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  check_ok(hr_bundle_open(folder, &bundle, &err));
  return bundle;
}

static void check_choice(const hr_bundle_description *d, size_t slot, const char *method,
                         int candidate_slot, const char *fallback) {
  const hr_bundle_place expert = {method, 0, candidate_slot};
  const hr_bundle_place stand_in = {fallback, 0, HR_GLOBAL};
  assert_int_equal(d->slots[slot].expert, hr_bundle_find(d, &expert));
  assert_int_equal(d->slots[slot].fallback, hr_bundle_find(d, &stand_in));
}

/* By validation; what did not converge never, and of two that are equal the earlier. */
static void validation_chooses(void **state) {
  (void)state;
  told t[] = {
      {.method = &first, .cv = {0.5, 0.6, 0.05}, .convergence = HR_CONVERGENCE_NONE},
      {.method = &second, .cv = {0.7, 0.6, 0.1}, .convergence = HR_CONVERGED},
      {.method = &third,
       .cv = {0.9, (double)NAN, 0.95},
       .convergence = HR_NOT_CONVERGED}};
  write_bundle(t, 3);
  hr_bundle *bundle = open_bundle(plan_scratch.path);
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  assert_int_equal(d->candidate_count, 8); /* the third has no model of bin 1 */
  check_choice(d, 0, "ridge", 0, "ridge");
  check_choice(d, 1, "posterior", 1, "ridge");
  check_choice(d, 2, "ridge", HR_GLOBAL, "ridge");
  check_near(d->candidates[d->slots[0].expert].cv_r2, 0.7, 0);
  assert_string_equal(d->candidates[d->slots[0].expert].title, "Second");
  hr_bundle_close(&bundle);
  free_fits(t, 3);
}

/* Without Ridge the first model of all rows stands in. */
static void somebody_is_the_fallback(void **state) {
  (void)state;
  told t[] = {{.method = &third,
               .cv = {0.9, (double)NAN, (double)NAN},
               .convergence = HR_CONVERGED},
              {.method = &first,
               .cv = {0.5, (double)NAN, 0.4},
               .convergence = HR_CONVERGENCE_NONE}};
  write_bundle(t, 2);
  hr_bundle *bundle = open_bundle(plan_scratch.path);
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  check_choice(d, 0, "cnn", 0, "posterior");
  assert_int_equal(d->slots[1].expert, HR_NO_CANDIDATE);
  check_choice(d, 2, "posterior", HR_GLOBAL, "posterior");
  hr_bundle_close(&bundle);
  free_fits(t, 2);
}

static void the_plan_is_described(void **state) {
  (void)state;
  told t[] = {
      {.method = &second, .cv = {0.7, 0.6, 0.1}, .convergence = HR_CONVERGENCE_NONE}};
  write_bundle(t, 1);
  hr_bundle *bundle = open_bundle(plan_scratch.path);
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  assert_string_equal(d->study, "x");
  assert_string_equal(d->uncovered, plan_config->binning.uncovered);
  assert_int_equal(d->pixels, PLAN_PIXELS);
  check_near(d->wave[1], 7100.5, 0);
  assert_string_equal(d->targets[0].name, "log_g");
  assert_string_equal(d->targets[0].unit, "dex");
  check_near(d->targets[0].train.minimum, PLAN_TRAIN, 0); /* of training rows alone */
  check_near(d->targets[0].train.maximum, 2 * PLAN_TRAIN - 1, 0);
  assert_true(isnan(d->snr.minimum) && isnan(d->snr.maximum));
  assert_int_equal(d->axis_count, 2);
  assert_string_equal(d->axes[0].label, "T_eff");
  check_near(d->axes[0].edges[2], 4, 0);
  assert_int_equal(d->bin_count, 2);
  assert_string_equal(d->bin_names[1], plan_config->binning.names[1]);
  hr_bundle_close(&bundle);
  free_fits(t, 1);
}

static void files_are_missed(void **state) {
  (void)state;
  hr_error err = {0};
  const char *root = plan_scratch.path;
  told t[] = {
      {.method = &second, .cv = {0.7, 0.6, 0.1}, .convergence = HR_CONVERGENCE_NONE}};
  assert_false(hr_study_has_bundle(plan_config, root));
  write_bundle(t, 1);
  assert_true(hr_study_has_bundle(plan_config, root));
  assert_true(hr_study_has_models(plan_config, root, &second, t->fits, SLOTS));
  check_ok(hr_study_drop_bundle(root, &err));
  assert_false(hr_study_has_bundle(plan_config, root));
  assert_true(hr_study_has_models(plan_config, root, &second, t->fits, SLOTS));
  char moved[sizeof plan_scratch.name];
  snprintf(moved, sizeof moved, "%s/model/moved", root);
  assert_int_equal(rename(scratch_name(&plan_scratch, "model/0-ridge"), moved), 0);
  assert_false(hr_study_has_models(plan_config, root, &second, t->fits, SLOTS));
  free_fits(t, 1);
}

static void a_damaged_bundle_is_made_again(void **state) {
  (void)state;
  hr_error err = {0};
  warnings warned = {0};
  char expected[512];
  const hr_observer observer = warnings_observer(&warned);
  told t[] = {
      {.method = &second, .cv = {0.7, 0.6, 0.1}, .convergence = HR_CONVERGENCE_NONE}};
  write_bundle(t, 1);
  check_ok(hr_study_check_bundle(plan_scratch.path, &observer, &err));
  assert_int_equal(warned.count, 0);
  assert_true(is_there("model/model.json"));
  assert_int_equal(truncate(scratch_name(&plan_scratch, "model/wave.npy"), 3), 0);
  check_ok(hr_study_check_bundle(plan_scratch.path, &observer, &err));
  snprintf(expected, sizeof expected,
           "the models are made again: the bundle %s/model is damaged: wave.npy is not "
           "what was written; copy the folder again",
           plan_scratch.path);
  assert_int_equal(warned.count, 1);
  assert_string_equal(warned.last, expected);
  assert_false(is_there("model"));
  check_ok(hr_study_check_bundle(plan_scratch.path, &observer, &err)); /* none is there */
  assert_int_equal(warned.count, 1);
  free_fits(t, 1);
}

static void none_is_written_where_none_is_wanted(void **state) {
  (void)state;
  told t[] = {
      {.method = &second, .cv = {0.7, 0.6, 0.1}, .convergence = HR_CONVERGENCE_NONE}};
  small_plan_configure("run: {model: none}\n");
  write_bundle(t, 1);
  assert_false(is_there("model"));
  assert_true(hr_study_has_bundle(plan_config, plan_scratch.path));
  assert_true(
      hr_study_has_models(plan_config, plan_scratch.path, &second, t->fits, SLOTS));
  free_fits(t, 1);
}

/* A whole study: its Ridge models can be loaded, one a bin and one of all rows. */
static void a_study_leaves_its_bundle(void **state) {
  (void)state;
  hr_error err = {0};
  char config[sizeof plan_scratch.name], out[sizeof plan_scratch.name], *run = NULL;
  study_files_write(&plan_scratch);
  snprintf(config, sizeof config, "%s/study.yaml", plan_scratch.path);
  snprintf(out, sizeof out, "%s/run", plan_scratch.path);
  const hr_study_options options = {
      .size = sizeof options, .config_path = config, .out_dir = out};
  check_ok(hr_study_run(&options, NULL, &run, &err));
  hr_bundle *bundle = open_bundle(run);
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  for (int slot = HR_GLOBAL; slot < 2; slot++) {
    const hr_model *model = NULL;
    size_t candidate = hr_bundle_find(d, &(hr_bundle_place){"ridge", 0, slot});
    assert_int_not_equal(candidate, HR_NO_CANDIDATE);
    check_ok(hr_bundle_load(bundle, candidate, &model, &err));
    assert_non_null(model);
  }
  assert_int_not_equal(d->slots[0].expert, HR_NO_CANDIDATE);
  hr_bundle_close(&bundle);
  hr_text_free(run);
}

/* --- two targets --- */

/* What a method made of both: validation R2, NaN: no model. */
typedef struct told_two {
  const hr_method *method;
  double cv[2 * SLOTS];
  hr_fit fits[2 * SLOTS];
} told_two;

static void save_two(told_two *t) {
  hr_error err = {0};
  hr_trained trained[2 * SLOTS] = {0};
  for (size_t i = 0; i < 2 * SLOTS; i++) {
    const hr_linear_shape shape = {
        .slot = hr_method_slot(t->method, SLOTS - 1, i % SLOTS),
        .target = i / SLOTS,
        .pixels = PLAN_PIXELS,
        .variant_count = 1};
    const double intercept[] = {(double)i}, weights[PLAN_PIXELS] = {0};
    check_ok(hr_fit_init(&t->fits[i], shape.slot, 1, false, 0, &err));
    t->fits[i].target = shape.target;
    t->fits[i].status = isnan(t->cv[i]) ? HR_FIT_SKIPPED : HR_FIT_OK;
    t->fits[i].cv_r2[0] = t->cv[i];
    if (isnan(t->cv[i])) continue;
    check_ok(hr_linear_create(&shape, intercept, weights, &trained[i].model, &err));
  }
  check_ok(hr_study_save_models(plan_config, plan_scratch.path, t->method, trained,
                                2 * SLOTS, &err));
  for (size_t i = 0; i < 2 * SLOTS; i++) hr_trained_fini(&trained[i]);
}

static void write_two(told_two t[2]) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_study_method methods[2];
  small_plan_configure_target("[log_g, age]", "");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  for (size_t m = 0; m < 2; m++) {
    save_two(&t[m]);
    methods[m] = (hr_study_method){t[m].method, t[m].fits, SLOTS};
  }
  check_ok(hr_study_write_bundle(plan, plan_scratch.path,
                                 &(hr_study_bundle){methods, 2, NULL, 0}, &err));
  hr_plan_destroy(&plan);
}

static void free_two(told_two t[2]) {
  for (size_t m = 0; m < 2; m++) {
    for (size_t i = 0; i < 2 * SLOTS; i++) hr_fit_fini(&t[m].fits[i]);
  }
}

/* The number of a candidate in its target's slot, HR_NO_CANDIDATE: none. */
static size_t at(const hr_bundle_description *d, size_t target, const char *method,
                 int slot) {
  return hr_bundle_find(d, &(hr_bundle_place){method, target, slot});
}

static void each_target_has_its_own_choice(void **state) {
  (void)state;
  hr_error err = {0};
  told_two t[] = {{.method = &first, .cv = {0.9, 0.1, 0.5, (double)NAN, 0.8, 0.3}},
                  {.method = &second, .cv = {0.2, 0.2, 0.6, 0.4, 0.7, (double)NAN}}};
  write_two(t);
  hr_bundle *bundle = open_bundle(plan_scratch.path);
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  assert_int_equal(d->target_count, 2);
  assert_string_equal(d->targets[1].name, "age");
  assert_string_equal(d->targets[1].unit, "Gyr");
  check_near(d->targets[1].train.minimum, 1, 0);
  check_near(d->targets[1].train.maximum, 5, 0); /* 1 + the squares mod 7 */
  assert_int_equal(d->candidate_count, 10);
  for (size_t i = 0; i < 10; i++) assert_int_equal(d->candidates[i].target, i > 5);
  const size_t experts[] = {
      at(d, 0, "posterior", 0),     at(d, 0, "ridge", 1),
      at(d, 0, "ridge", HR_GLOBAL), at(d, 1, "ridge", 0),
      at(d, 1, "posterior", 1),     at(d, 1, "posterior", HR_GLOBAL)};
  for (size_t i = 0; i < 2 * SLOTS; i++) {
    assert_true(experts[i] != HR_NO_CANDIDATE);
    assert_true(d->slots[i].expert == experts[i]);
  }
  /* Ridge's model of all rows stands in, where it has one. */
  for (size_t k = 0; k < SLOTS; k++) {
    assert_true(hr_bundle_slot_of(d, 0, k)->fallback == experts[2]);
    assert_true(hr_bundle_slot_of(d, 1, k)->fallback == experts[5]);
  }
  const hr_model *model = NULL;
  check_ok(hr_bundle_load(bundle, experts[4], &model, &err));
  check_near(hr_linear_intercept(model)[0], SLOTS + 1, 0);
  assert_int_equal(model->target, 1);
  hr_bundle_close(&bundle);
  assert_true(is_there("model/target2-1-posterior/model.npy"));
  assert_false(is_there("model/target2-global-ridge"));
  free_two(t);
}

/* Models of every target have to be there. */
static void files_of_targets_are_missed(void **state) {
  (void)state;
  const char *root = plan_scratch.path;
  char moved[sizeof plan_scratch.name];
  told_two t[] = {{.method = &first, .cv = {0.9, 0.1, 0.5, 0.2, 0.8, 0.3}},
                  {.method = &second, .cv = {0.2, 0.2, 0.6, 0.4, 0.7, 0.1}}};
  write_two(t);
  assert_true(hr_study_has_models(plan_config, root, &second, t[1].fits, 2 * SLOTS));
  snprintf(moved, sizeof moved, "%s/model/moved", root);
  assert_int_equal(rename(scratch_name(&plan_scratch, "model/target2-1-ridge"), moved),
                   0);
  assert_false(hr_study_has_models(plan_config, root, &second, t[1].fits, 2 * SLOTS));
  assert_true(hr_study_has_models(plan_config, root, &first, t[0].fits, 2 * SLOTS));
  free_two(t);
}

/* A whole study of two targets: results, tasks and models of both. */
static void a_study_of_two_targets(void **state) {
  (void)state;
  hr_error err = {0};
  char config[sizeof plan_scratch.name], out[sizeof plan_scratch.name], *run = NULL;
  char yaml[512];
  study_files_write(&plan_scratch);
  snprintf(yaml, sizeof yaml,
           "experiment: {id: E}\n"
           "data: {train: [train.h5], test: test.h5, noise: {test: generated},\n"
           "       target: [log_g, snr], units: {snr: ratio},\n"
           "       allow: [test_in_training]}\n"
           "binning: {T_eff: [1, 2, 3], M_H: [0, 1]}\n"
           "experts: {ridge: {alpha: [1, 10]}}\n");
  scratch_write(&plan_scratch, "two.yaml", yaml);
  snprintf(config, sizeof config, "%s/two.yaml", plan_scratch.path);
  snprintf(out, sizeof out, "%s/run", plan_scratch.path);
  const hr_study_options options = {
      .size = sizeof options, .config_path = config, .out_dir = out};
  check_ok(hr_study_run(&options, NULL, &run, &err));
  assert_true(is_there("run/results.json"));
  assert_true(is_there("run/tasks/0-ridge/card.json"));
  assert_true(is_there("run/targets/snr/results.json"));
  assert_true(is_there("run/targets/snr/tasks/global-ridge/card.json"));
  hr_bundle *bundle = open_bundle(run);
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  assert_int_equal(d->candidate_count, 6);
  for (size_t i = 0; i < 6; i++) {
    const hr_model *model = NULL;
    check_ok(hr_bundle_load(bundle, i, &model, &err));
    assert_int_equal(model->target, i / 3);
  }
  hr_bundle_close(&bundle);
  json_t *results =
      hr_json_file_read(scratch_name(&plan_scratch, "run/targets/snr"), "results.json");
  const json_t *experiment = json_object_get(results, "experiment");
  assert_string_equal(hr_json_string(experiment, "target", ""), "snr");
  assert_string_equal(hr_json_string(experiment, "unit", ""), "ratio");
  assert_int_equal(hr_json_count(experiment, "target_number", 9), 1);
  assert_int_equal(json_array_size(json_object_get(experiment, "targets")), 2);
  json_decref(results);
  hr_text_free(run);
}

int main(void) {
#define TEST_CASE(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(validation_chooses),
      TEST_CASE(somebody_is_the_fallback),
      TEST_CASE(the_plan_is_described),
      TEST_CASE(files_are_missed),
      TEST_CASE(a_damaged_bundle_is_made_again),
      TEST_CASE(none_is_written_where_none_is_wanted),
      TEST_CASE(a_study_leaves_its_bundle),
      TEST_CASE(each_target_has_its_own_choice),
      TEST_CASE(files_of_targets_are_missed),
      TEST_CASE(a_study_of_two_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
