/* What an expert or a gate was given, as results.json has it. */
#ifndef HR_SCORE_SETTINGS_JSON_H
#define HR_SCORE_SETTINGS_JSON_H

#include "core/field.h"
#include "core/json.h"

/* Parameters and the table of their fields; borrowed. */
typedef struct hr_settings {
  const hr_field *fields; /* [count] */
  size_t count;
  const void *parameters; /* NULL: not known */
} hr_settings;

/* object["settings"]: each setting as the configuration writes it, a text; those without
 * effect and those that are none are left out. Nothing where they are not known. */
void hr_settings_put(hr_json_builder *json, json_t *object, const hr_settings *settings);

#endif
