/* What the files of a bundle share. Internal to models/bundle*.c. */
#ifndef HR_MODELS_BUNDLE_PARTS_H
#define HR_MODELS_BUNDLE_PARTS_H

#include "core/seal.h"

#define HR_BUNDLE_SCHEMA "headroom/model/"
/* 1 had no conditioning: spectra are taken as they are. */
enum { HR_BUNDLE_OLDEST = 1, HR_BUNDLE_VERSION = 2 };

#define HR_BUNDLE_JSON     "model.json"
#define HR_BUNDLE_WAVE     "wave.npy"
#define HR_BUNDLE_STAND_IN "stand_in.npy"
#define HR_BUNDLE_LOWEST   "lowest.npy"
#define HR_BUNDLE_HIGHEST  "highest.npy"

/* Size and fingerprint of folder/name, read piece by piece. HR_ERR_MISSING where there is
 * no such regular file; HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_bundle_print_file(const char *folder, const char *name, size_t *size,
                               char print[HR_SEAL_SIZE], hr_error *err) HR_MUST_CHECK;

#endif
