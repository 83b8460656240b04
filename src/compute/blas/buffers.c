/* A mapping of the buffers' size is tried first, and given back: what OpenBLAS asks for
 * next is then there. */
#include "compute/blas/buffers.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/parallel.h"

/* The largest of any build, and what malloc puts around it. */
static const size_t buffer_bytes = (size_t)129 << 20;

/* What its own functions take buffers with; only OpenBLAS has them. */
extern void *blas_memory_alloc(int purpose) __attribute__((weak));
extern void blas_memory_free(void *buffer) __attribute__((weak));

static bool is_limited(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

static bool would_fit(size_t bytes) {
  void *tried = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return tried != MAP_FAILED && munmap(tried, bytes) == 0;
}

hr_status hr_blas_reserve(hr_error *err) {
  enum { MOST = 1024 };
  void *buffers[MOST];
  size_t threads = hr_thread_count() < MOST ? hr_thread_count() : MOST;
  if (!is_limited()) return HR_OK;
  if (!blas_memory_alloc || !blas_memory_free) return HR_OK;
  size_t bytes = threads * buffer_bytes;
  if (!would_fit(bytes)) {
    return hr_fail(err, HR_ERR_MEMORY,
                   "the limit of address space (ulimit -v) leaves less than the %zu MiB "
                   "that BLAS takes for its threads (%zu); raise it, or take fewer "
                   "(OMP_NUM_THREADS)",
                   bytes >> 20, threads);
  }
  for (size_t i = 0; i < threads; i++) buffers[i] = blas_memory_alloc(0);
  for (size_t i = 0; i < threads; i++) blas_memory_free(buffers[i]);
  return HR_OK;
}
