/* Several targets are one study: one pass, one factorisation, one set of templates; and
 * one folder of results each. */
#include "config/targets.h"

#include <stdio.h>
#include <string.h>

#include "config/read.h"
#include "core/file.h"
#include "models/bundle_description.h"

static hr_yaml_mark mark_of(const hr_yaml_node *target, size_t i) {
  bool is_list = target->kind == HR_YAML_SEQUENCE && i < target->count;
  return is_list ? target->items[i]->mark : target->mark;
}

static hr_status check_names(const hr_config *config, const hr_yaml_node *target,
                             hr_error *err) {
  const hr_strings *names = &config->data.target;
  if (names->count > HR_MOST_TARGETS) {
    return hr_yaml_fail(err, config->path, target->mark,
                        "data.target names %zu labels, more than %d; predict the others "
                        "in a study of their own",
                        names->count, HR_MOST_TARGETS);
  }
  for (size_t i = 1; i < names->count; i++) {
    for (size_t before = 0; before < i; before++) {
      if (strcmp(names->items[i], names->items[before]) != 0) continue;
      return hr_yaml_fail(err, config->path, mark_of(target, i),
                          "data.target names %.60s twice; name every label once",
                          names->items[i]);
    }
  }
  return HR_OK;
}

static hr_status read_unit(hr_config *config, const hr_yaml_node *node, hr_error *err) {
  hr_status status = HR_OK;
  static const hr_field field = {.name = "unit", .kind = HR_FIELD_TEXTS};
  const hr_config_name name = {config->path, "data.units", node->key};
  HR_TRY(hr_strings_append(&config->data.unit_labels, node->key, err));
  if (node->kind != HR_YAML_SCALAR) {
    status = hr_yaml_fail(err, config->path, node->mark,
                          "data.units.%.60s must be a text such as km/s, not a %s",
                          node->key, node->kind == HR_YAML_SEQUENCE ? "list" : "mapping");
    goto cleanup;
  }
  if (node->text && node->text[0] == '\0') {
    HR_TRY(hr_strings_append(&config->data.units, "", err)); /* it has none */
    goto cleanup;
  }
  HR_TRY(hr_config_read_field(&name, node, &field, &config->data.units, err));
cleanup:
  return status;
}

hr_status hr_config_read_targets(hr_config *config, const hr_yaml_node *root,
                                 hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *data = hr_yaml_find(root, "data");
  const hr_yaml_node *target = hr_yaml_find(data, "target");
  const hr_yaml_node *units = hr_yaml_find(data, "units");
  if (target) HR_TRY(check_names(config, target, err));
  HR_TRY(hr_config_check_mapping(config->path, units, "data.units", err));
  for (size_t i = 0; units && i < units->count; i++) {
    HR_TRY(read_unit(config, units->items[i], err));
  }
cleanup:
  return status;
}

const char *hr_config_unit(const hr_config *config, const char *label) {
  const hr_strings *labels = &config->data.unit_labels;
  for (size_t i = 0; i < labels->count; i++) {
    if (strcmp(labels->items[i], label) == 0) return config->data.units.items[i];
  }
  return hr_label_unit(label);
}

bool hr_config_has_unit(const hr_config *config, const char *label) {
  return hr_strings_has(&config->data.unit_labels, label) || hr_label_has_unit(label);
}

void hr_target_folder(const char *label, size_t t, char name[HR_TARGET_FOLDER_BYTES]) {
  if (hr_is_handle(label) && label[0] != '.' && strlen(label) < 64) {
    snprintf(name, HR_TARGET_FOLDER_BYTES, "targets/%s", label);
  } else {
    snprintf(name, HR_TARGET_FOLDER_BYTES, "targets/target@%zu", t + 1);
  }
}

void hr_config_write_units(const hr_config *config, hr_text *out) {
  const hr_strings *labels = &config->data.unit_labels;
  if (labels->count > 0) hr_text_append(out, "  units:\n");
  for (size_t i = 0; i < labels->count; i++) {
    hr_text_append(out, "    ");
    hr_field_write_text(labels->items[i], out);
    hr_text_append(out, ": ");
    hr_field_write_text(config->data.units.items[i], out);
    hr_text_append(out, "\n");
  }
}
