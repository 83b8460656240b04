#include "score/json.h"

#include <math.h>
#include <stdlib.h>

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

hr_status hr_json_write(const hr_json_builder *builder, const json_t *root, hr_text *out,
                        hr_error *err) {
  char *bytes = NULL;
  /* 17 digits give back the same double. */
  if (!builder->failed)
    bytes = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  if (!bytes) {
    return hr_fail(err, HR_ERR_DATA,
                   "the results cannot be written as JSON; names must be valid UTF-8");
  }
  hr_text_append(out, "%s\n", bytes);
  free(bytes);
  return hr_text_status(out, err);
}
