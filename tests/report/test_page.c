#include "report/page.h"

#include "support/check.h"

static hr_error err;

static void check_replaced(const char *before, bool create, const char *expected) {
  hr_text out;
  hr_text_init(&out);
  const hr_page page = {"p.md", before, strlen(before)};
  check_ok(hr_page_replace(&page, "c1", "new 1\nnew 2\n", create, &out, &err));
  assert_string_equal(out.bytes, expected);
  hr_text_fini(&out);
}

static void test_only_the_block_changes(void **state) {
  (void)state;
  check_replaced(
      "a\n<!-- headroom:begin c1 -->\nold\n<!-- headroom:end c1 -->\nb", false,
      "a\n<!-- headroom:begin c1 -->\n\nnew 1\nnew 2\n<!-- headroom:end c1 -->\nb");
  /* CRLF, indented markers, trailing spaces, bytes that are not UTF-8, another block. */
  check_replaced(
      "\xff\tx \r\n  <!-- headroom:begin c1 --> \r\n"
      "<!-- headroom:end c1 -->\r\n<!-- headroom:begin c12 -->\n\r",
      false,
      "\xff\tx \r\n  <!-- headroom:begin c1 --> \r\n\r\nnew 1\r\nnew 2\r\n"
      "<!-- headroom:end c1 -->\r\n<!-- headroom:begin c12 -->\n\r");
  check_replaced("<!-- headroom:begin c1 -->\n<!-- headroom:end c1 -->", true,
                 "<!-- headroom:begin c1 -->\n\nnew 1\nnew 2\n<!-- headroom:end c1 -->");
}

static void test_a_block_is_added(void **state) {
  (void)state;
#define BLOCK "<!-- headroom:begin c1 -->\n\nnew 1\nnew 2\n<!-- headroom:end c1 -->\n"
  check_replaced("", true, BLOCK);
  check_replaced("a\n", true, "a\n\n" BLOCK);
  check_replaced("a", true, "a\n\n" BLOCK);
  check_replaced("a\r\nb\r\n", true,
                 "a\r\nb\r\n\r\n<!-- headroom:begin c1 -->\r\n\r\nnew 1\r\nnew 2\r\n"
                 "<!-- headroom:end c1 -->\r\n");
}

#define BEGIN "<!-- headroom:begin c1 -->\n"
#define END   "<!-- headroom:end c1 -->\n"

static void test_bad_markers_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *page, *sentence;
    bool create;
  } cases[] = {
      {"",
       "p.md has no line '<!-- headroom:begin c1 -->'; write it there, or use --create",
       false},
      {BEGIN,
       "p.md has no line '<!-- headroom:end c1 -->'; write it there, or use --create",
       true},
      {END,
       "p.md has no line '<!-- headroom:begin c1 -->'; write it there, or use --create",
       true},
      {BEGIN BEGIN END, "p.md has '<!-- headroom:begin c1 -->' 2 times; leave one",
       false},
      {BEGIN END END END, "p.md has '<!-- headroom:end c1 -->' 3 times; leave one", true},
      {END BEGIN,
       "p.md: '<!-- headroom:end c1 -->' stands before '<!-- headroom:begin c1 -->'",
       false},
      {"x " BEGIN END,
       "p.md: '<!-- headroom:begin c1 -->' does not stand on a line of its own", false},
      {"<!-- headroom:begin c1 -->" END,
       "p.md: '<!-- headroom:begin c1 -->' does not stand on a line of its own", false},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    hr_text out;
    hr_text_init(&out);
    const hr_page page = {"p.md", cases[c].page, strlen(cases[c].page)};
    check_fails(hr_page_replace(&page, "c1", "x\n", cases[c].create, &out, &err),
                HR_ERR_FORMAT, cases[c].sentence);
    hr_text_fini(&out);
  }
}

static void test_odd_input_is_refused(void **state) {
  (void)state;
  hr_text out;
  hr_text_init(&out);
  const hr_page page = {"p.md", BEGIN END, strlen(BEGIN END)},
                binary = {"p.md", "a\0b", 3};
  check_fails(hr_page_replace(&page, "c 1", "x\n", false, &out, &err), HR_ERR_USAGE,
              "'c 1' cannot name a block; use letters, digits, '-', '_' and '.'");
  check_fails(hr_page_replace(&page, "", "x\n", false, &out, &err), HR_ERR_USAGE,
              "'' cannot name a block; use letters, digits, '-', '_' and '.'");
  check_fails(hr_page_replace(&binary, "c1", "x\n", true, &out, &err), HR_ERR_FORMAT,
              "p.md is not a text");
  hr_text_fini(&out);
}

static void check_difference(const char *before, const char *after,
                             const char *expected) {
  hr_text out;
  hr_text_init(&out);
  hr_page_compare("p", before, after, &out);
  assert_string_equal(out.bytes ? out.bytes : "", expected);
  hr_text_fini(&out);
}

static void test_differences(void **state) {
  (void)state;
#define HEAD "--- p\n+++ p, with the results\n"
  check_difference("a\nb\n", "a\nb\n", "");
  check_difference("a\nb\nc\n", "a\nx\nc\n", HEAD "-b\n+x\n");
  check_difference("a\r\nb\r\nc", "a\r\nx\r\ny\r\nc", HEAD "-b\n+x\n+y\n");
  check_difference("", "a\n", HEAD "+a\n");
  check_difference("a\na\n", "a\n", HEAD "-a\n");
  check_difference("a1\nz\n", "b1\nz\n", HEAD "-a1\n+b1\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_the_block_changes),
      cmocka_unit_test(test_a_block_is_added),
      cmocka_unit_test(test_bad_markers_are_refused),
      cmocka_unit_test(test_odd_input_is_refused),
      cmocka_unit_test(test_differences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
