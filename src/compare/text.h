/* A comparison in words and numbers: for a terminal, a page and a program. */
#ifndef HR_COMPARE_TEXT_H
#define HR_COMPARE_TEXT_H

#include "compare/tables.h"

/* Appends how the rows were joined and, a run after the first, what became of the best
 * single model and of the headline, a paragraph each. */
hr_status hr_comparison_summarise(const hr_comparison *comparison, hr_strings *paragraphs,
                                  hr_error *err) HR_MUST_CHECK;

/* Appends the whole; `has_figure`: a page shows figures/comparison.png. */
hr_status hr_comparison_write_terminal(const hr_comparison *comparison,
                                       const hr_comparison_tables *tables, hr_text *out,
                                       hr_error *err) HR_MUST_CHECK;
hr_status hr_comparison_write_markdown(const hr_comparison *comparison,
                                       const hr_comparison_tables *tables,
                                       bool has_figure, hr_text *out,
                                       hr_error *err) HR_MUST_CHECK;

/* Appends every number as JSON (docs/formats.md, "Comparison"). */
hr_status hr_comparison_write_json(const hr_comparison *comparison, hr_text *out,
                                   hr_error *err) HR_MUST_CHECK;

#endif
