#include "methods/cnn/cnn.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/ridge/ridge.h"
#include "support/check.h"

static const hr_method *const *all(size_t *count) {
  const hr_method *const *types = hr_methods(count);
  assert_true(*count > 0);
  return types;
}

/* Tables, figures and folders of tasks follow this order and these names. */
static void test_order(void **state) {
  (void)state;
  static const char *const names[] = {
      "ridge", "ridge_marginal", "posterior", "lightgbm", "cnn", "vit", "line_index"};
  static const char *const titles[] = {"Ridge",       "Marginal Ridge", "Posterior mean",
                                       "LightGBM",    "1D-CNN",         "ViT",
                                       "Line indices"};
  size_t count = 0;
  const hr_method *const *types = all(&count);
  assert_int_equal(count, 7);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(types[i]->name, names[i]);
    assert_string_equal(types[i]->title, titles[i]);
    assert_true(strlen(types[i]->summary) > 0);
  }
}

static void test_find(void **state) {
  (void)state;
  assert_ptr_equal(hr_method_find("ridge"), &hr_ridge_method);
  assert_ptr_equal(hr_method_find("cnn"), &hr_cnn_method);
  assert_null(hr_method_find("Ridge"));
  assert_null(hr_method_find(""));
}

/* A method is built whole or not at all, and knows the kind of its models; it resumes
 * where it can say that it need not see the rows. */
static void test_functions(void **state) {
  (void)state;
  size_t count = 0;
  const hr_method *const *types = all(&count);
  for (size_t i = 0; i < count; i++) {
    const hr_method *type = types[i];
    assert_non_null(type->begin);
    assert_non_null(type->learn);
    assert_non_null(type->finish);
    assert_non_null(type->destroy);
    assert_non_null(type->estimate);
    assert_non_null(type->kind);
    assert_true((type->resume != NULL) == (type->is_trained != NULL));
    assert_true((type->sample != NULL) == (type->sample_rows != NULL));
  }
}

static size_t member_bytes(hr_field_kind kind) {
  switch (kind) {
    case HR_FIELD_NUMBER:
      return sizeof(double);
    case HR_FIELD_INTEGER:
      return sizeof(int64_t);
    case HR_FIELD_BOOL:
      return sizeof(bool);
    case HR_FIELD_TEXT:
      return sizeof(char *);
    case HR_FIELD_NUMBERS:
      return sizeof(hr_numbers);
    case HR_FIELD_TEXTS:
      return sizeof(hr_strings);
  }
  return SIZE_MAX;
}

static void check_field(const hr_method *type, size_t i) {
  const hr_field *field = &type->fields[i];
  assert_true(strlen(field->name) > 0);
  assert_true(strlen(field->help) > 0);
  assert_true(field->offset + member_bytes(field->kind) <= type->parameters_size);
  /* An expert given by its name alone takes defaults. */
  assert_non_null(field->default_text);
  bool is_number = field->kind == HR_FIELD_NUMBER || field->kind == HR_FIELD_INTEGER ||
                   field->kind == HR_FIELD_NUMBERS;
  if (is_number) assert_true(field->minimum < field->maximum);
  for (size_t j = 0; j < i; j++) {
    const hr_field *before = &type->fields[j];
    assert_true(before->offset + member_bytes(before->kind) <= field->offset);
  }
  /* No name or alias finds another field. */
  assert_ptr_equal(hr_fields_find(type->fields, type->field_count, field->name), field);
  if (field->alias) {
    assert_ptr_equal(hr_fields_find(type->fields, type->field_count, field->alias),
                     field);
  }
}

static void test_fields(void **state) {
  (void)state;
  size_t count = 0;
  const hr_method *const *types = all(&count);
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < types[i]->field_count; j++) check_field(types[i], j);
  }
}

/* Both of LightGBM's spellings, and the experiment's own numbers. */
static void test_lightgbm_spellings(void **state) {
  (void)state;
  static const char *const rows[][3] = {
      {"n_estimators", "num_iterations", "500"},
      {"max_depth", "max_depth", "5"},
      {"learning_rate", "shrinkage_rate", "0.05"},
      {"num_leaves", "max_leaves", "20"},
      {"feature_fraction", "colsample_bytree", "0.3"},
      {"bagging_fraction", "subsample", "0.7"},
      {"bagging_freq", "subsample_freq", "1"},
      {"min_child_samples", "min_data_in_leaf", "50"},
      {"reg_alpha", "lambda_l1", "1.0"},
      {"reg_lambda", "lambda_l2", "1.0"},
      {"max_bin", "max_bins", "255"},
      {"quantized", "use_quantized_grad", "false"},
      {"subsample_for_bin", "bin_construct_sample_cnt", "2000"},
      {"folds", "folds", "1"},
      {"time_limit", "time_limit", "0"},
      {"device", "device_type", "auto"},
      {"global", "global", "false"},
      {"global_rows", "global_rows", "0"}};
  const hr_method *type = hr_method_find("lightgbm");
  assert_int_equal(type->field_count, sizeof rows / sizeof rows[0]);
  for (size_t i = 0; i < type->field_count; i++) {
    const hr_field *field = hr_fields_find(type->fields, type->field_count, rows[i][0]);
    assert_non_null(field);
    assert_ptr_equal(hr_fields_find(type->fields, type->field_count, rows[i][1]), field);
    assert_string_equal(field->default_text, rows[i][2]);
  }
}

/* A model of all rows is a slot more, where it is asked for. */
static void test_slots(void **state) {
  (void)state;
  hr_lightgbm_parameters trees = {.global = false};
  hr_cnn_parameters network = {.training = {.global = false}};
  assert_int_equal(hr_method_slots(hr_method_find("ridge"), NULL, 9), 10);
  assert_int_equal(hr_method_slots(&hr_lightgbm_method, &trees, 9), 9);
  assert_int_equal(hr_method_slots(&hr_cnn_method, &network, 9), 9);
  assert_int_equal(hr_method_slots(&hr_cnn_method, NULL, 9), 9);
  trees.global = network.training.global = true;
  assert_int_equal(hr_method_slots(&hr_lightgbm_method, &trees, 9), 10);
  assert_int_equal(hr_method_slots(&hr_cnn_method, &network, 9), 10);
  assert_true(hr_method_has_global(&hr_cnn_method, &network));
  assert_int_equal(hr_method_slot(&hr_cnn_method, 9, 9), HR_GLOBAL);
  assert_int_equal(hr_method_slot(&hr_cnn_method, 9, 8), 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_find),
      cmocka_unit_test(test_functions),
      cmocka_unit_test(test_fields),
      cmocka_unit_test(test_lightgbm_spellings),
      cmocka_unit_test(test_slots),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
