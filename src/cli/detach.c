/* Two forks and a session between them, as daemons do, and a pipe through which the
 * background process says how it began. */
#include "cli/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"

/* Puts `path` in place of a standard stream. */
static void redirect(int stream, const char *path, int flags) {
  int descriptor = open(path, flags | O_CLOEXEC, 0666);
  if (descriptor < 0) return;
  dup2(descriptor, stream);
  close(descriptor);
}

/* The process in between: makes a session, and in it a process that leads none, so that
 * it can never get a terminal. */
static void fork_again(bool *is_background) {
  setsid();
  pid_t child = fork();
  if (child != 0) _exit(child < 0 ? 1 : 0);
  *is_background = true;
  signal(SIGHUP, SIG_IGN);
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
}

hr_status hr_detach(bool *is_background, int *channel, hr_error *err) {
  int ends[2], result = 0;
  *is_background = false;
  fflush(NULL); /* or it would be written twice */
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot make a pipe");
  }
  pid_t child = fork();
  if (child == 0) {
    fork_again(is_background);
    close(ends[0]);
    *channel = ends[1];
    return HR_OK;
  }
  int reason = errno;
  close(ends[1]);
  *channel = ends[0];
  if (child > 0 && waitpid(child, &result, 0) == child && result == 0) return HR_OK;
  close(ends[0]);
  return hr_fail_errno(err, HR_ERR_IO, child < 0 ? reason : EAGAIN,
                       "cannot start a process in the background");
}

hr_status hr_detach_wait(int channel, hr_detached *out, hr_error *err) {
  size_t length = 0;
  while (length < sizeof *out) {
    ssize_t count = read(channel, (char *)out + length, sizeof *out - length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    length += (size_t)count;
  }
  close(channel);
  if (length < sizeof *out) {
    return hr_fail(err, HR_ERR_INTERNAL,
                   "the background process ended before it began; run it without "
                   "--detach to see why");
  }
  if (out->status == HR_OK) return HR_OK;
  return hr_fail(err, out->status, "%s", out->text);
}

/* In one write: it fits into a pipe's buffer. */
static void report(int *channel, hr_status status, double seconds, const char *text) {
  hr_detached message = {.status = status, .pid = getpid(), .seconds = seconds};
  snprintf(message.text, sizeof message.text, "%s", text);
  ssize_t written = write(*channel, &message, sizeof message);
  (void)written; /* the program that started it is gone: the run goes on */
  close(*channel);
  *channel = -1;
}

void hr_detach_begun(int *channel, const char *run_dir, double seconds) {
  char *log = NULL;
  const char *path = "/dev/null";
  if (hr_join_path(run_dir, "run.log", &log, NULL) == HR_OK) path = log;
  fflush(NULL);
  redirect(STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_APPEND);
  redirect(STDERR_FILENO, path, O_WRONLY | O_CREAT | O_APPEND);
  /* Lines of the log must not come in between the halves of a line of a table. */
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  hr_free(log);
  report(channel, HR_OK, seconds, run_dir);
}

void hr_detach_failed(int *channel, const hr_error *reason) {
  /* Said elsewhere: by the program that was called or, once it has begun, in run.log. */
  redirect(STDERR_FILENO, "/dev/null", O_WRONLY);
  if (*channel >= 0) report(channel, reason->status, 0, reason->message);
}
