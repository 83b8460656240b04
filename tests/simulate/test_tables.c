#include "simulate/tables.h"

#include <hdf5.h>

#include "core/alloc.h"
#include "simulate/embedded.h"
#include "support/check.h"

static void embedded_tables_have_the_documented_shape(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *tables = NULL;
  check_ok(hr_tables_create(&tables, &err));
  assert_int_equal(tables->pixels, 4096);
  assert_int_equal(tables->spectra, 1260);
  assert_int_equal(tables->node_count[HR_GRID_T_EFF], 10);
  assert_int_equal(tables->node_count[HR_GRID_LOG_G], 9);
  assert_int_equal(tables->node_count[HR_GRID_M_H], 14);
  check_near(tables->nodes[HR_GRID_T_EFF][9], 6000, 0);
  check_near(tables->nodes[HR_GRID_M_H][0], -2.5, 0);
  check_near(tables->wave[0], 7100.2136, 1e-4);
  check_near(tables->wave[4095], 8849.786, 1e-3);
  assert_int_equal(tables->seeing_count, 15);
  assert_int_equal(tables->angle_count, 5);
  for (size_t i = 0; i < tables->spectra * tables->pixels; i++) {
    assert_true(tables->flux[i] > 0.0f);
  }
  /* Two values of the original grid, float32 before it was coded: within the code's
   * half step, documented as at most 1.5e-5. */
  check_near(tables->flux[0], 707955.625, 707955.625 * 1.5e-5);
  check_near(tables->flux[1259 * 4096 + 4095], 5014732.5, 5014732.5 * 1.5e-5);
  hr_tables_destroy(&tables);
  assert_null(tables);
  hr_tables_destroy(&tables);
}

static void the_wavelengths_can_be_had_alone(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *tables = NULL;
  double *wave = NULL;
  size_t pixels = 0;
  check_ok(hr_tables_create(&tables, &err));
  check_ok(hr_tables_wave(&wave, &pixels, &err));
  assert_int_equal(pixels, tables->pixels);
  assert_memory_equal(wave, tables->wave, pixels * sizeof *wave);
  hr_free(wave);
  hr_tables_destroy(&tables);
}

/* An HDF5 file in memory with one array of `count` zeros, and its bytes in `out`. */
static size_t image_of(const char *name, hsize_t count, unsigned char *out, size_t most) {
  static const double zeros[HR_GRID_MOST_NODES + 1];
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), links = H5Pcreate(H5P_LINK_CREATE);
  assert_true(H5Pset_fapl_core(access, 1 << 16, 0) >= 0);
  assert_true(H5Pset_create_intermediate_group(links, 1) >= 0);
  hid_t file = H5Fcreate("image", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  hid_t space = H5Screate_simple(1, &count, NULL);
  hid_t set =
      H5Dcreate2(file, name, H5T_NATIVE_DOUBLE, space, links, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >=
              0);
  H5Dclose(set);
  H5Sclose(space);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  ssize_t size = H5Fget_file_image(file, out, most);
  assert_true(size > 0);
  H5Fclose(file);
  H5Pclose(links);
  H5Pclose(access);
  return (size_t)size;
}

static void grids_of_too_many_nodes_are_refused(void **state) {
  (void)state;
  static unsigned char image[1 << 17];
  char expected[128];
  hr_error err;
  hr_grid_tables *tables = NULL;
  size_t size = image_of("grid/T_eff", HR_GRID_MOST_NODES + 1, image, sizeof image);
  snprintf(expected, sizeof expected, "grid/T_eff of the built-in data has %d nodes",
           HR_GRID_MOST_NODES + 1);
  check_fails(hr_tables_decode(image, size, &tables, &err), HR_ERR_INTERNAL, expected);
  assert_null(tables);
}

/* Where the bytes of a dataset's only chunk are in the file. */
static size_t chunk_of(const void *bytes, size_t size, const char *name) {
  haddr_t address = 0;
  hsize_t first[1] = {0};
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  assert_true(H5Pset_fapl_core(access, 1 << 16, 0) >= 0);
  assert_true(H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) >= 0);
  hid_t file = H5Fopen("image", H5F_ACC_RDONLY, access);
  hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
  assert_true(H5Dget_chunk_info(set, space, 0, first, NULL, &address, NULL) >= 0);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  H5Pclose(access);
  return (size_t)address;
}

static void damaged_arrays_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *tables = NULL;
  size_t size = 0;
  unsigned char *copy = NULL;
  const unsigned char *bytes = hr_embedded_data(&size);
  check_ok(hr_alloc(&copy, size, &err));
  memcpy(copy, bytes, size);
  memcpy(copy + chunk_of(bytes, size, "noise/wave"), "damaged", 7);
  check_fails(hr_tables_decode(copy, size, &tables, &err), HR_ERR_INTERNAL,
              "noise/wave of the data built into the program cannot be read: inflate() "
              "failed");
  assert_null(tables);
  hr_free(copy);
}

static void damaged_data_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *tables = NULL;
  size_t size = 0;
  const unsigned char *bytes = hr_embedded_data(&size);
  assert_true(size < 7900000);
  assert_int_equal(hr_tables_decode(bytes, 100, &tables, &err), HR_ERR_INTERNAL);
  assert_non_null(strstr(err.message, "the data built into the program are damaged: "));

  unsigned char *copy = NULL;
  check_ok(hr_alloc(&copy, size, &err));
  memcpy(copy, bytes, size);
  /* A dataset renamed in the file's own list of links. */
  size_t at = 0;
  while (memcmp(copy + at, "conv0", 6) != 0) at++;
  copy[at] = 'd';
  check_fails(hr_tables_decode(copy, size, &tables, &err), HR_ERR_INTERNAL,
              "the data built into the program lack noise/conv0, or it has another size");
  hr_free(copy);
  assert_null(tables);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(embedded_tables_have_the_documented_shape),
      cmocka_unit_test(the_wavelengths_can_be_had_alone),
      cmocka_unit_test(damaged_data_are_refused),
      cmocka_unit_test(damaged_arrays_are_refused),
      cmocka_unit_test(grids_of_too_many_nodes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
