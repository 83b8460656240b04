#include "study/preflight.h"

#include <math.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "core/file.h"
#include "support/scratch.h"

static const double kib = 1024, mib = 1048576;

/* A machine of files: `path` below the scratch folder. */
static void put(scratch *s, const char *path, const char *text) {
  char folder[4096];
  hr_error err;
  snprintf(folder, sizeof folder, "%s", scratch_name(s, path));
  *strrchr(folder, '/') = '\0';
  check_ok(hr_make_folders(folder, &err));
  scratch_write(s, path, text);
}

static void check_memory(scratch *s, double bytes, const char *limit) {
  hr_resources found;
  hr_resources_find(s->path, s->path, &found);
  check_near(found.memory_bytes, bytes, 0);
  assert_string_equal(found.memory_limit, limit);
}

static void memory_is_what_is_least(void **state) {
  (void)state;
  hr_resources found;
  scratch s;
  scratch_init(&s);
  hr_resources_find(s.path, s.path, &found); /* nothing is known */
  assert_true(isinf(found.memory_bytes));
  put(&s, "proc/meminfo",
      "MemTotal: 9000 kB\nMemAvailable:   5000 kB\nSwapFree: 1000 kB\n");
  check_memory(&s, 6000 * kib, "the machine");
  /* Version 2: the group has no limit, the one around it has. */
  put(&s, "proc/self/cgroup", "0::/outer/inner\n");
  put(&s, "sys/fs/cgroup/outer/inner/memory.max", "max\n");
  put(&s, "sys/fs/cgroup/outer/inner/memory.current", "100\n");
  check_memory(&s, 6000 * kib, "the machine");
  put(&s, "sys/fs/cgroup/outer/memory.max", "4000000\n");
  put(&s, "sys/fs/cgroup/outer/memory.current", "1500000\n");
  check_memory(&s, 2500000, "the control group");
  put(&s, "sys/fs/cgroup/outer/memory.stat", "anon 5\ninactive_file 500000\n");
  check_memory(&s, 3000000, "the control group");
  put(&s, "sys/fs/cgroup/outer/memory.current", "9000000\n");
  check_memory(&s, 0, "the control group");
  /* Version 1. */
  put(&s, "proc/self/cgroup", "5:cpu:/x\n4:memory:/job\n");
  put(&s, "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "3000000\n");
  put(&s, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1000000\n");
  put(&s, "sys/fs/cgroup/memory/job/memory.stat", "total_inactive_file 1\n");
  check_memory(&s, 2000001, "the control group");
  scratch_fini(&s);
}

static void a_limit_of_the_address_space_counts(void **state) {
  (void)state;
#ifndef HR_SANITIZED
  hr_resources found;
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit limit = {(rlim_t)1 << 30, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
  hr_resources_find("/", "/nowhere", &found);
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  check_near(found.memory_bytes, 1024 * mib, 0); /* what is in use is not known */
  assert_string_equal(found.memory_limit, "`ulimit -v`");
  assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
  hr_resources_find("/", "", &found);
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  assert_true(found.memory_bytes < 1024 * mib);
#endif
}

static void disk_is_that_of_the_nearest_folder(void **state) {
  (void)state;
  static const char *const folders[] = {"/proc", "/proc/no/such", "/proc/no/such/folder"};
  hr_resources found;
  struct statvfs info;
  for (size_t i = 0; i < 3; i++) { /* /proc has no room at all */
    hr_resources_find(folders[i], "", &found);
    check_near(found.disk_bytes, 0, 0);
  }
  hr_resources_find("no-such-folder-here", "", &found);
  assert_int_equal(statvfs(".", &info), 0);
  check_near(found.disk_bytes / ((double)info.f_bavail * (double)info.f_frsize), 1, 0.2);
}

static void too_little_is_refused_with_a_remedy(void **state) {
  (void)state;
  hr_error err;
  const hr_cost cost = {.memory_bytes = 900 * mib, .disk_bytes = 45e6};
  hr_resources enough = {900 * mib, "the machine", 45e6};
  check_ok(hr_preflight(&cost, &enough, "runs/x", &err));
  hr_resources little = {700.5 * mib, "the control group", 45e6};
  check_fails(hr_preflight(&cost, &little, "runs/x", &err), HR_ERR_MEMORY,
              "the study takes up to 900 MiB of memory and the control group has 700 "
              "left; end other programs, lower run.memory_mib, or try it all the same "
              "with --no-preflight");
  hr_resources full = {900 * mib, "the machine", 12.5e6};
  check_fails(hr_preflight(&cost, &full, "runs/x", &err), HR_ERR_IO,
              "the study writes about 45 MB and the disk of runs/x has 12 left; make "
              "room, name a directory on another disk with --out, or try it all the same "
              "with --no-preflight");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_what_is_least),
      cmocka_unit_test(a_limit_of_the_address_space_counts),
      cmocka_unit_test(disk_is_that_of_the_nearest_folder),
      cmocka_unit_test(too_little_is_refused_with_a_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
