/* report.md: headers in English, body in Chinese or English as the study asks. */
#ifndef HR_REPORT_MARKDOWN_H
#define HR_REPORT_MARKDOWN_H

#include "report/tables.h"

/* Appends the whole report. Fails as hr_tables_init does. */
hr_status hr_markdown_write(hr_reader *reader, const hr_tables *tables, hr_text *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
