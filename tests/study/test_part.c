/* One element's part of a study, and what it says of it. */
#include "study/part.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/study_files.h"

static scratch s;
static hr_error err;
static hr_opened_study opened;

static int set_up(void **state) {
  (void)state;
  char config[sizeof s.name], out[sizeof s.name];
  scratch_init(&s);
  study_files_write(&s);
  snprintf(config, sizeof config, "%s/study.yaml", s.path);
  snprintf(out, sizeof out, "%s/run", s.path);
  hr_study_options options = hr_study_options_default();
  options.config_path = config;
  options.out_dir = out;
  check_ok(hr_study_open(&options, NULL, &opened, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_opened_study_fini(&opened);
  scratch_fini(&s);
  return 0;
}

static hr_status take(size_t element, size_t count, hr_part *part) {
  hr_study_options options = hr_study_options_default();
  options.element = element;
  options.element_count = count;
  return hr_part_take(&options, &opened, part, &err);
}

static void the_study_goes_into_its_folder(void **state) {
  (void)state;
  static hr_part part;
  hr_elements found;
  char before[sizeof s.name];
  snprintf(before, sizeof before, "%s/run", s.path);
  check_ok(take(1, 2, &part));
  assert_string_equal(opened.out_dir, scratch_name(&s, "run/elements/1-of-2"));
  assert_ptr_equal(opened.plan->share, &part.share);
  assert_string_equal(part.record.study, opened.plan->origin.fingerprint);
  assert_true(part.record.tasks.count > 0);
  assert_int_equal(part.record.done.count, 0);
  check_ok(hr_make_folders(opened.out_dir, &err));
  check_ok(hr_part_begin(&part, &err));
  check_ok(hr_elements_find(before, &found, &err));
  assert_false(found.items[0].is_done);
  assert_int_equal(found.items[0].tasks.count, part.record.tasks.count);
  assert_int_equal(found.items[0].done.count, 0);
  hr_elements_fini(&found);
  const bool absent[HR_MEMORY_PLAN_MOST] = {false};
  check_ok(hr_part_end(&part, opened.plan, absent, &err));
  check_ok(hr_elements_find(before, &found, &err));
  assert_true(found.items[0].is_done);
  assert_int_equal(found.items[0].done.count, part.record.tasks.count);
  hr_elements_fini(&found);
  hr_part_fini(&part);
}

/* What is not on this machine is not done by its element. */
static void absent_experts_are_not_done(void **state) {
  (void)state;
  static hr_part part;
  const bool absent[HR_MEMORY_PLAN_MOST] = {true}; /* ridge */
  check_ok(take(0, 1, &part));
  check_ok(hr_make_folders(opened.out_dir, &err));
  check_ok(hr_part_end(&part, opened.plan, absent, &err));
  assert_int_equal(part.record.tasks.count - part.record.done.count, 3);
  hr_part_fini(&part);
}

static void elements_that_there_are_not(void **state) {
  (void)state;
  static hr_part part;
  check_fails(take(3, 3, &part), HR_ERR_USAGE,
              "there is no element 3 of 3; elements are counted from 0 to 2");
  hr_part_fini(&part);
  check_fails(take(3, 100001, &part), HR_ERR_USAGE,
              "an array of 100001 elements has more than 100000");
  hr_part_fini(&part);
}

/* Results of this study, and of no other, leave nothing to do. */
static void results_that_are_there(void **state) {
  (void)state;
  char manifest[64];
  assert_false(hr_part_is_merged(&opened));
  check_ok(hr_make_folders(opened.out_dir, &err));
  scratch_write(&s, "run/results.json", "{}");
  assert_false(hr_part_is_merged(&opened));
  scratch_write(&s, "run/manifest.json", "{\"fingerprint\": \"0123456789abcdef\"}");
  assert_false(hr_part_is_merged(&opened));
  snprintf(manifest, sizeof manifest, "{\"fingerprint\": \"%s\"}",
           opened.plan->origin.fingerprint);
  scratch_write(&s, "run/manifest.json", manifest);
  assert_true(hr_part_is_merged(&opened));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_study_goes_into_its_folder), TEST(absent_experts_are_not_done),
      TEST(results_that_are_there), TEST(elements_that_there_are_not)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
