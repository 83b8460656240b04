#include "core/paths.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

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

static void test_memory_runs_out(void **state) {
  (void)state;
  check_alloc_failures(expand_all());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_braces),          cmocka_unit_test(test_escapes),
      cmocka_unit_test(test_too_many_paths),  cmocka_unit_test(test_globs),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
