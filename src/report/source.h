/* What a report is made of: results.json and the rows behind it, read, and the tables. */
#ifndef HR_REPORT_SOURCE_H
#define HR_REPORT_SOURCE_H

#include "report/rows.h"
#include "report/tables.h"

typedef struct hr_source {
  char *path, *rows_path;
  hr_reader reader;
  hr_rows rows;
  hr_tables tables;
} hr_source;

/* HR_ERR_MISSING, and how to go on, where a run was begun in the directory that has no
 * results yet. */
hr_status hr_source_check_finished(const char *run_dir, hr_error *err) HR_MUST_CHECK;

/* Reads both files of a run directory. What is made of them may be shown only after
 * hr_rows_audit found that they confirm one another. */
hr_status hr_source_init(hr_source *source, const char *run_dir,
                         hr_error *err) HR_MUST_CHECK;
void hr_source_fini(hr_source *source);

#endif
