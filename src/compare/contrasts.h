/* In what the studies behind several runs differ: configuration, data, program. */
#ifndef HR_COMPARE_CONTRASTS_H
#define HR_COMPARE_CONTRASTS_H

#include "core/text.h"

/* A key of config.yaml, with dots, or what else differs, and what each run has there. */
typedef struct hr_contrast {
  char *key;
  hr_strings values; /* [runs] "": it is not there */
} hr_contrast;

typedef struct hr_contrasts {
  hr_contrast *items;
  size_t count;
} hr_contrasts;

/* dirs: [runs] run directories. Keys that change no number (of `run`, `publish`, where
 * files lie) are no difference, and data files none where their content is the same. What
 * a directory does not have is as if it were empty. HR_ERR_CONFIG where a config.yaml is
 * none; HR_ERR_IO; HR_ERR_MEMORY. To be followed by hr_contrasts_fini, on failure too. */
hr_status hr_contrasts_init(hr_contrasts *contrasts, const char *const *dirs, size_t runs,
                            hr_error *err) HR_MUST_CHECK;
void hr_contrasts_fini(hr_contrasts *contrasts);

#endif
