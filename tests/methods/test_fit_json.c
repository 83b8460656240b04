/* Fits as JSON: there and back, and objects that no fit was written to. */
#include "methods/fit_json.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"

/* A fit with something in every field. */
static hr_fit make_full(void) {
  hr_error err = {0};
  hr_fit fit;
  check_ok(hr_fit_init(&fit, 3, 2, true, 2, &err));
  fit.status = HR_FIT_OK;
  hr_fit_add_note(&fit, "a \"note\" \xc3\xa9");
  fit.train_rows = 50;
  fit.test_rows = 20;
  fit.seconds = 0.1;
  fit.validated_rows = 30;
  fit.validation_seconds = 1.0 / 3;
  fit.chosen = 1;
  fit.edge = HR_EDGE_LARGEST;
  fit.precision = HR_FIT_BF16;
  fit.variant_value[0] = 0.1;
  fit.variant_value[1] = 1e30;
  fit.cv_r2[1] = 2.0 / 3; /* the first one's is NaN */
  for (size_t l = 0; l < 2; l++) {
    fit.level[l] = 0.25 * (double)(l + 1);
    fit.level_value[l] = 10 + (double)l;
  }
  fit.level_cv_r2[0] = 0.7; /* the second one's is NaN */
  fit.convergence = HR_CONVERGED;
  check_ok(hr_alloc(&fit.curve, 2, &err));
  fit.curve[0] = (hr_curve_point){1.5, (double)NAN, 0.001};
  fit.curve[1] = (hr_curve_point){0.75, 0.25, 0.0005};
  fit.curve_points = 2;
  fit.best_epoch = 1;
  fit.sigma = (hr_sigma){.rows = 30,
                         .all = {(double)NAN, 0.5, 0.75, 1.25},
                         .class_count = 2,
                         .classes = {{3, 0.7, 0.8, 1.5}, {9, 1.0 / 3, 0.4, 0.9}}};
  return fit;
}

static json_t *write_fit(const hr_fit *fit, const char *variant) {
  hr_json_builder builder = {false};
  json_t *object = json_object();
  hr_fit_write_json(fit, variant, &builder, object);
  assert_false(builder.failed);
  return object;
}

static hr_fit there_and_back(const hr_fit *fit, const char *variant) {
  hr_error err = {0};
  hr_fit found;
  bool good = false;
  json_t *object = write_fit(fit, variant);
  check_ok(hr_fit_read_json(object, fit->slot, variant, &found, &good, &err));
  assert_true(good);
  json_decref(object);
  return found;
}

static void check_numbers(const double *a, const double *b, size_t count) {
  assert_non_null(a);
  assert_non_null(b);
  for (size_t i = 0; i < count; i++) {
    if (isnan(b[i])) {
      assert_true(isnan(a[i]));
    } else {
      check_near(a[i], b[i], 0);
    }
  }
}

static void every_field_comes_back(void **state) {
  (void)state;
  hr_fit fit = make_full(), found = there_and_back(&fit, "alpha");
  assert_int_equal(found.slot, 3);
  assert_int_equal(found.status, HR_FIT_OK);
  assert_int_equal(found.reason, HR_REASON_NONE);
  assert_string_equal(found.note, "a \"note\" \xc3\xa9");
  assert_int_equal(found.train_rows, 50);
  assert_int_equal(found.edge, HR_EDGE_LARGEST);
  assert_int_equal(found.precision, HR_FIT_BF16);
  assert_int_equal(found.test_rows, 20);
  assert_int_equal(found.variant_count, 2);
  check_numbers(found.variant_value, fit.variant_value, 2);
  check_numbers(found.cv_r2, fit.cv_r2, 2);
  assert_int_equal(found.chosen, 1);
  check_near(found.seconds, 0.1, 0);
  assert_int_equal(found.validated_rows, 30);
  check_near(found.validation_seconds, 1.0 / 3, 0);
  assert_int_equal(found.level_count, 2);
  check_numbers(found.level, fit.level, 2);
  check_numbers(found.level_cv_r2, fit.level_cv_r2, 2);
  check_numbers(found.level_value, fit.level_value, 2);
  assert_int_equal(found.convergence, HR_CONVERGED);
  assert_int_equal(found.curve_points, 2);
  assert_int_equal(found.best_epoch, 1);
  check_near(found.curve[0].train_loss, 1.5, 0);
  assert_true(isnan(found.curve[0].validation_r2));
  check_near(found.curve[1].validation_r2, 0.25, 0);
  check_near(found.curve[1].rate, 0.0005, 0);
  assert_int_equal(found.sigma.rows, 30);
  check_near(found.sigma.all.half95, 1.25, 0);
  assert_int_equal(found.sigma.class_count, 2);
  check_near(found.sigma.classes[1].sigma, 1.0 / 3, 0);
  hr_fit_fini(&found);
  hr_fit_fini(&fit);
}

static void every_state_comes_back(void **state) {
  (void)state;
  static const char *const names[] = {"ok", "skipped", "failed"};
  hr_fit fit = make_full();
  for (int i = HR_FIT_OK; i <= HR_FIT_FAILED; i++) {
    fit.status = (hr_fit_status)i;
    assert_string_equal(hr_fit_status_name(fit.status), names[i]);
    hr_fit found = there_and_back(&fit, "alpha");
    assert_int_equal(found.status, i);
    hr_fit_fini(&found);
  }
  for (int i = HR_REASON_NONE; i < HR_REASONS; i++) {
    fit.reason = (hr_fit_reason)i;
    hr_fit found = there_and_back(&fit, "alpha");
    assert_int_equal(found.reason, i);
    hr_fit_fini(&found);
  }
  for (int i = HR_CONVERGENCE_NONE; i <= HR_NOT_CONVERGED; i++) {
    fit.convergence = (hr_convergence)i;
    hr_fit found = there_and_back(&fit, "alpha");
    assert_int_equal(found.convergence, i);
    assert_int_equal(found.curve_points, i == HR_CONVERGENCE_NONE ? 0 : 2);
    hr_fit_fini(&found);
  }
  hr_fit_fini(&fit);
}

/* What does not apply is not written at all. */
static void what_there_is_not_is_left_out(void **state) {
  (void)state;
  static const char *const absent[] = {
      "reason",    "validated_rows", "validation_seconds",
      "converged", "best_epoch",     "curve",
      "levels",    "sigma"};
  hr_error err = {0};
  hr_fit fit;
  check_ok(hr_fit_init(&fit, HR_GLOBAL, 1, false, 0, &err));
  fit.status = HR_FIT_OK;
  fit.cv_r2[0] = 0.5;
  json_t *object = write_fit(&fit, NULL);
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
    assert_null(json_object_get(object, absent[i]));
  }
  const json_t *variant = json_array_get(json_object_get(object, "variants"), 0);
  assert_int_equal(json_object_size(variant), 1);
  json_decref(object);
  hr_fit found = there_and_back(&fit, NULL);
  assert_int_equal(found.slot, HR_GLOBAL);
  assert_null(found.variant_value);
  check_near(found.cv_r2[0], 0.5, 0);
  assert_null(found.level);
  assert_null(found.curve);
  hr_fit_fini(&found);
  hr_fit_fini(&fit);
}

/* Epochs count from 1 in the file. */
static void the_best_epoch_counts_from_one(void **state) {
  (void)state;
  hr_fit fit = make_full();
  json_t *object = write_fit(&fit, "alpha");
  assert_int_equal(json_integer_value(json_object_get(object, "best_epoch")), 2);
  json_decref(object);
  hr_fit_fini(&fit);
}

/* Sets a member of a good object, or removes it, and reads: no fit. */
static void check_refused(const char *key, const char *value) {
  hr_error err = {0};
  hr_fit fit = make_full(), found;
  bool good = true;
  json_t *object = write_fit(&fit, "alpha");
  if (value) {
    json_t *other = json_loads(value, JSON_DECODE_ANY, NULL);
    assert_int_equal(json_object_set_new(object, key, other), 0);
  } else {
    assert_int_equal(json_object_del(object, key), 0);
  }
  check_ok(hr_fit_read_json(object, 3, "alpha", &found, &good, &err));
  assert_false(good);
  assert_null(found.cv_r2);
  assert_null(found.curve);
  assert_int_equal(found.variant_count, 0);
  json_decref(object);
  hr_fit_fini(&fit);
}

static void damaged_objects_are_no_fits(void **state) {
  (void)state;
  check_refused("status", NULL);
  check_refused("status", "\"fine\"");
  check_refused("status", "7");
  check_refused("chosen", "2");
  check_refused("variants", NULL);
  check_refused("variants", "[]");
  check_refused("variants", "\"two\"");
  check_refused("sigma", "{}");
  check_refused("sigma", "null");
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  hr_error err = {0};
  hr_fit fit = make_full(), found;
  json_t *object = write_fit(&fit, "alpha");
  hr_status status = HR_ERR_MEMORY;
  size_t n = 0;
  while (status != HR_OK) {
    bool good = false;
    fail_alloc_at(++n);
    status = hr_fit_read_json(object, 3, "alpha", &found, &good, &err);
    fail_alloc_at(0);
    assert_true(status == HR_OK || status == HR_ERR_MEMORY);
    if (status != HR_OK) assert_null(found.cv_r2);
  }
  assert_true(n > 5);
  hr_fit_fini(&found);
  json_decref(object);
  hr_fit_fini(&fit);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_field_comes_back),
      cmocka_unit_test(every_state_comes_back),
      cmocka_unit_test(what_there_is_not_is_left_out),
      cmocka_unit_test(the_best_epoch_counts_from_one),
      cmocka_unit_test(damaged_objects_are_no_fits),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
