/* What is in a data file, in short: tells whether a file whose time of change is another
 * one, as of a copy, is still the same. */
#ifndef HR_SESSION_CONTENT_H
#define HR_SESSION_CONTENT_H

#include <stdbool.h>

enum { HR_CONTENT_PIECES = 64, HR_CONTENT_PIECE_BYTES = 8192 };

/* Writes the fingerprint (core/fingerprint.h) of HR_CONTENT_PIECES pieces of the file
 * that are spread evenly, the last bytes among them, as 16 hexadecimal digits; of all its
 * bytes where it has no more than these. false, and "", where it cannot be read. Cost:
 * reading 512 KiB. */
bool hr_content_print(const char *path, char out[17]);

#endif
