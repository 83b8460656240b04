#include "cli/habits.h"

#include "core/parallel.h"
#include "support/check.h"

static void threads_are_limited_where_asked(void **state) {
  (void)state;
  hr_display display;
  size_t before = hr_thread_count();
  hr_habits_begin(&(hr_habits){0}, &display);
  assert_int_equal(hr_thread_count(), before);
  assert_false(display.is_quiet);
  hr_habits_begin(&(hr_habits){.threads = 3}, &display);
  assert_int_equal(hr_thread_count(), 3);
}

static void quiet_shows_nothing(void **state) {
  (void)state;
  hr_display display;
  char shown[64] = "";
  hr_habits_begin(&(hr_habits){.quiet = true}, &display);
  display.file = tmpfile();
  assert_non_null(display.file);
  hr_observer observer = hr_display_observer(&display);
  observer.log(observer.context, HR_LOG_WARNING, "beware");
  const hr_progress progress = {
      .stage = "reading", .unit = "rows", .done = 5, .total = 5};
  observer.progress(observer.context, &progress);
  hr_display_fini(&display);
  rewind(display.file);
  assert_int_equal(fread(shown, 1, sizeof shown, display.file), 0);
  fclose(display.file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_are_limited_where_asked),
      cmocka_unit_test(quiet_shows_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
