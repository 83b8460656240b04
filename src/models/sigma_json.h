/* A sigma as JSON, in cards of tasks and in bundles (docs/formats.md, "The run
 * directory"). */
#ifndef HR_MODELS_SIGMA_JSON_H
#define HR_MODELS_SIGMA_JSON_H

#include "core/json.h"
#include "models/sigma.h"

/* {"rows", "scales_own", "all": {"sigma", "half68", "half95"}, "classes": [{"snr", ..}]}.
 * NULL where memory runs out, and the builder has failed. */
json_t *hr_sigma_to_json(const hr_sigma *sigma, hr_json_builder *builder);

/* Whether `object` is what the above writes of something that was learnt, and *out what
 * it says: numbers finite and not negative, ratios above 0 and ascending. *out is all
 * zero where it is not. */
bool hr_sigma_from_json(const json_t *object, hr_sigma *out);

#endif
