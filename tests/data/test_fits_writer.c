/* Tables written as FITS: read back, byte by byte where the standard asks for it. */
#include "data/fits/writer.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "data/fits/table.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch s;
static hr_error err;
static char path[128], expected[512];
static hr_fits_writer *writer;

static const hr_fits_column columns[] = {
    {"it's", "km/s", HR_FITS_CELL_NUMBER, 0, false},
    {"id", "", HR_FITS_CELL_INTEGER, 0, true},
    {"flag", NULL, HR_FITS_CELL_TRUTH, 0, false},
    {"name", "\xc2\xb5m", HR_FITS_CELL_TEXT, 5, false},
};
enum { COLUMNS = 4, ROWS = 3 };
static const double numbers[ROWS] = {0.1, (double)NAN, -1.0 / 3};
static const int64_t ids[ROWS] = {4611686018427387905, 0, -7};
static const double is_known[ROWS] = {1, (double)NAN, 1};
static const int64_t flags[ROWS] = {1, 0, 4};
static const char *const names[ROWS] = {"", "sixteen", "\xe6\x98\x9f"};
static const hr_frame_cells cells[COLUMNS] = {{.numbers = numbers},
                                              {.numbers = is_known, .integers = ids},
                                              {.integers = flags},
                                              {.texts = names}};

/* The last of the rows. */
static const hr_frame_cells rest[COLUMNS] = {
    {.numbers = numbers + 2},
    {.numbers = is_known + 2, .integers = ids + 2},
    {.integers = flags + 2},
    {.texts = names + 2}};

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/t.fits", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_fits_writer_close(&writer);
  scratch_fini(&s);
  return 0;
}

static hr_status write_all(hr_error *own) {
  hr_status status = HR_OK;
  HR_TRY(hr_fits_writer_create(path, "PREDICTIONS", columns, COLUMNS, &writer, own));
  HR_TRY(hr_fits_writer_append(writer, 2, cells, own));
  HR_TRY(hr_fits_writer_append(writer, 0, cells, own));
  HR_TRY(hr_fits_writer_append(writer, 1, rest, own));
  HR_TRY(hr_fits_writer_finish(&writer, own));
cleanup:
  hr_fits_writer_close(&writer);
  return status;
}

static void bytes_are_as_the_standard_has_them(void **state) {
  (void)state;
  enum { BLOCK = 2880, ROW = 8 + 8 + 1 + 5 };
  static char bytes[5 * BLOCK];
  check_ok(write_all(&err));
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fread(bytes, 1, sizeof bytes, file), 3 * BLOCK);
  fclose(file);
  static const char *const cards[] = {"XTENSION= 'BINTABLE'           / binary table",
                                      "BITPIX  =                    8 / bytes",
                                      "NAXIS   =                    2 / rows of bytes",
                                      "NAXIS1  =                   22 / bytes of a row",
                                      "NAXIS2  =                    3 / rows",
                                      "PCOUNT  =                    0 / no heap",
                                      "GCOUNT  =                    1 / one group",
                                      "TFIELDS =                    4 / columns",
                                      "EXTNAME = 'PREDICTIONS'",
                                      "TTYPE1  = 'it''s   '",
                                      "TFORM1  = '1D      '",
                                      "TUNIT1  = 'km/s    '",
                                      "TTYPE2  = 'id      '",
                                      "TFORM2  = '1K      '",
                                      "TNULL2  = -9223372036854775808 / no value",
                                      "TTYPE3  = 'flag    '",
                                      "TFORM3  = '1L      '",
                                      "TTYPE4  = 'name    '",
                                      "TFORM4  = '5A      '",
                                      "END"};
  for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++) {
    char card[81];
    snprintf(card, sizeof card, "%-80s", cards[i]);
    assert_memory_equal(bytes + BLOCK + 80 * i, card, 80);
  }
  static const char rows[] =
      "\x3f\xb9\x99\x99\x99\x99\x99\x9a\x40\0\0\0\0\0\0\1T\0\0\0\0\0";
  assert_memory_equal(bytes + 2 * BLOCK, rows, ROW);
  assert_memory_equal(bytes + 2 * BLOCK + ROW + 8, "\x80\0\0\0\0\0\0\0Fsixte", 14);
  assert_memory_equal(bytes + 2 * BLOCK + 2 * ROW + 8,
                      "\xff\xff\xff\xff\xff\xff\xff\xf9T___\0\0", 14);
  for (size_t i = 2 * BLOCK + 3 * ROW; i < 3 * BLOCK; i++) assert_int_equal(bytes[i], 0);
}

#if HR_FITS
static void cfitsio_reads_the_same(void **state) {
  (void)state;
  hr_fits_table *table = NULL;
  hr_table_column column = {0};
  check_ok(write_all(&err));
  check_ok(hr_fits_table_create(path, "predictions", &table, &err));
  assert_int_equal(hr_fits_table_rows(table), ROWS);
  check_ok(hr_fits_table_read(table, 0, &column, &err));
  for (size_t i = 0; i < ROWS; i++) {
    assert_true(isnan(numbers[i]) ? isnan(column.values[i])
                                  : column.values[i] == numbers[i]);
  }
  hr_table_column_fini(&column);
  check_ok(hr_fits_table_read(table, 1, &column, &err));
  assert_true(column.integers[0] == ids[0] && column.integers[2] == ids[2]);
  assert_true(isnan(column.values[1]));
  hr_table_column_fini(&column);
  hr_fits_table_destroy(&table);
}
#endif

static void refuse(const char *first, const char *second, const char *sentence) {
  const hr_fits_column own[] = {{first, NULL, HR_FITS_CELL_NUMBER, 0, false},
                                {second, NULL, HR_FITS_CELL_NUMBER, 0, false}};
  check_fails(hr_fits_writer_create(path, "T", own, 2, &writer, &err), HR_ERR_USAGE,
              sentence);
  assert_null(writer);
}

static void names_that_fits_cannot_have(void **state) {
  (void)state;
  static hr_fits_column many[1000];
  refuse("ra", "RA",
         "the columns ra and RA have one name in FITS, where case does not count; keep "
         "one of them, or both with --format csv");
  refuse("ra", "",
         "a column of FITS cannot be called ''; its name may have up to 68 ASCII "
         "letters, digits and signs; keep it with --format csv");
  refuse("h\xc3\xb6he", "ra",
         "a column of FITS cannot be called 'h\xc3\xb6he'; its name may have up to 68 "
         "ASCII letters, digits and signs; keep it with --format csv");
  check_fails(hr_fits_writer_create(path, "T", many, 1000, &writer, &err), HR_ERR_USAGE,
              "a table of FITS has at most 999 columns, and this one would have 1000; "
              "keep fewer of them");
}

static void what_cannot_be_written_is_told(void **state) {
  (void)state;
  struct rlimit limit;
  snprintf(path, sizeof path, "%s/none/t.fits", s.path);
  snprintf(expected, sizeof expected, "cannot create %s: No such file or directory",
           path);
  check_fails(write_all(&err), HR_ERR_IO, expected);
  snprintf(path, sizeof path, "%s/t.fits", s.path);
  snprintf(expected, sizeof expected, "cannot write %s: File too large", path);
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit none = {0, limit.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
  hr_status status = write_all(&err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  check_fails(status, HR_ERR_IO, expected);
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  check_alloc_failures(write_all(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
    TEST(bytes_are_as_the_standard_has_them),
#if HR_FITS
    TEST(cfitsio_reads_the_same),
#endif
    TEST(names_that_fits_cannot_have),
    TEST(what_cannot_be_written_is_told),
    TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
