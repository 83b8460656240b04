/* The values, settings and folders of a sweep's points. */
#include "sweep/points.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static hr_study_options study;
static hr_sweep_options options;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  study = hr_study_options_default();
  options = hr_sweep_options_default();
  options.study = &study;
  options.key = "noise.level";
  static const char *const texts_1[] = {"1", "2"};
  options.values = texts_1;
  options.value_count = 2;
  return 0;
}

static void check_refused(const char *sentence) {
  check_fails(hr_sweep_check_values(&options, &err), HR_ERR_USAGE, sentence);
}

static void numbers_are_what_they_come_to(void **state) {
  (void)state;
  assert_true(hr_sweep_same_value("1000", "1e3"));
  assert_true(hr_sweep_same_value("stored", "stored"));
  assert_false(hr_sweep_same_value("[1]", "[1, 2]"));
}

static void a_key_and_several_values_are_needed(void **state) {
  (void)state;
  static const char none[] =
      "the key of a sweep is ''; give one with dots, such as data.rows";
  check_ok(hr_sweep_check_values(&options, &err));
  options.value_count = 1;
  check_refused(
      "a sweep over noise.level needs several values, and has 1; give two or more");
  options.values = NULL;
  check_refused(
      "a sweep over noise.level needs several values, and has 0; give two or more");
  options.key = NULL;
  check_refused(none);
  options.key = "";
  check_refused(none);
  options.key = "a=b";
  check_refused("the key of a sweep is 'a=b'; give one with dots, such as data.rows");
}

static void values_are_there_once(void **state) {
  (void)state;
  static const char *const texts_2[] = {"1", "2", "1.0"};
  options.values = texts_2;
  options.value_count = 3;
  check_refused("the values 1 and 1.0 of noise.level are one; give it once");
}

static void settings_stay_in_order(void **state) {
  (void)state;
  hr_strings own = {0};
  static const char *const texts_3[] = {"selection.folds=3", "ridge.alpha=10"};
  study.settings = texts_3;
  study.setting_count = 2;
  options.place = 1;
  check_ok(hr_sweep_settings(&options, 1, &own, &err));
  assert_int_equal(own.count, 3);
  assert_string_equal(own.items[0], "selection.folds=3");
  assert_string_equal(own.items[1], "noise.level=2");
  assert_string_equal(own.items[2], "ridge.alpha=10");
  hr_strings_fini(&own);
  options.place = 7; /* behind all */
  check_ok(hr_sweep_settings(&options, 0, &own, &err));
  assert_string_equal(own.items[2], "noise.level=1");
  hr_strings_fini(&own);
}

/* A path cannot be one folder's name. */
static void folders_have_no_slashes(void **state) {
  (void)state;
  static const char *const names[][2] = {{"5000", "data.test=5000"},
                                         {"a/b.h5", "data.test=a%2Fb.h5"},
                                         {"100%.h5", "data.test=100%25.h5"},
                                         {"a\x01", "data.test=a%01"}};
  hr_text name;
  hr_text_init(&name);
  for (size_t i = 0; i < 4; i++) {
    hr_sweep_append_folder("data.test", names[i][0], &name);
    assert_string_equal(name.bytes, names[i][1]);
    hr_text_fini(&name);
  }
}

static hr_status list_and_free(void) {
  hr_strings own = {0};
  hr_status status = hr_sweep_settings(&options, 1, &own, &err);
  hr_strings_fini(&own);
  return status;
}

static void memory_may_end(void **state) {
  (void)state;
  static const char *const texts_4[] = {"ridge.alpha=10"};
  study.settings = texts_4;
  study.setting_count = 1;
  check_alloc_failures(list_and_free());
}

#define TEST(name) cmocka_unit_test_setup(name, prepare)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(numbers_are_what_they_come_to), TEST(a_key_and_several_values_are_needed),
      TEST(values_are_there_once),         TEST(settings_stay_in_order),
      TEST(folders_have_no_slashes),       TEST(memory_may_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
