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

static void *no_memory(size_t size) {
  (void)size;
  return NULL;
}

/* Jansson says nothing of memory; a text that is cut short is no lack of it. */
static void test_memory_runs_out_while_reading(void **state) {
  (void)state;
  static const char text[] = "{\"name\": \"Mid Poor\"}";
  hr_error err = {0};
  json_error_t reason;
  json_t *root = NULL;
  json_malloc_t usual_malloc = NULL;
  json_free_t usual_free = NULL;
  json_get_alloc_funcs(&usual_malloc, &usual_free);
  json_set_alloc_funcs(no_memory, usual_free);
  hr_status status = hr_json_parse(text, strlen(text), "a.json", &root, &reason, &err);
  json_set_alloc_funcs(usual_malloc, usual_free);
  check_fails(status, HR_ERR_MEMORY, "no memory to read a.json");
  assert_null(root);
  check_ok(hr_json_parse(text, strlen(text) - 1, "a.json", &root, &reason, &err));
  assert_null(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_of_every_kind),
      cmocka_unit_test(test_a_failure_is_kept),
      cmocka_unit_test(test_memory_runs_out_while_reading),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
