/* Streams shards and writes what an expert would see, for tests in other languages.
 *
 *   tool_dump_rows PREFIX NOISE LEVEL SEED SPLIT BLOCK_ROWS MEMORY_BYTES FILE...
 *
 * NOISE: none | generated | stored. SPLIT: train | test, picks the noise stream. Writes
 * PREFIX.flux.f32, PREFIX.error.f32, and where there is noise PREFIX.noisy.f32, and where
 * it is generated PREFIX.z.f32, the deviates it was made of; each [rows][pixels] in
 * native byte order. A PREFIX of "-" writes nothing. Prints the counts as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "data/stream.h"

enum { FLUX, ERROR, NOISY, Z, FILES };

typedef struct output {
  FILE *files[FILES];
  float *deviates; /* [pixels] */
} output;

static hr_status open_output(const char *prefix, const hr_noise *noise, output *out,
                             hr_error *err) {
  static const char *const names[FILES] = {"flux", "error", "noisy", "z"};
  for (int i = 0; i < FILES && strcmp(prefix, "-") != 0; i++) {
    char path[4096];
    if (i == NOISY && noise->source == HR_NOISE_NONE) continue;
    if (i == Z && noise->source != HR_NOISE_GENERATED) continue;
    snprintf(path, sizeof path, "%s.%s.f32", prefix, names[i]);
    out->files[i] = fopen(path, "wbe");
    if (!out->files[i]) {
      return hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", path);
    }
  }
  return HR_OK;
}

static void put(FILE *file, const float *values, size_t count) {
  if (file && values) fwrite(values, sizeof *values, count, file);
}

static void write_block(const hr_block *block, const hr_noise *noise, output *out) {
  size_t count = block->rows * block->pixels;
  put(out->files[FLUX], block->flux, count);
  put(out->files[ERROR], block->error, count);
  put(out->files[NOISY], block->noisy, count);
  for (size_t i = 0; out->files[Z] && i < block->rows; i++) {
    hr_normal(noise->seed, noise->stream, block->first_row + i, 0, block->pixels,
              out->deviates);
    put(out->files[Z], out->deviates, block->pixels);
  }
}

static bool close_output(output *out) {
  bool good = true;
  for (int i = 0; i < FILES; i++) {
    if (out->files[i] && (ferror(out->files[i]) | fclose(out->files[i]))) good = false;
  }
  hr_free(out->deviates);
  return good;
}

/* Peak resident memory of this program in bytes; 0 where the kernel does not tell.
 * getrusage would count the program that started this one. */
static size_t peak_memory(void) {
  char line[256];
  size_t kib = 0;
  FILE *file = fopen("/proc/self/status", "re");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "VmHWM: %zu", &kib) == 1) break;
  }
  if (file) fclose(file);
  return kib * 1024;
}

static hr_status dump(const hr_strings *paths, const hr_stream_options *options,
                      const char *prefix, hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  hr_stream *stream = NULL;
  output out = {0};
  hr_block block;
  size_t blocks = 0;
  HR_TRY(hr_dataset_create(paths, NULL, &dataset, err));
  HR_TRY(hr_stream_create(dataset, options, &stream, err));
  HR_TRY(open_output(prefix, &options->noise, &out, err));
  HR_TRY(hr_alloc(&out.deviates, hr_dataset_pixels(dataset), err));
  for (;; blocks++) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    write_block(&block, &options->noise, &out);
  }
  const hr_preparation *p = hr_stream_preparation(stream);
  printf("{\"rows\": %zu, \"pixels\": %zu, \"blocks\": %zu, \"memory\": %zu, ",
         hr_dataset_rows(dataset), hr_dataset_pixels(dataset), blocks,
         hr_stream_memory(stream));
  printf("\"peak_memory\": %zu, \"bytes_read\": %" PRIu64 ", ", peak_memory(),
         p->bytes_read);
  printf("\"clipped\": %" PRIu64 ", \"unknown\": %" PRIu64 ", \"nonpositive\": %" PRIu64
         "}\n",
         p->clipped_pixels, p->unknown_error_pixels, p->nonpositive_error_pixels);
cleanup:
  if (!close_output(&out) && status == HR_OK) {
    status = hr_fail(err, HR_ERR_IO, "cannot write %s", prefix);
  }
  hr_stream_destroy(&stream);
  hr_dataset_destroy(&dataset);
  return status;
}

static hr_noise_source source_of(const char *name) {
  if (strcmp(name, "generated") == 0) return HR_NOISE_GENERATED;
  return strcmp(name, "stored") == 0 ? HR_NOISE_STORED : HR_NOISE_NONE;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  if (argc < 9) {
    fprintf(stderr,
            "usage: %s PREFIX NOISE LEVEL SEED SPLIT BLOCK_ROWS MEMORY_BYTES FILE...\n",
            argv[0]);
    return 2;
  }
  hr_stream_options options = hr_stream_options_default();
  options.noise.source = source_of(argv[2]);
  options.noise.level = strtod(argv[3], NULL);
  options.noise.seed = strtoull(argv[4], NULL, 10);
  options.noise.stream =
      strcmp(argv[5], "test") == 0 ? HR_STREAM_NOISE_TEST : HR_STREAM_NOISE_TRAIN;
  options.block_rows = strtoull(argv[6], NULL, 10);
  options.memory_bytes = strtoull(argv[7], NULL, 10);
  const hr_strings paths = {.items = argv + 8, .count = (size_t)argc - 8};
  hr_status status = dump(&paths, &options, argv[1], &err);
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  return hr_status_exit_code(status);
}
