/* What a FITS file is made of, and its numbers. */
#include "data/fits/hdus.h"

#include <math.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

#if HR_FITS
#include "support/survey_file.h"

static scratch s;
static hr_error err;
static char path[256], expected[1024];
static hr_fits_hdus hdus;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/s.fits", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_fits_hdus_close(&hdus);
  scratch_fini(&s);
  return 0;
}

static const double numbers[6] = {1.5, 0, -2, 3, 1e-41, 5};

static void write_file(void) {
  static const survey_column columns[] = {{"objId", "K", ""},
                                          {"value", "PE(3)", "nJy"},
                                          {"name", "3A", ""},
                                          {NULL, NULL, NULL}};
  char *names[] = {"ab", "cde"};
  survey_file f = survey_begin(path);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){3, 2, 0}, numbers);
  survey_number(&f, "CRVAL1", 7100.5);
  survey_whole(&f, "MP_BAD", 3);
  fits_update_key_log(f.fits, "VACUUM", 1, NULL, &f.code);
  survey_table(&f, "Target", 2, columns);
  survey_cells(&f, 1, 1, 2, (const double[]){7, 8});
  survey_cells(&f, 2, 1, 3, (const double[]){1, 2, 3});
  survey_cells(&f, 2, 2, 1, (const double[]){INFINITY});
  fits_write_col(f.fits, TSTRING, 3, 1, 1, 2, names, &f.code);
  survey_end(&f);
}

static void extensions_are_found_by_name(void **state) {
  (void)state;
  char text[HR_FITS_NAME];
  double number = 0;
  int64_t whole = 0;
  bool truth = false;
  write_file();
  check_ok(hr_fits_hdus_open(path, &hdus, &err));
  assert_int_equal(hdus.count, 3);
  size_t flux = hr_fits_find_hdu(&hdus, "flux"),
         table = hr_fits_find_hdu(&hdus, "TARGET");
  assert_int_equal(flux, 1);
  assert_int_equal(table, 2);
  assert_int_equal(hr_fits_find_hdu(&hdus, "MASK"), HR_FITS_NONE);
  assert_int_equal(hdus.items[flux].axes, 2);
  assert_int_equal(hdus.items[flux].axis[0], 3);
  assert_int_equal(hdus.items[flux].axis[1], 2);
  assert_int_equal(hdus.items[flux].axis[2], 1);
  assert_int_equal(hdus.items[table].rows, 2);
  assert_int_equal(hr_fits_find_column(&hdus, table, "OBJID"), 0);
  assert_int_equal(hr_fits_find_column(&hdus, flux, "OBJID"), HR_FITS_NONE);
  assert_true(hr_fits_card_number(&hdus, flux, "CRVAL1", &number));
  check_near(number, 7100.5, 0);
  assert_true(hr_fits_card_integer(&hdus, flux, "MP_BAD", &whole));
  assert_int_equal(whole, 3);
  assert_true(hr_fits_card_truth(&hdus, flux, "VACUUM", &truth) && truth);
  assert_true(hr_fits_card_text(&hdus, table, "TUNIT2", text));
  assert_string_equal(text, "nJy");
  assert_false(hr_fits_card_number(&hdus, flux, "CRVAL2", &number));
  assert_false(hr_fits_card_text(&hdus, HR_FITS_NONE, "CRVAL2", text));
}

static void numbers_are_what_is_stored(void **state) {
  (void)state;
  double out[4];
  uint64_t length = 0;
  char *text = NULL;
  write_file();
  check_ok(hr_fits_hdus_open(path, &hdus, &err));
  const hr_fits_span row = {.hdu = 1, .column = HR_FITS_NONE, .first = 3, .count = 3};
  check_ok(hr_fits_read_numbers(&hdus, &row, out, &err));
  check_near(out[0], 3, 0);
  assert_true(out[1] == (double)(float)1e-41); /* not taken for 0 */
  hr_fits_span cell = {.hdu = 2, .column = 1, .row = 1};
  check_ok(hr_fits_cell_length(&hdus, &cell, &length, &err));
  assert_int_equal(length, 1);
  cell.count = 1;
  check_ok(hr_fits_read_numbers(&hdus, &cell, out, &err));
  assert_true(isinf(out[0])); /* nor for a null */
  const hr_fits_span column = {.hdu = 2, .column = 0, .count = 2};
  int64_t whole[2];
  check_ok(hr_fits_read_wholes(&hdus, &column, whole, &err));
  assert_int_equal(whole[1], 8);
  cell.column = 2;
  check_ok(hr_fits_read_text(&hdus, &cell, &text, &err));
  assert_string_equal(text, "cde");
  hr_free(text);
  snprintf(expected, sizeof expected,
           "%s: the column name of its extension 2 holds no numbers", path);
  check_fails(hr_fits_read_numbers(&hdus, &cell, out, &err), HR_ERR_FORMAT, expected);
}

/* What is rounded for compression is known to be. */
static void steps_of_quantised_images_are_known(void **state) {
  (void)state;
  enum { PIXELS = 400 };
  double values[PIXELS], step = 0;
  for (size_t i = 0; i < PIXELS; i++) values[i] = 5 + (double)((i * 7919) % 97) / 97;
  values[3] = 0;
  survey_file f = survey_begin(path);
  fits_set_compression_type(f.fits, RICE_1, &f.code);
  survey_image(&f, "IVAR", FLOAT_IMG, (long[3]){PIXELS, 1, 0}, values);
  survey_image(&f, "MASK", LONG_IMG, (long[3]){PIXELS, 1, 0}, values);
  survey_end(&f);
  check_ok(hr_fits_hdus_open(path, &hdus, &err));
  assert_true(hdus.items[1].is_quantised && !hdus.items[2].is_quantised);
  check_ok(hr_fits_read_step(&hdus, 1, &step, &err));
  assert_true(step > 0.001 && step < 1);
  const hr_fits_span pixels = {.hdu = 1, .column = HR_FITS_NONE, .count = PIXELS};
  double out[PIXELS];
  check_ok(hr_fits_read_numbers(&hdus, &pixels, out, &err));
  for (size_t i = 0; i < PIXELS; i++) check_near(out[i], values[i], step);
  check_ok(hr_fits_read_step(&hdus, 2, &step, &err));
  check_near(step, 0, 0);
  int64_t bits[PIXELS];
  const hr_fits_span mask = {.hdu = 2, .column = HR_FITS_NONE, .count = PIXELS};
  check_ok(hr_fits_read_wholes(&hdus, &mask, bits, &err));
  for (size_t i = 0; i < PIXELS; i++) check_near(bits[i], values[i], 1);
}

/* CFITSIO 4.2 by itself gives the bytes of the steps as floats. */
static void rounded_images_behind_whole_ones_are_read(void **state) {
  (void)state;
  enum { PIXELS = 400 };
  double values[PIXELS], out[PIXELS];
  for (size_t i = 0; i < PIXELS; i++) values[i] = 5 + (double)((i * 7919) % 97) / 97;
  survey_file f = survey_begin(path);
  fits_set_compression_type(f.fits, GZIP_1, &f.code);
  fits_set_quantize_level(f.fits, 0, &f.code);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){PIXELS, 1, 0}, values);
  fits_set_compression_type(f.fits, RICE_1, &f.code);
  fits_set_quantize_level(f.fits, 4, &f.code);
  survey_image(&f, "IVAR", FLOAT_IMG, (long[3]){PIXELS, 1, 0}, values);
  survey_end(&f);
  check_ok(hr_fits_hdus_open(path, &hdus, &err));
  assert_true(!hdus.items[1].is_quantised && hdus.items[2].is_quantised);
  for (size_t turn = 0; turn < 2; turn++) {
    for (size_t hdu = 1; hdu <= 2; hdu++) {
      const hr_fits_span pixels = {.hdu = hdu, .column = HR_FITS_NONE, .count = PIXELS};
      check_ok(hr_fits_read_numbers(&hdus, &pixels, out, &err));
      double most = hdu == 1 ? 1e-6 : 0.2;
      for (size_t i = 0; i < PIXELS; i++) check_near(out[i], values[i], most);
    }
  }
}

static void what_is_cut_off_is_told(void **state) {
  (void)state;
  write_file();
  survey_cut(path, 2880 * 2 + 10);
  snprintf(expected, sizeof expected,
           "%s is damaged or cut off in the header of its extension 1; make it anew or "
           "get it again",
           path);
  hr_status status = hr_fits_hdus_open(path, &hdus, &err);
  assert_int_equal(status, HR_ERR_FORMAT);
  hr_fits_hdus_close(&hdus);
  write_file();
  survey_cut(path, 2880 * 3 - 100);
  snprintf(expected, sizeof expected,
           "%s is cut off: it ends before the data of its extension 1 do; get it again",
           path);
  check_fails(hr_fits_hdus_open(path, &hdus, &err), HR_ERR_FORMAT, expected);
}

/* A heap of a column that says it is elsewhere. */
static void what_cannot_be_read_is_told(void **state) {
  (void)state;
  static const survey_column columns[] = {{"value", "PE(3)", ""}, {NULL, NULL, NULL}};
  double out[4];
  survey_file f = survey_begin(path);
  survey_table(&f, "FLUX", 1, columns);
  fits_write_descript(f.fits, 1, 1, 3, 1000000, &f.code);
  survey_end(&f);
  check_ok(hr_fits_hdus_open(path, &hdus, &err));
  const hr_fits_span cell = {.hdu = 1, .column = 0, .count = 3};
  hr_status status = hr_fits_read_numbers(&hdus, &cell, out, &err);
  snprintf(expected, sizeof expected,
           "%s: value of its extension 1 cannot be read; make the file anew or get it "
           "again: CFITSIO says",
           path);
  assert_int_equal(status, HR_ERR_FORMAT);
  assert_int_equal(strncmp(err.message, expected, strlen(expected)), 0);
}

static hr_status open_and_close(void) {
  hr_status status = hr_fits_hdus_open(path, &hdus, &err);
  hr_fits_hdus_close(&hdus);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  write_file();
  check_alloc_failures(open_and_close());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(extensions_are_found_by_name),
      TEST(numbers_are_what_is_stored),
      TEST(steps_of_quantised_images_are_known),
      TEST(rounded_images_behind_whole_ones_are_read),
      TEST(what_is_cut_off_is_told),
      TEST(what_cannot_be_read_is_told),
      TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
  hr_fits_hdus hdus;
  return hr_fits_hdus_open("x.fits", &hdus, NULL) == HR_ERR_FORMAT ? 0 : 1;
}

#endif
