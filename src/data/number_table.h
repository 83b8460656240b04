/* A table of numbers that others wrote, in whichever of three kinds of file: CSV with a
 * line of names, a pandas frame in HDF5 (DataFrame.to_hdf), or one array of NumPy
 * (numpy.save), which has no names. The file's first bytes say which. */
#ifndef HR_DATA_NUMBER_TABLE_H
#define HR_DATA_NUMBER_TABLE_H

#include "data/csv_table.h"
#include "data/frame.h"

typedef struct hr_number_table {
  size_t rows, columns;
  const char *const *names; /* [columns] borrowed from below; NULL: it has none */
  hr_csv_table csv;         /* of this kind where it has bytes, */
  hr_frame frame;           /* of this where it has columns, */
  double *array;            /* [rows][columns], of this where it is not NULL */
} hr_number_table;

/* Reads a file of at most `most_bytes`. HR_ERR_MISSING, HR_ERR_IO, HR_ERR_MEMORY;
 * HR_ERR_FORMAT where it is damaged, or of none of the kinds. observer: told of columns
 * of a frame that are no numbers; or NULL. To be followed by hr_number_table_fini, on
 * failure too. */
hr_status hr_number_table_read(const char *path, size_t most_bytes,
                               const hr_observer *observer, hr_number_table *out,
                               hr_error *err) HR_MUST_CHECK;
void hr_number_table_fini(hr_number_table *table);

/* The number of the column of that name, or HR_CSV_NO_COLUMN. */
int hr_number_table_find(const hr_number_table *table, const char *name);

/* The cell as a number, NaN where there is none; as a whole number of 64 bits, exact
 * where the file has it so. False where it is no such number. */
bool hr_number_table_number(const hr_number_table *table, size_t row, int column,
                            double *out);
bool hr_number_table_integer(const hr_number_table *table, size_t row, int column,
                             int64_t *out);

/* Where a row is, for messages: "line 12" of a CSV file, counted from 1, else "row 10",
 * counted from 0. */
enum { HR_NUMBER_TABLE_PLACE = 32 };
const char *hr_number_table_place(const hr_number_table *table, size_t row,
                                  char place[HR_NUMBER_TABLE_PLACE]);

#endif
