/* The one allocator: checked, overflow-safe, zeroed, 64-byte aligned (a cache line, and a
 * whole AVX-512 vector). */
#ifndef HR_CORE_ALLOC_H
#define HR_CORE_ALLOC_H

#include <stddef.h>

#include "core/error.h"

/* Allocates `count` zeroed elements of type *(*pointer_address) and stores the address
 * there: double *x = NULL; HR_TRY(hr_alloc(&x, n, err)); A count of 0 gives a valid
 * pointer. HR_ERR_MEMORY where it does not fit, *pointer untouched. */
#define hr_alloc(pointer_address, count, err) \
  hr_alloc_bytes((pointer_address), (count), sizeof **(pointer_address), (err))

/* Grows (or shrinks) an array from hr_alloc to `new_count` elements; what is new is
 * zeroed. On failure the old array stays valid. */
#define hr_realloc(pointer_address, old_count, new_count, err)  \
  hr_realloc_bytes((pointer_address), (old_count), (new_count), \
                   sizeof **(pointer_address), (err))

hr_status hr_alloc_bytes(void *pointer_address, size_t count, size_t size,
                         hr_error *err) HR_MUST_CHECK;
hr_status hr_realloc_bytes(void *pointer_address, size_t old_count, size_t new_count,
                           size_t size, hr_error *err) HR_MUST_CHECK;

/* Frees what hr_alloc and the hr_text_* functions gave; NULL is allowed. */
void hr_free(void *pointer);

/* Gives what was freed back to the system, that of other threads too: between two steps
 * that each take much. */
void hr_give_back_freed(void);

/* A copy of `text` (NULL gives NULL), to be freed with hr_free. */
hr_status hr_copy_text(const char *text, char **out, hr_error *err) HR_MUST_CHECK;

#endif
