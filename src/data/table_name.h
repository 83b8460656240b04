/* What a study calls a table: "FILE", or where the file holds several "FILE::TABLE", the
 * name or the number of an extension of FITS or the path of a dataset in HDF5. */
#ifndef HR_DATA_TABLE_NAME_H
#define HR_DATA_TABLE_NAME_H

#include "core/error.h"

typedef struct hr_table_name {
  char *path;        /* of the file, owned */
  const char *table; /* points into it, behind its end; NULL: none is named */
} hr_table_name;

/* Takes the name apart at its last "::", unless there is a file of the whole name.
 * HR_ERR_MEMORY. To be followed by hr_table_name_fini, on failure too. */
hr_status hr_table_name_init(hr_table_name *out, const char *name,
                             hr_error *err) HR_MUST_CHECK;
void hr_table_name_fini(hr_table_name *name);

#endif
