/* The lock of a run directory. flock(2) and not a file that is there or not: the kernel
 * gives it back however the process ends, and no run has to guess whether another one is
 * alive. */
#include "session/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"

static const char lock_name[] = "run.lock";
static const char pid_name[] = "run.pid";

/* The lock is opened without waiting: a pipe in its place must not stop a run. */
enum { LINE_BYTES = 512 };

/* Field 22 of /proc/PID/stat; the name before it, in brackets, may hold anything. */
static long long start_of(long long pid) {
  char path[64], line[1024];
  long long started = 0;
  snprintf(path, sizeof path, "/proc/%lld/stat", pid);
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  size_t length = fread(line, 1, sizeof line - 1, file);
  line[length] = '\0';
  fclose(file);
  const char *field = strrchr(line, ')');
  for (int i = 0; field && i < 20; i++) field = strchr(field + 1, ' ');
  if (field) started = strtoll(field, NULL, 10);
  return started;
}

static hr_owner ourselves(void) {
  hr_owner owner = {.pid = getpid()};
  owner.started = start_of(owner.pid);
  if (gethostname(owner.host, sizeof owner.host - 1) != 0) owner.host[0] = '\0';
  return owner;
}

static void read_owner(int descriptor, hr_owner *out) {
  char line[LINE_BYTES];
  *out = (hr_owner){0};
  ssize_t length = pread(descriptor, line, sizeof line - 1, 0);
  if (length <= 0) return;
  line[length] = '\0';
  if (sscanf(line, "%lld %lld %255s", &out->pid, &out->started, out->host) < 2) {
    *out = (hr_owner){0};
  }
}

/* Writes all of a line at the file's start, 0 or an errno. */
static int write_line(int descriptor, const char *line, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t written = pwrite(descriptor, line + at, length - at, (off_t)at);
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) at += (size_t)written;
  }
  return 0;
}

static hr_status write_owner(const char *out_dir, int descriptor, hr_error *err) {
  hr_status status = HR_OK;
  hr_owner owner = ourselves();
  char line[LINE_BYTES], *path = NULL;
  int length =
      snprintf(line, sizeof line, "%lld %lld %s\n", owner.pid, owner.started, owner.host);
  HR_TRY(hr_join_path(out_dir, lock_name, &path, err));
  int failed = ftruncate(descriptor, 0) != 0 ? errno : 0;
  if (!failed) failed = write_line(descriptor, line, (size_t)length);
  if (failed) {
    status = hr_fail_errno(err, HR_ERR_IO, failed, "cannot write %s", path);
    goto cleanup;
  }
  hr_free(path);
  path = NULL;
  length = snprintf(line, sizeof line, "%lld\n", owner.pid);
  HR_TRY(hr_join_path(out_dir, pid_name, &path, err));
  HR_TRY(hr_file_write_fleeting(path, line, (size_t)length, err));
cleanup:
  hr_free(path);
  return status;
}

/* Whether the descriptor's file is still the one of that name: the process that held it
 * before may have removed it between our opening and our locking it. */
static bool is_current(int descriptor, const char *path) {
  struct stat ours, named;
  return fstat(descriptor, &ours) == 0 && stat(path, &named) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* Locks an open file, 0 or an errno; tries for a fifth of a second, since hr_owner_find
 * holds it for a moment. */
static int lock_patiently(int descriptor) {
  enum { TRIES = 10 };
  static const struct timespec moment = {.tv_nsec = 20000000};
  int reason = 0;
  for (int i = 0; i < TRIES; i++) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return 0;
    reason = errno;
    if (reason != EWOULDBLOCK) break;
    nanosleep(&moment, NULL);
  }
  return reason;
}

static hr_status fail_busy(const char *out_dir, hr_error *err) {
  return hr_fail(err, HR_ERR_USAGE,
                 "another run is at work in %s; wait for it, or name another "
                 "directory with %s",
                 out_dir, HR_DOOR_OUT);
}

hr_status hr_owner_check_free(const char *out_dir, hr_error *err) {
  hr_owner owner;
  return hr_owner_find(out_dir, &owner) ? fail_busy(out_dir, err) : HR_OK;
}

static hr_status fail_lock(const char *path, int reason, hr_error *err) {
  if (reason != ENOLCK && reason != ENOSYS && reason != EOPNOTSUPP) {
    return hr_fail_errno(err, HR_ERR_IO, reason, "cannot lock %s", path);
  }
  return hr_fail(err, HR_ERR_IO,
                 "cannot lock %s, as its file system has no locks, which keep two runs "
                 "apart; name a directory on another disk with %s",
                 path, HR_DOOR_OUT);
}

static hr_status lock_file(const char *out_dir, const char *path, int *lock,
                           hr_error *err) {
  for (;;) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor < 0) {
      return hr_fail_errno(err, HR_ERR_IO, errno, "cannot create %s", path);
    }
    int reason = lock_patiently(descriptor);
    bool is_ours = reason == 0 && is_current(descriptor, path);
    if (is_ours) *lock = descriptor;
    if (is_ours) return HR_OK;
    close(descriptor);
    if (reason == 0) continue;
    if (reason == EWOULDBLOCK) return fail_busy(out_dir, err);
    return fail_lock(path, reason, err);
  }
}

hr_status hr_owner_take(const char *out_dir, int *lock, hr_owner *former, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(out_dir, lock_name, &path, err));
  HR_TRY(lock_file(out_dir, path, lock, err));
  read_owner(*lock, former);
  HR_TRY(write_owner(out_dir, *lock, err));
cleanup:
  hr_free(path);
  if (status != HR_OK) hr_owner_release(out_dir, lock);
  return status;
}

static void remove_name(const char *out_dir, const char *name) {
  char *path = NULL;
  if (hr_join_path(out_dir, name, &path, NULL) == HR_OK) unlink(path);
  hr_free(path);
}

void hr_owner_release(const char *out_dir, int *lock) {
  if (*lock < 0) return;
  /* Removed while it is still held, so that no lock is removed but ours. */
  remove_name(out_dir, pid_name);
  remove_name(out_dir, lock_name);
  close(*lock);
  *lock = -1;
}

/* The lock's descriptor, -1: there is none. */
static int open_lock(const char *out_dir) {
  char *path = NULL;
  if (hr_join_path(out_dir, lock_name, &path, NULL) != HR_OK) return -1;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  hr_free(path);
  return descriptor;
}

void hr_owner_find_former(const char *out_dir, hr_owner *out) {
  int descriptor = open_lock(out_dir);
  *out = (hr_owner){0};
  if (descriptor < 0) return;
  read_owner(descriptor, out);
  close(descriptor);
}

bool hr_owner_find(const char *out_dir, hr_owner *out) {
  bool is_held = false;
  int descriptor = open_lock(out_dir);
  *out = (hr_owner){0};
  if (descriptor < 0) return false;
  /* A shared lock, for a moment: two that ask do not see one another. */
  is_held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (is_held) read_owner(descriptor, out);
  close(descriptor);
  return is_held;
}

/* Signals through a descriptor of the process, which cannot come to mean another one
 * between the look at it and the signal. */
static hr_status signal_process(const char *out_dir, const hr_owner *owner, bool *sent,
                                hr_error *err) {
  int process = (int)syscall(SYS_pidfd_open, (pid_t)owner->pid, 0);
  bool has_none = process < 0 && errno == ENOSYS; /* Linux before 5.3 */
  bool is_it = (process >= 0 || has_none) && start_of(owner->pid) == owner->started;
  int failed = 0;
  if (is_it && has_none && kill((pid_t)owner->pid, SIGTERM) != 0) failed = errno;
  if (is_it && !has_none &&
      syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0) != 0) {
    failed = errno;
  }
  if (process >= 0) close(process);
  *sent = is_it && failed == 0;
  if (failed == 0 || failed == ESRCH) return HR_OK;
  return hr_fail_errno(err, HR_ERR_USAGE, failed,
                       "cannot stop process %lld, which is at "
                       "work in %s",
                       owner->pid, out_dir);
}

hr_status hr_owner_terminate(const char *out_dir, bool *sent, hr_error *err) {
  hr_owner owner, here = ourselves();
  *sent = false;
  if (!hr_owner_find(out_dir, &owner)) return HR_OK;
  if (owner.pid == 0) {
    return hr_fail(err, HR_ERR_USAGE,
                   "a process is at work in %s, but %s/%s does not say which; stop it by "
                   "hand",
                   out_dir, out_dir, lock_name);
  }
  if (strcmp(owner.host, here.host) != 0) {
    return hr_fail(err, HR_ERR_USAGE,
                   "process %lld on the machine %s is at work in %s; stop it there",
                   owner.pid, owner.host, out_dir);
  }
  hr_status status = signal_process(out_dir, &owner, sent, err);
  if (status != HR_OK || *sent) return status;
  if (!hr_owner_find(out_dir, &owner)) return HR_OK; /* it has just ended */
  return hr_fail(err, HR_ERR_USAGE,
                 "a process is at work in %s, but it is not number %lld here; stop it by "
                 "hand, perhaps in another container",
                 out_dir, owner.pid);
}
