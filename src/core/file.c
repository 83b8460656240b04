/* Files that are whole or not there (core/file.h), by the POSIX calls themselves: stdio
 * can neither sync a file nor a folder. Errors keep the system's reason. */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"

hr_status hr_join_path(const char *folder, const char *name, char **out, hr_error *err) {
  if (!folder || folder[0] == '\0' || name[0] == '/') return hr_copy_text(name, out, err);
  size_t a = strlen(folder), b = strlen(name);
  char *joined = NULL;
  hr_status status = hr_alloc(&joined, a + b + 2, err);
  if (status != HR_OK) return status;
  memcpy(joined, folder, a);
  if (joined[a - 1] != '/') joined[a++] = '/';
  memcpy(joined + a, name, b);
  *out = joined;
  return HR_OK;
}

/* A rename would put a file in the place of a device or of a pipe that others hold. A
 * folder is safe from it. */
static hr_status check_replaceable(const char *path, hr_error *err) {
  struct stat info;
  if (stat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) {
    return HR_OK;
  }
  return hr_fail(
      err, HR_ERR_IO,
      "%s is a device, a pipe or a socket, in whose place no file is put; name "
      "another",
      path);
}

hr_status hr_file_part_name(const char *path, char **out, hr_error *err) {
  static const char suffix[] = ".part";
  size_t length = strlen(path);
  hr_status status = check_replaceable(path, err);
  if (status == HR_OK) status = hr_alloc(out, length + sizeof suffix, err);
  if (status != HR_OK) return status;
  memcpy(*out, path, length);
  memcpy(*out + length, suffix, sizeof suffix);
  return HR_OK;
}

/* Opens `path`, syncs it to disk and closes it. */
static hr_status sync_path(const char *path, int flags, hr_error *err) {
  int descriptor = open(path, flags | O_CLOEXEC);
  if (descriptor < 0) return hr_fail_errno(err, HR_ERR_IO, errno, "cannot open %s", path);
  int failed = 0;
  do {
    failed = fsync(descriptor) != 0 ? errno : 0;
  } while (failed == EINTR); /* as network file systems do */
  close(descriptor);
  if (failed) return hr_fail_errno(err, HR_ERR_IO, failed, "cannot sync %s", path);
  return HR_OK;
}

/* Syncs the folder that `path` is in: without this a new name can be lost with the power
 * although the bytes are safe. */
static hr_status sync_folder_of(const char *path, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  HR_TRY(hr_copy_text(path, &folder, err));
  char *slash = strrchr(folder, '/');
  if (slash == folder) slash++; /* the folder of "/name" is "/" */
  if (slash) *slash = '\0';
  HR_TRY(sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY, err));
cleanup:
  hr_free(folder);
  return status;
}

static hr_status rename_part(const char *part, const char *path, hr_error *err) {
  if (rename(part, path) == 0) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot rename %s to %s", part, path);
}

hr_status hr_file_commit(const char *part, const char *path, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(sync_path(part, O_RDONLY, err));
  HR_TRY(rename_part(part, path, err));
  HR_TRY(sync_folder_of(path, err));
cleanup:
  return status;
}

static int write_all(int descriptor, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(descriptor, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes += written;
    size -= (size_t)written;
  }
  return 0;
}

typedef hr_status commit_function(const char *part, const char *path, hr_error *err);

static hr_status write_file(const char *path, const void *bytes, size_t size,
                            commit_function *commit, hr_error *err) {
  hr_status status = HR_OK;
  char *part = NULL;
  HR_TRY(hr_file_part_name(path, &part, err));
  int descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot create %s", part);
    goto cleanup;
  }
  int failed = write_all(descriptor, bytes, size);
  if (close(descriptor) != 0 && !failed) failed = errno;
  if (failed) {
    status = hr_fail_errno(err, HR_ERR_IO, failed, "cannot write %s", part);
    unlink(part);
    goto cleanup;
  }
  status = commit(part, path, err);
  if (status != HR_OK) unlink(part);
cleanup:
  hr_free(part);
  return status;
}

hr_status hr_file_write(const char *path, const void *bytes, size_t size, hr_error *err) {
  return write_file(path, bytes, size, hr_file_commit, err);
}

hr_status hr_file_write_in(const char *folder, const char *name, const void *bytes,
                           size_t size, hr_error *err) {
  char *path = NULL;
  hr_status status = hr_join_path(folder, name, &path, err);
  if (status == HR_OK) status = hr_file_write(path, bytes, size, err);
  hr_free(path);
  return status;
}

hr_status hr_file_write_fleeting(const char *path, const void *bytes, size_t size,
                                 hr_error *err) {
  return write_file(path, bytes, size, rename_part, err);
}

/* Reads up to `most` bytes; fewer where the file ends before. */
static int read_all(int descriptor, char *bytes, size_t most, size_t *size) {
  *size = 0;
  while (*size < most) {
    ssize_t count = read(descriptor, bytes + *size, most - *size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) break;
    *size += (size_t)count;
  }
  return 0;
}

/* Whether the process or the machine has come to an end with something, which says
 * nothing of the file. */
static bool is_exhaustion(int number) {
  return number == EMFILE || number == ENFILE || number == ENOMEM;
}

hr_status hr_file_read(const char *path, size_t max_size, char **out, size_t *size,
                       hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  /* O_NONBLOCK: a FIFO must be refused, not waited for. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    hr_status why = is_exhaustion(errno) ? HR_ERR_IO : HR_ERR_MISSING;
    return hr_fail_errno(err, why, errno, "cannot open %s", path);
  }
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = hr_fail(err, HR_ERR_MISSING, "%s is not a regular file", path);
    goto cleanup;
  }
  if ((size_t)info.st_size > max_size) {
    status = hr_fail(err, HR_ERR_DATA, "%s has %zu bytes, more than the %zu allowed",
                     path, (size_t)info.st_size, max_size);
    goto cleanup;
  }
  HR_TRY(hr_alloc(&bytes, (size_t)info.st_size + 1, err));
  int failed = read_all(descriptor, bytes, (size_t)info.st_size, size);
  if (failed) {
    status = hr_fail_errno(err, HR_ERR_IO, failed, "cannot read %s", path);
    goto cleanup;
  }
  *out = bytes;
  bytes = NULL;
cleanup:
  hr_free(bytes);
  close(descriptor);
  return status;
}

static hr_status make_folder(const char *path, hr_error *err) {
  struct stat info;
  if (mkdir(path, 0777) == 0) return sync_folder_of(path, err);
  int reason = errno; /* EEXIST, but EROFS too for a folder on a read-only disk */
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, reason, "cannot make the folder %s", path);
}

hr_status hr_make_folders(const char *path, hr_error *err) {
  hr_status status = HR_OK;
  char *copy = NULL;
  HR_TRY(hr_copy_text(path, &copy, err));
  char *slash = copy[0] ? strchr(copy + 1, '/') : NULL;
  for (; slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    HR_TRY(make_folder(copy, err));
    *slash = '/';
  }
  HR_TRY(make_folder(copy, err));
cleanup:
  hr_free(copy);
  return status;
}

static int remove_entry(const char *path, const struct stat *info, int kind,
                        struct FTW *where) {
  (void)info, (void)kind, (void)where;
  return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

hr_status hr_remove_all(const char *path, hr_error *err) {
  enum { OPEN_FOLDERS = 16 };
  if (nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0) return HR_OK;
  if (errno == ENOENT) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot remove %s", path);
}

bool hr_folder_has(const char *folder, const char *name) {
  char *path = NULL;
  bool found =
      hr_join_path(folder, name, &path, NULL) == HR_OK && access(path, F_OK) == 0;
  hr_free(path);
  return found;
}
