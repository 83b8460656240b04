/* A label has one name in a study, whatever its files call it. */
#include "config/columns.h"

#include <string.h>

#include "config/read.h"

static hr_status read_column(hr_config *config, const hr_yaml_node *node, hr_error *err) {
  hr_status status = HR_OK;
  static const hr_field field = {.name = "column", .kind = HR_FIELD_TEXTS};
  const hr_config_name name = {config->path, "data.columns", node->key};
  hr_strings *columns = &config->data.columns;
  if (node->kind != HR_YAML_SCALAR) {
    return hr_yaml_fail(err, config->path, node->mark,
                        "data.columns.%.60s must be the name of a column, not a %s",
                        node->key, node->kind == HR_YAML_SEQUENCE ? "list" : "mapping");
  }
  HR_TRY(hr_strings_append(&config->data.column_labels, node->key, err));
  HR_TRY(hr_config_read_field(&name, node, &field, columns, err));
  for (size_t i = 0; i + 1 < columns->count; i++) {
    if (strcmp(columns->items[i], columns->items[columns->count - 1]) != 0) continue;
    return hr_yaml_fail(
        err, config->path, node->mark,
        "data.columns gives the column %.60s two names; name every column "
        "once",
        columns->items[i]);
  }
cleanup:
  return status;
}

hr_status hr_config_read_columns(hr_config *config, const hr_yaml_node *root,
                                 hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *columns = hr_yaml_find(hr_yaml_find(root, "data"), "columns");
  HR_TRY(hr_config_check_mapping(config->path, columns, "data.columns", err));
  for (size_t i = 0; columns && i < columns->count; i++) {
    HR_TRY(read_column(config, columns->items[i], err));
  }
cleanup:
  return status;
}

void hr_config_write_columns(const hr_config *config, hr_text *out) {
  const hr_strings *labels = &config->data.column_labels;
  if (labels->count > 0) hr_text_append(out, "  columns:\n");
  for (size_t i = 0; i < labels->count; i++) {
    hr_text_append(out, "    ");
    hr_field_write_text(labels->items[i], out);
    hr_text_append(out, ": ");
    hr_field_write_text(config->data.columns.items[i], out);
    hr_text_append(out, "\n");
  }
}
