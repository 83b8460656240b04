/* Files of spectra through headroom/spectra.h. */
#include "headroom/spectra.h"

#include "headroom/spectra_writer.h"
#include "headroom/version.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static hr_error err;
static char first[sizeof s.name], second[sizeof s.name];
static const char *const paths[] = {first, second};

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(first, sizeof first, "%s", scratch_name(&s, "first.h5"));
  snprintf(second, sizeof second, "%s", scratch_name(&s, "second.h5"));
  shard_spec spec = shard_spec_default(first);
  spec.with_noisy = true;
  shard_write(&spec);
  spec.path = second;
  spec.rows = 3;
  spec.first_row = 6;
  shard_write(&spec);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void check_values(const hr_spectra_block *block, bool with_noisy) {
  for (size_t i = 0; i < block->rows * block->pixels; i++) {
    size_t row = (size_t)block->first_row + i / block->pixels, p = i % block->pixels;
    check_near(block->flux[i], shard_flux(row, p), 0);
    check_near(block->error[i], shard_error(row, p), 0);
    if (with_noisy) check_near(block->noisy[i], shard_noisy(row, p), 0);
  }
}

/* Pulls all blocks, and says how many rows they had. */
static size_t pull(hr_spectra_reader *reader, size_t most_rows, bool with_noisy) {
  hr_spectra_block block = {.size = sizeof block};
  size_t rows = 0;
  for (;;) {
    check_ok(hr_spectra_next(reader, &block, &err));
    if (block.rows == 0) return rows;
    assert_int_equal(block.size, sizeof block);
    assert_int_equal(block.first_row, rows);
    assert_int_equal(block.pixels, 4);
    assert_in_range(block.rows, 1, most_rows);
    assert_true(with_noisy == (block.noisy != NULL));
    check_values(&block, with_noisy);
    rows += (size_t)block.rows;
  }
}

static void files_are_one_table(void **state) {
  (void)state;
  hr_spectra_reader *reader = NULL;
  hr_spectra_info info = {.size = sizeof info};
  const double *values = NULL;
  hr_spectra_options options = hr_spectra_options_default();
  options.block_rows = 4;
  options.untrusted = true;
  check_ok(hr_spectra_open(paths, 2, &options, &reader, &err));
  check_ok(hr_spectra_get_info(reader, &info, &err));
  assert_int_equal(info.size, sizeof info);
  assert_int_equal(info.rows, 9);
  assert_int_equal(info.pixels, 4);
  check_near(info.wave_angstrom[3], 7101.2, 1e-9);
  assert_true(info.has_noisy);
  assert_int_equal(info.file_count, 2);
  assert_true(info.file_bytes > 2000);
  assert_int_equal(info.label_count, 3);
  assert_string_equal(info.labels[1], "log_g");
  check_ok(hr_spectra_label(reader, "log_g", &values, &err));
  for (size_t i = 0; i < 9; i++) check_near(values[i], shard_label(1, i), 0);
  assert_int_equal(pull(reader, 4, true), 9);
  assert_int_equal(pull(reader, 4, true), 0); /* the end stays the end */
  hr_spectra_rewind(reader);
  assert_int_equal(pull(reader, 4, true), 9);
  hr_spectra_close(&reader);
  assert_null(reader);
  hr_spectra_close(&reader);
}

static void labels_and_noise_may_be_missing(void **state) {
  (void)state;
  hr_spectra_reader *reader = NULL;
  hr_spectra_info info = {.size = sizeof info};
  const double *values = NULL;
  char expected[sizeof s.name + 128];
  hr_spectra_options options = hr_spectra_options_default();
  shard_spec spec = shard_spec_default(second);
  spec.rows = 3;
  spec.first_row = 6;
  spec.frame = SHARD_NO_FRAME;
  shard_write(&spec);
  for (int round = 0; round < 3; round++) {
    options.untrusted = round == 1;
    options.skip_labels = round == 2;
    check_ok(hr_spectra_open(paths, 2, &options, &reader, &err));
    check_ok(hr_spectra_get_info(reader, &info, &err));
    assert_false(info.has_noisy);
    assert_int_equal(info.label_count, 0);
    assert_int_equal(pull(reader, 9, false), 9);
    snprintf(expected, sizeof expected,
             "%s has no label column T_eff; it has none of numbers",
             round == 2 ? first : second);
    check_fails(hr_spectra_label(reader, "T_eff", &values, &err), HR_ERR_DATA, expected);
    hr_spectra_close(&reader);
  }
  check_ok(hr_spectra_open(paths, 1, NULL, &reader, &err));
  check_ok(hr_spectra_label(reader, "T_eff", &values, &err));
  hr_spectra_close(&reader);
}

/* Writes labels of rows that are all integers, or not. */
static void write_whole(const char *path, const int64_t *stars, const double *other) {
  const double wave[] = {5000, 5001}, flux[] = {1, 2, 3, 4};
  const char *const names[] = {"star", "mixed"};
  const bool integers[] = {true, !other};
  const void *const labels[] = {stars, other ? (const void *)other : stars};
  hr_spectra_writer_options options = hr_spectra_writer_options_default();
  hr_spectra_rows rows = hr_spectra_rows_default();
  hr_spectra_writer *writer = NULL;
  options.rows = rows.rows = 2;
  options.pixels = 2;
  options.wave_angstrom = wave;
  options.dtype = rows.dtype = HR_FLOAT64;
  options.labels = names;
  options.label_count = 2;
  options.is_integer = integers;
  options.replace = true;
  rows.flux = flux;
  rows.labels = labels;
  check_ok(hr_spectra_writer_open(path, &options, &writer, &err));
  check_ok(hr_spectra_writer_append(writer, &rows, &err));
  check_ok(hr_spectra_writer_finish(writer, &err));
  hr_spectra_writer_close(&writer);
}

static void whole_numbers_keep_their_digits(void **state) {
  (void)state;
  hr_spectra_reader *reader = NULL;
  const double *rounded = NULL, halves[] = {0.5, 1.5};
  const int64_t *values = NULL;
  const int64_t stars[] = {(INT64_C(1) << 60) + 1, INT64_MIN};
  char expected[sizeof s.name + 128];
  write_whole(first, stars, NULL);
  write_whole(second, stars, halves);
  check_ok(hr_spectra_open(paths, 2, NULL, &reader, &err));
  check_ok(hr_spectra_label_whole(reader, "star", &values, &err));
  assert_non_null(values);
  for (size_t i = 0; i < 4; i++) assert_true(values[i] == stars[i % 2]);
  check_ok(hr_spectra_label(reader, "star", &rounded, &err));
  check_near(rounded[0], 0x1p60, 0);
  check_ok(hr_spectra_label_whole(reader, "mixed", &values, &err));
  assert_null(values); /* the second file's are no integers */
  values = stars;
  snprintf(expected, sizeof expected, "%s has no label column none; it has star, mixed",
           first);
  check_fails(hr_spectra_label_whole(reader, "none", &values, &err), HR_ERR_DATA,
              expected);
  assert_null(values);
  hr_spectra_close(&reader);
}

/* They mark nothing where none is above 0; one that is makes bad pixels of the others. */
static void errors_may_not_be_known(void **state) {
  (void)state;
  hr_spectra_reader *reader = NULL;
  hr_spectra_block block = {.size = sizeof block};
  double error[24] = {0};
  shard_spec spec = shard_spec_default(first);
  spec.error = error;
  shard_write(&spec);
  check_ok(hr_spectra_open(paths, 1, NULL, &reader, &err));
  check_ok(hr_spectra_next(reader, &block, &err));
  assert_int_equal(block.rows, 6);
  for (size_t i = 0; i < 24; i++) {
    check_near(block.flux[i], shard_flux(i / 4, i % 4), 0);
    check_near(block.error[i], 0, 0);
  }
  hr_spectra_close(&reader);
  error[0] = 1;
  shard_write(&spec);
  check_ok(hr_spectra_open(paths, 1, NULL, &reader, &err));
  assert_int_equal(hr_spectra_next(reader, &block, &err), HR_ERR_DATA);
  assert_non_null(strstr(err.message, "row 1 (counted from 0) has no good pixel: "));
  hr_spectra_close(&reader);
}

static void a_row_that_cannot_be_used_is_refused(void **state) {
  (void)state;
  hr_spectra_reader *reader = NULL;
  hr_spectra_block block = {.size = sizeof block};
  double flux[24];
  char expected[sizeof s.name + 128];
  for (int i = 0; i < 24; i++) flux[i] = i == 9 ? NAN : 1;
  shard_spec spec = shard_spec_default(first);
  spec.flux = flux;
  shard_write(&spec);
  snprintf(expected, sizeof expected,
           "%s: /dataset/arrays/flux/value is NaN at row 2, pixel 1 (counted from 0); "
           "remove the row or repair the value",
           first);
  check_ok(hr_spectra_open(paths, 1, NULL, &reader, &err));
  for (int i = 0; i < 3; i++) {
    if (i == 2) hr_spectra_rewind(reader);
    check_fails(hr_spectra_next(reader, &block, &err), HR_ERR_DATA, expected);
  }
  hr_spectra_close(&reader);
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  hr_spectra_reader *reader = NULL;
  hr_spectra_info info = {.size = 2};
  hr_spectra_block block = {.size = 2};
  hr_spectra_options options = hr_spectra_options_default();
  char expected[sizeof s.name + 128];
  const char *const missing[] = {scratch_name(&s, "none.h5")};
  check_fails(hr_spectra_open(paths, 0, NULL, &reader, &err), HR_ERR_USAGE,
              "no data file is named");
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory",
           missing[0]);
  check_fails(hr_spectra_open(missing, 1, NULL, &reader, &err), HR_ERR_MISSING, expected);
  options.size = 2;
  snprintf(expected, sizeof expected,
           "hr_spectra_options.size is 2, not %zu as in version %s; set it with "
           "hr_spectra_options_default(), and build with the headers of the library that "
           "runs",
           sizeof options, HR_VERSION);
  check_fails(hr_spectra_open(paths, 2, &options, &reader, &err), HR_ERR_USAGE, expected);
  assert_null(reader);
  check_ok(hr_spectra_open(paths, 2, NULL, &reader, &err));
  snprintf(expected, sizeof expected,
           "hr_spectra_info.size is 2, not %zu as in version %s; set it to "
           "sizeof(hr_spectra_info), and build with the headers of the library that runs",
           sizeof info, HR_VERSION);
  check_fails(hr_spectra_get_info(reader, &info, &err), HR_ERR_USAGE, expected);
  snprintf(
      expected, sizeof expected,
      "hr_spectra_block.size is 2, not %zu as in version %s; set it to "
      "sizeof(hr_spectra_block), and build with the headers of the library that runs",
      sizeof block, HR_VERSION);
  check_fails(hr_spectra_next(reader, &block, &err), HR_ERR_USAGE, expected);
  block.size = sizeof block;
  check_ok(hr_spectra_next(reader, &block, &err)); /* no row is lost */
  assert_int_equal(block.first_row, 0);
  hr_spectra_close(&reader);
}

static hr_status open_and_pull(void) {
  hr_spectra_reader *reader = NULL;
  hr_spectra_block block = {.size = sizeof block};
  hr_status status = hr_spectra_open(paths, 2, NULL, &reader, &err);
  if (status == HR_OK) status = hr_spectra_next(reader, &block, &err);
  hr_spectra_close(&reader);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(open_and_pull());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(files_are_one_table),
      TEST(labels_and_noise_may_be_missing),
      TEST(errors_may_not_be_known),
      TEST(a_row_that_cannot_be_used_is_refused),
      TEST(what_is_wrong_is_said),
      TEST(memory_can_run_out),
      TEST(whole_numbers_keep_their_digits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
