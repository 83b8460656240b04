/* Files of surveys as spectra to predict: on the model's pixels and its scale, and whole
 * files through hr_predict. */
#include "predict/survey.h"

#include "data/prepare.h"
#include "headroom/predict.h"
#include "support/fail_alloc.h"
#include "support/linear_bundle.h"

#if HR_FITS
#include "support/survey_file.h"

enum { P = FIXTURE_PIXELS, ROWS = 4 }; /* 7100 to 7101.6 A */

static scratch s;
static hr_error err;
static char model[256], path[256], out[256], expected[1024];
static hr_engine *engine;
static hr_survey *survey;
static hr_block block;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(model, sizeof model, "%s/model", s.path);
  snprintf(path, sizeof path, "%s/stars.fits", s.path);
  snprintf(out, sizeof out, "%s/table.csv", s.path);
  linear_bundle_write(model, "exclude");
  check_ok(hr_engine_open(model, "global", NULL, &engine, &err));
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_survey_close(&survey);
  hr_engine_close(&engine);
  scratch_fini(&s);
  return 0;
}

/* ROWS objects of seven pixels: one more on either side than the model has, `shift`
 * pixels off; the flux of object i is 10 (i + 1), with a peak at the third pixel of the
 * model. noise NULL: there is no error. */
static void write_stars(double shift, const double *mask, const double *noise) {
  static const survey_column columns[] = {{"wavelength", "7D", "nm"}, {"flux", "7E", ""},
                                          {"mask", "7J", ""},         {"star", "K", ""},
                                          {"error", "7E", ""},        {NULL, NULL, NULL}};
  survey_column own[6];
  memcpy(own, columns, sizeof own);
  if (!noise) own[4].name = NULL;
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, ROWS, own);
  for (int row = 1; row <= ROWS; row++) {
    double wave[7], flux[7];
    for (int p = 0; p < 7; p++) {
      wave[p] = (7100 + 0.4 * (p - 1 + shift)) / 10;
      flux[p] = 10 * row * (p == 3 ? 2 : 1);
    }
    survey_cells(&f, 1, row, 7, wave);
    survey_cells(&f, 2, row, 7, flux);
    survey_cells(&f, 3, row, 7, mask + 7 * (row - 1));
    survey_cells(&f, 4, row, 1, (const double[]){1000 + row});
    if (noise) survey_cells(&f, 5, row, 7, noise);
  }
  survey_end(&f);
}

static const double noise[7] = {1, 1, 1, 2, 1, 1, 1};
/* Object 1 lacks a pixel, object 2 two of the model's five, object 3 all. */
static const double mask[ROWS * 7] = {
    [7 + 5] = 4,  [14 + 1] = 1, [14 + 2] = 1, [21] = 1,     [21 + 1] = 1,
    [21 + 2] = 1, [21 + 3] = 1, [21 + 4] = 1, [21 + 5] = 1, [21 + 6] = 1};

static void spectra_come_on_the_grid_and_scale(void **state) {
  (void)state;
  write_stars(0, mask, noise);
  check_ok(hr_survey_open(engine, path, &survey, &err));
  check_ok(hr_survey_next(survey, 3, &block, &err));
  assert_int_equal(block.rows, 3);
  assert_int_equal(block.pixels, P);
  const hr_row_report *reports = hr_survey_reports(survey);
  /* The median flux is 10, that of the training spectra 0.5. */
  check_near(block.noisy[0], 0.5, 0);
  check_near(block.noisy[2], 1, 0);
  check_near(block.error[0], 0.05, 1e-8);
  check_near(block.error[2], 0.1, 1e-8);
  assert_int_equal(reports[0].bad.all, 0);
  check_near(block.noisy[P], 0.5, 0); /* twice the flux */
  check_near(block.error[P], 0.025, 1e-8);
  assert_int_equal(reports[1].bad.all, 1);
  assert_int_equal(reports[1].fault, HR_ROW_GOOD);
  check_near(block.error[P + 4], 0, 0);
  assert_int_equal(reports[2].fault, HR_ROW_EMPTY);
  assert_true(!hr_survey_few(survey)[1] && hr_survey_few(survey)[2]);
  check_ok(hr_survey_next(survey, 3, &block, &err));
  assert_int_equal(block.rows, 1);
  assert_int_equal(block.first_row, 3);
  assert_int_equal(hr_survey_reports(survey)[0].fault, HR_ROW_EMPTY);
  assert_false(hr_survey_few(survey)[0]); /* nothing at all */
  check_ok(hr_survey_next(survey, 3, &block, &err));
  assert_int_equal(block.rows, 0);
  check_near(hr_survey_correlation(survey), 0, 0);
  check_near(hr_survey_coarseness(survey), 1, 1e-8);
}

static void half_a_pixel_off_is_a_mean(void **state) {
  (void)state;
  static const double none[ROWS * 7] = {0};
  write_stars(0.5, none, noise);
  check_ok(hr_survey_open(engine, path, &survey, &err));
  check_ok(hr_survey_next(survey, 1, &block, &err));
  check_near(block.noisy[1], 0.5, 1e-7);
  check_near(block.noisy[2], 0.75, 1e-7);
  check_near(block.noisy[3], 0.75, 1e-7);
  check_near(block.error[0], 0.05, 1e-7); /* that of independent noise */
  assert_true(hr_survey_correlation(survey) > 0.4);
}

static void without_errors_there_are_none(void **state) {
  (void)state;
  write_stars(0, mask, NULL);
  check_ok(hr_survey_open(engine, path, &survey, &err));
  check_ok(hr_survey_next(survey, 2, &block, &err));
  assert_null(block.error);
  check_near(block.noisy[0], 0.5, 0);
}

static hr_predict_options options_for(const char *const *files) {
  hr_predict_options o = hr_predict_options_default();
  o.model = model;
  o.files = files;
  o.file_count = 1;
  o.out = out;
  o.keep = "star";
  o.router = "global";
  return o;
}

static void read_table(char *text, size_t size) {
  FILE *file = fopen(out, "rb");
  assert_non_null(file);
  text[fread(text, 1, size - 1, file)] = '\0';
  fclose(file);
}

static void whole_files_are_predicted(void **state) {
  (void)state;
  const char *const files[] = {path};
  const hr_predict_options o = options_for(files);
  char table[4096], *text = NULL;
  hr_predict_summary summary = {.size = sizeof summary};
  write_stars(0, mask, noise);
  check_ok(hr_predict(&o, NULL, &summary, &text, &err));
  assert_int_equal(summary.rows, ROWS);
  assert_int_equal(summary.failed, 2);
  assert_non_null(strstr(
      text,
      "  few_pixels            1  too few good pixels on the model's grid: nothing "
      "is predicted\n"));
  hr_text_free(text);
  read_table(table, sizeof table);
  assert_non_null(strstr(table, ",0,1001,5.000500202178955,"));
  assert_non_null(strstr(table, ",1,1002,5.000500202178955,"));
  assert_non_null(strstr(table, ",2,1003,,,,,,-2,,,0.4,,,4160,masked|few_pixels\n"));
  assert_non_null(strstr(table, ",3,1004,,,,,,-2,,,1,,,65,bad_spectrum|masked\n"));
  check_ok(hr_predict_describe(&o, NULL, &text, &err));
  assert_non_null(strstr(text, "  4 rows, a plain table\n"));
  hr_text_free(text);
}

/* Ids come along without being asked for. */
static void ids_are_kept(void **state) {
  (void)state;
  static const survey_column columns[] = {{"filterName", "5A", ""}, {NULL, NULL, NULL}};
  const double wave[P] = {710, 710.04, 710.08, 710.12, 710.16};
  const double flux[P] = {1, 1, 1, 1, 1}, covar[3 * P] = {1, 1, 1, 1, 1};
  const char *const files[] = {path};
  hr_predict_options o = options_for(files);
  char table[4096];
  survey_file f = survey_begin(path);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){P, 0, 0}, flux);
  survey_image(&f, "MASK", LONG_IMG, (long[3]){P, 0, 0}, (const double[P]){0});
  survey_image(&f, "WAVELENGTH", DOUBLE_IMG, (long[3]){P, 0, 0}, wave);
  survey_image(&f, "COVAR", FLOAT_IMG, (long[3]){P, 3, 0}, covar);
  survey_table(&f, "TARGET", 0, columns);
  survey_whole(&f, "CATID", 7);
  survey_whole(&f, "OBJID", 4611686018427387905);
  survey_end(&f);
  o.keep = NULL;
  check_ok(hr_predict(&o, NULL, NULL, NULL, &err));
  read_table(table, sizeof table);
  assert_int_equal(strncmp(table, "file,row,catId,objId,log_g_mean,", 32), 0);
  assert_non_null(strstr(table, ",0,7,4611686018427387905,5.000500202178955,"));
}

static void spectra_without_a_common_level_are_refused(void **state) {
  (void)state;
  hr_bundle_description d;
  fixture_init(&d);
  d.flux.level_high = 5;
  linear_fill(&d, model);
  check_ok(hr_bundle_write(&d, model, &err));
  hr_bundle_description_fini(&d);
  hr_engine_close(&engine);
  check_ok(hr_engine_open(model, "global", NULL, &engine, &err));
  write_stars(0, mask, noise);
  snprintf(expected, sizeof expected,
           "%s is a survey's file, in a unit of its own, and the spectra that the bundle "
           "%s was trained on have no median flux in common (0.4 to 5) to scale it to; "
           "train a study on spectra that are divided by their median",
           path, model);
  check_fails(hr_survey_open(engine, path, &survey, &err), HR_ERR_DATA, expected);
}

/* Four times as wide: told once. */
static void keep_line(void *context, hr_log_level level, const char *line) {
  (void)level;
  char *all = context;
  strcat(all, line);
}

static void wide_pixels_are_told_of(void **state) {
  (void)state;
  static const survey_column columns[] = {{"wavelength", "D", "nm"},
                                          {"flux", "E", ""},
                                          {"error", "E", ""},
                                          {NULL, NULL, NULL}};
  const double wave[] = {709.9, 710.06, 710.22, 710.38}, one[] = {1, 1, 1, 1};
  const char *const files[] = {path};
  char told[2048] = "";
  const hr_observer observer = {.context = told, .log = keep_line};
  hr_predict_options o = options_for(files);
  o.keep = NULL;
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 4, columns);
  survey_cells(&f, 1, 1, 4, wave);
  survey_cells(&f, 2, 1, 4, one);
  survey_cells(&f, 3, 1, 4, one);
  survey_end(&f);
  check_ok(hr_predict(&o, &observer, NULL, NULL, &err));
  snprintf(expected, sizeof expected,
           "%s: its pixels are 4 times as wide as the model's, so that the noise of "
           "neighbours goes together (correlation 0.",
           path);
  assert_non_null(strstr(told, expected));
  assert_non_null(strstr(told,
                         "); models take it for independent, and so get the errors that "
                         "independent noise would have, beside which chi2 is too "
                         "small"));
}

static hr_status open_and_read(void) {
  hr_status status = hr_survey_open(engine, path, &survey, &err);
  if (status == HR_OK) status = hr_survey_next(survey, 3, &block, &err);
  hr_survey_close(&survey);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  write_stars(0, mask, noise);
  check_alloc_failures(open_and_read());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(spectra_come_on_the_grid_and_scale),
      TEST(half_a_pixel_off_is_a_mean),
      TEST(without_errors_there_are_none),
      TEST(whole_files_are_predicted),
      TEST(ids_are_kept),
      TEST(spectra_without_a_common_level_are_refused),
      TEST(wide_pixels_are_told_of),
      TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
