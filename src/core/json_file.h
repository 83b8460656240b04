/* JSON files of a run directory. */
#ifndef HR_CORE_JSON_FILE_H
#define HR_CORE_JSON_FILE_H

#include "core/json.h"

/* How a file is written: hr_file_write or hr_file_write_fleeting. */
typedef hr_status hr_file_writer(const char *path, const void *bytes, size_t size,
                                 hr_error *err);

/* Writes `root` (borrowed), built with `builder`, to folder/name. */
hr_status hr_json_file_write(const hr_json_builder *builder, const json_t *root,
                             const char *folder, const char *name, hr_file_writer *writer,
                             hr_error *err) HR_MUST_CHECK;

/* The object in folder/name: NULL where there is no such file, or none that is one JSON
 * object. To be freed with json_decref. HR_ERR_MEMORY alone: a file that finds no memory
 * is not taken for one that is not there. */
hr_status hr_json_file_look(const char *folder, const char *name, json_t **out,
                            hr_error *err) HR_MUST_CHECK;

/* The same, NULL also where memory ran out: for what is only of use where it is there. */
json_t *hr_json_file_read(const char *folder, const char *name);

/* A text that need not be UTF-8 (paths, messages of others): other bytes become '?'. */
json_t *hr_json_text(const char *text);

/* Members of an object, with `otherwise` where there is none of that type. Numbers are
 * those of hr_json_put_number: null is NaN. Texts are borrowed. */
double hr_json_number(const json_t *object, const char *key, double otherwise);
size_t hr_json_count(const json_t *object, const char *key, size_t otherwise);
const char *hr_json_string(const json_t *object, const char *key, const char *otherwise);

#endif
