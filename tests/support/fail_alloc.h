/* Making allocations fail, one after the other.
 *
 * Every test program is linked with --wrap=aligned_alloc, the one call under hr_alloc. A
 * test runs its body with the first allocation failing, then the second, and so on until
 * the body succeeds; the address sanitizer sees to it that nothing leaks on the way. */
#ifndef HR_TESTS_FAIL_ALLOC_H
#define HR_TESTS_FAIL_ALLOC_H

#include <stddef.h>

/* Allocation number `n` from now on, counted from 1, fails; 0: none does. */
void fail_alloc_at(size_t n);

/* How many more are made before that one; 0: it has failed, or none does. */
size_t fail_alloc_left(void);

/* For a `call` that returns hr_status and can be repeated: it fails with HR_ERR_MEMORY
 * wherever an allocation of its own fails, at least once, and then succeeds. */
#define check_alloc_failures(call)           \
  do {                                       \
    hr_status alloc_status_ = HR_ERR_MEMORY; \
    size_t alloc_n_ = 0;                     \
    while (alloc_status_ == HR_ERR_MEMORY) { \
      assert_in_range(alloc_n_, 0, 100000);  \
      fail_alloc_at(++alloc_n_);             \
      alloc_status_ = (call);                \
      fail_alloc_at(0);                      \
    }                                        \
    assert_int_equal(alloc_status_, HR_OK);  \
    assert_true(alloc_n_ > 1);               \
  } while (0)

#endif
