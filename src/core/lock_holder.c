/* Linux lists all locks in /proc/locks:
 *
 *   3: FLOCK  ADVISORY  WRITE 4711 fe:00:5636099 0 EOF
 *
 * with the process, the device in hexadecimal and the inode. */
#include "core/lock_holder.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { LINE_BYTES = 256, NAME_BYTES = 32 };

/* Whether the line is of an exclusive lock of the file; *pid is its process. */
static bool is_holder(const char *line, const struct stat *file, long *pid) {
  char kind[8] = "";
  unsigned major = 0, minor = 0;
  unsigned long inode = 0;
  int found = sscanf(line, "%*d: FLOCK ADVISORY %7s %ld %x:%x:%lu", kind, pid, &major,
                     &minor, &inode);
  return found == 5 && strcmp(kind, "WRITE") == 0 && *pid > 0 && inode == file->st_ino &&
         major == major(file->st_dev) && minor == minor(file->st_dev);
}

static void read_name(long pid, char name[NAME_BYTES]) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/comm", pid);
  FILE *file = fopen(path, "re");
  if (!file || !fgets(name, NAME_BYTES, file)) name[0] = '\0';
  if (file) fclose(file);
  name[strcspn(name, "\n")] = '\0';
}

void hr_lock_holder_find(const char *path, char out[HR_LOCK_HOLDER_BYTES]) {
  char line[LINE_BYTES], name[NAME_BYTES];
  struct stat file;
  long pid = 0;
  out[0] = '\0';
  if (stat(path, &file) != 0) return;
  FILE *locks = fopen("/proc/locks", "re");
  while (locks && fgets(line, sizeof line, locks)) {
    if (!is_holder(line, &file, &pid)) continue;
    read_name(pid, name);
    snprintf(out, HR_LOCK_HOLDER_BYTES, "process %ld%s%s%s", pid, name[0] ? " (" : "",
             name, name[0] ? ")" : "");
    break;
  }
  if (locks) fclose(locks);
}
