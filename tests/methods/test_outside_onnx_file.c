/* Telling whether an ONNX file changed, with the files beside it that have its weights.
 */
#include "methods/outside/onnx_file.h"

#include <sys/stat.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static hr_error err;
static scratch place;

static int set_up(void **state) {
  (void)state;
  scratch_init(&place);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&place);
  return 0;
}

static uint64_t print_of(void) {
  uint64_t print = 0;
  char path[256];
  snprintf(path, sizeof path, "%s/m.onnx", place.path);
  check_ok(hr_onnx_file_print(path, &print, &err));
  return print;
}

static void other_bytes_are_another_model(void **state) {
  (void)state;
  scratch_write(&place, "m.onnx", "one");
  uint64_t one = print_of();
  assert_true(print_of() == one);
  scratch_write(&place, "m.onnx", "two");
  assert_true(print_of() != one);
}

static void weights_beside_it_are_part_of_it(void **state) {
  (void)state;
  scratch_write(&place, "m.onnx",
                "..\x0a\x08location\x12\x08m.w.data..\x0a\x08location\x12\x08m.w.data"
                "\x0a\x08location\x12\x05"
                "other");
  scratch_write(&place, "other", "5");
  uint64_t without = print_of();
  scratch_write(&place, "m.w.data", "1 2 3");
  uint64_t with = print_of();
  assert_true(with != without);
  scratch_write(&place, "m.w.data", "1 2 4");
  assert_true(print_of() != with);
  scratch_write(&place, "m.w.data", "1 2 3");
  assert_true(print_of() == with);
  scratch_write(&place, "other", "6");
  assert_true(print_of() != with);
}

static void weights_beside_it_are_listed(void **state) {
  (void)state;
  char path[256], expected[256], *file = NULL;
  hr_strings names = {0};
  snprintf(path, sizeof path, "%s/m.onnx", place.path);
  scratch_write(&place, "m.onnx",
                "..\x0a\x08location\x12\x08m.w.data..\x0a\x08location\x12\x08m.w.data"
                "\x0a\x08location\x12\x09/dev/zero\x0a\x08location\x12\x05"
                "other");
  check_ok(hr_onnx_file_list(path, &names, &err));
  assert_int_equal(names.count, 2);
  assert_string_equal(names.items[0], "m.w.data");
  assert_string_equal(names.items[1], "other");
  check_ok(hr_onnx_file_beside(path, names.items[0], &file, &err));
  snprintf(expected, sizeof expected, "%s/m.w.data", place.path);
  assert_string_equal(file, expected);
  hr_free(file);
  check_ok(hr_onnx_file_beside("m.onnx", "m.w.data", &file, &err));
  assert_string_equal(file, "./m.w.data");
  hr_free(file);
  hr_strings_fini(&names);
}

/* Names that are none, or lead elsewhere: nothing is read for them, and a pipe is not
 * waited for. */
static void other_names_are_passed_over(void **state) {
  (void)state;
  assert_int_equal(mkfifo(scratch_name(&place, "pipe"), 0600), 0);
  static const char *const ends[] = {"\x0a\x08location\x12",
                                     "\x0a\x08location\x12\x40short",
                                     "\x0a\x08location\x12\x09/dev/zero",
                                     "\x0a\x08location\x12\x0d../../../x/yz",
                                     "\x0a\x08location\x12\x04pipe",
                                     "\x0a\x08location\x12\xff\xff\xff\xff"};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    scratch_write(&place, "m.onnx", ends[i]);
    assert_true(print_of() != 0);
  }
}

static void too_many_files_are_refused(void **state) {
  (void)state;
  char path[256], sentence[512];
  snprintf(path, sizeof path, "%s/m.onnx", place.path);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (int i = 0; i < 10001; i++) fprintf(file, "\x0a\x08location\x12\x05%05d", i);
  assert_int_equal(fclose(file), 0);
  uint64_t print = 0;
  snprintf(sentence, sizeof sentence,
           "%s has its weights in more than 10000 files; save them in one", path);
  check_fails(hr_onnx_file_print(path, &print, &err), HR_ERR_DATA, sentence);
}

static hr_status print_again(void) {
  uint64_t print = 0;
  return hr_onnx_file_print(scratch_name(&place, "m.onnx"), &print, NULL);
}

static void memory_can_run_out(void **state) {
  (void)state;
  scratch_write(&place, "m.onnx", "..\x0a\x08location\x12\x01w");
  scratch_write(&place, "w", "1");
  check_alloc_failures(print_again());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(other_bytes_are_another_model), TEST(weights_beside_it_are_part_of_it),
      TEST(weights_beside_it_are_listed),  TEST(other_names_are_passed_over),
      TEST(too_many_files_are_refused),    TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
