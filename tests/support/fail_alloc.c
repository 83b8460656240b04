#include "support/fail_alloc.h"

#include <errno.h>
#include <stdatomic.h>

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static atomic_size_t remaining; /* allocations up to and with the one that fails */

void fail_alloc_at(size_t n) {
  atomic_store(&remaining, n);
}

size_t fail_alloc_left(void) {
  return atomic_load(&remaining);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  size_t before = atomic_load(&remaining);
  while (before > 0 && !atomic_compare_exchange_weak(&remaining, &before, before - 1)) {
  }
  if (before != 1) return __real_aligned_alloc(alignment, size);
  errno = ENOMEM;
  return NULL;
}
