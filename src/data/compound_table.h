/* Tables in HDF5 as astropy, h5py and PyTables write them: one dataset of one dimension
 * whose elements have named members (a compound type), a member a column. */
#ifndef HR_DATA_COMPOUND_TABLE_H
#define HR_DATA_COMPOUND_TABLE_H

#include "core/text.h"
#include "data/hdf5_file.h"
#include "data/table_column.h"

typedef struct hr_compound_table hr_compound_table;

/* Appends the absolute paths of the frames of pandas that a file holds, and those of such
 * datasets outside of pandas' groups, both in the order of names. HR_ERR_FORMAT,
 * HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_hdf5_list_tables(const hr_hdf5_file *file, hr_strings *frames,
                              hr_strings *compounds, hr_error *err) HR_MUST_CHECK;

/* Opens the dataset at `place` of the file and lists its members; nothing is read of
 * them. Fails as hr_hdf5_open and hr_hdf5_open_dataset do, and with HR_ERR_FORMAT where
 * it is no such dataset. */
hr_status hr_compound_table_create(const char *path, const char *place,
                                   hr_compound_table **out, hr_error *err) HR_MUST_CHECK;
void hr_compound_table_destroy(hr_compound_table **table);

size_t hr_compound_table_rows(const hr_compound_table *table);

/* [*count] in the order of the file, borrowed. */
const char *const *hr_compound_table_names(const hr_compound_table *table, size_t *count);
hr_values_kind hr_compound_table_kind(const hr_compound_table *table, size_t column);

/* Reads the column number `column`, which has to be of numbers or truth values.
 * HR_ERR_FORMAT where it cannot be read; HR_ERR_DATA where it holds something else. Freed
 * with hr_table_column_fini, on failure too. */
hr_status hr_compound_table_read(const hr_compound_table *table, size_t column,
                                 hr_table_column *out, hr_error *err) HR_MUST_CHECK;

#endif
