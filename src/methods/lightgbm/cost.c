/* Memory and time of trees, and the schedule that follows from them. */
#include "methods/lightgbm/cost.h"

#include <math.h>
#include <string.h>

#include "core/parallel.h"
#include "methods/shuffle.h"

enum {
  /* What LightGBM keeps of a pixel in a model's dataset beside its rows and boundaries.
   */
  BYTES_PER_PIXEL = 400,
  /* Of a row: gradients, scores and indices while its model is grown. */
  BYTES_PER_ROW = 64,
  BYTES_PER_SAMPLED_VALUE = 12, /* fp64 and its row, while boundaries are made */
  /* Of matrix products, in the time of one addition to a histogram, at least: 700 on many
   * cores (431 Gflop/s against 0.6 billion additions a second, growing trees of 40,000 to
   * 800,000 rows), 380 and 280 on two cores and bins of 440 and 110 rows. What is said of
   * the time is a lower bound. */
  OPERATIONS_PER_ADDITION = 250,
};

size_t hr_lightgbm_fewest_rows(const hr_lightgbm_parameters *p) {
  return p->min_child_samples > 1 ? 2 * (size_t)p->min_child_samples : 2;
}

size_t hr_lightgbm_folds(const hr_study_view *study, const hr_lightgbm_parameters *p) {
  return (size_t)p->folds < study->fold_count ? (size_t)p->folds : study->fold_count;
}

size_t hr_lightgbm_histograms(int64_t max_depth, int64_t num_leaves) {
  size_t leaves = (size_t)num_leaves;
  /* 2^(max_depth-1) leaves at most are above max_depth at the same time. */
  if (max_depth <= 0 || max_depth > 32) return leaves;
  size_t splittable = (size_t)1 << (max_depth - 1);
  return splittable < leaves ? splittable : leaves;
}

/* Rows of the model of all rows; 0 where there is none. */
static size_t global_rows(const hr_study_view *study, const hr_lightgbm_parameters *p) {
  bool is_wanted = p->global && hr_study_wants(study, study->bin_count);
  size_t rows = is_wanted ? hr_shuffle_chosen_rows(study, (size_t)p->global_rows) : 0;
  return rows < hr_lightgbm_fewest_rows(p) ? 0 : rows;
}

/* Bytes of a dataset, 8-bit columns and their boundaries; 0 where it trains nothing. */
static double dataset_bytes(const hr_study_view *study, const hr_lightgbm_parameters *p,
                            size_t rows) {
  double pixels = (double)study->pixels;
  double boundaries = pixels * ((double)(p->max_bin + 1) * 8 + BYTES_PER_PIXEL);
  return rows < hr_lightgbm_fewest_rows(p) ? 0 : (double)rows * pixels + boundaries;
}

/* Bytes of the bins' datasets. */
static double bins_bytes(const hr_study_view *study, const hr_lightgbm_parameters *p,
                         const size_t *counts) {
  double bytes = 0;
  for (size_t k = 0; k < study->bin_count; k++) {
    bytes += dataset_bytes(study, p, counts[k]);
  }
  return bytes;
}

/* Bytes of all datasets, and of what is known of the rows: their measured ratios, and
 * whether the model of all rows has them. */
static double stored_bytes(const hr_study_view *study, const hr_lightgbm_parameters *p,
                           const size_t *counts) {
  return (p->global ? 12 : 8) * (double)study->train.rows + bins_bytes(study, p, counts) +
         dataset_bytes(study, p, global_rows(study, p));
}

static size_t rows_of_largest(const hr_study_view *study, const size_t *counts) {
  size_t most = 0;
  for (size_t k = 0; k < study->bin_count; k++) {
    if (counts[k] > most) most = counts[k];
  }
  return most;
}

/* Bytes that growing the trees of so many rows takes beside the datasets. */
static double growing_bytes(const hr_study_view *study, const hr_lightgbm_parameters *p,
                            size_t most) {
  double pixels = (double)study->pixels, values = (double)(p->max_bin + 1);
  double held_out = p->folds > 0 ? (double)most * pixels : 0;
  return (double)hr_lightgbm_histograms(p->max_depth, p->num_leaves) * pixels * values *
             HR_LIGHTGBM_BYTES_PER_VALUE +
         held_out + BYTES_PER_ROW * (double)most;
}

/* The trained bins, those with most rows first, so that none is left for the end that
 * takes long. */
static void sort_bins(const hr_study_view *study, const hr_lightgbm_parameters *p,
                      const size_t *counts, hr_lightgbm_schedule *out) {
  for (size_t k = 0; k < study->bin_count; k++) {
    if (counts[k] < hr_lightgbm_fewest_rows(p)) continue;
    size_t at = out->count++;
    for (; at > 0 && counts[out->order[at - 1]] < counts[k]; at--) {
      out->order[at] = out->order[at - 1];
    }
    out->order[at] = k;
  }
}

hr_lightgbm_schedule hr_lightgbm_make_schedule(const hr_study_view *study,
                                               const hr_lightgbm_parameters *p,
                                               const size_t *counts, bool on_cpu) {
  hr_lightgbm_schedule schedule = {.at_once = 1};
  size_t threads = hr_thread_count();
  sort_bins(study, p, counts, &schedule);
  double room = 0.5 * (double)study->memory_bytes - stored_bytes(study, p, counts);
  double fitting = room / growing_bytes(study, p, rows_of_largest(study, counts));
  size_t most = schedule.count < threads ? schedule.count : threads;
  if (fitting < (double)most) most = fitting < 1 ? 1 : (size_t)fitting;
  /* Half of the threads or more would be idle. */
  if (!on_cpu || most < 2 || 2 * most <= threads) return schedule;
  schedule.at_once = most;
  size_t left = schedule.count % most;
  schedule.shared = 2 * left <= most ? schedule.count - left : schedule.count;
  return schedule;
}

static double smaller(double a, double b) {
  return a < b ? a : b;
}

/* Bytes of all slots' samples, and of the columns that the largest of them turns into. */
static double sampling_bytes(const hr_study_view *study, const hr_lightgbm_parameters *p,
                             const size_t *counts) {
  double all = 0, most = 0;
  for (size_t k = 0; k <= study->bin_count; k++) {
    size_t count = k < study->bin_count ? counts[k] : global_rows(study, p);
    if (count < hr_lightgbm_fewest_rows(p)) continue;
    double rows = smaller((double)count, (double)p->subsample_for_bin);
    all += rows;
    if (rows > most) most = rows;
  }
  return (double)study->pixels * (sizeof(float) * all + BYTES_PER_SAMPLED_VALUE * most);
}

/* Additions to histograms of a tree of so many rows, at least: half the rows are in the
 * smaller leaf of each split, on every level. A tree has no more leaves than its rows
 * fill, and a histogram no more values than rows. */
static double additions_of(const hr_lightgbm_parameters *p, double rows) {
  double filled = floor(rows / fmax(1, (double)p->min_child_samples));
  double leaves = fmax(1, smaller((double)p->num_leaves, filled)), levels = log2(leaves);
  if (p->max_depth > 0) levels = smaller(levels, (double)p->max_depth);
  return rows * (1 + levels / 2) + smaller((double)(p->max_bin + 1), rows) * leaves;
}

static double growing_operations(const hr_study_view *study,
                                 const hr_lightgbm_parameters *p, const size_t *counts) {
  double models = 1 + (double)hr_lightgbm_folds(study, p), additions = 0;
  models *= (double)hr_study_targets(study);
  for (size_t k = 0; k <= study->bin_count; k++) {
    size_t count = k < study->bin_count ? counts[k] : global_rows(study, p);
    if (count < hr_lightgbm_fewest_rows(p)) continue;
    additions += additions_of(p, (double)count * p->bagging_fraction);
  }
  return OPERATIONS_PER_ADDITION * additions * models * (double)p->n_estimators *
         p->feature_fraction * (double)study->pixels;
}

void hr_lightgbm_estimate(const hr_study_view *study, const void *parameters,
                          hr_cost *cost) {
  const hr_lightgbm_parameters *p = parameters;
  double pixels = (double)study->pixels;
  size_t counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    if (!hr_study_wants(study, k)) counts[k] = 0;
  }
  bool on_cpu = strcmp(p->device, "gpu") != 0 && strcmp(p->device, "cuda") != 0;
  hr_lightgbm_schedule schedule = hr_lightgbm_make_schedule(study, p, counts, on_cpu);
  double growing =
      (double)schedule.at_once * growing_bytes(study, p, rows_of_largest(study, counts));
  size_t rows = global_rows(study, p);
  if (rows > 0) { /* when the bins' datasets are gone */
    double beside = growing_bytes(study, p, rows) - bins_bytes(study, p, counts);
    growing = fmax(growing, beside);
  }
  cost->operations += growing_operations(study, p, counts);
  cost->gathered_bytes = stored_bytes(study, p, counts);
  cost->sampled_bytes = sampling_bytes(study, p, counts);
  cost->memory_bytes = cost->gathered_bytes + fmax(cost->sampled_bytes, growing);
  /* A leaf takes about 130 characters of model.txt, a pixel 30 of importance.csv. */
  double leaves = (double)p->n_estimators * (double)p->num_leaves;
  double targets = (double)hr_study_targets(study), predictions = p->global ? 2 : 1;
  double models = targets * (double)(study->bin_count + (p->global ? 1 : 0));
  cost->bundle_bytes = cost->full_bytes = models * 130 * leaves;
  cost->disk_bytes = models * (130 * leaves + 30 * pixels) +
                     targets * predictions * 4 * (double)study->test_rows;
}
