/* What is made of a gate's weights before what the slots say is mixed
 * (routing/mixture.h). */
#ifndef HR_ROUTING_GATE_MIXING_H
#define HR_ROUTING_GATE_MIXING_H

#include <stdbool.h>
#include <stddef.h>

typedef enum hr_gate_mixing {
  HR_MIXING_SOFT,     /* all weights; those below HR_GATE_LEAST_WEIGHT are dropped and the
                         rest scaled to add up to 1 */
  HR_MIXING_HARD,     /* the largest becomes 1; of equals the first */
  HR_MIXING_FALLBACK, /* soft, but where the largest is below the threshold the whole row
                         goes to the last slot */
  HR_MIXINGS
} hr_gate_mixing;

#define HR_GATE_LEAST_WEIGHT 1e-3

/* "soft", "hard", "fallback", and back; HR_MIXINGS where there is no such. */
#define HR_MIXING_CHOICES "soft|hard|fallback"
const char *hr_gate_mixing_name(hr_gate_mixing mixing);
hr_gate_mixing hr_gate_mixing_find(const char *name);

/* Mixes the weights of one row in place: [slots], the bins and at the end the slot of all
 * rows, whose weight is 0 unless the gate gives it one. Weights that are all 0, or no
 * numbers, become the last slot's alone. has_model: [slots], NULL: all have one; what a
 * slot without a model is left with goes to the last. */
void hr_gate_mix(hr_gate_mixing mixing, double threshold, size_t slots,
                 const bool *has_model, double *weight);

#endif
