/* Making the paths of a configuration absolute; shared by the files of config.h. */
#ifndef HR_CONFIG_PATHS_H
#define HR_CONFIG_PATHS_H

#include "config/config.h"
#include "config/read.h"
#include "core/yaml_tree.h"

/* Where a configuration comes from. */
typedef struct hr_config_source {
  const char *name;   /* of the file, for messages */
  const char *folder; /* relative paths begin there (NULL or "": the current one) */
  bool check_files;   /* refuse data files that are not there */
  bool has_stand_ins; /* the keys' own names may stand in for names of files, which are
                         not looked for then (config/problems.h) */
  const hr_strings
      *settings; /* over those of the file (config/overrides.h); NULL: none */
} hr_config_source;

/* Expands data.train and data.test into train_paths and test_path and makes data.root and
 * the pages absolute. `root` is the tree the configuration was read from, for messages.
 */
hr_status hr_config_resolve_paths(hr_config *config, const hr_yaml_node *root,
                                  const hr_config_source *source,
                                  hr_error *err) HR_MUST_CHECK;

/* Appends the absolute paths that a pattern below data.root stands for. `place`: of it,
 * for messages. */
hr_status hr_config_expand_path(const hr_config *config, const hr_config_place *place,
                                const char *pattern, hr_strings *out,
                                hr_error *err) HR_MUST_CHECK;

/* Refuses a data file that is not there: HR_ERR_MISSING. */
hr_status hr_config_check_file(const hr_config *config, const hr_config_place *place,
                               const char *path, hr_error *err) HR_MUST_CHECK;

#endif
