/* Whether the results in a run directory may stay as they are when its run is resumed. */
#ifndef HR_STUDY_RESULTS_CHECK_H
#define HR_STUDY_RESULTS_CHECK_H

#include <stddef.h>

#include "config/config.h"

/* HR_OK where results.json in `out_dir` is what the study of fingerprint `study` wrote,
 * predictions.csv is what it was written with, and fisher.npy, where results.json speaks
 * of that bound, holds `test_rows` rows. Otherwise HR_ERR_FORMAT with the file that is
 * damaged or gone; HR_ERR_MEMORY. */
hr_status hr_results_check(const char *out_dir, const char *study, size_t test_rows,
                           hr_error *err) HR_MUST_CHECK;

/* HR_OK where the results of a target have the units that the configuration gives, of the
 * target and of the axes of the bins: data.units changes no number, and is no reason for
 * refusing to go on. Otherwise HR_ERR_FORMAT; HR_ERR_MEMORY. */
hr_status hr_results_check_units(const char *out_dir, const hr_config *config,
                                 const char *target, hr_error *err) HR_MUST_CHECK;

#endif
