/* A fit as JSON: one table of its fields, from which it is written and read. The keys are
 * those of a task's card (docs/formats.md, "The run directory"). */
#ifndef HR_METHODS_FIT_JSON_H
#define HR_METHODS_FIT_JSON_H

#include "core/json.h"
#include "methods/fit.h"

/* "ok", "skipped", "failed" */
const char *hr_fit_status_name(hr_fit_status status);

/* Adds the fit's members to `object`. variant: what the hyperparameter is called
 * ("alpha"), or NULL. */
void hr_fit_write_json(const hr_fit *fit, const char *variant, hr_json_builder *builder,
                       json_t *object);

/* The fit of `slot` that is in `object`; *good is false, and *out empty, where there is
 * none that could have been written. HR_ERR_MEMORY. */
hr_status hr_fit_read_json(const json_t *object, int slot, const char *variant,
                           hr_fit *out, bool *good, hr_error *err) HR_MUST_CHECK;

#endif
