/* A table is named as a file is, with "::TABLE" behind it where the file has several. */
#include "config/labels.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/paths.h"
#include "data/table_name.h"

static const char *const set_names[2] = {"train", "test"};

/* Of what is written, how much is the file's pattern; the rest is "::TABLE". */
static hr_status measure_pattern(const hr_config *config, const char *text,
                                 size_t *length, hr_error *err) {
  hr_status status = HR_OK;
  char *joined = NULL;
  hr_table_name name = {0};
  HR_TRY(hr_join_path(config->data.root, text, &joined, err));
  HR_TRY(hr_table_name_init(&name, joined, err));
  *length = strlen(text) - (name.table ? strlen(name.table) + 2 : 0);
cleanup:
  hr_table_name_fini(&name);
  hr_free(joined);
  return status;
}

/* One entry as written: the tables that it stands for, appended. */
static hr_status read_entry(const hr_config *config, const hr_config_place *place,
                            const char *text, const hr_config_source *source,
                            hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  char *pattern = NULL;
  hr_strings paths = {0};
  hr_text name;
  size_t length = 0;
  hr_text_init(&name);
  HR_TRY(measure_pattern(config, text, &length, err));
  HR_TRY(hr_copy_text(text, &pattern, err));
  pattern[length] = '\0';
  HR_TRY(hr_config_expand_path(config, place, pattern, &paths, err));
  for (size_t i = 0; i < paths.count; i++) {
    if (source->check_files) {
      HR_TRY(hr_config_check_file(config, place, paths.items[i], err));
    }
    hr_text_fini(&name);
    hr_text_append(&name, "%s%s", paths.items[i], text + length);
    HR_TRY(hr_text_status(&name, err));
    HR_TRY(hr_strings_append(out, name.bytes, err));
  }
cleanup:
  hr_text_fini(&name);
  hr_strings_fini(&paths);
  hr_free(pattern);
  return status;
}

/* A table or a list of them; `key`: "" of both sets. */
static hr_status read_tables(const hr_config *config, const hr_yaml_node *node,
                             const char *key, const hr_config_source *source,
                             hr_strings *out, hr_error *err) {
  static const hr_field field = {
      .name = "labels", .kind = HR_FIELD_TEXTS, .least_count = 1};
  const hr_config_name name = {config->path, key[0] ? "data.labels" : "data",
                               key[0] ? key : "labels"};
  bool is_list = node->kind == HR_YAML_SEQUENCE;
  hr_strings written = {0};
  hr_status status = HR_OK;
  HR_TRY(hr_config_read_field(&name, node, &field, &written, err));
  for (size_t i = 0; i < written.count; i++) {
    hr_config_place place = is_list
                                ? hr_config_place_of_item(&name, node->items[i]->mark, i)
                                : hr_config_place_of(&name, node->mark);
    HR_TRY(read_entry(config, &place, written.items[i], source, out, err));
  }
cleanup:
  hr_strings_fini(&written);
  return status;
}

static hr_status read_mapping(hr_config *config, const hr_yaml_node *labels,
                              const hr_config_source *source, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < labels->count; i++) {
    const hr_yaml_node *node = labels->items[i];
    size_t set = strcmp(node->key, set_names[1]) == 0;
    if (strcmp(node->key, set_names[set]) != 0) {
      return hr_config_fail_unknown(config->path, node, "data.labels", set_names, 2, err);
    }
    HR_TRY(read_tables(config, node, node->key, source, &config->data.label_tables[set],
                       err));
  }
cleanup:
  return status;
}

static hr_status share_tables(hr_config *config, const hr_yaml_node *labels,
                              const hr_config_source *source, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings *tables = config->data.label_tables;
  HR_TRY(read_tables(config, labels, "", source, &tables[0], err));
  for (size_t i = 0; i < tables[0].count; i++) {
    HR_TRY(hr_strings_append(&tables[1], tables[0].items[i], err));
  }
  config->data.share_tables = true;
  if (config->data.labels_id) goto cleanup;
  status = hr_yaml_fail(err, config->path, labels->mark,
                        "data.labels gives training and test stars the same table; name "
                        "the column by which they find theirs as data.labels_id, or give "
                        "each their own, {train: FILE, test: FILE}");
cleanup:
  return status;
}

hr_status hr_config_read_labels(hr_config *config, const hr_yaml_node *root,
                                const hr_config_source *source, hr_error *err) {
  const hr_yaml_node *data = hr_yaml_find(root, "data");
  const hr_yaml_node *labels = hr_yaml_find(data, "labels");
  const hr_yaml_node *id = hr_yaml_find(data, "labels_id");
  if (labels && hr_yaml_is_null(labels)) labels = NULL;
  if (labels && labels->kind == HR_YAML_MAPPING && labels->count > 0) {
    return read_mapping(config, labels, source, err);
  }
  if (labels) return share_tables(config, labels, source, err);
  if (!config->data.labels_id) return HR_OK;
  return hr_yaml_fail(err, config->path, id->mark,
                      "data.labels_id joins the tables of data.labels, and there are "
                      "none; name them or leave it out");
}

/* As a pattern that stands for that file alone. */
static hr_status write_tables(const hr_strings *tables, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  char *escaped = NULL;
  hr_table_name name = {0};
  hr_text text;
  hr_text_init(&text);
  hr_text_append(out, "[");
  for (size_t i = 0; i < tables->count; i++) {
    hr_table_name_fini(&name);
    hr_free(escaped);
    escaped = NULL;
    hr_text_fini(&text);
    HR_TRY(hr_table_name_init(&name, tables->items[i], err));
    HR_TRY(hr_escape_path(name.path, &escaped, err));
    hr_text_append(&text, "%s%s%s", escaped, name.table ? "::" : "",
                   name.table ? name.table : "");
    HR_TRY(hr_text_status(&text, err));
    hr_text_append(out, "%s", i > 0 ? ", " : "");
    hr_field_write_text(text.bytes, out);
  }
  hr_text_append(out, "]\n");
cleanup:
  hr_text_fini(&text);
  hr_table_name_fini(&name);
  hr_free(escaped);
  return status;
}

hr_status hr_config_write_labels(const hr_config *config, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *tables = config->data.label_tables;
  if (tables[0].count + tables[1].count == 0) return HR_OK;
  hr_text_append(out, "  labels:%s", config->data.share_tables ? " " : "\n");
  if (config->data.share_tables) return write_tables(&tables[0], out, err);
  for (size_t set = 0; set < 2; set++) {
    if (tables[set].count == 0) continue;
    hr_text_append(out, "    %s: ", set_names[set]);
    HR_TRY(write_tables(&tables[set], out, err));
  }
cleanup:
  return status;
}

void hr_config_describe_labels(hr_text *out) {
  hr_text_append(
      out,
      "  labels: a table, a list of them, or {train: .., test: ..} of these; "
      "none by default\n"
      "    Tables with the labels of the stars, in place of those in the files "
      "of spectra, relative to root: CSV, ECSV, FITS, or HDF5 as pandas and "
      "astropy write it; FILE::TABLE where a file has several.\n");
}

hr_status hr_config_label_files(const hr_config *config, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_table_name name = {0};
  for (size_t set = 0; set < 2; set++) {
    const hr_strings *tables = &config->data.label_tables[set];
    for (size_t i = 0; i < tables->count; i++) {
      hr_table_name_fini(&name);
      HR_TRY(hr_table_name_init(&name, tables->items[i], err));
      if (!hr_strings_has(out, name.path)) HR_TRY(hr_strings_append(out, name.path, err));
    }
  }
cleanup:
  hr_table_name_fini(&name);
  return status;
}
