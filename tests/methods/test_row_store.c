/* The row store: the same rows from memory and from a file that nobody sees. */
#include "methods/row_store.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { ROWS = 5, HALF = 3 };

static size_t count_files(const char *folder) {
  size_t count = 0;
  DIR *directory = opendir(folder);
  assert_non_null(directory);
  while (readdir(directory)) count++;
  closedir(directory);
  return count;
}

static void fill(hr_row_store *store) {
  hr_error err;
  for (size_t i = 0; i < ROWS; i++) {
    float flux[HALF] = {(float)i, 1, 2}, sigma[HALF] = {3, 4, (float)i};
    const float *pieces[] = {flux, sigma};
    check_ok(hr_row_store_append(store, pieces, 2, &err));
  }
  assert_int_equal(hr_row_store_rows(store), ROWS);
}

static void rows_come_back(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  const char *folders[] = {NULL, s.path};
  for (size_t k = 0; k < 2; k++) {
    hr_row_store *store = NULL;
    float place[2 * HALF];
    check_ok(hr_row_store_create(ROWS, 2 * HALF, folders[k], &store, &err));
    assert_int_equal(count_files(s.path), 2); /* . and .. */
    fill(store);
    const uint32_t wanted[] = {4, 0, 3};
    hr_row_store_expect(store, wanted, 3);
    for (size_t i = 0; i < 3; i++) {
      const float *row = hr_row_store_get(store, wanted[i], place);
      const float expected[] = {(float)wanted[i], 1, 2, 3, 4, (float)wanted[i]};
      assert_non_null(row);
      assert_memory_equal(row, expected, sizeof expected);
    }
    const float *pieces[] = {place};
    check_fails(hr_row_store_append(store, pieces, 1, &err), HR_ERR_INTERNAL,
                "a row more than the 5 that were announced");
    hr_row_store_destroy(&store);
    assert_null(store);
  }
  scratch_fini(&s);
}

static void failures_are_told(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_row_store *store = NULL;
  float row[2 * HALF] = {0};
  const float *pieces[] = {row};
  check_fails(hr_row_store_create(1, 4, "/nowhere/at/all", &store, &err), HR_ERR_IO,
              "cannot create a file for rows in /nowhere/at/all: No such file or "
              "directory");
  check_ok(hr_row_store_create(ROWS, 2 * HALF, s.path, &store, &err));
  assert_null(hr_row_store_get(store, 2, row)); /* nothing there yet */
  /* A disk that is full, or as good as: files may not grow. */
  struct rlimit before, none = {0, 0};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  none.rlim_max = before.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
  hr_status status = hr_row_store_append(store, pieces, 1, &err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  check_fails(status, HR_ERR_IO,
              "cannot keep the rows of a bin in the run directory: File too large");
  hr_row_store_destroy(&store);
  scratch_fini(&s);
}

static hr_status make(const char *folder) {
  hr_row_store *store = NULL;
  hr_status status = hr_row_store_create(2, 2, folder, &store, NULL);
  hr_row_store_destroy(&store);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  check_alloc_failures(make(NULL));
  check_alloc_failures(make(s.path));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_come_back),
      cmocka_unit_test(failures_are_told),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
