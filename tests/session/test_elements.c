/* The elements of an array, from the folders that are there. */
#include "session/elements.h"

#include <fcntl.h>
#include <sys/file.h>

#include "core/alloc.h"
#include "core/file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch s;
static hr_error err;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* An element with two tasks, one of them done. */
static void put(size_t element, size_t of, bool is_done) {
  char *names[] = {"0-ridge", "1-ridge"};
  hr_element own = {.element = element, .of = of, .is_done = is_done};
  own.tasks = (hr_strings){names, 2};
  own.done = (hr_strings){names, 1};
  snprintf(own.study, sizeof own.study, "0123456789abcdef");
  check_ok(hr_element_dir(s.path, element, of, &own.dir, &err));
  check_ok(hr_make_folders(own.dir, &err));
  check_ok(hr_element_write(&own, &err));
  hr_free(own.dir);
}

static void put_file(size_t element, size_t of, const char *file, const char *text) {
  char name[128];
  snprintf(name, sizeof name, "elements/%zu-of-%zu/%s", element, of, file);
  scratch_write(&s, name, text);
}

static void what_was_written_is_found(void **state) {
  (void)state;
  hr_elements found;
  check_ok(hr_elements_find(s.path, &found, &err));
  assert_int_equal(found.count, 0);
  hr_elements_fini(&found);
  put(2, 7, false);
  put(0, 7, true);
  put(1, 2, true);
  static const char *const others[] = {"elements/logs", "elements/7-of-7", "elements/x",
                                       "elements/01-of-7", "elements/0-of-100001"};
  for (size_t i = 0; i < 5; i++) {
    check_ok(hr_make_folders(scratch_name(&s, others[i]), &err));
  }
  check_ok(hr_elements_find(s.path, &found, &err));
  assert_int_equal(found.count, 3);
  assert_int_equal(found.items[0].element, 1);
  assert_int_equal(found.items[0].of, 2);
  assert_int_equal(found.items[1].element, 0);
  assert_int_equal(found.items[2].element, 2);
  const hr_element *last = &found.items[2];
  assert_false(last->is_done);
  assert_true(found.items[1].is_done);
  assert_string_equal(last->study, "0123456789abcdef");
  assert_int_equal(last->tasks.count, 2);
  assert_string_equal(last->tasks.items[1], "1-ridge");
  assert_int_equal(last->done.count, 1);
  assert_string_equal(last->dir, scratch_name(&s, "elements/2-of-7"));
  hr_elements_fini(&found);
}

/* What cannot be read is one of which nothing is known. */
static void a_record_that_is_none(void **state) {
  (void)state;
  hr_elements found;
  put(0, 1, true);
  put_file(0, 1, "element.json", "{\"tasks\": [1, \"0-ridge\"], \"state\": 7}");
  check_ok(hr_elements_find(s.path, &found, &err));
  assert_false(found.items[0].is_done);
  assert_int_equal(found.items[0].tasks.count, 1);
  hr_elements_fini(&found);
  put_file(0, 1, "element.json", "{");
  check_ok(hr_elements_find(s.path, &found, &err));
  assert_int_equal(found.items[0].tasks.count, 0);
  assert_string_equal(found.items[0].study, "");
  hr_elements_fini(&found);
}

static void how_far_they_are_in_words(void **state) {
  (void)state;
  hr_elements found;
  hr_text text;
  size_t done = 9, trained = 9;
  bool running = true;
  put(0, 4, true);
  put_file(0, 4, "status.json", "{\"state\": \"finished\"}");
  put(1, 4, false);
  put_file(1, 4, "status.json", "{\"state\": \"failed\", \"message\": \"no disk\"}");
  check_ok(hr_make_folders(scratch_name(&s, "elements/1-of-4/tasks/0-ridge"), &err));
  put_file(1, 4, "tasks/0-ridge/card.json", "{}");
  put(2, 4, false);
  put_file(2, 4, "status.json", "{\"state\": \"running\"}");
  check_ok(hr_elements_find(s.path, &found, &err));
  hr_text_init(&text);
  hr_elements_describe(&found, &text);
  check_ok(hr_text_status(&text, &err));
  assert_string_equal(text.bytes,
                      "elements   1 of 4 done, 1 failed, 1 killed, 1 not begun\n"
                      "           1-of-4 failed, 1 of 2 tasks: no disk\n"
                      "           2-of-4 killed\n"
                      "           3-of-4 not begun\n");
  hr_text_fini(&text);
  hr_elements_count(&found, &done, &trained, &running);
  assert_int_equal(done, 1);
  assert_int_equal(trained, 0);
  assert_false(running);
  hr_json_builder builder = {false};
  json_t *list = hr_elements_format(&found, &builder);
  assert_int_equal(json_array_size(list), 4);
  assert_string_equal(hr_json_string(json_array_get(list, 1), "state", ""), "failed");
  assert_string_equal(hr_json_string(json_array_get(list, 3), "state", ""), "not begun");
  json_decref(list);
  hr_elements_fini(&found);
}

/* One that is at work is told of and not taken away. */
static void who_is_at_work_keeps_it(void **state) {
  (void)state;
  hr_elements found;
  hr_text text;
  char sentence[256];
  put(0, 1, false);
  put_file(0, 1, "run.lock", "4711 1 node7\n");
  int held = open(scratch_name(&s, "elements/0-of-1/run.lock"), O_RDWR | O_CLOEXEC);
  assert_true(held >= 0);
  assert_int_equal(flock(held, LOCK_EX), 0);
  check_ok(hr_elements_find(s.path, &found, &err));
  hr_text_init(&text);
  put_file(0, 1, "manifest.json", "{}");
  hr_element_describe(&found.items[0], &text);
  assert_string_equal(text.bytes, "running (process 4711 on node7)");
  hr_text_fini(&text);
  hr_elements_fini(&found);
  snprintf(sentence, sizeof sentence,
           "another run is at work in %s/elements/0-of-1; wait for it, or name another "
           "directory with --out",
           s.path);
  check_fails(hr_elements_clear(s.path, &err), HR_ERR_USAGE, sentence);
  close(held);
  check_ok(hr_elements_clear(s.path, &err));
  assert_int_not_equal(access(scratch_name(&s, "elements"), F_OK), 0);
  check_ok(hr_elements_clear(s.path, &err));
}

static hr_status find(void) {
  hr_elements found;
  hr_status status = hr_elements_find(s.path, &found, &err);
  hr_elements_fini(&found);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  put(0, 2, true);
  put(1, 2, true);
  check_alloc_failures(find());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_was_written_is_found), TEST(a_record_that_is_none),
      TEST(how_far_they_are_in_words), TEST(who_is_at_work_keeps_it),
      TEST(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
