/* The watch and what it lets others see: session/watch.c and session/state.c. */
#include "session/watch.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "session/owner.h"
#include "session/state.h"
#include "support/scratch.h"

typedef struct caller {
  size_t lines, reports;
  bool wants_stop;
  hr_observer observer;
} caller;

static void take_line(void *context, hr_log_level level, const char *line) {
  (void)level, (void)line;
  ((caller *)context)->lines++;
}

static void take_progress(void *context, const hr_progress *progress) {
  (void)progress;
  ((caller *)context)->reports++;
}

static bool wants_stop(void *context) {
  return ((caller *)context)->wants_stop;
}

static void caller_init(caller *c) {
  *c = (caller){.lines = 0};
  c->observer = (hr_observer){c, take_line, take_progress, wants_stop};
}

static void check_described(const char *folder, const char *const *parts) {
  hr_error err;
  hr_run_state state;
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_run_state_read(folder, &state, &err));
  hr_run_state_describe(&state, folder, &text);
  for (; *parts; parts++) {
    if (!strstr(text.bytes, *parts)) fail_msg("no '%s' in:\n%s", *parts, text.bytes);
  }
  hr_text_fini(&text);
  hr_run_state_fini(&state);
}

static void a_run_is_seen_from_outside(void **state) {
  (void)state;
  hr_error err;
  hr_watch watch;
  caller c;
  hr_owner former;
  int lock = -1;
  scratch s;
  scratch_init(&s);
  caller_init(&c);
  hr_watch_init(&watch, &c.observer);
  hr_observe_info(&watch.observer, "before there is a folder");
  check_ok(hr_owner_take(s.path, &lock, &former, &err));
  hr_watch_begin(&watch, s.path, 12, 90, NULL);
  hr_observe_warning(&watch.observer, "a strange\nline");
  hr_progress progress = {
      .stage = "reading spectra", .unit = "rows", .done = 5, .total = 20};
  check_ok(hr_observe_progress(&watch.observer, &progress, &err));
  assert_int_equal(c.lines, 2);
  assert_int_equal(c.reports, 1);
  check_described(
      s.path, (const char *const[]){
                  "running: ", "\ntasks      0 of 12 done\n", "25% of 20 rows\n",
                  "in all     about 90 s\n", " MiB, ", "Z  before there is a folder\n",
                  "Z  the run begins\n", "warning: a strange\\x0Aline\n", NULL});
  progress.done = 20; /* a stage that ended, and tells so twice */
  check_ok(hr_observe_progress(&watch.observer, &progress, &err));
  check_ok(hr_observe_progress(&watch.observer, &progress, &err));
  c.wants_stop = true;
  check_fails(hr_observe_progress(&watch.observer, &progress, &err), HR_ERR_INTERRUPTED,
              "interrupted while reading spectra");
  hr_watch_end(&watch, HR_ERR_INTERRUPTED, err.message);
  hr_owner_release(s.path, &lock);
  check_described(s.path, (const char *const[]){
                              "stopped: ", "why        interrupted while ",
                              "reading spectra: 20 rows in 0.0 s\n",
                              "the run is stopped\n", " --resume` goes on\n", NULL});
  scratch_fini(&s);
}

static void log_lines_are_the_last_ones(void **state) {
  (void)state;
  hr_error err;
  hr_run_state found;
  hr_watch watch;
  scratch s;
  scratch_init(&s);
  hr_watch_init(&watch, NULL);
  hr_watch_begin(&watch, s.path, 1, 0, NULL);
  for (int i = 0; i < 400; i++) hr_observe_info(&watch.observer, "line %d", i);
  hr_watch_end(&watch, HR_ERR_IO, "the disk is full");
  hr_watch_begin(&watch, s.path, 1, 0,
                 &(hr_sessions){2, 3600}); /* goes on in the same file */
  hr_watch_end(&watch, HR_OK, "");
  check_ok(hr_run_state_read(s.path, &found, &err));
  assert_int_equal(found.log.count, HR_RUN_LOG_LINES);
  assert_string_equal(found.log.items[0] + 22, "line 399");
  assert_string_equal(found.log.items[1] + 22, "the disk is full");
  assert_string_equal(found.log.items[2] + 22, "the run is failed");
  assert_string_equal(found.log.items[3] + 22, "the run is resumed");
  assert_string_equal(found.log.items[4] + 22, "the run is finished");
  assert_int_equal(found.phase, HR_RUN_FINISHED);
  assert_int_equal(found.sessions, 3);
  assert_true(found.seconds >= 3600 && found.session_seconds < 3600);
  hr_run_state_fini(&found);
  check_described(s.path, (const char *const[]){" in 3 sessions\n", NULL});
  scratch_fini(&s);
}

/* What was written in an hour that is yet to come is not silent for minus an hour. */
static void a_clock_that_was_set_back(void **state) {
  (void)state;
  hr_error err;
  hr_run_state found;
  scratch s;
  struct stat info;
  scratch_init(&s);
  scratch_write(&s, "manifest.json", "{}");
  scratch_write(&s, "status.json", "{\"state\": \"finished\"}");
  assert_int_equal(stat(scratch_name(&s, "status.json"), &info), 0);
  const struct timespec times[] = {info.st_atim, {.tv_sec = info.st_mtim.tv_sec + 3600}};
  assert_int_equal(utimensat(AT_FDCWD, scratch_name(&s, "status.json"), times, 0), 0);
  check_ok(hr_run_state_read(s.path, &found, &err));
  check_near(found.silent, 0, 0);
  hr_run_state_fini(&found);
  scratch_fini(&s);
}

/* A folder that is gone is no reason for a run to fail here. */
static void what_cannot_be_written_is_not(void **state) {
  (void)state;
  hr_error err;
  hr_watch watch;
  caller c;
  caller_init(&c);
  hr_watch_init(&watch, &c.observer);
  hr_watch_begin(&watch, "/dev/null/x", 1, 0, NULL);
  const hr_progress progress = {.stage = "reading", .unit = "rows", .total = 20};
  check_ok(hr_observe_progress(&watch.observer, &progress, &err));
  hr_observe_info(&watch.observer, "still here");
  hr_watch_end(&watch, HR_OK, "");
  assert_int_equal(c.reports, 1);
  assert_int_equal(c.lines, 1);
}

static void check_phase(const char *status, hr_run_phase expected) {
  hr_error err;
  hr_run_state found;
  hr_text text;
  scratch s;
  scratch_init(&s);
  hr_text_init(&text);
  scratch_write(&s, "manifest.json", "{}");
  if (status) scratch_write(&s, "status.json", status);
  check_ok(hr_run_state_read(s.path, &found, &err));
  assert_int_equal(found.phase, expected);
  check_ok(hr_run_state_format(&found, &text, &err));
  assert_non_null(strstr(text.bytes, hr_run_phase_name(expected)));
  hr_text_fini(&text);
  hr_run_state_fini(&found);
  scratch_fini(&s);
}

/* What a killed run has left of its lock says whose it was. */
static void whose_run_was_killed(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "status.json", "{\"state\": \"running\", \"seconds\": 5}");
  scratch_write(&s, "run.lock", "4194304 1 elsewhere\n");
  check_described(s.path,
                  (const char *const[]){"killed: ",
                                        "why        its process 4194304 on elsewhere is "
                                        "gone; it could not say why it ended: it was "
                                        "killed, or the machine or the disk failed\n",
                                        " --resume` goes on\n", NULL});
  scratch_fini(&s);
}

/* Without its lock, a run that says that it runs was killed; so was one that says
 * nothing, or nonsense. */
static void phases(void **state) {
  (void)state;
  check_phase("{\"state\": \"running\"}", HR_RUN_KILLED);
  check_phase("{\"state\": \"finished\"}", HR_RUN_FINISHED);
  check_phase("{\"state\": \"failed\", \"stage\": {\"name\": 5}}", HR_RUN_FAILED);
  check_phase("{\"state\": \"what\", \"tasks\": -1, \"seconds\": \"x\"}", HR_RUN_KILLED);
  check_phase("not JSON", HR_RUN_KILLED);
  check_phase(NULL, HR_RUN_KILLED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_is_seen_from_outside),
      cmocka_unit_test(log_lines_are_the_last_ones),
      cmocka_unit_test(a_clock_that_was_set_back),
      cmocka_unit_test(what_cannot_be_written_is_not),
      cmocka_unit_test(phases),
      cmocka_unit_test(whose_run_was_killed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
