/* JSON by Jansson. Its calls are many and may fail at each one for want of memory, so a
 * builder remembers the first failure and is asked once. */
#include "core/json.h"

#include <math.h>
#include <string.h>

/* libjansson says nothing at all where most of its allocations fail. Where that of a
 * text's bytes does, it has no such text, and complains of a wrong token that ends with
 * the text's quote: which no text that it has read to its end is at those places, and a
 * text that it has not has complaints of its own. */
static bool lacked_memory(const json_error_t *reason, const char *bytes, size_t size) {
  static const char *const complaints[] = {"invalid token", "string or '}' expected"};
  size_t end = reason->position > 0 ? (size_t)reason->position : 0;
  bool is_text = false;
  for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
    is_text = is_text || strncmp(reason->text, complaints[i], strlen(complaints[i])) == 0;
  }
  return (is_text && end > 0 && end <= size && bytes[end - 1] == '"') ||
         reason->text[0] == '\0' || json_error_code(reason) == json_error_out_of_memory;
}

hr_status hr_json_parse(const char *bytes, size_t size, const char *path, json_t **out,
                        json_error_t *reason, hr_error *err) {
  *reason = (json_error_t){0};
  *out = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, reason);
  if (*out || !lacked_memory(reason, bytes, size)) return HR_OK;
  return hr_fail(err, HR_ERR_MEMORY, "no memory to read %s", path);
}

json_t *hr_json_put(hr_json_builder *builder, json_t *object, const char *key,
                    json_t *value) {
  if (json_object_set_new(object, key, value) == 0) return value;
  builder->failed = true;
  return NULL;
}

json_t *hr_json_append(hr_json_builder *builder, json_t *array, json_t *value) {
  if (json_array_append_new(array, value) == 0) return value;
  builder->failed = true;
  return NULL;
}

static json_t *number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

void hr_json_put_number(hr_json_builder *builder, json_t *object, const char *key,
                        double value) {
  hr_json_put(builder, object, key, number(value));
}

void hr_json_put_count(hr_json_builder *builder, json_t *object, const char *key,
                       size_t value) {
  hr_json_put(builder, object, key, json_integer((json_int_t)value));
}

void hr_json_put_bool(hr_json_builder *builder, json_t *object, const char *key,
                      bool value) {
  hr_json_put(builder, object, key, json_boolean(value));
}

void hr_json_put_text(hr_json_builder *builder, json_t *object, const char *key,
                      const char *value) {
  hr_json_put(builder, object, key, value ? json_string(value) : json_null());
}

void hr_json_put_pair(hr_json_builder *builder, json_t *object, const char *key,
                      double low, double high) {
  json_t *pair = hr_json_put(builder, object, key, json_array());
  hr_json_append(builder, pair, number(low));
  hr_json_append(builder, pair, number(high));
}

static int append_bytes(const char *bytes, size_t size, void *context) {
  hr_text_append(context, "%.*s", (int)size, bytes);
  return 0; /* the text keeps its own failure */
}

int hr_json_dump(const json_t *root, size_t flags, hr_text *out) {
  /* 17 digits give back the same double. */
  int failed =
      json_dump_callback(root, append_bytes, out, flags | JSON_REAL_PRECISION(17));
  return failed || hr_text_status(out, NULL) != HR_OK ? -1 : 0;
}

hr_status hr_json_write(const hr_json_builder *builder, const json_t *root, hr_text *out,
                        hr_error *err) {
  bool failed = builder->failed || hr_json_dump(root, JSON_INDENT(1), out) != 0;
  if (failed && out->status == HR_OK) {
    return hr_fail(err, HR_ERR_DATA,
                   "the results cannot be written as JSON: a name is not valid UTF-8, or "
                   "memory ran out");
  }
  hr_text_append(out, "\n");
  return hr_text_status(out, err);
}
