/* Structs of the public interface that grow: each begins with `size_t size`, the bytes
 * that the caller's headers gave it, and grows at its end alone. So a program that was
 * built against an older header goes on with a newer library: what it hands over is taken
 * as far as it reaches, and what it is given ends where its own struct does. */
#ifndef HR_CORE_SIZED_H
#define HR_CORE_SIZED_H

#include <stddef.h>

#include "core/error.h"

enum { HR_SIZED_VERSIONS = 4 };

typedef struct hr_sized {
  const char *name;                /* "hr_study_options" */
  const char *made;                /* where its size comes from, behind "set it " */
  size_t sizes[HR_SIZED_VERSIONS]; /* of all versions, growing, the last is today's; 0:
                                      no more */
} hr_sized;

/* The size of today's struct. */
size_t hr_sized_today(const hr_sized *type);

/* HR_ERR_USAGE where the struct at `given` begins with a size that no version has had. */
hr_status hr_sized_check(const hr_sized *type, const void *given,
                         hr_error *err) HR_MUST_CHECK;

/* Copies `given` over *own, today's struct with its defaults, as far as it reaches; NULL:
 * the defaults stay. own->size is today's. */
hr_status hr_sized_take(const hr_sized *type, const void *given, void *own,
                        hr_error *err) HR_MUST_CHECK;

/* Copies `own`, today's struct, into *out as far as that reaches; out->size stays. */
hr_status hr_sized_give(const hr_sized *type, const void *own, void *out,
                        hr_error *err) HR_MUST_CHECK;

#endif
