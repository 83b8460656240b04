/* What BLAS keeps for itself, below a limit of the address space. */
#include "compute/blas/buffers.h"

#include <stdio.h>
#include <sys/resource.h>

#include "compute/compute.h"
#include "core/parallel.h"
#include "support/check.h"

static void limit(rlim_t bytes, struct rlimit *before) {
  assert_int_equal(getrlimit(RLIMIT_AS, before), 0);
  const struct rlimit now = {bytes, before->rlim_max};
  assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
}

static void without_a_limit_nothing_is_taken(void **state) {
  (void)state;
  hr_error err;
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  if (before.rlim_cur != RLIM_INFINITY) skip();
  check_ok(hr_blas_reserve(&err));
}

/* The first limit leaves nothing at all, whatever is in use; the second enough. */
static void a_limit_that_is_too_low_is_refused(void **state) {
  (void)state;
  hr_error err;
  struct rlimit before, low;
  size_t threads = hr_thread_count();
  char sentence[256];
  hr_thread_limit(3);
  snprintf(sentence, sizeof sentence,
           "the limit of address space (ulimit -v) leaves less than the 387 MiB that "
           "BLAS takes for its threads (3); raise it, or take fewer (OMP_NUM_THREADS)");
  limit(1 << 20, &before);
  hr_status refused = hr_compute_reserve(&err);
  limit((rlim_t)1 << 60, &low);
  assert_int_equal(refused, HR_ERR_MEMORY);
  assert_string_equal(err.message, sentence);
  check_ok(hr_compute_reserve(&err));
  limit(before.rlim_cur, &low);
  hr_thread_limit(threads);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_limit_nothing_is_taken),
      cmocka_unit_test(a_limit_that_is_too_low_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
