/* Exponential and normal distribution in fp32, as series of our own: they run on the
 * vector unit inside a loop of HR_VECTOR_CLONES, and give the same bits on every
 * processor, which a library's do not. Coefficients are minimax fits (Lawson's
 * algorithm). NaN stays NaN. */
#ifndef HR_NN_SMOOTH_H
#define HR_NN_SMOOTH_H

#include <stdint.h>
#include <string.h>

#include "core/vector.h"

/* exp(x), to 2e-7 of its value for -87.3 <= x <= 88; beyond, its value there. x is parted
 * into n ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts (Cody & Waite), whose first leaves
 * n times it exact. */
HR_PART_OF_CLONES float hr_exp_f32(float x) {
  const float two_to_23_and_a_half = 12582912.0F;
  x = x < -87.3F ? -87.3F : x;
  x = x > 88.0F ? 88.0F : x;
  float shifted = x * 1.44269504F + two_to_23_and_a_half;
  float n = shifted - two_to_23_and_a_half;
  float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 0.00139504892F;
  p = p * r + 0.00836888956F;
  p = p * r + 0.0416662058F;
  p = p * r + 0.166665188F;
  p = p * r + 0.5F;
  p = (p * r) * r + r + 1;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127) << 23; /* n is in the lowest bits, and the others are shifted out */
  float power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

/* The share of a standard normal distribution below x, and its density at x. The share
 * below -|x| is exp(-x^2 / 2) times a polynomial in 1 / (1 + 0.35 |x|) (after Abramowitz
 * & Stegun 26.2.17, with more terms): to 3e-7 at any x, and to 2e-6 of its value down to
 * x = -5. */
HR_PART_OF_CLONES float hr_normal_below_f32(float x, float *density) {
  float a = x < 0 ? -x : x;
  float t = 1 / (1 + 0.35F * a), bell = hr_exp_f32(-0.5F * (a * a));
  float p = -0.029144258F;
  p = p * t + 0.143964278F;
  p = p * t - 0.255700428F;
  p = p * t + 0.159160112F;
  p = p * t - 0.0231013839F;
  p = p * t + 0.105504948F;
  p = p * t + 0.11983351F;
  p = p * t + 0.139861799F;
  p = p * t + 0.139621407F;
  float below = (p * t) * bell;
  *density = bell * 0.398942280F;
  return x > 0 ? 1 - below : below;
}

#endif
