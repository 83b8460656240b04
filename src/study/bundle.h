/* What a study leaves to predict with: RUN/model/ (models/bundle.h). Each method's models
 * go there when it is done, before its cards; what they are is written at the end. */
#ifndef HR_STUDY_BUNDLE_H
#define HR_STUDY_BUNDLE_H

#include "models/bundle.h"
#include "study/card.h"
#include "study/plan.h"

/* Whether it is a control, which is not compared and leaves nothing to predict with. */
bool hr_study_is_control(const hr_method *method);

/* Saves the models among `trained` [count], of all targets and slots; nothing where
 * run.model is none, or for a control. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_study_save_models(const hr_config *config, const char *out_dir,
                               const hr_method *method, const hr_trained *trained,
                               size_t count, hr_error *err) HR_MUST_CHECK;

/* Whether the files of every model that the fits [count] tell of are in the bundle, or
 * there is to be none. */
bool hr_study_has_models(const hr_config *config, const char *out_dir,
                         const hr_method *method, const hr_fit *fits, size_t count);

/* Whether model.json is there, or is not to be. */
bool hr_study_has_bundle(const hr_config *config, const char *out_dir);

/* Removes model.json, where there is one: it must not outlive what it tells of.
 * HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_study_drop_bundle(const char *out_dir, hr_error *err) HR_MUST_CHECK;

/* Removes a bundle that is damaged, and warns: its models are then made again. One that
 * is not complete yet stays. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_study_check_bundle(const char *out_dir, const hr_observer *observer,
                                hr_error *err) HR_MUST_CHECK;

/* What one method trained; borrowed. */
typedef struct hr_study_method {
  const hr_method *method;
  const hr_fit *fits; /* [targets][slots]; NULL: the method is absent */
  size_t slots;
} hr_study_method;

/* What is left to predict with; borrowed. */
typedef struct hr_study_bundle {
  const hr_study_method *methods; /* [method_count] in the order of the configuration */
  size_t method_count;
  const hr_bundle_gate *gates; /* [gate_count] whose files are in the folder */
  size_t gate_count;
} hr_study_bundle;

/* Writes model.json: each bin's expert is the one that validation chose, as the study's
 * hybrid has it. Nothing where run.model is none. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_study_write_bundle(const hr_plan *plan, const char *out_dir,
                                const hr_study_bundle *bundle,
                                hr_error *err) HR_MUST_CHECK;

#endif
