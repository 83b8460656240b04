/* From paths of files to names of tables. */
#include "cli/table_names.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* The part of a path that names it: without what leads to where it begins. */
static const char *begin_of(const char *path) {
  while (strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0 || *path == '/') {
    path += *path == '/' ? 1 : path[1] == '/' ? 2 : 3;
  }
  return path;
}

static hr_status add_name(const char *file, const char *folder, const char *extension,
                          hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  const char *begin = begin_of(file), *dot = strrchr(begin, '.');
  const char *slash = strrchr(begin, '/');
  bool has_extension = dot && dot != begin && (!slash || dot > slash + 1);
  size_t length = has_extension ? (size_t)(dot - begin) : strlen(begin);
  if (length + strlen(extension) + strlen(".part") > NAME_MAX) {
    return hr_fail(err, HR_ERR_USAGE,
                   "the table of %s would have a name of more than %d bytes; predict it "
                   "by itself with --out",
                   file, NAME_MAX);
  }
  hr_text_append(&name, "%s/", folder);
  for (size_t i = 0; i < length; i++) {
    hr_text_append(&name, "%c", begin[i] == '/' ? '_' : begin[i]);
  }
  hr_text_append(&name, "%s", extension);
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(hr_strings_append(out, name.bytes, err));
cleanup:
  hr_text_fini(&name);
  return status;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether two are the same; sorted, as there may be 100,000. */
static hr_status find_twins(const hr_strings *names, bool *out, hr_error *err) {
  hr_status status = HR_OK;
  char **sorted = NULL;
  *out = false;
  if (names->count < 2) return HR_OK;
  HR_TRY(hr_alloc(&sorted, names->count, err));
  memcpy(sorted, names->items, names->count * sizeof *sorted);
  qsort(sorted, names->count, sizeof *sorted, by_name);
  for (size_t i = 1; i < names->count; i++) {
    *out = *out || strcmp(sorted[i - 1], sorted[i]) == 0;
  }
cleanup:
  hr_free(sorted);
  return status;
}

static hr_status fail_twins(const hr_strings *files, const hr_strings *names,
                            hr_error *err) {
  for (size_t i = 1; i < files->count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(names->items[i], names->items[j]) != 0) continue;
      return hr_fail(err, HR_ERR_USAGE,
                     "%s and %s would both be predicted into %s; predict one of them "
                     "by itself with --out",
                     files->items[j], files->items[i], names->items[i]);
    }
  }
  return HR_OK;
}

hr_status hr_table_names_make(const hr_strings *files, const char *folder,
                              const char *extension, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  bool has_twins = false;
  for (size_t i = 0; i < files->count; i++) {
    HR_TRY(add_name(files->items[i], folder, extension, out, err));
  }
  HR_TRY(find_twins(out, &has_twins, err));
  if (has_twins) HR_TRY(fail_twins(files, out, err));
cleanup:
  return status;
}
