/* Tables of cells, as CSV, Markdown and text. */
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

hr_status hr_table_init(hr_table *table, const char *name, const char *title,
                        hr_error *err) {
  hr_status status = HR_OK;
  *table = (hr_table){.key_columns = 1};
  HR_TRY(hr_copy_text(name, &table->name, err));
  HR_TRY(hr_copy_text(title, &table->title, err));
cleanup:
  return status;
}

void hr_table_fini(hr_table *table) {
  for (size_t c = 0; c < table->column_count; c++) {
    hr_free(table->columns[c].header);
    hr_free(table->columns[c].key);
    hr_free(table->columns[c].setting_key);
  }
  for (size_t i = 0; i < table->row_count * table->column_count; i++) {
    hr_free(table->cells[i].text);
    hr_free(table->cells[i].code);
  }
  hr_free(table->columns);
  hr_free(table->cells);
  hr_free(table->name);
  hr_free(table->title);
  hr_strings_fini(&table->notes);
  *table = (hr_table){0};
}

hr_status hr_table_add_column(hr_table *table, hr_cell_kind kind, const char *key,
                              const char *header, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = table->column_count;
  HR_TRY(hr_realloc(&table->columns, count, count + 1, err));
  table->column_count++;
  hr_column *column = &table->columns[count];
  column->kind = kind;
  HR_TRY(hr_copy_text(key, &column->key, err));
  HR_TRY(hr_copy_text(header, &column->header, err));
cleanup:
  return status;
}

hr_status hr_table_add_row(hr_table *table, hr_cell **cells, hr_error *err) {
  size_t old = table->row_count * table->column_count;
  hr_status status = hr_realloc(&table->cells, old, old + table->column_count, err);
  if (status != HR_OK) return status;
  table->row_count++;
  *cells = table->cells + old;
  for (size_t c = 0; c < table->column_count; c++) {
    double none = (double)NAN;
    (*cells)[c] = (hr_cell){NULL, NULL, none, none, none, none};
  }
  return HR_OK;
}

/* Four decimals; what rounds to zero has no minus sign. */
static void format_fixed(double value, bool with_sign, char out[32]) {
  if (isnan(value)) {
    snprintf(out, 32, "-");
    return;
  }
  if (fabs(value) < 0.00005) value = 0.0;
  /* Beyond this a score has gone wrong and all its digits would only widen the table. */
  const char *wide = with_sign ? "%+.3e" : "%.3e";
  const char *usual = with_sign ? "%+.4f" : "%.4f";
  snprintf(out, 32, fabs(value) < 1e4 ? usual : wide, value);
}

/* One decimal; what rounds to zero has no minus sign. */
static void format_tenth(double value, bool with_sign, char out[32]) {
  if (fabs(value) < 0.05) value = 0.0;
  const char *plus = with_sign && !(value < 0) ? "+" : "";
  snprintf(out, 32, "%s%s", isnan(value) ? "-" : plus,
           isnan(value) ? "" : HR_DECIMALS(value, 1));
}

/* Six digits at most, and 1e4 for 10000: settings are mostly powers of ten. */
static void format_plain(double value, char out[32]) {
  double power = value > 0 ? round(log10(value)) : 0.0;
  if (isnan(value)) {
    snprintf(out, 32, "-");
  } else if (fabs(power) >= 4 && fabs(value / pow(10.0, power) - 1.0) < 1e-12) {
    snprintf(out, 32, "1e%.0f", power);
  } else {
    snprintf(out, 32, "%.6g", value);
  }
}

static void format_range(const hr_cell *cell, bool with_sign, bool with_setting,
                         char out[HR_CELL_BYTES]) {
  char value[32], low[32], high[32], setting[32];
  format_fixed(cell->value, with_sign, value);
  format_fixed(cell->low, with_sign, low);
  format_fixed(cell->high, with_sign, high);
  format_plain(cell->setting, setting);
  int length = snprintf(out, HR_CELL_BYTES, "%s", value);
  if (with_setting && !isnan(cell->value)) {
    length += snprintf(out + length, HR_CELL_BYTES - (size_t)length, " (%s)", setting);
  }
  if (!isnan(cell->low)) {
    snprintf(out + length, HR_CELL_BYTES - (size_t)length, " [%s, %s]", low, high);
  }
}

const char *hr_format_cell(hr_cell_kind kind, const hr_cell *cell,
                           char buffer[HR_CELL_BYTES]) {
  char number[32] = "";
  switch (kind) {
    case HR_CELL_TEXT:
      return cell->text ? cell->text : "-";
    case HR_CELL_MARK:
      return !(cell->value > 0) ? "" : cell->text ? cell->text : "yes";
    case HR_CELL_COUNT:
      if (isnan(cell->value)) return "";
      snprintf(number, sizeof number, "%.0f", cell->value);
      break;
    case HR_CELL_SCORE:
    case HR_CELL_DIFFERENCE:
      format_fixed(cell->value, kind == HR_CELL_DIFFERENCE, number);
      break;
    case HR_CELL_RATIO:
      snprintf(number, sizeof number, "%s",
               isnan(cell->value) ? "-" : HR_DECIMALS(cell->value, 2));
      break;
    case HR_CELL_TENTH:
    case HR_CELL_TENTH_DIFFERENCE:
      format_tenth(cell->value, kind == HR_CELL_TENTH_DIFFERENCE, number);
      break;
    case HR_CELL_PLAIN:
      format_plain(cell->value, number);
      break;
    default:
      format_range(cell, kind == HR_CELL_DIFFERENCE_RANGE, kind == HR_CELL_TUNED_RANGE,
                   buffer);
      return buffer;
  }
  snprintf(buffer, HR_CELL_BYTES, "%s", number);
  return buffer;
}

bool hr_cell_is_left(hr_cell_kind kind) {
  return kind == HR_CELL_TEXT || kind == HR_CELL_MARK;
}

static bool is_range(hr_cell_kind kind) {
  return kind == HR_CELL_SCORE_RANGE || kind == HR_CELL_DIFFERENCE_RANGE ||
         kind == HR_CELL_TUNED_RANGE;
}

static void write_csv_text(const char *text, hr_text *out) {
  if (!strpbrk(text, ",\"\r\n")) {
    hr_text_append(out, "%s", text);
    return;
  }
  hr_text_append(out, "\"");
  for (const char *c = text; *c; c++) hr_text_append(out, *c == '"' ? "\"\"" : "%c", *c);
  hr_text_append(out, "\"");
}

static void write_csv_number(double value, hr_text *out) {
  if (!isnan(value)) hr_text_append(out, "%.17g", value);
}

static void write_csv_header(const hr_table *table, hr_text *out) {
  for (size_t c = 0; c < table->column_count; c++) {
    const hr_column *column = &table->columns[c];
    if (c > 0) hr_text_append(out, ",");
    write_csv_text(column->key, out);
    if (is_range(column->kind)) {
      hr_text_append(out, ",%s_low,%s_high", column->key, column->key);
    }
    if (column->setting_key) hr_text_append(out, ",%s", column->setting_key);
  }
  hr_text_append(out, "\n");
}

static void write_csv_cell(const hr_column *column, const hr_cell *cell, hr_text *out) {
  if (column->kind == HR_CELL_TEXT) {
    const char *text = cell->code ? cell->code : cell->text;
    if (text) write_csv_text(text, out);
  } else if (column->kind == HR_CELL_MARK) {
    if (!isnan(cell->value)) hr_text_append(out, cell->value > 0 ? "True" : "False");
  } else {
    write_csv_number(cell->value, out);
  }
  if (is_range(column->kind)) {
    hr_text_append(out, ",");
    write_csv_number(cell->low, out);
    hr_text_append(out, ",");
    write_csv_number(cell->high, out);
  }
  if (column->setting_key) {
    hr_text_append(out, ",");
    write_csv_number(cell->setting, out);
  }
}

void hr_table_write_csv(const hr_table *table, hr_text *out) {
  write_csv_header(table, out);
  for (size_t r = 0; r < table->row_count; r++) {
    for (size_t c = 0; c < table->column_count; c++) {
      if (c > 0) hr_text_append(out, ",");
      write_csv_cell(&table->columns[c], &table->cells[r * table->column_count + c], out);
    }
    hr_text_append(out, "\n");
  }
}

bool hr_is_markdown(char c) {
  return c != '\0' && strchr("\\`*<&|", c) != NULL;
}

void hr_append_markdown(const char *text, hr_text *out) {
  for (const char *c = text; *c; c++) {
    if (hr_is_markdown(*c)) hr_text_append(out, "\\");
    hr_text_append(out, "%c", *c == '\n' || *c == '\r' ? ' ' : *c);
  }
}

void hr_table_write_markdown(const hr_table *table, hr_text *out) {
  char buffer[HR_CELL_BYTES];
  hr_text_append(out, "**");
  hr_append_markdown(table->title, out);
  hr_text_append(out, "**\n\n|");
  for (size_t c = 0; c < table->column_count; c++) {
    hr_text_append(out, " ");
    hr_append_markdown(table->columns[c].header, out);
    hr_text_append(out, " |");
  }
  hr_text_append(out, "\n|");
  for (size_t c = 0; c < table->column_count; c++) {
    hr_text_append(out, hr_cell_is_left(table->columns[c].kind) ? "---|" : "---:|");
  }
  for (size_t r = 0; r < table->row_count; r++) {
    hr_text_append(out, "\n|");
    for (size_t c = 0; c < table->column_count; c++) {
      const hr_cell *cell = &table->cells[r * table->column_count + c];
      hr_text_append(out, " ");
      hr_append_markdown(hr_format_cell(table->columns[c].kind, cell, buffer), out);
      hr_text_append(out, " |");
    }
  }
  hr_text_append(out, "\n\n");
  for (size_t n = 0; n < table->notes.count; n++) {
    hr_text_append(out, "- %s\n", table->notes.items[n]);
  }
  if (table->notes.count > 0) hr_text_append(out, "\n");
}
