/* Tables in FITS files, binary ones and those of text: columns by name as fp64 and, where
 * they are whole numbers, as exact integers, with nulls. */
#ifndef HR_DATA_FITS_TABLE_H
#define HR_DATA_FITS_TABLE_H

#include "data/table_column.h"

typedef struct hr_fits_table hr_fits_table;

/* Opens the table `name` of the file (data/fits/file.h; NULL: the only one) and
 * lists its columns; nothing of them is read. Fails as hr_fits_open and
 * hr_fits_move_to_table do, and with HR_ERR_FORMAT for two columns of one name. */
hr_status hr_fits_table_create(const char *path, const char *name, hr_fits_table **out,
                               hr_error *err) HR_MUST_CHECK;
void hr_fits_table_destroy(hr_fits_table **table);

size_t hr_fits_table_rows(const hr_fits_table *table);

/* [*count] in the order of the file, borrowed; "" of a column that has none. */
const char *const *hr_fits_table_names(const hr_fits_table *table, size_t *count);
hr_values_kind hr_fits_table_kind(const hr_fits_table *table, size_t column);

/* Reads the column number `column`, which has to be of numbers or truth values. Numbers
 * are what TSCAL and TZERO make of them. There is none where an integer is TNULL, a float
 * is NaN, or a truth value is neither. HR_ERR_FORMAT where it cannot be read; HR_ERR_DATA
 * where it holds something else. Freed with hr_table_column_fini, on failure too. */
hr_status hr_fits_table_read(hr_fits_table *table, size_t column, hr_table_column *out,
                             hr_error *err) HR_MUST_CHECK;

#endif
