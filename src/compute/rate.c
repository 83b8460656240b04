/* Measured, not looked up: what a machine does depends on its processor, on BLAS's choice
 * of kernels for it and on who else is at work. One product a thread at once, as studies
 * multiply (core/parallel.h), of an order at which products run at the rate of larger
 * ones; the best of a few, as whatever disturbs only makes it slower. */
#include "compute/rate.h"

#include "core/clock.h"
#include "core/parallel.h"

enum { ORDER = 1024, REPEATS = 4 };

typedef struct probe {
  const hr_compute *compute;
  float *matrices; /* [threads][2][ORDER][ORDER] */
} probe;

static void multiply(void *context, size_t i, size_t thread) {
  (void)thread;
  const probe *p = context;
  const size_t size = (size_t)ORDER * ORDER;
  float *a = p->matrices + 2 * size * i, *c = a + size;
  const hr_product product = {.m = ORDER,
                              .n = ORDER,
                              .k = ORDER,
                              .transpose_a = true,
                              .lda = ORDER,
                              .ldb = ORDER,
                              .ldc = ORDER,
                              .factor = 1};
  p->compute->gemm_f32(&product, a, a, c);
}

double hr_compute_rate(const hr_compute *compute) {
  probe p = {.compute = compute};
  double least = 0, order = ORDER;
  size_t threads = hr_thread_count();
  const size_t count = 2 * threads * ORDER * ORDER;
  if (hr_compute_alloc(compute, &p.matrices, count, NULL) != HR_OK) return 0;
  for (size_t i = 0; i < count; i++) p.matrices[i] = 1;
  for (int i = 0; i < REPEATS; i++) { /* the first one starts the threads */
    double start = hr_clock_seconds();
    hr_parallel_for(threads, multiply, &p);
    double seconds = hr_clock_seconds() - start;
    if (i == 0 || seconds < least) least = seconds;
  }
  hr_compute_free(compute, p.matrices);
  return least > 0 ? (double)threads * 2 * order * order * order / least : 0;
}
