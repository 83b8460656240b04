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

/* The same of the labels `missing` in a file with columns of the names `names`; nothing
 * where none of them is likely to be meant. */
hr_status hr_study_propose_columns(const char *file, const hr_strings *missing,
                                   const hr_strings *names, hr_error *err) HR_MUST_CHECK;

/* Appends the labels without which no row is of use: those of the bins' axes and the
 * targets. HR_ERR_MEMORY. */
hr_status hr_study_needed_labels(const hr_config *config, hr_strings *out,
                                 hr_error *err) HR_MUST_CHECK;

#endif
