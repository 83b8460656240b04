/* Whether LightGBM can grow trees on a device, asked before a study reads anything. */
#ifndef HR_METHODS_LIGHTGBM_PROBE_H
#define HR_METHODS_LIGHTGBM_PROBE_H

#include "methods/lightgbm/api.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/method.h"

/* Makes a booster of a few made-up rows on the device, "gpu" or "cuda". HR_ERR_NUMERIC
 * with LightGBM's reason where it cannot, HR_ERR_MEMORY. LightGBM then writes the reason
 * to the standard error stream, too. */
hr_status hr_lightgbm_probe(const hr_lightgbm_api *api, const char *device,
                            hr_error *err) HR_MUST_CHECK;

/* The method's check: HR_ERR_CONFIG where experts.lightgbm.device names a device that
 * cannot be used. Where there is no LightGBM, the study goes on without it. */
hr_status hr_lightgbm_check(const hr_study_view *study, const void *parameters,
                            hr_error *err) HR_MUST_CHECK;

#endif
