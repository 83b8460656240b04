/* Files of others have the same arrays elsewhere. */
#include "config/places.h"

#include <string.h>

#include "config/read.h"

static hr_status fail_role(const hr_config *config, const hr_yaml_node *node,
                           hr_error *err) {
  const char *names[HR_PLACES];
  hr_text list;
  hr_text_init(&list);
  for (int p = 0; p < HR_PLACES; p++) {
    names[p] = hr_place_name((hr_place)p);
    hr_text_append(&list, "%s%s", p == 0 ? "" : ", ", names[p]);
  }
  const char *nearest = hr_nearest_name(node->key, names, HR_PLACES);
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_yaml_fail(
        err, config->path, node->mark, "data.paths has no array %.60s%s%s; it names %s",
        node->key, nearest ? "; did you mean " : "", nearest ? nearest : "", list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

static hr_status check_path(const hr_config *config, const hr_yaml_node *node,
                            hr_error *err) {
  const hr_strings *paths = &config->data.paths;
  const char *path = paths->items[paths->count - 1];
  size_t length = strlen(path);
  if (path[0] != '/' || length < 2 || path[length - 1] == '/') {
    return hr_yaml_fail(err, config->path, node->mark,
                        "data.paths.%s is '%.200s', but must be the path of an array in "
                        "the file, from its root, such as /spectra/%s",
                        node->key, path, node->key);
  }
  for (size_t i = 0; i + 1 < paths->count; i++) {
    if (strcmp(paths->items[i], path) != 0) continue;
    return hr_yaml_fail(err, config->path, node->mark,
                        "data.paths gives %.200s to %s and to %s; name every array once",
                        path, config->data.path_roles.items[i], node->key);
  }
  return HR_OK;
}

static hr_status read_place(hr_config *config, const hr_yaml_node *node, hr_error *err) {
  hr_status status = HR_OK;
  static const hr_field field = {.name = "path", .kind = HR_FIELD_TEXTS};
  const hr_config_name name = {config->path, "data.paths", node->key};
  if (hr_place_find(node->key) == HR_PLACES) return fail_role(config, node, err);
  if (node->kind != HR_YAML_SCALAR) {
    return hr_yaml_fail(err, config->path, node->mark,
                        "data.paths.%s must be the path of an array in the file, not a "
                        "%s",
                        node->key, node->kind == HR_YAML_SEQUENCE ? "list" : "mapping");
  }
  HR_TRY(hr_strings_append(&config->data.path_roles, node->key, err));
  HR_TRY(hr_config_read_field(&name, node, &field, &config->data.paths, err));
  HR_TRY(check_path(config, node, err));
cleanup:
  return status;
}

hr_status hr_config_read_places(hr_config *config, const hr_yaml_node *root,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *paths = hr_yaml_find(hr_yaml_find(root, "data"), "paths");
  HR_TRY(hr_config_check_mapping(config->path, paths, "data.paths", err));
  for (size_t i = 0; paths && i < paths->count; i++) {
    HR_TRY(read_place(config, paths->items[i], err));
  }
cleanup:
  return status;
}

void hr_config_write_places(const hr_config *config, hr_text *out) {
  const hr_strings *roles = &config->data.path_roles;
  if (roles->count > 0) hr_text_append(out, "  paths:\n");
  for (size_t i = 0; i < roles->count; i++) {
    hr_text_append(out, "    %s: ", roles->items[i]);
    hr_field_write_text(config->data.paths.items[i], out);
    hr_text_append(out, "\n");
  }
}

hr_places hr_config_places(const hr_config *config) {
  hr_places places = {{0}};
  for (size_t i = 0; i < config->data.path_roles.count; i++) {
    hr_place place = hr_place_find(config->data.path_roles.items[i]);
    places.path[place] = config->data.paths.items[i];
  }
  return places;
}
