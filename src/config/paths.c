/* Paths are made absolute by text alone. realpath(3) would follow links, and name a file
 * by a path that its owner never wrote. */
#include "config/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/read.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/paths.h"

/* Takes "//", "/./" and a "/" or "/." at the end out of an absolute path. ".." stays: it
 * means another folder where the name before it is a link. */
static void clean_path(char *path) {
  char *out = path;
  for (const char *in = path; *in;) {
    size_t length = 1 + strcspn(in + 1, "/"); /* "/name" */
    bool is_nothing = length == 1 || (length == 2 && in[1] == '.');
    if (!is_nothing) {
      memmove(out, in, length);
      out += length;
    }
    in += length;
  }
  if (out == path) *out++ = '/';
  *out = '\0';
}

/* `folder`/`path`, absolute and clean, in the place of *path. */
static hr_status make_absolute(const char *folder, char **path, hr_error *err) {
  char *joined = NULL;
  hr_status status = hr_join_path(folder, *path, &joined, err);
  if (status != HR_OK) return status;
  clean_path(joined);
  hr_free(*path);
  *path = joined;
  return HR_OK;
}

static hr_status absolute_folder(const char *folder, char **out, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  char *current = getcwd(NULL, 0);
  if (!current) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot tell the current folder");
  }
  HR_TRY(hr_copy_text(folder && folder[0] ? folder : ".", &path, err));
  HR_TRY(make_absolute(current, &path, err));
  *out = path;
  path = NULL;
cleanup:
  hr_free(path);
  free(current);
  return status;
}

/* Expands one pattern as written and appends the paths. */
hr_status hr_config_expand_path(const hr_config *config, const hr_config_place *place,
                                const char *pattern, hr_strings *out, hr_error *err) {
  hr_error inner = {0};
  size_t first = out->count;
  hr_status status = hr_expand_paths(config->data.root, pattern, out, &inner);
  if (status != HR_OK) return hr_fail(err, status, "%s: %s", place->text, inner.message);
  for (size_t i = first; i < out->count; i++) clean_path(out->items[i]);
  return HR_OK;
}

/* Missing files are told where they are named, with the folder they were looked for in.
 */
hr_status hr_config_check_file(const hr_config *config, const hr_config_place *place,
                               const char *path, hr_error *err) {
  struct stat info;
  if (stat(path, &info) == 0) {
    if (S_ISREG(info.st_mode)) return HR_OK;
    return hr_fail(err, HR_ERR_MISSING,
                   "%s: %s is not a regular file; name a file of data", place->text,
                   path);
  }
  if (errno != ENOENT && errno != ENOTDIR) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "%s: cannot look at %s", place->text,
                         path);
  }
  return hr_fail(err, HR_ERR_MISSING,
                 "%s: %s does not exist; relative paths begin at data.root, which is %s",
                 place->text, path, config->data.root);
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each shard once, and the test file not among them: a row that stands in two places
 * would be its own validation. */
static hr_status check_distinct(const hr_config *config, const hr_yaml_node *data,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *train = &config->data.train_paths;
  hr_config_name name = {config->path, "data", "train"};
  hr_config_place place = hr_config_place_of(&name, hr_yaml_find(data, "train")->mark);
  char **sorted = NULL;
  HR_TRY(hr_alloc(&sorted, train->count, err));
  memcpy(sorted, train->items, train->count * sizeof *sorted);
  qsort(sorted, train->count, sizeof *sorted, compare_texts);
  for (size_t i = 0; i < train->count; i++) {
    if (i > 0 && strcmp(sorted[i - 1], sorted[i]) == 0) {
      status = hr_fail(err, HR_ERR_CONFIG, "%s names %s twice; name each shard once",
                       place.text, sorted[i]);
      goto cleanup;
    }
    if (strcmp(sorted[i], config->data.test_path) == 0) {
      status = hr_fail(err, HR_ERR_CONFIG,
                       "%s names %s, which is also data.test; train on other rows than "
                       "those of the test",
                       place.text, sorted[i]);
      goto cleanup;
    }
  }
cleanup:
  hr_free(sorted);
  return status;
}

static bool is_looked_for(const hr_config_source *source, const char *path,
                          const char *key) {
  return source->check_files && !(source->has_stand_ins && strcmp(path, key) == 0);
}

static hr_status expand_train(hr_config *config, const hr_yaml_node *node,
                              const hr_config_source *source, hr_error *err) {
  hr_status status = HR_OK;
  hr_config_name name = {config->path, "data", "train"};
  const hr_strings *train = &config->data.train;
  for (size_t i = 0; i < train->count; i++) {
    bool is_list = node->kind == HR_YAML_SEQUENCE;
    hr_config_place place = is_list
                                ? hr_config_place_of_item(&name, node->items[i]->mark, i)
                                : hr_config_place_of(&name, node->mark);
    hr_strings *paths = &config->data.train_paths;
    size_t first = paths->count;
    HR_TRY(hr_config_expand_path(config, &place, train->items[i], paths, err));
    bool is_wanted = is_looked_for(source, train->items[i], name.key);
    for (size_t k = first; is_wanted && k < paths->count; k++) {
      HR_TRY(hr_config_check_file(config, &place, paths->items[k], err));
    }
  }
cleanup:
  return status;
}

static hr_status expand_test(hr_config *config, const hr_yaml_node *node,
                             const hr_config_source *source, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings paths = {0};
  hr_config_name name = {config->path, "data", "test"};
  hr_config_place place = hr_config_place_of(&name, node->mark);
  HR_TRY(hr_config_expand_path(config, &place, config->data.test, &paths, err));
  if (paths.count != 1) {
    status =
        hr_fail(err, HR_ERR_CONFIG, "%s names %zu files, but a study has one test file",
                place.text, paths.count);
    goto cleanup;
  }
  if (is_looked_for(source, config->data.test, name.key)) {
    HR_TRY(hr_config_check_file(config, &place, paths.items[0], err));
  }
  HR_TRY(hr_copy_text(paths.items[0], &config->data.test_path, err));
cleanup:
  hr_strings_fini(&paths);
  return status;
}

hr_status hr_config_resolve_paths(hr_config *config, const hr_yaml_node *root,
                                  const hr_config_source *source, hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *data = hr_yaml_find(root, "data");
  char *base = NULL;
  HR_TRY(absolute_folder(source->folder, &base, err));
  HR_TRY(make_absolute(base, &config->data.root, err));
  HR_TRY(expand_train(config, hr_yaml_find(data, "train"), source, err));
  HR_TRY(expand_test(config, hr_yaml_find(data, "test"), source, err));
  HR_TRY(check_distinct(config, data, err));
  for (size_t i = 0; i < config->expert_count; i++) {
    const hr_config_expert *expert = &config->experts[i];
    for (size_t f = 0; f < expert->type->field_count; f++) {
      const hr_field *field = &expert->type->fields[f];
      if (!field->is_path || hr_field_is_none(field, expert->parameters)) continue;
      char **path = (void *)((char *)expert->parameters + field->offset);
      HR_TRY(make_absolute(base, path, err));
    }
  }
  for (size_t i = 0; i < config->page_count; i++) {
    HR_TRY(make_absolute(base, &config->pages[i].page, err));
  }
cleanup:
  hr_free(base);
  return status;
}
