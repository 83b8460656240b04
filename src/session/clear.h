/* Emptying a run directory: of what an earlier run computed everything goes, and of what
 * somebody else put there nothing. */
#ifndef HR_SESSION_CLEAR_H
#define HR_SESSION_CLEAR_H

#include "core/error.h"

/* Removes results, tasks, targets, the model, tables, figures and the report of the run
 * in `out_dir`, by the names that runs give their files; folders that are empty then go
 * too. results.json goes first, so that none outlives its tasks. Manifest, configuration
 * and log stay until they are written over. Links are removed, not followed. HR_ERR_IO,
 * HR_ERR_MEMORY. */
hr_status hr_run_clear(const char *out_dir, hr_error *err) HR_MUST_CHECK;

#endif
