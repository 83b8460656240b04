/* The configuration that belongs to simulated data: the users' study, in small. */
#ifndef HR_SIMULATE_STUDY_FILE_H
#define HR_SIMULATE_STUDY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/* Writes `path`, a study of the shards train_0 .. train_{shards-1} beside it. */
hr_status hr_study_file_write(const char *path, uint64_t shards,
                              hr_error *err) HR_MUST_CHECK;

/* Whether hr_study_file_write made the file at `path`, by its first line. */
bool hr_study_file_wrote(const char *path);

#endif
