#include "core/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "support/check.h"

static const hr_child_limits roomy = {
    .memory_bytes = (uint64_t)1 << 30, .total_seconds = 60, .silent_seconds = 20};

static hr_status run(hr_child_work *work, const void *context,
                     const hr_observer *observer, hr_child_end *end, hr_text *answer,
                     hr_error *err) {
  const hr_child child = {
      .work = work, .context = context, .observer = observer, .limits = roomy};
  hr_text_init(answer);
  return hr_child_run(&child, end, answer, err);
}

/* --- work that ends well --- */

typedef struct heard {
  char lines[256];
  uint64_t done, total, skipped, bytes;
  char stage[64], unit[64];
  bool stop;
} heard;

static void hear_log(void *context, hr_log_level level, const char *line) {
  heard *h = context;
  size_t used = strlen(h->lines);
  snprintf(h->lines + used, sizeof h->lines - used, "%s%s\n",
           level == HR_LOG_WARNING ? "! " : "", line);
}

static void hear_progress(void *context, const hr_progress *progress) {
  heard *h = context;
  h->done = progress->done;
  h->total = progress->total;
  h->skipped = progress->skipped;
  h->bytes = progress->bytes;
  snprintf(h->stage, sizeof h->stage, "%s", progress->stage);
  snprintf(h->unit, sizeof h->unit, "%s", progress->unit);
}

static bool wants_to_stop(void *context) {
  return ((const heard *)context)->stop;
}

static hr_observer observer_of(heard *h) {
  return (hr_observer){.context = h,
                       .log = hear_log,
                       .progress = hear_progress,
                       .interrupted = wants_to_stop};
}

static void square(void *context, size_t i, size_t thread) {
  (void)thread;
  ((size_t *)context)[i] = i * i;
}

/* Long enough for several messages; adds up on "all" threads. */
static hr_status talk(const void *context, const hr_observer *observer, hr_text *answer,
                      hr_error *err) {
  size_t squares[1000] = {0}, sum = 0;
  hr_parallel_for(1000, square, squares);
  for (size_t i = 0; i < 1000; i++) sum += squares[i];
  hr_observe_info(observer, "%s", (const char *)context);
  hr_observe_warning(observer, "mind the gap");
  for (size_t i = 0; i < 2000; i++) hr_text_append(answer, "%05zu", i);
  hr_text_append(answer, " %zu", sum);
  hr_progress progress = {.stage = "talking",
                          .unit = "words",
                          .done = 3,
                          .total = 4,
                          .skipped = 2,
                          .bytes = 5};
  return hr_observe_progress(observer, &progress, err);
}

static void hands_on_what_is_said(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  heard h = {0};
  hr_observer observer = observer_of(&h);
  size_t here[1000];
  hr_parallel_for(1000, square, here); /* this process has threads; the child has none */
  check_ok(run(talk, "a word", &observer, &end, &answer, &err));
  assert_int_equal(end, HR_CHILD_RETURNED);
  assert_string_equal(h.lines, "a word\n! mind the gap\n");
  assert_string_equal(h.stage, "talking");
  assert_string_equal(h.unit, "words");
  assert_true(h.done == 3 && h.total == 4 && h.skipped == 2 && h.bytes == 5);
  assert_int_equal(answer.length, 10000 + strlen(" 332833500"));
  assert_memory_equal(answer.bytes, "0000000001", 10);
  assert_string_equal(answer.bytes + 9995, "01999 332833500");
  hr_text_fini(&answer);
}

static hr_status give_up(const void *context, const hr_observer *observer,
                         hr_text *answer, hr_error *err) {
  (void)context, (void)observer;
  hr_text_append(answer, "half an answer");
  return hr_fail(err, HR_ERR_DATA, "that was nothing");
}

static void hands_on_failures(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  check_fails(run(give_up, NULL, NULL, &end, &answer, &err), HR_ERR_DATA,
              "that was nothing");
  assert_int_equal(end, HR_CHILD_RETURNED);
  assert_null(answer.bytes);
}

/* --- work that does not --- */

static hr_status die(const void *context, const hr_observer *observer, hr_text *answer,
                     hr_error *err) {
  (void)observer, (void)answer, (void)err;
  int number = *(const int *)context;
  if (number == 0) _exit(0);
  signal(number, SIG_DFL); /* sanitizers catch some */
  raise(number);
  return HR_OK;
}

static void survives_a_death(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_RETURNED;
  hr_text answer;
  check_fails(run(die, &(int){SIGSEGV}, NULL, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process ended with: Segmentation fault");
  assert_int_equal(end, HR_CHILD_DIED);
  check_fails(run(die, &(int){SIGKILL}, NULL, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process ended with: Killed");
  assert_int_equal(end, HR_CHILD_DIED);
  check_fails(run(die, &(int){SIGABRT}, NULL, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process ended with: Aborted");
  assert_int_equal(end, HR_CHILD_DIED);
  check_fails(run(die, &(int){0}, NULL, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process ended with: no answer");
  assert_int_equal(end, HR_CHILD_DIED);
}

/* Spins, with or without a sign of life. */
static hr_status spin(const void *context, const hr_observer *observer, hr_text *answer,
                      hr_error *err) {
  (void)answer;
  hr_progress progress = {.stage = "spinning", .unit = "turns"};
  for (volatile uint64_t i = 1;; i++) {
    if (i % (1 << 22) != 0 || *(const bool *)context) continue;
    progress.done++;
    hr_status status = hr_observe_progress(observer, &progress, err);
    if (status != HR_OK) return status;
  }
}

/* Waits, and takes no time of the processor. */
static hr_status nap(const void *context, const hr_observer *observer, hr_text *answer,
                     hr_error *err) {
  (void)context, (void)observer, (void)answer, (void)err;
  for (volatile int waiting = 1; waiting;) pause();
  return HR_OK;
}

static void ends_what_sleeps(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_RETURNED;
  hr_text answer;
  hr_text_init(&answer);
  hr_child child = {.work = nap, .limits = roomy};
  child.limits.silent_seconds = 0.05; /* ten times that by the clock */
  double before = hr_clock_seconds();
  check_fails(hr_child_run(&child, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process took too long");
  assert_int_equal(end, HR_CHILD_TOO_LONG);
  assert_true(hr_clock_seconds() - before >= 0.5);
}

static void ends_what_takes_too_long(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_RETURNED;
  hr_text answer;
  hr_text_init(&answer);
  hr_child child = {.work = spin, .context = &(bool){true}, .limits = roomy};
  child.limits.silent_seconds = 0.2;
  check_fails(hr_child_run(&child, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process took too long");
  assert_int_equal(end, HR_CHILD_TOO_LONG);
  end = HR_CHILD_RETURNED;
  child.context = &(bool){false};
  child.limits.silent_seconds = 20;
  child.limits.total_seconds = 0.1; /* the system counts whole seconds */
  check_fails(hr_child_run(&child, &end, &answer, &err), HR_ERR_INTERNAL,
              "the child process took too long");
  assert_int_equal(end, HR_CHILD_TOO_LONG);
}

static void stops_when_asked(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  heard h = {.stop = true};
  hr_observer observer = observer_of(&h);
  check_fails(run(spin, &(bool){true}, &observer, &end, &answer, &err),
              HR_ERR_INTERRUPTED, "interrupted");
  assert_int_equal(end, HR_CHILD_RETURNED);
}

static void tells_why_it_cannot_start(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = (struct rlimit){0, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  hr_status status = run(give_up, NULL, NULL, &end, &answer, &err);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  check_fails(status, HR_ERR_IO, "cannot make a pipe: Too many open files");
  assert_int_equal(end, HR_CHILD_RETURNED);
}

/* --- limits --- */

static hr_status swallow(const void *context, const hr_observer *observer,
                         hr_text *answer, hr_error *err) {
  (void)observer, (void)answer;
  char *bytes = NULL;
  hr_status status = hr_alloc(&bytes, *(const size_t *)context, err);
  hr_free(bytes);
  return status;
}

static void limits_memory(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  check_ok(run(swallow, &(size_t){(size_t)1 << 26}, NULL, &end, &answer, &err));
  check_fails(run(swallow, &(size_t){(size_t)1 << 32}, NULL, &end, &answer, &err),
              HR_ERR_MEMORY, "no memory for 4294967296 elements of 1 bytes");
  assert_int_equal(end, HR_CHILD_RETURNED);
}

static hr_status write_file(const void *context, const hr_observer *observer,
                            hr_text *answer, hr_error *err) {
  (void)observer, (void)err;
  int file = open(context, O_WRONLY | O_CREAT, 0600);
  hr_text_append(answer, "%d %d %d", file >= 0, write(file, "x", 1) == 1,
                 write(STDOUT_FILENO, "x", 1) == 1 && write(STDERR_FILENO, "x", 1) == 1);
  return HR_OK;
}

/* What it writes to stdout and stderr goes nowhere; cmocka's would not be seen here. */
static void writes_nothing(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  char path[] = "/tmp/headroom-child-XXXXXX";
  int file = mkstemp(path);
  assert_true(file >= 0);
  check_ok(run(write_file, path, NULL, &end, &answer, &err));
  assert_string_equal(answer.bytes, "1 0 1");
  assert_int_equal(lseek(file, 0, SEEK_END), 0);
  hr_text_fini(&answer);
  close(file);
  unlink(path);
}

/* As a child would whose memory was overwritten: more than an answer may hold. */
static hr_status flood(const void *context, const hr_observer *observer, hr_text *answer,
                       hr_error *err) {
  (void)context, (void)observer, (void)err;
  static char page[1 << 20];
  memset(page, 'x', sizeof page - 1);
  for (int i = 0; i < 70; i++) hr_text_append(answer, "%s", page);
  return HR_OK;
}

static void cuts_long_answers(void **state) {
  (void)state;
  hr_error err = {0};
  hr_child_end end = HR_CHILD_DIED;
  hr_text answer;
  check_ok(run(flood, NULL, NULL, &end, &answer, &err));
  assert_in_range(answer.length, 1, 1 << 26);
  hr_text_fini(&answer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hands_on_what_is_said),
      cmocka_unit_test(hands_on_failures),
      cmocka_unit_test(survives_a_death),
      cmocka_unit_test(ends_what_takes_too_long),
      cmocka_unit_test(stops_when_asked),
      cmocka_unit_test(limits_memory),
      cmocka_unit_test(ends_what_sleeps),
      cmocka_unit_test(tells_why_it_cannot_start),
      cmocka_unit_test(writes_nothing),
      cmocka_unit_test(cuts_long_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
