/* The version of the library that runs, which need not be that of the headers. */
#include "headroom/version.h"

#include "headroom/library.h"

const char *hr_version(void) {
  return HR_VERSION;
}
