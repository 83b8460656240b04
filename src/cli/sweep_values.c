/* A value of a setting is YAML, in which a comma belongs to a list or a mapping and so
 * stands in brackets; one outside of them parts the values of a sweep. */
#include "cli/sweep_values.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "sweep/points.h"

/* Where the value at `text` ends: at a comma outside of everything, or the end. */
static const char *value_end(const char *text) {
  size_t depth = 0;
  char quote = '\0';
  for (; *text; text++) {
    if (quote) {
      if (*text == quote) quote = '\0';
    } else if (*text == '\'' || *text == '"') {
      quote = *text;
    } else if (strchr("[{", *text)) {
      depth++;
    } else if (strchr("]}", *text) && depth > 0) {
      depth--;
    } else if (*text == ',' && depth == 0) {
      break;
    }
  }
  return text;
}

static const char *value_of(const char *setting) {
  const char *equals = strchr(setting, '=');
  return equals ? equals + 1 : "";
}

static bool is_swept(const char *setting) {
  return *value_end(value_of(setting)) == ',';
}

static hr_status add_value(const char *setting, const char *value, hr_sweep_values *out,
                           hr_error *err) {
  for (size_t i = 0; i < out->values.count; i++) {
    const char *other = out->values.items[i];
    if (!hr_sweep_same_value(value, other)) continue;
    return hr_fail(err, HR_ERR_USAGE, "--set %s: %s and %s are one value; give it once",
                   setting, other, value);
  }
  return hr_strings_append(&out->values, value, err);
}

/* The values of the setting that is swept, without the spaces around them. */
static hr_status split(const char *setting, hr_sweep_values *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "%.*s", (int)strcspn(setting, "="), setting);
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_copy_text(text.bytes, &out->key, err));
  for (const char *at = value_of(setting), *end = NULL; at; at = *end ? end + 1 : NULL) {
    end = value_end(at);
    const char *first = at + strspn(at, " "), *last = end;
    while (last > first && last[-1] == ' ') last--;
    if (last <= first) {
      status = hr_fail(err, HR_ERR_USAGE,
                       "--set %s: a value is empty; write KEY=V1,V2, such as "
                       "data.rows=1000,5000",
                       setting);
      goto cleanup;
    }
    hr_text_fini(&text);
    hr_text_append(&text, "%.*s", (int)(last - first), first);
    HR_TRY(hr_text_status(&text, err));
    HR_TRY(add_value(setting, text.bytes, out, err));
  }
cleanup:
  hr_text_fini(&text);
  return status;
}

hr_status hr_sweep_values_read(const hr_strings *settings, hr_sweep_values *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  const char *swept = NULL;
  *out = (hr_sweep_values){0};
  for (size_t i = 0; i < settings->count; i++) {
    const char *setting = settings->items[i];
    if (!is_swept(setting)) {
      HR_TRY(hr_strings_append(&out->others, setting, err));
    } else if (swept) {
      return hr_fail(err, HR_ERR_USAGE,
                     "--set %s and --set %s have several values each, and a sweep is "
                     "along one key; give one of them a single value",
                     swept, setting);
    } else {
      swept = setting;
      out->place = i;
    }
  }
  if (!swept) {
    return hr_fail(err, HR_ERR_USAGE,
                   "a sweep needs a setting with several values, such as --set "
                   "data.rows=1000,5000,20000");
  }
  HR_TRY(split(swept, out, err));
cleanup:
  return status;
}

void hr_sweep_values_fini(hr_sweep_values *values) {
  hr_free(values->key);
  hr_strings_fini(&values->values);
  hr_strings_fini(&values->others);
  *values = (hr_sweep_values){0};
}
