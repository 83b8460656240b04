/* Files of words and values: what is written comes back, and nothing else is taken. */
#include "nn/array_file.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

typedef struct content {
  uint64_t words[3];
  float a[2], b[3];
  hr_float_part parts[2];
  hr_array_file file;
} content;

static void init(content *c, const char *kind) {
  *c = (content){.words = {1, 2, 3}, .a = {0.5F, -1}, .b = {2, 3, 4}};
  c->parts[0] = (hr_float_part){c->a, 2};
  c->parts[1] = (hr_float_part){c->b, 3};
  c->file = (hr_array_file){kind, c->words, 3, c->parts, 2};
}

static void what_is_written_comes_back(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  content out, in;
  init(&out, "testing1");
  init(&in, "testing1");
  memset(in.words, 0, sizeof in.words);
  memset(in.a, 0, sizeof in.a);
  memset(in.b, 0, sizeof in.b);
  check_ok(hr_array_file_write(scratch_name(&s, "x"), &out.file, &err));
  check_ok(hr_array_file_read(s.name, &in.file, &err));
  assert_memory_equal(in.words, out.words, sizeof in.words);
  assert_memory_equal(in.a, out.a, sizeof in.a);
  assert_memory_equal(in.b, out.b, sizeof in.b);
  uint64_t first[2] = {0};
  hr_array_file words = {"testing1", first, 2, NULL, 0};
  check_ok(hr_array_file_read_words(s.name, &words, &err));
  assert_true(first[0] == 1 && first[1] == 2);
  check_near(hr_double_of(hr_word_of(-0.1)), -0.1, 0);
  scratch_fini(&s);
}

/* Every byte changed, and every length, in turn. */
static void damage_is_found(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  content c;
  char *bytes = NULL, text[5000];
  size_t size = 0;
  init(&c, "testing1");
  check_ok(hr_array_file_write(scratch_name(&s, "x"), &c.file, &err));
  check_ok(hr_file_read(s.name, 1000, &bytes, &size, &err));
  assert_int_equal(size, 8 + 8 + 24 + 8 + 20 + 8);
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (char)(bytes[i] ^ 1);
    check_ok(hr_file_write(s.name, bytes, size, &err));
    bytes[i] = (char)(bytes[i] ^ 1);
    assert_int_equal(hr_array_file_read(s.name, &c.file, &err), HR_ERR_FORMAT);
    check_ok(hr_file_write(s.name, bytes, i, &err));
    assert_int_equal(hr_array_file_read(s.name, &c.file, &err), HR_ERR_FORMAT);
  }
  snprintf(text, sizeof text,
           "%s is damaged: its bytes are not those that were written; make it again",
           s.name);
  check_fails(hr_array_file_read(s.name, &c.file, &err), HR_ERR_FORMAT, text);
  snprintf(text, sizeof text, "%s is not a file of the kind 'another1'", s.name);
  c.file.kind = "another1";
  check_ok(hr_file_write(s.name, bytes, size, &err));
  check_fails(hr_array_file_read(s.name, &c.file, &err), HR_ERR_FORMAT, text);
  hr_free(bytes);
  scratch_fini(&s);
}

static void other_sizes_are_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  content c;
  uint64_t many[4];
  char text[5000];
  init(&c, "testing1");
  check_ok(hr_array_file_write(scratch_name(&s, "x"), &c.file, &err));
  c.parts[1].count = 2;
  snprintf(text, sizeof text,
           "%s has 3 words and 5 values, not 3 and 4: it is of another network", s.name);
  check_fails(hr_array_file_read(s.name, &c.file, &err), HR_ERR_FORMAT, text);
  hr_array_file words = {"testing1", many, 4, NULL, 0};
  snprintf(text, sizeof text, "%s has 3 words, not 4", s.name);
  check_fails(hr_array_file_read_words(s.name, &words, &err), HR_ERR_FORMAT, text);
  assert_int_equal(hr_array_file_read(scratch_name(&s, "none"), &c.file, &err),
                   HR_ERR_MISSING);
  scratch_fini(&s);
}

static hr_status write_and_read(const char *path) {
  content c;
  init(&c, "testing1");
  hr_status status = hr_array_file_write(path, &c.file, NULL);
  return status == HR_OK ? hr_array_file_read(path, &c.file, NULL) : status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  check_alloc_failures(write_and_read(scratch_name(&s, "x")));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_comes_back),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(other_sizes_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
