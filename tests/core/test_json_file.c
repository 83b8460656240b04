#include "core/json_file.h"

#include "core/file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch s;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_status write_some(void) {
  hr_json_builder builder = {0};
  json_t *root = json_object();
  hr_json_put_number(&builder, root, "r2", 0.1);
  hr_json_put_number(&builder, root, "none", (double)NAN);
  hr_json_put_count(&builder, root, "rows", 12);
  hr_json_put_text(&builder, root, "name", "Mid Poor");
  hr_status status =
      hr_json_file_write(&builder, root, s.path, "a.json", hr_file_write, NULL);
  json_decref(root);
  return status;
}

static void test_what_is_written_is_read(void **state) {
  (void)state;
  hr_error err = {0};
  json_t *root = NULL;
  assert_int_equal(write_some(), HR_OK);
  check_ok(hr_json_file_look(s.path, "a.json", &root, &err));
  check_near(hr_json_number(root, "r2", 7), 0.1, 0);
  assert_true(isnan(hr_json_number(root, "none", 7)));
  assert_int_equal(hr_json_count(root, "rows", 7), 12);
  assert_string_equal(hr_json_string(root, "name", "x"), "Mid Poor");
  json_decref(root);
}

/* Another version's file: a member that is missing, or of another type. */
static void test_other_members_are_the_callers(void **state) {
  (void)state;
  scratch_write(&s, "a.json", "{\"text\": \"1\", \"number\": -3, \"list\": []}");
  json_t *root = hr_json_file_read(s.path, "a.json");
  assert_non_null(root);
  check_near(hr_json_number(root, "absent", 7), 7, 0);
  check_near(hr_json_number(root, "text", 7), 7, 0);
  assert_int_equal(hr_json_count(root, "absent", 7), 7);
  assert_int_equal(hr_json_count(root, "number", 7), 7); /* no count is negative */
  assert_int_equal(hr_json_count(root, "text", 7), 7);
  assert_string_equal(hr_json_string(root, "absent", "x"), "x");
  assert_string_equal(hr_json_string(root, "list", "x"), "x");
  assert_null(hr_json_string(root, "list", NULL));
  json_decref(root);
}

/* No file, no JSON, no object: none of them is a failure. */
static void test_files_that_are_no_objects(void **state) {
  (void)state;
  static const char *const texts[] = {"", "{", "[1, 2]", "3", "{\"a\": 1, \"a\": 2}"};
  hr_error err = {0};
  json_t *root = NULL;
  check_ok(hr_json_file_look(s.path, "absent.json", &root, &err));
  assert_null(root);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    scratch_write(&s, "a.json", texts[i]);
    check_ok(hr_json_file_look(s.path, "a.json", &root, &err));
    assert_null(root);
    assert_null(hr_json_file_read(s.path, "a.json"));
  }
}

static void test_texts_that_are_not_utf8(void **state) {
  (void)state;
  json_t *sound = hr_json_text("caf\u00E9"), *other = hr_json_text("caf\xE9/\xFF.h5");
  assert_string_equal(json_string_value(sound), "caf\u00E9");
  assert_string_equal(json_string_value(other), "caf?/?.h5");
  json_decref(sound);
  json_decref(other);
}

static hr_status look_again(void) {
  json_t *root = NULL;
  hr_status status = hr_json_file_look(s.path, "a.json", &root, NULL);
  if (status == HR_OK) assert_non_null(root); /* not taken for one that is not there */
  json_decref(root);
  return status;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  assert_int_equal(write_some(), HR_OK);
  check_alloc_failures(write_some());
  check_alloc_failures(look_again());
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_what_is_written_is_read),   TEST(test_other_members_are_the_callers),
      TEST(test_files_that_are_no_objects), TEST(test_texts_that_are_not_utf8),
      TEST(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
