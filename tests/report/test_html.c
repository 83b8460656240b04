#include "report/html.h"

#include "support/check.h"

static hr_error err;

/* The body of the page made of `markdown`, freed by the caller. */
static void check_body(const char *markdown, const hr_figures *figures,
                       const char *expected) {
  hr_text out;
  hr_text_init(&out);
  check_ok(hr_html_write(markdown, figures, false, &out, &err));
  const char *body = strstr(out.bytes, "<body>\n") + 7;
  char *end = strstr(out.bytes, "</body>");
  *end = '\0';
  assert_string_equal(body, expected);
  hr_text_fini(&out);
}

static void test_blocks(void **state) {
  (void)state;
  const hr_figures none = {0};
  check_body(
      "# A <b>\n\ntext with `x<y` & **strong** 2 * 3\n\n## B\n\n- one\n- two\n\nend\n",
      &none,
      "<h1>A &lt;b&gt;</h1>\n<p>text with <code>x&lt;y</code> &amp; "
      "<strong>strong</strong> 2 * 3</p>\n<h2 id=\"b\">B</h2>\n<ul>\n<li>one</li>\n"
      "<li>two</li>\n</ul>\n<p>end</p>\n");
  check_body("**x\\|y \\* \\<b>** z\n", &none,
             "<p><strong>x|y * &lt;b&gt;</strong> z</p>\n");
  check_body("[a < b](c/report.md), [x](y) and [0.1](0.2, 0.3]\n", &none,
             "<p><a href=\"c/report.html\">a &lt; b</a>, [x](y) and [0.1](0.2, "
             "0.3]</p>\n");
  check_body("| a | b |\n|---|---:|\n| x \\| y | 1 |\n|  | 2 |\n\n- note\n", &none,
             "<div class=\"table\"><table><thead><tr><th>a</th><th class=\"right\">b</th>"
             "</tr>\n</thead><tbody>\n<tr><td class=\"short\">x | y</td><td "
             "class=\"right\">1</td></tr>\n"
             "<tr><td class=\"short\"></td><td "
             "class=\"right\">2</td></tr>\n</tbody></table></div>\n"
             "<ul>\n<li>note</li>\n</ul>\n");
  check_body("| a |\n|---:|\n| 0.5 (1e4) [0.4, 0.6] |\n\n95 % of\n", &none,
             "<div class=\"table\"><table><thead><tr><th class=\"right\">a</th></tr>\n"
             "</thead><tbody>\n<tr><td class=\"right\">0.5 (1e4) "
             "<span class=\"range\">[0.4, 0.6]</span></td></tr>\n"
             "</tbody></table></div>\n<p>95&#160;% of</p>\n");
  check_body("a \\<b\\> \\&amp; \\*\\*c** \\`d` \\\\ C:\\dir\n", &none,
             "<p>a &lt;b&gt; &amp;amp; **c** `d` \\ C:\\dir</p>\n");
  check_body("[1. One & \\*](#1-one) [0.1, 0.2] [a](b) [c](#d\n\n## 1. One more\n", &none,
             "<p><a href=\"#1-one\">1. One &amp; *</a> [0.1, 0.2] [a](b) [c](#d</p>\n"
             "<h2 id=\"1-one-more\">1. One more</h2>\n");
  check_body("", &none, "");
  check_body("`unclosed and **so\n", &none, "<p>`unclosed and **so</p>\n");
  check_body("![no](figures/such.png)\n", &none, "");
}

static void test_pictures_are_inside(void **state) {
  (void)state;
  unsigned char png[] = "P", svg[] = "<svg/>";
  const hr_figures one = {
      .count = 1,
      .items[0] = {.name = "fig", .height = 360, .png = {png, 1, 1}, .svg = {svg, 6, 6}}};
  check_body("![a \"b\"](figures/fig.png)\n", &one,
             "<figure><div class=\"picture\"><img alt=\"a &quot;b&quot;\" width=\"864\" "
             "height=\"720\" src=\"data:image/svg+xml;base64,PHN2Zy8+\"></div>"
             "<figcaption>a &quot;b&quot;</figcaption></figure>\n");
  check_body("[PDF](figures/fig.pdf) · [no](elsewhere/fig.pdf)\n", &one,
             "<p><a href=\"figures/fig.pdf\">PDF</a> · [no](elsewhere/fig.pdf)</p>\n");
}

static void test_page_stands_alone(void **state) {
  (void)state;
  const hr_figures none = {0};
  hr_text out;
  hr_text_init(&out);
  check_ok(hr_html_write("# T \\& U\n", &none, true, &out, &err));
  assert_non_null(strstr(out.bytes, "<html lang=\"zh\">"));
  assert_non_null(strstr(out.bytes, "<title>T &amp; U</title>"));
  assert_null(strstr(out.bytes, "http"));
  assert_null(strstr(out.bytes, "<script"));
  hr_text_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_pictures_are_inside),
      cmocka_unit_test(test_page_stands_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
