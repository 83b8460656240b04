/* Fingerprints of what went into a run: they tell whether it changed, not who changed it.
 */
#ifndef HR_CORE_FINGERPRINT_H
#define HR_CORE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* The fingerprint of nothing. */
uint64_t hr_fingerprint_start(void);

/* Continues a fingerprint with bytes, by FNV-1a (Fowler, Noll & Vo; 64 bits). */
uint64_t hr_fingerprint_bytes(uint64_t fingerprint, const void *bytes, size_t size);

#endif
