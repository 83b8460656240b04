/* One face over three readers. */
#include "data/number_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "data/npy_array.h"

typedef enum kind { CSV, FRAME, ARRAY } kind;

/* By the first bytes; what cannot be read is for the reader of CSV to tell. */
static kind kind_of(const char *path) {
  static const unsigned char hdf5[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char start[sizeof hdf5] = {0};
  FILE *file = fopen(path, "rb");
  if (!file) return CSV;
  size_t count = fread(start, 1, sizeof start, file);
  fclose(file);
  if (count == sizeof start && memcmp(start, hdf5, sizeof hdf5) == 0) return FRAME;
  return memcmp(start, hr_npy_magic, HR_NPY_MAGIC) == 0 ? ARRAY : CSV;
}

hr_status hr_number_table_read(const char *path, size_t most_bytes,
                               const hr_observer *observer, hr_number_table *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_number_table){0};
  switch (kind_of(path)) {
    case FRAME:
      HR_TRY(hr_frame_read(path, observer, &out->frame, err));
      out->rows = out->frame.rows;
      out->columns = out->frame.names.count;
      out->names = (const char *const *)out->frame.names.items;
      break;
    case ARRAY:
      HR_TRY(hr_npy_array_read(path, most_bytes, &out->array, &out->rows, &out->columns,
                               err));
      break;
    case CSV:
      HR_TRY(hr_csv_table_read(path, most_bytes, &out->csv, err));
      out->rows = out->csv.rows;
      out->columns = out->csv.columns;
      out->names = (const char *const *)out->csv.names;
      break;
  }
cleanup:
  return status;
}

void hr_number_table_fini(hr_number_table *table) {
  hr_csv_table_fini(&table->csv);
  hr_frame_fini(&table->frame);
  hr_free(table->array);
  *table = (hr_number_table){0};
}

int hr_number_table_find(const hr_number_table *table, const char *name) {
  for (size_t i = 0; table->names && i < table->columns; i++) {
    if (strcmp(table->names[i], name) == 0) return (int)i;
  }
  return HR_CSV_NO_COLUMN;
}

bool hr_number_table_number(const hr_number_table *table, size_t row, int column,
                            double *out) {
  if (table->csv.bytes) return hr_csv_table_number(&table->csv, row, column, out);
  *out = table->array ? table->array[row * table->columns + (size_t)column]
                      : table->frame.columns[column][row];
  return !isinf(*out);
}

bool hr_number_table_integer(const hr_number_table *table, size_t row, int column,
                             int64_t *out) {
  if (table->csv.bytes) return hr_csv_table_integer(&table->csv, row, column, out);
  if (!table->array && table->frame.integers[column]) {
    *out = table->frame.integers[column][row];
    return true;
  }
  double value = 0;
  if (!hr_number_table_number(table, row, column, &value)) return false;
  if (!(fabs(value) <= 0x1p53) || value != floor(value)) return false;
  *out = (int64_t)value;
  return true;
}

const char *hr_number_table_place(const hr_number_table *table, size_t row,
                                  char place[HR_NUMBER_TABLE_PLACE]) {
  if (table->csv.bytes) {
    snprintf(place, HR_NUMBER_TABLE_PLACE, "line %zu", table->csv.line[row]);
  } else {
    snprintf(place, HR_NUMBER_TABLE_PLACE, "row %zu", row);
  }
  return place;
}
