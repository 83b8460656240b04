/* data.columns: what files call the labels of a study. */
#ifndef HR_CONFIG_COLUMNS_H
#define HR_CONFIG_COLUMNS_H

#include "config/config.h"

/* Reads the mapping of labels to columns. HR_ERR_CONFIG where it is none, or two labels
 * are the same column. */
hr_status hr_config_read_columns(hr_config *config, const hr_yaml_node *root,
                                 hr_error *err) HR_MUST_CHECK;

/* Appends the key with its pairs; nothing where there are none. */
void hr_config_write_columns(const hr_config *config, hr_text *out);

#endif
