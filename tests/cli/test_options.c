#include "cli/options.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"

typedef struct range {
  double low, high;
} range;
typedef enum colour { RED, GREEN, BLUE } colour;

typedef struct values {
  const char *out;
  uint64_t rows;
  double seconds;
  range mag;
  colour colour;
  bool dry_run;
} values;

static const hr_option options[] = {
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(values, out),
     .value = "DIR",
     .required = true,
     .help = "where to"},
    {.name = "rows",
     .kind = HR_OPTION_COUNT,
     .offset = offsetof(values, rows),
     .value = "N",
     .minimum = 1,
     .maximum = 1000,
     .help = "how many"},
    {.name = "seconds",
     .kind = HR_OPTION_NUMBER,
     .offset = offsetof(values, seconds),
     .value = "S",
     .zero_means_absent = true,
     .help = "how long"},
    {.name = "mag",
     .kind = HR_OPTION_RANGE,
     .offset = offsetof(values, mag),
     .value = "LO,HI",
     .help = "how faint"},
    {.name = "colour",
     .kind = HR_OPTION_CHOICE,
     .offset = offsetof(values, colour),
     .value = "NAME",
     .choices = "red|green|blue",
     .help = "which"},
    {.name = "dry-run",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(values, dry_run),
     .help = "only say so"},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

static const hr_grammar grammar = {
    .verb = "paint", .operand = "FILE", .options = options, .option_count = OPTION_COUNT};

static const values defaults = {
    .rows = 7, .mag = {20.5, 22.5}, .colour = GREEN}; /* seconds: 0, not shown */

typedef struct reading {
  values values;
  const char *operand;
  hr_error err;
} reading;

enum { MOST_WORDS = 16 };

/* Reads a command line of at most MOST_WORDS words, written with single spaces. */
static hr_status read_words(const hr_grammar *g, const char *line, reading *r) {
  static char copy[256];
  const char *words[MOST_WORDS];
  size_t count = 0;
  snprintf(copy, sizeof copy, "%s", line);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
    words[count++] = word;
  }
  *r = (reading){.values = defaults};
  return hr_options_read(g, count, words, &r->values, &r->operand, &r->err);
}

static void check_read(const char *line, reading *r) {
  hr_status status = read_words(&grammar, line, r);
  if (status != HR_OK) print_error("%s: %s\n", line, r->err.message);
  assert_int_equal(status, HR_OK);
}

static void check_refused(const hr_grammar *g, const char *line, const char *sentence) {
  reading r;
  assert_int_equal(read_words(g, line, &r), HR_ERR_USAGE);
  assert_string_equal(r.err.message, sentence);
}

static void test_every_kind(void **state) {
  (void)state;
  reading r;
  check_read("x --out d --rows 12 --seconds 1.5e2 --mag 20,21", &r);
  assert_string_equal(r.values.out, "d");
  assert_int_equal(r.values.rows, 12);
  check_near(r.values.seconds, 150.0, 0.0);
  check_near(r.values.mag.low, 20.0, 0.0);
  check_near(r.values.mag.high, 21.0, 0.0);
}

static const hr_grammar without_operand = {
    .verb = "paint", .options = options, .option_count = OPTION_COUNT};

static void test_values_in_other_places(void **state) {
  (void)state;
  reading r;
  check_read("a.yaml --out=d --mag=-2.5 --colour=blue --dry-run", &r);
  assert_string_equal(r.operand, "a.yaml");
  assert_string_equal(r.values.out, "d");
  check_near(r.values.mag.low, -2.5, 0.0);
  check_near(r.values.mag.high, -2.5, 0.0);
  assert_int_equal(r.values.colour, BLUE);
  assert_true(r.values.dry_run);
  check_read("--mag -2,-1 --out d -- --strange", &r);
  assert_string_equal(r.operand, "--strange");
  check_near(r.values.mag.low, -2.0, 0.0);
  assert_false(r.values.dry_run);
  check_read("--out d -", &r);
  assert_string_equal(r.operand, "-");
}

static void test_defaults_stay(void **state) {
  (void)state;
  reading r;
  check_read("x --out d", &r);
  assert_int_equal(r.values.rows, 7);
  assert_int_equal(r.values.colour, GREEN);
  check_near(r.values.mag.high, 22.5, 0.0);
}

static void test_unknown_options(void **state) {
  (void)state;
  check_refused(&grammar, "x --our d",
                "paint has no option '--our'; did you mean '--out'?");
  check_refused(&grammar, "x --dryrun",
                "paint has no option '--dryrun'; did you mean '--dry-run'?");
  check_refused(
      &grammar, "x --wavelength=5",
      "paint has no option '--wavelength'; `headroom help paint` lists those it has");
  check_refused(&grammar, "x -out d", "'-out': options begin with two dashes");
}

static void test_missing_and_superfluous(void **state) {
  (void)state;
  check_refused(&grammar, "--out d", "paint needs a FILE: headroom paint FILE");
  check_refused(&grammar, "x", "paint needs the option --out DIR");
  check_refused(&grammar, "x --out", "option '--out' needs a value: --out DIR");
  check_refused(&grammar, "x --out --rows 5", "option '--out' needs a value: --out DIR");
  check_refused(&grammar, "x --out=", "option '--out' needs a value: --out DIR");
  check_refused(&grammar, "x y --out d", "paint takes one FILE; 'y' is one too many");
  check_refused(&grammar, "x --out d --out e", "option '--out' is given twice");
  check_refused(&grammar, "x --dry-run=yes", "option '--dry-run' takes no value");
  check_refused(&without_operand, "x --out d", "paint takes options alone, not 'x'");
}

typedef struct list_values {
  hr_strings files;
  const char *out;
} list_values;

static hr_status read_list(list_values *list, size_t count, const char *const *words,
                           const char **operand, hr_error *err) {
  static const hr_option list_options[] = {{.name = "out",
                                            .kind = HR_OPTION_TEXT,
                                            .offset = offsetof(list_values, out),
                                            .value = "DIR"}};
  static const hr_grammar list_grammar = {.verb = "frame",
                                          .operand = "WALL",
                                          .more = "PICTURE",
                                          .more_offset = offsetof(list_values, files),
                                          .options = list_options,
                                          .option_count = 1};
  *list = (list_values){{NULL, 0}, NULL};
  hr_status status = hr_options_read(&list_grammar, count, words, list, operand, err);
  if (status != HR_OK) hr_options_fini(&list_grammar, list);
  return status;
}

static void test_more_operands(void **state) {
  (void)state;
  hr_error err = {0};
  list_values list;
  const char *operand = NULL;
  const char *const words[] = {"north", "a", "--out", "d", "b", "--", "--c"};
  check_ok(read_list(&list, 7, words, &operand, &err));
  assert_string_equal(operand, "north");
  assert_string_equal(list.out, "d");
  assert_int_equal(list.files.count, 3);
  assert_string_equal(list.files.items[0], "a");
  assert_string_equal(list.files.items[1], "b");
  assert_string_equal(list.files.items[2], "--c");
  hr_strings_fini(&list.files);
  check_fails(read_list(&list, 1, words, &operand, &err), HR_ERR_USAGE,
              "frame needs a PICTURE behind 'north': headroom frame WALL PICTURE");
  check_fails(read_list(&list, 0, words, &operand, &err), HR_ERR_USAGE,
              "frame needs a WALL: headroom frame WALL");
}

/* An option of texts may be given again, and keeps the order. */
static void test_repeated_texts(void **state) {
  (void)state;
  static const hr_option set = {.name = "set", .kind = HR_OPTION_TEXTS, .value = "K=V"};
  const hr_grammar one = {.verb = "paint", .options = &set, .option_count = 1};
  hr_error err = {0};
  hr_strings texts = {0};
  const char *operand = NULL;
  const char *const words[] = {"--set", "a=1", "--set=b=2"};
  check_ok(hr_options_read(&one, 3, words, &texts, &operand, &err));
  assert_int_equal(texts.count, 2);
  assert_string_equal(texts.items[0], "a=1");
  assert_string_equal(texts.items[1], "b=2");
  hr_options_fini(&one, &texts);
  assert_int_equal(texts.count, 0);
  const char *const nothing[] = {"--set="};
  check_fails(hr_options_read(&one, 1, nothing, &texts, &operand, &err), HR_ERR_USAGE,
              "option '--set' needs a value: --set K=V");
}

static void test_unreadable_values(void **state) {
  (void)state;
  check_refused(&grammar, "--rows twelve",
                "'--rows twelve': give a whole number from 1 to 1000");
  check_refused(&grammar, "--rows -1", "'--rows -1': give a whole number from 1 to 1000");
  check_refused(&grammar, "--rows 0", "'--rows 0': give a whole number from 1 to 1000");
  check_refused(&grammar, "--rows 1.5",
                "'--rows 1.5': give a whole number from 1 to 1000");
  check_refused(&grammar, "--rows 18446744073709551617",
                "'--rows 18446744073709551617': give a whole number from 1 to 1000");
  check_refused(&grammar, "--seconds nan", "'--seconds nan': give a number");
  check_refused(&grammar, "--mag 22,21",
                "'--mag 22,21': give one number or LO,HI (LO not above HI)");
  check_refused(&grammar, "--mag 22,",
                "'--mag 22,': give one number or LO,HI (LO not above HI)");
  check_refused(&grammar, "--colour gree", "'--colour gree': give one of red|green|blue");
  check_refused(&grammar, "--colour greens",
                "'--colour greens': give one of red|green|blue");
}

static void test_description(void **state) {
  (void)state;
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  hr_options_describe(&grammar, &defaults, &text);
  check_ok(hr_text_status(&text, &err));
  assert_string_equal(text.bytes,
                      "Usage: headroom paint FILE --out DIR [options]\n"
                      "\n"
                      "  --out DIR                  where to\n"
                      "  --rows N                   how many (7)\n"
                      "  --seconds S                how long\n"
                      "  --mag LO,HI                how faint (20.5,22.5)\n"
                      "  --colour NAME              which (green)\n"
                      "  --dry-run                  only say so\n");
  hr_text_fini(&text);
}

static hr_status describe(void) {
  hr_text text;
  hr_text_init(&text);
  hr_options_describe(&grammar, &defaults, &text);
  hr_status status = hr_text_status(&text, NULL);
  hr_text_fini(&text);
  return status;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  check_alloc_failures(describe());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind),
      cmocka_unit_test(test_values_in_other_places),
      cmocka_unit_test(test_defaults_stay),
      cmocka_unit_test(test_unknown_options),
      cmocka_unit_test(test_missing_and_superfluous),
      cmocka_unit_test(test_more_operands),
      cmocka_unit_test(test_repeated_texts),
      cmocka_unit_test(test_unreadable_values),
      cmocka_unit_test(test_description),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
