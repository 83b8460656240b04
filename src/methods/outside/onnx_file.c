/* The names of files with weights are found by the bytes that come before each one, a
 * field of a TensorProto: no other part of the file has to be understood for that, and a
 * name that is none costs nothing. */
#include "methods/outside/onnx_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "core/text.h"

enum {
  MOST_FILES = 10000,
  MOST_NAME = 4095, /* bytes, of a path */
  BUFFER_BYTES = 1 << 20
};

/* Protocol Buffers hold no message beyond this. */
static const size_t most_bytes = (size_t)2 << 30;

/* In TensorProto.external_data: the key "location", then the tag of its value. */
static const char mark[] = "\x0a\x08location\x12";

/* The name of the next file behind `*at`, NULL: there is none. *at moves behind it. */
static const char *find_name(const char *bytes, size_t size, size_t *at,
                             char name[MOST_NAME + 1]) {
  const size_t length = sizeof mark - 1;
  while (*at + length < size) {
    const char *found = memmem(bytes + *at, size - *at, mark, length);
    if (!found) return NULL;
    *at = (size_t)(found - bytes) + length;
    size_t count = 0;
    unsigned shift = 0;
    while (*at < size && shift < 21) { /* the length, seven bits at a time */
      unsigned char byte = (unsigned char)bytes[(*at)++];
      count |= (size_t)(byte & 127) << shift;
      shift += 7;
      if (byte < 128) break;
    }
    if (count == 0 || count > MOST_NAME || count > size - *at) continue;
    memcpy(name, bytes + *at, count);
    name[count] = '\0';
    return name;
  }
  return NULL;
}

/* Absolute names and those that lead out of the folder are refused by the runtime; what
 * is behind them may be a device. */
static bool is_beside(const char *name) {
  return name[0] != '/' && !strstr(name, "..");
}

static hr_status list_names(const char *path, const char *bytes, size_t size,
                            hr_strings *out, hr_error *err) {
  char name[MOST_NAME + 1];
  size_t at = 0;
  while (find_name(bytes, size, &at, name)) {
    if (!is_beside(name) || hr_strings_has(out, name)) continue;
    if (out->count == MOST_FILES) {
      return hr_fail(err, HR_ERR_DATA,
                     "%s has its weights in more than %d files; save them in one", path,
                     MOST_FILES);
    }
    hr_status status = hr_strings_append(out, name, err);
    if (status != HR_OK) return status;
  }
  return HR_OK;
}

/* What is no regular file is passed over as what is not there. */
static hr_status print_file(const char *path, uint64_t *print, hr_error *err) {
  char *buffer = NULL;
  hr_status status = hr_alloc(&buffer, BUFFER_BYTES, err);
  if (status != HR_OK) return status;
  struct stat info;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  bool is_file = descriptor >= 0 && fstat(descriptor, &info) == 0;
  ssize_t count = is_file && S_ISREG(info.st_mode) ? 1 : 0;
  while (count > 0) {
    count = read(descriptor, buffer, BUFFER_BYTES);
    if (count > 0) *print = hr_fingerprint_bytes(*print, buffer, (size_t)count);
  }
  if (descriptor >= 0) close(descriptor);
  hr_free(buffer);
  return HR_OK;
}

hr_status hr_onnx_file_beside(const char *path, const char *name, char **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  HR_TRY(hr_copy_text(path, &folder, err));
  char *slash = strrchr(folder, '/');
  if (slash) slash[1] = '\0';
  HR_TRY(hr_join_path(slash ? folder : ".", name, out, err));
cleanup:
  hr_free(folder);
  return status;
}

hr_status hr_onnx_file_list(const char *path, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  size_t size = 0;
  HR_TRY(hr_file_read(path, most_bytes, &bytes, &size, err));
  HR_TRY(list_names(path, bytes, size, out, err));
cleanup:
  hr_free(bytes);
  return status;
}

hr_status hr_onnx_file_print(const char *path, uint64_t *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings names = {0};
  char *bytes = NULL, *file = NULL;
  size_t size = 0;
  HR_TRY(hr_file_read(path, most_bytes, &bytes, &size, err));
  uint64_t print = hr_fingerprint_bytes(hr_fingerprint_start(), bytes, size);
  HR_TRY(list_names(path, bytes, size, &names, err));
  for (size_t i = 0; i < names.count; i++) {
    HR_TRY(hr_onnx_file_beside(path, names.items[i], &file, err));
    HR_TRY(print_file(file, &print, err));
    hr_free(file);
    file = NULL;
  }
  *out = print;
cleanup:
  hr_strings_fini(&names);
  hr_free(bytes);
  hr_free(file);
  return status;
}
