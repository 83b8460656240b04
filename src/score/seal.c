#include "score/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void hr_seal_bytes(const void *bytes, size_t size, char seal[HR_SEAL_BYTES]) {
  uint64_t print = hr_fingerprint_bytes(hr_fingerprint_start(), bytes, size);
  snprintf(seal, HR_SEAL_BYTES, "%016" PRIx64, print);
}

hr_status hr_seal_compute(const json_t *root, char seal[HR_SEAL_BYTES], hr_error *err) {
  hr_status status = HR_OK;
  char *text = NULL;
  json_t *copy = json_deep_copy(root);
  if (copy) {
    json_object_del(copy, "seal");
    drop_seconds(copy);
    text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
  }
  if (text) {
    hr_seal_bytes(text, strlen(text), seal);
  } else {
    status = hr_fail(err, HR_ERR_MEMORY, "no memory to seal the results");
  }
  free(text);
  json_decref(copy);
  return status;
}
