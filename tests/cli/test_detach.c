/* A process in the background and what it tells the one that started it. */
#include "cli/detach.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/scratch.h"

/* Starts a background process that does `work` and ends; what it told, in `out`. */
static hr_status start(void (*work)(int *channel, const char *folder), const char *folder,
                       hr_detached *out, hr_error *err) {
  bool is_background = false;
  int channel = -1;
  assert_int_equal(hr_detach(&is_background, &channel, err), HR_OK);
  if (is_background) {
    work(&channel, folder);
    _exit(0);
  }
  return hr_detach_wait(channel, out, err);
}

static void begin(int *channel, const char *folder) {
  hr_detach_begun(channel, folder, 12.5);
  printf("session %d, input %d\n", getsid(0) != getpid(), getchar() == EOF);
  fprintf(stderr, "on its way\n");
  fflush(NULL);
}

/* Waits, at most ten seconds, until the file holds `text`. */
static void wait_for(const char *path, const char *text) {
  char found[256] = "";
  for (int i = 0; i < 1000 && strcmp(found, text) != 0; i++) {
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(found, 1, sizeof found - 1, file) : 0;
    found[length] = '\0';
    if (file) fclose(file);
    usleep(10000);
  }
  assert_string_equal(found, text);
}

static void a_run_begins_in_the_background(void **state) {
  (void)state;
  hr_error err = {0};
  hr_detached told = {0};
  scratch s;
  scratch_init(&s);
  check_ok(start(begin, s.path, &told, &err));
  assert_int_equal(told.status, HR_OK);
  assert_true(told.pid > 0 && told.pid != getpid());
  check_near(told.seconds, 12.5, 0);
  assert_string_equal(told.text, s.path);
  wait_for(scratch_name(&s, "run.log"), "session 1, input 1\non its way\n");
  scratch_fini(&s);
}

static void refuse(int *channel, const char *folder) {
  (void)folder;
  hr_error reason = {.status = HR_ERR_CONFIG, .message = "study.yaml has no targets"};
  hr_detach_failed(channel, &reason);
}

static void end_early(int *channel, const char *folder) {
  (void)channel, (void)folder;
}

static void die(int *channel, const char *folder) {
  (void)channel, (void)folder;
  raise(SIGKILL);
}

static void what_keeps_it_from_beginning_is_told(void **state) {
  (void)state;
  hr_error err = {0};
  hr_detached told = {0};
  check_fails(start(refuse, NULL, &told, &err), HR_ERR_CONFIG,
              "study.yaml has no targets");
  check_fails(start(end_early, NULL, &told, &err), HR_ERR_INTERNAL,
              "the background process ended before it began; run it without --detach to "
              "see why");
  check_fails(start(die, NULL, &told, &err), HR_ERR_INTERNAL,
              "the background process ended before it began; run it without --detach to "
              "see why");
}

static void a_pipe_that_cannot_be_made_is_told(void **state) {
  (void)state;
  hr_error err = {0};
  bool is_background = true;
  int channel = -1;
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = (struct rlimit){0, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  hr_status status = hr_detach(&is_background, &channel, &err);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  check_fails(status, HR_ERR_IO, "cannot make a pipe: Too many open files");
  assert_false(is_background);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_begins_in_the_background),
      cmocka_unit_test(what_keeps_it_from_beginning_is_told),
      cmocka_unit_test(a_pipe_that_cannot_be_made_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
