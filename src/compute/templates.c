/* The life of a set of templates: room, what is put in, and what is made of it once all
 * are there. */
#include "compute/templates.h"

#include <math.h>
#include <string.h>

#include "compute/components.h"
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

enum {
  TYPICAL_RANK = 64,          /* for the estimate: components of a tile, */
  TYPICAL_CLUSTER_RANK = 192, /* of a cluster, */
  TYPICAL_SAMPLE = 200        /* and templates looked at over all pixels */
};

/* Means are compared over all pixels where the components' error is more than this share
 * of the labels' standard deviation. */
static const double most_error_share = 5e-4;

hr_templates_options hr_templates_options_default(void) {
  return (hr_templates_options){.weigh = HR_WEIGH_COMPONENTS,
                                .amplitude = HR_AMPLITUDE_NONE};
}

static size_t targets_of(const hr_templates_options *options) {
  return options->targets > 0 ? options->targets : 1;
}

double hr_amplitude_weight(const hr_templates_options *options, double l, double q) {
  double s = l + 0.5 * q;
  if (options->amplitude == HR_AMPLITUDE_NONE || !(q > 0)) return l;
  if (options->amplitude == HR_AMPLITUDE_FLAT) return 0.5 * (s * s / q - log(q));
  double k = 1 / (options->amplitude_sigma * options->amplitude_sigma);
  return 0.5 * ((s + k) * (s + k) / (q + k) - k - log1p(q / k));
}

hr_status hr_templates_create(size_t count, size_t pixels,
                              const hr_templates_options *options,
                              const hr_compute *compute, hr_templates **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *t = NULL;
  if (options->targets > HR_MOST_TEMPLATE_TARGETS) {
    return hr_fail(err, HR_ERR_USAGE, "templates of %zu targets, but at most %d can be",
                   options->targets, HR_MOST_TEMPLATE_TARGETS);
  }
  HR_TRY(hr_alloc(&t, 1, err));
  t->count = count;
  t->targets = targets_of(options);
  t->pixels = pixels;
  t->options = *options;
  t->compute = compute;
  HR_TRY(hr_alloc(&t->x, count * pixels, err));
  HR_TRY(hr_alloc(&t->labels, count, err));
  HR_TRY(hr_alloc(&t->more_labels, (t->targets - 1) * count, err));
  *out = t;
  t = NULL;
cleanup:
  hr_templates_destroy(&t);
  return status;
}

void hr_templates_destroy(hr_templates **address) {
  hr_templates *t = *address;
  *address = NULL;
  if (!t) return;
  hr_templates_free_clusters(t);
  void *owned[] = {
      t->coefficient,  t->basis,       t->scale,  t->centre_wide, t->centre,
      t->tiles,        t->fold,        t->slot,   t->most_error,  t->centre_label,
      t->label_offset, t->more_labels, t->labels, t->x,           t};
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) hr_free(owned[i]);
}

static bool is_local(const hr_templates_options *options) {
  return options->least_effective > 0;
}

/* Bytes for the clusters of so many tiles, and for making them. */
static double cluster_bytes(double tiles, size_t pixels,
                            const hr_templates_options *options) {
  double terms = options->amplitude == HR_AMPLITUDE_NONE ? 1 : 2;
  double wide = (double)pixels, rank = TYPICAL_CLUSTER_RANK, clusters = tiles / 4;
  double threads = (double)hr_thread_count();
  return 4 * rank * (clusters * (wide + terms * HR_QUERY_ROWS) + TYPICAL_RANK * tiles) +
         8 * threads * wide * (5 * rank + 2 * HR_TEMPLATE_RANK);
}

double hr_templates_bytes(size_t count, size_t pixels, size_t groups,
                          const hr_templates_options *options) {
  double wide = (double)pixels, rows = HR_QUERY_ROWS;
  double tiles = (double)(count / HR_TEMPLATE_TILE + groups + 1);
  double threads = (double)hr_thread_count();
  double rank = options->weigh == HR_WEIGH_COMPONENTS ? HR_TEMPLATE_RANK : 0;
  double per_thread = 4 * (rows * HR_TEMPLATE_LONG + HR_TEMPLATE_TILE * HR_TEMPLATE_LONG +
                           4 * rows * HR_TEMPLATE_TILE + rows * HR_TEMPLATE_RANK);
  double building = rank > 0 ? 8 * (HR_COMPONENT_ROWS + 2 * rank) * wide : 0;
  if (is_local(options)) {
    per_thread += 8 * HR_TEMPLATE_LOCAL * (wide + HR_TEMPLATE_LOCAL) + 32 * wide;
  }
  double clusters = 0;
  if (rank > 0 && count > HR_TEMPLATES_MANY) {
    clusters = cluster_bytes(tiles, pixels, options);
  }
  double labels = 12 * (double)(targets_of(options) - 1);
  double per_template =
      64 + labels + 4 * wide + (is_local(options) ? 8 : 4) * rows + 4 * rank;
  return (double)count * per_template + tiles * ((20 + 4 * rank) * wide + 48 * rows) +
         20 * rows * wide + threads * (per_thread + building) + clusters;
}

double hr_templates_operations(size_t count, size_t pixels, size_t groups,
                               const hr_templates_options *options) {
  double wide = (double)pixels, templates = (double)count;
  double terms = options->amplitude == HR_AMPLITUDE_NONE ? 1 : 2;
  double local = is_local(options) ? HR_TEMPLATE_LOCAL * HR_TEMPLATE_LOCAL * wide : 0;
  if (options->weigh == HR_WEIGH_PIXELS) return 4 * terms * wide * templates + local;
  double tiles = templates / HR_TEMPLATE_TILE + (double)groups;
  double projected = tiles * TYPICAL_RANK * wide;
  if (count > HR_TEMPLATES_MANY) projected = tiles / 6 * TYPICAL_CLUSTER_RANK * wide;
  return local + 2 * terms * (projected + TYPICAL_RANK * templates) +
         4 * TYPICAL_SAMPLE * wide;
}

void hr_templates_put(hr_templates *t, size_t slot, const float *x,
                      const hr_template_label *label) {
  memcpy(t->x + slot * t->pixels, x, t->pixels * sizeof *x);
  t->labels[slot] = *label;
}

void hr_templates_put_target(hr_templates *t, size_t slot, size_t target, double y) {
  t->more_labels[(target - 1) * t->count + slot] = y;
}

/* The root of the typical 1/σ², above 0 everywhere. */
static void set_scale(hr_templates *t, const double *typical) {
  double sum = 0, counts = 0;
  for (size_t p = 0; typical && p < t->pixels; p++) {
    if (!(typical[p] > 0) || !isfinite(typical[p])) continue;
    sum += typical[p];
    counts++;
  }
  double mean = counts > 0 ? sum / counts : 1;
  for (size_t p = 0; p < t->pixels; p++) {
    bool counted = typical && typical[p] > 0 && isfinite(typical[p]);
    t->scale[p] = sqrt(counted ? typical[p] : mean);
  }
}

static void centre_tile(void *context, size_t index, size_t thread) {
  (void)thread;
  hr_templates *t = context;
  const hr_template_tile *tile = &t->tiles[index];
  double *wide = t->centre_wide + index * t->pixels;
  double *square = wide + t->tile_count * t->pixels;
  float *centre = t->centre + index * t->pixels;
  for (size_t i = 0; i < tile->count; i++) {
    const float *x = t->x + t->slot[tile->first + i] * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) wide[p] += (double)x[p];
  }
  for (size_t p = 0; p < t->pixels; p++) {
    centre[p] = (float)(wide[p] / (double)tile->count);
    wide[p] = (double)centre[p];
    square[p] = wide[p] * wide[p];
  }
  for (size_t i = 0; i < tile->count; i++) {
    float *x = t->x + t->slot[tile->first + i] * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) x[p] -= centre[p];
  }
}

static double label_of(const hr_templates *t, size_t slot, size_t target) {
  return target == 0 ? t->labels[slot].y : t->more_labels[(target - 1) * t->count + slot];
}

/* The labels of a target less their mean, in the order of tiles; their mean and spread.
 */
static void centre_labels(hr_templates *t, size_t target) {
  float *label_offset = t->label_offset + target * t->count;
  double sum = 0, squares = 0;
  for (size_t i = 0; i < t->count; i++) sum += label_of(t, t->slot[i], target);
  double count = (double)(t->count > 0 ? t->count : 1), centre = sum / count;
  for (size_t i = 0; i < t->count; i++) {
    double offset = label_of(t, t->slot[i], target) - centre;
    label_offset[i] = (float)offset;
    squares += offset * offset;
  }
  t->centre_label[target] = centre;
  t->most_error[target] = most_error_share * sqrt(squares / count);
}

/* Labels in the order of tiles. */
static hr_status order_labels(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  hr_template_label *ordered = NULL;
  HR_TRY(hr_alloc(&ordered, t->count, err));
  HR_TRY(hr_alloc(&t->label_offset, t->targets * t->count, err));
  HR_TRY(hr_alloc(&t->centre_label, t->targets, err));
  HR_TRY(hr_alloc(&t->most_error, t->targets, err));
  HR_TRY(hr_alloc(&t->fold, t->count, err));
  for (size_t target = 0; target < t->targets; target++) centre_labels(t, target);
  for (size_t i = 0; i < t->count; i++) {
    ordered[i] = t->labels[t->slot[i]];
    t->fold[i] = ordered[i].fold;
  }
  hr_free(t->labels);
  t->labels = ordered;
  ordered = NULL;
  hr_free(t->more_labels);
  t->more_labels = NULL;
cleanup:
  hr_free(ordered);
  return status;
}

hr_status hr_templates_finish(hr_templates *t, const double *typical, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&t->scale, t->pixels, err));
  set_scale(t, typical);
  HR_TRY(hr_templates_cut(t, err));
  HR_TRY(order_labels(t, err));
  HR_TRY(hr_alloc(&t->centre, t->tile_count * t->pixels, err));
  HR_TRY(hr_alloc(&t->centre_wide, 2 * t->tile_count * t->pixels, err));
  hr_parallel_for(t->tile_count, centre_tile, t);
  if (t->options.weigh == HR_WEIGH_PIXELS) return HR_OK;
  HR_TRY(hr_templates_compress(t, err));
  if (t->count > HR_TEMPLATES_MANY) HR_TRY(hr_templates_cluster(t, err));
cleanup:
  return status;
}

size_t hr_templates_count(const hr_templates *t) {
  return t->count;
}

size_t hr_templates_pixels(const hr_templates *t) {
  return t->pixels;
}

size_t hr_templates_targets(const hr_templates *t) {
  return t->targets;
}

const hr_templates_options *hr_templates_options_of(const hr_templates *t) {
  return &t->options;
}

void hr_templates_list_groups(const hr_templates *t, int32_t *group) {
  for (size_t k = 0; k < t->tile_count; k++) {
    size_t first = t->tiles[k].first, end = first + t->tiles[k].count;
    for (size_t i = first; i < end; i++) group[t->slot[i]] = t->tiles[k].group;
  }
}
