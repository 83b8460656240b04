/* Test rows without a prediction, in words. */
#ifndef HR_REPORT_MISSING_H
#define HR_REPORT_MISSING_H

#include "core/text.h"
#include "report/reader.h"

/* Appends a paragraph that names and counts them; nothing where there is none. */
void hr_missing_tell(hr_reader *reader, hr_text *out);

/* How many there are. */
double hr_missing_count(hr_reader *reader);

#endif
