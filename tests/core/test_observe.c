#include "core/observe.h"

#include "support/check.h"

typedef struct seen {
  size_t lines;
  size_t reports;
  hr_log_level level;
  char line[2 * HR_ERROR_MESSAGE_BYTES];
  uint64_t done;
  bool stop;
} seen;

static void see_line(void *context, hr_log_level level, const char *line) {
  seen *s = context;
  s->lines++;
  s->level = level;
  snprintf(s->line, sizeof s->line, "%s", line);
}

static void see_progress(void *context, const hr_progress *progress) {
  seen *s = context;
  s->reports++;
  s->done = progress->done;
}

static bool see_interrupt(void *context) {
  return ((seen *)context)->stop;
}

static const hr_progress halfway = {
    .stage = "reading spectra", .unit = "rows", .done = 5, .total = 10};

static void test_observers_may_be_null(void **state) {
  (void)state;
  hr_error err = {0};
  const hr_observer silent = {0};
  hr_observe_info(NULL, "%d", 1);
  hr_observe_warning(NULL, "%d", 1);
  check_ok(hr_observe_progress(NULL, &halfway, &err));
  hr_observe_info(&silent, "%d", 1);
  hr_observe_warning(&silent, "%d", 1);
  check_ok(hr_observe_progress(&silent, &halfway, &err));
}

static void test_lines_arrive_with_their_level(void **state) {
  (void)state;
  seen s = {0};
  const hr_observer observer = {.context = &s, .log = see_line};
  hr_observe_info(&observer, "%s has %d rows", "a.h5", 3);
  assert_int_equal(s.level, HR_LOG_INFO);
  assert_string_equal(s.line, "a.h5 has 3 rows");
  hr_observe_warning(&observer, "bin %d is empty", 4);
  assert_int_equal(s.level, HR_LOG_WARNING);
  assert_string_equal(s.line, "bin 4 is empty");
  assert_int_equal(s.lines, 2);
}

/* Lines say of what they are; all else goes through. */
static void test_named(void **state) {
  (void)state;
  seen s = {.stop = true};
  hr_error err = {0};
  const hr_observer inner = {&s, see_line, see_progress, see_interrupt};
  hr_named_observer named, plain, nobody;
  hr_named_observer_init(&named, &inner, "T_eff");
  hr_named_observer_init(&plain, &inner, "");
  hr_named_observer_init(&nobody, NULL, "T_eff");
  hr_observe_warning(&named.observer, "bin %d is empty", 4);
  assert_string_equal(s.line, "T_eff: bin 4 is empty");
  assert_int_equal(s.level, HR_LOG_WARNING);
  hr_observe_info(&plain.observer, "bin %d is empty", 4);
  assert_string_equal(s.line, "bin 4 is empty");
  assert_int_equal(hr_observe_progress(&named.observer, &halfway, &err),
                   HR_ERR_INTERRUPTED);
  assert_int_equal(s.done, 5);
  hr_observe_warning(&nobody.observer, "x");
  check_ok(hr_observe_progress(&nobody.observer, &halfway, &err));
}

static void test_long_lines_are_cut(void **state) {
  (void)state;
  seen s = {0};
  const hr_observer observer = {.context = &s, .log = see_line};
  char text[3000];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  hr_observe_info(&observer, "%s", text);
  assert_int_equal(strlen(s.line), HR_ERROR_MESSAGE_BYTES - 1);
}

static void test_progress_and_interruption(void **state) {
  (void)state;
  hr_error err = {0};
  seen s = {0};
  const hr_observer observer = {
      .context = &s, .progress = see_progress, .interrupted = see_interrupt};
  check_ok(hr_observe_progress(&observer, &halfway, &err));
  assert_int_equal(s.reports, 1);
  assert_int_equal(s.done, 5);
  s.stop = true;
  check_fails(hr_observe_progress(&observer, &halfway, &err), HR_ERR_INTERRUPTED,
              "interrupted while reading spectra");
  assert_int_equal(s.reports, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_observers_may_be_null),
      cmocka_unit_test(test_lines_arrive_with_their_level),
      cmocka_unit_test(test_named),
      cmocka_unit_test(test_long_lines_are_cut),
      cmocka_unit_test(test_progress_and_interruption),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
