/* A setting is a small YAML document at the end of a path of mappings, which are made
 * where the file does not have them. */
#include "config/overrides.h"

#include <stdio.h>
#include <string.h>

#include "config/table.h"
#include "core/alloc.h"
#include "core/door.h"
#include "core/yaml_edit.h"
#include "methods/outside/outside.h"

enum { MOST_KEY = 128 };

/* A setting being put in. */
typedef struct setting {
  const char *text;  /* "ridge.alpha=1" */
  const char *value; /* behind the '=' */
  char path[2 * MOST_KEY];
  hr_yaml_mark mark;
} setting;

static bool is_top(const char *key) {
  for (size_t i = 0; i < hr_config_top.more_count; i++) {
    if (strcmp(key, hr_config_top.more[i]) == 0) return true;
  }
  return false;
}

static const char *section_of(const char *key) {
  size_t count = 0;
  const hr_gate_kind *const *kinds = hr_gate_kinds(&count);
  if (is_top(key)) return "";
  if (hr_method_find(key)) return "experts.";
  if (strcmp(key, "noise") == 0) return "data.";
  for (size_t i = 0; i < count; i++) {
    if (strcmp(key, kinds[i]->name) == 0) return "gates.";
  }
  return NULL;
}

/* Whether the key, the first of a path, is a model from elsewhere: one that the file or
 * an earlier setting has, or that this setting gives its file. */
static bool is_elsewhere(const hr_yaml_node *root, const char *key, const char *path) {
  const hr_yaml_node *experts = hr_yaml_find(root, "experts");
  const char *next = path + strlen(key);
  if (hr_yaml_find(experts, key)) return true;
  if (!hr_outside_name_is_good(key)) return false;
  return strcmp(next, ".predictions") == 0 || strcmp(next, ".onnx") == 0;
}

/* Refuses the first key of a path, naming the nearest of sections, experts and gates. */
static hr_status fail_first(const setting *s, const char *key, hr_error *err) {
  enum { MOST = 64 };
  const char *names[MOST];
  size_t count = 0, methods = 0, gates = 0;
  const hr_method *const *types = hr_methods(&methods);
  const hr_gate_kind *const *kinds = hr_gate_kinds(&gates);
  for (size_t i = 0; i < hr_config_top.more_count && count < MOST; i++) {
    names[count++] = hr_config_top.more[i];
  }
  for (size_t i = 0; i < methods && count < MOST; i++) names[count++] = types[i]->name;
  for (size_t i = 0; i < gates && count < MOST; i++) names[count++] = kinds[i]->name;
  const char *nearest = hr_nearest_name(key, names, count);
  if (nearest) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s %s: the key '%s' is not known; did you mean '%s'?", HR_DOOR_SET,
                   s->text, key, nearest);
  }
  return hr_fail(err, HR_ERR_CONFIG,
                 "%s %s: '%s' is neither a section of the configuration nor an expert "
                 "or a gate; %s lists the keys",
                 HR_DOOR_SET, s->text, key, HR_DOOR_KEYS);
}

static hr_status take_apart(const hr_yaml_node *root, const char *text, size_t number,
                            setting *out, hr_error *err) {
  const char *equals = strchr(text, '=');
  size_t length = equals ? (size_t)(equals - text) : 0;
  char key[MOST_KEY], first[MOST_KEY];
  *out = (setting){.text = text, .mark = {0, number}};
  bool is_path = length > 0 && length < sizeof key && text[0] != '.' &&
                 text[length - 1] != '.' && !strstr(text, "..=");
  if (!is_path) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s %s: write KEY=VALUE, the key with dots, such as "
                   "ridge.alpha=100 or data.target=[log_g, T_eff]",
                   HR_DOOR_SET, text);
  }
  out->value = equals + 1;
  snprintf(key, sizeof key, "%.*s", (int)length, text);
  snprintf(first, sizeof first, "%.*s", (int)strcspn(key, "."), key);
  const char *section = section_of(first);
  if (!section && is_elsewhere(root, first, key)) section = "experts.";
  if (!section) return fail_first(out, first, err);
  snprintf(out->path, sizeof out->path, "%s%s", section, key);
  return HR_OK;
}

static hr_status read_value(const setting *s, hr_yaml_node **out, hr_error *err) {
  char name[2 * MOST_KEY + 16];
  const char *text = *s->value ? s->value : "~";
  snprintf(name, sizeof name, "%s %s", HR_DOOR_SET, s->path);
  hr_status status = hr_yaml_tree_create(text, strlen(text), name, out, err);
  if (status == HR_OK) hr_yaml_move(*out, s->mark);
  return status;
}

/* The mapping under `key`, made where there is none or nothing in it. */
static hr_status step_into(const setting *s, const char *name, const char *key,
                           hr_yaml_node **at, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *made = NULL;
  const hr_yaml_node *found = hr_yaml_find(*at, key);
  if (found && !hr_yaml_is_null(found) && found->kind != HR_YAML_MAPPING) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s %s: %s is no mapping of keys in %s; set it as a whole",
                   HR_DOOR_SET, s->text, key, name);
  }
  if (!found || found->kind != HR_YAML_MAPPING) {
    HR_TRY(hr_alloc(&made, 1, err));
    made->kind = HR_YAML_MAPPING;
    made->mark = s->mark;
    HR_TRY(hr_yaml_put(*at, key, s->mark, &made, err));
  }
  for (size_t i = 0; i < (*at)->count; i++) {
    if (strcmp((*at)->items[i]->key, key) != 0) continue;
    *at = (*at)->items[i];
    break;
  }
cleanup:
  hr_yaml_tree_destroy(&made);
  return status;
}

/* A setting takes the place of the same key under its other name, too. */
static void drop_other_name(hr_yaml_node *mapping, const char *section, const char *key) {
  const hr_config_section *known = hr_config_find_section(section);
  const hr_method *method =
      strncmp(section, "experts.", 8) == 0 ? hr_method_find(section + 8) : NULL;
  const hr_field *field = NULL;
  if (known) field = hr_fields_find(known->fields, known->count, key);
  if (method) field = hr_fields_find(method->fields, method->field_count, key);
  if (!field || !field->alias) return;
  const char *other = strcmp(key, field->name) == 0 ? field->alias : field->name;
  hr_yaml_take_out(mapping, other);
}

static hr_status put(hr_yaml_node *root, const char *name, setting *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *value = NULL, *at = root;
  char section[2 * MOST_KEY];
  char *key = s->path;
  HR_TRY(read_value(s, &value, err));
  snprintf(section, sizeof section, "%s", s->path);
  char *last = strrchr(section, '.');
  if (last) *last = '\0';
  for (char *dot = strchr(key, '.'); dot; dot = strchr(key, '.')) {
    *dot = '\0';
    HR_TRY(step_into(s, name, key, &at, err));
    key = dot + 1;
  }
  if (last) drop_other_name(at, section, key);
  HR_TRY(hr_yaml_put(at, key, s->mark, &value, err));
cleanup:
  hr_yaml_tree_destroy(&value);
  return status;
}

hr_status hr_config_override(hr_yaml_node *root, const hr_strings *settings,
                             hr_config_problems *problems, hr_error *err) {
  hr_status status = HR_OK;
  if (settings->count > 0 && root->kind != HR_YAML_MAPPING) return HR_OK; /* told later */
  for (size_t i = 0; status == HR_OK && i < settings->count; i++) {
    hr_error wrong = {0};
    char key[2 * MOST_KEY];
    setting s;
    status = take_apart(root, settings->items[i], i + 1, &s, &wrong);
    snprintf(key, sizeof key, "%s", s.path);
    if (status == HR_OK) status = put(root, problems->name, &s, &wrong);
    if (status == HR_ERR_CONFIG) {
      status = hr_config_problems_take_setting(problems, &wrong, key, err);
    } else if (status != HR_OK) {
      status = hr_fail(err, status, "%s", wrong.message);
    }
  }
  return status;
}
