/* Sums in a file: the same when they are read back, and nothing else is taken for them.
 */
#include "methods/ridge/gathered.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 30, TARGETS = 2, ROWS = 90, FOLDS = 2 };

static const hr_gathered_shape shape = {PIXELS, TARGETS, FOLDS, ROWS, 0, false};
static hr_tiles *tiles;
static scratch place;

static int set_up(void **state) {
  (void)state;
  hr_error err;
  scratch_init(&place);
  check_ok(hr_tiles_create(&hr_compute_blas, &tiles, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_tiles_destroy(&tiles);
  scratch_fini(&place);
  return 0;
}

static hr_scatter *make(size_t rows) {
  hr_error err;
  hr_scatter *sums = NULL;
  float x[PIXELS];
  check_ok(hr_scatter_create_for(PIXELS, TARGETS, tiles, &sums, &err));
  for (size_t i = 0; i < rows; i++) {
    hr_normal(5, HR_STREAM_NOISE_TRAIN, i, 0, PIXELS, x);
    const double y[TARGETS] = {(double)x[0], (double)x[1] - 3};
    hr_scatter_add(sums, x, y);
  }
  hr_scatter_finish(sums);
  return sums;
}

static void check_same(hr_scatter *a, hr_scatter *b) {
  hr_scatter_array of_a[HR_SCATTER_ARRAYS], of_b[HR_SCATTER_ARRAYS];
  assert_int_equal(hr_scatter_rows(a), hr_scatter_rows(b));
  hr_scatter_arrays(a, of_a);
  hr_scatter_arrays(b, of_b);
  for (size_t i = 0; i < HR_SCATTER_ARRAYS; i++) {
    assert_int_equal(of_a[i].count, of_b[i].count);
    assert_memory_equal(of_a[i].values, of_b[i].values, of_a[i].count * sizeof(double));
  }
}

/* One fold with rows and, where asked for, one without. */
static hr_status leave(const char *path, hr_scatter *sums, hr_scatter *second,
                       hr_error *err) {
  hr_status status = HR_OK;
  hr_gathered file;
  HR_TRY(hr_gathered_create(path, &shape, &file, err));
  HR_TRY(hr_gathered_put_sums(&file, sums, err));
  HR_TRY(hr_gathered_put_sums(&file, second, err));
  HR_TRY(hr_gathered_commit(&file, err));
cleanup:
  hr_gathered_fini(&file);
  return status;
}

static void sums_come_back(void **state) {
  (void)state;
  hr_error err;
  hr_gathered file;
  hr_scatter *sums = make(ROWS), *none = make(0), *first = make(0), *second = make(0);
  const char *path = scratch_name(&place, "sums");
  check_alloc_failures(leave(path, sums, none, NULL));
  check_ok(hr_gathered_check(path, &shape, &err));
  check_ok(hr_gathered_open(path, &shape, &file, &err));
  check_ok(hr_gathered_get_sums(&file, first, &err));
  check_ok(hr_gathered_get_sums(&file, second, &err));
  check_ok(hr_gathered_end(&file, &err));
  hr_gathered_fini(&file);
  check_same(first, sums);
  check_same(second, none);
  hr_scatter_destroy(&sums);
  hr_scatter_destroy(&none);
  hr_scatter_destroy(&first);
  hr_scatter_destroy(&second);
}

/* Its size is known before. */
static void a_file_is_as_large_as_was_said(void **state) {
  (void)state;
  struct stat info;
  hr_error err;
  hr_scatter *sums = make(ROWS);
  const char *path = scratch_name(&place, "size");
  check_ok(leave(path, sums, sums, &err));
  assert_int_equal(stat(path, &info), 0);
  check_near((double)info.st_size, hr_gathered_bytes(&shape), 0);
  hr_scatter_destroy(&sums);
  /* P²/2 numbers a fold, but for tiles that are whole on the diagonal. */
  const hr_gathered_shape large = {4096, 1, 5, 1000, 0, false};
  check_near(hr_gathered_bytes(&large), 5 * 4096.0 * 4096 / 2 * 8, 0.13 * 4e8);
}

/* What was begun and not ended leaves nothing. */
static void half_a_file_is_none(void **state) {
  (void)state;
  hr_error err;
  hr_gathered file;
  char path[4096];
  snprintf(path, sizeof path, "%s", scratch_name(&place, "half"));
  check_ok(hr_gathered_create(path, &shape, &file, &err));
  hr_gathered_fini(&file);
  assert_false(hr_folder_has(place.path, "half"));
  assert_false(hr_folder_has(place.path, "half.part"));
  assert_int_equal(hr_gathered_check(path, &shape, &err), HR_ERR_IO);
  assert_non_null(strstr(err.message, "cannot read "));
  assert_int_equal(hr_gathered_create("/nowhere/sums", &shape, &file, &err), HR_ERR_IO);
  assert_string_equal(err.message,
                      "cannot write /nowhere/sums: No such file or directory");
  hr_gathered_fini(&file);
}

static void check_damaged(const char *path, const hr_gathered_shape *as) {
  hr_error err;
  char sentence[4300];
  snprintf(
      sentence, sizeof sentence,
      "%s is damaged: it is not what a part of this study left there; remove it, and "
      "run again what it was gathered by",
      path);
  check_fails(hr_gathered_check(path, as, &err), HR_ERR_DATA, sentence);
}

static void what_is_not_whole_is_refused(void **state) {
  (void)state;
  hr_error err;
  struct stat info;
  char path[4096];
  hr_scatter *sums = make(ROWS);
  hr_gathered_shape other = shape;
  snprintf(path, sizeof path, "%s", scratch_name(&place, "damaged"));
  check_ok(leave(path, sums, sums, &err));
  other.rows++;
  check_damaged(path, &other);
  assert_int_equal(stat(path, &info), 0);
  for (long at = 0; at < info.st_size; at += 1999) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 4, file);
    fclose(file);
    check_damaged(path, &shape);
    file = fopen(path, "r+b");
    fseek(file, at, SEEK_SET);
    fputc(byte, file);
    fclose(file);
  }
  check_ok(hr_gathered_check(path, &shape, &err));
  assert_int_equal(truncate(path, info.st_size - 9), 0);
  check_damaged(path, &shape);
  assert_int_equal(truncate(path, 20), 0);
  check_damaged(path, &shape);
  hr_scatter_destroy(&sums);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_come_back),
      cmocka_unit_test(a_file_is_as_large_as_was_said),
      cmocka_unit_test(half_a_file_is_none),
      cmocka_unit_test(what_is_not_whole_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
