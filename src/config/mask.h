/* data.mask: which values of the files' mask mean that a pixel is bad. */
#ifndef HR_CONFIG_MASK_H
#define HR_CONFIG_MASK_H

#include "config/config.h"

/* Makes data.mask_bits from data.mask, which the section's table read, and writes one
 * number as the list of its bits; `root`: the document. HR_ERR_CONFIG, HR_ERR_MEMORY. */
hr_status hr_config_read_mask(hr_config *config, const hr_yaml_node *root,
                              hr_error *err) HR_MUST_CHECK;

#endif
