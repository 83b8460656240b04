/* What the report says of calibration. */
#ifndef HR_REPORT_MARKDOWN_CALIBRATION_H
#define HR_REPORT_MARKDOWN_CALIBRATION_H

#include "report/tables.h"

/* For the summary: how the headline's intervals hold, and that the ranks are uniform
 * where they are. Nothing where nobody has a sigma. */
void hr_markdown_summarise_calibration(hr_reader *reader, hr_text *out);

/* A warning of every method whose sigma is off, and of ranks that are not uniform. */
void hr_markdown_warn_of_calibration(hr_reader *reader, hr_text *out);

/* The tables, after what they mean. */
void hr_markdown_write_calibration(hr_reader *reader, const hr_tables *tables,
                                   hr_text *out);

#endif
