/* A run seen and stopped through headroom/run.h. */
#include "headroom/run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "headroom/version.h"
#include "session/owner.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static const char status_json[] =
    "{\"state\": \"stopped\", \"message\": \"interrupted while reading\", \"seconds\": 5,"
    " \"earlier_seconds\": 10, \"sessions\": 2, \"tasks\": 12, \"memory_bytes\": 1048576,"
    " \"stage\": {\"name\": \"reading\", \"unit\": \"rows\", \"done\": 20, \"total\": 80,"
    " \"bytes\": 640, \"seconds\": 4}}";

static void a_run_is_told_in_numbers(void **state) {
  (void)state;
  hr_error err;
  hr_run *run = NULL;
  hr_run_info info = {.size = sizeof info};
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "status.json", status_json);
  scratch_write(&s, "run.log", "first\nsecond\n");
  check_ok(hr_run_look(s.path, &run, &err));
  check_ok(hr_run_get_info(run, &info, &err));
  assert_int_equal(info.size, sizeof info);
  assert_int_equal(info.phase, HR_RUN_STOPPED);
  assert_string_equal(info.message, "interrupted while reading");
  assert_int_equal(info.pid + info.last_pid, 0);
  assert_string_equal(info.host, "");
  assert_int_equal(info.sessions, 2);
  check_near(info.seconds, 15, 0);
  check_near(info.session_seconds, 5, 0);
  assert_true(info.silent_seconds >= 0);
  assert_true(isnan(info.estimate_seconds));
  assert_int_equal(info.tasks, 12);
  assert_int_equal(info.done + info.trained, 0);
  assert_string_equal(info.stage, "reading");
  assert_string_equal(info.unit, "rows");
  assert_int_equal(info.stage_done, 20);
  assert_int_equal(info.stage_total, 80);
  assert_int_equal(info.stage_bytes, 640);
  check_near(info.stage_seconds, 4, 0);
  assert_int_equal(info.memory_bytes, 1048576);
  assert_int_equal(info.log_count, 2);
  assert_string_equal(info.log[1], "second");
  hr_run_close(&run);
  assert_null(run);
  hr_run_close(&run);
  scratch_fini(&s);
}

static hr_status look_and_tell(const char *path) {
  hr_run *run = NULL;
  char *text = NULL, *json = NULL;
  hr_error err;
  hr_status status = hr_run_look(path, &run, &err);
  if (status == HR_OK) status = hr_run_text(run, &text, &err);
  if (status == HR_OK) status = hr_run_json(run, &json, &err);
  if (status == HR_OK) {
    assert_non_null(strstr(text, "stopped: "));
    assert_non_null(strstr(text, " in 2 sessions\n"));
    assert_non_null(strstr(json, "\"sessions\": 2,"));
    assert_non_null(strstr(json, "\"session_seconds\": 5"));
  }
  hr_text_free(text);
  hr_text_free(json);
  hr_run_close(&run);
  return status;
}

static void a_run_is_told_in_words_and_as_json(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "status.json", status_json);
  check_alloc_failures(look_and_tell(s.path));
  scratch_fini(&s);
}

static void phases_have_names(void **state) {
  (void)state;
  assert_string_equal(hr_run_phase_name(HR_RUN_RUNNING), "running");
  assert_string_equal(hr_run_phase_name(HR_RUN_KILLED), "killed");
  assert_string_equal(hr_run_phase_name((hr_run_phase)5), "unknown");
}

static void what_is_wrong_is_said(void **state) {
  (void)state;
  hr_error err;
  hr_run *run = NULL;
  hr_run_info info = {.size = 3};
  hr_run_stop_options options = hr_run_stop_options_default();
  bool was_running = true;
  char expected[512];
  scratch s;
  scratch_init(&s);
  snprintf(expected, sizeof expected, "%s is not the directory of a run", s.path);
  check_fails(hr_run_look(s.path, &run, &err), HR_ERR_MISSING, expected);
  assert_null(run);
  check_fails(hr_run_stop(s.path, NULL, &was_running, &err), HR_ERR_MISSING, expected);
  assert_true(was_running);
  options.size = 0;
  snprintf(
      expected, sizeof expected,
      "hr_run_stop_options.size is 0, not %zu as in version %s; set it with "
      "hr_run_stop_options_default(), and build with the headers of the library that "
      "runs",
      sizeof options, HR_VERSION);
  check_fails(hr_run_stop(s.path, &options, &was_running, &err), HR_ERR_USAGE, expected);
  scratch_write(&s, "manifest.json", "{}");
  check_ok(hr_run_look(s.path, &run, &err));
  snprintf(expected, sizeof expected,
           "hr_run_info.size is 3, not %zu as in version %s; set it to "
           "sizeof(hr_run_info), and build with the headers of the library that runs",
           sizeof info, HR_VERSION);
  check_fails(hr_run_get_info(run, &info, &err), HR_ERR_USAGE, expected);
  hr_run_close(&run);
  check_ok(hr_run_stop(s.path, NULL, &was_running, &err));
  assert_false(was_running);
  scratch_fini(&s);
}

/* A child that holds the directory until SIGTERM, and after it for `seconds` more. */
static pid_t hold(const char *folder, unsigned seconds) {
  int ready[2];
  char byte = 0;
  sigset_t term;
  assert_int_equal(pipe(ready), 0);
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int lock = -1, signal_number = 0;
    hr_owner former;
    sigprocmask(SIG_BLOCK, &term, NULL);
    if (hr_owner_take(folder, &lock, &former, NULL) != HR_OK) _exit(1);
    if (write(ready[1], "x", 1) != 1 || sigwait(&term, &signal_number) != 0) _exit(2);
    if (seconds > 0) sleep(seconds);
    hr_owner_release(folder, &lock);
    _exit(0);
  }
  close(ready[1]);
  assert_int_equal(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  return child;
}

static void expect_end(pid_t child) {
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

static bool wants_stop(void *context) {
  return ++*(int *)context > 1;
}

static void a_run_is_stopped(void **state) {
  (void)state;
  hr_error err;
  bool was_running = false;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "manifest.json", "{}");
  pid_t child = hold(s.path, 0);
  check_ok(hr_run_stop(s.path, NULL, &was_running, &err));
  assert_true(was_running);
  expect_end(child);
  hr_run_stop_options options = hr_run_stop_options_default();
  options.skip_wait = true;
  was_running = false;
  child = hold(s.path, 0);
  check_ok(hr_run_stop(s.path, &options, &was_running, &err));
  assert_true(was_running);
  expect_end(child);
  scratch_fini(&s);
}

static void the_waiting_ends(void **state) {
  (void)state;
  hr_error err;
  bool was_running = false;
  int asked = 0;
  char expected[512];
  const hr_observer observer = {.context = &asked, .interrupted = wants_stop};
  hr_run_stop_options options = hr_run_stop_options_default();
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "manifest.json", "{}");
  pid_t child = hold(s.path, 2);
  options.timeout_seconds = 0.05;
  snprintf(expected, sizeof expected,
           "process %lld is still at work in %s after 0.05 s; wait on, or end it at once "
           "with kill -9 %lld: --resume goes on either way",
           (long long)child, s.path, (long long)child);
  check_fails(hr_run_stop(s.path, &options, &was_running, &err), HR_ERR_IO, expected);
  assert_false(was_running);
  options.timeout_seconds = 0;
  options.observer = &observer;
  snprintf(expected, sizeof expected,
           "interrupted while process %lld stops, which it does all the same",
           (long long)child);
  check_fails(hr_run_stop(s.path, &options, &was_running, &err), HR_ERR_INTERRUPTED,
              expected);
  expect_end(child);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_is_told_in_numbers),
      cmocka_unit_test(a_run_is_told_in_words_and_as_json),
      cmocka_unit_test(phases_have_names),
      cmocka_unit_test(what_is_wrong_is_said),
      cmocka_unit_test(a_run_is_stopped),
      cmocka_unit_test(the_waiting_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
