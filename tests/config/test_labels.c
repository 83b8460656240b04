/* data.labels: what may stand there, and what becomes of it. */
#include "config/labels.h"

#include "support/config_checks.h"
#include "support/scratch.h"

#define DATA "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, "

static void a_table_is_of_both_sets(void **state) {
  (void)state;
  hr_config *c = accept(DATA "labels: 'cat.fits::STARS', labels_id: gaia}\n");
  assert_true(c->data.share_tables);
  for (size_t set = 0; set < 2; set++) {
    assert_int_equal(c->data.label_tables[set].count, 1);
    assert_string_equal(c->data.label_tables[set].items[0], "/base/cat.fits::STARS");
  }
  assert_string_equal(c->data.labels_id, "gaia");
  assert_string_equal(c->data.unlabelled, "refuse");
  hr_config_destroy(&c);
}

static void sets_have_their_own(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings files = {0};
  hr_config *c = accept(DATA
                        "root: sub, labels: {train: ['{a,b}.h5::/x', /c.csv], test: "
                        "a.h5}, unlabelled: exclude}\n");
  assert_false(c->data.share_tables);
  assert_int_equal(c->data.label_tables[0].count, 3);
  assert_string_equal(c->data.label_tables[0].items[1], "/base/sub/b.h5::/x");
  assert_string_equal(c->data.label_tables[0].items[2], "/c.csv");
  assert_int_equal(c->data.label_tables[1].count, 1);
  check_ok(hr_config_label_files(c, &files, &err));
  assert_int_equal(files.count, 3);
  assert_string_equal(files.items[0], "/base/sub/a.h5");
  assert_string_equal(files.items[2], "/c.csv");
  hr_strings_fini(&files);
  hr_config_destroy(&c);
}

static void what_is_written_reads_as_the_same(void **state) {
  (void)state;
  hr_config *c = accept(DATA "labels: {test: 'a\\*b.csv::x y'}}\n");
  char *text = written(c);
  assert_non_null(strstr(text, "  labels:\n    test: ['/base/a\\*b.csv::x y']\n"));
  hr_free(text);
  hr_config_destroy(&c);
  check_round_trip(DATA "labels: ['{a,b}.csv', c.fits::2], labels_id: /gaia}\n");
  check_round_trip(DATA "labels: {train: a.csv, test: [b.h5::/x]}}\n");
  check_round_trip(DATA "labels: , unlabelled: exclude}\n");
}

static void other_things_are_refused(void **state) {
  (void)state;
  refuse(
      DATA "labels: cat.fits}\n",
      "s.yaml:2:41: data.labels gives training and test stars the same table; name the "
      "column by which they find theirs as data.labels_id, or give each their own, "
      "{train: FILE, test: FILE}");
  refuse(
      DATA "labels_id: gaia}\n",
      "s.yaml:2:44: data.labels_id joins the tables of data.labels, and there are none; "
      "name them or leave it out");
  refuse(DATA "labels: {tests: a.csv}}\n",
         "s.yaml:2:42: the key 'data.labels.tests' is not known; did you mean 'test'?");
  refuse(
      DATA "labels: {test: [{a: b}]}}\n",
      "s.yaml:2:49: data.labels.test[0] must be a text, not a mapping of keys to values");
}

static void files_have_to_be_there(void **state) {
  (void)state;
  scratch s;
  hr_error err = {0};
  hr_config *c = NULL;
  char expected[512];
  scratch_init(&s);
  scratch_write(&s, "a.h5", "");
  scratch_write(&s, "t.h5", "");
  const hr_config_text text = {.name = "s.yaml", .folder = s.path};
  snprintf(
      expected, sizeof expected,
      "s.yaml:2:48: data.labels.test: %s/no.fits does not exist; relative paths begin "
      "at data.root, which is %s",
      s.path, s.path);
  check_fails(
      hr_config_load_text(DATA "labels: {test: 'no.fits::1'}}\n", &text, &c, &err),
      HR_ERR_MISSING, expected);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_is_of_both_sets),
      cmocka_unit_test(sets_have_their_own),
      cmocka_unit_test(what_is_written_reads_as_the_same),
      cmocka_unit_test(other_things_are_refused),
      cmocka_unit_test(files_have_to_be_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
