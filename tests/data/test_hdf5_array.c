/* Shapes, types and bytes of datasets. */
#include "core/alloc.h"
#include "data/hdf5_file.h"
#include "support/shards.h"

static char path[256];
static char expected[2048];

static hr_hdf5_file create_file(void) {
  hr_hdf5_silence();
  hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(id >= 0);
  return (hr_hdf5_file){.id = id, .path = path};
}

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "hdf5_array.h5");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static const char *told(const char *after) {
  snprintf(expected, sizeof expected, "%s: %s", path, after);
  return expected;
}

static hid_t open_set(const hr_hdf5_file *file, const char *name) {
  hr_error err = {0};
  hid_t set = H5I_INVALID_HID;
  check_ok(hr_hdf5_open_dataset(file, name, H5P_DEFAULT, &set, &err));
  return set;
}

/* 4 rows of 3: 0, 1, 2, ... */
static void put_counting(const hr_hdf5_file *file, const char *name, hid_t type,
                         const hsize_t *chunk, bool gzip) {
  double values[12];
  for (int i = 0; i < 12; i++) values[i] = i;
  shard_put(file->id, name, type, 2, (hsize_t[2]){4, 3}, chunk, gzip, values);
}

static void checks_shapes(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  size_t shape[2] = {0};
  put_counting(&file, "/a", H5T_IEEE_F64LE, NULL, false);
  hid_t set = open_set(&file, "/a");
  check_ok(hr_hdf5_shape(&file, set, "/a", 2, shape, &err));
  assert_int_equal(shape[0], 4);
  assert_int_equal(shape[1], 3);
  check_fails(hr_hdf5_shape(&file, set, "/a", 1, shape, &err), HR_ERR_FORMAT,
              told("/a has 2 dimensions instead of 1"));
  hr_hdf5_release(&set);
  shard_put(file.id, "/flat", H5T_IEEE_F64LE, 1, (hsize_t[1]){2}, NULL, false,
            (double[2]){0});
  set = open_set(&file, "/flat");
  check_fails(hr_hdf5_shape(&file, set, "/flat", 2, shape, &err), HR_ERR_FORMAT,
              told("/flat has 1 dimension instead of 2"));
  hr_hdf5_release(&set);
  hr_hdf5_close(&file);
}

/* A dataset of which HDF5 would look for values in other files. */
static void check_outside(hid_t creation, const char *sentence) {
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  hid_t space = H5Screate_simple(2, (hsize_t[2]){5, 4}, NULL), opened = H5I_INVALID_HID;
  hid_t set = H5Dcreate2(file.id, "/v", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation,
                         H5P_DEFAULT);
  assert_true(set >= 0);
  check_fails(hr_hdf5_check_inside(&file, set, "/v", &err), HR_ERR_FORMAT,
              told(sentence));
  check_fails(hr_hdf5_open_dataset(&file, "/v", H5P_DEFAULT, &opened, &err),
              HR_ERR_FORMAT, told(sentence));
  assert_true(opened < 0);
  hr_hdf5_release(&set);
  hr_hdf5_release(&space);
  hr_hdf5_release(&creation);
  hr_hdf5_close(&file);
}

/* Where the source of a virtual dataset is missing HDF5 would read zeros. */
static void refuses_values_in_other_files(void **state) {
  (void)state;
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t space = H5Screate_simple(2, (hsize_t[2]){5, 4}, NULL);
  assert_true(H5Pset_virtual(creation, space, "no-such.h5", "/a", space) >= 0);
  check_outside(creation,
                "/v is a virtual dataset, whose values lie in other files; write them "
                "into one, for example with h5repack -l CONTI");
  creation = H5Pcreate(H5P_DATASET_CREATE);
  assert_true(H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED) >= 0);
  check_outside(creation,
                "the values of /v lie in other files, which are not read; write them "
                "into one, for example with h5repack -l CONTI");
  hr_hdf5_release(&space);
}

static void checks_types(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  const hid_t good[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
  for (size_t i = 0; i < 4; i++) {
    size_t bytes = 0;
    put_counting(&file, "/good", good[i], NULL, false);
    hid_t set = open_set(&file, "/good");
    check_ok(hr_hdf5_check_floats(&file, set, "/good", &bytes, &err));
    assert_int_equal(bytes, i < 2 ? 4 : 8);
    hr_hdf5_release(&set);
    H5Ldelete(file.id, "/good", H5P_DEFAULT);
  }
  size_t bytes = 0;
  put_counting(&file, "/integers", H5T_STD_U16BE, NULL, false);
  hid_t set = open_set(&file, "/integers");
  check_fails(hr_hdf5_check_floats(&file, set, "/integers", &bytes, &err), HR_ERR_FORMAT,
              told("/integers holds integers of 2 bytes; write it as floating-point "
                   "numbers of 2, 4 or 8 bytes"));
  hr_hdf5_release(&set);
  hr_hdf5_close(&file);
}

static void checks_text_and_other_types(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  size_t bytes = 0;
  hid_t text = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, (hsize_t[1]){2}, NULL);
  H5Tset_size(text, 6);
  H5Dclose(H5Dcreate2(file.id, "/t", text, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dclose(H5Dcreate2(file.id, "/b", H5T_STD_B8LE, space, H5P_DEFAULT, H5P_DEFAULT,
                      H5P_DEFAULT));
  H5Sclose(space);
  H5Tclose(text);
  hid_t set = open_set(&file, "/t");
  check_fails(hr_hdf5_check_floats(&file, set, "/t", &bytes, &err), HR_ERR_FORMAT,
              told("/t holds text of 6 bytes; write it as floating-point numbers of 2, 4 "
                   "or 8 bytes"));
  hr_hdf5_release(&set);
  set = open_set(&file, "/b");
  check_fails(hr_hdf5_check_floats(&file, set, "/b", &bytes, &err), HR_ERR_FORMAT,
              told("/b holds values that are not numbers, of 1 byte; write it as "
                   "floating-point numbers of 2, 4 or 8 bytes"));
  hr_hdf5_release(&set);
  hr_hdf5_close(&file);
}

static void reads_rows(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  double rows[6] = {0};
  put_counting(&file, "/a", H5T_STD_I32BE, (hsize_t[2]){3, 2}, true);
  hid_t set = open_set(&file, "/a");
  check_ok(hr_hdf5_check_stored(&file, set, "/a", &err));
  check_ok(hr_hdf5_read_rows(&(hr_hdf5_object){&file, set, "/a"}, H5T_NATIVE_DOUBLE,
                             (size_t[2]){2, 2}, rows, &err));
  for (int i = 0; i < 6; i++) check_near(rows[i], 6 + i, 0);
  check_fails(hr_hdf5_read_rows(&(hr_hdf5_object){&file, set, "/a"}, H5T_NATIVE_DOUBLE,
                                (size_t[2]){3, 2}, rows, &err),
              HR_ERR_FORMAT,
              told("cannot read /a: selection + offset not within extent"));
  hr_hdf5_release(&set);
  hr_hdf5_close(&file);
}

static void put_unwritten(const hr_hdf5_file *file, const char *name,
                          const hsize_t *chunk) {
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t space = H5Screate_simple(2, (hsize_t[2]){5, 4}, NULL);
  if (chunk) H5Pset_chunk(creation, 2, chunk);
  hid_t set = H5Dcreate2(file->id, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, creation,
                         H5P_DEFAULT);
  assert_true(set >= 0);
  if (chunk) { /* one element, so one chunk */
    double one = 1;
    hid_t memory = H5Screate(H5S_SCALAR);
    H5Sselect_elements(space, H5S_SELECT_SET, 1, (hsize_t[2]){4, 3});
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, &one) >= 0);
    H5Sclose(memory);
  }
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
}

static void sees_what_was_never_written(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  put_unwritten(&file, "/chunked", (hsize_t[2]){2, 3});
  put_unwritten(&file, "/contiguous", NULL);
  hid_t set = open_set(&file, "/chunked");
  check_fails(hr_hdf5_check_stored(&file, set, "/chunked", &err), HR_ERR_FORMAT,
              told("only 1 of the 6 chunks of /chunked were written; the file is "
                   "incomplete, write it again"));
  hr_hdf5_release(&set);
  set = open_set(&file, "/contiguous");
  check_fails(hr_hdf5_check_stored(&file, set, "/contiguous", &err), HR_ERR_FORMAT,
              told("/contiguous was never written in full; the file is incomplete, write "
                   "it again"));
  hr_hdf5_release(&set);
  hr_hdf5_close(&file);
}

/* The bytes of the first chunk of `set` in the file are overwritten. */
static void damage_chunk(hid_t set) {
  unsigned mask = 0;
  haddr_t address = HADDR_UNDEF;
  hsize_t offset[2] = {0}, size = 0;
  hid_t space = H5Dget_space(set);
  assert_true(H5Dget_chunk_info(set, space, 0, offset, &mask, &address, &size) >= 0);
  H5Sclose(space);
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  assert_int_equal(fseek(file, (long)address, SEEK_SET), 0);
  for (hsize_t i = 0; i < size; i++) fputc(0xff, file);
  fclose(file);
}

static void tells_damaged_chunks(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = create_file();
  double rows[12];
  put_counting(&file, "/a", H5T_IEEE_F64LE, (hsize_t[2]){4, 3}, true);
  hr_hdf5_close(&file);
  check_ok(hr_hdf5_open(path, &file, &err));
  hid_t set = open_set(&file, "/a");
  damage_chunk(set);
  check_fails(hr_hdf5_read_rows(&(hr_hdf5_object){&file, set, "/a"}, H5T_NATIVE_DOUBLE,
                                (size_t[2]){0, 4}, rows, &err),
              HR_ERR_FORMAT, told("cannot read /a: inflate() failed"));
  hr_hdf5_release(&set);
  hr_hdf5_close(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(checks_shapes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_values_in_other_files, set_up, tear_down),
      cmocka_unit_test_setup_teardown(checks_types, set_up, tear_down),
      cmocka_unit_test_setup_teardown(checks_text_and_other_types, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_rows, set_up, tear_down),
      cmocka_unit_test_setup_teardown(sees_what_was_never_written, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_damaged_chunks, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
