/* A column of numbers out of a table, whatever kind of file it was in. */
#ifndef HR_DATA_TABLE_COLUMN_H
#define HR_DATA_TABLE_COLUMN_H

#include <stdint.h>

#include "core/alloc.h"
#include "data/bins.h"

typedef struct hr_table_column {
  double *values; /* [rows] NaN: there is none */
  int64_t
      *integers; /* [rows] the same of a column of whole numbers, exact, 0 where there
                    is none, and 2^63 - 1 for what is more; NULL: it is none of these */
  hr_precision precision; /* in which the file keeps its numbers */
} hr_table_column;

static inline void hr_table_column_fini(hr_table_column *column) {
  hr_free(column->values);
  hr_free(column->integers);
  *column = (hr_table_column){0};
}

/* What the values of a column are. */
typedef enum hr_values_kind {
  HR_VALUES_NUMBERS,
  HR_VALUES_TRUTHS, /* true or false: 1 and 0 */
  HR_VALUES_TEXT,
  HR_VALUES_LISTS, /* several values a row, or of varying number */
  HR_VALUES_OTHER, /* complex numbers, bits, dates, references */
} hr_values_kind;

/* "text", for messages. */
static inline const char *hr_values_text(hr_values_kind kind) {
  static const char *const texts[] = {"numbers", "truth values", "text",
                                      "several values a row",
                                      "something else than numbers"};
  return texts[kind];
}

#endif
