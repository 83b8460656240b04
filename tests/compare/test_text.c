/* What a comparison says, in both languages and as JSON. */
#include "compare/text.h"

#include <jansson.h>

#include "compare/compared.h"
#include "support/fail_alloc.h"

static compared k;
static char *told; /* the last text that was */
static hr_error err;

static int prepare(void **state) {
  (void)state;
  compared_init(&k, "en");
  return 0;
}

static int prepare_chinese(void **state) {
  (void)state;
  compared_init(&k, "zh");
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_text_free(told);
  told = NULL;
  compared_fini(&k);
  return 0;
}

static void tell(hr_comparison_format format) {
  hr_text_free(told);
  told = NULL;
  check_ok(hr_comparison_text(k.comparison, format, &told, &err));
}

static void check_holds(hr_comparison_format format, const char *const *parts,
                        size_t count) {
  tell(format);
  for (size_t i = 0; i < count; i++) {
    if (!strstr(told, parts[i])) print_message("%s\n  is not in\n%s\n", parts[i], told);
    assert_non_null(strstr(told, parts[i]));
  }
}

#define CHECK_HOLDS(format, ...)                                     \
  do {                                                               \
    const char *const parts_[] = {__VA_ARGS__};                      \
    check_holds((format), parts_, sizeof parts_ / sizeof parts_[0]); \
  } while (0)

static void a_terminal_gets_sentences_and_tables(void **state) {
  (void)state;
  CHECK_HOLDS(HR_COMPARISON_TEXT,
              "log_g of 240 test stars that are in all runs, found by gaia_id. Of them "
              "206 are in "
              "a bin, and",
              "With perfect routing, B is above A: R² 0.9", "(Oracle-Hybrid) against 0.",
              "By its best single model, B ",
              "The ladders side by side, 206 covered rows", "B − A",
              "What differs in configuration and data", "data.folds");
}

static void a_page_has_the_same(void **state) {
  (void)state;
  CHECK_HOLDS(HR_COMPARISON_MARKDOWN, "# Comparison of runs\n",
              "With perfect routing, B is above A: R² 0.9", "| hybrid, perfect routing |",
              "| data.folds | 5 | 10 |");
}

static void chinese_runs_are_told_in_chinese(void **state) {
  (void)state;
  CHECK_HOLDS(HR_COMPARISON_MARKDOWN, "# 运行比较\n",
              "log_g：各运行共有 240 颗测试恒星，按 gaia_id 匹配。其中 206 "
              "行在每次运行中都在分箱之内且有预测。",
              "完美路由时，B 高于 A：R² 0.9", "| 梯级 |");
}

/* Rows that run alone, and rows that some run lacks. */
static void rows_that_are_left_out_are_told(void **state) {
  (void)state;
  compared_fini(&k);
  two_runs_init(&k.runs);
  for (size_t i = 0; i < 10; i++) k.runs.id[1][i] += 1000;
  k.runs.f[1].forest_own[fixture_row(&k.runs.f[1], 0, 20)] = (float)NAN;
  for (size_t r = 0; r < 2; r++) two_runs_write(&k.runs, r);
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[1].path};
  check_ok(hr_compare(dirs, 2, NULL, &k.comparison, &err));
  CHECK_HOLDS(HR_COMPARISON_MARKDOWN,
              "log_g of 230 test stars that are in all runs, found by gaia_id; A has 10 "
              "more, not used; "
              "B has 10 more, not used.",
              " 1 lack a prediction of some run and are in no score.",
              "Nothing differs in configuration and data.");
}

static void json_has_every_number(void **state) {
  (void)state;
  tell(HR_COMPARISON_JSON);
  json_t *root = json_loads(told, 0, NULL);
  assert_non_null(root);
  assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
  assert_string_equal(json_string_value(json_object_get(root, "target")), "log_g");
  assert_string_equal(json_string_value(json_object_get(root, "joined_by")), "gaia_id");
  assert_int_equal(json_integer_value(json_object_get(root, "common_rows")), 240);
  assert_int_equal(json_integer_value(json_object_get(root, "covered")), 206);
  const json_t *methods = json_object_get(root, "methods");
  assert_int_equal(json_array_size(methods), k.comparison->methods.count);
  for (size_t i = 0; i < json_array_size(methods); i++) {
    const json_t *own =
        json_array_get(json_object_get(json_array_get(methods, i), "runs"), 1);
    const hr_compared *wanted = &k.comparison->methods.items[i].of[1];
    check_near(json_number_value(json_object_get(own, "r2")), wanted->r2.value, 0);
    check_near(json_number_value(json_object_get(own, "delta_r2")), wanted->delta.value,
               0);
  }
  assert_int_equal(json_array_size(json_object_get(root, "octiles")), HR_SNR_OCTILES);
  assert_int_equal(json_array_size(json_object_get(root, "settings")), 1);
  json_decref(root);
}

static hr_status tell_again(void) {
  hr_text_free(told);
  told = NULL;
  return hr_comparison_text(k.comparison, HR_COMPARISON_TEXT, &told, &err);
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(tell_again());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_terminal_gets_sentences_and_tables, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_page_has_the_same, prepare, tidy),
      cmocka_unit_test_setup_teardown(chinese_runs_are_told_in_chinese, prepare_chinese,
                                      tidy),
      cmocka_unit_test_setup_teardown(rows_that_are_left_out_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(json_has_every_number, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
