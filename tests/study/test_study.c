#include "headroom/study.h"

#include <dirent.h>

#include "headroom/report.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

/* Whole studies and their reports in one process, as programs that use the library do. */
enum { TRAIN_ROWS = 40, TEST_ROWS = 12, PIXELS = 5, RUNS = 24, SETTLED = 8 };

static scratch s;
static hr_error err;

/* Rows in both of two bins, labels that the flux tells. */
static void write_shard(const char *name, size_t rows) {
  static double t_eff[TRAIN_ROWS], log_g[TRAIN_ROWS], m_h[TRAIN_ROWS], snr[TRAIN_ROWS];
  static double flux[TRAIN_ROWS * PIXELS], error[TRAIN_ROWS * PIXELS];
  char path[sizeof s.name];
  snprintf(path, sizeof path, "%s", scratch_name(&s, name));
  for (size_t i = 0; i < rows; i++) {
    t_eff[i] = i % 2 ? 1.5 : 2.5;
    log_g[i] = 1 + (double)(7 * i % 40) / 10;
    m_h[i] = 0.5;
    snr[i] = 5 + (double)(i % 10);
    for (size_t p = 0; p < PIXELS; p++) {
      flux[i * PIXELS + p] = 1 + 0.1 * log_g[i] * (double)(p + 1);
      error[i * PIXELS + p] = 0.05;
    }
  }
  shard_spec spec = shard_spec_default(path);
  spec.rows = rows;
  spec.pixels = PIXELS;
  spec.flux = flux;
  spec.error = error;
  spec.columns[0] = (shard_column){"T_eff", t_eff};
  spec.columns[1] = (shard_column){"log_g", log_g};
  spec.columns[2] = (shard_column){"M_H", m_h};
  spec.columns[3] = (shard_column){"snr", snr};
  spec.column_count = 4;
  shard_write(&spec);
}

static int prepare(void **state) {
  (void)state;
  char yaml[512];
  scratch_init(&s);
  write_shard("train.h5", TRAIN_ROWS);
  write_shard("test.h5", TEST_ROWS);
  snprintf(
      yaml, sizeof yaml,
      "experiment: {id: E}\n"
      "data: {train: [train.h5], test: test.h5, root: %s, noise: {test: generated}}\n"
      "binning: {T_eff: [1, 2, 3], M_H: [0, 1]}\n"
      "experts: {ridge: {alpha: [1, 10]}, posterior: }\n",
      s.path);
  scratch_write(&s, "study.yaml", yaml);
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
  const hr_study_options options = {
      .config_path = config, .out_dir = out, .mode = HR_STUDY_RESTART};
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

static void test_runs_in_a_row_leave_nothing(void **state) {
  (void)state;
  size_t files = 0;
  long memory = 0;
  for (size_t i = 0; i < RUNS; i++) {
    check_ok(run_study());
    if (i + 1 != SETTLED) continue;
    files = open_files();
    memory = resident_kib();
  }
  print_message("%zu files open; %ld KiB after %d runs, %ld KiB after %d\n", files,
                memory, SETTLED, resident_kib(), RUNS);
  assert_int_equal(open_files(), files);
#if !defined(HR_SANITIZED) /* sanitizers keep what was freed, to know it */
  assert_true(resident_kib() - memory < 1024);
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
