#include "simulate/writer.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "data/dataset.h"
#include "data/stream.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 8, ROWS = 21 };
static const double wave[PIXELS] = {7100, 7101, 7102, 7103, 7104, 7105, 7106, 7107};

typedef struct rows {
  float flux[ROWS][PIXELS], error[ROWS][PIXELS], noisy[ROWS][PIXELS];
  double labels[ROWS][HR_COLUMN_COUNT];
} rows;

static const rows *make_rows(void) {
  static rows r;
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t p = 0; p < PIXELS; p++) {
      r.flux[i][p] = 0.5f + 0.01f * (float)(i * PIXELS + p);
      r.error[i][p] = 0.1f + 0.001f * (float)p;
      r.noisy[i][p] = r.flux[i][p] - 0.3f;
    }
    for (size_t c = 0; c < HR_COLUMN_COUNT; c++) {
      r.labels[i][c] = (double)(100 * c + i) + 0.125;
    }
  }
  return &r;
}

static hr_writer_shape make_shape(hr_simulate_dtype dtype, bool has_noisy) {
  return (hr_writer_shape){ROWS, PIXELS, wave, dtype, has_noisy};
}

/* Writes rows first .. end-1. */
static hr_status append(hr_writer *writer, size_t first, size_t end, hr_error *err) {
  const rows *r = make_rows();
  const hr_writer_rows part = {end - first, r->flux[first], r->error[first],
                               r->noisy[first], r->labels[first]};
  return hr_writer_append(writer, &part, err);
}

static hr_status write_all(const char *path, const hr_writer_shape *shape,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_writer *writer = NULL;
  HR_TRY(hr_writer_create(path, shape, &writer, err));
  HR_TRY(append(writer, 0, 1, err));
  HR_TRY(append(writer, 1, 20, err));
  HR_TRY(append(writer, 20, ROWS, err));
  HR_TRY(hr_writer_finish(writer, err));
cleanup:
  hr_writer_destroy(&writer);
  return status;
}

static void check_labels(const hr_dataset *dataset) {
  hr_error err;
  const rows *r = make_rows();
  const hr_strings *names = hr_dataset_label_names(dataset);
  assert_int_equal(names->count, HR_COLUMN_COUNT);
  for (size_t c = 0; c < HR_COLUMN_COUNT; c++) {
    const double *column = NULL;
    assert_string_equal(names->items[c], hr_writer_columns[c]);
    check_ok(hr_dataset_label(dataset, hr_writer_columns[c], true, &column, &err));
    for (size_t i = 0; i < ROWS; i++) check_near(column[i], r->labels[i][c], 0);
  }
}

/* The library's own reader gets back what was written; test_simulate.py asks pandas. */
static void check_read_back(const char *path, bool has_noisy) {
  hr_error err;
  const rows *r = make_rows();
  hr_strings paths = {0};
  hr_dataset *dataset = NULL;
  hr_stream *stream = NULL;
  hr_block block;
  hr_stream_options options = hr_stream_options_default();
  options.noise.source = has_noisy ? HR_NOISE_STORED : HR_NOISE_NONE;
  check_ok(hr_strings_append(&paths, path, &err));
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  assert_int_equal(hr_dataset_rows(dataset), ROWS);
  assert_int_equal(hr_dataset_has_noisy(dataset), has_noisy);
  assert_memory_equal(hr_dataset_wave(dataset), wave, sizeof wave);
  check_labels(dataset);
  check_ok(hr_stream_create(dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, ROWS);
  assert_memory_equal(block.flux, r->flux, sizeof r->flux);
  assert_memory_equal(block.error, r->error, sizeof r->error);
  if (has_noisy) assert_memory_equal(block.noisy, r->noisy, sizeof r->noisy);
  hr_stream_destroy(&stream);
  hr_dataset_destroy(&dataset);
  hr_strings_fini(&paths);
}

static void files_read_back(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  for (int i = 0; i < 4; i++) {
    bool has_noisy = i % 2;
    hr_writer_shape shape =
        make_shape(i / 2 ? HR_SIMULATE_F64 : HR_SIMULATE_F32, has_noisy);
    const char *path = scratch_name(&s, "dataset.h5"); /* replaced each time */
    check_ok(write_all(path, &shape, &err));
    check_read_back(path, has_noisy);
    assert_int_not_equal(access(scratch_name(&s, "dataset.h5.part"), F_OK), 0);
  }
  scratch_fini(&s);
}

static void unfinished_files_are_removed(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_writer *writer = NULL;
  hr_writer_shape shape = make_shape(HR_SIMULATE_F32, false);
  char expected[5000];
  scratch_init(&s);
  check_ok(hr_writer_create(scratch_name(&s, "dataset.h5"), &shape, &writer, &err));
  check_ok(append(writer, 0, 7, &err));
  snprintf(expected, sizeof expected, "%s was to have 21 rows and got 7", s.name);
  check_fails(hr_writer_finish(writer, &err), HR_ERR_INTERNAL, expected);
  assert_int_equal(access(scratch_name(&s, "dataset.h5.part"), F_OK), 0);
  hr_writer_destroy(&writer);
  assert_int_not_equal(access(s.name, F_OK), 0);
  scratch_fini(&s);
}

/* No file may grow while this holds. */
static void set_file_limit(bool on) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = on ? 0 : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void check_removed(scratch *s) {
  assert_int_not_equal(access(scratch_name(s, "dataset.h5"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(s, "dataset.h5.part"), F_OK), 0);
}

/* Few rows wait in HDF5's buffers until the file is finished. */
static void disks_full_at_the_end_are_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_writer *writer = NULL;
  hr_writer_shape shape = make_shape(HR_SIMULATE_F32, true);
  char expected[5000];
  signal(SIGXFSZ, SIG_IGN);
  scratch_init(&s);
  check_ok(hr_writer_create(scratch_name(&s, "dataset.h5"), &shape, &writer, &err));
  snprintf(expected, sizeof expected, "writing %s failed: File too large", s.name);
  check_ok(append(writer, 0, ROWS, &err));
  set_file_limit(true);
  hr_status status = hr_writer_finish(writer, &err);
  set_file_limit(false);
  check_fails(status, HR_ERR_IO, expected);
  hr_writer_destroy(&writer);
  check_removed(&s);
  scratch_fini(&s);
}

/* Many pixels go straight to the disk. */
static void disks_full_on_the_way_are_told(void **state) {
  (void)state;
  enum { MANY = 1 << 16 };
  static const double long_wave[MANY];
  static const float values[MANY];
  const double labels[HR_COLUMN_COUNT] = {0};
  const hr_writer_shape shape = {3, MANY, long_wave, HR_SIMULATE_F32, false};
  const hr_writer_rows row = {1, values, values, NULL, labels};
  hr_error err;
  scratch s;
  hr_writer *writer = NULL;
  char expected[5000];
  signal(SIGXFSZ, SIG_IGN);
  scratch_init(&s);
  check_ok(hr_writer_create(scratch_name(&s, "dataset.h5"), &shape, &writer, &err));
  snprintf(expected, sizeof expected, "writing %s failed: File too large", s.name);
  check_ok(hr_writer_append(writer, &row, &err));
  set_file_limit(true);
  hr_status status = hr_writer_append(writer, &row, &err);
  set_file_limit(false);
  check_fails(status, HR_ERR_IO, expected);
  hr_writer_destroy(&writer);
  check_removed(&s);
  scratch_fini(&s);
}

static void folders_that_are_not_there_are_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_writer *writer = NULL;
  hr_writer_shape shape = make_shape(HR_SIMULATE_F32, true);
  char expected[5000];
  scratch_init(&s);
  scratch_name(&s, "no/dataset.h5");
  snprintf(expected, sizeof expected, "cannot create %s.part: No such file or directory",
           s.name);
  check_fails(hr_writer_create(s.name, &shape, &writer, &err), HR_ERR_IO, expected);
  assert_null(writer);
  scratch_fini(&s);
}

static void memory_that_runs_out_is_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_writer_shape shape = make_shape(HR_SIMULATE_F32, true);
  scratch_init(&s);
  scratch_name(&s, "dataset.h5");
  check_alloc_failures(write_all(s.name, &shape, &err));
  check_read_back(s.name, true);
  scratch_fini(&s);
}

/* Above 65,536 rows: 4096 rows a chunk, as the users' simulator has it. */
static void large_sets_are_chunked(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_writer *writer = NULL;
  hr_writer_shape shape = make_shape(HR_SIMULATE_F32, false);
  shape.rows = HR_WRITER_MOST_CONTIGUOUS_ROWS + 1;
  scratch_init(&s);
  check_ok(hr_writer_create(scratch_name(&s, "dataset.h5"), &shape, &writer, &err));
  for (uint64_t done = 0; done < shape.rows;) {
    uint64_t left = shape.rows - done, taken = left < ROWS ? left : ROWS;
    check_ok(append(writer, 0, (size_t)taken, &err));
    done += taken;
  }
  check_ok(hr_writer_finish(writer, &err));
  hr_writer_destroy(&writer);
  struct stat info;
  assert_int_equal(stat(scratch_name(&s, "dataset.h5"), &info), 0);
  /* 17 chunks of each array, the last one nearly empty. */
  assert_true(info.st_size > 2 * 17 * 4096 * PIXELS * 4);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_read_back),
      cmocka_unit_test(unfinished_files_are_removed),
      cmocka_unit_test(disks_full_at_the_end_are_told),
      cmocka_unit_test(disks_full_on_the_way_are_told),
      cmocka_unit_test(folders_that_are_not_there_are_told),
      cmocka_unit_test(memory_that_runs_out_is_told),
      cmocka_unit_test(large_sets_are_chunked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
