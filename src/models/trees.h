/* Boosted regression trees, as LightGBM grows them: models of the kind "trees".
 *
 * On disk they are LightGBM's own text, model.txt, which its other programs read. We read
 * it ourselves (models/tree_text.h) and add up the leaves in LightGBM's order, so that
 * predictions are LightGBM's bit by bit, need no library, and a damaged file is refused
 * instead of crashing one. */
#ifndef HR_MODELS_TREES_H
#define HR_MODELS_TREES_H

#include "models/model.h"

extern const hr_model_type hr_trees_type;

/* Makes a model of LightGBM's text, which has to be of trees on `pixels` pixels; *text is
 * then the model's own, and NULL. HR_ERR_FORMAT where it is not what LightGBM writes (for
 * messages the text is called `name`), HR_ERR_MEMORY. */
hr_status hr_trees_create_take(char **text, const char *name, int slot, size_t pixels,
                               hr_model **out, hr_error *err) HR_MUST_CHECK;

/* Tells the model the wavelengths of its pixels, [pixels]; copied. What a task keeps then
 * has importance.csv, what each pixel's splits took off the squared error. */
hr_status hr_trees_set_wavelengths(hr_model *model, const double *wave_angstrom,
                                   hr_error *err) HR_MUST_CHECK;

/* The sum of the gains of each pixel's splits, out [pixels], in squares of the target. */
void hr_trees_importance(const hr_model *model, double *out);

#endif
