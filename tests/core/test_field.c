#include "core/field.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"

typedef struct things {
  double number;
  int64_t integer;
  bool flag;
  char *text;
  char *choice;
  hr_numbers edges;
  hr_numbers distinct;
  hr_strings texts;
  double above;
  double below;
  double asked;
  char *named;
} things;

enum {
  NUMBER,
  INTEGER,
  FLAG,
  TEXT,
  CHOICE,
  EDGES,
  DISTINCT,
  TEXTS,
  ABOVE,
  BELOW,
  ASKED,
  NAMED,
  FIELDS
};

static const hr_field fields[FIELDS] = {
    [NUMBER] = {.name = "number",
                .kind = HR_FIELD_NUMBER,
                .offset = offsetof(things, number),
                .default_text = "0.5",
                .minimum = 0,
                .maximum = 1,
                .alias = "count",
                .help = "A share."},
    [INTEGER] = {.name = "integer",
                 .kind = HR_FIELD_INTEGER,
                 .offset = offsetof(things, integer),
                 .minimum = -HR_FIELD_MOST_INTEGER,
                 .maximum = HR_FIELD_MOST_INTEGER,
                 .help = "An integer."},
    [FLAG] = {.name = "flag",
              .kind = HR_FIELD_BOOL,
              .offset = offsetof(things, flag),
              .default_text = "true",
              .help = "A switch."},
    [TEXT] = {.name = "text",
              .kind = HR_FIELD_TEXT,
              .offset = offsetof(things, text),
              .help = "A text."},
    [CHOICE] = {.name = "choice",
                .kind = HR_FIELD_TEXT,
                .offset = offsetof(things, choice),
                .default_text = "cv",
                .choices = "cv|test|both",
                .help = "A choice."},
    [EDGES] = {.name = "edges",
               .kind = HR_FIELD_NUMBERS,
               .offset = offsetof(things, edges),
               .minimum = -INFINITY,
               .maximum = INFINITY,
               .order = HR_FIELD_INCREASING,
               .least_count = 2,
               .help = "Edges."},
    [DISTINCT] = {.name = "distinct",
                  .kind = HR_FIELD_NUMBERS,
                  .offset = offsetof(things, distinct),
                  .minimum = 0,
                  .maximum = 9,
                  .order = HR_FIELD_DISTINCT,
                  .whole = true,
                  .help = "Digits."},
    [TEXTS] = {.name = "texts",
               .kind = HR_FIELD_TEXTS,
               .offset = offsetof(things, texts),
               .least_count = 1,
               .help = "Texts."},
    [ABOVE] = {.name = "above",
               .kind = HR_FIELD_NUMBER,
               .offset = offsetof(things, above),
               .minimum = 1e-12,
               .maximum = INFINITY,
               .help = "Above."},
    [BELOW] = {.name = "below",
               .kind = HR_FIELD_NUMBER,
               .offset = offsetof(things, below),
               .minimum = -INFINITY,
               .maximum = 1,
               .help = "Below."},
    [ASKED] = {.name = "asked",
               .kind = HR_FIELD_NUMBER,
               .offset = offsetof(things, asked),
               .default_text = "none",
               .minimum = -INFINITY,
               .maximum = 1,
               .may_be_none = true,
               .help = "Asked."},
    [NAMED] = {.name = "named",
               .kind = HR_FIELD_TEXT,
               .offset = offsetof(things, named),
               .default_text = "none",
               .may_be_none = true,
               .help = "Named."},
};

static void refuse(int field, const char *text, const char *message) {
  things t = {0};
  hr_error err = {0};
  check_fails(hr_field_read(&fields[field], "f:1:2: x", text, &t, &err), HR_ERR_CONFIG,
              message);
  hr_fields_fini(&t, fields, FIELDS);
}

static void test_read(void **state) {
  (void)state;
  things t = {0};
  hr_error err = {0};
  check_ok(hr_field_read(&fields[NUMBER], "x", ".5", &t, &err));
  check_near(t.number, 0.5, 0);
  check_ok(hr_field_read(&fields[NUMBER], "x", "1e-3", &t, &err));
  check_near(t.number, 1e-3, 0);
  check_ok(hr_field_read(&fields[INTEGER], "x", "1e5", &t, &err));
  assert_true(t.integer == 100000);
  check_ok(hr_field_read(&fields[INTEGER], "x", "-9007199254740991", &t, &err));
  assert_true(t.integer == -9007199254740991);
  check_ok(hr_field_read(&fields[TEXT], "x", "one", &t, &err));
  check_ok(hr_field_read(&fields[TEXT], "x", "two", &t, &err));
  assert_string_equal(t.text, "two");
  check_ok(hr_field_read(&fields[CHOICE], "x", "both", &t, &err));
  assert_string_equal(t.choice, "both");
  for (size_t i = 0; i < 5; i++) {
    static const char *const numbers[] = {"-2", "-1.5", "0", "10", "1e5"};
    check_ok(hr_field_read(&fields[EDGES], "x", numbers[i], &t, &err));
    check_ok(hr_field_read(&fields[TEXTS], "x", numbers[i], &t, &err));
  }
  assert_int_equal(t.edges.count, 5);
  check_near(t.edges.items[1], -1.5, 0);
  check_near(t.edges.items[4], 1e5, 0);
  assert_string_equal(t.texts.items[4], "1e5");
  hr_fields_fini(&t, fields, FIELDS);
  assert_null(t.text);
  assert_int_equal(t.edges.count, 0);
  assert_int_equal(t.texts.count, 0);
}

static void test_bools(void **state) {
  (void)state;
  things t = {0};
  hr_error err = {0};
  static const char *const yes[] = {"true", "True", "TRUE", "yes", "on"};
  static const char *const no[] = {"false", "False", "FALSE", "no", "off"};
  for (size_t i = 0; i < 5; i++) {
    t.flag = false;
    check_ok(hr_field_read(&fields[FLAG], "x", yes[i], &t, &err));
    assert_true(t.flag);
    check_ok(hr_field_read(&fields[FLAG], "x", no[i], &t, &err));
    assert_false(t.flag);
  }
  refuse(FLAG, "1", "f:1:2: x is '1', but must be true or false");
}

static void test_wrong_numbers(void **state) {
  (void)state;
  refuse(NUMBER, "abc",
         "f:1:2: x is 'abc', which is not a number; write one such as 10, 0.5 or 1e-3");
  refuse(NUMBER, "nan",
         "f:1:2: x is 'nan', which is not a number; write one such as 10, 0.5 or 1e-3");
  refuse(NUMBER, "1e999",
         "f:1:2: x is '1e999', which is not a number; write one such as 10, 0.5 or 1e-3");
  refuse(NUMBER, "0,5",
         "f:1:2: x is '0,5', which is not a number; write one such as 10, 0.5 or 1e-3");
  refuse(INTEGER, "0x10",
         "f:1:2: x is '0x10', which is not a number; write one such as 10");
  refuse(INTEGER, "1.5", "f:1:2: x is '1.5', but must be a whole number such as 10");
  refuse(DISTINCT, "1.5", "f:1:2: x is '1.5', but must be a whole number such as 10");
  refuse(NUMBER, "1.5", "f:1:2: x is 1.5, but must be between 0 and 1");
  refuse(ABOVE, "0", "f:1:2: x is 0, but must be at least 1e-12");
  refuse(BELOW, "1.25", "f:1:2: x is 1.25, but must be at most 1");
  refuse(INTEGER, "9007199254740993",
         "f:1:2: x is 9007199254740992, but must be between -9007199254740991 and "
         "9007199254740991");
}

/* A wrong value is shown up to 60 bytes, cut between characters. */
static void test_long_values_are_cut(void **state) {
  (void)state;
  refuse(CHOICE,
         "0123456789012345678901234567890123456789012345678901234567\xE2\x82\xAC\xE2\x82"
         "\xAC",
         "f:1:2: x is '0123456789012345678901234567890123456789012345678901234567...', "
         "but must be cv, test or both");
  refuse(CHOICE, "012345678901234567890123456789012345678901234567890123456789",
         "f:1:2: x is '012345678901234567890123456789012345678901234567890123456789', "
         "but must be cv, test or both");
}

static void test_wrong_texts(void **state) {
  (void)state;
  refuse(TEXT, "", "f:1:2: x is empty; write a text");
  refuse(TEXTS, "", "f:1:2: x is empty; write a text");
  static const char *const controls[] = {"a\nb", "a\x7F", "a\xC2\x85", "\xE2\x80\xA8"};
  for (size_t i = 0; i < 4; i++) {
    refuse(TEXT, controls[i],
           "f:1:2: x holds a line break or another control character; leave it out");
  }
  refuse(CHOICE, "tes", "f:1:2: x is 'tes', but must be cv, test or both");
  refuse(CHOICE, "cv|test", "f:1:2: x is 'cv|test', but must be cv, test or both");
}

static void test_lists(void **state) {
  (void)state;
  things t = {0};
  hr_error err = {0};
  check_fails(hr_field_check_count(&fields[EDGES], "x", &t, &err), HR_ERR_CONFIG,
              "x has 0 items, but needs at least 2");
  check_ok(hr_field_read(&fields[EDGES], "x", "1", &t, &err));
  check_fails(hr_field_check_count(&fields[EDGES], "x", &t, &err), HR_ERR_CONFIG,
              "x has 1 item, but needs at least 2");
  check_fails(hr_field_read(&fields[EDGES], "x", "1", &t, &err), HR_ERR_CONFIG,
              "x is 1, but must be greater than the number before it, 1");
  check_ok(hr_field_read(&fields[EDGES], "x", "2", &t, &err));
  check_ok(hr_field_check_count(&fields[EDGES], "x", &t, &err));
  check_fails(hr_field_check_count(&fields[TEXTS], "x", &t, &err), HR_ERR_CONFIG,
              "x has 0 items, but needs at least 1");
  check_ok(hr_field_check_count(&fields[NUMBER], "x", &t, &err));
  check_ok(hr_field_read(&fields[DISTINCT], "x", "3", &t, &err));
  check_ok(hr_field_read(&fields[DISTINCT], "x", "1", &t, &err));
  check_fails(hr_field_read(&fields[DISTINCT], "x", "3", &t, &err), HR_ERR_CONFIG,
              "x is 3, which the list holds already; keep one");
  hr_fields_fini(&t, fields, FIELDS);
}

static void check_written(int field, const things *t, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_field_write(&fields[field], t, &text);
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static void test_write(void **state) {
  (void)state;
  double numbers[] = {0.1, 1e6, 1.0 / 3};
  char *strings[] = {(char *)(uintptr_t) "a.h5", (char *)(uintptr_t) "it's {0..1}"};
  things t = {.number = 1e-3,
              .integer = -7,
              .flag = true,
              .text = strings[0],
              .edges = {numbers, 3},
              .texts = {strings, 2}};
  check_written(NUMBER, &t, "0.001");
  check_written(INTEGER, &t, "-7");
  check_written(FLAG, &t, "true");
  check_written(TEXT, &t, "a.h5");
  check_written(EDGES, &t, "[0.1, 1000000, 0.3333333333333333]");
  check_written(DISTINCT, &t, "[]");
  check_written(TEXTS, &t, "[a.h5, 'it''s {0..1}']");
}

/* A value that is not there is NaN or NULL, and one that is takes its place. */
static void test_none(void **state) {
  (void)state;
  things t = {0};
  hr_error err = {0};
  assert_false(hr_field_is_none(&fields[ASKED], &t));
  assert_true(hr_field_is_none(&fields[NAMED], &t));
  check_ok(hr_field_read(&fields[ASKED], "x", "0.5", &t, &err));
  check_ok(hr_field_read(&fields[NAMED], "x", "C1", &t, &err));
  check_near(t.asked, 0.5, 0);
  assert_string_equal(t.named, "C1");
  assert_false(hr_field_is_none(&fields[NAMED], &t));
  check_ok(hr_field_read(&fields[ASKED], "x", "none", &t, &err));
  check_ok(hr_field_read(&fields[NAMED], "x", "none", &t, &err));
  assert_true(hr_field_is_none(&fields[ASKED], &t));
  assert_null(t.named);
  assert_false(hr_field_is_none(&fields[NUMBER], &t));
  refuse(ASKED, "nan",
         "f:1:2: x is 'nan', which is not a number; write one such as 10, 0.5 or 1e-3");
  refuse(NUMBER, "none",
         "f:1:2: x is 'none', which is not a number; write one such as 10, 0.5 or 1e-3");
  hr_field listed = {.name = "l",
                     .kind = HR_FIELD_NUMBERS,
                     .offset = offsetof(things, edges),
                     .maximum = INFINITY,
                     .may_be_none = true,
                     .may_be_all = true};
  assert_true(hr_field_is_none(&listed, &t));
  check_ok(hr_field_read(&listed, "x", "3", &t, &err));
  assert_false(hr_field_is_none(&listed, &t));
  check_ok(hr_field_read(&listed, "x", "none", &t, &err));
  assert_true(hr_field_is_none(&listed, &t));
  assert_string_equal(hr_field_kind_name(&listed),
                      "none, all or a list of whole numbers");
  assert_string_equal(hr_field_kind_name(&fields[ASKED]), "none or a number");
  assert_string_equal(hr_field_kind_name(&fields[NAMED]), "none or a text");
}

static void test_write_text(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"Cool Poor", "Cool Poor"},
                                         {"/a/b-1.h5", "/a/b-1.h5"},
                                         {"null", "'null'"},
                                         {"~", "'~'"},
                                         {"", "''"},
                                         {"-x", "'-x'"},
                                         {"a: b", "'a: b'"},
                                         {"a ", "'a '"},
                                         {" a", "' a'"},
                                         {"a,b", "'a,b'"},
                                         {"#a", "'#a'"},
                                         {"'", "''''"},
                                         {"\xC3\xA9", "'\xC3\xA9'"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    hr_text text;
    hr_text_init(&text);
    hr_field_write_text(pairs[i][0], &text);
    assert_string_equal(text.bytes, pairs[i][1]);
    hr_text_fini(&text);
  }
}

static void test_numbers_come_back(void **state) {
  (void)state;
  const double numbers[] = {0,
                            0.1,
                            -2.5,
                            1e-3,
                            1e300,
                            5e-324,
                            1.0 / 3,
                            0.1 + 0.2,
                            123456789.0123456,
                            42,
                            HR_FIELD_MOST_INTEGER};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char text[HR_FIELD_NUMBER_BYTES];
    double back = 1;
    hr_field_format_number(numbers[i], text);
    assert_true(hr_parse_number(text, &back));
    assert_memory_equal(&back, &numbers[i], sizeof back);
  }
  char text[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(0.1, text);
  assert_string_equal(text, "0.1");
}

/* As few digits of 15, 16 and 17 as give the number back, tried in turn. */
static void test_numbers_have_as_few_digits_as_they_need(void **state) {
  (void)state;
  uint64_t bits = 1;
  for (size_t i = 0; i < 30000; i++) {
    double value = 0, back = 0;
    bits = bits * 6364136223846793005U + 1442695040888963407U;
    memcpy(&value, &bits, sizeof value);
    if (i % 3 == 1) value = (double)(int64_t)(bits >> 40) / 1000;
    if (i % 3 == 2) value = (double)(bits >> (i % 60)) * pow(10, (double)(i % 25) - 12);
    if (!isfinite(value)) continue;
    char text[HR_FIELD_NUMBER_BYTES], plain[HR_FIELD_NUMBER_BYTES];
    for (int digits = 15; digits <= 17; digits++) {
      snprintf(plain, sizeof plain, "%.*g", digits, value);
      if (strtod(plain, NULL) == value) break;
    }
    hr_field_format_number(value, text);
    assert_string_equal(text, plain);
    assert_true(hr_parse_number(text, &back) && back == value);
  }
}

static void test_find(void **state) {
  (void)state;
  assert_ptr_equal(hr_fields_find(fields, FIELDS, "number"), &fields[NUMBER]);
  assert_ptr_equal(hr_fields_find(fields, FIELDS, "count"), &fields[NUMBER]);
  assert_null(hr_fields_find(fields, FIELDS, "numbe"));
  assert_null(hr_fields_find(NULL, 0, "number"));
}

static void check_described(int field, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_field_describe(&fields[field], &text);
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static void test_describe(void **state) {
  (void)state;
  check_described(
      NUMBER, "number: a number, 0 to 1; default 0.5; also spelt count\n    A share.\n");
  check_described(FLAG, "flag: true or false; default true\n    A switch.\n");
  check_described(TEXT, "text: a text; must be given\n    A text.\n");
  check_described(CHOICE, "choice: cv, test or both; default cv\n    A choice.\n");
  check_described(EDGES,
                  "edges: a list of numbers, increasing, at least 2 items; must be "
                  "given\n    Edges.\n");
  check_described(DISTINCT,
                  "distinct: a list of whole numbers, 0 to 9, none twice; must "
                  "be given\n    Digits.\n");
  check_described(TEXTS, "texts: a list of texts; must be given\n    Texts.\n");
  check_described(ABOVE, "above: a number, at least 1e-12; must be given\n    Above.\n");
  check_described(BELOW, "below: a number, at most 1; must be given\n    Below.\n");
}

static hr_status read_all(void) {
  things t = {0};
  hr_status status = hr_field_read(&fields[TEXT], "x", "a", &t, NULL);
  if (status == HR_OK) status = hr_field_read(&fields[EDGES], "x", "1", &t, NULL);
  if (status == HR_OK) status = hr_field_read(&fields[EDGES], "x", "2", &t, NULL);
  if (status == HR_OK) status = hr_field_read(&fields[TEXTS], "x", "b", &t, NULL);
  hr_fields_fini(&t, fields, FIELDS);
  return status;
}

static void test_memory(void **state) {
  (void)state;
  check_alloc_failures(read_all());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read),
      cmocka_unit_test(test_bools),
      cmocka_unit_test(test_wrong_numbers),
      cmocka_unit_test(test_long_values_are_cut),
      cmocka_unit_test(test_wrong_texts),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_write),
      cmocka_unit_test(test_none),
      cmocka_unit_test(test_write_text),
      cmocka_unit_test(test_numbers_come_back),
      cmocka_unit_test(test_numbers_have_as_few_digits_as_they_need),
      cmocka_unit_test(test_find),
      cmocka_unit_test(test_describe),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
