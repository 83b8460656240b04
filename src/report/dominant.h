/* Methods whose squared error is mostly that of one test row, in words. */
#ifndef HR_REPORT_DOMINANT_H
#define HR_REPORT_DOMINANT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"
#include "report/reader.h"

/* Appends a paragraph a row; nothing where there is none. */
void hr_dominant_tell(hr_reader *reader, hr_text *out);

/* Appends " One test row makes most of the squared error of A, B: ..." where one makes it
 * of some of the methods, [count] names, of which several may be the same; nothing else.
 * Whether it did. */
bool hr_dominant_remark(hr_reader *reader, const char *const *methods, size_t count,
                        hr_text *out);

/* Appends " Training rows far beyond all others ..." where there are any: what gains are
 * counted from may be spoilt. */
void hr_dominant_training_remark(hr_reader *reader, hr_text *out);

#endif
