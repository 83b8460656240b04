/* The finer models through an instrument: weights of bins in pixels, then components and
 * rests with those weights (simulate/models.h). */
#include "simulate/models.h"

#include <math.h>
#include <stdint.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/text.h"
#include "data/hdf5_file.h"
#include "simulate/built_in.h"
#include "simulate/embedded.h"

/* FWHM of a Gaussian over its standard deviation, sqrt(8 ln 2). */
static const double fwhm_per_sigma = 2.3548200450309493;

/* Beyond six standard deviations lie 2e-9 of a Gaussian. */
static const double reach_sigmas = 6.0;

/* What the file holds. */
typedef struct models {
  size_t spectra, components, bins;
  double first, step; /* centre and width of the bins, angstrom */
  double *median;     /* [spectra] erg s-1 cm-2 A-1 */
  double *rest_step;  /* [1] in medians */
  float *coefficient; /* [spectra][components] */
  int16_t *component; /* [components][bins] */
  int8_t *rest;       /* [spectra][bins] */
} models;

/* What a pixel takes of each bin. */
typedef struct bin_weights {
  size_t *first; /* [pixels] bin of its first weight */
  size_t *start; /* [pixels + 1] */
  double *weight;
} bin_weights;

typedef struct seeing {
  const models *models;
  const bin_weights *weights;
  hr_grid_tables *tables;
  float *seen;     /* [components][pixels] */
  double *scratch; /* [threads][pixels] */
} seeing;

hr_status hr_models_check(const hr_model_view *view, hr_error *err) {
  size_t n = view->pixels;
  if (n < 2) {
    return hr_fail(err, HR_ERR_MISSING, "spectra of fewer than 2 pixels have no steps");
  }
  const double *wave = view->wave;
  double low = wave[0] - 0.5 * (wave[1] - wave[0]);
  double high = wave[n - 1] + 0.5 * (wave[n - 1] - wave[n - 2]);
  if (!(low >= HR_MODELS_FIRST_EDGE && high <= HR_MODELS_LAST_EDGE)) {
    return hr_fail(
        err, HR_ERR_MISSING,
        "the pixels reach from %s to %s angstrom, and the built-in models from "
        "%.1f to %.1f",
        HR_DECIMALS(low, 1), HR_DECIMALS(high, 1), HR_MODELS_FIRST_EDGE,
        HR_MODELS_LAST_EDGE);
  }
  for (size_t p = 0; p < n; p++) {
    double fwhm = view->fwhm[p];
    if (fwhm >= HR_MODELS_LEAST_FWHM && fwhm <= HR_MODELS_MOST_FWHM) continue;
    return hr_fail(
        err, HR_ERR_MISSING,
        "the line spread is %g angstrom (FWHM) at %s angstrom, and the built-in "
        "models can be seen with %g to %g",
        fwhm, HR_DECIMALS(wave[p], 1), HR_MODELS_LEAST_FWHM, HR_MODELS_MOST_FWHM);
  }
  return HR_OK;
}

static void models_fini(models *m) {
  hr_free(m->median);
  hr_free(m->rest_step);
  hr_free(m->coefficient);
  hr_free(m->component);
  hr_free(m->rest);
}

static hr_status read_models(hr_grid_tables *tables, models *out, hr_error *err) {
  hr_status status = HR_OK;
  hid_t file = H5I_INVALID_HID;
  size_t size = 0, ends = 2, one = 1, count = 0;
  double *wave = NULL;
  const void *bytes = hr_embedded_models(&size);
  hr_hdf5_silence();
  HR_TRY(hr_built_in_open(bytes, size, &file, err));
  HR_TRY(hr_built_in_nodes(file, tables, err));
  out->spectra = tables->spectra;
  HR_TRY(hr_built_in_numbers(file, "bins/wave", &ends, &wave, err));
  HR_TRY(hr_built_in_numbers(file, "spectra/step", &one, &out->rest_step, err));
  HR_TRY(hr_built_in_numbers(file, "spectra/median", &out->spectra, &out->median, err));
  HR_TRY(
      hr_built_in_array(file, "spectra/rest", H5T_NATIVE_INT8, &count, &out->rest, err));
  out->bins = count / out->spectra;
  out->first = wave[0];
  out->step = (wave[1] - wave[0]) / (double)(out->bins - 1);
  count = 0;
  HR_TRY(hr_built_in_array(file, "spectra/coefficient", H5T_NATIVE_FLOAT, &count,
                           &out->coefficient, err));
  out->components = count / out->spectra;
  count = out->components * out->bins;
  HR_TRY(hr_built_in_array(file, "spectra/component", H5T_NATIVE_INT16, &count,
                           &out->component, err));
cleanup:
  if (file >= 0) H5Fclose(file);
  hr_free(wave);
  return status;
}

/* An antiderivative of the Gaussian's distribution function. */
static double integral(double x, double sigma) {
  const double root_half = 0.70710678118654752, root_two_pi = 2.5066282746310002;
  double z = x / sigma;
  return x * 0.5 * erfc(-z * root_half) + sigma * exp(-0.5 * z * z) / root_two_pi;
}

/* A pixel and its line spread. */
typedef struct view_pixel {
  double low, high, sigma;
} view_pixel;

static view_pixel pixel_of(const hr_model_view *view, size_t p) {
  const double *wave = view->wave;
  size_t last = view->pixels - 1;
  double left = p > 0 ? wave[p] - wave[p - 1] : wave[1] - wave[0];
  double right = p < last ? wave[p + 1] - wave[p] : wave[last] - wave[last - 1];
  return (view_pixel){wave[p] - 0.5 * left, wave[p] + 0.5 * right,
                      view->fwhm[p] / fwhm_per_sigma};
}

/* The bins that a pixel reaches; at least one. */
static void reach_of(const models *m, const view_pixel *pixel, size_t *first,
                     size_t *end) {
  double reach = reach_sigmas * pixel->sigma, edge = m->first - 0.5 * m->step;
  double low = floor((pixel->low - reach - edge) / m->step);
  double high = ceil((pixel->high + reach - edge) / m->step);
  *first = low > 0 ? (size_t)low : 0;
  *end = high < (double)m->bins ? (size_t)high : m->bins;
}

/* The share of light from below a wavelength in what the pixel takes. */
static double share_below(const view_pixel *pixel, double wave) {
  return (integral(wave - pixel->low, pixel->sigma) -
          integral(wave - pixel->high, pixel->sigma)) /
         (pixel->high - pixel->low);
}

/* At the ends of the models the line spread is cut off and normalised again. */
static void weigh_bins(const models *m, const view_pixel *pixel, size_t first, size_t end,
                       double *weight) {
  double edge = m->first + ((double)first - 0.5) * m->step, sum = 0;
  double below = share_below(pixel, edge);
  for (size_t i = 0; i < end - first; i++) {
    double next = share_below(pixel, edge + (double)(i + 1) * m->step);
    weight[i] = next - below;
    sum += weight[i];
    below = next;
  }
  for (size_t i = 0; i < end - first; i++) weight[i] /= sum;
}

static void bin_weights_fini(bin_weights *w) {
  hr_free(w->first);
  hr_free(w->start);
  hr_free(w->weight);
}

static hr_status bin_weights_init(const models *m, const hr_model_view *view,
                                  bin_weights *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&out->first, view->pixels, err));
  HR_TRY(hr_alloc(&out->start, view->pixels + 1, err));
  out->start[0] = 0;
  for (size_t p = 0; p < view->pixels; p++) {
    const view_pixel pixel = pixel_of(view, p);
    size_t end = 0;
    reach_of(m, &pixel, &out->first[p], &end);
    out->start[p + 1] = out->start[p] + end - out->first[p];
  }
  HR_TRY(hr_alloc(&out->weight, out->start[view->pixels], err));
  for (size_t p = 0; p < view->pixels; p++) {
    const view_pixel pixel = pixel_of(view, p);
    size_t end = out->first[p] + out->start[p + 1] - out->start[p];
    weigh_bins(m, &pixel, out->first[p], end, out->weight + out->start[p]);
  }
cleanup:
  return status;
}

static void see_component(void *context, size_t k, size_t thread) {
  (void)thread;
  const seeing *work = context;
  const bin_weights *w = work->weights;
  size_t pixels = work->tables->pixels;
  for (size_t p = 0; p < pixels; p++) {
    const int16_t *bin = work->models->component + k * work->models->bins + w->first[p];
    double sum = 0;
    for (size_t i = w->start[p]; i < w->start[p + 1]; i++) {
      sum += w->weight[i] * *bin++;
    }
    work->seen[k * pixels + p] = (float)sum;
  }
}

static void see_spectrum(void *context, size_t g, size_t thread) {
  const seeing *work = context;
  const models *m = work->models;
  const bin_weights *w = work->weights;
  size_t pixels = work->tables->pixels;
  double *sum = work->scratch + thread * pixels;
  float *flux = work->tables->flux + g * pixels;
  for (size_t p = 0; p < pixels; p++) {
    const int8_t *bin = m->rest + g * m->bins + w->first[p];
    sum[p] = 0;
    for (size_t i = w->start[p]; i < w->start[p + 1]; i++) {
      sum[p] += w->weight[i] * *bin++;
    }
    sum[p] *= *m->rest_step;
  }
  for (size_t k = 0; k < m->components; k++) {
    double coefficient = (double)m->coefficient[g * m->components + k];
    const float *seen = work->seen + k * pixels;
    for (size_t p = 0; p < pixels; p++) sum[p] += coefficient * (double)seen[p];
  }
  for (size_t p = 0; p < pixels; p++) flux[p] = (float)(m->median[g] * sum[p]);
}

hr_status hr_models_see(const hr_model_view *view, hr_grid_tables **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_grid_tables *tables = NULL;
  models m = {.spectra = 0};
  bin_weights weights = {.first = NULL};
  seeing work = {.models = &m, .weights = &weights};
  HR_TRY(hr_models_check(view, err));
  HR_TRY(hr_alloc(&tables, 1, err));
  tables->pixels = view->pixels;
  HR_TRY(read_models(tables, &m, err));
  HR_TRY(bin_weights_init(&m, view, &weights, err));
  HR_TRY(hr_alloc(&tables->wave, view->pixels, err));
  HR_TRY(hr_alloc(&tables->flux, m.spectra * view->pixels, err));
  HR_TRY(hr_alloc(&work.seen, m.components * view->pixels, err));
  HR_TRY(hr_alloc(&work.scratch, hr_thread_count() * view->pixels, err));
  for (size_t p = 0; p < view->pixels; p++) tables->wave[p] = view->wave[p];
  work.tables = tables;
  hr_parallel_for(m.components, see_component, &work);
  hr_parallel_for(m.spectra, see_spectrum, &work);
  *out = tables;
  tables = NULL;
cleanup:
  models_fini(&m);
  bin_weights_fini(&weights);
  hr_free(work.seen);
  hr_free(work.scratch);
  hr_tables_destroy(&tables);
  return status;
}

double hr_models_bytes(size_t pixels) {
  /* The image of the file, components and rests, then what is seen. A pixel has some 100
   * weights where lines are 2 angstrom wide. */
  const double file = 5.4e6, decoded = 21.2e6, spectra = 1260, components = 100;
  const double weights = 100, threads = (double)hr_thread_count();
  return file + decoded +
         (4 * (spectra + components) + 8 * (threads + weights)) * (double)pixels;
}

hr_status hr_models_find(const hr_model_view *view, hr_error *err) {
  if (view->fwhm) return hr_models_check(view, err);
  return hr_tables_check_wave(view->wave, view->pixels, err);
}

hr_status hr_models_grid(const hr_model_view *view, hr_grid_tables **out, hr_error *err) {
  if (view->fwhm) return hr_models_see(view, out, err);
  hr_status status = hr_models_find(view, err);
  return status == HR_OK ? hr_tables_create(out, err) : status;
}

double hr_models_grid_bytes(const hr_model_view *view) {
  /* While the arm's grid of 1260 spectra is read, a flux takes 4 bytes decoded, 2 coded
   * and not quite 2 in the image of the file. */
  const double spectra = 1260, read = 8;
  if (view->fwhm) return hr_models_bytes(view->pixels);
  return read * spectra * (double)view->pixels;
}
