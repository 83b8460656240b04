/* Publishing into a page kept by hand: the first line of the input names the block, the
 * rest is the page. Publishing twice changes nothing more, and takes away no byte. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "report/page.h"

static void publish(const uint8_t *bytes, size_t size, const char *block,
                    bool may_create) {
  static const char content[] = "| R2 |\n|---|\n| 0.7 |\n";
  hr_error err = {0};
  hr_text once, twice, changes;
  hr_text_init(&once);
  hr_text_init(&twice);
  hr_text_init(&changes);
  hr_page page = {"p.md", (const char *)bytes, size};
  hr_status status = hr_page_replace(&page, block, content, may_create, &once, &err);
  fuzz_require(status == HR_OK || status == HR_ERR_FORMAT || status == HR_ERR_USAGE);
  if (status == HR_OK) {
    hr_page again = {"p.md", once.bytes, once.length};
    fuzz_require(hr_page_replace(&again, block, content, false, &twice, &err) == HR_OK);
    fuzz_require(twice.length == once.length);
    fuzz_require(memcmp(twice.bytes, once.bytes, once.length) == 0);
    hr_page_compare("p.md", once.bytes, twice.bytes, &changes);
    fuzz_require(changes.length == 0);
    char *before = strndup((const char *)bytes, size);
    hr_page_compare("p.md", before, once.bytes, &changes);
    fuzz_require(hr_text_status(&changes, &err) == HR_OK);
    free(before);
  }
  hr_text_fini(&once);
  hr_text_fini(&twice);
  hr_text_fini(&changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const uint8_t *end = size ? memchr(bytes, '\n', size) : NULL;
  if (!end) return 0;
  char *block = strndup((const char *)bytes, (size_t)(end - bytes));
  size_t used = (size_t)(end - bytes) + 1;
  publish(bytes + used, size - used, block, false);
  publish(bytes + used, size - used, block, true);
  free(block);
  return 0;
}
