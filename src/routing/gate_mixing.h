/* What is made of a gate's weights before slots are mixed (routing/mixture.h). */
#ifndef HR_ROUTING_GATE_MIXING_H
#define HR_ROUTING_GATE_MIXING_H

#include <stddef.h>

typedef enum hr_gate_mixing {
  HR_MIXING_SOFT, /* all weights, those below HR_GATE_LEAST_WEIGHT dropped and the rest
                     scaled to add up to 1 */
  HR_MIXING_HARD, /* the largest one becomes 1; of equals the first */
  HR_MIXING_FALLBACK, /* soft; the whole row goes to the last slot where the largest is
                         below the threshold */
  HR_MIXINGS
} hr_gate_mixing;

#define HR_GATE_LEAST_WEIGHT 1e-3

/* "soft", "hard", "fallback", and back; HR_MIXINGS where there is no such. */
#define HR_MIXING_CHOICES "soft|hard|fallback"
const char *hr_gate_mixing_name(hr_gate_mixing mixing);
hr_gate_mixing hr_gate_mixing_find(const char *name);

/* Mixes one row's weights [slots] in place: bins, then the slot of all rows, which is the
 * last. Weights that are all 0, or no numbers, go to the last slot whatever the mixing,
 * as does, with a bin's weight, what a slot without a model would have had where
 * has_model is not NULL: [slots]. The last slot counts as a bin only where its weight
 * is not 0. */
void hr_gate_mix(hr_gate_mixing mixing, double threshold, size_t slots,
                 const unsigned char *has_model, double *weight);

#endif
