/* What the networks take, before anything is read. */
#include "methods/net/cost.h"

#include <math.h>

#include "core/parallel.h"
#include "methods/net/train.h"
#include "methods/shuffle.h"
#include "models/network.h"

bool hr_net_is_wanted(const hr_net_settings *p, size_t k) {
  if (p->bins.count == 0 && hr_net_has_heads(p)) return true;
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

/* What all networks go through and keep. */
typedef struct workload {
  double passed, most, stored; /* spectra, those of a network at most, bytes */
  double slots;
} workload;

static void add_rows(const hr_study_view *study, const hr_net_settings *p, int64_t epochs,
                     const size_t rows[2], workload *out) {
  double trained = (double)rows[0], held_out = (double)rows[1];
  out->passed += (trained + held_out / 3) * (double)epochs;
  out->most = fmax(out->most, fmax(trained, held_out));
  out->stored += stored_bytes(study, p, rows[0], rows[1]);
}

/* Of a trunk they are the rows of all bins that have heads, or all. */
static workload work_of(const hr_study_view *study, const hr_net_settings *p) {
  workload out = {.slots = 0};
  bool has_heads = hr_net_has_heads(p);
  size_t together[2] = {0, 0};
  for (size_t k = 0; k <= study->bin_count; k++) {
    size_t rows[2] = {0, 0};
    int64_t epochs = k < study->bin_count ? p->epochs : hr_net_global_epochs(p);
    if (!count_slot(study, p, k, &rows[0], &rows[1])) continue;
    out.slots += 1;
    if (!has_heads) add_rows(study, p, epochs, rows, &out);
    bool is_all = k == study->bin_count;
    for (size_t i = 0; i < 2; i++) together[i] = rows[i] + (is_all ? 0 : together[i]);
  }
  if (has_heads) add_rows(study, p, p->epochs, together, &out);
  return out;
}

bool hr_net_fits_memory(const hr_study_view *study, const hr_net_settings *p) {
  return work_of(study, p).stored <= 0.25 * (double)study->memory_bytes;
}

/* Of the model of each slot, once it is trained: the network, and a copy to predict with.
 */
static double model_bytes(const hr_net_design *design) {
  return design->kind->bytes(design, 1, false) +
         design->kind->bytes(design, HR_NET_POOL_BATCH, false);
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
  const workload work = work_of(study, p);
  bool has_heads = hr_net_has_heads(p), in_memory = hr_net_fits_memory(study, p);
  double pixels = (double)study->pixels, targets = (double)hr_study_targets(study);
  double networks = p->joint || has_heads ? 1 : targets;
  double models = targets * work.slots, files = has_heads ? 1 : models;
  double batch = fmin((double)p->batch_size, work.most);
  double weights = (double)kind->parameter_count(&design);
  double kept_rows = has_heads ? 1 : work.slots;
  /* At no less than the rate of matrix products, noise and all: bench/cnn.md. */
  cost->operations = networks * 3 * kind->operations(&design) * work.passed;
  cost->gathered_bytes = kept_rows * 100 * pixels + (in_memory ? work.stored : 0);
  if (p->global || has_heads) {
    cost->gathered_bytes += 20 * (double)study->train.rows; /* labels */
  }
  cost->memory_bytes =
      cost->gathered_bytes + kind->bytes(&design, (size_t)batch, true) + 20 * weights +
      4 * pixels * (batch + 2 * (double)hr_thread_count()) + files * model_bytes(&design);
  cost->bundle_bytes = cost->full_bytes = files * (4 * weights + 8 * pixels);
  cost->disk_bytes = cost->full_bytes + models * 60 * (double)p->epochs + 20 * weights +
                     (in_memory ? 0 : work.stored) +
                     (p->global ? 8 : 4) * targets * (double)study->test_rows;
}
