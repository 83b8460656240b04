/* Bits of masks: those that somebody chooses, and those that count else. */
#include "data/fits/bits.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/door.h"
#include "data/fits/layout.h"

/* --- chosen --- */

void hr_fits_bits_fini(hr_fits_bits *bits) {
  hr_strings_fini(&bits->names);
  *bits = (hr_fits_bits){0};
}

/* A name as headers have it, without MP_. */
static bool is_name(const char *text) {
  enum { LONGEST = 32 };
  size_t length = strlen(text);
  for (const char *c = text; *c; c++) {
    bool is_letter = (*c >= 'A' && *c <= 'Z') || *c == '_';
    if (!is_letter && !(c > text && *c >= '0' && *c <= '9')) return false;
  }
  return length > 0 && length <= LONGEST;
}

static hr_status take(const char *item, hr_fits_bits *out, hr_error *err) {
  int64_t number = 0;
  if (is_name(item)) return hr_strings_append(&out->names, item, err);
  if (hr_parse_integer(item, &number) && number >= 0 && number <= HR_FITS_MOST_BIT) {
    out->numbers |= (int64_t)1 << number;
    return HR_OK;
  }
  return hr_fail(err, HR_ERR_USAGE,
                 "%s: '%.60s' is no bit of a mask; give names as PFS has them "
                 "(BAD,CR,SAT), numbers from 0 to %d, or none",
                 HR_DOOR_MASK_BITS, item, HR_FITS_MOST_BIT);
}

hr_status hr_fits_bits_parse(const char *text, hr_fits_bits *out, hr_error *err) {
  hr_status status = HR_OK;
  char *copy = NULL, *item = NULL;
  *out = (hr_fits_bits){0};
  if (strcmp(text, "none") == 0) return HR_OK;
  HR_TRY(hr_copy_text(text, &copy, err));
  for (item = copy; item;) {
    char *comma = strchr(item, ',');
    if (comma) *comma = '\0';
    HR_TRY(take(item, out, err));
    item = comma ? comma + 1 : NULL;
  }
cleanup:
  hr_free(copy);
  return status;
}

static bool has_mask(const hr_fits_spectra *self) {
  for (size_t i = 0; i < self->bands; i++) {
    if (self->parts[i].mask.span.hdu != HR_FITS_NONE) return true;
  }
  return false;
}

hr_status hr_fits_spectra_choose_bits(hr_fits_spectra *spectra, const hr_fits_bits *bits,
                                      hr_error *err) {
  const char *path = spectra->hdus.file.path;
  if (!has_mask(spectra)) {
    return hr_fail(err, HR_ERR_DATA, "%s has no mask for %s to choose of; leave it out",
                   path, HR_DOOR_MASK_BITS);
  }
  if (bits->names.count > 0 && !spectra->layout->names_bits) {
    return hr_fail(
        err, HR_ERR_DATA,
        "%s, %s, has no names for the bits of its mask; give %s their numbers in place "
        "of %s",
        path, spectra->layout->title, HR_DOOR_MASK_BITS, bits->names.items[0]);
  }
  spectra->chosen = bits;
  spectra->bad_bits = bits->numbers;
  return HR_OK;
}

/* --- names of PFS --- */

/* What cannot be trusted whatever it is used for: the bits that the Galactic Archaeology
 * pipeline of PFS leaves out (BAD, CR, SAT, UNMASKEDNAN), and NO_DATA. */
static const char *const counting[] = {"BAD", "SAT", "CR", "NO_DATA", "UNMASKEDNAN"};
static const char *const others[] = {
    "INTRP",    "EDGE",       "SUSPECT", "DETECTED",    "DETECTED_NEGATIVE",
    "BAD_FLAT", "FIBERTRACE", "BAD_SKY", "BAD_FLUXCAL", "OVERLAP"};
const char hr_fits_pfs_masking[] = "BAD, SAT, CR, NO_DATA, UNMASKEDNAN";

/* The number of the bit called so: at the beginning of a line of `text`, or in the
 * header. */
static bool find_bit(const hr_fits_hdus *hdus, const hr_fits_bit_names *in,
                     const char *name, int64_t *bit) {
  char key[40], line[48];
  snprintf(key, sizeof key, "MP_%s", name);
  if (!in->text) return hr_fits_card_integer(hdus, in->hdu, key, bit);
  size_t length = (size_t)snprintf(line, sizeof line, "\n%s: ", key);
  bool is_first = strncmp(in->text, line + 1, length - 1) == 0;
  const char *found = is_first ? in->text : strstr(in->text, line);
  if (!found) return false;
  found += is_first ? length - 1 : length;
  *bit = 0;
  int digits = 0;
  for (const char *c = found; *c >= '0' && *c <= '9' && digits < 3; c++) {
    *bit = 10 * *bit + (*c - '0');
    digits++;
  }
  return digits > 0;
}

/* Bits that count where nobody has chosen; all where no name is known. */
static int64_t usual_bits(const hr_fits_hdus *hdus, const hr_fits_bit_names *in) {
  int64_t bits = 0, bit = 0;
  bool is_known = false;
  for (size_t i = 0; i < sizeof counting / sizeof counting[0]; i++) {
    if (!find_bit(hdus, in, counting[i], &bit) || bit < 0 || bit > HR_FITS_MOST_BIT) {
      continue;
    }
    bits |= (int64_t)1 << bit;
    is_known = true;
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0] && !is_known; i++) {
    is_known = find_bit(hdus, in, others[i], &bit);
  }
  return is_known ? bits : ~(int64_t)0;
}

hr_status hr_fits_take_pfs_bits(hr_fits_spectra *self, const hr_fits_bit_names *in,
                                hr_error *err) {
  if (!self->chosen) {
    self->bad_bits = usual_bits(&self->hdus, in);
    return HR_OK;
  }
  self->bad_bits = self->chosen->numbers;
  for (size_t i = 0; i < self->chosen->names.count; i++) {
    const char *name = self->chosen->names.items[i];
    int64_t bit = 0;
    bool is_there = find_bit(&self->hdus, in, name, &bit);
    if (!is_there || bit < 0 || bit > HR_FITS_MOST_BIT) {
      return hr_fail(
          err, HR_ERR_DATA,
          "%s has no bit MP_%s in its mask; give %s names that its headers have, "
          "or numbers",
          self->hdus.file.path, name, HR_DOOR_MASK_BITS);
    }
    self->bad_bits |= (int64_t)1 << bit;
  }
  return HR_OK;
}
