/* data.paths: where the arrays of a study's files stand. */
#ifndef HR_CONFIG_PLACES_H
#define HR_CONFIG_PLACES_H

#include "config/config.h"
#include "data/places.h"

/* Reads the mapping of roles to paths. HR_ERR_CONFIG where it is none, for a role that
 * there is not, a path that is not absolute and one that two roles have. */
hr_status hr_config_read_places(hr_config *config, const hr_yaml_node *root,
                                hr_error *err) HR_MUST_CHECK;

/* Appends the key with its pairs; nothing where there are none. */
void hr_config_write_places(const hr_config *config, hr_text *out);

/* The places; texts are borrowed from the configuration. */
hr_places hr_config_places(const hr_config *config);

#endif
