/* What is written down of one file; test_dataset.c has the sentences about files that are
 * no shards. */
#include "data/shard.h"

#include <sys/stat.h>

#include "support/shards.h"

static char path[256];

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "shard.h5");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static void a_shard_is_described(void **state) {
  (void)state;
  hr_error err = {0};
  hr_shard shard = {0};
  struct stat info;
  shard_spec spec = shard_spec_default(path);
  shard_write(&spec);
  check_ok(hr_shard_read(path, NULL, &shard, &err));
  assert_string_equal(shard.path, path);
  assert_int_equal(shard.rows, 6);
  assert_int_equal(shard.pixels, 4);
  for (size_t p = 0; p < 4; p++) check_near(shard.wave[p], 7100 + 0.4 * (double)p, 0);
  assert_null(shard.noisy_path);
  assert_int_equal(stat(path, &info), 0);
  assert_true(shard.file_bytes == (uint64_t)info.st_size);
  assert_true(shard.inode == (uint64_t)info.st_ino);
  hr_shard_fini(&shard);
  assert_null(shard.wave);
  hr_shard_fini(&shard); /* twice does no harm */
}

/* Beside flux and error, or at the root, as some files have it. */
static void noisy_flux_is_found(void **state) {
  (void)state;
  hr_error err = {0};
  hr_shard shard = {0};
  shard_spec spec = shard_spec_default(path);
  spec.with_noisy = true;
  for (int at_root = 0; at_root < 2; at_root++) {
    spec.noisy_at_root = at_root;
    shard_write(&spec);
    check_ok(hr_shard_read(path, NULL, &shard, &err));
    assert_string_equal(shard.noisy_path,
                        at_root ? "/noisy" : "/dataset/arrays/noisy/value");
    hr_shard_fini(&shard);
  }
}

/* A grid that is no grid; the file's description is of no use then. */
static void grids_have_to_increase(void **state) {
  (void)state;
  char expected[512];
  hr_error err = {0};
  hr_shard shard = {0};
  const double wave[4] = {7100, 7101, 7101, 7102};
  shard_spec spec = shard_spec_default(path);
  spec.wave = wave;
  shard_write(&spec);
  snprintf(expected, sizeof expected,
           "%s: /spectrumdataset/wave does not increase from pixel 1 to 2 (7101, 7101)",
           path);
  check_fails(hr_shard_read(path, NULL, &shard, &err), HR_ERR_DATA, expected);
  hr_shard_fini(&shard);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_shard_is_described, set_up, tear_down),
      cmocka_unit_test_setup_teardown(noisy_flux_is_found, set_up, tear_down),
      cmocka_unit_test_setup_teardown(grids_have_to_increase, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
