/* Reading rows of one array, stored in every way. test_stream.c compares the streams. */
#include "data/array.h"

#include <fcntl.h>

#include "data/conditioning.h"
#include "support/shards.h"

enum { ROWS = 6, PIXELS = 4 };
static const char flux[] = "/dataset/arrays/flux/value";
static char path[256];

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "array.h5");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static void open_shard(const shard_spec *spec, hr_hdf5_file *file, hr_shard *shard) {
  hr_error err = {0};
  shard_write(spec);
  *file = (hr_hdf5_file)HR_HDF5_FILE_CLOSED;
  check_ok(hr_shard_read(path, NULL, shard, &err));
  check_ok(hr_hdf5_open(path, file, &err));
}

static void close_shard(hr_hdf5_file *file, hr_shard *shard) {
  hr_hdf5_close(file);
  hr_shard_fini(shard);
}

/* A cache is asked for where chunks would be unpacked, or gathered, more than once. */
static void layouts_tell_the_cache(void **state) {
  (void)state;
  static const struct {
    size_t chunk_rows, chunk_pixels;
    bool gzip;
    size_t chunk_bytes, across, cache;
  } cases[] = {
      {0, 0, false, 0, 0, 0},
      {3, 4, false, 3 * 4 * 4, 1, 0},
      {3, 3, false, 3 * 3 * 4, 2, 72},
      {3, 4, true, 3 * 4 * 4, 1, 48},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hr_error err = {0};
    hr_hdf5_file file;
    hr_shard shard;
    hr_array_layout layout;
    shard_spec spec = shard_spec_default(path);
    spec.dtype = SHARD_F32;
    spec.chunk_rows = cases[i].chunk_rows;
    spec.chunk_pixels = cases[i].chunk_pixels;
    spec.gzip = cases[i].gzip;
    open_shard(&spec, &file, &shard);
    check_ok(hr_array_look(&file, &shard, flux, &layout, &err));
    assert_int_equal(layout.element_bytes, 4);
    assert_int_equal(layout.compressed, cases[i].gzip);
    assert_int_equal(layout.chunk_rows, cases[i].chunk_rows);
    assert_int_equal(layout.chunk_bytes, cases[i].chunk_bytes);
    assert_int_equal(layout.chunks_across, cases[i].across);
    assert_int_equal(hr_array_cache_bytes(&layout), cases[i].cache);
    close_shard(&file, &shard);
  }
}

static void check_rows(const shard_spec *spec, size_t first, size_t rows) {
  hr_error err = {0};
  hr_hdf5_file file;
  hr_shard shard;
  hr_array array = HR_ARRAY_CLOSED;
  double staged[2 * PIXELS]; /* two rows at a time */
  const hr_array_staging staging = {staged, 2};
  float out[ROWS * PIXELS];
  open_shard(spec, &file, &shard);
  check_ok(hr_array_open(&file, &shard, flux, 48, &array, &err));
  check_ok(hr_array_read(&array, first, rows, &staging, out, &err));
  for (size_t i = 0; i < rows * PIXELS; i++) {
    check_near(out[i], shard_flux(first + i / PIXELS, i % PIXELS), 0);
  }
  hr_array_close(&array);
  close_shard(&file, &shard);
}

static void every_type_is_read(void **state) {
  (void)state;
  static const shard_dtype types[] = {SHARD_F32, SHARD_F64, SHARD_F32_BIG, SHARD_F64_BIG};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    shard_spec spec = shard_spec_default(path);
    spec.dtype = types[i];
    check_rows(&spec, 0, ROWS);
    check_rows(&spec, 1, 5); /* not a whole number of stagings */
    spec.chunk_rows = 4;
    spec.chunk_pixels = 3;
    spec.gzip = true;
    check_rows(&spec, 3, 2);
  }
}

/* Moves a file 1 KiB back, behind a user block as HDF5 has it. */
static void put_behind_a_user_block(void) {
  enum { BLOCK = 1024, MOST = 1 << 20 };
  static char bytes[MOST];
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  memset(bytes, '#', BLOCK);
  size_t count = fread(bytes + BLOCK, 1, MOST - BLOCK, file);
  assert_true(count > 0 && count < MOST - BLOCK);
  assert_int_equal(fclose(file), 0);
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, BLOCK + count, file), BLOCK + count);
  assert_int_equal(fclose(file), 0);
}

/* What is stored as it is in memory comes without HDF5: the same values, of rows that are
 * left out, in another unit, wherever in the file they lie; what is not there fails. */
static void plain_values_are_read_directly(void **state) {
  (void)state;
  static const size_t kept[] = {0, 1, 3, 5};
  for (int moved = 0; moved < 2; moved++) {
    hr_error err = {0};
    hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
    hr_shard shard;
    hr_array array = HR_ARRAY_CLOSED;
    float out[ROWS * PIXELS], same[ROWS * PIXELS];
    shard_spec spec = shard_spec_default(path);
    spec.dtype = SHARD_F32;
    shard_write(&spec);
    if (moved) put_behind_a_user_block();
    check_ok(hr_shard_read(path, NULL, &shard, &err));
    check_ok(hr_hdf5_open(path, &file, &err));
    check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
    assert_true(hr_array_is_direct(&array));
    check_ok(hr_array_read_direct(&array, 1, 5, out, &err));
    for (size_t i = 0; i < 5 * (size_t)PIXELS; i++) {
      check_near(out[i], shard_flux(1 + i / PIXELS, i % PIXELS), 0);
    }
    array.kept = kept;
    array.scale = 3;
    array.base = 0.125;
    check_ok(hr_array_read_direct(&array, 1, 3, out, &err));
    check_ok(hr_array_read(&array, 1, 3, NULL, same, &err));
    assert_memory_equal(out, same, 3 * PIXELS * sizeof *out);
    check_near(out[PIXELS], shard_flux(3, 0) / 3 - 0.125, 1e-6);
    array.kept = NULL;
    char expected[512];
    snprintf(expected, sizeof expected,
             "%s became shorter while it was read; do not change files that are being "
             "read",
             path);
    check_fails(hr_array_read_direct(&array, (size_t)1 << 20, 1, out, &err),
                HR_ERR_FORMAT, expected);
    array.descriptor = open(".", O_RDONLY | O_CLOEXEC);
    snprintf(expected, sizeof expected, "cannot read %s: Is a directory", path);
    check_fails(hr_array_read_direct(&array, 0, 1, out, &err), HR_ERR_IO, expected);
    close(array.descriptor);
    hr_array_close(&array);
    close_shard(&file, &shard);
  }
}

static void other_storage_is_left_to_hdf5(void **state) {
  (void)state;
  static const struct {
    shard_dtype dtype;
    size_t chunk_rows;
  } cases[] = {{SHARD_F64, 0}, {SHARD_F32_BIG, 0}, {SHARD_F16, 0}, {SHARD_F32, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hr_error err = {0};
    hr_hdf5_file file;
    hr_shard shard;
    hr_array array = HR_ARRAY_CLOSED;
    shard_spec spec = shard_spec_default(path);
    spec.dtype = cases[i].dtype;
    spec.chunk_rows = spec.chunk_pixels = cases[i].chunk_rows;
    open_shard(&spec, &file, &shard);
    check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
    assert_false(hr_array_is_direct(&array));
    hr_array_close(&array);
    close_shard(&file, &shard);
  }
}

/* Rounded to the nearest fp32; what is too large for it becomes infinite. */
static void fp64_is_rounded(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file;
  hr_shard shard;
  hr_array array = HR_ARRAY_CLOSED;
  double values[ROWS * PIXELS] = {0.1, 1e300, -1e300, 1 + 0x1p-25}, staged[PIXELS];
  float out[PIXELS];
  shard_spec spec = shard_spec_default(path);
  spec.flux = values;
  open_shard(&spec, &file, &shard);
  check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
  check_ok(hr_array_read(&array, 0, 1, &(hr_array_staging){staged, 1}, out, &err));
  check_near(out[0], 0.1F, 0);
  assert_true(isinf(out[1]) && out[1] > 0 && isinf(out[2]) && out[2] < 0);
  check_near(out[3], 1, 0);
  hr_array_close(&array);
  close_shard(&file, &shard);
}

/* All 65,536 of them in both byte orders, as HDF5's own conversion has them. */
static void fp16_is_read_as_hdf5_reads_it(void **state) {
  (void)state;
  enum { WIDTH = 512, COUNT = 1 << 16 };
  static const shard_dtype types[] = {SHARD_F16, SHARD_F16_BIG};
  static uint16_t halves[COUNT];
  static float out[COUNT], theirs[COUNT];
  static double staged[3 * WIDTH];
  for (size_t i = 0; i < COUNT; i++) halves[i] = (uint16_t)i;
  for (size_t t = 0; t < 2; t++) {
    hr_error err = {0};
    hr_hdf5_file file;
    hr_shard shard;
    hr_array array = HR_ARRAY_CLOSED;
    shard_spec spec = shard_spec_default(path);
    spec.dtype = types[t];
    spec.rows = COUNT / WIDTH;
    spec.pixels = WIDTH;
    open_shard(&spec, &file, &shard);
    hr_hdf5_close(&file);
    hid_t writer = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dopen2(writer, flux, H5P_DEFAULT);
    hid_t half = shard_half_type(H5T_NATIVE_FLOAT);
    assert_true(H5Dwrite(set, half, H5S_ALL, H5S_ALL, H5P_DEFAULT, halves) >= 0);
    assert_true(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, theirs) >=
                0);
    H5Dclose(set);
    H5Fclose(writer);
    check_ok(hr_hdf5_open(path, &file, &err));
    check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
    assert_true(array.is_half);
    const hr_array_staging staging = {staged, 3};
    check_ok(hr_array_read(&array, 0, spec.rows, &staging, out, &err));
    for (size_t i = 0; i < COUNT; i++) {
      assert_int_equal(isnan(out[i]), isnan(theirs[i]));
      if (!isnan(out[i])) assert_memory_equal(&out[i], &theirs[i], sizeof out[i]);
    }
    hr_array_close(&array);
    close_shard(&file, &shard);
  }
}

/* A float of two bytes with the exponent of fp32 is left to HDF5. */
static void other_floats_of_two_bytes_are_read(void **state) {
  (void)state;
  hr_error err = {0};
  hr_hdf5_file file;
  hr_shard shard;
  hr_array array = HR_ARRAY_CLOSED;
  float out[ROWS * PIXELS];
  const float values[ROWS * PIXELS] = {1.5F, -3e38F, 1e-30F, 0.0F, 258};
  shard_spec spec = shard_spec_default(path);
  open_shard(&spec, &file, &shard);
  hr_hdf5_close(&file);
  hid_t writer = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t type = H5Tcopy(H5T_IEEE_F32LE), set = H5I_INVALID_HID;
  assert_true(H5Tset_fields(type, 15, 7, 8, 0, 7) >= 0 && H5Tset_size(type, 2) >= 0);
  assert_true(H5Ldelete(writer, flux, H5P_DEFAULT) >= 0);
  hid_t space = H5Screate_simple(2, (hsize_t[2]){ROWS, PIXELS}, NULL);
  set = H5Dcreate2(writer, flux, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >=
              0);
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(set);
  H5Fclose(writer);
  check_ok(hr_hdf5_open(path, &file, &err));
  check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
  assert_false(array.is_half);
  check_ok(hr_array_read(&array, 0, ROWS, &(hr_array_staging){NULL, 1}, out, &err));
  for (size_t i = 0; i < 4; i++) {
    check_near(out[i], values[i], fabs((double)values[i]) / 128);
  }
  check_near(out[4], 258, 0); /* 8 significant bits */
  hr_array_close(&array);
  close_shard(&file, &shard);
}

static const char mask[] = "/dataset/arrays/mask/value";

static void values_are_read_in_a_unit(void **state) {
  (void)state;
  static const shard_dtype dtypes[] = {SHARD_F32, SHARD_F64_BIG};
  hr_error err = {0};
  double values[ROWS * PIXELS], wide[PIXELS], staged[2 * PIXELS];
  float out[PIXELS], narrow[PIXELS];
  for (size_t i = 0; i < ROWS * PIXELS; i++) values[i] = 1024.0 + (double)i / 8;
  for (size_t d = 0; d < 2; d++) {
    hr_hdf5_file file;
    hr_shard shard;
    hr_array array = HR_ARRAY_CLOSED;
    shard_spec spec = shard_spec_default(path);
    spec.dtype = dtypes[d];
    spec.flux = values;
    open_shard(&spec, &file, &shard);
    check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
    check_ok(hr_array_read_wide(&array, 2, 1, narrow, wide, &err));
    assert_memory_equal(wide, values + 2 * PIXELS, sizeof wide);
    array.scale = 100;
    array.base = 10;
    const hr_array_staging staging = {staged, 2};
    check_ok(hr_array_read(&array, 2, 1, &staging, out, &err));
    for (size_t p = 0; p < PIXELS; p++) {
      check_near(out[p], (double)(float)(values[2 * PIXELS + p] / 100 - 10), 0);
    }
    hr_array_close(&array);
    close_shard(&file, &shard);
  }
}

static void masks_of_any_whole_type_are_read(void **state) {
  (void)state;
  const hid_t types[] = {H5T_STD_I8LE, H5T_STD_U16BE, H5T_STD_I32LE, H5T_STD_I64BE};
  hr_error err = {0};
  double values[ROWS * PIXELS] = {[5] = 1, [6] = 2, [7] = 3, [8] = 4};
  for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
    hr_hdf5_file file;
    hr_shard shard;
    hr_array array = HR_ARRAY_CLOSED;
    hr_array_layout layout;
    double staged[PIXELS];
    uint8_t bad[2 * PIXELS];
    const uint8_t any[2 * PIXELS] = {0, 1, 1, 1, 1, 0, 0, 0};
    const uint8_t second[2 * PIXELS] = {0, 0, 1, 1, 0, 0, 0, 0};
    shard_spec spec = shard_spec_default(path);
    spec.mask = values;
    spec.mask_type = types[t];
    open_shard(&spec, &file, &shard);
    assert_true(shard.has_mask);
    check_ok(hr_array_look(&file, &shard, mask, &layout, &err));
    check_ok(hr_array_open(&file, &shard, mask, 0, &array, &err));
    const hr_array_staging staging = {staged, 1};
    check_ok(
        hr_array_read_mask(&array, (size_t[2]){1, 2}, HR_MASK_ANY, &staging, bad, &err));
    assert_memory_equal(bad, any, sizeof any);
    check_ok(hr_array_read_mask(&array, (size_t[2]){1, 2}, 2, &staging, bad, &err));
    assert_memory_equal(bad, second, sizeof second);
    hr_array_close(&array);
    close_shard(&file, &shard);
  }
}

static void masks_that_cannot_be_one_are_refused(void **state) {
  (void)state;
  char expected[512];
  hr_error err = {0};
  hr_hdf5_file file;
  hr_shard shard;
  hr_array_layout layout;
  double values[ROWS * PIXELS] = {0};
  shard_spec spec = shard_spec_default(path);
  spec.mask = values;
  spec.mask_type = H5T_IEEE_F32LE;
  open_shard(&spec, &file, &shard);
  snprintf(
      expected, sizeof expected,
      "%s: %s holds neither integers nor booleans; write 0 for good pixels there, or "
      "set data.mask: none",
      path, mask);
  check_fails(hr_array_look(&file, &shard, mask, &layout, &err), HR_ERR_FORMAT, expected);
  close_shard(&file, &shard);
  spec.mask_type = 0;
  spec.mask_rows = 3;
  open_shard(&spec, &file, &shard);
  snprintf(expected, sizeof expected,
           "%s: %s is 3 x 4, but %s is 6 x 4; make the mask anew, or set data.mask: none",
           path, mask, flux);
  check_fails(hr_array_look(&file, &shard, mask, &layout, &err), HR_ERR_DATA, expected);
  close_shard(&file, &shard);
}

static void what_changed_or_is_not_there_is_refused(void **state) {
  (void)state;
  char expected[512];
  hr_error err = {0};
  hr_hdf5_file file;
  hr_shard shard;
  hr_array_layout layout;
  hr_array array = HR_ARRAY_CLOSED;
  float out[PIXELS];
  shard_spec spec = shard_spec_default(path);
  spec.dtype = SHARD_F32;
  open_shard(&spec, &file, &shard);
  shard.rows = shard.file_rows = 7;
  snprintf(expected, sizeof expected,
           "%s: %s is now 6 x 4 but was 7 x 4 when the study began; do not change files "
           "that are being read",
           path, flux);
  check_fails(hr_array_look(&file, &shard, flux, &layout, &err), HR_ERR_DATA, expected);
  check_ok(hr_array_open(&file, &shard, flux, 0, &array, &err));
  assert_int_equal(hr_array_read(&array, 6, 1, NULL, out, &err), HR_ERR_FORMAT);
  snprintf(expected, sizeof expected,
           "%s: cannot read rows 6 to 6 of %s, the file may be damaged: ", path, flux);
  assert_memory_equal(err.message, expected, strlen(expected));
  hr_array_close(&array);
  close_shard(&file, &shard);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(layouts_tell_the_cache),
      TEST(every_type_is_read),
      TEST(plain_values_are_read_directly),
      TEST(other_storage_is_left_to_hdf5),
      TEST(fp64_is_rounded),
      TEST(fp16_is_read_as_hdf5_reads_it),
      TEST(other_floats_of_two_bytes_are_read),
      TEST(values_are_read_in_a_unit),
      TEST(masks_of_any_whole_type_are_read),
      TEST(masks_that_cannot_be_one_are_refused),
      TEST(what_changed_or_is_not_there_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
