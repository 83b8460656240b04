/* Formulas 1 to 5 of docs/simulate.md, with the constants of the public exposure time
 * calculator. A plain version of the formulas stands at the end, and the tests hold the
 * fast one against it. */
#include "simulate/instrument.h"

#include <math.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "core/vector.h"

static const double radians_per_degree = 0.017453292519943295;
static const double ln_10 = 2.302585092994045684;
static const double table_seconds = 10800.0; /* exposure the tables are counted in */

/* Formula 4: electrons of dark current and scattered light. */
static const double sky_floor = 0.01;         /* sky subtraction, fraction of the sky */
static const double scattered = 0.015;        /* fraction of the mean sky */
static const double dark_per_second = 5e-4;   /* electrons per second and pixel */
static const double read_per_exposure = 80.0; /* electrons squared per exposure */
static const double model_a_variance = 1.015;

static const double median_flux = 0.5; /* of every spectrum, as in the users' files */

/* Flux density of AB magnitude m, flat in f_nu (formula 2), 1e-17 erg s-1 cm-2 A-1. */
static double ab_flux(double mag, double wave_angstrom) {
  double f_nu = 3.631e-20 * pow(10.0, -0.4 * mag);
  return f_nu * 2.99792458e18 / (wave_angstrom * wave_angstrom) / 1e-17;
}

/* Where x lies in increasing nodes: value = (1 - *part) v[*i] + *part v[*i + 1]. */
static void locate(const double *nodes, size_t count, double x, size_t *i, double *part) {
  *i = 0;
  while (*i + 2 < count && x >= nodes[*i + 1]) ++*i;
  *part = (x - nodes[*i]) / (nodes[*i + 1] - nodes[*i]);
}

static double linear(const double *nodes, const double *values, size_t count, double x) {
  size_t i = 0;
  double part = 0.0;
  locate(nodes, count, x, &i, &part);
  return (1.0 - part) * values[i] + part * values[i + 1];
}

/* The HSC i response at a wavelength, 0 outside the table. */
static double band_response(const hr_grid_tables *tables, double wave) {
  if (wave < tables->band_wave[0] || wave > tables->band_wave[tables->band_count - 1]) {
    return 0.0;
  }
  return linear(tables->band_wave, tables->band_response, tables->band_count, wave);
}

hr_status hr_instrument_init(const hr_grid_tables *tables,
                             const hr_simulate_options *options, hr_instrument *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = tables->pixels;
  bool is_a = options->noise_model == HR_SIMULATE_MODEL_A;
  *out = (hr_instrument){.tables = tables,
                         .model = options->noise_model,
                         .exposures = (double)options->exposures,
                         .exposure_time = options->exposure_time};
  HR_TRY(hr_alloc(&out->continuum, pixels, err));
  HR_TRY(hr_alloc(&out->ratio, pixels, err));
  HR_TRY(hr_alloc(&out->offset, pixels, err));
  HR_TRY(hr_alloc(&out->band, pixels, err));
  for (size_t p = 0; p < pixels; p++) {
    double wave = tables->wave[p];
    out->continuum[p] = tables->sky_continuum[p] * (is_a ? tables->continuum_a[p] : 1.0);
    out->ratio[p] = is_a ? tables->throughput_ratio[p] : 1.0;
    out->offset[p] = wave - tables->fibre_wave[1];
    out->band[p] = band_response(tables, wave) * wave;
    out->band_at_zero += out->band[p] * ab_flux(0.0, wave);
  }
cleanup:
  if (status != HR_OK) hr_instrument_fini(out);
  return status;
}

void hr_instrument_fini(hr_instrument *instrument) {
  hr_free(instrument->continuum);
  hr_free(instrument->ratio);
  hr_free(instrument->offset);
  hr_free(instrument->band);
  *instrument = (hr_instrument){0};
}

hr_status hr_exposure_init(size_t pixels, hr_exposure *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_exposure){0};
  HR_TRY(hr_alloc(&out->conversion, pixels, err));
  HR_TRY(hr_alloc(&out->variance, pixels, err));
  HR_TRY(hr_alloc(&out->sky, pixels, err));
  HR_TRY(hr_alloc(&out->values, pixels, err));
  HR_TRY(hr_alloc(&out->sorting, pixels, err));
cleanup:
  if (status != HR_OK) hr_exposure_fini(out);
  return status;
}

void hr_exposure_fini(hr_exposure *exposure) {
  hr_free(exposure->conversion);
  hr_free(exposure->variance);
  hr_free(exposure->sky);
  hr_free(exposure->values);
  hr_free(exposure->sorting);
  *exposure = (hr_exposure){0};
}

/* What formulas 1 and 3 need of the conditions, the same for all pixels. */
typedef struct geometry {
  double airmass;  /* s = 1 / cos z */
  double sky_path; /* X, van Rhijn */
  double gain;     /* f T v without the throughput ratio of model A */
  double sky_gain; /* gain r X */
  double fibre[3]; /* phi = fibre[0] + offset (fibre[1] + offset fibre[2]) */
} geometry;

/* Fibre fractions at the tabulated wavelengths, bilinear in seeing and field angle. */
static void fibre_fractions(const hr_grid_tables *tables, const hr_conditions *conditions,
                            double fraction[HR_FIBRE_WAVES]) {
  size_t i = 0, j = 0, angles = tables->angle_count;
  double a = 0.0, b = 0.0;
  locate(tables->seeing, tables->seeing_count, conditions->seeing, &i, &a);
  locate(tables->field_angle, angles, conditions->field_angle, &j, &b);
  for (size_t w = 0; w < HR_FIBRE_WAVES; w++) {
    const double *row = tables->fraction + (w * tables->seeing_count + i) * angles + j;
    fraction[w] = (1.0 - a) * ((1.0 - b) * row[0] + b * row[1]) +
                  a * ((1.0 - b) * row[angles] + b * row[angles + 1]);
  }
}

/* Newton's divided differences, turned into powers of the offset from wave[1]. */
static void fit_parabola(const double *wave, const double *y, double out[3]) {
  double x0 = wave[0] - wave[1], x2 = wave[2] - wave[1];
  double slope_0 = (y[0] - y[1]) / x0, slope_2 = (y[2] - y[1]) / x2;
  out[2] = (slope_2 - slope_0) / (x2 - x0);
  out[1] = slope_0 - out[2] * x0;
  out[0] = y[1];
}

static geometry set_geometry(const hr_instrument *instrument,
                             const hr_conditions *conditions) {
  const hr_grid_tables *tables = instrument->tables;
  double z = conditions->zenith_angle * radians_per_degree,
         angle = conditions->field_angle;
  geometry g = {.airmass = 1.0 / cos(z),
                .sky_path = 1.0 / sqrt(1.0 - 0.96 * sin(z) * sin(z))};
  g.gain = instrument->exposures * instrument->exposure_time / table_seconds *
           linear(tables->field_angle, tables->vignetting, tables->angle_count, angle);
  if (instrument->model == HR_SIMULATE_MODEL_A) {
    g.gain *= (1.0 - (0.27 + 0.1333 * angle)) / 0.81;
  }
  /* The solid angle of a fibre on the sky, through the focal length: interpolating the
   * solid angle itself is off by up to 0.03 %. */
  double focal =
      linear(tables->field_angle, tables->focal_length, tables->angle_count, angle);
  double relative = tables->focal_length[0] / focal;
  g.sky_gain = g.gain * relative * relative * g.sky_path;
  double fraction[HR_FIBRE_WAVES];
  fibre_fractions(tables, conditions, fraction);
  fit_parabola(tables->fibre_wave, fraction, g.fibre);
  return g;
}

/* exp(-x) by its series; extinction gives 0 <= x < 0.1 for zenith angles up to 60
 * degrees, where the first term left out is below 1e-11. */
static inline double attenuation(double x) {
  double y = 1.0 / 720.0;
  y = y * x - 1.0 / 120.0;
  y = y * x + 1.0 / 24.0;
  y = y * x - 1.0 / 6.0;
  y = y * x + 1.0 / 2.0;
  y = y * x - 1.0;
  return y * x + 1.0;
}

/* Formulas 1 and 3. The loop is apart from the rest so that it vectorises. */
HR_VECTOR_CLONES
static void count_electrons(const hr_instrument *instrument, const geometry *g,
                            double *restrict conversion, double *restrict sky) {
  const hr_grid_tables *tables = instrument->tables;
  const double *restrict k = tables->extinction, *restrict base = tables->conversion;
  const double *restrict lines = tables->sky_lines, *restrict ratio = instrument->ratio;
  const double *restrict continuum = instrument->continuum;
  const double *restrict offset = instrument->offset;
  double star_path = 0.4 * ln_10 * (g->airmass - 1.0);
  double line_path = (g->sky_path - 1.0) / 1.086;
  for (size_t p = 0; p < tables->pixels; p++) {
    double star = attenuation(star_path * k[p]), line = attenuation(line_path * k[p]);
    double fibre = g->fibre[0] + offset[p] * (g->fibre[1] + offset[p] * g->fibre[2]);
    conversion[p] = g->gain * ratio[p] * base[p] * star * fibre;
    sky[p] = g->sky_gain * ratio[p] * (lines[p] * line + continuum[p] * star);
  }
}

static inline double larger(double a, double b) {
  return a > b ? a : b;
}

/* Formula 4; the ends of the arm have one neighbour. */
HR_VECTOR_CLONES
static void add_variances(size_t pixels, double constant, double factor,
                          const double *restrict sky, double *restrict variance) {
  for (size_t p = 1; p + 1 < pixels; p++) {
    double most = sky_floor * larger(sky[p], larger(sky[p - 1], sky[p + 1]));
    variance[p] = factor * (sky[p] + most * most + constant);
  }
  for (size_t p = 0; p < pixels; p += pixels - 1) {
    double most = sky_floor * larger(sky[p], sky[p == 0 ? 1 : p - 1]);
    variance[p] = factor * (sky[p] + most * most + constant);
  }
}

/* Sums in eight interleaved parts: one order on every machine, and vectors can do it. */
enum { PARTS = 8 };

static double add_parts(const double parts[PARTS]) {
  double sum = 0.0;
  for (size_t j = 0; j < PARTS; j++) sum += parts[j];
  return sum;
}

HR_VECTOR_CLONES
static double sum_values(size_t pixels, const double *values) {
  double parts[PARTS] = {0};
  size_t p = 0;
  for (; p + PARTS <= pixels; p += PARTS) {
    for (size_t j = 0; j < PARTS; j++) parts[j] += values[p + j];
  }
  for (; p < pixels; p++) parts[0] += values[p];
  return add_parts(parts);
}

HR_VECTOR_CLONES
static double sum_products(size_t pixels, const float *flux, const double *band) {
  double parts[PARTS] = {0};
  size_t p = 0;
  for (; p + PARTS <= pixels; p += PARTS) {
    for (size_t j = 0; j < PARTS; j++) parts[j] += (double)flux[p + j] * band[p + j];
  }
  for (; p < pixels; p++) parts[0] += (double)flux[p] * band[p];
  return add_parts(parts);
}

void hr_instrument_expose(const hr_instrument *instrument,
                          const hr_conditions *conditions, hr_exposure *exposure) {
  size_t pixels = instrument->tables->pixels;
  geometry g = set_geometry(instrument, conditions);
  count_electrons(instrument, &g, exposure->conversion, exposure->sky);
  double mean_sky = sum_values(pixels, exposure->sky) / (double)pixels;
  double constant = scattered * mean_sky +
                    dark_per_second * instrument->exposures * instrument->exposure_time +
                    read_per_exposure * instrument->exposures;
  double factor = instrument->model == HR_SIMULATE_MODEL_A ? model_a_variance : 1.0;
  add_variances(pixels, constant, factor, exposure->sky, exposure->variance);
}

/* Formula 5 and the scaling: flux in 1e-17 erg s-1 cm-2 A-1 is to_physical * flux. */
HR_VECTOR_CLONES
static void scale_and_weigh(const hr_exposure *exposure, size_t pixels,
                            double to_physical, double to_output, float *restrict flux,
                            float *restrict error) {
  const double *restrict conversion = exposure->conversion;
  const double *restrict variance = exposure->variance;
  float *restrict ratio = exposure->values;
  for (size_t p = 0; p < pixels; p++) {
    double value = (double)flux[p];
    double electrons = conversion[p] * (to_physical * value);
    double sigma = sqrt(electrons + variance[p]) / conversion[p];
    flux[p] = (float)(value * to_output);
    error[p] = (float)(sigma * (to_output / to_physical));
    ratio[p] = flux[p] / error[p];
  }
}

void hr_instrument_observe(const hr_instrument *instrument, hr_exposure *exposure,
                           double mag, float *flux, float *error, double *snr) {
  size_t pixels = instrument->tables->pixels;
  double in_band = sum_products(pixels, flux, instrument->band);
  double to_physical = pow(10.0, -0.4 * mag) * instrument->band_at_zero / in_band;
  double to_output =
      median_flux / hr_pixel_quantile(flux, pixels, 0.5, exposure->sorting);
  scale_and_weigh(exposure, pixels, to_physical, to_output, flux, error);
  *snr = hr_pixel_quantile(exposure->values, pixels, 0.95, exposure->sorting);
}

void hr_instrument_reference(const hr_instrument *instrument,
                             const hr_conditions *conditions, double *conversion,
                             double *variance) {
  const hr_grid_tables *t = instrument->tables;
  size_t pixels = t->pixels;
  bool is_a = instrument->model == HR_SIMULATE_MODEL_A;
  double z = conditions->zenith_angle * radians_per_degree, a = conditions->field_angle;
  double X = 1.0 / sqrt(1.0 - 0.96 * pow(sin(z), 2.0)), s = 1.0 / cos(z);
  double time = instrument->exposures * instrument->exposure_time, f = time / 10800.0;
  double v = linear(t->field_angle, t->vignetting, t->angle_count, a);
  double focal = linear(t->field_angle, t->focal_length, t->angle_count, a);
  double r = pow(t->focal_length[0] / focal, 2.0), mean = 0.0, phi[HR_FIBRE_WAVES];
  fibre_fractions(t, conditions, phi);
  for (size_t p = 0; p < pixels; p++) {
    double wave = t->wave[p], k = t->extinction[p], fibre = 0.0;
    for (size_t i = 0; i < HR_FIBRE_WAVES; i++) { /* Lagrange */
      double basis = phi[i];
      for (size_t j = 0; j < HR_FIBRE_WAVES; j++) {
        if (j == i) continue;
        basis *= (wave - t->fibre_wave[j]) / (t->fibre_wave[i] - t->fibre_wave[j]);
      }
      fibre += basis;
    }
    double T = is_a ? t->throughput_ratio[p] * (1.0 - (0.27 + 0.1333 * a)) / 0.81 : 1.0;
    double star = pow(10.0, -0.4 * k * (s - 1.0)), g = is_a ? t->continuum_a[p] : 1.0;
    conversion[p] = f * T * v * t->conversion[p] * star * fibre;
    double lines = t->sky_lines[p] * exp(-k * (X - 1.0) / 1.086);
    variance[p] = f * T * v * r * X * (lines + g * t->sky_continuum[p] * star);
    mean += variance[p] / (double)pixels;
  }
  double left = 0.0; /* the sky S of the pixel before, which is already overwritten */
  for (size_t p = 0; p < pixels; p++) {
    double S = variance[p], right = p + 1 < pixels ? variance[p + 1] : 0.0;
    double most = fmax(S, fmax(left, right));
    variance[p] = (is_a ? 1.015 : 1.0) * (S + pow(0.01 * most, 2.0) + 0.015 * mean +
                                          5e-4 * time + 80.0 * instrument->exposures);
    left = S;
  }
}
