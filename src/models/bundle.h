/* The bundle: a folder, RUN/model/, from which spectra are predicted without the study
 * that trained it. Its layout: docs/formats.md, "The model".
 *
 * A study saves the models of a method as soon as they are trained, so that a run that is
 * killed and resumed still has them, and at its end describes them all; model.json is
 * written last, whole or not at all, so a folder that has one is complete. */
#ifndef HR_MODELS_BUNDLE_H
#define HR_MODELS_BUNDLE_H

#include "models/bundle_description.h"

/* Saves the models of a method, [count] of them in any order, into their folders within
 * `folder` (made where it is not there). HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_bundle_save_models(const char *folder, const char *method,
                                const hr_model *const *models, size_t count,
                                hr_model_form form, hr_error *err) HR_MUST_CHECK;

/* Writes wave.npy and model.json into `folder`, in which every candidate's models were
 * saved; their files are listed with size and fingerprint. HR_ERR_MISSING where a
 * candidate has no files; HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_bundle_write(const hr_bundle_description *description, const char *folder,
                          hr_error *err) HR_MUST_CHECK;

/* Reads the description of the bundle in `folder`, and checks that every file it lists is
 * there and what was written. Statuses as hr_bundle_open. Freed with
 * hr_bundle_description_fini; empty on failure. */
hr_status hr_bundle_read(const char *folder, hr_bundle_description *out,
                         hr_error *err) HR_MUST_CHECK;

typedef struct hr_bundle hr_bundle;

/* Opens a bundle, `path` being its folder or a run directory that has one; no model is
 * loaded yet. Refuses in one sentence: no bundle or an incomplete one (HR_ERR_MISSING),
 * one of another version, with models of kinds that this program does not know, or
 * damaged, with the file that is (HR_ERR_FORMAT); HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_bundle_open(const char *path, hr_bundle **out, hr_error *err) HR_MUST_CHECK;
void hr_bundle_close(hr_bundle **bundle);

/* Borrowed. */
const hr_bundle_description *hr_bundle_describe(const hr_bundle *bundle);
const char *hr_bundle_folder(const hr_bundle *bundle);

/* Loads the candidate's model unless it is loaded already, those that share its files
 * with it; *out is borrowed. Not to be called by two threads at a time; a loaded model
 * may be used by any number. HR_ERR_FORMAT, HR_ERR_MISSING, HR_ERR_MEMORY. */
hr_status hr_bundle_load(hr_bundle *bundle, size_t candidate, const hr_model **out,
                         hr_error *err) HR_MUST_CHECK;

#endif
