/* Tables as aligned text for a terminal: UTF-8, at most 100 columns, no colours. */
#ifndef HR_REPORT_TERMINAL_H
#define HR_REPORT_TERMINAL_H

#include "report/table.h"

enum { HR_TERMINAL_COLUMNS = 100 };

/* How many columns a UTF-8 text takes: two for wide (East Asian) characters, none for
 * combining marks. */
size_t hr_text_width(const char *text);

/* Appends a table. Where it is too wide, it is shown in pieces, one below the other, each
 * with the table's key columns again; a cell wider than the terminal stays whole. */
void hr_table_write_terminal(const hr_table *table, hr_text *out);

/* Appends a paragraph, broken at spaces and between wide characters; lines after the
 * first are indented by `indent` spaces. */
void hr_wrap_text(const char *paragraph, size_t indent, hr_text *out);

/* The same of a paragraph in Markdown, without the backslashes of hr_append_markdown. */
void hr_wrap_markdown(const char *paragraph, size_t indent, hr_text *out);

#endif
