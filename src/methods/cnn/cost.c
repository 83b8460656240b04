/* What the networks take, before anything is read. */
#include "methods/cnn/cost.h"

#include <math.h>

#include "core/parallel.h"
#include "methods/cnn/train.h"
#include "models/network.h"

enum {
  OPERATIONS_FOR_ONE = 2
}; /* of matrix products, in the time of one here:
      bench/cnn.md */

bool hr_cnn_is_wanted(const hr_cnn_parameters *p, size_t k) {
  for (size_t i = 0; i < p->bins.count; i++) {
    if (p->bins.items[i] == (double)k) return true;
  }
  return false;
}

void hr_cnn_count_rows(const hr_split_view *train, size_t k, size_t *trained,
                       size_t *held_out) {
  *trained = *held_out = 0;
  for (size_t i = 0; i < train->rows; i++) {
    if (train->bin[i] != (int32_t)k) continue;
    if (train->fold[i] == 0) {
      ++*held_out;
    } else {
      ++*trained;
    }
  }
}

static double stored_bytes(const hr_study_view *study, const hr_cnn_parameters *p,
                           size_t trained, size_t held_out) {
  double kept = p->redraw ? 2 : 1;
  return 4 * (double)study->pixels * (kept * (double)trained + (double)held_out);
}

/* Bytes of all rows that have to be kept. */
static double all_stored_bytes(const hr_study_view *study, const hr_cnn_parameters *p) {
  double bytes = 0;
  for (size_t k = 0; k < study->bin_count; k++) {
    size_t trained = 0, held_out = 0;
    if (!hr_cnn_is_wanted(p, k)) continue;
    hr_cnn_count_rows(&study->train, k, &trained, &held_out);
    bytes += stored_bytes(study, p, trained, held_out);
  }
  return bytes;
}

bool hr_cnn_fits_memory(const hr_study_view *study, const hr_cnn_parameters *p) {
  return all_stored_bytes(study, p) <= 0.25 * (double)study->memory_bytes;
}

void hr_cnn_estimate(const hr_study_view *study, const void *parameters, hr_cost *cost) {
  const hr_cnn_parameters *p = parameters;
  hr_network_shape shape;
  if (hr_cnn_shape(study, p, &shape, NULL) != HR_OK) return; /* begin says why */
  shape.batch_norm = true; /* a second training has it */
  double pixels = (double)study->pixels, rows = 0, most = 0, slots = 0;
  double targets = (double)hr_study_targets(study), networks = p->joint ? 1 : targets;
  for (size_t k = 0; k < study->bin_count; k++) {
    size_t trained = 0, held_out = 0;
    if (!hr_cnn_is_wanted(p, k)) continue;
    hr_cnn_count_rows(&study->train, k, &trained, &held_out);
    rows += (double)trained + (double)held_out / 3;
    most = fmax(most, fmax((double)trained, (double)held_out));
    slots += 1;
  }
  double models = targets * slots;
  double batch = fmin((double)p->batch_size, most), stored = all_stored_bytes(study, p);
  double weights = (double)hr_network_parameter_count(&shape);
  bool in_memory = hr_cnn_fits_memory(study, p);
  cost->operations = networks * OPERATIONS_FOR_ONE * 3 * hr_network_operations(&shape) *
                     rows * (double)p->epochs;
  cost->gathered_bytes = slots * 100 * pixels + (in_memory ? stored : 0);
  cost->memory_bytes = cost->gathered_bytes + hr_network_bytes(&shape, (size_t)batch) +
                       20 * weights +
                       4 * pixels * (batch + 2 * (double)hr_thread_count()) +
                       models * (hr_network_bytes(&shape, 1) +
                                 hr_network_bytes(&shape, HR_NETWORK_MODEL_BATCH));
  cost->bundle_bytes = cost->full_bytes = models * (4 * weights + 8 * pixels);
  cost->disk_bytes = models * (4 * weights + 8 * pixels + 60 * (double)p->epochs) +
                     20 * weights + (in_memory ? 0 : stored) +
                     4 * targets * (double)study->test_rows;
}
