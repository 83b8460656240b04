/* Reading predictions.csv. */
#include "report/rows.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/seal.h"

static const size_t largest_file = (size_t)1 << 32;
enum { KEYS = 4 }; /* row, bin, snr, target: the columns before the methods */

/* Cuts the next part, up to `mark`, off *rest; NULL at the end. */
static char *cut(char **rest, char mark) {
  char *part = *rest;
  if (!part) return NULL;
  char *end = strchr(part, mark);
  if (end) *end = '\0';
  *rest = end ? end + 1 : NULL;
  return part;
}

static hr_status refuse_line(const char *path, size_t line, hr_error *err) {
  return hr_fail(err, HR_ERR_FORMAT, "%s:%zu is not a row of predictions", path, line);
}

/* Cuts the columns that results.json lists off the end of the header. */
static bool cut_columns(const hr_rows *rows, char *line) {
  size_t length = strlen(line);
  for (size_t c = rows->column_count; c-- > 0;) {
    size_t own = strlen(rows->columns[c].name);
    if (length < own + 1) return false;
    length -= own + 1;
    if (line[length] != ',' || strcmp(line + length + 1, rows->columns[c].name) != 0) {
      return false;
    }
    line[length] = '\0';
  }
  return true;
}

static hr_status read_header(hr_rows *rows, const char *path, char *line, hr_error *err) {
  static const char *const keys[KEYS] = {"row", "bin", "snr", "target"};
  hr_status status = HR_OK;
  size_t column = 0;
  if (!cut_columns(rows, line)) return refuse_line(path, 1, err);
  for (char *name; (name = cut(&line, ',')); column++) {
    if (column < KEYS) {
      if (strcmp(name, keys[column]) != 0) return refuse_line(path, 1, err);
    } else {
      HR_TRY(hr_strings_append(&rows->methods, name, err));
    }
  }
  if (column < KEYS) return refuse_line(path, 1, err);
  rows->method_count = rows->methods.count;
cleanup:
  return status;
}

static hr_status make_room(hr_rows *rows, size_t count, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&rows->bin, count, err));
  HR_TRY(hr_alloc(&rows->snr, count, err));
  HR_TRY(hr_alloc(&rows->target, count, err));
  HR_TRY(hr_alloc(&rows->prediction, rows->method_count, err));
  for (size_t m = 0; m < rows->method_count; m++) {
    HR_TRY(hr_alloc(&rows->prediction[m], count, err));
  }
  for (size_t c = 0; c < rows->column_count; c++) {
    hr_row_column *column = &rows->columns[c];
    HR_TRY(hr_alloc(&column->values, count, err));
    if (strcmp(column->kind, hr_column_kind_name(HR_COLUMN_ID)) == 0) {
      HR_TRY(hr_alloc(&column->integers, count, err));
    }
  }
  rows->count = count;
cleanup:
  return status;
}

/* Nothing is NaN; everything else must be a number. */
static bool read_number(char **line, double *out) {
  char *text = cut(line, ',');
  *out = (double)NAN;
  if (!text) return false;
  return text[0] == '\0' || hr_parse_number(text, out);
}

static bool read_cell(hr_row_column *column, size_t row, char **line) {
  const char *text = *line;
  if (!read_number(line, &column->values[row])) return false;
  if (column->integers && !hr_parse_integer(text, &column->integers[row])) {
    hr_free(column->integers);
    column->integers = NULL;
  }
  return true;
}

static bool read_row(hr_rows *rows, size_t row, char *line) {
  double number = 0, bin = 0;
  if (!read_number(&line, &number) || number != (double)row) return false;
  if (!read_number(&line, &bin) || bin < 0 || bin > INT32_MAX) return false;
  rows->bin[row] = isnan(bin) ? -1 : (int32_t)bin;
  if (!read_number(&line, &rows->snr[row])) return false;
  if (!read_number(&line, &rows->target[row]) || isnan(rows->target[row])) return false;
  for (size_t m = 0; m < rows->method_count; m++) {
    if (!read_number(&line, &rows->prediction[m][row])) return false;
  }
  for (size_t c = 0; c < rows->column_count; c++) {
    if (!read_cell(&rows->columns[c], row, &line)) return false;
  }
  return line == NULL;
}

static size_t count_lines(const char *text) {
  size_t count = 0;
  for (; (text = strchr(text, '\n')); text++) count++;
  return count;
}

/* Lines end with a newline, the last one as well. */
static hr_status read_lines(hr_rows *rows, const char *path, char *text, hr_error *err) {
  hr_status status = HR_OK;
  size_t lines = count_lines(text);
  char *rest = text;
  if (lines == 0) return refuse_line(path, 1, err);
  HR_TRY(read_header(rows, path, cut(&rest, '\n'), err));
  HR_TRY(make_room(rows, lines - 1, err));
  for (size_t i = 0; i < rows->count; i++) {
    if (!read_row(rows, i, cut(&rest, '\n'))) return refuse_line(path, i + 2, err);
  }
  if (rest && *rest) return refuse_line(path, lines + 1, err);
cleanup:
  return status;
}

static hr_status check_fingerprint(const char *path, const char *bytes, size_t size,
                                   hr_reader *reader, hr_error *err) {
  char print[HR_SEAL_SIZE];
  hr_node root = hr_reader_root(reader);
  hr_node object = hr_node_object(reader, &root, "predictions");
  const char *wanted = hr_node_text(reader, &object, "fingerprint");
  hr_status status = hr_reader_status(reader, err);
  if (status != HR_OK) return status;
  hr_seal_bytes(bytes, size, print);
  if (strcmp(print, wanted) == 0) return HR_OK;
  return hr_fail(err, HR_ERR_LEDGER,
                 "%s is not the file that %s was written with (fingerprint %s, not %s); "
                 "run the study again",
                 path, reader->path, print, wanted);
}

/* What results.json says of the columns behind the methods. */
static hr_status list_columns(hr_rows *rows, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node object = hr_node_object(reader, &root, "predictions");
  if (!hr_node_has(&object, "columns")) return HR_OK;
  hr_node list = hr_node_list(reader, &object, "columns");
  HR_TRY(hr_alloc(&rows->columns, hr_node_count(&list), err));
  rows->column_count = hr_node_count(&list);
  for (size_t c = 0; c < rows->column_count; c++) {
    hr_node entry = hr_node_item(reader, &list, c);
    rows->columns[c] = (hr_row_column){
        .name = hr_node_text(reader, &entry, "name"),
        .kind = hr_node_text(reader, &entry, "kind"),
        .of = hr_node_text_or_null(reader, &entry, "of"),
    };
  }
  HR_TRY(hr_reader_status(reader, err));
cleanup:
  return status;
}

/* Marks the rows that results.json says are missing. */
static hr_status mark_missing(hr_rows *rows, hr_reader *reader, hr_error *err) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "missing")) return HR_OK;
  hr_node missing = hr_node_object(reader, &root, "missing");
  hr_node list = hr_node_list(reader, &missing, "rows");
  for (size_t i = 0; i < json_array_size(list.json); i++) {
    json_int_t row = json_integer_value(json_array_get(list.json, i));
    if (row < 0 || (size_t)row >= rows->count) {
      return hr_fail(err, HR_ERR_LEDGER,
                     "%s says that row %lld is missing, but there are %zu rows",
                     reader->path, (long long)row, rows->count);
    }
    rows->bin[row] = HR_ROW_MISSING;
  }
  return hr_reader_status(reader, err);
}

hr_status hr_rows_init(hr_rows *rows, const char *path, hr_reader *reader,
                       hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  size_t size = 0;
  *rows = (hr_rows){0};
  HR_TRY(hr_file_read(path, largest_file, &bytes, &size, err));
  HR_TRY(check_fingerprint(path, bytes, size, reader, err));
  HR_TRY(list_columns(rows, reader, err));
  HR_TRY(read_lines(rows, path, bytes, err));
  HR_TRY(mark_missing(rows, reader, err));
cleanup:
  hr_free(bytes);
  if (status != HR_OK) hr_rows_fini(rows);
  return status;
}

void hr_rows_fini(hr_rows *rows) {
  for (size_t m = 0; rows->prediction && m < rows->method_count; m++) {
    hr_free(rows->prediction[m]);
  }
  hr_free(rows->prediction);
  for (size_t c = 0; c < rows->column_count; c++) {
    hr_free(rows->columns[c].values);
    hr_free(rows->columns[c].integers);
  }
  hr_free(rows->columns);
  hr_strings_fini(&rows->methods);
  hr_free(rows->bin);
  hr_free(rows->snr);
  hr_free(rows->target);
  *rows = (hr_rows){0};
}

const double *hr_rows_find(const hr_rows *rows, const char *method) {
  for (size_t m = 0; m < rows->method_count; m++) {
    if (strcmp(rows->methods.items[m], method) == 0) return rows->prediction[m];
  }
  return NULL;
}

const hr_row_column *hr_rows_id(const hr_rows *rows, const char *name) {
  for (size_t c = 0; c < rows->column_count; c++) {
    const hr_row_column *column = &rows->columns[c];
    bool is_id = strcmp(column->kind, hr_column_kind_name(HR_COLUMN_ID)) == 0;
    if (is_id && strcmp(column->name, name) == 0) return column;
  }
  return NULL;
}

const double *hr_rows_column(const hr_rows *rows, hr_column_kind kind, const char *of) {
  for (size_t c = 0; c < rows->column_count; c++) {
    const hr_row_column *column = &rows->columns[c];
    bool is_of = !of || (column->of && strcmp(column->of, of) == 0);
    if (is_of && strcmp(column->kind, hr_column_kind_name(kind)) == 0) {
      return column->values;
    }
  }
  return NULL;
}
