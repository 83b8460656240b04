/* OpenBLAS's kernels: what is in use is never less than the processor has. */
#include "compute/blas/core_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"

static void check_better(const char *chosen, hr_vector_units units,
                         const char *expected) {
  const char *better = hr_core_type_better(chosen, units);
  if (!expected) {
    assert_null(better);
  } else {
    assert_non_null(better);
    assert_string_equal(better, expected);
  }
}

static void older_kernels_give_way(void **state) {
  (void)state;
  check_better("Prescott", HR_UNITS_AVX512, "SkylakeX");
  check_better("Prescott", HR_UNITS_AVX2, "Haswell");
  check_better("Sandybridge", HR_UNITS_AVX2, "Haswell");
  check_better("Haswell", HR_UNITS_AVX512, "SkylakeX");
}

static void what_fits_stays(void **state) {
  (void)state;
  check_better("Prescott", HR_UNITS_OLDER, NULL);
  check_better("Haswell", HR_UNITS_AVX2, NULL);
  check_better("Zen", HR_UNITS_AVX2, NULL);
  check_better("Zen", HR_UNITS_AVX512, NULL);
  check_better("SkylakeX", HR_UNITS_AVX512, NULL);
  check_better("SapphireRapids", HR_UNITS_AVX512, NULL);
}

/* A newer OpenBLAS, another processor. */
static void unknown_names_stay(void **state) {
  (void)state;
  check_better("Unheard", HR_UNITS_AVX512, NULL);
  check_better("neoversen1", HR_UNITS_OLDER, NULL);
  check_better("", HR_UNITS_AVX512, NULL);
}

/* On whatever processor this runs: OpenBLAS 0.3.21 takes one of 2023 for a Prescott. */
static void the_kernels_in_use_fit_this_processor(void **state) {
  (void)state;
  if (getenv("OPENBLAS_CORETYPE")) skip();
  check_better(hr_core_type(), hr_vector_units_here(), NULL);
}

/* As it was when the program started, which the kernel remembers. */
static void the_environment_is_as_it_was(void **state) {
  (void)state;
  static char start[1 << 20];
  FILE *file = fopen("/proc/self/environ", "r");
  if (!file) skip();
  size_t size = fread(start, 1, sizeof start - 1, file);
  fclose(file);
  bool was_set = false;
  for (size_t at = 0; at < size; at += strlen(start + at) + 1) {
    if (strncmp(start + at, "OPENBLAS_CORETYPE=", 18) == 0) was_set = true;
  }
  assert_int_equal(getenv("OPENBLAS_CORETYPE") != NULL, was_set);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(older_kernels_give_way),
      cmocka_unit_test(what_fits_stays),
      cmocka_unit_test(unknown_names_stay),
      cmocka_unit_test(the_kernels_in_use_fit_this_processor),
      cmocka_unit_test(the_environment_is_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
