/* Memory that runs out, put under a program with LD_PRELOAD
 * (tests/python/test_failing_calls.py).
 *
 *   FAIL_MEMORY=17        the 17th allocation fails
 *   FAIL_MEMORY=17+       and every one after it
 *   FAIL_MEMORY_COUNT=FILE  at the end, how many allocations there were
 *
 * Counted are the program's own (hr_alloc: aligned_alloc) and those of the libraries that
 * it asks for its documents, libjansson and libyaml. Others, some of which end the
 * program, are left alone. */
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <stdatomic.h>

/* The C library's own, under the names that it exports beside the usual ones. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

enum { MOST_RANGES = 16 };

typedef struct range {
  uintptr_t first, end;
} range;

static range watched[MOST_RANGES]; /* where the code of those libraries is */
static size_t watched_count;
static atomic_ulong count;
static unsigned long failing_at;
static bool goes_on;

static int watch(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  if (!strstr(info->dlpi_name, "libjansson") && !strstr(info->dlpi_name, "libyaml")) {
    return 0;
  }
  for (size_t i = 0; i < info->dlpi_phnum && watched_count < MOST_RANGES; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    watched[watched_count++] = (range){first, first + info->dlpi_phdr[i].p_memsz};
  }
  return 0;
}

__attribute__((constructor)) static void set_up(void) {
  const char *order = getenv("FAIL_MEMORY");
  dl_iterate_phdr(watch, NULL);
  if (!order || !order[0]) return;
  failing_at = strtoul(order, NULL, 10);
  goes_on = order[strlen(order) - 1] == '+';
}

__attribute__((destructor)) static void tell_count(void) {
  const char *path = getenv("FAIL_MEMORY_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "memory %lu\n", atomic_load(&count));
  fclose(file);
}

static bool fails(void) {
  unsigned long number = atomic_fetch_add(&count, 1) + 1;
  if (!failing_at || (number != failing_at && !(goes_on && number > failing_at))) {
    return false;
  }
  errno = ENOMEM;
  return true;
}

static bool is_watched(const void *caller) {
  uintptr_t address = (uintptr_t)caller;
  for (size_t i = 0; i < watched_count; i++) {
    if (address >= watched[i].first && address < watched[i].end) return true;
  }
  return false;
}

void *aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __libc_memalign(alignment, size);
}

void *malloc(size_t size) {
  return is_watched(__builtin_return_address(0)) && fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  return is_watched(__builtin_return_address(0)) && fails() ? NULL
                                                            : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  return is_watched(__builtin_return_address(0)) && fails() ? NULL
                                                            : __libc_realloc(old, size);
}
