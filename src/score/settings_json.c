/* Settings in the configuration's own words. */
#include "score/settings_json.h"

void hr_settings_put(hr_json_builder *json, json_t *object, const hr_settings *settings) {
  const void *all = settings->parameters;
  if (!all) return;
  json_t *into = hr_json_put(json, object, "settings", json_object());
  for (size_t i = 0; i < settings->count; i++) {
    const hr_field *field = &settings->fields[i];
    hr_text value;
    if (!hr_field_has_effect(field, settings->fields, settings->count, all)) continue;
    if (hr_field_is_none(field, all)) continue;
    hr_text_init(&value);
    hr_field_write(field, all, &value);
    hr_json_put_text(json, into, field->name, value.bytes ? value.bytes : "");
    if (value.status != HR_OK) json->failed = true;
    hr_text_fini(&value);
  }
}
