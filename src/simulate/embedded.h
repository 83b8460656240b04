/* The data files that are built into the program, byte for byte: data/headroom_data.h5,
 * and the finer model spectra, data/headroom_models.h5. */
#ifndef HR_SIMULATE_EMBEDDED_H
#define HR_SIMULATE_EMBEDDED_H

#include <stddef.h>

/* The files' bytes, static, and their number. */
const void *hr_embedded_data(size_t *size);
const void *hr_embedded_models(size_t *size);

#endif
