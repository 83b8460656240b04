/* The run directory: what a study leaves behind (docs/formats.md). */
#ifndef HR_RUN_RUNDIR_H
#define HR_RUN_RUNDIR_H

#include "run/plan.h"

/* Makes `out_dir` ready for this study and locks it; *lock, -1 before, is given back with
 * hr_rundir_close. HR_ERR_USAGE, and nothing touched, where it is no folder, holds files
 * that are not a run's, holds the results of a study with another fingerprint or on data
 * that have been modified since, or where another run is at work in it. */
hr_status hr_rundir_open(const char *out_dir, const hr_plan *plan, int *lock,
                         hr_error *err) HR_MUST_CHECK;
void hr_rundir_close(const char *out_dir, int *lock);

/* Writes config.yaml (resolved) and manifest.json (versions, machine, seeds,
 * fingerprints). */
hr_status hr_rundir_write_origin(const char *out_dir, const hr_plan *plan,
                                 hr_error *err) HR_MUST_CHECK;

/* Writes tasks/<bin>-<expert>/ of one task: card.json, and where it is HR_TASK_OK also
 * its model and predictions.f32 [variants][test rows]. */
hr_status hr_rundir_write_task(const char *out_dir, const hr_expert_type *type,
                               const hr_expert *expert, const hr_task *task,
                               hr_error *err) HR_MUST_CHECK;

#endif
