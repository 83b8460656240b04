/* The stop watch: laps add up by name, nothing is lost, and the file says so. */
#include "session/timings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "support/scratch.h"

static void wait_a_little(void) {
  nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static void laps_add_up_by_name(void **state) {
  (void)state;
  hr_timings t;
  hr_timings_start(&t);
  for (int i = 0; i < 3; i++) {
    wait_a_little();
    hr_timings_lap(&t, "gather", "ridge");
    hr_timings_lap(&t, "judge", NULL);
  }
  assert_int_equal(t.count, 2);
  assert_string_equal(t.steps[0].name, "gather ridge");
  assert_string_equal(t.steps[1].name, "judge");
  assert_true(t.steps[0].seconds >= 0.006);
  check_near(t.steps[0].seconds + t.steps[1].seconds, t.mark - t.start, 1e-9);
}

static void what_is_moved_is_not_lost(void **state) {
  (void)state;
  hr_timings t;
  hr_timings_start(&t);
  wait_a_little();
  hr_timings_lap(&t, "read", "rows");
  double before = t.steps[0].seconds;
  hr_timings_move(&t, "read rows", "noise", 0.0005);
  assert_int_equal(t.count, 2);
  assert_string_equal(t.steps[1].name, "noise");
  check_near(t.steps[0].seconds, before - 0.0005, 1e-12);
  check_near(t.steps[1].seconds, 0.0005, 1e-12);
}

static void too_many_steps_share_the_last(void **state) {
  (void)state;
  hr_timings t;
  hr_timings_start(&t);
  double sum = 0;
  for (int i = 0; i < HR_TIMINGS_MOST + 5; i++) {
    char what[16];
    snprintf(what, sizeof what, "%d", i);
    hr_timings_lap(&t, "step", what);
  }
  assert_int_equal(t.count, HR_TIMINGS_MOST);
  for (size_t i = 0; i < t.count; i++) sum += t.steps[i].seconds;
  check_near(sum, t.mark - t.start, 1e-9);
}

static void the_file_holds_the_steps(void **state) {
  (void)state;
  char folder[] = "timings_XXXXXX", path[64];
  hr_error err = {0};
  hr_timings t;
  assert_non_null(mkdtemp(folder));
  hr_timings_start(&t);
  hr_timings_lap(&t, "train", "ridge");
  hr_timings_move(&t, "train ridge", "train cnn", -2.0);
  assert_int_equal(hr_timings_write(&t, folder, hr_file_write, &err), HR_OK);
  snprintf(path, sizeof path, "%s/timings.json", folder);
  json_t *root = json_load_file(path, 0, NULL);
  json_t *steps = json_object_get(root, "steps");
  assert_int_equal(json_array_size(steps), 2);
  json_t *step = json_array_get(steps, 0);
  assert_string_equal(json_string_value(json_object_get(step, "step")), "train ridge");
  check_near(json_number_value(json_object_get(step, "wall_seconds")), 2.0, 0.1);
  assert_true(json_number_value(json_object_get(root, "wall_seconds")) >= 0);
  json_decref(root);
  unlink(path);
  rmdir(folder);
  assert_int_equal(hr_timings_write(&t, "no/such/folder", hr_file_write, &err),
                   HR_ERR_IO);
}

/* They counted `sittings`. */
static void files_of_an_older_version_are_read(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "timings.json", "{\"sittings\": 3, \"wall_seconds\": 7}");
  assert_int_equal(hr_sessions_find(s.path).count, 3);
  scratch_write(&s, "status.json", "{\"sittings\": 4, \"seconds\": 2}");
  const hr_sessions found = hr_sessions_find(s.path);
  assert_int_equal(found.count, 4);
  check_near(found.seconds, 7, 0);
  assert_int_equal(hr_sessions_count(NULL), 1);
  scratch_fini(&s);
}

/* Killed behind its last written step, stopped with the next; both are in the third. */
static void earlier_sessions_are_taken_in(void **state) {
  (void)state;
  hr_timings t;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "status.json",
                "{\"seconds\": 20, \"earlier_seconds\": 10, \"sessions\": 2}");
  scratch_write(&s, "timings.json",
                "{\"sessions\": 2, \"wall_seconds\": 24.5, \"steps\": ["
                "{\"step\": \"prepare\", \"wall_seconds\": 5},"
                "{\"step\": \"a \\\"b\\\"\", \"wall_seconds\": 1},"
                "{\"step\": \"train cnn\", \"wall_seconds\": -3}, 7,"
                "{\"step\": \"train ridge\", \"wall_seconds\": 15}]}");
  const hr_sessions earlier = hr_sessions_find(s.path);
  assert_int_equal(earlier.count, 2);
  check_near(earlier.seconds, 30, 0);
  hr_timings_start(&t);
  hr_timings_go_on(&t, s.path, &earlier);
  hr_timings_lap(&t, "train", "ridge");
  assert_int_equal(t.count, 4);
  assert_string_equal(t.steps[0].name, "prepare");
  assert_string_equal(t.steps[1].name, "train cnn");
  check_near(t.steps[1].seconds, 0, 0); /* nothing takes less than no time */
  assert_true(t.steps[2].seconds >= 15);
  assert_string_equal(t.steps[3].name, "interrupted");
  check_near(t.steps[3].seconds, 10, 1e-12);
  hr_error err;
  check_ok(hr_timings_write(&t, s.path, hr_file_write, &err));
  json_t *root = json_load_file(scratch_name(&s, "timings.json"), 0, NULL);
  assert_int_equal(json_integer_value(json_object_get(root, "sessions")), 3);
  assert_true(json_number_value(json_object_get(root, "wall_seconds")) >= 30);
  json_decref(root);
  scratch_fini(&s);
}

/* Files that say nothing, or nonsense: one session, of which nothing is known. */
static void sessions_that_left_no_word(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_sessions found = hr_sessions_find(s.path);
  assert_int_equal(found.count, 1);
  check_near(found.seconds, 0, 0);
  scratch_write(&s, "status.json", "{\"seconds\": null, \"sessions\": -4}");
  scratch_write(&s, "timings.json", "{\"wall_seconds\": -1e300, \"steps\": 4}");
  found = hr_sessions_find(s.path);
  assert_int_equal(found.count, 1);
  check_near(found.seconds, 0, 0);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(laps_add_up_by_name),
      cmocka_unit_test(what_is_moved_is_not_lost),
      cmocka_unit_test(too_many_steps_share_the_last),
      cmocka_unit_test(the_file_holds_the_steps),
      cmocka_unit_test(earlier_sessions_are_taken_in),
      cmocka_unit_test(files_of_an_older_version_are_read),
      cmocka_unit_test(sessions_that_left_no_word),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
