/* Settings from the command line, over those of the file. */
#ifndef HR_CONFIG_OVERRIDES_H
#define HR_CONFIG_OVERRIDES_H

#include "config/problems.h"
#include "core/text.h"
#include "core/yaml_tree.h"

/* Puts every setting "KEY=VALUE" into the tree of the configuration, later ones over
 * earlier ones. KEY is a path with dots, of experts, models from elsewhere, gates and the
 * noise also without the section ("ridge.alpha", "mine.predictions", "noise.level");
 * VALUE is YAML. What is put in has line 0, and as its column the number of its setting,
 * from 1. A setting is left out, and goes to `problems` in a sentence that names it,
 * where it is no KEY=VALUE, its value is no YAML, or its path leads through what is no
 * mapping; whether there is such a key is found when the tree is read. HR_ERR_MEMORY. */
hr_status hr_config_override(hr_yaml_node *root, const hr_strings *settings,
                             hr_config_problems *problems, hr_error *err) HR_MUST_CHECK;

#endif
