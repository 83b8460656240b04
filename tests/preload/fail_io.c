/* A disk that fails, put under a program with LD_PRELOAD
 * (tests/python/test_failing_calls.py).
 *
 *   FAIL_IO=write:17:EIO      the 17th write under FAIL_IO_UNDER fails with EIO
 *   FAIL_IO=write:17:ENOSPC+  and every one after it
 *   FAIL_IO=read:3:short      the 3rd read gives half of what was asked for
 *   FAIL_IO_COUNTS=FILE       at the end, how many calls of each kind there were
 *
 * Kinds are open, read, write, fsync and rename; only files below the folder
 * FAIL_IO_UNDER count, so that the C library's own are left alone. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef enum io_kind {
  IO_OPEN,
  IO_READ,
  IO_WRITE,
  IO_FSYNC,
  IO_RENAME,
  IO_KINDS
} io_kind;

static const char *const names[IO_KINDS] = {"open", "read", "write", "fsync", "rename"};

enum { MOST_FILES = 4096, SHORT = -1 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long counts[IO_KINDS], failing_at;
static io_kind failing_kind;
static int failure; /* an errno, or SHORT; 0: none */
static bool goes_on;
static bool is_below[MOST_FILES]; /* by descriptor */
static const char *folder;

/* The next function of that name; dlsym's object pointers are not ISO C's functions. */
#define next_call(name, pointer)                         \
  do {                                                   \
    void *next_address_ = dlsym(RTLD_NEXT, name);        \
    memcpy(&(pointer), &next_address_, sizeof(pointer)); \
  } while (0)

__attribute__((constructor)) static void set_up(void) {
  static const struct {
    const char *name;
    int number;
  } errors[] = {{"EIO", EIO},     {"ENOSPC", ENOSPC}, {"EINTR", EINTR},
                {"short", SHORT}, {"EMFILE", EMFILE}, {"EACCES", EACCES}};
  char kind[16] = "", error[16] = "";
  const char *order = getenv("FAIL_IO");
  folder = getenv("FAIL_IO_UNDER");
  if (!order ||
      sscanf(order, "%15[a-z]:%lu:%15[A-Za-z]", kind, &failing_at, error) != 3) {
    return;
  }
  for (int i = 0; i < IO_KINDS; i++) {
    if (strcmp(names[i], kind) == 0) failing_kind = (io_kind)i;
  }
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
    if (strcmp(errors[i].name, error) == 0) failure = errors[i].number;
  }
  goes_on = order[strlen(order) - 1] == '+';
}

__attribute__((destructor)) static void tell_counts(void) {
  const char *path = getenv("FAIL_IO_COUNTS");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  for (int i = 0; i < IO_KINDS; i++) fprintf(file, "%s %lu\n", names[i], counts[i]);
  fclose(file);
}

static bool path_counts(const char *path) {
  return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static bool file_counts(int descriptor) {
  return descriptor >= 0 && descriptor < MOST_FILES && is_below[descriptor];
}

/* Counts a call; what it has to fail with, 0: nothing. */
static int count_call(io_kind kind) {
  pthread_mutex_lock(&mutex);
  unsigned long number = ++counts[kind];
  bool fails = failure && kind == failing_kind &&
               (number == failing_at || (goes_on && number > failing_at));
  pthread_mutex_unlock(&mutex);
  return fails ? failure : 0;
}

static int open_as(const char *name, const char *path, int flags, mode_t mode) {
  int (*next)(const char *, int, ...) = NULL;
  next_call(name, next);
  int failed = path_counts(path) ? count_call(IO_OPEN) : 0;
  if (failed > 0) {
    errno = failed;
    return -1;
  }
  int descriptor = next(path, flags, mode);
  if (descriptor >= 0 && descriptor < MOST_FILES) {
    is_below[descriptor] = path_counts(path);
  }
  return descriptor;
}

static mode_t mode_of(int flags, va_list arguments) {
  return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_as("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_as("open64", path, flags, mode);
}

/* The next file with this number is another one, and may not come through open here. */
int close(int descriptor) {
  int (*next)(int) = NULL;
  next_call("close", next);
  if (descriptor >= 0 && descriptor < MOST_FILES) is_below[descriptor] = false;
  return next(descriptor);
}

/* Counts a transfer; false where it fails. A short one asks for half. */
static bool may_transfer(io_kind kind, int descriptor, size_t *size) {
  int failed = file_counts(descriptor) ? count_call(kind) : 0;
  if (failed == SHORT && *size > 1) *size /= 2;
  if (failed > 0) errno = failed;
  return failed <= 0;
}

ssize_t read(int descriptor, void *bytes, size_t size) {
  ssize_t (*next)(int, void *, size_t) = NULL;
  next_call("read", next);
  return may_transfer(IO_READ, descriptor, &size) ? next(descriptor, bytes, size) : -1;
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t at) {
  ssize_t (*next)(int, void *, size_t, off_t) = NULL;
  next_call("pread", next);
  return may_transfer(IO_READ, descriptor, &size) ? next(descriptor, bytes, size, at)
                                                  : -1;
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off64_t at) {
  ssize_t (*next)(int, void *, size_t, off64_t) = NULL;
  next_call("pread64", next);
  return may_transfer(IO_READ, descriptor, &size) ? next(descriptor, bytes, size, at)
                                                  : -1;
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
  ssize_t (*next)(int, const void *, size_t) = NULL;
  next_call("write", next);
  return may_transfer(IO_WRITE, descriptor, &size) ? next(descriptor, bytes, size) : -1;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
  ssize_t (*next)(int, const void *, size_t, off_t) = NULL;
  next_call("pwrite", next);
  return may_transfer(IO_WRITE, descriptor, &size) ? next(descriptor, bytes, size, at)
                                                   : -1;
}

int fsync(int descriptor) {
  int (*next)(int) = NULL;
  next_call("fsync", next);
  int failed = file_counts(descriptor) ? count_call(IO_FSYNC) : 0;
  if (failed > 0) errno = failed;
  return failed > 0 ? -1 : next(descriptor);
}

int rename(const char *from, const char *to) {
  int (*next)(const char *, const char *) = NULL;
  next_call("rename", next);
  int failed = path_counts(to) ? count_call(IO_RENAME) : 0;
  if (failed > 0) errno = failed;
  return failed > 0 ? -1 : next(from, to);
}
