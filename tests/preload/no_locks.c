/* A file system without locks, as NFS without its lock daemon is, put under a program
 * with LD_PRELOAD (tests/python/test_files.py).
 *
 *   NO_LOCKS=37           the errno with which flock fails
 *   NO_LOCKS_UNDER=FOLDER of files below that folder alone */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_below(int descriptor, const char *folder) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return strncmp(path, folder, strlen(folder)) == 0;
}

int flock(int descriptor, int operation) {
  const char *number = getenv("NO_LOCKS"), *folder = getenv("NO_LOCKS_UNDER");
  if (number && (!folder || is_below(descriptor, folder))) {
    errno = (int)strtol(number, NULL, 10);
    return -1;
  }
  int (*next)(int, int) = NULL;
  void *address = dlsym(RTLD_NEXT, "flock");
  memcpy(&next, &address, sizeof next);
  return next(descriptor, operation);
}
