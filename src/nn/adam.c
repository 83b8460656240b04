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

double hr_cosine_rate(double rate, uint64_t step, uint64_t warm_up, uint64_t steps) {
  static const double pi = 3.14159265358979323846;
  if (step < warm_up) return rate * (double)(step + 1) / (double)warm_up;
  double done = (double)(step - warm_up) / (double)(steps - warm_up);
  return 0.5 * rate * (1 + cos(pi * done));
}
