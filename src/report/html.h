/* report.html: the Markdown report as one file that needs no other and no network. */
#ifndef HR_REPORT_HTML_H
#define HR_REPORT_HTML_H

#include "report/figures.h"

/* Appends a page that shows `markdown`, which must be of the kind that we write: titles,
 * paragraphs, tables, lists, pictures, `code` and **strong**. Pictures are those of
 * `figures`, put into the page. Everything else is taken as text and escaped. */
hr_status hr_html_write(const char *markdown, const hr_figures *figures, bool chinese,
                        hr_text *out, hr_error *err) HR_MUST_CHECK;

#endif
