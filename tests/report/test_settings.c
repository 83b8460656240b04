/* Every expert in a sentence, with its settings, out of results.json. */
#include "report/settings.h"

#include "methods/ridge/ridge.h"
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

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)
  const struct CMUnitTest tests[] = {
      TEST(nothing_is_told_of_what_is_not_known),
      TEST(an_expert_is_a_sentence_and_its_settings),
      TEST(in_chinese),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
