/* The pull stream. Of the budget, chunk caches come first (without them chunks are
 * unpacked many times), then the staging of fp64 and fp16, then the block, whose rows are
 * prepared in parallel. Arrays that the file holds as they are in memory are read there,
 * too, a few rows at a time, which are prepared while the cache has them. */
#include "data/stream.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "data/array.h"
#include "data/prepare.h"
#include "data/rest.h"
#include "data/shard.h"
#include "data/snr.h"

enum { FLUX, ERROR, NOISY, VALUES, MASK = VALUES, ARRAYS };

enum {
  DEFAULT_MEMORY_BYTES = 256 << 20,
  STAGING_BYTES = 1 << 20, /* fits a second-level cache, large enough to read at speed */
  LEAST_ROWS = 64, /* a block, where compressed chunks have eaten the budget anyway */
  GROUP_ROWS = 8,  /* read and prepared together, 128 KiB an array of 4096 pixels */
};

/* How the budget is spent. */
typedef struct memory_plan {
  bool cache_plain;    /* keep a row of narrow uncompressed chunks */
  size_t cache_bytes;  /* of all arrays of the shard that needs most */
  size_t staging_rows; /* 0: all arrays hold fp32 */
  size_t block_rows;
} memory_plan;

struct hr_stream {
  const hr_shard *shards; /* borrowed from the dataset */
  size_t shard_count;
  size_t pixels;
  hr_stream_options options;
  hr_conditioning conditioning; /* its stand-in is borrowed */
  const hr_rest *rest;    /* borrowed from the dataset; NULL: rows stay where they are */
  const double *velocity; /* [rows of the dataset], borrowed */
  hr_rest_scratch *resting; /* [threads]; NULL without `rest` */
  size_t threads;
  memory_plan plan;

  size_t shard; /* the one that is being read */
  size_t row;   /* next row within it */
  bool is_open;
  hr_hdf5_file file;
  hr_array arrays[ARRAYS];

  float *values[VALUES];  /* [block_rows][pixels]; NULL where not wanted */
  uint8_t *mask;          /* [block_rows][pixels]; NULL where no shard has one */
  bool *empty, *holed;    /* [block_rows]; NULL where not wanted */
  uint64_t *bad_pixels;   /* [shard_count] found so far */
  double *snr;            /* [block_rows]; NULL where not wanted */
  hr_row_report *reports; /* [block_rows] */
  hr_array_staging staging;
  hr_preparation preparation;
  hr_error first_fault;
};

hr_stream_options hr_stream_options_default(void) {
  return (hr_stream_options){.noise = {.source = HR_NOISE_NONE, .level = 1.0}};
}

/* Where array `which` is in the file; NULL where the stream does not read it. */
static const char *object_path(const hr_stream *stream, const hr_shard *shard,
                               int which) {
  hr_observed observed = stream->options.observed;
  if (which == MASK) {
    bool counts = shard->has_mask && stream->conditioning.mask_bits != HR_MASK_NONE;
    return counts ? hr_shard_place(shard, HR_PLACE_MASK) : NULL;
  }
  const char *flux = hr_shard_place(shard, HR_PLACE_FLUX);
  if (which == ERROR) {
    return shard->has_error ? hr_shard_place(shard, HR_PLACE_ERROR) : NULL;
  }
  if (observed != HR_OBSERVED_NONE) {
    if (which == FLUX) return NULL;
    return observed == HR_OBSERVED_FLUX ? flux : shard->noisy_path;
  }
  if (which == FLUX) return flux;
  return stream->options.noise.source == HR_NOISE_STORED ? shard->noisy_path : NULL;
}

/* What the arrays of one shard would need. */
typedef struct shard_needs {
  size_t compressed_bytes; /* caches without which chunks would be unpacked repeatedly */
  size_t plain_bytes;      /* caches without which narrow chunks are read in strips */
  size_t chunk_rows;       /* the largest of the arrays */
  bool staging;            /* an array is not fp32 */
} shard_needs;

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Adds the needs of the arrays of one shard to the maximum over shards, `most`. */
static hr_status look_at_shard(const hr_stream *stream, const hr_shard *shard,
                               shard_needs *most, hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  shard_needs needs = {0};
  size_t unpacking = 0; /* filters hold a chunk twice more while they work */
  HR_TRY(hr_hdf5_open(shard->path, &file, err));
  for (int which = 0; which < ARRAYS; which++) {
    hr_array_layout layout;
    const char *path = object_path(stream, shard, which);
    if (!path) continue;
    HR_TRY(hr_array_look(&file, shard, path, &layout, err));
    size_t *bytes = layout.compressed ? &needs.compressed_bytes : &needs.plain_bytes;
    *bytes += hr_array_cache_bytes(&layout);
    if (layout.compressed) unpacking = larger(unpacking, 2 * layout.chunk_bytes);
    needs.chunk_rows = larger(needs.chunk_rows, layout.chunk_rows);
    needs.staging |= layout.element_bytes != sizeof(float) || which == MASK;
  }
  most->compressed_bytes =
      larger(most->compressed_bytes, needs.compressed_bytes + unpacking);
  most->plain_bytes = larger(most->plain_bytes, needs.plain_bytes);
  most->chunk_rows = larger(most->chunk_rows, needs.chunk_rows);
  most->staging |= needs.staging;
cleanup:
  hr_hdf5_close(&file);
  return status;
}

static bool has_mask(const hr_stream *stream) {
  for (size_t s = 0; s < stream->shard_count; s++) {
    if (object_path(stream, &stream->shards[s], MASK)) return true;
  }
  return false;
}

/* Bytes that one row of a block takes. */
static size_t row_bytes(const hr_stream *stream) {
  bool two = stream->options.observed != HR_OBSERVED_NONE ||
             stream->options.noise.source == HR_NOISE_NONE;
  size_t arrays = two ? 2 : 3;
  size_t beside = sizeof(hr_row_report) + stream->options.measure_snr * sizeof(double);
  size_t pixel = arrays * sizeof(float) + has_mask(stream) * sizeof *stream->mask;
  return stream->pixels * pixel + beside + 2 * sizeof *stream->empty;
}

static memory_plan make_plan(const hr_stream *stream, const shard_needs *needs) {
  size_t budget = stream->options.memory_bytes;
  memory_plan plan = {.cache_bytes = needs->compressed_bytes};
  plan.cache_plain = needs->compressed_bytes + needs->plain_bytes <= budget / 2;
  if (plan.cache_plain) plan.cache_bytes += needs->plain_bytes;

  size_t staging_row = stream->pixels * sizeof(double);
  size_t least = needs->compressed_bytes > budget / 2 ? LEAST_ROWS : 1;
  if (needs->staging) {
    plan.staging_rows = larger(1, smaller(STAGING_BYTES, budget / 8) / staging_row);
  }
  size_t fixed = plan.cache_bytes + plan.staging_rows * staging_row;
  size_t rows = budget > fixed ? (budget - fixed) / row_bytes(stream) : 0;
  rows = larger(rows, least);
  /* Whole chunks a block: then none has to be kept from one block to the next. */
  if (needs->chunk_rows > 0 && rows > needs->chunk_rows) rows -= rows % needs->chunk_rows;
  if (stream->options.block_rows > 0) rows = smaller(rows, stream->options.block_rows);
  size_t multiple = stream->options.block_multiple;
  if (multiple > 0) rows = larger(rows - rows % multiple, multiple);

  size_t longest = 1;
  for (size_t s = 0; s < stream->shard_count; s++) {
    longest = larger(longest, stream->shards[s].rows);
  }
  plan.block_rows = smaller(rows, longest);
  plan.staging_rows = smaller(plan.staging_rows, plan.block_rows);
  return plan;
}

static hr_status check_options(const hr_stream *stream, hr_error *err) {
  const hr_noise *noise = &stream->options.noise;
  if (noise->source == HR_NOISE_GENERATED &&
      !(noise->level >= 0.0 && isfinite(noise->level))) {
    return hr_fail(err, HR_ERR_USAGE,
                   "the noise level must be a number of at least 0, not %g",
                   noise->level);
  }
  for (size_t s = 0; noise->source == HR_NOISE_STORED && s < stream->shard_count; s++) {
    if (stream->shards[s].noisy_path) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "%s holds no noisy spectra (neither %s nor %s); set data.noise.test: "
                   "generated",
                   stream->shards[s].path,
                   hr_shard_place(&stream->shards[s], HR_PLACE_NOISY),
                   HR_SHARD_NOISY_ROOT);
  }
  return HR_OK;
}

static hr_status allocate(hr_stream *stream, hr_error *err) {
  hr_status status = HR_OK;
  size_t values = stream->plan.block_rows * stream->pixels;
  bool is_observed = stream->options.observed != HR_OBSERVED_NONE;
  if (!is_observed) HR_TRY(hr_alloc(&stream->values[FLUX], values, err));
  if (stream->shards[0].has_error) HR_TRY(hr_alloc(&stream->values[ERROR], values, err));
  if (is_observed || stream->options.noise.source != HR_NOISE_NONE) {
    HR_TRY(hr_alloc(&stream->values[NOISY], values, err));
  }
  bool has_snr =
      stream->options.measure_snr && stream->values[ERROR] && stream->values[NOISY];
  if (has_snr) HR_TRY(hr_alloc(&stream->snr, stream->plan.block_rows, err));
  HR_TRY(hr_alloc(&stream->reports, stream->plan.block_rows, err));
  if (has_mask(stream)) HR_TRY(hr_alloc(&stream->mask, values, err));
  if (stream->options.keep_empty) {
    HR_TRY(hr_alloc(&stream->empty, stream->plan.block_rows, err));
    HR_TRY(hr_alloc(&stream->holed, stream->plan.block_rows, err));
  }
  HR_TRY(hr_alloc(&stream->bad_pixels, stream->shard_count, err));
  stream->staging.rows = stream->plan.staging_rows;
  if (stream->staging.rows > 0) {
    HR_TRY(hr_alloc(&stream->staging.values, stream->staging.rows * stream->pixels, err));
  }
cleanup:
  return status;
}

static hr_status allocate_rest(hr_stream *stream, hr_error *err) {
  hr_status status = HR_OK;
  size_t threads = hr_thread_count();
  HR_TRY(hr_alloc(&stream->resting, threads, err));
  for (; stream->threads < threads; stream->threads++) {
    HR_TRY(hr_rest_scratch_init(stream->rest, &stream->resting[stream->threads], err));
  }
cleanup:
  return status;
}

hr_status hr_stream_create(const hr_dataset *dataset, const hr_stream_options *options,
                           hr_stream **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  shard_needs needs = {0};
  HR_TRY(hr_alloc(&stream, 1, err));
  stream->file = (hr_hdf5_file)HR_HDF5_FILE_CLOSED;
  for (int i = 0; i < ARRAYS; i++) stream->arrays[i] = (hr_array)HR_ARRAY_CLOSED;
  stream->shards = hr_dataset_shards(dataset, &stream->shard_count);
  stream->pixels = hr_dataset_pixels(dataset);
  stream->options = *options;
  stream->conditioning =
      options->conditioning ? *options->conditioning : hr_conditioning_plain();
  if (options->ignore_errors) stream->conditioning.knows_errors = false;
  if (options->memory_bytes == 0) stream->options.memory_bytes = DEFAULT_MEMORY_BYTES;
  HR_TRY(check_options(stream, err));
  for (size_t s = 0; s < stream->shard_count; s++) {
    HR_TRY(look_at_shard(stream, &stream->shards[s], &needs, err));
  }
  stream->plan = make_plan(stream, &needs);
  HR_TRY(allocate(stream, err));
  stream->rest = hr_dataset_rest(dataset, &stream->velocity);
  if (stream->rest) HR_TRY(allocate_rest(stream, err));
  *out = stream;
  stream = NULL;
cleanup:
  hr_stream_destroy(&stream);
  return status;
}

static void close_shard(hr_stream *stream) {
  for (int i = 0; i < ARRAYS; i++) hr_array_close(&stream->arrays[i]);
  hr_hdf5_close(&stream->file);
  stream->is_open = false;
}

void hr_stream_destroy(hr_stream **stream) {
  hr_stream *s = *stream;
  if (!s) return;
  close_shard(s);
  for (int i = 0; i < VALUES; i++) hr_free(s->values[i]);
  for (size_t t = 0; t < s->threads; t++) hr_rest_scratch_fini(&s->resting[t]);
  hr_free(s->resting);
  hr_free(s->mask);
  hr_free(s->empty);
  hr_free(s->holed);
  hr_free(s->bad_pixels);
  hr_free(s->snr);
  hr_free(s->reports);
  hr_free(s->staging.values);
  hr_free(s);
  *stream = NULL;
}

static hr_status open_shard(hr_stream *stream, hr_error *err) {
  hr_status status = HR_OK;
  const hr_shard *shard = &stream->shards[stream->shard];
  HR_TRY(hr_hdf5_open(shard->path, &stream->file, err));
  for (int which = 0; which < ARRAYS; which++) {
    hr_array_layout layout;
    const char *path = object_path(stream, shard, which);
    if (!path) continue;
    HR_TRY(hr_array_look(&stream->file, shard, path, &layout, err));
    bool cached = layout.compressed || stream->plan.cache_plain;
    HR_TRY(hr_array_open(&stream->file, shard, path,
                         cached ? hr_array_cache_bytes(&layout) : 0,
                         &stream->arrays[which], err));
    stream->arrays[which].scale = stream->conditioning.scale;
    stream->arrays[which].base = which == ERROR ? 0 : stream->conditioning.base;
  }
  stream->is_open = true;
cleanup:
  if (status != HR_OK) close_shard(stream);
  return status;
}

/* One array of the block by way of HDF5, on this thread. */
static hr_status read_array(hr_stream *stream, int which, size_t rows, hr_error *err) {
  const hr_array *array = &stream->arrays[which];
  const hr_array_staging *staging = &stream->staging;
  if (which == MASK) {
    return hr_array_read_mask(array, (size_t[2]){stream->row, rows},
                              stream->conditioning.mask_bits, staging, stream->mask, err);
  }
  return hr_array_read(array, stream->row, rows, staging, stream->values[which], err);
}

/* The arrays of the block that are not read directly. */
static hr_status read_block(hr_stream *stream, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  for (int which = 0; which < ARRAYS; which++) {
    const hr_array *array = &stream->arrays[which];
    if (array->dataset < 0 || hr_array_is_direct(array)) continue;
    HR_TRY(read_array(stream, which, block->rows, err));
  }
cleanup:
  return status;
}

/* What the block took of the files. */
static void count_bytes(hr_stream *stream, const hr_block *block) {
  for (int which = 0; which < ARRAYS; which++) {
    const hr_array *array = &stream->arrays[which];
    if (array->dataset < 0) continue;
    stream->preparation.bytes_read +=
        (uint64_t)block->rows * block->pixels * array->element_bytes;
  }
}

typedef struct prepare_context {
  hr_stream *stream;
  const hr_block *block;
  double *read_seconds; /* [threads] */
  atomic_flag failed;   /* to read; whoever sets it tells the reason */
  hr_error reason;
} prepare_context;

static float *row_of(float *values, size_t offset) {
  return values ? values + offset : NULL;
}

/* Before anything is drawn or mended, so that rows are what files at rest would hold. */
static void bring_to_rest(const prepare_context *c, size_t i, size_t thread,
                          const hr_pixels *row) {
  hr_stream *stream = c->stream;
  bool has_mask = stream->arrays[MASK].dataset >= 0;
  uint8_t *mask = has_mask ? stream->mask + i * stream->pixels : NULL;
  hr_rest_bring(stream->rest, &stream->resting[thread],
                stream->velocity[c->block->first_row + i], row, mask,
                stream->conditioning.knows_errors);
}

static void prepare_values(const prepare_context *c, size_t i, size_t thread) {
  hr_stream *stream = c->stream;
  size_t pixels = stream->pixels, offset = i * pixels;
  hr_row_report *report = &stream->reports[i];
  bool is_drawn = stream->options.observed == HR_OBSERVED_NONE &&
                  stream->options.noise.source == HR_NOISE_GENERATED;
  float *noisy = row_of(stream->values[NOISY], offset);
  const hr_pixels row = {
      .count = pixels,
      .flux = row_of(stream->values[FLUX], offset),
      .error = row_of(stream->values[ERROR], offset),
      .noisy = is_drawn ? NULL : noisy,
      .mask = stream->arrays[MASK].dataset >= 0 ? stream->mask + offset : NULL};
  if (stream->rest) bring_to_rest(c, i, thread, &row);
  hr_prepare_row(&stream->conditioning, &row, report);
  bool is_usable = report->fault == HR_ROW_GOOD || report->fault == HR_ROW_EMPTY;
  bool is_stored = row.flux && row.noisy && row.error;
  if (is_usable && is_stored) hr_prepare_count_noise(&row, report);
  if (!is_usable || !is_drawn) return;
  hr_prepare_noise(&stream->options.noise, c->block->first_row + i, pixels, row.flux,
                   row.error, noisy);
  hr_prepare_check_noisy(pixels, noisy, report);
}

static void prepare_one_row(const prepare_context *c, size_t i, size_t thread) {
  hr_stream *stream = c->stream;
  size_t pixels = stream->pixels, offset = i * pixels;
  prepare_values(c, i, thread);
  if (!stream->snr) return;
  bool is_good = stream->reports[i].fault == HR_ROW_GOOD;
  stream->snr[i] = (double)NAN;
  if (!is_good) return;
  stream->snr[i] = hr_measure_snr_above(stream->conditioning.base, pixels,
                                        stream->values[NOISY] + offset,
                                        stream->values[ERROR] + offset);
}

/* Rows first .. end-1 of the block, of the arrays that are read directly. */
static hr_status read_group(const hr_stream *stream, size_t first, size_t end,
                            hr_error *err) {
  hr_status status = HR_OK;
  for (int which = 0; which < VALUES; which++) {
    const hr_array *array = &stream->arrays[which];
    if (array->dataset < 0 || !hr_array_is_direct(array)) continue;
    float *out = stream->values[which] + first * stream->pixels;
    HR_TRY(hr_array_read_direct(array, stream->row + first, end - first, out, err));
  }
cleanup:
  return status;
}

static void prepare_group(void *context, size_t group, size_t thread) {
  prepare_context *c = context;
  size_t first = group * GROUP_ROWS, end = smaller(first + GROUP_ROWS, c->block->rows);
  double start = hr_clock_seconds();
  hr_error reason;
  hr_status status = read_group(c->stream, first, end, &reason);
  c->read_seconds[thread] += hr_clock_seconds() - start;
  if (status != HR_OK) {
    if (!atomic_flag_test_and_set(&c->failed)) c->reason = reason;
    return;
  }
  for (size_t i = first; i < end; i++) prepare_one_row(c, i, thread);
}

/* Reads and prepares the block's rows. */
static hr_status fill_block(hr_stream *stream, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  prepare_context c = {.stream = stream, .block = block, .failed = ATOMIC_FLAG_INIT};
  size_t threads = hr_thread_count();
  double start = 0, reading = 0;
  HR_TRY(hr_alloc(&c.read_seconds, threads, err));
  HR_TRY(read_block(stream, block, err));
  start = hr_clock_seconds();
  hr_parallel_for((block->rows + GROUP_ROWS - 1) / GROUP_ROWS, prepare_group, &c);
  if (c.reason.status != HR_OK) {
    status = hr_fail(err, c.reason.status, "%s", c.reason.message);
    goto cleanup;
  }
  for (size_t t = 0; t < threads; t++) reading += c.read_seconds[t];
  stream->preparation.prepare_seconds +=
      fmax(0, hr_clock_seconds() - start - reading / (double)threads);
  count_bytes(stream, block);
cleanup:
  hr_free(c.read_seconds);
  return status;
}

/* Says what is wrong with row `row` of the shard that is being read. */
static hr_status fail_row(const hr_stream *stream, size_t row,
                          const hr_row_report *report, hr_error *err) {
  const hr_shard *shard = &stream->shards[stream->shard];
  const char *file = shard->path;
  row = hr_shard_file_row(shard, row);
  if (report->fault == HR_ROW_EMPTY) {
    return hr_fail(
        err, HR_ERR_DATA,
        "%s: row %zu (counted from 0) has no good pixel: %u masked, %u without "
        "flux, %u without an error above 0 that is of the others' size; remove "
        "the row, or set data.reject_outliers: true",
        file, row, report->bad.marked, report->bad.flux,
        report->bad.unknown + report->bad.nonpositive + report->bad.huge);
  }
  if (report->fault == HR_ROW_NOISY &&
      stream->options.noise.source == HR_NOISE_GENERATED) {
    return hr_fail(
        err, HR_ERR_DATA,
        "%s: the flux with noise is %g at row %zu, pixel %zu (counted from 0), beyond "
        "%g; lower data.noise.level, which is %g, or check %s there",
        file, (double)report->value, row, report->pixel, (double)HR_PREPARE_LARGEST,
        stream->options.noise.level, hr_shard_place(shard, HR_PLACE_ERROR));
  }
  const char *array = report->fault == HR_ROW_FLUX ? hr_shard_place(shard, HR_PLACE_FLUX)
                                                   : shard->noisy_path;
  if (isfinite(report->value)) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: %s is %g at row %zu, pixel %zu (counted from 0), beyond %g; "
                   "rescale flux and error, for example to a median of 1",
                   file, array, (double)report->value, row, report->pixel,
                   (double)HR_PREPARE_LARGEST);
  }
  return hr_fail(err, HR_ERR_DATA,
                 "%s: %s is %s at row %zu, pixel %zu (counted from 0); remove the row or "
                 "repair the value",
                 file, array, isnan(report->value) ? "NaN" : "infinite in fp32", row,
                 report->pixel);
}

static void count_bad(const hr_row_report *report, hr_preparation *sum) {
  sum->bad_pixels += report->bad.all;
  sum->marked_pixels += report->bad.marked;
  sum->bad_flux_pixels += report->bad.flux;
  sum->unknown_error_pixels += report->bad.unknown;
  sum->nonpositive_error_pixels += report->bad.nonpositive;
  sum->huge_error_pixels += report->bad.huge;
}

/* A row that is used, though there may be nothing in it. */
static void count_row(hr_stream *stream, uint64_t row, const hr_row_report *report) {
  hr_preparation *sum = &stream->preparation;
  bool is_empty = report->fault == HR_ROW_EMPTY;
  count_bad(report, sum);
  stream->bad_pixels[stream->shard] += report->bad.all;
  sum->clipped_pixels += report->clipped;
  sum->dark_rows += report->dark;
  if (is_empty && sum->empty_rows++ == 0) sum->first_empty_row = row;
  if (report->wild && sum->wild_rows++ == 0) sum->first_wild_row = row;
  bool is_off = hr_prepare_is_noise_off(report, stream->options.noise.level);
  sum->noise_rows += report->noisy > 0;
  if (is_off && sum->off_noise_rows++ == 0) sum->first_off_noise_row = row;
}

/* Adds up what was found, in order of rows, so that the first fault is the same for any
 * number of threads and any block size. */
static hr_status gather_reports(hr_stream *stream, const hr_block *block, hr_error *err) {
  hr_preparation *sum = &stream->preparation;
  bool is_observed = stream->options.observed != HR_OBSERVED_NONE;
  for (size_t i = 0; i < block->rows; i++) {
    const hr_row_report *report = &stream->reports[i];
    bool is_empty = report->fault == HR_ROW_EMPTY;
    if (stream->empty) stream->empty[i] = is_empty;
    if (stream->holed) stream->holed[i] = report->bad.lost > 0;
    if (report->fault == HR_ROW_GOOD || (is_empty && stream->options.keep_empty)) {
      count_row(stream, block->first_row + i, report);
      continue;
    }
    sum->faulty_noisy_rows += report->fault == HR_ROW_NOISY;
    if (sum->faulty_rows++ == 0 && !is_observed) {
      hr_status status = fail_row(stream, stream->row + i, report, &stream->first_fault);
      if (!stream->options.count_faults) {
        return hr_fail(err, status, "%s", stream->first_fault.message);
      }
    }
  }
  return HR_OK;
}

/* How many of the shard's rows from stream->row on are (or, wanted false, are not) to be
 * read. */
static size_t rows_ahead(const hr_stream *stream, bool wanted) {
  const hr_shard *shard = &stream->shards[stream->shard];
  const hr_stream_options *options = &stream->options;
  size_t row = stream->row;
  if (!options->runs) return wanted ? shard->rows - row : 0;
  while (row < shard->rows) {
    size_t run = (shard->first_row + row) / options->run_rows;
    if (options->runs[run] != wanted) break;
    row = smaller((run + 1) * options->run_rows - shard->first_row, shard->rows);
  }
  return row - stream->row;
}

/* Opens the next shard where the last one is used up; false at the end. */
static hr_status find_rows(hr_stream *stream, bool *found, hr_error *err) {
  if (stream->shard < stream->shard_count) stream->row += rows_ahead(stream, false);
  while (stream->shard < stream->shard_count &&
         stream->row >= stream->shards[stream->shard].rows) {
    close_shard(stream);
    stream->shard++;
    stream->row = 0;
    if (stream->shard < stream->shard_count) stream->row += rows_ahead(stream, false);
  }
  *found = stream->shard < stream->shard_count;
  return *found && !stream->is_open ? open_shard(stream, err) : HR_OK;
}

hr_status hr_stream_next(hr_stream *stream, hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  bool found = false;
  *block = (hr_block){.pixels = stream->pixels};
  /* A refused row stays refused: the stream does not go on behind it. */
  if (stream->first_fault.status != HR_OK && !stream->options.count_faults) {
    return hr_fail(err, stream->first_fault.status, "%s", stream->first_fault.message);
  }
  HR_TRY(find_rows(stream, &found, err));
  if (!found) goto cleanup;
  const hr_shard *shard = &stream->shards[stream->shard];
  hr_block next = {
      .first_row = shard->first_row + stream->row,
      .rows = smaller(stream->plan.block_rows, rows_ahead(stream, true)),
      .pixels = stream->pixels,
      .flux = stream->values[FLUX],
      .error = stream->values[ERROR],
      .noisy = stream->values[NOISY],
      .snr = stream->snr,
      .empty = stream->empty,
      .holed = stream->holed,
  };
  HR_TRY(fill_block(stream, &next, err));
  HR_TRY(gather_reports(stream, &next, err));
  stream->row += next.rows;
  *block = next;
cleanup:
  return status;
}

const hr_row_report *hr_stream_reports(const hr_stream *stream) {
  return stream->reports;
}

const hr_preparation *hr_stream_preparation(const hr_stream *stream) {
  return &stream->preparation;
}

hr_status hr_stream_list_bad(const hr_stream *stream, hr_bad_files *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t s = 0; s < stream->shard_count; s++) {
    const hr_shard *shard = &stream->shards[s];
    uint64_t bad = stream->bad_pixels[s];
    if (bad == 0) continue;
    HR_TRY(hr_bad_files_add(out, shard->path, bad, shard->rows * stream->pixels, err));
  }
cleanup:
  return status;
}

const char *hr_stream_first_fault(const hr_stream *stream) {
  return stream->first_fault.message;
}

size_t hr_stream_memory(const hr_stream *stream) {
  return stream->plan.cache_bytes +
         stream->plan.staging_rows * stream->pixels * sizeof(double) +
         stream->plan.block_rows * row_bytes(stream);
}
