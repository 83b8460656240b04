/* Tables of predictions in both formats: quoting, digits, and nothing half. */
#include "predict/prediction_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/scratch.h"

static const hr_prediction_file_column columns[] = {
    {{"file, or \"so\"", HR_FRAME_CELL_TEXT, 8}, false, false, NULL},
    {{"of_dex", HR_FRAME_CELL_NUMBER, 0}, false, false, "dex"},
    {{"bare", HR_FRAME_CELL_NUMBER, 0}, false, false, NULL},
    {{"n", HR_FRAME_CELL_INTEGER, 0}, true, false, NULL},
};

static void test_csv(void **state) {
  (void)state;
  hr_error err = {0};
  char text[512] = "", path[128], part[160];
  hr_prediction_file *file = NULL;
  static const char *const names[] = {"a,b", "say \"x\"", "plain"};
  static const double numbers[] = {0.1, 1.0 / 3, (double)NAN};
  static const int64_t integers[] = {-2, 9007199254740993, 0};
  static const double known[] = {-2, 9007199254740992, (double)NAN}; /* none is empty */
  const hr_frame_cells cells[] = {{.texts = names},
                                  {.numbers = numbers},
                                  {.numbers = numbers},
                                  {.numbers = known, .integers = integers}};
  scratch s;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/t.csv", s.path);
  snprintf(part, sizeof part, "%s.part", path);
  check_ok(hr_prediction_file_create(HR_PREDICTION_CSV, path, columns, 4, &file, &err));
  check_ok(hr_prediction_file_append(file, 3, cells, &err));
  check_ok(hr_prediction_file_append(file, 0, cells, &err));
  assert_int_not_equal(access(path, F_OK), 0); /* not there before it is whole */
  check_ok(hr_prediction_file_finish(&file, &err));
  assert_null(file);
  FILE *made = fopen(path, "rb");
  assert_non_null(made);
  text[fread(text, 1, sizeof text - 1, made)] = '\0';
  fclose(made);
  assert_string_equal(text,
                      "\"file, or \"\"so\"\"\",of_dex,bare,n\n"
                      "\"a,b\",0.1,0.1,-2\n"
                      "\"say \"\"x\"\"\",0.3333333333333333,0.3333333333333333,"
                      "9007199254740993\n"
                      "plain,,,\n");
  assert_int_not_equal(access(part, F_OK), 0);
  scratch_fini(&s);
}

static void test_discarding(void **state) {
  (void)state;
  hr_error err = {0};
  char path[128], part[160];
  hr_prediction_file *file = NULL;
  scratch s;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/t", s.path);
  snprintf(part, sizeof part, "%s.part", path);
  for (int format = HR_PREDICTION_CSV; format <= HR_PREDICTION_PFSSTAR; format++) {
    check_ok(hr_prediction_file_create((hr_prediction_file_format)format, path,
                                       columns + 1, 3, &file, &err));
    assert_int_equal(access(part, F_OK), 0);
    hr_prediction_file_discard(&file);
    assert_null(file);
    assert_int_not_equal(access(part, F_OK), 0);
  }
  hr_prediction_file_discard(&file);
  scratch_fini(&s);
}

static void test_what_cannot_be_written(void **state) {
  (void)state;
  hr_error err = {0};
  char path[128], expected[256];
  hr_prediction_file *file = NULL;
  scratch s;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/none/t", s.path);
  snprintf(expected, sizeof expected, "cannot create %s.part: No such file or directory",
           path);
  check_fails(hr_prediction_file_create(HR_PREDICTION_CSV, path, columns, 4, &file, &err),
              HR_ERR_IO, expected);
  snprintf(path, sizeof path, "%s/t", s.path);
  check_fails(
      hr_prediction_file_create(HR_PREDICTION_HDF5, path, columns, 4, &file, &err),
      HR_ERR_USAGE,
      "a column of HDF5 cannot be called 'file, or \"so\"' here; its name may have ASCII "
      "letters, digits and signs; keep it with --format csv");
  assert_null(file);
  snprintf(expected, sizeof expected,
           "cannot create %s/none/t.part: No such file or "
           "directory",
           s.path);
  snprintf(path, sizeof path, "%s/none/t", s.path);
  check_fails(
      hr_prediction_file_create(HR_PREDICTION_FITS, path, columns, 4, &file, &err),
      HR_ERR_IO, expected);
  assert_null(file);
  scratch_fini(&s);
}

/* No file may grow while this holds. */
static void set_file_limit(bool on) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = on ? 0 : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What waits in buffers until the end finds no room there. */
static void test_disks_full_at_the_end_leave_nothing(void **state) {
  (void)state;
  hr_error err = {0};
  char path[128], part[160], expected[256];
  hr_prediction_file *file = NULL;
  static const double numbers[] = {0.1, 1.0 / 3, (double)NAN};
  static const int64_t integers[] = {1, 2, 3};
  const hr_frame_cells cells[] = {
      {.numbers = numbers}, {.numbers = numbers}, {.integers = integers}};
  scratch s;
  scratch_init(&s);
  signal(SIGXFSZ, SIG_IGN);
  snprintf(path, sizeof path, "%s/t", s.path);
  snprintf(part, sizeof part, "%s.part", path);
  snprintf(expected, sizeof expected, "cannot write %s: File too large", part);
  for (int format = HR_PREDICTION_CSV; format <= HR_PREDICTION_PFSSTAR; format++) {
    check_ok(hr_prediction_file_create((hr_prediction_file_format)format, path,
                                       columns + 1, 3, &file, &err));
    check_ok(hr_prediction_file_append(file, 3, cells, &err));
    set_file_limit(true);
    hr_status status = hr_prediction_file_finish(&file, &err);
    set_file_limit(false);
    check_fails(status, HR_ERR_IO, expected);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
  }
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_csv),
      cmocka_unit_test(test_discarding),
      cmocka_unit_test(test_what_cannot_be_written),
      cmocka_unit_test(test_disks_full_at_the_end_leave_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
