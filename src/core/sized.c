/* Sizes are read and copied as bytes: the library's struct may be longer or shorter than
 * the caller's, so no pointer to one of them may be used as one to the other. */
#include "core/sized.h"

#include <string.h>

#include "headroom/version.h"

size_t hr_sized_today(const hr_sized *type) {
  size_t last = 0;
  while (last + 1 < HR_SIZED_VERSIONS && type->sizes[last + 1] > 0) last++;
  return type->sizes[last];
}

static size_t size_of(const void *given) {
  size_t size = 0;
  memcpy(&size, given, sizeof size);
  return size;
}

hr_status hr_sized_check(const hr_sized *type, const void *given, hr_error *err) {
  size_t size = size_of(given);
  for (size_t i = 0; i < HR_SIZED_VERSIONS && type->sizes[i] > 0; i++) {
    if (type->sizes[i] == size) return HR_OK;
  }
  return hr_fail(
      err, HR_ERR_USAGE,
      "%s.size is %zu, not %zu as in version %s; set it %s, and build with the "
      "headers of the library that runs",
      type->name, size, hr_sized_today(type), HR_VERSION, type->made);
}

hr_status hr_sized_take(const hr_sized *type, const void *given, void *own,
                        hr_error *err) {
  size_t today = hr_sized_today(type);
  if (given) {
    hr_status status = hr_sized_check(type, given, err);
    if (status != HR_OK) return status;
    memcpy(own, given, size_of(given));
  }
  memcpy(own, &today, sizeof today);
  return HR_OK;
}

hr_status hr_sized_give(const hr_sized *type, const void *own, void *out, hr_error *err) {
  hr_status status = hr_sized_check(type, out, err);
  if (status != HR_OK) return status;
  size_t kept = sizeof(size_t); /* the caller's own size */
  memcpy((char *)out + kept, (const char *)own + kept, size_of(out) - kept);
  return HR_OK;
}
