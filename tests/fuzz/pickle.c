/* The scanner of pickled names, which come as attributes of labels' tables. */
#include "data/pickle.h"
#include "data/frame.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  hr_error err = {0};
  hr_strings names = {0};
  hr_status status = hr_pickle_strings((const char *)bytes, size, &names, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  for (size_t i = 0; i < names.count; i++) fuzz_require(names.items[i]);
  hr_strings_fini(&names);
  status = hr_pickle_axis_names((const char *)bytes, size, &names, &err);
  fuzz_require(status == HR_OK || status == HR_ERR_FORMAT);
  hr_strings_fini(&names);
  return 0;
}
