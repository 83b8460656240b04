/* Learning how rows are made ready. The sample is read in fp64, a few rows at a time, as
 * nothing is known of its unit yet: each row is looked at in a unit of its own, a power
 * of two near its median, in which the definition of a bad pixel holds as it stands. */
#include "data/conditioning.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/pixel_quantile.h"
#include "core/quantile.h"
#include "core/text.h"
#include "data/array.h"
#include "data/bad_pixels.h"
#include "data/rest.h"
#include "data/shard.h"

enum {
  RUN = 32,   /* neighbouring rows that are read together */
  PIECE = 64, /* rows in memory at a time, where they fit PIECE_BYTES in fp64 */
  PIECE_BYTES = 4 << 20,
  /* A run where chunks are compressed, at most: more rows of fewer chunks. */
  LONGEST_RUN = 512,
  FEWEST_FOR_WILD = 10, /* rows that know what is usual */
};

/* The spread that a scale of 1 is made for. Simulated spectra have a median of 0.13,
 * spectra with deep lines that are normalised to 1 have 0.3: both are far from 0.063 and
 * 0.63, where the scale would change. */
static const double usual_spread = 0.2;

/* A level so many spreads from 0 is a pedestal. Of normalised spectra it is 3 to 4, of
 * the hottest and poorest stars alone about 20; below it fp32 keeps more than a hundred
 * thousandth of the spread. */
static const double pedestal_spreads = 25;

/* More pixels below 0 than this are no accident. */
static const double most_negative = 0.01;

/* Beyond the median of rows by 1.5 dex, and by ten times the median deviation where rows
 * are of different brightness. */
static const double wild_dex = 1.5, wild_deviations = 10, bright_dex = 0.7;

hr_conditioning hr_conditioning_plain(void) {
  return (hr_conditioning){.scale = 1,
                           .clip = true,
                           .knows_errors = true,
                           .mask_bits = HR_MASK_NONE,
                           .wild_beyond = INFINITY};
}

void hr_conditioning_fini(hr_conditioning *conditioning) {
  hr_free(conditioning->stand_in);
  hr_free(conditioning->lowest);
  hr_free(conditioning->highest);
  *conditioning = hr_conditioning_plain();
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* --- which rows --- */

typedef struct runs {
  size_t rows, count, length; /* of the dataset; how many, and how long they are */
} runs;

static runs plan_runs(size_t rows, size_t chunk_rows) {
  size_t length = chunk_rows > RUN ? smaller(chunk_rows, LONGEST_RUN) : RUN;
  if (rows <= HR_CONDITIONING_ROWS) return (runs){rows, 1, rows};
  return (runs){rows, HR_CONDITIONING_ROWS / length, length};
}

/* The first row of run number i. */
static size_t run_start(const runs *r, size_t i) {
  if (r->count == 1) return 0;
  double apart = (double)(r->rows - r->length) / (double)(r->count - 1);
  size_t start = (size_t)((double)i * apart);
  return start - start % r->length; /* where chunks begin, as a rule */
}

/* --- reading --- */

enum { FLUX, ERROR, MASK, ARRAYS };

/* What is known of one row of the sample, in the unit of the files. */
typedef struct row_facts {
  size_t good; /* pixels */
  size_t negative;
  double spread, median;
  double error;           /* median of some; NaN: none is known */
  double lowest, highest; /* flux of good pixels */
  bool has_error;         /* one that is not 0 */
} row_facts;

typedef struct sampler {
  const hr_shard *shards; /* borrowed */
  size_t shard_count, pixels;
  uint64_t mask_bits;
  bool ignores_errors;
  bool is_noisy; /* the noisy spectra are looked at in the place of the flux */
  runs plan;
  size_t shard; /* that is open; shard_count: none */
  hr_hdf5_file file;
  hr_array arrays[ARRAYS];
  double *flux, *error; /* [staging.rows][P] */
  float *narrow;        /* [staging.rows][P] */
  uint8_t *mask, *bad;  /* [staging.rows][P] */
  hr_array_staging staging;
  float *scratch;           /* [threads][3][P] */
  const hr_rest *rest;      /* borrowed; NULL: rows stay where they are */
  const double *velocity;   /* [rows of the dataset], borrowed */
  hr_rest_scratch *resting; /* [threads]; NULL without `rest` */
  size_t threads;
  row_facts *facts; /* [rows of the sample] */
  size_t rows;
  /* Over good pixels of rows that are not left out. */
  double *sum, *clipped_sum; /* [P] */
  double *lowest, *highest;  /* [P] */
  uint32_t *count;           /* [P] */
  const bool *is_wild;       /* [rows of the sample]; NULL: not known yet */
} sampler;

static void close_shard(sampler *s) {
  for (int i = 0; i < ARRAYS; i++) hr_array_close(&s->arrays[i]);
  hr_hdf5_close(&s->file);
  s->shard = s->shard_count;
}

static const char *path_of(const sampler *s, const hr_shard *shard, int which) {
  bool has_mask = shard->has_mask && s->mask_bits != HR_MASK_NONE;
  if (which == FLUX) {
    return s->is_noisy ? shard->noisy_path : hr_shard_place(shard, HR_PLACE_FLUX);
  }
  if (which == ERROR) {
    return shard->has_error ? hr_shard_place(shard, HR_PLACE_ERROR) : NULL;
  }
  return has_mask ? hr_shard_place(shard, HR_PLACE_MASK) : NULL;
}

static hr_status open_shard(sampler *s, size_t number, hr_error *err) {
  hr_status status = HR_OK;
  const hr_shard *shard = &s->shards[number];
  close_shard(s);
  HR_TRY(hr_hdf5_open(shard->path, &s->file, err));
  for (int which = 0; which < ARRAYS; which++) {
    hr_array_layout layout;
    const char *path = path_of(s, shard, which);
    if (!path) continue;
    HR_TRY(hr_array_look(&s->file, shard, path, &layout, err));
    size_t cache = layout.compressed ? hr_array_cache_bytes(&layout) : 0;
    HR_TRY(hr_array_open(&s->file, shard, path, cache, &s->arrays[which], err));
  }
  s->shard = number;
cleanup:
  if (status != HR_OK) close_shard(s);
  return status;
}

/* Rows of the shard that is open. */
static hr_status read_rows(sampler *s, size_t first, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_array *arrays = s->arrays;
  HR_TRY(hr_array_read_wide(&arrays[FLUX], first, rows, s->narrow, s->flux, err));
  if (arrays[ERROR].dataset >= 0) {
    HR_TRY(hr_array_read_wide(&arrays[ERROR], first, rows, s->narrow, s->error, err));
  }
  if (arrays[MASK].dataset >= 0) {
    HR_TRY(hr_array_read_mask(&arrays[MASK], (size_t[2]){first, rows}, s->mask_bits,
                              &s->staging, s->mask, err));
  }
cleanup:
  return status;
}

/* --- one row --- */

enum { EXPONENTS = 2048, EXPONENT_BIAS = 1023 };

/* The power of two below the median size of values that are numbers other than 0; 1 where
 * there are none. */
static double unit_of(const double *values, size_t count) {
  uint32_t counts[EXPONENTS] = {0};
  size_t found = 0, seen = 0, e = 0;
  for (size_t p = 0; p < count; p++) {
    uint64_t bits;
    memcpy(&bits, &values[p], sizeof bits);
    size_t exponent = (bits >> 52) & (EXPONENTS - 1);
    if (exponent == 0 || exponent == EXPONENTS - 1) continue;
    counts[exponent]++;
    found++;
  }
  if (found == 0) return 1;
  for (e = 0; e + 1 < EXPONENTS && seen + counts[e] <= found / 2; e++) seen += counts[e];
  int power = (int)e - EXPONENT_BIAS;
  return ldexp(1, power < -1000 ? -1000 : power);
}

/* Numbers of the row as fp32 in its own unit. */
static void narrow_row(const double *values, size_t count, double unit, float *out) {
  for (size_t p = 0; p < count; p++) out[p] = (float)(values[p] / unit);
}

/* 0 says that it is not known; below 0, that something is wrong with those there are. */
static bool has_error(const double *error, size_t count) {
  for (size_t p = 0; p < count; p++) {
    if (!(error[p] == 0)) return true;
  }
  return false;
}

/* Which pixels of the row are bad. */
static void find_bad(const sampler *s, size_t i, double unit, float *scratch) {
  size_t pixels = s->pixels, at = i * pixels;
  float *flux = scratch, *error = scratch + pixels;
  bool has_errors = s->arrays[ERROR].dataset >= 0 && !s->ignores_errors;
  narrow_row(s->flux + at, pixels, unit, flux);
  if (has_errors) narrow_row(s->error + at, pixels, unit, error);
  const hr_pixels row = {.count = pixels,
                         .flux = flux,
                         .error = has_errors ? error : NULL,
                         .mask = s->arrays[MASK].dataset >= 0 ? s->mask + at : NULL};
  hr_bad_pixels_find(&row, s->bad + at);
}

/* The quantiles of the good pixels. Differences from one of them, so that fp32 holds no
 * pedestal. */
static void measure_row(const double *flux, const uint8_t *bad, size_t pixels,
                        float *scratch, row_facts *out) {
  float *values = scratch, *sorting = scratch + pixels;
  double centre = 0, size = 0;
  for (size_t p = 0; p < pixels; p++) {
    if (bad[p]) continue;
    if (out->good++ == 0) centre = out->lowest = out->highest = flux[p];
    out->negative += flux[p] < 0;
    out->lowest = fmin(out->lowest, flux[p]);
    out->highest = fmax(out->highest, flux[p]);
  }
  if (out->good == 0) return;
  size = fmax(out->highest - centre, centre - out->lowest);
  out->median = centre;
  if (!(size > 0)) return;
  for (size_t p = 0, at = 0; p < pixels; p++) {
    if (!bad[p]) values[at++] = (float)((flux[p] - centre) / size);
  }
  double low = hr_pixel_quantile(values, out->good, 0.05, sorting);
  double high = hr_pixel_quantile(values, out->good, 0.95, sorting);
  out->spread = size * (high - low);
  out->median = centre + size * hr_pixel_quantile(values, out->good, 0.5, sorting);
}

/* The median error of some evenly spread good pixels. */
static double error_of(const double *error, const uint8_t *bad, size_t pixels,
                       float *scratch) {
  enum { MOST = 512 };
  size_t stride = (pixels - 1) / MOST + 1, count = 0;
  double unit = unit_of(error, pixels);
  for (size_t p = 0; p < pixels; p += stride) {
    if (!bad[p] && error[p] > 0) scratch[count++] = (float)(error[p] / unit);
  }
  if (count == 0) return (double)NAN;
  return unit * hr_pixel_quantile(scratch, count, 0.5, scratch + pixels);
}

typedef struct piece {
  sampler *sampler;
  size_t first; /* of the sample */
  size_t row;   /* of the dataset */
} piece;

/* As streams do (data/rest.h), in the row's own unit. */
static void bring_to_rest(const piece *c, size_t i, size_t thread, double unit) {
  sampler *s = c->sampler;
  size_t pixels = s->pixels, at = i * pixels;
  float *flux = s->scratch + 3 * thread * pixels, *error = flux + pixels;
  bool has_errors = s->arrays[ERROR].dataset >= 0;
  uint8_t *mask = s->arrays[MASK].dataset >= 0 ? s->mask + at : NULL;
  narrow_row(s->flux + at, pixels, unit, flux);
  if (has_errors) narrow_row(s->error + at, pixels, unit, error);
  const hr_pixels row = {
      .count = pixels, .flux = flux, .error = has_errors ? error : NULL};
  hr_rest_bring(s->rest, &s->resting[thread], s->velocity[c->row + i], &row, mask,
                has_errors && !s->ignores_errors);
  for (size_t p = 0; p < pixels; p++) {
    s->flux[at + p] = unit * (double)flux[p];
    if (has_errors) s->error[at + p] = unit * (double)error[p];
  }
}

static void look_at_row(void *context, size_t i, size_t thread) {
  const piece *c = context;
  sampler *s = c->sampler;
  size_t pixels = s->pixels, at = i * pixels;
  float *scratch = s->scratch + 3 * thread * pixels;
  row_facts *facts = &s->facts[c->first + i];
  double unit = unit_of(s->flux + at, pixels);
  if (s->rest) bring_to_rest(c, i, thread, unit);
  find_bad(s, i, unit, scratch);
  if (s->is_wild) return;
  *facts = (row_facts){.good = 0, .error = (double)NAN};
  measure_row(s->flux + at, s->bad + at, pixels, scratch, facts);
  if (s->arrays[ERROR].dataset >= 0) {
    facts->has_error = has_error(s->error + at, pixels);
    facts->error = error_of(s->error + at, s->bad + at, pixels, scratch);
  }
}

static void add_row(sampler *s, size_t i) {
  const double *flux = s->flux + i * s->pixels;
  const uint8_t *bad = s->bad + i * s->pixels;
  for (size_t p = 0; p < s->pixels; p++) {
    if (bad[p]) continue;
    s->sum[p] += flux[p];
    s->clipped_sum[p] += flux[p] > 0 ? flux[p] : 0;
    if (s->count[p] == 0 || flux[p] < s->lowest[p]) s->lowest[p] = flux[p];
    if (s->count[p] == 0 || flux[p] > s->highest[p]) s->highest[p] = flux[p];
    s->count[p]++;
  }
}

/* --- the sample --- */

/* Rows first .. first+rows-1 of the dataset. */
static hr_status take_rows(sampler *s, size_t first, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  size_t number = 0;
  for (size_t done = 0; done < rows;) {
    size_t row = first + done, part = smaller(rows - done, s->staging.rows);
    while (row >= s->shards[number].first_row + s->shards[number].rows) number++;
    const hr_shard *shard = &s->shards[number];
    part = smaller(part, shard->first_row + shard->rows - row);
    if (s->shard != number) HR_TRY(open_shard(s, number, err));
    HR_TRY(read_rows(s, row - shard->first_row, part, err));
    hr_parallel_for(part, look_at_row, &(piece){s, s->rows, row});
    for (size_t i = 0; i < part; i++) {
      if (!s->is_wild || !s->is_wild[s->rows + i]) add_row(s, i);
    }
    s->rows += part;
    done += part;
  }
cleanup:
  return status;
}

static hr_status take_sample(sampler *s, hr_error *err) {
  hr_status status = HR_OK;
  s->rows = 0;
  memset(s->sum, 0, s->pixels * sizeof *s->sum);
  memset(s->clipped_sum, 0, s->pixels * sizeof *s->clipped_sum);
  memset(s->count, 0, s->pixels * sizeof *s->count);
  for (size_t i = 0; i < s->plan.count; i++) {
    HR_TRY(take_rows(s, run_start(&s->plan, i), s->plan.length, err));
  }
cleanup:
  close_shard(s);
  return status;
}

/* Rows of a compressed chunk of the first shard, or 0. */
static hr_status find_chunk_rows(const sampler *s, size_t *rows, hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  hr_array_layout layout;
  HR_TRY(hr_hdf5_open(s->shards[0].path, &file, err));
  HR_TRY(
      hr_array_look(&file, &s->shards[0], path_of(s, &s->shards[0], FLUX), &layout, err));
  *rows = layout.compressed ? layout.chunk_rows : 0;
cleanup:
  hr_hdf5_close(&file);
  return status;
}

static void sampler_fini(sampler *s) {
  close_shard(s);
  hr_free(s->flux);
  hr_free(s->error);
  hr_free(s->narrow);
  hr_free(s->mask);
  hr_free(s->bad);
  hr_free(s->staging.values);
  hr_free(s->scratch);
  for (size_t t = 0; t < s->threads; t++) hr_rest_scratch_fini(&s->resting[t]);
  hr_free(s->resting);
  hr_free(s->facts);
  hr_free(s->sum);
  hr_free(s->clipped_sum);
  hr_free(s->lowest);
  hr_free(s->highest);
  hr_free(s->count);
}

static hr_status sampler_init(sampler *s, const hr_dataset *dataset, uint64_t mask_bits,
                              hr_error *err) {
  hr_status status = HR_OK;
  size_t chunk_rows = 0;
  bool is_noisy = s->is_noisy;
  *s = (sampler){
      .pixels = hr_dataset_pixels(dataset), .mask_bits = mask_bits, .is_noisy = is_noisy};
  s->file = (hr_hdf5_file)HR_HDF5_FILE_CLOSED;
  for (int i = 0; i < ARRAYS; i++) s->arrays[i] = (hr_array)HR_ARRAY_CLOSED;
  s->shards = hr_dataset_shards(dataset, &s->shard_count);
  s->shard = s->shard_count;
  size_t rows = hr_dataset_rows(dataset);
  HR_TRY(find_chunk_rows(s, &chunk_rows, err));
  s->plan = plan_runs(rows, chunk_rows);
  size_t fitting = PIECE_BYTES / (s->pixels * sizeof *s->flux);
  s->staging.rows = smaller(smaller(rows, PIECE), fitting > 0 ? fitting : 1);
  size_t values = s->staging.rows * s->pixels;
  HR_TRY(hr_alloc(&s->flux, values, err));
  HR_TRY(hr_alloc(&s->error, values, err));
  HR_TRY(hr_alloc(&s->narrow, values, err));
  HR_TRY(hr_alloc(&s->mask, values, err));
  HR_TRY(hr_alloc(&s->bad, values, err));
  HR_TRY(hr_alloc(&s->staging.values, values, err));
  HR_TRY(hr_alloc(&s->scratch, 3 * hr_thread_count() * s->pixels, err));
  HR_TRY(hr_alloc(&s->facts, s->plan.count * s->plan.length, err));
  HR_TRY(hr_alloc(&s->sum, s->pixels, err));
  HR_TRY(hr_alloc(&s->clipped_sum, s->pixels, err));
  HR_TRY(hr_alloc(&s->lowest, s->pixels, err));
  HR_TRY(hr_alloc(&s->highest, s->pixels, err));
  HR_TRY(hr_alloc(&s->count, s->pixels, err));
  s->rest = hr_dataset_rest(dataset, &s->velocity);
  if (!s->rest) goto cleanup;
  HR_TRY(hr_alloc(&s->resting, hr_thread_count(), err));
  for (; s->threads < hr_thread_count(); s->threads++) {
    HR_TRY(hr_rest_scratch_init(s->rest, &s->resting[s->threads], err));
  }
cleanup:
  return status;
}

/* --- what follows from it --- */

static double scale_of(double spread) {
  double exponent = round(log10(spread / usual_spread));
  if (!(fabs(exponent) < 300)) return 1;
  return hr_power_of_ten((int)exponent);
}

/* What to take off so that the level becomes about 1, as that of normalised spectra: they
 * stay above 0, where trees put an edge. A whole number, so that the same pedestal has
 * the same base in every unit, or where that is too large what fp32 holds. */
static double base_of(double level) {
  double base = round(level) - 1;
  return fabs(base) < 1 << 24 ? base : (double)(float)base;
}

/* How far rows' medians are apart: the half in the middle. */
static double middle_half(const double *sorted, size_t count) {
  return hr_quantile(sorted, count, 0.75) - hr_quantile(sorted, count, 0.25);
}

/* The row of the dataset that is row i of the sample. */
static size_t row_of(const sampler *s, size_t i) {
  return run_start(&s->plan, i / s->plan.length) + i % s->plan.length;
}

/* The first row of the dataset without a good pixel; 0 where the sample has none. */
static size_t find_empty(const sampler *s) {
  for (size_t i = 0; i < s->rows; i++) {
    if (s->facts[i].good == 0) return row_of(s, i);
  }
  return 0;
}

static double median_of(const row_facts *facts) {
  return facts->median;
}
static double spread_of(const row_facts *facts) {
  return facts->spread;
}
static double noise_of(const row_facts *facts) {
  return facts->error;
}

/* Median, 1 % and 99 % quantile of a number over the rows that have it; NaN: none has. */
static void describe_rows(const sampler *s, double (*number)(const row_facts *),
                          double *sorting, double out[3]) {
  static const double quantiles[3] = {0.5, 0.01, 0.99};
  size_t count = 0;
  for (size_t i = 0; i < s->rows; i++) {
    double value = s->facts[i].good > 0 ? number(&s->facts[i]) : (double)NAN;
    if (isfinite(value)) sorting[count++] = value;
  }
  hr_sort_numbers(sorting, count);
  for (int q = 0; q < 3; q++) {
    out[q] = count > 0 ? hr_quantile(sorting, count, quantiles[q]) : (double)NAN;
  }
}

static hr_flux_scale scale_of_flux(const sampler *s, double *sorting) {
  double level[3], spread[3], error[3];
  describe_rows(s, median_of, sorting, level);
  describe_rows(s, spread_of, sorting, spread);
  describe_rows(s, noise_of, sorting, error);
  return (hr_flux_scale){level[0],  level[1],  level[2], spread[0],
                         spread[1], spread[2], error[0]};
}

static void summarise(const sampler *s, double *sorting, hr_conditioning_sample *out) {
  size_t count = 0, good = 0, negative = 0;
  for (size_t i = 0; i < s->rows; i++) {
    good += s->facts[i].good;
    negative += s->facts[i].negative;
    if (s->facts[i].good > 0) sorting[count++] = s->facts[i].spread;
  }
  *out = (hr_conditioning_sample){.rows = s->rows, .empty_rows = s->rows - count};
  out->first_empty = find_empty(s);
  if (count == 0) return;
  out->negative_share = (double)negative / (double)good;
  hr_sort_numbers(sorting, count);
  out->spread = hr_quantile(sorting, count, 0.5);
  count = 0;
  for (size_t i = 0; i < s->rows; i++) {
    if (s->facts[i].good > 0) sorting[count++] = s->facts[i].median;
  }
  hr_sort_numbers(sorting, count);
  out->level = hr_quantile(sorting, count, 0.5);
  /* Spectra without lines, of one pixel say, differ from one another instead. */
  out->spread = fmax(out->spread, middle_half(sorting, count));
  if (!(out->spread > 0)) out->spread = fabs(out->level);
}

static void decide(const hr_conditioning_wish *wish, const hr_conditioning_sample *sample,
                   hr_conditioning *out) {
  out->scale = sample->spread > 0 ? scale_of(sample->spread) : 1;
  bool is_raised = fabs(sample->level) > pedestal_spreads * sample->spread;
  out->base = is_raised && !wish->keeps_zero ? base_of(sample->level / out->scale) : 0;
  bool is_around_zero = sample->negative_share > most_negative || sample->level < 0;
  out->clip = wish->clip == HR_CLIP_ALWAYS ||
              (wish->clip == HR_CLIP_AUTO && out->base == 0 && !is_around_zero);
}

/* The largest |x| of a row of the sample. */
static double size_of(const row_facts *facts, const hr_conditioning *c) {
  double low = facts->lowest / c->scale - c->base;
  double high = facts->highest / c->scale - c->base;
  return fmax(fabs(low), fabs(high));
}

/* Median and median deviation of logarithms [count], which are sorted. */
static void describe_dex(double *dex, size_t count, double *median, double *deviation) {
  hr_sort_numbers(dex, count);
  *median = hr_quantile(dex, count, 0.5);
  for (size_t i = 0; i < count; i++) dex[i] = fabs(dex[i] - *median);
  hr_sort_numbers(dex, count);
  *deviation = hr_quantile(dex, count, 0.5);
}

/* How large a row may be before it is not of their kind. */
static double find_wild(const sampler *s, const hr_conditioning *c, double *sorting) {
  size_t count = 0;
  double median = 0, deviation = 0;
  for (size_t i = 0; i < s->rows; i++) {
    double size = s->facts[i].good > 0 ? size_of(&s->facts[i], c) : 0;
    if (size > 0) sorting[count++] = log10(size);
  }
  if (count < FEWEST_FOR_WILD) return (double)INFINITY;
  describe_dex(sorting, count, &median, &deviation);
  return pow(10, median + fmax(wild_dex, wild_deviations * deviation));
}

/* The brightness of a row as a whole, which a hot pixel does not change; 0: none. */
static double brightness_of(const row_facts *facts) {
  return facts->good > 0 ? fmax(fabs(facts->median), facts->spread) : 0;
}

/* Rows that are brighter than the others by another unit, say, and not as far off as to
 * be wild. Where one in ten is, they are a kind of their own. */
static void find_bright(const sampler *s, const hr_conditioning *c, double *sorting,
                        hr_conditioning_sample *out) {
  size_t count = 0, bright = 0;
  double median = 0, deviation = 0;
  for (size_t i = 0; i < s->rows; i++) {
    double size = brightness_of(&s->facts[i]);
    if (size > 0) sorting[count++] = log10(size);
  }
  if (count < FEWEST_FOR_WILD) return;
  describe_dex(sorting, count, &median, &deviation);
  double most = pow(10, median + fmax(bright_dex, wild_deviations * deviation));
  for (size_t i = s->rows; i-- > 0;) {
    bool is_wild = size_of(&s->facts[i], c) > (double)c->wild_beyond;
    if (is_wild || !(brightness_of(&s->facts[i]) > most)) continue;
    out->first_bright = row_of(s, i);
    bright++;
  }
  if (bright * 10 < count) out->bright_rows = bright;
}

/* The mean of the pixel's nearest neighbours that were ever good; 0 where there are
 * none. */
static float between(const float *values, const uint32_t *count, size_t pixels,
                     size_t p) {
  size_t left = p, right = p;
  while (left > 0 && count[left] == 0) left--;
  while (right + 1 < pixels && count[right] == 0) right++;
  if (count[left] == 0) left = right;
  if (count[right] == 0) right = left;
  return count[left] == 0 ? 0 : 0.5f * (values[left] + values[right]);
}

static void fill_stand_in(const sampler *s, hr_conditioning *out) {
  const double *sum = out->clip ? s->clipped_sum : s->sum;
  for (size_t p = 0; p < s->pixels; p++) {
    if (s->count[p] == 0) continue;
    out->stand_in[p] = hr_condition_flux(out, sum[p] / (double)s->count[p]);
  }
  for (size_t p = 0; p < s->pixels; p++) {
    if (s->count[p] == 0) {
      out->stand_in[p] = between(out->stand_in, s->count, s->pixels, p);
    }
  }
}

/* A pixel that was never good has the range of what stands in for it. */
static void fill_range(const sampler *s, hr_conditioning *out) {
  for (size_t p = 0; p < s->pixels; p++) {
    bool any = s->count[p] > 0;
    float low = any ? hr_condition_flux(out, s->lowest[p]) : out->stand_in[p];
    float high = any ? hr_condition_flux(out, s->highest[p]) : out->stand_in[p];
    out->lowest[p] = out->clip ? fmaxf(low, 0) : low;
    out->highest[p] = out->clip ? fmaxf(high, 0) : high;
  }
}

/* Reads the sample again without its wild rows, where it has any: one would be seen in
 * the means of all its pixels. */
static hr_status leave_out_wild(sampler *s, const hr_conditioning *c, hr_error *err) {
  hr_status status = HR_OK;
  bool *is_wild = NULL, any = false;
  HR_TRY(hr_alloc(&is_wild, s->rows, err));
  for (size_t i = 0; i < s->rows; i++) {
    is_wild[i] =
        s->facts[i].good > 0 && size_of(&s->facts[i], c) > (double)c->wild_beyond;
    any = any || is_wild[i];
  }
  s->is_wild = is_wild;
  if (any) HR_TRY(take_sample(s, err));
cleanup:
  s->is_wild = NULL;
  hr_free(is_wild);
  return status;
}

static bool knows_errors(const sampler *s) {
  for (size_t i = 0; i < s->rows; i++) {
    if (s->facts[i].has_error) return true;
  }
  return false;
}

hr_status hr_conditioning_learn(const hr_dataset *dataset,
                                const hr_conditioning_wish *wish, hr_conditioning *out,
                                hr_conditioning_sample *sample, hr_error *err) {
  hr_status status = HR_OK;
  sampler s = {.is_noisy = false};
  double *sorting = NULL;
  *out = hr_conditioning_plain();
  HR_TRY(sampler_init(&s, dataset, wish->mask_bits, err));
  HR_TRY(hr_alloc(&sorting, s.plan.count * s.plan.length, err));
  HR_TRY(hr_alloc(&out->stand_in, s.pixels, err));
  HR_TRY(hr_alloc(&out->lowest, s.pixels, err));
  HR_TRY(hr_alloc(&out->highest, s.pixels, err));
  HR_TRY(take_sample(&s, err));
  out->pixels = s.pixels;
  out->mask_bits = wish->mask_bits;
  out->knows_errors = knows_errors(&s);
  if (!out->knows_errors) {
    s.ignores_errors = true;
    HR_TRY(take_sample(&s, err));
  }
  summarise(&s, sorting, sample);
  sample->flux = scale_of_flux(&s, sorting);
  decide(wish, sample, out);
  out->wild_beyond = (float)find_wild(&s, out, sorting);
  find_bright(&s, out, sorting, sample);
  HR_TRY(leave_out_wild(&s, out, err));
  fill_stand_in(&s, out);
  fill_range(&s, out);
cleanup:
  sampler_fini(&s);
  hr_free(sorting);
  if (status != HR_OK) hr_conditioning_fini(out);
  return status;
}

/* --- scale and errors alone --- */

hr_status hr_dataset_measure_scale(const hr_dataset *dataset, bool is_noisy,
                                   hr_flux_scale *out, hr_error *err) {
  hr_status status = HR_OK;
  sampler s = {.is_noisy = is_noisy};
  double *sorting = NULL;
  *out = hr_flux_scale_unknown();
  HR_TRY(sampler_init(&s, dataset, HR_MASK_NONE, err));
  HR_TRY(hr_alloc(&sorting, s.plan.count * s.plan.length, err));
  HR_TRY(take_sample(&s, err));
  *out = scale_of_flux(&s, sorting);
cleanup:
  sampler_fini(&s);
  hr_free(sorting);
  return status;
}

hr_status hr_dataset_knows_errors(const hr_dataset *dataset, bool *known, hr_error *err) {
  hr_status status = HR_OK;
  sampler s = {.is_noisy = false};
  *known = false;
  HR_TRY(sampler_init(&s, dataset, HR_MASK_NONE, err));
  for (size_t i = 0; i < s.plan.count && !*known; i++) {
    size_t start = run_start(&s.plan, i), done = 0;
    while (done < s.plan.length && !*known) {
      size_t part = smaller(s.plan.length - done, RUN);
      s.rows = 0;
      HR_TRY(take_rows(&s, start + done, part, err));
      *known = knows_errors(&s);
      done += part;
    }
  }
cleanup:
  sampler_fini(&s);
  return status;
}
