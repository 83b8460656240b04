/* A table of numbers that others wrote, in whichever kind of file: CSV with a line of
 * names, ECSV, a table in FITS, in HDF5 a pandas frame (DataFrame.to_hdf) or a dataset
 * with named members (as astropy and h5py write tables), or one array of NumPy
 * (numpy.save), which has no names. The file's first bytes say which.
 *
 * Where a column `x.mask` of truth values stands beside `x`, as astropy writes a masked
 * column, there is no number where it is true. */
#ifndef HR_DATA_NUMBER_TABLE_H
#define HR_DATA_NUMBER_TABLE_H

#include "data/compound_table.h"
#include "data/csv_table.h"
#include "data/fits/table.h"
#include "data/frame.h"

typedef struct hr_number_table {
  char *name; /* as it was asked for, for messages */
  size_t rows, columns;
  const char *const *names; /* [columns] borrowed from below; NULL: it has none */
  int *mask;                /* [columns] the column that masks it, or HR_CSV_NO_COLUMN */
  hr_csv_table csv;         /* of this kind where it has bytes, */
  hr_frame frame;           /* of this where it has columns, */
  double *array;            /* [rows][columns], of this where it is not NULL, */
  hr_fits_table *fits;      /* or of these */
  hr_compound_table *compound;
  hr_table_column *loaded; /* [columns] of the last two, those that were asked for */
} hr_number_table;

/* Reads a table (data/table_name.h) of a file of at most `most_bytes`, which are those of
 * CSV and arrays; of FITS and HDF5 only what it holds. HR_ERR_MISSING, HR_ERR_IO,
 * HR_ERR_MEMORY; HR_ERR_FORMAT where it is damaged, or of none of the kinds; HR_ERR_DATA
 * where there are several tables and none is named. observer: told of columns of a frame
 * that are no numbers; or NULL. To be followed by hr_number_table_fini, on failure too.
 */
hr_status hr_number_table_read(const char *name, size_t most_bytes,
                               const hr_observer *observer, hr_number_table *out,
                               hr_error *err) HR_MUST_CHECK;
void hr_number_table_fini(hr_number_table *table);

/* Whether it has a column of that name which holds no numbers, and is none of those
 * above; of CSV every cell is text, and read when it is asked for. */
bool hr_number_table_has_other(const hr_number_table *table, const char *name);

/* The number of the column of that name, or HR_CSV_NO_COLUMN. */
int hr_number_table_find(const hr_number_table *table, const char *name);

/* Reads a column, if it has not been: to be called before its cells are asked for.
 * HR_ERR_DATA where it holds no numbers, HR_ERR_FORMAT where it cannot be read. */
hr_status hr_number_table_load(hr_number_table *table, int column,
                               hr_error *err) HR_MUST_CHECK;

/* The cell as a number, NaN where there is none; as a whole number of 64 bits, exact
 * where the file has it so. False where it is no such number. */
bool hr_number_table_number(const hr_number_table *table, size_t row, int column,
                            double *out);
bool hr_number_table_integer(const hr_number_table *table, size_t row, int column,
                             int64_t *out);

/* Refuses (HR_ERR_DATA) a table whose lines are to be taken in their order, and whose own
 * index, that of a pandas frame or a first column without a name in CSV, says that they
 * were put in another one: numbers that go up and down, each once. */
hr_status hr_number_table_check_order(const hr_number_table *table,
                                      hr_error *err) HR_MUST_CHECK;

/* What to do about a cell that is no number, behind "; ". */
const char *hr_number_table_remedy(const char *cell);

/* Appends the names of its columns, at most 20: "x, y and 3 more". */
void hr_number_table_list(const hr_number_table *table, hr_text *out);

/* A whole column by name. HR_ERR_DATA, naming the table and what it has instead, where
 * there is none of that name, where it holds no numbers, and naming the row where a cell
 * is none. Freed with hr_table_column_fini, on failure too. */
hr_status hr_number_table_take(hr_number_table *table, const char *name,
                               hr_table_column *out, hr_error *err) HR_MUST_CHECK;

/* Where a row is, for messages: "line 12" of a CSV file, counted from 1, else "row 10",
 * counted from 0. */
enum { HR_NUMBER_TABLE_PLACE = 32 };
const char *hr_number_table_place(const hr_number_table *table, size_t row,
                                  char place[HR_NUMBER_TABLE_PLACE]);

#endif
