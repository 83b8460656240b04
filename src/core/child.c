/* A function in a forked process with limits on memory and time, watched by its parent
 * (core/child.h). The child is forked and not executed anew, so that it needs no program
 * to be found; what it says comes through one pipe, in messages of one size. */
#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/observe.h"
#include "core/parallel.h"

/* The child speaks to its parent in messages. The parent believes none of their contents:
 * memory that a damaged file has overwritten may say anything. */
typedef enum message_kind {
  MESSAGE_INFO,
  MESSAGE_WARNING,
  MESSAGE_PROGRESS,
  MESSAGE_ANSWER,
  MESSAGE_END,
} message_kind;

enum { MOST_TEXT = 4096, MOST_ANSWER = 1 << 26, STAGE_BYTES = 96 };

typedef struct message {
  message_kind kind;
  hr_status status;                    /* of MESSAGE_END */
  uint64_t done, total, skipped, read; /* of MESSAGE_PROGRESS */
  char stage[STAGE_BYTES], unit[STAGE_BYTES];
  size_t size;
  char text[MOST_TEXT];
} message;

/* --- the child --- */

static void send_message(int pipe_end, const message *m) {
  const char *bytes = (const char *)m;
  for (size_t sent = 0; sent < sizeof *m;) {
    ssize_t count = write(pipe_end, bytes + sent, sizeof *m - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) _exit(1); /* the parent is gone */
    sent += (size_t)count;
  }
}

static void send_text(int pipe_end, message_kind kind, const char *text, size_t size) {
  message m = {.kind = kind, .size = size < MOST_TEXT ? size : MOST_TEXT};
  memcpy(m.text, text, m.size);
  send_message(pipe_end, &m);
}

static void hand_on_log(void *context, hr_log_level level, const char *line) {
  send_text(*(const int *)context,
            level == HR_LOG_WARNING ? MESSAGE_WARNING : MESSAGE_INFO, line, strlen(line));
}

static void hand_on_progress(void *context, const hr_progress *progress) {
  message m = {.kind = MESSAGE_PROGRESS,
               .done = progress->done,
               .total = progress->total,
               .skipped = progress->skipped,
               .read = progress->bytes};
  snprintf(m.stage, sizeof m.stage, "%s", progress->stage);
  snprintf(m.unit, sizeof m.unit, "%s", progress->unit);
  send_message(*(const int *)context, &m);
}

static void set_limit(__rlimit_resource_t resource, uint64_t most) {
  struct rlimit limit = {0};
  if (getrlimit(resource, &limit) != 0) return;
  if (limit.rlim_max < most) most = limit.rlim_max;
  limit.rlim_cur = most;
  setrlimit(resource, &limit);
}

/* Bytes of address space that this process has; 0 where it is not known. */
static uint64_t address_space(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (fscanf(file, "%lu", &pages) != 1) pages = 0;
  fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The child dies with its parent, keeps to itself, and leaves signals from the terminal
 * to its parent. */
static void withdraw(const hr_child_limits *limits, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  int nothing = open("/dev/null", O_RDWR);
  for (int i = 0; nothing >= 0 && i < 3; i++) dup2(nothing, i);
  uint64_t space = address_space();
  if (space > 0) set_limit(RLIMIT_AS, space + limits->memory_bytes);
  set_limit(RLIMIT_CPU, (uint64_t)limits->total_seconds + 1);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_FSIZE, 0);
  hr_parallel_be_alone();
}

static _Noreturn void work_in_child(const hr_child *child, pid_t parent, int pipe_end) {
  hr_observer observer = {
      .context = &pipe_end, .log = hand_on_log, .progress = hand_on_progress};
  hr_error err = {0};
  hr_text answer;
  withdraw(&child->limits, parent);
  hr_text_init(&answer);
  hr_status status = child->work(child->context, &observer, &answer, &err);
  if (status == HR_OK) status = hr_text_status(&answer, &err);
  for (size_t sent = 0; status == HR_OK && sent < answer.length; sent += MOST_TEXT) {
    send_text(pipe_end, MESSAGE_ANSWER, answer.bytes + sent, answer.length - sent);
  }
  message end = {.kind = MESSAGE_END, .status = status};
  end.size = strlen(err.message);
  memcpy(end.text, err.message, end.size);
  send_message(pipe_end, &end);
  _exit(0); /* not exit: what the parent has in its buffers is not the child's to write */
}

/* --- the parent --- */

typedef struct watch {
  const hr_child *child;
  pid_t process;
  int pipe_end;
  double heard_clock, heard_processor; /* when the last message came */
  bool too_long, interrupted;
} watch;

/* Seconds of processor time that the child has taken. */
static double processor_seconds(pid_t process) {
  clockid_t clock;
  struct timespec now = {0};
  if (clock_getcpuclockid(process, &clock) != 0) return 0;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Looks at the watch and at the caller: whether to go on waiting. */
static bool may_go_on(watch *w) {
  const hr_observer *observer = w->child->observer;
  double allowed = w->child->limits.silent_seconds;
  w->interrupted =
      observer && observer->interrupted && observer->interrupted(observer->context);
  w->too_long = hr_clock_seconds() - w->heard_clock > 10 * allowed ||
                processor_seconds(w->process) - w->heard_processor > allowed;
  return !w->interrupted && !w->too_long;
}

/* Waits for a whole message; false where none will come. */
static bool receive(watch *w, message *m) {
  char *bytes = (char *)m;
  for (size_t got = 0; got < sizeof *m;) {
    struct pollfd waiting = {.fd = w->pipe_end, .events = POLLIN};
    int ready = poll(&waiting, 1, 100);
    if (!may_go_on(w)) return false;
    if (ready <= 0) continue;
    ssize_t count = read(w->pipe_end, bytes + got, sizeof *m - got);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    got += (size_t)count;
  }
  w->heard_clock = hr_clock_seconds();
  w->heard_processor = processor_seconds(w->process);
  m->stage[STAGE_BYTES - 1] = m->unit[STAGE_BYTES - 1] = '\0';
  if (m->size > MOST_TEXT) m->size = MOST_TEXT;
  return true;
}

static void append_answer(hr_text *answer, const message *m) {
  if (answer->length + m->size > MOST_ANSWER) return;
  hr_text_append(answer, "%.*s", (int)m->size, m->text);
}

static void pass_on(const watch *w, const message *m, hr_text *answer) {
  const hr_observer *observer = w->child->observer;
  hr_progress progress = {.stage = m->stage,
                          .unit = m->unit,
                          .done = m->done,
                          .total = m->total,
                          .skipped = m->skipped,
                          .bytes = m->read};
  switch (m->kind) {
    case MESSAGE_INFO:
      hr_observe_info(observer, "%.*s", (int)m->size, m->text);
      break;
    case MESSAGE_WARNING:
      hr_observe_warning(observer, "%.*s", (int)m->size, m->text);
      break;
    case MESSAGE_PROGRESS:
      if (observer && observer->progress)
        observer->progress(observer->context, &progress);
      break;
    case MESSAGE_ANSWER:
      append_answer(answer, m);
      break;
    case MESSAGE_END:
      break;
  }
}

static hr_status listen_to(watch *w, hr_child_end *end, hr_text *answer, hr_error *err) {
  message m;
  while (receive(w, &m)) {
    pass_on(w, &m, answer);
    if (m.kind != MESSAGE_END) continue;
    *end = HR_CHILD_RETURNED;
    if (m.status == HR_OK) return hr_text_status(answer, err);
    return hr_fail(err, m.status, "%.*s", (int)m.size, m.text);
  }
  *end = w->too_long ? HR_CHILD_TOO_LONG : HR_CHILD_DIED;
  if (!w->interrupted) return HR_ERR_INTERNAL;
  *end = HR_CHILD_RETURNED;
  return hr_fail(err, HR_ERR_INTERRUPTED, "interrupted");
}

/* Ends the child, takes it off the process table and says how it went. */
static hr_status end_child(pid_t process, hr_status status, hr_child_end *end,
                           hr_error *err) {
  int result = 0;
  kill(process, SIGKILL); /* does nothing where it has ended already */
  while (waitpid(process, &result, 0) < 0 && errno == EINTR) {
  }
  if (*end == HR_CHILD_RETURNED) return status;
  if (WIFSIGNALED(result) && WTERMSIG(result) == SIGXCPU) *end = HR_CHILD_TOO_LONG;
  if (*end == HR_CHILD_TOO_LONG) {
    return hr_fail(err, HR_ERR_INTERNAL, "the child process took too long");
  }
  const char *how = WIFSIGNALED(result) ? strsignal(WTERMSIG(result)) : "no answer";
  return hr_fail(err, HR_ERR_INTERNAL, "the child process ended with: %s", how);
}

hr_status hr_child_run(const hr_child *child, hr_child_end *end, hr_text *answer,
                       hr_error *err) {
  int ends[2] = {-1, -1};
  pid_t parent = getpid();
  *end = HR_CHILD_RETURNED;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot make a pipe");
  }
  pid_t process = fork();
  if (process == 0) work_in_child(child, parent, ends[1]);
  int reason = errno;
  close(ends[1]);
  if (process < 0) {
    close(ends[0]);
    return hr_fail_errno(err, HR_ERR_MEMORY, reason, "cannot start a process");
  }
  watch w = {.child = child,
             .process = process,
             .pipe_end = ends[0],
             .heard_clock = hr_clock_seconds()};
  hr_status status = listen_to(&w, end, answer, err);
  close(ends[0]);
  return end_child(process, status, end, err);
}
