/* A file of a model from elsewhere, read and joined: which row of the study each of its
 * lines is. */
#ifndef HR_STUDY_OUTSIDE_FILE_H
#define HR_STUDY_OUTSIDE_FILE_H

#include "data/number_table.h"
#include "study/plan.h"

#define HR_OUTSIDE_NO_ROW ((int64_t)-1)

typedef struct hr_outside_file {
  const hr_plan *plan; /* borrowed, as are the three below */
  const hr_outside_parameters *parameters;
  const char *name;  /* of the model */
  const char *path;  /* of the file */
  bool has_training; /* its lines are training rows, and not test rows */
  hr_number_table table;
  int64_t *row; /* [table.rows] of the split, or HR_OUTSIDE_NO_ROW */
} hr_outside_file;

/* The rows that its lines may be, and what sentences call them: "test". */
const hr_dataset *hr_outside_file_dataset(const hr_outside_file *file);
const char *hr_outside_file_split(const hr_outside_file *file);

/* Reads the file that the first members say, and joins its lines: to stars by the label
 * `id`, by the column row, or one to one. Refuses (HR_ERR_DATA) a star that the split has
 * twice, a row that two lines claim, a file of which no line is a row, or that has
 * another number of lines where lines are rows, and rows that are counted from 1;
 * HR_ERR_FORMAT a cell that names no row. *key is that of the configuration which the
 * sentence is about. To be followed by hr_outside_file_fini, on failure too. */
hr_status hr_outside_file_read(hr_outside_file *file, const hr_observer *observer,
                               const char **key, hr_error *err) HR_MUST_CHECK;
void hr_outside_file_fini(hr_outside_file *file);

#endif
