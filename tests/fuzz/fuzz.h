/* What the fuzz targets share. Each tests/fuzz/<name>.c defines the one function that
 * libFuzzer calls with bytes of its own making; the same file with replay.c is a test
 * that runs the seeds in tests/fuzz/seeds/<name> (docs in scripts/fuzz.sh). */
#ifndef HR_TESTS_FUZZ_H
#define HR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Whatever must hold for any input, unlike assert in every build. */
#define fuzz_require(condition)                                                     \
  do {                                                                              \
    if (!(condition)) {                                                             \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      abort();                                                                      \
    }                                                                               \
  } while (0)

/* A folder of this process' own in memory, made at the first call. */
static inline const char *fuzz_folder(void) {
  static char folder[64];
  if (!folder[0]) {
    snprintf(folder, sizeof folder, "%s/headroom-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(folder) != NULL);
  }
  return folder;
}

/* Writes `name` in that folder; its path is valid until the program ends or this is
 * called again with the same `path`. */
static inline void fuzz_write(char *path, size_t path_size, const char *name,
                              const void *bytes, size_t size) {
  snprintf(path, path_size, "%s/%s", fuzz_folder(), name);
  FILE *file = fopen(path, "wb");
  fuzz_require(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

/* Changes `name` in that folder: three bytes an edit, where, in two, and what. */
static inline void fuzz_edit(const char *name, const uint8_t *bytes, size_t size) {
  enum { MOST_TEXT = 1 << 16 };
  static char text[MOST_TEXT];
  char path[128];
  snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
  FILE *file = fopen(path, "rb");
  fuzz_require(file != NULL);
  size_t length = fread(text, 1, sizeof text, file);
  fclose(file);
  fuzz_require(length > 0);
  for (size_t i = 0; i + 2 < size; i += 3) {
    text[(bytes[i] * 256U + bytes[i + 1]) % length] = (char)bytes[i + 2];
  }
  fuzz_write(path, sizeof path, name, text, length);
}

#endif
