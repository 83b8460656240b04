/* The tables of features. The users' own are there so that their numbers can be had again
 * (their reports of 2025-12): windows around the wavelengths of the lines in air, though
 * the spectra are in vacuum and lines lie 2.3 to 2.5 angstrom to the red; three windows
 * around the one line of Mg I; 37 inputs, of which 6 say again what others say. The
 * default has each line once, where it is.
 *
 * Components are weighted in all of them: plain ones are those of the noisiest pixels, at
 * the noise of the survey, and say nothing of the star (docs/numerics.md). */
#include "features/gate_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/json_file.h"

enum {
  ALL = HR_GATE_MEAN | HR_GATE_DEPTH | HR_GATE_EW,
  LINE = HR_GATE_DEPTH | HR_GATE_EW
};

#define WINDOW(name, centre, half, measures) \
  { name, (centre) - (half), (centre) + (half), measures }

/* Vacuum wavelengths: Ca II 8500.35, 8544.44, 8664.52; Na I 8185.51, 8197.08 (NIST); the
 * Na windows end where they meet. */
static const hr_gate_table usual = {.name = "default",
                                    .components = 10,
                                    .weighted = true,
                                    .window_count = 6,
                                    .total_count = 2,
                                    .window = {WINDOW("Ca II 8498", 8500.35, 10, ALL),
                                               WINDOW("Ca II 8542", 8544.44, 12, ALL),
                                               WINDOW("Ca II 8662", 8664.52, 12, ALL),
                                               WINDOW("Na I 8183", 8185.51, 5.5, ALL),
                                               WINDOW("Na I 8195", 8197.08, 5.5, ALL),
                                               WINDOW("Mg I 8807", 8809.18, 5, ALL)},
                                    .total = {{"Ca II", 7}, {"Na I", 24}}};

static const hr_gate_table users_37 = {
    .name = "users_37",
    .components = 10,
    .weighted = true,
    .window_count = 8,
    .total_count = 3,
    .window = {WINDOW("Ca II 8498", 8498, 10, ALL), WINDOW("Ca II 8542", 8542, 12, ALL),
               WINDOW("Ca II 8662", 8662, 12, ALL), WINDOW("Na I 8183", 8183, 8, ALL),
               WINDOW("Na I 8195", 8195, 8, ALL), WINDOW("Mg I 8806", 8806, 5, ALL),
               WINDOW("Mg I 8807", 8807, 5, ALL), WINDOW("Mg I 8808", 8808, 5, ALL)},
    .total = {{"Ca II", 7}, {"Na I", 24}, {"Mg I", 224}}};

static const hr_gate_table users_13 = {.name = "users_13",
                                       .components = 4,
                                       .weighted = true,
                                       .window_count = 4,
                                       .total_count = 1,
                                       .window = {{"Ca II 8498", 8490, 8510, LINE},
                                                  {"Ca II 8542", 8530, 8555, LINE},
                                                  {"Ca II 8662", 8650, 8675, LINE},
                                                  {"Na I", 8180, 8200, LINE}},
                                       .total = {{"Ca II", 7}}};

const hr_gate_table *hr_gate_table_find(const char *name) {
  static const hr_gate_table *const tables[] = {&usual, &users_37, &users_13};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    if (strcmp(tables[i]->name, name) == 0) return tables[i];
  }
  return NULL;
}

static const struct {
  const char *name;
  unsigned bit;
} measures[] = {{"mean", HR_GATE_MEAN}, {"depth", HR_GATE_DEPTH}, {"ew", HR_GATE_EW}};
enum { MEASURES = sizeof measures / sizeof measures[0] };

unsigned hr_gate_measure_find(const char *name) {
  for (size_t m = 0; m < MEASURES; m++) {
    if (strcmp(name, measures[m].name) == 0) return measures[m].bit;
  }
  return 0;
}

const char *hr_gate_measure_name(size_t number, unsigned *bit) {
  if (number >= MEASURES) return NULL;
  *bit = measures[number].bit;
  return measures[number].name;
}

size_t hr_gate_table_features(const hr_gate_table *table) {
  size_t count = table->components + table->total_count;
  for (size_t w = 0; w < table->window_count; w++) {
    for (size_t m = 0; m < MEASURES; m++) {
      count += (table->window[w].measures & measures[m].bit) != 0;
    }
  }
  return count;
}

void hr_gate_table_name(const hr_gate_table *table, size_t f,
                        char name[HR_GATE_FEATURE_NAME_BYTES]) {
  size_t at = table->components;
  name[0] = '\0';
  if (f < at) snprintf(name, HR_GATE_FEATURE_NAME_BYTES, "PCA%zu", f + 1);
  for (size_t w = 0; w < table->window_count; w++) {
    for (size_t m = 0; m < MEASURES; m++) {
      if (!(table->window[w].measures & measures[m].bit) || at++ != f) continue;
      snprintf(name, HR_GATE_FEATURE_NAME_BYTES, "%s %s", table->window[w].name,
               measures[m].name);
    }
  }
  if (f >= at && f - at < table->total_count) {
    snprintf(name, HR_GATE_FEATURE_NAME_BYTES, "%s EW", table->total[f - at].name);
  }
}

/* The first pixel whose centre is at or above `limit`, or with `above` above it. */
static size_t find_pixel(const double *wave, size_t pixels, double limit, int above) {
  size_t i = 0;
  while (i < pixels && (above ? wave[i] <= limit : wave[i] < limit)) i++;
  return i;
}

static bool is_window_there(const hr_gate_pixels *p) {
  return p->end > p->first && (p->first > p->left || p->right > p->end);
}

static hr_gate_pixels pixels_of(const hr_gate_window *window, const double *wave,
                                size_t pixels) {
  return (hr_gate_pixels){
      .first = find_pixel(wave, pixels, window->low, 0),
      .end = find_pixel(wave, pixels, window->high, 1),
      .left = find_pixel(wave, pixels, window->low - HR_GATE_SIDEBAND, 0),
      .right = find_pixel(wave, pixels, window->high + HR_GATE_SIDEBAND, 1)};
}

void hr_gate_table_fit(hr_gate_table *table, const double *wave, size_t pixels) {
  hr_gate_table fit = *table;
  fit.window_count = fit.total_count = 0;
  for (size_t t = 0; t < table->total_count; t++) fit.total[t].windows = 0;
  for (size_t w = 0; w < table->window_count; w++) {
    hr_gate_pixels p = pixels_of(&table->window[w], wave, pixels);
    if (!is_window_there(&p)) continue;
    for (size_t t = 0; t < table->total_count; t++) {
      bool is_in = table->total[t].windows & 1U << w;
      fit.total[t].windows |= is_in ? 1U << fit.window_count : 0;
    }
    fit.window[fit.window_count++] = table->window[w];
  }
  for (size_t t = 0; t < table->total_count; t++) {
    if (fit.total[t].windows) fit.total[fit.total_count++] = fit.total[t];
  }
  if (fit.window_count > 0) *table = fit;
}

hr_status hr_gate_table_place(const hr_gate_table *table, const char *key,
                              const double *wave, size_t pixels, hr_gate_pixels *where,
                              hr_error *err) {
  for (size_t w = 0; w < table->window_count; w++) {
    const hr_gate_window *window = &table->window[w];
    hr_gate_pixels p = pixels_of(window, wave, pixels);
    if (!is_window_there(&p)) {
      return hr_fail(err, HR_ERR_CONFIG,
                     "%s: the window %s, %.9g to %.9g angstrom, has no pixel%s; the "
                     "spectra reach from %.9g to %.9g",
                     key, window->name, window->low, window->high,
                     p.end <= p.first ? "" : " beside it for the continuum",
                     pixels > 0 ? wave[0] : 0, pixels > 0 ? wave[pixels - 1] : 0);
    }
    if (where) where[w] = p;
  }
  return HR_OK;
}

static void put_window(const hr_gate_window *window, hr_json_builder *builder,
                       json_t *list) {
  json_t *object = hr_json_append(builder, list, json_object());
  hr_json_put_text(builder, object, "name", window->name);
  hr_json_put_number(builder, object, "low", window->low);
  hr_json_put_number(builder, object, "high", window->high);
  json_t *names = hr_json_put(builder, object, "measures", json_array());
  for (size_t m = 0; m < MEASURES; m++) {
    if (window->measures & measures[m].bit) {
      hr_json_append(builder, names, json_string(measures[m].name));
    }
  }
}

json_t *hr_gate_table_json(const hr_gate_table *table, hr_json_builder *builder) {
  json_t *root = json_object();
  if (!root) builder->failed = true;
  hr_json_put_text(builder, root, "name", table->name);
  hr_json_put_count(builder, root, "components", table->components);
  hr_json_put_bool(builder, root, "weighted", table->weighted);
  json_t *windows = hr_json_put(builder, root, "windows", json_array());
  for (size_t w = 0; w < table->window_count; w++) {
    put_window(&table->window[w], builder, windows);
  }
  json_t *totals = hr_json_put(builder, root, "totals", json_array());
  for (size_t t = 0; t < table->total_count; t++) {
    json_t *object = hr_json_append(builder, totals, json_object());
    hr_json_put_text(builder, object, "name", table->total[t].name);
    json_t *list = hr_json_put(builder, object, "windows", json_array());
    for (uint32_t w = 0; w < HR_GATE_MOST_WINDOWS; w++) {
      if (!(table->total[t].windows >> w & 1)) continue;
      hr_json_append(builder, list, json_integer((json_int_t)w));
    }
  }
  return root;
}

static bool read_name(const json_t *object, char name[HR_GATE_NAME_BYTES]) {
  const char *text = hr_json_string(object, "name", NULL);
  if (!text || strlen(text) >= HR_GATE_NAME_BYTES) return false;
  snprintf(name, HR_GATE_NAME_BYTES, "%s", text);
  return true;
}

static bool read_window(const json_t *object, hr_gate_window *out) {
  const json_t *names = json_object_get(object, "measures");
  out->low = hr_json_number(object, "low", (double)NAN);
  out->high = hr_json_number(object, "high", (double)NAN);
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    unsigned bit = name ? hr_gate_measure_find(name) : 0;
    if (bit == 0) return false;
    out->measures |= bit;
  }
  return read_name(object, out->name) && json_is_array(names) && isfinite(out->low) &&
         isfinite(out->high) && out->low <= out->high;
}

static bool read_total(const json_t *object, size_t window_count, hr_gate_total *out) {
  const json_t *list = json_object_get(object, "windows");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *item = json_array_get(list, i);
    json_int_t w = json_integer_value(item);
    if (!json_is_integer(item) || w < 0 || w >= (json_int_t)window_count) return false;
    out->windows |= (uint32_t)1 << w;
  }
  return read_name(object, out->name) && json_is_array(list);
}

static bool read_table(const json_t *root, hr_gate_table *out) {
  const json_t *windows = json_object_get(root, "windows");
  const json_t *totals = json_object_get(root, "totals");
  size_t window_count = json_array_size(windows), total_count = json_array_size(totals);
  const json_t *weighted = json_object_get(root, "weighted");
  out->components = hr_json_count(root, "components", SIZE_MAX);
  out->weighted = json_is_true(weighted);
  bool good =
      read_name(root, out->name) && json_is_boolean(weighted) && json_is_array(windows) &&
      json_is_array(totals) && window_count <= HR_GATE_MOST_WINDOWS &&
      total_count <= HR_GATE_MOST_TOTALS && out->components <= HR_GATE_MOST_COMPONENTS;
  for (size_t w = 0; good && w < window_count; w++) {
    good = read_window(json_array_get(windows, w), &out->window[w]);
  }
  for (size_t t = 0; good && t < total_count; t++) {
    good = read_total(json_array_get(totals, t), window_count, &out->total[t]);
  }
  out->window_count = window_count;
  out->total_count = total_count;
  return good && hr_gate_table_features(out) > 0;
}

hr_status hr_gate_table_parse(const json_t *root, const char *place, hr_gate_table *out,
                              hr_error *err) {
  memset(out, 0, sizeof *out);
  if (read_table(root, out)) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s has no table of a gate's features", place);
}
