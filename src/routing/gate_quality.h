/* How good a gate is: its weights against the true bins. */
#ifndef HR_ROUTING_GATE_QUALITY_H
#define HR_ROUTING_GATE_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HR_GATE_CONFIDENCES = 15 };

/* NaN where there are no rows. */
typedef struct hr_gate_quality {
  size_t rows;     /* whose true bin is known: those of HR_UNCOVERED are left out */
  double accuracy; /* share of rows whose largest weight is the true bin's */
  double log_loss; /* mean of -ln max(weight of the true bin, 1e-15), nats */
  double ece;      /* expected calibration error (Naeini et al. 2015): the mean over rows
                      of |accuracy - confidence| of their cell of the confidence, of
                      HR_GATE_CONFIDENCES of equal width */
  double mean_entropy; /* of the weights, nats */
} hr_gate_quality;

/* weight: [rows][stride], of which the first `bins` are looked at; bin: [rows] the true
 * ones, HR_UNCOVERED: not counted; group: [rows] (NULL: all rows are of group 0), rows of
 * another group are left out. */
typedef struct hr_gate_rows {
  size_t rows, bins, stride;
  const double *weight;
  const int32_t *bin;
  const int32_t *group;
} hr_gate_rows;

void hr_gate_quality_measure(const hr_gate_rows *rows, int32_t group,
                             hr_gate_quality *out);

/* counts [bins][bins]: rows of true bin i whose largest weight is bin j's; of that group.
 */
void hr_gate_quality_confusion(const hr_gate_rows *rows, int32_t group, size_t *counts);

/* The entropy of one row's weights, nats. */
double hr_gate_quality_entropy(size_t bins, const double *weight);

#endif
