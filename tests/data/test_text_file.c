/* Text in the forms that programs write, read as UTF-8. */
#include "data/text_file.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch place;
static char path[256];
static hr_error err;

static int set_up(void **state) {
  (void)state;
  scratch_init(&place);
  snprintf(path, sizeof path, "%s/t.csv", place.path);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&place);
  return 0;
}

static void put(const char *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static void check_text(const char *bytes, size_t size, const char *expected) {
  char *text = NULL;
  size_t length = 0;
  put(bytes, size);
  check_ok(hr_text_file_read(path, 1 << 10, &text, &length, &err));
  assert_string_equal(text, expected);
  assert_int_equal(length, strlen(expected));
  hr_free(text);
}

#define CHECK_TEXT(bytes, expected) check_text(bytes, sizeof(bytes) - 1, expected)

static void a_mark_says_what_it_is_in(void **state) {
  (void)state;
  CHECK_TEXT("a,\xc3\xa9\n", "a,\xc3\xa9\n");
  CHECK_TEXT(
      "\xef\xbb\xbf"
      "a\n",
      "a\n");
  CHECK_TEXT(
      "\xff\xfe"
      "a\0,\0\xe9\0\n\0",
      "a,\xc3\xa9\n");
  CHECK_TEXT(
      "\xfe\xff"
      "\0a\0,\0\xe9\0\n",
      "a,\xc3\xa9\n");
  CHECK_TEXT(
      "\xff\xfe"
      "\x86\x66\x3d\xd8\x2d\xdd",
      "\xe6\x9a\x86\xf0\x9f\x94\xad");
  CHECK_TEXT("\xff\xfe", "");
  CHECK_TEXT("", "");
}

/* Within a text that has line feeds a CR is what its writer wanted. */
static void lines_end_as_on_any_system(void **state) {
  (void)state;
  CHECK_TEXT("a\rb\r", "a\nb\n");
  CHECK_TEXT("a\r\nb\r\n", "a\r\nb\r\n");
  CHECK_TEXT("a\n\"b\rc\"\n", "a\n\"b\rc\"\n");
  CHECK_TEXT(
      "\xff\xfe"
      "a\0\r\0b\0",
      "a\nb");
}

static void check_refused(const char *bytes, size_t size, const char *sentence) {
  char expected[512], *text = NULL;
  size_t length = 0;
  put(bytes, size);
  snprintf(expected, sizeof expected, "%s%s", path, sentence);
  check_fails(hr_text_file_read(path, 1 << 10, &text, &length, &err), HR_ERR_FORMAT,
              expected);
  assert_null(text);
}

#define CHECK_REFUSED(bytes, sentence) check_refused(bytes, sizeof(bytes) - 1, sentence)

static void what_is_no_text_is_refused(void **state) {
  (void)state;
  static const char no_text[] = " is no text in UTF-8; a table is read from CSV in that";
  CHECK_REFUSED("a\0b\0", no_text);
  CHECK_REFUSED(
      "\xff\xfe"
      "a\0\0\0",
      no_text);
  CHECK_REFUSED(
      "\xff\xfe"
      "a\0b",
      " is damaged UTF-16 at byte 4; write it as UTF-8");
  CHECK_REFUSED(
      "\xff\xfe"
      "\x3d\xd8"
      "a\0",
      " is damaged UTF-16 at byte 2; write it as UTF-8");
  CHECK_REFUSED(
      "\xff\xfe"
      "\x2d\xdd",
      " is damaged UTF-16 at byte 2; write it as UTF-8");
  CHECK_REFUSED(
      "\xff\xfe\0\0"
      "a\0\0\0",
      " is in UTF-32; write it as UTF-8");
  CHECK_REFUSED(
      "\0\0\xfe\xff"
      "\0\0\0a",
      " is in UTF-32; write it as UTF-8");
}

static hr_status read_and_free(void) {
  char *text = NULL;
  size_t length = 0;
  hr_status status = hr_text_file_read(path, 1 << 10, &text, &length, NULL);
  hr_free(text);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  put("\xff\xfe"
      "a\0",
      4);
  check_alloc_failures(read_and_free());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_mark_says_what_it_is_in),
      TEST(lines_end_as_on_any_system),
      TEST(what_is_no_text_is_refused),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
