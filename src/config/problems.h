/* All that is wrong with a configuration, and not the first alone: what an error names is
 * taken out of the tree, so that the rest can be read. */
#ifndef HR_CONFIG_PROBLEMS_H
#define HR_CONFIG_PROBLEMS_H

#include "core/text.h"
#include "core/yaml_tree.h"

enum { HR_CONFIG_MOST_PROBLEMS = 32 };

typedef struct hr_config_problems {
  const char *name; /* of the file, borrowed */
  hr_error first;   /* as it was told */
  hr_strings sentences;
  hr_strings keys;    /* that were wrong or missing, so that others stand there */
  bool has_stand_ins; /* words stand in for keys that must be given */
  size_t steps;
} hr_config_problems;

void hr_config_problems_fini(hr_config_problems *problems);

/* Takes an error of reading `root` in, and out of the tree what it names. false where the
 * reading cannot go on: another kind of error, no place, or too many. `name` is of the
 * file; the sentences are kept without it. */
bool hr_config_problems_take(hr_config_problems *problems, const hr_error *error,
                             hr_yaml_node *root);

/* Takes in what is wrong with a setting from outside the file, which was left out; `key`
 * is the one that it was for, "" where that is not known. HR_ERR_MEMORY. */
hr_status hr_config_problems_take_setting(hr_config_problems *problems,
                                          const hr_error *error, const char *key,
                                          hr_error *err) HR_MUST_CHECK;

/* The error of all problems, of one at least: that of one, or "NAME has 3 problems: (1)
 * 2:5: ...", or the command line, or both. */
hr_status hr_config_problems_fail(const hr_config_problems *problems, hr_error *err);

#endif
