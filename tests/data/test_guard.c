#include "data/guard.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "support/shards.h"

static char path[256], expected[1024];

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "guard.h5");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

/* The sentence about the file. */
static const char *told(const char *after) {
  snprintf(expected, sizeof expected, "%s%s", path, after);
  return expected;
}

static hr_status guard(hr_child_work *work, const void *context, hr_error *err) {
  hr_text answer;
  hr_text_init(&answer);
  hr_status status = hr_guard_file(path, work, context, NULL, &answer, err);
  hr_text_fini(&answer);
  return status;
}

static hr_status crash(const void *context, const hr_observer *observer, hr_text *answer,
                       hr_error *err) {
  (void)context, (void)observer, (void)answer, (void)err;
  _exit(1);
}

/* As a library does that finds its own memory damaged. */
static hr_status give_up(const void *context, const hr_observer *observer,
                         hr_text *answer, hr_error *err) {
  (void)context, (void)observer, (void)answer, (void)err;
  signal(SIGABRT, SIG_DFL); /* sanitizers catch it */
  abort();
}

static hr_status loop(const void *context, const hr_observer *observer, hr_text *answer,
                      hr_error *err) {
  (void)context, (void)observer, (void)answer, (void)err;
  for (volatile int turning = 1; turning;) continue;
  return HR_OK;
}

static hr_status swallow(const void *context, const hr_observer *observer,
                         hr_text *answer, hr_error *err) {
  (void)context, (void)observer, (void)answer;
  char *bytes = NULL;
  hr_status status = hr_alloc(&bytes, (size_t)1 << 31, err);
  hr_free(bytes);
  return status;
}

static void tells_what_became_of_the_reader(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(guard(crash, NULL, &err), HR_ERR_FORMAT,
              told(" damages the HDF5 library that reads it (the child process ended "
                   "with: no answer); make it anew or get it again"));
  check_fails(guard(give_up, NULL, &err), HR_ERR_FORMAT,
              told(" damages the HDF5 library that reads it (the child process ended "
                   "with: Aborted); make it anew or get it again"));
  check_fails(
      guard(loop, NULL, &err), HR_ERR_FORMAT,
      told(" keeps the HDF5 library busy for longer than a sound file of its size "
           "can; make it anew or get it again"));
  check_fails(guard(swallow, NULL, &err), HR_ERR_FORMAT,
              told(" takes more than the 1024 MiB of memory that a sound file of its "
                   "size can; make it anew or get it again"));
}

/* --- vetting --- */

typedef struct heard {
  size_t reports;
  uint64_t done;
} heard;

static void hear(void *context, const hr_progress *progress) {
  heard *h = context;
  assert_string_equal(progress->stage, "vetting spectra");
  h->reports++;
  h->done = progress->done;
}

static void lets_good_files_pass(void **state) {
  (void)state;
  hr_error err = {0};
  heard h = {0};
  hr_observer observer = {.context = &h, .progress = hear};
  shard_spec spec = shard_spec_default(path);
  spec.with_noisy = true;
  shard_write(&spec);
  check_ok(hr_vet_file(path, &(hr_vet_options){.skip_spectra = true}, &observer, &err));
  assert_int_equal(h.reports, 0);
  const hr_vet_options usual = hr_vet_options_default();
  check_ok(hr_vet_file(path, &usual, &observer, &err));
  assert_true(h.reports > 0 && h.done == spec.rows);
}

/* Values are the study's to judge, after it has read them. */
static void leaves_values_alone(void **state) {
  (void)state;
  hr_error err = {0};
  double flux[24] = {NAN};
  shard_spec spec = shard_spec_default(path);
  spec.flux = flux;
  shard_write(&spec);
  check_ok(hr_vet_file(path, &(hr_vet_options){0}, NULL, &err));
}

/* Overwrites the bytes of the file from `at` on. */
static void overwrite(long at, const char *bytes, size_t size) {
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  assert_int_equal(fseek(file, at, SEEK_SET), 0);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

static long chunk_address(const char *object_path) {
  haddr_t address = 0;
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t set = H5Dopen2(file, object_path, H5P_DEFAULT);
  hid_t space = H5Dget_space(set);
  hsize_t first[2] = {0};
  assert_true(H5Dget_chunk_info(set, space, 0, first, NULL, &address, NULL) >= 0);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  return (long)address;
}

static void finds_damaged_chunks(void **state) {
  (void)state;
  hr_error err = {0};
  shard_spec spec = shard_spec_default(path);
  spec.chunk_rows = 6;
  spec.chunk_pixels = 4;
  spec.gzip = spec.with_noisy = true;
  shard_write(&spec);
  overwrite(chunk_address("/dataset/arrays/noisy/value"), "damaged", 7);
  check_ok(hr_vet_file(path, &(hr_vet_options){.skip_spectra = true}, NULL, &err));
  check_fails(hr_vet_file(path, &(hr_vet_options){0}, NULL, &err), HR_ERR_FORMAT,
              told(": cannot read rows 0 to 5 of /dataset/arrays/noisy/value, the file "
                   "may be damaged: inflate() failed"));
}

static void tells_of_missing_files(void **state) {
  (void)state;
  hr_error err = {0};
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory", path);
  check_fails(hr_vet_file(path, &(hr_vet_options){0}, NULL, &err), HR_ERR_MISSING,
              expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(tells_what_became_of_the_reader, set_up, tear_down),
      cmocka_unit_test_setup_teardown(lets_good_files_pass, set_up, tear_down),
      cmocka_unit_test_setup_teardown(leaves_values_alone, set_up, tear_down),
      cmocka_unit_test_setup_teardown(finds_damaged_chunks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_of_missing_files, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
