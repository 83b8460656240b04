/* What the parts of the audit share; for rows_audit*.c alone. */
#ifndef HR_REPORT_ROWS_AUDIT_PARTS_H
#define HR_REPORT_ROWS_AUDIT_PARTS_H

#include "report/rows.h"

/* The rows that one number is about, and the first number that is not confirmed. */
typedef struct hr_row_audit {
  const hr_rows *rows;
  hr_reader *reader;
  size_t *list; /* [rows->count] */
  size_t count;
  char place[256];
  double said, found;
  bool failed;
} hr_row_audit;

/* Keeps the first pair that differs: of a number at `place`.`key`, or of the key `key` of
 * a node. */
void hr_audit_compare(hr_row_audit *audit, const char *place, const char *key,
                      double said, double found);
void hr_audit_key(hr_row_audit *audit, const hr_node *node, const char *place,
                  const char *key, double found);

/* What the next numbers are about: covered rows, those of a bin, of an octile of SNR as
 * `snr_octiles` has them. */
void hr_audit_list_covered(hr_row_audit *audit);
void hr_audit_list_all(hr_row_audit *audit);
void hr_audit_list_bin(hr_row_audit *audit, size_t bin);
void hr_audit_list_octile(hr_row_audit *audit, const hr_node *root, size_t octile);
size_t hr_audit_octile_count(hr_row_audit *audit, const hr_node *root);

/* rows_audit_ladder.c; absent in results of earlier versions. */
void hr_audit_ladder(hr_row_audit *audit, const hr_node *root);

/* rows_audit_gates.c; absent in results of earlier versions. HR_ERR_MEMORY. */
hr_status hr_audit_gates(hr_row_audit *audit, const hr_node *root,
                         hr_error *err) HR_MUST_CHECK;

/* rows_audit_calibration.c; absent in results of earlier versions. */
void hr_audit_calibration(hr_row_audit *audit, const hr_node *root);

#endif
