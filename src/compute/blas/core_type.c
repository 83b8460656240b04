/* Which of OpenBLAS's kernels this process multiplies with. */
#include "compute/blas/core_type.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const variable = "OPENBLAS_CORETYPE";

extern char *openblas_get_corename(void);

/* OpenBLAS's constructor and destructor: they look the processor up, or the variable, and
 * forget it. Only a build with kernels for many processors has them. */
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

hr_vector_units hr_vector_units_here(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return HR_UNITS_AVX512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return HR_UNITS_AVX2;
  }
#endif
  return HR_UNITS_OLDER;
}

static bool is_one_of(const char *name, const char *const *names) {
  for (; *names; names++) {
    if (strcmp(name, *names) == 0) return true;
  }
  return false;
}

const char *hr_core_type(void) {
  return openblas_get_corename();
}

/* Kernels of AMD's processors with AVX2 stay: what those for AVX-512 would gain there
 * differs by generation. */
const char *hr_core_type_better(const char *chosen, hr_vector_units units) {
  static const char *const older[] = {
      "Katmai",       "Coppermine",  "Northwood",  "Prescott", "Banias",      "Atom",
      "Core2",        "Penryn",      "Dunnington", "Nehalem",  "Athlon",      "Opteron",
      "Opteron_SSE3", "Barcelona",   "Bobcat",     "Nano",     "Sandybridge", "Bulldozer",
      "Piledriver",   "Steamroller", NULL};
  static const char *const avx2[] = {"Haswell", NULL};
  if (units == HR_UNITS_AVX512 && (is_one_of(chosen, older) || is_one_of(chosen, avx2))) {
    return "SkylakeX";
  }
  if (units == HR_UNITS_AVX2 && is_one_of(chosen, older)) return "Haswell";
  return NULL;
}

void hr_core_type_choose(void) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit || getenv(variable)) return;
  const char *better = hr_core_type_better(hr_core_type(), hr_vector_units_here());
  if (!better || setenv(variable, better, 1) != 0) return;
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv(variable);
}
