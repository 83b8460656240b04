/* Every run's settings as a list of keys and values; of all keys those that do not have
 * the same value everywhere. */
#include "compare/contrasts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/yaml_tree.h"
#include "session/rundir.h"

/* Of one run. */
typedef struct settings {
  hr_strings keys, values; /* [count] */
} settings;

enum { KEY_BYTES = 256 };

static hr_status add(settings *s, const char *key, const char *value, hr_error *err) {
  hr_status status = hr_strings_append(&s->keys, key, err);
  if (status == HR_OK) status = hr_strings_append(&s->values, value, err);
  return status;
}

static const char *find(const settings *s, const char *key) {
  for (size_t i = 0; i < s->keys.count; i++) {
    if (strcmp(s->keys.items[i], key) == 0) return s->values.items[i];
  }
  return NULL;
}

/* Keys that change no number, and paths, of which the manifest knows what is there. */
static bool is_idle(const char *key) {
  static const char *const idle[] = {
      "run",       "publish",     "figures",    "data.train", "data.test",
      "data.root", "data.labels", "data.allow", "experiment", "binning.names"};
  for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
    if (strcmp(key, idle[i]) == 0) return true;
  }
  return false;
}

/* "experts.ridge" of "experts.ridge.alpha": the part that a study has or has not as a
 * whole; false where a key is of no such part. */
static bool find_part(const char *key, char part[KEY_BYTES]) {
  static const char *const sections[] = {"experts.", "gates."};
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    size_t length = strlen(sections[i]);
    if (strncmp(key, sections[i], length) != 0) continue;
    length += strcspn(key + length, ".");
    snprintf(part, KEY_BYTES, "%.*s", (int)length, key);
    return true;
  }
  return false;
}

static hr_status add_node(settings *s, const char *key, const hr_yaml_node *node,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_text value;
  hr_text_init(&value);
  if (is_idle(key)) return HR_OK;
  char part[KEY_BYTES];
  if (find_part(key, part) && strcmp(part, key) == 0) {
    status = add(s, key, "yes", err);
    if (status != HR_OK || node->count == 0) return status;
  }
  if (node->kind == HR_YAML_MAPPING && node->count > 0) {
    for (size_t i = 0; i < node->count && status == HR_OK; i++) {
      char name[KEY_BYTES];
      snprintf(name, sizeof name, "%s%s%s", key, *key ? "." : "", node->items[i]->key);
      status = add_node(s, name, node->items[i], err);
    }
    return status;
  }
  hr_yaml_render(node, &value);
  status = hr_text_status(&value, err);
  if (status == HR_OK) status = add(s, key, value.bytes ? value.bytes : "", err);
  hr_text_fini(&value);
  return status;
}

/* Where the study's own files are: a target's folder, RUN/targets/NAME, has none. */
static hr_status find_root(const char *dir, char **out, hr_error *err) {
  hr_status status = HR_OK;
  char *manifest = NULL;
  HR_TRY(hr_join_path(dir, "manifest.json", &manifest, err));
  bool is_target = access(manifest, F_OK) != 0 && strstr(dir, "targets/");
  HR_TRY(is_target ? hr_join_path(dir, "../..", out, err) : hr_copy_text(dir, out, err));
cleanup:
  hr_free(manifest);
  return status;
}

static hr_status add_configuration(settings *s, const char *dir, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *bytes = NULL;
  size_t size = 0;
  hr_yaml_node *root = NULL;
  HR_TRY(hr_join_path(dir, "config.yaml", &path, err));
  status = hr_file_read(path, HR_YAML_MOST_BYTES, &bytes, &size, err);
  if (status == HR_ERR_MISSING) {
    status = add(s, "config.yaml", "not there", err);
    goto cleanup;
  }
  HR_TRY(status);
  if (!hr_rundir_config_is_own(bytes, size)) {
    status = add(s, "config.yaml", "edited since the run", err);
    goto cleanup;
  }
  HR_TRY(hr_yaml_tree_create(bytes, size, path, &root, err));
  HR_TRY(add_node(s, "", root, err));
cleanup:
  hr_yaml_tree_destroy(&root);
  hr_free(bytes);
  hr_free(path);
  return status;
}

/* "5 files, 33.0 GB (6e2f0a1b..)": the print of what is in them, so that two sets of the
 * same size can be told apart. */
static hr_status add_files(settings *s, const char *key, const json_t *files,
                           size_t first, size_t end, hr_error *err) {
  hr_text text;
  double bytes = 0;
  hr_text_init(&text);
  for (size_t i = first; i < end; i++) {
    bytes += hr_json_number(json_array_get(files, i), "bytes", 0);
  }
  hr_text_append(&text, "%zu %s, %.4g MB", end - first,
                 end - first == 1 ? "file" : "files", bytes / 1e6);
  for (size_t i = first; i < end; i++) {
    hr_text_append(&text, "%s%s", i == first ? ", content " : " ",
                   hr_json_string(json_array_get(files, i), "content", "?"));
  }
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) status = add(s, key, text.bytes, err);
  hr_text_fini(&text);
  return status;
}

static hr_status add_manifest(settings *s, const char *dir, hr_error *err) {
  hr_status status = HR_OK;
  json_t *manifest = NULL;
  HR_TRY(hr_json_file_look(dir, "manifest.json", &manifest, err));
  if (!manifest) {
    status = add(s, "manifest.json", "not there", err);
    goto cleanup;
  }
  const json_t *data = json_object_get(manifest, "data");
  const json_t *files = json_object_get(data, "files");
  size_t count = json_array_size(files);
  size_t train = json_array_size(json_object_get(data, "train"));
  HR_TRY(add(s, "version", hr_json_string(manifest, "version", ""), err));
  if (train < 1 || count <= train) goto cleanup;
  HR_TRY(add_files(s, "training files", files, 0, train, err));
  HR_TRY(add_files(s, "test file", files, train, train + 1, err));
  if (count == train + 1) goto cleanup;
  HR_TRY(add_files(s, "tables of labels", files, train + 1, count, err));
cleanup:
  json_decref(manifest);
  return status;
}

/* Whether the file that a key is from is in every run; where it is not, that is the
 * difference, and not what it would have said. */
static bool is_known(const settings *all, size_t runs, const char *key) {
  bool is_file = strcmp(key, "config.yaml") == 0 || strcmp(key, "manifest.json") == 0;
  bool is_of_manifest = strcmp(key, "version") == 0 || strchr(key, ' ');
  const char *file = is_of_manifest ? "manifest.json" : "config.yaml";
  for (size_t k = 0; k < runs && !is_file; k++) {
    if (find(&all[k], file)) return false;
  }
  return true;
}

/* Whether the part that a key belongs to is in every run; where it is not, that is the
 * difference, and not its keys. */
static bool is_shared(const settings *all, size_t runs, const char *key) {
  char part[KEY_BYTES];
  if (!find_part(key, part) || strcmp(part, key) == 0) return true;
  for (size_t k = 0; k < runs; k++) {
    if (!find(&all[k], part)) return false;
  }
  return true;
}

/* Keeps `key` where not all runs have the same there. */
static hr_status keep(hr_contrasts *out, const settings *all, size_t runs,
                      const char *key, hr_error *err) {
  hr_status status = HR_OK;
  const char *first = find(&all[0], key);
  bool is_same = true;
  for (size_t k = 1; k < runs; k++) {
    const char *own = find(&all[k], key);
    if (!first != !own || (first && strcmp(first, own) != 0)) is_same = false;
  }
  if (is_same || !is_known(all, runs, key) || !is_shared(all, runs, key)) return HR_OK;
  hr_contrast *contrast = &out->items[out->count++];
  HR_TRY(hr_copy_text(key, &contrast->key, err));
  for (size_t k = 0; k < runs; k++) {
    const char *own = find(&all[k], key);
    HR_TRY(hr_strings_append(&contrast->values, own ? own : "", err));
  }
cleanup:
  return status;
}

/* Every key once, those of the first run first. */
static hr_status keep_all(hr_contrasts *out, const settings *all, size_t runs,
                          hr_error *err) {
  for (size_t k = 0; k < runs; k++) {
    for (size_t i = 0; i < all[k].keys.count; i++) {
      const char *key = all[k].keys.items[i];
      bool is_seen = false;
      for (size_t before = 0; before < k; before++) {
        if (find(&all[before], key)) is_seen = true;
      }
      hr_status status = is_seen ? HR_OK : keep(out, all, runs, key, err);
      if (status != HR_OK) return status;
    }
  }
  return HR_OK;
}

hr_status hr_contrasts_init(hr_contrasts *contrasts, const char *const *dirs, size_t runs,
                            hr_error *err) {
  hr_status status = HR_OK;
  settings *all = NULL;
  char *root = NULL;
  size_t most = 0;
  *contrasts = (hr_contrasts){0};
  HR_TRY(hr_alloc(&all, runs, err));
  for (size_t k = 0; k < runs; k++) {
    HR_TRY(find_root(dirs[k], &root, err));
    HR_TRY(add_configuration(&all[k], root, err));
    HR_TRY(add_manifest(&all[k], root, err));
    hr_free(root);
    root = NULL;
    most += all[k].keys.count;
  }
  HR_TRY(hr_alloc(&contrasts->items, most, err));
  HR_TRY(keep_all(contrasts, all, runs, err));
cleanup:
  for (size_t k = 0; all && k < runs; k++) {
    hr_strings_fini(&all[k].keys);
    hr_strings_fini(&all[k].values);
  }
  hr_free(all);
  hr_free(root);
  return status;
}

void hr_contrasts_fini(hr_contrasts *contrasts) {
  for (size_t i = 0; i < contrasts->count; i++) {
    hr_free(contrasts->items[i].key);
    hr_strings_fini(&contrasts->items[i].values);
  }
  hr_free(contrasts->items);
  *contrasts = (hr_contrasts){0};
}
