/* Methods and experts by name, from results.json as it is written. */
#include "report/methods.h"

#include <string.h>

#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_reader reader;
static char path[128];

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  fixture_add_controls(&f, 0.6);
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/results.json", s.path);
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static void check_listed(const char *name, hr_listed_kind kind, const char *title,
                         const char *expert, bool by_test) {
  hr_listed found = hr_listed_of(&reader, name);
  assert_int_equal(found.kind, kind);
  assert_string_equal(found.name, name);
  assert_string_equal(found.title, title);
  assert_string_equal(found.expert, expert);
  assert_int_equal(found.by_test, by_test);
}

static void names_stand_for_what_the_list_says(void **state) {
  (void)state;
  check_listed("global_ridge", HR_LISTED_GLOBAL, "Global Ridge", "ridge", false);
  check_listed("ridge_oracle", HR_LISTED_ORACLE, "Ridge-Oracle", "ridge", false);
  check_listed("forest_oracle_test", HR_LISTED_ORACLE, "Forest-Oracle (test)", "forest",
               true);
  check_listed("oracle_hybrid_cv", HR_LISTED_HYBRID, "Oracle-Hybrid", "", false);
  check_listed("oracle_hybrid_test", HR_LISTED_HYBRID, "Oracle-Hybrid (test)", "", true);
  check_listed("leakage", HR_LISTED_CONTROL, "Error alone", "", false);
  check_listed("forest", HR_LISTED_EXPERT, "Forest", "forest", false);
  check_listed("vit", HR_LISTED_UNKNOWN, "vit", "", false);
}

static void methods_are_found_by_what_they_are(void **state) {
  (void)state;
  assert_string_equal(hr_listed_find(&reader, HR_LISTED_ORACLE, "forest", false),
                      "forest_oracle");
  assert_string_equal(hr_listed_find(&reader, HR_LISTED_HYBRID, "", true),
                      "oracle_hybrid_test");
  assert_null(hr_listed_find(&reader, HR_LISTED_ORACLE, "vit", false));
  assert_int_equal(hr_expert_place(&reader, "forest"), 1);
  assert_int_equal(hr_expert_place(&reader, "vit"), 0);
}

static void results_of_earlier_versions_have_no_list(void **state) {
  (void)state;
  hr_text title;
  hr_text_init(&title);
  json_object_del(reader.root, "methods");
  check_listed("ridge_oracle", HR_LISTED_UNKNOWN, "ridge_oracle", "", false);
  check_listed("ridge", HR_LISTED_EXPERT, "Ridge", "ridge", false);
  assert_null(hr_listed_find(&reader, HR_LISTED_HYBRID, "", false));
  hr_append_method_title(&reader, "ridge_oracle", &title);
  assert_string_equal(title.bytes, "ridge_oracle");
  check_ok(hr_reader_status(&reader, &err));
  hr_text_fini(&title);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

static void check_title(const char *name, const char *title) {
  hr_text text;
  hr_text_init(&text);
  hr_append_method_title(&reader, name, &text);
  assert_string_equal(text.bytes, title);
  hr_text_fini(&text);
}

/* Marks of Markdown in a title are letters. */
static void titles_for_markdown(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  json_t *forest = json_array_get(json_object_get(reader.root, "experts"), 1);
  json_object_set_new(forest, "title", json_string("*a|b*"));
  hr_append_method_markdown(&reader, "forest", &text);
  hr_append_method_markdown(&reader, "ridge", &text);
  assert_string_equal(text.bytes, "\\*a\\|b\\*Ridge");
  hr_text_fini(&text);
}

static void read_again(const char *language) {
  hr_reader_fini(&reader);
  f.input.language = language;
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
}

/* Proper names stay; what a method is, is said. */
static void titles_are_in_the_language_of_the_report(void **state) {
  (void)state;
  check_title("oracle_hybrid_test", "Oracle-Hybrid (test)");
  read_again("zh");
  check_title("global_ridge", "全局 Ridge");
  check_title("ridge_oracle", "Ridge（完美路由）");
  check_title("forest_oracle_test", "Forest（完美路由，按测试行选择）");
  check_title("oracle_hybrid_cv", "混合专家（完美路由）");
  check_title("oracle_hybrid_test", "混合专家（完美路由，按测试行选择）");
  check_title("placebo", "安慰剂对照");
  check_title("leakage", "仅用误差");
  check_title("forest", "Forest");
  check_title("vit", "vit");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(names_stand_for_what_the_list_says),
      TEST(titles_are_in_the_language_of_the_report),
      TEST(methods_are_found_by_what_they_are),
      TEST(titles_for_markdown),
      TEST(results_of_earlier_versions_have_no_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
