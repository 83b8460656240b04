/* Opening FITS files and finding the table in them. CFITSIO's own syntax in names of
 * files (brackets, filters, addresses) is never used: a path is a path. */
#include "data/fits/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/alloc.h"

const char hr_fits_magic[HR_FITS_MAGIC + 1] = "SIMPLE  =";

#if HR_FITS
#include <fitsio.h>

hr_status hr_fits_fail(hr_error *err, hr_status status, int code, const char *format,
                       ...) {
  char sentence[HR_ERROR_MESSAGE_BYTES], reason[FLEN_STATUS] = "";
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  if (length < 0) sentence[0] = '\0';
  fits_get_errstatus(code, reason);
  fits_clear_errmsg();
  if (code == MEMORY_ALLOCATION) status = HR_ERR_MEMORY;
  return hr_fail(err, status, "%s: CFITSIO says '%s'", sentence, reason);
}

hr_status hr_fits_open(const char *path, hr_fits_file *out, hr_error *err) {
  hr_status status = HR_OK;
  struct stat info;
  fitsfile *handle = NULL;
  int code = 0;
  *out = (hr_fits_file){0};
  HR_TRY(hr_copy_text(path, &out->path, err));
  if (stat(path, &info) != 0) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot open %s", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return hr_fail(err, HR_ERR_MISSING, "%s is not a regular file", path);
  }
  out->bytes = (uint64_t)info.st_size;
  if (fits_open_diskfile(&handle, path, READONLY, &code)) {
    return hr_fits_fail(err, HR_ERR_FORMAT, code, "%s cannot be read as a FITS file",
                        path);
  }
  out->handle = handle;
cleanup:
  return status;
}

void hr_fits_close(hr_fits_file *file) {
  int code = 0;
  if (file->handle) fits_close_file(file->handle, &code);
  fits_clear_errmsg();
  hr_free(file->path);
  *file = (hr_fits_file){0};
}

/* A header's text; "" where it is not there. */
static void read_text(const hr_fits_file *file, const char *key, char out[FLEN_VALUE]) {
  int code = 0;
  out[0] = '\0';
  if (fits_read_key_str(file->handle, key, out, NULL, &code)) out[0] = '\0';
  fits_clear_errmsg();
}

hr_status hr_fits_fail_header(const hr_fits_file *file, int extension, hr_error *err) {
  fits_clear_errmsg();
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is damaged or cut off in the header of its extension %d; make it "
                 "anew or get it again",
                 file->path, extension);
}

/* Moves to the header number `number`, from 1; *is_table: whether it is one of a table.
 */
static hr_status move(const hr_fits_file *file, int number, bool *is_table,
                      hr_error *err) {
  int code = 0, type = 0;
  if (fits_movabs_hdu(file->handle, number, &type, &code)) {
    return hr_fits_fail_header(file, number - 1, err);
  }
  *is_table = type == BINARY_TBL || type == ASCII_TBL;
  return HR_OK;
}

/* Whether a header begins at that byte of the file, which CFITSIO gives up on silently
 * where it is cut. */
static bool has_header_at(const hr_fits_file *file, LONGLONG byte) {
  static const char begin[] = "XTENSION";
  char found[sizeof begin] = "";
  FILE *stream = fopen(file->path, "rbe");
  if (!stream) return false;
  if (fseeko(stream, (off_t)byte, SEEK_SET) == 0) {
    size_t size = fread(found, 1, sizeof begin - 1, stream);
    found[size] = '\0';
  }
  fclose(stream);
  return strcmp(found, begin) == 0;
}

static hr_status count_headers(const hr_fits_file *file, int *out, hr_error *err) {
  int code = 0;
  LONGLONG end = 0;
  if (fits_get_num_hdus(file->handle, out, &code) ||
      fits_movabs_hdu(file->handle, *out, NULL, &code) ||
      fits_get_hduaddrll(file->handle, NULL, NULL, &end, &code)) {
    return hr_fits_fail_header(file, 0, err);
  }
  fits_clear_errmsg();
  if (!has_header_at(file, end)) return HR_OK;
  return hr_fits_fail_header(file, *out, err);
}

static bool is_called(const hr_fits_file *file, int number, const char *name) {
  char own[FLEN_VALUE], *end = NULL;
  long wanted = strtol(name, &end, 10);
  if (end != name && *end == '\0') return wanted == number - 1;
  read_text(file, "EXTNAME", own);
  return strcasecmp(own, name) == 0;
}

/* What was found on the way through the extensions. */
typedef struct search {
  const char *name;
  int found, count; /* number of the table that is meant, and how many there are */
  hr_text list;     /* of all tables, for messages */
} search;

static hr_status look_at(const hr_fits_file *file, int number, search *s, hr_error *err) {
  bool is_table = false;
  char name[FLEN_VALUE];
  hr_status status = move(file, number, &is_table, err);
  if (status != HR_OK || !is_table) return status;
  s->count++;
  read_text(file, "EXTNAME", name);
  hr_text_append(&s->list, "%s%d", s->list.length ? ", " : "", number - 1);
  if (name[0]) hr_text_append(&s->list, " (%s)", name);
  if (!s->found && (!s->name || is_called(file, number, s->name))) s->found = number;
  return hr_text_status(&s->list, err);
}

/* The rows have to be there, and to be rows: the other forms are unpacked by programs of
 * their own. */
static hr_status check_table(const hr_fits_file *file, int number, hr_error *err) {
  int code = 0, packed = 0;
  LONGLONG data = 0, end = 0, row = 0, rows = 0;
  if (fits_get_hduaddrll(file->handle, NULL, &data, &end, &code) ||
      fits_read_key_lnglng(file->handle, "NAXIS1", &row, NULL, &code) ||
      fits_read_key_lnglng(file->handle, "NAXIS2", &rows, NULL, &code)) {
    return hr_fits_fail_header(file, number - 1, err);
  }
  uint64_t left = (uint64_t)data > file->bytes ? 0 : file->bytes - (uint64_t)data;
  uint64_t width = row > 0 ? (uint64_t)row : 1;
  bool fits = row >= 0 && rows >= 0 && (uint64_t)rows <= left / width;
  if (!fits || (uint64_t)end > file->bytes) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s is cut off: the table of its extension %d has %lld rows of %lld "
                   "bytes, and the file ends before they do; get it again",
                   file->path, number - 1, (long long)rows, (long long)row);
  }
  if (!fits_read_key_log(file->handle, "ZTABLE", &packed, NULL, &code) && packed) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has a compressed table in its extension %d; unpack it with "
                   "funpack",
                   file->path, number - 1);
  }
  fits_clear_errmsg();
  return HR_OK;
}

static hr_status fail_choice(const hr_fits_file *file, const search *s, hr_error *err) {
  if (s->count == 0) {
    return hr_fail(err, HR_ERR_MISSING,
                   "%s holds no table, but images or nothing; name a FITS file with one, "
                   "or get it again where it should have one",
                   file->path);
  }
  if (s->name) {
    return hr_fail(err, HR_ERR_MISSING,
                   "%s has no table '%.60s'; it has those of the extensions %s",
                   file->path, s->name, s->list.bytes);
  }
  return hr_fail(err, HR_ERR_DATA,
                 "%s has tables in the extensions %s; name one of them behind the file, "
                 "as in %s::%d",
                 file->path, s->list.bytes, file->path, s->found - 1);
}

hr_status hr_fits_move_to_table(hr_fits_file *file, const char *name, hr_error *err) {
  hr_status status = HR_OK;
  int headers = 0;
  bool is_table = false;
  search s = {.name = name};
  hr_text_init(&s.list);
  HR_TRY(count_headers(file, &headers, err));
  for (int number = 1; number <= headers; number++) {
    HR_TRY(look_at(file, number, &s, err));
  }
  if (!s.found || (!name && s.count > 1)) {
    status = fail_choice(file, &s, err);
    goto cleanup;
  }
  HR_TRY(move(file, s.found, &is_table, err));
  HR_TRY(check_table(file, s.found, err));
  file->extension = s.found - 1;
cleanup:
  hr_text_fini(&s.list);
  return status;
}

#else

hr_status hr_fits_open(const char *path, hr_fits_file *out, hr_error *err) {
  *out = (hr_fits_file){0};
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is a FITS file, and this program was built without CFITSIO; install "
                 "libcfitsio-dev and build it anew, or write the table as ECSV",
                 path);
}

#endif
