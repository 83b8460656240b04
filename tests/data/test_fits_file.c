/* FITS files that are sound, cut off, or of another kind, and the table that is meant. */
#include "data/fits/file.h"

#include "support/check.h"
#include "support/fits_bytes.h"
#include "support/scratch.h"

#if HR_FITS

static scratch s;
static hr_error err;
static char path[256], expected[1024];
static const char *const one_byte[] = {"TTYPE1  = 'x'", "TFORM1  = 'B'", NULL};

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/t.fits", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_status open_at(const char *name) {
  hr_fits_file file = {0};
  hr_status status = hr_fits_open(path, &file, &err);
  if (status == HR_OK) status = hr_fits_move_to_table(&file, name, &err);
  hr_fits_close(&file);
  return status;
}

static void refuses(const char *name, hr_status status, const char *behind) {
  snprintf(expected, sizeof expected, "%s%s", path, behind);
  check_fails(open_at(name), status, expected);
}

static fits_bytes two_tables(void) {
  fits_bytes f = fits_begin();
  fits_table(&f, "Stars", 2, 1, one_byte);
  fits_data(&f, "ab", 2);
  fits_table(&f, NULL, 2, 1, one_byte);
  fits_data(&f, "cd", 2);
  return f;
}

static void the_only_table_needs_no_name(void **state) {
  (void)state;
  fits_bytes f = fits_begin();
  fits_table(&f, "Stars", 2, 1, one_byte);
  fits_data(&f, "ab", 2);
  fits_write(&f, path);
  check_ok(open_at(NULL));
  check_ok(open_at("STARS"));
  check_ok(open_at("1"));
  refuses("plates", HR_ERR_MISSING,
          " has no table 'plates'; it has those of the extensions 1 (Stars)");
  refuses("0", HR_ERR_MISSING,
          " has no table '0'; it has those of the extensions 1 (Stars)");
}

static void several_tables_are_listed(void **state) {
  (void)state;
  fits_bytes f = two_tables();
  fits_write(&f, path);
  check_ok(open_at("stars"));
  check_ok(open_at("2"));
  snprintf(expected, sizeof expected,
           "%s has tables in the extensions 1 (Stars), 2; name one of them behind the "
           "file, as in %s::1",
           path, path);
  check_fails(open_at(NULL), HR_ERR_DATA, expected);
}

static void what_holds_no_table_is_named(void **state) {
  (void)state;
  fits_bytes f = fits_begin();
  fits_write(&f, path);
  refuses(NULL, HR_ERR_MISSING,
          " holds no table, but images or nothing; name a FITS file with one, or get it "
          "again where it should have one");
}

static void what_is_cut_off_is_named(void **state) {
  (void)state;
  fits_bytes f = two_tables();
  fits_write_part(&f, 100, path);
  refuses(NULL, HR_ERR_FORMAT,
          " cannot be read as a FITS file: CFITSIO says 'error reading from FITS file'");
  fits_write_part(&f, FITS_BLOCK + 400, path);
  refuses(
      NULL, HR_ERR_FORMAT,
      " is damaged or cut off in the header of its extension 1; make it anew or get it "
      "again");
  static const char short_table[] =
      " is cut off: the table of its extension 1 has 2 rows of 1 bytes, and the file "
      "ends "
      "before they do; get it again";
  fits_write_part(&f, (size_t)2 * FITS_BLOCK + 1, path);
  refuses(NULL, HR_ERR_FORMAT, short_table);
  fits_write_part(&f, (size_t)3 * FITS_BLOCK - 1, path);
  refuses(NULL, HR_ERR_FORMAT, short_table);
  fits_write_part(&f, (size_t)3 * FITS_BLOCK, path);
  check_ok(open_at(NULL));
}

static void more_rows_than_bytes_are_not_believed(void **state) {
  (void)state;
  fits_bytes f = fits_begin();
  fits_table(&f, NULL, (size_t)1 << 60, 1, one_byte);
  fits_data(&f, "ab", 2);
  fits_write(&f, path);
  refuses(NULL, HR_ERR_FORMAT,
          " is cut off: the table of its extension 1 has 1152921504606846976 rows of 1 "
          "bytes, and the file ends before they do; get it again");
}

static void compressed_tables_are_named(void **state) {
  (void)state;
  static const char *const packed[] = {"TTYPE1  = 'x'", "TFORM1  = 'B'",
                                       "ZTABLE  =                    T", NULL};
  fits_bytes f = fits_begin();
  fits_table(&f, NULL, 2, 1, packed);
  fits_data(&f, "ab", 2);
  fits_write(&f, path);
  refuses(NULL, HR_ERR_FORMAT,
          " has a compressed table in its extension 1; unpack it with funpack");
}

/* CFITSIO would read a name with brackets as an instruction. */
static void names_are_no_instructions(void **state) {
  (void)state;
  fits_bytes f = two_tables();
  snprintf(path, sizeof path, "%s/t[2]+1.fits", s.path);
  fits_write(&f, path);
  check_ok(open_at("2"));
}

static void what_is_not_there_is_named(void **state) {
  (void)state;
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory", path);
  check_fails(open_at(NULL), HR_ERR_MISSING, expected);
  snprintf(path, sizeof path, "%s", s.path);
  refuses(NULL, HR_ERR_MISSING, " is not a regular file");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_only_table_needs_no_name),
      TEST(several_tables_are_listed),
      TEST(what_holds_no_table_is_named),
      TEST(what_is_cut_off_is_named),
      TEST(more_rows_than_bytes_are_not_believed),
      TEST(compressed_tables_are_named),
      TEST(names_are_no_instructions),
      TEST(what_is_not_there_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void a_build_without_the_library_says_so(void **state) {
  (void)state;
  hr_error err = {0};
  hr_fits_file file;
  check_fails(
      hr_fits_open("t.fits", &file, &err), HR_ERR_FORMAT,
      "t.fits is a FITS file, and this program was built without CFITSIO; install "
      "libcfitsio-dev and build it anew, or write the table as ECSV");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_build_without_the_library_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
