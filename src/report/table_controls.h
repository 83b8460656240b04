/* The table of the controls, and what they mean in words. */
#ifndef HR_REPORT_TABLE_CONTROLS_H
#define HR_REPORT_TABLE_CONTROLS_H

#include "report/table.h"

/* From "controls" of results.json: Global Ridge, the placebo and Ridge-Oracle, each with
 * what it gains over the one before; then the error alone. Without rows where the study
 * has no controls, and for results of earlier versions. */
hr_status hr_table_controls_init(hr_table *table, hr_reader *reader,
                                 hr_error *err) HR_MUST_CHECK;

#endif
