/* A folder of a test's own, gone when the test is. */
#ifndef HR_TESTS_SCRATCH_H
#define HR_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

typedef struct scratch {
  char path[64];
  char name[4096]; /* of the last scratch_name */
} scratch;

static inline void scratch_init(scratch *s) {
  snprintf(s->path, sizeof s->path, "/tmp/headroom-test-XXXXXX");
  assert_non_null(mkdtemp(s->path));
}

static inline int scratch_remove(const char *path, const struct stat *info, int kind,
                                 struct FTW *where) {
  (void)info, (void)kind, (void)where;
  return remove(path);
}

static inline void scratch_fini(scratch *s) {
  assert_int_equal(nftw(s->path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* `name` in the folder; valid until the next call. */
static inline const char *scratch_name(scratch *s, const char *name) {
  snprintf(s->name, sizeof s->name, "%s/%s", s->path, name);
  return s->name;
}

static inline void scratch_write(scratch *s, const char *name, const char *text) {
  FILE *file = fopen(scratch_name(s, name), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

#endif
