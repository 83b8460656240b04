/* FNV-1a with 64 bits (Fowler, Noll & Vo): short, the same on every machine, and enough
 * to notice a change that was not made to be hidden. */
#include "core/fingerprint.h"

uint64_t hr_fingerprint_start(void) {
  return 0xcbf29ce484222325u; /* the FNV-1a offset basis */
}

uint64_t hr_fingerprint_bytes(uint64_t fingerprint, const void *bytes, size_t size) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < size; i++) {
    fingerprint = (fingerprint ^ byte[i]) * 0x100000001b3u; /* the FNV prime */
  }
  return fingerprint;
}
