/* Opening HDF5 files, finding what is in them, and reading attributes. */
#include "data/hdf5_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "support/shards.h"

static char path[256];
static char expected[2048];

static bool exists(const hr_hdf5_file *file, const char *object) {
  hr_error err;
  bool there = false;
  check_ok(hr_hdf5_find(file, object, &there, &err));
  return there;
}

static void write_bytes(const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

static void write_shard(void) {
  shard_spec spec = shard_spec_default(path);
  shard_write(&spec);
}

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "hdf5_file.h5");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

/* Opening `path` fails; `format` has a %s for it. */
static void refuses_to_open(hr_status status, const char *before, const char *after) {
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  snprintf(expected, sizeof expected, "%s%s%s", before, path, after);
  check_fails(hr_hdf5_open(path, &file, &err), status, expected);
  assert_true(file.id < 0);
}

static void opens_and_closes(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  write_shard();
  check_ok(hr_hdf5_open(path, &file, &err));
  assert_true(file.id >= 0);
  assert_ptr_equal(file.path, path);
  hr_hdf5_close(&file);
  assert_true(file.id < 0);
  hr_hdf5_close(&file);
  assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

static void refuses_files_that_are_none(void **state) {
  (void)state;
  refuses_to_open(HR_ERR_MISSING, "cannot open ", ": No such file or directory");
  assert_int_equal(mkdir(path, 0700), 0);
  refuses_to_open(HR_ERR_MISSING, "", " is not a regular file");
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  refuses_to_open(HR_ERR_MISSING, "", " is not a regular file");
}

static void refuses_files_that_are_not_hdf5(void **state) {
  (void)state;
  write_bytes("", 0);
  refuses_to_open(HR_ERR_FORMAT, "",
                  " is not an HDF5 file but empty; write or get it again");
  write_bytes("\x80\x81", 2);
  refuses_to_open(HR_ERR_FORMAT, "", " is not an HDF5 file");
}

static void refuses_truncated_files(void **state) {
  (void)state;
  struct stat info;
  char reason[256];
  write_shard();
  assert_int_equal(stat(path, &info), 0);
  off_t kept = info.st_size - 100;
  assert_int_equal(truncate(path, kept), 0);
  snprintf(reason, sizeof reason,
           " is damaged or still being written: truncated file: eof = %ld, "
           "sblock->base_addr = 0, stored_eof = %ld",
           (long)kept, (long)info.st_size);
  refuses_to_open(HR_ERR_FORMAT, "", reason);
}

/* Writes the byte at `offset` of the file. */
static void patch(long offset, unsigned char byte) {
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  assert_int_equal(fseek(file, offset, SEEK_SET), 0);
  assert_int_equal(fwrite(&byte, 1, 1, file), 1);
  fclose(file);
}

static const char *newer(const char *reason) {
  static char text[512];
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  snprintf(
      text, sizeof text,
      ": written in a newer format than HDF5 %u.%u.%u reads, or damaged (%s); "
      "rewrite it with the h5repack of the HDF5 that wrote it, or write it anew with "
      "libver=('earliest', 'v110')",
      major, minor, release, reason);
  return text;
}

/* The layout message of a contiguous dataset: its type 8 and its 24 bytes, then version 3
 * and class 1. Version 5 is what HDF5 2.0 writes with libver="latest". */
static long find_layout(void) {
  static const unsigned char message[] = {8, 0, 24, 0}, body[] = {3, 1};
  unsigned char bytes[1 << 16];
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t i = 0; i + 10 < size; i++) {
    if (memcmp(bytes + i, message, 4) == 0 && memcmp(bytes + i + 8, body, 2) == 0) {
      return (long)i + 8;
    }
  }
  fail_msg("no layout message in %zu bytes", size);
  return 0;
}

static void tells_files_of_a_newer_hdf5(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  hid_t dataset = H5I_INVALID_HID;
  write_shard();
  long layout = find_layout();
  patch(layout, 5);
  check_ok(hr_hdf5_open(path, &file, &err));
  snprintf(expected, sizeof expected, "%s: cannot open /spectrumdataset/wave%s", path,
           newer("bad version number for layout message"));
  check_fails(
      hr_hdf5_open_dataset(&file, "/spectrumdataset/wave", H5P_DEFAULT, &dataset, &err),
      HR_ERR_FORMAT, expected);
  hr_hdf5_close(&file);
  write_shard();
  patch(8, 4);
  refuses_to_open(HR_ERR_FORMAT, "cannot open ", newer("bad superblock version number"));
}

/* As HDF5 does where it opens a file for writing. Who it is can be seen or not. */
static void tells_files_that_are_being_written(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  static const char behind[] =
      ", perhaps in a notebook; close it there, or name a copy "
      "of it";
  write_shard();
  int writer = open(path, O_RDWR | O_CLOEXEC);
  assert_true(writer >= 0 && flock(writer, LOCK_EX) == 0);
  assert_int_equal(hr_hdf5_open(path, &file, &err), HR_ERR_MISSING);
  int length = snprintf(expected, sizeof expected,
                        "%s is open for writing in another program", path);
  assert_memory_equal(err.message, expected, (size_t)length);
  size_t tail = strlen(err.message) - strlen(behind);
  assert_string_equal(err.message + tail, behind);
  assert_int_equal(flock(writer, LOCK_UN), 0);
  check_ok(hr_hdf5_open(path, &file, &err));
  assert_false(file.is_unlocked);
  hr_hdf5_close(&file);
  close(writer);
}

/* HDF5 prints its error stack by default; the library must not. */
static void prints_nothing(void **state) {
  (void)state;
  char log[256];
  struct stat info;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  shard_path(log, sizeof log, "stderr.txt");
  write_shard();
  assert_int_equal(truncate(path, 1500), 0);
  fflush(stderr);
  int kept = dup(STDERR_FILENO), fresh = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(kept >= 0 && fresh >= 0 && dup2(fresh, STDERR_FILENO) >= 0);
  hr_status status = hr_hdf5_open(path, &file, &err);
  fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(fresh);
  assert_int_equal(status, HR_ERR_FORMAT);
  assert_int_equal(stat(log, &info), 0);
  assert_int_equal(info.st_size, 0);
  unlink(log);
}

static void finds_objects(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  write_shard();
  hid_t writer = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(H5Lcreate_soft("/nowhere", writer, "/dangling", H5P_DEFAULT, H5P_DEFAULT) >=
              0);
  H5Fclose(writer);
  check_ok(hr_hdf5_open(path, &file, &err));
  assert_true(exists(&file, "/dataset/arrays/flux/value"));
  assert_true(exists(&file, "/dataset"));
  assert_false(exists(&file, "/dataset/arrays/flux/value/deeper"));
  assert_false(exists(&file, "/data/arrays/flux/value"));
  assert_false(exists(&file, "/dangling"));
  hr_hdf5_close(&file);
}

static void missing(const hr_hdf5_file *file, hr_status status, const char *object_path,
                    const char *after) {
  hr_error err = {0};
  hid_t dataset = H5I_INVALID_HID;
  snprintf(expected, sizeof expected, "%s%s", path, after);
  check_fails(hr_hdf5_open_dataset(file, object_path, H5P_DEFAULT, &dataset, &err),
              status, expected);
  assert_true(dataset < 0);
}

static void tells_what_is_there_instead(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  write_shard();
  hid_t writer = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t crowd = shard_make_group(writer, "/crowd");
  for (char name[8] = "m00"; name[2] < '5'; name[2]++) {
    for (name[1] = '0'; name[1] < '4'; name[1]++) {
      H5Gclose(H5Gcreate2(crowd, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
  }
  H5Gclose(crowd);
  H5Gclose(shard_make_group(writer, "/empty"));
  H5Fclose(writer);
  check_ok(hr_hdf5_open(path, &file, &err));
  missing(
      &file, HR_ERR_MISSING, "/dataset/array/flux/value",
      " has no /dataset/array/flux/value: /dataset holds arrays, params; did you mean "
      "arrays?");
  missing(&file, HR_ERR_MISSING, "/flux",
          " has no /flux: / holds crowd, dataset, empty, spectrumdataset");
  missing(&file, HR_ERR_MISSING, "/empty/flux",
          " has no /empty/flux: /empty holds nothing");
  missing(&file, HR_ERR_MISSING, "/crowd/wavelength",
          " has no /crowd/wavelength: /crowd holds m00, m01, m02, m03, m04, m10, m11, "
          "m12, m13, m14, m20, m21, and 8 more");
  missing(&file, HR_ERR_MISSING, "/spectrumdataset/wave/edges",
          " has no /spectrumdataset/wave/edges: /spectrumdataset/wave is not a group");
  missing(&file, HR_ERR_FORMAT, "/dataset/arrays", ": /dataset/arrays is not a dataset");
  hr_hdf5_close(&file);
}

static void tells_where_dangling_links_lead(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  write_shard();
  hid_t writer = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(H5Lcreate_soft("/old/flux", writer, "/soft", H5P_DEFAULT, H5P_DEFAULT) >=
              0);
  assert_true(H5Lcreate_soft("/gnir", writer, "/ring", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  assert_true(H5Lcreate_soft("/ring", writer, "/gnir", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  H5Fclose(writer);
  check_ok(hr_hdf5_open(path, &file, &err));
  missing(&file, HR_ERR_MISSING, "/soft/value",
          ": /soft is a link that leads nowhere, to /old/flux");
  missing(&file, HR_ERR_MISSING, "/ring/value",
          ": /ring is a link that leads nowhere, to /gnir");
  hr_hdf5_close(&file);
}

/* Also where the file behind the link is there, and where a link leads to such a link. */
static void follows_no_links_to_other_files(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  write_shard();
  hid_t writer = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(H5Lcreate_external(path, "/dataset/arrays", writer, "/dataset/far",
                                 H5P_DEFAULT, H5P_DEFAULT) >= 0);
  assert_true(H5Lcreate_soft("/dataset/far/flux", writer, "/soft", H5P_DEFAULT,
                             H5P_DEFAULT) >= 0);
  H5Fclose(writer);
  check_ok(hr_hdf5_open(path, &file, &err));
  char after[4096];
  snprintf(after, sizeof after,
           ": /dataset/far is a link to /dataset/arrays in the file %s, and links to "
           "other files are not followed; copy the values into this one, for example "
           "with h5copy",
           path);
  missing(&file, HR_ERR_FORMAT, "/dataset/far", after);
  missing(&file, HR_ERR_FORMAT, "/dataset/far/flux/value", after);
  missing(&file, HR_ERR_MISSING, "/soft/value",
          ": /soft is a link that leads nowhere, to /dataset/far/flux");
  assert_true(exists(&file, "/dataset/far"));
  assert_false(exists(&file, "/soft/value"));
  hr_hdf5_close(&file);
}

/* --- attributes --- */

static void put_attribute(hid_t object, const char *name, hid_t type, const void *value) {
  hid_t space = H5Screate(value ? H5S_SCALAR : H5S_NULL);
  hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(attribute >= 0);
  if (value) assert_true(H5Awrite(attribute, type, value) >= 0);
  H5Aclose(attribute);
  H5Sclose(space);
}

static hid_t write_attributes(void) {
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t variable = H5Tcopy(H5T_C_S1), enumeration = H5Tenum_create(H5T_STD_I8LE);
  H5Tset_size(variable, H5T_VARIABLE);
  int8_t no = 0, yes = 1;
  H5Tenum_insert(enumeration, "FALSE", &no);
  H5Tenum_insert(enumeration, "TRUE", &yes);
  const char *long_text = "variable length";
  double number = 1.5;
  shard_put_text(file, "fixed", "frame\0\0", 7);
  put_attribute(file, "variable", variable, &long_text);
  put_attribute(file, "empty", H5T_C_S1, NULL);
  shard_put_number(file, "integer", -3);
  put_attribute(file, "bits", H5T_STD_B8LE, &yes);
  put_attribute(file, "enumeration", enumeration, &yes);
  put_attribute(file, "float", H5T_NATIVE_DOUBLE, &number);
  H5Tclose(enumeration);
  H5Tclose(variable);
  return file;
}

static void check_text(const hr_hdf5_file *file, const char *name, const char *text,
                       size_t size) {
  hr_error err = {0};
  char *found = NULL;
  size_t found_size = 99;
  check_ok(hr_hdf5_attribute_text(&(hr_hdf5_object){file, file->id, "/"}, name, &found,
                                  &found_size, &err));
  if (text) {
    assert_non_null(found);
    assert_string_equal(found, text);
  } else {
    assert_null(found);
  }
  assert_int_equal(found_size, size);
  hr_free(found);
}

static void reads_text_attributes(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = {.id = write_attributes(), .path = path};
  char *text = NULL;
  size_t size = 0;
  const hr_hdf5_object root = {&file, file.id, "/"};
  check_text(&file, "fixed", "frame", 7);
  check_text(&file, "variable", "variable length", 15);
  check_text(&file, "empty", "", 0);
  check_text(&file, "absent", NULL, 0);
  snprintf(expected, sizeof expected, "%s: attribute integer of / cannot be read as text",
           path);
  check_fails(hr_hdf5_attribute_text(&root, "integer", &text, &size, &err), HR_ERR_FORMAT,
              expected);
  assert_null(text);
  hr_hdf5_close(&file);
}

static void reads_integer_attributes(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file = {.id = write_attributes(), .path = path};
  const hr_hdf5_object root = {&file, file.id, "/"};
  int64_t value = 77;
  check_ok(hr_hdf5_attribute_integer(&root, "absent", &value, &err));
  assert_int_equal(value, 77);
  check_ok(hr_hdf5_attribute_integer(&root, "integer", &value, &err));
  assert_int_equal(value, -3);
  check_ok(hr_hdf5_attribute_integer(&root, "bits", &value, &err));
  assert_int_equal(value, 1);
  value = 0;
  check_ok(hr_hdf5_attribute_integer(&root, "enumeration", &value, &err));
  assert_int_equal(value, 1);
  snprintf(expected, sizeof expected,
           "%s: attribute float of / cannot be read as an integer", path);
  check_fails(hr_hdf5_attribute_integer(&root, "float", &value, &err), HR_ERR_FORMAT,
              expected);
  hr_hdf5_close(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(opens_and_closes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_files_that_are_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_files_that_are_not_hdf5, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_truncated_files, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_files_of_a_newer_hdf5, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_files_that_are_being_written, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(prints_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(finds_objects, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_what_is_there_instead, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_where_dangling_links_lead, set_up, tear_down),
      cmocka_unit_test_setup_teardown(follows_no_links_to_other_files, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_text_attributes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_integer_attributes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
