/* Rows brought to rest, one at a time and through hr_predict, from our own files and from
 * a survey's. */
#include "predict/velocity.h"

#include <string.h>

#include "core/alloc.h"
#include "headroom/predict.h"
#include "simulate/tables.h"
#include "support/linear_bundle.h"
#include "support/shards.h"
#if HR_FITS
#include "support/survey_file.h"
#endif

enum { P = 4096 };

static hr_grid_tables *tables;
static hr_error err;
static hr_doppler doppler;
static hr_doppler_shift shift;
static float flux[P], error[P];

static int set_up(void **state) {
  (void)state;
  check_ok(hr_tables_create(&tables, &err));
  check_ok(hr_doppler_init(tables->wave, P, &doppler, &err));
  check_ok(hr_doppler_shift_init(&doppler, &shift, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_doppler_shift_fini(&shift);
  hr_doppler_fini(&doppler);
  hr_tables_destroy(&tables);
  return 0;
}

/* A spectrum of the grid of mean 1, as a velocity shows it, and a good error. */
static hr_pixels moved_row(double rv) {
  const float *model = tables->flux + 600 * (size_t)P;
  static float still[P];
  double sum = 0;
  for (size_t p = 0; p < P; p++) sum += (double)model[p] / P;
  for (size_t p = 0; p < P; p++) {
    still[p] = (float)((double)model[p] / sum);
    error[p] = 0.01f;
  }
  hr_doppler_find(&doppler, hr_doppler_factor(rv), &shift);
  hr_doppler_apply(&doppler, &shift, still, flux);
  return (hr_pixels){.count = P, .noisy = flux, .error = error};
}

static double off_rest(void) {
  const float *model = tables->flux + 600 * (size_t)P;
  double sum = 0, worst = 0;
  for (size_t p = 0; p < P; p++) sum += (double)model[p] / P;
  for (size_t p = 100; p < P - 100; p++) {
    worst = fmax(worst, fabs((double)flux[p] - (double)model[p] / sum));
  }
  return worst;
}

static void rows_are_measured_and_brought_to_rest(void **state) {
  (void)state;
  hr_mover *mover = NULL;
  hr_mover_scratch own;
  char fit[] = "fit";
  const hr_conditioning plain = hr_conditioning_plain();
  const hr_bundle_description d = {
      .wave = tables->wave, .pixels = P, .rv = fit, .rv_range = {-400, 400}};
  check_ok(hr_mover_create(&d, &plain, &mover, &err));
  check_ok(hr_mover_scratch_init(mover, &own, &err));
  hr_pixels row = moved_row(-234.5);
  flux[2000] = NAN;
  hr_velocity_answer a = hr_mover_bring(mover, &own, &row, NULL, 77);
  check_near(a.rv, -234.5, 2);
  assert_true(a.sigma > 0 && a.sigma < 2 && a.flags == 0);
  assert_true(off_rest() < 0.03);
  row = moved_row(-234.5);
  row.error = NULL;
  a = hr_mover_bring(mover, &own, &row, NULL, 77);
  check_near(a.rv, -234.5, 3);
  assert_true(isnan(a.sigma));
  hr_mover_scratch_fini(&own);
  hr_mover_destroy(&mover);
}

static void or_by_what_a_label_says(void **state) {
  (void)state;
  hr_mover *mover = NULL;
  hr_mover_scratch own;
  char label[] = "speed";
  const hr_conditioning plain = hr_conditioning_plain();
  const hr_bundle_description d = {
      .wave = tables->wave, .pixels = P, .rv = label, .rv_range = {-10, 200}};
  check_ok(hr_mover_create(&d, &plain, &mover, &err));
  check_ok(hr_mover_scratch_init(mover, &own, &err));
  assert_string_equal(mover->label, "speed");
  hr_pixels row = moved_row(150);
  hr_velocity_answer a = hr_mover_bring(mover, &own, &row, NULL, 150);
  check_near(a.rv, 150, 0);
  assert_true(isnan(a.sigma) && a.flags == 0);
  assert_true(off_rest() < 2e-3);
  row = moved_row(0);
  a = hr_mover_bring(mover, &own, &row, NULL, 1e5);
  assert_true(isnan(a.rv));
  assert_int_equal(a.flags, HR_VELOCITY_NONE);
  assert_true(off_rest() < 1e-6);
  hr_mover_scratch_fini(&own);
  hr_mover_destroy(&mover);
}

/* --- through hr_predict --- */

enum { STARS = 3 };
static const double speeds[STARS] = {-180, 0, 90};

/* A bundle of one global model, that of a spectrum's likeness to the grid's own; rv: by
 * what its rows came to rest. */
static void write_bundle(const char *folder, const char *rv) {
  static double weights[2 * P];
  const double intercept[2] = {0};
  const hr_linear_shape shape = {
      .slot = HR_GLOBAL, .pixels = P, .variant_count = 2, .chosen = 1};
  hr_bundle_description d;
  hr_model *model = NULL;
  moved_row(0);
  for (size_t p = 100; p < P - 100; p++) weights[P + p] = ((double)flux[p] - 1) / 100;
  fixture_init(&d);
  d.pixels = P;
  check_ok(hr_realloc(&d.wave, FIXTURE_PIXELS, P, &err));
  memcpy(d.wave, tables->wave, P * sizeof *d.wave);
  d.flux = (hr_flux_scale){1, 0.9, 1.1, 0.2, 0.1, 0.3, 0.05};
  d.rv = fixture_text(rv);
  d.rv_range[0] = -200;
  d.rv_range[1] = 200;
  check_ok(hr_linear_create(&shape, intercept, weights, &model, &err));
  check_ok(hr_bundle_save_models(folder, "first", (const hr_model *[]){model}, 1,
                                 HR_MODEL_FULL, &err));
  hr_model_destroy(&model);
  size_t all = fixture_add(&d, "first", &hr_linear_type, HR_GLOBAL);
  for (size_t k = 0; k < d.bin_count; k++) d.slots[k].fallback = all;
  d.slots[d.bin_count] = (hr_bundle_slot){all, all};
  check_ok(hr_bundle_write(&d, folder, &err));
  hr_bundle_description_fini(&d);
}

typedef struct desk {
  scratch s;
  char model[128], file[128], out[128], table[8192];
  const char *files[1];
  hr_predict_options options;
} desk;

static void desk_init(desk *d, const char *rv, const char *file) {
  *d = (desk){.files = {NULL}};
  scratch_init(&d->s);
  snprintf(d->model, sizeof d->model, "%s/model", d->s.path);
  snprintf(d->file, sizeof d->file, "%s/%s", d->s.path, file);
  snprintf(d->out, sizeof d->out, "%s/table.csv", d->s.path);
  d->files[0] = d->file;
  d->options = hr_predict_options_default();
  d->options.model = d->model;
  d->options.files = d->files;
  d->options.file_count = 1;
  d->options.out = d->out;
  d->options.router = "global";
  write_bundle(d->model, rv);
}

/* The number of a row in a column of the table; NaN: it is empty. */
static double cell_of(const desk *d, const char *column, int row) {
  int at = -1, seen = 0;
  char line[1024];
  const char *text = d->table;
  for (int i = -1; i <= row; i++, text = strchr(text, '\n') + 1) {
    size_t length = strcspn(text, "\n");
    memcpy(line, text, length);
    line[length] = '\0';
    seen = 0;
    for (char *rest = line, *word; (word = strsep(&rest, ",")); seen++) {
      if (i < 0 && strcmp(word, column) == 0) at = seen;
      if (i == row && seen == at) return *word ? atof(word) : (double)NAN;
    }
  }
  fail_msg("the table has no %s in row %d:\n%s", column, row, d->table);
  return 0;
}

static void predict(desk *d) {
  check_ok(hr_predict(&d->options, NULL, NULL, NULL, &err));
  FILE *file = fopen(d->out, "rb");
  assert_non_null(file);
  d->table[fread(d->table, 1, sizeof d->table - 1, file)] = '\0';
  fclose(file);
}

/* The same star at three velocities is one star. */
static void check_stars(const desk *d, double tolerance) {
  double still = cell_of(d, "log_g_mean", 1);
  assert_true(still > 0.05);
  for (int i = 0; i < STARS; i++) {
    check_near(cell_of(d, "rv", i), speeds[i], tolerance);
    check_near(cell_of(d, "log_g_mean", i), still, 0.02 * still);
  }
}

static void write_shard(const desk *d, const char *label, shard_frame frame) {
  static double values[STARS * P], errors[STARS * P];
  shard_spec spec = shard_spec_default(d->file);
  for (size_t i = 0; i < STARS; i++) {
    moved_row(speeds[i]);
    for (size_t p = 0; p < P; p++) {
      values[i * P + p] = (double)flux[p];
      errors[i * P + p] = (double)error[p];
    }
  }
  spec.rows = STARS;
  spec.pixels = P;
  spec.wave = tables->wave;
  spec.flux = values;
  spec.error = errors;
  spec.frame = frame;
  spec.columns[0] = (shard_column){label, speeds};
  shard_write(&spec);
}

static void labels_bring_files_to_rest(void **state) {
  (void)state;
  char expected[1024];
  desk d;
  desk_init(&d, "speed", "stars.h5");
  write_shard(&d, "speed", SHARD_TABLE);
  predict(&d);
  check_stars(&d, 0);
  assert_true(isnan(cell_of(&d, "sigma_rv", 0)));
  write_shard(&d, "rv", SHARD_TABLE);
  snprintf(expected, sizeof expected,
           "%s has no label speed, by which the spectra of the bundle %s were brought "
           "to rest; add it, or train a study with data.rv: fit",
           d.file, d.model);
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_DATA, expected);
  write_shard(&d, "speed", SHARD_NO_FRAME);
  snprintf(
      expected, sizeof expected,
      "the bundle's spectra were brought to rest by the label speed, and %s holds no "
      "pandas DataFrame; write the labels with DataFrame.to_hdf(file, "
      "'dataset/params')",
      d.file);
  check_fails(hr_predict(&d.options, NULL, NULL, NULL, &err), HR_ERR_MISSING, expected);
  scratch_fini(&d.s);
}

#if HR_FITS
/* Objects of a pfsCoadd: nm and nJy, with a velocity among the targets' columns. */
static void write_coadd(const char *path) {
  static const survey_column columns[] = {
      {"catId", "J", ""}, {"objId", "K", ""}, {"speed", "D", "km/s"}, {NULL, NULL, NULL}};
  static const survey_column metadata[] = {{"metadata", "PA(60)", ""},
                                           {NULL, NULL, NULL}};
  char names[] = "MP_BAD: 0\nMP_CR: 3\n", *bits = names;
  static double wave[P], fluxes[STARS * P], covar[STARS * 3 * P], none[STARS * P];
  for (size_t i = 0; i < STARS; i++) {
    moved_row(speeds[i]);
    for (size_t p = 0; p < P; p++) {
      /* Per angstrom to per hertz, about a thousand nJy at 8000 A. */
      double per_hertz = 1000 * pow(tables->wave[p] / 8000, 2);
      wave[p] = tables->wave[p] / 10;
      fluxes[i * P + p] = (double)flux[p] * per_hertz;
      covar[i * 3 * P + p] = pow((double)error[p] * per_hertz, 2);
    }
  }
  survey_file f = survey_begin(path);
  survey_table(&f, "TARGET", STARS, columns);
  survey_cells(&f, 1, 1, STARS, (const double[STARS]){5, 5, 5});
  survey_cells(&f, 2, 1, STARS, (const double[STARS]){1001, 1002, 1003});
  survey_cells(&f, 3, 1, STARS, speeds);
  survey_image(&f, "WAVELENGTH", DOUBLE_IMG, (long[3]){P, 0, 0}, wave);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){P, STARS, 0}, fluxes);
  survey_image(&f, "MASK", LONG_IMG, (long[3]){P, STARS, 0}, none);
  survey_image(&f, "COVAR", FLOAT_IMG, (long[3]){P, 3, STARS}, covar);
  survey_table(&f, "METADATA", STARS, metadata);
  for (int row = 1; row <= STARS; row++) {
    fits_write_col(f.fits, TSTRING, 1, row, 1, 1, &bits, &f.code);
  }
  survey_end(&f);
}

static void surveys_come_to_rest_as_our_own_files_do(void **state) {
  (void)state;
  desk d;
  desk_init(&d, "fit", "pfsCoadd.fits");
  write_coadd(d.file);
  predict(&d);
  check_stars(&d, 2);
  for (int i = 0; i < STARS; i++) {
    double sigma = cell_of(&d, "sigma_rv", i);
    assert_true(sigma > 0 && sigma < 2);
    check_near(cell_of(&d, "objId", i), 1001 + i, 0);
  }
  scratch_fini(&d.s);
  desk_init(&d, "speed", "pfsCoadd.fits");
  write_coadd(d.file);
  predict(&d);
  check_stars(&d, 0);
  assert_true(isnan(cell_of(&d, "sigma_rv", 0)));
  scratch_fini(&d.s);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_are_measured_and_brought_to_rest),
    cmocka_unit_test(or_by_what_a_label_says),
    cmocka_unit_test(labels_bring_files_to_rest),
#if HR_FITS
    cmocka_unit_test(surveys_come_to_rest_as_our_own_files_do),
#endif
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
