/* data.target and data.units: what may stand there, and what becomes of it. */
#include "config/targets.h"

#include "support/config_checks.h"

/* The least that runs, with `more` in the mapping `data`, on line 2. */
static const char *with_data(const char *more) {
  static char yaml[2048];
  snprintf(yaml, sizeof yaml,
           "experiment: {id: E}\n"
           "data: {train: a.h5, test: t.h5, %s}\n"
           "binning: {allow_target: true}\n",
           more);
  return yaml;
}

static void refuse_data(const char *more, const char *message) {
  refuse(with_data(more), message);
}

static void one_target_or_several(void **state) {
  (void)state;
  hr_config *c = accept(with_data("target: T_eff"));
  assert_int_equal(c->data.target.count, 1);
  assert_string_equal(c->data.target.items[0], "T_eff");
  hr_config_destroy(&c);
  c = accept(with_data("target: [log_g, T_eff, M_H]"));
  assert_int_equal(c->data.target.count, 3);
  assert_string_equal(c->data.target.items[0], "log_g");
  assert_string_equal(c->data.target.items[2], "M_H");
  hr_config_destroy(&c);
}

static void targets_are_refused(void **state) {
  (void)state;
  refuse_data("target: [log_g, T_eff, log_g]",
              "s.yaml:2:56: data.target names log_g twice; name every label once");
  refuse_data("target: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]",
              "s.yaml:2:41: data.target names 17 labels, more than 16; predict the "
              "others in a study of their own");
  hr_config *c =
      accept(with_data("target: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, "
                       "o, p]"));
  assert_int_equal(c->data.target.count, HR_MOST_TARGETS);
  hr_config_destroy(&c);
  refuse_data("target: []", "s.yaml:2:41: data.target has 0 items, but needs at least 1");
}

static void units_are_those_given_or_known(void **state) {
  (void)state;
  hr_config *c = accept(with_data("units: {rv: m/s, age: Gyr, log_g: '', T_eff: }"));
  assert_string_equal(hr_config_unit(c, "rv"), "m/s"); /* not km/s, as it is known */
  assert_string_equal(hr_config_unit(c, "age"), "Gyr");
  assert_string_equal(hr_config_unit(c, "log_g"), "");
  assert_string_equal(hr_config_unit(c, "T_eff"), "");
  assert_string_equal(hr_config_unit(c, "M_H"), "dex");
  assert_string_equal(hr_config_unit(c, "nothing"), "");
  hr_config_destroy(&c);
}

static void units_are_refused(void **state) {
  (void)state;
  refuse_data("units: {rv: [km, s]}",
              "s.yaml:2:45: data.units.rv must be a text such as km/s, not a list");
  refuse_data("units: {rv: {a: b}}",
              "s.yaml:2:45: data.units.rv must be a text such as km/s, not a mapping");
  refuse_data("units: [km/s]",
              "s.yaml:2:40: data.units must be a mapping of keys to values, not a list; "
              "write it as 'key: value' lines");
  refuse_data(
      "units: {rv: a, rv: b}",
      "s.yaml:2:48: the key 'rv' is given a second time, first in line 2; keep one");
}

static void what_is_written_is_read_again(void **state) {
  (void)state;
  check_round_trip(with_data("target: [log_g, 'a: b', \"it's\"]"));
  check_round_trip(
      with_data("target: T_eff, units: {T_eff: K, \"it's\": '', x: 'y #z'}"));
  hr_config *c = accept(with_data("target: [log_g, T_eff], units: {log_g: '', rv: m/s}"));
  char *text = written(c);
  assert_non_null(strstr(text,
                         "  target: [log_g, T_eff]\n"
                         "  id: []\n"
                         "  unlabelled: refuse\n"
                         "  untrusted: false\n"
                         "  index: ignore\n"
                         "  allow: []\n"
                         "  clip: auto\n"
                         "  mask: [auto]\n"
                         "  reject_outliers: false\n"
                         "  rv: 0\n"
                         "  rv_range: [-500, 500]\n"
                         "  rows: 0\n"
                         "  units:\n"
                         "    log_g: ''\n"
                         "    rv: m/s\n"
                         "  noise:\n"));
  hr_free(text);
  hr_config_destroy(&c);
}

static char *identity(const char *more) {
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  hr_config *c = accept(with_data(more));
  check_ok(hr_config_write_identity(c, &text, &err));
  hr_config_destroy(&c);
  return text.bytes;
}

/* A list of one is the study that a text is; other targets are another, other units not:
 * they are words. */
static void a_list_of_one_is_a_text(void **state) {
  (void)state;
  char *text = identity("target: T_eff"), *list = identity("target: [T_eff]");
  char *two = identity("target: [T_eff, log_g]");
  char *units = identity("target: T_eff, units: {T_eff: kK}");
  assert_string_equal(text, list);
  static const char begin[] = "experiment: E\ntarget: T_eff\ndata.noise:";
  if (strncmp(text, "experiment: E\ntarget: T_eff\n", 28) != 0) {
    fail_msg("not as in %s, but %s", begin, text);
  }
  assert_string_not_equal(text, two);
  assert_string_equal(text, units);
  assert_non_null(strstr(two, "target: [T_eff, log_g]\n"));
  hr_free(text);
  hr_free(list);
  hr_free(two);
  hr_free(units);
}

/* A label that cannot name a folder has a number. */
static void folders_have_names(void **state) {
  (void)state;
  char name[HR_TARGET_FOLDER_BYTES], yaml[256], label[65];
  memset(label, 'x', 64);
  label[64] = '\0';
  snprintf(yaml, sizeof yaml, "target: [log_g, T_eff, 'a/b', .., %s, '%s', a-1]",
           label + 1, label);
  hr_config *c = accept(with_data(yaml));
  static const char *const expected[] = {
      NULL, "targets/T_eff",    "targets/target@3", "targets/target@4",
      NULL, "targets/target@6", "targets/a-1"};
  for (size_t t = 1; t < 7; t++) {
    hr_target_folder(c->data.target.items[t], t, name);
    if (expected[t]) assert_string_equal(name, expected[t]);
    if (!expected[t]) assert_string_equal(name + strlen("targets/"), label + 1);
  }
  hr_config_destroy(&c);
}

/* No two targets share a folder, whatever their names are. */
static void folders_are_apart(void **state) {
  (void)state;
  char first[HR_TARGET_FOLDER_BYTES], second[HR_TARGET_FOLDER_BYTES];
  hr_config *c = accept(with_data("target: [log_g, 'a/b', target2, TARGET2]"));
  hr_target_folder(c->data.target.items[1], 1, first);
  hr_target_folder(c->data.target.items[2], 2, second);
  assert_string_not_equal(first, second);
  hr_config_destroy(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_target_or_several),
      cmocka_unit_test(targets_are_refused),
      cmocka_unit_test(units_are_those_given_or_known),
      cmocka_unit_test(units_are_refused),
      cmocka_unit_test(what_is_written_is_read_again),
      cmocka_unit_test(a_list_of_one_is_a_text),
      cmocka_unit_test(folders_have_names),
      cmocka_unit_test(folders_are_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
