/* Definitions of instruments: those that are built in, their YAML, and their noise. */
#include "simulate/definition.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/pixel_quantile.h"
#include "core/text.h"
#include "core/yaml_tree.h"

static const double median_flux = 0.5; /* of every spectrum, as in the users' files */
static const double zero_mag = 20.0;   /* at which electrons are counted */

enum { MOST_BYTES = 4 << 20 };

/* Round numbers out of the surveys' own descriptions, cut where the models end. Noise is
 * that of typical stars, not of a survey's selection. */
static const struct {
  const char *name, *text;
} built_in[] = {
    {"desi-z",
     "name: desi-z\n"
     "wavelength: {start: 7520, stop: 8848, step: 0.8}\n"
     "lsf: {fwhm: 1.8}\n"
     "noise: {snr: [5, 60], background: 0.3}\n"},
    {"sdss",
     "name: sdss\n"
     "wavelength: {start: 7110, stop: 8840, step: 1e-4, scale: log10}\n"
     "lsf: {resolving_power: [2000, 2500]}\n"
     "noise: {snr: [5, 60], background: 0.3}\n"},
    {"lamost-red",
     "name: lamost-red\n"
     "wavelength: {start: 7110, stop: 8840, step: 1e-4, scale: log10}\n"
     "lsf: {resolving_power: 1800}\n"
     "noise: {snr: [10, 100], background: 0.2}\n"},
    {"gaia-rvs",
     "name: gaia-rvs\n"
     "wavelength: {start: 8460, stop: 8700, step: 0.25}\n"
     "lsf: {resolving_power: 11500}\n"
     "noise: {snr: [10, 100]}\n"},
};
enum { BUILT_IN = sizeof built_in / sizeof *built_in };

const char *hr_definition_text(const char *instrument) {
  for (size_t i = 0; i < BUILT_IN; i++) {
    if (strcmp(built_in[i].name, instrument) == 0) return built_in[i].text;
  }
  return NULL;
}

void hr_definition_destroy(hr_definition **address) {
  hr_definition *d = *address;
  *address = NULL;
  if (!d) return;
  hr_free(d->name);
  hr_free(d->wave);
  hr_free(d->fwhm);
  hr_free(d->relative);
  hr_free(d);
}

/* --- the YAML --- */

/* A mapping that is read, and what it is called in sentences. */
typedef struct yaml_part {
  const char *file, *path;
  const hr_yaml_node *node;
} yaml_part;

/* A number that stands under a key: its limits, and what it is where it is left out (NaN:
 * it has to be there). */
typedef struct yaml_number {
  const char *key;
  double least, most, usual;
} yaml_number;

static hr_status check_keys(const yaml_part *part, const char *const *keys, size_t count,
                            hr_error *err) {
  const char *dot = part->path[0] ? "." : "";
  if (part->node->kind != HR_YAML_MAPPING) {
    return hr_yaml_fail(err, part->file, part->node->mark,
                        "%s is a mapping; write {%s: ...}",
                        part->path[0] ? part->path : "an instrument", keys[0]);
  }
  for (size_t i = 0; i < part->node->count; i++) {
    const hr_yaml_node *item = part->node->items[i];
    size_t k = 0;
    while (k < count && strcmp(item->key, keys[k]) != 0) k++;
    if (k < count) continue;
    const char *nearest = hr_nearest_name(item->key, keys, count);
    return hr_yaml_fail(err, part->file, item->key_mark,
                        "the key '%s%s%.60s' is not known; did you mean '%s'?",
                        part->path, dot, item->key, nearest ? nearest : keys[0]);
  }
  return HR_OK;
}

static hr_status read_scalar(const yaml_part *part, const hr_yaml_node *node,
                             const yaml_number *rule, double *out, hr_error *err) {
  bool is_number = node->kind == HR_YAML_SCALAR && hr_parse_number(node->text, out);
  if (is_number && *out >= rule->least && *out <= rule->most) return HR_OK;
  return hr_yaml_fail(err, part->file, node->mark,
                      "%s.%s has to be a number from %g to %g%s", part->path, rule->key,
                      rule->least, rule->most, is_number ? "" : ", such as 10 or 1e-4");
}

/* One number, or [first, last] of two. */
static hr_status read_pair(const yaml_part *part, const yaml_number *rule, double out[2],
                           hr_error *err) {
  hr_status status = HR_OK;
  const hr_yaml_node *node = hr_yaml_find(part->node, rule->key);
  if (node->kind != HR_YAML_SEQUENCE) {
    HR_TRY(read_scalar(part, node, rule, &out[0], err));
    out[1] = out[0];
    goto cleanup;
  }
  if (node->count != 2) {
    return hr_yaml_fail(err, part->file, node->mark,
                        "%s.%s is a number or two, [first, last]", part->path, rule->key);
  }
  for (size_t i = 0; i < 2; i++) {
    HR_TRY(read_scalar(part, node->items[i], rule, &out[i], err));
  }
cleanup:
  return status;
}

static hr_status read_number(const yaml_part *part, const yaml_number *rule, double *out,
                             hr_error *err) {
  const hr_yaml_node *node = hr_yaml_find(part->node, rule->key);
  if (node) return read_scalar(part, node, rule, out, err);
  *out = rule->usual;
  if (!isnan(rule->usual)) return HR_OK;
  return hr_yaml_fail(err, part->file, part->node->mark, "%s.%s is missing", part->path,
                      rule->key);
}

static hr_status find_part(const yaml_part *root, const char *key, yaml_part *out,
                           hr_error *err) {
  *out = (yaml_part){root->file, key, hr_yaml_find(root->node, key)};
  if (out->node) return HR_OK;
  return hr_yaml_fail(err, root->file, root->node->mark, "%s is missing", key);
}

static hr_status take_pixels(const yaml_part *part, hr_definition *d, double count,
                             hr_error *err) {
  if (!(count >= 2 && count <= HR_DEFINITION_MOST_PIXELS)) {
    return hr_yaml_fail(err, part->file, part->node->mark,
                        "wavelength has %.0f pixels; 2 to %d are possible", count,
                        HR_DEFINITION_MOST_PIXELS);
  }
  d->pixels = (size_t)count;
  return hr_alloc(&d->wave, d->pixels, err);
}

static hr_status read_list(const yaml_part *part, hr_definition *d, hr_error *err) {
  hr_status status = HR_OK;
  const yaml_number rule = {"centres", HR_MODELS_FIRST_EDGE, HR_MODELS_LAST_EDGE, NAN};
  HR_TRY(take_pixels(part, d, (double)part->node->count, err));
  for (size_t p = 0; p < d->pixels; p++) {
    HR_TRY(read_scalar(part, part->node->items[p], &rule, &d->wave[p], err));
    if (p == 0 || d->wave[p] > d->wave[p - 1]) continue;
    status = hr_yaml_fail(err, part->file, part->node->items[p]->mark,
                          "wavelength does not increase from %g to %g", d->wave[p - 1],
                          d->wave[p]);
    goto cleanup;
  }
cleanup:
  return status;
}

/* start, start + step .. up to stop; with scale log10 their logarithms. */
static hr_status read_wave(const yaml_part *root, hr_definition *d, hr_error *err) {
  static const char *const keys[] = {"start", "stop", "step", "scale"};
  static const double rounding = 1e-6; /* of a step, by which stop may be missed */
  hr_status status = HR_OK;
  yaml_part part;
  double start = 0, stop = 0, step = 0;
  HR_TRY(find_part(root, "wavelength", &part, err));
  if (part.node->kind == HR_YAML_SEQUENCE) return read_list(&part, d, err);
  HR_TRY(check_keys(&part, keys, 4, err));
  const yaml_number end = {"start", HR_MODELS_FIRST_EDGE, HR_MODELS_LAST_EDGE, NAN};
  const yaml_number until = {"stop", end.least, end.most, NAN};
  const yaml_number by = {"step", 1e-6, 500, NAN};
  HR_TRY(read_number(&part, &end, &start, err));
  HR_TRY(read_number(&part, &until, &stop, err));
  HR_TRY(read_number(&part, &by, &step, err));
  const hr_yaml_node *scale = hr_yaml_find(part.node, "scale");
  bool is_log = scale && scale->text && strcmp(scale->text, "log10") == 0;
  if (scale && !is_log && !(scale->text && strcmp(scale->text, "linear") == 0)) {
    status =
        hr_yaml_fail(err, part.file, scale->mark, "wavelength.scale is linear or log10");
    goto cleanup;
  }
  if (is_log) start = log10(start), stop = log10(stop);
  HR_TRY(take_pixels(&part, d, floor((stop - start) / step + rounding) + 1, err));
  for (size_t p = 0; p < d->pixels; p++) {
    double at = start + step * (double)p;
    d->wave[p] = is_log ? pow(10.0, at) : at;
  }
cleanup:
  return status;
}

/* FWHM or resolving power, linear in wavelength from the first pixel to the last. */
static hr_status read_lsf(const yaml_part *root, hr_definition *d, hr_error *err) {
  static const char *const keys[] = {"fwhm", "resolving_power"};
  hr_status status = HR_OK;
  yaml_part part;
  double ends[2] = {0};
  HR_TRY(find_part(root, "lsf", &part, err));
  HR_TRY(check_keys(&part, keys, 2, err));
  if (part.node->count != 1) {
    status = hr_yaml_fail(err, part.file, part.node->mark,
                          "lsf has fwhm, in angstrom, or resolving_power: give one");
    goto cleanup;
  }
  bool is_fwhm = hr_yaml_find(part.node, "fwhm");
  const yaml_number fwhm = {"fwhm", HR_MODELS_LEAST_FWHM, HR_MODELS_MOST_FWHM, NAN};
  const yaml_number power = {"resolving_power", 100, 30000, NAN};
  HR_TRY(read_pair(&part, is_fwhm ? &fwhm : &power, ends, err));
  HR_TRY(hr_alloc(&d->fwhm, d->pixels, err));
  double first = d->wave[0], length = d->wave[d->pixels - 1] - first;
  for (size_t p = 0; p < d->pixels; p++) {
    double value = ends[0] + (ends[1] - ends[0]) * (d->wave[p] - first) / length;
    d->fwhm[p] = is_fwhm ? value : d->wave[p] / value;
  }
cleanup:
  return status;
}

static hr_status read_noise(const yaml_part *root, hr_definition *d, hr_error *err) {
  static const char *const of_snr[] = {"snr", "background"};
  static const char *const of_electrons[] = {"electrons", "sky", "sky_error", "read"};
  static const double plenty = 1e9;
  hr_status status = HR_OK;
  hr_definition_noise *noise = &d->noise;
  yaml_part part;
  HR_TRY(find_part(root, "noise", &part, err));
  noise->has_snr = hr_yaml_find(part.node, "snr");
  if (!noise->has_snr) {
    const yaml_number numbers[] = {{"electrons", 1e-3, plenty, NAN},
                                   {"sky", 0, plenty, 0},
                                   {"sky_error", 0, 1, 0},
                                   {"read", 0, plenty, 0}};
    double *const to[] = {&noise->electrons, &noise->sky, &noise->sky_error,
                          &noise->read};
    HR_TRY(check_keys(&part, of_electrons, 4, err));
    for (size_t i = 0; i < 4; i++) HR_TRY(read_number(&part, &numbers[i], to[i], err));
    goto cleanup;
  }
  double ends[2] = {0};
  const yaml_number snr = {"snr", 0.1, 1e5, NAN}, background = {"background", 0, 1e6, 0};
  HR_TRY(check_keys(&part, of_snr, 2, err));
  HR_TRY(read_pair(&part, &snr, ends, err));
  HR_TRY(read_number(&part, &background, &noise->background, err));
  noise->snr_low = fmin(ends[0], ends[1]);
  noise->snr_high = fmax(ends[0], ends[1]);
cleanup:
  return status;
}

static hr_status read_name(const yaml_part *root, hr_definition *d, hr_error *err) {
  const hr_yaml_node *node = hr_yaml_find(root->node, "name");
  if (node && node->kind == HR_YAML_SCALAR && node->text[0]) {
    return hr_copy_text(node->text, &d->name, err);
  }
  return hr_yaml_fail(err, root->file, node ? node->mark : root->node->mark,
                      "name has to be there, the instrument's");
}

hr_status hr_definition_read(const char *yaml, size_t size, const char *name,
                             hr_definition **out, hr_error *err) {
  static const char *const keys[] = {"name", "wavelength", "lsf", "noise"};
  hr_status status = HR_OK;
  hr_definition *d = NULL;
  hr_yaml_node *root = NULL;
  hr_error reason = {.status = HR_OK};
  HR_TRY(hr_yaml_tree_create(yaml, size, name, &root, err));
  const yaml_part all = {name, "", root};
  HR_TRY(check_keys(&all, keys, 4, err));
  HR_TRY(hr_alloc(&d, 1, err));
  HR_TRY(read_name(&all, d, err));
  HR_TRY(read_wave(&all, d, err));
  HR_TRY(read_lsf(&all, d, err));
  HR_TRY(read_noise(&all, d, err));
  hr_model_view view = hr_definition_view(d);
  if (hr_models_check(&view, &reason) != HR_OK) {
    status = hr_fail(err, HR_ERR_CONFIG, "%s: %s", name, reason.message);
    goto cleanup;
  }
  *out = d;
  d = NULL;
cleanup:
  hr_yaml_tree_destroy(&root);
  hr_definition_destroy(&d);
  return status;
}

hr_status hr_definition_create(const char *instrument, hr_definition **out,
                               hr_error *err) {
  const char *text = hr_definition_text(instrument), *dot = strrchr(instrument, '.');
  if (text) return hr_definition_read(text, strlen(text), instrument, out, err);
  if (!dot || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0)) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "instrument is '%s': give pfs-mr, desi-z, sdss, lamost-red, gaia-rvs or a "
        "file FILE.yaml",
        instrument);
  }
  char *yaml = NULL;
  size_t size = 0;
  hr_status status = hr_file_read(instrument, MOST_BYTES, &yaml, &size, err);
  if (status == HR_OK) status = hr_definition_read(yaml, size, instrument, out, err);
  hr_free(yaml);
  return status;
}

hr_model_view hr_definition_view(const hr_definition *d) {
  return (hr_model_view){d->pixels, d->wave, d->fwhm};
}

/* --- the noise --- */

/* (sigma / m)^2 = star * f / m + constant. */
typedef struct noise_terms {
  double star, constant;
} noise_terms;

static noise_terms terms_of(const hr_definition_noise *noise,
                            const hr_brightness *brightness) {
  if (noise->has_snr) {
    double snr =
        noise->snr_low * pow(noise->snr_high / noise->snr_low, brightness->deviate);
    double star = 1.0 / ((1.0 + noise->background) * snr * snr);
    return (noise_terms){star, star * noise->background};
  }
  double electrons = noise->electrons * pow(10.0, 0.4 * (zero_mag - brightness->mag));
  double off = noise->sky_error * noise->sky;
  double others = noise->sky + off * off + noise->read;
  return (noise_terms){1.0 / electrons, others / (electrons * electrons)};
}

/* Of the pixels that are not bad. */
static double snr_of(const float *flux, const float *error, size_t pixels,
                     float *const scratch[2]) {
  size_t good = 0;
  for (size_t p = 0; p < pixels; p++) {
    if (error[p] > 0) scratch[0][good++] = flux[p] / error[p];
  }
  return hr_pixel_quantile(scratch[0], good, 0.95, scratch[1]);
}

void hr_definition_observe(const hr_definition *d, const hr_brightness *brightness,
                           float *const scratch[2], float *flux, float *error,
                           double *snr) {
  size_t pixels = d->pixels;
  const float *taken = NULL;
  noise_terms terms = terms_of(&d->noise, brightness);
  double median = hr_pixel_quantile(flux, pixels, 0.5, scratch[1]);
  if (d->relative) taken = d->relative + brightness->number % d->error_rows * pixels;
  for (size_t p = 0; p < pixels; p++) {
    double relative = (double)flux[p] / median;
    flux[p] = (float)(median_flux * relative);
    error[p] =
        (float)(median_flux * (taken ? (double)taken[p]
                                     : sqrt(terms.star * relative + terms.constant)));
  }
  *snr = snr_of(flux, error, pixels, scratch);
}
