/* Which setting is swept, and what its values are. */
#include "cli/sweep_values.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static hr_strings settings;
static hr_sweep_values values;
static hr_error err;

static int tidy(void **state) {
  (void)state;
  hr_strings_fini(&settings);
  hr_sweep_values_fini(&values);
  return 0;
}

static void give(const char *setting) {
  check_ok(hr_strings_append(&settings, setting, &err));
}

static void check_values(const char *const *expected, size_t count) {
  check_ok(hr_sweep_values_read(&settings, &values, &err));
  assert_int_equal(values.values.count, count);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(values.values.items[i], expected[i]);
  }
}

static void check_refused(const char *sentence) {
  check_fails(hr_sweep_values_read(&settings, &values, &err), HR_ERR_USAGE, sentence);
}

static void commas_part_values(void **state) {
  (void)state;
  give("data.rows=1000, 5000 ,20000");
  check_values((const char *[]){"1000", "5000", "20000"}, 3);
  assert_string_equal(values.key, "data.rows");
  assert_int_equal(values.others.count, 0);
}

static void commas_in_brackets_do_not(void **state) {
  (void)state;
  give("data.target=[log_g, T_eff]");
  give("a.b=[1, [2, 3]],{c: 1, d: 2},'x, y',\"z],\"");
  check_values((const char *[]){"[1, [2, 3]]", "{c: 1, d: 2}", "'x, y'", "\"z],\""}, 4);
  assert_string_equal(values.others.items[0], "data.target=[log_g, T_eff]");
}

static void settings_stay_in_order(void **state) {
  (void)state;
  give("selection.folds=3");
  give("noise.level=1,2");
  give("ridge.alpha=10");
  check_ok(hr_sweep_values_read(&settings, &values, &err));
  assert_int_equal(values.others.count, 2);
  assert_string_equal(values.others.items[0], "selection.folds=3");
  assert_string_equal(values.others.items[1], "ridge.alpha=10");
  assert_int_equal(values.place, 1);
}

static void several_values_are_needed(void **state) {
  (void)state;
  give("data.rows=1000");
  check_refused(
      "a sweep needs a setting with several values, such as --set "
      "data.rows=1000,5000,20000");
}

static void one_key_is_swept(void **state) {
  (void)state;
  give("data.rows=1,2");
  give("noise.level=1,2");
  check_refused(
      "--set data.rows=1,2 and --set noise.level=1,2 have several values "
      "each, and a sweep is along one key; give one of them a single value");
}

static void values_are_there(void **state) {
  (void)state;
  static const char *const wrong[] = {"data.rows=1,,2", "data.rows=1, ", "data.rows=,1"};
  for (size_t i = 0; i < 3; i++) {
    char sentence[256];
    give(wrong[i]);
    snprintf(sentence, sizeof sentence,
             "--set %s: a value is empty; write KEY=V1,V2, such as data.rows=1000,5000",
             wrong[i]);
    check_refused(sentence);
    tidy(NULL);
  }
}

static void values_are_there_once(void **state) {
  (void)state;
  give("data.rows=1000,5000,1e3");
  check_refused(
      "--set data.rows=1000,5000,1e3: 1000 and 1e3 are one value; give it once");
  tidy(NULL);
  give("noise.test=stored,stored");
  check_refused(
      "--set noise.test=stored,stored: stored and stored are one value; give "
      "it once");
}

static hr_status read_and_free(void) {
  hr_status status = hr_sweep_values_read(&settings, &values, &err);
  hr_sweep_values_fini(&values);
  return status;
}

static void memory_may_end(void **state) {
  (void)state;
  give("ridge.alpha=10");
  give("data.rows=1000,5000");
  check_alloc_failures(read_and_free());
}

#define TEST(name) cmocka_unit_test_teardown(name, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(commas_part_values),     TEST(commas_in_brackets_do_not),
      TEST(settings_stay_in_order), TEST(several_values_are_needed),
      TEST(one_key_is_swept),       TEST(values_are_there),
      TEST(values_are_there_once),  TEST(memory_may_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
