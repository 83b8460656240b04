/* Where a sweep goes. */
#ifndef HR_SWEEP_FOLDER_H
#define HR_SWEEP_FOLDER_H

#include "core/text.h"
#include "headroom/sweep.h"

/* The folder of the sweep, and the run directories of its points [value_count]. The
 * folder is refused where it holds something else, or a sweep over another key that is
 * not to be thrown away. *dir is freed with hr_free, *run_dirs with hr_strings_fini, also
 * after a failure. Fails as hr_sweep_run. */
hr_status hr_sweep_find_folders(const hr_sweep_options *options, char **dir,
                                hr_strings *run_dirs, hr_error *err) HR_MUST_CHECK;

#endif
