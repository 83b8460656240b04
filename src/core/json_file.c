/* JSON files in a run directory, written whole and read back. A reader is lenient where
 * a file may be of another version: a value that is missing or of another type gives the
 * caller's own. */
#include "core/json_file.h"

#include <math.h>

#include "core/alloc.h"
#include "core/file.h"

enum { MOST_JSON_BYTES = 1 << 28 };

hr_status hr_json_file_write(const hr_json_builder *builder, const json_t *root,
                             const char *folder, const char *name, hr_file_writer *writer,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_json_write(builder, root, &text, err));
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(writer(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}

hr_status hr_json_file_look(const char *folder, const char *name, json_t **out,
                            hr_error *err) {
  char *path = NULL, *bytes = NULL;
  size_t size = 0;
  json_t *root = NULL;
  json_error_t reason;
  hr_status status = hr_join_path(folder, name, &path, err);
  if (status == HR_OK) status = hr_file_read(path, MOST_JSON_BYTES, &bytes, &size, err);
  if (status == HR_OK) {
    status = hr_json_parse(bytes, size, path, &root, &reason, err);
  }
  hr_free(path);
  hr_free(bytes);
  *out = json_is_object(root) ? root : NULL;
  if (!*out) json_decref(root);
  return status == HR_ERR_MEMORY ? status : HR_OK;
}

json_t *hr_json_file_read(const char *folder, const char *name) {
  json_t *root = NULL;
  return hr_json_file_look(folder, name, &root, NULL) == HR_OK ? root : NULL;
}

json_t *hr_json_text(const char *text) {
  json_t *value = json_string(text);
  char *copy = NULL;
  if (value || hr_copy_text(text, &copy, NULL) != HR_OK) return value;
  for (char *c = copy; *c; c++) {
    if ((unsigned char)*c >= 0x80) *c = '?';
  }
  value = json_string(copy);
  hr_free(copy);
  return value;
}

double hr_json_number(const json_t *object, const char *key, double otherwise) {
  const json_t *value = json_object_get(object, key);
  if (json_is_null(value)) return (double)NAN;
  return json_is_number(value) ? json_number_value(value) : otherwise;
}

size_t hr_json_count(const json_t *object, const char *key, size_t otherwise) {
  const json_t *value = json_object_get(object, key);
  if (!json_is_integer(value) || json_integer_value(value) < 0) return otherwise;
  return (size_t)json_integer_value(value);
}

const char *hr_json_string(const json_t *object, const char *key, const char *otherwise) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : otherwise;
}
