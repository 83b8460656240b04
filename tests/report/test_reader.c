#include "report/reader.h"

#include "support/scratch.h"

static scratch s;
static hr_reader reader;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

#define HEAD \
  "{\"schema\": \"headroom/results/1\", \"ledger\": {\"ok\": true, \"checks\": []}"

/* Opens results.json with this content. */
static hr_status open_text(const char *text) {
  scratch_write(&s, "results.json", text);
  return hr_reader_init(&reader, s.name, &err);
}

static void check_sentence(const char *sentence) {
  char expected[8192];
  snprintf(expected, sizeof expected, "%s%s", s.name, sentence);
  assert_string_equal(err.message, expected);
}

static void test_values(void **state) {
  (void)state;
  check_ok(open_text(HEAD
                     ", \"a\": {\"n\": 3, \"x\": null, \"t\": \"text\", \"b\": false, "
                     "\"ci\": [0.5, null]}, \"l\": [{\"n\": 1}, {\"n\": 2}]}"));
  hr_node root = hr_reader_root(&reader);
  hr_node a = hr_node_object(&reader, &root, "a");
  check_near(hr_node_number(&reader, &a, "n"), 3, 0);
  assert_true(isnan(hr_node_number(&reader, &a, "x")));
  assert_true(hr_node_is_null(&a, "x"));
  assert_false(hr_node_is_null(&a, "n"));
  assert_false(hr_node_has(&a, "x"));
  assert_false(hr_node_has(&a, "nowhere"));
  assert_true(hr_node_has(&a, "n"));
  assert_string_equal(hr_node_text(&reader, &a, "t"), "text");
  assert_null(hr_node_text_or_null(&reader, &a, "x"));
  assert_false(hr_node_bool(&reader, &a, "b"));
  hr_estimate estimate = hr_node_estimate(&reader, &a, "n", "ci");
  check_near(estimate.low, 0.5, 0);
  assert_true(isnan(estimate.high));
  hr_node list = hr_node_list(&reader, &root, "l");
  assert_int_equal(hr_node_count(&list), 2);
  hr_node item = hr_node_item(&reader, &list, 1);
  check_near(hr_node_number(&reader, &item, "n"), 2, 0);
  check_ok(hr_reader_status(&reader, &err));
}

static void test_a_missing_key_names_its_place(void **state) {
  (void)state;
  check_ok(open_text(HEAD ", \"l\": [{}, {\"a\": {\"n\": \"3\"}}]}"));
  hr_node root = hr_reader_root(&reader);
  hr_node list = hr_node_list(&reader, &root, "l");
  hr_node item = hr_node_item(&reader, &list, 1);
  hr_node a = hr_node_object(&reader, &item, "a");
  assert_true(isnan(hr_node_number(&reader, &a, "n")));
  assert_string_equal(hr_node_text(&reader, &a, "later"), ""); /* the first one is kept */
  assert_int_equal(hr_reader_status(&reader, &err), HR_ERR_FORMAT);
  check_sentence(
      ": l[1].a.n is missing or not a number; run the study again with this "
      "version");
}

static void test_every_kind_is_asked_for(void **state) {
  (void)state;
  static const char *const wanted[] = {"an object", "a list", "a text", "true or false",
                                       "an object"};
  for (size_t i = 0; i < 5; i++) {
    check_ok(open_text(HEAD ", \"l\": [1]}"));
    hr_node root = hr_reader_root(&reader), list = hr_node_list(&reader, &root, "l");
    if (i == 0) (void)hr_node_object(&reader, &root, "x");
    if (i == 1) (void)hr_node_list(&reader, &root, "x");
    if (i == 2) (void)hr_node_text(&reader, &root, "x");
    if (i == 3) (void)hr_node_bool(&reader, &root, "x");
    if (i == 4) (void)hr_node_item(&reader, &list, 0);
    char sentence[256];
    snprintf(sentence, sizeof sentence,
             ": %s is missing or not %s; run the study again with this version",
             i == 4 ? "l[0]" : "x", wanted[i]);
    assert_int_equal(hr_reader_status(&reader, &err), HR_ERR_FORMAT);
    check_sentence(sentence);
    hr_reader_fini(&reader);
  }
}

static void test_files_that_are_not_results(void **state) {
  (void)state;
  assert_int_equal(hr_reader_init(&reader, scratch_name(&s, "none.json"), &err),
                   HR_ERR_MISSING);
  assert_int_equal(open_text("[1]"), HR_ERR_FORMAT);
  check_sentence(" is not the results of a study: not an object");
  assert_int_equal(open_text("{\"a\": 1"), HR_ERR_FORMAT);
  check_sentence(" is not the results of a study: '}' expected near end of file");
  assert_int_equal(open_text("{}"), HR_ERR_FORMAT);
  check_sentence(
      ": schema is missing or not a text; run the study again with this version");
  assert_int_equal(open_text("{\"schema\": \"headroom/results/2\"}"), HR_ERR_FORMAT);
  check_sentence(
      " has the schema 'headroom/results/2'; this version reads "
      "'headroom/results/1'");
  assert_int_equal(open_text("{\"schema\": \"headroom/results/1\"}"), HR_ERR_FORMAT);
  check_sentence(
      ": ledger is missing or not an object; run the study again with this "
      "version");
}

static void test_a_broken_ledger(void **state) {
  (void)state;
  assert_int_equal(open_text("{\"schema\": \"headroom/results/1\", \"ledger\": {\"ok\": "
                             "false, \"checks\": []}}"),
                   HR_ERR_LEDGER);
  check_sentence(
      ": the accounts do not balance at ledger.ok; its numbers are not reported");
  assert_int_equal(open_text("{\"schema\": \"headroom/results/1\", \"ledger\": {\"ok\": "
                             "true, \"checks\": [{\"name\": \"test_rows\", \"ok\": "
                             "false}]}}"),
                   HR_ERR_LEDGER);
  check_sentence(
      ": the accounts do not balance at test_rows; its numbers are not reported");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_values),
      TEST(test_a_missing_key_names_its_place),
      TEST(test_every_kind_is_asked_for),
      TEST(test_files_that_are_not_results),
      TEST(test_a_broken_ledger),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
