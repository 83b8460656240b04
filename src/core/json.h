/* Building JSON with one check at the end: undefined numbers become null, keys keep their
 * order, doubles are written so that they read back the same. */
#ifndef HR_CORE_JSON_H
#define HR_CORE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

/* Whether anything went wrong so far: memory, or text that is not UTF-8. */
typedef struct hr_json_builder {
  bool failed;
} hr_json_builder;

/* Reads one document, without duplicate keys; `path` is what errors name. *out is NULL,
 * and *reason says why, where the bytes are none: that is for the caller to tell.
 * HR_ERR_MEMORY alone. */
hr_status hr_json_parse(const char *bytes, size_t size, const char *path, json_t **out,
                        json_error_t *reason, hr_error *err) HR_MUST_CHECK;

/* Adds to an object or to an array and takes `value` over; returns it, borrowed, so that
 * it can be filled. NULL, and the builder has failed, where that did not succeed. */
json_t *hr_json_put(hr_json_builder *builder, json_t *object, const char *key,
                    json_t *value);
json_t *hr_json_append(hr_json_builder *builder, json_t *array, json_t *value);

void hr_json_put_number(hr_json_builder *builder, json_t *object, const char *key,
                        double value);
void hr_json_put_count(hr_json_builder *builder, json_t *object, const char *key,
                       size_t value);
void hr_json_put_bool(hr_json_builder *builder, json_t *object, const char *key,
                      bool value);

/* NULL becomes null. */
void hr_json_put_text(hr_json_builder *builder, json_t *object, const char *key,
                      const char *value);

/* [low, high] */
void hr_json_put_pair(hr_json_builder *builder, json_t *object, const char *key,
                      double low, double high);

/* Appends `root`, written with json_dumps' flags; -1 where memory ran out. Use this, as
 * json_dumps loses characters that find no memory and says nothing of it. */
int hr_json_dump(const json_t *root, size_t flags, hr_text *out) HR_MUST_CHECK;

/* Appends `root` as indented text with a newline at its end. */
hr_status hr_json_write(const hr_json_builder *builder, const json_t *root, hr_text *out,
                        hr_error *err) HR_MUST_CHECK;

#endif
