#include "cli/progress.h"

#include <stdlib.h>
#include "support/check.h"

/* A display on a file of its own, with a clock that the test sets. */
static double now_seconds;

static double test_clock(void) {
  return now_seconds;
}

typedef struct fixture {
  char *text;
  size_t size;
  hr_display display;
  hr_observer observer;
} fixture;

static void fixture_init(fixture *f, bool is_terminal) {
  FILE *file = open_memstream(&f->text, &f->size);
  assert_non_null(file);
  hr_display_init(&f->display, file);
  assert_false(f->display.is_terminal);
  f->display.is_terminal = is_terminal;
  f->display.clock = test_clock;
  f->observer = hr_display_observer(&f->display);
  now_seconds = 100.0;
}

static void check_shown(fixture *f, const char *expected) {
  hr_display_fini(&f->display);
  assert_int_equal(fclose(f->display.file), 0);
  assert_string_equal(f->text, expected);
  free(f->text);
}

static void report(fixture *f, const char *stage, uint64_t done, uint64_t total) {
  const hr_progress p = {.stage = stage, .unit = "rows", .done = done, .total = total};
  f->observer.progress(f->observer.context, &p);
}

static void test_log_file(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, false);
  report(&f, "reading", 0, 100);
  now_seconds += 9.0;
  report(&f, "reading", 45, 100);
  f.observer.log(f.observer.context, HR_LOG_INFO, "a.h5 has 3 rows");
  now_seconds += 1.0;
  report(&f, "reading", 50, 100);
  now_seconds += 10.0;
  report(&f, "reading", 100, 100);
  report(&f, "solving", 0, 0);
  f.observer.log(f.observer.context, HR_LOG_WARNING, "bin \x1b[2J4 is empty");
  now_seconds += 1.0;
  report(&f, "solving", 3, 0);
  check_shown(&f,
              "a.h5 has 3 rows\n"
              "reading: 50% of 100 rows, 5.00 rows/s, 10 s left\n"
              "reading: 100 rows in 20 s, 5.00 rows/s\n"
              "warning: bin ?[2J4 is empty\n"
              "solving: 3 rows in 1.0 s, 3.00 rows/s\n");
}

/* The same stage again, for the next file, is a stage of its own. */
static void test_stage_begins_anew(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, false);
  report(&f, "writing", 0, 10);
  now_seconds += 1.0;
  report(&f, "writing", 8, 10);
  report(&f, "writing", 0, 10);
  now_seconds += 2.0;
  report(&f, "writing", 10, 10);
  check_shown(&f,
              "writing: 80% of 10 rows in 1.0 s, 8.00 rows/s\n"
              "writing: 10 rows in 2.0 s, 5.00 rows/s\n");
}

/* Work that is watched from another thread may tell its end twice. */
static void test_an_end_is_said_once(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, false);
  hr_progress p = {.stage = "growing", .unit = "trees", .done = 1, .total = 3};
  f.observer.progress(f.observer.context, &p);
  p.done = 3;
  f.observer.progress(f.observer.context, &p);
  f.observer.progress(f.observer.context, &p);
  p.done = 0; /* but a stage that begins anew is another one */
  f.observer.progress(f.observer.context, &p);
  p.done = 3;
  f.observer.progress(f.observer.context, &p);
  check_shown(&f, "growing: 3 trees in 0.0 s\ngrowing: 3 trees in 0.0 s\n");
}

static void test_terminal(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, true);
  report(&f, "reading", 0, 100);
  now_seconds += 0.05;
  report(&f, "reading", 10, 100); /* too soon to draw */
  now_seconds += 0.95;
  report(&f, "reading", 50, 100);
  f.display.has_colour = true;
  f.observer.log(f.observer.context, HR_LOG_WARNING, "slow");
  now_seconds += 1.0;
  report(&f, "reading", 100, 100);
  check_shown(&f,
              "reading: 50% of 100 rows, 50.0 rows/s, 1.0 s left "
              "[#############..............]"
              "\r\x1b[K\x1b[1;33mwarning:\x1b[0m slow\n"
              "reading: 100 rows in 2.0 s, 50.0 rows/s\n");
}

/* First the bar goes, then the megabytes, then what is left over. */
static void test_narrow_terminals(void **state) {
  (void)state;
  const hr_progress p = {
      .stage = "reading", .unit = "rows", .done = 50, .total = 100, .bytes = 2000000};
  fixture f;
  fixture_init(&f, true);
  report(&f, "reading", 0, 100);
  static const int columns[] = {70, 60, 20};
  for (int i = 0; i < 3; i++) {
    now_seconds += 1.0;
    f.display.columns = columns[i];
    f.observer.progress(f.observer.context, &p);
  }
  f.display.stage[0] = '\0';
  check_shown(&f,
              "reading: 50% of 100 rows, 50.0 rows/s, 2.00 MB/s, 1.0 s left"
              "\r\x1b[Kreading: 50% of 100 rows, 25.0 rows/s, 2.0 s left"
              "\r\x1b[Kreading: 50% of 100");
}

static void test_work_cut_short(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f, true);
  f.display.columns = 55;
  report(&f, "reading", 0, 100);
  now_seconds += 1.0;
  report(&f, "reading", 50, 100);
  check_shown(&f,
              "reading: 50% of 100 rows, 50.0 rows/s, 1.0 s left"
              "\r\x1b[Kreading: 50% of 100 rows in 1.0 s, 50.0 rows/s\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_log_file),
      cmocka_unit_test(test_stage_begins_anew),
      cmocka_unit_test(test_an_end_is_said_once),
      cmocka_unit_test(test_terminal),
      cmocka_unit_test(test_narrow_terminals),
      cmocka_unit_test(test_work_cut_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
