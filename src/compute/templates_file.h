/* Templates on disk, in one file: in full, so that they compare with the same bytes, or
 * compact.
 *
 * Within a tile spectra are alike: the mean c of the tile, some tens of components U and
 * a coefficient of each are nearly all of a template (compute/templates.h weighs by
 * them). The compact form has these and, in place of the pixels, what they leave of each
 * in 16 bits a pixel; c stands by itself, so that no pedestal is rounded. The layout is
 * in docs/formats.md, "Templates". */
#ifndef HR_COMPUTE_TEMPLATES_FILE_H
#define HR_COMPUTE_TEMPLATES_FILE_H

#include "compute/templates.h"

/* What stands in the file beside the templates. */
typedef struct hr_templates_notes {
  double level;   /* of the noise that they were validated at */
  size_t columns; /* of what tells where a template is from */
  double *origin; /* [count][columns] by slot; owned */
} hr_templates_notes;

void hr_templates_notes_fini(hr_templates_notes *notes);

/* Writes the file, whole or not at all. A compact one of templates that are weighed over
 * pixels finds their components first, see hr_templates_finish. HR_ERR_IO, HR_ERR_MEMORY.
 */
hr_status hr_templates_save(const hr_templates *templates,
                            const hr_templates_notes *notes, bool compact,
                            const char *path, hr_error *err) HR_MUST_CHECK;

/* Reads templates that are finished, of so many pixels and targets. HR_ERR_MISSING,
 * HR_ERR_IO; HR_ERR_FORMAT for whatever is not as hr_templates_save writes it;
 * HR_ERR_MEMORY. Asks for no more memory than the file has bytes, or a compact one 1,024
 * times as much. */
hr_status hr_templates_load(const char *path, size_t pixels, size_t targets,
                            hr_templates **out, hr_templates_notes *notes,
                            hr_error *err) HR_MUST_CHECK;

#endif
