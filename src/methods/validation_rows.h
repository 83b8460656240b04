/* What validation predicted of training rows by models that have not seen them, kept of a
 * bin's model where a study trains something on it (the MLP gate, study/gate_experts.h).
 * In a task's folder: validation.npy, fp64 [count][2], row numbers and predictions. */
#ifndef HR_METHODS_VALIDATION_ROWS_H
#define HR_METHODS_VALIDATION_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define HR_VALIDATION_FILE "validation.npy"

/* Owned; all zero: none are kept. */
typedef struct hr_validation_rows {
  size_t count;
  size_t *row;       /* [count] numbers in the study, each once, in any order */
  float *prediction; /* [count] in the unit of the target; finite */
} hr_validation_rows;

/* Room for `most` rows, of which there are none yet. To be followed by
 * hr_validation_rows_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_validation_rows_init(hr_validation_rows *rows, size_t most,
                                  hr_error *err) HR_MUST_CHECK;
void hr_validation_rows_fini(hr_validation_rows *rows);

/* Adds a row, for which there is room; one whose prediction is not finite is not. */
void hr_validation_rows_add(hr_validation_rows *rows, size_t row, double prediction);

/* The same with arrays of its own; *out is not initialised before. HR_ERR_MEMORY. */
hr_status hr_validation_rows_copy(const hr_validation_rows *from, hr_validation_rows *out,
                                  hr_error *err) HR_MUST_CHECK;

/* Writes the file, whole or not at all; nothing where there are no rows. HR_ERR_IO,
 * HR_ERR_MEMORY. */
hr_status hr_validation_rows_write(const hr_validation_rows *rows, const char *folder,
                                   hr_error *err) HR_MUST_CHECK;

/* Reads it, of a study of so many training rows; *good is false, and *out empty, where it
 * is not what could have been written. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_validation_rows_read(const char *folder, size_t training_rows,
                                  hr_validation_rows *out, bool *good,
                                  hr_error *err) HR_MUST_CHECK;

#endif
