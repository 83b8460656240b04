/* Questions to results.json; the first thing wrong is kept. */
#include "report/reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"

static const size_t largest_file = (size_t)1 << 30;

/* Writes the place as in "bins[3].experts.ridge". */
static void describe_place(const hr_node *node, char *out, size_t size) {
  if (!node || (!node->parent && !node->key)) return;
  describe_place(node->parent, out, size);
  size_t length = strlen(out);
  if (!node->key) {
    snprintf(out + length, size - length, "[%zu]", node->index);
  } else {
    snprintf(out + length, size - length, "%s%s", length > 0 ? "." : "", node->key);
  }
}

/* Keeps the first thing wrong: `node` is not what was wanted. */
static void refuse(hr_reader *reader, const hr_node *node, const char *wanted) {
  if (reader->status != HR_OK) return;
  char place[256] = "";
  describe_place(node, place, sizeof place);
  reader->status =
      hr_fail(&reader->error, HR_ERR_FORMAT,
              "%s: %s is missing or not %s; run the study again with this version",
              reader->path, place, wanted);
}

static hr_node member(const hr_node *parent, const char *key) {
  return (hr_node){json_object_get(parent->json, key), parent, key, 0};
}

/* *root is owned by the caller and NULL after a failure. */
static hr_status parse(const char *path, json_t **root, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  size_t size = 0;
  json_error_t problem;
  HR_TRY(hr_file_read(path, largest_file, &bytes, &size, err));
  HR_TRY(hr_json_parse(bytes, size, path, root, &problem, err));
  if (!*root) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s is not the results of a study: %s", path,
                     problem.text);
  }
cleanup:
  hr_free(bytes);
  return status;
}

/* Refuses what an older or a doctored run left behind. */
static hr_status check_ledger(hr_reader *reader, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  const char *schema = hr_node_text(reader, &root, "schema");
  if (reader->status == HR_OK && strcmp(schema, "headroom/results/1") != 0) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has the schema '%s'; this version reads 'headroom/results/1'",
                   reader->path, schema);
  }
  hr_node ledger = hr_node_object(reader, &root, "ledger");
  bool ok = hr_node_bool(reader, &ledger, "ok");
  hr_node checks = hr_node_list(reader, &ledger, "checks");
  const char *broken = ok ? NULL : "ledger.ok";
  for (size_t c = 0; c < hr_node_count(&checks); c++) {
    hr_node check = hr_node_item(reader, &checks, c);
    const char *name = hr_node_text(reader, &check, "name");
    if (!hr_node_bool(reader, &check, "ok")) broken = name;
  }
  if (reader->status == HR_OK && broken) {
    return hr_fail(err, HR_ERR_LEDGER,
                   "%s: the accounts do not balance at %s; its numbers are not reported",
                   reader->path, broken);
  }
  return hr_reader_status(reader, err);
}

hr_status hr_reader_take(hr_reader *reader, const char *path, json_t *root,
                         hr_error *err) {
  hr_status status = HR_OK;
  *reader = (hr_reader){.path = path, .root = root, .status = HR_OK};
  if (!json_is_object(root)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is not the results of a study: not an object", path);
  }
  if (status == HR_OK) status = check_ledger(reader, err);
  if (status != HR_OK) hr_reader_fini(reader);
  return status;
}

hr_status hr_reader_init(hr_reader *reader, const char *path, hr_error *err) {
  json_t *root = NULL;
  *reader = (hr_reader){0};
  hr_status status = parse(path, &root, err);
  return status == HR_OK ? hr_reader_take(reader, path, root, err) : status;
}

void hr_reader_fini(hr_reader *reader) {
  json_decref(reader->root);
  *reader = (hr_reader){0};
}

hr_status hr_reader_status(const hr_reader *reader, hr_error *err) {
  if (reader->status != HR_OK && err) *err = reader->error;
  return reader->status;
}

hr_node hr_reader_root(const hr_reader *reader) {
  return (hr_node){.json = reader->root};
}

hr_node hr_node_object(hr_reader *reader, const hr_node *parent, const char *key) {
  hr_node node = member(parent, key);
  if (json_is_object(node.json)) return node;
  refuse(reader, &node, "an object");
  node.json = NULL;
  return node;
}

hr_node hr_node_list(hr_reader *reader, const hr_node *parent, const char *key) {
  hr_node node = member(parent, key);
  if (json_is_array(node.json)) return node;
  refuse(reader, &node, "a list");
  node.json = NULL;
  return node;
}

size_t hr_node_count(const hr_node *list) {
  return json_array_size(list->json);
}

hr_node hr_node_item(hr_reader *reader, const hr_node *list, size_t index) {
  hr_node node = {json_array_get(list->json, index), list, NULL, index};
  if (json_is_object(node.json)) return node;
  refuse(reader, &node, "an object");
  node.json = NULL;
  return node;
}

bool hr_node_has(const hr_node *parent, const char *key) {
  json_t *value = json_object_get(parent->json, key);
  return value && !json_is_null(value);
}

bool hr_node_is_null(const hr_node *parent, const char *key) {
  return json_is_null(json_object_get(parent->json, key));
}

static double number_of(hr_reader *reader, const hr_node *node) {
  if (json_is_number(node->json)) return json_number_value(node->json);
  if (!json_is_null(node->json)) refuse(reader, node, "a number");
  return (double)NAN;
}

double hr_node_number(hr_reader *reader, const hr_node *parent, const char *key) {
  hr_node node = member(parent, key);
  return number_of(reader, &node);
}

bool hr_node_bool(hr_reader *reader, const hr_node *parent, const char *key) {
  hr_node node = member(parent, key);
  if (!json_is_boolean(node.json)) refuse(reader, &node, "true or false");
  return json_is_true(node.json);
}

const char *hr_node_text(hr_reader *reader, const hr_node *parent, const char *key) {
  hr_node node = member(parent, key);
  if (json_is_string(node.json)) return json_string_value(node.json);
  refuse(reader, &node, "a text");
  return "";
}

const char *hr_node_text_or_null(hr_reader *reader, const hr_node *parent,
                                 const char *key) {
  if (hr_node_is_null(parent, key)) return NULL;
  return hr_node_text(reader, parent, key);
}

void hr_node_refuse(hr_reader *reader, const hr_node *parent, const char *key,
                    const char *wanted) {
  hr_node node = member(parent, key);
  refuse(reader, &node, wanted);
}

hr_estimate hr_node_estimate(hr_reader *reader, const hr_node *parent, const char *key,
                             const char *interval_key) {
  hr_estimate estimate = {.value = hr_node_number(reader, parent, key)};
  hr_node pair = hr_node_list(reader, parent, interval_key);
  hr_node low = {json_array_get(pair.json, 0), &pair, NULL, 0};
  hr_node high = {json_array_get(pair.json, 1), &pair, NULL, 1};
  estimate.low = number_of(reader, &low);
  estimate.high = number_of(reader, &high);
  return estimate;
}
