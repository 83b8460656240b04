/* The list of a file's datasets: every type, shape and storage. */
#include "core/alloc.h"
#include "data/inspect_parts.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static char path[256];

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/arrays.h5", s.path);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* Changes the first letter of the first place where the file holds `letters`. */
static void spoil(const char *name, const char *letters) {
  static char bytes[1 << 16];
  FILE *file = fopen(name, "r+b");
  assert_non_null(file);
  size_t size = fread(bytes, 1, sizeof bytes, file), at = 0;
  while (at + 4 < size && memcmp(bytes + at, letters, 4) != 0) at++;
  assert_true(at + 4 < size);
  assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
  assert_int_equal(fputc('X', file), 'X');
  fclose(file);
}

static void destroy_arrays(hr_inspection *it) {
  for (size_t i = 0; i < it->array_count; i++) {
    hr_free(it->arrays[i].path);
    hr_free(it->arrays[i].type);
    hr_free(it->arrays[i].shape);
    hr_free(it->arrays[i].storage);
  }
  hr_free(it->arrays);
}

/* Makes a dataset that was never written to. `creation` and `type` may be predefined. */
static void put(hid_t file, const char *name, hid_t type, hid_t space, hid_t creation) {
  hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  assert_true(set >= 0);
  H5Dclose(set);
}

static void put_types(hid_t file) {
  hid_t scalar = H5Screate(H5S_SCALAR), text = H5Tcopy(H5T_C_S1), any = H5Tcopy(H5T_C_S1);
  hid_t pair = H5Tcreate(H5T_COMPOUND, 8);
  H5Tset_size(text, 16);
  H5Tset_size(any, H5T_VARIABLE);
  H5Tinsert(pair, "a", 0, H5T_STD_I32LE);
  H5Tinsert(pair, "b", 4, H5T_IEEE_F32LE);
  put(file, "type_a", H5T_IEEE_F64LE, scalar, H5P_DEFAULT);
  put(file, "type_b", H5T_STD_U8BE, scalar, H5P_DEFAULT);
  put(file, "type_c", H5T_STD_I16BE, scalar, H5P_DEFAULT);
  put(file, "type_d", text, scalar, H5P_DEFAULT);
  put(file, "type_e", any, scalar, H5P_DEFAULT);
  put(file, "type_f", pair, scalar, H5P_DEFAULT);
  put(file, "type_g", H5T_STD_REF_OBJ, scalar, H5P_DEFAULT);
  H5Tclose(pair);
  H5Tclose(any);
  H5Tclose(text);
  H5Sclose(scalar);
}

static void put_storage(hid_t file) {
  hid_t space = H5Screate_simple(2, (hsize_t[2]){6, 4}, NULL);
  hid_t chunked = H5Pcreate(H5P_DATASET_CREATE), compact = H5Pcopy(chunked);
  hid_t external = H5Pcopy(chunked);
  H5Pset_chunk(chunked, 2, (hsize_t[2]){3, 2});
  H5Pset_shuffle(chunked);
  H5Pset_deflate(chunked, 4);
  H5Pset_layout(compact, H5D_COMPACT);
  H5Pset_external(external, "other.bin", 0, H5F_UNLIMITED);
  put(file, "way_a", H5T_IEEE_F32LE, space, chunked);
  put(file, "way_b", H5T_IEEE_F32LE, space, compact);
  put(file, "way_c", H5T_IEEE_F32LE, space, external);
  H5Pclose(external);
  H5Pclose(compact);
  H5Pclose(chunked);
  H5Sclose(space);
}

static void put_virtual(hid_t file) {
  hid_t space = H5Screate_simple(1, (hsize_t[1]){3}, NULL);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_virtual(creation, space, "other.h5", "/a", space);
  put(file, "way_d", H5T_IEEE_F32LE, space, creation);
  H5Pclose(creation);
  H5Sclose(space);
}

static void every_kind_is_listed(void **state) {
  (void)state;
  static const char *const expected[][4] = {
      {"/type_a", "f64", "scalar", "contiguous"},
      {"/type_b", "u8", "scalar", "contiguous"},
      {"/type_c", "i16 big-endian", "scalar", "contiguous"},
      {"/type_d", "text of 16 bytes", "scalar", "contiguous"},
      {"/type_e", "text", "scalar", "contiguous"},
      {"/type_f", "compound of 2", "scalar", "contiguous"},
      {"/type_g", "other", "scalar", "contiguous"},
      {"/way_a", "f32", "6 x 4", "chunks of 3 x 2, shuffle, gzip"},
      {"/way_b", "f32", "6 x 4", "compact"},
      {"/way_c", "f32", "6 x 4", "external"},
      {"/way_d", "f32", "not looked at", "virtual"},
  };
  enum { COUNT = sizeof expected / sizeof *expected };
  hr_error err = {0};
  hr_inspection it = {.path = path};
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_types(file);
  put_storage(file);
  put_virtual(file);
  H5Gclose(shard_make_group(file, "/_i_table"));
  hid_t space = H5Screate(H5S_SCALAR);
  put(file, "/_i_table/index", H5T_IEEE_F64LE, space, H5P_DEFAULT); /* PyTables' own */
  H5Sclose(space);
  H5Fclose(file);
  check_ok(hr_inspect_list_arrays(&it, &err));
  assert_int_equal(it.array_count, COUNT);
  assert_true(it.file_bytes > 0);
  for (size_t i = 0; i < COUNT; i++) {
    assert_string_equal(it.arrays[i].path, expected[i][0]);
    assert_string_equal(it.arrays[i].type, expected[i][1]);
    assert_string_equal(it.arrays[i].shape, expected[i][2]);
    assert_string_equal(it.arrays[i].storage, expected[i][3]);
  }
  destroy_arrays(&it);
}

static void other_files_are_refused(void **state) {
  (void)state;
  char sentence[512];
  hr_error err = {0};
  hr_inspection it = {.path = path};
  scratch_write(&s, "arrays.h5", "\x80\x81");
  snprintf(sentence, sizeof sentence, "%s is not an HDF5 file", path);
  check_fails(hr_inspect_list_arrays(&it, &err), HR_ERR_FORMAT, sentence);
  assert_int_equal(it.array_count, 0);
}

/* The first letters of a group's index spoilt; HDF5 looks at them before it believes it.
 */
static void groups_that_cannot_be_listed_are_told(void **state) {
  (void)state;
  char sentence[512];
  hr_error err = {0};
  hr_inspection it = {.path = path};
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_types(file);
  H5Fclose(file);
  spoil(path, "SNOD");
  assert_int_equal(hr_inspect_list_arrays(&it, &err), HR_ERR_FORMAT);
  snprintf(sentence, sizeof sentence, "%s: cannot list what it holds: ", path);
  assert_memory_equal(err.message, sentence, strlen(sentence));
  destroy_arrays(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_kind_is_listed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(other_files_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(groups_that_cannot_be_listed_are_told, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
