/* Signals, each in a process of its own, as the second of a kind ends it. */
#include "cli/interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

/* What became of a process that runs `work`: its exit code, or minus the signal. */
static int outcome_of(void (*work)(int signal_number), int signal_number) {
  int result = 0;
  pid_t process = fork();
  assert_true(process >= 0);
  if (process == 0) {
    work(signal_number);
    _exit(hr_interrupt_came() ? 1 : 0);
  }
  assert_int_equal(waitpid(process, &result, 0), process);
  return WIFSIGNALED(result) ? -WTERMSIG(result) : WEXITSTATUS(result);
}

static void none(int signal_number) {
  (void)signal_number;
  hr_interrupt_watch();
}

static void once(int signal_number) {
  hr_interrupt_watch();
  raise(signal_number);
}

static void twice(int signal_number) {
  once(signal_number);
  raise(signal_number);
}

static void forwarded(int signal_number) {
  hr_interrupt_watch_forwarded();
  raise(signal_number);
}

/* Where a launcher hands it on. */
static void the_users_signal_is_remembered(void **state) {
  (void)state;
  assert_int_equal(outcome_of(once, SIGUSR1), -SIGUSR1);
  assert_int_equal(outcome_of(forwarded, SIGUSR1), 1);
}

static void the_first_is_remembered_the_second_ends(void **state) {
  (void)state;
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  assert_int_equal(outcome_of(none, 0), 0);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    signal(signals[i], SIG_DFL); /* a test under nohup inherits SIG_IGN */
    assert_int_equal(outcome_of(once, signals[i]), 1);
    assert_int_equal(outcome_of(twice, signals[i]), -signals[i]);
  }
}

/* Under nohup, and in the background. */
static void an_ignored_hangup_stays_ignored(void **state) {
  (void)state;
  signal(SIGHUP, SIG_IGN);
  assert_int_equal(outcome_of(twice, SIGHUP), 0);
  signal(SIGHUP, SIG_DFL);
}

static void write_too_much(int signal_number) {
  (void)signal_number;
  const struct rlimit most = {4, 4};
  FILE *file = tmpfile();
  hr_interrupt_watch();
  if (!file || setrlimit(RLIMIT_FSIZE, &most) != 0) _exit(7);
  if (write(fileno(file), "12345678", 8) != 4 || write(fileno(file), "9", 1) != -1) {
    _exit(8);
  }
}

static void write_to_nowhere(int signal_number) {
  (void)signal_number;
  int ends[2];
  if (pipe(ends) != 0) _exit(7);
  close(ends[0]);
  hr_interrupt_outlive_readers();
  if (write(ends[1], "x", 1) != -1) _exit(8);
}

static void writes_fail_and_end_nothing(void **state) {
  (void)state;
  assert_int_equal(outcome_of(write_too_much, 0), 0);
  assert_int_equal(outcome_of(write_to_nowhere, 0), 0);
}

static void end_unread(int signal_number) {
  (void)signal_number;
  hr_interrupt_outlive_readers();
  hr_interrupt_end_as_unread();
}

static void what_nobody_reads_ends_by_the_signal(void **state) {
  (void)state;
  assert_int_equal(outcome_of(end_unread, 0), -SIGPIPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_is_remembered_the_second_ends),
      cmocka_unit_test(the_users_signal_is_remembered),
      cmocka_unit_test(an_ignored_hangup_stays_ignored),
      cmocka_unit_test(writes_fail_and_end_nothing),
      cmocka_unit_test(what_nobody_reads_ends_by_the_signal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
