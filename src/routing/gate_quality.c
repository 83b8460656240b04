/* Accuracy, log-loss, calibration and entropy of a gate's weights. */
#include "routing/gate_quality.h"

#include <math.h>
#include <string.h>

/* The least probability that a logarithm is taken of, as scikit-learn's of old. */
static const double least_probability = 1e-15;

static size_t find_largest(size_t bins, const double *weight) {
  size_t largest = 0;
  for (size_t k = 1; k < bins; k++) {
    if (weight[k] > weight[largest]) largest = k;
  }
  return largest;
}

double hr_gate_quality_entropy(size_t bins, const double *weight) {
  double sum = 0;
  for (size_t k = 0; k < bins; k++) {
    if (weight[k] > 0) sum -= weight[k] * log(weight[k]);
  }
  return sum;
}

static bool is_counted(const hr_gate_rows *rows, size_t i, int32_t group) {
  int32_t bin = rows->bin[i];
  return bin >= 0 && (size_t)bin < rows->bins &&
         (!rows->group || rows->group[i] == group);
}

typedef struct cell { /* of the confidence */
  double confidence, right;
} cell;

void hr_gate_quality_measure(const hr_gate_rows *rows, int32_t group,
                             hr_gate_quality *out) {
  cell cells[HR_GATE_CONFIDENCES] = {{0}};
  double right = 0, loss = 0, entropy = 0, ece = 0;
  size_t count = 0;
  for (size_t i = 0; i < rows->rows; i++) {
    if (!is_counted(rows, i, group)) continue;
    const double *weight = rows->weight + i * rows->stride;
    size_t bin = (size_t)rows->bin[i], largest = find_largest(rows->bins, weight);
    double confidence = weight[largest], hit = largest == bin ? 1 : 0;
    double place = ceil(confidence * HR_GATE_CONFIDENCES) - 1; /* (low, high] */
    place = fmin(fmax(place, 0), HR_GATE_CONFIDENCES - 1);
    cells[(size_t)place].confidence += confidence;
    cells[(size_t)place].right += hit;
    right += hit;
    loss -= log(fmax(weight[bin], least_probability));
    entropy += hr_gate_quality_entropy(rows->bins, weight);
    count++;
  }
  for (size_t c = 0; c < HR_GATE_CONFIDENCES; c++) {
    ece += fabs(cells[c].right - cells[c].confidence);
  }
  double n = count > 0 ? (double)count : (double)NAN;
  *out = (hr_gate_quality){count, right / n, loss / n, ece / n, entropy / n};
}

void hr_gate_quality_confusion(const hr_gate_rows *rows, int32_t group, size_t *counts) {
  memset(counts, 0, rows->bins * rows->bins * sizeof *counts);
  for (size_t i = 0; i < rows->rows; i++) {
    if (!is_counted(rows, i, group)) continue;
    size_t said = find_largest(rows->bins, rows->weight + i * rows->stride);
    counts[(size_t)rows->bin[i] * rows->bins + said]++;
  }
}
