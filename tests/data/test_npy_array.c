/* Arrays as NumPy writes them, and what is none. */
#include "data/npy_array.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch s;
static char path[128];
static hr_error err;
static double *values;
static size_t rows, columns;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/a.npy", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* A file of format 1.0 with that head, or with 2.0 where `is_long`. */
static void write_file(const char *head, bool is_long, const void *bytes, size_t size) {
  size_t length = strlen(head);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fwrite("\x93NUMPY", 1, 6, file);
  fputc(is_long ? 2 : 1, file);
  fputc(0, file);
  fputc((int)(length & 255), file);
  fputc((int)(length >> 8), file);
  if (is_long) fwrite("\0", 1, 2, file);
  fwrite(head, 1, length, file);
  fwrite(bytes, 1, size, file);
  assert_int_equal(fclose(file), 0);
}

static hr_status read_file(void) {
  hr_free(values);
  values = NULL;
  return hr_npy_array_read(path, 1 << 20, &values, &rows, &columns, &err);
}

static void check_values(size_t r, size_t c, const double *expected) {
  check_ok(read_file());
  assert_int_equal(rows, r);
  assert_int_equal(columns, c);
  for (size_t i = 0; i < r * c; i++) check_near(values[i], expected[i], 0);
  hr_free(values);
  values = NULL;
}

static void floats_of_either_order(void **state) {
  (void)state;
  const double three[] = {1.5, -2, 1e300};
  const float halves[] = {0.5F, -1.25F};
  const unsigned char big[] = {0x3f, 0xf8, 0, 0, 0, 0, 0, 0};
  write_file("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", false, three,
             sizeof three);
  check_values(3, 1, three);
  write_file("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n", true,
             halves, sizeof halves);
  check_values(1, 2, (const double[]){0.5, -1.25});
  write_file("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }\n", false, big,
             sizeof big);
  check_values(1, 1, (const double[]){1.5});
}

/* As numpy.float16 has them: of the largest, the smallest and what is no number. */
static void floats_of_two_bytes(void **state) {
  (void)state;
  const uint16_t some[] = {0x3c00, 0xc000, 0x3555, 0x7bff,
                           0x0001, 0x8000, 0x03ff, 0xfbff};
  const unsigned char big[] = {0x3c, 0x01};
  write_file("{'descr': '<f2', 'fortran_order': False, 'shape': (8,), }\n", false, some,
             sizeof some);
  check_values(8, 1,
               (const double[]){1, -2, 0.333251953125, 65504, 0x1p-24, -0.0,
                                1023 * 0x1p-24, -65504});
  write_file("{'descr': '>f2', 'fortran_order': False, 'shape': (1,), }\n", false, big,
             sizeof big);
  check_values(1, 1, (const double[]){1 + 0x1p-10});
  const uint16_t none[] = {0x7e00, 0xfc00};
  write_file("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }\n", false, none,
             sizeof none);
  check_ok(read_file());
  assert_int_not_equal(isnan(values[0]), 0);
  assert_true(values[1] == -INFINITY);
  hr_free(values);
  values = NULL;
}

static void whole_numbers_with_and_without_a_sign(void **state) {
  (void)state;
  const int16_t shorts[] = {-2, 300};
  const uint8_t bytes[] = {0, 255};
  const int64_t longs[] = {INT64_MIN, -1};
  write_file("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n", false, shorts,
             sizeof shorts);
  check_values(2, 1, (const double[]){-2, 300});
  write_file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n", false, bytes,
             sizeof bytes);
  check_values(2, 1, (const double[]){0, 255});
  write_file("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", false, longs,
             sizeof longs);
  check_values(2, 1, (const double[]){-0x1p63, -1});
}

/* As numpy.save writes a transposed array. */
static void columns_may_lie_one_after_the_other(void **state) {
  (void)state;
  const double lying[] = {1, 2, 3, 10, 20, 30};
  write_file("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }\n", false, lying,
             sizeof lying);
  check_values(3, 2, (const double[]){1, 10, 2, 20, 3, 30});
}

static void check_refused(const char *head, size_t size, const char *sentence) {
  static const char zeros[4096];
  char expected[512];
  write_file(head, false, zeros, size);
  snprintf(expected, sizeof expected, "%s%s", path, sentence);
  check_fails(read_file(), HR_ERR_FORMAT, expected);
  assert_null(values);
}

static void what_is_no_table_of_numbers_is_refused(void **state) {
  (void)state;
  static const char none[] =
      " is no array of numbers in one or two dimensions as numpy.save writes it; save "
      "one of floats, or write a table as CSV";
  static const char *const heads[] = {
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 2), }\n",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n",
      "{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }\n",
      "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n",
      "{'descr': '<U4', 'fortran_order': False, 'shape': (2,), }\n",
      "{'descr': '<f3', 'fortran_order': False, 'shape': (2,), }\n",
      "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }\n",
      "{'descr': '<f8', 'fortran_order': Perhaps, 'shape': (2,), }\n",
      "{'descr': '<f8', 'shape': (2,), }\n",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }\n",
      "{'fortran_order': False, 'shape': (2,), }\n",
      "",
  };
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    check_refused(heads[i], 16, none);
  }
  scratch_write(&s, "a.npy", "\x93NUMPY\x01");
  assert_int_equal(read_file(), HR_ERR_FORMAT);
}

static void other_bytes_than_the_head_says_are_refused(void **state) {
  (void)state;
  static const char head[] =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n";
  char sentence[256];
  snprintf(
      sentence, sizeof sentence,
      " is damaged: its %zu bytes are not those of the array that its head describes",
      10 + strlen(head) + 16);
  check_refused(head, 16, sentence);
  static const char huge[] =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8), }\n";
  snprintf(
      sentence, sizeof sentence,
      " is damaged: its %zu bytes are not those of the array that its head describes",
      10 + strlen(huge) + 16);
  check_refused(huge, 16, sentence);
}

static void an_empty_array_is_one(void **state) {
  (void)state;
  write_file("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }\n", false, "", 0);
  check_ok(read_file());
  assert_int_equal(rows, 0);
  hr_free(values);
  values = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats_of_either_order),
      cmocka_unit_test(floats_of_two_bytes),
      cmocka_unit_test(whole_numbers_with_and_without_a_sign),
      cmocka_unit_test(columns_may_lie_one_after_the_other),
      cmocka_unit_test(what_is_no_table_of_numbers_is_refused),
      cmocka_unit_test(other_bytes_than_the_head_says_are_refused),
      cmocka_unit_test(an_empty_array_is_one),
  };
  return cmocka_run_group_tests(tests, prepare, tidy);
}
