/* The figure of a comparison: every rung of the ladder, a dot with its interval a run. */
#ifndef HR_COMPARE_FIGURE_H
#define HR_COMPARE_FIGURE_H

#include "compare/comparison.h"

/* Whether there is a rung to draw. */
bool hr_comparison_has_figure(const hr_comparison *comparison);

/* Appends what the figure calls the runs, [runs]: "A  DR1", and of runs with one name the
 * setting that differs, "A  DR1, data.rows 5000", or, where several or none do, their
 * folder. HR_ERR_MEMORY. */
hr_status hr_comparison_name_runs(const hr_comparison *comparison, hr_strings *names,
                                  hr_error *err) HR_MUST_CHECK;

/* Writes folder/comparison.png, .svg, .pdf and .csv. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_comparison_draw(const hr_comparison *comparison, const char *folder,
                             hr_error *err) HR_MUST_CHECK;

#endif
