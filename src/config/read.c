/* A YAML mapping against its table of fields: unknown keys with the nearest known one,
 * wrong kinds, ranges, and values that have no effect. */
#include "config/read.h"

#include <stdio.h>
#include <string.h>

enum { MOST_NAMES = 64 }; /* keys of one section, aliases included */

hr_config_place hr_config_place_of(const hr_config_name *name, hr_yaml_mark mark) {
  hr_config_place place;
  char where[HR_YAML_PLACE_BYTES];
  const char *dot = name->path[0] && name->key[0] ? "." : "";
  hr_yaml_write_place(name->file, mark, where);
  int length = snprintf(place.text, sizeof place.text, "%s%s%s%s", where, name->path, dot,
                        name->key);
  if (length < 0) place.text[0] = '\0';
  return place;
}

hr_config_place hr_config_place_of_item(const hr_config_name *name, hr_yaml_mark mark,
                                        size_t index) {
  hr_config_place place = hr_config_place_of(name, mark);
  size_t length = strlen(place.text);
  snprintf(place.text + length, sizeof place.text - length, "[%zu]", index);
  return place;
}

static const char *kind_of(const hr_yaml_node *node) {
  switch (node->kind) {
    case HR_YAML_SEQUENCE:
      return "a list";
    case HR_YAML_MAPPING:
      return "a mapping of keys to values";
    case HR_YAML_SCALAR:
      break;
  }
  return "a single value";
}

hr_status hr_config_check_mapping(const char *file, const hr_yaml_node *node,
                                  const char *path, hr_error *err) {
  if (!node || node->kind == HR_YAML_MAPPING || hr_yaml_is_null(node)) return HR_OK;
  hr_config_name name = {file, path[0] ? path : "the configuration", ""};
  hr_config_place place = hr_config_place_of(&name, node->mark);
  return hr_fail(err, HR_ERR_CONFIG,
                 "%s must be a mapping of keys to values, not %s; write it as 'key: "
                 "value' lines",
                 place.text, kind_of(node));
}

/* The one place where a key that stands at the top belongs, "data.noise"; false where
 * there is none, or more than one. */
static bool find_home(const char *key, char *home, size_t size) {
  size_t count = 0, found = 0;
  const hr_config_section *sections = hr_config_sections(&count);
  for (size_t i = 0; i < count; i++) {
    const char *dot = strrchr(sections[i].path, '.');
    if (dot && strcmp(dot + 1, key) == 0) {
      found++;
      snprintf(home, size, "%s", sections[i].path);
    }
    if (hr_fields_find(sections[i].fields, sections[i].count, key)) {
      found++;
      snprintf(home, size, "%s.%s", sections[i].path, key);
    }
  }
  return found == 1;
}

hr_status hr_config_fail_unknown(const char *file, const hr_yaml_node *entry,
                                 const char *path, const char *const *names, size_t count,
                                 hr_error *err) {
  const char *nearest = hr_nearest_name(entry->key, names, count);
  const char *dot = path[0] ? "." : "";
  if (nearest) {
    return hr_yaml_fail(err, file, entry->key_mark,
                        "the key '%s%s%.60s' is not known; did you mean '%s'?", path, dot,
                        entry->key, nearest);
  }
  char home[128];
  if (!path[0] && find_home(entry->key, home, sizeof home)) {
    return hr_yaml_fail(err, file, entry->key_mark,
                        "the key '%.60s' is not known here; did you mean '%s'?",
                        entry->key, home);
  }
  hr_text list;
  hr_text_init(&list);
  for (size_t i = 0; i < count; i++) {
    hr_text_append(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
  }
  hr_status status =
      count == 0 || !list.bytes
          ? hr_yaml_fail(err, file, entry->key_mark,
                         "the key '%s%s%.60s' is not known; %s takes no keys", path, dot,
                         entry->key, path)
          : hr_yaml_fail(err, file, entry->key_mark,
                         "the key '%s%s%.60s' is not known; the keys here are %s", path,
                         dot, entry->key, list.bytes);
  hr_text_fini(&list);
  return status;
}

static bool is_in(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return false;
}

/* Refuses keys of `node` that are neither fields nor further keys of the section. */
static hr_status check_keys(const char *file, const hr_yaml_node *node,
                            const hr_config_section *section, hr_error *err) {
  const char *names[MOST_NAMES];
  size_t count = 0;
  for (size_t i = 0; i < section->count && count < MOST_NAMES; i++) {
    names[count++] = section->fields[i].name;
  }
  for (size_t i = 0; i < section->more_count && count < MOST_NAMES; i++) {
    names[count++] = section->more[i];
  }
  for (size_t i = 0; i < node->count; i++) {
    const hr_yaml_node *entry = node->items[i];
    if (hr_fields_find(section->fields, section->count, entry->key)) continue;
    if (is_in(entry->key, section->more, section->more_count)) continue;
    return hr_config_fail_unknown(file, entry, section->path, names, count, err);
  }
  return HR_OK;
}

/* One scalar that is not null, as the value of a field or an item of it. */
static hr_status check_scalar(const hr_yaml_node *node, const hr_config_place *place,
                              const char *expected, hr_error *err) {
  if (node->kind != HR_YAML_SCALAR) {
    return hr_fail(err, HR_ERR_CONFIG, "%s must be %s, not %s", place->text, expected,
                   kind_of(node));
  }
  if (!hr_yaml_is_null(node)) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG, "%s has no value; write %s or leave the key out",
                 place->text, expected);
}

/* What an item of a list must be; a field that is no list is its own item. */
static const char *item_kind(const hr_field *field) {
  switch (field->kind) {
    case HR_FIELD_NUMBERS:
      return field->whole ? "a whole number" : "a number";
    case HR_FIELD_TEXTS:
      return "a text";
    case HR_FIELD_NUMBER:
    case HR_FIELD_INTEGER:
    case HR_FIELD_BOOL:
    case HR_FIELD_TEXT:
      break;
  }
  return hr_field_kind_name(field);
}

static hr_status read_list(const hr_config_name *name, const hr_yaml_node *node,
                           const hr_field *field, void *parameters, hr_error *err) {
  for (size_t i = 0; i < node->count; i++) {
    const hr_yaml_node *item = node->items[i];
    hr_config_place place = hr_config_place_of_item(name, item->mark, i);
    hr_status status = check_scalar(item, &place, item_kind(field), err);
    if (status == HR_OK) {
      status = hr_field_read(field, place.text, item->text, parameters, err);
    }
    if (status != HR_OK) return status;
  }
  return HR_OK;
}

static bool is_word(const hr_yaml_node *node, const char *word) {
  return node->kind == HR_YAML_SCALAR && strcmp(node->text, word) == 0;
}

bool hr_config_is_all(const hr_yaml_node *node) {
  return node && is_word(node, "all");
}

hr_status hr_config_read_field(const hr_config_name *name, const hr_yaml_node *node,
                               const hr_field *field, void *parameters, hr_error *err) {
  hr_status status = HR_OK;
  hr_config_place place = hr_config_place_of(name, node->mark);
  if (field->may_be_auto && is_word(node, "auto")) return HR_OK;
  if (field->may_be_all && hr_config_is_all(node)) return HR_OK;
  if (hr_field_is_list(field) && field->may_be_none && is_word(node, "none")) {
    return hr_field_read(field, place.text, node->text, parameters, err);
  }
  if (node->kind == HR_YAML_SEQUENCE && hr_field_is_list(field)) {
    HR_TRY(read_list(name, node, field, parameters, err));
  } else { /* a single value is a list of one */
    HR_TRY(check_scalar(node, &place, hr_field_kind_name(field), err));
    HR_TRY(hr_field_read(field, place.text, node->text, parameters, err));
  }
  HR_TRY(hr_field_check_count(field, place.text, parameters, err));
cleanup:
  return status;
}

static hr_status read_default(const char *file, const hr_yaml_node *where,
                              const hr_config_section *section, const hr_field *field,
                              void *parameters, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *value = NULL;
  if (!field->default_text) {
    return hr_yaml_fail(err, file, where->mark, "%s.%s is missing; add it: %s",
                        section->path, field->name, field->help);
  }
  HR_TRY(hr_yaml_tree_create(field->default_text, strlen(field->default_text),
                             "the defaults", &value, err));
  hr_config_name name = {"the defaults", section->path, field->name};
  HR_TRY(hr_config_read_field(&name, value, field, parameters, err));
cleanup:
  hr_yaml_tree_destroy(&value);
  return status;
}

/* Refuses a value that changes nothing, other than the one that is always there. */
static hr_status check_effect(const hr_config_name *name, const hr_yaml_node *entry,
                              const hr_config_section *section, const hr_field *field,
                              const void *parameters, hr_error *err) {
  hr_status status = HR_OK;
  if (hr_field_has_effect(field, section->fields, section->count, parameters) ||
      hr_field_is_default(field, parameters)) {
    return HR_OK;
  }
  const hr_field *other =
      hr_fields_find(section->fields, section->count, field->only_with);
  hr_config_place place = hr_config_place_of(name, entry->mark);
  hr_text is;
  hr_text_init(&is);
  hr_field_write(other, parameters, &is);
  HR_TRY(hr_text_status(&is, err));
  status =
      field->only_where
          ? hr_fail(err, HR_ERR_CONFIG,
                    "%s has no effect where %s is %s; leave it out, or write %s: %s",
                    place.text, other->name, is.bytes, other->name, field->only_where)
          : hr_fail(err, HR_ERR_CONFIG,
                    "%s has no effect where %s is %s; leave it out, or write a %s "
                    "other than 0",
                    place.text, other->name, is.bytes, other->name);
cleanup:
  hr_text_fini(&is);
  return status;
}

/* The same for all that is given of a section, once all of it is read. */
static hr_status check_effects(const char *file, const hr_yaml_node *node,
                               const hr_config_section *section, const void *parameters,
                               hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; status == HR_OK && i < section->count; i++) {
    const hr_field *field = &section->fields[i];
    const hr_yaml_node *entry = hr_yaml_find(node, field->name);
    if (!entry && field->alias) entry = hr_yaml_find(node, field->alias);
    if (!entry) continue;
    hr_config_name name = {file, section->path, entry->key};
    status = check_effect(&name, entry, section, field, parameters, err);
  }
  return status;
}

hr_status hr_config_read_section(const char *file, const hr_yaml_node *node,
                                 const hr_yaml_node *parent,
                                 const hr_config_section *section, void *parameters,
                                 hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_config_check_mapping(file, node, section->path, err));
  if (node && node->kind == HR_YAML_MAPPING) {
    HR_TRY(check_keys(file, node, section, err));
  }
  for (size_t i = 0; i < section->count; i++) {
    const hr_field *field = &section->fields[i];
    const hr_yaml_node *entry = hr_yaml_find(node, field->name);
    const hr_yaml_node *other = field->alias ? hr_yaml_find(node, field->alias) : NULL;
    if (entry && other) {
      return hr_yaml_fail(err, file, other->key_mark,
                          "%s.%s is another name for %s, which line %zu gives; keep one",
                          section->path, field->alias, field->name, entry->key_mark.line);
    }
    if (!entry) entry = other;
    if (entry) {
      hr_config_name name = {file, section->path, entry->key};
      HR_TRY(hr_config_read_field(&name, entry, field, parameters, err));
    } else {
      HR_TRY(read_default(file, node ? node : parent, section, field, parameters, err));
    }
  }
  HR_TRY(check_effects(file, node, section, parameters, err));
cleanup:
  return status;
}
