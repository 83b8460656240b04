/* Labels under other names. */
#include "study/columns.h"

#include "support/origins.h"
#include "support/shards.h"

static scratch s;
static hr_dataset *dataset;
static char expected[512];

/* A file with columns of these names. */
static void open_columns(const char *const *names, size_t count) {
  hr_error err = {0};
  hr_strings paths = {0};
  scratch_init(&s);
  shard_spec spec = shard_spec_default(scratch_name(&s, "a.h5"));
  spec.column_count = count;
  for (size_t i = 0; i < count; i++) spec.columns[i].name = names[i];
  shard_write(&spec);
  check_ok(hr_strings_append(&paths, scratch_name(&s, "a.h5"), &err));
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  hr_strings_fini(&paths);
}

static void close_all(hr_config *config) {
  hr_config_destroy(&config);
  hr_dataset_destroy(&dataset);
  scratch_fini(&s);
}

static void all_that_is_missing_is_told_at_once(void **state) {
  (void)state;
  static const char *const names[] = {"Teff", "logg", "[Fe/H]"};
  hr_error err = {0};
  open_columns(names, 3);
  hr_config *config = origin_config(&s, "");
  snprintf(expected, sizeof expected,
           "%s/a.h5 has no label columns T_eff, M_H, log_g; if that is what they are "
           "called there, write data.columns: {T_eff: Teff, M_H: '[Fe/H]', log_g: logg}",
           s.path);
  check_fails(hr_study_check_columns(config, dataset, &err), HR_ERR_DATA, expected);
  close_all(config);
}

static void columns_take_the_names_of_the_study(void **state) {
  (void)state;
  static const char *const names[] = {"Teff", "log_g", "feh"};
  hr_error err = {0};
  open_columns(names, 3);
  hr_config *plain = origin_config(&s, "");
  snprintf(expected, sizeof expected,
           "%s/a.h5 has no label columns T_eff, M_H; if that is what they are called "
           "there, write data.columns: {T_eff: Teff, M_H: feh}",
           s.path);
  check_fails(hr_study_check_columns(plain, dataset, &err), HR_ERR_DATA, expected);
  hr_config_destroy(&plain);
  char yaml[256];
  hr_config *config = NULL;
  snprintf(yaml, sizeof yaml,
           "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, root: %s, columns: "
           "{T_eff: Teff, M_H: feh}}\n",
           s.path);
  check_ok(hr_config_parse(yaml, strlen(yaml), "s.yaml", s.path, &config, &err));
  check_ok(hr_study_rename_columns(config, dataset, &err));
  check_ok(hr_study_check_columns(config, dataset, &err));
  assert_string_equal(hr_dataset_label_names(dataset)->items[0], "T_eff");
  snprintf(
      expected, sizeof expected,
      "data.columns: %s/a.h5 has no label column Teff; it has T_eff, log_g, M_H; did "
      "you mean T_eff?",
      s.path);
  check_fails(hr_study_rename_columns(config, dataset, &err), HR_ERR_DATA, expected);
  close_all(config);
}

/* One that nothing looks like is left to whoever needs it. */
static void what_is_not_known_is_not_guessed(void **state) {
  (void)state;
  static const char *const names[] = {"a", "b", "log_g"};
  hr_error err = {0};
  open_columns(names, 3);
  hr_config *config = origin_config(&s, "");
  check_ok(hr_study_check_columns(config, dataset, &err));
  snprintf(expected, sizeof expected,
           "%s/a.h5 has the columns a and b, so that none can take the other's name",
           s.path);
  check_fails(hr_dataset_rename(dataset, "a", "b", &err), HR_ERR_DATA, expected);
  close_all(config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_that_is_missing_is_told_at_once),
      cmocka_unit_test(columns_take_the_names_of_the_study),
      cmocka_unit_test(what_is_not_known_is_not_guessed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
