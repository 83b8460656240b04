/* Opening files and what is in them, attributes, and errors. HDF5 keeps its errors on a
 * stack for each thread; the innermost is the one that says why. Links out of a file are
 * never followed: the user named one file, not what it points at. */
#include "data/hdf5_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/lock_holder.h"
#include "core/text.h"
#include "data/file_kind.h"

/* Attributes that are read are names and lists of names; HDF5 itself keeps most below
 * 64 KiB. */
#define MOST_ATTRIBUTE_BYTES ((size_t)1 << 24)

void hr_hdf5_silence(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *context) {
  char *text = context;
  if (n == 0 && error->desc) snprintf(text, HR_ERROR_MESSAGE_BYTES, "%s", error->desc);
  return n == 0 ? 1 : 0; /* 1 ends the walk */
}

/* HDF5's own driver writes the errno of a read that failed into its description. */
static herr_t find_errno(unsigned n, const H5E_error2_t *error, void *context) {
  const char *number = error->desc ? strstr(error->desc, "errno = ") : NULL;
  (void)n;
  if (number) *(int *)context = (int)strtol(number + strlen("errno = "), NULL, 10);
  return number ? 1 : 0; /* 1 ends the walk */
}

static herr_t find_lock(unsigned n, const H5E_error2_t *error, void *context) {
  bool is_lock = error->desc && strstr(error->desc, "lock file");
  if (is_lock) find_errno(n, error, context);
  return is_lock ? 1 : 0;
}

/* Why the system gave no lock to the last call of HDF5; 0: that was not it. */
static int failed_lock(void) {
  int number = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_lock, &number);
  return number;
}

/* "bad version number for layout message": of a message, a header or the superblock. */
static herr_t find_version(unsigned n, const H5E_error2_t *error, void *context) {
  (void)n;
  if (!error->desc || !strstr(error->desc, "version number")) return 0;
  *(bool *)context = true;
  return 1;
}

/* Whether the last call of HDF5 failed at what a later HDF5 may have written. */
static bool failed_version(void) {
  bool failed = false;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_version, &failed);
  return failed;
}

static hr_status fail_newer(hr_error *err, const char *sentence, const char *reason) {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: written in a newer format than HDF5 %u.%u.%u reads, or damaged "
                 "(%s); rewrite it with the h5repack of the HDF5 that wrote it, or write "
                 "it anew with libver=('earliest', 'v110')",
                 sentence, major, minor, release, reason);
}

/* Why the system could not read the file in the last call of HDF5; 0: that was not it. */
static int failed_read(void) {
  int number = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_errno, &number);
  return number;
}

static hr_status fail_read(hr_error *err, int number, const char *path) {
  return hr_fail_errno(err, HR_ERR_IO, number, "cannot read %s", path);
}

hr_status hr_hdf5_fail(hr_error *err, hr_status status, const char *format, ...) {
  char reason[HR_ERROR_MESSAGE_BYTES] = "", sentence[HR_ERROR_MESSAGE_BYTES];
  int number = failed_read();
  bool is_newer = failed_version();
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, reason);
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  if (length < 0) sentence[0] = '\0';
  if (number) return hr_fail_errno(err, HR_ERR_IO, number, "%s", sentence);
  if (is_newer) return fail_newer(err, sentence, reason);
  return hr_fail(err, status, "%s: %s", sentence,
                 reason[0] ? reason : "HDF5 gives no reason");
}

/* Tells a file that is not there from one that is not HDF5, which HDF5 does not. */
static hr_status check_readable(const char *path, hr_error *err) {
  /* O_NONBLOCK: a FIFO must be refused, not waited for. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot open %s", path);
  }
  struct stat info;
  bool regular = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  close(descriptor);
  if (regular) return HR_OK;
  return hr_fail(err, HR_ERR_MISSING, "%s is not a regular file", path);
}

/* Called by HDF5 before it opens a file that an external link names. */
static herr_t refuse_to_follow(const char *parent_file, const char *parent_group,
                               const char *file, const char *object, unsigned *flags,
                               hid_t access, void *context) {
  (void)parent_file, (void)parent_group, (void)file, (void)object;
  (void)flags, (void)access, (void)context;
  return -1;
}

static hid_t open_file(const char *path, hid_t access, int *lock) {
  hid_t id = H5Fopen(path, H5F_ACC_RDONLY, access);
  *lock = id < 0 ? failed_lock() : 0;
  return id;
}

/* Of file systems that have no locks, such as NFS without its lock daemon. */
static bool has_no_locks(int lock) {
  return lock == ENOLCK || lock == ENOSYS || lock == EOPNOTSUPP;
}

/* From now on no lock is asked for; false where this HDF5 cannot do without. The
 * environment's HDF5_USE_FILE_LOCKING has the last word. */
static bool do_without_locks(hid_t access) {
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
  return H5Pset_file_locking(access, false, true) >= 0;
#else
  (void)access;
  return false;
#endif
}

static hr_status fail_locked(const char *path, int lock, hr_error *err) {
  char holder[HR_LOCK_HOLDER_BYTES];
  if (has_no_locks(lock)) {
    return hr_fail(err, HR_ERR_MISSING,
                   "cannot lock %s, as its file system has no locks; set "
                   "HDF5_USE_FILE_LOCKING=FALSE in the environment",
                   path);
  }
  hr_lock_holder_find(path, holder);
  return hr_fail(err, HR_ERR_MISSING,
                 "%s is open for writing in another program%s%s, perhaps in a notebook; "
                 "close it there, or name a copy of it",
                 path, holder[0] ? ", " : "", holder);
}

static hr_status fail_open(const char *path, int lock, hr_error *err) {
  if (lock) return fail_locked(path, lock, err);
  int number = failed_read();
  if (number) return fail_read(err, number, path);
  if (failed_version()) return hr_hdf5_fail(err, HR_ERR_FORMAT, "cannot open %s", path);
  return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s is damaged or still being written", path);
}

/* What cannot be an HDF5 file is told before it is opened. */
static hr_status check_hdf5(const char *path, hr_error *err) {
  if (H5Fis_hdf5(path) > 0) return HR_OK;
  int number = failed_read();
  return number ? fail_read(err, number, path) : hr_file_kind_refuse(path, err);
}

hr_status hr_hdf5_open(const char *path, hr_hdf5_file *out, hr_error *err) {
  hr_status status = check_readable(path, err);
  if (status != HR_OK) return status;
  hr_hdf5_silence();
  status = check_hdf5(path, err);
  if (status != HR_OK) return status;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  /* No sieve buffer: it reads bytes again where small reads follow each other. */
  H5Pset_sieve_buf_size(access, 0);
  int lock = 0;
  hid_t id = open_file(path, access, &lock);
  bool is_unlocked = has_no_locks(lock) && do_without_locks(access);
  if (is_unlocked) id = open_file(path, access, &lock);
  if (id < 0) {
    status = fail_open(path, lock, err);
  } else {
    *out = (hr_hdf5_file){.id = id,
                          .links = H5Pcreate(H5P_LINK_ACCESS),
                          .path = path,
                          .is_unlocked = is_unlocked};
    H5Pset_elink_cb(out->links, refuse_to_follow, NULL);
  }
  hr_hdf5_release(&access);
  return status;
}

void hr_hdf5_close(hr_hdf5_file *file) {
  hr_hdf5_release(&file->links);
  if (file->id >= 0) H5Fclose(file->id);
  file->id = H5I_INVALID_HID;
}

void hr_hdf5_release(hid_t *id) {
  /* Closes an identifier of any kind when its count falls to nothing. */
  if (*id >= 0) H5Idec_ref(*id);
  *id = H5I_INVALID_HID;
}

hid_t hr_hdf5_timeless(void) {
  hid_t layout = H5Pcreate(H5P_DATASET_CREATE);
  if (layout >= 0 && H5Pset_obj_track_times(layout, false) < 0) hr_hdf5_release(&layout);
  return layout;
}

/* Copies the first `length` characters of a path. */
static hr_status copy_prefix(const char *path, size_t length, char **out, hr_error *err) {
  hr_status status = hr_alloc(out, length + 1, err);
  if (status == HR_OK) memcpy(*out, path, length);
  return status;
}

/* The length of the shortest prefix of the path that leads nowhere; 0 where all is there.
 * H5Lexists looks at one link only, so each must be asked for in turn. *failed is an
 * errno where that could not be read, else 0. */
static size_t missing_prefix(const hr_hdf5_file *file, char *path, int *failed) {
  *failed = 0;
  for (size_t end = 1; path[end - 1] != '\0'; end++) {
    char next = path[end];
    if (next != '/' && next != '\0') continue;
    path[end] = '\0';
    bool there = H5Lexists(file->id, path, file->links) > 0 &&
                 H5Oexists_by_name(file->id, path, file->links) > 0;
    path[end] = next;
    if (!there) *failed = failed_read();
    if (!there) return end;
    if (next == '\0') break;
  }
  return 0;
}

static bool is_external(const hr_hdf5_file *file, const char *link) {
  H5L_info_t info;
  return H5Lget_info(file->id, link, &info, file->links) >= 0 &&
         info.type == H5L_TYPE_EXTERNAL;
}

hr_status hr_hdf5_find(const hr_hdf5_file *file, const char *object_path, bool *there,
                       hr_error *err) {
  char *path = NULL;
  int failed = 0;
  *there = false;
  hr_status status = hr_copy_text(object_path, &path, err);
  if (status != HR_OK) return status;
  size_t missing = missing_prefix(file, path, &failed);
  path[missing] = '\0';
  *there = missing == 0 || is_external(file, path);
  if (failed) status = fail_read(err, failed, file->path);
  hr_free(path);
  return status;
}

/* The names in a group, in order of name, the first thousand. */
static hr_status group_members(hid_t group, hr_strings *names, hr_error *err) {
  H5G_info_t info;
  if (H5Gget_info(group, &info) < 0) return HR_OK;
  for (hsize_t i = 0; i < info.nlinks && i < 1000; i++) {
    char name[256];
    if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name,
                           H5P_DEFAULT) < 0) {
      break;
    }
    hr_status status = hr_strings_append(names, name, err);
    if (status != HR_OK) return status;
  }
  return HR_OK;
}

/* "a, b, c, and 7 more; did you mean b?" */
static void describe_members(const hr_strings *names, const char *wanted, hr_text *out) {
  enum { MOST_SHOWN = 12 };
  if (names->count == 0) hr_text_append(out, "nothing");
  for (size_t i = 0; i < names->count && i < MOST_SHOWN; i++) {
    hr_text_append(out, "%s%s", i ? ", " : "", names->items[i]);
  }
  if (names->count > MOST_SHOWN) {
    hr_text_append(out, ", and %zu more", names->count - MOST_SHOWN);
  }
  const char *nearest =
      hr_nearest_name(wanted, (const char *const *)names->items, names->count);
  if (nearest) hr_text_append(out, "; did you mean %s?", nearest);
}

/* Says where a link goes that leads nowhere. */
static hr_status fail_dangling(const hr_hdf5_file *file, const char *link,
                               hr_error *err) {
  char value[2048] = "";
  const char *other_file = NULL, *target = NULL;
  H5L_info_t info;
  bool is_read = H5Lget_info(file->id, link, &info, file->links) >= 0 &&
                 info.type != H5L_TYPE_HARD && info.u.val_size < sizeof value &&
                 H5Lget_val(file->id, link, value, sizeof value, file->links) >= 0;
  if (is_read && info.type == H5L_TYPE_SOFT) {
    return hr_fail(err, HR_ERR_MISSING, "%s: %s is a link that leads nowhere, to %s",
                   file->path, link, value);
  }
  if (is_read && info.type == H5L_TYPE_EXTERNAL &&
      H5Lunpack_elink_val(value, info.u.val_size, NULL, &other_file, &target) >= 0) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: %s is a link to %s in the file %s, and links to other files are "
                   "not followed; copy the values into this one, for example with h5copy",
                   file->path, link, target, other_file);
  }
  return hr_fail(err, HR_ERR_MISSING, "%s: %s is a link that leads nowhere", file->path,
                 link);
}

/* Says what there is in place of the link that ends at path[missing]. */
static hr_status fail_missing(const hr_hdf5_file *file, const char *object_path,
                              size_t missing, hr_error *err) {
  hr_status status = HR_OK;
  char *link = NULL, *parent = NULL;
  hid_t group = H5I_INVALID_HID;
  hr_strings names = {0};
  hr_text found;
  hr_text_init(&found);
  HR_TRY(copy_prefix(object_path, missing, &link, err));
  const char *name = strrchr(link, '/') + 1;
  size_t parent_length = (size_t)(name - link) - 1;
  HR_TRY(copy_prefix(link, parent_length ? parent_length : 1, &parent, err));
  if (H5Lexists(file->id, link, file->links) > 0) {
    status = fail_dangling(file, link, err);
    goto cleanup;
  }
  group = H5Gopen2(file->id, parent, file->links);
  if (group < 0) {
    status = hr_fail(err, HR_ERR_MISSING, "%s has no %s: %s is not a group", file->path,
                     object_path, parent);
    goto cleanup;
  }
  HR_TRY(group_members(group, &names, err));
  describe_members(&names, name, &found);
  HR_TRY(hr_text_status(&found, err));
  status = hr_fail(err, HR_ERR_MISSING, "%s has no %s: %s holds %s", file->path,
                   object_path, parent, found.bytes);
cleanup:
  hr_text_fini(&found);
  hr_strings_fini(&names);
  hr_hdf5_release(&group);
  hr_free(parent);
  hr_free(link);
  return status;
}

static hr_status check_exists(const hr_hdf5_file *file, const char *object_path,
                              hr_error *err) {
  char *path = NULL;
  hr_status status = hr_copy_text(object_path, &path, err);
  if (status != HR_OK) return status;
  int failed = 0;
  size_t missing = missing_prefix(file, path, &failed);
  hr_free(path);
  if (failed) return fail_read(err, failed, file->path);
  return missing ? fail_missing(file, object_path, missing, err) : HR_OK;
}

hr_status hr_hdf5_open_object(const hr_hdf5_file *file, const char *object_path,
                              hid_t *out, hr_error *err) {
  hr_status status = check_exists(file, object_path, err);
  if (status != HR_OK) return status;
  hid_t object = H5Oopen(file->id, object_path, file->links);
  if (object < 0) {
    return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot open %s", file->path,
                        object_path);
  }
  *out = object;
  return HR_OK;
}

hr_status hr_hdf5_check_inside(const hr_hdf5_file *file, hid_t dataset,
                               const char *object_path, hr_error *err) {
  hr_status status = HR_OK;
  hid_t creation = H5Dget_create_plist(dataset);
  if (creation < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read how %s is stored",
                          file->path, object_path);
  } else if (H5Pget_layout(creation) == H5D_VIRTUAL) {
    /* Where a source file is missing, HDF5 reads zeros and says nothing. */
    status =
        hr_fail(err, HR_ERR_FORMAT,
                "%s: %s is a virtual dataset, whose values lie in other files; write "
                "them into one, for example with h5repack -l CONTI",
                file->path, object_path);
  } else if (H5Pget_external_count(creation) != 0) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: the values of %s lie in other files, which are not read; write "
                     "them into one, for example with h5repack -l CONTI",
                     file->path, object_path);
  }
  hr_hdf5_release(&creation);
  return status;
}

hr_status hr_hdf5_open_dataset(const hr_hdf5_file *file, const char *object_path,
                               hid_t access, hid_t *out, hr_error *err) {
  hid_t object = H5I_INVALID_HID;
  hr_status status = hr_hdf5_open_object(file, object_path, &object, err);
  if (status != HR_OK) return status;
  bool is_dataset = H5Iget_type(object) == H5I_DATASET;
  hr_hdf5_release(&object);
  if (!is_dataset) {
    return hr_fail(err, HR_ERR_FORMAT, "%s: %s is not a dataset", file->path,
                   object_path);
  }
  hid_t dataset = H5Dopen2(file->id, object_path, access);
  if (dataset < 0) {
    return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot open %s", file->path,
                        object_path);
  }
  status = hr_hdf5_check_inside(file, dataset, object_path, err);
  if (status == HR_OK) *out = dataset;
  if (status != HR_OK) hr_hdf5_release(&dataset);
  return status;
}

/* Opens an attribute and its type and hands out its number of elements; *attribute stays
 * invalid where there is no such attribute. */
static hr_status open_attribute(hid_t object, const char *name, hid_t *attribute,
                                hid_t *type, hssize_t *elements) {
  if (H5Aexists(object, name) <= 0) return HR_OK;
  *attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (*attribute < 0) return HR_ERR_FORMAT;
  hid_t space = H5Aget_space(*attribute);
  *type = H5Aget_type(*attribute);
  *elements = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  hr_hdf5_release(&space);
  return *type < 0 || *elements < 0 ? HR_ERR_FORMAT : HR_OK;
}

static hr_status read_text(hid_t attribute, hid_t type, char **out, size_t *size,
                           hr_error *err) {
  if (H5Tis_variable_str(type) > 0) {
    char *text = NULL;
    if (H5Aread(attribute, type, &text) < 0) return HR_ERR_FORMAT;
    hr_status status = hr_copy_text(text ? text : "", out, err);
    if (status == HR_OK) *size = strlen(*out);
    H5free_memory(text);
    return status;
  }
  size_t bytes = H5Tget_size(type);
  if (bytes == 0 || bytes > MOST_ATTRIBUTE_BYTES) return HR_ERR_FORMAT;
  char *text = NULL;
  hr_status status = hr_alloc(&text, bytes + 1, err);
  if (status != HR_OK) return status;
  if (H5Aread(attribute, type, text) < 0) {
    hr_free(text);
    return HR_ERR_FORMAT;
  }
  *out = text;
  *size = bytes;
  return HR_OK;
}

hr_status hr_hdf5_attribute_text(const hr_hdf5_object *object, const char *name,
                                 char **out, size_t *size, hr_error *err) {
  hid_t attribute = H5I_INVALID_HID, type = H5I_INVALID_HID;
  hssize_t elements = 0;
  *out = NULL;
  *size = 0;
  hr_status status = open_attribute(object->id, name, &attribute, &type, &elements);
  if (status == HR_OK && attribute >= 0) {
    H5T_class_t class = H5Tget_class(type);
    if (elements > 1 || (class != H5T_STRING && class != H5T_OPAQUE)) {
      status = HR_ERR_FORMAT;
    } else if (elements == 0) { /* how PyTables writes an empty text */
      status = hr_copy_text("", out, err);
    } else {
      status = read_text(attribute, type, out, size, err);
    }
  }
  if (status == HR_ERR_FORMAT) {
    status = hr_fail(err, status, "%s: attribute %s of %s cannot be read as text",
                     object->file->path, name, object->path);
  }
  hr_hdf5_release(&type);
  hr_hdf5_release(&attribute);
  return status;
}

hr_status hr_hdf5_attribute_integer(const hr_hdf5_object *object, const char *name,
                                    int64_t *out, hr_error *err) {
  hid_t attribute = H5I_INVALID_HID, type = H5I_INVALID_HID;
  hssize_t elements = 0;
  hr_status status = open_attribute(object->id, name, &attribute, &type, &elements);
  if (status == HR_OK && attribute >= 0) {
    H5T_class_t class = H5Tget_class(type);
    uint8_t byte = 0;
    int64_t number = 0;
    /* HDF5 converts neither bit fields nor enumerations to integers. */
    bool is_byte = H5Tget_size(type) == 1 && (class == H5T_BITFIELD || class == H5T_ENUM);
    bool read = false;
    if (elements == 1 && is_byte) {
      read = H5Aread(attribute, type, &byte) >= 0;
      number = byte;
    } else if (elements == 1 && class == H5T_INTEGER) {
      read = H5Aread(attribute, H5T_NATIVE_INT64, &number) >= 0;
    }
    if (read) *out = number;
    if (!read) status = HR_ERR_FORMAT;
  }
  if (status == HR_ERR_FORMAT) {
    status = hr_fail(err, status, "%s: attribute %s of %s cannot be read as an integer",
                     object->file->path, name, object->path);
  }
  hr_hdf5_release(&type);
  hr_hdf5_release(&attribute);
  return status;
}
