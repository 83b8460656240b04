#include "data/stream.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "data/prepare.h"
#include "data/snr.h"
#include "support/check.h"
#include "support/shards.h"

enum { ROWS = 21, PIXELS = 6, MOST_FILES = 2 };

/* Two files, their dataset, and what a stream over it gave. */
typedef struct fixture {
  char paths[MOST_FILES][256];
  hr_strings list;
  char *items[MOST_FILES];
  hr_dataset *dataset;
} fixture;

/* Shards of 13 and 8 rows, stored as `like` says. */
static void make(fixture *f, const shard_spec *like) {
  hr_error err = {0};
  *f = (fixture){0};
  for (size_t i = 0; i < MOST_FILES; i++) {
    char name[32];
    snprintf(name, sizeof name, "stream-%zu.h5", i);
    shard_path(f->paths[i], sizeof f->paths[i], name);
    shard_spec spec = *like;
    spec.path = f->paths[i];
    spec.rows = i == 0 ? 13 : 8;
    spec.first_row = i == 0 ? 0 : 13;
    shard_write(&spec);
    f->items[i] = f->paths[i];
  }
  f->list = (hr_strings){.items = f->items, .count = MOST_FILES};
  check_ok(hr_dataset_create(&f->list, NULL, &f->dataset, &err));
}

/* One file as `spec` says. */
static void make_one(fixture *f, shard_spec *spec) {
  hr_error err = {0};
  *f = (fixture){0};
  spec->path = shard_path(f->paths[0], sizeof f->paths[0], "stream-0.h5");
  shard_write(spec);
  f->items[0] = f->paths[0];
  f->list = (hr_strings){.items = f->items, .count = 1};
  check_ok(hr_dataset_create(&f->list, NULL, &f->dataset, &err));
}

static void drop(fixture *f) {
  hr_dataset_destroy(&f->dataset);
  for (size_t i = 0; i < f->list.count; i++) unlink(f->paths[i]);
}

static shard_spec plain_spec(void) {
  shard_spec spec = shard_spec_default(NULL);
  spec.pixels = PIXELS;
  spec.with_noisy = true;
  return spec;
}

static hr_stream_options options_of(hr_noise_source source, size_t block_rows) {
  hr_stream_options options = hr_stream_options_default();
  options.noise = (hr_noise){source, 1.5, 42, HR_STREAM_NOISE_TRAIN};
  options.block_rows = block_rows;
  return options;
}

/* Everything a stream hands out. */
typedef struct content {
  float flux[ROWS * PIXELS], error[ROWS * PIXELS], noisy[ROWS * PIXELS];
} content;

static void take_block(const hr_block *block, content *out) {
  size_t offset = block->first_row * PIXELS;
  size_t bytes = block->rows * PIXELS * sizeof(float);
  memcpy(out->flux + offset, block->flux, bytes);
  memcpy(out->error + offset, block->error, bytes);
  if (block->noisy) memcpy(out->noisy + offset, block->noisy, bytes);
}

static void pull(const fixture *f, const hr_stream_options *options, content *out) {
  hr_error err = {0};
  hr_stream *stream = NULL;
  hr_block block;
  size_t row = 0;
  memset(out, 0, sizeof *out);
  check_ok(hr_stream_create(f->dataset, options, &stream, &err));
  for (;;) {
    check_ok(hr_stream_next(stream, &block, &err));
    assert_int_equal(block.pixels, PIXELS);
    if (block.rows == 0) break;
    assert_int_equal(block.first_row, row);
    assert_true(options->block_rows == 0 || block.rows <= options->block_rows);
    assert_true(row >= 13 || row + block.rows <= 13); /* never over a shard's end */
    assert_int_equal(block.noisy == NULL, options->noise.source == HR_NOISE_NONE);
    take_block(&block, out);
    row += block.rows;
  }
  assert_int_equal(row, ROWS);
  check_ok(hr_stream_next(stream, &block, &err)); /* the end stays the end */
  assert_int_equal(block.rows, 0);
  hr_stream_destroy(&stream);
  assert_null(stream);
}

static void rows_come_in_order_and_as_stored(void **state) {
  (void)state;
  fixture f;
  content got;
  shard_spec spec = plain_spec();
  make(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_STORED, 0);
  pull(&f, &options, &got);
  for (size_t i = 0; i < ROWS * PIXELS; i++) {
    size_t row = i / PIXELS, pixel = i % PIXELS;
    assert_true(got.flux[i] == (float)shard_flux(row, pixel));
    assert_true(got.error[i] == (float)shard_error(row, pixel));
    assert_true(got.noisy[i] == (float)shard_noisy(row, pixel));
  }
  drop(&f);
}

static void generated_noise_is_that_of_the_global_row(void **state) {
  (void)state;
  fixture f;
  content got;
  shard_spec spec = plain_spec();
  make(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_GENERATED, 4);
  pull(&f, &options, &got);
  for (size_t row = 0; row < ROWS; row++) {
    float z[PIXELS];
    hr_normal(42, HR_STREAM_NOISE_TRAIN, row, 0, PIXELS, z);
    for (size_t p = 0; p < PIXELS; p++) {
      float expected =
          (float)(shard_flux(row, p) + 1.5 * shard_error(row, p) * (double)z[p]);
      assert_true(got.noisy[row * PIXELS + p] == expected);
    }
  }
  options.noise.level = 0.0;
  pull(&f, &options, &got);
  assert_memory_equal(got.noisy, got.flux, sizeof got.flux);
  drop(&f);
}

static void every_block_size_gives_the_same_bytes(void **state) {
  (void)state;
  static const size_t block_rows[] = {1, 7, 1000};
  static const hr_noise_source sources[] = {HR_NOISE_NONE, HR_NOISE_GENERATED,
                                            HR_NOISE_STORED};
  fixture f;
  content all, got;
  shard_spec spec = plain_spec();
  make(&f, &spec);
  for (size_t s = 0; s < 3; s++) {
    hr_stream_options options = options_of(sources[s], 0);
    pull(&f, &options, &all);
    for (size_t b = 0; b < 3; b++) {
      options.block_rows = block_rows[b];
      pull(&f, &options, &got);
      assert_memory_equal(&got, &all, sizeof all);
    }
  }
  drop(&f);
}

static void every_way_of_storing_gives_the_same_bytes(void **state) {
  (void)state;
  static const shard_dtype dtypes[] = {SHARD_F32, SHARD_F64, SHARD_F32_BIG,
                                       SHARD_F64_BIG};
  static const struct {
    size_t rows, pixels;
    bool gzip;
  } chunks[] = {{0, 0, false},     {4, PIXELS, false}, {3, 4, false}, {8, 1, false},
                {4, PIXELS, true}, {3, 4, true},       {1, 5, true}};
  content first, got;
  bool is_first = true;
  for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
    for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
      fixture f;
      shard_spec spec = plain_spec();
      spec.dtype = dtypes[d];
      spec.chunk_rows = chunks[c].rows;
      spec.chunk_pixels = chunks[c].pixels;
      spec.gzip = chunks[c].gzip;
      spec.noisy_at_root = d % 2 == 1;
      make(&f, &spec);
      hr_stream_options options = options_of(HR_NOISE_STORED, c % 2 ? 2 : 0);
      options.memory_bytes = d < 2 ? 0 : 1; /* plenty, and never enough */
      pull(&f, &options, is_first ? &first : &got);
      if (!is_first) assert_memory_equal(&got, &first, sizeof first);
      is_first = false;
      drop(&f);
    }
  }
}

/* Bytes that this process has asked the kernel to read so far. */
static uint64_t bytes_asked_for(void) {
  char text[512] = "";
  int file = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  unsigned long long bytes = 0;
  if (length <= 0 || sscanf(text, "rchar: %llu", &bytes) != 1) return 0;
  return bytes;
}

/* Pulls everything with the budget; returns the bytes read from the file. */
static uint64_t count_reading(const fixture *f, size_t memory_bytes, size_t block_rows,
                              uint64_t array_bytes) {
  hr_error err = {0};
  hr_stream *stream = NULL;
  hr_block block;
  hr_stream_options options = options_of(HR_NOISE_GENERATED, block_rows);
  options.memory_bytes = memory_bytes;
  uint64_t before = bytes_asked_for();
  check_ok(hr_stream_create(f->dataset, &options, &stream, &err));
  assert_true(hr_stream_memory(stream) <= memory_bytes);
  do {
    check_ok(hr_stream_next(stream, &block, &err));
    assert_true(3 * block.rows * block.pixels * sizeof(float) <= memory_bytes);
  } while (block.rows > 0);
  assert_int_equal(hr_stream_preparation(stream)->bytes_read, array_bytes);
  hr_stream_destroy(&stream);
  return bytes_asked_for() - before;
}

static void every_byte_is_read_once_within_the_budget(void **state) {
  (void)state;
  static const struct {
    size_t rows, pixels;
    bool gzip;
  } chunks[] = {{0, 0, false}, {256, 1024, false}, {32, 128, false}, {32, 128, true}};
  if (bytes_asked_for() == 0) skip();
  for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
    fixture f;
    shard_spec spec = plain_spec();
    spec.with_noisy = false;
    spec.rows = 300;
    spec.pixels = 1024;
    spec.chunk_rows = chunks[c].rows;
    spec.chunk_pixels = chunks[c].pixels;
    spec.gzip = chunks[c].gzip;
    make_one(&f, &spec);
    uint64_t array_bytes = 2 * spec.rows * spec.pixels * sizeof(double);
    uint64_t stored = hr_dataset_file_bytes(f.dataset);
    for (size_t block_rows = 0; block_rows <= 7; block_rows += 7) {
      uint64_t read = count_reading(&f, 2 << 20, block_rows, array_bytes);
      assert_true(read <= stored + stored / 20 + 200000); /* the rest is metadata */
      assert_true(chunks[c].gzip || read >= array_bytes);
    }
    drop(&f);
  }
}

static void chunks_larger_than_the_budget_are_held_and_told(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  hr_stream *stream = NULL;
  shard_spec spec = plain_spec();
  spec.rows = 300;
  spec.pixels = 64;
  spec.chunk_rows = 300;
  spec.chunk_pixels = 64;
  spec.gzip = true;
  make_one(&f, &spec);
  size_t chunk_bytes = spec.rows * spec.pixels * sizeof(double);
  hr_stream_options options = options_of(HR_NOISE_NONE, 0);
  options.memory_bytes = 1000;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  assert_true(hr_stream_memory(stream) >= 2 * chunk_bytes);
  hr_block block;
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, 64);
  hr_stream_destroy(&stream);
  drop(&f);
}

static void blocks_are_whole_chunks_where_the_budget_allows(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  hr_stream *stream = NULL;
  shard_spec spec = plain_spec();
  spec.rows = 300;
  spec.pixels = 64;
  spec.dtype = SHARD_F32;
  spec.chunk_rows = 32;
  spec.chunk_pixels = 64;
  make_one(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_NONE, 0);
  options.memory_bytes = 100 * 2 * 64 * sizeof(float); /* some 94 rows with accounts */
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  hr_block block;
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, 64);
  hr_stream_destroy(&stream);
  drop(&f);
}

static void preparation_is_counted(void **state) {
  (void)state;
  double flux[2 * 4] = {-1, 2, 3, 4, 5, -6, 0, -8};
  double error[2 * 4] = {1, NAN, 1, 1, 0, -1, 1, NAN};
  for (size_t block_rows = 1; block_rows <= 2; block_rows++) {
    fixture f;
    hr_error err = {0};
    hr_stream *stream = NULL;
    hr_block block;
    shard_spec spec = shard_spec_default(NULL);
    spec.rows = 2;
    spec.flux = flux;
    spec.error = error;
    make_one(&f, &spec);
    hr_stream_options options = options_of(HR_NOISE_NONE, block_rows);
    check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
    do check_ok(hr_stream_next(stream, &block, &err));
    while (block.rows > 0);
    const hr_preparation *counts = hr_stream_preparation(stream);
    assert_int_equal(counts->clipped_pixels, 3);
    assert_int_equal(counts->unknown_error_pixels, 2);
    assert_int_equal(counts->nonpositive_error_pixels, 2);
    assert_int_equal(counts->faulty_rows, 0);
    assert_true(hr_stream_memory(stream) < 1000); /* a small file takes small buffers */
    assert_int_equal(counts->bytes_read, 2 * sizeof flux);
    assert_string_equal(hr_stream_first_fault(stream), "");
    hr_stream_destroy(&stream);
    drop(&f);
  }
}

/* Streams a shard of 4 x 4 and expects the sentence, with "FILE: " in front. */
static void expect_fault(const double *flux, const double *error, const double *noisy,
                         hr_noise_source source, const char *sentence) {
  for (size_t block_rows = 1; block_rows <= 4; block_rows++) {
    fixture f;
    hr_error err = {0};
    hr_stream *stream = NULL;
    hr_block block;
    char expected[1024];
    shard_spec spec = shard_spec_default(NULL);
    spec.rows = 4;
    spec.flux = flux;
    spec.error = error;
    spec.noisy = noisy;
    spec.with_noisy = true;
    make_one(&f, &spec);
    snprintf(expected, sizeof expected, "%s: %s", f.paths[0], sentence);
    hr_stream_options options = options_of(source, block_rows);
    check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
    hr_status status = HR_OK;
    do status = hr_stream_next(stream, &block, &err);
    while (status == HR_OK && block.rows > 0);
    check_fails(status, HR_ERR_DATA, expected);
    err = (hr_error){0};
    check_fails(hr_stream_next(stream, &block, &err), HR_ERR_DATA, expected);
    assert_string_equal(hr_stream_first_fault(stream), expected);
    hr_stream_destroy(&stream);
    drop(&f);
  }
}

static void rows_that_cannot_be_used_are_refused(void **state) {
  (void)state;
  double flux[16], error[16], noisy[16];
  for (int i = 0; i < 16; i++) flux[i] = 1, error[i] = 0.1, noisy[i] = -1;
  flux[4 * 3 + 1] = NAN;
  expect_fault(flux, error, noisy, HR_NOISE_GENERATED,
               "/dataset/arrays/flux/value is NaN at row 3, pixel 1 (counted from 0); "
               "remove the row or repair the value");
  flux[4 * 2 + 3] = 1e300; /* the first row counts, and fp32 ends at 3e38 */
  expect_fault(flux, error, noisy, HR_NOISE_NONE,
               "/dataset/arrays/flux/value is infinite in fp32 at row 2, pixel 3 "
               "(counted from 0); remove the row or repair the value");
  flux[4 * 1 + 0] = 1e20;
  expect_fault(flux, error, noisy, HR_NOISE_NONE,
               "/dataset/arrays/flux/value is 1e+20 at row 1, pixel 0 (counted from 0), "
               "beyond 1e+15; rescale flux and error, for example to a median of 1");
  for (int p = 0; p < 4; p++) error[p] = p % 2 ? NAN : -1;
  expect_fault(flux, error, noisy, HR_NOISE_NONE,
               "row 0 (counted from 0) has no good pixel: 0 masked, 0 without flux, 4 "
               "without an error above 0 that is of the others' size; remove the row, or "
               "set data.reject_outliers: true");
}

/* With a conditioning: in its unit, bad pixels mended, empty rows kept. */
static void rows_are_conditioned(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  hr_stream *stream = NULL;
  hr_block block;
  double flux[8] = {1e-17, 2e-17, NAN, 4e-17, 5e-17, 6e-17, 7e-17, 8e-17};
  double error[8] = {1e-18, NAN, 1e-18, 5e-15, 0, -1, NAN, 1e30};
  double noisy[8] = {INFINITY, 0, 0, 0, 0, 0, 0, 0};
  float stand_in[4] = {0.25f, 0.5f, 0.75f, 1};
  const float expected_flux[8] = {0.25f, 0.5f, 0.75f, 1, 0.25f, 0.5f, 0.75f, 1};
  const float no_error[8] = {0};
  hr_conditioning conditioning = hr_conditioning_plain();
  conditioning.scale = 1e-17;
  conditioning.base = 0.5;
  conditioning.stand_in = stand_in;
  shard_spec spec = shard_spec_default(NULL);
  spec.rows = 2;
  spec.flux = flux;
  spec.error = error;
  spec.noisy = noisy;
  spec.with_noisy = true;
  make_one(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_STORED, 0);
  options.conditioning = &conditioning;
  options.keep_empty = true;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, 2);
  /* Row 0 has no good pixel either: noisy, error, flux and an absurd error. */
  assert_true(block.empty[0] && block.empty[1]);
  assert_memory_equal(block.flux, expected_flux, sizeof expected_flux);
  assert_memory_equal(block.noisy, expected_flux, sizeof expected_flux);
  assert_memory_equal(block.error, no_error, sizeof no_error);
  const hr_preparation *counts = hr_stream_preparation(stream);
  assert_int_equal(counts->bad_pixels, 8);
  assert_int_equal(counts->bad_flux_pixels, 2);
  assert_int_equal(counts->empty_rows, 2);
  assert_int_equal(counts->first_empty_row, 0);
  hr_stream_destroy(&stream);
  options.noise.source = HR_NOISE_NONE;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_false(block.empty[0]);
  check_near((double)block.flux[0], 0.5, 1e-6);
  check_near((double)block.error[0], 0.1, 1e-7);
  hr_stream_destroy(&stream);
  drop(&f);
}

static void noise_that_cannot_be_used_is_refused(void **state) {
  (void)state;
  double flux[16], error[16], noisy[16];
  for (int i = 0; i < 16; i++) flux[i] = 1, error[i] = 0.1, noisy[i] = -1;
  noisy[4 * 2 + 0] = NAN;
  expect_fault(flux, error, noisy, HR_NOISE_STORED,
               "/dataset/arrays/noisy/value is NaN at row 2, pixel 0 (counted from 0); "
               "remove the row or repair the value");
  noisy[4 * 1 + 3] = -1e20;
  expect_fault(
      flux, error, noisy, HR_NOISE_STORED,
      "/dataset/arrays/noisy/value is -1e+20 at row 1, pixel 3 (counted from 0), "
      "beyond 1e+15; rescale flux and error, for example to a median of 1");
  for (int p = 0; p < 4; p++) error[4 * 1 + p] = 9e14;
  flux[4 * 1] = 9e14;
  float z[4];
  hr_normal(42, HR_STREAM_NOISE_TRAIN, 1, 0, 4, z);
  int pixel = 0;
  while (fabs(flux[4 + pixel] + 1.5 * 9e14 * (double)z[pixel]) <= 1e15) pixel++;
  assert_true(pixel < 4);
  char expected[256];
  snprintf(expected, sizeof expected,
           "the flux with noise is %g at row 1, pixel %d (counted from 0), beyond 1e+15; "
           "lower data.noise.level, which is 1.5, or check /dataset/arrays/error/value "
           "there",
           flux[4 + pixel] + 1.5 * 9e14 * (double)z[pixel], pixel);
  expect_fault(flux, error, noisy, HR_NOISE_GENERATED, expected);
}

static void rows_that_cannot_be_used_can_be_counted(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  hr_stream *stream = NULL;
  hr_block block;
  double flux[16];
  char expected[1024];
  for (int i = 0; i < 16; i++) flux[i] = -1;
  flux[4] = NAN, flux[13] = INFINITY;
  shard_spec spec = shard_spec_default(NULL);
  spec.rows = 4;
  spec.flux = flux;
  make_one(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_GENERATED, 3);
  options.count_faults = true;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  do check_ok(hr_stream_next(stream, &block, &err));
  while (block.rows > 0);
  assert_int_equal(hr_stream_preparation(stream)->faulty_rows, 2);
  assert_int_equal(hr_stream_preparation(stream)->clipped_pixels, 8);
  snprintf(expected, sizeof expected,
           "%s: /dataset/arrays/flux/value is NaN at row 1, pixel 0 (counted from 0); "
           "remove the row or repair the value",
           f.paths[0]);
  assert_string_equal(hr_stream_first_fault(stream), expected);
  hr_stream_destroy(&stream);
  drop(&f);
}

static void what_cannot_be_streamed_is_refused(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  hr_stream *stream = NULL;
  char expected[1024];
  shard_spec spec = shard_spec_default(NULL);
  make_one(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_STORED, 0);
  snprintf(expected, sizeof expected,
           "%s holds no noisy spectra (neither /dataset/arrays/noisy/value nor /noisy); "
           "set data.noise.test: generated",
           f.paths[0]);
  check_fails(hr_stream_create(f.dataset, &options, &stream, &err), HR_ERR_DATA,
              expected);
  options = options_of(HR_NOISE_GENERATED, 0);
  options.noise.level = -0.5;
  check_fails(hr_stream_create(f.dataset, &options, &stream, &err), HR_ERR_USAGE,
              "the noise level must be a number of at least 0, not -0.5");
  options.noise.level = NAN;
  assert_int_equal(hr_stream_create(f.dataset, &options, &stream, &err), HR_ERR_USAGE);

  spec.rows = 7; /* somebody writes the file anew */
  shard_write(&spec);
  options = options_of(HR_NOISE_NONE, 0);
  snprintf(expected, sizeof expected,
           "%s: /dataset/arrays/flux/value is now 7 x 4 but was 6 x 4 when the study "
           "began; do not change files that are being read",
           f.paths[0]);
  check_fails(hr_stream_create(f.dataset, &options, &stream, &err), HR_ERR_DATA,
              expected);
  assert_null(stream);
  drop(&f);
}

/* Overwrites the stored bytes of the flux in the middle with 0xff. */
static void damage_flux(const char *path) {
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t set = H5Dopen2(file, "/dataset/arrays/flux/value", H5P_DEFAULT);
  haddr_t address = HADDR_UNDEF;
  hsize_t size = 0, offset[2] = {0, 0};
  unsigned mask = 0;
  assert_true(H5Dget_chunk_info_by_coord(set, offset, &mask, &address, &size) >= 0);
  H5Dclose(set);
  H5Fclose(file);
  char bytes[16];
  memset(bytes, 0xff, sizeof bytes);
  assert_true(size > sizeof bytes);
  int raw = open(path, O_WRONLY | O_CLOEXEC);
  assert_int_equal(pwrite(raw, bytes, sizeof bytes, (off_t)address),
                   (ssize_t)sizeof bytes);
  close(raw);
}

static void damaged_chunks_are_refused(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  hr_stream *stream = NULL;
  hr_block block;
  char expected[1024];
  shard_spec spec = shard_spec_default(NULL);
  spec.chunk_rows = 6;
  spec.chunk_pixels = 4;
  spec.gzip = true;
  make_one(&f, &spec);
  damage_flux(f.paths[0]);
  hr_stream_options options = options_of(HR_NOISE_NONE, 0);
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  snprintf(expected, sizeof expected,
           "%s: cannot read rows 0 to 5 of /dataset/arrays/flux/value, the file may be "
           "damaged: inflate() failed",
           f.paths[0]);
  check_fails(hr_stream_next(stream, &block, &err), HR_ERR_FORMAT, expected);
  assert_int_equal(block.rows, 0);
  hr_stream_destroy(&stream);
  drop(&f);
}

/* Of a file that is cut off while it is read HDF5 has zeros for what is missing. */
static void files_that_become_shorter_are_refused(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  hr_stream *stream = NULL;
  hr_block block;
  char expected[1024];
  shard_spec spec = shard_spec_default(NULL);
  spec.dtype = SHARD_F32;
  spec.frame = SHARD_FIXED;
  make_one(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_NONE, 0);
  options.block_rows = 2;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  hid_t file = H5Fopen(f.paths[0], H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t set = H5Dopen2(file, "/dataset/arrays/flux/value", H5P_DEFAULT);
  haddr_t offset = H5Dget_offset(set);
  H5Dclose(set);
  H5Fclose(file);
  assert_true(offset != HADDR_UNDEF);
  assert_int_equal(truncate(f.paths[0], (off_t)offset + 24), 0);
  snprintf(expected, sizeof expected,
           "%s became shorter while it was read; do not change files that are being read",
           f.paths[0]);
  check_fails(hr_stream_next(stream, &block, &err), HR_ERR_FORMAT, expected);
  hr_stream_destroy(&stream);
  drop(&f);
}

/* One file without labels, with or without the rest. */
static void make_observed(fixture *f, shard_spec *spec) {
  hr_error err = {0};
  *f = (fixture){0};
  spec->frame = SHARD_NO_FRAME;
  spec->path = shard_path(f->paths[0], sizeof f->paths[0], "stream-0.h5");
  shard_write(spec);
  f->items[0] = f->paths[0];
  f->list = (hr_strings){.items = f->items, .count = 1};
  check_ok(hr_dataset_open_observed(f->paths[0], false, NULL, &f->dataset, &err));
}

static void observed_rows_come_as_they_are(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  hr_stream *stream = NULL;
  hr_block block;
  double flux[300 * PIXELS];
  shard_spec spec = plain_spec();
  for (size_t i = 0; i < 300 * PIXELS; i++) flux[i] = -(double)i;
  flux[5 * PIXELS] = (double)NAN;
  spec.rows = 300;
  spec.flux = flux;
  make_observed(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_NONE, 200);
  options.observed = HR_OBSERVED_FLUX;
  options.block_multiple = 128;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, 128);
  assert_null(block.flux);
  check_near(block.noisy[7], -7, 0); /* not clipped */
  check_near(block.error[0], shard_error(0, 0), 0);
  assert_int_equal(hr_stream_reports(stream)[5].fault, HR_ROW_NOISY);
  assert_int_equal(hr_stream_reports(stream)[6].fault, HR_ROW_GOOD);
  for (size_t rows = 128; rows < 300; rows += block.rows) {
    check_ok(hr_stream_next(stream, &block, &err));
  }
  assert_int_equal(block.first_row, 256);
  hr_stream_destroy(&stream);
  options.observed = HR_OBSERVED_NOISY;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  check_near(block.noisy[7], shard_noisy(1, 1), 0);
  hr_stream_destroy(&stream);
  drop(&f);
}

static void observed_files_may_lack_the_error_and_rows(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  hr_stream *stream = NULL;
  hr_block block;
  shard_spec spec = plain_spec();
  spec.without_error = true;
  for (spec.rows = 0; spec.rows < 2; spec.rows++) {
    make_observed(&f, &spec);
    assert_false(hr_dataset_has_error(f.dataset));
    hr_stream_options options = hr_stream_options_default();
    options.observed = HR_OBSERVED_FLUX;
    options.block_multiple = 128;
    check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
    check_ok(hr_stream_next(stream, &block, &err));
    assert_int_equal(block.rows, spec.rows);
    assert_true(block.rows == 0 || !block.error);
    hr_stream_destroy(&stream);
    drop(&f);
  }
}

static void an_error_may_be_left_aside(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  hr_stream *stream = NULL;
  hr_block block;
  shard_spec spec = plain_spec();
  make_observed(&f, &spec);
  assert_true(hr_dataset_has_error(f.dataset));
  hr_dataset_drop_error(f.dataset);
  assert_false(hr_dataset_has_error(f.dataset));
  hr_stream_options options = hr_stream_options_default();
  options.observed = HR_OBSERVED_FLUX;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, spec.rows);
  assert_null(block.error);
  hr_stream_destroy(&stream);
  drop(&f);
}

/* Measured of the noisy flux and the filled error, whoever asks; no other value moves. */
static void ratios_are_measured_where_asked_for(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  hr_stream *stream = NULL;
  hr_block block;
  content plain;
  shard_spec spec = plain_spec();
  double error[ROWS * PIXELS];
  for (size_t i = 0; i < ROWS * PIXELS; i++) error[i] = 0.5 + (double)(i % 5);
  error[2] = error[PIXELS] = (double)NAN; /* filled */
  error[3] = 0, error[PIXELS + 4] = -1;   /* masked */
  for (size_t p = 0; p < PIXELS; p++) error[5 * PIXELS + p] = 0;
  spec.rows = ROWS;
  spec.error = error;
  make_one(&f, &spec);
  hr_stream_options options = options_of(HR_NOISE_GENERATED, 0);
  options.keep_empty = true;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_null(block.snr);
  take_block(&block, &plain);
  hr_stream_destroy(&stream);
  options.measure_snr = true;
  check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, ROWS);
  assert_memory_equal(block.noisy, plain.noisy, sizeof plain.noisy);
  for (size_t i = 0; i < ROWS; i++) {
    const float *x = plain.noisy + i * PIXELS, *e = plain.error + i * PIXELS;
    double snr = hr_measure_snr(PIXELS, x, e);
    assert_int_equal(isnan(snr), i == 5);
    assert_true(isnan(block.snr[i]) == isnan(snr));
    if (i != 5) check_near(block.snr[i], snr, 0);
  }
  hr_stream_destroy(&stream);
  drop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_come_in_order_and_as_stored),
      cmocka_unit_test(generated_noise_is_that_of_the_global_row),
      cmocka_unit_test(every_block_size_gives_the_same_bytes),
      cmocka_unit_test(every_way_of_storing_gives_the_same_bytes),
      cmocka_unit_test(every_byte_is_read_once_within_the_budget),
      cmocka_unit_test(chunks_larger_than_the_budget_are_held_and_told),
      cmocka_unit_test(blocks_are_whole_chunks_where_the_budget_allows),
      cmocka_unit_test(preparation_is_counted),
      cmocka_unit_test(rows_that_cannot_be_used_are_refused),
      cmocka_unit_test(rows_are_conditioned),
      cmocka_unit_test(noise_that_cannot_be_used_is_refused),
      cmocka_unit_test(rows_that_cannot_be_used_can_be_counted),
      cmocka_unit_test(what_cannot_be_streamed_is_refused),
      cmocka_unit_test(damaged_chunks_are_refused),
      cmocka_unit_test(files_that_become_shorter_are_refused),
      cmocka_unit_test(observed_rows_come_as_they_are),
      cmocka_unit_test(observed_files_may_lack_the_error_and_rows),
      cmocka_unit_test(an_error_may_be_left_aside),
      cmocka_unit_test(ratios_are_measured_where_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
