#include "headroom/spectra_writer.h"

#include <hdf5.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "data/dataset.h"
#include "data/shard.h"
#include "data/stream.h"
#include "headroom/spectra.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 8, ROWS = 21, LABELS = 3 };
static const double wave[PIXELS] = {7100, 7101, 7102, 7103, 7104, 7105, 7106, 7107};
static const char *const names[LABELS] = {"T_eff", "id", "log_g"};
static const bool is_integer[LABELS] = {false, true, false};

typedef struct made_rows {
  float flux[ROWS][PIXELS], error[ROWS][PIXELS], noisy[ROWS][PIXELS];
  double doubles[3][ROWS][PIXELS]; /* the same numbers */
  double numbers[LABELS][ROWS];
  int64_t id[ROWS]; /* whole numbers that fp64 does not hold */
} made_rows;

static const made_rows *make_rows(void) {
  static made_rows r;
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t p = 0; p < PIXELS; p++) {
      r.flux[i][p] = 0.5f + 0.01f * (float)(i * PIXELS + p);
      r.error[i][p] = 0.1f + 0.001f * (float)p;
      r.noisy[i][p] = r.flux[i][p] - 0.3f;
      r.doubles[0][i][p] = (double)r.flux[i][p];
      r.doubles[1][i][p] = (double)r.error[i][p];
      r.doubles[2][i][p] = (double)r.noisy[i][p];
    }
    for (size_t c = 0; c < LABELS; c++) r.numbers[c][i] = (double)(100 * c + i) + 0.125;
    r.id[i] = INT64_C(4295806720000000001) + (int64_t)i;
  }
  return &r;
}

static hr_spectra_writer_options make_shape(hr_dtype dtype, bool has_noisy) {
  hr_spectra_writer_options options = hr_spectra_writer_options_default();
  options.rows = ROWS;
  options.pixels = PIXELS;
  options.wave_angstrom = wave;
  options.dtype = dtype;
  options.has_noisy = has_noisy;
  options.labels = names;
  options.label_count = LABELS;
  options.is_integer = is_integer;
  return options;
}

/* Writes rows first .. end-1, from fp32 or fp64. */
static hr_status append_as(hr_dtype dtype, hr_spectra_writer *writer, size_t first,
                           size_t end, hr_error *err) {
  const made_rows *r = make_rows();
  const void *const labels[LABELS] = {&r->numbers[0][first], &r->id[first],
                                      &r->numbers[2][first]};
  hr_spectra_rows part = hr_spectra_rows_default();
  part.rows = end - first;
  part.flux = r->flux[first], part.error = r->error[first], part.noisy = r->noisy[first];
  if (dtype == HR_FLOAT64) {
    part.flux = r->doubles[0][first], part.error = r->doubles[1][first];
    part.noisy = r->doubles[2][first];
  }
  part.dtype = dtype;
  part.labels = labels;
  return hr_spectra_writer_append(writer, &part, err);
}

static hr_status append(hr_spectra_writer *writer, size_t first, size_t end,
                        hr_error *err) {
  return append_as(HR_FLOAT32, writer, first, end, err);
}

/* A writer of dataset.h5, whose path s->name is from here on. */
static hr_spectra_writer *open_writer(scratch *s,
                                      const hr_spectra_writer_options *shape) {
  hr_error err;
  hr_spectra_writer *writer = NULL;
  check_ok(hr_spectra_writer_open(scratch_name(s, "dataset.h5"), shape, &writer, &err));
  return writer;
}

/* Long spectra, and no labels. */
static void stretch(hr_spectra_writer_options *shape, uint64_t rows, size_t pixels,
                    const double *long_wave) {
  shape->rows = rows;
  shape->pixels = pixels;
  shape->wave_angstrom = long_wave;
  shape->label_count = 0;
}

static hr_status write_all(const char *path, const hr_spectra_writer_options *shape,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_spectra_writer *writer = NULL;
  HR_TRY(hr_spectra_writer_open(path, shape, &writer, err));
  HR_TRY(append(writer, 0, 1, err));
  HR_TRY(append_as(HR_FLOAT64, writer, 1, 20, err));
  HR_TRY(append(writer, 20, 20, err));
  HR_TRY(append(writer, 20, ROWS, err));
  HR_TRY(hr_spectra_writer_finish(writer, err));
cleanup:
  hr_spectra_writer_close(&writer);
  return status;
}

static void check_labels(const hr_dataset *dataset) {
  hr_error err;
  const made_rows *r = make_rows();
  const hr_strings *found = hr_dataset_label_names(dataset);
  assert_int_equal(found->count, LABELS);
  for (size_t c = 0; c < LABELS; c++) {
    const double *column = NULL;
    assert_string_equal(found->items[c], names[c]);
    check_ok(hr_dataset_label(dataset, names[c], true, &column, &err));
    for (size_t i = 0; i < ROWS; i++) {
      check_near(column[i], c == 1 ? (double)r->id[i] : r->numbers[c][i], 0);
    }
  }
}

/* The library's own reader gets back what was written; test_simulate.py asks pandas. */
static void check_read_back(const char *path, bool has_noisy) {
  hr_error err;
  const made_rows *r = make_rows();
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
    hr_spectra_writer_options shape =
        make_shape(i / 2 ? HR_FLOAT64 : HR_FLOAT32, has_noisy);
    const char *path = scratch_name(&s, "dataset.h5");
    shape.replace = i > 0;
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
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  char expected[5000];
  scratch_init(&s);
  writer = open_writer(&s, &shape);
  check_ok(append(writer, 0, 7, &err));
  snprintf(expected, sizeof expected, "%s was to have 21 rows and got 7", s.name);
  check_fails(hr_spectra_writer_finish(writer, &err), HR_ERR_USAGE, expected);
  snprintf(expected, sizeof expected, "%s was to have 21 rows and would get 22", s.name);
  check_fails(append(writer, 0, 15, &err), HR_ERR_USAGE, expected);
  assert_int_equal(access(scratch_name(&s, "dataset.h5.part"), F_OK), 0);
  hr_spectra_writer_close(&writer);
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
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, true);
  char expected[5000];
  signal(SIGXFSZ, SIG_IGN);
  scratch_init(&s);
  writer = open_writer(&s, &shape);
  snprintf(expected, sizeof expected, "writing %s failed: File too large", s.name);
  check_ok(append(writer, 0, ROWS, &err));
  set_file_limit(true);
  hr_status status = hr_spectra_writer_finish(writer, &err);
  set_file_limit(false);
  check_fails(status, HR_ERR_IO, expected);
  hr_spectra_writer_close(&writer);
  check_removed(&s);
  scratch_fini(&s);
}

/* Many pixels go straight to the disk. */
static void disks_full_on_the_way_are_told(void **state) {
  (void)state;
  enum { MANY = 1 << 16 };
  static const float values[MANY];
  static double long_wave[MANY];
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  hr_spectra_rows row = hr_spectra_rows_default();
  hr_error err;
  scratch s;
  char expected[5000];
  for (size_t p = 0; p < MANY; p++) long_wave[p] = 5000 + (double)p;
  stretch(&shape, 3, MANY, long_wave);
  row.rows = 1, row.flux = row.error = values;
  signal(SIGXFSZ, SIG_IGN);
  scratch_init(&s);
  hr_spectra_writer *writer = open_writer(&s, &shape);
  snprintf(expected, sizeof expected, "writing %s failed: File too large", s.name);
  check_ok(hr_spectra_writer_append(writer, &row, &err));
  set_file_limit(true);
  hr_status status = hr_spectra_writer_append(writer, &row, &err);
  set_file_limit(false);
  check_fails(status, HR_ERR_IO, expected);
  hr_spectra_writer_close(&writer);
  check_removed(&s);
  scratch_fini(&s);
}

static void folders_that_are_not_there_are_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, true);
  char expected[5000];
  scratch_init(&s);
  scratch_name(&s, "no/dataset.h5");
  snprintf(expected, sizeof expected, "cannot create %s.part: No such file or directory",
           s.name);
  check_fails(hr_spectra_writer_open(s.name, &shape, &writer, &err), HR_ERR_IO, expected);
  assert_null(writer);
  scratch_fini(&s);
}

static void memory_that_runs_out_is_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, true);
  scratch_init(&s);
  scratch_name(&s, "dataset.h5");
  shape.replace = true;
  check_alloc_failures(write_all(s.name, &shape, &err));
  check_read_back(s.name, true);
  scratch_fini(&s);
}

/* Above 65,536 rows: 4096 rows a chunk, as the users' simulator has it. */
static void large_sets_are_chunked(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  shape.rows = 65537;
  scratch_init(&s);
  writer = open_writer(&s, &shape);
  for (uint64_t done = 0; done < shape.rows;) {
    uint64_t left = shape.rows - done, taken = left < ROWS ? left : ROWS;
    check_ok(append(writer, 0, (size_t)taken, &err));
    done += taken;
  }
  check_ok(hr_spectra_writer_finish(writer, &err));
  hr_spectra_writer_close(&writer);
  struct stat info;
  assert_int_equal(stat(scratch_name(&s, "dataset.h5"), &info), 0);
  /* 17 chunks of each array, the last one nearly empty. */
  assert_true(info.st_size > 2 * 17 * 4096 * PIXELS * 4);
  scratch_fini(&s);
}

/* Chunks of long rows have fewer of them: HDF5 allows none of 4 GiB. */
static void chunks_of_long_rows_are_small(void **state) {
  (void)state;
  enum { LONG = 1 << 18 };
  static double long_wave[LONG];
  scratch s;
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT64, false);
  for (size_t p = 0; p < LONG; p++) long_wave[p] = 5000 + 0.001 * (double)p;
  stretch(&shape, 65537, LONG, long_wave);
  scratch_init(&s);
  writer = open_writer(&s, &shape);
  hr_spectra_writer_close(&writer);
  check_removed(&s);
  scratch_fini(&s);
}

static void check_zeros(const char *path, size_t count) {
  static float errors[900000];
  assert_true(count <= sizeof errors / sizeof errors[0]);
  for (size_t i = 0; i < count; i++) errors[i] = 1;
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t array = H5Dopen2(file, HR_SHARD_ERROR, H5P_DEFAULT);
  assert_true(H5Dread(array, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, errors) >=
              0);
  H5Dclose(array);
  H5Fclose(file);
  for (size_t i = 0; i < count; i++) check_near(errors[i], 0, 0);
}

/* Errors that are not known are zeros, which a study takes for that. */
static void errors_may_be_unknown_and_labels_missing(void **state) {
  (void)state;
  enum { LONG = 300000 };
  static double long_wave[LONG];
  static float flux[3][LONG];
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  hr_spectra_reader *reader = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  hr_spectra_rows rows = hr_spectra_rows_default();
  hr_spectra_info info = {.size = sizeof info};
  hr_spectra_block block = {.size = sizeof block};
  for (size_t p = 0; p < LONG; p++) {
    long_wave[p] = 5000 + 0.01 * (double)p;
    for (size_t i = 0; i < 3; i++) flux[i][p] = 1.0f + 0.25f * (float)i;
  }
  stretch(&shape, 3, LONG, long_wave);
  rows.rows = 3, rows.flux = flux;
  scratch_init(&s);
  const char *path = scratch_name(&s, "dataset.h5");
  check_ok(hr_spectra_writer_open(path, &shape, &writer, &err));
  check_ok(hr_spectra_writer_append(writer, &rows, &err));
  check_ok(hr_spectra_writer_finish(writer, &err));
  hr_spectra_writer_close(&writer);
  check_ok(hr_spectra_open(&path, 1, NULL, &reader, &err));
  check_ok(hr_spectra_get_info(reader, &info, &err));
  assert_int_equal(info.label_count, 0);
  assert_int_equal(info.rows, 3);
  check_zeros(path, 3 * (size_t)LONG);
  check_ok(hr_spectra_next(reader, &block, &err));
  assert_int_equal(block.rows, 3);
  assert_true(block.flux[LONG] == 1.25f);
  hr_spectra_close(&reader);
  scratch_fini(&s);
}

/* Whether it may be replaced or not. */
static void a_folder_is_no_file(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  char expected[5000];
  scratch_init(&s);
  snprintf(expected, sizeof expected,
           "%s is a folder; give the name of a file, such as %s/spectra.h5", s.path,
           s.path);
  for (int replace = 0; replace < 2; replace++) {
    shape.replace = replace;
    check_fails(hr_spectra_writer_open(s.path, &shape, &writer, &err), HR_ERR_USAGE,
                expected);
    check_fails(hr_spectra_writer_open("none/", &shape, &writer, &err), HR_ERR_USAGE,
                "none/ is a folder; give the name of a file, such as none/spectra.h5");
    check_fails(hr_spectra_writer_open("", &shape, &writer, &err), HR_ERR_USAGE,
                "the name of the file is empty; give one, such as spectra.h5");
    assert_null(writer);
  }
  scratch_fini(&s);
}

static void files_that_are_there_stay(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  char expected[5000];
  scratch_init(&s);
  scratch_write(&s, "dataset.h5", "mine");
  snprintf(expected, sizeof expected,
           "%s is there already; give another name, remove it, or ask for it to be "
           "replaced",
           s.name);
  check_fails(hr_spectra_writer_open(s.name, &shape, &writer, &err), HR_ERR_USAGE,
              expected);
  assert_null(writer);
  scratch_fini(&s);
}

static void refused(const hr_spectra_writer_options *shape, hr_status status,
                    const char *expected) {
  hr_error err;
  hr_spectra_writer *writer = NULL;
  check_fails(hr_spectra_writer_open("no/x.h5", shape, &writer, &err), status, expected);
  assert_null(writer);
}

static void shapes_that_cannot_be_are_told(void **state) {
  (void)state;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  shape.rows = 0;
  refused(&shape, HR_ERR_EMPTY,
          "no/x.h5 was to have 0 spectra; give it between 1 and 68719476736");
  shape = make_shape(HR_FLOAT32, false);
  shape.pixels = 0;
  refused(&shape, HR_ERR_USAGE,
          "no/x.h5 was to have spectra of 0 pixels; give them between 1 and 16777216");
  shape = make_shape(HR_FLOAT32, false);
  shape.wave_angstrom = NULL;
  refused(&shape, HR_ERR_USAGE,
          "hr_spectra_writer_options.wave_angstrom is NULL; give the wavelengths of the "
          "pixels");
  const double falling[PIXELS] = {1, 2, 3, 3, 5, 6, 7, 8};
  shape.wave_angstrom = falling;
  refused(
      &shape, HR_ERR_DATA,
      "the wavelength of pixel 3 (counted from 0) is 3; wavelengths are finite, above 0 "
      "and increase, in angstrom");
  const double unknown[PIXELS] = {NAN, 2, 3, 4, 5, 6, 7, 8};
  shape.wave_angstrom = unknown;
  refused(&shape, HR_ERR_DATA,
          "the wavelength of pixel 0 (counted from 0) is nan; wavelengths are finite, "
          "above 0 "
          "and increase, in angstrom");
  const double zero[PIXELS] = {0, 2, 3, 4, 5, 6, 7, 8};
  shape.wave_angstrom = zero;
  refused(
      &shape, HR_ERR_DATA,
      "the wavelength of pixel 0 (counted from 0) is 0; wavelengths are finite, above 0 "
      "and increase, in angstrom");
  shape = make_shape(HR_FLOAT32, false);
  const double no_width[PIXELS] = {1, 2, 0, 1, 1, 1, 1, 1};
  shape.fwhm_angstrom = no_width;
  refused(&shape, HR_ERR_DATA,
          "the line spread of pixel 2 (counted from 0) is 0; widths are finite and above "
          "0, in angstrom");
  shape = make_shape(HR_FLOAT32, false);
  shape.size = 1;
  hr_error err;
  hr_spectra_writer *writer = NULL;
  assert_int_equal(hr_spectra_writer_open("x.h5", &shape, &writer, &err), HR_ERR_USAGE);
  assert_non_null(strstr(err.message, "hr_spectra_writer_options.size is 1, not "));
}

static void labels_that_cannot_be_are_told(void **state) {
  (void)state;
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, false);
  const char *const twice[LABELS] = {"id", "log_g", "id"};
  shape.labels = twice;
  refused(&shape, HR_ERR_USAGE, "two labels have the name 'id'; rename one");
  const char *const odd[4] = {"a\\b", "", NULL, "\316\261"};
  for (size_t i = 0; i < 4; i++) {
    char expected[200];
    const char *const one[LABELS] = {"id", odd[i], "x"};
    shape.labels = one;
    snprintf(expected, sizeof expected,
             "label 1 (counted from 0) has the name '%s'; names are of letters, digits "
             "and signs of ASCII, without a backslash",
             odd[i] ? odd[i] : "");
    refused(&shape, HR_ERR_USAGE, expected);
  }
}

static void arrays_that_are_missing_are_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  const made_rows *r = make_rows();
  hr_spectra_writer_options shape = make_shape(HR_FLOAT32, true);
  const void *const labels[LABELS] = {r->numbers[0], NULL, r->numbers[2]};
  hr_spectra_rows rows = hr_spectra_rows_default();
  char expected[5000];
  scratch_init(&s);
  check_ok(hr_spectra_writer_open(scratch_name(&s, "x.h5"), &shape, &writer, &err));
  const char *const missing[4] = {"flux", "noisy", "labels", "labels"};
  rows.rows = 1;
  for (size_t i = 0; i < 4; i++) {
    if (i == 1) rows.flux = r->flux;
    if (i == 2) rows.noisy = r->noisy;
    if (i == 3) rows.labels = labels;
    snprintf(expected, sizeof expected,
             "hr_spectra_rows.%s is NULL, but %s is to have it", missing[i], s.name);
    check_fails(hr_spectra_writer_append(writer, &rows, &err), HR_ERR_USAGE, expected);
  }
  rows.size = 3;
  assert_int_equal(hr_spectra_writer_append(writer, &rows, &err), HR_ERR_USAGE);
  hr_spectra_writer_close(&writer);
  assert_null(writer);
  scratch_fini(&s);
}

static herr_t check_time(hid_t file, const char *name, const H5O_info_t *info,
                         void *datasets) {
  (void)file;
  if (info->type == H5O_TYPE_DATASET) ++*(int *)datasets;
  if (info->mtime != 0) print_error("%s has a time\n", name);
  return info->mtime != 0; /* ends the visit */
}

/* test_simulate.py compares the bytes of two that were written at different times. */
static void files_hold_no_times(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  const hr_spectra_writer_options shape = make_shape(HR_FLOAT32, true);
  int datasets = 0;
  check_ok(write_all(scratch_name(&s, "dataset.h5"), &shape, &err));
  hid_t file = H5Fopen(s.name, H5F_ACC_RDONLY, H5P_DEFAULT);
  assert_true(file >= 0);
  assert_int_equal(H5Ovisit1(file, H5_INDEX_NAME, H5_ITER_INC, check_time, &datasets), 0);
  assert_int_equal(datasets, 5); /* wavelengths, three arrays, the table of labels */
  assert_true(H5Fclose(file) >= 0);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_read_back),
      cmocka_unit_test(files_hold_no_times),
      cmocka_unit_test(unfinished_files_are_removed),
      cmocka_unit_test(disks_full_at_the_end_are_told),
      cmocka_unit_test(disks_full_on_the_way_are_told),
      cmocka_unit_test(folders_that_are_not_there_are_told),
      cmocka_unit_test(memory_that_runs_out_is_told),
      cmocka_unit_test(large_sets_are_chunked),
      cmocka_unit_test(chunks_of_long_rows_are_small),
      cmocka_unit_test(errors_may_be_unknown_and_labels_missing),
      cmocka_unit_test(a_folder_is_no_file),
      cmocka_unit_test(files_that_are_there_stay),
      cmocka_unit_test(shapes_that_cannot_be_are_told),
      cmocka_unit_test(labels_that_cannot_be_are_told),
      cmocka_unit_test(arrays_that_are_missing_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
