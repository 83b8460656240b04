/* Every expert in a sentence, with its settings, out of results.json. */
#include "report/settings.h"

#include "methods/ridge/ridge.h"
#include "routing/gate_kinds.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_reader reader;
static hr_text text;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  hr_text_init(&text);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_text_fini(&text);
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static void tell(const char *language) {
  static char path[128];
  hr_error err;
  snprintf(path, sizeof path, "%s/results.json", s.path);
  f.input.language = language;
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  hr_settings_tell(&reader, &text);
  check_ok(hr_reader_status(&reader, &err));
}

static void nothing_is_told_of_what_is_not_known(void **state) {
  (void)state;
  tell("en");
  assert_int_equal(text.length, 0);
  assert_string_equal(hr_settings_find(&reader, "ridge", "alpha"), "");
}

/* Those of the configuration, in its words. */
static void an_expert_is_a_sentence_and_its_settings(void **state) {
  (void)state;
  double values[] = {0.5, 100};
  hr_ridge_parameters ridge = {.alpha = {values, 2}};
  f.outcomes[0].type = &hr_ridge_method;
  f.outcomes[0].parameters = &ridge;
  tell("en");
  assert_string_equal(text.bytes,
                      "What each expert is, and what it was told:\n\n"
                      "- Ridge: linear regression on noisy flux with an L2 penalty α, "
                      "which validation chooses. Settings: `alpha` [0.5, 100].\n\n");
  assert_string_equal(hr_settings_find(&reader, "ridge", "alpha"), "[0.5, 100]");
  assert_string_equal(hr_settings_find(&reader, "ridge", "beta"), "");
}

static void in_chinese(void **state) {
  (void)state;
  hr_ridge_parameters ridge = {.alpha = {NULL, 0}};
  f.outcomes[0].type = &hr_ridge_method;
  f.outcomes[0].parameters = &ridge;
  tell("zh");
  assert_string_equal(
      text.bytes,
      "各专家是什么，以何种设置训练：\n\n"
      "- Ridge：带噪流量上的线性回归，L2 惩罚 α 由验证选定。设置：`alpha` "
      "auto。\n\n");
}

static void a_gate_likewise(void **state) {
  (void)state;
  static double weight[FIXTURE_ROWS * (FIXTURE_BINS + 1)];
  char mixing[] = "fallback";
  const hr_gate_bayes_parameters bayes = {.common = {mixing, 0.4}};
  const hr_gate_kind *kind = &hr_gate_bayes_kind;
  const hr_results_gate gates[] = {
      {.name = "bayes",
       .title = "Bayes gate",
       .mixing = "fallback",
       .temperature = 1,
       .settings = {kind->fields, kind->field_count, &bayes},
       .weight = weight},
      {.name = "logistic", .title = "Logistic gate", .mixing = "soft", .weight = weight}};
  for (size_t i = 0; i < FIXTURE_ROWS; i++) weight[i * (FIXTURE_BINS + 1)] = 1;
  f.input.gates = gates;
  f.input.gate_count = 2; /* of the second the settings are not known */
  tell("en");
  assert_string_equal(
      text.bytes,
      "What each gate is, and what it was told:\n\n"
      "- Bayes gate: the weights of the posterior's templates, summed bin by bin: the "
      "probability of each bin given the spectrum and its errors. Settings: `mixing` "
      "fallback, `fallback_below` 0.4.\n\n");
  hr_text_fini(&text);
  hr_text_init(&text);
  hr_reader_fini(&reader);
  tell("zh");
  assert_string_equal(text.bytes,
                      "各门控是什么，以何种设置训练：\n\n"
                      "- 贝叶斯门控：后验模板的权重按分箱求和，即给定光谱及其误差时各分箱"
                      "的概率。设置：`mixing` fallback，`fallback_below` 0.4。\n\n");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)
  const struct CMUnitTest tests[] = {
      TEST(nothing_is_told_of_what_is_not_known),
      TEST(an_expert_is_a_sentence_and_its_settings),
      TEST(in_chinese),
      TEST(a_gate_likewise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
