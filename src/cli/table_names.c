/* From paths of files to names of tables. */
#include "cli/table_names.h"

#include <limits.h>
#include <string.h>

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

hr_status hr_table_names_make(const hr_strings *files, const char *folder,
                              const char *extension, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < files->count; i++) {
    HR_TRY(add_name(files->items[i], folder, extension, out, err));
    for (size_t j = 0; j < i; j++) {
      if (strcmp(out->items[i], out->items[j]) != 0) continue;
      status = hr_fail(err, HR_ERR_USAGE,
                       "%s and %s would both be predicted into %s; predict one of them "
                       "by itself with --out",
                       files->items[j], files->items[i], out->items[i]);
      goto cleanup;
    }
  }
cleanup:
  return status;
}
