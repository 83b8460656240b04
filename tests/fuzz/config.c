/* Configurations: YAML, our strict tree of it, and the tables of fields. What was read
 * and written out reads as the same study again. */
#include <string.h>

#include "core/alloc.h"
#include "fuzz/fuzz.h"
#include "run/config.h"

static hr_config *parse(const char *yaml, size_t size) {
  hr_config *config = NULL;
  hr_error err = {0};
  hr_status status = hr_config_parse(yaml, size, "f.yaml", "/base", &config, &err);
  fuzz_require((status == HR_OK) == (config != NULL));
  fuzz_require(status == HR_OK || err.message[0]);
  return config;
}

/* Whether the names of the files mean themselves when they are read again. Where a folder
 * has such a character in its name, that takes the files, which are not here. */
static bool has_plain_paths(const hr_config *config) {
  const hr_strings *paths = &config->data.train_paths;
  for (size_t i = 0; i < paths->count; i++) {
    if (strpbrk(paths->items[i], "*?[{")) return false;
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  hr_text first, second, identity;
  hr_config *config = parse((const char *)bytes, size);
  if (!config) return 0;
  hr_text_init(&first);
  hr_text_init(&second);
  hr_text_init(&identity);
  fuzz_require(hr_config_write(config, &first, NULL) == HR_OK);
  fuzz_require(hr_config_write_identity(config, &identity, NULL) == HR_OK);
  bool is_plain = has_plain_paths(config);
  hr_config_destroy(&config);
  config = parse(first.bytes, first.length);
  fuzz_require(config || !is_plain);
  if (config && is_plain) {
    fuzz_require(hr_config_write(config, &second, NULL) == HR_OK);
    fuzz_require(strcmp(first.bytes, second.bytes) == 0);
  }
  hr_config_destroy(&config);
  hr_text_fini(&first);
  hr_text_fini(&second);
  hr_text_fini(&identity);
  return 0;
}
