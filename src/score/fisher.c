/* The bound of Fisher information, from the derivatives of the built-in grid. */
#include "score/fisher.h"
#include "core/quantile.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/pixel_quantile.h"
#include "score/metrics.h"
#include "simulate/derivatives.h"
#include "simulate/models.h"

enum {
  AXES = HR_GRID_AXES,
  /* Rows multiplied with the grid at a time, cut by their number alone: 256 spectra, as
   * many as the simulator makes in one product. */
  GROUP = 64,
  FEWEST_ROWS = 2,     /* that have a spread */
  FEWEST_PIXELS = 100, /* that have a median with neighbours (simulate/derivatives.h) */
};

/* Labels may be beyond the grid by this share of its range: rounding in a file. */
static const double label_tolerance = 1e-6;

/* A pixel with a smaller error is masked, as the posterior does. */
static const double smallest_sigma = 1e-9;

static const double largest_misfit = 0.1;

typedef struct prior {
  bool is_known;
  double factor[AXES][AXES];
} prior;

struct hr_fisher {
  hr_fisher_input input;
  size_t target_axis;
  hr_grid_tables *tables;
  hr_interpolator interpolator;
  prior *priors;         /* [K + 1], that of all rows last */
  float *flux;           /* [GROUP][P] rows that wait, noise-free */
  float *error;          /* [GROUP][P] */
  float *weights;        /* [GROUP][HR_DERIVATIVE_ROWS][G] */
  float *spectra;        /* [GROUP][HR_DERIVATIVE_ROWS][P] */
  float *scratch;        /* [threads][P] */
  size_t first, waiting; /* rows first .. first + waiting - 1 wait */
  double *variance;      /* [AXES][test rows][HR_FISHER_PRIORS] of every label */
  double *misfit;        /* [test rows]; NaN: no bound */
  hr_fisher_bound found; /* of the target, once finished */
};

static hr_status find_axis(const char *target_name, size_t *axis, hr_error *err) {
  const char *const *names = hr_grid_label_names;
  *axis = hr_grid_axis(target_name);
  if (*axis < AXES) return HR_OK;
  return hr_fail(err, HR_ERR_MISSING,
                 "the target %s is none of the built-in model grid's labels %s, %s and "
                 "%s",
                 target_name, names[0], names[1], names[2]);
}

static hr_model_view view_of(const hr_study_view *study) {
  return (hr_model_view){study->pixels, study->wave_angstrom, study->fwhm_angstrom};
}

static hr_status check_input(const hr_fisher_input *input, size_t *target_axis,
                             hr_error *err) {
  const char *const *names = hr_grid_label_names;
  hr_status status = find_axis(input->target_name, target_axis, err);
  if (status != HR_OK) return status;
  for (size_t axis = 0; axis < AXES; axis++) {
    bool in_train = input->train_labels[axis], in_test = input->test_labels[axis];
    if (in_train && in_test) continue;
    return hr_fail(err, HR_ERR_MISSING, "the %s rows have no label %s",
                   in_train ? "test" : "training", names[axis]);
  }
  if (!(input->level > 0)) {
    return hr_fail(err, HR_ERR_MISSING,
                   "data.noise.level is 0, and without noise nothing limits a label");
  }
  const hr_model_view view = view_of(input->study);
  status = hr_models_find(&view, err);
  if (status == HR_OK && view.pixels < FEWEST_PIXELS) {
    return hr_fail(err, HR_ERR_MISSING,
                   "the spectra have %zu pixels, too few for the change of their median",
                   view.pixels);
  }
  return status;
}

void hr_fisher_factor(double covariance[AXES][AXES], double factor[AXES][AXES]) {
  const double negligible = 1e-12; /* of a label's own variance */
  for (size_t j = 0; j < AXES; j++) {
    double left = covariance[j][j];
    for (size_t k = 0; k < j; k++) left -= factor[j][k] * factor[j][k];
    bool has_own = left > negligible * covariance[j][j];
    factor[j][j] = has_own ? sqrt(left) : 0.0;
    for (size_t i = 0; i < AXES; i++) {
      if (i == j) continue;
      double sum = covariance[i][j];
      for (size_t k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
      factor[i][j] = i > j && has_own ? sum / factor[j][j] : 0.0;
    }
  }
}

double hr_fisher_variance(double information[AXES][AXES], double factor[AXES][AXES],
                          size_t axis) {
  double a[AXES][AXES], y[AXES], variance = 0.0;
  for (size_t i = 0; i < AXES; i++) {
    for (size_t j = 0; j < AXES; j++) {
      a[i][j] = i == j ? 1.0 : 0.0;
      for (size_t k = 0; k < AXES; k++) {
        for (size_t l = 0; l < AXES; l++) {
          a[i][j] += factor[k][i] * information[k][l] * factor[l][j];
        }
      }
    }
  }
  /* Cholesky and forward substitution in one: a = r r^T, r y = b. */
  for (size_t i = 0; i < AXES; i++) {
    y[i] = factor[axis][i];
    for (size_t j = 0; j <= i; j++) {
      for (size_t k = 0; k < j; k++) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] = j < i ? a[i][j] / a[j][j] : sqrt(a[i][i]);
      if (j < i) y[i] -= a[i][j] * y[j];
    }
    y[i] /= a[i][i];
    variance += y[i] * y[i];
  }
  return variance;
}

/* The spread of the labels of the training rows in `bin`, or of all (HR_GLOBAL). */
static void set_prior(const hr_fisher_input *input, int bin, prior *out) {
  const hr_split_view *train = &input->study->train;
  double count = 0, mean[AXES] = {0}, covariance[AXES][AXES] = {{0}};
  for (size_t row = 0; row < train->rows; row++) {
    if (bin != HR_GLOBAL && train->bin[row] != bin) continue;
    double step[AXES];
    bool is_known = true;
    for (size_t axis = 0; axis < AXES; axis++) {
      step[axis] = input->train_labels[axis][row] - mean[axis];
      is_known = is_known && isfinite(step[axis]);
    }
    if (!is_known) continue;
    count++;
    for (size_t i = 0; i < AXES; i++) { /* Welford: no cancelling */
      mean[i] += step[i] / count;
      for (size_t j = 0; j < AXES; j++) {
        covariance[i][j] += step[i] * step[j] * (count - 1) / count;
      }
    }
  }
  for (size_t i = 0; i < AXES * AXES; i++) (&covariance[0][0])[i] /= fmax(count, 1);
  out->is_known = count >= FEWEST_ROWS;
  hr_fisher_factor(covariance, out->factor);
}

static hr_status allocate(hr_fisher *fisher, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = fisher->input.study;
  size_t values = GROUP * study->pixels, spectra = fisher->tables->spectra;
  HR_TRY(hr_alloc(&fisher->priors, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&fisher->flux, values, err));
  HR_TRY(hr_alloc(&fisher->error, values, err));
  HR_TRY(hr_alloc(&fisher->weights, GROUP * HR_DERIVATIVE_ROWS * spectra, err));
  HR_TRY(hr_alloc(&fisher->spectra, HR_DERIVATIVE_ROWS * values, err));
  HR_TRY(hr_alloc(&fisher->scratch, hr_thread_count() * study->pixels, err));
  HR_TRY(hr_alloc(&fisher->variance, AXES * study->test_rows * HR_FISHER_PRIORS, err));
  HR_TRY(hr_alloc(&fisher->misfit, study->test_rows, err));
cleanup:
  return status;
}

size_t hr_fisher_bytes(const hr_study_view *study) {
  const size_t spectra = 1260;
  const hr_model_view view = view_of(study);
  size_t derivatives = GROUP * HR_DERIVATIVE_ROWS * (spectra + study->pixels);
  if (hr_models_find(&view, NULL) != HR_OK) return 0;
  return (size_t)hr_models_grid_bytes(&view) + 4 * derivatives +
         4 * (2 * GROUP + hr_thread_count()) * study->pixels +
         8 * (AXES * HR_FISHER_PRIORS + 1) * study->test_rows;
}

hr_status hr_fisher_create(const hr_fisher_input *input, hr_fisher **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fisher *fisher = NULL;
  size_t bins = input->study->bin_count, target_axis = 0;
  HR_TRY(check_input(input, &target_axis, err));
  HR_TRY(hr_alloc(&fisher, 1, err));
  fisher->input = *input;
  fisher->target_axis = target_axis;
  const hr_model_view view = view_of(input->study);
  HR_TRY(hr_models_grid(&view, &fisher->tables, err));
  HR_TRY(hr_interpolator_init(input->study->compute, fisher->tables,
                              HR_SIMULATE_NODES_ALL, &fisher->interpolator, err));
  HR_TRY(allocate(fisher, err));
  for (size_t k = 0; k <= bins; k++) {
    set_prior(input, k == bins ? HR_GLOBAL : (int)k, &fisher->priors[k]);
  }
  *out = fisher;
  fisher = NULL;
cleanup:
  hr_fisher_destroy(&fisher);
  return status;
}

void hr_fisher_destroy(hr_fisher **address) {
  hr_fisher *fisher = *address;
  *address = NULL;
  if (!fisher) return;
  hr_tables_destroy(&fisher->tables);
  hr_free(fisher->priors);
  hr_free(fisher->flux);
  hr_free(fisher->error);
  hr_free(fisher->weights);
  hr_free(fisher->spectra);
  hr_free(fisher->scratch);
  hr_free(fisher->variance);
  hr_free(fisher->misfit);
  hr_free(fisher);
}

/* The labels of a test row; whether the grid has them. */
static bool find_labels(const hr_fisher *fisher, size_t row, double labels[AXES]) {
  const hr_grid_tables *tables = fisher->tables;
  for (size_t axis = 0; axis < AXES; axis++) {
    double low = tables->nodes[axis][0];
    double high = tables->nodes[axis][tables->node_count[axis] - 1];
    double beyond = label_tolerance * (high - low);
    labels[axis] = fisher->input.test_labels[axis][row];
    if (!(labels[axis] >= low - beyond && labels[axis] <= high + beyond)) return false;
  }
  return true;
}

static void weigh_row(void *context, size_t i, size_t thread) {
  (void)thread;
  hr_fisher *fisher = context;
  size_t values = HR_DERIVATIVE_ROWS * fisher->tables->spectra;
  float *weights = fisher->weights + i * values;
  double labels[AXES];
  if (i < fisher->waiting && find_labels(fisher, fisher->first + i, labels)) {
    hr_derivatives_weights(&fisher->interpolator, labels, weights);
  } else {
    memset(weights, 0, values * sizeof *weights);
  }
}

/* F of a spectrum that is `amplitude` times the model whose derivatives are given. */
static void sum_information(const hr_fisher *fisher, size_t i, double amplitude,
                            double information[AXES][AXES]) {
  size_t pixels = fisher->tables->pixels;
  const float *error = fisher->error + i * pixels;
  const float *slope = fisher->spectra + (i * HR_DERIVATIVE_ROWS + 1) * pixels;
  double tt = 0, tg = 0, tm = 0, gg = 0, gm = 0, mm = 0;
  for (size_t p = 0; p < pixels; p++) {
    double sigma = fisher->input.level * (double)error[p];
    if (!(sigma > smallest_sigma)) continue;
    double scale = amplitude / sigma, t = scale * (double)slope[p];
    double g = scale * (double)slope[pixels + p];
    double m = scale * (double)slope[2 * pixels + p];
    tt += t * t, tg += t * g, tm += t * m;
    gg += g * g, gm += g * m, mm += m * m;
  }
  const double sums[AXES][AXES] = {{tt, tg, tm}, {tg, gg, gm}, {tm, gm, mm}};
  memcpy(information, sums, sizeof sums);
}

/* rms difference of the row's clean flux and the model, over its median. */
static double measure_misfit(const hr_fisher *fisher, size_t i, double amplitude) {
  size_t pixels = fisher->tables->pixels;
  const float *flux = fisher->flux + i * pixels;
  const float *model = fisher->spectra + i * HR_DERIVATIVE_ROWS * pixels;
  double sum = 0;
  for (size_t p = 0; p < pixels; p++) {
    double d = (double)flux[p] / amplitude - (double)model[p];
    sum += d * d;
  }
  return sqrt(sum / (double)pixels);
}

/* Where the variances of a row for a label are. */
static double *variance_of(const hr_fisher *fisher, size_t axis, size_t row) {
  return fisher->variance +
         (axis * fisher->input.study->test_rows + row) * HR_FISHER_PRIORS;
}

/* Every label's, under the prior of bin k. */
static void bound_under(const hr_fisher *fisher, size_t k, hr_fisher_prior which,
                        double information[AXES][AXES], size_t row) {
  prior *own = &fisher->priors[k];
  for (size_t axis = 0; own->is_known && axis < AXES; axis++) {
    variance_of(fisher, axis, row)[which] =
        hr_fisher_variance(information, own->factor, axis);
  }
}

static void bound_row(void *context, size_t i, size_t thread) {
  hr_fisher *fisher = context;
  const hr_study_view *study = fisher->input.study;
  size_t pixels = fisher->tables->pixels, row = fisher->first + i;
  float *scratch = fisher->scratch + thread * pixels;
  double labels[AXES], information[AXES][AXES];
  int32_t route = fisher->input.test_route[row];
  for (size_t axis = 0; axis < AXES; axis++) {
    double *variance = variance_of(fisher, axis, row);
    variance[HR_FISHER_ROUTED] = variance[HR_FISHER_GLOBAL] = (double)NAN;
  }
  fisher->misfit[row] = (double)NAN;
  double amplitude = hr_pixel_quantile(fisher->flux + i * pixels, pixels, 0.5, scratch);
  if (!find_labels(fisher, row, labels) || !(amplitude > 0)) return;
  hr_derivatives_scale(pixels, fisher->spectra + i * HR_DERIVATIVE_ROWS * pixels,
                       scratch);
  fisher->misfit[row] = measure_misfit(fisher, i, amplitude);
  sum_information(fisher, i, amplitude, information);
  bound_under(fisher, study->bin_count, HR_FISHER_GLOBAL, information, row);
  if (route == HR_UNCOVERED) return;
  bound_under(fisher, (size_t)route, HR_FISHER_ROUTED, information, row);
}

/* A whole group is always multiplied, so that the last one has the same shape. */
static void bound_group(hr_fisher *fisher) {
  hr_parallel_for(GROUP, weigh_row, fisher);
  hr_interpolator_spectra(&fisher->interpolator, GROUP * HR_DERIVATIVE_ROWS,
                          fisher->weights, fisher->spectra);
  hr_parallel_for(fisher->waiting, bound_row, fisher);
  fisher->first += fisher->waiting;
  fisher->waiting = 0;
}

void hr_fisher_observe(hr_fisher *fisher, const hr_block *block) {
  size_t pixels = block->pixels, rows = fisher->input.study->test_rows;
  for (size_t i = 0; i < block->rows; i++) {
    size_t to = fisher->waiting++ * pixels, from = i * pixels;
    for (size_t p = 0; p < pixels; p++) {
      fisher->flux[to + p] = block->flux[from + p] + (float)fisher->input.base;
    }
    memcpy(fisher->error + to, block->error + from, pixels * sizeof *fisher->error);
    bool is_last = fisher->first + fisher->waiting == rows;
    if (fisher->waiting == GROUP || is_last) bound_group(fisher);
  }
}

hr_status hr_fisher_finish(hr_fisher *fisher, hr_fisher_bound *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = fisher->input.study->test_rows, known = 0;
  double *sorted = NULL;
  HR_TRY(hr_alloc(&sorted, rows, err));
  for (size_t i = 0; i < rows; i++) {
    if (!isnan(fisher->misfit[i])) sorted[known++] = fisher->misfit[i];
  }
  hr_sort_numbers(sorted, known);
  double misfit = hr_quantile(sorted, known, 0.5);
  if (known == 0) {
    status = hr_fail(err, HR_ERR_MISSING,
                     "no test row has labels within the built-in model grid");
    goto cleanup;
  }
  if (misfit > largest_misfit) {
    status =
        hr_fail(err, HR_ERR_MISSING,
                "the built-in model grid misses the clean test spectra by %.0f %% of "
                "their median flux, so its derivatives are not theirs",
                100 * misfit);
    goto cleanup;
  }
  *out = (hr_fisher_bound){variance_of(fisher, fisher->target_axis, 0), rows - known,
                           misfit};
  fisher->found = *out;
cleanup:
  hr_free(sorted);
  return status;
}

hr_status hr_fisher_finish_further(const hr_fisher *fisher, const char *target_name,
                                   hr_fisher_bound *out, hr_error *err) {
  size_t axis = 0;
  hr_status status = find_axis(target_name, &axis, err);
  if (status != HR_OK) return status;
  *out = fisher->found;
  out->variance = variance_of(fisher, axis, 0);
  return HR_OK;
}
