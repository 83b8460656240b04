/* FITS files of surveys: bytes as they come, and edits of a sound file of each layout,
 * whose headers random bytes would hardly make. */
#include <string.h>

#include "data/fits/spectra.h"
#include "fuzz/fuzz.h"
#include "support/fits_bytes.h"

enum { PIXELS = 4, LAYOUTS = 6 };

/* Everything is asked for that a prediction may ask for. */
static void read_spectra(const char *path) {
  hr_error err = {0};
  hr_fits_spectra *spectra = NULL;
  hr_fits_spectrum star = {0};
  hr_status status = hr_fits_spectra_open(path, &spectra, &err);
  fuzz_require(status == HR_OK || err.message[0]);
  if (status != HR_OK) return;
  const hr_fits_spectra_info *info = hr_fits_spectra_describe(spectra);
  for (size_t i = 0; i < info->objects && i < 8 && status == HR_OK; i++) {
    status = hr_fits_spectra_read(spectra, i, &star, &err);
    fuzz_require(status == HR_OK || status == HR_ERR_FORMAT || status == HR_ERR_DATA);
    for (size_t p = 0; status == HR_OK && p < star.pixels; p++) {
      fuzz_require(p == 0 || star.wave[p] > star.wave[p - 1]);
      fuzz_require(!star.good[p] || (star.flux[p] - star.flux[p] == 0));
    }
  }
  for (size_t i = 0; i < info->columns->count && info->objects < 1000; i++) {
    hr_table_column column = {0};
    status = hr_fits_spectra_column(spectra, info->columns->items[i], &column, &err);
    fuzz_require(status == HR_OK ? column.values != NULL : err.message[0] != '\0');
    hr_table_column_fini(&column);
  }
  hr_fits_spectrum_fini(&star);
  hr_fits_spectra_close(&spectra);
}

/* --- sound files --- */

/* Numbers of 4 or 8 bytes, most significant first: `count` of them, from `first` up. */
static void put_numbers(fits_bytes *f, int bits, double first, double step,
                        size_t count) {
  unsigned char bytes[8 * 64];
  size_t size = bits == -64 ? 8 : 4;
  for (size_t i = 0; i < count; i++) {
    double wide = first + step * (double)i;
    float narrow = (float)wide;
    int32_t whole = (int32_t)wide;
    uint64_t code = 0;
    uint32_t half = 0;
    memcpy(&code, &wide, sizeof code);
    memcpy(&half, bits == 32 ? (void *)&whole : (void *)&narrow, sizeof half);
    if (bits != -64) code = half;
    for (size_t b = 0; b < size; b++) {
      bytes[i * size + b] = (unsigned char)(code >> (8 * (size - 1 - b)));
    }
  }
  fits_data(f, bytes, size * count);
}

static void add_image(fits_bytes *f, const char *name, int bits, const long axis[3],
                      double first, double step) {
  char card[96];
  size_t count = 1;
  int axes = axis[2] ? 3 : axis[1] ? 2 : 1;
  fits_card(f, "XTENSION= 'IMAGE   '");
  snprintf(card, sizeof card, "BITPIX  = %20d", bits);
  fits_card(f, card);
  snprintf(card, sizeof card, "NAXIS   = %20d", axes);
  fits_card(f, card);
  for (int a = 0; a < axes; a++) {
    snprintf(card, sizeof card, "NAXIS%d  = %20ld", a + 1, axis[a]);
    fits_card(f, card);
    count *= (size_t)axis[a];
  }
  fits_card(f, "PCOUNT  =                    0");
  fits_card(f, "GCOUNT  =                    1");
  snprintf(card, sizeof card, "EXTNAME = '%s'", name);
  fits_card(f, card);
  fits_card(f, "MP_BAD  =                    0");
  fits_end(f);
  put_numbers(f, bits, first, step, count);
}

static void add_target(fits_bytes *f, const char *name) {
  static const char *const columns[] = {"TTYPE1  = 'objId'", "TFORM1  = 'K'",
                                        "TTYPE2  = 'TARGETID'", "TFORM2  = 'K'", NULL};
  fits_table(f, name, 2, 16, columns);
  put_numbers(f, -64, 1, 1, 4);
}

static void add_coadd(fits_bytes *f) {
  static const char *const columns[] = {"TTYPE1  = 'metadata'", "TFORM1  = '10A'", NULL};
  add_target(f, "TARGET");
  add_image(f, "WAVELENGTH", -64, (long[3]){PIXELS, 0, 0}, 800, 1);
  add_image(f, "FLUX", -32, (long[3]){PIXELS, 2, 0}, 1, 1);
  add_image(f, "MASK", 32, (long[3]){PIXELS, 2, 0}, 0, 1);
  add_image(f, "COVAR", -32, (long[3]){PIXELS, 3, 2}, 1, 1);
  fits_table(f, "METADATA", 2, 10, columns);
  fits_data(f, "MP_BAD: 1\nMP_CR: 3\n", 20);
}

static void add_object(fits_bytes *f) {
  add_image(f, "FLUX", -32, (long[3]){PIXELS, 0, 0}, 1, 1);
  add_image(f, "MASK", 32, (long[3]){PIXELS, 0, 0}, 0, 1);
  add_image(f, "WAVELENGTH", -64, (long[3]){PIXELS, 0, 0}, 800, 1);
  add_image(f, "COVAR", -32, (long[3]){PIXELS, 3, 0}, 1, 1);
  add_target(f, "TARGET");
}

static void add_desi(fits_bytes *f) {
  add_target(f, "FIBERMAP");
  for (int arm = 0; arm < 2; arm++) {
    const char *const names[2][3] = {{"R_WAVELENGTH", "R_FLUX", "R_IVAR"},
                                     {"Z_WAVELENGTH", "Z_FLUX", "Z_IVAR"}};
    add_image(f, names[arm][0], -64, (long[3]){PIXELS, 0, 0}, 7000 + 2 * arm, 1);
    add_image(f, names[arm][1], -32, (long[3]){PIXELS, 2, 0}, 1, 1);
    add_image(f, names[arm][2], -32, (long[3]){PIXELS, 2, 0}, 1, 1);
  }
}

static void add_rows(fits_bytes *f, bool is_sdss) {
  static const char *const sdss[] = {
      "TTYPE1  = 'flux'",     "TFORM1  = 'E'",    "TTYPE2  = 'loglam'",
      "TFORM2  = 'E'",        "TTYPE3  = 'ivar'", "TFORM3  = 'E'",
      "TTYPE4  = 'and_mask'", "TFORM4  = 'J'",    NULL};
  static const char *const plain[] = {"TTYPE1  = 'flux'",
                                      "TFORM1  = 'E'",
                                      "TTYPE2  = 'wavelength'",
                                      "TFORM2  = 'E'",
                                      "TTYPE3  = 'ivar'",
                                      "TFORM3  = 'E'",
                                      "TTYPE4  = 'mask'",
                                      "TFORM4  = 'J'",
                                      "TUNIT2  = 'nm'",
                                      "TUNIT1  = 'nJy'",
                                      NULL};
  fits_table(f, "COADD", PIXELS, 16, is_sdss ? sdss : plain);
  put_numbers(f, -32, 1, 0.1, 4 * PIXELS);
}

static fits_bytes sound_file(unsigned layout) {
  fits_bytes f = fits_begin();
  if (layout == 1) add_coadd(&f);
  if (layout == 2) add_object(&f);
  if (layout == 3) add_desi(&f);
  if (layout >= 4) add_rows(&f, layout % 2 == 0);
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
  if (bytes[0] % LAYOUTS == 0) {
    fuzz_write(path, sizeof path, "survey", bytes + 1, size - 1);
  } else {
    fits_bytes f = sound_file(bytes[0] % LAYOUTS);
    edit(&f, bytes + 1, size - 1);
    fuzz_write(path, sizeof path, "survey", f.bytes, f.size);
  }
  read_spectra(path);
  unlink(path);
  return 0;
}
