/* Bits of masks: by name, by number, and those that count where nobody chooses. */
#include "data/fits/bits.h"

#include "data/fits/layout.h"
#include "support/check.h"
#include "support/fail_alloc.h"

#if HR_FITS
#include "support/survey_spectra.h"
#else
static hr_error err;
static char path[256], expected[1024];
#endif

static hr_fits_bits bits;

static int forget(void **state) {
  (void)state;
  hr_fits_bits_fini(&bits);
  return 0;
}

static void lists_are_names_and_numbers(void **state) {
  (void)state;
  check_ok(hr_fits_bits_parse("BAD,CR,22,NO_DATA2,0", &bits, &err));
  assert_int_equal(bits.names.count, 3);
  assert_string_equal(bits.names.items[0], "BAD");
  assert_string_equal(bits.names.items[2], "NO_DATA2");
  assert_int_equal(bits.numbers, (1 << 22) + 1);
  hr_fits_bits_fini(&bits);
  check_ok(hr_fits_bits_parse("none", &bits, &err));
  assert_int_equal(bits.names.count, 0);
  assert_int_equal(bits.numbers, 0);
}

static void what_is_no_bit_is_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"", "BAD,", "bad", "63", "-1", "1.5", "MP CR"};
  static const char *const items[] = {"", "", "bad", "63", "-1", "1.5", "MP CR"};
  for (size_t i = 0; i < 7; i++) {
    snprintf(expected, sizeof expected,
             "--mask-bits: '%s' is no bit of a mask; give names as PFS has them "
             "(BAD,CR,SAT), numbers from 0 to 62, or none",
             items[i]);
    check_fails(hr_fits_bits_parse(wrong[i], &bits, &err), HR_ERR_USAGE, expected);
    hr_fits_bits_fini(&bits);
  }
}

static hr_status parse(void) {
  hr_status status = hr_fits_bits_parse("BAD,CR,1", &bits, NULL);
  hr_fits_bits_fini(&bits);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  check_alloc_failures(parse());
}

/* As METADATA of pfsCoadd has them. */
static int64_t bits_of(const char *text, size_t hdu) {
  hr_fits_spectra self = {0};
  const hr_fits_bit_names names = {hdu, text};
  check_ok(hr_fits_take_pfs_bits(&self, &names, &err));
  return self.bad_bits;
}

static void those_that_count_are_found_in_text(void **state) {
  (void)state;
  assert_int_equal(bits_of("MP_BAD: 0\nMP_BAD_SKY: 5\nMP_CR: 3\n", 0), 9);
  assert_int_equal(bits_of("W_VISIT: 2\nMP_NO_DATA: 8\nMP_UNMASKEDNAN: 11", 0),
                   256 + 2048);
  assert_int_equal(bits_of("MP_INTRP: 2\n", 0), 0);
}

static void without_names_every_bit_counts(void **state) {
  (void)state;
  assert_true(bits_of("", 0) == -1);
  assert_true(bits_of("MP_BAD: x\nXMP_SAT: 1\n", 0) == -1);
  assert_true(bits_of(NULL, HR_FITS_NONE) == -1);
}

static void names_that_are_chosen_are_looked_up(void **state) {
  (void)state;
  snprintf(path, sizeof path, "stars.fits");
  hr_fits_spectra self = {.hdus.file.path = path, .chosen = &bits};
  const hr_fits_bit_names names = {0,
                                   "MP_BAD: 0\nMP_INTRP: 2\nMP_BAD_SKY: 13\nMP_FAR: 99"};
  check_ok(hr_fits_bits_parse("BAD_SKY,INTRP,40", &bits, &err));
  check_ok(hr_fits_take_pfs_bits(&self, &names, &err));
  assert_true(self.bad_bits == 4 + (1 << 13) + ((int64_t)1 << 40));
  for (size_t i = 0; i < 2; i++) {
    const char *name = i == 0 ? "CR" : "FAR";
    hr_fits_bits_fini(&bits);
    check_ok(hr_fits_bits_parse(name, &bits, &err));
    snprintf(expected, sizeof expected,
             "stars.fits has no bit MP_%s in its mask; give --mask-bits names that its "
             "headers have, or numbers",
             name);
    check_fails(hr_fits_take_pfs_bits(&self, &names, &err), HR_ERR_DATA, expected);
  }
}

#define UNIT(name) cmocka_unit_test_teardown(name, forget)

#if HR_FITS
static void write_table(bool has_mask) {
  const survey_column columns[] = {{"wavelength", "2D", "nm"},
                                   {"flux", "2E", ""},
                                   {has_mask ? "mask" : "ivar", "2J", ""},
                                   {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 1, columns);
  survey_cells(&f, 1, 1, 2, (const double[]){800, 801});
  survey_cells(&f, 2, 1, 2, (const double[]){1, 2});
  survey_cells(&f, 3, 1, 2, (const double[]){1, 4});
  survey_end(&f);
}

static void check_good(const char *text, bool first, bool second) {
  hr_fits_bits_fini(&bits);
  open_file();
  if (text) {
    check_ok(hr_fits_bits_parse(text, &bits, &err));
    check_ok(hr_fits_spectra_choose_bits(spectra, &bits, &err));
  }
  read_star(0);
  assert_int_equal(star.good[0], first);
  assert_int_equal(star.good[1], second);
}

static void numbers_choose_in_any_mask(void **state) {
  (void)state;
  write_table(true);
  check_good(NULL, false, false);
  check_good("0", false, true);
  check_good("2", true, false);
  check_good("0,2", false, false);
  check_good("none", true, true);
}

static void a_choice_that_a_file_does_not_give(void **state) {
  (void)state;
  write_table(true);
  open_file();
  check_ok(hr_fits_bits_parse("3,CR", &bits, &err));
  snprintf(expected, sizeof expected,
           "%s, a plain table, has no names for the bits of its mask; give --mask-bits "
           "their numbers in place of CR",
           path);
  check_fails(hr_fits_spectra_choose_bits(spectra, &bits, &err), HR_ERR_DATA, expected);
  write_table(false);
  open_file();
  snprintf(expected, sizeof expected,
           "%s has no mask for --mask-bits to choose of; leave it out", path);
  check_fails(hr_fits_spectra_choose_bits(spectra, &bits, &err), HR_ERR_DATA, expected);
  hr_fits_bits_fini(&bits);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    UNIT(lists_are_names_and_numbers),
    UNIT(what_is_no_bit_is_refused),
    UNIT(failing_allocations_are_reported),
    UNIT(those_that_count_are_found_in_text),
    UNIT(without_names_every_bit_counts),
    UNIT(names_that_are_chosen_are_looked_up),
#if HR_FITS
    TEST(numbers_choose_in_any_mask),
    TEST(a_choice_that_a_file_does_not_give),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
