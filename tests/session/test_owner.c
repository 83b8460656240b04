#include "session/owner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/scratch.h"

static void a_folder_has_one_owner(void **state) {
  (void)state;
  hr_error err;
  hr_owner owner, former;
  char expected[256];
  int lock = -1, other = -1;
  scratch s;
  scratch_init(&s);
  assert_false(hr_owner_find(s.path, &owner));
  check_ok(hr_owner_take(s.path, &lock, &former, &err));
  assert_int_equal(former.pid, 0);
  assert_true(hr_owner_find(s.path, &owner));
  assert_int_equal(owner.pid, getpid());
  assert_true(owner.started > 0);
  assert_true(owner.host[0] != '\0');
  snprintf(expected, sizeof expected,
           "another run is at work in %s; wait for it, or name another directory with "
           "--out",
           s.path);
  check_fails(hr_owner_take(s.path, &other, &former, &err), HR_ERR_USAGE, expected);
  assert_int_equal(other, -1);
  check_fails(hr_owner_check_free(s.path, &err), HR_ERR_USAGE, expected);
  FILE *file = fopen(scratch_name(&s, "run.pid"), "r");
  long long pid = 0;
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%lld", &pid), 1);
  fclose(file);
  assert_int_equal(pid, getpid());
  hr_owner_release(s.path, &lock);
  assert_int_equal(lock, -1);
  hr_owner_release(s.path, &lock);
  check_ok(hr_owner_check_free(s.path, &err));
  assert_int_not_equal(access(scratch_name(&s, "run.lock"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(&s, "run.pid"), F_OK), 0);
  check_fails(hr_owner_take("/dev/null/x", &lock, &former, &err), HR_ERR_IO,
              "cannot create /dev/null/x/run.lock: Not a directory");
  scratch_fini(&s);
}

static void a_pipe_in_the_place_of_the_lock_is_no_lock(void **state) {
  (void)state;
  hr_error err;
  hr_owner owner, former;
  char expected[256];
  int lock = -1;
  scratch s;
  scratch_init(&s);
  assert_int_equal(mkfifo(scratch_name(&s, "run.lock"), 0600), 0);
  alarm(20); /* it hung */
  assert_false(hr_owner_find(s.path, &owner));
  hr_owner_find_former(s.path, &former);
  assert_int_equal(former.pid, 0);
  snprintf(expected, sizeof expected, "cannot write %s/run.lock: Invalid argument",
           s.path);
  check_fails(hr_owner_take(s.path, &lock, &former, &err), HR_ERR_IO, expected);
  assert_int_equal(lock, -1);
  alarm(0);
  scratch_fini(&s);
}

static void a_dead_owner_is_told_of(void **state) {
  (void)state;
  hr_error err;
  hr_owner former;
  int lock = -1;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "run.lock", "77 1234 elsewhere\n");
  check_ok(hr_owner_take(s.path, &lock, &former, &err));
  assert_int_equal(former.pid, 77);
  assert_int_equal(former.started, 1234);
  assert_string_equal(former.host, "elsewhere");
  hr_owner_release(s.path, &lock);
  scratch_write(&s, "run.lock", "what is this");
  check_ok(hr_owner_take(s.path, &lock, &former, &err));
  assert_int_equal(former.pid, 0);
  hr_owner_release(s.path, &lock);
  scratch_fini(&s);
}

/* A process that takes the folder, says so through a pipe and waits for its end. */
static pid_t start_holder(const char *folder) {
  int ends[2];
  char byte = 0;
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    int lock = -1;
    hr_owner former;
    if (hr_owner_take(folder, &lock, &former, NULL) != HR_OK) _exit(1);
    if (write(ends[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  assert_true(child > 0);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  close(ends[0]);
  close(ends[1]);
  return child;
}

static void the_owner_is_asked_to_end(void **state) {
  (void)state;
  hr_error err;
  hr_owner owner;
  bool sent = true;
  int result = 0;
  scratch s;
  scratch_init(&s);
  check_ok(hr_owner_terminate(s.path, &sent, &err));
  assert_false(sent);
  pid_t child = start_holder(s.path);
  assert_true(hr_owner_find(s.path, &owner));
  assert_int_equal(owner.pid, child);
  check_ok(hr_owner_terminate(s.path, &sent, &err));
  assert_true(sent);
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGTERM);
  assert_false(hr_owner_find(s.path, &owner));
  check_ok(hr_owner_terminate(s.path, &sent, &err));
  assert_false(sent);
  scratch_fini(&s);
}

/* Holds the lock while run.lock says something else than the truth. */
static void check_not_signalled(const char *content, const char *sentence) {
  hr_error err;
  char expected[1024];
  bool sent = true;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "run.lock", content);
  int lock = open(scratch_name(&s, "run.lock"), O_RDWR);
  assert_int_equal(flock(lock, LOCK_EX), 0);
  snprintf(expected, sizeof expected, sentence, s.path, s.path);
  check_fails(hr_owner_terminate(s.path, &sent, &err), HR_ERR_USAGE, expected);
  assert_false(sent);
  close(lock);
  scratch_fini(&s);
}

static void other_processes_are_not_signalled(void **state) {
  (void)state;
  char host[256], line[512], sentence[512];
  assert_int_equal(gethostname(host, sizeof host), 0);
  check_not_signalled("",
                      "a process is at work in %s, but %s/run.lock does not say "
                      "which; stop it by hand");
  check_not_signalled("5 6 no-such-machine\n",
                      "process 5 on the machine no-such-machine is at work in %s; stop "
                      "it there");
  /* Our own number, but of a process that was started at another time. */
  snprintf(line, sizeof line, "%lld 1 %s\n", (long long)getpid(), host);
  snprintf(sentence, sizeof sentence,
           "a process is at work in %%s, but it is not number %lld here; stop it by "
           "hand, perhaps in another container",
           (long long)getpid());
  check_not_signalled(line, sentence);
}

/* Another user may see that a run is at work, and may not end it. Takes root, whose run
 * it is; SIGTERM would end the test. */
static void the_system_may_refuse_the_signal(void **state) {
  (void)state;
  hr_error err = {0};
  hr_owner former;
  scratch s;
  int lock = -1, result = 0;
  if (geteuid() != 0) skip();
  scratch_init(&s);
  assert_int_equal(chmod(s.path, 0755), 0);
  check_ok(hr_owner_take(s.path, &lock, &former, &err));
  pid_t owner = getpid(), process = fork();
  if (process == 0) {
    bool sent = true;
    char expected[256];
    snprintf(expected, sizeof expected,
             "cannot stop process %lld, which is at work in %s: Operation not permitted",
             (long long)owner, s.path);
    if (setuid(65534) != 0) _exit(2);
    hr_status status = hr_owner_terminate(s.path, &sent, &err);
    bool as_told = status == HR_ERR_USAGE && strcmp(err.message, expected) == 0;
    _exit(as_told && !sent ? 0 : 1);
  }
  assert_int_equal(waitpid(process, &result, 0), process);
  assert_true(WIFEXITED(result));
  assert_int_equal(WEXITSTATUS(result), 0);
  hr_owner_release(s.path, &lock);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_folder_has_one_owner),
      cmocka_unit_test(a_pipe_in_the_place_of_the_lock_is_no_lock),
      cmocka_unit_test(a_dead_owner_is_told_of),
      cmocka_unit_test(the_owner_is_asked_to_end),
      cmocka_unit_test(other_processes_are_not_signalled),
      cmocka_unit_test(the_system_may_refuse_the_signal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
