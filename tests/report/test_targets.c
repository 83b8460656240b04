/* Reports of a study of several targets: one each, and the first lists them all. */
#include "report/targets.h"

#include "core/file.h"
#include "headroom/report.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static char *names[] = {"log_g", "T_eff", "a/b"};
static const hr_strings targets = {.items = names, .count = 3};

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  f.input.targets = &targets;
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void write_target(size_t t, const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s", scratch_name(&s, folder));
  check_ok(hr_make_folders(path, &err));
  f.input.target_name = names[t];
  f.input.target_unit = t == 1 ? "K" : "";
  f.input.target_number = t;
  strcat(path, "/results.json");
  check_ok(hr_results_write(&f.input, path, NULL, &err));
}

static void write_all(void) {
  write_target(1, "targets/T_eff");
  write_target(2, "targets/target@3");
  write_target(0, ".");
}

static char *file(const char *name) {
  static char *bytes; /* gcc 12 sees a dangling pointer in a local one */
  size_t size = 0;
  check_ok(hr_file_read(scratch_name(&s, name), 1 << 20, &bytes, &size, &err));
  return bytes;
}

static void each_has_a_report_and_the_first_lists_them(void **state) {
  (void)state;
  write_all();
  check_ok(hr_report_write(s.path, NULL, &err));
  char *first = file("report.md"), *second = file("targets/T_eff/report.md");
  char *third = file("targets/target@3/report.md"), *page = file("report.html");
  const char *section = strstr(first, "## 6. Targets\n");
  assert_non_null(section);
  assert_non_null(strstr(section, "|  | ")); /* a unit that is not known */
  assert_non_null(strstr(section, " | K | "));
  assert_non_null(strstr(section, "[targets/T_eff](targets/T_eff/report.md)"));
  assert_non_null(strstr(section, "[targets/target@3](targets/target@3/report.md)"));
  assert_non_null(strstr(second, "Target: `T_eff`"));
  assert_non_null(strstr(third, "Target: `a/b`"));
  assert_null(strstr(second, "## 6. Targets"));
  assert_non_null(
      strstr(page, "<a href=\"targets/T_eff/report.html\">targets/T_eff</a>"));
  hr_text_free(page);
  hr_text_free(first);
  hr_text_free(second);
  hr_text_free(third);
}

static void a_published_block_has_every_target(void **state) {
  (void)state;
  char *difference = NULL, page[4096];
  write_all();
  snprintf(page, sizeof page, "%s", scratch_name(&s, "page.md"));
  const hr_publish_options options = {
      .size = sizeof options, .create = true, .page = page, .block = "c1"};
  check_ok(hr_report_publish(s.path, &options, NULL, &difference, &err));
  hr_text_free(difference);
  char *text = file("page.md");
  const char *first = strstr(text, "Target: `log_g`");
  const char *second = strstr(text, "Target: `T_eff`");
  assert_true(first && second && first < second);
  assert_non_null(strstr(second, "Target: `a/b`"));
  hr_text_free(text);
}

static void the_terminal_shows_every_target(void **state) {
  (void)state;
  char *text = NULL;
  write_all();
  check_ok(hr_report_text(s.path, &text, &err));
  const char *first = strstr(text, "Target log_g\n"),
             *third = strstr(text, "Target a/b\n");
  assert_non_null(first);
  assert_non_null(third);
  assert_true(first < third);
  hr_text_free(text);
}

/* A target whose results are gone is told, and nothing is written of the first. */
static void a_target_without_results_is_refused(void **state) {
  (void)state;
  write_target(2, "targets/target@3");
  write_target(0, ".");
  assert_int_equal(hr_report_write(s.path, NULL, &err), HR_ERR_MISSING);
  assert_non_null(strstr(err.message, "targets/T_eff/results.json"));
}

static void one_target_lists_nothing(void **state) {
  (void)state;
  f.input.targets = NULL;
  write_target(0, ".");
  check_ok(hr_report_write(s.path, NULL, &err));
  char *text = file("report.md");
  assert_null(strstr(text, "## 6. Targets"));
  hr_text_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_has_a_report_and_the_first_lists_them, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_published_block_has_every_target, prepare, tidy),
      cmocka_unit_test_setup_teardown(the_terminal_shows_every_target, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_target_without_results_is_refused, prepare, tidy),
      cmocka_unit_test_setup_teardown(one_target_lists_nothing, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
