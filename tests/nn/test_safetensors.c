/* Files of tensors: what is in them is found, and what cannot be is refused before it is
 * believed. */
#include "nn/safetensors.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { MOST = 4096 };

/* Writes a file of that header and so many bytes 0, 1, 2 .. behind it. */
static void write_tensors(const char *path, const char *header, size_t bytes) {
  char file[MOST];
  hr_error err;
  uint64_t length = strlen(header);
  assert_in_range(8 + length + bytes, 0, MOST);
  memcpy(file, &length, 8);
  memcpy(file + 8, header, length);
  for (size_t i = 0; i < bytes; i++) file[8 + length + i] = (char)i;
  check_ok(hr_file_write(path, file, 8 + length + bytes, &err));
}

static void tensors_are_found_by_their_ends(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_tensors tensors;
  size_t several = 0;
  write_tensors(
      scratch_name(&s, "weights"),
      "{\"__metadata__\":{\"format\":\"pt\"},"
      "\"net.norm.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
      "\"norm.bias\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[8,14]},"
      "\"my.norm.bias\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[14,16]},"
      "\"steps\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[16,24]}}",
      24);
  check_ok(hr_tensors_read(s.name, &tensors, &err));
  assert_int_equal(tensors.count, 4);
  assert_int_equal(tensors.items[3].type, HR_TENSOR_OTHER);
  assert_string_equal(tensors.items[3].type_name, "I64");
  const hr_tensor *found = hr_tensors_find(&tensors, "norm.weight", &several);
  assert_non_null(found);
  assert_int_equal(several, 1);
  assert_string_equal(found->name, "net.norm.weight");
  assert_int_equal(found->rank, 2);
  assert_int_equal(found->count, 2);
  assert_null(hr_tensors_find(&tensors, "norm.bias", &several));
  assert_int_equal(several, 2);
  assert_null(hr_tensors_find(&tensors, "orm.weight", &several));
  assert_int_equal(several, 0);
  assert_non_null(hr_tensors_find(&tensors, "my.norm.bias", &several));
  hr_tensors_fini(&tensors);
  scratch_fini(&s);
}

static void values_are_those_of_their_types(void **state) {
  (void)state;
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x83ff,
                             0x7bff, 0x7c00, 0x7e00, 0x8000};
  const double expected[] = {1, -2, 0x1p-24, -1023 * 0x1p-24, 65504};
  const uint16_t shorts[] = {0x3f80, 0xc000};
  const float floats[] = {1.5F, -3};
  float out[8];
  const hr_tensor half = {
      .type = HR_TENSOR_F16, .count = 8, .bytes = (const uint8_t *)halves};
  hr_tensor_values(&half, out);
  for (size_t i = 0; i < 5; i++) check_near(out[i], expected[i], 0);
  assert_true(isinf(out[5]) && isnan(out[6]) && signbit(out[7]));
  check_near(out[7], 0, 0);
  const hr_tensor bf16 = {
      .type = HR_TENSOR_BF16, .count = 2, .bytes = (const uint8_t *)shorts};
  hr_tensor_values(&bf16, out);
  check_near(out[0], 1, 0);
  check_near(out[1], -2, 0);
  const hr_tensor f32 = {
      .type = HR_TENSOR_F32, .count = 2, .bytes = (const uint8_t *)floats};
  hr_tensor_values(&f32, out);
  assert_memory_equal(out, floats, sizeof floats);
}

static void refuse(const char *header, const char *name) {
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_tensors tensors;
  char text[5000];
  write_tensors(scratch_name(&s, "weights"), header, 16);
  snprintf(text, sizeof text,
           "%s: tensor %s has a type, shape or place that cannot be; export it again",
           s.name, name);
  check_fails(hr_tensors_read(s.name, &tensors, &err), HR_ERR_FORMAT, text);
  assert_null(tensors.bytes);
  scratch_fini(&s);
}

#define TENSOR(type, shape, offsets) \
  "{\"a\":{\"dtype\":" type ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void tensors_that_cannot_be_are_refused(void **state) {
  (void)state;
  refuse(TENSOR("\"F32\"", "[4]", "[0,15]"), "a");
  refuse(TENSOR("\"F32\"", "[5]", "[0,20]"), "a"); /* beyond the end */
  refuse(TENSOR("\"F32\"", "[1]", "[8,4]"), "a");
  refuse(TENSOR("\"F32\"", "[1]", "[-4,0]"), "a");
  refuse(TENSOR("\"F32\"", "[1]", "[0,4,8]"), "a");
  refuse(TENSOR("\"F32\"", "[1]", "4"), "a");
  refuse(TENSOR("\"F32\"", "[-1]", "[0,4]"), "a");
  refuse(TENSOR("\"F32\"", "[1.0]", "[0,4]"), "a");
  refuse(TENSOR("\"F32\"", "4", "[0,4]"), "a");
  refuse(TENSOR("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "a");
  refuse(TENSOR("\"F16\"", "[16,16,16,16]", "[0,16]"), "a");
  refuse(TENSOR("\"F32\"", "[9223372036854775807,2]", "[0,16]"), "a");
  refuse(TENSOR("4", "[1]", "[0,4]"), "a");
  refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "a");
  refuse("{\"a\":3}", "a");
}

static void check_no_file(const char *path, const char *why) {
  hr_error err;
  hr_tensors tensors;
  char text[5000];
  snprintf(text, sizeof text, "%s is no safetensors file: %s", path, why);
  check_fails(hr_tensors_read(path, &tensors, &err), HR_ERR_FORMAT, text);
}

static void refuse_places(const char *header, const char *sentence) {
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_tensors tensors;
  char text[5000];
  write_tensors(scratch_name(&s, "weights"), header, 16);
  snprintf(text, sizeof text, "%s%s", s.name, sentence);
  check_fails(hr_tensors_read(s.name, &tensors, &err), HR_ERR_FORMAT, text);
  scratch_fini(&s);
}

static void bytes_are_of_one_tensor_each(void **state) {
  (void)state;
  const char *const apart =
      ": tensor b does not begin where the one before it ends; export it again";
  refuse_places(TENSOR("\"F32\"", "[2]", "[0,8]"),
                " has 8 bytes behind its last tensor; export it again");
  refuse_places(
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
      "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[4,12]}}",
      apart);
  refuse_places(
      "{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
      "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      apart);
}

static void other_files_are_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_tensors tensors;
  check_ok(hr_file_write(scratch_name(&s, "weights"), "PK\3\4", 4, &err));
  check_no_file(s.name, "it has no header");
  check_ok(hr_file_write(s.name, "\x89HDF\r\n\x1a\n and more", 17, &err));
  check_no_file(s.name, "its header is longer than it");
  write_tensors(s.name, "[1]", 4);
  check_no_file(s.name, "its header is no JSON object");
  write_tensors(s.name, "{\"a\":", 4);
  check_no_file(s.name, "its header is no JSON object");
  write_tensors(s.name, "{}", 0);
  check_ok(hr_tensors_read(s.name, &tensors, &err));
  assert_int_equal(tensors.count, 0);
  hr_tensors_fini(&tensors);
  assert_int_equal(hr_tensors_read("/nowhere/weights", &tensors, &err), HR_ERR_MISSING);
  scratch_fini(&s);
}

static hr_status read_and_free(const char *path) {
  hr_tensors tensors;
  hr_status status = hr_tensors_read(path, &tensors, NULL);
  if (status == HR_OK) hr_tensors_fini(&tensors);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  write_tensors(scratch_name(&s, "weights"), TENSOR("\"F32\"", "[4]", "[0,16]"), 16);
  check_alloc_failures(read_and_free(s.name));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_are_found_by_their_ends),
      cmocka_unit_test(values_are_those_of_their_types),
      cmocka_unit_test(tensors_that_cannot_be_are_refused),
      cmocka_unit_test(bytes_are_of_one_tensor_each),
      cmocka_unit_test(other_files_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
