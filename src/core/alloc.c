/* Memory, always zeroed, so that what a caller forgets to set is the same in every run.
 */
#include "core/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

enum { ALIGNMENT = 64 };

/* Blocks of this size and more, glibc's largest threshold of mmap, are pages of their own
 * and stand on huge ones where there are such: a matrix takes a five-hundredth of
 * the page faults. */
static const size_t huge_from = (size_t)32 << 20, huge_page = (size_t)2 << 20;

/* The size to ask for, a whole number of alignments and at least one; 0 where it
 * overflows. */
static size_t padded_size(size_t count, size_t size) {
  if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size) return 0;
  size_t bytes = count * size;
  return bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Lets the system put the block, whole pages, on huge ones, and hand it out zeroed as it
 * is touched: by the threads that fill it, and not all at once by the one that asks. */
static void zero_by_the_page(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
  madvise(block, bytes, MADV_HUGEPAGE); /* not everywhere, and then it is slower */
  if (madvise(block, bytes, MADV_DONTNEED) == 0) return;
#endif
  memset(block, 0, bytes);
}

/* Zeroed memory, or NULL. */
static void *zeroed(size_t count, size_t size) {
  size_t bytes = padded_size(count, size);
  if (bytes == 0 || bytes > SIZE_MAX - huge_page) return NULL;
  bool is_large = bytes >= huge_from;
  if (is_large) bytes = (bytes + huge_page - 1) / huge_page * huge_page;
  void *memory = aligned_alloc(is_large ? huge_page : ALIGNMENT, bytes);
  if (memory && is_large) zero_by_the_page(memory, bytes);
  if (memory && !is_large) memset(memory, 0, bytes);
  return memory;
}

static hr_status no_memory(size_t count, size_t size, hr_error *err) {
  return hr_fail(err, HR_ERR_MEMORY, "no memory for %zu elements of %zu bytes", count,
                 size);
}

hr_status hr_alloc_bytes(void *pointer_address, size_t count, size_t size,
                         hr_error *err) {
  void *memory = zeroed(count, size);
  if (!memory) return no_memory(count, size, err);
  memcpy(pointer_address, &memory, sizeof memory);
  return HR_OK;
}

hr_status hr_realloc_bytes(void *pointer_address, size_t old_count, size_t new_count,
                           size_t size, hr_error *err) {
  void *old = NULL;
  void *fresh = zeroed(new_count, size);
  if (!fresh) return no_memory(new_count, size, err);
  memcpy(&old, pointer_address, sizeof old);
  size_t kept = old_count < new_count ? old_count : new_count;
  if (old) memcpy(fresh, old, kept * size);
  free(old);
  memcpy(pointer_address, &fresh, sizeof fresh);
  return HR_OK;
}

void hr_free(void *pointer) {
  free(pointer);
}

void hr_give_back_freed(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

hr_status hr_copy_text(const char *text, char **out, hr_error *err) {
  if (!text) {
    *out = NULL;
    return HR_OK;
  }
  size_t bytes = strlen(text) + 1;
  hr_status status = hr_alloc(out, bytes, err);
  if (status == HR_OK) memcpy(*out, text, bytes);
  return status;
}
