/* Configurations: YAML, our strict tree of it, and the tables of fields. What was read
 * and written out reads as the same study again. */
#include <string.h>

#include "config/config.h"
#include "core/alloc.h"
#include "fuzz/fuzz.h"

static hr_config *parse(const char *yaml, size_t size) {
  hr_config *config = NULL;
  hr_error err = {0};
  hr_status status = hr_config_parse(yaml, size, "f.yaml", "/base", &config, &err);
  fuzz_require((status == HR_OK) == (config != NULL));
  fuzz_require(status == HR_OK || err.message[0]);
  return config;
}

/* Whether braces may give more than some hundred names, up to the limit of 100,000: that
 * says nothing new, slowly. */
static bool has_many_names(const uint8_t *bytes, size_t size) {
  size_t ranges = 0, groups = 0;
  for (size_t i = 0; i + 4 < size; i++) {
    if (bytes[i] == '{') groups++;
    if (bytes[i] != '.' || bytes[i + 1] != '.') continue;
    bool is_long = true;
    for (size_t k = 2; k < 5; k++)
      is_long &= strchr("0123456789-+", bytes[i + k]) != NULL;
    ranges += is_long ? 3 : 1;
  }
  return ranges > 2 || groups > 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  hr_text first, second, identity;
  hr_config *config =
      has_many_names(bytes, size) ? NULL : parse((const char *)bytes, size);
  if (!config) return 0;
  hr_text_init(&first);
  hr_text_init(&second);
  hr_text_init(&identity);
  fuzz_require(hr_config_write(config, &first, NULL) == HR_OK);
  fuzz_require(hr_config_write_identity(config, &identity, NULL) == HR_OK);
  hr_config_destroy(&config);
  config = parse(first.bytes, first.length);
  fuzz_require(config);
  fuzz_require(hr_config_write(config, &second, NULL) == HR_OK);
  fuzz_require(strcmp(first.bytes, second.bytes) == 0);
  hr_config_destroy(&config);
  hr_text_fini(&first);
  hr_text_fini(&second);
  hr_text_fini(&identity);
  return 0;
}
