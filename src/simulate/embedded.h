/* The data file that is built into the program: data/headroom_data.h5, byte for byte. */
#ifndef HR_SIMULATE_EMBEDDED_H
#define HR_SIMULATE_EMBEDDED_H

#include <stddef.h>

/* The file's bytes, static, and their number. */
const void *hr_embedded_data(size_t *size);

#endif
