/* A model from elsewhere: what it may be called, and that it says what its file says. */
#include "methods/outside/outside.h"

#include <math.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/onnx_network.h"

static void names_are_checked(void **state) {
  (void)state;
  static const char *const good[] = {"cat", "my_model_2", "a", "sigma",
                                     "abcdefghijklmnopqrstuvwxyzabcde"};
  static const char *const bad[] = {
      "",        "2vit",    "ViT",     "vi t",
      "cat-2",   "_vit",    "hybrid",  "global",
      "oracle",  "placebo", "leakage", "abcdefghijklmnopqrstuvwxyzabcdef",
      "gates",   "sigma_a", "global_", "hybrid_1",
      "oracle_b"};
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
  check_ok(hr_outside_method_create("cat", false, &made, &err));
  assert_string_equal(made->method.name, "cat");
  assert_string_equal(made->method.title, "cat");
  check_ok(hr_outside_method_set_title(made, "A ViT", &err));
  assert_string_equal(made->method.title, "A ViT");
  assert_true(hr_method_is_outside(&made->method));
  assert_false(hr_method_is_outside(hr_method_find("ridge")));
  assert_null(hr_method_find("net"));
  assert_null(made->method.available);
  hr_free(made);
  check_ok(hr_outside_method_create("net", true, &made, &err));
  assert_true(hr_method_is_outside(&made->method));
  if (onnx_is_left_out()) {
    assert_int_equal(made->method.available(&err), HR_ERR_MISSING);
  } else {
    check_ok(made->method.available(&err));
  }
  hr_free(made);
}

/* Whatever the program calls models, in any case; titles of one's own are free. */
static void titles_of_the_program_are_taken(void **state) {
  (void)state;
  static const char *const taken[] = {"Oracle-Hybrid",
                                      "oracle-hybrid (test)",
                                      " Ridge-Oracle ",
                                      "ViT-Oracle (test)",
                                      "GLOBAL ridge",
                                      "Hybrid",
                                      "Hybrid, Bayes gate",
                                      "Posterior mean, MLP gate, hard",
                                      "Best single model",
                                      "posterior ceiling",
                                      "全局 ViT",
                                      "混合专家（完美路由）",
                                      "ViT（完美路由，按测试行选择）",
                                      "ViT（贝叶斯门控）"};
  static const char *const own[] = {"ViT",
                                    "Oracle of Delphi",
                                    "Globalised",
                                    "Hybrid CNN",
                                    "a gatekeeper",
                                    "My baseline",
                                    "测试模型",
                                    "test",
                                    ""};
  for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
    if (!hr_outside_title_is_taken(taken[i])) print_error("%s is not taken\n", taken[i]);
    assert_true(hr_outside_title_is_taken(taken[i]));
  }
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    assert_false(hr_outside_title_is_taken(own[i]));
  }
}

static void check_fields(bool is_run, const char *const *names, size_t count) {
  hr_error err;
  hr_outside_method *made = NULL;
  check_ok(hr_outside_method_create("net", is_run, &made, &err));
  assert_int_equal(made->method.field_count, count);
  for (size_t i = 0; i < count; i++) {
    const hr_field *field = &made->method.fields[i];
    bool is_path = strcmp(names[i], is_run ? "onnx" : "predictions") == 0 ||
                   strcmp(names[i], "validation") == 0;
    assert_string_equal(field->name, names[i]);
    assert_int_equal(field->is_path, is_path);
  }
  hr_free(made);
}

static void fields_belong_to_one_kind(void **state) {
  (void)state;
  static const char *const told[] = {"predictions", "column", "id",   "validation",
                                     "sigma",       "bins",   "title"};
  static const char *const run[] = {"id",   "validation", "sigma",  "bins", "title",
                                    "onnx", "input",      "output", "scale"};
  check_fields(false, told, 7);
  check_fields(true, run, 9);
}

enum { ROWS = 4, TARGETS = 2 };
static double said[TARGETS * ROWS] = {1, 2, (double)NAN, 4, 10, 20, 30, 40};
static hr_outside_rows rows_said = {.prediction = said, .asked = ROWS};
static const hr_further_target further = {"T_eff", NULL};
static const hr_study_view study = {.pixels = 3,
                                    .test_rows = ROWS,
                                    .further = &further,
                                    .further_count = 1,
                                    .outside = &rows_said};

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

/* Two bins of 30 training rows, and 10 in none; y = row, off by 1 and in bin 1 by 2. */
enum { TRAIN = 70, BINS = 2 };
static double train_y[TRAIN], out_of_fold[TRAIN];
static int32_t train_bin[TRAIN];

static hr_study_view study_of_bins(hr_outside_rows *rows) {
  hr_study_view view = {
      .pixels = 3, .test_rows = ROWS, .bin_count = BINS, .outside = rows};
  for (size_t i = 0; i < TRAIN; i++) {
    train_y[i] = (double)i;
    train_bin[i] = i < 30 ? 0 : i < 60 ? 1 : HR_UNCOVERED;
    out_of_fold[i] = (double)i + (i % 2 ? 1 : -1) * (i < 30 ? 1 : 2);
  }
  view.train = (hr_split_view){.rows = TRAIN, .target = train_y, .bin = train_bin};
  *rows = (hr_outside_rows){.prediction = said, .validation = out_of_fold, .asked = ROWS};
  return view;
}

static void learn_bins(const hr_study_view *view, const hr_outside_parameters *p,
                       hr_trained trained[BINS]) {
  hr_error err;
  const hr_method *type = &hr_outside_method_of_any_name;
  hr_learner *learner = NULL;
  check_ok(type->begin(view, p, &learner, &err));
  check_ok(type->finish(learner, trained, &err));
  type->destroy(&learner);
}

static void fini_bins(hr_trained trained[BINS]) {
  for (size_t k = 0; k < BINS; k++) hr_trained_fini(&trained[k]);
}

/* 30 numbers in a row have squares of 30 (30^2 - 1) / 12 about their mean. */
static void its_predictions_out_of_fold_validate_it(void **state) {
  (void)state;
  double bins[] = {1, 0};
  hr_outside_rows rows;
  hr_trained trained[BINS] = {{.model = NULL}};
  hr_study_view view = study_of_bins(&rows);
  const hr_outside_parameters both = {.bins = {bins, 2}}, one = {.bins = {bins, 1}};
  learn_bins(&view, &both, trained);
  check_near(trained[0].fit.cv_r2[0], 1 - 30 * 12 / (30.0 * 899), 1e-14);
  check_near(trained[1].fit.cv_r2[0], 1 - 4 * 30 * 12 / (30.0 * 899), 1e-14);
  assert_int_equal(trained[1].fit.slot, 1);
  assert_int_equal(trained[1].fit.validated_rows, 0); /* all of them */
  assert_string_equal(trained[1].fit.note,
                      "trained elsewhere, and validated by its predictions of 30 of 30 "
                      "training rows, out of fold by the word of who made them");
  fini_bins(trained);
  for (size_t i = 30; i < 39; i++) out_of_fold[i] = (double)NAN;
  learn_bins(&view, &one, trained);
  assert_int_equal(trained[0].fit.status, HR_FIT_SKIPPED);
  assert_int_equal(trained[0].fit.reason, HR_REASON_NOT_ASKED_FOR);
  assert_null(trained[0].model);
  assert_int_equal(trained[1].fit.validated_rows, 21);
  check_near(trained[1].fit.cv_r2[0], 1 - 4 * 21 * 12 / (21.0 * 440), 1e-14);
  fini_bins(trained);
  for (size_t i = 39; i < 41; i++) out_of_fold[i] = (double)NAN;
  learn_bins(&view, &one, trained);
  assert_true(isnan(trained[1].fit.cv_r2[0]));
  assert_string_equal(trained[1].fit.note,
                      "trained elsewhere, and not validated: 19 of 30 training rows have "
                      "a prediction out of fold, at least 20 are needed");
  fini_bins(trained);
}

/* Of all rows those in no bin count, too. */
static void a_model_of_all_rows_is_validated_on_all(void **state) {
  (void)state;
  hr_outside_rows rows;
  hr_trained trained[BINS] = {{.model = NULL}};
  hr_study_view view = study_of_bins(&rows);
  learn_bins(&view, NULL, trained);
  assert_int_equal(trained[0].fit.slot, HR_GLOBAL);
  check_near(trained[0].fit.cv_r2[0], 1 - (30 + 4 * 40) * 12 / (70.0 * (70.0 * 70 - 1)),
             1e-14);
  fini_bins(trained);
}

static void it_states_a_sigma(void **state) {
  (void)state;
  hr_error err;
  double sigma[ROWS] = {0.5, 3, (double)NAN, 1}, variance[ROWS] = {7, 7, 7, 7};
  float mean[ROWS] = {0};
  const uint32_t asked[] = {0, 1, 2, 3};
  const float noisy[ROWS * 3] = {0};
  hr_outside_rows rows;
  hr_trained trained[BINS] = {{.model = NULL}};
  hr_study_view view = study_of_bins(&rows);
  rows.sigma = sigma;
  learn_bins(&view, NULL, trained);
  assert_true(trained[0].model->type->states_sigma);
  assert_false(trained[0].model->type->knows_variance);
  const hr_spectra spectra = {.rows = ROWS, .pixels = 3, .noisy = noisy};
  const hr_request request = {.model = trained[0].model,
                              .row = asked,
                              .count = ROWS,
                              .variants = 1,
                              .mean = mean,
                              .variance = variance};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  check_near(variance[0], 0.25, 0);
  check_near(variance[1], 9, 0);
  assert_true(isnan(variance[2]));
  check_near(mean[3], 4, 0);
  fini_bins(trained);
}

static void bins_say_what_it_is_for(void **state) {
  (void)state;
  hr_error err;
  hr_outside_method *made = NULL;
  double bins[] = {3, 0};
  const hr_outside_parameters some = {.bins = {bins, 2}}, none = {.bins = {NULL, 0}};
  assert_true(hr_outside_is_for(&some, 3) && hr_outside_is_for(&some, 0));
  assert_false(hr_outside_is_for(&some, 1) || hr_outside_is_for(&some, HR_GLOBAL));
  assert_true(hr_outside_is_for(&none, HR_GLOBAL) && hr_outside_is_for(NULL, HR_GLOBAL));
  assert_false(hr_outside_is_for(&none, 0));
  check_ok(hr_outside_method_create("cat", false, &made, &err));
  assert_int_equal(hr_method_slots(&made->method, NULL, 9), 1);
  hr_outside_method_set_bins(made, true);
  assert_int_equal(hr_method_slots(&made->method, NULL, 9), 9);
  assert_int_equal(hr_method_slot(&made->method, 9, 8), 8);
  hr_free(made);
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
      cmocka_unit_test(titles_of_the_program_are_taken),
      cmocka_unit_test(a_table_is_made_for_a_name),
      cmocka_unit_test(fields_belong_to_one_kind),
      cmocka_unit_test(it_says_what_its_file_says),
      cmocka_unit_test(its_predictions_out_of_fold_validate_it),
      cmocka_unit_test(a_model_of_all_rows_is_validated_on_all),
      cmocka_unit_test(it_states_a_sigma),
      cmocka_unit_test(bins_say_what_it_is_for),
      cmocka_unit_test(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
