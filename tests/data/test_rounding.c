/* Arrays that are kept with HDF5's scale-offset filter, in datasets of tests' own. */
#include "data/rounding.h"

#include "support/scratch.h"

enum { ROWS = 4, PIXELS = 8 };
static scratch s;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* How a dataset is created. */
typedef struct storing {
  hid_t type;
  bool is_filtered, has_fill, is_undefined;
  int digits;
  double fill;
} storing;

static hr_rounding look(const storing *how) {
  hid_t file =
      H5Fcreate(scratch_name(&s, "r.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t space = H5Screate_simple(2, (hsize_t[2]){ROWS, PIXELS}, NULL);
  double values[ROWS * PIXELS];
  for (size_t i = 0; i < ROWS * PIXELS; i++) values[i] = 1 + (double)i / 97;
  H5Pset_chunk(creation, 2, (hsize_t[2]){2, PIXELS});
  if (how->is_filtered) {
    assert_true(H5Pset_scaleoffset(creation, H5Z_SO_FLOAT_DSCALE, how->digits) >= 0);
  }
  if (how->has_fill) H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &how->fill);
  if (how->is_undefined) H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, NULL);
  hid_t set = H5Dcreate2(file, "x", how->type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  assert_true(set >= 0);
  assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >=
              0);
  hr_rounding rounding = hr_rounding_find(set);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  H5Fclose(file);
  return rounding;
}

static void exact_arrays_have_no_step(void **state) {
  (void)state;
  check_near(look(&(storing){.type = H5T_IEEE_F32LE}).step, 0, 0);
  check_near(look(&(storing){.type = H5T_IEEE_F64LE, .has_fill = true, .fill = 5}).step,
             0, 0);
}

static void the_step_is_a_power_of_ten(void **state) {
  (void)state;
  storing how = {.type = H5T_IEEE_F32LE, .is_filtered = true, .digits = 2};
  check_near(look(&how).step, 0.01, 1e-17);
  how.type = H5T_IEEE_F64LE;
  how.digits = 0;
  check_near(look(&how).step, 1, 0);
  how.digits = 5;
  check_near(look(&how).step, 1e-5, 1e-20);
}

static void what_is_near_the_fill_value_is_lost(void **state) {
  (void)state;
  storing how = {.type = H5T_IEEE_F32LE, .is_filtered = true, .digits = 2};
  hr_rounding rounding = look(&how);
  assert_true(rounding.has_fill);
  check_near(rounding.fill, 0, 0);
  how.has_fill = true;
  how.fill = -99.5;
  rounding = look(&how);
  assert_true(rounding.has_fill);
  check_near(rounding.fill, -99.5, 0);
  how.has_fill = false;
  how.is_undefined = true;
  assert_false(look(&how).has_fill);
}

static void it_is_told_with_the_remedy(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_rounding_describe(&(hr_rounding){.step = 0.01, .has_fill = true}, "a.h5", "/x",
                       false, &text);
  assert_string_equal(
      text.bytes,
      "a.h5: /x is stored with HDF5's scale-offset filter, which is lossy: it has steps "
      "of 0.01, what lies within a step of 0 reads as 0, and NaN reads as some number; "
      "write it without this filter, or with more digits");
  hr_text_fini(&text);
  hr_text_init(&text);
  hr_rounding_describe(&(hr_rounding){.step = 1}, "a.h5", "/x", false, &text);
  assert_string_equal(
      text.bytes,
      "a.h5: /x is stored with HDF5's scale-offset filter, which is lossy: it has steps "
      "of 1, and NaN reads as some number; write it without this filter, or with more "
      "digits");
  hr_text_fini(&text);
  hr_text_init(&text);
  hr_rounding_describe(&(hr_rounding){.step = 1}, "a.h5", "/x", true, &text);
  assert_string_equal(
      text.bytes,
      "a.h5：/x 以 HDF5 的 scale-offset 过滤器有损存储：步长为 1，NaN 读作"
      "某个数；请不用该过滤器重新写入，或保留更多位数");
  hr_text_fini(&text);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)
  const struct CMUnitTest tests[] = {
      TEST(exact_arrays_have_no_step),
      TEST(the_step_is_a_power_of_ten),
      TEST(what_is_near_the_fill_value_is_lost),
      TEST(it_is_told_with_the_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
