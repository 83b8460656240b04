/* The label columns that a study needs, by the names that it has for them: renamed from
 * the files', and looked for all at once. */
#ifndef HR_STUDY_COLUMNS_H
#define HR_STUDY_COLUMNS_H

#include "config/config.h"
#include "data/dataset.h"

/* Gives the columns of data.columns their names in the study. HR_ERR_DATA where the first
 * file has no such column, or has the name already. */
hr_status hr_study_rename_columns(const hr_config *config, hr_dataset *dataset,
                                  hr_error *err) HR_MUST_CHECK;

/* Refuses a dataset without the labels of the bins and the targets, naming all of them
 * and, where some column is likely to be meant, the entry of data.columns that says so.
 * Where none is, nothing is refused: whoever needs a label says that it is not there. */
hr_status hr_study_check_columns(const hr_config *config, const hr_dataset *dataset,
                                 hr_error *err) HR_MUST_CHECK;

#endif
