/* Cutting templates into tiles of like spectra: within a group, the axis of the leading
 * components along which the templates differ most is halved at the middle one, again and
 * again (a k-d tree, Bentley 1975). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compute/components.h"
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"

enum { BLOCK = 256 }; /* templates a product */

/* A template while it is sorted. */
typedef struct ranked_template {
  float axis[HR_TEMPLATE_AXES], key;
  size_t slot;
} ranked_template;

typedef struct cutting {
  hr_templates *templates;
  float *axes;             /* [AXES][P] */
  ranked_template *ranked; /* [count] */
  size_t axis_count;
} cutting;

/* The leading components of a sample of all templates. Neighbouring slots may look alike,
 * so the sample is evenly spread. */
static hr_status find_axes(cutting *cut, hr_error *err) {
  hr_status status = HR_OK;
  const hr_templates *t = cut->templates;
  size_t rows = t->count < HR_COMPONENT_ROWS ? t->count : HR_COMPONENT_ROWS;
  double *sample = NULL, *mean = NULL, *scratch = NULL, *components = NULL;
  HR_TRY(hr_alloc(&sample, rows * t->pixels, err));
  HR_TRY(hr_alloc(&mean, t->pixels, err));
  HR_TRY(hr_alloc(&scratch, HR_COMPONENT_SCRATCH, err));
  HR_TRY(hr_alloc(&components, HR_TEMPLATE_AXES * t->pixels, err));
  for (size_t i = 0; i < rows; i++) {
    const float *x = t->x + i * t->count / rows * t->pixels;
    double *row = sample + i * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) {
      row[p] = (double)x[p] * t->scale[p];
      mean[p] += row[p] / (double)rows;
    }
  }
  for (size_t i = 0; i < rows; i++) {
    t->compute->axpy_f64(t->pixels, -1, mean, sample + i * t->pixels);
  }
  hr_component_shape shape = {rows, t->pixels, HR_TEMPLATE_AXES, 0};
  cut->axis_count = hr_components(t->compute, &shape, sample, scratch, components);
  for (size_t k = 0; k < cut->axis_count; k++) {
    for (size_t p = 0; p < t->pixels; p++) {
      double value = components[k * t->pixels + p] * t->scale[p];
      cut->axes[k * t->pixels + p] = (float)value;
    }
  }
cleanup:
  hr_free(sample);
  hr_free(mean);
  hr_free(scratch);
  hr_free(components);
  return status;
}

static void place_block(void *context, size_t block, size_t thread) {
  (void)thread;
  const cutting *cut = context;
  const hr_templates *t = cut->templates;
  float product[BLOCK * HR_TEMPLATE_AXES] = {0};
  size_t first = block * BLOCK;
  size_t count = t->count - first < BLOCK ? t->count - first : BLOCK;
  if (cut->axis_count > 0) {
    const hr_product shape = {.m = count,
                              .n = cut->axis_count,
                              .k = t->pixels,
                              .transpose_b = true,
                              .lda = t->pixels,
                              .ldb = t->pixels,
                              .ldc = HR_TEMPLATE_AXES,
                              .factor = 1};
    t->compute->gemm_f32(&shape, t->x + first * t->pixels, cut->axes, product);
  }
  for (size_t i = 0; i < count; i++) {
    ranked_template *template = &cut->ranked[first + i];
    template->slot = first + i;
    memcpy(template->axis, product + i * HR_TEMPLATE_AXES, sizeof template->axis);
  }
}

static int compare_ranked(const void *left, const void *right) {
  const ranked_template *a = left, *b = right;
  if (a->key < b->key) return -1;
  if (a->key > b->key) return 1;
  return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Sorts along the axis of largest variance. */
static void sort_widest(ranked_template *ranked, size_t count) {
  size_t widest = 0;
  double largest = -1;
  for (size_t axis = 0; axis < HR_TEMPLATE_AXES; axis++) {
    double mean = 0, variance = 0;
    for (size_t i = 0; i < count; i++) mean += (double)ranked[i].axis[axis];
    mean /= (double)count;
    for (size_t i = 0; i < count; i++) {
      double d = (double)ranked[i].axis[axis] - mean;
      variance += d * d;
    }
    if (variance > largest) {
      largest = variance;
      widest = axis;
    }
  }
  for (size_t i = 0; i < count; i++) ranked[i].key = ranked[i].axis[widest];
  qsort(ranked, count, sizeof *ranked, compare_ranked);
}

/* Cuts templates first .. first+count-1, of one group, into `pieces` tiles. */
static void cut_run(cutting *cut, size_t first, size_t count, size_t pieces) {
  hr_templates *t = cut->templates;
  if (pieces > 1) {
    size_t half = pieces / 2, here = count * half / pieces;
    sort_widest(cut->ranked + first, count);
    cut_run(cut, first, here, half);
    cut_run(cut, first + here, count - here, pieces - half);
    return;
  }
  int32_t group = t->labels[cut->ranked[first].slot].group;
  t->tiles[t->tile_count++] =
      (hr_template_tile){.first = first, .count = count, .group = group};
}

/* The end of the run of one group that begins at `first`. */
static size_t end_of_group(const hr_templates *t, size_t first) {
  size_t end = first;
  while (end < t->count && t->labels[end].group == t->labels[first].group) end++;
  return end;
}

static size_t pieces_of(size_t count) {
  return (count + HR_TEMPLATE_TILE - 1) / HR_TEMPLATE_TILE;
}

hr_status hr_templates_cut(hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  cutting cut = {.templates = t};
  size_t tiles = 0;
  HR_TRY(hr_alloc(&cut.axes, HR_TEMPLATE_AXES * t->pixels, err));
  HR_TRY(hr_alloc(&cut.ranked, t->count, err));
  HR_TRY(hr_alloc(&t->slot, t->count, err));
  HR_TRY(find_axes(&cut, err));
  hr_parallel_for((t->count + BLOCK - 1) / BLOCK, place_block, &cut);
  for (size_t first = 0, end = 0; first < t->count; first = end) {
    end = end_of_group(t, first);
    tiles += pieces_of(end - first);
  }
  HR_TRY(hr_alloc(&t->tiles, tiles, err));
  for (size_t first = 0, end = 0; first < t->count; first = end) {
    end = end_of_group(t, first);
    cut_run(&cut, first, end - first, pieces_of(end - first));
  }
  for (size_t i = 0; i < t->count; i++) t->slot[i] = cut.ranked[i].slot;
cleanup:
  hr_free(cut.axes);
  hr_free(cut.ranked);
  return status;
}
