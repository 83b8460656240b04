/* The section `gates`: a mapping of kinds of gates (routing/gate_kinds.h) to their
 * parameters. A study without it trains none. */
#ifndef HR_CONFIG_GATES_H
#define HR_CONFIG_GATES_H

#include "config/config.h"
#include "methods/vit/vit.h"

/* Reads it, after the experts; `root`: the document. HR_ERR_CONFIG, HR_ERR_MEMORY. */
hr_status hr_config_read_gates(hr_config *config, const hr_yaml_node *root,
                               hr_error *err) HR_MUST_CHECK;
void hr_config_gates_fini(hr_config *config);

/* The gate of that kind, or NULL. */
const hr_config_gate *hr_config_find_gate(const hr_config *config,
                                          const hr_gate_kind *kind);

/* What the gate looks at: the table that its inputs name, with the windows of the
 * configuration where it has some; those have no totals. False: it is not trained. */
bool hr_config_gate_table(const hr_config_gate *gate, hr_gate_table *out);

/* The parameters of the expert whose trunk gates can look at, experts.vit with heads:
 * bins; NULL: there is none. */
const hr_vit_parameters *hr_config_trunk(const hr_config *config);

/* Appends to the manual what the table of fields does not say of a trained gate. */
void hr_config_describe_windows(hr_text *out);

/* Appends the section as YAML; nothing where there is none. */
void hr_config_write_gates(const hr_config *config, hr_text *out);

#endif
