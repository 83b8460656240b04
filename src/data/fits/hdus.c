/* CFITSIO's view of a file, and reading through it. Floats are read without a null value:
 * with one CFITSIO 4.2 takes infinities for nulls and subnormal numbers for 0. */
#include "data/fits/hdus.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"

void hr_fits_hdus_close(hr_fits_hdus *hdus) {
  for (size_t i = 0; i < hdus->count; i++) hr_strings_fini(&hdus->items[i].columns);
  hr_free(hdus->items);
#if HR_FITS
  hr_fits_close(&hdus->file);
#endif
  *hdus = (hr_fits_hdus){0};
}

size_t hr_fits_find_hdu(const hr_fits_hdus *hdus, const char *name) {
  for (size_t i = 0; i < hdus->count; i++) {
    if (strcasecmp(hdus->items[i].name, name) == 0) return i;
  }
  return HR_FITS_NONE;
}

size_t hr_fits_find_column(const hr_fits_hdus *hdus, size_t hdu, const char *name) {
  if (hdu >= hdus->count || !hdus->items[hdu].is_table) return HR_FITS_NONE;
  const hr_strings *columns = &hdus->items[hdu].columns;
  for (size_t i = 0; i < columns->count; i++) {
    if (strcasecmp(columns->items[i], name) == 0) return i;
  }
  return HR_FITS_NONE;
}

#if HR_FITS
#include <fitsio.h>

/* More are a damaged file: the standard allows 999 columns, and no survey writes more
 * extensions than exposures. */
enum { MOST_HDUS = 4096, MOST_COLUMNS = 999 };

static hr_status move(const hr_fits_hdus *hdus, size_t hdu, hr_error *err) {
  int code = 0;
  if (fits_movabs_hdu(hdus->file.handle, (int)hdu + 1, NULL, &code)) {
    return hr_fits_fail_header(&hdus->file, (int)hdu, err);
  }
  return HR_OK;
}

static bool take(int code) {
  if (code) fits_clear_errmsg();
  return code == 0;
}

bool hr_fits_card_number(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                         double *out) {
  int code = 0;
  if (hdu >= hdus->count || move(hdus, hdu, NULL) != HR_OK) return false;
  fits_read_key_dbl(hdus->file.handle, key, out, NULL, &code);
  return take(code);
}

bool hr_fits_card_integer(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                          int64_t *out) {
  int code = 0;
  LONGLONG value = 0;
  if (hdu >= hdus->count || move(hdus, hdu, NULL) != HR_OK) return false;
  fits_read_key_lnglng(hdus->file.handle, key, &value, NULL, &code);
  *out = value;
  return take(code);
}

bool hr_fits_card_text(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                       char out[HR_FITS_NAME]) {
  int code = 0;
  char text[FLEN_VALUE] = "";
  out[0] = '\0';
  if (hdu >= hdus->count || move(hdus, hdu, NULL) != HR_OK) return false;
  fits_read_key_str(hdus->file.handle, key, text, NULL, &code);
  if (!take(code)) return false;
  snprintf(out, HR_FITS_NAME, "%s", text);
  return true;
}

bool hr_fits_card_truth(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                        bool *out) {
  int code = 0, value = 0;
  if (hdu >= hdus->count || move(hdus, hdu, NULL) != HR_OK) return false;
  fits_read_key_log(hdus->file.handle, key, &value, NULL, &code);
  *out = value != 0;
  return take(code);
}

/* --- looking --- */

static hr_status look_at_columns(const hr_fits_hdus *hdus, hr_fits_hdu *hdu,
                                 size_t number, hr_error *err) {
  hr_status status = HR_OK;
  int columns = 0, code = 0;
  LONGLONG rows = 0;
  fits_get_num_rowsll(hdus->file.handle, &rows, &code);
  fits_get_num_cols(hdus->file.handle, &columns, &code);
  if (code || rows < 0 || columns < 0 || columns > MOST_COLUMNS) {
    return hr_fits_fail_header(&hdus->file, (int)number, err);
  }
  hdu->rows = (uint64_t)rows;
  for (int i = 1; i <= columns; i++) {
    char key[FLEN_KEYWORD], name[FLEN_VALUE] = "";
    code = 0;
    fits_make_keyn("TTYPE", i, key, &code);
    if (fits_read_key_str(hdus->file.handle, key, name, NULL, &code)) name[0] = '\0';
    fits_clear_errmsg();
    HR_TRY(hr_strings_append(&hdu->columns, name, err));
  }
cleanup:
  return status;
}

static hr_status look_at_image(const hr_fits_hdus *hdus, hr_fits_hdu *hdu, size_t number,
                               hr_error *err) {
  LONGLONG axis[HR_FITS_AXES] = {1, 1, 1};
  int code = 0, axes = 0, bits = 0, column = 0;
  if (fits_get_img_paramll(hdus->file.handle, HR_FITS_AXES, &bits, &axes, axis, &code)) {
    return hr_fits_fail_header(&hdus->file, (int)number, err);
  }
  hdu->axes = axes > HR_FITS_AXES ? HR_FITS_AXES : (size_t)axes;
  for (size_t a = 0; a < HR_FITS_AXES; a++) {
    if (axis[a] < 0) return hr_fits_fail_header(&hdus->file, (int)number, err);
    hdu->axis[a] = a < hdu->axes ? (uint64_t)axis[a] : 1;
  }
  hdu->is_compressed = fits_is_compressed_image(hdus->file.handle, &code) != 0;
  if (bits > 0 || !hdu->is_compressed) return HR_OK;
  fits_get_colnum(hdus->file.handle, CASEINSEN, "ZSCALE", &column, &code);
  hdu->is_quantised = take(code);
  return HR_OK;
}

/* The data have to be there, for what is not compressed as they are told. */
static hr_status check_end(const hr_fits_hdus *hdus, size_t number, hr_error *err) {
  int code = 0;
  LONGLONG data = 0, end = 0;
  if (fits_get_hduaddrll(hdus->file.handle, NULL, &data, &end, &code)) {
    return hr_fits_fail_header(&hdus->file, (int)number, err);
  }
  if (data == end || (data <= end && (uint64_t)end <= hdus->file.bytes)) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is cut off: it ends before the data of its extension %zu do; get it "
                 "again",
                 hdus->file.path, number);
}

static hr_status look(hr_fits_hdus *hdus, size_t number, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_hdu *hdu = &hdus->items[number];
  int code = 0, type = 0;
  HR_TRY(move(hdus, number, err));
  fits_get_hdu_type(hdus->file.handle, &type, &code);
  if (code) return hr_fits_fail_header(&hdus->file, (int)number, err);
  hdu->is_table = type != IMAGE_HDU;
  hr_fits_card_text(hdus, number, "EXTNAME", hdu->name);
  HR_TRY(hdu->is_table ? look_at_columns(hdus, hdu, number, err)
                       : look_at_image(hdus, hdu, number, err));
  HR_TRY(check_end(hdus, number, err));
cleanup:
  return status;
}

hr_status hr_fits_hdus_open(const char *path, hr_fits_hdus *out, hr_error *err) {
  hr_status status = HR_OK;
  int count = 0, code = 0;
  *out = (hr_fits_hdus){0};
  HR_TRY(hr_fits_open(path, &out->file, err));
  if (fits_get_num_hdus(out->file.handle, &count, &code) || count < 1 ||
      count > MOST_HDUS) {
    return hr_fits_fail_header(&out->file, 0, err);
  }
  HR_TRY(hr_alloc(&out->items, (size_t)count, err));
  out->count = (size_t)count;
  for (size_t i = 0; i < out->count; i++) HR_TRY(look(out, i, err));
cleanup:
  return status;
}

/* --- reading --- */

static const char *name_of(const hr_fits_hdus *hdus, const hr_fits_span *span) {
  if (span->column != HR_FITS_NONE) {
    return hdus->items[span->hdu].columns.items[span->column];
  }
  return hdus->items[span->hdu].name;
}

static hr_status fail_reading(const hr_fits_hdus *hdus, const hr_fits_span *span,
                              int code, hr_error *err) {
  return hr_fits_fail(err, HR_ERR_FORMAT, code,
                      "%s: %.60s of its extension %zu cannot be read; make the file anew "
                      "or get it again",
                      hdus->file.path, name_of(hdus, span), span->hdu);
}

hr_status hr_fits_cell_length(const hr_fits_hdus *hdus, const hr_fits_span *cell,
                              uint64_t *out, hr_error *err) {
  int code = 0, type = 0, column = (int)cell->column + 1;
  LONGLONG repeat = 0, width = 0, offset = 0;
  hr_status status = move(hdus, cell->hdu, err);
  if (status != HR_OK) return status;
  fits_get_coltypell(hdus->file.handle, column, &type, &repeat, &width, &code);
  if (!code && type < 0) {
    fits_read_descriptll(hdus->file.handle, column, (LONGLONG)cell->row + 1, &repeat,
                         &offset, &code);
  }
  if (code || repeat < 0) return fail_reading(hdus, cell, code, err);
  *out = (uint64_t)repeat;
  return HR_OK;
}

/* Nulls of quantised images are a number of their own, which only the check for nulls
 * knows; they can hold neither infinities nor subnormal numbers, which it spoils. */
static hr_status read_quantised(const hr_fits_hdus *hdus, const hr_fits_span *span,
                                double *out, hr_error *err) {
  hr_status status = HR_OK;
  fitsfile *handle = hdus->file.handle;
  char *missing = NULL;
  int code = 0, any = 0;
  HR_TRY(hr_alloc(&missing, (size_t)span->count, err));
  /* CFITSIO 4.2 remembers of an image of floats that was not rounded, which it has passed
   * on its way, that there are no steps, and takes the next one's for floats. */
  handle->Fptr->quantize_level = 0;
  fits_read_imgnull(handle, TDOUBLE, (LONGLONG)span->first + 1, (LONGLONG)span->count,
                    out, missing, &any, &code);
  for (uint64_t i = 0; i < span->count && !code; i++) {
    if (missing[i]) out[i] = (double)NAN;
  }
  if (code) status = fail_reading(hdus, span, code, err);
cleanup:
  hr_free(missing);
  return status;
}

/* CFITSIO 4.2 unpacks no image into integers of 64 bits; doubles hold those of 32. */
static hr_status read_packed_wholes(const hr_fits_hdus *hdus, const hr_fits_span *span,
                                    int64_t *out, hr_error *err) {
  hr_status status = HR_OK;
  double *own = NULL;
  int code = 0;
  HR_TRY(hr_alloc(&own, (size_t)span->count, err));
  fits_read_img(hdus->file.handle, TDOUBLE, (LONGLONG)span->first + 1,
                (LONGLONG)span->count, NULL, own, NULL, &code);
  for (uint64_t i = 0; i < span->count && !code; i++) {
    bool fits = fabs(own[i]) <= 0x1p62;
    out[i] = fits ? (int64_t)own[i] : -1;
  }
  if (code) status = fail_reading(hdus, span, code, err);
cleanup:
  hr_free(own);
  return status;
}

static hr_status read_image(const hr_fits_hdus *hdus, const hr_fits_span *span, int as,
                            void *out, hr_error *err) {
  int code = 0;
  if (as == TDOUBLE && hdus->items[span->hdu].is_quantised) {
    return read_quantised(hdus, span, out, err);
  }
  if (as == TLONGLONG && hdus->items[span->hdu].is_compressed) {
    return read_packed_wholes(hdus, span, out, err);
  }
  fits_read_img(hdus->file.handle, as, (LONGLONG)span->first + 1, (LONGLONG)span->count,
                NULL, out, NULL, &code);
  return code ? fail_reading(hdus, span, code, err) : HR_OK;
}

/* Numbers that are stored as text or as truth values are none. */
static hr_status read_cells(const hr_fits_hdus *hdus, const hr_fits_span *span, int as,
                            void *out, hr_error *err) {
  int code = 0, type = 0, column = (int)span->column + 1;
  LONGLONG repeat = 0, width = 0;
  fits_get_eqcoltypell(hdus->file.handle, column, &type, &repeat, &width, &code);
  type = type < 0 ? -type : type;
  if (!code && (type == TSTRING || type == TLOGICAL || type == TBIT)) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: the column %.60s of its extension %zu holds no numbers",
                   hdus->file.path, name_of(hdus, span), span->hdu);
  }
  fits_read_col(hdus->file.handle, as, column, (LONGLONG)span->row + 1,
                (LONGLONG)span->first + 1, (LONGLONG)span->count, NULL, out, NULL, &code);
  return code ? fail_reading(hdus, span, code, err) : HR_OK;
}

static hr_status read_span(const hr_fits_hdus *hdus, const hr_fits_span *span, int as,
                           void *out, hr_error *err) {
  hr_status status = move(hdus, span->hdu, err);
  if (status != HR_OK || span->count == 0) return status;
  return span->column == HR_FITS_NONE ? read_image(hdus, span, as, out, err)
                                      : read_cells(hdus, span, as, out, err);
}

hr_status hr_fits_read_numbers(const hr_fits_hdus *hdus, const hr_fits_span *span,
                               double *out, hr_error *err) {
  return read_span(hdus, span, TDOUBLE, out, err);
}

hr_status hr_fits_read_wholes(const hr_fits_hdus *hdus, const hr_fits_span *span,
                              int64_t *out, hr_error *err) {
  return read_span(hdus, span, TLONGLONG, out, err);
}

hr_status hr_fits_read_text(const hr_fits_hdus *hdus, const hr_fits_span *cell,
                            char **out, hr_error *err) {
  hr_status status = HR_OK;
  enum { LONGEST = 1 << 20 };
  uint64_t length = 0;
  int code = 0;
  *out = NULL;
  HR_TRY(hr_fits_cell_length(hdus, cell, &length, err));
  if (length > LONGEST) return fail_reading(hdus, cell, BAD_TFORM, err);
  HR_TRY(hr_alloc(out, (size_t)length + 1, err));
  if (length == 0) goto cleanup;
  fits_read_col(hdus->file.handle, TSTRING, (int)cell->column + 1,
                (LONGLONG)cell->row + 1, 1, 1, NULL, out, NULL, &code);
  if (code) status = fail_reading(hdus, cell, code, err);
cleanup:
  return status;
}

hr_status hr_fits_read_step(const hr_fits_hdus *hdus, size_t hdu, double *out,
                            hr_error *err) {
  const hr_fits_span whole = {.hdu = hdu, .column = HR_FITS_NONE};
  int code = 0, column = 0;
  LONGLONG rows = 0;
  *out = 0;
  if (!hdus->items[hdu].is_quantised) return HR_OK;
  hr_status status = move(hdus, hdu, err);
  if (status != HR_OK) return status;
  fits_read_key_lnglng(hdus->file.handle, "NAXIS2", &rows, NULL, &code);
  fits_get_colnum(hdus->file.handle, CASEINSEN, "ZSCALE", &column, &code);
  for (LONGLONG row = 1; row <= rows && !code; row++) {
    double step = 0;
    fits_read_col(hdus->file.handle, TDOUBLE, column, row, 1, 1, NULL, &step, NULL,
                  &code);
    if (step > *out) *out = step;
  }
  return code ? fail_reading(hdus, &whole, code, err) : HR_OK;
}

#else

hr_status hr_fits_hdus_open(const char *path, hr_fits_hdus *out, hr_error *err) {
  *out = (hr_fits_hdus){0};
  return hr_fits_open(path, &out->file, err);
}

bool hr_fits_card_number(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                         double *out) {
  (void)hdus, (void)hdu, (void)key, (void)out;
  return false;
}

bool hr_fits_card_integer(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                          int64_t *out) {
  (void)hdus, (void)hdu, (void)key, (void)out;
  return false;
}

bool hr_fits_card_text(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                       char out[HR_FITS_NAME]) {
  (void)hdus, (void)hdu, (void)key;
  out[0] = '\0';
  return false;
}

bool hr_fits_card_truth(const hr_fits_hdus *hdus, size_t hdu, const char *key,
                        bool *out) {
  (void)hdus, (void)hdu, (void)key, (void)out;
  return false;
}

hr_status hr_fits_cell_length(const hr_fits_hdus *hdus, const hr_fits_span *cell,
                              uint64_t *out, hr_error *err) {
  (void)hdus, (void)cell, (void)out, (void)err;
  return HR_ERR_INTERNAL;
}

hr_status hr_fits_read_numbers(const hr_fits_hdus *hdus, const hr_fits_span *span,
                               double *out, hr_error *err) {
  (void)hdus, (void)span, (void)out, (void)err;
  return HR_ERR_INTERNAL;
}

hr_status hr_fits_read_wholes(const hr_fits_hdus *hdus, const hr_fits_span *span,
                              int64_t *out, hr_error *err) {
  (void)hdus, (void)span, (void)out, (void)err;
  return HR_ERR_INTERNAL;
}

hr_status hr_fits_read_text(const hr_fits_hdus *hdus, const hr_fits_span *cell,
                            char **out, hr_error *err) {
  (void)hdus, (void)cell, (void)out, (void)err;
  return HR_ERR_INTERNAL;
}

hr_status hr_fits_read_step(const hr_fits_hdus *hdus, size_t hdu, double *out,
                            hr_error *err) {
  (void)hdus, (void)hdu, (void)out, (void)err;
  return HR_ERR_INTERNAL;
}

#endif
