/* What the two files of models of templates share. */
#ifndef HR_MODELS_TEMPLATES_PARTS_H
#define HR_MODELS_TEMPLATES_PARTS_H

#include "models/templates.h"

/* The store of a model of this kind; and the templates of a store. */
const hr_template_store *hr_template_store_of(const hr_model *model);
const hr_templates *hr_template_store_templates(const hr_template_store *store);

/* As `predict` of hr_model_type. */
hr_status hr_templates_predict(const hr_spectra *spectra, const hr_request *requests,
                               size_t request_count, hr_error *err) HR_MUST_CHECK;

#endif
