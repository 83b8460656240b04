/* bf16: the upper half of an fp32, 8 bits of mantissa. Rounding is done with integers, to
 * the nearest and to the even of two, subnormals too: some processors' own instruction
 * makes zeros of those, and results should not depend on it. */
#ifndef HR_NN_BF16_H
#define HR_NN_BF16_H

#include <stdint.h>
#include <string.h>

#include "core/vector.h"

HR_PART_OF_CLONES uint16_t hr_bf16_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  uint32_t quiet = bits >> 16 | 0x40; /* a NaN stays one */
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

HR_PART_OF_CLONES float hr_bf16_value(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
