/* Reading a list of files. A name is all of its line, blanks and all: files have them. */
#include "cli/file_list.h"

#include <string.h>

#include "core/alloc.h"
#include "data/text_file.h"

hr_status hr_file_list_read(const char *path, hr_strings *files, hr_error *err) {
  hr_status status = HR_OK;
  enum { MOST_BYTES = 1 << 30 };
  char *text = NULL, *state = NULL;
  size_t size = 0, before = files->count;
  HR_TRY(hr_text_file_read(path, MOST_BYTES, &text, &size, err));
  for (char *line = strtok_r(text, "\r\n", &state); line;
       line = strtok_r(NULL, "\r\n", &state)) {
    HR_TRY(hr_strings_append(files, line, err));
  }
  if (files->count == before) {
    status = hr_fail(err, HR_ERR_EMPTY, "%s names no file; write one a line", path);
  }
cleanup:
  hr_free(text);
  return status;
}
