/* A CSV file is read whole and cut up where it lies: every field becomes a text that ends
 * where its comma was. */
#include "data/csv_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "data/table_column.h"
#include "data/text_file.h"

/* What is left to be read of a file. */
typedef struct cursor {
  const char *path;
  char *at, *end;
  size_t line; /* from 1 */
  bool is_ecsv;
  char separator; /* between fields: ',', ';', a tab, or of ECSV blanks, ' ' */
} cursor;

/* Where a field ended. */
typedef enum field_end { FIELD_COMMA, FIELD_LINE, FIELD_FILE } field_end;

/* What stands around fields; of blanks between them any number. */
static bool is_space(const cursor *c, char letter) {
  return letter == ' ' || letter == '\r' || (letter == '\t' && c->separator != '\t');
}

static bool has_blanks(const cursor *c) {
  return c->separator == ' ';
}

/* Takes the spaces off both ends of a field from `first` to `last`. */
static char *trimmed(const cursor *c, char *first, char *last) {
  while (first < last && is_space(c, *first)) first++;
  while (last > first && is_space(c, last[-1])) last--;
  *last = '\0';
  return first;
}

/* A field in quotes, from behind the first one on: *text. */
static hr_status read_quoted(cursor *c, char **text, hr_error *err) {
  char *out = c->at;
  size_t first_line = c->line;
  *text = out;
  for (; c->at < c->end; c->at++) {
    if (*c->at == '\n') c->line++;
    if (*c->at == '"') {
      if (c->at + 1 == c->end || c->at[1] != '"') break;
      c->at++;
    }
    *out++ = *c->at;
  }
  if (c->at == c->end) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: the quote that opens in line %zu is not closed", c->path,
                   first_line);
  }
  c->at++;
  *out = '\0';
  return HR_OK;
}

static void skip_blanks(cursor *c) {
  while (c->at < c->end && is_space(c, *c->at)) c->at++;
}

static bool is_end_of_field(const cursor *c) {
  if (*c->at == '\n') return true;
  return has_blanks(c) ? is_space(c, *c->at) : *c->at == c->separator;
}

static hr_status read_field(cursor *c, char **text, field_end *end, hr_error *err) {
  skip_blanks(c);
  bool is_quoted = c->at < c->end && *c->at == '"';
  if (is_quoted) {
    c->at++;
    hr_status status = read_quoted(c, text, err);
    if (status != HR_OK) return status;
  }
  char *first = c->at;
  size_t line = c->line;
  while (c->at < c->end && !is_end_of_field(c)) c->at++;
  char *last = c->at;
  if (has_blanks(c)) skip_blanks(c); /* what parts fields, and what ends the line */
  *end = c->at == c->end ? FIELD_FILE : *c->at == '\n' ? FIELD_LINE : FIELD_COMMA;
  if (*end == FIELD_LINE) c->line++;
  if (*end == FIELD_LINE || (*end == FIELD_COMMA && !has_blanks(c))) c->at++;
  char *rest = trimmed(c, first, last);
  if (is_quoted && rest[0] != '\0') {
    return hr_fail(err, HR_ERR_FORMAT, "%s: line %zu has text behind a closed quote",
                   c->path, line);
  }
  if (!is_quoted) *text = rest;
  return HR_OK;
}

/* Skips lines without anything; whether there is another. */
static bool find_text(cursor *c) {
  for (char *at = c->at; at < c->end && (is_space(c, *at) || *at == '\n'); at++) {
    if (*at != '\n') continue;
    c->at = at + 1;
    c->line++;
  }
  char *at = c->at;
  while (at < c->end && is_space(c, *at)) at++;
  return at < c->end;
}

static void skip_line(cursor *c) {
  while (c->at < c->end && *c->at != '\n') c->at++;
  if (c->at == c->end) return;
  c->at++;
  c->line++;
}

/* Skips lines without anything, and in ECSV those with #; whether there is another. */
static bool find_line(cursor *c) {
  while (find_text(c) && c->is_ecsv && *c->at == '#') skip_line(c);
  return c->at < c->end && find_text(c);
}

/* The fields of a line, appended to list [*count]. */
static hr_status read_line(cursor *c, char ***list, size_t *count, size_t *room,
                           hr_error *err) {
  hr_status status = HR_OK;
  field_end end = FIELD_COMMA;
  while (end == FIELD_COMMA) {
    if (*count == *room) {
      HR_TRY(hr_realloc(list, *room, 2 * *room + 64, err));
      *room = 2 * *room + 64;
    }
    HR_TRY(read_field(c, &(*list)[(*count)++], &end, err));
  }
cleanup:
  return status;
}

static hr_status read_names(cursor *c, hr_csv_table *csv, hr_error *err) {
  hr_status status = HR_OK;
  size_t room = 0;
  if (!find_line(c)) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s is empty; a table begins with a line of column names", c->path);
  }
  HR_TRY(read_line(c, &csv->names, &csv->columns, &room, err));
  for (size_t i = 0; i < csv->columns; i++) {
    if (hr_csv_table_find(csv, csv->names[i]) == (int)i) continue;
    status = csv->names[i][0]
                 ? hr_fail(err, HR_ERR_FORMAT, "%s has two columns called '%.60s'",
                           c->path, csv->names[i])
                 : hr_fail(err, HR_ERR_FORMAT,
                           "%s has several columns without a name; name them in the "
                           "first line",
                           c->path);
    goto cleanup;
  }
cleanup:
  return status;
}

static hr_status read_rows(cursor *c, hr_csv_table *csv, hr_error *err) {
  hr_status status = HR_OK;
  size_t cells = 0, cell_room = 0, line_room = 0;
  while (find_line(c)) {
    size_t line = c->line, before = cells;
    HR_TRY(read_line(c, &csv->cells, &cells, &cell_room, err));
    if (cells - before != csv->columns) {
      status = hr_fail(
          err, HR_ERR_FORMAT, "%s: line %zu has %zu field%s, the line of names has %zu",
          c->path, line, cells - before, cells - before == 1 ? "" : "s", csv->columns);
      goto cleanup;
    }
    if (csv->rows == line_room) {
      HR_TRY(hr_realloc(&csv->line, line_room, 2 * line_room + 64, err));
      line_room = 2 * line_room + 64;
    }
    csv->line[csv->rows++] = line;
  }
cleanup:
  return status;
}

bool hr_csv_is_ecsv(const char *bytes) {
  static const char mark[] = "# %ECSV";
  return strncmp(bytes, mark, sizeof mark - 1) == 0;
}

/* What the head of an ECSV file says of the delimiter; the lines themselves are skipped
 * where rows are looked for. */
static hr_status read_head(cursor *c, hr_error *err) {
  static const char key[] = "# delimiter:";
  c->is_ecsv = true;
  c->separator = ' ';
  for (cursor head = *c; head.at < head.end && *head.at == '#'; skip_line(&head)) {
    if (strncmp(head.at, key, sizeof key - 1) != 0) continue;
    const char *value = head.at + sizeof key - 1;
    while (*value == ' ') value++;
    if (*value == '\'' || *value == '"') value++;
    c->separator = *value;
    if (*value == ' ' || *value == ',') continue;
    return hr_fail(
        err, HR_ERR_FORMAT,
        "%s: line %zu names a delimiter that ECSV does not have; write it with "
        "a comma or a blank",
        c->path, head.line);
  }
  return HR_OK;
}

/* What parts the names in their line most often, outside of quotes; a comma where that is
 * nothing. */
static char find_separator(const cursor *c) {
  static const char separators[] = {',', ';', '\t'};
  size_t counts[sizeof separators] = {0}, most = 0;
  bool is_quoted = false;
  const char *at = c->at;
  while (at < c->end && strchr(" \r\n", *at)) at++;
  for (; at < c->end && (is_quoted || *at != '\n'); at++) {
    if (*at == '"') is_quoted = !is_quoted;
    for (size_t i = 0; i < sizeof separators && !is_quoted; i++) {
      counts[i] += *at == separators[i];
    }
  }
  for (size_t i = 1; i < sizeof separators; i++) {
    if (counts[i] > counts[most]) most = i;
  }
  return separators[most];
}

hr_status hr_csv_table_read(const char *path, size_t most_bytes, hr_csv_table *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t size = 0;
  *out = (hr_csv_table){0};
  HR_TRY(hr_text_file_read(path, most_bytes, &out->bytes, &size, err));
  cursor c = {.path = path, .at = out->bytes, .end = out->bytes + size, .line = 1};
  c.separator = find_separator(&c);
  out->is_ecsv = hr_csv_is_ecsv(c.at);
  if (out->is_ecsv) HR_TRY(read_head(&c, err));
  HR_TRY(read_names(&c, out, err));
  HR_TRY(read_rows(&c, out, err));
cleanup:
  return status;
}

void hr_csv_table_fini(hr_csv_table *csv) {
  hr_free(csv->bytes);
  hr_free(csv->names);
  hr_free(csv->cells);
  hr_free(csv->line);
  *csv = (hr_csv_table){0};
}

int hr_csv_table_find(const hr_csv_table *csv, const char *name) {
  for (size_t i = 0; i < csv->columns; i++) {
    if (strcmp(csv->names[i], name) == 0) return (int)i;
  }
  return HR_CSV_NO_COLUMN;
}

static const char *cell_of(const hr_csv_table *csv, size_t row, int column) {
  return csv->cells[row * csv->columns + (size_t)column];
}

bool hr_csv_table_number(const hr_csv_table *csv, size_t row, int column, double *out) {
  static const char *const none[] = {"", "nan", "NaN", "null", "None", "NA"};
  const char *text = cell_of(csv, row, column);
  *out = (double)NAN;
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    if (strcmp(text, none[i]) == 0) return true;
  }
  bool is_true = csv->is_ecsv && strcmp(text, "True") == 0;
  if (is_true || (csv->is_ecsv && strcmp(text, "False") == 0)) {
    *out = is_true;
    return true;
  }
  return hr_parse_number(text, out);
}

bool hr_csv_table_integer(const hr_csv_table *csv, size_t row, int column, int64_t *out) {
  const char *text = cell_of(csv, row, column);
  double value = 0;
  if (hr_parse_integer(text, out)) return true;
  /* pandas makes floats of a column that lacks a value somewhere: 1234.0 */
  if (!text[strspn(text, "+-0123456789")] || !hr_parse_number(text, &value)) return false;
  return hr_whole_number(value, HR_PRECISION_DOUBLE, out);
}
