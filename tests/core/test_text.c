#include "core/text.h"

#include <locale.h>
#include <math.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static void test_text_grows(void **state) {
  (void)state;
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  for (int i = 0; i < 1000; i++) hr_text_append(&text, "%d,", i);
  check_ok(hr_text_status(&text, &err));
  assert_int_equal(text.length, 3890);
  assert_int_equal(strlen(text.bytes), 3890);
  assert_memory_equal(text.bytes, "0,1,2,", 6);
  assert_string_equal(text.bytes + 3882, "998,999,");
  hr_text_fini(&text);
  assert_null(text.bytes);
}

static void test_failed_text_stays_failed(void **state) {
  (void)state;
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "abc");
  text.status = HR_ERR_MEMORY; /* as after a failed append */
  hr_text_append(&text, "def");
  assert_string_equal(text.bytes, "abc");
  check_fails(hr_text_status(&text, &err), HR_ERR_MEMORY,
              "no memory for a text of 3 bytes");
  hr_text_fini(&text);
}

static void check_short(const char *whole, size_t most, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_text_append_short(&text, whole, most);
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static void test_short_text(void **state) {
  (void)state;
  check_short("sweep", 5, "sweep");
  check_short("sweep", 9, "sweep");
  check_short("[1, 10, 100]", 6, "[1, 1…");
  check_short("恒星光谱", 3, "恒星…");
  check_short("ab", 1, "…");
  check_short("", 3, "");
}

static void test_visible_text(void **state) {
  (void)state;
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  hr_text_append_visible(&text, "flux Å 恒星 \xF0\x9F\x8C\x9F");
  hr_text_append_visible(&text,
                         "|\x1b[2J\n\x7f|\xC2\x9B|\xC2|\xFF|\xC0\xAF|\xED\xA0\x80|");
  check_ok(hr_text_status(&text, &err));
  assert_string_equal(text.bytes,
                      "flux Å 恒星 \xF0\x9F\x8C\x9F|\\x1B[2J\\x0A\\x7F|\\xC2\\x9B|\\xC2|"
                      "\\xFF|\\xC0\\xAF|\\xED\\xA0\\x80|");
  hr_text_fini(&text);
}

static void test_strings(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings list = {0};
  char item[32];
  for (int i = 0; i < 100; i++) {
    snprintf(item, sizeof item, "item %d", i);
    check_ok(hr_strings_append(&list, item, &err));
  }
  assert_int_equal(list.count, 100);
  assert_string_equal(list.items[0], "item 0");
  assert_string_equal(list.items[99], "item 99");
  assert_true(hr_strings_has(&list, "item 0"));
  assert_true(hr_strings_has(&list, "item 99"));
  assert_false(hr_strings_has(&list, "item"));
  assert_false(hr_strings_has(&list, "item 100"));
  hr_strings_fini(&list);
  assert_false(hr_strings_has(&list, "item 0"));
  assert_int_equal(list.count, 0);
  assert_null(list.items);
}

static void test_nearest_name(void **state) {
  (void)state;
  static const char *const names[] = {"train", "test", "root", "target", "noise"};
  assert_string_equal(hr_nearest_name("trian", names, 5), "train");
  assert_string_equal(hr_nearest_name("TARGET", names, 5), "target");
  assert_string_equal(hr_nearest_name("nois", names, 5), "noise");
  assert_string_equal(hr_nearest_name("tset", names, 5), "test");
  assert_null(hr_nearest_name("wavelength", names, 5));
  assert_null(hr_nearest_name("x", names, 5));
  assert_null(hr_nearest_name("", names, 5));
  assert_null(hr_nearest_name("train", names, 0));
}

static void check_numbers(void) {
  double x = -7.0;
  assert_true(hr_parse_number("1e-3", &x));
  check_near(x, 1e-3, 0.0);
  assert_true(hr_parse_number("-2.5", &x));
  check_near(x, -2.5, 0.0);
  assert_true(hr_parse_number("+10", &x));
  check_near(x, 10.0, 0.0);
  assert_true(hr_parse_number(".5E2", &x));
  check_near(x, 50.0, 0.0);
  static const char *const wrong[] = {"",    " ",    "1 ",    " 1",  "1,5",   "nan",
                                      "inf", "0x10", "1e",    "1e+", "1.2.3", "--1",
                                      "-",   ".",    "1e999", "1 2", "10k",   "e5"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    x = -7.0;
    assert_false(hr_parse_number(wrong[i], &x));
    check_near(x, -7.0, 0.0);
  }
}

static void integers_are_exact(void **state) {
  (void)state;
  int64_t n = -7;
  assert_true(hr_parse_integer("9223372036854775807", &n));
  assert_true(n == INT64_MAX);
  assert_true(hr_parse_integer("-9007199254740993", &n));
  assert_true(n == -9007199254740993);
  assert_true(hr_parse_integer("+10", &n));
  assert_int_equal(n, 10);
  static const char *const wrong[] = {"",    " ",    " 1",  "1 ",
                                      "1.0", "1e3",  "-",   "--1",
                                      "1-2", "0x10", "ten", "9223372036854775808"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_false(hr_parse_integer(wrong[i], &n));
    assert_int_equal(n, 10);
  }
}

static void test_numbers(void **state) {
  (void)state;
  check_numbers();
  /* The same where the machine's language writes a comma, if it has such a language. */
  if (setlocale(LC_ALL, "de_DE.UTF-8")) check_numbers();
  setlocale(LC_ALL, "C");
}

static void test_powers_of_ten(void **state) {
  (void)state;
  check_near(hr_power_of_ten(0), 1, 0);
  check_near(hr_power_of_ten(14), 1e14, 0);
  check_near(hr_power_of_ten(-17), 1e-17, 0);
  check_near(hr_power_of_ten(300), 1e300, 0);
  check_near(hr_power_of_ten(-400), 0, 0);
  assert_true(isinf(hr_power_of_ten(400)));
}

static hr_status write_text(void) {
  hr_text text;
  hr_text_init(&text);
  for (int i = 0; i < 1000; i++) hr_text_append(&text, "%d,", i);
  hr_status status = hr_text_status(&text, NULL);
  hr_text_fini(&text);
  return status;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  check_alloc_failures(write_text());
}

static void large_numbers_are_compact(void **state) {
  (void)state;
  char out[HR_DECIMALS_BYTES];
  static const struct {
    double value;
    int decimals;
    const char *text;
  } numbers[] = {{0.98765, 4, "0.9877"},      {-0.00004, 4, "0.0000"},
                 {9999999, 2, "9999999.00"},  {1e7, 2, "1.000e+07"},
                 {-1.25e60, 4, "-1.250e+60"}, {123.7, 0, "124"},
                 {(double)NAN, 3, "nan"},     {(double)INFINITY, 3, "inf"}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    const char *text = hr_decimals(numbers[i].value, numbers[i].decimals, out);
    assert_string_equal(text, numbers[i].text);
  }
  assert_string_equal(HR_DECIMALS(2.5, 1), "2.5");
}

static void a_count_has_its_ending(void **state) {
  (void)state;
  assert_string_equal(hr_plural(0), "s");
  assert_string_equal(hr_plural(1), "");
  assert_string_equal(hr_plural(2), "s");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_grows),
      cmocka_unit_test(a_count_has_its_ending),
      cmocka_unit_test(test_failed_text_stays_failed),
      cmocka_unit_test(test_visible_text),
      cmocka_unit_test(test_short_text),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_nearest_name),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(test_powers_of_ten),
      cmocka_unit_test(large_numbers_are_compact),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
