#include "core/alloc.h"

#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "support/check.h"

static void test_memory_is_zeroed_and_aligned(void **state) {
  (void)state;
  hr_error err = {0};
  static const size_t counts[] = {0, 1, 7, 8, 9, 1000, 100003};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    double *x = NULL;
    check_ok(hr_alloc(&x, counts[i], &err));
    assert_non_null(x);
    assert_int_equal((uintptr_t)x % 64, 0);
    for (size_t j = 0; j < counts[i]; j++) assert_true(x[j] == 0.0);
    hr_free(x);
  }
  hr_free(NULL);
}

/* Large blocks are zeroed by the page; where malloc keeps them, they come back written
 * to. */
static void test_large_blocks_are_zeroed_again(void **state) {
  (void)state;
  hr_error err = {0};
  const size_t bytes = ((size_t)36 << 20) + 12345;
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  for (size_t round = 0; round < 2; round++) {
    unsigned char *x = NULL;
    check_ok(hr_alloc(&x, bytes, &err));
    assert_int_equal((uintptr_t)x % 64, 0);
    assert_int_equal(x[0], 0);
    assert_int_equal(memcmp(x, x + 1, bytes - 1), 0); /* each is the one before it */
    memset(x, 0xff, bytes);
    hr_free(x);
  }
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 65536);
  mallopt(M_TRIM_THRESHOLD, 128 << 10);
#endif
}

static void test_sizes_that_overflow(void **state) {
  (void)state;
  hr_error err = {0};
  double *x = NULL;
  check_fails(hr_alloc(&x, SIZE_MAX / 4, &err), HR_ERR_MEMORY,
              "no memory for 4611686018427387903 elements of 8 bytes");
  assert_null(x);
  char *c = NULL;
  check_fails(hr_alloc(&c, SIZE_MAX - 8, &err), HR_ERR_MEMORY,
              "no memory for 18446744073709551607 elements of 1 bytes");
  assert_null(c);
}

static void test_more_memory_than_there_is(void **state) {
  (void)state;
  hr_error err = {0};
  double *x = NULL;
  check_ok(hr_alloc(&x, 4, &err));
  double *before = x;
  x[3] = 5.0;
  check_fails(hr_realloc(&x, 4, (size_t)1 << 58, &err), HR_ERR_MEMORY,
              "no memory for 288230376151711744 elements of 8 bytes");
  assert_ptr_equal(x, before);
  assert_true(x[3] == 5.0);
  hr_free(x);
}

static void test_arrays_grow_and_shrink(void **state) {
  (void)state;
  hr_error err = {0};
  int *x = NULL;
  check_ok(hr_realloc(&x, 0, 3, &err));
  for (int i = 0; i < 3; i++) x[i] = i + 1;
  check_ok(hr_realloc(&x, 3, 100, &err));
  assert_int_equal((uintptr_t)x % 64, 0);
  for (int i = 0; i < 100; i++) assert_int_equal(x[i], i < 3 ? i + 1 : 0);
  check_ok(hr_realloc(&x, 100, 2, &err));
  assert_int_equal(x[0], 1);
  assert_int_equal(x[1], 2);
  hr_free(x);
}

static void test_text_is_copied(void **state) {
  (void)state;
  hr_error err = {0};
  char original[] = "log_g";
  char *copy = NULL;
  check_ok(hr_copy_text(original, &copy, &err));
  original[0] = 'x';
  assert_string_equal(copy, "log_g");
  hr_free(copy);
  copy = original;
  check_ok(hr_copy_text(NULL, &copy, &err));
  assert_null(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_is_zeroed_and_aligned),
      cmocka_unit_test(test_large_blocks_are_zeroed_again),
      cmocka_unit_test(test_sizes_that_overflow),
      cmocka_unit_test(test_more_memory_than_there_is),
      cmocka_unit_test(test_arrays_grow_and_shrink),
      cmocka_unit_test(test_text_is_copied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
