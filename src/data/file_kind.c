/* Files that stand where a shard should: pointers that git left in place of the file,
 * archives, pages of a server that had none, other formats of spectra. Told by their
 * first bytes, as file(1) does. */
#include "data/file_kind.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"

enum { LOOKED_AT = 512 };

typedef struct file_kind {
  size_t offset, size; /* of the signature */
  const char *signature;
  const char *is; /* behind "FILE is not an HDF5 file but " */
  bool is_format; /* another one, in which it has to be written anew; else `is` has the
                     remedy */
} file_kind;

#define SIGNATURE(offset, text) offset, sizeof(text) - 1, text
#define UNPACK(what, program) \
  "an archive (" what "); unpack it with " program " and name what is in it", false
#define FORMAT(what) what, true

static const file_kind kinds[] = {
    {SIGNATURE(0, "version https://git-lfs"),
     "a pointer of Git LFS, which stands for the file; fetch the file with `git lfs "
     "pull`",
     false},
    {SIGNATURE(0, "/annex/objects/"),
     "a pointer of git-annex, which stands for the file; fetch the file with `git annex "
     "get`",
     false},
    {SIGNATURE(0, "\x1f\x8b"), UNPACK("gzip", "gunzip")},
    {SIGNATURE(0, "PK\x03\x04"), UNPACK("zip", "unzip")},
    {SIGNATURE(0, "BZh"), UNPACK("bzip2", "bunzip2")},
    {SIGNATURE(0,
               "\xfd"
               "7zXZ"),
     UNPACK("xz", "unxz")},
    {SIGNATURE(0, "\x28\xb5\x2f\xfd"), UNPACK("zstd", "unzstd")},
    {SIGNATURE(0, "7z\xbc\xaf"), UNPACK("7z", "7z x")},
    {SIGNATURE(257, "ustar"), UNPACK("tar", "tar -xf")},
    {SIGNATURE(0, "SIMPLE  ="), FORMAT("a FITS file")},
    {SIGNATURE(0, "\x93NUMPY"), FORMAT("an array of NumPy")},
    {SIGNATURE(0, "PAR1"), FORMAT("a Parquet file")},
    {SIGNATURE(0, "ARROW1"), FORMAT("an Arrow file")},
    {SIGNATURE(0, "CDF\x01"), FORMAT("a NetCDF file of the classic format")},
    {SIGNATURE(0, "CDF\x02"), FORMAT("a NetCDF file of the classic format")},
    {SIGNATURE(0, "\x0e\x03\x13\x01"), FORMAT("an HDF4 file")},
};

/* Told in ways of their own. */
static const file_kind
    web_page =
        {0, 0, "",
         "a web page, perhaps what a server answered in place of the file; get the "
         "file again and look at the page where that fails",
         false},
    votable = {0, 0, "", FORMAT("a VOTable")}, text = {0, 0, "", FORMAT("text")},
    nothing = {0, 0, "", "empty; write or get it again", false},
    zeros = {0, 0, "", "zeros where it begins, as an unfinished copy has; get it again",
             false};

static bool is_kind(const file_kind *kind, const char *bytes, size_t size) {
  return size >= kind->offset + kind->size &&
         memcmp(bytes + kind->offset, kind->signature, kind->size) == 0;
}

/* Behind a byte order mark and blanks, in any case of letters. */
static bool is_web_page(const char *bytes) {
  static const char *const beginnings[] = {"<!doctype", "<html", "<head", "<?xml",
                                           "<body"};
  if (strncmp(bytes, "\xef\xbb\xbf", 3) == 0) bytes += 3;
  bytes += strspn(bytes, " \t\r\n");
  for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
    if (strncasecmp(bytes, beginnings[i], strlen(beginnings[i])) == 0) return true;
  }
  return false;
}

/* Whether all that was read is text; a character cut off at the end does no harm. */
static bool is_text(const char *bytes, size_t size) {
  size_t at = 0;
  while (at < size) {
    bool is_blank = strchr("\t\r\n", bytes[at]) && bytes[at] != '\0';
    size_t length = is_blank ? 1 : hr_visible_length(bytes + at);
    if (length == 0) return size - at < 4 && size == LOOKED_AT;
    at += length;
  }
  return size > 0;
}

static bool is_zeros(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != '\0') return false;
  }
  return true;
}

/* NULL: not known. `bytes` end with a 0 behind `size`. */
static const file_kind *find_kind(const char *bytes, size_t size) {
  if (size == 0) return &nothing;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (is_kind(&kinds[i], bytes, size)) return &kinds[i];
  }
  if (is_web_page(bytes)) return strstr(bytes, "<VOTABLE") ? &votable : &web_page;
  if (is_text(bytes, size)) return &text;
  return is_zeros(bytes, size) ? &zeros : NULL;
}

/* NULL also where it cannot be read. */
static const file_kind *look_at(const char *path) {
  char bytes[LOOKED_AT + 1] = "";
  FILE *file = fopen(path, "rbe");
  size_t size = file ? fread(bytes, 1, LOOKED_AT, file) : 0;
  const file_kind *kind = file && !ferror(file) ? find_kind(bytes, size) : NULL;
  if (file) fclose(file);
  return kind;
}

hr_status hr_file_kind_refuse(const char *path, hr_error *err) {
  const file_kind *kind = look_at(path);
  if (!kind) return hr_fail(err, HR_ERR_FORMAT, "%s is not an HDF5 file", path);
  return hr_fail(
      err, HR_ERR_FORMAT, "%s is not an HDF5 file but %s%s", path, kind->is,
      kind->is_format ? "; write its spectra and labels as HDF5 (docs/formats.md)" : "");
}

hr_status hr_file_kind_check_table(const char *path, hr_error *err) {
  const file_kind *kind = look_at(path);
  if (!kind || kind == &text || kind == &nothing) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s is no table that can be read but %s%s", path,
                 kind->is,
                 kind->is_format ? "; write it as CSV, ECSV, FITS or HDF5" : "");
}
