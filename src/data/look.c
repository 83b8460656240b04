/* Medians of a few hundred pixels a row. */
#include "data/look.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/pixel_quantile.h"
#include "data/conditioning.h"
#include "data/prepare.h"
#include "data/shard.h"

enum { RUN_ROWS = 16 }; /* neighbours, as files are read in chunks of rows */

/* A normal deviate's median absolute value. */
static const float normal_median = 0.6745f;

/* Its lower quartile. */
static const float normal_quartile = 0.3186f;

/* Room for what is picked of a row. */
typedef struct picked {
  float flux[HR_LOOK_PIXELS], error[HR_LOOK_PIXELS], work[HR_LOOK_PIXELS];
  float scratch[HR_LOOK_PIXELS];
  float distance[HR_LOOK_PIXELS]; /* |noisy - flux|, NaN: not known */
  size_t count;
} picked;

static float median_of(picked *p) {
  return p->count > 0 ? (float)hr_pixel_quantile(p->work, p->count, 0.5, p->scratch)
                      : NAN;
}

/* Pixels with a usable error, every stride-th. */
static void pick(const hr_block *block, size_t i, picked *p) {
  size_t pixels = block->pixels, stride = (pixels - 1) / HR_LOOK_PIXELS + 1;
  const float *flux = block->flux + i * pixels, *error = block->error + i * pixels;
  const float *noisy = block->noisy ? block->noisy + i * pixels : NULL;
  p->count = 0;
  for (size_t at = 0; at < pixels; at += stride) {
    if (!(error[at] > 0)) continue;
    p->flux[p->count] = flux[at];
    p->error[p->count] = error[at];
    p->distance[p->count] = noisy ? fabsf(noisy[at] - flux[at]) : NAN;
    p->count++;
  }
}

/* Median of what is made of a pixel's flux or distance and its error. */
static float median_over(picked *p, const float *value, double power) {
  for (size_t k = 0; k < p->count; k++) {
    p->work[k] = (float)(value[k] * pow(p->error[k], power));
  }
  return median_of(p);
}

/* Whether the ten leading bits of the fraction are all there is. */
static bool is_coarse(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return (bits & 0x1fffu) == 0;
}

static void count_pixels(const picked *p, hr_look_row *out) {
  out->pixels = (uint32_t)p->count;
  out->lowest = out->highest = p->flux[0];
  for (size_t k = 0; k < p->count; k++) {
    out->lowest = fminf(out->lowest, p->flux[k]);
    out->highest = fmaxf(out->highest, p->flux[k]);
    out->far += p->distance[k] > HR_LOOK_FAR * p->error[k];
    out->coarse += is_coarse(p->flux[k]);
    if (!(p->distance[k] <= 0)) continue;
    if (out->untouched++ == 0) out->untouched_flux = p->flux[k];
  }
}

/* Of up to HR_LOOK_PIXELS neighbours in the middle of the row. */
static float roughness(const hr_block *block, size_t i, picked *p) {
  size_t pixels = block->pixels;
  size_t count = pixels < HR_LOOK_PIXELS ? pixels : HR_LOOK_PIXELS;
  size_t first = (pixels - count) / 2;
  const float *flux = block->flux + i * pixels + first;
  const float *error = block->error + i * pixels + first;
  p->count = 0;
  for (size_t k = 2; k + 2 < count; k++) {
    if (!(error[k - 2] > 0 && error[k] > 0 && error[k + 2] > 0)) continue;
    p->work[p->count++] = fabsf(2 * flux[k] - flux[k - 2] - flux[k + 2]) / error[k];
  }
  if (p->count == 0) return NAN;
  float found = (float)hr_pixel_quantile(p->work, p->count, 0.25, p->scratch);
  return found / (normal_quartile * sqrtf(6));
}

/* The error has the unit of the flux, so what is none was not scaled as it should be. */
static void measure_noise(picked *p, double scale, hr_look_row *out) {
  double inverse = pow(scale, 1.5), variance = sqrt(scale);
  out->scatter = median_over(p, p->distance, -1) / normal_median;
  out->as_inverse =
      (float)(inverse * (double)median_over(p, p->distance, 0.5)) / normal_median;
  out->as_variance =
      (float)(variance * (double)median_over(p, p->distance, -0.5)) / normal_median;
}

static bool is_scattered(const hr_block *block, size_t i) {
  size_t at = i * block->pixels, bytes = block->pixels * sizeof(float);
  return block->noisy && memcmp(block->noisy + at, block->flux + at, bytes) != 0;
}

/* Every stride-th value of a row continues a fingerprint. */
static uint64_t print_values(uint64_t print, const float *values, size_t pixels) {
  size_t stride = (pixels - 1) / HR_LOOK_PIXELS + 1;
  for (size_t p = 0; p < pixels; p += stride) {
    print = hr_fingerprint_bytes(print, &values[p], sizeof values[p]);
  }
  return print;
}

static uint64_t print_row(const hr_block *block, size_t i) {
  size_t pixels = block->pixels, at = i * pixels;
  uint64_t print = print_values(hr_fingerprint_start(), block->flux + at, pixels);
  print = print_values(print, block->error + at, pixels);
  return block->noisy ? print_values(print, block->noisy + at, pixels) : print;
}

static void look_at_row(const hr_block *block, size_t i, double scale, picked *p,
                        hr_look_row *out) {
  *out = (hr_look_row){.row = block->first_row + i,
                       .print = print_row(block, i),
                       .level = NAN,
                       .spread = NAN,
                       .noise = NAN,
                       .ratio = NAN,
                       .scatter = NAN,
                       .as_inverse = NAN,
                       .as_variance = NAN,
                       .rough = NAN};
  pick(block, i, p);
  out->is_scattered = p->count == 0 && is_scattered(block, i);
  if (p->count == 0) return;
  count_pixels(p, out);
  out->level = (float)hr_pixel_quantile(p->flux, p->count, 0.5, p->scratch);
  out->noise = (float)hr_pixel_quantile(p->error, p->count, 0.5, p->scratch);
  out->spread = (float)(hr_pixel_quantile(p->flux, p->count, 0.95, p->scratch) -
                        hr_pixel_quantile(p->flux, p->count, 0.05, p->scratch));
  if (out->level > out->spread / 3) out->ratio = median_over(p, p->flux, -1);
  if (block->noisy) measure_noise(p, scale, out);
  out->rough = roughness(block, i, p);
}

/* Marks the runs of a file. */
static void choose_rows(const hr_shard *shard, size_t rows, bool *runs) {
  size_t share = (size_t)((double)HR_LOOK_ROWS * (double)shard->rows / (double)rows);
  if (share < HR_LOOK_LEAST_ROWS) share = HR_LOOK_LEAST_ROWS;
  size_t count = (share - 1) / RUN_ROWS + 1;
  for (size_t k = 0; k < count && shard->rows > 0; k++) {
    size_t row = (2 * k + 1) * shard->rows / (2 * count);
    runs[(shard->first_row + row) / RUN_ROWS] = true;
  }
}

static hr_status choose_all(const hr_dataset *dataset, bool **runs, size_t *chosen,
                            hr_error *err) {
  size_t shard_count = 0, rows = hr_dataset_rows(dataset);
  const hr_shard *shards = hr_dataset_shards(dataset, &shard_count);
  size_t count = (rows + RUN_ROWS - 1) / RUN_ROWS;
  hr_status status = hr_alloc(runs, count, err);
  if (status != HR_OK) return status;
  for (size_t s = 0; s < shard_count; s++) choose_rows(&shards[s], rows, *runs);
  *chosen = 0;
  for (size_t r = 0; r < count; r++) *chosen += (*runs)[r] ? RUN_ROWS : 0;
  return HR_OK;
}

static void take_block(const hr_stream *stream, const hr_block *block, picked *p,
                       hr_look *look) {
  const hr_row_report *reports = hr_stream_reports(stream);
  for (size_t i = 0; i < block->rows; i++) {
    look->masks[look->mask_count++] =
        (hr_look_mask){block->first_row + i, reports[i].bad.marked};
    if (reports[i].fault != HR_ROW_GOOD) continue;
    look_at_row(block, i, look->scale, p, &look->rows[look->count++]);
  }
}

hr_status hr_look_at(const hr_dataset *dataset, const hr_stream_options *streaming,
                     hr_look *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  picked *p = NULL;
  bool *runs = NULL;
  size_t chosen = 0;
  hr_block block = {0};
  hr_stream_options options = *streaming;
  hr_conditioning unclipped =
      streaming->conditioning ? *streaming->conditioning : hr_conditioning_plain();
  unclipped.clip = false;
  *out = (hr_look){.dataset = dataset, .scale = unclipped.scale, .base = unclipped.base};
  HR_TRY(choose_all(dataset, &runs, &chosen, err));
  HR_TRY(hr_alloc(&out->rows, chosen, err));
  HR_TRY(hr_alloc(&out->masks, chosen, err));
  HR_TRY(hr_alloc(&p, 1, err));
  options.noise.source = hr_dataset_has_noisy(dataset) ? HR_NOISE_STORED : HR_NOISE_NONE;
  options.conditioning = &unclipped;
  options.runs = runs;
  options.run_rows = RUN_ROWS;
  options.count_faults = true;
  options.measure_snr = false;
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  do {
    HR_TRY(hr_stream_next(stream, &block, err));
    take_block(stream, &block, p, out);
  } while (block.rows > 0);
cleanup:
  hr_stream_destroy(&stream);
  hr_free(p);
  hr_free(runs);
  return status;
}

void hr_look_fini(hr_look *look) {
  hr_free(look->rows);
  hr_free(look->masks);
  *look = (hr_look){0};
}
