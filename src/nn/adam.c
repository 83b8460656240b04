/* AdamW (nn/adam.h) and the learning rate of a step: a linear rise, then half a cosine
 * (Loshchilov & Hutter 2017). */
#include "nn/adam.h"

#include <math.h>

#include "core/vector.h"

/* What is the same for all parameters in a step. */
typedef struct rates {
  float kept;      /* of a parameter by the decay */
  float step;      /* rate / (1 - 0.9^t) */
  float unbiasing; /* 1 / sqrt(1 - 0.999^t) */
} rates;

HR_VECTOR_CLONES
static void update(const hr_adam *adam, rates r) {
  static const float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;
  float *p = adam->parameters, *m = adam->first, *v = adam->second;
  const float *g = adam->gradient;
  for (size_t i = 0; i < adam->count; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * g[i];
    v[i] = beta2 * v[i] + (1 - beta2) * (g[i] * g[i]);
    p[i] = r.kept * p[i] - r.step * m[i] / (sqrtf(v[i]) * r.unbiasing + epsilon);
  }
}

void hr_adam_step(const hr_adam *adam, uint64_t step, double rate) {
  double t = (double)step;
  update(adam, (rates){(float)(1 - rate * adam->decay), (float)(rate / (1 - pow(0.9, t))),
                       (float)(1 / sqrt(1 - pow(0.999, t)))});
}

enum { LANES = 8 };

/* In eight sums, each in the order of the values. */
HR_VECTOR_CLONES
static void add_squares(const float *values, size_t count, double sums[LANES]) {
  for (size_t i = 0; i + LANES <= count; i += LANES) {
    for (size_t l = 0; l < LANES; l++) {
      double v = (double)values[i + l];
      sums[l] += v * v;
    }
  }
}

HR_VECTOR_CLONES
static void scale(float *values, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) values[i] *= factor;
}

double hr_clip_gradient(float *gradient, size_t count, double most) {
  double sums[LANES] = {0}, sum = 0;
  add_squares(gradient, count, sums);
  for (size_t i = count / LANES * LANES; i < count; i++) {
    sum += (double)gradient[i] * (double)gradient[i];
  }
  for (size_t l = 0; l < LANES; l++) sum += sums[l];
  double norm = sqrt(sum);
  if (norm > most) scale(gradient, count, (float)(most / (norm + 1e-6)));
  return norm;
}

double hr_cosine_rate(double rate, uint64_t step, uint64_t warm_up, uint64_t steps) {
  static const double pi = 3.14159265358979323846;
  if (step < warm_up) return rate * (double)(step + 1) / (double)warm_up;
  double done = (double)(step - warm_up) / (double)(steps - warm_up);
  return 0.5 * rate * (1 + cos(pi * done));
}
