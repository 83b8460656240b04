/* What the machine has left: memory by the kernel, by control groups and by limits of
 * the process, the least of them, and the disk. Files of /proc and /sys are read below a
 * root that tests can choose. */
#include "study/preflight.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"

enum { LINE_BYTES = 4096 };

static FILE *open_below(const char *root, const char *path) {
  char name[LINE_BYTES];
  int length = snprintf(name, sizeof name, "%s%s", root, path);
  return length > 0 && length < LINE_BYTES ? fopen(name, "re") : NULL;
}

/* The first number of a file; HUGE_VAL where there is none ("max", or no such file). */
static double read_number(const char *root, const char *path) {
  double value = HUGE_VAL;
  FILE *file = open_below(root, path);
  if (!file) return value;
  if (fscanf(file, "%lf", &value) != 1) value = HUGE_VAL;
  fclose(file);
  return value;
}

/* The number behind `key` at the beginning of a line; `otherwise` where there is none. */
static double read_key(const char *root, const char *path, const char *key,
                       double otherwise) {
  char line[LINE_BYTES];
  size_t length = strlen(key);
  FILE *file = open_below(root, path);
  double value = otherwise;
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, length) != 0) continue;
    value = strtod(line + length, NULL);
    break;
  }
  if (file) fclose(file);
  return value;
}

static double kernel_bytes(const char *root) {
  double available = read_key(root, "/proc/meminfo", "MemAvailable:", HUGE_VAL);
  double swap = read_key(root, "/proc/meminfo", "SwapFree:", 0);
  return 1024 * (available + swap);
}

/* What a control group allows beyond what it uses; the page cache in it can be had back.
 */
static double group_bytes(const char *root, const char *folder, bool is_second) {
  char limit[2 * LINE_BYTES], used[2 * LINE_BYTES], stat[2 * LINE_BYTES];
  snprintf(limit, sizeof limit, "%s/%s", folder,
           is_second ? "memory.max" : "memory.limit_in_bytes");
  snprintf(used, sizeof used, "%s/%s", folder,
           is_second ? "memory.current" : "memory.usage_in_bytes");
  snprintf(stat, sizeof stat, "%s/%s", folder, "memory.stat");
  double most = read_number(root, limit), now = read_number(root, used);
  if (isinf(most) || isinf(now)) return HUGE_VAL;
  double cache =
      read_key(root, stat, is_second ? "inactive_file " : "total_inactive_file ", 0);
  return fmax(0, most - now + cache);
}

/* The least over the group of this process and all that it is in. */
static double least_of_groups(const char *root, const char *mount, char *group,
                              bool is_second) {
  double least = HUGE_VAL;
  for (;;) {
    char folder[LINE_BYTES + 64];
    snprintf(folder, sizeof folder, "%s%s", mount, group);
    least = fmin(least, group_bytes(root, folder, is_second));
    char *slash = strrchr(group, '/');
    if (!slash) return least;
    *slash = '\0';
  }
}

static double groups_bytes(const char *root) {
  char line[LINE_BYTES];
  double least = HUGE_VAL;
  FILE *file = open_below(root, "/proc/self/cgroup");
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    char *group = strrchr(line, ':');
    bool is_second = strncmp(line, "0::", 3) == 0;
    if (!group || (!is_second && !strstr(line, ":memory:"))) continue;
    const char *mount = is_second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    least = fmin(least, least_of_groups(root, mount, group + 1, is_second));
  }
  if (file) fclose(file);
  return least;
}

/* What `ulimit -v` allows beyond the address space in use. */
static double limit_bytes(const char *root) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return HUGE_VAL;
  }
  double used = read_number(root, "/proc/self/statm") * (double)sysconf(_SC_PAGESIZE);
  return fmax(0, (double)limit.rlim_cur - (isinf(used) ? 0 : used));
}

static double free_bytes(const char *folder) {
  char *path = NULL;
  struct statvfs info;
  double bytes = HUGE_VAL;
  if (hr_copy_text(folder, &path, NULL) != HR_OK) return bytes;
  while (statvfs(path, &info) != 0) {
    char *slash = strrchr(path, '/');
    bool is_relative = !slash;
    if (is_relative || slash == path) {
      if (statvfs(is_relative ? "." : "/", &info) != 0) goto cleanup;
      break;
    }
    *slash = '\0';
  }
  bytes = (double)info.f_bavail * (double)info.f_frsize;
cleanup:
  hr_free(path);
  return bytes;
}

void hr_resources_find(const char *folder, const char *root, hr_resources *out) {
  double group = groups_bytes(root), limit = limit_bytes(root);
  out->memory_bytes = kernel_bytes(root);
  out->memory_limit = "the machine";
  if (group < out->memory_bytes) {
    out->memory_bytes = group;
    out->memory_limit = "the control group";
  }
  if (limit < out->memory_bytes) {
    out->memory_bytes = limit;
    out->memory_limit = "`ulimit -v`";
  }
  out->disk_bytes = free_bytes(folder);
}

hr_status hr_preflight(const hr_cost *cost, const hr_resources *resources,
                       const char *out_dir, hr_error *err) {
  const double mebibyte = 1048576;
  if (cost->memory_bytes > resources->memory_bytes) {
    return hr_fail(err, HR_ERR_MEMORY,
                   "the study takes up to %.0f MiB of memory and %s has %.0f left; end "
                   "other programs, lower run.memory_mib, or try it all the same with "
                   "%s",
                   ceil(cost->memory_bytes / mebibyte), resources->memory_limit,
                   floor(resources->memory_bytes / mebibyte), HR_DOOR_NO_PREFLIGHT);
  }
  if (cost->disk_bytes > resources->disk_bytes) {
    return hr_fail(
        err, HR_ERR_IO,
        "the study writes about %.0f MB and the disk of %s has %.0f left; make "
        "room, name a directory on another disk with %s, or try it all the same with %s",
        ceil(1e-6 * cost->disk_bytes), out_dir, floor(1e-6 * resources->disk_bytes),
        HR_DOOR_OUT, HR_DOOR_NO_PREFLIGHT);
  }
  return HR_OK;
}
