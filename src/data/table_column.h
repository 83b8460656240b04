/* A column of numbers out of a table, whatever kind of file it was in. */
#ifndef HR_DATA_TABLE_COLUMN_H
#define HR_DATA_TABLE_COLUMN_H

#include <stdbool.h>
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

/* A number that a file keeps as a float as the whole number that it must have been: false
 * where it is none, or so large that floats of that precision leave whole numbers out, so
 * that its last digits may be another's. */
static inline bool hr_whole_number(double value, hr_precision precision, int64_t *out) {
  static const double beyond[] = {0x1p53, 0x1p24, 0x1p11}; /* by precision */
  if (!(value > -beyond[precision] && value < beyond[precision])) return false;
  *out = (int64_t)value;
  return (double)*out == value;
}

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
