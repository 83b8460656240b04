/* Templates drawn from the built-in model grid: whose they are, what is made of them, and
 * what studies they are refused. */
#include "methods/posterior/grid.h"

#include <omp.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "core/random.h"
#include "methods/posterior/posterior.h"
#include "simulate/draws.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { TRAIN = 60, TEST = 40, TEMPLATES = 300, BINS = 2, FOLDS = 3 };

static const double edges[] = {3750, 4900, 5800}, sigma = 0.05, median = 0.4;
static const hr_axis axes[] = {{"T_eff", edges, 3}};
static char grid_text[] = "grid";
static const hr_posterior_parameters parameters = {
    .templates = TEMPLATES, .source = grid_text, .validation = TRAIN};

static hr_error err;
static size_t pixels;
static double *wave;
static float *train_flux, *train_noisy, *test_noisy, *error; /* [rows][P] */
static float *templates;                                     /* [TEMPLATES][P] by draw */
static double train_y[TRAIN], test_y[TEST];
static int32_t train_bin[TRAIN], test_bin[TEST];
static uint8_t fold[TRAIN];
static hr_study_view view;

static void keep(void *context, size_t number, float *flux) {
  memcpy((float *)context + number * pixels, flux, pixels * sizeof *flux);
}

static void draw(uint64_t seed, size_t count, double scale, float *out) {
  hr_draw_options options = {.compute = hr_compute_default(),
                             .seed = seed,
                             .count = count,
                             .median = scale,
                             .stage = "drawing"};
  check_ok(hr_draw_spectra(&options, keep, out, &err));
}

static void label(uint64_t seed, size_t count, double *y, int32_t *bin) {
  for (size_t i = 0; i < count; i++) {
    double labels[HR_GRID_AXES];
    hr_draw_labels(seed, i, labels);
    y[i] = labels[HR_GRID_LOG_G];
    const hr_bin_column column = {.values = &labels[HR_GRID_T_EFF]};
    hr_assign_bins(axes, 1, &column, 1, &bin[i]);
  }
}

static void add_noise(float *x, size_t rows, hr_stream_id stream) {
  float *noise = NULL;
  check_ok(hr_alloc(&noise, pixels, &err));
  for (size_t i = 0; i < rows; i++) {
    hr_normal(3, stream, i, 0, pixels, noise);
    for (size_t p = 0; p < pixels; p++) x[i * pixels + p] += (float)sigma * noise[p];
  }
  hr_free(noise);
}

static int set_up(void **state) {
  (void)state;
  check_ok(hr_tables_wave(&wave, &pixels, &err));
  check_ok(hr_alloc(&train_flux, TRAIN * pixels, &err));
  check_ok(hr_alloc(&train_noisy, TRAIN * pixels, &err));
  check_ok(hr_alloc(&test_noisy, TEST * pixels, &err));
  check_ok(hr_alloc(&error, TRAIN * pixels, &err));
  check_ok(hr_alloc(&templates, TEMPLATES * pixels, &err));
  draw(11, TRAIN, median, train_flux);
  draw(12, TEST, median, test_noisy);
  draw(5, TEMPLATES, median, templates);
  label(11, TRAIN, train_y, train_bin);
  label(12, TEST, test_y, test_bin);
  memcpy(train_noisy, train_flux, TRAIN * pixels * sizeof *train_noisy);
  add_noise(train_noisy, TRAIN, HR_STREAM_NOISE_TRAIN);
  add_noise(test_noisy, TEST, HR_STREAM_NOISE_TEST);
  for (size_t i = 0; i < TRAIN * pixels; i++) error[i] = (float)sigma;
  hr_assign_folds(train_bin, TRAIN, BINS, FOLDS, 1, fold);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_free(wave);
  hr_free(train_flux);
  hr_free(train_noisy);
  hr_free(test_noisy);
  hr_free(error);
  hr_free(templates);
  return 0;
}

/* What tests change is as it was. */
static int renew(void **state) {
  (void)state;
  view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = pixels,
      .bin_count = BINS,
      .fold_count = FOLDS,
      .wave_angstrom = wave,
      .train = {TRAIN, train_y, train_bin, train_bin, fold},
      .test_rows = TEST,
      .test_bin = test_bin,
      .target_name = "log_g",
      .axes = axes,
      .axis_count = 1,
      .config_path = "study.yaml",
      .seed = 5,
      .memory_bytes = (size_t)1 << 30,
      .noise_level = 1,
  };
  return 0;
}

/* Learns all rows; out: [BINS + 1], to be forgotten on failure too. */
static hr_status live(const hr_posterior_parameters *wanted, size_t block_rows,
                      hr_trained *out, hr_error *why) {
  hr_status status = HR_OK;
  const hr_method *type = &hr_posterior_method;
  hr_learner *learner = NULL;
  HR_TRY(type->begin(&view, wanted, &learner, why));
  for (size_t first = 0; first < TRAIN; first += block_rows) {
    size_t count = TRAIN - first < block_rows ? TRAIN - first : block_rows;
    size_t at = first * pixels;
    const hr_block block = {.first_row = first,
                            .rows = count,
                            .pixels = pixels,
                            .flux = train_flux + at,
                            .error = error + at,
                            .noisy = train_noisy + at};
    HR_TRY(type->learn(learner, &block, why));
  }
  HR_TRY(type->finish(learner, out, why));
cleanup:
  type->destroy(&learner);
  return status;
}

static void forget(hr_trained *out) {
  for (size_t m = 0; m <= BINS; m++) hr_trained_fini(&out[m]);
}

/* ŷ of one noisy spectrum over the draws of `bin` (HR_GLOBAL: all). */
static double on_paper(const float *x, int bin) {
  double log_weight[TEMPLATES], y[TEMPLATES], largest = -INFINITY, sum = 0, mean = 0;
  int32_t own[TEMPLATES];
  label(view.seed, TEMPLATES, y, own);
  for (size_t i = 0; i < TEMPLATES; i++) {
    log_weight[i] = bin == HR_GLOBAL || own[i] == bin ? 0 : -INFINITY;
    for (size_t p = 0; p < pixels; p++) {
      double d = ((double)x[p] - (double)templates[i * pixels + p]) / sigma;
      log_weight[i] -= 0.5 * d * d;
    }
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t i = 0; i < TEMPLATES; i++) {
    sum += exp(log_weight[i] - largest);
    mean += exp(log_weight[i] - largest) * y[i];
  }
  return mean / sum;
}

/* No fold is left out either: what a study trains on is not among the templates. */
static void predictions_and_validation_equal_the_formula(void **state) {
  (void)state;
  hr_trained out[BINS + 1] = {0};
  float own[TEST], all[TEST];
  uint32_t row[TEST], own_row[TEST];
  check_ok(live(&parameters, 7, out, &err));
  hr_request requests[2] = {{.model = out[0].model, .row = own_row, .mean = own},
                            {.model = out[BINS].model, .row = row, .mean = all}};
  for (uint32_t i = 0; i < TEST; i++) {
    row[requests[1].count++] = i;
    if (test_bin[i] == 0) own_row[requests[0].count++] = i;
  }
  requests[0].variants = requests[1].variants = 1;
  const hr_spectra spectra = {0, TEST, pixels, test_noisy, error, 1};
  check_ok(hr_models_predict(&spectra, requests, 2, &err));
  assert_true(requests[0].count > 10);
  for (size_t i = 0; i < TEST; i++) {
    const float *x = test_noisy + i * pixels;
    check_near(all[i], on_paper(x, HR_GLOBAL), 1e-4);
    if (test_bin[i] == 0) check_near(own[i], on_paper(x, 0), 1e-4);
  }
  double mean = 0, total = 0, residual = 0;
  for (size_t i = 0; i < TRAIN; i++) mean += train_y[i] / TRAIN;
  for (size_t i = 0; i < TRAIN; i++) {
    double d = train_y[i] - on_paper(train_noisy + i * pixels, HR_GLOBAL);
    total += (train_y[i] - mean) * (train_y[i] - mean);
    residual += d * d;
  }
  check_near(out[BINS].fit.cv_r2[0], 1 - residual / total, 1e-4);
  assert_true(out[BINS].fit.cv_r2[0] > 0.5);
  forget(out);
}

static void templates_stand_in_their_bins(void **state) {
  (void)state;
  hr_posterior_grid grid;
  check_ok(hr_posterior_grid_init(&grid, &view, TEMPLATES, &err));
  size_t uncovered = 0;
  for (size_t i = 0; i < TEMPLATES; i++) {
    const hr_grid_template *t = &grid.templates[i];
    double T = t->labels[HR_GRID_T_EFF];
    int32_t group = T < 4900 ? 0 : T <= 5800 ? 1 : BINS;
    assert_int_equal(t->group, group);
    uncovered += group == BINS;
    check_near(t->y, t->labels[HR_GRID_LOG_G], 0);
    assert_int_equal(grid.slot[t->number], i);
    if (i > 0) assert_true(t[-1].group <= t->group);
    if (i > 0 && t[-1].group == t->group) assert_true(t[-1].y <= t->y);
  }
  assert_true(uncovered > 0 && uncovered < TEMPLATES / 4);
  hr_posterior_grid_fini(&grid);
}

static void draws_depend_on_seed_and_number_alone(void **state) {
  (void)state;
  float *some = NULL, *other = NULL;
  double a[HR_GRID_AXES], b[HR_GRID_AXES];
  check_ok(hr_alloc(&some, TEMPLATES * pixels, &err));
  check_ok(hr_alloc(&other, TEMPLATES * pixels, &err));
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  draw(5, 270, median, some);
  omp_set_num_threads(threads);
  assert_memory_equal(some, templates, 270 * pixels * sizeof *some);
  draw(6, 2, median, other);
  assert_true(memcmp(some, other, pixels * sizeof *some) != 0);
  hr_draw_labels(5, 3, a);
  hr_draw_labels(6, 3, b);
  assert_true(a[0] != b[0] && a[1] != b[1] && a[2] != b[2]);
  hr_free(some);
  hr_free(other);
}

static void another_wavelength_grid_is_refused(void **state) {
  (void)state;
  hr_learner *expert = NULL;
  view.pixels = pixels - 1;
  check_fails(
      hr_posterior_method.begin(&view, &parameters, &expert, &err), HR_ERR_CONFIG,
      "experts.posterior.source is grid, but the spectra have 4095 "
      "pixels and the built-in model grid has 4096; say stored, which takes "
      "templates from the training spectra, or have their files tell their line "
      "spread (/spectrumdataset/fwhm, angstrom), with which the models are seen on "
      "any pixels");
  renew(NULL);
  char expected[500];
  double grid_wave = wave[7];
  wave[7] += 1;
  snprintf(
      expected, sizeof expected,
      "experts.posterior.source is grid, but pixel 7 of the spectra is at "
      "%.3f angstrom, and at %.3f in the built-in model grid; say stored, which takes "
      "templates from the training spectra, or have their files tell their line spread "
      "(/spectrumdataset/fwhm, angstrom), with which the models are seen on any pixels",
      wave[7], grid_wave);
  check_fails(hr_posterior_method.begin(&view, &parameters, &expert, &err), HR_ERR_CONFIG,
              expected);
  wave[7] = grid_wave;
  assert_null(expert);
}

/* What is told and cannot be is not asked for. */
static void a_line_spread_that_models_have_not_is_refused(void **state) {
  (void)state;
  hr_learner *expert = NULL;
  double *fwhm = NULL;
  char expected[400];
  check_ok(hr_alloc(&fwhm, pixels, &err));
  for (size_t p = 0; p < pixels; p++) fwhm[p] = 0.1;
  view.fwhm_angstrom = fwhm;
  snprintf(
      expected, sizeof expected,
      "experts.posterior.source is grid, but the line spread is 0.1 angstrom (FWHM) at "
      "%.1f angstrom, and the built-in models can be seen with 0.25 to 80; say stored, "
      "which takes templates from the training spectra",
      wave[0]);
  check_fails(hr_posterior_method.begin(&view, &parameters, &expert, &err), HR_ERR_CONFIG,
              expected);
  assert_null(expert);
  view.fwhm_angstrom = NULL;
  hr_free(fwhm);
}

static void a_target_that_the_grid_has_not_is_refused(void **state) {
  (void)state;
  hr_learner *expert = NULL;
  view.target_name = "snr";
  check_fails(hr_posterior_method.begin(&view, &parameters, &expert, &err), HR_ERR_CONFIG,
              "experts.posterior.source is grid, but the built-in model grid "
              "has no label snr, only T_eff, log_g and M_H; say stored, which takes "
              "templates from the training spectra");
}

/* The temperature beside log g: what a study of it alone would say. */
static void the_grid_labels_every_target(void **state) {
  (void)state;
  hr_trained both[2 * (BINS + 1)] = {0}, alone[BINS + 1] = {0};
  static double temperature[TRAIN];
  for (size_t i = 0; i < TRAIN; i++) {
    double labels[HR_GRID_AXES];
    hr_draw_labels(11, i, labels);
    temperature[i] = labels[HR_GRID_T_EFF];
  }
  hr_further_target further = {"T_eff", temperature};
  view.further = &further;
  view.further_count = 1;
  check_ok(live(&parameters, 7, both, &err));
  view.further_count = 0;
  view.target_name = "T_eff";
  view.train.target = temperature;
  check_ok(live(&parameters, 7, alone, &err));
  double cv_r2 = alone[BINS].fit.cv_r2[0];
  assert_true(cv_r2 > 0.5);
  check_near(both[2 * BINS + 1].fit.cv_r2[0], cv_r2, 1e-4);
  forget(both);
  forget(both + BINS + 1);
  forget(alone);
}

static void a_further_target_that_the_grid_has_not_is_refused(void **state) {
  (void)state;
  hr_further_target further = {"age", train_y};
  view.further = &further;
  view.further_count = 1;
  check_fails(hr_posterior_method.check(&view, &parameters, &err), HR_ERR_CONFIG,
              "experts.posterior.source is grid, but the built-in model grid has no "
              "label age, only T_eff, log_g and M_H; say stored, which takes templates "
              "from the training spectra");
}

static void dark_training_spectra_are_refused(void **state) {
  (void)state;
  hr_trained out[BINS + 1] = {0};
  float *bright = train_flux;
  train_flux = NULL;
  check_ok(hr_alloc(&train_flux, TRAIN * pixels, &err));
  check_fails(
      live(&parameters, TRAIN, out, &err), HR_ERR_DATA,
      "study.yaml: experts.posterior.source is grid, but half of the training "
      "spectra have a median flux of 0, to which no model spectrum can be scaled; "
      "say stored");
  forget(out);
  hr_free(train_flux);
  train_flux = bright;
}

typedef struct heard {
  char text[300];
  size_t warnings;
} heard;

static void listen(void *context, hr_log_level level, const char *line) {
  heard *h = context;
  if (level != HR_LOG_WARNING) return;
  h->warnings++;
  snprintf(h->text, sizeof h->text, "%s", line);
}

static void spectra_of_several_scales_are_told(void **state) {
  (void)state;
  heard h = {{0}, 0};
  hr_observer observer = {.context = &h, .log = listen};
  view.observer = &observer;
  static char flat[] = "flat";
  hr_posterior_parameters wanted = parameters;
  for (size_t i = 0; i < TRAIN / 2 * pixels; i++) train_flux[i] *= 2;
  for (int any = 0; any < 2; any++) {
    hr_trained out[BINS + 1] = {0};
    wanted.amplitude = any ? flat : NULL;
    check_ok(live(&wanted, TRAIN, out, &err));
    forget(out);
    assert_int_equal(h.warnings, 1);
  }
  for (size_t i = 0; i < TRAIN / 2 * pixels; i++) train_flux[i] *= 0.5F;
  assert_string_equal(
      h.text,
      "the training spectra have median fluxes of 0.4 to 0.8, and templates from "
      "the model grid one of 0.8: with experts.posterior.amplitude: flat the "
      "scale would not matter");
}

/* More training spectra would not help where none is a template; a record of the model
 * says which draws its templates are. */
static void models_know_where_their_templates_are_from(void **state) {
  (void)state;
  hr_trained out[BINS + 1] = {0};
  hr_posterior_grid grid;
  scratch folder;
  hr_npy_shape shape;
  double *rows = NULL;
  char note[256] = "";
  check_ok(live(&parameters, TRAIN, out, &err));
  const hr_model *model = out[BINS].model;
  model->type->remark(model, 1, note, sizeof note);
  assert_string_equal(note,
                      "half of the test spectra have 1.0 effective templates or fewer, "
                      "too few for a mean; more experts.posterior.templates, or its "
                      "kernel: local_linear would help");
  scratch_init(&folder);
  check_ok(model->type->record(model, folder.path, &err));
  check_ok(
      hr_npy_read(scratch_name(&folder, "templates.npy"), 1 << 20, &rows, &shape, &err));
  assert_true(shape.extent[0] == TEMPLATES && shape.extent[1] == HR_GRID_AXES);
  check_ok(hr_posterior_grid_init(&grid, &view, TEMPLATES, &err));
  for (size_t i = 0; i < TEMPLATES; i++) {
    assert_memory_equal(rows + i * HR_GRID_AXES, grid.templates[i].labels,
                        HR_GRID_AXES * sizeof *rows);
  }
  hr_posterior_grid_fini(&grid);
  hr_free(rows);
  scratch_fini(&folder);
  forget(out);
}

static void the_estimate_counts_draws(void **state) {
  (void)state;
  hr_cost grid = {0}, stored = {0};
  hr_posterior_parameters own = parameters;
  own.source = NULL;
  hr_posterior_method.estimate(&view, &parameters, &grid);
  hr_posterior_method.estimate(&view, &own, &stored);
  assert_true(grid.memory_bytes > stored.memory_bytes + 4.0 * TEMPLATES * (double)pixels);
  assert_true(grid.operations > stored.operations);
}

static hr_status init_and_forget(hr_error *why) {
  hr_posterior_grid grid;
  hr_status status = hr_posterior_grid_init(&grid, &view, 20, why);
  hr_posterior_grid_fini(&grid);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  hr_draw_options options = {.compute = hr_compute_default(),
                             .seed = 5,
                             .count = 1,
                             .median = 1,
                             .stage = "drawing"};
  float *one = NULL;
  check_ok(hr_alloc(&one, pixels, &err));
  check_alloc_failures(init_and_forget(&err));
  check_alloc_failures(hr_draw_spectra(&options, keep, one, &err));
  hr_free(one);
}

static bool stop(void *context) {
  return (*(int *)context)++ == 1;
}

static void drawing_can_be_interrupted(void **state) {
  (void)state;
  int asked = 0;
  hr_observer observer = {.context = &asked, .interrupted = stop};
  hr_draw_options options = {.compute = hr_compute_default(),
                             .seed = 5,
                             .count = TEMPLATES,
                             .median = 1,
                             .observer = &observer,
                             .stage = "drawing"};
  float *out = NULL;
  check_ok(hr_alloc(&out, TEMPLATES * pixels, &err));
  assert_int_equal(hr_draw_spectra(&options, keep, out, &err), HR_ERR_INTERRUPTED);
  assert_true(out[255 * pixels] > 0 && out[256 * pixels] == 0); /* a batch, no more */
  hr_free(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(predictions_and_validation_equal_the_formula, renew),
      cmocka_unit_test_setup(templates_stand_in_their_bins, renew),
      cmocka_unit_test_setup(draws_depend_on_seed_and_number_alone, renew),
      cmocka_unit_test_setup(another_wavelength_grid_is_refused, renew),
      cmocka_unit_test_setup(a_line_spread_that_models_have_not_is_refused, renew),
      cmocka_unit_test_setup(a_target_that_the_grid_has_not_is_refused, renew),
      cmocka_unit_test_setup(the_grid_labels_every_target, renew),
      cmocka_unit_test_setup(a_further_target_that_the_grid_has_not_is_refused, renew),
      cmocka_unit_test_setup(dark_training_spectra_are_refused, renew),
      cmocka_unit_test_setup(spectra_of_several_scales_are_told, renew),
      cmocka_unit_test_setup(models_know_where_their_templates_are_from, renew),
      cmocka_unit_test_setup(the_estimate_counts_draws, renew),
      cmocka_unit_test_setup(memory_can_run_out, renew),
      cmocka_unit_test_setup(drawing_can_be_interrupted, renew),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
