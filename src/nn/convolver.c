/* Which convolvers are the fastest here. */
#include "nn/convolver.h"

#include "core/vector.h"

static bool has_avx512(void) {
#ifdef HR_AVX512
  return __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

/* oneDNN's kernels are near the processor's rate with AVX-512, not with AVX2. */
const hr_convolver *hr_convolver_fp32(void) {
  const hr_convolver *onednn = hr_convolver_onednn(), *avx2 = hr_convolver_avx2();
  return avx2 && !(onednn && has_avx512()) ? avx2 : onednn;
}

const hr_convolver *hr_convolver_bf16(void) {
  const hr_convolver *amx = hr_convolver_amx();
  return amx ? amx : hr_convolver_onednn_bf16();
}
