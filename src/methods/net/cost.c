/* What the networks take, before anything is read. */
#include "methods/net/cost.h"

#include <math.h>

#include "core/parallel.h"
#include "methods/net/train.h"
#include "methods/shuffle.h"
#include "models/network.h"

bool hr_net_is_wanted(const hr_net_settings *p, size_t k) {
  for (size_t i = 0; i < p->bins.count; i++) {
    if (p->bins.items[i] == (double)k) return true;
  }
  return false;
}

int64_t hr_net_global_epochs(const hr_net_settings *p) {
  return p->global_epochs > 0 ? p->global_epochs : p->epochs;
}

void hr_net_count_rows(const hr_split_view *train, const int32_t *slot, size_t k,
                       size_t *trained, size_t *held_out) {
  *trained = *held_out = 0;
  for (size_t i = 0; i < train->rows; i++) {
    if (slot[i] != (int32_t)k) continue;
    if (train->fold[i] == 0) {
      ++*held_out;
    } else {
      ++*trained;
    }
  }
}

/* Rows of the model of all rows; how many of them are held out is not known before they
 * are drawn, so where they are few, their share of all rows. */
static void count_global_rows(const hr_study_view *study, const hr_net_settings *p,
                              size_t *trained, size_t *held_out) {
  const hr_split_view *train = &study->train;
  size_t rows = hr_shuffle_chosen_rows(study, (size_t)p->global_rows), first = 0;
  for (size_t i = 0; i < train->rows; i++) first += train->fold[i] == 0;
  double share = train->rows > 0 ? (double)first / (double)train->rows : 0;
  *held_out = (size_t)lround(share * (double)rows);
  *trained = rows - *held_out;
}

/* The rows of slot number k, K that of all rows; whether it is trained. */
static bool count_slot(const hr_study_view *study, const hr_net_settings *p, size_t k,
                       size_t *trained, size_t *held_out) {
  if (!hr_study_wants(study, k)) return false;
  if (k == study->bin_count) {
    if (p->global) count_global_rows(study, p, trained, held_out);
    return p->global;
  }
  if (!hr_net_is_wanted(p, k)) return false;
  hr_net_count_rows(&study->train, study->train.bin, k, trained, held_out);
  return true;
}

static double stored_bytes(const hr_study_view *study, const hr_net_settings *p,
                           size_t trained, size_t held_out) {
  double kept = p->redraw ? 2 : 1;
  return 4 * (double)study->pixels * (kept * (double)trained + (double)held_out);
}

/* Bytes of all rows that have to be kept. */
static double all_stored_bytes(const hr_study_view *study, const hr_net_settings *p) {
  double bytes = 0;
  for (size_t k = 0; k <= study->bin_count; k++) {
    size_t trained = 0, held_out = 0;
    if (!count_slot(study, p, k, &trained, &held_out)) continue;
    bytes += stored_bytes(study, p, trained, held_out);
  }
  return bytes;
}

bool hr_net_fits_memory(const hr_study_view *study, const hr_net_settings *p) {
  return all_stored_bytes(study, p) <= 0.25 * (double)study->memory_bytes;
}

/* Of the model of each slot, once it is trained: the network, and a copy to predict with.
 */
static double model_bytes(const hr_net_design *design) {
  return design->kind->bytes(design, 1, false) +
         design->kind->bytes(design, HR_NETWORK_MODEL_BATCH, false);
}

void hr_net_estimate(const hr_net_method *method, const hr_study_view *study,
                     const void *parameters, hr_cost *cost) {
  const hr_net_settings *p = method->settings(parameters);
  const hr_net_kind *kind = method->kind;
  hr_net_design design;
  if (hr_net_design_of(method, study, parameters, &design, NULL) != HR_OK) {
    return; /* begin says why */
  }
  if (method->steady) method->steady(&design); /* a second training */
  double pixels = (double)study->pixels, passed = 0, most = 0, slots = 0;
  double targets = (double)hr_study_targets(study), networks = p->joint ? 1 : targets;
  for (size_t k = 0; k <= study->bin_count; k++) {
    size_t trained = 0, held_out = 0;
    int64_t epochs = k < study->bin_count ? p->epochs : hr_net_global_epochs(p);
    if (!count_slot(study, p, k, &trained, &held_out)) continue;
    passed += ((double)trained + (double)held_out / 3) * (double)epochs;
    most = fmax(most, fmax((double)trained, (double)held_out));
    slots += 1;
  }
  double models = targets * slots;
  double batch = fmin((double)p->batch_size, most), stored = all_stored_bytes(study, p);
  double weights = (double)kind->parameter_count(&design);
  bool in_memory = hr_net_fits_memory(study, p);
  /* At no less than the rate of matrix products, noise and all: bench/cnn.md. */
  cost->operations = networks * 3 * kind->operations(&design) * passed;
  cost->gathered_bytes = slots * 100 * pixels + (in_memory ? stored : 0);
  if (p->global) cost->gathered_bytes += 20 * (double)study->train.rows; /* labels */
  cost->memory_bytes = cost->gathered_bytes + kind->bytes(&design, (size_t)batch, true) +
                       20 * weights +
                       4 * pixels * (batch + 2 * (double)hr_thread_count()) +
                       models * model_bytes(&design);
  cost->bundle_bytes = cost->full_bytes = models * (4 * weights + 8 * pixels);
  cost->disk_bytes = models * (4 * weights + 8 * pixels + 60 * (double)p->epochs) +
                     20 * weights + (in_memory ? 0 : stored) +
                     (p->global ? 8 : 4) * targets * (double)study->test_rows;
}
