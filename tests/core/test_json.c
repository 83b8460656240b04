#include "core/json.h"

#include "support/check.h"

static void test_text_of_every_kind(void **state) {
  (void)state;
  hr_json_builder builder = {0};
  hr_error err;
  hr_text text;
  hr_text_init(&text);
  json_t *root = json_object();
  hr_json_put_number(&builder, root, "r2", 0.1);
  hr_json_put_number(&builder, root, "alpha", 100);
  hr_json_put_number(&builder, root, "nothing", (double)NAN);
  hr_json_put_number(&builder, root, "endless", (double)INFINITY);
  hr_json_put_count(&builder, root, "n", 3);
  hr_json_put_bool(&builder, root, "ok", true);
  hr_json_put_text(&builder, root, "name", "Mid \"Poor\"");
  hr_json_put_text(&builder, root, "absent", NULL);
  hr_json_put_pair(&builder, root, "ci", 0.5, (double)NAN);
  check_ok(hr_json_write(&builder, root, &text, &err));
  assert_string_equal(text.bytes,
                      "{\n"
                      " \"r2\": 0.10000000000000001,\n"
                      " \"alpha\": 100.0,\n"
                      " \"nothing\": null,\n"
                      " \"endless\": null,\n"
                      " \"n\": 3,\n"
                      " \"ok\": true,\n"
                      " \"name\": \"Mid \\\"Poor\\\"\",\n"
                      " \"absent\": null,\n"
                      " \"ci\": [\n"
                      "  0.5,\n"
                      "  null\n"
                      " ]\n"
                      "}\n");
  hr_text_fini(&text);
  json_decref(root);
}

static void test_a_failure_is_kept(void **state) {
  (void)state;
  hr_json_builder builder = {0};
  hr_error err;
  hr_text text;
  hr_text_init(&text);
  json_t *root = json_object();
  hr_json_put_text(&builder, root, "name", "\xff");
  hr_json_put_text(&builder, root, "other", "fine");
  hr_json_append(&builder, hr_json_put(&builder, root, "list", json_array()), NULL);
  check_fails(hr_json_write(&builder, root, &text, &err), HR_ERR_DATA,
              "the results cannot be written as JSON: a name is not valid UTF-8, or "
              "memory ran out");
  hr_text_fini(&text);
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_of_every_kind),
      cmocka_unit_test(test_a_failure_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
