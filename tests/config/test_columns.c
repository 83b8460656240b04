/* data.columns: what may stand there, and what becomes of it. */
#include "config/columns.h"

#include "support/config_checks.h"

#define DATA "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, columns: "

static void pairs_are_read_and_written(void **state) {
  (void)state;
  hr_config *c = accept(DATA "{T_eff: Teff, M_H: '[Fe/H]'}}\n");
  assert_int_equal(c->data.columns.count, 2);
  assert_string_equal(c->data.column_labels.items[1], "M_H");
  assert_string_equal(c->data.columns.items[1], "[Fe/H]");
  char *text = written(c);
  assert_non_null(strstr(text, "  columns:\n    T_eff: Teff\n    M_H: '[Fe/H]'\n"));
  hr_free(text);
  hr_config_destroy(&c);
  check_round_trip(DATA "{T_eff: Teff, M_H: '[Fe/H]'}}\n");
}

static void other_things_are_refused(void **state) {
  (void)state;
  refuse(
      DATA "[Teff]}\n",
      "s.yaml:2:42: data.columns must be a mapping of keys to values, not a list; write "
      "it as 'key: value' lines");
  refuse(DATA "{T_eff: [Teff]}}\n",
         "s.yaml:2:50: data.columns.T_eff must be the name of a column, not a list");
  refuse(DATA "{T_eff: {a: b}}}\n",
         "s.yaml:2:50: data.columns.T_eff must be the name of a column, not a mapping");
  refuse(
      DATA "{T_eff: a, log_g: a}}\n",
      "s.yaml:2:60: data.columns gives the column a two names; name every column once");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_are_read_and_written),
      cmocka_unit_test(other_things_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
