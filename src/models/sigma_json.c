/* Written and read by one table of the numbers of a class. */
#include "models/sigma_json.h"

#include <math.h>
#include <string.h>

#include "core/json_file.h"

static const struct {
  const char *key;
  size_t offset;
} numbers[] = {
    {"snr", offsetof(hr_sigma_class, snr)}, /* not of all rows */
    {"sigma", offsetof(hr_sigma_class, sigma)},
    {"half68", offsetof(hr_sigma_class, half68)},
    {"half95", offsetof(hr_sigma_class, half95)},
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0], FIRST_OF_ALL = 1 };

static void put_class(const hr_sigma_class *class, size_t first, hr_json_builder *builder,
                      json_t *object) {
  for (size_t i = first; i < NUMBERS; i++) {
    const void *value = (const char *)class + numbers[i].offset;
    hr_json_put_number(builder, object, numbers[i].key, *(const double *)value);
  }
}

json_t *hr_sigma_to_json(const hr_sigma *sigma, hr_json_builder *builder) {
  json_t *object = json_object();
  if (!object) builder->failed = true;
  hr_json_put_count(builder, object, "rows", sigma->rows);
  hr_json_put_bool(builder, object, "scales_own", sigma->scales_own);
  put_class(&sigma->all, FIRST_OF_ALL, builder,
            hr_json_put(builder, object, "all", json_object()));
  json_t *classes = hr_json_put(builder, object, "classes", json_array());
  for (size_t c = 0; c < sigma->class_count; c++) {
    put_class(&sigma->classes[c], 0, builder,
              hr_json_append(builder, classes, json_object()));
  }
  return object;
}

static bool read_class(const json_t *object, size_t first, hr_sigma_class *out) {
  out->snr = (double)NAN;
  for (size_t i = first; i < NUMBERS; i++) {
    double value = hr_json_number(object, numbers[i].key, (double)NAN);
    if (!isfinite(value) || value < 0) return false;
    *(double *)((char *)out + numbers[i].offset) = value;
  }
  return out->half68 <= out->half95;
}

static bool read_classes(const json_t *list, hr_sigma *out) {
  size_t count = json_array_size(list);
  if (!json_is_array(list) || count > HR_SIGMA_MOST_CLASSES) return false;
  out->class_count = count;
  double before = 0;
  for (size_t c = 0; c < count; c++) {
    hr_sigma_class *class = &out->classes[c];
    if (!read_class(json_array_get(list, c), 0, class)) return false;
    if (!(class->snr > before)) return false;
    before = class->snr;
  }
  return true;
}

bool hr_sigma_from_json(const json_t *object, hr_sigma *out) {
  memset(out, 0, sizeof *out);
  const json_t *scales_own = json_object_get(object, "scales_own");
  out->rows = hr_json_count(object, "rows", 0);
  out->scales_own = json_is_true(scales_own);
  bool good = out->rows >= HR_SIGMA_FEWEST_ROWS && json_is_boolean(scales_own) &&
              read_class(json_object_get(object, "all"), FIRST_OF_ALL, &out->all) &&
              read_classes(json_object_get(object, "classes"), out);
  if (!good) memset(out, 0, sizeof *out);
  return good;
}
