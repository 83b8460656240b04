/* Tables of HDF5 whose elements have named members, found and read. */
#include "data/compound_table.h"

#include <math.h>

#include "support/compound_file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static hr_error err;
static char path[256], expected[1024];
static hr_compound_table *table;
static hr_table_column column;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/t.h5", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_compound_table_destroy(&table);
  hr_table_column_fini(&column);
  scratch_fini(&s);
  return 0;
}

static void read_column(size_t number) {
  hr_table_column_fini(&column);
  check_ok(hr_compound_table_read(table, number, &column, &err));
}

static void columns_are_read_one_by_one(void **state) {
  (void)state;
  size_t count = 0;
  compound_write(path, "/cat/stars", compound_stars, 3);
  check_ok(hr_compound_table_create(path, "/cat/stars", &table, &err));
  assert_int_equal(hr_compound_table_rows(table), 3);
  assert_string_equal(hr_compound_table_names(table, &count)[2], "log_g");
  assert_int_equal(count, 8);
  assert_int_equal(hr_compound_table_kind(table, 1), HR_VALUES_TRUTHS);
  read_column(0);
  assert_true(column.integers[0] == 4611686018427387905);
  check_near(column.values[1], 7, 0);
  read_column(1);
  assert_null(column.integers);
  check_near(column.values[0], 0, 0);
  check_near(column.values[1], 1, 0);
  read_column(2);
  check_near(column.values[0], 1.5, 0);
  assert_int_equal(column.precision, HR_PRECISION_DOUBLE);
  read_column(4);
  check_near(column.values[2], 0.75, 0);
  assert_int_equal(column.precision, HR_PRECISION_SINGLE);
  read_column(7);
  assert_true(column.integers[0] == INT64_MAX);
  check_near(column.values[0], 0x1p64, 0);
}

static void what_is_no_number_is_named(void **state) {
  (void)state;
  compound_write(path, "/t", compound_stars, 3);
  check_ok(hr_compound_table_create(path, "/t", &table, &err));
  snprintf(expected, sizeof expected,
           "%s: the column name holds text; name one of single numbers", path);
  check_fails(hr_compound_table_read(table, 5, &column, &err), HR_ERR_DATA, expected);
  snprintf(expected, sizeof expected,
           "%s: the column pair holds several values a row; name one of single numbers",
           path);
  check_fails(hr_compound_table_read(table, 6, &column, &err), HR_ERR_DATA, expected);
}

static void other_datasets_are_refused(void **state) {
  (void)state;
  shard_spec spec = shard_spec_default(path);
  shard_write(&spec);
  snprintf(expected, sizeof expected,
           "%s: /spectrumdataset/wave is no table: not one row of named columns after "
           "another",
           path);
  check_fails(hr_compound_table_create(path, "/spectrumdataset/wave", &table, &err),
              HR_ERR_FORMAT, expected);
  assert_null(table);
}

/* pandas' own datasets are no tables of their own. */
static void frames_and_tables_are_listed_apart(void **state) {
  (void)state;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  hr_strings frames = {0}, compounds = {0};
  shard_spec spec = shard_spec_default(path);
  shard_write(&spec);
  compound_write(path, "/b/stars", compound_stars, 3);
  compound_write(path, "/a", compound_stars, 3);
  check_ok(hr_hdf5_open(path, &file, &err));
  check_ok(hr_hdf5_list_tables(&file, &frames, &compounds, &err));
  assert_int_equal(frames.count, 1);
  assert_string_equal(frames.items[0], "/dataset/params");
  assert_int_equal(compounds.count, 2);
  assert_string_equal(compounds.items[0], "/a");
  assert_string_equal(compounds.items[1], "/b/stars");
  hr_strings_fini(&frames);
  hr_strings_fini(&compounds);
  hr_hdf5_close(&file);
}

static hr_status read_all(void) {
  hr_status status = hr_compound_table_create(path, "/t", &table, NULL);
  for (size_t i = 0; status == HR_OK && i < 3; i++) {
    hr_table_column_fini(&column);
    status = hr_compound_table_read(table, i, &column, NULL);
  }
  hr_compound_table_destroy(&table);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  compound_write(path, "/t", compound_stars, 3);
  check_alloc_failures(read_all());
}

/* The stars with a sum that shows a changed byte, and one of them changed. */
static void write_spoilt(void) {
  const hsize_t extent = 3;
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t space = H5Screate_simple(1, &extent, NULL), type = compound_type();
  H5Pset_chunk(creation, 1, &extent);
  H5Pset_fletcher32(creation);
  hid_t set = H5Dcreate2(file, "/t", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, compound_stars) >= 0);
  H5Dclose(set);
  H5Tclose(type);
  H5Sclose(space);
  H5Pclose(creation);
  H5Fclose(file);
  static char bytes[1 << 16];
  FILE *stream = fopen(path, "r+b");
  size_t size = fread(bytes, 1, sizeof bytes, stream);
  char *at = memmem(bytes, size, &compound_stars[2].log_g, sizeof(double));
  assert_non_null(at);
  assert_int_equal(fseek(stream, at - bytes, SEEK_SET), 0);
  assert_int_equal(fputc(1, stream), 1);
  assert_int_equal(fclose(stream), 0);
}

static void what_cannot_be_read_is_named(void **state) {
  (void)state;
  write_spoilt();
  check_ok(hr_compound_table_create(path, "/t", &table, &err));
  assert_int_equal(hr_compound_table_read(table, 2, &column, &err), HR_ERR_FORMAT);
  snprintf(expected, sizeof expected, "%s: cannot read the column log_g of /t: ", path);
  assert_memory_equal(err.message, expected, strlen(expected));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(columns_are_read_one_by_one), TEST(what_is_no_number_is_named),
      TEST(other_datasets_are_refused),  TEST(frames_and_tables_are_listed_apart),
      TEST(memory_can_run_out),          TEST(what_cannot_be_read_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
