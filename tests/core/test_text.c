#include "core/text.h"

#include <locale.h>

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

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
  hr_strings_fini(&list);
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

static void test_numbers(void **state) {
  (void)state;
  check_numbers();
  /* The same where the machine's language writes a comma, if it has such a language. */
  if (setlocale(LC_ALL, "de_DE.UTF-8")) check_numbers();
  setlocale(LC_ALL, "C");
}

/* The paths that `pattern` gives, joined by spaces, as text that the caller frees. */
static char *expand(const char *root, const char *pattern) {
  hr_error err = {0};
  hr_strings paths = {0};
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_expand_paths(root, pattern, &paths, &err));
  for (size_t i = 0; i < paths.count; i++) {
    hr_text_append(&text, "%s%s", i ? " " : "", paths.items[i]);
  }
  hr_strings_fini(&paths);
  check_ok(hr_text_status(&text, &err));
  return text.bytes;
}

static void check_expansion(const char *root, const char *pattern, const char *expected) {
  char *found = expand(root, pattern);
  assert_string_equal(found, expected);
  hr_free(found);
}

static void test_braces(void **state) {
  (void)state;
  check_expansion(NULL, "a.h5", "a.h5");
  check_expansion("", "a.h5", "a.h5");
  check_expansion("/d", "a.h5", "/d/a.h5");
  check_expansion("/d/", "a.h5", "/d/a.h5");
  check_expansion("/d", "/e/a.h5", "/e/a.h5");
  check_expansion("d", "t_{0..2}/x.h5", "d/t_0/x.h5 d/t_1/x.h5 d/t_2/x.h5");
  check_expansion(NULL, "{2..0}", "2 1 0");
  check_expansion(NULL, "{8..11}", "8 9 10 11");
  check_expansion(NULL, "{08..11}", "08 09 10 11");
  check_expansion(NULL, "{a,b}{1..2}", "a1 a2 b1 b2");
  check_expansion(NULL, "x{a,}", "xa x");
  check_expansion(NULL, "x{}", "x");
  check_expansion(NULL, "x{3..3}", "x3");
  check_expansion(NULL, "{../a,../b}.h5", "../a.h5 ../b.h5");
  check_expansion("/{a,b}[1]", "x{0..1}", "/{a,b}[1]/x0 /{a,b}[1]/x1");
  check_expansion(NULL, "x{0..4", "x{0..4");
  check_expansion(NULL, "x}0..4{", "x}0..4{");
}

/* What is escaped comes back as it was; so do characters that mean nothing special. */
static void test_escapes(void **state) {
  (void)state;
  static const char *const paths[] = {"/d/a.h5", "/d{0..4}/a", "/x{a,b}/*?[z]", "/\\{",
                                      "/\\\\d",  "/}]",        "/a\\",          "\\*"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    hr_error err = {0};
    char *pattern = NULL;
    check_ok(hr_escape_path(paths[i], &pattern, &err));
    check_expansion(NULL, pattern, paths[i]);
    hr_free(pattern);
  }
  check_expansion("/r*", "a\\{1..2}_{1..2}", "/r*/a{1..2}_1 /r*/a{1..2}_2");
  check_expansion(NULL, "a\\", "a\\");
}

static void test_too_many_paths(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings paths = {0};
  check_fails(hr_expand_paths(NULL, "{0..99999}{0..99999}", &paths, &err), HR_ERR_CONFIG,
              "the braces give more than 100000 names");
  hr_strings_fini(&paths);
  check_fails(
      hr_expand_paths(NULL, "a/{0..}.h5", &paths, &err), HR_ERR_CONFIG,
      "the range {0..} is not understood; write it as {FIRST..LAST} with two whole "
      "numbers of at most 9 digits");
  char pattern[5000];
  memset(pattern, 'x', sizeof pattern);
  pattern[0] = '{';
  pattern[sizeof pattern - 2] = '}';
  pattern[sizeof pattern - 1] = '\0';
  check_fails(hr_expand_paths(NULL, pattern, &paths, &err), HR_ERR_CONFIG,
              "a name in the braces is too long");
  assert_int_equal(paths.count, 0);
}

static void test_globs(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings paths = {0};
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "b.h5", "");
  scratch_write(&s, "a.h5", "");
  scratch_write(&s, "c.txt", "");
  scratch_write(&s, "d[1].h5", "");
  check_ok(hr_make_folders(scratch_name(&s, "e*[x]?\\"), &err));
  scratch_write(&s, "e*[x]?\\/f.h5", "");
  check_ok(hr_expand_paths(s.path, "[ab].h5", &paths, &err));
  check_ok(hr_expand_paths(s.path, "d[1].h5", &paths, &err));
  assert_int_equal(paths.count, 3);
  assert_string_equal(paths.items[0], scratch_name(&s, "a.h5"));
  assert_string_equal(paths.items[1], scratch_name(&s, "b.h5"));
  assert_string_equal(paths.items[2], scratch_name(&s, "d[1].h5"));
  hr_strings_fini(&paths);
  char folder[128];
  snprintf(folder, sizeof folder, "%s/e*[x]?\\", s.path);
  check_ok(hr_expand_paths(folder, "?.h5", &paths, &err));
  assert_int_equal(paths.count, 1);
  assert_string_equal(paths.items[0], scratch_name(&s, "e*[x]?\\/f.h5"));
  hr_strings_fini(&paths);
  check_fails(hr_expand_paths("/dev/null", "*.h5", &paths, &err), HR_ERR_MISSING,
              "no file matches '/dev/null/*.h5'");
  scratch_fini(&s);
}

static hr_status expand_all(void) {
  hr_strings paths = {0};
  hr_status status = hr_expand_paths("root", "{a,b}_{1..3}.h5", &paths, NULL);
  if (status == HR_OK) assert_int_equal(paths.count, 6);
  hr_strings_fini(&paths);
  return status;
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
  check_alloc_failures(expand_all());
  check_alloc_failures(write_text());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_grows),
      cmocka_unit_test(test_failed_text_stays_failed),
      cmocka_unit_test(test_visible_text),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_nearest_name),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_braces),
      cmocka_unit_test(test_escapes),
      cmocka_unit_test(test_too_many_paths),
      cmocka_unit_test(test_globs),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
