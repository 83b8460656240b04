/* What hr_inspect found, as a program that uses the library sees it. */
#include "headroom/inspect.h"

#include "headroom/version.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static hr_error err;
static hr_inspection *it;

static int prepare(void **state) {
  (void)state;
  char path[sizeof s.name];
  static const double T_eff[] = {4000, 4100, 5000, 3000};
  static const double snr[] = {1, 2, 3, NAN}, M_H[] = {-1.5, -1.5, 0.5, 0};
  scratch_init(&s);
  snprintf(path, sizeof path, "%s", scratch_name(&s, "a.h5"));
  shard_spec spec = shard_spec_default(path);
  spec.rows = 4;
  spec.columns[0].values = T_eff;
  spec.columns[1] = (shard_column){"snr", snr};
  spec.columns[2].values = M_H;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_inspection_destroy(&it);
  scratch_fini(&s);
  return 0;
}

static void the_file_is_told(void **state) {
  (void)state;
  hr_inspect_info info = {.size = sizeof info};
  check_ok(hr_inspection_get_info(it, &info, &err));
  assert_int_equal(info.size, sizeof info);
  assert_string_equal(info.path, scratch_name(&s, "a.h5"));
  assert_true(info.file_bytes > 1000);
  assert_true(info.is_usable && info.is_dataset && info.spectra_read);
  assert_int_equal(info.rows, 4);
  assert_int_equal(info.pixels, 4);
  check_near(info.last_wave_angstrom - info.first_wave_angstrom, 1.2, 1e-9);
  assert_int_equal(info.array_count, 4);
  assert_int_equal(info.label_count, 3);
  assert_int_equal(info.bin_count, 9);
  assert_int_equal(info.bin_rows[0], 2);
  assert_int_equal(info.bin_rows[5], 1);
  assert_int_equal(info.uncovered_rows, 1);
  assert_int_equal(info.problem_count, 2);
  assert_string_equal(
      info.problems[0],
      "the label snr is NaN or infinite in 1 of 4 rows, which are left out "
      "where rows are sorted by signal-to-noise ratio");
  assert_non_null(strstr(info.text, info.problems[1]));
}

static void its_parts_are_told(void **state) {
  (void)state;
  hr_inspect_array array = {.size = sizeof array};
  hr_inspect_label label = {.size = sizeof label};
  hr_inspect_distribution snr = {.size = sizeof snr};
  check_ok(hr_inspection_get_array(it, 0, &array, &err));
  assert_string_equal(array.path, "/dataset/arrays/error/value");
  assert_string_equal(array.type, "f64");
  assert_string_equal(array.shape, "4 x 4");
  assert_string_equal(array.storage, "contiguous");
  check_ok(hr_inspection_get_label(it, 1, &label, &err));
  assert_string_equal(label.name, "snr");
  check_near(label.minimum, 1, 0);
  check_near(label.maximum, 3, 0);
  assert_int_equal(label.unusable, 1);
  check_ok(hr_inspection_get_snr(it, &snr, &err));
  assert_int_equal(snr.size, sizeof snr);
  assert_int_equal(snr.rows, 3);
  check_near(snr.median, 2, 0);
}

static void check_size(hr_status status, const char *name, size_t today) {
  char expected[256];
  snprintf(expected, sizeof expected,
           "%s.size is 1, not %zu as in version %s; set it to sizeof(%s), and build with "
           "the headers of the library that runs",
           name, today, HR_VERSION, name);
  check_fails(status, HR_ERR_USAGE, expected);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  char expected[sizeof s.name + 256];
  hr_inspect_info info = {.size = 1};
  hr_inspect_array array = {.size = 1};
  hr_inspect_label label = {.size = 1};
  hr_inspect_distribution snr = {.size = 1};
  check_size(hr_inspection_get_info(it, &info, &err), "hr_inspect_info", sizeof info);
  check_size(hr_inspection_get_array(it, 0, &array, &err), "hr_inspect_array",
             sizeof array);
  check_size(hr_inspection_get_label(it, 0, &label, &err), "hr_inspect_label",
             sizeof label);
  check_size(hr_inspection_get_snr(it, &snr, &err), "hr_inspect_distribution",
             sizeof snr);
  snprintf(expected, sizeof expected,
           "%s has 4 arrays, so none with the number 4 (counted from 0)",
           scratch_name(&s, "a.h5"));
  check_fails(hr_inspection_get_array(it, 4, &array, &err), HR_ERR_USAGE, expected);
  snprintf(expected, sizeof expected,
           "%s has 3 label columns, so none with the number 9 (counted from 0)",
           scratch_name(&s, "a.h5"));
  check_fails(hr_inspection_get_label(it, 9, &label, &err), HR_ERR_USAGE, expected);
}

static void options_of_another_size(void **state) {
  (void)state;
  char expected[512], *text = NULL;
  bool is_usable = false;
  hr_inspection *other = NULL;
  hr_inspect_options options = hr_inspect_options_default();
  options.size = 0;
  snprintf(expected, sizeof expected,
           "hr_inspect_options.size is 0, not %zu as in version %s; set it with "
           "hr_inspect_options_default(), and build with the headers of the library that "
           "runs",
           sizeof options, HR_VERSION);
  check_fails(hr_inspect(s.path, &options, &other, &err), HR_ERR_USAGE, expected);
  check_fails(hr_inspect_guarded(s.path, &options, &is_usable, &text, &err), HR_ERR_USAGE,
              expected);
  assert_null(other);
  assert_null(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_file_is_told),
      TEST(its_parts_are_told),
      TEST(what_is_wrong_is_said),
      TEST(options_of_another_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
