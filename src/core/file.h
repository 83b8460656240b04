/* Files that are whole or not there: temporary name, fsync, rename, fsync of the folder.
 */
#ifndef HR_CORE_FILE_H
#define HR_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/error.h"

/* Writes `size` bytes to `path` atomically: a reader sees the old file or the new, never
 * half. */
hr_status hr_file_write(const char *path, const void *bytes, size_t size,
                        hr_error *err) HR_MUST_CHECK;

/* The same of folder/name. */
hr_status hr_file_write_in(const char *folder, const char *name, const void *bytes,
                           size_t size, hr_error *err) HR_MUST_CHECK;

/* hr_file_write without waiting for the disk, for what is written again within seconds:
 * after a power cut it may be the old file, or an empty one. */
hr_status hr_file_write_fleeting(const char *path, const void *bytes, size_t size,
                                 hr_error *err) HR_MUST_CHECK;

/* The temporary name under which `path` is written before it is renamed, `path` +
 * ".part"; for writers that need a name of their own (HDF5). Freed with hr_free.
 * HR_ERR_IO where `path` is a device, a pipe or a socket. */
hr_status hr_file_part_name(const char *path, char **out, hr_error *err) HR_MUST_CHECK;

/* Syncs `part` to disk and renames it to `path`. */
hr_status hr_file_commit(const char *part, const char *path, hr_error *err) HR_MUST_CHECK;

/* Reads a whole file, with a 0 byte behind its end. HR_ERR_IO where it cannot be read, or
 * the process has no descriptor or memory left to open it; else HR_ERR_MISSING, also
 * where it is not a regular file, or HR_ERR_DATA where it is larger than `max_size`. *out
 * is freed with hr_free. */
hr_status hr_file_read(const char *path, size_t max_size, char **out, size_t *size,
                       hr_error *err) HR_MUST_CHECK;

/* Makes a folder and its parents, durably; one that exists is fine. */
hr_status hr_make_folders(const char *path, hr_error *err) HR_MUST_CHECK;

/* Removes a file, or a folder with all that is in it; links are removed, not followed.
 * What is not there is fine. */
hr_status hr_remove_all(const char *path, hr_error *err) HR_MUST_CHECK;

/* `folder`/`name`, freed with hr_free. An absolute name stands for itself. */
hr_status hr_join_path(const char *folder, const char *name, char **out,
                       hr_error *err) HR_MUST_CHECK;

/* Whether `folder` has something of that name. */
bool hr_folder_has(const char *folder, const char *name);

#endif
