/* data.labels: tables with the labels of the stars, in place of those that stand with the
 * spectra. */
#ifndef HR_CONFIG_LABELS_H
#define HR_CONFIG_LABELS_H

#include "config/paths.h"

/* Reads the key: a table, a list of them, or a mapping of train and test to these; names
 * are made absolute as those of data.train are. HR_ERR_CONFIG where it is something else,
 * for one table of both sets without data.labels_id, and for data.labels_id without any;
 * HR_ERR_MISSING for a file that is not there. To be called when data.root is absolute.
 */
hr_status hr_config_read_labels(hr_config *config, const hr_yaml_node *root,
                                const hr_config_source *source,
                                hr_error *err) HR_MUST_CHECK;

/* Appends the key; nothing where there is none. HR_ERR_MEMORY. */
hr_status hr_config_write_labels(const hr_config *config, hr_text *out,
                                 hr_error *err) HR_MUST_CHECK;

/* What is said of the key in the manual. */
void hr_config_describe_labels(hr_text *out);

/* The files of all tables, each once, in their order; freed by the caller, on failure
 * too. HR_ERR_MEMORY. */
hr_status hr_config_label_files(const hr_config *config, hr_strings *out,
                                hr_error *err) HR_MUST_CHECK;

#endif
