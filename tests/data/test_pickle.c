/* Pickles of names: what Python writes for them, and what must be refused. */
#include "data/pickle.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "data/frame.h"
#include "support/check.h"

/* pickle.dumps(["T_eff", "log_g"], protocol) of Python 3.11. */
static const char protocol_0[] = "(lp0\nVT_eff\np1\naVlog_g\np2\na.";
static const char protocol_2[] =
    "\x80\x02]q\x00(X\x05\x00\x00\x00T_effq\x01X\x05\x00\x00\x00log_gq\x02"
    "e.";
static const char protocol_4[] =
    "\x80\x04\x95\x14\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x05T_eff\x94\x8c\x05log_g\x94"
    "e.";
/* The same list as Python 2 wrote it, and with the second name a repeat of the first. */
static const char python_2[] = "(lp0\nS'T_eff'\np1\naS\"log_g\"\np2\na.";
static const char repeated[] = "(lp0\nVT_eff\np1\nag1\na.";
/* [(1, ["T_eff", "log_g"])], as pandas keeps the order of columns. */
static const char axes[] = "(lp0\n(I1\n(lp1\nVT_eff\np2\naVlog_g\np3\natp4\na.";

#define BYTES(literal) literal, sizeof literal - 1

static void check_names(const char *bytes, size_t size, const char *first,
                        const char *second) {
  hr_error err = {0};
  hr_strings names = {0};
  check_ok(hr_pickle_strings(bytes, size, &names, &err));
  assert_int_equal(names.count, 2);
  assert_string_equal(names.items[0], first);
  assert_string_equal(names.items[1], second);
  hr_strings_fini(&names);
}

static void refuses(const char *bytes, size_t size, const char *sentence) {
  hr_error err = {0};
  hr_strings names = {0};
  check_fails(hr_pickle_strings(bytes, size, &names, &err), HR_ERR_FORMAT, sentence);
  hr_strings_fini(&names);
}

static void reads_every_protocol(void **state) {
  (void)state;
  check_names(BYTES(protocol_0), "T_eff", "log_g");
  check_names(BYTES(protocol_2), "T_eff", "log_g");
  check_names(BYTES(protocol_4), "T_eff", "log_g");
  check_names(BYTES(python_2), "T_eff", "log_g");
  check_names(BYTES(repeated), "T_eff", "T_eff");
}

static void reads_other_alphabets(void **state) {
  (void)state;
  /* \xc5 is Latin-1 for A with a ring; \u escapes stand for the rest. */
  check_names(BYTES("(lV\xc5\naV\\u6e29\\u005c\\U0001f31f\na."), "\xc3\x85",
              "\xe6\xb8\xa9\\\xf0\x9f\x8c\x9f");
  check_names(BYTES("(lV\\u12\naV\\Uffffffff\na."), "\\u12", "\\Uffffffff");
}

static void reads_an_empty_list(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings names = {0};
  check_ok(hr_pickle_strings(BYTES("(lp0\n."), &names, &err));
  assert_int_equal(names.count, 0);
}

static void never_executes(void **state) {
  (void)state;
  refuses(BYTES("cos\nsystem\n(S'true'\ntR."),
          "opcode 0x63 at byte 0 of the pickle is none that lists of names are made of; "
          "it is not executed");
  refuses(BYTES("\x80\x02\x8c\x02os\x8c\x06system\x93."),
          "opcode 0x93 at byte 14 of the pickle is none that lists of names are made of; "
          "it is not executed");
}

static void refuses_other_contents(void **state) {
  (void)state;
  refuses(BYTES("(lI0\naI1\na."),
          "the name of column 0 is a number; give columns text names before writing");
  refuses(BYTES("(lVa\naNa."),
          "the name of column 1 is None; give columns text names before writing");
  refuses(BYTES("(l(lp1\na."),
          "the name of column 0 is a list; give columns text names before writing");
  refuses(BYTES("(l(dp1\na."),
          "the name of column 0 is a dictionary; give columns text names before writing");
  refuses(BYTES("(lp0\n(Va\np1\nVb\np2\ntp3\na."),
          "column 0 has a name of several levels (MultiIndex); flatten the columns "
          "before writing");
  refuses(BYTES("Va\n."), "the pickle holds a text, not a list of names");
  refuses(BYTES("(lVa\\u0000b\na."), "the name of column 0 holds a zero byte");
}

static void refuses_damage(void **state) {
  (void)state;
  refuses("", 0, "the pickle is damaged before byte 0");
  refuses(BYTES("(lp0\n"), "the pickle is damaged before byte 5");
  refuses(BYTES("."), "the pickle is damaged before byte 1");
  refuses(BYTES("(."), "the pickle is damaged before byte 2");
  refuses(BYTES("a."), "the pickle is damaged before byte 1");
  refuses(BYTES("l."), "the pickle is damaged before byte 1");
  refuses(BYTES("g0\n."), "the pickle is damaged before byte 3");
  refuses(BYTES("(lp99\n."), "the pickle is damaged before byte 6");
  refuses(BYTES("(lpx\n."), "the pickle is damaged before byte 5");
  refuses(BYTES("Va"), "the pickle is damaged before byte 1");
  refuses(BYTES("(lS'a\na."), "the pickle is damaged before byte 6");
  refuses(BYTES("]X\xff\xff\xff\xff."), "the pickle is damaged before byte 6");
  refuses(BYTES("]\x8d\xff\xff\xff\xff\xff\xff\xff\xff."),
          "the pickle is damaged before byte 10");
  refuses(BYTES("Va\nVb\na."), "the pickle is damaged before byte 7");
  size_t size = ((size_t)1 << 20) + 1;
  char *large = NULL;
  hr_error err = {0};
  check_ok(hr_alloc(&large, size, &err));
  refuses(large, size, "the pickle has 1048577 bytes, too many for names");
  hr_free(large);
}

static void reads_the_axis_order(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings names = {0};
  check_ok(hr_pickle_axis_names(BYTES(axes), &names, &err));
  assert_int_equal(names.count, 2);
  assert_string_equal(names.items[1], "log_g");
  hr_strings_fini(&names);
  check_fails(hr_pickle_axis_names(BYTES(protocol_0), &names, &err), HR_ERR_FORMAT,
              "the pickle does not hold one axis of names");
  check_fails(hr_pickle_axis_names(BYTES("(l(I1\nta."), &names, &err), HR_ERR_FORMAT,
              "the pickle does not hold one axis of names");
  check_fails(hr_pickle_axis_names(BYTES("(l(I1\nI2\nta."), &names, &err), HR_ERR_FORMAT,
              "the pickle holds a number, not a list of names");
}

/* Must end with a status, whatever the bytes: the sanitizers watch. */
static void try_both(const char *bytes, size_t size) {
  char *copy = NULL; /* of its own size, so that reading past it is seen */
  hr_error err = {0};
  hr_strings names = {0};
  copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  hr_status status = hr_pickle_strings(copy, size, &names, &err);
  assert_true(status == HR_OK || status == HR_ERR_FORMAT);
  status = hr_pickle_axis_names(copy, size, &names, &err);
  assert_true(status == HR_OK || status == HR_ERR_FORMAT);
  hr_strings_fini(&names);
  free(copy);
}

static void damage_every_byte(const char *bytes, size_t size) {
  char changed[128];
  assert_true(size <= sizeof changed);
  for (size_t cut = 0; cut <= size; cut++) try_both(bytes, cut);
  for (size_t i = 0; i < size; i++) {
    for (int byte = 0; byte < 256; byte++) {
      memcpy(changed, bytes, size);
      changed[i] = (char)byte;
      try_both(changed, size);
    }
  }
}

static void survives_damage_everywhere(void **state) {
  (void)state;
  damage_every_byte(BYTES(protocol_0));
  damage_every_byte(BYTES(protocol_2));
  damage_every_byte(BYTES(protocol_4));
  damage_every_byte(BYTES(python_2));
  damage_every_byte(BYTES(axes));
}

static void survives_random_programs(void **state) {
  (void)state;
  static const char opcodes[] =
      "((lltdpgasVSIN.]]})eeuXqhUTKMJG\x80\x85\x86\x94\x8c\n00112a";
  uint32_t seed = 12345;
  for (int trial = 0; trial < 20000; trial++) {
    char program[64];
    for (size_t i = 0; i < sizeof program; i++) {
      seed = seed * 1664525u + 1013904223u;
      program[i] = opcodes[(seed >> 16) % (sizeof opcodes - 1)];
    }
    try_both(program, sizeof program);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_protocol),
      cmocka_unit_test(reads_other_alphabets),
      cmocka_unit_test(reads_an_empty_list),
      cmocka_unit_test(never_executes),
      cmocka_unit_test(refuses_other_contents),
      cmocka_unit_test(refuses_damage),
      cmocka_unit_test(reads_the_axis_order),
      cmocka_unit_test(survives_damage_everywhere),
      cmocka_unit_test(survives_random_programs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
