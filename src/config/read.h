/* Reading a YAML mapping into a struct, driven by its field table; shared by the files of
 * config.h. */
#ifndef HR_CONFIG_READ_H
#define HR_CONFIG_READ_H

#include "config/table.h"
#include "core/yaml_tree.h"

enum { HR_CONFIG_PLACE_BYTES = 768 };

/* "study.yaml:3:12: experts.ridge.alpha[2]": how every sentence about a value begins. */
typedef struct hr_config_place {
  char text[HR_CONFIG_PLACE_BYTES];
} hr_config_place;

/* What a value is called: the file, the path of its mapping ("experts.ridge", or "") and
 * its own key there (or ""). */
typedef struct hr_config_name {
  const char *file, *path, *key;
} hr_config_name;

hr_config_place hr_config_place_of(const hr_config_name *name, hr_yaml_mark mark);

/* The same of item number `index` of a list. */
hr_config_place hr_config_place_of_item(const hr_config_name *name, hr_yaml_mark mark,
                                        size_t index);

/* Reads every field of `section` from the mapping `node` into `parameters` (zeroed), or
 * its default where it is not given. `node` may be NULL or null: nothing is given;
 * `parent` is the node that is named where a key is missing. Refuses unknown keys, naming
 * the nearest, keys given twice by means of an alias, and numbers without effect. What
 * was read before a failure is freed by hr_fields_fini. */
hr_status hr_config_read_section(const char *file, const hr_yaml_node *node,
                                 const hr_yaml_node *parent,
                                 const hr_config_section *section, void *parameters,
                                 hr_error *err) HR_MUST_CHECK;

/* Reads one value, not its default. */
hr_status hr_config_read_field(const hr_config_name *name, const hr_yaml_node *node,
                               const hr_field *field, void *parameters,
                               hr_error *err) HR_MUST_CHECK;

/* Whether it is the text "all" (hr_field.may_be_all); NULL is not. */
bool hr_config_is_all(const hr_yaml_node *node);

/* Refuses what is neither a mapping nor null (nor NULL). */
hr_status hr_config_check_mapping(const char *file, const hr_yaml_node *node,
                                  const char *path, hr_error *err) HR_MUST_CHECK;

/* Refuses the key of `entry`, naming the nearest of `names`, or all where none is near.
 */
hr_status hr_config_fail_unknown(const char *file, const hr_yaml_node *entry,
                                 const char *path, const char *const *names, size_t count,
                                 hr_error *err);

#endif
