/* A file may well have "::" in its name, and is then meant. */
#include "data/table_name.h"

#include <string.h>
#include <unistd.h>

#include "core/alloc.h"

static char *last_mark(char *name) {
  char *found = NULL;
  for (char *at = strstr(name, "::"); at; at = strstr(at + 1, "::")) found = at;
  return found;
}

hr_status hr_table_name_init(hr_table_name *out, const char *name, hr_error *err) {
  *out = (hr_table_name){0};
  hr_status status = hr_copy_text(name, &out->path, err);
  if (status != HR_OK || access(name, F_OK) == 0) return status;
  char *mark = last_mark(out->path);
  if (!mark || mark == out->path || mark[2] == '\0') return HR_OK;
  *mark = '\0';
  out->table = mark + 2;
  return HR_OK;
}

void hr_table_name_fini(hr_table_name *name) {
  hr_free(name->path);
  *name = (hr_table_name){0};
}
