#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "headroom/report.h"
#include "headroom/version.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static char page[128];

static const char empty_page[] =
    "# Roadmap\n\n<!-- headroom:begin c1 -->\n<!-- headroom:end c1 -->\n\nend\n";

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  check_ok(hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err));
  scratch_write(&s, "page.md", empty_page);
  snprintf(page, sizeof page, "%s/page.md", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static char *read_page(void) {
  static char *bytes;
  size_t size = 0;
  check_ok(hr_file_read(page, 1 << 20, &bytes, &size, &err));
  return bytes;
}

static void check_page(const char *expected) {
  char *bytes = read_page();
  assert_string_equal(bytes, expected);
  hr_free(bytes);
}

static void test_check_writes_nothing(void **state) {
  (void)state;
  char *difference = NULL, message[256];
  const hr_publish_options options = {
      .size = sizeof options, .check = true, .page = page, .block = "c1"};
  snprintf(message, sizeof message,
           "pages do not show the results of %s; `headroom publish %s` writes them",
           s.path, s.path);
  check_fails(hr_report_publish(s.path, &options, NULL, &difference, &err),
              HR_ERR_DIFFERS, message);
  assert_non_null(strstr(difference, "\n+**TEST-01**\n"));
  hr_text_free(difference);
  check_page(empty_page);
}

static void test_published_once_is_up_to_date(void **state) {
  (void)state;
  char *difference = NULL;
  hr_publish_options options = {.size = sizeof options, .page = page, .block = "c1"};
  assert_int_equal(chmod(page, 0640), 0);
  check_ok(hr_report_publish(s.path, &options, NULL, &difference, &err));
  assert_true(strlen(difference) > 0);
  hr_text_free(difference);
  char *bytes = read_page();
  assert_int_equal(
      strncmp(bytes, "# Roadmap\n\n<!-- headroom:begin c1 -->\n\n**TEST-01**\n", 50), 0);
  assert_string_equal(bytes + strlen(bytes) - 30, "<!-- headroom:end c1 -->\n\nend\n");
  hr_free(bytes);
  struct stat info;
  assert_int_equal(stat(page, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  options.check = true;
  check_ok(hr_report_publish(s.path, &options, NULL, &difference, &err));
  assert_string_equal(difference, "");
  hr_text_free(difference);
}

static void test_pages_of_the_configuration(void **state) {
  (void)state;
  char *difference = NULL, message[512];
  const hr_publish_options options = {.size = sizeof options, .create = true};
  static const char start[] = "experiment: {id: x}\ndata: {train: [a], test: b}\n";
  char text[512];
  scratch_write(&s, "config.yaml", start);
  snprintf(
      message, sizeof message,
      "%s/config.yaml names no pages; write `publish: [{page: roadmap.md, block: c1}]` "
      "into the configuration and run the study again, or name a page and a block",
      s.path);
  check_fails(hr_report_publish(s.path, &options, NULL, &difference, &err), HR_ERR_CONFIG,
              message);
  /* Two blocks of one page, and a page that is not there yet. */
  snprintf(text, sizeof text,
           "%spublish: [{page: page.md, block: c1}, {page: page.md, block: c2}, {page: "
           "hub.md, block: c1}]\n",
           start);
  scratch_write(&s, "config.yaml", text);
  check_ok(hr_report_publish(s.path, &options, NULL, &difference, &err));
  hr_text_free(difference);
  char *bytes = read_page();
  assert_non_null(
      strstr(bytes, "<!-- headroom:end c1 -->\n\nend\n\n<!-- headroom:begin c2"));
  hr_free(bytes);
  assert_int_equal(access(scratch_name(&s, "hub.md"), F_OK), 0);
}

/* One page that is wrong, and no page is written. */
static void test_all_pages_or_none(void **state) {
  (void)state;
  char *difference = NULL, message[256];
  const hr_publish_options options = {.size = sizeof options};
  scratch_write(&s, "config.yaml",
                "experiment: {id: x}\ndata: {train: [a], test: b}\n"
                "publish: [{page: page.md, block: c1}, {page: hub.md, block: c1}]\n");
  scratch_write(&s, "hub.md", "<!-- headroom:begin c1 -->\n");
  snprintf(message, sizeof message,
           "%s/hub.md has no line '<!-- headroom:end c1 -->'; write it there, or use "
           "--create",
           s.path);
  check_fails(hr_report_publish(s.path, &options, NULL, &difference, &err), HR_ERR_FORMAT,
              message);
  assert_null(difference);
  check_page(empty_page);
}

static void test_a_link_stays_a_link(void **state) {
  (void)state;
  char *difference = NULL, link_name[128];
  struct stat info;
  snprintf(link_name, sizeof link_name, "%s/link.md", s.path);
  assert_int_equal(symlink(page, link_name), 0);
  const hr_publish_options options = {
      .size = sizeof options, .page = link_name, .block = "c1"};
  check_ok(hr_report_publish(s.path, &options, NULL, &difference, &err));
  hr_text_free(difference);
  assert_int_equal(lstat(link_name, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  char *bytes = read_page();
  assert_non_null(strstr(bytes, "**TEST-01**"));
  hr_free(bytes);
}

static void test_a_block_needs_its_page(void **state) {
  (void)state;
  char *difference = NULL;
  const hr_publish_options options = {.size = sizeof options, .block = "c1"};
  check_fails(hr_report_publish(s.path, &options, NULL, &difference, &err), HR_ERR_USAGE,
              "a page and a block must be named together");
}

/* The four contradictions of the earlier report start with numbers from elsewhere. */
static void test_changed_results_are_not_published(void **state) {
  (void)state;
  char *difference = NULL, *bytes = NULL;
  size_t size = 0;
  const hr_publish_options options = {
      .size = sizeof options, .page = page, .block = "c1"};
  check_ok(hr_file_read(scratch_name(&s, "results.json"), 1 << 20, &bytes, &size, &err));
  char *place = strstr(bytes, "\"r2_pooled\": 0.");
  assert_non_null(place);
  place[15] = place[15] == '9' ? '8' : '9';
  scratch_write(&s, "results.json", bytes);
  hr_free(bytes);
  assert_int_equal(hr_report_publish(s.path, &options, NULL, &difference, &err),
                   HR_ERR_LEDGER);
  check_page(empty_page);
}

static void test_options_of_another_size(void **state) {
  (void)state;
  char *difference = NULL, message[256];
  hr_publish_options options = hr_publish_options_default();
  options.size++;
  snprintf(message, sizeof message,
           "hr_publish_options.size is %zu, not %zu as in version %s; set it with "
           "hr_publish_options_default(), and build with the headers of the library that "
           "runs",
           options.size, sizeof options, HR_VERSION);
  check_fails(hr_report_publish(s.path, &options, NULL, &difference, &err), HR_ERR_USAGE,
              message);
  assert_null(difference);
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  char *difference = NULL;
  const hr_publish_options options = {
      .size = sizeof options, .page = page, .block = "c1"};
  check_alloc_failures(hr_report_publish(s.path, &options, NULL, &difference, NULL));
  hr_text_free(difference);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_check_writes_nothing),
      TEST(test_published_once_is_up_to_date),
      TEST(test_pages_of_the_configuration),
      TEST(test_all_pages_or_none),
      TEST(test_a_link_stays_a_link),
      TEST(test_a_block_needs_its_page),
      TEST(test_changed_results_are_not_published),
      TEST(test_options_of_another_size),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
