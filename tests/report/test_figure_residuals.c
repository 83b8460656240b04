/* The figure of residuals, held against the rows. REPORT_PICTURES=DIR keeps the picture
 * there. */
#include <stdlib.h>

#include "core/quantile.h"
#include "report/figure_parts.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/pictures.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_reader reader;
static hr_rows rows;
static hr_figures figures;
static double teff[FIXTURE_ROWS], mh[FIXTURE_ROWS];

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_figures_fini(&figures);
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static const hr_figure *draw(void) {
  static char path[128], rows_path[128];
  snprintf(path, sizeof path, "%s/results.json", s.path);
  snprintf(rows_path, sizeof rows_path, "%s/predictions.csv", s.path);
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_rows_init(&rows, rows_path, &reader, &err));
  check_ok(hr_figures_init(&figures, &reader, &rows, &err));
  return figures.count > 0 ? &figures.items[figures.count - 1] : NULL;
}

/* Labels of the bins: T_eff has few values, as on a lattice. */
static void give_labels(void) {
  static hr_results_label labels[2];
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    teff[i] = 4000 + 500 * (double)(i % 3);
    mh[i] = -2 + 2.5 * hr_uniform(5, HR_STREAM_SIMULATE_TEST, i, 0);
  }
  labels[0] = (hr_results_label){.name = "T_eff", .values = teff};
  labels[1] = (hr_results_label){.name = "M_H", .values = mh};
  f.input.bin_labels = labels;
  f.input.bin_label_count = 2;
}

/* The quantile of the residuals of covered rows whose label is from low to high. */
static double quantile(const double *label, double low, double high, double share) {
  double values[FIXTURE_ROWS];
  size_t count = 0;
  const double *prediction = hr_rows_find(&rows, "oracle_hybrid_cv");
  for (size_t i = 0; i < rows.count; i++) {
    if (rows.bin[i] < 0 || label[i] < low || label[i] > high) continue;
    values[count++] = prediction[i] - rows.target[i];
  }
  hr_sort_numbers(values, count);
  return hr_quantile(values, count, share);
}

/* Reads the lines of a label; how many there are, and the rows of all. */
static size_t check_lines(const char *csv, const char *name, const double *label,
                          size_t *stars) {
  size_t lines = 0, length = strlen(name);
  *stars = 0;
  for (const char *at = csv; (at = strchr(at, '\n')) != NULL;) {
    size_t group = 0, n = 0;
    double low, high, middle, q[3];
    at++;
    if (strncmp(at, name, length) != 0) continue;
    assert_int_equal(sscanf(at + length, ",%zu,%lg,%lg,%lg,%zu,%lg,%lg,%lg", &group, &low,
                            &high, &middle, &n, &q[0], &q[1], &q[2]),
                     8);
    assert_int_equal(group, ++lines);
    assert_true(low <= middle && middle <= high);
    check_near(q[0], quantile(label, low, high, 0.16), 1e-12);
    check_near(q[1], quantile(label, low, high, 0.5), 1e-12);
    check_near(q[2], quantile(label, low, high, 0.84), 1e-12);
    *stars += n;
  }
  return lines;
}

static void residuals_are_those_of_the_rows(void **state) {
  (void)state;
  size_t stars = 0, covered = 0;
  give_labels();
  const hr_figure *figure = draw();
  assert_string_equal(figure->name, "residuals");
  keep_picture("residuals", &figure->png);
  for (size_t i = 0; i < rows.count; i++) covered += rows.bin[i] >= 0;
  assert_int_equal(check_lines(figure->csv.bytes, "T_eff", teff, &stars), 3);
  assert_int_equal(stars, covered);
  assert_int_equal(check_lines(figure->csv.bytes, "M_H", mh, &stars), 10);
  assert_int_equal(stars, covered);
  assert_int_equal(check_lines(figure->csv.bytes, "snr", f.snr, &stars), 10);
  assert_int_equal(stars, covered);
}

static void without_labels_there_is_snr_alone(void **state) {
  (void)state;
  size_t stars = 0;
  const hr_figure *figure = draw();
  assert_int_equal(check_lines(figure->csv.bytes, "snr", f.snr, &stars), 10);
  assert_null(strstr(figure->csv.bytes, "T_eff"));
}

static void without_predictions_there_is_none(void **state) {
  (void)state;
  f.input.outcome_count = 1;
  for (size_t t = 0; t < FIXTURE_RIDGE_FITS; t++) {
    fixture_end(&f, &f.ridge[t], HR_FIT_FAILED);
  }
  assert_null(draw()); /* nor any other figure */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(residuals_are_those_of_the_rows, prepare, tidy),
      cmocka_unit_test_setup_teardown(without_labels_there_is_snr_alone, prepare, tidy),
      cmocka_unit_test_setup_teardown(without_predictions_there_is_none, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
