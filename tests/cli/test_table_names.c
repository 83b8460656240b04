/* What the tables of several files are called. */
#include "cli/table_names.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static hr_error err;

static hr_status make(const char *const *files, size_t count, hr_strings *out) {
  const hr_strings given = {(char **)(size_t)files, count};
  *out = (hr_strings){0};
  return hr_table_names_make(&given, "out", ".csv", out, &err);
}

static void paths_become_names(void **state) {
  (void)state;
  static const char *const files[] = {"stars.h5",     "./a/dataset.h5", "../../b/x.y.h5",
                                      "/data/c/none", "d.e/f",          "g/.hidden",
                                      "no_extension"};
  static const char *const names[] = {
      "out/stars.csv", "out/a_dataset.csv", "out/b_x.y.csv",       "out/data_c_none.csv",
      "out/d.e_f.csv", "out/g_.hidden.csv", "out/no_extension.csv"};
  hr_strings out;
  check_ok(make(files, 7, &out));
  assert_int_equal(out.count, 7);
  for (size_t i = 0; i < 7; i++) assert_string_equal(out.items[i], names[i]);
  hr_strings_fini(&out);
}

static void two_of_one_name(void **state) {
  (void)state;
  static const char *const files[] = {"x.h5", "a/b.h5", "a_b.hdf5"};
  hr_strings out;
  check_fails(make(files, 3, &out), HR_ERR_USAGE,
              "a/b.h5 and a_b.hdf5 would both be predicted into out/a_b.csv; predict one "
              "of them by itself with --out");
  hr_strings_fini(&out);
}

static void a_name_that_no_folder_takes(void **state) {
  (void)state;
  char file[300], sentence[500];
  memset(file, 'x', sizeof file);
  file[sizeof file - 1] = '\0';
  const char *const files[] = {file};
  hr_strings out;
  snprintf(sentence, sizeof sentence,
           "the table of %s would have a name of more than 255 bytes; predict it by "
           "itself with --out",
           file);
  check_fails(make(files, 1, &out), HR_ERR_USAGE, sentence);
  hr_strings_fini(&out);
}

static hr_status make_two(void) {
  static const char *const files[] = {"a.h5", "b.h5"};
  hr_strings out;
  hr_status status = make(files, 2, &out);
  hr_strings_fini(&out);
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  check_alloc_failures(make_two());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_become_names), cmocka_unit_test(two_of_one_name),
      cmocka_unit_test(a_name_that_no_folder_takes), cmocka_unit_test(memory_runs_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
