/* A table of numbers and texts, and how one looks in CSV, Markdown and text. Every number
 * goes through hr_format_cell, so that it reads the same wherever it stands. */
#ifndef HR_REPORT_TABLE_H
#define HR_REPORT_TABLE_H

#include "core/text.h"
#include "report/reader.h"

typedef enum hr_cell_kind {
  HR_CELL_TEXT,
  HR_CELL_COUNT,            /* 3340 */
  HR_CELL_SCORE,            /* 0.6165 */
  HR_CELL_DIFFERENCE,       /* +0.0123 */
  HR_CELL_PLAIN,            /* 1e4, 0.05: at most six digits */
  HR_CELL_RATIO,            /* 12.53 */
  HR_CELL_TENTH,            /* 104.2 */
  HR_CELL_TENTH_DIFFERENCE, /* -12.5 */
  HR_CELL_SCORE_RANGE,      /* 0.6165 [0.6011, 0.6310] */
  HR_CELL_DIFFERENCE_RANGE, /* +0.0123 [-0.0011, +0.0250] */
  HR_CELL_TUNED_RANGE,      /* 0.6165 (1e4) [0.6011, 0.6310] */
  HR_CELL_MARK,             /* yes, or nothing */
} hr_cell_kind;

typedef struct hr_column {
  char *header;      /* shown; owned */
  char *key;         /* of the CSV column; ranges add key_low and key_high; owned */
  char *setting_key; /* of a tuned range's setting in CSV, or NULL; owned */
  hr_cell_kind kind;
} hr_column;

typedef struct hr_cell {
  char *text; /* owned; shown, and written to CSV unless there is a code */
  char *code; /* owned; what CSV holds instead of the text, or NULL */
  double value, low, high, setting; /* NaN: undefined */
} hr_cell;

typedef struct hr_table {
  char *name;         /* of the CSV file, without its suffix */
  char *title;        /* shown above */
  hr_column *columns; /* [column_count] */
  size_t column_count;
  hr_cell *cells; /* [row_count][column_count] */
  size_t row_count;
  size_t key_columns; /* that are repeated where a table is shown in pieces */
  hr_strings notes;   /* shown below */
} hr_table;

hr_status hr_table_init(hr_table *table, const char *name, const char *title,
                        hr_error *err) HR_MUST_CHECK;
void hr_table_fini(hr_table *table);

/* Appends a column; only before the first row. */
hr_status hr_table_add_column(hr_table *table, hr_cell_kind kind, const char *key,
                              const char *header, hr_error *err) HR_MUST_CHECK;

/* Appends a row of undefined cells, borrowed until the next call. */
hr_status hr_table_add_row(hr_table *table, hr_cell **cells, hr_error *err) HR_MUST_CHECK;

/* A cell as it is shown: scores and differences with four decimals, undefined as "-". */
enum { HR_CELL_BYTES = 128 };
const char *hr_format_cell(hr_cell_kind kind, const hr_cell *cell,
                           char buffer[HR_CELL_BYTES]);

/* Whether cells of a kind stand at the left of their column. */
bool hr_cell_is_left(hr_cell_kind kind);

/* RFC 4180 with a header line; numbers in full, undefined ones empty, marks as True and
 * False: pandas.read_csv finds the types. */
void hr_table_write_csv(const hr_table *table, hr_text *out);

/* A GitHub table and its notes. */
void hr_table_write_markdown(const hr_table *table, hr_text *out);

/* Whether a character means something in Markdown or HTML, and stands behind a backslash
 * where it is to be read as it is. */
bool hr_is_markdown(char c);

/* A text that is to be read as it is, not as Markdown or HTML, in one line. */
void hr_append_markdown(const char *text, hr_text *out);

#endif
