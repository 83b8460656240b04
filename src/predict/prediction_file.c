/* The formats of predictions. */
#include "predict/prediction_file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/field.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/text.h"
#include "data/fits/writer.h"
#include "data/hdf5_file.h"
#include "data/sink.h"

#define FRAME_GROUP "/predictions"

struct hr_prediction_file {
  hr_prediction_file_format format;
  char *path, *part;
  hr_prediction_file_column *columns; /* [count] */
  size_t count;
  FILE *csv;
  hr_sink sink; /* what HDF5 writes to, so that a full disk is an error and no crash */
  hid_t hdf5;
  hr_frame_writer frame;
  hr_fits_writer *fits;
};

/* --- CSV --- */

/* Quoted where a reader would stumble (RFC 4180). */
static void append_text(hr_text *out, const char *text) {
  if (!strpbrk(text, ",\"\r\n")) {
    hr_text_append(out, "%s", text);
    return;
  }
  hr_text_append(out, "\"");
  for (const char *c = text; *c; c++) {
    hr_text_append(out, *c == '"' ? "\"\"" : "%c", *c);
  }
  hr_text_append(out, "\"");
}

/* The digits that read back the same. */
static void append_number(hr_text *out, double value) {
  char text[HR_FIELD_NUMBER_BYTES];
  if (isnan(value)) return;
  hr_field_format_number(value, text);
  hr_text_append(out, "%s", text);
}

static void append_cell(hr_text *out, const hr_prediction_file_column *column,
                        const hr_frame_cells *cells, size_t row) {
  switch (column->frame.kind) {
    case HR_FRAME_CELL_NUMBER:
      append_number(out, cells->numbers[row]);
      break;
    case HR_FRAME_CELL_INTEGER:
      if (column->may_be_null && cells->numbers && isnan(cells->numbers[row])) break;
      hr_text_append(out, "%" PRId64, cells->integers[row]);
      break;
    default:
      append_text(out, cells->texts[row]);
  }
}

/* Lines are made on all processors, a slice of the rows each, and written in order. */
enum { SLICE_ROWS = 64 };

typedef struct lines {
  const hr_prediction_file *file;
  const hr_frame_cells *cells;
  size_t rows;
  hr_text *text; /* one a slice */
} lines;

static void make_slice(void *context, size_t slice, size_t thread) {
  (void)thread;
  const lines *l = context;
  size_t end = (slice + 1) * SLICE_ROWS < l->rows ? (slice + 1) * SLICE_ROWS : l->rows;
  for (size_t i = slice * SLICE_ROWS; i < end; i++) {
    for (size_t c = 0; c < l->file->count; c++) {
      if (c > 0) hr_text_append(&l->text[slice], ",");
      append_cell(&l->text[slice], &l->file->columns[c], &l->cells[c], i);
    }
    hr_text_append(&l->text[slice], "\n");
  }
}

static hr_status put(const hr_prediction_file *file, const hr_text *text, hr_error *err) {
  hr_status status = hr_text_status(text, err);
  if (status != HR_OK) return status;
  if (fwrite(text->bytes, 1, text->length, file->csv) == text->length) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", file->part);
}

static hr_status append_csv(const hr_prediction_file *file, size_t rows,
                            const hr_frame_cells *cells, hr_error *err) {
  hr_status status = HR_OK;
  size_t slices = (rows + SLICE_ROWS - 1) / SLICE_ROWS;
  lines l = {.file = file, .cells = cells, .rows = rows};
  HR_TRY(hr_alloc(&l.text, slices, err));
  for (size_t s = 0; s < slices; s++) hr_text_init(&l.text[s]);
  hr_parallel_for(slices, make_slice, &l);
  for (size_t s = 0; s < slices; s++) HR_TRY(put(file, &l.text[s], err));
cleanup:
  for (size_t s = 0; l.text && s < slices; s++) hr_text_fini(&l.text[s]);
  hr_free(l.text);
  return status;
}

static hr_status begin_csv(hr_prediction_file *file, hr_error *err) {
  hr_status status = HR_OK;
  hr_text head;
  hr_text_init(&head);
  file->csv = fopen(file->part, "wbe");
  if (!file->csv) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot create %s", file->part);
  }
  for (size_t c = 0; c < file->count; c++) {
    if (c > 0) hr_text_append(&head, ",");
    append_text(&head, file->columns[c].frame.name);
  }
  hr_text_append(&head, "\n");
  HR_TRY(put(file, &head, err));
cleanup:
  hr_text_fini(&head);
  return status;
}

/* --- HDF5 --- */

static hr_status check_name(const char *name, hr_error *err) {
  for (const char *c = name; *c; c++) {
    if (*c > ' ' && *c < 0x7f && *c != '\\') continue;
    return hr_fail(err, HR_ERR_USAGE,
                   "a column of HDF5 cannot be called '%s' here; its name may have "
                   "ASCII letters, digits and signs; keep it with --format csv",
                   name);
  }
  return HR_OK;
}

/* Attributes of the frame, unit_<column>, which pandas leaves alone. */
static hr_status put_units(const hr_prediction_file *file, hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  hid_t group = H5Gopen2(file->hdf5, FRAME_GROUP, H5P_DEFAULT);
  if (group < 0) return hr_hdf5_fail(err, HR_ERR_IO, "cannot write %s", file->part);
  for (size_t c = 0; c < file->count; c++) {
    const hr_prediction_file_column *column = &file->columns[c];
    if (!column->unit || !column->unit[0]) continue;
    hr_text_fini(&name);
    hr_text_init(&name);
    hr_text_append(&name, "unit_%s", column->frame.name);
    HR_TRY(hr_text_status(&name, err));
    HR_TRY(hr_frame_writer_text(group, file->part, name.bytes, column->unit, true, err));
  }
cleanup:
  hr_hdf5_release(&group);
  hr_text_fini(&name);
  return status;
}

static hr_status begin_hdf5(hr_prediction_file *file, hr_error *err) {
  hr_status status = HR_OK;
  hr_frame_column *columns = NULL;
  HR_TRY(hr_alloc(&columns, file->count, err));
  for (size_t c = 0; c < file->count; c++) {
    columns[c] = file->columns[c].frame;
    HR_TRY(check_name(columns[c].name, err));
  }
  hr_hdf5_silence();
  HR_TRY(hr_sink_open(file->part, &file->sink, err));
  file->hdf5 = hr_sink_create_file(&file->sink, file->part);
  if (file->hdf5 < 0) {
    status = hr_hdf5_fail(err, HR_ERR_IO, "cannot create %s", file->part);
    goto cleanup;
  }
  const hr_frame_place place = {file->hdf5, file->part, FRAME_GROUP};
  HR_TRY(
      hr_frame_writer_create_table(&place, columns, file->count, 0, &file->frame, err));
  HR_TRY(put_units(file, err));
cleanup:
  hr_free(columns);
  return status;
}

/* HDF5 is not told of a write that failed (data/sink.h), so it is asked for here. */
static hr_status check_sink(const hr_prediction_file *file, hr_error *err) {
  if (!file->sink.error) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, file->sink.error, "cannot write %s", file->part);
}

static hr_status append_hdf5(hr_prediction_file *file, size_t rows,
                             const hr_frame_cells *cells, hr_error *err) {
  hr_status status = hr_frame_writer_append_cells(&file->frame, rows, cells, err);
  return status == HR_OK ? check_sink(file, err) : status;
}

/* --- FITS --- */

static hr_fits_column in_fits(const hr_prediction_file_column *column) {
  static const hr_fits_cell_kind kinds[] = {
      [HR_FRAME_CELL_NUMBER] = HR_FITS_CELL_NUMBER,
      [HR_FRAME_CELL_INTEGER] = HR_FITS_CELL_INTEGER,
      [HR_FRAME_CELL_TEXT] = HR_FITS_CELL_TEXT};
  return (hr_fits_column){
      .name = column->frame.name,
      .unit = column->unit,
      .kind = column->is_truth ? HR_FITS_CELL_TRUTH : kinds[column->frame.kind],
      .text_bytes = column->frame.text_bytes,
      .may_be_null = column->may_be_null};
}

static hr_status begin_fits(hr_prediction_file *file, hr_error *err) {
  hr_status status = HR_OK;
  bool is_star = file->format == HR_PREDICTION_PFSSTAR;
  hr_fits_column *columns = NULL;
  HR_TRY(hr_alloc(&columns, file->count, err));
  for (size_t c = 0; c < file->count; c++) columns[c] = in_fits(&file->columns[c]);
  HR_TRY(hr_fits_writer_create(file->part, is_star ? "STARCATALOG" : "PREDICTIONS",
                               columns, file->count, &file->fits, err));
cleanup:
  hr_free(columns);
  return status;
}

/* --- all --- */

static hr_status begin(hr_prediction_file *file, hr_error *err) {
  if (file->format == HR_PREDICTION_CSV) return begin_csv(file, err);
  return file->format == HR_PREDICTION_HDF5 ? begin_hdf5(file, err)
                                            : begin_fits(file, err);
}

hr_status hr_prediction_file_create(hr_prediction_file_format format, const char *path,
                                    const hr_prediction_file_column *columns,
                                    size_t count, hr_prediction_file **out,
                                    hr_error *err) {
  hr_status status = HR_OK;
  hr_prediction_file *file = NULL;
  HR_TRY(hr_alloc(&file, 1, err));
  file->format = format;
  file->hdf5 = H5I_INVALID_HID;
  file->sink = (hr_sink)HR_SINK_CLOSED;
  file->frame = (hr_frame_writer)HR_FRAME_WRITER_CLOSED;
  HR_TRY(hr_copy_text(path, &file->path, err));
  HR_TRY(hr_file_part_name(path, &file->part, err));
  HR_TRY(hr_alloc(&file->columns, count, err));
  memcpy(file->columns, columns, count * sizeof *columns);
  file->count = count;
  HR_TRY(begin(file, err));
  *out = file;
  file = NULL;
cleanup:
  hr_prediction_file_discard(&file);
  return status;
}

hr_status hr_prediction_file_append(hr_prediction_file *file, size_t rows,
                                    const hr_frame_cells *cells, hr_error *err) {
  if (rows == 0) return HR_OK;
  if (file->format == HR_PREDICTION_CSV) return append_csv(file, rows, cells, err);
  if (file->format == HR_PREDICTION_HDF5) return append_hdf5(file, rows, cells, err);
  return hr_fits_writer_append(file->fits, rows, cells, err);
}

static hr_status close_csv(hr_prediction_file *file, hr_error *err) {
  FILE *csv = file->csv;
  file->csv = NULL;
  if (fclose(csv) == 0) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", file->part);
}

static hr_status close_hdf5(hr_prediction_file *file, hr_error *err) {
  hr_status status = hr_frame_writer_finish(&file->frame, err);
  hr_frame_writer_close(&file->frame);
  hid_t open = file->hdf5;
  file->hdf5 = H5I_INVALID_HID;
  if (H5Fclose(open) < 0 && status == HR_OK) {
    status = hr_hdf5_fail(err, HR_ERR_IO, "cannot write %s", file->part);
  }
  hr_sink_close(&file->sink);
  return status == HR_OK ? check_sink(file, err) : status;
}

static hr_status close_file(hr_prediction_file *file, hr_error *err) {
  if (file->format == HR_PREDICTION_CSV) return close_csv(file, err);
  return file->format == HR_PREDICTION_HDF5 ? close_hdf5(file, err)
                                            : hr_fits_writer_finish(&file->fits, err);
}

static void free_file(hr_prediction_file **file) {
  hr_free((*file)->columns);
  hr_free((*file)->part);
  hr_free((*file)->path);
  hr_free(*file);
  *file = NULL;
}

hr_status hr_prediction_file_finish(hr_prediction_file **file, hr_error *err) {
  hr_status status = HR_OK;
  hr_prediction_file *s = *file;
  HR_TRY(close_file(s, err));
  HR_TRY(hr_file_commit(s->part, s->path, err));
  free_file(file);
cleanup:
  hr_prediction_file_discard(file);
  return status;
}

void hr_prediction_file_discard(hr_prediction_file **file) {
  hr_prediction_file *s = *file;
  if (!s) return;
  if (s->csv) fclose(s->csv);
  hr_frame_writer_close(&s->frame);
  if (s->hdf5 >= 0) H5Fclose(s->hdf5);
  hr_sink_close(&s->sink);
  hr_fits_writer_close(&s->fits);
  if (s->part) unlink(s->part);
  free_file(file);
}
