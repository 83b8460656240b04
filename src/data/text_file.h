/* A file of text as others write it: in UTF-8 with or without a byte order mark, in
 * UTF-16 with one (Excel's "Unicode Text"), with the line ends of any system. */
#ifndef HR_DATA_TEXT_FILE_H
#define HR_DATA_TEXT_FILE_H

#include <stddef.h>

#include "core/error.h"

/* Reads a file of at most `most_bytes` as UTF-8 without a mark, with a 0 behind its
 * *size bytes, whose lines end with LF or CR LF, also where the file has CR alone.
 * Statuses as hr_file_read; HR_ERR_FORMAT where UTF-16 is damaged, in UTF-32, and where
 * a 0 says that it is no text. *out is to be freed with hr_free. */
hr_status hr_text_file_read(const char *path, size_t most_bytes, char **out, size_t *size,
                            hr_error *err) HR_MUST_CHECK;

#endif
