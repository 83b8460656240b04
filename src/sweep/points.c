/* A value is YAML and may hold anything; its folder's name says it so that it can be read
 * back, and no value is another folder than one. */
#include "sweep/points.h"

#include <string.h>

bool hr_sweep_same_value(const char *one, const char *other) {
  double a = 0, b = 0;
  if (strcmp(one, other) == 0) return true;
  return hr_parse_number(one, &a) && hr_parse_number(other, &b) && a == b;
}

hr_status hr_sweep_check_values(const hr_sweep_options *options, hr_error *err) {
  const char *key = options->key;
  if (!key || !*key || strpbrk(key, "=/")) {
    return hr_fail(err, HR_ERR_USAGE,
                   "the key of a sweep is '%s'; give one with dots, such as data.rows",
                   key ? key : "");
  }
  if (!options->values || options->value_count < 2) {
    return hr_fail(err, HR_ERR_USAGE,
                   "a sweep over %s needs several values, and has %zu; give two or more",
                   key, options->values ? options->value_count : 0);
  }
  for (size_t i = 1; i < options->value_count; i++) {
    for (size_t k = 0; k < i; k++) {
      if (!hr_sweep_same_value(options->values[k], options->values[i])) continue;
      return hr_fail(err, HR_ERR_USAGE,
                     "the values %s and %s of %s are one; give it once",
                     options->values[k], options->values[i], key);
    }
  }
  return HR_OK;
}

hr_status hr_sweep_settings(const hr_sweep_options *options, size_t i, hr_strings *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_options *study = options->study;
  hr_text own;
  hr_text_init(&own);
  hr_text_append(&own, "%s=%s", options->key, options->values[i]);
  HR_TRY(hr_text_status(&own, err));
  for (size_t k = 0; k < options->place && k < study->setting_count; k++) {
    HR_TRY(hr_strings_append(out, study->settings[k], err));
  }
  HR_TRY(hr_strings_append(out, own.bytes, err));
  for (size_t k = options->place; k < study->setting_count; k++) {
    HR_TRY(hr_strings_append(out, study->settings[k], err));
  }
cleanup:
  hr_text_fini(&own);
  return status;
}

void hr_sweep_append_folder(const char *key, const char *value, hr_text *out) {
  hr_text_append(out, "%s=", key);
  for (const char *c = value; *c; c++) {
    bool is_plain = *c != '/' && *c != '%' && (unsigned char)*c >= ' ';
    hr_text_append(out, is_plain ? "%c" : "%%%02X", (unsigned char)*c);
  }
}
