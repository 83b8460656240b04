/* A mask is given by its bits, as surveys document theirs. */
#include "config/mask.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BITS = 64 };

static bool is_word(const hr_strings *mask, const char *word) {
  return mask->count == 1 && strcmp(mask->items[0], word) == 0;
}

static hr_status fail(const hr_config *config, const hr_yaml_node *mask, const char *text,
                      hr_error *err) {
  const hr_yaml_mark nowhere = {0};
  return hr_yaml_fail(
      err, config->path, mask ? mask->mark : nowhere,
      "data.mask cannot be %.60s; write auto, none, a list of the numbers "
      "of bits (0 to 63) such as [0, 3], or one number above 0 whose bits "
      "they are",
      text);
}

/* A whole number of at least `least`, below `end`. */
static bool read_whole(const char *text, double least, double end, uint64_t *out) {
  double value = 0;
  if (!hr_parse_number(text, &value)) return false;
  if (!(value >= least && value < end) || value != floor(value)) return false;
  *out = (uint64_t)value;
  return true;
}

static hr_status list_bits(hr_config *config, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings_fini(&config->data.mask);
  for (unsigned bit = 0; bit < BITS; bit++) {
    char text[8];
    if (!(config->data.mask_bits >> bit & 1)) continue;
    snprintf(text, sizeof text, "%u", bit);
    HR_TRY(hr_strings_append(&config->data.mask, text, err));
  }
cleanup:
  return status;
}

hr_status hr_config_read_mask(hr_config *config, const hr_yaml_node *root,
                              hr_error *err) {
  const double most = 9007199254740992; /* 2^53: beyond it numbers are not whole */
  const hr_strings *mask = &config->data.mask;
  const hr_yaml_node *node = hr_yaml_find(hr_yaml_find(root, "data"), "mask");
  uint64_t *bits = &config->data.mask_bits, bit = 0;
  *bits = HR_MASK_ANY;
  if (is_word(mask, "auto")) return HR_OK;
  *bits = HR_MASK_NONE;
  if (is_word(mask, "none")) return HR_OK;
  if (node && node->kind == HR_YAML_SCALAR) {
    if (!read_whole(mask->items[0], 1, most, bits)) {
      return fail(config, node, mask->items[0], err);
    }
    return list_bits(config, err);
  }
  for (size_t i = 0; i < mask->count; i++) {
    if (!read_whole(mask->items[i], 0, BITS, &bit)) {
      return fail(config, node, mask->items[i], err);
    }
    *bits |= (uint64_t)1 << bit;
  }
  return HR_OK;
}
