/* Methods whose squared error is mostly that of one test row, in words. */
#ifndef HR_REPORT_DOMINANT_H
#define HR_REPORT_DOMINANT_H

#include "core/text.h"
#include "report/reader.h"

/* Appends a paragraph a row; nothing where there is none. */
void hr_dominant_tell(hr_reader *reader, hr_text *out);

#endif
