/* Small helpers over the HDF5 C API: files opened read-only, and HDF5's errors turned
 * into our sentences. Everything of the library that reads HDF5 goes through here.
 *
 * HDF5 prints its error stack by default; opening a file turns that off for the calling
 * thread, so a thread that reads must open the file itself or call hr_hdf5_silence. */
#ifndef HR_DATA_HDF5_FILE_H
#define HR_DATA_HDF5_FILE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* A file, and the path it was opened under, borrowed, for messages. */
typedef struct hr_hdf5_file {
  hid_t id;
  hid_t links; /* access properties with which links to other files are not followed */
  const char *path;
  bool is_unlocked; /* its file system has no locks: another program may write it */
} hr_hdf5_file;

/* An open group or dataset of a file, and the path it was opened under, for messages; all
 * borrowed. */
typedef struct hr_hdf5_object {
  const hr_hdf5_file *file;
  hid_t id;
  const char *path;
} hr_hdf5_object;

#define HR_HDF5_FILE_CLOSED \
  { .id = H5I_INVALID_HID, .links = H5I_INVALID_HID, .path = NULL }

/* Stops HDF5 from printing its errors in this thread. */
void hr_hdf5_silence(void);

/* Opens `path` (borrowed until closed) for reading, with a lock that keeps programs from
 * writing it where the file system has one. HR_ERR_MISSING where it is not there, not
 * readable, not a regular file or open for writing elsewhere; HR_ERR_FORMAT where it is
 * not HDF5 (and then what it is), damaged, or of a later HDF5 than this one; HR_ERR_IO
 * where the system could not read it, here and below. */
hr_status hr_hdf5_open(const char *path, hr_hdf5_file *out, hr_error *err) HR_MUST_CHECK;
void hr_hdf5_close(hr_hdf5_file *file);

/* Closes a group, dataset, attribute, type, space or property list and sets *id invalid;
 * an invalid one is left alone. */
void hr_hdf5_release(hid_t *id);

/* Properties for a dataset that is made without the time at which it was, so that the
 * same content is the same file; for hr_hdf5_release. Below 0 where HDF5 has none. */
hid_t hr_hdf5_timeless(void);

/* As hr_fail, with ": " and the text of HDF5's innermost error behind the sentence, or
 * that a later HDF5 seems to have written the file; where the system could not read it,
 * HR_ERR_IO with the system's reason instead. Call it straight after the HDF5 function
 * that failed. */
hr_status hr_hdf5_fail(hr_error *err, hr_status status, const char *format, ...)
    HR_PRINTF(3, 4);

/* Whether the absolute path leads to an object, every link on the way included, or out of
 * the file, which opening it will refuse. HR_ERR_IO where that cannot be read: HDF5 must
 * not be asked again then, as its cache may have kept half an answer. */
hr_status hr_hdf5_find(const hr_hdf5_file *file, const char *object_path, bool *there,
                       hr_error *err) HR_MUST_CHECK;

/* Opens the dataset at an absolute path, with the access properties `access` (or
 * H5P_DEFAULT). HR_ERR_MISSING, naming the first link that is missing and what there is
 * in its place; HR_ERR_FORMAT where it is not a dataset, and where it or its values lie
 * in another file, which the user did not name. */
hr_status hr_hdf5_open_dataset(const hr_hdf5_file *file, const char *object_path,
                               hid_t access, hid_t *out, hr_error *err) HR_MUST_CHECK;

/* Opens the group or dataset at an absolute path; errors as above. */
hr_status hr_hdf5_open_object(const hr_hdf5_file *file, const char *object_path,
                              hid_t *out, hr_error *err) HR_MUST_CHECK;

/* Checks that the dataset has exactly `rank` dimensions and hands them out: shape [rank].
 * HR_ERR_FORMAT otherwise. */
hr_status hr_hdf5_shape(const hr_hdf5_file *file, hid_t dataset, const char *object_path,
                        size_t rank, size_t *shape, hr_error *err) HR_MUST_CHECK;

/* Checks that the dataset holds floating-point numbers of 2, 4 or 8 bytes, in any byte
 * order, and hands out that size. HR_ERR_FORMAT otherwise. */
hr_status hr_hdf5_check_floats(const hr_hdf5_file *file, hid_t dataset,
                               const char *object_path, size_t *element_bytes,
                               hr_error *err) HR_MUST_CHECK;

/* The bytes of a text attribute of `object` (fixed or variable length), with a 0 byte
 * behind the end that `size` does not count; *out is NULL where there is no such
 * attribute. Freed with hr_free. */
hr_status hr_hdf5_attribute_text(const hr_hdf5_object *object, const char *name,
                                 char **out, size_t *size, hr_error *err) HR_MUST_CHECK;

/* Reads a whole-number attribute (integer, bit field or enumeration of bytes, as pandas
 * writes a bool) of `object`; *out is left alone where there is no such attribute. */
hr_status hr_hdf5_attribute_integer(const hr_hdf5_object *object, const char *name,
                                    int64_t *out, hr_error *err) HR_MUST_CHECK;

/* Whether the values of the dataset are the file's own: HR_ERR_FORMAT for a virtual
 * dataset and for one with external storage. */
hr_status hr_hdf5_check_inside(const hr_hdf5_file *file, hid_t dataset,
                               const char *object_path, hr_error *err) HR_MUST_CHECK;

/* Checks that every byte of the dataset was written: a chunk that is
 * missing would be read as zeros, and a shape without bytes behind it may not be believed
 * when allocating. HR_ERR_FORMAT otherwise. */
hr_status hr_hdf5_check_stored(const hr_hdf5_file *file, hid_t dataset,
                               const char *object_path, hr_error *err) HR_MUST_CHECK;

/* Reads the rows [first, count] along the first of one or two dimensions, converted to
 * `memory_type`, into `out`. HR_ERR_FORMAT where the bytes cannot be read. */
hr_status hr_hdf5_read_rows(const hr_hdf5_object *dataset, hid_t memory_type,
                            const size_t first_and_count[2], void *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
