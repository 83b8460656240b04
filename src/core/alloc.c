/* Memory, always zeroed, so that what a caller forgets to set is the same in every run.
 */
#include "core/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { ALIGNMENT = 64 };

/* The size to ask for, a whole number of alignments and at least one; 0 where it
 * overflows. */
static size_t padded_size(size_t count, size_t size) {
  if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size) return 0;
  size_t bytes = count * size;
  return bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Zeroed memory, or NULL. */
static void *zeroed(size_t count, size_t size) {
  size_t bytes = padded_size(count, size);
  void *memory = bytes ? aligned_alloc(ALIGNMENT, bytes) : NULL;
  if (memory) memset(memory, 0, bytes);
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
