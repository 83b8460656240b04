/* The seal of results.json: tells a reader whether a number was changed after the study
 * wrote it. No secret is in it; it is there against mistakes, not against forgers. */
#ifndef HR_CORE_SEAL_H
#define HR_CORE_SEAL_H

#include <jansson.h>

#include "core/error.h"

enum { HR_SEAL_SIZE = 17 };

/* 16 hexadecimal digits over every key and value of `root` but "seal" and, since they
 * differ from run to run, all "seconds". */
hr_status hr_seal_compute(const json_t *root, char seal[HR_SEAL_SIZE],
                          hr_error *err) HR_MUST_CHECK;

/* The fingerprint of bytes, in the same form. */
void hr_seal_bytes(const void *bytes, size_t size, char seal[HR_SEAL_SIZE]);

#endif
