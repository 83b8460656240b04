#include "headroom/study.h"

#include <dirent.h>

#include "headroom/report.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/study_files.h"

/* Whole studies and their reports in one process, as programs that use the library do. */
enum { RUNS = 24 };

static scratch s;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* A study and its report in the same directory each time. */
static hr_status run_study(void) {
  char config[sizeof s.name], out[sizeof s.name], *run_dir = NULL;
  snprintf(config, sizeof config, "%s/study.yaml", s.path);
  snprintf(out, sizeof out, "%s/run", s.path);
  const hr_study_options options = {.size = sizeof options,
                                    .config_path = config,
                                    .out_dir = out,
                                    .mode = HR_STUDY_RESTART};
  err = (hr_error){0};
  hr_status status = hr_study_run(&options, NULL, &run_dir, &err);
  if (status == HR_OK) status = hr_report_write(run_dir, NULL, &err);
  hr_text_free(run_dir);
  return status;
}

static size_t open_files(void) {
  size_t count = 0;
  DIR *folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

/* Pages of memory that are this process' own. */
static long resident_kib(void) {
  long all = 0, resident = 0, shared = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld %ld", &all, &resident, &shared), 3);
  fclose(file);
  return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What is left behind grows from third to third; an arena of the allocator, of several
 * MiB, comes once, and may come late. */
static void test_runs_in_a_row_leave_nothing(void **state) {
  (void)state;
  enum { THIRD = RUNS / 3 };
  size_t files = 0;
  long memory[3] = {0};
  for (size_t i = 0; i < RUNS; i++) {
    check_ok(run_study());
    if ((i + 1) % THIRD == 0) memory[i / THIRD] = resident_kib();
    if (i + 1 == THIRD) files = open_files();
  }
  print_message(
      "%zu files open; %ld KiB after %d runs, %ld KiB after %d, %ld KiB after "
      "%d\n",
      files, memory[0], THIRD, memory[1], 2 * THIRD, memory[2], RUNS);
  assert_int_equal(open_files(), files);
#if !defined(HR_SANITIZED) /* sanitizers keep what was freed, to know it */
  assert_true(memory[1] - memory[0] < 512 || memory[2] - memory[1] < 512);
#endif
}

static size_t count_allocations(void) {
  fail_alloc_at(SIZE_MAX);
  check_ok(run_study());
  size_t count = SIZE_MAX - fail_alloc_left();
  fail_alloc_at(0);
  return count;
}

/* Fails allocation `n`: the study ends well all the same, or says what was missing. */
static void check_without_memory(size_t n) {
  fail_alloc_at(n);
  hr_status status = run_study();
  fail_alloc_at(0);
  if (status == HR_OK) return;
  if (!strstr(err.message, "memory")) print_error("%zu: %s\n", n, err.message);
  assert_true(status == HR_ERR_MEMORY || status == HR_ERR_DATA);
  assert_non_null(strstr(err.message, "memory"));
}

/* Each over the ruins of the one before. `make hostile` tries every allocation. */
static void test_every_allocation_may_fail(void **state) {
  (void)state;
  size_t files = open_files();
  size_t count = count_allocations();
  size_t step = getenv("HR_EVERY_ALLOCATION") ? 1 : count / 16;
  print_message("%zu allocations, every %zuth fails\n", count, step);
  assert_true(count > 100);
  for (size_t n = 1; n <= count; n += step) check_without_memory(n);
  check_ok(run_study());
  assert_int_equal(open_files(), files);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_runs_in_a_row_leave_nothing),
      cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, prepare, tidy);
}
