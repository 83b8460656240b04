/* FITS files byte by byte, so that tests can write what no library would; also for
 * programs without cmocka.
 *
 *   fits_bytes f = fits_begin();                  the primary header, without data
 *   fits_table(&f, "STARS", 3, 10, columns);      a binary table of 3 rows of 10 bytes
 *   fits_data(&f, bytes, 30);
 *   fits_write(&f, path);
 */
#ifndef HR_TESTS_FITS_BYTES_H
#define HR_TESTS_FITS_BYTES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FITS_REQUIRE(condition) \
  do {                          \
    if (!(condition)) abort();  \
  } while (0)

enum { FITS_BLOCK = 2880, FITS_MOST = 32 * FITS_BLOCK };

typedef struct fits_bytes {
  char bytes[FITS_MOST];
  size_t size;
} fits_bytes;

/* A line of a header, "TTYPE1  = 'x'". */
static inline void fits_card(fits_bytes *f, const char *text) {
  FITS_REQUIRE(f->size + 80 <= FITS_MOST && strlen(text) <= 80);
  memset(f->bytes + f->size, ' ', 80);
  memcpy(f->bytes + f->size, text, strlen(text));
  f->size += 80;
}

static inline void fits_pad(fits_bytes *f, char with) {
  for (; f->size % FITS_BLOCK != 0; f->size++) f->bytes[f->size] = with;
}

static inline void fits_end(fits_bytes *f) {
  fits_card(f, "END");
  fits_pad(f, ' ');
}

static inline fits_bytes fits_begin(void) {
  fits_bytes f = {.size = 0};
  fits_card(&f, "SIMPLE  =                    T");
  fits_card(&f, "BITPIX  =                    8");
  fits_card(&f, "NAXIS   =                    0");
  fits_card(&f, "EXTEND  =                    T");
  fits_end(&f);
  return f;
}

/* The header of a binary table, or of one of text where a column has a place (TBCOL);
 * columns: its cards from TTYPE1 on, ended by NULL, which say how many columns there are
 * by their TFORMs. */
static inline void fits_table(fits_bytes *f, const char *name, size_t rows,
                              size_t row_bytes, const char *const *columns) {
  char card[96];
  size_t fields = 0, places = 0;
  for (size_t i = 0; columns[i]; i++) {
    fields += strncmp(columns[i], "TFORM", 5) == 0;
    places += strncmp(columns[i], "TBCOL", 5) == 0;
  }
  fits_card(f, places > 0 ? "XTENSION= 'TABLE   '" : "XTENSION= 'BINTABLE'");
  fits_card(f, "BITPIX  =                    8");
  fits_card(f, "NAXIS   =                    2");
  snprintf(card, sizeof card, "NAXIS1  = %20zu", row_bytes);
  fits_card(f, card);
  snprintf(card, sizeof card, "NAXIS2  = %20zu", rows);
  fits_card(f, card);
  fits_card(f, "PCOUNT  =                    0");
  fits_card(f, "GCOUNT  =                    1");
  snprintf(card, sizeof card, "TFIELDS = %20zu", fields);
  fits_card(f, card);
  if (name) {
    snprintf(card, sizeof card, "EXTNAME = '%.40s'", name);
    fits_card(f, card);
  }
  for (size_t i = 0; columns[i]; i++) fits_card(f, columns[i]);
  fits_end(f);
}

static inline void fits_data(fits_bytes *f, const void *bytes, size_t size) {
  FITS_REQUIRE(f->size + size <= FITS_MOST);
  memcpy(f->bytes + f->size, bytes, size);
  f->size += size;
  fits_pad(f, '\0');
}

static inline void fits_write_part(const fits_bytes *f, size_t size, const char *path) {
  FILE *file = fopen(path, "wb");
  FITS_REQUIRE(file);
  FITS_REQUIRE(fwrite(f->bytes, 1, size, file) == size && fclose(file) == 0);
}

static inline void fits_write(const fits_bytes *f, const char *path) {
  fits_write_part(f, f->size, path);
}

#endif
