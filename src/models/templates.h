/* Models of templates: what the posterior mean makes (compute/templates.h). All slots and
 * targets share one store: a bin's model is the posterior over the bin's templates, the
 * global one that over all of them, and one comparison of a spectrum with all templates
 * gives both, for every target. Their file is templates.bin (compute/templates_file.h).
 */
#ifndef HR_MODELS_TEMPLATES_H
#define HR_MODELS_TEMPLATES_H

#include "compute/templates_file.h"
#include "models/model.h"

extern const hr_model_type hr_templates_type; /* "templates" */

/* Templates that models share; it lives as long as the last of them. */
typedef struct hr_template_store hr_template_store;

/* Takes finished templates and the notes on them, which are set to NULL and to nothing;
 * on failure they stay the caller's. The caller holds the store until
 * hr_template_store_release. HR_ERR_MEMORY. */
hr_status hr_template_store_create_take(hr_templates **templates,
                                        hr_templates_notes *notes,
                                        hr_template_store **out,
                                        hr_error *err) HR_MUST_CHECK;
void hr_template_store_release(hr_template_store **store);

/* The model of a target, one of the templates', and a slot, which is the templates'
 * group, or HR_GLOBAL. HR_ERR_MEMORY. */
hr_status hr_templates_model_create(hr_template_store *store, size_t target, int slot,
                                    hr_model **out, hr_error *err) HR_MUST_CHECK;

/* The templates that a model of this kind stands on, borrowed; NULL of other kinds. */
const hr_templates *hr_templates_of_model(const hr_model *model);

#endif
