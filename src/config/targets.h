/* The labels that a study predicts, and their units: data.target and data.units. */
#ifndef HR_CONFIG_TARGETS_H
#define HR_CONFIG_TARGETS_H

#include "config/config.h"

enum { HR_TARGET_FOLDER_BYTES = 96 };

/* Checks data.target, which the section's table read, and reads data.units, a mapping of
 * labels to units; `root`: the document. HR_ERR_CONFIG, HR_ERR_MEMORY. */
hr_status hr_config_read_targets(hr_config *config, const hr_yaml_node *root,
                                 hr_error *err) HR_MUST_CHECK;

/* The unit of a label, as data.units or the table of known labels has it; "": not known.
 * Borrowed. */
const char *hr_config_unit(const hr_config *config, const char *label);

/* Whether data.units or the table says anything of the label's unit, which may be none.
 */
bool hr_config_has_unit(const hr_config *config, const char *label);

/* The folder of target number t > 0, the label, in a run directory: "targets/T_eff", or
 * "targets/target@2" where the label cannot name a folder. */
void hr_target_folder(const char *label, size_t t, char name[HR_TARGET_FOLDER_BYTES]);

/* Appends data.units as YAML; nothing where none is given. */
void hr_config_write_units(const hr_config *config, hr_text *out);

#endif
