/* The seal of results.json: the fingerprint of its values in the order of their keys,
 * without the times, so that neither the layout of the file nor the speed of the machine
 * is in it. */
#include "core/seal.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/fingerprint.h"

/* Takes what differs from run to run out of a copy. */
static void drop_seconds(json_t *value) {
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); i++) {
      drop_seconds(json_array_get(value, i));
    }
  }
  if (!json_is_object(value)) return;
  json_object_del(value, "seconds");
  for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
    drop_seconds(json_object_iter_value(i));
  }
}

void hr_seal_bytes(const void *bytes, size_t size, char seal[HR_SEAL_SIZE]) {
  uint64_t print = hr_fingerprint_bytes(hr_fingerprint_start(), bytes, size);
  snprintf(seal, HR_SEAL_SIZE, "%016" PRIx64, print);
}

static int print_bytes(const char *bytes, size_t size, void *context) {
  uint64_t *print = context;
  *print = hr_fingerprint_bytes(*print, bytes, size);
  return 0;
}

hr_status hr_seal_compute(const json_t *root, char seal[HR_SEAL_SIZE], hr_error *err) {
  uint64_t print = hr_fingerprint_start();
  json_t *copy = json_deep_copy(root);
  /* Where memory runs out, Jansson's copy lacks values and says nothing of it; neither
   * would json_dumps of a character that found no room. */
  int failed = !copy || !json_equal(copy, root);
  if (!failed) {
    json_object_del(copy, "seal");
    drop_seconds(copy);
    failed = json_dump_callback(copy, print_bytes, &print,
                                JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
  }
  json_decref(copy);
  if (failed) return hr_fail(err, HR_ERR_MEMORY, "no memory to seal the results");
  snprintf(seal, HR_SEAL_SIZE, "%016" PRIx64, print);
  return HR_OK;
}
