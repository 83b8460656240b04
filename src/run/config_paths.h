/* Making the paths of a configuration absolute; shared by the files of config.h. */
#ifndef HR_RUN_CONFIG_PATHS_H
#define HR_RUN_CONFIG_PATHS_H

#include "core/yaml_tree.h"
#include "run/config.h"

/* Expands data.train and data.test into train_paths and test_path and makes data.root and
 * the pages absolute. `root` is the tree the configuration was read from, for messages;
 * `folder` the one that relative paths are relative to (NULL or "": the current one). */
hr_status hr_config_resolve_paths(hr_config *config, const hr_yaml_node *root,
                                  const char *folder, hr_error *err) HR_MUST_CHECK;

#endif
