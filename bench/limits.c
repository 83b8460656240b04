/* What this machine can do, measured now: one line of JSON with the rates that the stages
 * are held against.
 *
 * usage: bench_limits FILE [MIB]   the disk's rates, over a file of that size (256)
 *        bench_limits FILE 0       all but the disk
 *
 * Each is the best of a few repeats: a limit is what can be reached, not what is usual.
 */
#include <cblas.h>
#include <fcntl.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/random.h"

enum {
  ORDER = 2048, /* of the matrices: large enough for the rate, 16 MiB in fp32 */
  STEP = 512,   /* the shape of a Ridge tile: 512 x 512 from 512 rows */
  REPEATS = 5,
  DEVIATES = 1 << 12,
  CHUNK = 4 << 20, /* bytes a read or write */
  MIB = 1 << 20,
};

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *room(size_t bytes) {
  void *memory = aligned_alloc(4096, bytes);
  if (!memory) {
    fprintf(stderr, "bench_limits: no memory\n");
    exit(1);
  }
  memset(memory, 1, bytes);
  return memory;
}

/* Operations a second of fp32 products of two square matrices on all threads. */
static double single_rate(int n) {
  size_t count = (size_t)n * (size_t)n;
  float *a = room(count * sizeof *a), *b = room(count * sizeof *b);
  float *c = room(count * sizeof *c);
  double best = 0;
  for (int i = 0; i < REPEATS; i++) {
    double start = seconds(CLOCK_MONOTONIC);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
    double rate = 2.0 * n * n * n / (seconds(CLOCK_MONOTONIC) - start);
    if (rate > best) best = rate;
  }
  free(a), free(b), free(c);
  return best;
}

static double double_rate(int n) {
  size_t count = (size_t)n * (size_t)n;
  double *a = room(count * sizeof *a), *b = room(count * sizeof *b);
  double *c = room(count * sizeof *c), best = 0;
  for (int i = 0; i < REPEATS; i++) {
    double start = seconds(CLOCK_MONOTONIC);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
    double rate = 2.0 * n * n * n / (seconds(CLOCK_MONOTONIC) - start);
    if (rate > best) best = rate;
  }
  free(a), free(b), free(c);
  return best;
}

/* Bytes a second of a = b + s c over arrays that no cache holds (STREAM's triad: two
 * reads, one write), on all threads. */
static double triad_rate(void) {
  size_t count = (size_t)64 * MIB;
  double *a = room(count * sizeof *a), *b = room(count * sizeof *b);
  double *c = room(count * sizeof *c), best = 0;
  for (int i = 0; i < REPEATS; i++) {
    double start = seconds(CLOCK_MONOTONIC);
#pragma omp parallel for
    for (size_t k = 0; k < count; k++) a[k] = b[k] + 3.0 * c[k];
    double rate = 3.0 * 8.0 * (double)count / (seconds(CLOCK_MONOTONIC) - start);
    if (rate > best) best = rate;
  }
  free(a), free(b), free(c);
  return best;
}

/* Normal deviates a second of processor time, one thread. */
static double noise_rate(void) {
  float *z = room(DEVIATES * sizeof *z);
  enum { ROWS = 2000 };
  double best = 0;
  for (int i = 0; i < REPEATS; i++) {
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t row = 0; row < ROWS; row++) {
      hr_normal(42, HR_STREAM_NOISE_TRAIN, row, 0, DEVIATES, z);
    }
    double rate = (double)ROWS * DEVIATES / (seconds(CLOCK_PROCESS_CPUTIME_ID) - start);
    if (rate > best) best = rate;
  }
  free(z);
  return best;
}

/* Goes over the file in chunks, reading or writing; bytes a second, 0 where it fails. */
static double pass(int file, char *chunk, size_t bytes, int writing) {
  double start = seconds(CLOCK_MONOTONIC);
  for (size_t done = 0; done < bytes; done += CHUNK) {
    ssize_t moved = writing ? pwrite(file, chunk, CHUNK, (off_t)done)
                            : pread(file, chunk, CHUNK, (off_t)done);
    if (moved != CHUNK) return 0;
  }
  if (writing && fsync(file) != 0) return 0;
  return (double)bytes / (seconds(CLOCK_MONOTONIC) - start);
}

/* Sequential rates of the disk below the page cache: writing with fsync; reading with
 * O_DIRECT where the file system has it, or else after the pages were dropped; and of
 * reading again from the page cache. */
static void disk_rates(const char *path, size_t bytes) {
  char *chunk = room(CHUNK);
  for (size_t i = 0; i < CHUNK; i++) chunk[i] = (char)(i * 2654435761u >> 13);
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) {
    perror(path);
    exit(1);
  }
  double written = pass(file, chunk, bytes, 1);
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  int direct = open(path, O_RDONLY | O_DIRECT);
  double read_rate = direct >= 0 ? pass(direct, chunk, bytes, 0) : 0;
  const char *way = "O_DIRECT";
  if (!(read_rate > 0)) {
    way = "page cache dropped";
    read_rate = pass(file, chunk, bytes, 0);
  }
  pass(file, chunk, bytes, 0);
  double cached = pass(file, chunk, bytes, 0);
  if (direct >= 0) close(direct);
  close(file);
  unlink(path);
  free(chunk);
  printf(
      ", \"disk_write\": %.4g, \"disk_read\": %.4g, \"disk_read_way\": \"%s\", "
      "\"cached_read\": %.4g",
      written, read_rate, way, cached);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: bench_limits FILE [MIB]\n");
    return 2;
  }
  size_t bytes = (argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 256) * MIB;
  printf("{\"threads\": %d, \"fp32_product\": %.4g, \"fp32_tile_product\": %.4g, ",
         omp_get_max_threads(), single_rate(ORDER), single_rate(STEP));
  printf("\"fp64_product\": %.4g, \"triad\": %.4g, \"noise_per_core\": %.4g",
         double_rate(ORDER), triad_rate(), noise_rate());
  if (bytes > 0) disk_rates(argv[1], bytes);
  printf("}\n");
  return 0;
}
