/* What a file is that should have been HDF5 and is not. */
#ifndef HR_DATA_FILE_KIND_H
#define HR_DATA_FILE_KIND_H

#include "core/error.h"

/* Looks at the first bytes of `path` and refuses it as what it is, with the remedy:
 * HR_ERR_FORMAT. Of what is not known it says only that it is not HDF5. */
hr_status hr_file_kind_refuse(const char *path, hr_error *err);

/* Refuses what is in the place of a table of numbers and is known to be something else:
 * HR_ERR_FORMAT. Text, what is not known and what cannot be opened is let be. */
hr_status hr_file_kind_check_table(const char *path, hr_error *err) HR_MUST_CHECK;

#endif
