/* Soft, hard and falling back are one arithmetic: what is small becomes 0, what is left
 * adds up to 1. */
#include "routing/gate_mixing.h"

#include <math.h>
#include <string.h>

static const char *const names[HR_MIXINGS] = {"soft", "hard", "fallback"};

const char *hr_gate_mixing_name(hr_gate_mixing mixing) {
  return names[mixing];
}

hr_gate_mixing hr_gate_mixing_find(const char *name) {
  size_t m = 0;
  while (m < HR_MIXINGS && strcmp(names[m], name) != 0) m++;
  return (hr_gate_mixing)m;
}

static void give_all(size_t slots, size_t to, double *weight) {
  for (size_t s = 0; s < slots; s++) weight[s] = s == to ? 1 : 0;
}

static size_t find_largest(size_t slots, const double *weight) {
  size_t largest = 0;
  for (size_t s = 1; s < slots; s++) {
    if (weight[s] > weight[largest]) largest = s;
  }
  return largest;
}

/* Whether they are weights at all: none is negative or no number, and not all are 0. */
static bool are_weights(size_t slots, const double *weight) {
  double sum = 0;
  for (size_t s = 0; s < slots; s++) {
    if (!(weight[s] >= 0)) return false;
    sum += weight[s];
  }
  return sum > 0 && isfinite(sum);
}

static void drop_small(size_t slots, double *weight) {
  double sum = 0, kept = 0;
  for (size_t s = 0; s < slots; s++) sum += weight[s];
  for (size_t s = 0; s < slots; s++) {
    if (weight[s] < HR_GATE_LEAST_WEIGHT * sum) weight[s] = 0;
    kept += weight[s];
  }
  for (size_t s = 0; s < slots; s++) weight[s] /= kept;
}

void hr_gate_mix(hr_gate_mixing mixing, double threshold, size_t slots,
                 const bool *has_model, double *weight) {
  size_t last = slots - 1;
  if (!are_weights(slots, weight)) {
    give_all(slots, last, weight);
    return;
  }
  size_t largest = find_largest(slots, weight);
  if (mixing == HR_MIXING_HARD) {
    give_all(slots, largest, weight);
  } else if (mixing == HR_MIXING_FALLBACK && weight[largest] < threshold) {
    give_all(slots, last, weight);
  } else {
    drop_small(slots, weight);
  }
  for (size_t s = 0; has_model && s < last; s++) {
    if (has_model[s]) continue;
    weight[last] += weight[s];
    weight[s] = 0;
  }
}
