/* A model from elsewhere: what it may be called, and that it says what its file says. */
#include "methods/outside/outside.h"

#include <math.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static void names_are_checked(void **state) {
  (void)state;
  static const char *const good[] = {"vit", "my_model_2", "a",
                                     "abcdefghijklmnopqrstuvwxyzabcde"};
  static const char *const bad[] = {
      "",       "2vit",    "ViT",     "vi t",
      "vit-2",  "_vit",    "hybrid",  "global",
      "oracle", "placebo", "leakage", "abcdefghijklmnopqrstuvwxyzabcdef"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(hr_outside_name_is_good(good[i]));
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_false(hr_outside_name_is_good(bad[i]));
  }
}

static void a_table_is_made_for_a_name(void **state) {
  (void)state;
  hr_error err;
  hr_outside_method *made = NULL;
  check_ok(hr_outside_method_create("vit", false, &made, &err));
  assert_string_equal(made->method.name, "vit");
  assert_string_equal(made->method.title, "vit");
  check_ok(hr_outside_method_set_title(made, "A ViT", &err));
  assert_string_equal(made->method.title, "A ViT");
  assert_true(hr_method_is_outside(&made->method));
  assert_false(hr_method_is_outside(hr_method_find("ridge")));
  assert_null(hr_method_find("vit"));
  assert_null(made->method.available);
  hr_free(made);
  check_ok(hr_outside_method_create("net", true, &made, &err));
  assert_true(hr_method_is_outside(&made->method));
  check_ok(made->method.available(&err));
  hr_free(made);
}

static void check_fields(bool is_run, const char *const *names, size_t count) {
  hr_error err;
  hr_outside_method *made = NULL;
  check_ok(hr_outside_method_create("net", is_run, &made, &err));
  assert_int_equal(made->method.field_count, count);
  for (size_t i = 0; i < count; i++) {
    const hr_field *field = &made->method.fields[i];
    bool is_path = strcmp(names[i], is_run ? "onnx" : "predictions") == 0;
    assert_string_equal(field->name, names[i]);
    assert_int_equal(hr_outside_field_is_path(field), is_path);
  }
  hr_free(made);
}

static void fields_belong_to_one_kind(void **state) {
  (void)state;
  static const char *const told[] = {"predictions", "column", "id", "title"};
  static const char *const run[] = {"title", "onnx", "input", "output", "scale"};
  check_fields(false, told, 4);
  check_fields(true, run, 5);
}

enum { ROWS = 4, TARGETS = 2 };
static const double said[TARGETS * ROWS] = {1, 2, (double)NAN, 4, 10, 20, 30, 40};
static const hr_further_target further = {"T_eff", NULL};
static const hr_study_view study = {.pixels = 3,
                                    .test_rows = ROWS,
                                    .further = &further,
                                    .further_count = 1,
                                    .outside = said};

static hr_status learn(hr_trained trained[TARGETS], hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = &hr_outside_method_of_any_name;
  hr_learner *learner = NULL;
  HR_TRY(type->begin(&study, NULL, &learner, err));
  assert_true(type->is_trained(learner));
  HR_TRY(type->finish(learner, trained, err));
cleanup:
  type->destroy(&learner);
  return status;
}

static void it_says_what_its_file_says(void **state) {
  (void)state;
  hr_error err;
  hr_trained trained[TARGETS] = {{.model = NULL}};
  const uint32_t rows[] = {0, 1};
  const float noisy[2 * 3] = {0};
  check_ok(learn(trained, &err));
  for (size_t t = 0; t < TARGETS; t++) {
    float mean[2] = {7, 7};
    double variance[2] = {7, 7};
    const hr_spectra spectra = {.first_row = 2, .rows = 2, .pixels = 3, .noisy = noisy};
    const hr_request request = {.model = trained[t].model,
                                .row = rows,
                                .count = 2,
                                .variants = 1,
                                .mean = mean,
                                .variance = variance};
    assert_int_equal(trained[t].fit.status, HR_FIT_OK);
    assert_int_equal(trained[t].fit.slot, HR_GLOBAL);
    assert_true(isnan(trained[t].fit.cv_r2[0]));
    check_ok(hr_models_predict(&spectra, &request, 1, &err));
    assert_true(t == 1 ? mean[0] == 30 : isnan(mean[0]) != 0);
    check_near(mean[1], t == 1 ? 40 : 4, 0);
    assert_true(isnan(variance[0]) && isnan(variance[1]));
  }
  for (size_t t = 0; t < TARGETS; t++) hr_trained_fini(&trained[t]);
}

static hr_status learn_and_forget(void) {
  hr_trained trained[TARGETS] = {{.model = NULL}};
  hr_status status = learn(trained, NULL);
  for (size_t t = 0; t < TARGETS; t++) hr_trained_fini(&trained[t]);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(learn_and_forget());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_checked),
      cmocka_unit_test(a_table_is_made_for_a_name),
      cmocka_unit_test(fields_belong_to_one_kind),
      cmocka_unit_test(it_says_what_its_file_says),
      cmocka_unit_test(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
