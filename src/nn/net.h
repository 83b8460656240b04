/* What a trainer knows of a network: one flat array of parameters, and a table of what
 * can be done with it. The 1D-CNN (nn/network.h) and the vision transformer (nn/vit.h)
 * each begin with a hr_net.
 *
 * A step of training is one call, not forward and then backward: the derivative of a
 * squared error needs the row's own output alone, so a network may take its rows to the
 * end and back a few at a time, and keep what it needs for the way back of those only. */
#ifndef HR_NN_NET_H
#define HR_NN_NET_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct hr_net hr_net;

/* The rows of a step. */
typedef struct hr_net_batch {
  const float *x;      /* [rows][pixels] */
  const float *target; /* [rows][T]; NaN: not known, and no part of the loss */
  size_t rows;
  uint64_t seed, step; /* the key of what is random in it (dropout) */
} hr_net_batch;

typedef struct hr_net_type {
  const char *kind;
  /* The values that training starts from, keyed by (seed, parameter). */
  void (*start)(hr_net *net, uint64_t seed);
  /* out [rows][T], as in training, and into net->gradient that of the mean over all known
   * targets of (out - target)^2. Moves the statistics. HR_ERR_INTERNAL. */
  hr_status (*learn)(hr_net *net, const hr_net_batch *batch, float *out, hr_error *err);
  /* out [rows][T] of x [rows][pixels], as in prediction. HR_ERR_INTERNAL. */
  hr_status (*predict)(hr_net *net, const float *x, size_t rows, float *out,
                       hr_error *err);
  /* The same up to what the outputs are made of: out [rows][hidden]. NULL: it does not
   * tell. */
  hr_status (*hide)(hr_net *net, const float *x, size_t rows, float *out, hr_error *err);
  void (*destroy)(hr_net **net);
} hr_net_type;

/* How many of so many targets are known. */
static inline size_t hr_net_known(const float *target, size_t count) {
  size_t known = 0;
  for (size_t i = 0; i < count; i++) known += isnan(target[i]) ? 0 : 1;
  return known;
}

struct hr_net {
  const hr_net_type *type;
  size_t pixels, outputs; /* outputs: T */
  size_t hidden;          /* numbers that all outputs are made of; 0: not told */
  size_t parameter_count, statistic_count;
  float *parameters, *gradient; /* [parameter_count] */
  float *statistics;            /* [statistic_count] that are not trained but kept */
};

#endif
