/* One temperature for a gate (Guo et al. 2017, "On calibration of modern neural
 * networks"). */
#ifndef HR_ROUTING_GATE_TEMPERATURE_H
#define HR_ROUTING_GATE_TEMPERATURE_H

#include <stddef.h>
#include <stdint.h>

/* The temperature in [1/20, 20] with the least log-loss of softmax(logits / temperature)
 * over rows with a true bin: Newton's method on its inverse, in which the loss is convex.
 * logits: [rows][bins], -infinity where a bin weighs 0; bin: [rows], rows of bins below 0
 * or whose logit is not finite are left out. 1 where no row is left. */
double hr_gate_temperature_fit(size_t rows, size_t bins, const double *logits,
                               const int32_t *bin);

#endif
