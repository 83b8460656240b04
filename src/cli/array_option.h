/* The option --array of those verbs that do a part of their work. */
#ifndef HR_CLI_ARRAY_OPTION_H
#define HR_CLI_ARRAY_OPTION_H

#include <stddef.h>

#include "core/error.h"

/* Reads "I/N", I from 0 to N-1, or "auto": what Slurm tells of the job array that this is
 * a job of, SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, where it is 0-(N-1). Any
 * other, as that of a job array of which some were submitted again, would divide the work
 * in another way than the first did. HR_ERR_USAGE. */
hr_status hr_array_option_read(const char *text, size_t *element, size_t *count,
                               hr_error *err) HR_MUST_CHECK;

#endif
