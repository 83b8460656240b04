/* A table in a CSV file (RFC 4180): commas, or semicolons or tabs where the line of names
 * has more of these, a first line of column names, fields in quotes where they hold
 * commas, quotes ("" for one) or line ends; empty lines are skipped. What a file may be
 * in beside UTF-8 says text_file.h. What a field means is the reader's business: they are
 * texts.
 *
 * Also in an ECSV file (astropy's APE 6), which begins with "# %ECSV": the same behind a
 * head of lines with #, with blanks between fields unless the head names the comma. What
 * else the head says of the columns is not needed to read numbers. */
#ifndef HR_DATA_CSV_TABLE_H
#define HR_DATA_CSV_TABLE_H

#include <stdint.h>

#include "core/text.h"

typedef struct hr_csv_table {
  char *bytes;  /* that names and cells point into */
  char **names; /* [columns] */
  char **cells; /* [rows][columns], without spaces around them */
  size_t *line; /* [rows] of the file, from 1, for messages */
  size_t columns, rows;
  bool is_ecsv;
} hr_csv_table;

enum { HR_CSV_NO_COLUMN = -1 };

/* Reads a file of at most `most_bytes`. HR_ERR_MISSING, HR_ERR_IO, HR_ERR_MEMORY;
 * HR_ERR_FORMAT, naming file and line, for a file without a line of names, a name that is
 * there twice (none, too), a line with another number of fields, a quote that is not
 * closed or has text behind it, and ECSV with another delimiter. To be followed by
 * hr_csv_table_fini, on failure too. */
hr_status hr_csv_table_read(const char *path, size_t most_bytes, hr_csv_table *out,
                            hr_error *err) HR_MUST_CHECK;
void hr_csv_table_fini(hr_csv_table *csv);

/* The number of the column of that name, or HR_CSV_NO_COLUMN. */
int hr_csv_table_find(const hr_csv_table *csv, const char *name);

/* The cell as a number: NaN where it is empty or one of "nan", "NaN", "null", "None" and
 * "NA"; in ECSV 1 and 0 where it is True and False; false where it is no number. */
bool hr_csv_table_number(const hr_csv_table *csv, size_t row, int column, double *out);

/* The cell as a whole number; false where it is none, or none of 64 bits. One that is
 * written as a float (1234.0, 1.234e3) is one below 2^53, from where on floats of 8 bytes
 * leave some out. */
bool hr_csv_table_integer(const hr_csv_table *csv, size_t row, int column, int64_t *out);

/* Whether the first bytes of a file, text with a 0 behind them, are those of ECSV. */
bool hr_csv_is_ecsv(const char *bytes);

#endif
