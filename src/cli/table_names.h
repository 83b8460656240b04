/* Names of tables that are written a file each. */
#ifndef HR_CLI_TABLE_NAMES_H
#define HR_CLI_TABLE_NAMES_H

#include "core/text.h"

/* The table of each file, [files->count] in their order, in `folder`: the file's path as
 * it was given, '/' as '_', its extension replaced by `extension` (".csv"), so that
 * shards of one name in several folders keep apart. HR_ERR_USAGE where two would have the
 * same, or a name would be too long; HR_ERR_MEMORY. To be followed by hr_strings_fini, on
 * failure too. */
hr_status hr_table_names_make(const hr_strings *files, const char *folder,
                              const char *extension, hr_strings *out,
                              hr_error *err) HR_MUST_CHECK;

#endif
