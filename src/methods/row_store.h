/* A store of rows that are read again and again, in any order: in memory, or in a file
 * that has no name any more and is gone with the process, however it ends. */
#ifndef HR_METHODS_ROW_STORE_H
#define HR_METHODS_ROW_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct hr_row_store hr_row_store;

/* For up to `rows` rows of `count` fp32 values. folder: where the file goes; NULL:
 * memory. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_row_store_create(size_t rows, size_t count, const char *folder,
                              hr_row_store **out, hr_error *err) HR_MUST_CHECK;
void hr_row_store_destroy(hr_row_store **store);

/* The next row, in pieces one after the other, each [count / pieces]. HR_ERR_IO. */
hr_status hr_row_store_append(hr_row_store *store, const float *const *pieces,
                              size_t piece_count, hr_error *err) HR_MUST_CHECK;

size_t hr_row_store_rows(const hr_row_store *store); /* so far */

/* The row as [count] values, in `scratch` or where they are kept; NULL where they cannot
 * be read. From any thread. */
const float *hr_row_store_get(const hr_row_store *store, uint32_t row, float *scratch);

/* Tells the system that these rows are wanted soon. */
void hr_row_store_expect(const hr_row_store *store, const uint32_t *rows, size_t count);

#endif
