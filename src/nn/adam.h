/* Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019), as
 * PyTorch's AdamW:
 *   p -= rate decay p,  m = 0.9 m + 0.1 g,  v = 0.999 v + 0.001 g^2,
 *   p -= rate (m / (1 - 0.9^t)) / (sqrt(v / (1 - 0.999^t)) + 1e-8). */
#ifndef HR_NN_ADAM_H
#define HR_NN_ADAM_H

#include <stddef.h>
#include <stdint.h>

typedef struct hr_adam {
  size_t count;
  float *parameters;     /* [count], borrowed, as are the following */
  const float *gradient; /* [count] */
  float *first, *second; /* [count] m and v, zero at the start */
  double decay;
} hr_adam;

/* Step number `step`, counted from 1. */
void hr_adam_step(const hr_adam *adam, uint64_t step, double rate);

/* Scales a gradient [count] down to a Euclidean norm of `most` where it is beyond, as
 * PyTorch's clip_grad_norm_: by most / (norm + 1e-6). The norm it had. */
double hr_clip_gradient(float *gradient, size_t count, double most);

/* The learning rate of step `step` (from 0) of `steps`: rises evenly over the first
 * `warm_up` steps, then falls along half a cosine to 0 (Loshchilov & Hutter 2017). */
double hr_cosine_rate(double rate, uint64_t step, uint64_t warm_up, uint64_t steps);

#endif
