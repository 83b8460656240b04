/* Tables of labels as text and in FITS: bytes as they come, and edits of a sound FITS
 * file, whose headers random bytes would hardly make. */
#include <string.h>

#include "core/text.h"
#include "data/number_table.h"
#include "fuzz/fuzz.h"
#include "support/fits_bytes.h"

/* Everything is asked for that a study may ask for. */
static void read_table(const char *path) {
  hr_error err = {0};
  hr_number_table table = {0};
  hr_status status = hr_number_table_read(path, 1 << 20, NULL, &table, &err);
  fuzz_require(status == HR_OK || status == HR_ERR_FORMAT || status == HR_ERR_MISSING ||
               status == HR_ERR_DATA);
  fuzz_require(status == HR_OK || err.message[0]);
  for (size_t i = 0; status == HR_OK && table.names && i < table.columns; i++) {
    hr_table_column column = {0};
    hr_status taken = hr_number_table_take(&table, table.names[i], &column, &err);
    fuzz_require(taken == HR_OK || taken == HR_ERR_DATA || taken == HR_ERR_FORMAT);
    fuzz_require(taken != HR_OK || column.values);
    hr_table_column_fini(&column);
  }
  hr_number_table_fini(&table);
}

/* A table of every type that is read, and some that are not. */
static fits_bytes sound_file(void) {
  static const char *const columns[] = {"TTYPE1  = 'id'",
                                        "TFORM1  = 'K'",
                                        "TNULL1  =                   -1",
                                        "TTYPE2  = 'id.mask'",
                                        "TFORM2  = 'L'",
                                        "TTYPE3  = 'log_g'",
                                        "TFORM3  = 'I'",
                                        "TSCAL3  =                 0.01",
                                        "TTYPE4  = 'x'",
                                        "TFORM4  = 'E'",
                                        "TTYPE5  = 'name'",
                                        "TFORM5  = '3A'",
                                        NULL};
  fits_bytes f = fits_begin();
  fits_table(&f, "STARS", 3, 18, columns);
  fits_data(&f, "\0\0\0\0\0\0\0\1T\0\1\2\3\4\5abc", 18);
  return f;
}

/* Three bytes an edit: where, in two, and what. */
static void edit(fits_bytes *f, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i + 2 < size; i += 3) {
    f->bytes[(bytes[i] * 256U + bytes[i + 1]) % f->size] = (char)bytes[i + 2];
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[128];
  if (size == 0) return 0;
  if (bytes[0] % 2 == 0) {
    fuzz_write(path, sizeof path, "table", bytes + 1, size - 1);
  } else {
    fits_bytes f = sound_file();
    edit(&f, bytes + 1, size - 1);
    fuzz_write(path, sizeof path, "table", f.bytes, f.size);
  }
  read_table(path);
  unlink(path);
  return 0;
}
