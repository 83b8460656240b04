/* Changing a YAML tree: settings from outside the file take the place of its own, and
 * what is wrong is taken out so that the rest can be read. */
#ifndef HR_CORE_YAML_EDIT_H
#define HR_CORE_YAML_EDIT_H

#include "core/yaml_tree.h"

/* Puts *take_value into the mapping under `key`, in the place of what is there or behind
 * all else, and takes it: *take_value is NULL then. HR_ERR_MEMORY. */
hr_status hr_yaml_put(hr_yaml_node *mapping, const char *key, hr_yaml_mark mark,
                      hr_yaml_node **take_value, hr_error *err) HR_MUST_CHECK;

/* Takes the value of `key` out of a mapping; false where there is none. */
bool hr_yaml_take_out(hr_yaml_node *mapping, const char *key);

/* Takes out what stands at `mark`: the entry whose key does, or the value or item of a
 * list that does, the innermost. A list whose last item goes is taken out too, and so is
 * one from outside the file (line 0), whose items all stand at one place: which of them
 * is wrong is not known. false where nothing but the root stands there. */
bool hr_yaml_take_out_at(hr_yaml_node *root, hr_yaml_mark mark);

/* The innermost mapping that stands at `mark`, or NULL. */
hr_yaml_node *hr_yaml_mapping_at(hr_yaml_node *root, hr_yaml_mark mark);

/* Gives a tree and its keys one place, as they stand in no file. */
void hr_yaml_move(hr_yaml_node *root, hr_yaml_mark mark);

#endif
