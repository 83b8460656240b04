/* Files that are named in a file: more than a command line holds. */
#ifndef HR_CLI_FILE_LIST_H
#define HR_CLI_FILE_LIST_H

#include "core/text.h"

/* Appends the names in the file at `path`, one a line; empty lines are passed over.
 * Statuses as hr_text_file_read; HR_ERR_EMPTY where it names none; HR_ERR_MEMORY. */
hr_status hr_file_list_read(const char *path, hr_strings *files,
                            hr_error *err) HR_MUST_CHECK;

#endif
