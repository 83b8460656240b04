/* What columns hold that are no numbers, and which of their texts is none. */
#include "data/frame_other.h"

#include "support/check.h"

static hr_frame_others others;

static int tear_down(void **state) {
  (void)state;
  hr_frame_others_fini(&others);
  return 0;
}

static hr_frame_other *add(const char *name, hr_frame_values values) {
  hr_error err = {0};
  check_ok(hr_frame_others_add(&others, name, values, &err));
  return &others.items[others.count - 1];
}

static void check_words(const hr_frame_other *other, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_frame_other_describe(other, &text);
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static void columns_are_found_by_name(void **state) {
  (void)state;
  add("a", HR_FRAME_DATES);
  add("b", HR_FRAME_TEXT);
  add("c", HR_FRAME_OBJECTS);
  assert_ptr_equal(hr_frame_others_find(&others, "b"), &others.items[1]);
  assert_null(hr_frame_others_find(&others, "d"));
  hr_frame_others_fini(&others);
  assert_null(hr_frame_others_find(&others, "a"));
}

static void the_first_text_that_is_no_number_is_kept(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool is_number;
  } cases[] = {
      {"3.25", true},
      {" -1e-3 ", true},
      {"nan", true},
      {"inf", true},
      {"007", true},
      {"--", false},
      {"", false},
      {" ", false},
      {"1,5", false},
      {"0x1F", false},
      {"1.5 K", false},
      {"nan(2)", false},
      {"\xe2\x80\x93"
       "1",
       false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_frame_other other = {.name = (char[]){"g"}, .values = HR_FRAME_TEXT};
    hr_frame_other_judge(&other, "1.5\0--", 6, 0); /* ends at the 0 byte */
    hr_frame_other_judge(&other, cases[i].text, strlen(cases[i].text), 7);
    hr_frame_other_judge(&other, "2", 1, 8);
    assert_true(other.is_judged);
    assert_int_equal(other.has_word, !cases[i].is_number);
    if (!other.has_word) continue;
    assert_int_equal(other.row, 7);
    assert_string_equal(other.word, strcmp(cases[i].text, " ") == 0 ? "" : cases[i].text);
  }
  char wide[200];
  memset(wide, 'y', sizeof wide);
  hr_frame_other other = {.values = HR_FRAME_TEXT};
  hr_frame_other_judge(&other, wide, sizeof wide, 0);
  assert_int_equal(strlen(other.word), HR_FRAME_SHOWN_BYTES - 1);
  memset(wide, ' ', sizeof wide);
  wide[100] = '7';
  other = (hr_frame_other){.values = HR_FRAME_TEXT};
  hr_frame_other_judge(&other, wide, sizeof wide, 0);
  assert_false(other.has_word);
}

static void each_kind_has_its_remedy(void **state) {
  (void)state;
  hr_frame_other *g = add("log_g", HR_FRAME_TEXT);
  check_words(g,
              "the label log_g is text; write the column as numbers, with "
              "pandas.to_numeric");
  hr_frame_other_judge(g, "4.5", 3, 0);
  check_words(g,
              "the label log_g is text, though all of it numbers; write the column "
              "with frame['log_g'].astype(float)");
  hr_frame_other_judge(g, "--", 2, 1);
  check_words(g,
              "the label log_g is text, and '--' in row 1 (counted from 0) is no "
              "number; write the column with pandas.to_numeric(frame['log_g'], "
              "errors='coerce') and leave out the rows that have none");
  check_words(add("t", HR_FRAME_DATES),
              "the label t holds dates or durations; write the "
              "column as a number, such as of days");
  check_words(add("c", HR_FRAME_CATEGORIES),
              "the label c holds categories; write the column as numbers, with "
              "frame['c'].astype(float) where they are some");
  check_words(add("o", HR_FRAME_OBJECTS),
              "the label o holds objects of Python; write the column as numbers, with "
              "frame['o'].astype(float) where they are some");
}

#define HEAD                                      \
  "\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\x05numpy\x94" \
  "b"
#define JUDGE(columns, by_rows, pickle)                       \
  hr_frame_other_judge_pickle(others.items, columns, by_rows, \
                              (const unsigned char *)(pickle), sizeof(pickle) - 1)

static void pickled_texts_are_judged_row_by_row(void **state) {
  (void)state;
  add("a", HR_FRAME_OBJECTS);
  add("b", HR_FRAME_OBJECTS);
  JUDGE(2, true,
        HEAD
        "\x89]\x94(\x8c\x03"
        "1.5\x94\x8c\x01"
        "2\x94K\x03X\x02\0\0\0--\x94h\x05N"
        "et\x94"
        "b.");
  assert_int_equal(others.items[0].values, HR_FRAME_TEXT);
  assert_true(others.items[0].is_judged && !others.items[0].has_word);
  assert_true(others.items[1].has_word);
  assert_string_equal(others.items[1].word, "--");
  assert_int_equal(others.items[1].row, 1);
}

static void what_is_missing_is_no_number(void **state) {
  (void)state;
  add("a", HR_FRAME_OBJECTS);
  JUDGE(1, false,
        HEAD
        "\x88](\x8c\x01"
        "4q\x01NG\0\0\0\0\0\0\0\0M\x01\0J\0\0\0\0et.");
  assert_int_equal(others.items[0].values, HR_FRAME_TEXT);
  assert_string_equal(others.items[0].word, "None");
  assert_int_equal(others.items[0].row, 1);
}

/* An opcode that could call something, an end before its time, columns in an order that
 * is not known: nothing is said of them. */
static void other_pickles_tell_nothing(void **state) {
  (void)state;
  add("a", HR_FRAME_OBJECTS);
  add("b", HR_FRAME_OBJECTS);
  JUDGE(1, true,
        HEAD
        "\x89]\x94(\x8c\x02--\x94h\x07K\x01\x85R\x94"
        "et.");
  JUDGE(1, true, HEAD "\x89]\x94(\x8c\x09--");
  JUDGE(1, true, HEAD "\x89]\x94(X\xff\xff\xff\xff--");
  JUDGE(2, false,
        HEAD
        "\x89]\x94(\x8c\x02--\x94\x8c\x02--\x94"
        "et.");
  JUDGE(2, true,
        HEAD
        "\x88]\x94(\x8c\x02--\x94\x8c\x02--\x94"
        "et.");
  JUDGE(1, true, "\x80\x04");
  JUDGE(1, true, "");
  for (size_t k = 0; k < 2; k++) {
    assert_int_equal(others.items[k].values, HR_FRAME_OBJECTS);
    assert_false(others.items[k].is_judged || others.items[k].has_word);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(columns_are_found_by_name),    TEST(the_first_text_that_is_no_number_is_kept),
      TEST(each_kind_has_its_remedy),     TEST(pickled_texts_are_judged_row_by_row),
      TEST(what_is_missing_is_no_number), TEST(other_pickles_tell_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
