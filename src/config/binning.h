/* The section `binning`: the axes of the grid, its bins' names and focus, and whether the
 * target may be an axis; shared by the files of config.h. */
#ifndef HR_CONFIG_BINNING_H
#define HR_CONFIG_BINNING_H

#include "config/read.h"

/* The edges of an axis, an hr_numbers. */
extern const hr_field hr_config_edges_field;

/* Reads what no table says of the section, after the table's fields. `root` is the
 * document. */
hr_status hr_config_binning_read(hr_config *config, const hr_yaml_node *root,
                                 hr_error *err) HR_MUST_CHECK;
void hr_config_binning_fini(hr_config *config);

/* Whether the grid lies along T_eff and M_H by their old keys. */
bool hr_config_has_old_axes(const hr_config *config);

/* The list of all bins of the grid, in the place of `bins`. HR_ERR_MEMORY. */
hr_status hr_config_take_all_bins(const hr_config *config, hr_numbers *bins,
                                  hr_error *err) HR_MUST_CHECK;

/* Every number of the list is a bin. `node`: where the list stands. */
hr_status hr_config_check_bins(const hr_config *config, const hr_config_name *name,
                               const hr_yaml_node *node, const hr_numbers *bins,
                               hr_error *err) HR_MUST_CHECK;

#endif
