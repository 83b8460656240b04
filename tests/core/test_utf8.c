#include "core/utf8.h"

#include "support/check.h"

static void characters_have_their_length(void **state) {
  (void)state;
  assert_int_equal(hr_visible_length("a"), 1);
  assert_int_equal(hr_visible_length(" "), 1);
  assert_int_equal(hr_visible_length("~b"), 1);
  assert_int_equal(hr_visible_length("\u00B2"), 2);
  assert_int_equal(hr_visible_length("\u03B1x"), 2);
  assert_int_equal(hr_visible_length("\u4E2D"), 3);
  assert_int_equal(hr_visible_length("\xED\x9F\xBF"), 3); /* U+D7FF */
  assert_int_equal(hr_visible_length("\xF0\x90\x80\x80"), 4);
  assert_int_equal(hr_visible_length("\xF4\x8F\xBF\xBF"), 4); /* U+10FFFF */
}

/* The ends of every range that RFC 3629 leaves out, and what is cut off. */
static void other_bytes_are_no_characters(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "\x80",
      "\xBF",
      "\xC0\x80",
      "\xC1\xBF",
      "\xC2",
      "\xC3(",
      "\xE0\x9F\xBF",
      "\xE2\x82",
      "\xE2(\xA1",
      "\xED\xA0\x80",
      "\xF0\x8F\xBF\xBF",
      "\xF0\x90\x80",
      "\xF4\x90\x80\x80",
      "\xF5\x80\x80\x80",
      "\xFF",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(hr_visible_length(wrong[i]), 0);
  }
}

/* C0 and C1, and DEL: what a terminal obeys. */
static void control_characters_are_not_shown(void **state) {
  (void)state;
  static const char *const controls[] = {"",     "\x01", "\t",       "\n",
                                         "\x1B", "\x7F", "\xC2\x80", "\xC2\x9F"};
  for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
    assert_int_equal(hr_visible_length(controls[i]), 0);
  }
  assert_int_equal(hr_visible_length("\xC2\xA0"), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(characters_have_their_length),
      cmocka_unit_test(other_bytes_are_no_characters),
      cmocka_unit_test(control_characters_are_not_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
