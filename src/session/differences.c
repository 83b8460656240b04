/* Two configurations as YAML trees, key by key, and the data files by size and time of
 * change. A few differences are named; more would not fit a sentence. */
#include "session/differences.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "core/yaml_tree.h"
#include "data/table_name.h"
#include "headroom/version.h"
#include "methods/outside/onnx_file.h"
#include "session/content.h"

enum { MOST_CLAUSES = 3, PATH_BYTES = 256 };

typedef struct clauses {
  hr_text *out;
  size_t count;
} clauses;

/* Begins a clause; false where enough have been said. */
static bool begin_clause(clauses *c) {
  if (c->count++ >= MOST_CLAUSES) return false;
  if (c->out->length > 0) hr_text_append(c->out, "; ");
  return true;
}

/* `before` and `after` may be NULL: not there. */
static void compare_values(clauses *c, const char *path, const hr_yaml_node *before,
                           const hr_yaml_node *after) {
  hr_text old, new;
  hr_text_init(&old);
  hr_text_init(&new);
  if (before) hr_yaml_render(before, &old);
  if (after) hr_yaml_render(after, &new);
  const char *was = old.bytes ? old.bytes : "", *is = new.bytes ? new.bytes : "";
  bool same = before && after && strcmp(was, is) == 0;
  if (!same && begin_clause(c)) {
    if (!before) hr_text_append(c->out, "%s is new (%s)", path, is);
    if (!after) hr_text_append(c->out, "%s was %s and is not there now", path, was);
    if (before && after) hr_text_append(c->out, "%s was %s and is %s now", path, was, is);
  }
  hr_text_fini(&old);
  hr_text_fini(&new);
}

/* Keys that change no number of the results (hr_config_write_identity). */
static bool is_free(const char *path) {
  static const char *const free_keys[] = {"run",
                                          "publish",
                                          "figures",
                                          "experiment.language",
                                          "data.train",
                                          "data.test",
                                          "data.root",
                                          "data.units",
                                          "data.columns",
                                          "data.paths",
                                          "data.labels",
                                          "data.labels_id",
                                          "binning.allow_target"};
  for (size_t i = 0; i < sizeof free_keys / sizeof free_keys[0]; i++) {
    if (strcmp(path, free_keys[i]) == 0) return true;
  }
  return false;
}

static void compare_nodes(clauses *c, const char *path, const hr_yaml_node *before,
                          const hr_yaml_node *after);

/* The members of one mapping, against those of the other; `path` "" is the document. */
static void compare_members(clauses *c, const char *path, const hr_yaml_node *mapping,
                            const hr_yaml_node *other, bool mapping_is_old) {
  for (size_t i = 0; i < mapping->count; i++) {
    const hr_yaml_node *item = mapping->items[i];
    const hr_yaml_node *match = hr_yaml_find(other, item->key);
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", item->key);
    if (mapping_is_old) compare_nodes(c, name, item, match);
    if (!mapping_is_old && !match) compare_nodes(c, name, NULL, item);
  }
}

static void compare_nodes(clauses *c, const char *path, const hr_yaml_node *before,
                          const hr_yaml_node *after) {
  if (is_free(path)) return;
  bool both_map = before && after && before->kind == HR_YAML_MAPPING &&
                  after->kind == HR_YAML_MAPPING;
  if (!both_map) {
    compare_values(c, path, before, after);
    return;
  }
  compare_members(c, path, before, after, true);
  compare_members(c, path, after, before, false);
}

static hr_status compare_configurations(const char *out_dir, const hr_origin *origin,
                                        clauses *c, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *bytes = NULL;
  size_t size = 0;
  hr_yaml_node *before = NULL, *after = NULL;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_join_path(out_dir, "config.yaml", &path, err));
  HR_TRY(hr_file_read(path, HR_YAML_MOST_BYTES, &bytes, &size, err));
  HR_TRY(hr_config_write(origin->config, &text, err));
  HR_TRY(hr_yaml_tree_create(bytes, size, path, &before, err));
  HR_TRY(hr_yaml_tree_create(text.bytes, text.length, path, &after, err));
  compare_nodes(c, "", before, after);
cleanup:
  hr_yaml_tree_destroy(&before);
  hr_yaml_tree_destroy(&after);
  hr_text_fini(&text);
  hr_free(bytes);
  hr_free(path);
  return status;
}

static size_t file_count(const hr_origin *origin) {
  return origin->config->data.train_paths.count + 1 + origin->label_files.count;
}

/* Training files, the test file, tables of labels. */
static const char *file_path(const hr_origin *origin, size_t i) {
  const hr_strings *train = &origin->config->data.train_paths;
  if (i < train->count) return train->items[i];
  if (i == train->count) return origin->config->data.test_path;
  return origin->label_files.items[i - train->count - 1];
}

/* What the file system knows of a file. */
typedef struct file_facts {
  size_t bytes;
  char modified[64]; /* to the nanosecond; what `touch` and copying put back */
  char changed[64];  /* the same of any change, of its content or its name: nobody puts
                        that  back */
} file_facts;

static void write_time(const struct timespec *time, char out[64]) {
  snprintf(out, 64, "%lld.%09ld", (long long)time->tv_sec, time->tv_nsec);
}

static void look_at(const char *path, file_facts *out) {
  struct stat info;
  if (stat(path, &info) != 0) info = (struct stat){0};
  write_time(&info.st_mtim, out->modified);
  write_time(&info.st_ctim, out->changed);
  out->bytes = (size_t)info.st_size;
}

/* The file of a table in a file, which may be named behind it; borrowed of `name`. */
static const char *file_of(const char *path, hr_table_name *name) {
  return hr_table_name_init(name, path, NULL) == HR_OK ? name->path : path;
}

/* A file and what is known of it, behind whatever tells whose it is. */
static void put_file(hr_json_builder *builder, json_t *file, const char *path) {
  file_facts facts;
  char content[17];
  hr_table_name name = {0};
  const char *own = file_of(path, &name);
  look_at(own, &facts);
  hr_content_print(own, content);
  hr_table_name_fini(&name);
  hr_json_put(builder, file, "path", hr_json_text(path));
  hr_json_put_count(builder, file, "bytes", facts.bytes);
  hr_json_put_text(builder, file, "modified", facts.modified);
  hr_json_put_text(builder, file, "changed", facts.changed);
  hr_json_put_text(builder, file, "content", content);
}

json_t *hr_differences_files(const hr_origin *origin, hr_json_builder *builder) {
  json_t *list = json_array();
  for (size_t i = 0; i < file_count(origin); i++) {
    json_t *file = hr_json_append(builder, list, json_object());
    put_file(builder, file, file_path(origin, i));
  }
  return list;
}

/* A file that an expert's parameter names. */
typedef struct expert_file {
  const char *expert, *key, *path;
  bool is_network; /* of a model from elsewhere, which may have weights in files beside it
                    */
} expert_file;

/* Number i of all experts' files; false: there are no more. */
static bool find_expert_file(const hr_config *config, size_t i, expert_file *out) {
  for (size_t e = 0; e < config->expert_count; e++) {
    const hr_method *type = config->experts[e].type;
    const void *parameters = config->experts[e].parameters;
    for (size_t f = 0; f < type->field_count; f++) {
      const hr_field *field = &type->fields[f];
      if (!field->is_path || hr_field_is_none(field, parameters) || i-- > 0) continue;
      const char *const *path = (const void *)((const char *)parameters + field->offset);
      bool is_network = config->experts[e].outside && strcmp(field->name, "onnx") == 0;
      *out = (expert_file){type->name, field->name, *path, is_network};
      return true;
    }
  }
  return false;
}

/* The files beside a network that have its weights; none where they cannot be listed. */
static void put_weights(hr_json_builder *builder, json_t *list,
                        const expert_file *network) {
  hr_strings names = {0};
  hr_status status = hr_onnx_file_list(network->path, &names, NULL);
  for (size_t i = 0; status == HR_OK && i < names.count; i++) {
    char *path = NULL;
    status = hr_onnx_file_beside(network->path, names.items[i], &path, NULL);
    if (status != HR_OK) break;
    json_t *file = hr_json_append(builder, list, json_object());
    hr_json_put_text(builder, file, "expert", network->expert);
    hr_json_put(builder, file, "weights", hr_json_text(names.items[i]));
    put_file(builder, file, path);
    hr_free(path);
  }
  hr_strings_fini(&names);
}

json_t *hr_differences_models(const hr_origin *origin, hr_json_builder *builder) {
  json_t *list = json_array();
  expert_file own;
  for (size_t i = 0; find_expert_file(origin->config, i, &own); i++) {
    json_t *file = hr_json_append(builder, list, json_object());
    hr_json_put_text(builder, file, "expert", own.expert);
    hr_json_put_text(builder, file, "key", own.key);
    put_file(builder, file, own.path);
    if (own.is_network) put_weights(builder, list, &own);
  }
  return list;
}

/* What a file was known by; a copy has another time and the same content. */
static bool has_same_content(const json_t *before, const char *path) {
  char content[17];
  hr_table_name name = {0};
  const char *known = hr_json_string(before, "content", "");
  bool is_there = known[0] && hr_content_print(file_of(path, &name), content);
  hr_table_name_fini(&name);
  return is_there && strcmp(known, content) == 0;
}

/* Whether nothing was done to a file; runs of earlier versions know no time of change. */
static bool is_untouched(const json_t *before, const file_facts *facts) {
  const char *changed = hr_json_string(before, "changed", "");
  return facts->bytes == hr_json_count(before, "bytes", 0) &&
         strcmp(facts->modified, hr_json_string(before, "modified", "")) == 0 &&
         (!changed[0] || strcmp(facts->changed, changed) == 0);
}

/* `what` it is, "the data file". */
static void compare_file(clauses *c, const char *what, const json_t *before,
                         const char *path) {
  file_facts facts;
  size_t old = hr_json_count(before, "bytes", 0);
  const char *was = hr_json_string(before, "path", "");
  hr_table_name name = {0};
  look_at(file_of(path, &name), &facts);
  hr_table_name_fini(&name);
  bool same_size = facts.bytes == old;
  if (is_untouched(before, &facts)) return;
  if (same_size && has_same_content(before, path)) return;
  if (!begin_clause(c)) return;
  if (strcmp(was, path) != 0) {
    hr_text_append(c->out, "%s %s was %s", what, path, was);
  } else if (!same_size) {
    hr_text_append(c->out, "%s %s had %zu byte%s and has %zu now", what, path, old,
                   hr_plural(old), facts.bytes);
  } else {
    hr_text_append(c->out, "%s %s was modified", what, path);
  }
}

static void compare_data(clauses *c, const json_t *manifest, const hr_origin *origin) {
  const json_t *files = json_object_get(json_object_get(manifest, "data"), "files");
  size_t before = json_array_size(files), now = file_count(origin);
  if (before != now) {
    if (!begin_clause(c)) return;
    hr_text_append(c->out, "there were %zu data files and are %zu now", before, now);
    return;
  }
  for (size_t i = 0; i < now; i++) {
    compare_file(c, "the data file", json_array_get(files, i), file_path(origin, i));
  }
}

static const json_t *find_model(const json_t *models, const char *expert,
                                const char *key) {
  for (size_t i = 0; i < json_array_size(models); i++) {
    const json_t *model = json_array_get(models, i);
    bool is_own = strcmp(hr_json_string(model, "expert", ""), expert) == 0 &&
                  strcmp(hr_json_string(model, "key", ""), key) == 0;
    if (is_own) return model;
  }
  return NULL;
}

/* Files with weights beside a network, as far as they were there then. */
static void compare_weights(clauses *c, const json_t *models, const expert_file *network,
                            const char *what) {
  for (size_t i = 0; i < json_array_size(models); i++) {
    const json_t *model = json_array_get(models, i);
    const char *name = hr_json_string(model, "weights", NULL);
    char *path = NULL;
    if (!name || strcmp(hr_json_string(model, "expert", ""), network->expert) != 0)
      continue;
    if (hr_onnx_file_beside(network->path, name, &path, NULL) != HR_OK) return;
    compare_file(c, what, model, path);
    hr_free(path);
  }
}

/* Files of experts that the run was begun with; earlier versions wrote none down. */
static void compare_models(clauses *c, const json_t *manifest, const hr_origin *origin) {
  const json_t *models = json_object_get(json_object_get(manifest, "data"), "models");
  expert_file own;
  for (size_t i = 0; find_expert_file(origin->config, i, &own); i++) {
    const json_t *before = find_model(models, own.expert, own.key);
    char what[128];
    if (!before) continue;
    snprintf(what, sizeof what, "the file of experts.%s.%s", own.expert, own.key);
    compare_file(c, what, before, own.path);
    if (own.is_network) compare_weights(c, models, &own, what);
  }
}

/* Where spectra differ and what is known of each file's content does not: the files to
 * which something was done. */
static void name_touched(clauses *c, const json_t *manifest, const hr_origin *origin) {
  const json_t *files = json_object_get(json_object_get(manifest, "data"), "files");
  size_t named = 0;
  hr_text_append(c->out, "the data are others");
  for (size_t i = 0; i < file_count(origin) && named < MOST_CLAUSES; i++) {
    file_facts facts;
    look_at(file_path(origin, i), &facts);
    if (is_untouched(json_array_get(files, i), &facts)) continue;
    hr_text_append(c->out, "%s%s",
                   named++ == 0 ? "; since then there was a change to " : ", ",
                   file_path(origin, i));
  }
}

bool hr_differences_in_data(const json_t *manifest, const hr_origin *origin) {
  hr_text text;
  hr_text_init(&text);
  clauses c = {.out = &text};
  compare_data(&c, manifest, origin);
  hr_text_fini(&text);
  return c.count > 0;
}

hr_status hr_differences_describe(const char *out_dir, const json_t *manifest,
                                  const hr_origin *origin, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  clauses c = {.out = out};
  const char *version = hr_json_string(manifest, "version", "");
  bool same_study =
      strcmp(hr_json_string(manifest, "fingerprint", ""), origin->fingerprint) == 0;
  if (strcmp(version, HR_VERSION) != 0 && begin_clause(&c)) {
    hr_text_append(out, "it was begun with headroom %s, and this is " HR_VERSION,
                   version);
  }
  if (!same_study) HR_TRY(compare_configurations(out_dir, origin, &c, err));
  compare_data(&c, manifest, origin);
  if (!same_study) compare_models(&c, manifest, origin);
  if (!same_study && c.count == 0 && begin_clause(&c)) {
    name_touched(&c, manifest, origin);
  }
  if (c.count > MOST_CLAUSES) {
    hr_text_append(out, "; and %zu more", c.count - MOST_CLAUSES);
  }
  HR_TRY(hr_text_status(out, err));
cleanup:
  return status;
}
