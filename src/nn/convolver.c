/* Which convolver multiplies bf16 here. */
#include "nn/convolver.h"

const hr_convolver *hr_convolver_bf16(void) {
  const hr_convolver *amx = hr_convolver_amx();
  return amx ? amx : hr_convolver_onednn_bf16();
}
