/* report.md: headers in English, body in Chinese or English as the study asks. */
#ifndef HR_REPORT_MARKDOWN_H
#define HR_REPORT_MARKDOWN_H

#include "report/figures.h"
#include "report/tables.h"

/* Appends the whole report, which shows the figures as figures/(name).png. Fails as
 * hr_tables_init does. */
hr_status hr_markdown_write(hr_reader *reader, const hr_tables *tables,
                            const hr_figures *figures, hr_text *out,
                            hr_error *err) HR_MUST_CHECK;

/* Appends what a page kept by hand shows of a study: which one, the headline, the
 * gate and Table 2. */
hr_status hr_markdown_write_key_numbers(hr_reader *reader, const hr_tables *tables,
                                        hr_text *out, hr_error *err) HR_MUST_CHECK;

#endif
