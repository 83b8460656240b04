/* predictions.csv, read back and held against results.json: a report is made only of
 * numbers that the rows themselves confirm. */
#ifndef HR_REPORT_ROWS_H
#define HR_REPORT_ROWS_H

#include <stdint.h>

#include "core/text.h"
#include "report/reader.h"
#include "score/prediction_columns.h"

/* A column behind those of the methods; texts are borrowed from the reader. */
typedef struct hr_row_column {
  const char *name;
  const char *kind;  /* "sigma" ..: hr_column_kind_name */
  const char *of;    /* the method or label; NULL: of none */
  double *values;    /* [count]; NaN: not known */
  int64_t *integers; /* [count] the same of an id that is whole numbers, which may lie
                        beyond 2^53; or NULL */
} hr_row_column;

/* As a bin: a row that is left out of every score, since some method has no prediction of
 * it. */
enum { HR_ROW_MISSING = -2 };

typedef struct hr_rows {
  size_t count, method_count;
  int32_t *bin;           /* [count]; -1: uncovered, HR_ROW_MISSING */
  double *snr;            /* [count]; NaN: not known */
  double *target;         /* [count] */
  hr_strings methods;     /* [method_count] names */
  double **prediction;    /* [method_count][count]; NaN: none */
  size_t column_count;    /* behind the methods; 0 in runs of earlier versions */
  hr_row_column *columns; /* [column_count] */
} hr_rows;

/* Reads `path`. HR_ERR_MISSING, HR_ERR_FORMAT with the line, or HR_ERR_LEDGER where the
 * bytes are not those that results.json was written with. Borrows the texts of `reader`.
 */
hr_status hr_rows_init(hr_rows *rows, const char *path, hr_reader *reader,
                       hr_error *err) HR_MUST_CHECK;
void hr_rows_fini(hr_rows *rows);

/* The predictions of a method, or NULL. */
const double *hr_rows_find(const hr_rows *rows, const char *method);

/* The column of that name that names the stars, or NULL. */
const hr_row_column *hr_rows_id(const hr_rows *rows, const char *name);

/* The column of a kind, of the method or label `of` (NULL: whichever), or NULL. */
const double *hr_rows_column(const hr_rows *rows, hr_column_kind kind, const char *of);

/* Computes anew, from the rows, counts and scores of every method, overall, in every bin
 * and octile. HR_ERR_LEDGER, naming the number, where results.json says otherwise, and
 * where its seal is broken. */
hr_status hr_rows_audit(const hr_rows *rows, hr_reader *reader,
                        hr_error *err) HR_MUST_CHECK;

/* HR_ERR_LEDGER where results.json was changed after the study wrote it; hr_rows_audit
 * asks this too. */
hr_status hr_rows_check_seal(hr_reader *reader, hr_error *err) HR_MUST_CHECK;

#endif
